"""Params of knobs in every encoding, annotations, and the configurations of a module."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from approxir.dialects.approx.params import KnobParams
from approxir.testing.generators.decisions import LOOP, Choice, spelled, static_entries, tree_entries
from approxir.testing.generators.program import Program
from approxir.testing.generators.writer import Rng
from approxir.tuning.search_errors import SpaceError
from approxir.tuning.space import SearchSpace
from approxir.values import BoolAttr, DictAttr, StringAttr

if TYPE_CHECKING:
    from approxir.ir.module import Module

__all__ = ["annotations", "configs", "params"]

_LIMITS = (-(1 << 31), (1 << 31) - 1)
_VALUES = (0, 1, 2, 3, 5)
_KINDS = ("decision_tree", "transform", "try", "knob", "convert_to_call")


@st.composite
def params(
    draw: Callable[[Any], Any],
    values: Sequence[int] = _VALUES,
    transform: str | None = LOOP,
    most_thresholds: int = 4,
) -> KnobParams:
    """Params of a decision tree that keep every constraint.

    Args:
        draw: given by Hypothesis.
        values: what a decision may be.
        transform: the transform's name.
        most_thresholds: how many thresholds there are at most.
    """
    numbers = st.one_of(st.integers(-1000, 1000), st.sampled_from(_LIMITS))
    thresholds = sorted(draw(st.sets(numbers, max_size=most_thresholds)))
    decisions = [draw(st.sampled_from(tuple(values))) for _ in range(len(thresholds) + 1)]
    given = draw(st.integers(0, 3))
    slack = draw(st.integers(0, 50))
    listed = draw(st.integers(0, 2))
    options = DictAttr()
    if transform == LOOP and draw(st.booleans()):
        scheme = StringAttr(draw(st.sampled_from(("stride", "skip", "truncate"))))
        options = DictAttr({"scheme": scheme, "rescale": BoolAttr(True)})
    return KnobParams(
        thresholds=tuple(thresholds),
        decisions=tuple(decisions),
        thresholds_lowers=tuple([max(t - slack, _LIMITS[0]) for t in thresholds]) if given & 1 else (),
        thresholds_uppers=tuple([min(t + slack, _LIMITS[1]) for t in thresholds]) if given & 2 else (),
        decision_values=((), tuple(sorted(set(decisions))), tuple(values))[listed],
        transform_type=transform,
        transform_options=options,
    )


@st.composite
def annotations(
    draw: Callable[[Any], Any],
    function: str = "f",
    transform: str = LOOP,
    values: Sequence[int] = _VALUES,
    kinds: Sequence[str] = _KINDS,
) -> str:
    """The text of an annotation: in the generic or the custom form, its params in any encoding and any order.

    State functions, checkers and recovering functions are called ``state``, ``checker`` and ``recover``.

    Args:
        draw: given by Hypothesis.
        function: the name of the function that it is about.
        transform: what to do to that.
        values: the knob values that the transform takes there.
        kinds: which annotations there are, of ``decision_tree``, ``transform``, ``try``, ``knob`` and
            ``convert_to_call``.
    """
    from approxir.values import quote

    rng = Rng(draw)
    kind = rng.pick(tuple(kinds))
    entries = [("func_name", quote(function))]
    choice = Choice(
        transform, tuple(values), [("scheme", '"skip"')] if transform == LOOP and rng.chance(3) else []
    )
    if kind == "decision_tree":
        entries += [
            ("state_function", '"state"'),
            ("state_indices", "array<i64: 0>"),
            *tree_entries(rng, choice),
        ]
    elif kind == "transform":
        entries += static_entries(rng, choice)
    elif kind == "try":
        entries += [("checker", '"checker"'), ("recover", '"recover"')]
    name = f"{rng.pick(('approx', 'approx', 'approxMLIR'))}.util.annotation.{kind}"
    held = spelled(rng, entries)
    return f'"{name}"() {held} : () -> ()' if rng.chance() else f"{name} {held}"


def configs(module: "Module | Program | str") -> st.SearchStrategy[dict[str, int]]:
    """Configurations of a module: values for all its parameters, within its search space.

    They shrink to the configuration that the module has. For a module without parameters, `{}`. Raises
    `ParamsError` for knobs that cannot be understood, and `SpaceError` where bounds leave no room.
    """
    from approxir.ir.module import parse

    if isinstance(module, Program):
        module = module.module()
    elif isinstance(module, str):
        module = parse(module)
    if not any(knob.read().decisions or knob.read().thresholds for knob in module.knobs()):
        return st.just({})
    return _configs(SearchSpace.of(module))


@st.composite
def _configs(draw: Callable[[Any], Any], space: SearchSpace) -> dict[str, int]:
    found: dict[str, int] = {}
    for knob in space.knobs:
        thresholds: list[int] = []
        for (low, high), now in zip(knob.ascending.tight, knob.resting, strict=True):
            least = max(low, thresholds[-1] + 1) if thresholds else low
            nearest = min(max(now, least), high)
            # Close ones first: states are small numbers.
            near = st.integers(max(least, nearest - 12), min(high, nearest + 12))
            thresholds.append(draw(st.one_of(st.just(nearest), near, st.sampled_from((least, high)))))
        decisions = []
        for now in knob.decisions_now:
            options = [now, *knob.values] if now in knob.values else list(knob.values)
            decisions.append(draw(st.sampled_from(options)))
        found |= dict(zip(knob.names, (*thresholds, *decisions), strict=True))
    if not space.contains(found):
        raise SpaceError("the configuration is not of its space")
    return found
