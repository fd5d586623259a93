"""The real MLIRs installed here, asked to judge a text or to print it in the generic form.

approxir reads and writes MLIR on its own; where a real MLIR is installed, it is the judge of what is valid.
Two kinds are used: Python bindings (torch-mlir, jaxlib, IREE), which run in a child process that stays up
between questions, and programs (`mlir-opt` and its relatives). Nothing is imported into this process.

    >>> from approxir.codegen import upstream
    >>> [finding.message for finding in upstream.verify_text("func.func @f(%a: i32) { return %b : i32 }")]
    ['use of undeclared SSA value name']
"""

from __future__ import annotations

import functools
import importlib.util
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from approxir.codegen import programs
from approxir.codegen.mlir_process import Bindings, Program, UpstreamError
from approxir.codegen.mlir_report import Report, blank_locations, to_diagnostics
from approxir.errors import Diagnostic, MissingDependencyError, VerifyError
from approxir.syntax.source import Source

__all__ = [
    "ANY",
    "EXTRAS",
    "UpstreamError",
    "UpstreamInfo",
    "available",
    "dialects_used",
    "generic_text",
    "program",
    "run_passes",
    "verify_text",
]

EXTRAS: Mapping[str, str] = {"torch-mlir": "llvm", "jaxlib": "jax", "iree": "iree"}
"""Each set of Python bindings and the extra of approxir that installs it."""

ANY = "mlir"
"""The name that stands for whichever real MLIR fits the text best."""

# Name of the bindings -> distribution, and the file of the package that has to be there.
_BINDINGS = {
    "torch-mlir": ("torch-mlir", "torch_mlir/ir.py"),
    "jaxlib": ("jaxlib", "jaxlib/mlir/ir.py"),
    "iree": ("iree-base-compiler", "iree/compiler/ir.py"),
}
# Name of the program -> distribution that installs it, if one does.
_PROGRAMS = {"mlir-opt": None, "torch-mlir-opt": "torch-mlir", "iree-opt": "iree-base-compiler"}
_VERSIONED = re.compile(r"mlir-opt-(\d+)")

# JAX is the authority on these dialects; elsewhere upstream MLIR as torch-mlir has it is asked first.
_JAX_DIALECTS = frozenset({"stablehlo", "chlo", "vhlo", "mhlo", "sdy", "mpmd"})
_JAX_ORDER = {"jaxlib": 0, "iree": 1, "torch-mlir": 2}
# No real MLIR knows these, so they say nothing about which one to ask.
_OWN_DIALECTS = frozenset({"approx", "approxMLIR"})

# Names of operations, where one can start or in quotes, and of dialects' types and attributes.
_DIALECT = re.compile(
    r'(?:^|[={}:])[ \t]*([A-Za-z_]\w*)\.[A-Za-z_]|"([A-Za-z_]\w*)\.[\w.$-]+"[ \t]*\(|[!#]([A-Za-z_]\w*)[.<]',
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class UpstreamInfo:
    """One real MLIR: the name that `using` takes, what kind it is, and where it lies."""

    name: str
    kind: Literal["bindings", "program"]
    where: str

    @property
    def version(self) -> str | None:
        """The version, from the package that installed it or from the program itself."""
        return _version(self)


def available() -> list[UpstreamInfo]:
    """The real MLIRs found here, those asked first coming first. Nothing is imported to find them."""
    return [*_find_bindings(), *_find_programs()]


def verify_text(
    text: str, *, using: str | None = None, allow_unregistered: bool = True, file: str = "<string>"
) -> list[Diagnostic]:
    """What a real MLIR finds wrong with a text, errors and warnings; empty when it accepts it silently.

    Args:
        text: a module, or operations that MLIR wraps into one.
        using: the name of one of `available()`, or the path of a program that takes the options of
            `mlir-opt`; by default, and for "mlir", the first of `available()` that knows the dialects used.
        allow_unregistered: accept operations in generic form of dialects that the real MLIR does not know.
        file: the name to give in the diagnostics.

    Raises:
        MissingDependencyError: no real MLIR is installed, or not the one named.
        UpstreamError: it crashed or did not answer in time.
    """
    engine = _engine(_choose(text, using))
    report = engine.check(text, allow_unregistered)
    if not report.ok and any(entry.place is None for entry in report.entries):
        # MLIR points to where the operation says that it comes from, such as a line of a Python program.
        # Without its location the operation comes from this text.
        blanked = engine.check(blank_locations(text), allow_unregistered)
        if [entry.message for entry in blanked.entries] == [entry.message for entry in report.entries]:
            report = blanked
    return to_diagnostics(report, Source(text, file))


def generic_text(
    text: str,
    *,
    using: str | None = None,
    allow_unregistered: bool = True,
    locations: bool = False,
    file: str = "<string>",
) -> str:
    """A text in the generic form, as a real MLIR prints it; `locations` keeps the locations.

    The other arguments are those of `verify_text`.

    Raises:
        VerifyError: the real MLIR refuses the text; its diagnostics say why.
        MissingDependencyError: no real MLIR is installed, or not the one named.
        UpstreamError: it crashed or did not answer in time.
    """
    report = _engine(_choose(text, using)).generic(text, allow_unregistered, locations)
    if not report.ok:
        raise VerifyError(to_diagnostics(report, Source(text, file)))
    return report.text


def run_passes(
    text: str,
    pipeline: str,
    *,
    using: str = "torch-mlir",
    refused: Sequence[str] = (),
    timeout: float | None = None,
) -> Report:
    """What passes of MLIR make of a text, and what was said about it on the way.

    Args:
        text: a module; where operations have locations, they are left out of account.
        pipeline: the passes, such as ``"builtin.module(canonicalize, cse)"``.
        using: the name of Python bindings among `available()`.
        refused: dialects of which no operation may be left; each that is, is an error at its place.
        timeout: seconds after which the passes are given up; by default `mlir_process.TIMEOUT`.

    Raises:
        MissingDependencyError: the bindings are not installed.
        UpstreamError: they crashed or did not answer in time.
    """
    bindings = _bindings(_named(using, available()).name)
    timeout = bindings.timeout if timeout is None else timeout
    return bindings.run_passes(blank_locations(text), pipeline, refused, timeout)


def program(using: str) -> str:
    """The path of a program among `available()`, given by its name or as a path.

    Raises `MissingDependencyError` where it is not installed or is no program.
    """
    info = _named(using, available())
    if info.kind != "program":
        raise MissingDependencyError(f"{using} is no program")
    return info.where


def dialects_used(text: str) -> set[str]:
    """The dialects that operations, types and attributes of a text seem to be from.

    A quick look that takes comments and strings for code, good enough to choose which real MLIR to ask.
    """
    return {name for match in _DIALECT.finditer(text) for name in match.groups() if name}


def _choose(text: str, using: str | None) -> UpstreamInfo:
    found = available()
    if using is not None and using != ANY:
        return _named(using, found)
    if not found:
        raise MissingDependencyError(
            "no real MLIR is installed: pip install 'approxir[llvm]', or put mlir-opt on PATH"
        )
    used = dialects_used(text) - _OWN_DIALECTS
    if used & _JAX_DIALECTS:
        found.sort(key=lambda info: _JAX_ORDER.get(info.name, len(_JAX_ORDER)))
    best = found[0]
    fewest = len(used) + 1
    for info in found:
        missing = len(used - _engine(info).known(used))
        if missing < fewest:
            best, fewest = info, missing
        if missing == 0:
            break
    return best


def _named(using: str, found: list[UpstreamInfo]) -> UpstreamInfo:
    for info in found:
        # Distributions install mlir-opt under a name with a version.
        if info.name == using or (using == "mlir-opt" and _VERSIONED.fullmatch(info.name)):
            return info
    if os.sep in using:
        return UpstreamInfo(Path(using).name, "program", using)
    extra = EXTRAS.get(using) or EXTRAS.get(using.removesuffix("-opt"))
    if extra is not None:
        raise MissingDependencyError(f"{using} is not installed: pip install 'approxir[{extra}]'")
    names = ", ".join(info.name for info in found) or "none"
    raise MissingDependencyError(f"no real MLIR is called {using!r} here; found: {names}")


def _engine(info: UpstreamInfo) -> Bindings | Program:
    return _bindings(info.name) if info.kind == "bindings" else _program(info.where)


# One child process for each set of bindings, however many modules are verified.
_bindings = functools.cache(Bindings)
_program = functools.cache(Program)


def _find_bindings() -> Iterator[UpstreamInfo]:
    for name, (_, file) in _BINDINGS.items():
        spec = importlib.util.find_spec(file.partition("/")[0])
        for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
            path = Path(folder).parent / file
            if path.is_file():
                yield UpstreamInfo(name, "bindings", str(path))
                break


def _find_programs() -> Iterator[UpstreamInfo]:
    for name in ["mlir-opt", *programs.versioned_names("mlir-opt"), "torch-mlir-opt", "iree-opt"]:
        path = programs.find(name)
        if path is not None:
            yield UpstreamInfo(name, "program", path)


@functools.cache
def _version(info: UpstreamInfo) -> str | None:
    distribution = _BINDINGS[info.name][0] if info.kind == "bindings" else _PROGRAMS.get(info.name)
    if distribution is not None:
        try:
            return metadata.version(distribution)
        except metadata.PackageNotFoundError:
            if info.kind == "bindings":
                return None
    return _program(info.where).version()
