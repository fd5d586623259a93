"""Processors that code is made for: this one, or one that is named."""

from __future__ import annotations

import functools
import hashlib
import platform
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from approxir.codegen import programs
from approxir.errors import ApproxIRError
from approxir.nearest import nearest

NATIVE = "native"
"""The processor that this runs on."""

_LISTED = re.compile(r"  (\S+) +- ")


class UnknownProcessorError(ApproxIRError, ValueError):
    """LLVM knows no such processor or target."""


@dataclass(frozen=True, slots=True)
class Processor:
    """What code is made for.

    Args:
        cpu: the name that LLVM has for the processor, such as ``x86-64-v3``, or "native".
        triple: the target, such as ``aarch64-linux-gnu``; by default that of this machine.
    """

    cpu: str = NATIVE
    triple: str | None = None

    def __post_init__(self) -> None:
        for held in (self.cpu, self.triple or "generic"):
            if not held or not held.isascii() or not held.isprintable():
                raise UnknownProcessorError(f"{held!r} is no name of a processor or a target")
        if self.triple is not None and self.cpu == NATIVE:
            raise UnknownProcessorError(
                f"the processor of {self.triple} has to be named; 'generic' is one that every target has"
            )

    @property
    def is_native(self) -> bool:
        """Whether code is made for just the processor that this runs on."""
        return self.cpu == NATIVE


def fingerprint() -> str:
    """What tells processors apart that run different code; the same for each run on the same machine."""
    flags = platform.processor()
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").split("\n"):
            if line.startswith(("flags", "Features")):
                flags = " ".join(sorted(line.partition(":")[2].split()))
                break
    except OSError:
        # There is no such file outside of Linux.
        pass
    told = f"{sys.platform} {platform.machine()} {flags}"
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def check_cpu(cpu: str, known: frozenset[str], target: str) -> None:
    """Raise `UnknownProcessorError` unless LLVM has a processor of that name; it would only warn."""
    if cpu not in known:
        close = nearest(cpu, sorted(known))
        hint = f"; did you mean '{close}'?" if close is not None else ""
        raise UnknownProcessorError(f"LLVM knows no processor '{cpu}' of {target}{hint}")


def listed(text: str) -> frozenset[str]:
    """The processors that LLVM lists when it is asked for the one named "help"."""
    before = text.partition("Available features")[0]
    return frozenset(match[1] for line in before.split("\n") if (match := _LISTED.match(line)))


@functools.cache
def check_with_llvmlite(cpu: str, triple: str | None) -> None:
    """Raise `UnknownProcessorError` unless the LLVM of llvmlite makes code for a processor.

    It is tried in a process of its own: LLVM says what is wrong on standard error only, or aborts.
    """
    program = (
        "import sys, llvmlite.binding as llvm\n"
        "llvm.initialize_all_targets()\n"
        "llvm.initialize_all_asmprinters()\n"
        "target = llvm.Target.from_triple(sys.argv[1] or llvm.get_process_triple())\n"
        "target.create_target_machine(cpu='help')\n"
        "machine = target.create_target_machine(cpu=sys.argv[2])\n"
        "module = llvm.parse_assembly('define void @f() { ret void }')\n"
        "module.triple, module.data_layout = machine.triple, str(machine.target_data)\n"
        "sys.stdout.buffer.write(machine.emit_object(module))\n"
    )
    target = "this machine" if triple is None else triple
    try:
        done = programs.run([sys.executable, "-P", "-c", program, triple or "", cpu])
    except programs.ProgramError as error:
        raise UnknownProcessorError(f"LLVM makes no code for '{cpu}' of {target}: {error}") from None
    known = listed(done.said)
    (last,) = programs.tail(done.said, 1)
    if not known:
        raise UnknownProcessorError(f"LLVM has no target '{target}': {last}")
    check_cpu(cpu, known, target)
    if done.status:
        raise UnknownProcessorError(f"LLVM makes no code for '{cpu}' of {target}: {last}")
