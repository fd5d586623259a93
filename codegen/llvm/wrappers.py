"""Code between frames and functions, in MLIR: one function that calls each function of a module, and one for
each that the module only declares.
"""

from __future__ import annotations

from approxir.codegen.llvm.interface import CallInterface
from approxir.codegen.llvm.memory_slots import TensorSlot
from approxir.codegen.llvm.slots import Emitter
from approxir.values import symbol_text

_POINTER = "!llvm.ptr"
DONE = -1
"""What an external function puts behind its frame when its results are there."""
ATTEMPTS = 100
"""How often an external function is called at most until it comes to its end."""


def call_wrapper(call: CallInterface, callee: str) -> str:
    """A function of a frame that calls the function `callee` with what the frame holds.

    It is all that can be called from outside: the functions themselves become private.
    """
    emit = Emitter()
    values = [place.slot.load(emit, emit.place("%frame", place.offset)) for place in call.inputs]
    results = _call(emit, call, callee, values)
    for place, value in zip(call.results, results, strict=True):
        place.slot.store(emit, emit.place("%frame", place.offset), value)
    return _function(call.symbol, emit, "%frame: !llvm.ptr")


def _call(emit: Emitter, call: CallInterface, callee: str, values: list[str]) -> list[str]:
    kinds = ", ".join(map(str, call.signature.inputs))
    returned = ", ".join(map(str, call.signature.results))
    text = f"func.call {symbol_text(callee)}({', '.join(values)}) : ({kinds}) -> ({returned})"
    count = len(call.results)
    if not count:
        emit.do(text)
        return []
    emit.do(f"%results:{count} = {text}")
    return [f"%results#{number}" for number in range(count)]


def external_wrapper(call: CallInterface, linked: bool) -> str:
    """The function that the module declares, as one that calls a function of a frame.

    That is `call.symbol` itself, to be found by the linker, or one whose address is in a global, where the
    function `call.symbol` of a frame puts it.
    """
    emit = Emitter()
    kinds = [str(kind) for kind in call.signature.inputs]
    one = emit.value("llvm.mlir.constant(1 : i64) : i64")
    frame = emit.value(
        f"llvm.alloca {one} x !llvm.array<{call.status + 8} x i8> {{alignment = 16 : i64}} "
        f": (i64) -> {_POINTER}"
    )
    for number, place in enumerate(call.inputs):
        where = emit.place(frame, place.offset)
        if isinstance(place.slot, TensorSlot):
            place.slot.lend(emit, where, f"%a{number}")
        else:
            place.slot.store(emit, where, f"%a{number}")
    room: dict[int, str] = {}
    for number, place in enumerate(call.results):
        if isinstance(place.slot, TensorSlot):
            memref = place.slot.memref
            room[number] = emit.value(f"memref.alloc() : {memref}")
            place.slot.store_descriptor(emit, emit.place(frame, place.offset), room[number], memref)
    holder = _holder(call)
    if linked:
        emit.do(f"llvm.call {symbol_text(call.symbol)}({frame}) : ({_POINTER}) -> ()")
    else:
        pointer = emit.value(f"llvm.mlir.addressof {holder} : {_POINTER}")
        function = emit.value(f"llvm.load {pointer} : {_POINTER} -> {_POINTER}")
        _call_until_done(emit, call, function, frame)
    values = []
    for number, place in enumerate(call.results):
        if isinstance(place.slot, TensorSlot):
            held, kind = room[number], place.slot.kind
            values.append(
                emit.value(
                    f"bufferization.to_tensor {held} restrict writable : {place.slot.memref} to {kind}"
                )
            )
        else:
            values.append(place.slot.load(emit, emit.place(frame, place.offset)))
    arguments = ", ".join(f"%a{number}: {kind}" for number, kind in enumerate(kinds))
    results = [str(kind) for kind in call.signature.results]
    function = _function(call.signature.name, emit, arguments, results=results, returned=values, private=True)
    declared = f"llvm.func {symbol_text(call.symbol)}({_POINTER})\n"
    return function + (declared if linked else _binder(call, holder))


def _call_until_done(emit: Emitter, call: CallInterface, function: str, frame: str) -> None:
    """Call a function by its address, and again if it did not come to its end.

    What a signal raises while Python enters the function ends it before it has put anything into the frame.
    Each attempt is told its number; the function puts `DONE` in its place.
    """
    status = emit.place(frame, call.status)
    first, step, limit, done = (
        emit.value(f"llvm.mlir.constant({number} : i64) : i64") for number in (0, 1, ATTEMPTS, DONE)
    )
    emit.do(f"%attempts = scf.while (%k = {first}) : (i64) -> i64 {{")
    emit.do(f"  llvm.store %k, {status} : i64, {_POINTER}")
    emit.do(f"  llvm.call {function}({frame}) : {_POINTER}, ({_POINTER}) -> ()")
    emit.do(f"  %told = llvm.load {status} : {_POINTER} -> i64")
    emit.do(f'  %lost = llvm.icmp "ne" %told, {done} : i64')
    emit.do(f"  %next = llvm.add %k, {step} : i64")
    emit.do(f'  %few = llvm.icmp "slt" %next, {limit} : i64')
    emit.do("  %again = llvm.and %lost, %few : i1")
    emit.do("  scf.condition(%again) %next : i64")
    emit.do("} do {\n  ^bb0(%more: i64):\n    scf.yield %more : i64\n  }")


def _holder(call: CallInterface) -> str:
    return symbol_text(f"{call.symbol}.address")


def _binder(call: CallInterface, holder: str) -> str:
    """The global for the address of an external function, and the function that puts it there."""
    emit = Emitter()
    pointer = emit.value(f"llvm.mlir.addressof {holder} : {_POINTER}")
    address = emit.value(f"llvm.load %frame : {_POINTER} -> {_POINTER}")
    emit.do(f"llvm.store {address}, {pointer} : {_POINTER}, {_POINTER}")
    zero = f"%zero = llvm.mlir.zero : {_POINTER}\n  llvm.return %zero : {_POINTER}"
    held = f"llvm.mlir.global internal {holder}() : {_POINTER} {{\n  {zero}\n}}\n"
    return held + _function(call.symbol, emit, "%frame: !llvm.ptr")


def global_wrapper(symbol: str, name: str, memref: str) -> str:
    """A function of a frame that puts the address of a global's memory into it."""
    emit = Emitter()
    held = emit.value(f"memref.get_global {symbol_text(name)} : {memref}")
    index = emit.value(f"memref.extract_aligned_pointer_as_index {held} : {memref} -> index")
    number = emit.value(f"arith.index_cast {index} : index to i64")
    emit.do(f"llvm.store {number}, %frame : i64, {_POINTER}")
    return _function(symbol, emit, "%frame: !llvm.ptr")


def _function(
    name: str,
    emit: Emitter,
    arguments: str,
    *,
    results: list[str] | None = None,
    returned: list[str] | None = None,
    private: bool = False,
) -> str:
    visibility = "private " if private else ""
    internal = " attributes {llvm.linkage = #llvm.linkage<internal>}" if private else ""
    kinds = f" -> ({', '.join(results)})" if results else ""
    end = "return" + (f" {', '.join(returned)} : {', '.join(results or [])}" if returned else "")
    body = "\n".join(f"  {line}" for line in [*emit.lines, end])
    return f"func.func {visibility}{symbol_text(name)}({arguments}){kinds}{internal} {{\n{body}\n}}\n"
