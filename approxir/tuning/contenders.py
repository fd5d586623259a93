"""Functions that compute the same thing, judged by what they compute and timed in turns."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

from approxir.codegen.kernel import Function
from approxir.tuning.evaluation import Evaluation
from approxir.tuning.evaluators.kernel import Judgement, KernelEvaluator
from approxir.tuning.outcomes import Failure, attempt, judged
from approxir.tuning.rounds import in_rounds, typical


class Contenders:
    """Functions by some key, which are called with the inputs of an evaluator.

        contenders = Contenders(evaluator)
        contenders.add("exact", lambda: evaluator.exact)
        contenders.add("fast", lambda: evaluator.deployed(config))
        contenders.measure(rounds=9)
        print(contenders.evaluation("fast"))

    What goes wrong with one of them is its failure, and the others are measured nevertheless.
    """

    def __init__(self, evaluator: KernelEvaluator) -> None:
        self._evaluator = evaluator
        self._functions: dict[Hashable, Function] = {}
        self._judgements: dict[Hashable, Judgement] = {}
        self._samples: dict[Hashable, list[float]] = {}
        self._failures: dict[Hashable, Failure] = {}

    def add(self, key: Hashable, make: Callable[[], Function]) -> None:
        """Have a function made, and find out how good what it computes is. A known key changes nothing."""
        if key in self._functions or key in self._failures:
            return

        def judge(_: object) -> tuple[Function, Judgement]:
            function = make()
            return function, self._evaluator.judged(function)

        outcome = attempt(judge, {})
        if isinstance(outcome, Failure):
            self._failures[key] = outcome
        else:
            self._functions[key], self._judgements[key] = outcome

    def measure(self, rounds: int) -> None:
        """Take a sample of each function in each round."""
        samplers = [self._sampler(key) for key in self._functions]
        self._samples = dict(zip(self._functions, in_rounds(samplers, rounds), strict=True))

    def _sampler(self, key: Hashable) -> Callable[[], float]:
        function, judgement = self._functions[key], self._judgements[key]
        return lambda: self._evaluator.sample(function, judgement)

    def samples(self, key: Hashable) -> tuple[float, ...]:
        """The times of a function in milliseconds; () for a failure."""
        return tuple(self._samples.get(key, ()))

    def evaluation(self, key: Hashable, like: Evaluation | None = None) -> Evaluation:
        """What was found out about a function: its quality and its time, the lower quartile of the samples.

        The configuration, the number and the kind of search are those of `like`.
        """
        outcome: Any = self._failures.get(key)
        if outcome is None:
            taken = self._samples[key]
            outcome = {
                "time_ms": typical(taken),
                "quality": self._judgements[key].quality,
                "samples_ms": taken,
            }
        if like is None:
            return judged(outcome, {})
        return judged(outcome, like.config, number=like.number, static=like.static)
