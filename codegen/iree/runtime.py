"""Running artifacts: loading them on a device, and calling their functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from approxir.codegen.iree.devices import Device, generation, open_device, runtime_package, said
from approxir.codegen.iree.exchange import RETURNS, Pusher, puller, pusher
from approxir.codegen.kernel import Function
from approxir.codegen.live import LiveParameters
from approxir.codegen.signature import Signature
from approxir.codegen.timing import Timing, measure
from approxir.errors import ApproxIRError

if TYPE_CHECKING:
    from approxir.ir.module import Module
    from approxir.passes.live import Layout

# What IREE's functions raise: each status code of the engine becomes one of these.
_ENGINE_ERRORS = (RuntimeError, ValueError, TypeError, LookupError, OSError, MemoryError)


class LoadError(ApproxIRError):
    """These bytes are no artifact that the device takes."""


class ExecutionError(ApproxIRError):
    """A function failed while it ran."""


class Program:
    """An artifact on a device. In a forked process it is loaded anew when it is first used there.

    Raises `LoadError`, `DeviceError` and `MissingDependencyError`.
    """

    def __init__(self, artifact: bytes, device: str) -> None:
        self._artifact = artifact
        self._name = device
        self._load()

    def _load(self) -> None:
        runtime = runtime_package()
        self.generation = generation()
        self.device: Device = open_device(self._name)
        config = self.device.config
        try:
            self.module = runtime.VmModule.copy_buffer(config.vm_instance, self._artifact)
            self.context = runtime.VmContext(
                config.vm_instance, modules=[*config.default_vm_modules, self.module]
            )
        except _ENGINE_ERRORS as error:
            raise LoadError(
                f"the artifact cannot be loaded on {self.device.name}\n  IREE says: {said(error)}"
            ) from error
        self._functions: dict[str, Any] = {}

    def current(self) -> Program:
        """This program, loaded in this process."""
        if self.generation != generation():
            self._load()
        return self

    def function(self, name: str) -> Any:
        """IREE's function of that name. Raises `LoadError` if there is none."""
        found = self._functions.get(name)
        if found is None:
            found = self.module.lookup_function(name)
            if found is None:
                raise LoadError(f"the artifact has no function '{name}'")
            self._functions[name] = found
        return found

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the functions that the artifact exports."""
        return tuple([name for name in self.module.function_names if name != "__init"])


class IreeFunction(Function):
    """A function of a program.

    Args:
        program: what holds it.
        signature: what callers hand over and get; live parameters, which follow, are not in it.
        parameters: the live parameters that the function takes behind its own arguments.
        returns: as what tensors are returned: ``numpy``, ``jax`` or ``device``.

    Raises `UnsupportedTypeError` for a type that cannot be exchanged with IREE.
    """

    def __init__(
        self,
        program: Program,
        signature: Signature,
        parameters: LiveParameters | None = None,
        returns: str = "numpy",
    ) -> None:
        super().__init__(signature)
        check_returns(returns)
        self._program = program
        self._parameters = parameters
        self._pushers: list[Pusher] = [
            pusher(kind, signature, signature.argument(number))
            for number, kind in enumerate(signature.inputs)
        ]
        self._pullers = [puller(kind, returns) for kind in signature.results]
        self._list = runtime_package().VmVariantList
        program.function(signature.name)

    def __call__(self, *args: Any, **named: Any) -> Any:
        if named:
            args = self.signature.bind(args, named)
        if len(args) != len(self._pushers):
            self.signature.check_count(args)
        program = self._program.current()
        results = self._invoke(program, self._arguments(program, args))
        pullers = self._pullers
        if len(pullers) == 1:
            return pullers[0](results, 0, program.device)
        found = tuple([pull(results, at, program.device) for at, pull in enumerate(pullers)])
        return found or None

    def time(
        self,
        *args: Any,
        repeat: int = 30,
        warmup: int = 3,
        number: int | None = None,
        transfers: bool = False,
    ) -> Timing:
        """Time calls with these arguments.

        The arguments are brought to the device once, before, and the results stay there; with `transfers`
        that is part of each call, as it is of an ordinary one. The other arguments are those of
        `approxir.codegen.timing.measure`.
        """
        if transfers:
            return super().time(*args, repeat=repeat, warmup=warmup, number=number)
        self.signature.check_count(args)
        program = self._program.current()
        if self._parameters is None:
            inputs = self._arguments(program, args)
            return measure(lambda: self._invoke(program, inputs), repeat=repeat, warmup=warmup, number=number)
        kept = self._arguments(program, args)
        count = len(args)

        def once() -> None:
            inputs = self._list(count)
            for at in range(count):
                _copy(kept, at, inputs)
            self._invoke(program, inputs)

        return measure(once, repeat=repeat, warmup=warmup, number=number)

    def _arguments(self, program: Program, args: Sequence[Any]) -> Any:
        inputs = self._list(len(args))
        device = program.device
        for push, value in zip(self._pushers, args, strict=True):
            push(inputs, value, device)
        return inputs

    def _invoke(self, program: Program, inputs: Any) -> Any:
        results = self._list(len(self._pullers))
        function = program.function(self.name)
        parameters = self._parameters
        try:
            if parameters is None:
                program.context.invoke(function, inputs, results)
                return results
            # Twice: a signal may raise before the first release has begun.
            try:
                try:
                    parameters.lock.acquire_shared(results)
                    for value in parameters.array.tolist():
                        inputs.push_int(value)
                    program.context.invoke(function, inputs, results)
                finally:
                    parameters.lock.release_shared(results)
            finally:
                parameters.lock.release_shared(results)
        except _ENGINE_ERRORS as error:
            raise ExecutionError(
                f"{self.name} failed on {program.device.name}\n  the function is {self.signature}\n"
                f"  IREE says: {said(error)}"
            ) from error
        return results


def check_returns(returns: str) -> None:
    """Raise `ValueError` for what tensors cannot be returned as."""
    if returns not in RETURNS:
        raise ValueError(f"tensors are returned as {', '.join(RETURNS)}, not as {returns!r}")


def live_parameters(layout: Layout, original: Module) -> LiveParameters:
    """Parameters with the values that they have in the module, which is as it was before lowering."""
    import numpy as np

    return LiveParameters(layout, np.array(layout.values, np.int32), original)


def functions_of(
    program: Program,
    signatures: Mapping[str, Signature],
    parameters: LiveParameters | None = None,
    live: frozenset[str] = frozenset(),
    returns: str = "numpy",
) -> dict[str, Function]:
    """The functions of a program; those named in `live` take the live parameters."""
    return {
        name: IreeFunction(program, signature, parameters if name in live else None, returns)
        for name, signature in signatures.items()
    }


def _copy(values: Any, at: int, target: Any) -> None:
    """Append a value of one list to another."""
    value = values.get_variant(at)
    if isinstance(value, int):
        target.push_int(value)
    elif isinstance(value, float):
        target.push_float(value)
    else:
        target.push_ref(value)
