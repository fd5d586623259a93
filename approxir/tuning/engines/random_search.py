"""Configurations drawn evenly from the whole space, which others are measured by."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any, ClassVar

from approxir.tuning.engines.base import Engine, Task
from approxir.tuning.evaluation import Evaluation
from approxir.tuning.space import Config


class RandomSearch(Engine):
    """Every configuration with the same probability, whatever came of others."""

    name: ClassVar[str] = "random"

    def __init__(self, task: Task, **options: Any) -> None:
        super().__init__(task, **options)
        self._rng = Random(task.seed)

    def ask(self) -> Config:
        return self.task.space.sample(self._rng)

    def tell(self, config: Mapping[str, int], evaluation: Evaluation) -> None:
        pass
