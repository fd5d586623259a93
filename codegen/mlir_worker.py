"""The child process in which MLIR's Python bindings run: ``python -P mlir_worker.py torch-mlir``.

Bindings crash on some inputs, write on standard error, and cannot share a process with each other's copy of
LLVM, so they get a process of their own. Each line on standard input is a request and each line on standard
output its reply, both JSON:

    {"op": "dialects", "names": ["scf", "tt"]}                          -> {"known": ["scf"]}
    {"op": "check", "text": "...", "allow_unregistered": true}          -> {"ok": true, "diagnostics": []}
    {"op": "generic", "text": "...", "allow_unregistered": true, "locations": false}
                                                                        -> the same with "text"
    {"op": "run", "text": "...", "pipeline": "builtin.module(cse)", "refused": ["stablehlo"]}
                                                                        -> the same with "text"

The last runs passes; an operation of a refused dialect that they leave over is an error at its place.

This file runs alone, without the rest of approxir.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from typing import Any


def _torch_mlir() -> tuple[Any, Callable[[Any], None]]:
    ir = importlib.import_module("torch_mlir.ir")
    torch = importlib.import_module("torch_mlir._mlir_libs._torchMlir")
    stablehlo = importlib.import_module("torch_mlir._mlir_libs._stablehlo")

    def register(context: Any) -> None:
        torch.register_dialect(context)
        stablehlo.register_dialect(context)

    return ir, register


def _jaxlib() -> tuple[Any, Callable[[Any], None]]:
    ir = importlib.import_module("jaxlib.mlir.ir")
    libs = "jaxlib.mlir._mlir_libs."
    registry = ir.DialectRegistry()
    importlib.import_module(libs + "_jax_mlir_ext").register_dialects(registry)
    registrations = [importlib.import_module(libs + "_mlirHlo").register_mhlo_dialect]
    for name in ("_stablehlo", "_chlo", "_sdy", "_sdyMpmd", "_triton_ext", "_tpu_ext", "_mosaic_gpu_ext"):
        try:
            registrations.append(importlib.import_module(libs + name).register_dialect)
        except (ImportError, AttributeError):
            # jaxlib leaves some of them out on some platforms and versions.
            continue

    def register(context: Any) -> None:
        context.append_dialect_registry(registry)
        context.load_all_available_dialects()
        for function in registrations:
            function(context)

    return ir, register


def _iree() -> tuple[Any, Callable[[Any], None]]:
    return importlib.import_module("iree.compiler.ir"), lambda context: None


LOADERS = {"torch-mlir": _torch_mlir, "jaxlib": _jaxlib, "iree": _iree}


class Worker:
    """Answers requests with one set of bindings."""

    def __init__(self, name: str) -> None:
        self.ir, self._register = LOADERS[name]()

    def _context(self) -> Any:
        context = self.ir.Context()
        context.enable_multithreading(False)
        self._register(context)
        return context

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The reply to one request."""
        context = self._context()
        if request["op"] == "dialects":
            return {"known": [name for name in request["names"] if self._knows(context, name)]}
        context.allow_unregistered_dialects = request.get("allow_unregistered", True)
        diagnostics: list[dict[str, Any]] = []

        def collect(diagnostic: Any) -> bool:
            diagnostics.append(plain(diagnostic))
            return True

        handler = context.attach_diagnostic_handler(collect)
        try:
            with context:
                module = self.ir.Module.parse(request["text"])
                reply = {"ok": True, "diagnostics": diagnostics}
                if request["op"] == "run":
                    self._passmanager().parse(request["pipeline"]).run(module.operation)
                    left = _outermost(module.operation, set(request["refused"]))
                    diagnostics.extend(map(_left_over, left))
                    reply["ok"] = not left
                    reply["text"] = "" if left else str(module)
                if request["op"] == "generic":
                    reply["text"] = module.operation.get_asm(
                        print_generic_op_form=True,
                        enable_debug_info=request["locations"],
                        assume_verified=True,
                    )
                return reply
        except self.ir.MLIRError as error:
            diagnostics.extend(plain(diagnostic) for diagnostic in error.error_diagnostics)
            return {"ok": False, "diagnostics": diagnostics}
        except ValueError as error:
            # What it says of a pipeline that it does not know.
            said = {"severity": "error", "location": "", "message": str(error), "notes": []}
            return {"ok": False, "diagnostics": [*diagnostics, said]}
        finally:
            handler.detach()

    def _passmanager(self) -> Any:
        package = self.ir.__name__.rpartition(".")[0]
        return importlib.import_module(package + ".passmanager").PassManager

    @staticmethod
    def _knows(context: Any, name: str) -> bool:
        try:
            context.get_dialect_descriptor(name)
        except ValueError:
            return False
        return True


def _outermost(op: Any, dialects: set[str]) -> list[Any]:
    """The operations of these dialects that stand in no other one of them."""
    found: list[Any] = []
    pending = [op]
    while pending:
        one = pending.pop()
        if one.name.partition(".")[0] in dialects:
            found.append(one)
        else:
            inside = [child.operation for region in one.regions for block in region for child in block]
            pending.extend(reversed(inside))
    return found


def _left_over(op: Any) -> dict[str, Any]:
    message = f"the passes leave '{op.name}' over"
    return {"severity": "error", "location": str(op.location), "message": message, "notes": []}


def plain(diagnostic: Any) -> dict[str, Any]:
    """A diagnostic of the bindings as values that JSON can hold."""
    return {
        "severity": diagnostic.severity.name.lower(),
        "location": str(diagnostic.location),
        "message": diagnostic.message,
        "notes": [plain(note) for note in diagnostic.notes],
    }


def main() -> None:
    """Answer requests until standard input ends."""
    # The bindings may write on standard output; the replies go where nothing else is written.
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    worker = Worker(sys.argv[1])
    for line in sys.stdin:
        print(json.dumps(worker.answer(json.loads(line))), file=replies, flush=True)


if __name__ == "__main__":
    main()
