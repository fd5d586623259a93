"""Live parameters of compiled modules: what may be set, what is computed then, threads and signals."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import native
from support.approximated import memory, programs, shown
from support.summing import SUM

import approxir as ax
from approxir.codegen.kernel import NotLiveError
from approxir.dialects.approx.errors import ConfigError
from approxir.errors import IRError

pytestmark = native.needs_native

few = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def perforated(n: int, config: dict[str, int]) -> int:
    """What `SUM` gives for ones."""
    reached = sum(n >= config[f"total_threshold_{number}"] for number in range(2))
    return len(range(0, n, max(1, config[f"total_decision_{reached}"])))


def test_live_parameters() -> None:
    kernel = ax.jit(SUM, live=True)
    ones = np.ones(100, np.int64)
    before = {
        "total_threshold_0": 10,
        "total_threshold_1": 20,
        "total_decision_0": 0,
        "total_decision_1": 2,
        "total_decision_2": 3,
    }
    assert kernel.config == before
    assert kernel.is_live
    assert kernel.params.tolist() == list(before.values())
    assert [slot.name for slot in kernel.layout] == list(before)
    assert kernel.total(100, ones) == perforated(100, before)
    assert kernel.set({"total_threshold_1": 200, "total_decision_1": np.int64(4)}) == {
        "total_threshold_1": 20,
        "total_decision_1": 2,
    }
    assert kernel.total(100, ones) == 25
    kernel.params[3] = 2
    assert kernel.config["total_decision_1"] == 2
    assert kernel.total(100, ones) == 50


ORDERS = """
module {
  approx.util.annotation.decision_tree <{
    func_name = "outer", transform_type = "task_skipping", state_function = "same", state_indices = array<i64: 0>,
    thresholds = array<i32: 5>, decisions = array<i32: 1, 0>
  }>
  approx.util.annotation.decision_tree <{
    func_name = "inner", transform_type = "func_substitute", state_function = "same", state_indices = array<i64: 0>,
    thresholds = array<i32: 3>, decisions = array<i32: 0, 1>, decision_values = array<i32: 0, 1, 2>
  }>
  func.func private @same(%n: i32) -> i32 {
    return %n : i32
  }
  func.func private @approx_inner_1(%n: i32) -> i32 {
    %r = arith.constant 100 : i32
    return %r : i32
  }
  func.func private @approx_inner_2(%n: i32) -> i32 {
    %r = arith.constant 200 : i32
    return %r : i32
  }
  func.func @inner(%n: i32) -> i32 {
    return %n : i32
  }
  func.func @outer(%n: i32) -> i32 {
    %some = arith.constant true
    %r = scf.if %some -> (i32) {
      %inner = func.call @inner(%n) : (i32) -> i32
      scf.yield %inner : i32
    } else {
      scf.yield %n : i32
    }
    return %r : i32
  }
}
"""


def test_annotations_stand_in_another_order_than_their_functions() -> None:
    kernel = ax.jit(ORDERS, live=True)
    assert kernel.config == ax.parse(ORDERS).config()
    assert [kernel.outer(n) for n in range(7)] == [0, 1, 2, 100, 100, 0, 0]
    kernel.set({"outer_threshold_0": 4, "inner_threshold_0": 1, "inner_decision_1": 2})
    assert [kernel.outer(n) for n in range(7)] == [0, 200, 200, 200, 0, 0, 0]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"total_threshold_0": 20}, "not above threshold 0"),
        ({"total_threshold_1": 5}, "not above threshold 0"),
        ({"total_decision_0": 1}, "not one of the values 0, 2, 3, 4"),
        ({"total_threshold_0": "5"}, "is an integer"),
        ({"total_threshold_0": True}, "integer"),
        ({"total_treshold_0": 5}, "has no parameter 'total_treshold_0'"),
        ({5: 5}, "has no parameter '5'"),
        ({"total_threshold_0": 1 << 40}, "32 bits|outside"),
    ],
)
def test_wrong_configurations_change_nothing(config: Any, message: str) -> None:
    kernel = ax.jit(SUM, live=True)
    before = kernel.config
    with pytest.raises(ConfigError, match=message):
        kernel.set({"total_decision_2": 4} | config)
    assert kernel.config == before
    with pytest.raises(TypeError, match="a configuration is a mapping"):
        kernel.set([("total_decision_2", 4)])  # type: ignore[arg-type]


def test_only_decisions_that_were_compiled_can_be_set() -> None:
    kernel = ax.jit(SUM.replace(",\n    decision_values = array<i32: 0, 2, 3, 4>", ""), live=True)
    with pytest.raises(ConfigError, match="only the decisions 0, 2, 3 were compiled"):
        kernel.set({"total_decision_0": 4})
    assert kernel.set({"total_decision_0": 3}) == {"total_decision_0": 0}


def test_a_configuration_is_seen_where_the_array_holds_nonsense() -> None:
    kernel = ax.jit(SUM, live=True)
    kernel.params[:] = [5, 1, 99, -7, 0]
    assert kernel.total(100, np.ones(100, np.int64)) == 100
    kernel.set({"total_threshold_1": 30, "total_decision_0": 0, "total_decision_1": 2})
    assert kernel.config["total_threshold_1"] == 30


def test_a_kernel_that_is_not_live_says_so() -> None:
    kernel = ax.jit(SUM)
    assert not kernel.is_live
    for action in (
        lambda: kernel.set({}),
        lambda: kernel.config,
        lambda: kernel.params,
        lambda: kernel.layout,
    ):
        with pytest.raises(NotLiveError, match="live=True"):
            action()


def test_a_live_module_without_knobs() -> None:
    kernel = ax.jit("func.func @f() { return }", live=True)
    assert kernel.config == {}
    assert kernel.set({}) == {}
    assert kernel.params.shape == (0,)


@few
@given(programs(), st.data(), st.integers(-2, 12), st.integers(-2, 12))
def test_live_is_applied(program: Any, data: st.DataObject, n: int, x: int) -> None:
    """Bit for bit, memory and side effects included."""
    text = program.text()
    module = ax.parse(text)
    kernel = ax.jit(module, live=True)
    for _ in range(2):
        config = {}
        for slot in kernel.layout:
            if slot.kind == "decision":
                config[slot.name] = data.draw(st.sampled_from(slot.choices))
        kernel.set(config)
        module.apply(config)
        plain = ax.jit(module)
        for function in program.functions:
            seen = []
            for either in (kernel, plain):
                array = memory()
                either.reset()
                result = either[function.plain](n, x, array)
                counts = [either.counter(k) for k in range(4)]
                results = result if isinstance(result, tuple) else () if result is None else (result,)
                seen.append((shown(results), array.tolist(), counts))
            assert seen[0] == seen[1]


def test_calls_see_one_configuration_from_beginning_to_end() -> None:
    """In each configuration both thresholds are equal to both decisions' distance, and calls never see a mix."""
    text = """
    module {
      approx.util.annotation.decision_tree <{
        func_name = "f", transform_type = "task_skipping", state_function = "state",
        state_indices = array<i64: 0>, thresholds = array<i32: 5>, decisions = array<i32: 1, 1>,
        decision_values = array<i32: 1, 2>
      }>
      approx.util.annotation.decision_tree <{
        func_name = "g", transform_type = "task_skipping", state_function = "state",
        state_indices = array<i64: 0>, thresholds = array<i32: 5>, decisions = array<i32: 1, 1>,
        decision_values = array<i32: 1, 2>
      }>
      func.func private @state(%n: i32) -> i32 { return %n : i32 }
      BODY(f)
      BODY(g)
      func.func @both(%n: i32) -> i32 {
        %c0 = arith.constant 0 : index
        %c1 = arith.constant 1 : index
        %many = arith.constant 2000 : index
        %zero = arith.constant 0 : i32
        %r = scf.for %i = %c0 to %many step %c1 iter_args(%s = %zero) -> (i32) {
          %a = func.call @f(%n) : (i32) -> i32
          %b = func.call @g(%n) : (i32) -> i32
          %d = arith.subi %a, %b : i32
          %e = arith.muli %d, %d : i32
          %t = arith.addi %s, %e : i32
          scf.yield %t : i32
        }
        return %r : i32
      }
    }"""
    body = """
      func.func @NAME(%n: i32) -> i32 {
        %zero = arith.constant 0 : i32
        %c = arith.cmpi sge, %n, %zero : i32
        %r = scf.if %c -> (i32) {
          %a = arith.constant 1 : i32
          scf.yield %a : i32
        } else {
          %b = arith.constant 2 : i32
          scf.yield %b : i32
        }
        return %r : i32
      }"""
    for name in "fg":
        text = text.replace(f"BODY({name})", body.replace("NAME", name))
    kernel = ax.jit(text, live=True, opt_level=0)
    stop = threading.Event()
    mixed: list[int] = []

    def call() -> None:
        while not stop.is_set():
            found = kernel.both(0)
            if found:
                mixed.append(found)

    threads = [threading.Thread(target=call) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(300):
        value = 1 + number % 2
        kernel.set({f"{name}_decision_{k}": value for name in "fg" for k in range(2)})
    stop.set()
    for thread in threads:
        thread.join()
    assert mixed == []


def test_parameters_cannot_be_set_during_a_call() -> None:
    text = SUM.replace(
        "func.func @length(%n: i32) -> i32 {\n    return %n : i32\n  }",
        "func.func private @length(i32) -> i32",
    )
    text = text.replace(
        "  func.func @total", "  func.func private @ask(i32) -> i32\n  func.func @total"
    ).replace(
        "%end = arith.index_cast %n", "%n2 = func.call @ask(%n) : (i32) -> i32\n %end = arith.index_cast %n2"
    )
    text = text.replace(
        "func.func private @length(i32) -> i32", "func.func @length(%n: i32) -> i32 { return %n : i32 }"
    )
    kernel: Any = None

    def ask(n: int) -> int:
        kernel.set({"total_threshold_0": 3})
        return n

    kernel = ax.jit(text, live=True, externals={"ask": ask})
    with pytest.raises(IRError, match="during a call"):
        kernel.total(5, np.ones(5, np.int64))
    assert kernel.config["total_threshold_0"] == 10
    # The lock is free again.
    kernel.set({"total_threshold_0": 3})


ALARMED = """
import random, signal
import numpy as np
import approxir as ax

class Alarm(Exception):
    pass

def alarm(number, frame):
    raise Alarm

kernel = ax.jit(ax.load("examples/sum_of_squares.mlir"), live=True)
data = np.ones(600, np.float32)
signal.signal(signal.SIGALRM, alarm)
rng = random.Random(1)
alarms = 0
for _ in range(4000):
    try:
        signal.setitimer(signal.ITIMER_REAL, rng.uniform(2e-5, 3e-4))
        for _ in range(20):
            kernel.sum_of_squares(50, data)
            kernel.set({"sum_of_squares_threshold_1": 600})
        signal.setitimer(signal.ITIMER_REAL, 0)
    except Alarm:
        alarms += 1
signal.setitimer(signal.ITIMER_REAL, 0)
kernel.set({"sum_of_squares_threshold_1": 700})
print(alarms)
"""


def test_signals_leave_live_kernels_usable() -> None:
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", ALARMED], capture_output=True, text=True, check=False, cwd=root, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100
