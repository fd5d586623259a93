"""IREE as a back end: StableHLO and tensor programs on CPUs and GPUs."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from approxir.codegen.backend import Artifact, Backend, BackendInfo
from approxir.codegen.iree import devices, tool
from approxir.codegen.iree.compile import TIMEOUT, compile_text
from approxir.codegen.iree.targets import target_named, targets_of
from approxir.codegen.kernel import Kernel
from approxir.codegen.prepare import Prepared, prepare
from approxir.codegen.signature import Signature, public_functions, signature_of
from approxir.ir.module import parse

if TYPE_CHECKING:
    from approxir.codegen.iree.cache import Cache
    from approxir.codegen.iree.exchange import DeviceArray
    from approxir.ir.module import Module
    from approxir.passes.live import Layout


@dataclass(frozen=True)
class IreeArtifact(Artifact):
    """An artifact with what is needed to call its functions.

    `data` are the bytes of a ``.vmfb`` file; `live` names the functions that take the live parameters, one
    ``i32`` each, behind their own arguments; `original` is the text of the module as it was, for one that is
    live. Artifacts can be pickled.
    """

    data: bytes
    target: str
    signatures: dict[str, Signature]
    live: frozenset[str] = frozenset()
    layout: Layout | None = None
    original: str = field(default="", repr=False)


class Iree(Backend):
    """Compiles with ``iree.compiler`` and runs with ``iree.runtime``."""

    name: ClassVar[str] = "iree"
    summary: ClassVar[str] = "StableHLO and tensor programs on CPUs and GPUs, by IREE"

    def describe(self) -> BackendInfo:
        compiler, runtime = tool.version(), devices.version()
        found = {tool.DISTRIBUTION: compiler, devices.DISTRIBUTION: runtime}
        missing = [name for name, held in found.items() if held is None]
        missing += [name for name in ("numpy", "ml_dtypes") if importlib.util.find_spec(name) is None]
        reason = f"{', '.join(missing)} not installed: pip install 'approxir[iree]'" if missing else None
        return BackendInfo(
            self.name,
            self.summary,
            not missing,
            compiler or runtime,
            targets_of(tool.backends()),
            () if missing else devices.available_devices(),
            reason,
        )

    def compile(
        self,
        module: Module | str,
        *,
        live: bool = False,
        target: str = "cpu",
        arch: str | None = None,
        flags: Sequence[str] = (),
        cache: bool | Cache = True,
        timeout: float | None = TIMEOUT,
        **options: Any,
    ) -> IreeArtifact:
        """Compile a module; the options are those of `approxir.codegen.iree.compile.compile_text`."""
        if options:
            raise TypeError(f"IREE has no option '{next(iter(options))}'")
        from approxir.codegen.iree.checks import prepare_for_host, signatures_of

        target_named(target)
        prepared = prepare(module, live=live, array="argument")
        lowered = public_functions(prepared.module)
        original = public_functions(prepared.original)
        signatures = signatures_of(
            [original[name] for name in original if name in lowered], prepared.original
        )
        prepare_for_host(prepared.module)
        text = str(prepared.module)
        data = compile_text(
            text, target, arch=arch, flags=flags, cache=cache, timeout=timeout, module=prepared.module
        )
        return IreeArtifact(
            self.name,
            data,
            target,
            signatures,
            _live_functions(prepared, signatures),
            prepared.layout,
            str(prepared.original) if live else "",
        )

    def load(
        self, artifact: IreeArtifact, *, device: str | None = None, returns: str = "numpy"
    ) -> IreeKernel:
        """The functions of an artifact on a device, by default one of the target's kind.

        Tensors are returned as `returns` says: ``numpy``, ``jax`` or ``device``. Raises `DeviceError` if the
        device is not there, `LoadError` if it does not take the artifact.
        """
        from approxir.codegen.iree.runtime import Program, check_returns, functions_of, live_parameters

        check_returns(returns)
        program = Program(artifact.data, artifact.target if device is None else device)
        parameters = None
        if artifact.layout is not None:
            parameters = live_parameters(artifact.layout, parse(artifact.original))
        functions = functions_of(program, artifact.signatures, parameters, artifact.live, returns)
        return IreeKernel(functions, parameters, self.name, program)


class IreeKernel(Kernel):
    """A kernel on a device of IREE's."""

    def __init__(self, functions: Any, parameters: Any, backend: str, program: Any) -> None:
        super().__init__(functions, parameters, backend)
        self._program = program

    @property
    def device(self) -> str:
        """The device on which the functions run."""
        name: str = self._program.current().device.name
        return name

    def to_device(self, value: Any) -> DeviceArray:
        """A copy of an array on the device, which functions take without another transfer.

        Raises `UnsupportedTypeError` for elements that IREE does not have.
        """
        from approxir.codegen.iree.exchange import array_to_device

        return array_to_device(value, self._program.current().device)


def iree(
    module: Module | str,
    target: str = "cpu",
    *,
    live: bool = False,
    cache: bool | Cache = True,
    arch: str | None = None,
    device: str | None = None,
    returns: str = "numpy",
    flags: Sequence[str] = (),
    timeout: float | None = TIMEOUT,
) -> IreeKernel:
    """Compile a module with IREE and load it.

        kernel = ax.iree(module, live=True)
        kernel.set({"my_function_threshold_0": 75})
        kernel.my_function(100, data)

    Functions take NumPy arrays, JAX arrays and whatever `numpy.asarray` makes an array of, and Python numbers
    for scalars and tensors without dimensions. Approximations in the module are lowered first.

    Args:
        module: a module or its text, in dialects that IREE takes: StableHLO, linalg, tensor, arith, scf, ...
        target: ``cpu``, ``cuda``, ``vulkan``, ``rocm``, ``metal`` or ``vmvx``, or IREE's own name of one.
        live: let thresholds and decisions be changed between calls (`Kernel.set`).
        cache: whether to keep the artifact on disk and to look for it there.
        arch: the architecture, by default this machine's processor, and ``sm_80`` for CUDA.
        device: where to run, if not on the first device of the target's kind: ``local-sync`` (the CPU, with
            one thread and less time per call), ``cuda://1``.
        returns: as what tensors are returned: ``numpy``, ``jax``, or ``device`` for arrays that stay there.
        flags: further flags of ``iree-compile``.
        timeout: how many seconds the compiler may take; None for no limit.

    Raises:
        CompilationError: IREE refuses the module; the diagnostics are placed in the module's own text.
        VerifyError, ParseError: the module is not valid.
        PassError, ParamsError: an approximation cannot be lowered.
        TargetError, DeviceError, LoadError: there is no such target or device, or it refuses the artifact.
        MissingDependencyError: IREE is not installed.
    """
    backend = Iree()
    artifact = backend.compile(
        module, live=live, target=target, arch=arch, flags=flags, cache=cache, timeout=timeout
    )
    return backend.load(artifact, device=device, returns=returns)


def _live_functions(prepared: Prepared, signatures: dict[str, Signature]) -> frozenset[str]:
    if prepared.layout is None:
        return frozenset()
    lowered = public_functions(prepared.module)
    return frozenset(
        name
        for name, signature in signatures.items()
        if len(signature_of(lowered[name]).inputs) > len(signature.inputs)
    )
