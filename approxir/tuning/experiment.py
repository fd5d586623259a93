"""Experiments: a workload with its inputs, searched statically and dynamically, and measured."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from approxir.codegen.kernel import Function
from approxir.errors import ArgumentError
from approxir.ir.module import Module, load
from approxir.tuning.comparison import Comparison, Measured
from approxir.tuning.contenders import Contenders
from approxir.tuning.evaluation import Evaluation
from approxir.tuning.evaluators.kernel import KernelEvaluator
from approxir.tuning.frontier import Frontier
from approxir.tuning.space import SearchSpace, space
from approxir.tuning.subject import module_text
from approxir.tuning.tuner import Tuner
from approxir.tuning.ulps import most_ulps
from approxir.tuning.verification import Verification
from approxir.tuning.yardstick import Yardstick

if TYPE_CHECKING:
    from approxir.tuning.workload import Workload

ROUNDS = 11
"""In so many rounds what a comparison tells is measured, unless one says otherwise."""
_EXACT, _PEER = "exact", "C"


class Experiment:
    """A workload with two sets of inputs; `Workload.experiment` makes one.

        experiment = WORKLOAD.experiment(scale=0.1, seed=1)
        print(experiment.verify())
        static = experiment.search(static=True, evaluations=100)
        dynamic = experiment.search(evaluations=100)
        print(experiment.compare(static, dynamic))

    `evaluate` evaluates configurations with the inputs of the search and `judge` with the others; both run
    live code. `yardstick` is the function in C, None where the workload has none.
    """

    def __init__(
        self, workload: Workload, scale: float, seed: int, *, repeats: int, options: Mapping[str, Any]
    ) -> None:
        if not (isinstance(scale, int | float) and math.isfinite(scale) and scale > 0):
            raise ArgumentError(f"scale is a number above 0, not {scale!r}")
        if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
            raise ArgumentError(f"seed is an integer from 0 on, not {seed!r}")
        self.workload = workload
        self.scale = float(scale)
        self.seed = seed
        self.options = dict(options)
        self.module: Module = load(workload.module)
        self.space: SearchSpace = space(self.module)
        streams = [np.random.default_rng(part) for part in np.random.SeedSequence(seed).spawn(2)]
        self.evaluate, self.judge = [
            KernelEvaluator(
                self.module,
                workload.function,
                workload.inputs(self.scale, rng, **self.options),
                quality=workload.quality,
                repeats=repeats,
            )
            for rng in streams
        ]
        self.yardstick: Yardstick | None = None
        if workload.yardstick is not None:
            signature = self.evaluate.signature
            self.yardstick = Yardstick(workload.yardstick, signature, writes=self.evaluate.writes)

    @property
    def subject(self) -> dict[str, str]:
        """What is evaluated, as the record of a search tells it."""
        quality = self.workload.quality
        return {
            "module": module_text(self.module, self.space),
            "function": self.workload.function,
            "metric": quality if isinstance(quality, str) else getattr(quality, "__name__", "a function"),
            "scale": f"{self.scale:g}",
            "set of inputs": _digest(self.evaluate.inputs),
        }

    # Searching.

    def search(
        self,
        *,
        static: bool = False,
        engine: str = "portfolio",
        bound: float = 0.95,
        seed: int | None = None,
        database: str | os.PathLike[str] | None = None,
        resume: bool = False,
        **limits: Any,
    ) -> Frontier:
        """Search for configurations, with the inputs of the search.

        `limits` are the arguments of `Tuner.run`, such as ``evaluations=200`` or ``seconds=60``, the others
        those of `Tuner`; the seed is by default that of the experiment. Returns the frontier, and raises what
        the two raise.
        """
        with self.tuner(
            static=static, engine=engine, bound=bound, seed=seed, database=database, resume=resume
        ) as tuner:
            return tuner.run(self.evaluate, **limits)

    def tuner(self, *, static: bool = False, seed: int | None = None, **options: Any) -> Tuner:
        """The tuner of a search, to be run with `evaluate`."""
        return Tuner(
            self.space.static() if static else self.space,
            seed=self.seed if seed is None else seed,
            subject=self.subject,
            **options,
        )

    # Measuring.

    def verify(self, rounds: int = ROUNDS) -> Verification:
        """Compare the exact program with C: their results, with both sets of inputs, and their times.

        The times are taken with the inputs of the search, in turns, `rounds` samples each.
        """
        peer = self._peer()
        ulps: float | None = None
        if peer is not None:
            ulps = max(
                most_ulps(one, other)
                for evaluator in (self.evaluate, self.judge)
                for one, other in zip(evaluator.references, evaluator.outcomes(peer), strict=True)
            )
        contenders = self._contenders(self.evaluate)
        contenders.measure(rounds)
        return Verification(
            ulps,
            self.workload.ulps,
            contenders.samples(_EXACT),
            contenders.samples(_PEER),
            self._about_yardstick(),
        )

    def compare(
        self,
        static: Frontier,
        dynamic: Frontier,
        *,
        rounds: int = ROUNDS,
        settings: Mapping[str, str] | None = None,
        progress: Callable[[str], object] = lambda text: None,
    ) -> Comparison:
        """Measure the points of two frontiers again, beside the exact program and C.

        Each point is compiled with its configuration applied, as a program would use it, not live: what the
        code still decides at run time is in its time, what is constant in it is not. All are timed in turns,
        once in each of the rounds; the lower quartile counts, so that it does not matter if other programs
        disturb many of the rounds. That is done with the inputs of the search and with those held out.

        `settings` is what else is to stand in the comparison; `progress` is called with what is done next.
        """
        found = {}
        for name, evaluator in (("tuning", self.evaluate), ("held-out", self.judge)):
            count = len(static) + len(dynamic)
            progress(f"measuring {count} points again, {name} inputs, {rounds} rounds")
            found[name] = self._measured(evaluator, static, dynamic, rounds)
        return Comparison(
            self.workload.name,
            len(self.space.knobs),
            {"static": self.space.static().size, "dynamic": self.space.size},
            {"static": len(static.evaluations), "dynamic": len(dynamic.evaluations)},
            found["tuning"],
            found["held-out"],
            self._about_yardstick(),
            {
                "scale": f"{self.scale:g}",
                "seed": str(self.seed),
                **{name: str(value) for name, value in self.options.items() if value is not None},
                **(settings or {}),
                "times": f"lower quartiles of {rounds} rounds in turns, configurations applied and compiled",
            },
        )

    def _measured(
        self, evaluator: KernelEvaluator, static: Frontier, dynamic: Frontier, rounds: int
    ) -> Measured:
        contenders = self._contenders(evaluator)
        for point in (*static.points, *dynamic.points):
            # A configuration that both searches have found is measured once.
            contenders.add(self.space.key(point.config), partial(evaluator.deployed, point.config))
        contenders.measure(rounds)

        def again(points: Iterable[Evaluation]) -> tuple[Evaluation, ...]:
            return tuple([contenders.evaluation(self.space.key(e.config), e) for e in points])

        peer = None if self._peer() is None else contenders.evaluation(_PEER)
        return Measured(contenders.evaluation(_EXACT), again(static.points), again(dynamic.points), peer)

    def _contenders(self, evaluator: KernelEvaluator) -> Contenders:
        """The exact program and, if there is one, the yardstick."""
        found = Contenders(evaluator)
        found.add(_EXACT, lambda: evaluator.exact)
        peer = self._peer()
        if peer is not None:
            found.add(_PEER, lambda: peer)
        return found

    def _peer(self) -> Function | None:
        return None if self.yardstick is None else self.yardstick.function

    def _about_yardstick(self) -> str:
        if self.yardstick is None:
            return "the workload has no C"
        return self.yardstick.problem or self.yardstick.compiler

    def __repr__(self) -> str:
        return f"<Experiment of {self.workload.name}, scale {self.scale:g}, seed {self.seed}: {self.space}>"


def _digest(inputs: Sequence[Sequence[Any]]) -> str:
    """What tells sets of inputs apart, as the record of a search holds it."""
    digest = hashlib.sha256()
    for held in inputs:
        for value in held:
            if isinstance(value, np.ndarray):
                digest.update(f"{value.dtype} {value.shape} ".encode())
                digest.update(np.ascontiguousarray(value).tobytes())
            else:
                digest.update(f"{value!r} ".encode())
    return f"sha256:{digest.hexdigest()}"
