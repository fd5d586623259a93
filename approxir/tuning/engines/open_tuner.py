"""OpenTuner as the search engine: its bandit of techniques, its objective, its database of results.

OpenTuner is built to run as a program of its own. Here it is kept from what programs do: it is given its
arguments instead of those of the process, its database lies where it is told, its log goes to the logger
``opentuner`` and nowhere else, and the random numbers that others draw stay as they were.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import logging
import random
import tempfile
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

from approxir.errors import MissingDependencyError
from approxir.tuning.engines.base import Engine, Task
from approxir.tuning.engines.open_tuner_file import set_aside_if_damaged
from approxir.tuning.evaluation import Evaluation
from approxir.tuning.frontier import non_dominated
from approxir.tuning.search_errors import DatabaseError
from approxir.tuning.space import Config

DATABASE = "opentuner.sqlite"
TECHNIQUE = "AUCBanditMetaTechniqueA"
_TRIES = 20
"""So many generations may pass without anything new before others get their turn."""
_WORST_MS = 1e15
"""What a failure is told to take; OpenTuner computes with it, so that it cannot be infinite."""


class OpenTuner(Engine):
    """OpenTuner, which looks for the fastest configuration that keeps the bound on quality.

    Args:
        task: what to search. With a folder, OpenTuner's database of results lies in it.
        techniques: names of OpenTuner's search techniques; several take turns.
        args: OpenTuner's own arguments, as its parser gives them; those about techniques are taken.

    Raises `MissingDependencyError` without OpenTuner, `TuningError` for an unknown technique, and
    `DatabaseError` where its database cannot be used.
    """

    name: ClassVar[str] = "opentuner"

    def __init__(
        self, task: Task, *, techniques: Sequence[str] = (TECHNIQUE,), args: Any = None, **options: Any
    ) -> None:
        super().__init__(task, **options)
        self._asked: dict[tuple[int, ...], list[Any]] = defaultdict(list)
        self._movable = [(at, axis) for at, axis in enumerate(task.space.axes) if axis.low < axis.high]
        self._still = list(task.space.encode(task.space.nearest({})))
        self._random = _RandomState(task.seed)
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._manager: Any = None
        if self._movable:
            self._api = load()
            self._start(list(techniques), args)

    def ask(self) -> Config | None:
        if self._manager is None:
            return self.task.space.decode(self._still)
        with self._working():
            for _ in range(_TRIES):
                desired = self._manager.get_next_desired_result()
                if desired is not None:
                    config = self._config(desired.configuration.data)
                    self._asked[self.task.space.key(config)].append(desired)
                    return config
        return None

    def tell(self, config: Mapping[str, int], evaluation: Evaluation) -> None:
        if self._manager is None:
            return
        with self._working():
            waiting = self._asked.pop(self.task.space.key(config), None) or [self._unasked(config)]
            for desired in waiting:
                self._manager.report_result(desired, self._result(evaluation))

    def remember(self, evaluations: Sequence[Evaluation]) -> None:
        # Telling one takes milliseconds, and what matters most are those to go on from.
        for evaluation in non_dominated(evaluations):
            self.tell(evaluation.config, evaluation)

    def close(self) -> None:
        if self._manager is not None:
            manager, self._manager = self._manager, None
            with contextlib.suppress(DatabaseError), self._working():
                manager.tuning_run.state = "COMPLETE"
                manager.tuning_run.end_date = datetime.now()
                manager.commit(force=True)
            manager.session.close()
            # OpenTuner leaves a connection in objects that refer to each other.
            gc.collect()
            manager.engine.dispose()
        if self._temporary is not None:
            self._temporary.cleanup()

    # Setting up.

    def _start(self, techniques: list[str], args: Any) -> None:
        api = self._api
        folder = self.task.folder
        if folder is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="approxir-opentuner-")
            folder = Path(self._temporary.name)
        else:
            set_aside_if_damaged(folder / DATABASE, api.version, api.tables)
        given = _arguments(api, techniques, args)
        given.database = f"sqlite:///{folder / DATABASE}"
        manipulator = api.opentuner.ConfigurationManipulator()
        for at, axis in self._movable:
            if axis.ordered:
                parameter = api.opentuner.IntegerParameter(_name(at), axis.low, axis.high)
            else:
                parameter = api.opentuner.EnumParameter(_name(at), list(range(axis.low, axis.high + 1)))
            manipulator.add_parameter(parameter)
        with self._working():
            interface = api.opentuner.MeasurementInterface(
                given,
                project_name="approxir",
                program_name=self.task.space.fingerprint,
                manipulator=manipulator,
                objective=api.objective.ThresholdAccuracyMinimizeTime(self.task.bound),
                input_manager=api.inputmanager.FixedInputManager(),
            )
            self._manager = api.api.TuningRunManager(interface, given)

    @contextlib.contextmanager
    def _working(self) -> Iterator[None]:
        """Around everything that OpenTuner does."""
        with self._random, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                yield
            except self._api.sqlalchemy_error as error:
                reason = getattr(error, "orig", None) or error
                raise DatabaseError(
                    f"OpenTuner cannot use its database {DATABASE}: {reason}; what was evaluated is kept, "
                    "and the search can be resumed"
                ) from None

    # Configurations and results.

    def _config(self, data: Mapping[str, int]) -> Config:
        vector = list(self._still)
        for at, _ in self._movable:
            vector[at] = int(data[_name(at)])
        return self.task.space.decode(vector)

    def _unasked(self, config: Mapping[str, int]) -> Any:
        """A wish of OpenTuner's for a configuration that it has not wished for."""
        vector = self.task.space.encode(config)
        driver = self._manager.search_driver
        desired = self._api.opentuner.DesiredResult(
            configuration=driver.get_configuration({_name(at): vector[at] for at, _ in self._movable}),
            requestor="approxir",
            generation=driver.generation,
            request_date=datetime.now(),
            tuning_run=driver.tuning_run,
            state="RUNNING",
        )
        self._manager.session.add(desired)
        return desired

    def _result(self, evaluation: Evaluation) -> Any:
        if evaluation.ok:
            return self._api.opentuner.Result(
                state="OK", time=evaluation.time_ms, accuracy=evaluation.quality
            )
        timeout = (evaluation.failure or "").startswith("timeout")
        return self._api.opentuner.Result(
            state="TIMEOUT" if timeout else "ERROR", time=_WORST_MS, accuracy=-_WORST_MS
        )


def load() -> Any:
    """OpenTuner's parts. Raises `MissingDependencyError`."""
    formatter = logging.Formatter
    # Some of its techniques draw random numbers when they are imported.
    with _RandomState(0), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            parts = SimpleNamespace(
                opentuner=importlib.import_module("opentuner"),
                api=importlib.import_module("opentuner.api"),
                inputmanager=importlib.import_module("opentuner.measurement.inputmanager"),
                objective=importlib.import_module("opentuner.search.objective"),
                technique=importlib.import_module("opentuner.search.technique"),
                tuningrunmain=importlib.import_module("opentuner.tuningrunmain"),
                sqlalchemy_error=importlib.import_module("sqlalchemy.exc").SQLAlchemyError,
            )
        except ImportError as error:
            raise MissingDependencyError(
                f"OpenTuner is not installed ({error}): pip install 'approxir[tune]'"
            ) from None
        finally:
            # It puts a formatter of its own in the place of Python's.
            logging.Formatter = formatter  # type: ignore[misc]
    # It would send every logger of the process to the terminal and to a file in the current folder; it has
    # this function replace itself once that is done.
    parts.tuningrunmain.init_logging = _leave_logging_alone
    tables = importlib.import_module("opentuner.resultsdb.models").Base.metadata.tables
    parts.tables = {name: set(table.columns.keys()) for name, table in tables.items()}
    parts.version = importlib.import_module("opentuner.resultsdb.connect").DB_VERSION
    return parts


def _leave_logging_alone() -> None:
    logging.getLogger("opentuner").addHandler(logging.NullHandler())
    logging.getLogger("opentuner").propagate = False


def _arguments(api: Any, techniques: list[str], args: Any) -> Any:
    """The arguments that OpenTuner's parts look at."""
    from approxir.nearest import did_you_mean
    from approxir.tuning.search_errors import TuningError

    parser = api.opentuner.default_argparser()
    given = parser.parse_args([])
    for name in ("machine_class", "label", "technique", "generate_bandit_technique"):
        if getattr(args, name, None):
            setattr(given, name, getattr(args, name))
    given.technique = given.technique or techniques
    known = [technique.name for technique in api.technique.all_techniques()[0]]
    for name in given.technique:
        if name not in known:
            hint = did_you_mean(name, known) or f"there are: {', '.join(known)}"
            raise TuningError(f"OpenTuner has no technique '{name}'; {hint}")
    # Whoever asks says how many are evaluated at a time, and needs no warnings about duplicates.
    given.parallelism = 1
    given.no_dups = True
    return given


def _name(at: int) -> str:
    # OpenTuner takes names apart at slashes.
    return f"p{at}"


class _RandomState:
    """The random numbers of Python and NumPy as they are for one user, and for all others as they were."""

    def __init__(self, seed: int) -> None:
        self._own: tuple[Any, Any] | None = None
        self._seed = seed
        self._others: list[tuple[Any, Any]] = []

    def __enter__(self) -> None:
        import numpy as np

        self._others.append((random.getstate(), np.random.get_state()))
        if self._own is None:
            random.seed(self._seed)
            np.random.seed(self._seed % (1 << 32))
        else:
            random.setstate(self._own[0])
            np.random.set_state(self._own[1])

    def __exit__(self, *_: object) -> None:
        import numpy as np

        self._own = (random.getstate(), np.random.get_state())
        state, numpy_state = self._others.pop()
        random.setstate(state)
        np.random.set_state(numpy_state)
