"""Text in, text out: lower the approximations of a module, here or with an external ``approx-opt``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from approxir.errors import ApproxIRError, CompilationError, DiagnosticError
from approxir.passes import pipeline

if TYPE_CHECKING:
    from approxir.ir.module import Module

PASS_PIPELINE = list(pipeline.PASS_PIPELINE)
"""The passes that lower every approximation but function substitution."""

FUNC_SUBSTITUTE_PIPELINE = list(pipeline.FUNC_SUBSTITUTE_PIPELINE)
"""The passes that lower function substitution as well."""


class WorkloadType(Enum):
    """What a module was exported from, which decides about the engine that it goes to."""

    ML = "ml"
    """StableHLO, for IREE."""
    CPP = "cpp"
    """C and C++ by way of Polygeist, for LLVM."""
    TRITON = "triton"
    """Triton kernels; their modules go the way of `ML`."""


@dataclass
class ToolchainConfig:
    """Which programs lower modules: the path or name of an executable, or None for what is built in."""

    approx_opt_ml: str | None = None
    """For `WorkloadType.ML` and `WorkloadType.TRITON`."""
    approx_opt_cpp: str | None = None
    """For `WorkloadType.CPP`."""
    timeout: float | None = 600.0
    """How many seconds an external program may take; None for no limit."""

    @classmethod
    def from_env(cls) -> ToolchainConfig:
        """What the environment says: ``APPROX_OPT_ML`` (else ``APPROX_OPT_PATH``) and ``APPROX_OPT_CPP``."""
        ml = os.environ.get("APPROX_OPT_ML") or os.environ.get("APPROX_OPT_PATH")
        return cls(approx_opt_ml=ml or None, approx_opt_cpp=os.environ.get("APPROX_OPT_CPP") or None)

    def get_opt_path(self, workload: WorkloadType) -> str | None:
        """The program for a workload; None for what is built in."""
        return self.approx_opt_cpp if workload is WorkloadType.CPP else self.approx_opt_ml


_chosen: ToolchainConfig | None = None


def get_toolchain() -> ToolchainConfig:
    """The toolchain that `compile` uses: what `set_toolchain` chose, else what the environment says."""
    return _chosen if _chosen is not None else ToolchainConfig.from_env()


def set_toolchain(config: ToolchainConfig | None) -> None:
    """Choose the default toolchain of this process; None leaves the choice to the environment again."""
    global _chosen
    _chosen = config


def get_pipeline_for_config(config: Mapping[str, Any] | None) -> list[str]:
    """The passes for a configuration, as `with_config` takes it: ``{"decision_tree": ..., ...}``.

    `FUNC_SUBSTITUTE_PIPELINE` when any entry has the ``transform_type`` ``func_substitute``, else
    `PASS_PIPELINE`; each time a new list.
    """
    held = () if config is None else config.values()
    substitutes = any(getattr(entry, "transform_type", None) == "func_substitute" for entry in held)
    return list(FUNC_SUBSTITUTE_PIPELINE if substitutes else PASS_PIPELINE)


def compile(
    text: str,
    passes: Iterable[str] | None = None,
    workload: WorkloadType = WorkloadType.ML,
    toolchain: ToolchainConfig | None = None,
) -> str:
    """Lower the approximations of a module: the text of the module without them.

    `passes` are names in the order in which they run; by default what the module contains decides. The
    built-in passes do it, unless the toolchain (by default `get_toolchain()`) names a program: that gets the
    module on standard input and a flag for each pass.

    Raises `CompilationError` when the text is not a valid module, a pass fails, or an external program is
    missing, fails, or takes too long. The built-in passes give either the whole result or an error.
    """
    return _compile(text, "<string>", passes, workload, toolchain)


def compile_file(
    input_path: str | os.PathLike[str],
    output_path: str | os.PathLike[str] | None = None,
    passes: Iterable[str] | None = None,
    workload: WorkloadType = WorkloadType.ML,
    toolchain: ToolchainConfig | None = None,
) -> str:
    """Lower the approximations of the module in a file, as `compile` does.

    The result is the text, or, if an `output_path` is given, that path: the file is written as a whole, or
    not touched when anything fails. Raises `CompilationError`, and `OSError` for files.
    """
    from approxir.files import read_text, write_text_atomic

    try:
        text = read_text(input_path)
    except DiagnosticError as error:
        raise _failed(error) from error
    result = _compile(text, os.fspath(input_path), passes, workload, toolchain)
    if output_path is None:
        return result
    write_text_atomic(output_path, result)
    return os.fspath(output_path)


def _compile(
    text: str,
    file: str,
    passes: Iterable[str] | None,
    workload: WorkloadType,
    toolchain: ToolchainConfig | None,
) -> str:
    from approxir.ir.module import parse

    chosen = toolchain if toolchain is not None else get_toolchain()
    program = chosen.get_opt_path(WorkloadType(workload))
    names = None if passes is None else [name.lstrip("-") for name in passes]
    try:
        if names is not None and program is not None:
            return _run_program(program, names, text, chosen.timeout)
        module = parse(text, file=file)
        if names is None:
            names = list(pipeline.pipeline_for(module, stablehlo=workload is not WorkloadType.CPP))
        return (
            _run_passes(module, names)
            if program is None
            else _run_program(program, names, text, chosen.timeout)
        )
    except CompilationError:
        raise
    except ApproxIRError as error:
        raise _failed(error) from error


def _run_passes(module: Module, names: list[str]) -> str:
    module.verify()
    pipeline.run_pipeline(module, names)
    module.verify()
    return str(module)


def _failed(error: ApproxIRError) -> CompilationError:
    found = error.diagnostics if isinstance(error, DiagnosticError) else ()
    return CompilationError(str(error), found)


def _run_program(program: str, names: list[str], text: str, timeout: float | None) -> str:
    """What an external program with the interface of ``approx-opt`` makes of a module."""
    import shutil
    import subprocess

    found = shutil.which(os.path.expanduser(program))
    if found is None:
        raise CompilationError(
            f"the toolchain names '{program}', which is no executable that can be found; "
            "unset APPROX_OPT_ML, APPROX_OPT_PATH or APPROX_OPT_CPP to use the built-in passes"
        )
    command = [found, *(f"--{name}" for name in names)]
    try:
        done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        raise CompilationError(f"{program} did not finish within {timeout:g} seconds") from None
    except OSError as error:
        raise CompilationError(f"{program} cannot be run: {error.strerror or error}") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()
        raise CompilationError(
            f"approx-opt failed: {program} ended with status {done.returncode}\n{said}".strip()
        )
    try:
        return done.stdout.decode()
    except UnicodeDecodeError:
        raise CompilationError(f"{program} wrote something else than UTF-8 text") from None
