"""The child process in which MLIR's Python bindings run: ``python -P mlir_worker.py torch-mlir``.

Bindings crash on some inputs, write on standard error, and cannot share a process with each other's copy of
LLVM, so they get a process of their own. Each line on standard input is a request and each line on standard
output its reply, both JSON:

    {"op": "dialects", "names": ["scf", "tt"]}                          -> {"known": ["scf"]}
    {"op": "check", "text": "...", "allow_unregistered": true}          -> {"ok": true, "diagnostics": []}
    {"op": "generic", "text": "...", "allow_unregistered": true, "locations": false}
                                                                        -> the same with "text"

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
        context.allow_unregistered_dialects = request["allow_unregistered"]
        diagnostics: list[dict[str, Any]] = []

        def collect(diagnostic: Any) -> bool:
            diagnostics.append(_plain(diagnostic))
            return True

        handler = context.attach_diagnostic_handler(collect)
        try:
            with context:
                module = self.ir.Module.parse(request["text"])
                reply = {"ok": True, "diagnostics": diagnostics}
                if request["op"] == "generic":
                    reply["text"] = module.operation.get_asm(
                        print_generic_op_form=True,
                        enable_debug_info=request["locations"],
                        assume_verified=True,
                    )
                return reply
        except self.ir.MLIRError as error:
            diagnostics.extend(_plain(diagnostic) for diagnostic in error.error_diagnostics)
            return {"ok": False, "diagnostics": diagnostics}
        finally:
            handler.detach()

    @staticmethod
    def _knows(context: Any, name: str) -> bool:
        try:
            context.get_dialect_descriptor(name)
        except ValueError:
            return False
        return True


def _plain(diagnostic: Any) -> dict[str, Any]:
    return {
        "severity": diagnostic.severity.name.lower(),
        "location": str(diagnostic.location),
        "message": diagnostic.message,
        "notes": [_plain(note) for note in diagnostic.notes],
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
