"""The tuner as code for approx-runtime calls it: `tune`, its two helpers, and `ApproxTunerInterface`."""

from __future__ import annotations

import argparse
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from approxir.errors import ApproxIRError, ArgumentError
from approxir.files import write_text_atomic
from approxir.ir.module import parse
from approxir.knobs.files import save_config
from approxir.tuning.config_manager import MLIRConfigManager
from approxir.tuning.engines.open_tuner import load
from approxir.tuning.evaluation import Evaluation
from approxir.tuning.frontier import Frontier
from approxir.tuning.outcomes import Evaluate
from approxir.tuning.search_errors import BoundWarning, SpaceError, TuningError
from approxir.tuning.space import Config, SearchSpace
from approxir.tuning.subject import module_text
from approxir.tuning.tuner import Tuner

ResultCallback = Callable[[Config, float, float], object]
"""Called with the configuration, its time in milliseconds and its accuracy."""

TIME_BUDGET, ACCURACY = "TUNING_TIME_BUDGET", "ACCURACY_THRESHOLD"
"""Variables of the environment that say what budget and threshold are where a call does not."""

_SQLITE = b"SQLite format 3\0"


class TuningResult(dict[str, Any]):
    """What `tune` returns: a dictionary, and the frontier.

    Its entries are ``best_config``, ``best_mlir`` (the text with it applied), ``best_time`` (in milliseconds)
    and ``best_accuracy``. Where nothing reached the threshold, they are the configuration and the text as
    they were, an infinite time and the accuracy 0; `best` tells more.
    """

    def __init__(self, entries: Mapping[str, Any], frontier: Frontier) -> None:
        super().__init__(entries)
        self.frontier = frontier

    @property
    def points(self) -> tuple[Evaluation, ...]:
        """The points of the frontier, fastest first."""
        return self.frontier.points

    @property
    def evaluations(self) -> tuple[Evaluation, ...]:
        """All evaluations, in the order in which they were made."""
        return self.frontier.evaluations

    @property
    def failures(self) -> tuple[Evaluation, ...]:
        """See `Frontier.failures`."""
        return self.frontier.failures

    @property
    def knee(self) -> Evaluation:
        """See `Frontier.knee`."""
        return self.frontier.knee

    def at_loss(self, loss: float) -> Evaluation:
        """See `Frontier.at_loss`."""
        return self.frontier.at_loss(loss)

    def speedup(self, point: Evaluation, *, baseline: Evaluation | None = None) -> float:
        """See `Frontier.speedup`."""
        return self.frontier.speedup(point, baseline=baseline)

    def merge(self, *others: Frontier) -> Frontier:
        """See `Frontier.merge`."""
        return self.frontier.merge(*others)

    def best(self, *, quality: float | None = None, time_ms: float | None = None) -> Evaluation:
        """See `Frontier.best`."""
        return self.frontier.best(quality=quality, time_ms=time_ms)

    def plot(self, path: str | os.PathLike[str], **options: Any) -> None:
        """See `Frontier.plot`."""
        self.frontier.plot(path, **options)

    def save(self, path: str | os.PathLike[str]) -> None:
        """See `Frontier.save`."""
        self.frontier.save(path)

    def hypervolume(self, reference: tuple[float, float]) -> float:
        """See `Frontier.hypervolume`."""
        return self.frontier.hypervolume(reference)

    def _repr_html_(self) -> str:
        return self.frontier._repr_html_()


def tune(
    mlir_source: str,
    evaluate_fn: Evaluate,
    accuracy_threshold: float | None = None,
    time_budget: float | None = None,
    database: str | os.PathLike[str] | None = "opentuner.db",
    parallelism: int = 1,
    result_callback: ResultCallback | None = None,
    **options: Any,
) -> TuningResult:
    """Look for the fastest configuration of a module that is accurate enough.

        frontier = ax.tune(text, evaluate, accuracy_threshold=0.95, time_budget=600)
        print(frontier["best_config"], frontier.best(quality=0.9))

    Args:
        mlir_source: the text with the knobs.
        evaluate_fn: from a configuration to its time in milliseconds and its accuracy; see
            `approxir.tuning.outcomes.Evaluate`.
        accuracy_threshold: the least accuracy; by default that of the variable ``ACCURACY_THRESHOLD``, or
            0.9.
        time_budget: for how many seconds to search; by default those of ``TUNING_TIME_BUDGET``, or 3600.
        database: the folder that keeps every evaluation; None for none.
        parallelism: how many configurations are evaluated at a time, in threads.
        result_callback: called with the configuration, the time and the accuracy of each success.
        options: further arguments of `Tuner` (``engine``, ``seed``, ``resume``, ...) and `Tuner.run`
            (``evaluations``, ``isolate``, ``time_limit``, ``executor``, ``progress``).

    Where nothing reached the threshold, the result holds the module as it was, with a `BoundWarning`.

    Raises `ValueError` for a text without parameters, `ParseError` for one that is no MLIR, and what `Tuner`
    and `Tuner.run` raise.
    """
    budget = _from_environment(TIME_BUDGET, 3600.0) if time_budget is None else float(time_budget)
    threshold = _from_environment(ACCURACY, 0.9) if accuracy_threshold is None else float(accuracy_threshold)
    running: dict[str, Any] = {"seconds": budget, "parallelism": parallelism}
    running |= {name: options.pop(name) for name in tuple(options) if name in _RUN}
    folder = None if database is None else _folder(database)
    space, subject = _read(mlir_source)
    options.setdefault("subject", subject)
    with Tuner(space, bound=threshold, database=folder, **options) as tuner:
        tuner.run(evaluate_fn, callback=_reporting(result_callback), **running)
        return _result(mlir_source, tuner)


_RUN = frozenset({"evaluations", "seconds", "executor", "isolate", "time_limit", "progress"})


def tune_jax(
    func: Callable[..., Any],
    example_args: Sequence[Any],
    config: Mapping[str, Any],
    evaluate_fn: Evaluate,
    accuracy_threshold: float | None = None,
    **kwargs: Any,
) -> TuningResult:
    """`tune` for a JAX function, exported with a configuration of decorators (`export_with_config`)."""
    from approxir.frontends.jax.export import export_with_config

    text = export_with_config(func, tuple(example_args), dict(config))
    return tune(text, evaluate_fn, accuracy_threshold, **kwargs)


def tune_cpp(
    cpp_source: str,
    mlir_text: str,
    evaluate_fn: Evaluate,
    accuracy_threshold: float | None = None,
    **kwargs: Any,
) -> TuningResult:
    """`tune` for the module of C or C++ source, with the annotations that stand in the source."""
    from approxir.frontends.c.annotating import parse_and_generate
    from approxir.frontends.inject import inject_annotations_text

    text = inject_annotations_text(mlir_text, parse_and_generate(cpp_source))
    return tune(text, evaluate_fn, accuracy_threshold, **kwargs)


def create_tuner_arg_parser() -> argparse.ArgumentParser:
    """A parser with the options of OpenTuner's command line, and those that approx-runtime adds.

    Raises `MissingDependencyError` without OpenTuner.
    """
    parser: argparse.ArgumentParser = load().opentuner.default_argparser()
    add = parser.add_argument
    add(
        "--accuracy-threshold",
        type=float,
        default=_from_environment(ACCURACY, 0.9),
        help="the least accuracy",
    )
    add("--mlir-file", metavar="FILE", help="a file of MLIR with knobs")
    add("--output-config", metavar="FILE", default="approx_tuned_config.json", help="where the best goes")
    add("--output-mlir", metavar="FILE", default="approx_tuned.mlir", help="where the text with it goes")
    add("--seed", type=int, default=0, help="what random numbers begin with")
    add("--resume", action="store_true", help="go on with the search that the database holds")
    # By default OpenTuner evaluates four at a time, which disturb each other's times.
    parser.set_defaults(parallelism=1)
    return parser


class ApproxTunerInterface:
    """A search with the options of OpenTuner's command line.

    Args:
        args: what the parser of `create_tuner_arg_parser` has made of a command line. ``--stop-after`` and
            ``--test-limit`` say when to stop, ``--parallelism`` how many are evaluated at a time,
            ``--database`` where the record is kept, ``--technique`` how OpenTuner searches,
            ``--seed-configuration`` files of configurations to begin with, ``--output-config`` and
            ``--output-mlir`` where the best is written. No configuration is evaluated twice, with
            ``--no-dups`` and without.
        mlir_source: the text with the knobs.
        evaluate_fn: from a configuration to its time in milliseconds and its accuracy.
        accuracy_threshold: the least accuracy; by default that of `args`.
        result_callback: called with the configuration, the time and the accuracy of each success.

    Raises `ValueError` for a text without parameters, and `ParseError` for one that is no MLIR.
    """

    def __init__(
        self,
        args: argparse.Namespace,
        mlir_source: str,
        evaluate_fn: Evaluate,
        accuracy_threshold: float | None = None,
        result_callback: ResultCallback | None = None,
    ) -> None:
        self.args = args
        self.mlir_source = mlir_source
        self.evaluate_fn = evaluate_fn
        if accuracy_threshold is None:
            accuracy_threshold = getattr(args, "accuracy_threshold", None)
        self.accuracy_threshold = 0.9 if accuracy_threshold is None else accuracy_threshold
        self.result_callback = result_callback
        self.config_manager = MLIRConfigManager()
        self.space, self._subject = _read(mlir_source)
        self.tunable_params = self.config_manager.parse_annotations(mlir_source)
        self.best_config: Config | None = None
        self.best_time = float("inf")
        self.best_accuracy = 0.0

    def run_tuning(self) -> TuningResult:
        """Search, write the best to the files of the options, and return it as `tune` does.

        Where nothing reached the threshold, nothing is written, with a `BoundWarning`.
        """
        args = self.args
        seconds = getattr(args, "stop_after", None)
        count = getattr(args, "test_limit", None)
        if seconds is None and count is None:
            seconds = _from_environment(TIME_BUDGET, 300.0)
        database = getattr(args, "database", None) or "opentuner.db"
        options: dict[str, Any] = {}
        if getattr(args, "technique", None):
            options = {"engine": "opentuner", "techniques": args.technique}
        with Tuner(
            self.space,
            bound=self.accuracy_threshold,
            database=_folder(database),
            seed=getattr(args, "seed", 0),
            resume=getattr(args, "resume", False),
            subject=self._subject,
            **options,
        ) as tuner:
            self._begin_with(tuner)
            tuner.run(
                self.evaluate_fn,
                evaluations=count,
                seconds=seconds,
                parallelism=max(1, getattr(args, "parallelism", 1) or 1),
                callback=_reporting(self.result_callback),
            )
            result = _result(self.mlir_source, tuner, "; no files are written")
            reached = tuner.best is not None
        self.best_config = result["best_config"]
        self.best_time = result["best_time"]
        self.best_accuracy = result["best_accuracy"]
        if reached and getattr(args, "output_config", None):
            save_config(args.output_config, result["best_config"])
        if reached and getattr(args, "output_mlir", None):
            write_text_atomic(args.output_mlir, result["best_mlir"])
        return result

    def _begin_with(self, tuner: Tuner) -> None:
        """Have the configurations evaluated first that ``--seed-configuration`` names."""
        from approxir.knobs.files import load_config

        for path in getattr(self.args, "seed_configuration", None) or ():
            tuner.suggest({**self.space.nearest({}), **load_config(path)})


def _read(text: str) -> tuple[SearchSpace, dict[str, str]]:
    """The space of a text, and what a record tells about it."""
    if not isinstance(text, str):
        raise ArgumentError(f"mlir_source is a text, not {type(text).__name__}")
    module = parse(text)
    try:
        space = SearchSpace.of(module)
    except SpaceError as error:
        raise SpaceError(f"the MLIR text has no tunable parameters: {error}") from None
    return space, {"module": module_text(module, space)}


def _reporting(callback: ResultCallback | None) -> Callable[[Evaluation], object] | None:
    if callback is None:
        return None

    def report(evaluation: Evaluation) -> None:
        if evaluation.time_ms is not None and evaluation.quality is not None:
            callback(dict(evaluation.config), evaluation.time_ms, evaluation.quality)

    return report


def _result(text: str, tuner: Tuner, consequence: str = "") -> TuningResult:
    best = tuner.best
    entries: dict[str, Any] = {
        "best_config": tuner.space.current,
        "best_mlir": text,
        "best_time": float("inf"),
        "best_accuracy": 0.0,
    }
    if best is None:
        # The line that has called whoever calls this.
        warnings.warn(_nothing(tuner) + consequence, BoundWarning, stacklevel=3)
    else:
        config = dict(best.config)
        entries = {
            "best_config": config,
            "best_mlir": MLIRConfigManager().apply_config(text, config),
            "best_time": best.time_ms,
            "best_accuracy": best.quality,
        }
    return TuningResult(entries, tuner.frontier)


def _nothing(tuner: Tuner) -> str:
    """Why there is no best configuration."""
    done = tuner.evaluations
    qualities = [evaluation.quality for evaluation in done if evaluation.quality is not None]
    if qualities:
        reason = f"the best of {len(done)} evaluations has {max(qualities):.4g}"
    elif done:
        reason = f"all {len(done)} evaluations failed, the first one with: {done[0].failure}"
    else:
        reason = "there was no evaluation"
    return (
        f"nothing reached the accuracy {tuner.bound:g}: {reason}; the result holds the module as it was "
        "given, which need not reach it"
    )


def _folder(database: str | os.PathLike[str]) -> Path:
    """The folder for a database, which approx-runtime has as a file of SQLite or its URL."""
    text = os.fspath(database).removeprefix("sqlite:///")
    if "://" in text:
        raise TuningError(f"the database is a folder here, which '{text}' is not")
    path = Path(text)
    if path.is_file():
        with path.open("rb") as stream:
            if stream.read(len(_SQLITE)) == _SQLITE:
                # What another tuner has left; it stays as it is.
                return path.with_name(path.name + ".approxir")
    return path


def _from_environment(name: str, default: float) -> float:
    text = os.environ.get(name)
    if not text:
        return default
    try:
        return float(text)
    except ValueError:
        raise ApproxIRError(f"the variable {name} is a number, not '{text}'") from None
