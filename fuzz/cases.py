"""What a search examines: generated programs with calls and configurations."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from approxir.testing import arguments, configs, programs
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
    more = {} if dialects is None else {"dialects": tuple(dialects)}
    program = draw(programs(max_ops=max_ops, knobs=knobs, **more))
    made = [
        Call(name, tuple(draw(arguments(program, name)))) for name in program.functions for _ in range(calls)
    ]
    config = draw(configs(program)) if knobs else {}
    return Case(program.text, tuple(made), dict(config))
