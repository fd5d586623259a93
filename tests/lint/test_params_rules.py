"""The rules about params and management: silent on valid modules, and about one planted defect exact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from support.approx_modules import Description, Function, Knob, Spelled, valid_modules

import approxir
from approxir.dialects.approx.codec import Encoding
from approxir.dialects.approx.payload import TRANSFORM_ALIASES
from approxir.lint.rule import Finding
from approxir.lint.runner import fix_module, lint_module
from approxir.lint.settings import LintSettings

# The codec reads lists that the constraints of the dialect do not allow.
NO_OLD_PREFIX = LintSettings(ignore=("AX030", "AX035"))
RULES = (
    "AX001", "AX002", "AX003", "AX004", "AX005", "AX006", "AX007", "AX008", "AX010", "AX011", "AX028", "AX029",
    "AX031", "AX032", "AX033", "AX034",
)  # fmt: skip
ONLY = LintSettings(select=RULES)

Draw = Callable[[Any], Any]
Where = tuple[str, str, int | None]


@dataclass(frozen=True)
class Defect:
    """A way to break a rule, and what else may be found then.

    `plant` changes the first function of a module, which is of one of the `kinds` in one of the `homes`, and
    says where the finding has to be.
    """

    code: str
    plant: Callable[[Draw, Function], tuple[Function, Where]]
    kinds: tuple[str, ...] = ("tree",)
    homes: tuple[str, ...] = ("annotation", "operation")
    companions: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return f"{self.code}-{self.plant.__name__}"


DEFECTS: list[Defect] = []


def defect(code: str, companions: str = "", **options: Any) -> Callable[[Any], Any]:
    def register(plant: Any) -> Any:
        DEFECTS.append(Defect(code, plant, companions=frozenset(companions.split()), **options))
        return plant

    return register


def with_params(function: Function, number: int | None = None, **changes: Any) -> Function:
    """The same function with other params, which the knob around them, if any, does not spell again."""
    knob = None if function.knob is None else replace(function.knob, spelled=None)
    spelled = replace(function.spelled.change(**changes), num_thresholds=number)
    return replace(function, spelled=spelled, knob=knob)


def alternating(function: Function, count: int) -> tuple[int, ...]:
    """So many decisions that are legal and differ from their neighbours."""
    values = function.payload.values
    return tuple(values[index % 2] for index in range(count))


def ascending(draw: Draw, least: int = 1) -> list[int]:
    return sorted(draw(st.sets(st.integers(-100, 100), min_size=least, max_size=least + 3)))


def ordinary(draw: Draw, function: Function, least: int = 1) -> Function:
    """The same function with so many thresholds at least, which have bounds."""
    thresholds = ascending(draw, least)
    return with_params(
        function,
        thresholds=thresholds,
        decisions=alternating(function, len(thresholds) + 1),
        decision_values=(),
        thresholds_lowers=[t - 5 for t in thresholds],
        thresholds_uppers=[t + 5 for t in thresholds],
    )


def changed(values: tuple[int, ...], index: int, value: int) -> tuple[int, ...]:
    return (*values[:index], value, *values[index + 1 :])


# Thresholds, decisions and bounds.


@defect("AX001")
def descending(draw: Draw, function: Function) -> tuple[Function, Where]:
    function = ordinary(draw, function, least=2)
    thresholds = function.spelled.params.thresholds
    index = draw(st.integers(1, len(thresholds) - 1))
    below = changed(thresholds, index, thresholds[index - 1] - draw(st.integers(1, 9)))
    rest = [max(t, below[index] + n + 1) for n, t in enumerate(below[index + 1 :])]
    thresholds = (*below[: index + 1], *rest)
    new = with_params(function, thresholds=thresholds, thresholds_lowers=(), thresholds_uppers=())
    return new, (new.owner, "thresholds", index)


@defect("AX001", "AX008")
def repeated_threshold(draw: Draw, function: Function) -> tuple[Function, Where]:
    function = ordinary(draw, function, least=2)
    thresholds = function.spelled.params.thresholds
    index = draw(st.integers(1, len(thresholds) - 1))
    new = with_params(
        function,
        thresholds=changed(thresholds, index, thresholds[index - 1]),
        thresholds_lowers=(),
        thresholds_uppers=(),
    )
    return new, (new.owner, "thresholds", index)


@defect("AX002")
def missing_decisions(draw: Draw, function: Function) -> tuple[Function, Where]:
    function = ordinary(draw, function, least=2)
    decisions = function.spelled.params.decisions
    new = with_params(function, decisions=decisions[: draw(st.integers(1, len(decisions) - 1))])
    return new, (new.owner, "decisions", None)


@defect("AX002")
def more_decisions(draw: Draw, function: Function) -> tuple[Function, Where]:
    function = ordinary(draw, function)
    count = len(function.spelled.params.decisions) + draw(st.integers(1, 3))
    new = with_params(function, decisions=alternating(function, count))
    return new, (new.owner, "decisions", None)


@defect("AX002")
def no_decisions(draw: Draw, function: Function) -> tuple[Function, Where]:
    new = with_params(ordinary(draw, function), decisions=())
    new = replace(new, spelled=replace(new.spelled, always=frozenset()))
    return new, (new.owner, "thresholds", None)


@defect("AX003")
def wrong_number(draw: Draw, function: Function) -> tuple[Function, Where]:
    count = len(function.spelled.params.thresholds)
    number = draw(st.integers(0, 9).filter(lambda number: number != count))
    spelled = replace(function.spelled, num_thresholds=number)
    knob = None if function.knob is None else replace(function.knob, spelled=None)
    return replace(function, spelled=spelled, knob=knob), (function.owner, "num_thresholds", None)


@defect("AX004")
def missing_bounds(draw: Draw, function: Function) -> tuple[Function, Where]:
    function = ordinary(draw, function, least=2)
    field = draw(st.sampled_from(("thresholds_lowers", "thresholds_uppers")))
    bounds: dict[str, Any] = {field: getattr(function.spelled.params, field)[1:]}
    new = with_params(function, **bounds)
    return new, (new.owner, field, None)


@defect("AX004")
def more_bounds(draw: Draw, function: Function) -> tuple[Function, Where]:
    function = ordinary(draw, function)
    field = draw(st.sampled_from(("thresholds_lowers", "thresholds_uppers")))
    bounds: dict[str, Any] = {field: (*getattr(function.spelled.params, field), 7)}
    new = with_params(function, **bounds)
    return new, (new.owner, field, None)


@defect("AX005")
def crossed_bounds(draw: Draw, function: Function) -> tuple[Function, Where]:
    function = ordinary(draw, function)
    params = function.spelled.params
    index = draw(st.integers(0, len(params.thresholds) - 1))
    high = params.thresholds_uppers[index]
    lowers = changed(params.thresholds_lowers, index, high + draw(st.integers(1, 9)))
    new = with_params(function, thresholds_lowers=lowers)
    return new, (new.owner, "thresholds_lowers", index)


@defect("AX006")
def below_the_bound(draw: Draw, function: Function) -> tuple[Function, Where]:
    function = ordinary(draw, function)
    params = function.spelled.params
    index = draw(st.integers(0, len(params.thresholds) - 1))
    lowers = changed(params.thresholds_lowers, index, params.thresholds[index] + draw(st.integers(1, 5)))
    uppers = params.thresholds_uppers if draw(st.booleans()) else ()
    new = with_params(function, thresholds_lowers=lowers, thresholds_uppers=uppers)
    return new, (new.owner, "thresholds", index)


@defect("AX006")
def above_the_bound(draw: Draw, function: Function) -> tuple[Function, Where]:
    function = ordinary(draw, function)
    params = function.spelled.params
    index = draw(st.integers(0, len(params.thresholds) - 1))
    uppers = changed(params.thresholds_uppers, index, params.thresholds[index] - draw(st.integers(1, 5)))
    lowers = params.thresholds_lowers if draw(st.booleans()) else ()
    new = with_params(function, thresholds_lowers=lowers, thresholds_uppers=uppers)
    return new, (new.owner, "thresholds", index)


@defect("AX007")
def unlisted_decision(draw: Draw, function: Function) -> tuple[Function, Where]:
    function = ordinary(draw, function)
    decisions = function.spelled.params.decisions
    index = draw(st.integers(0, len(decisions) - 1))
    new = with_params(
        function, decisions=changed(decisions, index, 77), decision_values=tuple(function.payload.values)
    )
    return new, (new.owner, "decisions", index)


@defect("AX007", kinds=("transform",))
def unlisted_value(draw: Draw, function: Function) -> tuple[Function, Where]:
    new = with_params(function, decisions=(77,), decision_values=draw(st.sampled_from([(1,), (0, 2, 4)])))
    return new, (new.owner, "decisions", None)


@defect("AX008")
def repeated_decision(draw: Draw, function: Function) -> tuple[Function, Where]:
    function = ordinary(draw, function)
    decisions = function.spelled.params.decisions
    index = draw(st.integers(1, len(decisions) - 1))
    decisions = (*decisions[:index], *alternating(function, index + len(decisions))[index - 1 : -1])
    new = with_params(function, decisions=decisions[: len(function.spelled.params.decisions)])
    return new, (new.owner, "decisions", index)


@defect("AX034", "AX007")
def negative_decision(draw: Draw, function: Function) -> tuple[Function, Where]:
    decisions = function.spelled.params.decisions
    index = draw(st.integers(0, len(decisions) - 1))
    new = with_params(function, decisions=changed(decisions, index, draw(st.integers(-9, -1))))
    return new, (new.owner, "decisions", index)


@defect("AX034")
def negative_decision_value(draw: Draw, function: Function) -> tuple[Function, Where]:
    values = (*function.payload.values, -1)
    new = with_params(function, decision_values=values)
    return new, (new.owner, "decision_values", len(values) - 1)


@defect("AX034", "AX007", kinds=("transform",))
def negative_value(draw: Draw, function: Function) -> tuple[Function, Where]:
    new = with_params(function, decisions=(draw(st.integers(-9, -1)),))
    return new, (new.owner, "decisions", None)


# Transforms.


def without_types(function: Function) -> Function:
    knob = None if function.knob is None else replace(function.knob, transform_types=None)
    return replace(function, knob=knob)


@defect("AX010", kinds=("tree", "transform"))
def unknown_transform(draw: Draw, function: Function) -> tuple[Function, Where]:
    kind = draw(st.sampled_from(("unroll", "loop perforate", "Loop_perforate", "", "loop_perforate_")))
    new = without_types(with_params(function, transform_type=kind))
    return new, (new.owner, "transform_type", None)


@defect("AX010", kinds=("tree", "transform"))
def transform_alias(draw: Draw, function: Function) -> tuple[Function, Where]:
    right = function.payload.transform
    aliases = sorted(alias for alias, name in TRANSFORM_ALIASES.items() if name == right)
    new = with_params(
        function, function.spelled.num_thresholds, transform_type=draw(st.sampled_from(aliases))
    )
    return new, (new.owner, "transform_type", None)


@defect("AX010", kinds=("tree",))
def no_transform(draw: Draw, function: Function) -> tuple[Function, Where]:
    new = without_types(with_params(function, transform_type=None))
    return new, (new.owner, "name", None)


@defect("AX010", kinds=("tree", "transform"), homes=("operation",))
def unknown_among_the_types(draw: Draw, function: Function) -> tuple[Function, Where]:
    assert function.knob is not None
    types = (function.payload.transform, "unroll")
    new = replace(function, knob=replace(function.knob, transform_types=types))
    return new, (new.knob_owner, "transform_types", None)


@defect("AX011", kinds=("tree", "transform"), homes=("operation",))
def other_types(draw: Draw, function: Function) -> tuple[Function, Where]:
    assert function.knob is not None
    others = {"loop_perforate", "task_skipping", "func_substitute"} - {function.payload.transform}
    types = tuple(sorted(others))[: draw(st.integers(0, 2))]
    new = replace(function, knob=replace(function.knob, transform_types=types, spelled=None))
    return new, (new.owner, "transform_type", None)


@defect("AX011", homes=("operation",))
def other_types_than_the_knob_itself(draw: Draw, function: Function) -> tuple[Function, Where]:
    assert function.knob is not None
    knob = replace(function.knob, transform_types=("func_substitute",), spelled=function.spelled)
    new = replace(function, knob=knob, spelled=function.spelled.change(transform_type=None))
    return new, (new.knob_owner, "transform_type", None)


# Management.


@defect("AX028", kinds=("tree", "transform"), homes=("operation",))
def early_try(draw: Draw, function: Function) -> tuple[Function, Where]:
    new = replace(function, contract=True, contract_first=True)
    return new, (new.try_owner, "name", None)


@defect("AX029", kinds=("tree", "transform"), homes=("operation",))
def empty_knob(draw: Draw, function: Function) -> tuple[Function, Where]:
    assert function.knob is not None
    new = replace(function, kind=None, contract=False, knob=replace(function.knob, spelled=None))
    return new, (new.knob_owner, "name", None)


@defect("AX029", kinds=("tree", "transform"), homes=("annotation",))
def lone_knob_annotation(draw: Draw, function: Function) -> tuple[Function, Where]:
    new = replace(function, kind=None, contract=False, knob_annotation=True)
    return new, (new.knob_owner, "name", None)


@defect("AX032")
def no_list(draw: Draw, function: Function) -> tuple[Function, Where]:
    field = draw(st.sampled_from(("thresholds", "decisions", "decision_values")))
    raw = (
        "1,a"
        if function.spelling.encoding is Encoding.STRING
        else draw(st.sampled_from(('"1, 2"', "unit", "1.5")))
    )
    new = with_params(function)
    # Where the fault is inside a string is for the reader of strings to say.
    what = "params" if function.spelling.encoding is Encoding.STRING else field
    return replace(new, spelled=replace(new.spelled, raw=((field, raw),))), (new.owner, what, None)


@defect("AX032", kinds=("transform",))
def no_number(draw: Draw, function: Function) -> tuple[Function, Where]:
    raw = (("decisions", draw(st.sampled_from(('"2"', "1.0 : f32", "unit")))),)
    return replace(function, spelled=replace(function.spelled, raw=raw)), (function.owner, "decisions", None)


@defect("AX033", homes=("operation",))
def other_thresholds(draw: Draw, function: Function) -> tuple[Function, Where]:
    new = ordinary(draw, function)
    assert new.knob is not None
    bounds = {"thresholds_lowers": (), "thresholds_uppers": ()}
    thresholds = tuple(t + 1 for t in new.spelled.params.thresholds)
    theirs = new.spelled.change(thresholds=thresholds, **bounds)
    return replace(new, knob=replace(new.knob, spelled=theirs)), (new.owner, "thresholds", None)


@defect("AX033", homes=("operation",))
def other_transform(draw: Draw, function: Function) -> tuple[Function, Where]:
    assert function.knob is not None
    theirs = Spelled(function.spelled.params.replace(transform_type="func_substitute"))
    knob = Knob(function.knob.id, None, theirs, function.knob.spelling)
    return replace(function, knob=knob), (function.owner, "transform_type", None)


# The tests.

each_defect = pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
drawn = settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))


def planted(data: st.DataObject, defect: Defect) -> tuple[Description, Description, Where]:
    valid = data.draw(valid_modules(kinds=defect.kinds, homes=defect.homes))
    first = valid.functions[0]
    broken, where = defect.plant(data.draw, first)
    return valid, valid.replace(first, broken), where


def place_of(finding: Finding) -> tuple[int, int]:
    return finding.offset, finding.offset + finding.length


@settings(drawn, max_examples=150)
@given(valid_modules())
def test_nothing_is_found_in_a_valid_module(module: Description) -> None:
    assert lint_module(approxir.parse(module.text), NO_OLD_PREFIX) == []


def test_every_rule_has_a_defect() -> None:
    # AX031 is about whole modules, and has tests of its own.
    assert {defect.code for defect in DEFECTS} == set(RULES) - {"AX031"}


@each_defect
@drawn
@given(data=st.data())
def test_a_defect_is_found_where_it_is(defect: Defect, data: st.DataObject) -> None:
    _, broken, where = planted(data, defect)
    findings = lint_module(approxir.parse(broken.text), ONLY)
    found = [finding for finding in findings if finding.code == defect.code]
    assert len(found) == 1, broken.text
    (finding,) = found
    assert {other.code for other in findings} <= {defect.code, *defect.companions}
    start, end = broken.place(*where)
    assert start <= finding.offset < finding.offset + finding.length <= end
    if defect.code != "AX032" and where[1] != "transform_types":
        assert place_of(finding) == (start, end)
    assert finding.operation is not None
    assert finding.operation.name.startswith(broken.prefix + ".")


@each_defect
@drawn
@given(data=st.data())
def test_fixes_change_nothing_but_the_defect(defect: Defect, data: st.DataObject) -> None:
    _, broken, _ = planted(data, defect)
    fixed, applied = fix_module(approxir.parse(broken.text), ONLY)
    fixed.parse_all()
    again, more = fix_module(fixed, ONLY)
    assert (str(again), more) == (str(fixed), [])
    assert all(finding.fix is None for finding in lint_module(fixed, ONLY))
    if not applied:
        assert str(fixed) == broken.text


@drawn
@given(data=st.data())
def test_the_right_number_of_thresholds_is_restored(data: st.DataObject) -> None:
    valid = data.draw(valid_modules(kinds=("tree",)))
    first = valid.functions[0]
    count = len(first.spelled.params.thresholds)
    assume(not (first.spelling.alias and first.spelling.encoding is not Encoding.ATTRIBUTES))
    number = data.draw(st.integers(0, 9).filter(lambda number: number != count))
    always = frozenset({"thresholds", "decisions"})
    right = replace(first, spelled=replace(first.spelled, num_thresholds=count, always=always))
    wrong = replace(right, spelled=replace(right.spelled, num_thresholds=number))
    fixed, applied = fix_module(approxir.parse(valid.replace(first, wrong).text), ONLY)
    assert [finding.code for finding in applied] == ["AX003"]
    assert str(fixed) == valid.replace(first, right).text


@drawn
@given(data=st.data())
def test_the_usual_name_of_a_transform_is_restored(data: st.DataObject) -> None:
    valid = data.draw(valid_modules())
    first = valid.functions[0]
    static = first.kind == "transform" or first.spelling.encoding is Encoding.ATTRIBUTES
    assume(static or not first.spelling.alias)
    first_without = with_params(first, first.spelled.num_thresholds)
    right = valid.replace(first, first_without)
    alias, _ = transform_alias(data.draw, first_without)
    fixed, applied = fix_module(approxir.parse(valid.replace(first, alias).text), ONLY)
    assert [finding.code for finding in applied] == ["AX010"]
    assert str(fixed) == right.text


@drawn
@given(valid_modules())
def test_all_that_is_left_over_is_found(module: Description) -> None:
    findings = lint_module(approxir.parse(module.text), LintSettings(select=("AX031",), lowered=True))
    assert [place_of(finding) for finding in findings] == [module.place(owner) for owner in module.operations]


def test_nothing_is_left_over_in_a_module_that_was_not_lowered() -> None:
    text = '"approx.util.annotation.convert_to_call"() <{func_name = "f"}> : () -> ()\n'
    assert lint_module(approxir.parse(text), LintSettings(select=("AX031",))) == []


def test_a_number_that_fits_the_decisions_is_not_fixed() -> None:
    text = (
        '"approx.util.annotation.decision_tree"() <{func_name = "f", transform_type = "loop_perforate", '
        "num_thresholds = 2 : i32, thresholds = array<i32: 5>, decisions = array<i32: 0, 2, 4>}> : () -> ()\n"
    )
    found = {finding.code: finding for finding in lint_module(approxir.parse(text), ONLY)}
    assert set(found) == {"AX002", "AX003"}
    assert found["AX003"].fix is None


TRANSFORM = '"approx.util.annotation.transform"() <{func_name = "f", transform_type = "%s", knob_val = 2 : i32}> : () -> ()'


def test_transforms_that_the_settings_know() -> None:
    module = approxir.parse(TRANSFORM % "loop-perforation")
    assert [finding.code for finding in lint_module(module, ONLY)] == ["AX010"]
    assert lint_module(module, LintSettings(select=("AX010",), known_transforms=("loop-perforation",))) == []


def test_transforms_that_packages_register(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import metadata

    registered = metadata.EntryPoints(
        [metadata.EntryPoint("fold_rows", "no_such_package:Rows", "approxir.transforms")]
    )
    asked = []

    def entry_points(*, group: str) -> metadata.EntryPoints:
        asked.append(group)
        return registered.select(group=group)

    monkeypatch.setattr(metadata, "entry_points", entry_points)
    assert lint_module(approxir.parse(TRANSFORM % "fold_rows"), ONLY) == []
    (finding,) = lint_module(approxir.parse(TRANSFORM % "fold_row"), ONLY)
    assert finding.hint == "did you mean fold_rows?"
    assert asked == ["approxir.transforms"] * 2
    assert lint_module(approxir.parse(TRANSFORM % "loop_perforate"), ONLY) == []
    assert len(asked) == 2


def test_many_wrong_names_in_one_knob_are_fixed_at_once() -> None:
    names = ", ".join(['"loop-perforation"'] * 30)
    text = (
        f'"approx.knob"() <{{id = 0 : i32, transform_types = [{names}], '
        'params = "transform_type=loop-perforate"}> ({\n  "approx.yield"() : () -> ()\n}) : () -> ()\n'
    )
    fixed, applied = fix_module(approxir.parse(text), ONLY)
    assert str(fixed) == text.replace("loop-perforation", "loop_perforate").replace(
        "loop-perforate", "loop_perforate"
    )
    assert len(applied) == 1


def test_long_lists_are_cut_off_in_messages() -> None:
    values = ", ".join(map(str, range(1000)))
    text = (
        '"approx.util.annotation.transform"() <{func_name = "f", transform_type = "loop_perforate", '
        f"knob_val = 2000 : i32, decision_values = array<i32: {values}>}}> : () -> ()\n"
    )
    (finding,) = lint_module(approxir.parse(text), ONLY)
    assert finding.message.endswith(", ...")
    assert len(finding.message) < 150
