"""Search spaces: counted exactly, drawn evenly, valid by construction."""

from __future__ import annotations

import json
import math
from collections import Counter
from itertools import combinations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.approx_programs import programs

import approxir as ax
from approxir.tuning.ascending import Ascending, steps
from approxir.tuning.knob_space import KnobSpace
from approxir.tuning.search_errors import SpaceError
from approxir.tuning.space import SearchSpace, shown_size

STEADY = settings(deadline=None, derandomize=True, max_examples=60)
TREE = '"approx.util.annotation.decision_tree"()'


def tree(
    name: str,
    bounds: list[tuple[int, int]],
    values: list[int],
    thresholds: list[int] | None = None,
    decisions: list[int] | None = None,
) -> str:
    """An annotation with bounds and values."""
    count = len(bounds)
    held = thresholds if thresholds is not None else list(next(iter(Ascending(bounds))))
    chosen = decisions if decisions is not None else [values[0]] * (count + 1)
    lists = {
        "thresholds": held,
        "decisions": chosen,
        "thresholds_lowers": [low for low, _ in bounds],
        "thresholds_uppers": [high for _, high in bounds],
        "decision_values": values,
    }
    shown = ", ".join(
        f"{key} = array<i32: {', '.join(map(str, items))}>" for key, items in lists.items() if items
    )
    return f'{TREE} <{{func_name = "{name}", transform_type = "loop_perforate", {shown}}}> : () -> ()\n'


def knob(bounds: list[tuple[int, int]], values: list[int], name: str = "f") -> KnobSpace:
    """A knob of that many thresholds."""
    rest = tuple(low for low, _ in bounds)
    return KnobSpace(
        name, tuple(bounds), len(bounds) + 1, tuple(values), rest, (values[0],) * (len(bounds) + 1)
    )


bounds_strategy = st.lists(
    st.tuples(st.integers(-3, 8), st.integers(0, 6)).map(lambda pair: (pair[0], pair[0] + pair[1])),
    max_size=4,
)
knobs_strategy = st.builds(
    knob, bounds_strategy, st.lists(st.integers(0, 9), min_size=1, max_size=3, unique=True).map(sorted)
).filter(lambda made: made.size > 0)
spaces = st.lists(knobs_strategy, min_size=1, max_size=3).map(
    lambda held: SearchSpace(tuple(
        KnobSpace(f"f{n}", k.bounds, k.decisions, k.values, k.thresholds_now, k.decisions_now, k.static)
        for n, k in enumerate(held)
    ))
)  # fmt: skip
any_space = spaces.flatmap(lambda made: st.sampled_from([made, made.static()]))


# ---- thresholds


@STEADY
@given(bounds_strategy)
def test_ascending_integers_are_counted_as_by_trying_all(bounds: list[tuple[int, int]]) -> None:
    held = Ascending(bounds)
    whole = range(
        min((low for low, _ in bounds), default=0), max((high for _, high in bounds), default=0) + 1
    )
    allowed = [
        values
        for values in combinations(whole, len(bounds))
        if all(low <= value <= high for value, (low, high) in zip(values, bounds, strict=True))
    ]
    assert held.count == len(allowed)
    assert list(held) == allowed
    assert all(values in held for values in allowed)


@STEADY
@given(bounds_strategy.filter(lambda bounds: Ascending(bounds).count > 0), st.data())
def test_arranged_values_are_allowed_and_allowed_ones_stay(
    bounds: list[tuple[int, int]], data: st.DataObject
) -> None:
    held = Ascending(bounds)
    values = data.draw(st.lists(st.integers(-20, 20), min_size=len(bounds), max_size=len(bounds)))
    arranged = held.arrange(values)
    assert arranged in held
    assert held.arrange(arranged) == arranged
    if tuple(values) in held:
        assert arranged == tuple(values)


def test_bounds_of_all_of_i32_are_counted_by_formula() -> None:
    whole = (-(1 << 31), (1 << 31) - 1)
    assert Ascending([whole] * 5).count == math.comb(1 << 32, 5)
    assert Ascending([(0, 9), whole]).count == sum((1 << 31) - 1 - value for value in range(10))
    drawn = Ascending([whole] * 5).sample(Random(0))
    assert drawn in Ascending([whole] * 5)


def test_there_may_be_none() -> None:
    held = Ascending([(5, 5), (5, 5)])
    assert held.count == 0
    assert list(held) == []
    with pytest.raises(ValueError, match="no ascending integers"):
        held.sample(Random(0))


def test_samples_of_thresholds_are_even() -> None:
    held = Ascending([(0, 4), (2, 3), (3, 6)])
    rng = Random(1)
    seen = Counter(held.sample(rng) for _ in range(200 * held.count))
    assert set(seen) == set(held)
    # Chi-squared, with so many degrees of freedom that six standard deviations are far off.
    statistic = sum((count - 200) ** 2 / 200 for count in seen.values())
    assert statistic < held.count - 1 + 6 * math.sqrt(2 * (held.count - 1))


def test_steps_around_a_value() -> None:
    assert steps(5, 0, 20) == [4, 6, 3, 7, 1, 9, 13]
    assert steps(5, 5, 5) == []


# ---- spaces


@STEADY
@given(any_space)
def test_the_size_is_the_number_of_configurations(made: SearchSpace) -> None:
    if made.size > 3_000:
        return
    found = {made.key(config) for config in made.everything()}
    assert len(found) == made.size
    assert sum(1 for _ in made.everything()) == made.size
    assert all(made.contains(config) for config in made.everything())


@STEADY
@given(any_space, st.integers(0, 2**32))
def test_samples_and_neighbours_are_configurations(made: SearchSpace, seed: int) -> None:
    rng = Random(seed)
    config = made.sample(rng)
    assert made.contains(config)
    around = list(made.neighbours(config))
    keys = {made.key(near) for near in around}
    assert len(keys) == len(around)
    assert made.key(config) not in keys
    for near in around:
        assert made.contains(near)
        changed = [name for name in made.names if near[name] != config[name]]
        assert len(changed) == 1 or made.is_static
        # What is a neighbour can be gone back.
        assert made.key(config) in {made.key(back) for back in made.neighbours(near)}


@STEADY
@given(any_space, st.data())
def test_every_vector_stands_for_a_configuration(made: SearchSpace, data: st.DataObject) -> None:
    vector = [data.draw(st.integers(axis.low, axis.high)) for axis in made.axes]
    config = made.decode(vector)
    assert made.contains(config)
    assert made.decode(made.encode(config)) == config


@STEADY
@given(any_space, st.integers(0, 2**32))
def test_encoding_is_undone_by_decoding(made: SearchSpace, seed: int) -> None:
    config = made.sample(Random(seed))
    vector = made.encode(config)
    assert len(vector) == len(made.axes)
    assert all(axis.low <= place <= axis.high for place, axis in zip(vector, made.axes, strict=True))
    assert made.decode(vector) == config


@STEADY
@given(any_space, st.data())
def test_the_nearest_configuration(made: SearchSpace, data: st.DataObject) -> None:
    wild = {name: data.draw(st.integers(-30, 30)) for name in made.names}
    found = made.nearest(wild)
    assert made.contains(found)
    assert made.nearest(found) == found


def test_samples_are_even() -> None:
    made = SearchSpace((knob([(0, 2), (1, 3)], [0, 1], "f"), knob([], [0, 2, 5], "g")))
    rng = Random(2)
    seen = Counter(made.key(made.sample(rng)) for _ in range(100 * made.size))
    assert len(seen) == made.size
    statistic = sum((count - 100) ** 2 / 100 for count in seen.values())
    assert statistic < made.size - 1 + 6 * math.sqrt(2 * (made.size - 1))


@STEADY
@given(programs(), st.integers(0, 2**32))
def test_modules_take_every_configuration_of_their_space(program: object, seed: int) -> None:
    module = ax.parse(program.text())  # type: ignore[attr-defined]
    whole = ax.space(module)
    rng = Random(seed)
    assert whole.contains(whole.current)
    for made in (whole, whole.static()):
        for _ in range(5):
            config = made.sample(rng)
            copy = module.clone()
            copy.apply(config)
            assert copy.config() == config
            params = {held.name: held.params.value for held in copy.knobs()}
            for held in params.values():
                assert not list(held.problems())
                if held.decision_values:
                    assert set(held.decisions) <= set(held.decision_values)
            if made.is_static:
                assert all(len(set(held.decisions)) <= 1 for held in params.values())
                assert whole.contains(config)


@STEADY
@given(any_space)
def test_json_round_trip(made: SearchSpace) -> None:
    back = SearchSpace.from_json(json.loads(json.dumps(made.to_json())))
    assert back == made
    assert back.fingerprint == made.fingerprint


# ---- modules


def test_the_space_of_a_module() -> None:
    module = ax.parse(tree("f", [(0, 50), (2, 40)], [0, 1, 2, 4]))
    made = ax.space(module)
    assert made.names == ("f_threshold_0", "f_threshold_1", "f_decision_0", "f_decision_1", "f_decision_2")
    assert made.size == Ascending([(0, 50), (2, 40)]).count * 4**3
    assert made.current == module.config()
    assert made.static().size == 4
    assert made.static().dynamic() == made
    assert ax.space(module, static=True) == made.static()
    assert ax.space(str(module)) == made


def test_without_listed_values_a_decision_is_one_of_those_that_are_there() -> None:
    text = (
        f'{TREE} <{{func_name = "f", thresholds = array<i32: 7>, decisions = array<i32: 0, 3>}}> : () -> ()'
    )
    made = ax.space(text)
    assert made.knobs[0].values == (0, 3)
    assert made.size == 2**32 * 4


def test_bounds_wider_than_states_are_cut() -> None:
    text = (
        f'{TREE} <{{func_name = "f", thresholds = array<i64: 7>, decisions = array<i32: 0, 3>, '
        f"thresholds_lowers = array<i64: {-(1 << 40)}>, thresholds_uppers = array<i64: {1 << 40}>}}> : () -> ()"
    )
    assert ax.space(text).knobs[0].bounds == ((-(1 << 31), (1 << 31) - 1),)


def test_values_that_are_not_listed_are_never_proposed() -> None:
    made = ax.space(tree("f", [(0, 9)], [1, 4], decisions=[1, 7]))
    assert made.current["f_decision_1"] == 7
    assert not made.contains(made.current)
    assert made.nearest({})["f_decision_1"] == 4
    assert {
        value for config in made.everything() for name, value in config.items() if "decision" in name
    } == {1, 4}


def test_several_modules_are_one_space() -> None:
    one, two = tree("f", [(0, 9)], [0, 1]), tree("f", [(0, 4)], [0, 2])
    made = SearchSpace.of({"retrieve": one, "model": ax.parse(two)})
    assert made.names[0] == "retrieve/f_threshold_0"
    assert made.names[-1] == "model/f_decision_1"
    assert made.size == 40 * 20
    config = made.sample(Random(0))
    parts = made.split(config)
    assert list(parts) == ["retrieve", "model"]
    for text, part in ((one, parts["retrieve"]), (two, parts["model"])):
        ax.parse(text).apply(part)
        assert ax.space(text).contains(part)
    assert SearchSpace.from_json(made.to_json()).split(config) == parts


def test_table_2_of_the_paper() -> None:
    # A knob has (thresholds that ascend) x (values) ** (decisions) configurations, a system the product over
    # its knobs. The paper gives the counts alone; these are ranges that lead to them.
    def some(count: int, width: int, values: int) -> KnobSpace:
        return knob([(1, width)] * count, list(range(values)))

    lava = [some(1, 10, 2), some(1, 10, 2)]
    knowledge = [some(1, 5, 3), some(2, 5, 1)]
    bm25 = [some(1, 10, 2), some(1, 25, 4), some(2, 25, 1)]
    pagerank = [some(2, 10, 1), some(1, 5, 1), some(1, 10, 1)]
    kmeans = [some(1, 125, 2), some(1, 2500, 2), some(1, 2500, 2)]
    model, small_model = some(1, 50, 2), some(1, 5, 2)

    def size(knobs: list[KnobSpace]) -> int:
        return SearchSpace(tuple(knobs)).size

    assert size(lava) == math.comb(10, 1) ** 2 * 2**4 == 1600
    assert size(knowledge) == 5 * 3**2 * math.comb(5, 2) == 450
    assert size(bm25) == 4_800_000
    assert size(pagerank) == 2250
    assert size(kmeans) == 50_000_000_000
    assert size([*bm25, model]) == 960_000_000
    assert size([*knowledge, model, model]) == 18_000_000
    tools = [*lava, *pagerank, *kmeans, *bm25, small_model]
    assert len(tools) == 12
    assert shown_size(size(tools)) == "1.73e+25"


# ---- what is wrong


def test_modules_without_anything_to_tune() -> None:
    with pytest.raises(SpaceError, match="nothing to tune"):
        ax.space("module {}")


def test_bounds_without_room() -> None:
    with pytest.raises(SpaceError, match=r"f: the bounds leave no room .* 5\.\.5, 5\.\.5"):
        ax.space(tree("f", [(5, 5), (5, 5)], [0], thresholds=[5, 5]))


@pytest.mark.parametrize("name", ["", "a/b", 3])
def test_names_of_modules(name: str) -> None:
    with pytest.raises(SpaceError, match="a module's name"):
        SearchSpace.of({name: tree("f", [], [0])})


def test_what_is_no_module() -> None:
    with pytest.raises(TypeError, match="not list"):
        ax.space([])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"f_threshold_0": 10}, "f_threshold_0 = 10"),
        ({"f_threshold_0": 2.5}, "an integer"),
        ({"f_decision_0": True}, "an integer"),
        ({"f_decision_0": 3}, "f_decision_0 = 3"),
        ({"g": 3}, "has no g"),
    ],
)
def test_configurations_that_are_not_of_the_space(change: dict[str, int], match: str) -> None:
    made = ax.space(tree("f", [(0, 9)], [0, 1]))
    config = {**made.current, **change}
    assert not made.contains(config)
    with pytest.raises(SpaceError, match=match):
        made.encode(config)
    with pytest.raises(SpaceError, match="no value for f_decision_1"):
        made.check({"f_threshold_0": 1, "f_decision_0": 0})


def test_vectors_that_are_not_of_the_space() -> None:
    made = ax.space(tree("f", [(0, 9)], [0, 1]))
    with pytest.raises(SpaceError, match="a sequence of integers"):
        made.decode("abc")  # type: ignore[arg-type]
    with pytest.raises(SpaceError, match="a sequence of integers"):
        made.decode([0, 0, 1.0])  # type: ignore[list-item]
    for wrong in ({"g": 1}, {"f_threshold_0": "x"}, 3):
        with pytest.raises(SpaceError):
            made.nearest(wrong)  # type: ignore[arg-type]
    with pytest.raises(SpaceError, match="has 3 numbers, not 2"):
        made.decode([0, 0])
    with pytest.raises(SpaceError, match=r"number 2 of the vector is 2, outside of 0\.\.1"):
        made.decode([0, 0, 2])


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"version": 1, "knobs": [], "modules": []},
        {"version": 2, "knobs": [], "modules": []},
        {"version": 1, "knobs": [{}], "modules": []},
        {"version": 1, "modules": [], "knobs": [{
            "name": "f", "bounds": [[0, 5, 6]], "decisions": 1, "values": [0], "thresholds_now": [1],
            "decisions_now": [0], "static": False,
        }]},
        {"version": 1, "modules": [], "knobs": [{
            "name": "f", "bounds": [], "decisions": 1, "values": [], "thresholds_now": [],
            "decisions_now": [0], "static": False,
        }]},
        {"version": 1, "modules": [], "knobs": [{
            "name": "f", "bounds": [["a", 5]], "decisions": 1, "values": [0], "thresholds_now": [],
            "decisions_now": [0], "static": False,
        }]},
    ],
)  # fmt: skip
def test_objects_that_are_no_search_space(data: object) -> None:
    with pytest.raises(SpaceError):
        SearchSpace.from_json(data)


def test_how_spaces_are_shown() -> None:
    made = ax.space(tree("f", [(0, 9)], [0, 1]))
    assert repr(made) == "<SearchSpace: 1 knob, 3 parameters, 40 configurations>"
    assert str(made.static()) == "1 knob, 3 parameters, 2 static configurations"
    assert "<td>0..9</td>" in made._repr_html_()
    assert shown_size(10**5000).startswith("about 10^")
    assert shown_size(1_234_567) == "1,234,567"


def test_what_is_no_configuration_vector_or_space() -> None:
    made = ax.space(TEXT_OF_ONE)
    assert str(made) == "1 knob, 1 parameter, 1 configuration"
    assert not made.contains(None)  # type: ignore[arg-type]
    assert None not in made
    with pytest.raises(SpaceError, match="a vector is a sequence of integers, not None"):
        made.decode(None)  # type: ignore[arg-type]
    with pytest.raises(SpaceError, match=r"as to_json makes it, not a text; json\.loads makes"):
        SearchSpace.from_json(json.dumps(made.to_json()))
    with pytest.raises(SpaceError, match="as to_json makes it, not None"):
        SearchSpace.from_json(None)


TEXT_OF_ONE = (
    '"approx.util.annotation.decision_tree"() <{func_name = "f", transform_type = "loop_perforate", '
    "thresholds = array<i32>, decisions = array<i32: 2>, decision_values = array<i32: 2>}> : () -> ()"
)


@pytest.mark.parametrize("broken", ["module { func.func @f( }", "module {", "%"])
def test_texts_that_are_no_mlir(broken: str) -> None:
    for modules in (broken, {"one": TEXT_OF_ONE.replace("decision_tree", "other"), "two": broken}):
        with pytest.raises(ax.ParseError):
            SearchSpace.of(modules)
