"""OpenTuner and a search along the frontier by turns, each told what the other has found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from approxir.tuning.engines.base import Engine, Task
from approxir.tuning.engines.evolution import Evolution
from approxir.tuning.engines.open_tuner import OpenTuner
from approxir.tuning.evaluation import Evaluation
from approxir.tuning.space import Config


class Portfolio(Engine):
    """Asks OpenTuner for one configuration and `Evolution` for the next.

    OpenTuner looks for the fastest configuration that keeps the bound, and leaves the rest of the frontier to
    luck; `Evolution` covers all of it. OpenTuner is told of what it has not asked for only where that is
    better than everything before, since telling it takes milliseconds. The options are OpenTuner's.
    """

    name: ClassVar[str] = "portfolio"

    def __init__(self, task: Task, **options: Any) -> None:
        super().__init__(task)
        self._evolution = Evolution(task)
        self._opentuner = OpenTuner(task, **options)
        self._turn = 0
        self._wanted: set[tuple[int, ...]] = set()
        self._best: tuple[float, float] | None = None

    def ask(self) -> Config | None:
        self._turn += 1
        if self._turn % 2:
            return self._evolution.ask()
        config = self._opentuner.ask()
        if config is not None:
            self._wanted.add(self.task.space.key(config))
        return config

    def tell(self, config: Mapping[str, int], evaluation: Evaluation) -> None:
        self._evolution.tell(config, evaluation)
        key = self.task.space.key(config)
        better = self._is_better(evaluation)
        if better or key in self._wanted:
            self._wanted.discard(key)
            self._opentuner.tell(config, evaluation)

    def close(self) -> None:
        self._opentuner.close()

    def _is_better(self, evaluation: Evaluation) -> bool:
        """Whether this is the best so far: as fast as can be with the bound, or else as good as can be."""
        if evaluation.time_ms is None or evaluation.quality is None:
            return False
        rank = (-min(evaluation.quality, self.task.bound), evaluation.time_ms)
        if self._best is not None and rank >= self._best:
            return False
        self._best = rank
        return True
