"""Evaluators: kernels on every back end, and commands with all that can be wrong with them."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import native
from support.approx_programs import programs
from support.toolchains import needs_c_compiler

import approxir as ax
from approxir.interp import run
from approxir.tuning.evaluators.command import CommandEvaluator
from approxir.tuning.evaluators.kernel import EvaluatorError, KernelEvaluator
from approxir.tuning.exact import exact_module
from approxir.tuning.outcomes import Failure
from approxir.tuning.search_errors import TuningError

ROOT = Path(__file__).resolve().parent.parent.parent
MODULE = ax.load(ROOT / "examples" / "sum_of_squares.mlir")
DATA = np.random.default_rng(0).random(600, dtype=np.float32)
INPUTS = [(50, DATA), (300, DATA), (600, DATA)]

SCALE = """
"approx.util.annotation.decision_tree"() <{
  func_name = "scale", transform_type = "loop_perforate", state_function = "state",
  state_indices = array<i64: 0>, thresholds = array<i32: 10>, decisions = array<i32: 0, 2>,
  thresholds_lowers = array<i32: 0>, thresholds_uppers = array<i32: 100>, decision_values = array<i32: 0, 2, 4>
}> : () -> ()
func.func @state(%n: i32) -> i32 { return %n : i32 }
func.func @scale(%n: i32, %data: memref<?xf32>, %left: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %end = arith.index_cast %n : i32 to index
  scf.for %i = %c0 to %end step %c1 {
    %x = memref.load %data[%i] : memref<?xf32>
    %k = memref.load %left[%i] : memref<?xf32>
    %y = arith.mulf %x, %k : f32
    memref.store %y, %data[%i] : memref<?xf32>
  }
  return
}
"""


# ---- the exact program


@settings(max_examples=60, derandomize=True, deadline=None)
@given(programs())
def test_nothing_of_the_dialect_is_left_in_the_exact_program(drawn: Any) -> None:
    module = ax.parse(drawn.text())
    text = str(module)
    exact = exact_module(module)
    assert str(module) == text
    assert not exact.find("approx.", "approxMLIR.")
    exact.verify()
    assert str(exact_module(text)) == str(exact)


def test_the_exact_program_computes_what_it_did_before_it_was_annotated() -> None:
    exact = exact_module(MODULE)
    for count in (50, 300, 600):
        (result,) = run(exact, "sum_of_squares", count, DATA)
        assert result == pytest.approx(float((DATA[:count].astype(np.float64) ** 2).sum()), rel=1e-4)


# ---- kernels


@native.needs_native
@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("backend", ["llvm", pytest.param("llvm-shared", marks=needs_c_compiler)])
def test_a_kernel_on_llvm(live: bool, backend: str) -> None:
    evaluate = KernelEvaluator(MODULE, "sum_of_squares", INPUTS, live=live, backend=backend, repeats=3)
    space = ax.space(MODULE)
    rng = Random(0)
    for config in [space.current, *(space.sample(rng) for _ in range(3))]:
        found = evaluate(config)
        assert len(found["samples_ms"]) == 3
        assert found["time_ms"] == sorted(found["samples_ms"])[1] > 0
        module = MODULE.clone()
        module.apply(config)
        qualities = []
        for (count, data), reference in zip(INPUTS, evaluate.references, strict=True):
            (result,) = run(module, "sum_of_squares", count, data)
            qualities.append(1 - abs(float(reference) - float(result)) / abs(float(reference)))
        assert found["quality"] == pytest.approx(sum(qualities) / 3, abs=1e-5)
        assert ("compile_ms" in found["details"]) is not live
    baseline = evaluate.baseline()
    assert baseline["quality"] == 1.0
    assert baseline["time_ms"] > 0


@native.needs_native
@pytest.mark.parametrize("live", [True, False])
def test_memory_that_is_changed_is_compared_and_put_back(live: bool) -> None:
    data, left = np.full(64, 2.0, np.float32), np.full(64, 3.0, np.float32)
    evaluate = KernelEvaluator(SCALE, "scale", [(64, data, left)], live=live, repeats=4, warmup=2)
    exact = evaluate({"scale_threshold_0": 100, "scale_decision_0": 0, "scale_decision_1": 0})
    half = evaluate({"scale_threshold_0": 0, "scale_decision_0": 0, "scale_decision_1": 2})
    assert (data == 2.0).all()
    assert (evaluate.references[0] == 6.0).all()
    assert exact["quality"] == 1.0
    # Every second number stays 2 instead of becoming 6.
    assert half["quality"] == pytest.approx(1 - np.sqrt(32 * 16) / np.sqrt(64 * 36), abs=1e-6)
    assert len(half["samples_ms"]) == 4


@native.needs_native
def test_quality_is_computed_once_for_each_configuration() -> None:
    calls = []

    def quality(reference: Any, result: Any) -> float:
        calls.append((reference, result))
        return 0.5

    evaluate = KernelEvaluator(MODULE, "sum_of_squares", INPUTS, quality=quality)
    for _ in range(3):
        assert evaluate(MODULE.config())["quality"] == 0.5
    assert len(calls) == 3


def test_a_kernel_on_iree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("iree.compiler")
    pytest.importorskip("iree.runtime")
    monkeypatch.setenv("APPROXIR_CACHE_DIR", str(tmp_path))
    module = ax.load(ROOT / "examples" / "gelu.mlir")
    x = np.linspace(-3, 3, 8 * 128, dtype=np.float32).reshape(8, 128)
    found = {}
    for live in (True, False):
        evaluate = KernelEvaluator(module, "gelu", [(x, 80)], live=live, backend="iree", repeats=3)
        for threshold in (10, 90):
            config = {**module.config(), "gelu_threshold_0": threshold}
            found[live, threshold] = evaluate(config)
    for threshold in (10, 90):
        assert found[True, threshold]["quality"] == pytest.approx(
            found[False, threshold]["quality"], abs=1e-5
        )
    assert {found[True, 10]["quality"] < 1, found[True, 90]["quality"] < 1} == {True, False}


@native.needs_native
def test_a_kernel_goes_to_other_processes() -> None:
    evaluate = KernelEvaluator(MODULE, "sum_of_squares", INPUTS)
    evaluate.prepare()
    copy = pickle.loads(pickle.dumps(evaluate))
    assert copy(MODULE.config())["quality"] == evaluate(MODULE.config())["quality"]
    with ProcessPoolExecutor(1) as executor:
        tuner = ax.Tuner(MODULE, engine="evolution")
        frontier = tuner.run(evaluate, evaluations=6, executor=executor, progress=False)
    assert not frontier.failures


@native.needs_native
@pytest.mark.parametrize("isolate", [False, True])
def test_tuning_a_kernel(isolate: bool) -> None:
    with ax.Tuner(MODULE, bound=0.9, engine="evolution") as tuner:
        evaluate = KernelEvaluator(MODULE, "sum_of_squares", INPUTS)
        frontier = tuner.run(evaluate, evaluations=40, isolate=isolate, progress=False)
    assert not frontier.failures
    assert frontier.baseline is not None
    assert frontier.baseline.quality == 1.0
    assert frontier.best(quality=0.9).quality >= 0.9


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (
            lambda: KernelEvaluator(MODULE, "sum_of_square"),
            "no public function 'sum_of_square'; did you mean",
        ),
        (lambda: KernelEvaluator(MODULE, "sum_of_squares", []), "at least one input"),
        (lambda: KernelEvaluator(MODULE, "sum_of_squares", [(1,)]), "takes 2 arguments, 1 was given"),
        (lambda: KernelEvaluator(MODULE, "sum_of_squares", INPUTS, repeats=0), "repeats one from 1 on"),
        (lambda: KernelEvaluator(MODULE, "sum_of_squares", INPUTS, quality="l3"), "no quality metric 'l3'"),
        (lambda: KernelEvaluator(MODULE, "sum_of_squares", INPUTS, backend="lvm"), "did you mean 'llvm'"),
        (lambda: KernelEvaluator("module {}"), "the module has none"),
    ],
)
def test_evaluators_that_cannot_be_made(make: Callable[[], object], match: str) -> None:
    with pytest.raises(ax.ApproxIRError, match=match):
        make()


@native.needs_native
def test_kernels_that_compute_nothing() -> None:
    evaluate = KernelEvaluator("func.func @f(%m: memref<?xf32>) { return }", "f", [(DATA,)], live=False)
    with pytest.raises(EvaluatorError, match="nothing to compare"):
        evaluate.prepare()


# ---- commands

PROGRAM = """
import json, os, signal, sys, time
config = json.load(open(sys.argv[1]))["parameters"]
kind = config["f_decision_0"]
"""


def command(tmp_path: Path, body: str, **options: Any) -> CommandEvaluator:
    script = tmp_path / "program.py"
    script.write_text(PROGRAM + body, encoding="utf-8")
    return CommandEvaluator([sys.executable, str(script), "{config}"], **options)


def test_a_command(tmp_path: Path) -> None:
    evaluate = command(
        tmp_path,
        "print('hello')\nprint('careful', file=sys.stderr)\n"
        "print(json.dumps({'time_ms': kind, 'quality': 0.5, 'details': {'pid': os.getpid()}}))",
        environment={"SOME": "thing"},
        cwd=tmp_path,
    )
    found = evaluate({"f_decision_0": 7})
    assert (found["time_ms"], found["quality"]) == (7, 0.5)
    assert found["details"]["stderr"] == "careful"
    assert found["details"]["pid"] != os.getpid()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("sys.exit(3)", "crash: ended with status 3"),
        ("raise ValueError('no luck')", "crash: ended with status 1: ValueError: no luck"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "crash: ended by SIGSEGV"),
        ("time.sleep(60)", "timeout: longer than 0.5 s"),
        ("os.close(1); os.close(2); time.sleep(60)", "timeout: longer than 0.5 s"),
        ("while True: print('x' * 1000)", "garbage: more than a mebibyte was printed"),
        ("while True: print('x' * 1000, file=sys.stderr)", "timeout: longer than 0.5 s"),
        ("pass", "garbage: nothing was printed"),
        ("print('{')", "garbage: the last line is no JSON: {"),
        ("print('[1, 2]')", "garbage: the last line is no object: [1, 2]"),
        ("print('[' * 100000)", "garbage: the last line is no JSON: [[["),
        ("sys.stdout.buffer.write(bytes(range(256)))", "garbage: the last line is no JSON"),
    ],
)
def test_commands_that_go_wrong(tmp_path: Path, body: str, reason: str) -> None:
    limit = 0.5 if reason.startswith("timeout") else 30
    begun = time.monotonic()
    found = command(tmp_path, body, time_limit=limit)({"f_decision_0": 1})
    assert isinstance(found, Failure)
    assert found.reason.startswith(reason)
    assert time.monotonic() - begun < 20


def test_the_children_of_a_command_end_with_it(tmp_path: Path) -> None:
    evaluate = command(
        tmp_path,
        "import subprocess\nchild = subprocess.Popen(['sleep', '100'])\n"
        "print(json.dumps({'time_ms': 1, 'quality': 1, 'details': {'pid': child.pid}}))",
    )
    begun = time.monotonic()
    pid = evaluate({"f_decision_0": 1})["details"]["pid"]
    assert time.monotonic() - begun < 20
    assert _gone(pid)


def _gone(pid: int) -> bool:
    """Whether a process has ended, or ends within seconds; one that has not is ended."""
    for _ in range(1000):
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        except (FileNotFoundError, ProcessLookupError):
            return True
        if stat.rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    return False


HANGS = "import subprocess\nprint(os.getpid(), subprocess.Popen(['sleep', '100']).pid, file=open('pids', 'w'))\ntime.sleep(100)"


def test_a_command_that_hangs_does_not_survive_the_time_limit_of_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    evaluate = command(tmp_path, HANGS, cwd=tmp_path)
    with ax.Tuner(KNOB, engine="random") as tuner:
        (failure,) = tuner.run(evaluate, evaluations=1, time_limit=3, progress=False).failures
    assert failure.failure == "timeout: longer than 3 s"
    pids = [int(pid) for pid in (tmp_path / "pids").read_text(encoding="utf-8").split()]
    assert [_gone(pid) for pid in pids] == [True, True]
    assert os.listdir(temporary) == []


def test_a_command_does_not_survive_the_search(tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    evaluate = command(tmp_path, HANGS, cwd=tmp_path)
    script = (
        "import approxir as ax\nfrom approxir.tuning.evaluators.command import CommandEvaluator\n"
        f"evaluate = CommandEvaluator({evaluate.command!r}, cwd={str(tmp_path)!r})\n"
        f"ax.Tuner({KNOB!r}, engine='random').run(evaluate, evaluations=1, isolate=True)\n"
    )
    search = subprocess.Popen([sys.executable, "-c", script], env={**os.environ, "TMPDIR": str(temporary)})
    pids = tmp_path / "pids"
    while not (pids.exists() and pids.read_text(encoding="utf-8").endswith("\n")):
        assert search.poll() is None
        time.sleep(0.01)
    assert len(os.listdir(temporary)) == 1
    search.kill()
    search.wait()
    assert [_gone(int(pid)) for pid in pids.read_text(encoding="utf-8").split()] == [True, True]
    for _ in range(1000):
        if not os.listdir(temporary):
            break
        time.sleep(0.01)
    assert os.listdir(temporary) == []


KNOB = (
    '"approx.util.annotation.decision_tree"() <{func_name = "f", transform_type = "loop_perforate", '
    "thresholds = array<i32>, decisions = array<i32: 0>, decision_values = array<i32: 0, 1, 2, 3, 4>}> : () -> ()"
)


def test_tuning_a_command(tmp_path: Path) -> None:
    body = (
        "if kind == 2: os.abort()\nif kind == 3: print('nan')\n"
        "if kind != 3: print(json.dumps({'time_ms': 10 - kind, 'quality': 1 - kind / 10}))"
    )
    with ax.Tuner(KNOB, engine="random") as tuner:
        frontier = tuner.run(command(tmp_path, body), evaluations=10, parallelism=2, progress=False)
    assert len(frontier.evaluations) == 5
    reasons = {e.config["f_decision_0"]: e.failure for e in frontier.failures}
    assert reasons[2] == "crash: ended by SIGABRT"
    assert reasons[3] == "garbage: the last line is no JSON: nan"
    assert frontier.best(quality=0.9).time_ms == 9


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ("run it", "where the configuration goes"),
        ("{config}", "where the configuration goes"),
        ("a 'b {config}", "split"),
    ],
)
def test_commands_that_make_no_sense(given: str, match: str) -> None:
    with pytest.raises(TuningError, match=match):
        CommandEvaluator(given)
    with pytest.raises(TuningError, match="a time limit"):
        CommandEvaluator("a {config}", time_limit=0)


def test_programs_that_are_not_there() -> None:
    found = CommandEvaluator("./no-such-program {config}")({})
    assert isinstance(found, Failure)
    assert found.reason == "exception: ./no-such-program cannot be run: No such file or directory"


@given(st.dictionaries(st.text(min_size=1, max_size=10), st.integers(-(2**31), 2**31), max_size=4))
@settings(max_examples=5, derandomize=True, deadline=None)
def test_commands_read_the_configuration_as_it_is(config: dict[str, int]) -> None:
    body = "import json, sys; c = json.load(open(sys.argv[1])); print(json.dumps({'details': c}))"
    found = CommandEvaluator([sys.executable, "-c", body, "{config}"])(config)
    assert found["details"]["parameters"] == config
