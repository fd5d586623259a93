"""What must hold of every lowered module, over generated ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import approximated, native
from support.approximated import Function, Program, memory, programs, shown

import approxir as ax
from approxir.interp import Interpreter
from approxir.ir.module import Module
from approxir.passes.config_approx import ConfigApprox
from approxir.passes.live import live_layout
from approxir.passes.pipeline import FUNC_SUBSTITUTE_PIPELINE, run_pipeline

few = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
many = settings(max_examples=3000, deadline=None, suppress_health_check=list(HealthCheck), database=None)


def lowered(text: str) -> Module:
    module = ax.parse(text)
    run_pipeline(module, FUNC_SUBSTITUTE_PIPELINE)
    return module


def observed(module: Module, function: Function, n: int, x: int) -> tuple[Any, ...]:
    """Everything that a call of a function changes: results, memory and counters."""
    interpreter = Interpreter(module)
    array = memory()
    results = interpreter.call(function.plain, n, x, array)
    counters = [interpreter.call("counter", k)[0] for k in range(4)]
    return shown(results), array.tolist(), counters


def check_passes(program: Program) -> None:
    """Composition, idempotence, isolation and validity."""
    text = program.text()
    whole = lowered(text)
    module = ax.parse(text)
    for name in FUNC_SUBSTITUTE_PIPELINE:
        before = str(module)
        changed = run_pipeline(module, [name])
        module.verify()
        after = str(module)
        assert changed == (after != before), f"{name} does not know whether it changed anything"
        again = ax.parse(after)
        changed = run_pipeline(again, [name])
        assert str(again) == after, f"{name} changes its own result"
        if name != "transform-approx":
            assert not changed, f"{name} says that it changed its own result"
        module = ax.parse(after)
    assert module.print(rename_ssa=True) == whole.print(rename_ssa=True)
    for function in program.functions:
        if not function.annotations():
            assert function.text() in str(whole)
    assert approximated.HELPERS in str(whole)
    assert not whole.find("approx.", "approxMLIR.")
    assert "approx." not in str(whole)
    ax.parse(str(whole)).verify(using="mlir")


def check_exactness(program: Program, n: int, x: int) -> None:
    exact = program.exact()
    module = lowered(exact.text())
    plain = ax.parse(exact.text(annotated=False))
    for function in exact.functions:
        # State functions count their calls, the module without annotations has no states.
        results, array, counters = observed(module, function, n, x)
        wanted = observed(plain, function, n, x)
        assert (results, array, counters[3]) == (wanted[0], wanted[1], wanted[2][3])


def check_semantics(program: Program, n: int, x: int) -> None:
    text = program.text()
    module = lowered(text)
    for function in program.functions:
        assert observed(module, function, n, x) == observed(ax.parse(text), function, n, x)


def check_native(program: Program, n: int, x: int) -> None:
    text = program.text()
    code = str(lowered(text))
    for function in program.functions:
        wanted = observed(ax.parse(text), function, n, x)
        native.function(code, "reset")()
        array = memory()
        results = native.function(code, function.plain)(n, x, array)
        counters = [native.function(code, "counter")(k)[0] for k in range(4)]
        assert (shown(results), array.tolist(), counters) == wanted


def check_live(program: Program, data: st.DataObject, n: int, x: int) -> None:
    """A live module with a configuration is the ordinary module with that configuration."""
    text = program.text()
    configured = ax.parse(text)
    config: dict[str, int] = {}
    module = ax.parse(text)
    layout = live_layout(module)
    run_pipeline(module, ["pre-emit-transform", "emit-approx", "emit-management"])
    for knob in configured.knobs():
        count = len(knob.read().thresholds)
        values = sorted(data.draw(st.lists(st.integers(-5, 15), min_size=count, max_size=count)))
        slots = [slot for slot in layout if slot.function == knob.function]
        for slot in slots:
            if slot.kind == "threshold":
                config[slot.name] = values.pop(0)
            else:
                config[slot.name] = data.draw(st.sampled_from(slot.choices))
    for knob in configured.knobs():
        # Bounds, which generated modules do not have, are not what this is about.
        held = knob.read()
        mine = [slot for slot in layout if slot.function == knob.function]
        thresholds = tuple([config[s.name] for s in mine if s.kind == "threshold"])
        decisions = tuple([config[s.name] for s in mine if s.kind == "decision"])
        knob.write(held.replace(thresholds=thresholds, decisions=decisions))
    numbers = np.array([config[slot.name] for slot in layout], np.int32)
    run_pipeline(module, [ConfigApprox(live=True), "transform-approx", "finalize-approx"])
    module = ax.parse(str(module))
    module.verify(using="mlir")
    ordinary = lowered(str(configured))
    for function in program.functions:
        interpreter = Interpreter(module)
        if len(layout):
            interpreter.call("__approx_params_array")[0][:] = numbers
        array = memory()
        results = interpreter.call(function.plain, n, x, array)
        counters = [interpreter.call("counter", k)[0] for k in range(4)]
        assert (shown(results), array.tolist(), counters) == observed(ordinary, function, n, x)


@few
@given(programs())
def test_passes(program: Program) -> None:
    check_passes(program)


@few
@given(programs(), st.data())
def test_exactness(program: Program, data: st.DataObject) -> None:
    check_exactness(program, data.draw(st.sampled_from(program.states)), data.draw(st.integers(-9, 9)))


@few
@given(programs(), st.data())
def test_semantics(program: Program, data: st.DataObject) -> None:
    check_semantics(program, data.draw(st.sampled_from(program.states)), data.draw(st.integers(-9, 9)))


@native.needs_native
@settings(few, max_examples=15)
@given(programs(vectors=False), st.data())
def test_native(program: Program, data: st.DataObject) -> None:
    check_native(program, data.draw(st.sampled_from(program.states)), data.draw(st.integers(-9, 9)))


@few
@given(programs(), st.data())
def test_live(program: Program, data: st.DataObject) -> None:
    check_live(program, data, data.draw(st.sampled_from(program.states)), data.draw(st.integers(-9, 9)))


@pytest.mark.fuzz
@many
@given(programs(), st.data())
def test_campaign(program: Program, data: st.DataObject) -> None:
    n, x = data.draw(st.sampled_from(program.states)), data.draw(st.integers(-9, 9))
    check_passes(program)
    check_exactness(program, n, x)
    check_semantics(program, n, x)
    check_live(program, data, n, x)
