"""What a search examines: generated programs with calls and configurations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from approxir.passes.functions import function_type
from approxir.testing import DIALECTS, arguments, configs, programs
from approxir.testing.counting import with_counters, with_traces
from approxir.testing.examination import Case
from approxir.testing.oracles.running import Call
from approxir.values import IndexType, IntegerType, Type


@st.composite
def cases(
    draw: st.DrawFn,
    *,
    max_ops: int = 20,
    knobs: bool = True,
    dialects: Sequence[str] | None = None,
    calls: int = 1,
) -> Case:
    """Programs, each with calls of its public functions and values of its parameters.

    Functions that annotations call, and loops that may be perforated, note in memory that they ran, so that
    oracles see it. Integers among the arguments are thresholds, or one less, now and then.

    Args:
        draw: given by Hypothesis.
        max_ops: about how many operations the functions have.
        knobs: whether functions may be annotated.
        dialects: the dialects of the operations; by default all that the generator knows.
        calls: how many calls of each function.
    """
    program = draw(
        programs(max_ops=max_ops, knobs=knobs, dialects=DIALECTS if dialects is None else dialects)
    )
    limits: dict[str | None, set[int]] = {}
    module = program.module()
    for knob in module.knobs():
        limits.setdefault(knob.function, set()).update(knob.read().thresholds)
    every = sorted({limit for some in limits.values() for limit in some})
    made = []
    for name in program.functions:
        kinds = function_type(module.symbols[name]).inputs
        near = sorted(limits.get(name, ())) or every
        for _ in range(calls):
            values = zip(draw(arguments(program, name)), kinds, strict=True)
            made.append(Call(name, tuple([draw(_near(value, kind, near)) for value, kind in values])))
    config = draw(configs(program)) if knobs else {}
    text = program.text
    if knobs and (dialects is None or "memref" in dialects):
        text = with_counters(text)
        # Iterations that write to memory are not all that loops are made of.
        if draw(st.integers(0, 3)):
            text = with_traces(text)
    return Case(text, tuple(made), dict(config))


def _near(value: Any, kind: Type, limits: Sequence[int]) -> st.SearchStrategy[Any]:
    """An argument, or in place of an integer now and then a threshold or the number before one.

    States are made of arguments, and a threshold is where something changes.
    """
    wide = isinstance(kind, IndexType) or (isinstance(kind, IntegerType) and kind.width >= 32)
    if not wide or not limits:
        return st.just(value)
    before = [max(limit - 1, -(1 << 31)) for limit in limits]
    return st.just(value) | st.sampled_from(limits) | st.sampled_from([*limits, *before])
