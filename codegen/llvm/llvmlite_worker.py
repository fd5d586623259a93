"""The child process in which llvmlite compiles: ``python -P llvmlite_worker.py llvmlite``.

LLVM ends its process where it meets what it has no code for. Each line on standard input is a request and
each line on standard output its reply, both JSON:

    {"text": "define ...", "opt_level": 3, "cpu": null, "triple": null}  -> {"object": "f0VMRg..."}
                                                                         or {"error": "...", "of": "target"}

Without a processor, code is made for the one that this runs on. This file runs alone, without the rest of
approxir.
"""

from __future__ import annotations

import base64
import importlib
import json
import os
import sys
from typing import Any


class Refused(Exception):
    """LLVM does not compile it: because of the target, or of the module."""

    def __init__(self, of: str, message: object) -> None:
        super().__init__(str(message).strip())
        self.of = of


class Compiler:
    """The LLVM of llvmlite."""

    def __init__(self) -> None:
        self.llvm: Any = importlib.import_module("llvmlite.binding")

    def compile(self, text: str, opt_level: int, cpu: str | None, triple: str | None) -> bytes:
        """The object file for a module. Raises `Refused`."""
        machine = self.machine(opt_level, cpu, triple)
        module = self.parsed(text)
        module.triple, module.data_layout = machine.triple, str(machine.target_data)
        if opt_level:
            self.optimize(module, machine, opt_level)
        code: bytes = machine.emit_object(module)
        return code

    def machine(self, opt_level: int, cpu: str | None, triple: str | None) -> Any:
        """What makes code for a processor, position-independent."""
        llvm = self.llvm
        if triple is None:
            llvm.initialize_native_target()
            llvm.initialize_native_asmprinter()
        else:
            llvm.initialize_all_targets()
            llvm.initialize_all_asmprinters()
        try:
            target = llvm.Target.from_triple(triple if triple is not None else llvm.get_process_triple())
        except RuntimeError as error:
            raise Refused("target", f"LLVM has no target '{triple}': {error}") from None
        features = ""
        if cpu is None:
            cpu, features = llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
        # Without any optimization LLVM takes a way to code of its own, which cannot do all that others can.
        machine = target.create_target_machine(
            cpu=cpu, features=features, opt=max(1, opt_level), reloc="pic", codemodel="default"
        )
        byte = importlib.import_module("llvmlite.ir").IntType(8)
        if byte.as_pointer().get_abi_size(machine.target_data) != 8:
            message = f"{triple} has no pointers of 64 bits, which the interface relies on"
            raise Refused("target", message)
        return machine

    def parsed(self, text: str) -> Any:
        """The module that a text is of."""
        try:
            module = self.llvm.parse_assembly(text, self.llvm.create_context())
            module.verify()
        except RuntimeError as error:
            raise Refused("module", error) from None
        return module

    def optimize(self, module: Any, machine: Any, opt_level: int) -> None:
        """Run the passes that clang and opt run at a level."""
        options = self.llvm.create_pipeline_tuning_options(speed_level=opt_level)
        options.loop_vectorization = options.slp_vectorization = opt_level > 1
        options.loop_interleaving = options.loop_unrolling = opt_level > 1
        builder = self.llvm.create_pass_builder(machine, options)
        builder.getModulePassManager().run(module, builder)


def main() -> None:
    """Answer requests until standard input ends."""
    # LLVM may write on standard output; the replies go where nothing else is written.
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    compiler = Compiler()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            code = compiler.compile(request["text"], request["opt_level"], request["cpu"], request["triple"])
            reply = {"object": base64.b64encode(code).decode("ascii")}
        except Refused as refused:
            reply = {"error": str(refused), "of": refused.of}
        print(json.dumps(reply), file=replies, flush=True)


if __name__ == "__main__":
    main()
