"""What a search engine is, and which there are."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from approxir.nearest import did_you_mean
from approxir.tuning.evaluation import Evaluation
from approxir.tuning.search_errors import TuningError
from approxir.tuning.space import Config, SearchSpace

ENGINES = {
    "portfolio": "approxir.tuning.engines.portfolio:Portfolio",
    "opentuner": "approxir.tuning.engines.open_tuner:OpenTuner",
    "evolution": "approxir.tuning.engines.evolution:Evolution",
    "random": "approxir.tuning.engines.random_search:RandomSearch",
}
"""Name of an engine -> where its class is."""


@dataclass(frozen=True)
class Task:
    """What an engine searches.

    Args:
        space: the configurations.
        bound: the quality that the best configuration must have.
        seed: what the random numbers of the search begin with.
        folder: where the engine may keep files of its own; None for a temporary place.
    """

    space: SearchSpace
    bound: float
    seed: int = 0
    folder: Path | None = None


class Engine(ABC):
    """Proposes configurations, and is told what became of them and of others.

    It is used by one thread at a time. A configuration may be proposed again; whoever asks knows what came of
    it the first time and says so at once.
    """

    name: ClassVar[str]

    def __init__(self, task: Task, **options: Any) -> None:
        if options:
            raise TuningError(f"the engine '{self.name}' has no option '{next(iter(options))}'")
        self.task = task

    @abstractmethod
    def ask(self) -> Config | None:
        """A configuration of the space; None if the engine has none for now."""

    @abstractmethod
    def tell(self, config: Mapping[str, int], evaluation: Evaluation) -> None:
        """What came of a configuration, one that was asked for or another."""

    def remember(self, evaluations: Sequence[Evaluation]) -> None:
        """Take in what was found before, when a search is resumed."""
        for evaluation in evaluations:
            self.tell(evaluation.config, evaluation)

    def close(self) -> None:  # noqa: B027
        """Give up files and connections, if the engine has any."""


def make_engine(engine: str | type[Engine], task: Task, **options: Any) -> Engine:
    """The engine of that name, or of that class. Raises `TuningError` for an unknown name."""
    if isinstance(engine, str):
        where = ENGINES.get(engine)
        if where is None:
            hint = did_you_mean(engine, ENGINES) or f"there are: {', '.join(ENGINES)}"
            raise TuningError(f"there is no search engine '{engine}'; {hint}")
        module, _, name = where.partition(":")
        engine = getattr(importlib.import_module(module), name)
    if not (isinstance(engine, type) and issubclass(engine, Engine)):
        raise TuningError(f"a search engine is a name or a subclass of Engine, not {engine!r}")
    return engine(task, **options)
