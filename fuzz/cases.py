"""What a search examines: generated programs with calls and configurations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from approxir.testing import DIALECTS, arguments, configs, programs
from approxir.testing.examination import Case
from approxir.testing.oracles.running import Call


@st.composite
def cases(
    draw: st.DrawFn,
    *,
    max_ops: int = 20,
    knobs: bool = True,
    dialects: Sequence[str] | None = None,
    calls: int = 1,
) -> Case:
    """A program, calls of each of its public functions, and values of its parameters.

    Args:
        draw: Hypothesis's.
        max_ops: about how many operations the functions have.
        knobs: whether functions may be annotated.
        dialects: the dialects of the operations; by default all that the generator knows.
        calls: how many calls of each function.
    """
    program = draw(
        programs(max_ops=max_ops, knobs=knobs, dialects=DIALECTS if dialects is None else dialects)
    )
    limits: dict[str | None, set[int]] = {}
    for knob in program.module().knobs():
        limits.setdefault(knob.function, set()).update(knob.read().thresholds)
    every = sorted({limit for some in limits.values() for limit in some})
    made = []
    for name in program.functions:
        near = sorted(limits.get(name, ())) or every
        for _ in range(calls):
            values = draw(arguments(program, name))
            made.append(Call(name, tuple([draw(_near(value, near)) for value in values])))
    config = draw(configs(program)) if knobs else {}
    return Case(program.text, tuple(made), dict(config))


def _near(value: Any, limits: Sequence[int]) -> st.SearchStrategy[Any]:
    """An argument, or in place of an integer now and then a threshold or the number before one.

    States are made of arguments, and a threshold is where something changes.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not limits:
        return st.just(value)
    before = [max(limit - 1, -(1 << 31)) for limit in limits]
    return st.just(value) | st.sampled_from(limits) | st.sampled_from([*limits, *before])
