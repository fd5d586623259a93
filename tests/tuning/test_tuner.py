"""`Tuner`: asking and telling, running in many ways, evaluations that go wrong."""

from __future__ import annotations

import concurrent.futures
import logging
import math
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from support.evaluators import LANDSCAPE, REASONS, Prepared, crash, good, moody

import approxir as ax
from approxir.errors import MissingDependencyError
from approxir.tuning.evaluation import Evaluation
from approxir.tuning.isolation import Isolated
from approxir.tuning.outcomes import Failure, judged
from approxir.tuning.search_errors import SpaceError, TuningError
from approxir.tuning.tuner import Tuner

ROOT = Path(__file__).resolve().parent.parent
SPACE = LANDSCAPE.space


def tuner(**options: Any) -> Tuner:
    return Tuner(SPACE, **{"engine": "evolution", **options})


# ---- asking and telling


def test_asking_and_telling_by_hand() -> None:
    with tuner(bound=0.95) as held:
        while len(held.evaluations) < 50:
            trial = held.ask()
            assert trial is not None
            evaluation = held.tell(trial, good(trial.config))
            assert evaluation.number == trial.number
        assert [evaluation.number for evaluation in held.evaluations] == list(range(50))
        assert held.best == held.frontier.best(quality=0.95)


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def test_exceptions_that_cannot_be_shown_are_failures() -> None:
    def evaluate(config: dict[str, int]) -> Any:
        raise Unspeakable

    for isolate in (False, True):
        with tuner(engine="random") as held:
            found = held.run(evaluate, evaluations=2, isolate=isolate, progress=False)
        reasons = {failure.failure for failure in found.failures}
        assert reasons == {"exception: Unspeakable: its text cannot be shown"}
        assert "Unspeakable" in found.failures[0].details["traceback"]


def test_many_can_be_asked_for_at_once_and_none_comes_twice() -> None:
    with tuner() as held:
        trials = [held.ask() for _ in range(60)]
        keys = {SPACE.key(trial.config) for trial in trials if trial is not None}
        assert len(keys) == 60
        for trial in reversed(trials):
            assert trial is not None
            held.tell(trial, (1.0, 0.5))
        assert {e.number for e in held.evaluations} == set(range(60))


def test_what_was_not_asked_for_can_be_told() -> None:
    with tuner() as held:
        config = SPACE.nearest({"a_threshold_0": 17})
        assert held.tell(config, (1.0, 1.0)).number == 0
        with pytest.raises(TuningError, match="evaluated before"):
            held.tell(config, (1.0, 1.0))
        with pytest.raises(SpaceError, match="a_threshold_0 = 1000"):
            held.tell({**config, "a_threshold_0": 1000}, (1.0, 1.0))
        trial = held.ask()
        assert trial is not None
        assert trial.number == 1


def test_a_configuration_that_is_given_up_may_come_again() -> None:
    space = SPACE.static()
    with Tuner(space, engine="random") as held:
        trials = []
        while (trial := held.ask()) is not None:
            trials.append(trial)
        assert len(trials) == space.size == 12
        held.give_up(trials[3])
        again = held.ask()
        assert again is not None
        assert again.config == trials[3].config


def test_the_whole_space_is_evaluated_once() -> None:
    for engine in ("random", "evolution"):
        with Tuner(SPACE.static(), engine=engine) as held:
            frontier = held.run(good, evaluations=1000, progress=False)
        assert len(frontier.evaluations) == 12
        assert all(evaluation.static for evaluation in frontier.evaluations)


def test_threads_may_ask_and_tell() -> None:
    with tuner() as held:

        def work() -> None:
            for _ in range(40):
                trial = held.ask()
                assert trial is not None
                held.tell(trial, good(trial.config))

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({SPACE.key(e.config) for e in held.evaluations}) == 160


def test_what_makes_an_evaluation() -> None:
    config = {"f_decision_0": 1}
    samples = judged({"time_ms": 1, "quality": 0.5, "samples_ms": [1, 2], "details": {"a": [1]}}, config)
    assert samples == Evaluation(config, 1.0, 0.5, samples_ms=(1.0, 2.0), details={"a": [1]})
    np = pytest.importorskip("numpy")
    assert judged((np.float32(1.5), np.float64(0.5)), config, number=3) == Evaluation(
        config, 1.5, 0.5, number=3
    )
    assert judged(Evaluation({}, 1.0, 1.0), config, static=True) == Evaluation(config, 1.0, 1.0, static=True)
    assert judged([1, 2], config).ok


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (None, "garbage: None came back"),
        ("12", "garbage: the time is '1'"),
        ("123", "garbage: '123' came back"),
        ((1.0,), "garbage: (1.0,) came back"),
        ((1.0, 2.0, 3.0), "garbage: (1.0, 2.0, 3.0) came back"),
        ((math.inf, 1.0), "no number: the time is inf"),
        ((1.0, math.nan), "no number: the quality is nan"),
        ((-1.0, 1.0), "no number: the time is -1 ms"),
        ((True, 1.0), "garbage: the time is True"),
        ((1.0, "good"), "garbage: the quality is 'good'"),
        ((10**400, 1.0), "no number: the time is too large"),
        ({"time_ms": 1.0}, "garbage: there is no quality in"),
        ({}, "garbage: there is no time_ms and no quality in {}"),
        ({"time_ms": 1.0, "quality": 1.0, "details": 3}, "garbage: the details are 3"),
        ({"time_ms": 1.0, "quality": 1.0, "details": {"a": object()}}, "garbage: "),
        ({"time_ms": 1.0, "quality": 1.0, "samples_ms": 3}, "garbage: the samples are 3"),
        ({"time_ms": 1.0, "quality": 1.0, "samples_ms": [None]}, "garbage: the sample is None"),
        (Failure("crash: ended by SIGSEGV"), "crash: ended by SIGSEGV"),
    ],
)
def test_what_makes_a_failure(outcome: Any, reason: str) -> None:
    found = judged(outcome, {"f_decision_0": 1}, number=7)
    assert not found.ok
    assert found.number == 7
    assert found.failure is not None
    assert found.failure.startswith(reason)


# ---- running


@pytest.mark.parametrize(
    "options",
    [{}, {"parallelism": 4}, {"isolate": True}, {"isolate": True, "parallelism": 3}, {"isolate": "spawn"}],
)
def test_running(options: dict[str, Any]) -> None:
    seen: list[Evaluation] = []
    with tuner() as held:
        frontier = held.run(good, evaluations=60, progress=False, callback=seen.append, **options)
        assert not held.interrupted
    assert len(frontier.evaluations) == 60
    assert seen == list(frontier.evaluations)
    assert all((e.time_ms, e.quality) == good(dict(e.config)) for e in seen)
    assert sorted(e.number for e in seen) == list(range(60))


@pytest.mark.parametrize("kind", ["threads", "processes", "spawned"])
@pytest.mark.parametrize("isolate", [False, True])
def test_running_in_an_executor(kind: str, isolate: bool) -> None:
    if kind == "threads":
        executor: concurrent.futures.Executor = concurrent.futures.ThreadPoolExecutor(3)
    else:
        context = multiprocessing.get_context("fork" if kind == "processes" else "spawn")
        executor = concurrent.futures.ProcessPoolExecutor(2, mp_context=context)
    with executor, tuner() as held:
        frontier = held.run(
            good, evaluations=30, executor=executor, parallelism=3, isolate=isolate, progress=False
        )
    assert len({SPACE.key(e.config) for e in frontier.evaluations}) == 30
    assert not frontier.failures


def test_running_again_goes_on() -> None:
    with tuner() as held:
        held.run(good, evaluations=20, progress=False)
        assert len(held.run(good, evaluations=30, progress=False).evaluations) == 30
        begun = time.monotonic()
        held.run(good, seconds=0.5, progress=False)
        assert time.monotonic() - begun >= 0.5
        assert len(held.evaluations) > 30


def test_failures_do_not_end_the_search() -> None:
    with Tuner(SPACE, engine="random", seed=3) as held:
        frontier = held.run(moody, evaluations=60, time_limit=1.5, parallelism=2, progress=False)
    kinds = {}
    for evaluation in frontier.evaluations:
        kind = evaluation.config["a_threshold_0"] % 12
        kinds[kind] = evaluation.failure
        assert evaluation.failure == REASONS.get(kind), evaluation
    assert set(kinds) == set(range(12))


def test_failures_in_this_process() -> None:
    def bad(config: dict[str, int]) -> tuple[float, float]:
        if config["a_threshold_0"] % 2:
            raise RuntimeError("x" * 1000)
        return good(config)

    with Tuner(SPACE, engine="random") as held:
        frontier = held.run(bad, evaluations=20, progress=False)
    assert 0 < len(frontier.failures) < 20
    for failure in frontier.failures:
        assert failure.failure is not None
        assert failure.failure.startswith("exception: RuntimeError: xxx")
        assert len(failure.failure) <= 500
        assert "Traceback" in failure.details["traceback"]


def test_children_prepare_once_and_tell_what_the_exact_program_takes(tmp_path: Path) -> None:
    evaluate = Prepared(str(tmp_path / "marks"))
    with tuner() as held:
        # Preparing takes longer than the limit for one evaluation.
        frontier = held.run(evaluate, evaluations=20, time_limit=0.3, progress=False)
    assert not frontier.failures
    assert frontier.baseline == Evaluation({}, 10.0, 1.0)
    pids = (tmp_path / "marks").read_text(encoding="utf-8").split()
    assert len(pids) == 1
    assert int(pids[0]) != os.getpid()
    with tuner() as held:
        assert held.run(evaluate, evaluations=3, progress=False).baseline == frontier.baseline
    assert evaluate.ready == 1


@pytest.mark.parametrize("isolate", [True, False])
def test_evaluations_that_cannot_even_begin(tmp_path: Path, isolate: bool) -> None:
    with tuner() as held, pytest.raises((TuningError, ValueError), match="cannot begin"):
        held.run(
            Prepared(str(tmp_path / "marks"), broken=True), evaluations=3, isolate=isolate, progress=False
        )


def test_children_end_with_the_run(tmp_path: Path) -> None:
    pids = set()

    def pid(config: dict[str, int]) -> dict[str, Any]:
        inner = subprocess.Popen(["sleep", "100"])
        return {"time_ms": 1.0, "quality": 1.0, "details": {"pids": [os.getpid(), inner.pid]}}

    with tuner() as held:
        for evaluation in held.run(
            pid, evaluations=4, isolate=True, parallelism=2, progress=False
        ).evaluations:
            pids.update(evaluation.details["pids"])
    assert len(pids) > 4
    deadline = time.monotonic() + 10
    while any(alive(one) for one in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(alive(one) for one in pids)


def test_children_end_when_their_tuner_is_killed() -> None:
    script = """
import os, sys, time
sys.path.insert(0, {tests!r})
from support.evaluators import LANDSCAPE
from approxir.tuning.tuner import Tuner

def hang(config):
    print(os.getpid(), flush=True)
    time.sleep(100)

Tuner(LANDSCAPE.space, engine="random").run(hang, evaluations=9, isolate=True, parallelism=3)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script.format(tests=str(ROOT))], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    pids = [int(process.stdout.readline()) for _ in range(3)]
    assert all(alive(pid) for pid in pids)
    process.kill()
    process.wait()
    process.stdout.close()
    deadline = time.monotonic() + 20
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(alive(pid) for pid in pids)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_a_child_that_is_spawned_takes_what_can_be_pickled() -> None:
    config = SPACE.nearest({})
    isolated = Isolated(good, start="spawn", time_limit=60)
    assert (isolated(config).time_ms, isolated(config).quality) == good(config)
    isolated.close()
    with pytest.raises(TuningError, match="cannot be started"):
        Isolated(lambda config: (1.0, 1.0), start="spawn")(config)
    with pytest.raises(TuningError, match="not by 'teleport'"):
        Isolated(good, start="teleport")


def test_executors_that_break_and_what_cannot_be_pickled() -> None:
    for evaluate, match in (
        (crash, "does not survive an evaluation"),
        (lambda config: (1.0, 1.0), "the executor cannot evaluate"),
    ):
        with (
            concurrent.futures.ProcessPoolExecutor(1) as executor,
            tuner(engine="random") as held,
            pytest.raises(TuningError, match=match),
        ):
            held.run(evaluate, evaluations=100, executor=executor, progress=False)


def test_what_callbacks_raise_ends_the_run() -> None:
    def stop(evaluation: Evaluation) -> None:
        if evaluation.number == 4:
            raise RuntimeError("enough")

    with tuner() as held:
        with pytest.raises(RuntimeError, match="enough"):
            held.run(good, evaluations=100, callback=stop, progress=False)
        assert len(held.evaluations) == 5
        assert len(held.run(good, evaluations=8, progress=False).evaluations) == 8


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({}, "needs a limit"),
        ({"evaluations": -1}, "evaluations is an integer"),
        ({"evaluations": 2.5}, "evaluations is an integer"),
        ({"evaluations": "3"}, "evaluations is an integer"),
        ({"seconds": "3"}, "seconds is a number"),
        ({"evaluations": 3, "parallelism": 1.5}, "parallelism is an integer"),
        ({"evaluations": 3, "executor": 3}, "an executor is one of"),
        ({"seconds": math.nan}, "seconds is a number"),
        ({"evaluations": 3, "parallelism": 0}, "parallelism is an integer"),
        ({"evaluations": 3, "time_limit": 0}, "a time limit is a number"),
    ],
)
def test_limits_that_make_no_sense(options: dict[str, Any], match: str) -> None:
    with tuner() as held, pytest.raises((TuningError, ax.ArgumentError), match=match):
        held.run(good, **options)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"bound": "x"}, "bound is a finite number, not 'x'"),
        ({"bound": math.nan}, "bound is a finite number, not nan"),
        ({"seed": None}, "seed is an integer, not None"),
        ({"seed": 1.5}, "seed is an integer"),
        ({"engine": 3}, "a name or a subclass of Engine, not 3"),
        ({"engine": dict}, "a name or a subclass of Engine"),
        ({"database": 3}, "the path of a folder, not 3"),
        ({"database": ""}, "the path of a folder, not ''"),
    ],
)
def test_tuners_that_make_no_sense(options: dict[str, Any], match: str) -> None:
    with pytest.raises(ax.ApproxIRError, match=match):
        tuner(**options)


def test_any_integer_is_a_seed() -> None:
    for seed in (-5, 10**30):
        with tuner(seed=seed, engine="portfolio") as held:
            assert len(held.run(good, evaluations=4, progress=False).evaluations) == 4


def test_what_evaluates_is_a_function() -> None:
    with tuner() as held, pytest.raises(ax.ArgumentError, match="not 'good'"):
        held.run("good", evaluations=3)  # type: ignore[arg-type]


def test_a_closed_tuner() -> None:
    held = tuner()
    held.run(good, evaluations=3, progress=False)
    held.close()
    held.close()
    assert len(held.frontier.evaluations) == 3
    with pytest.raises(TuningError, match="closed"):
        held.ask()


# ---- Ctrl-C


SCRIPT = """
import os, sys, time
sys.path.insert(0, {tests!r})
from support.evaluators import LANDSCAPE, good
from approxir.tuning.tuner import Tuner

def slow(config):
    time.sleep(0.03)
    return good(config)

with Tuner(LANDSCAPE.space, engine="evolution", database={folder!r}) as tuner:
    def tell(evaluation):
        print(evaluation.number, flush=True)
    frontier = tuner.run(slow, evaluations=10_000, callback=tell, **{options!r})
    print("interrupted" if tuner.interrupted else "done", len(frontier.evaluations), flush=True)
"""


@pytest.mark.parametrize(
    "options", [{}, {"parallelism": 3}, {"isolate": True}, {"isolate": True, "parallelism": 2}]
)
def test_an_interrupt_ends_a_run_with_everything_found(options: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "search"
    script = SCRIPT.format(tests=str(ROOT), folder=str(folder), options=options)
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for _ in range(8):
        process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert err == ""
    word, count = out.splitlines()[-1].split()
    assert word == "interrupted"
    with Tuner(SPACE, engine="random", database=folder, resume=True) as held:
        assert len(held.evaluations) == int(count) >= 8


# ---- what is seen


def test_nothing_is_printed_where_there_is_no_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    with tuner() as held:
        held.run(good, evaluations=5)
    assert capfd.readouterr() == ("", "")


def test_a_progress_bar_and_a_log(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("rich")
    with caplog.at_level(logging.DEBUG, "approxir.tuning"), tuner() as held:
        held.run(good, evaluations=5, progress=True)
    out, err = capfd.readouterr()
    assert out == ""
    assert "5/5" in err
    assert "best" in err
    assert "search of 2 knobs" in caplog.text
    assert "evaluation 4: " in caplog.text


def test_the_progress_bar_needs_rich(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich", None)
    with tuner() as held:
        with pytest.raises(MissingDependencyError, match=r"approxir\[tune\]"):
            held.run(good, evaluations=5, progress=True)
        held.run(good, evaluations=5)


def test_opentuner_may_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentuner", None)
    with pytest.raises(MissingDependencyError, match=r"approxir\[tune\]"):
        Tuner(SPACE)


def test_a_tuner_of_modules() -> None:
    module = ax.load(ROOT.parent / "examples" / "sum_of_squares.mlir")
    with ax.Tuner({"one": module, "two": module}, engine="random") as held:
        trial = held.ask()
        assert trial is not None
        for part in held.space.split(trial.config).values():
            module.clone().apply(part)
        assert repr(held) == f"<Tuner: 0 evaluations of {held.space}>"
