"""`Tuner`: a search through a space, one configuration asked for and told about at a time."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from random import Random
from types import TracebackType
from typing import TYPE_CHECKING, Any

from approxir._version import __version__
from approxir.errors import ArgumentError
from approxir.tuning.database import Database
from approxir.tuning.engines.base import Engine, Task, make_engine
from approxir.tuning.evaluation import Evaluation
from approxir.tuning.frontier import Frontier
from approxir.tuning.interrupts import uninterrupted
from approxir.tuning.outcomes import Evaluate, judged
from approxir.tuning.search_errors import DatabaseError, TuningError
from approxir.tuning.space import Config, SearchSpace
from approxir.tuning.subject import differences, subject_of

if TYPE_CHECKING:
    from approxir.ir.module import Module

_PATIENCE = 30
"""So often an engine may propose what is known already before a configuration is drawn instead."""
_DRAWS = 200


@dataclass(frozen=True, slots=True)
class Trial:
    """A configuration to be evaluated, and its number in the search, counted from 0."""

    number: int
    config: Config


class Tuner:
    """A search for fast configurations of good quality.

        tuner = ax.Tuner(ax.space(module), bound=0.95, database="tuning")
        frontier = tuner.run(evaluate, evaluations=200)

    or, driven by hand:

        while (trial := tuner.ask()) is not None:
            tuner.tell(trial, evaluate(trial.config))

    No configuration is evaluated twice. Methods may be called from several threads.

    Args:
        space: a search space, or the module or modules whose space it is.
        bound: the quality that the best configuration must have.
        engine: what proposes configurations: ``portfolio`` (OpenTuner and ``evolution`` by turns),
            ``opentuner``, ``evolution`` (a search along the whole frontier), ``random``, or a subclass of
            `Engine`.
        seed: what random numbers begin with. The same seed and outcomes, told in the same order, give the
            same search with ``evolution`` and ``random``; OpenTuner, alone and in ``portfolio``, also looks
            at the clock, so that searches may differ after about a hundred evaluations.
        database: the folder that keeps every evaluation; None keeps them in memory only. It is locked while
            the tuner uses it.
        resume: go on with the search that the database holds, if it holds one; else a new one is begun
            behind it.
        subject: what is evaluated: a text, or texts by name (a module, a metric, inputs), of which long ones
            are kept as digests. A search whose record tells another one is not resumed.
        sync: whether `ask` waits until the disk has what was told; see `Database`.
        options: options of the engine, such as ``techniques`` of OpenTuner's.

    Raises:
        SpaceError: there is nothing to tune.
        DatabaseInUseError, DatabaseError: the database cannot be used, or is one of another space or subject.
        TuningError: there is no such engine, or it has no such option.
        ArgumentError: an argument is of another type.
        MissingDependencyError: the engine needs OpenTuner, which is not installed.
    """

    def __init__(
        self,
        space: SearchSpace | Module | str | Mapping[str, Module | str],
        *,
        bound: float = 0.9,
        engine: str | type[Engine] = "portfolio",
        seed: int = 0,
        database: str | os.PathLike[str] | None = None,
        resume: bool = False,
        subject: str | Mapping[str, str] | None = None,
        sync: bool = True,
        **options: Any,
    ) -> None:
        self.space = space if isinstance(space, SearchSpace) else SearchSpace.of(space)
        self.bound = _finite(bound, "bound")
        if isinstance(seed, bool) or not isinstance(seed, int):
            raise ArgumentError(f"seed is an integer, not {seed!r}")
        if database is not None and not (isinstance(database, str | os.PathLike) and os.fspath(database)):
            raise ArgumentError(f"database is the path of a folder, not {database!r}")
        self._subject = subject_of(subject)
        self._lock = threading.RLock()
        self._evaluations: list[Evaluation] = []
        self._known: dict[tuple[int, ...], Evaluation] = {}
        self._pending: dict[tuple[int, ...], Trial] = {}
        self._suggested: list[Config] = []
        self._baseline: Evaluation | None = None
        self._next = 0
        self._sync = sync
        self._folder = database
        self._database = None if database is None else Database(database, sync=sync)
        self._engine: Engine | None = None
        try:
            if self._database is not None:
                self._begin(self._database, engine, seed, resume)
            # A search that is resumed must not draw the numbers of its beginning again.
            folder = None if self._database is None else self._database.folder
            task = Task(self.space, self.bound, seed + self._next, folder)
            self._random = Random(f"{seed}/{self._next}")
            self._engine = make_engine(engine, task, **options)
            self._engine.remember(self._evaluations)
        except BaseException:
            self.close()
            raise

    def _begin(self, database: Database, engine: str | type[Engine], seed: int, resume: bool) -> None:
        last = database.last
        if not resume or last is None:
            name = engine if isinstance(engine, str) else engine.__name__
            header: dict[str, Any] = {
                "space": self.space.to_json(),
                "fingerprint": self.space.fingerprint,
                "engine": name,
                "seed": seed,
                "bound": self.bound,
                "approxir": __version__,
            }
            if self._subject:
                header["subject"] = self._subject
            database.begin(header)
            return
        if last.header.get("fingerprint") != self.space.fingerprint:
            raise DatabaseError(
                f"{database.path}: the search there is one of another space, and cannot be resumed for "
                f"{self.space}; begin a new one (resume=False), or use another folder"
            )
        different = differences(last.header.get("subject"), self._subject)
        if different:
            raise DatabaseError(
                f"{database.path}: the search there evaluates something else, and cannot be resumed: "
                f"{'; '.join(different)}; begin a new one (resume=False), or use another folder"
            )
        for evaluation in last.evaluations:
            self._take(evaluation)
        self._baseline = last.baseline
        self._next = 1 + max((evaluation.number for evaluation in self._evaluations), default=-1)

    # Asking and telling.

    def ask(self) -> Trial | None:
        """A configuration that was neither evaluated nor asked for yet; None if there is none left.

        What was told before is on the disk by then. Raises `DatabaseError` if it could not be written.
        """
        with self._lock, uninterrupted():
            if self._folder is not None:
                self._open().settle()
            config = self._proposed() or self._drawn()
            if config is None:
                return None
            trial = Trial(self._next, config)
            self._next += 1
            self._pending[self.space.key(config)] = trial
            return trial

    def tell(self, trial: Trial | Mapping[str, int], outcome: Any) -> Evaluation:
        """Say what came of a configuration: one that was asked for, or any other of the space.

        Args:
            trial: what `ask` returned, or a configuration.
            outcome: the time in milliseconds and the quality, as a pair, a mapping or an `Evaluation`, or a
                `Failure`; anything else makes a failure that says so.

        Returns the evaluation. Raises `DatabaseError` if it cannot be written (nothing was told then),
        `SpaceError` for a configuration of another space and `TuningError` for one that is known already.
        """
        with self._lock, uninterrupted():
            config = self.space.check(trial.config if isinstance(trial, Trial) else trial)
            key = self.space.key(config)
            if key in self._known:
                raise TuningError(f"this configuration was evaluated before: {config}")
            number = self._pending[key].number if key in self._pending else self._next
            evaluation = judged(outcome, config, number=number, static=self.space.is_static)
            if self._folder is not None:
                self._open().add(evaluation)
            if self._pending.pop(key, None) is None:
                self._next += 1
            self._take(evaluation)
            self._search.tell(config, evaluation)
            return evaluation

    def suggest(self, config: Mapping[str, int]) -> None:
        """Have a configuration asked for before others. Raises `SpaceError` if it is of another space."""
        with self._lock:
            self._suggested.append(self.space.check(config))

    def give_up(self, trial: Trial) -> None:
        """Say that a configuration will not be evaluated; it may be proposed again."""
        with self._lock:
            self._pending.pop(self.space.key(trial.config), None)

    def _take(self, evaluation: Evaluation) -> None:
        self._evaluations.append(evaluation)
        self._known[self.space.key(evaluation.config)] = evaluation

    @property
    def _search(self) -> Engine:
        if self._engine is None:
            raise TuningError("the tuner was closed")
        return self._engine

    def _proposed(self) -> Config | None:
        while self._suggested:
            suggested = self._suggested.pop(0)
            if self._is_new(suggested):
                return suggested
        for _ in range(_PATIENCE):
            config = self._search.ask()
            if config is None:
                return None
            checked = self.space.check(config)
            key = self.space.key(checked)
            if key in self._known:
                self._search.tell(checked, self._known[key])
            elif key not in self._pending:
                return checked
        return None

    def _drawn(self) -> Config | None:
        if len(self._known) + len(self._pending) >= self.space.size:
            return None
        for _ in range(_DRAWS):
            config = self.space.sample(self._random)
            if self._is_new(config):
                return config
        # So many draws in vain mean that most of the space is known, and that it is small.
        return next((config for config in self.space.everything() if self._is_new(config)), None)

    def _is_new(self, config: Config) -> bool:
        key = self.space.key(config)
        return key not in self._known and key not in self._pending

    def _open(self) -> Database:
        """The database, opened again if it was closed at the end of a run."""
        assert self._folder is not None
        if self._database is None or self._database.closed:
            self._search  # noqa: B018
            database = Database(self._folder, sync=self._sync)
            last = database.last
            if last is None or last.evaluations != self._evaluations:
                database.close()
                raise DatabaseError(
                    f"{database.path}: another tuner has written since; make a new one with resume=True"
                )
            self._database = database
        return self._database

    # Running.

    def run(
        self,
        evaluate: Evaluate,
        *,
        evaluations: int | None = None,
        seconds: float | None = None,
        executor: Executor | None = None,
        parallelism: int = 1,
        isolate: bool | str = False,
        time_limit: float | None = None,
        progress: bool | None = None,
        callback: Callable[[Evaluation], object] | None = None,
    ) -> Frontier:
        """Search until a limit is reached, the whole space is known, or Ctrl-C is pressed.

        Args:
            evaluate: evaluates a configuration, see `approxir.tuning.outcomes.Evaluate`. A method
                ``baseline`` of it tells, as an evaluation does, what the exact program takes; ``prepare`` is
                called once before.
            evaluations: how many evaluations the search shall have in the end, those that were resumed
                included.
            seconds: for how many seconds configurations are evaluated; what was begun is finished.
            executor: where to evaluate, several at a time: of `concurrent.futures` or of the same kind.
                `evaluate` must be what it can take; for processes, what can be pickled.
            parallelism: without an executor, how many are evaluated at a time, in threads; with one, how
                many it is given at a time.
            isolate: evaluate in child processes, so that one that crashes does no harm. ``"spawn"`` starts
                them afresh, which `evaluate` must be pickled for; by default, where the system can, they are
                forked, which does not go well with JAX in the process.
            time_limit: how many seconds an evaluation may take; it implies `isolate`.
            progress: show a progress bar; by default if standard error is a terminal.
            callback: called with each evaluation when it is on record.

        Returns the frontier of all evaluations. Raises `ArgumentError` without a limit and for arguments that
        make no sense, `TuningError` if evaluations cannot even begin, `DatabaseError` if one could not be
        written, and what `callback` raises.
        """
        from approxir.tuning.running import Run

        run = Run(
            self,
            evaluate,
            evaluations=evaluations,
            seconds=seconds,
            executor=executor,
            parallelism=parallelism,
            isolate=isolate or time_limit is not None,
            time_limit=time_limit,
            progress=progress,
            callback=callback,
        )
        try:
            self.interrupted = run.go()
        finally:
            with self._lock:
                self._pending.clear()
                if self._database is not None:
                    # Others may have the folder now; it is opened again when it is needed.
                    self._database.close()
        return self.frontier

    interrupted = False
    """Whether Ctrl-C ended the last run."""

    # What was found.

    @property
    def evaluations(self) -> tuple[Evaluation, ...]:
        """All evaluations, in the order in which they were told."""
        with self._lock:
            return tuple(self._evaluations)

    @property
    def baseline(self) -> Evaluation | None:
        """What the exact program takes, where that is known."""
        return self._baseline

    @baseline.setter
    def baseline(self, evaluation: Evaluation) -> None:
        with self._lock, uninterrupted():
            if not evaluation.ok:
                raise TuningError(f"the exact program fails: {evaluation.failure}")
            if self._folder is not None:
                self._open().set_baseline(evaluation)
            self._baseline = evaluation

    @property
    def frontier(self) -> Frontier:
        """The frontier of all evaluations."""
        return Frontier(self.evaluations, baseline=self._baseline)

    @property
    def best(self) -> Evaluation | None:
        """The fastest evaluation that keeps the bound on quality; None if none does."""
        kept = [e for e in self.evaluations if e.quality is not None and e.quality >= self.bound]
        return min(kept, key=lambda e: e.time_ms or 0.0, default=None)

    # Closing.

    def close(self) -> None:
        """Give up the database and the engine. What was found can still be looked at."""
        with self._lock:
            if self._engine is not None:
                self._engine.close()
                self._engine = None
            if self._database is not None:
                self._database.close()

    def __enter__(self) -> Tuner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Tuner: {len(self._evaluations)} evaluations of {self.space}>"


def _finite(value: Any, name: str) -> float:
    if isinstance(value, str | bool) or not hasattr(value, "__float__") or not math.isfinite(value):
        raise ArgumentError(f"{name} is a finite number, not {value!r}")
    return float(value)
