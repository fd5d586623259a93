"""Running modules in this process, by the LLVM of torch-mlir: `jit`."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from approxir.codegen import programs
from approxir.codegen.backend import Artifact, Backend, BackendInfo
from approxir.codegen.kernel import Kernel
from approxir.codegen.llvm import bindings
from approxir.codegen.llvm.bindings import Bindings, LoweredModule
from approxir.codegen.llvm.calls import Native
from approxir.codegen.llvm.linking import link
from approxir.codegen.llvm.lowering import Exported, export
from approxir.codegen.llvm.shared import LlvmShared
from approxir.codegen.llvm.translation import MLIR_OPT, TORCH_MLIR
from approxir.errors import CompilationError

if TYPE_CHECKING:
    from approxir.ir.module import Module


@dataclass(frozen=True)
class JitArtifact(Artifact):
    """A module in LLVM's dialect, in the memory of this process."""

    module: LoweredModule
    exported: Exported
    opt_level: int


class LlvmJit(Backend):
    """Compiles in memory, for the processor that it runs on."""

    name = "llvm"
    summary = "LLVM's just-in-time compiler, by torch-mlir"

    def describe(self) -> BackendInfo:
        version = bindings.version()
        reason = None if version is not None else "torch-mlir is not installed: pip install 'approxir[llvm]'"
        devices = ("cpu",) if version is not None else ()
        return BackendInfo(self.name, self.summary, version is not None, version, ("cpu",), devices, reason)

    def compile(
        self,
        module: Module | str,
        *,
        live: bool = False,
        externals: Mapping[str, Callable[..., Any]] | None = None,
        copy: bool = False,
        opt_level: int = 3,
    ) -> JitArtifact:
        if opt_level not in range(4):
            raise ValueError(f"the optimization level is 0, 1, 2 or 3, not {opt_level!r}")
        if externals is not None and not isinstance(externals, Mapping):
            raise TypeError(
                f"externals are a mapping from names to functions, not {type(externals).__name__}"
            )
        held = Bindings()
        exported = export(module, live=live, externals=externals or (), copies=copy)
        lowered = held.lowered(exported.text, exported.passes, exported.module)
        return JitArtifact(self.name, lowered, exported, opt_level)

    def load(
        self, artifact: JitArtifact, externals: Mapping[str, Callable[..., Any]] | None = None
    ) -> Kernel:
        _check_declared(artifact.module)
        engine = artifact.module.bindings.engine(artifact.module, artifact.opt_level)
        # The code lives as long as the engine, and that needs its context.
        owner = (engine, artifact.module)

        def find(symbol: str) -> Native:
            address = engine.raw_lookup(symbol)
            if not address:
                raise CompilationError(
                    "LLVM cannot finish the code of this module: something that it needs is not in this "
                    "process. What, LLVM has written to standard error."
                )
            return Native(address, owner, packed=True)

        exported = artifact.exported
        return link(exported.interface, find, self.name, owner, externals, exported.original)


def jit(
    module: Module | str,
    *,
    live: bool = False,
    externals: Mapping[str, Callable[..., Any]] | None = None,
    copy: bool = False,
    opt_level: int = 3,
    using: str | None = None,
) -> Kernel:
    """Compile a module for this processor, in memory; its public functions can then be called.

        kernel = ax.jit(module)
        kernel.sum_of_squares(100, np.ones(100, np.float32))

    Approximations are lowered first; the module stays as it is. Arguments are checked against the function's
    type before anything is called. Integers are Python's (``i1`` is `bool`), floating-point and complex
    numbers NumPy's scalars of their type. A memref is a NumPy array whose memory the function works on; one
    that is returned is the argument that it came from, a view of it, or an array of its own. A tensor or a
    vector is an array that is only read, and anything that converts to one. Python's global lock is released
    while the code runs.

    Args:
        module: a module, or its text; of the func, scf, cf, arith, math, complex, memref, affine, vector,
            linalg, tensor and llvm dialects, StableHLO and approx.
        live: keep thresholds and decisions changeable: `Kernel.set`.
        externals: functions of Python for those that the module only declares. They get and return what
            functions of the kernel do; what they raise is raised by the call. Arrays that they get must not
            be kept after they return.
        copy: copy arrays whose memory cannot be shared (read-only ones, and those with other strides than the
            type has), so that what is written to them is lost, instead of refusing them.
        opt_level: how much LLVM optimizes, 0 to 3.
        using: what lowers the module: "torch-mlir", or "mlir-opt" or the path of one, from which the way to
            this process is a shared library, as with `approxir.codegen.llvm.shared`. By default torch-mlir
            or, where that is not installed, mlir-opt.

    Raises:
        VerifyError, ParseError: the module is not valid.
        PassError, ParamsError: an approximation cannot be lowered.
        CompilationError: MLIR or LLVM cannot compile it, a function that it needs is missing, or none of its
            functions can be called from Python.
        MissingDependencyError: torch-mlir is not installed, or what `using` names.
    """
    if using is None and bindings.version() is None and programs.find_newest(MLIR_OPT) is not None:
        using = MLIR_OPT
    if using not in (None, TORCH_MLIR):
        shared = LlvmShared()
        library = shared.compile(
            module, live=live, externals=externals, copy=copy, opt_level=opt_level, using=using
        )
        return shared.load(library, externals)
    backend = LlvmJit()
    artifact = backend.compile(module, live=live, externals=externals, copy=copy, opt_level=opt_level)
    return backend.load(artifact, externals)


def _check_declared(module: LoweredModule) -> None:
    """Raise `CompilationError` for missing functions, for which LLVM would refuse all without a word."""
    process = ctypes.CDLL(None)
    missing = [name for name in module.declared() if not hasattr(process, name)]
    if missing:
        missing = module.used(missing)
    if missing:
        shown = ", ".join(missing)
        raise CompilationError(f"the module calls functions that are not to be had in this process: {shown}")
