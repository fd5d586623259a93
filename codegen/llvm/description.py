"""What is written beside an artefact, as JSON: how to call it from any language, and its live parameters.

    {"version": 1, "generator": "approxir 0.1.0", "kind": "object", "file": "gelu.o", "name": "gelu",
     "functions": [
        {"name": "gelu", "c_name": "gelu", "symbol": "approx_gelu_call_gelu", "size": 48,
         "arguments": [{"type": "memref<?xf32>", "kind": "memref", "offset": 0, "size": 40}], "results": []}]}

The symbol of a function is that of one of C that takes the address of a frame: memory of `size` bytes,
aligned to 16 bytes, in which arguments and results lie at their offsets. A memref is the descriptor that MLIR
has for it: the pointer that was allocated, the one to count from, an offset, and for each dimension sizes and
strides, as integers of 64 bits; so is a tensor.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from approxir.codegen.llvm.header import CFunction, Header
from approxir.codegen.llvm.interface import Place
from approxir.codegen.llvm.memory_slots import MemRefSlot, TensorSlot
from approxir.codegen.llvm.slots import IntegerSlot, Slot, VectorSlot
from approxir.codegen.outputs import document


@dataclass(frozen=True, slots=True)
class Target:
    """What an artefact was compiled for, and how."""

    cpu: str | None
    triple: str | None
    opt_level: int
    compiler: str


def describe(kind: str, artefact: Path, header: Header, target: Target) -> str:
    """The JSON document for an artefact."""
    interface = header.interface
    parameters: dict[str, Any] | None = None
    if interface.layout is not None:
        parameters = json.loads(interface.layout.to_json())
        assert parameters is not None
        parameters.pop("version")
        call = interface.parameters
        if call is not None:
            parameters["symbol"], parameters["size"] = call.symbol, call.size
            parameters["result"] = _place(call.results[0])
        for entry in parameters["parameters"]:
            entry["c_name"] = header.parameters[entry["name"]]
    contents = {
        "name": header.name,
        "target": {
            "cpu": target.cpu,
            "triple": target.triple,
            "opt_level": target.opt_level,
            "compiler": target.compiler,
        },
        "functions": [_function(function) for function in header.functions.values()],
        "externals": [_function(function) for function in header.externals.values()],
        "parameters": parameters,
        "unsupported": dict(interface.unsupported),
    }
    return document(kind, artefact, contents)


def _function(function: CFunction) -> dict[str, Any]:
    call = function.call
    return {
        "name": call.signature.name,
        "c_name": function.name,
        "prototype": function.prototype(),
        "symbol": call.symbol,
        "size": call.size,
        "arguments": _places(call.inputs, call.signature.arguments),
        "results": _places(call.results, ()),
    }


def _places(places: Sequence[Place], names: Sequence[str | None]) -> list[dict[str, Any]]:
    found = []
    for number, place in enumerate(places):
        entry = _place(place)
        if number < len(names) and names[number] is not None:
            entry["name"] = names[number]
        found.append(entry)
    return found


def _place(place: Place) -> dict[str, Any]:
    slot = place.slot
    entry = {"type": str(slot.kind), "kind": _kind(slot), "offset": place.offset, "size": slot.size}
    if isinstance(slot, MemRefSlot):
        entry["writes"], entry["alignment"] = slot.writes, slot.alignment
    if isinstance(slot, VectorSlot):
        entry["row_bytes"] = slot.row_bytes
    return entry


def _kind(slot: Slot) -> str:
    if isinstance(slot, IntegerSlot):
        return "integer"
    if isinstance(slot, VectorSlot):
        return "vector"
    if isinstance(slot, MemRefSlot):
        return "memref"
    return "tensor" if isinstance(slot, TensorSlot) else "number"
