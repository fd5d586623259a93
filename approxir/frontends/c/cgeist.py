"""C and C++ to MLIR with Polygeist's ``cgeist``, annotations included."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from approxir.errors import CompilationError, DiagnosticError, MissingDependencyError
from approxir.frontends.c.annotating import annotate
from approxir.frontends.errors import FrontendError

if TYPE_CHECKING:
    from approxir.compiler import ToolchainConfig
    from approxir.frontends.c.trees import Language

_SUFFIXES = {"c": ".c", "c++": ".cpp"}


def _default_path() -> str:
    return os.environ.get("CGEIST_PATH") or "cgeist"


@dataclass
class CgeistConfig:
    """How to run ``cgeist``.

    Attributes:
        cgeist_path: the program: a path, or a name to look for on the ``PATH``; by default what the
            environment variable ``CGEIST_PATH`` says, else ``cgeist``.
        resource_dir: where clang's own headers are (``-resource-dir``).
        include_dirs: where to look for headers (``-I``).
        extra_args: further arguments, for example ``-function=*``, which lets cgeist compile all functions
            rather than those that ``main`` needs.
        timeout: how many seconds it may take; None for no limit.
    """

    cgeist_path: str = field(default_factory=_default_path)
    resource_dir: str | None = None
    include_dirs: Sequence[str] = field(default_factory=list)
    extra_args: Sequence[str] = field(default_factory=list)
    timeout: float | None = 600.0

    def arguments(self, file: str) -> list[str]:
        """The arguments for one source file, without the program."""
        held = ["-O0", "-S", file]
        if self.resource_dir:
            held.append(f"-resource-dir={self.resource_dir}")
        for folder in self.include_dirs:
            held += ["-I", str(folder)]
        return [*held, *self.extra_args]


def compile_cpp_source(
    cpp_source: str,
    *,
    cgeist_config: CgeistConfig | None = None,
    toolchain: ToolchainConfig | None = None,
    emit: Literal["annotated", "transformed"] = "transformed",
    file: str = "<string>",
    language: Language = "c",
) -> str:
    """Compile annotated C or C++ source to MLIR.

    ``cgeist`` makes a module of the source, the annotations in the source are put into it, and, unless `emit`
    is ``"annotated"``, approximations are lowered as by `approxir.compile` for `WorkloadType.CPP`. `file` is
    the name that errors about annotations show.

    Raises `MissingDependencyError` when ``cgeist`` is not found, `CompilationError` when it fails, takes too
    long or writes something else than MLIR, or when lowering fails, and what `approxir.frontends.c.annotate`
    raises for annotations. Annotations are looked at first.
    """
    from approxir.compiler import WorkloadType, compile
    from approxir.frontends.c.parsing import parse_source
    from approxir.syntax.source import Source

    if emit not in ("annotated", "transformed"):
        raise FrontendError(f"emit is 'annotated' or 'transformed', not {emit!r}")
    if language not in _SUFFIXES:
        raise FrontendError(f"language is 'c' or 'c++', not {language!r}")
    parse_source(Source(cpp_source, file), language)
    base = run_cgeist(cpp_source, cgeist_config or CgeistConfig(), language)
    try:
        annotated = annotate(cpp_source, base, file=file, base_file="<cgeist>", language=language)
    except DiagnosticError as error:
        if error.file != "<cgeist>":
            raise
        raise CompilationError(f"what cgeist wrote cannot be read: {error}", error.diagnostics) from error
    if emit == "annotated":
        return annotated
    return compile(annotated, workload=WorkloadType.CPP, toolchain=toolchain)


def run_cgeist(source: str, config: CgeistConfig, language: Language = "c") -> str:
    """The module that ``cgeist`` makes of source code. Raises as `compile_cpp_source` does."""
    found = shutil.which(os.path.expanduser(config.cgeist_path))
    if found is None:
        raise MissingDependencyError(
            f"'{config.cgeist_path}' is no program that can be found: compiling C and C++ needs cgeist, "
            "which is part of Polygeist (https://github.com/llvm/Polygeist) and in no extra; put it on the "
            "PATH, or name it by CGEIST_PATH or CgeistConfig(cgeist_path=...)"
        )
    with tempfile.TemporaryDirectory(prefix="approxir-") as folder:
        path = Path(folder, "source" + _SUFFIXES[language])
        path.write_bytes(source.encode("utf-8", "surrogateescape"))
        command = [found, *config.arguments(str(path))]
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=config.timeout, check=False
            )
        except subprocess.TimeoutExpired:
            raise CompilationError(f"cgeist did not finish within {config.timeout:g} seconds") from None
        except (OSError, ValueError) as error:
            raise CompilationError(f"{found} cannot be run: {error}") from error
    said = done.stderr.decode(errors="replace").strip()
    if done.returncode != 0:
        raise CompilationError(f"cgeist failed: {found} ended with status {done.returncode}\n{said}".strip())
    try:
        text = done.stdout.decode()
    except UnicodeDecodeError:
        raise CompilationError(f"{found} wrote something else than UTF-8 text") from None
    if not text.strip():
        raise CompilationError(f"cgeist wrote no module\n{said}".strip())
    return text
