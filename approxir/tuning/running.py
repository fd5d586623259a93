"""Running a search: evaluations here, in child processes or by an executor, until there have been enough."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from approxir.errors import ArgumentError
from approxir.tuning.evaluation import Evaluation
from approxir.tuning.isolation import Isolated
from approxir.tuning.outcomes import Evaluate, Failure, attempt, evaluated, judged
from approxir.tuning.progress import Progress
from approxir.tuning.search_errors import TuningError

if TYPE_CHECKING:
    from approxir.tuning.tuner import Trial, Tuner

_GLANCE = 0.2
"""So many seconds are waited for results at a time, so that Ctrl-C is noticed."""

log = logging.getLogger("approxir.tuning")


class Run:
    """One run of a tuner; see `Tuner.run` for what it is given."""

    def __init__(
        self,
        tuner: Tuner,
        evaluate: Evaluate,
        *,
        evaluations: int | None,
        seconds: float | None,
        executor: Executor | None,
        parallelism: int,
        isolate: bool | str,
        time_limit: float | None,
        progress: bool | None,
        callback: Callable[[Evaluation], object] | None,
    ) -> None:
        if evaluations is None and seconds is None:
            raise ArgumentError("a search needs a limit: evaluations=200, or seconds=60")
        if evaluations is not None and not (_is_integer(evaluations) and evaluations >= 0):
            raise ArgumentError(f"evaluations is an integer from 0 on, not {evaluations!r}")
        if seconds is not None and not (isinstance(seconds, int | float) and seconds >= 0):
            raise ArgumentError(f"seconds is a number from 0 on, not {seconds!r}")
        if not (_is_integer(parallelism) and parallelism >= 1):
            raise ArgumentError(f"parallelism is an integer from 1 on, not {parallelism!r}")
        if executor is not None and not hasattr(executor, "submit"):
            raise ArgumentError(f"an executor is one of concurrent.futures or its kind, not {executor!r}")
        if not callable(evaluate):
            raise ArgumentError(f"evaluate is a function of a configuration, not {evaluate!r}")
        self._tuner = tuner
        start = isolate if isinstance(isolate, str) else None
        self._isolated = Isolated(evaluate, time_limit=time_limit, start=start) if isolate else None
        self._evaluate: Evaluate = self._isolated or evaluate
        self._evaluations = evaluations
        self._seconds = seconds
        self._executor = executor
        self._width = parallelism
        self._callback = callback
        self._show = progress
        self._progress = Progress(False)

    def go(self) -> bool:
        """Run; whether Ctrl-C ended it."""
        begun = time.monotonic()
        self._end = None if self._seconds is None else begun + self._seconds
        # A limit of seconds is about evaluating, not about what has to be compiled first.
        log.info("search of %s begins, after %d evaluations", self._tuner.space, self._done)
        try:
            with contextlib.ExitStack() as stack:
                if self._isolated is not None:
                    stack.callback(self._isolated.close)
                self._prepare()
                if self._seconds is not None:
                    self._end = time.monotonic() + self._seconds
                self._progress = stack.enter_context(
                    Progress(
                        self._show, evaluations=self._evaluations, seconds=self._seconds, done=self._done
                    )
                )
                if self._executor is not None:
                    self._several(self._executor)
                elif self._width > 1:
                    self._several(stack.enter_context(_threads(self._width)))
                else:
                    self._one_by_one()
                self._measure_again()
        except KeyboardInterrupt:
            log.info("interrupted after %d evaluations", self._done)
            return True
        log.info("search ends after %d evaluations, %.1f s", self._done, time.monotonic() - begun)
        return False

    @property
    def _done(self) -> int:
        return len(self._tuner.evaluations)

    def _prepare(self) -> None:
        """Let the evaluator begin, and find out what the exact program takes, if it can tell."""
        if self._executor is not None:
            # It may run elsewhere, where alone it can be prepared.
            return
        if self._isolated is None:
            prepare: Callable[[], Any] = getattr(self._evaluate, "prepare", lambda: None)
            prepare()
        if self._tuner.baseline is None:
            outcome = self._baseline()
            if isinstance(outcome, Failure):
                raise TuningError(f"the exact program fails: {outcome.reason}")
            if outcome is not None:
                self._tuner.baseline = judged(outcome, {})

    def _baseline(self) -> Any:
        """What the evaluator finds out about the exact program; None if it does not tell."""
        if self._isolated is not None:
            return self._isolated.baseline()
        baseline: Callable[[], Any] = getattr(self._evaluate, "baseline", lambda: None)
        return attempt(lambda _: baseline(), {})

    def _measure_again(self) -> None:
        """Take the time of the exact program once more: the machine may have been busy the first time.

        Speed-ups are told over the faster of the two.
        """
        first = self._tuner.baseline
        if self._executor is not None or first is None or first.time_ms is None:
            return
        outcome = self._baseline()
        again = None if outcome is None or isinstance(outcome, Failure) else judged(outcome, {})
        if again is not None and again.time_ms is not None and again.time_ms < first.time_ms:
            self._tuner.baseline = again

    def _over(self, running: int = 0) -> bool:
        if self._evaluations is not None and self._done + running >= self._evaluations:
            return True
        return self._end is not None and time.monotonic() >= self._end

    def _one_by_one(self) -> None:
        while not self._over():
            trial = self._tuner.ask()
            if trial is None:
                log.info("the whole space is known")
                return
            self._told(trial, attempt(self._evaluate, trial.config))

    def _several(self, executor: Executor) -> None:
        """Keep several evaluations going."""
        running: dict[Future[Evaluation], Trial] = {}
        static = self._tuner.space.is_static
        try:
            while True:
                while len(running) < self._width and not self._over(len(running)):
                    trial = self._tuner.ask()
                    if trial is None:
                        break
                    future = executor.submit(evaluated, self._evaluate, trial.config, trial.number, static)
                    running[future] = trial
                if not running:
                    return
                done, _ = wait(running, timeout=_GLANCE, return_when=FIRST_COMPLETED)
                for future in done:
                    self._told(running.pop(future), self._result(future))
        except BaseException:
            for future in running:
                future.cancel()
            if self._isolated is not None:
                self._isolated.close()
            raise

    def _result(self, future: Future[Evaluation]) -> Evaluation:
        try:
            return future.result()
        except BrokenExecutor as error:
            raise TuningError(
                f"the executor does not survive an evaluation: {error}; isolate=True has each in a process "
                "of its own"
            ) from None
        except Exception as error:
            # Whatever the evaluation raises is an outcome; this is about getting it there and back.
            raise TuningError(
                f"the executor cannot evaluate a configuration: {type(error).__name__}: {error}"
            ) from error

    def _told(self, trial: Trial, outcome: Any) -> None:
        evaluation = self._tuner.tell(trial, outcome)
        if evaluation.ok:
            log.debug(
                "evaluation %d: %g ms, quality %g", evaluation.number, evaluation.time_ms, evaluation.quality
            )
        else:
            log.info("evaluation %d fails: %s", evaluation.number, evaluation.failure)
        self._progress.update(self._done, self._tuner.best)
        if self._callback is not None:
            self._callback(evaluation)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


@contextlib.contextmanager
def _threads(count: int) -> Any:
    """Threads that are waited for at the end, but not begun with anything new."""
    executor = ThreadPoolExecutor(count, "approxir-evaluate")
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)
