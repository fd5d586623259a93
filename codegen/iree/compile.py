"""Text in, artifact out: modules compiled by IREE, or found in the cache."""

from __future__ import annotations

import ctypes
import ctypes.util
import dataclasses
import functools
import platform
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from approxir.codegen.iree import tool
from approxir.codegen.iree.cache import Cache, default_cache, key_of
from approxir.codegen.iree.targets import HOST, Target, target_named
from approxir.codegen.mlir_report import blank_locations, from_stderr, to_diagnostics
from approxir.codegen.prepare import failed
from approxir.errors import CompilationError, Diagnostic
from approxir.syntax.source import Source

if TYPE_CHECKING:
    from approxir.ir.module import Module

TIMEOUT = 600.0
"""Seconds after which the compiler is given up."""

_FLAGS = (
    # Otherwise every f64 becomes an f32, without a word.
    "--iree-input-demote-f64-to-f32=false",
    # Otherwise each message is followed by the operation it is about, of a megabyte if need be.
    "--mlir-print-op-on-diagnostic=false",
)
# Flags that make the compiler write more than the artifact, which has to be compiled for that.
_WRITING = ("dump", "print", "output", "reproducer", "keep-linker", "verbose", "timing", "statistics")
_UNDEFINED = re.compile(r"undefined symbol: (\S+)")
_LONGEST = 4000


def compile_text(
    text: str,
    target: str = "cpu",
    *,
    arch: str | None = None,
    flags: Sequence[str] = (),
    cache: bool | Cache = True,
    timeout: float | None = TIMEOUT,
    module: Module | None = None,
    file: str = "<string>",
) -> bytes:
    """Compile the text of a module to the bytes of an artifact, IREE's ``.vmfb``.

    Args:
        text: a module in dialects that IREE takes: StableHLO, linalg, tensor, arith, scf, func and others.
        target: ``cpu``, ``cuda``, ``vulkan``, ``rocm``, ``metal`` or ``vmvx``, or IREE's own name of one.
        arch: the architecture, as the target's compiler calls it: ``sm_80``, ``gfx942``, ``znver4``. By
            default this machine's processor, and for CUDA ``sm_80``, whose code runs on newer GPUs too.
        flags: further flags of ``iree-compile``. Where they ask for output, the cache is not asked.
        cache: whether to look for the artifact on disk and to keep it there, or where.
        timeout: how many seconds the compiler may take; None for no limit.
        module: what was printed as `text`, so that errors are placed in its source.
        file: the name to give in errors, without a `module`.

    Raises:
        CompilationError: IREE refuses the module; the diagnostics have its messages with their places.
        TargetError: there is no such target, or it needs an architecture.
        MissingDependencyError: IREE's compiler is not installed.
    """
    if isinstance(flags, str):
        raise TypeError("flags are a list of texts, one for each flag")
    chosen = target_named(target)
    text = blank_locations(text) if "loc" in text else text
    command = [*chosen.flags(arch), *_FLAGS, *flags]
    held = _cache(cache, flags)
    key = "" if held is None else _key(text, command)
    found = held.get(key) if held is not None else None
    if found is not None:
        return found
    outcome = tool.run(command, text, timeout)
    if outcome.status and _needs_library(outcome, chosen, flags):
        outcome = tool.run([*command, *_library_flags()], text, timeout)
    if outcome.status or (arch is not None and f"'{arch}' is not a recognized processor" in outcome.said):
        raise _refused(outcome, chosen, text, module, file)
    if held is not None:
        held.put(key, outcome.output)
    return outcome.output


def _cache(cache: bool | Cache, flags: Sequence[str]) -> Cache | None:
    if cache is False or any(word in flag for flag in flags for word in _WRITING):
        return None
    return default_cache() if cache is True else cache


def _key(text: str, command: Sequence[str]) -> str:
    path = tool.compiler_path()
    parts = [text, "\0".join(command), tool.version() or "", platform.machine(), sys.platform]
    if path is not None and "_mlir_libs" not in path.parts:
        # Not the program of the package, whose version says nothing about it.
        held = path.stat()
        parts += [str(path), str(held.st_size), str(held.st_mtime_ns)]
    if any(flag.endswith(f"={HOST}") for flag in command):
        parts.append(_processor())
    return key_of("iree", *parts)


@functools.cache
def _processor() -> str:
    """What tells this machine's processor from others for which code would be different."""
    try:
        first = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").partition("\n\n")[0]
    except OSError:
        return platform.processor()
    known = ("vendor_id", "cpu family", "model", "model name", "stepping", "flags", "Features", "CPU part")
    return "\n".join(line for line in first.split("\n") if line.partition(":")[0].strip() in known)


def _needs_library(outcome: tool.Outcome, target: Target, flags: Sequence[str]) -> bool:
    """Whether code for the CPU calls functions of the C library, as f64 mathematics does.

    Code that is linked for the system may do that, embedded code may not. What is not in the library would
    end the process when it is called.
    """
    linked = any("link-embedded" in flag or "link-static" in flag for flag in flags)
    missing = set(_UNDEFINED.findall(outcome.said))
    return target.backend == "llvm-cpu" and not linked and bool(missing) and missing <= _mathematics(missing)


def _mathematics(names: set[str]) -> set[str]:
    """Those of the names that are functions of this system's C library for mathematics."""
    try:
        library = ctypes.CDLL("libm.so.6" if sys.platform == "linux" else ctypes.util.find_library("m"))
    except OSError:
        return set()
    return {name for name in names if hasattr(library, name)}


def _library_flags() -> list[str]:
    found = ["--iree-llvmcpu-link-embedded=false"]
    linker = tool.linker_path()
    # IREE's own linker will do, so that none has to be installed. The flag's value goes through a shell.
    if sys.platform == "linux" and linker is not None and shlex.quote(str(linker)) == str(linker):
        found.append(f"--iree-llvmcpu-system-linker-path={linker} -flavor gnu")
    return found


def _refused(
    outcome: tool.Outcome, target: Target, text: str, module: Module | None, file: str
) -> CompilationError:
    # What follows is a stack trace of the compiler's own.
    said = outcome.said.partition("\nPlease report issues")[0]
    report = from_stderr(said, False, "")
    source = Source(text, file)
    errors = [_whole(entry, source) for entry in to_diagnostics(report, source) if entry.severity == "error"]
    # IREE says some things once for every pass that meets them.
    found = list(dict.fromkeys(errors))
    message = f"IREE cannot compile the module for {target.name}"
    if outcome.status < 0:
        message = f"IREE's compiler was ended by signal {-outcome.status} while compiling for {target.name}"
    # What a linker or an option parser says has no place, and comes before everything else.
    first = said
    for entry in report.entries:
        first = first.partition(entry.message.split("\n", 1)[0])[0]
    loose = [line for line in first.split("\n")[:-1] if line.strip()] if report.entries else first.split("\n")
    shown = "\n  ".join([message, *loose]).rstrip()[:_LONGEST]
    if module is not None:
        return failed(shown, found, text, module)
    return CompilationError("\n".join([shown, *(entry.render() for entry in found)]), found)


def _whole(entry: Diagnostic, source: Source) -> Diagnostic:
    """A diagnostic without a place is about the text as a whole."""
    notes = tuple([_whole(note, source) for note in entry.notes])
    located = bool(entry.source_line) or entry.file != source.file
    return dataclasses.replace(entry, line=entry.line if located else 0, notes=notes)
