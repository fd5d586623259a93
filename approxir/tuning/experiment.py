"""Experiments: a workload with its inputs, searched statically and dynamically, and measured."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from approxir.codegen.kernel import Function
from approxir.errors import ArgumentError
from approxir.ir.module import Module, load
from approxir.tuning.comparison import Comparison, Measured
from approxir.tuning.evaluation import Evaluation
from approxir.tuning.evaluators.kernel import KernelEvaluator
from approxir.tuning.frontier import Frontier
from approxir.tuning.outcomes import Failure, attempt, judged
from approxir.tuning.rounds import in_rounds
from approxir.tuning.space import SearchSpace, space
from approxir.tuning.subject import module_text
from approxir.tuning.tuner import Tuner
from approxir.tuning.ulps import most_ulps
from approxir.tuning.verification import Verification
from approxir.tuning.yardstick import Yardstick

if TYPE_CHECKING:
    from approxir.tuning.workload import Workload

ROUNDS = 9
"""In so many rounds what a comparison tells is measured, unless one says otherwise."""


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
            "inputs seed": str(self.seed),
            **self.workload.texts(self.options),
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
        exact, peer = self.evaluate.exact, self._peer()
        ulps: float | None = None
        if peer is not None:
            ulps = max(
                most_ulps(one, other)
                for evaluator in (self.evaluate, self.judge)
                for one, other in zip(evaluator.references, evaluator.outcomes(peer), strict=True)
            )
        samples = in_rounds(_samplers(self.evaluate, [exact] + [peer] * (peer is not None)), rounds)
        times = tuple(samples[1]) if peer is not None else ()
        return Verification(ulps, self.workload.ulps, tuple(samples[0]), times, self._about_yardstick())

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
        once in each of the rounds; what counts is the fastest time, which other programs of the machine
        disturb least. That is done with the inputs of the search and with
        those that were held out.

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
                **self.workload.texts(self.options),
                **(settings or {}),
                "times": f"the fastest of {rounds} rounds in turns, configurations applied and compiled",
            },
        )

    def _measured(
        self, evaluator: KernelEvaluator, static: Frontier, dynamic: Frontier, rounds: int
    ) -> Measured:
        points = [*static.points, *dynamic.points]
        compiled: dict[tuple[int, ...], Any] = {}
        for point in points:
            key = self.space.key(point.config)
            if key not in compiled:
                compiled[key] = attempt(evaluator.deployed, point.config)
        peer = self._peer()
        # Functions by what they are; a configuration that both searches have found is measured once.
        functions: dict[Any, Function] = {"exact": evaluator.exact}
        if peer is not None:
            functions["C"] = peer
        functions.update({key: f for key, f in compiled.items() if not isinstance(f, Failure)})
        judgements = {key: attempt(lambda _, f=f: evaluator.judged(f), {}) for key, f in functions.items()}
        timed = [key for key in functions if not isinstance(judgements[key], Failure)]
        samples = dict(
            zip(
                timed,
                in_rounds(
                    [lambda key=key: evaluator.sample(functions[key], judgements[key]) for key in timed],
                    rounds,
                ),
                strict=True,
            )
        )

        def told(key: Any, point: Evaluation) -> Evaluation:
            outcome = compiled.get(key) if isinstance(compiled.get(key), Failure) else judgements[key]
            if not isinstance(outcome, Failure):
                taken = samples[key]
                outcome = {
                    "time_ms": min(taken),
                    "quality": outcome.quality,
                    "samples_ms": taken,
                }
            return judged(outcome, point.config, number=point.number, static=point.static)

        none = Evaluation({}, 0.0, 1.0)
        return Measured(
            told("exact", none),
            tuple([told(self.space.key(point.config), point) for point in static.points]),
            tuple([told(self.space.key(point.config), point) for point in dynamic.points]),
            None if peer is None else told("C", none),
        )

    def _peer(self) -> Function | None:
        return None if self.yardstick is None else self.yardstick.function

    def _about_yardstick(self) -> str:
        if self.yardstick is None:
            return "the workload has no C"
        return self.yardstick.problem or self.yardstick.compiler

    def __repr__(self) -> str:
        return f"<Experiment of {self.workload.name}, scale {self.scale:g}, seed {self.seed}: {self.space}>"


def _samplers(evaluator: KernelEvaluator, functions: Sequence[Function]) -> list[Callable[[], float]]:
    """What takes a sample of each function, in milliseconds."""
    found: list[Callable[[], float]] = []
    for function in functions:
        changed = evaluator.judged(function)
        found.append(lambda function=function, changed=changed: evaluator.sample(function, changed))  # type: ignore[misc]
    return found
