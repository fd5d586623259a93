"""Evaluating configurations of a module by compiling and calling one of its functions."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from approxir.codegen import backend as backends
from approxir.codegen.llvm.ownership import Ownership
from approxir.codegen.prepare import prepare
from approxir.codegen.signature import Signature, public_functions, signature_of
from approxir.errors import ApproxIRError
from approxir.ir.module import Module, parse
from approxir.nearest import did_you_mean
from approxir.passes.functions import Functions
from approxir.tuning.exact import exact_module
from approxir.values import MemRefType

if TYPE_CHECKING:
    from approxir.codegen.kernel import Function, Kernel

Arguments = tuple[Any, ...]
Quality = Callable[[Any, Any], float]

_SAMPLE = 5e-3
"""Seconds within which calls are begun that one sample is the median of."""


class EvaluatorError(ApproxIRError):
    """An evaluator cannot be made: no such function, nothing to compare, arguments that do not fit."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The quality of a function, and for each input the numbers of the arguments that it changes."""

    quality: float
    changed: tuple[tuple[int, ...], ...]


class KernelEvaluator:
    """Times a function of a module for each configuration, and compares its results with the exact ones.

        evaluate = KernelEvaluator(module, "kernel", [(n, data)], quality="l2")
        frontier = ax.Tuner(ax.space(module)).run(evaluate, evaluations=200)

    The time of a configuration is the median of the samples; with several inputs a sample is the mean over
    them, and so is the quality. Arrays that a call changes are as they were at the beginning of each call;
    making the copies is not part of the time. What is compared are the results, and the arrays that the
    exact program changes, in the order of the arguments behind them; a single one is passed as it is,
    several as a tuple. The quality of a configuration is computed once.

    Nothing is compiled before it is needed, so that a child process can do all of it.

    Args:
        module: the module with its knobs, or its text.
        function: the name of the function; it may be left out where there is only one.
        inputs: the arguments of each call.
        quality: a metric by name, such as ``l2`` or ``rbo:p=0.95``, or a function of the exact result and the
            approximate one.
        live: compile once and set parameters between the calls, instead of compiling every configuration.
        backend: ``llvm``, ``llvm-shared`` or ``iree``.
        warmup: how many calls are made before each timing, which are not counted; the call whose result is
            compared is the first of them.
        repeats: how many samples are taken.
        options: options of the back end's `compile`, such as ``target="cuda"``.

    Raises `EvaluatorError` for functions and inputs that make no sense, `UnknownBackendError`, and
    `QualityError` for an unknown metric; `prepare` raises what compiling and calling raise.
    """

    def __init__(
        self,
        module: Module | str,
        function: str | None = None,
        inputs: Sequence[Sequence[Any]] = ((),),
        *,
        quality: str | Quality = "l2",
        live: bool = True,
        backend: str = "llvm",
        warmup: int = 1,
        repeats: int = 5,
        **options: Any,
    ) -> None:
        if warmup < 0 or repeats < 1:
            raise EvaluatorError("warmup is a number from 0 on, repeats one from 1 on")
        if not isinstance(module, Module | str):
            raise EvaluatorError(f"an evaluator is that of a module, not of {module!r}")
        self._module = parse(module) if isinstance(module, str) else module.clone()
        self.signature = function_signature(self._module, function)
        try:
            self.inputs: tuple[Arguments, ...] = tuple([tuple(held) for held in inputs])
        except TypeError:
            raise EvaluatorError("inputs are tuples of arguments, one for each call") from None
        if not self.inputs:
            raise EvaluatorError("an evaluator needs at least one input, a tuple of arguments")
        for held in self.inputs:
            self.signature.check_count(held)
        self.quality = _metric(quality)
        self.live = live
        self.backend = backend
        self.warmup = warmup
        self.repeats = repeats
        self.options = options
        backends.get(backend)
        self._references: list[Any] | None = None
        self._compared: tuple[int, ...] = ()
        self._exact: Kernel | None = None
        self._kernel: Kernel | None = None
        self._exact_changes: tuple[tuple[int, ...], ...] = ()
        self._judgements: dict[tuple[tuple[str, int], ...], Judgement] = {}
        self._lock = threading.RLock()

    @property
    def references(self) -> tuple[Any, ...]:
        """What the exact program computes for each input."""
        self.prepare()
        assert self._references is not None
        return tuple(self._references)

    @property
    def exact(self) -> Function:
        """The function of the exact program."""
        self.prepare()
        assert self._exact is not None
        return self._exact[self.signature.name]

    @property
    def writes(self) -> tuple[int, ...]:
        """The numbers of the arguments that the function may change, counted from 0."""
        return self._memory

    def prepare(self) -> None:
        """Compile what every evaluation needs, and run the exact program; done once."""
        with self._lock:
            self._prepare()

    def _prepare(self) -> None:
        if self._references is None:
            self._exact = self._compiled(exact_module(self._module), live=False)
            self._references = self._run_exact(self._exact[self.signature.name])
        if self.live and self._kernel is None:
            self._kernel = self._compiled(self._module, live=True)

    def baseline(self) -> dict[str, Any]:
        """The time of the exact program, with the quality that its own result has."""
        self.prepare()
        assert self._exact is not None
        assert self._references is not None
        samples = self._timed(self._exact[self.signature.name], self._exact_changes)
        quality = statistics.fmean([self.quality(one, one) for one in self._references])
        return {"time_ms": statistics.median(samples), "quality": quality, "samples_ms": samples}

    def __call__(self, config: Mapping[str, int]) -> dict[str, Any]:
        """The time in milliseconds, the quality and the samples of a configuration."""
        # Parameters that are set, and times that are taken, are those of one evaluation at a time.
        with self._lock:
            return self._evaluated(config)

    def _evaluated(self, config: Mapping[str, int]) -> dict[str, Any]:
        self._prepare()
        details: dict[str, Any] = {}
        if self._kernel is not None:
            self._kernel.set(config)
            function = self._kernel[self.signature.name]
        else:
            begun = time.perf_counter()
            function = self.deployed(config)
            details["compile_ms"] = (time.perf_counter() - begun) * 1e3
        key = tuple(sorted(config.items()))
        judged = self._judgements.get(key)
        if judged is None:
            judged = self._judgements[key] = self.judged(function)
        samples = self._timed(function, judged.changed)
        return {
            "time_ms": statistics.median(samples),
            "quality": judged.quality,
            "samples_ms": samples,
            "details": details,
        }

    # Other functions with the same arguments.

    def deployed(self, config: Mapping[str, int]) -> Function:
        """The function with a configuration applied to the module and compiled, as programs would use it."""
        module = self._module.clone()
        module.apply(config)
        return self._compiled(module, live=False)[self.signature.name]

    def outcomes(self, function: Function) -> tuple[Any, ...]:
        """What another function computes for each input, to be compared with the `references`."""
        self.prepare()
        found = []
        for held in self.inputs:
            arguments = _fresh(held, self._memory)
            result = function(*arguments)
            found.append(self._outcome(result, arguments))
        return tuple(found)

    def judged(self, function: Function) -> Judgement:
        """How good what another function computes is, and which of its arguments it changes."""
        self.prepare()
        assert self._references is not None
        qualities, changed = [], []
        for held, reference in zip(self.inputs, self._references, strict=True):
            arguments = _fresh(held, self._memory)
            result = function(*arguments)
            qualities.append(float(self.quality(reference, self._outcome(result, arguments))))
            changed.append(self._changed(arguments, held))
        return Judgement(statistics.fmean(qualities), tuple(changed))

    def sample(self, function: Function, judged: Judgement) -> float:
        """The time of one call of a function in milliseconds, the mean over the inputs.

        Short calls are repeated for some milliseconds, and the median of them counts.
        """
        medians = []
        for held, changed in zip(self.inputs, judged.changed, strict=True):
            samples: list[float] = []
            end = time.perf_counter() + _SAMPLE
            while not samples or time.perf_counter() < end:
                arguments = _fresh(held, changed)
                begun = time.perf_counter()
                function(*arguments)
                samples.append(time.perf_counter() - begun)
            medians.append(statistics.median(samples))
        return statistics.fmean(medians) * 1e3

    # Compiling and calling.

    def _compiled(self, module: Module, live: bool) -> Kernel:
        engine = backends.get(self.backend)
        return engine.load(engine.compile(module, live=live, **self.options))

    def _run_exact(self, function: Function) -> list[Any]:
        """What the exact program computes; finds out which arrays it changes."""
        found = []
        for held in self.inputs:
            arguments = _fresh(held, self._memory)
            found.append((function(*arguments), arguments))
        self._exact_changes = tuple(
            [self._changed(arguments, held) for (_, arguments), held in zip(found, self.inputs, strict=True)]
        )
        changed = sorted({at for numbers in self._exact_changes for at in numbers})
        self._compared = tuple(changed)
        if not self.signature.results and not changed:
            raise EvaluatorError(
                f"{self.signature.name} returns nothing and changes none of its arguments, so that there is "
                "nothing to compare"
            )
        return [self._outcome(result, arguments) for result, arguments in found]

    @cached_property
    def _memory(self) -> tuple[int, ...]:
        """The numbers of the arguments that the function may change."""
        memory = [at for at, kind in enumerate(self.signature.inputs) if isinstance(kind, MemRefType)]
        if self.live and memory:
            # What every configuration may do stands in the code of the live one.
            lowered = prepare(self._module, live=True).module
            function = public_functions(lowered).get(self.signature.name)
            ownership = Ownership(Functions())
            memory = [at for at in memory if function is None or ownership.writes(function, at)]
        return tuple(memory)

    def _outcome(self, result: Any, arguments: Arguments) -> Any:
        """What is compared of one call."""
        results = result if isinstance(result, tuple) else () if result is None else (result,)
        # A result may be a view of an argument, or of memory that the next call uses again.
        held = [_copy(one) for one in (*results, *(arguments[at] for at in self._compared))]
        return held[0] if len(held) == 1 else tuple(held)

    def _changed(self, arguments: Arguments, held: Arguments) -> tuple[int, ...]:
        """The numbers of the arguments that a call has changed."""
        return tuple([at for at in self._memory if not _same(arguments[at], held[at])])

    def _timed(self, function: Function, changed: Sequence[tuple[int, ...]]) -> list[float]:
        """Samples in milliseconds, means over the inputs."""
        each = [self._samples(function, *pair) for pair in zip(self.inputs, changed, strict=True)]
        return [statistics.fmean(samples) * 1e3 for samples in zip(*each, strict=True)]

    def _samples(self, function: Function, held: Arguments, changed: tuple[int, ...]) -> Sequence[float]:
        """Samples in seconds, of calls with one input of which some arguments are changed."""
        # The call for the quality has been the first one.
        warmup = max(0, self.warmup - 1)
        if not changed:
            return function.time(*held, repeat=self.repeats, warmup=warmup).samples
        samples = []
        for _ in range(warmup + self.repeats):
            arguments = _fresh(held, changed)
            begun = time.perf_counter()
            function(*arguments)
            samples.append(time.perf_counter() - begun)
        return samples[warmup:]

    def __getstate__(self) -> dict[str, Any]:
        """Everything but what was compiled, which belongs to this process."""
        held = {**self.__dict__, "_module": (str(self._module), self._module.file)}
        none = dict.fromkeys(("_exact", "_kernel", "_references", "_lock"))
        return {**held, **none, "_judgements": {}}

    def __setstate__(self, held: dict[str, Any]) -> None:
        text, file = held["_module"]
        self.__dict__.update(held, _module=parse(text, file=file), _lock=threading.RLock())

    def __repr__(self) -> str:
        way = "live" if self.live else "compiled anew"
        return f"<KernelEvaluator of {self.signature} on {self.backend}, {way}>"


def function_signature(module: Module, name: str | None) -> Signature:
    """The signature of a public function; without a name, of the only one. Raises `EvaluatorError`."""
    found = public_functions(module)
    if name is None:
        if len(found) != 1:
            raise EvaluatorError(f"say which function: the module has {', '.join(found) or 'none'}")
        (name,) = found
    if name not in found:
        hint = did_you_mean(name, found) or f"it has: {', '.join(found) or 'none'}"
        raise EvaluatorError(f"{module.file}: error: there is no public function '{name}'; {hint}")
    return signature_of(found[name])


def _metric(quality: str | Quality) -> Quality:
    if not isinstance(quality, str):
        return quality
    from approxir.tuning.quality import metric

    return metric(quality)


def _fresh(held: Arguments, numbers: Sequence[int]) -> Arguments:
    """The arguments, some of them copied."""
    fresh = list(held)
    for at in numbers:
        fresh[at] = _copy(held[at])
    return tuple(fresh)


def _copy(value: Any) -> Any:
    # Strides are part of what a function may be about.
    return value.copy(order="K") if isinstance(value, np.ndarray) else value


def _same(one: Any, other: Any) -> bool:
    """Whether two arrays hold the same bytes, NaN included."""
    if not isinstance(one, np.ndarray) or not isinstance(other, np.ndarray):
        return True
    if one.flags.c_contiguous and other.flags.c_contiguous:
        return np.array_equal(one.reshape(-1).view(np.uint8), other.reshape(-1).view(np.uint8))
    return one.tobytes() == other.tobytes()
