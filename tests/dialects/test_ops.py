"""Typed views of approx operations: read in every spelling, made, and set with few changes to the text."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import approxir as ax
from approxir.codegen import upstream
from approxir.dialects import approx
from approxir.dialects.approx import (
    ConvertToCallAnnotation,
    DecisionTreeAnnotation,
    DecisionTreeOp,
    KnobAnnotation,
    KnobOp,
    KnobParams,
    ParamsError,
    TransformAnnotation,
    TransformOp,
    TryAnnotation,
    TryOp,
    YieldOp,
)
from approxir.values import F32, I1, I32, DictAttr, IntegerAttr, StringAttr

PRETTY = """\
approx.util.annotation.knob <{func_name = "f"}>
approx.util.annotation.convert_to_call <{func_name = "@f"}>
approx.util.annotation.decision_tree <{func_name = @f, state_function = "s", state_indices = array<i64: 0, 2>, num_thresholds = 1 : i32, thresholds = array<i32: 5>, decisions = array<i32: 0, 2>, transform_type = "t"}>
approx.util.annotation.transform <{func_name = "f", transform_type = "t", knob_val = 2 : i32, transform_options = {seed = 3 : i64}}>
approx.util.annotation.try <{func_name = "f", checker = "c", recover = "@r"}>
func.func @f(%n: i32, %a: memref<?xf32>) -> f32 {
  %r = approx.knob(%n, %a) <{id = 1 : i32, rf = 3 : i32, QoS_in = array<i32>, QoS_out = array<i32: 1, 2>, transform_types = ["t", "u"], params = {thresholds = array<i32: 5>, decisions = array<i32: 0, 2>}}> ({
    approx.decision_tree(%n) <{num_thresholds = 1 : i32, thresholds = array<i32: 5>, decisions = array<i32: 0, 2>, transform_type = "t", runtime = "s"}> state {
    ^bb0(%x: i32):
      approx.yield %x : i32
    }
    approx.transform <{transform_type = "t", knob_val = 2 : i32}>
    %sum = arith.constant 0.0 : f32
    approx.try(%n, %a) <{recover = "@\\22a b\\22"}> check {
    ^bb0(%y: i32, %z: memref<?xf32>):
      %ok = arith.constant true
      approx.yield %ok : i1
    }
    approx.yield %sum : f32
  }) : (i32, memref<?xf32>) -> f32
  return %r : f32
}
"""
GENERIC = ax.parse(PRETTY).print(generic=True)
ALIASES = """\
#id = 1 : i32
#five = array<i32: 5>
#params = {thresholds = #five, decisions = array<i32: 0, 2>}
"""
ALIASED = ALIASES + PRETTY.replace("id = 1 : i32", "id = #id").replace(
    "{thresholds = array<i32: 5>, decisions = array<i32: 0, 2>}", "#params"
).replace("num_thresholds = 1 : i32, thresholds = array<i32: 5>", "thresholds = #five")
SPELLED: dict[str, str] = {
    "pretty": PRETTY,
    "generic": GENERIC,
    "old": PRETTY.replace("approx.", "approxMLIR."),
    "old generic": GENERIC.replace("approx.", "approxMLIR."),
    "decide": PRETTY.replace("approx.decision_tree", "approx.decide"),
    "decide generic": GENERIC.replace("approx.decision_tree", "approx.decide"),
    "value": PRETTY.replace("knob_val", "transform_value"),
    "runtime": GENERIC.replace("state_function", "runtime"),
    "aliases": ALIASED,
    "unnamed regions": PRETTY.replace(" state {", " {").replace(" check {", " {"),
}
PARAMS = KnobParams(thresholds=(5,), decisions=(0, 2))
TYPED = PARAMS.replace(transform_type="t")


def views(module: ax.Module) -> list[approx.OpView]:
    found = [approx.view(op) for op in module.find("approx.", "approxMLIR.")]
    return [view for view in found if view is not None]


def fields(view: approx.OpView) -> dict[str, Any]:
    """What can be read from a view, without operations and values."""
    names = [
        name
        for name in dir(type(view))
        if not name.startswith("_") and name not in ("names", "operation", "create")
    ]
    held = {name: getattr(view, name) for name in names}
    plain = str | int | KnobParams | DictAttr | None
    tuples = {
        n: v for n, v in held.items() if isinstance(v, tuple) and all(isinstance(i, str | int) for i in v)
    }
    return {n: v for n, v in held.items() if isinstance(v, plain)} | tuples


EXPECTED: list[tuple[type[approx.OpView], dict[str, Any]]] = [
    (KnobAnnotation, {"func_name": "f"}),
    (ConvertToCallAnnotation, {"func_name": "f"}),
    (DecisionTreeAnnotation, {"func_name": "f", "state_function": "s", "state_indices": (0, 2), "params": TYPED}),
    (TransformAnnotation, {"func_name": "f", "transform_type": "t", "knob_val": 2, "transform_options": ax.attribute({"seed": 3})}),
    (TryAnnotation, {"func_name": "f", "checker": "c", "recover": "r"}),
    (KnobOp, {"id": 1, "rf": 3, "qos_in": (), "qos_out": (1, 2), "transform_types": ("t", "u"), "params": PARAMS}),
    (DecisionTreeOp, {"params": TYPED, "runtime": "s"}),
    (YieldOp, {}),
    (TransformOp, {"transform_type": "t", "knob_val": 2, "transform_options": DictAttr()}),
    (TryOp, {"recover": "a b"}),
    (YieldOp, {}),
    (YieldOp, {}),
]  # fmt: skip


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("name", SPELLED)
def test_every_spelling_is_read(name: str, lazy: bool) -> None:
    module = ax.parse(SPELLED[name], lazy=lazy)
    for view, (kind, expected) in zip(views(module), EXPECTED, strict=True):
        assert type(view) is kind
        found = fields(view)
        assert {key: found.get(key) for key in expected} == expected
        assert view == approx.view(view.operation)
        assert hash(view) == hash(approx.view(view.operation))
    assert str(module) == SPELLED[name]
    assert ax.parse(SPELLED[name]).diagnostics() == []


@pytest.mark.parametrize("name", sorted(SPELLED.keys() - {"aliases"}))
def test_every_spelling_says_the_same(name: str) -> None:
    text = ax.parse(SPELLED[name]).print(generic=True)
    for old, new in (
        ("approxMLIR.", "approx."),
        ("approx.decide", "approx.decision_tree"),
        ("transform_value", "knob_val"),
        ("func_name = @f, runtime", "func_name = @f, state_function"),
    ):
        text = text.replace(old, new)
    assert text == GENERIC


@pytest.mark.parametrize("lazy", [False, True])
def test_operands_results_and_regions(lazy: bool) -> None:
    for text in (PRETTY, GENERIC):
        knob, tree, state, _, recovery, check, last = views(ax.parse(text, lazy=lazy))[5:]
        assert isinstance(knob, KnobOp)
        assert isinstance(tree, DecisionTreeOp)
        assert isinstance(recovery, TryOp)
        assert isinstance(last, YieldOp)
        assert [value.name for value in knob.operands] == ["n", "a"]
        assert [(value.name, value.type) for value in knob.results] == [("r", F32)]
        assert [value.name for value in tree.state_args] == ["n"]
        assert [value.name for value in recovery.recovery_args] == ["n", "a"]
        assert knob.management == (tree, knob.management[1], recovery)
        assert knob.decision_tree == tree
        assert (knob.yields, tree.yields, recovery.yields) == ((last,), (state,), (check,))
        assert [value.name for value in last.values] == ["sum"]
        assert knob.region.operation is knob.operation
        assert [argument.type for argument in tree.state.blocks[0].arguments] == [I32]
        assert len(recovery.check.blocks[0].arguments) == 2


def test_the_layout_of_the_paper() -> None:
    text = """\
func.func @f(%n: i32, %a: memref<?xf32>) -> f32 {
  %r = approx.knob <{id = 1 : i32, params = "thresholds=5; decisions=0,2", transform_types = "t"}> (%n, %a) -> (f32) {
    approx.decision_tree (%n) <{runtime = "s", thresholds = array<i32: 5>, decisions = array<i32: 0, 2>, transform_type = "t"}> {
    ^bb0(%x: i32):
      approx.yield %x : i32
    }
    %sum = arith.constant 0.0 : f32
    approx.yield %sum : f32
  }
  return %r : f32
}
"""
    module = ax.parse(text)
    knob = KnobOp(module.find("approx.knob")[0])
    assert [value.type for value in (*knob.operands, *knob.results)] == [
        I32,
        ax.parse_type("memref<?xf32>"),
        F32,
    ]
    assert (knob.transform_types, knob.params) == (("t",), PARAMS)
    assert knob.decision_tree is not None
    assert knob.decision_tree.runtime == "s"
    module.verify()
    knob.transform_types = ["u"]
    knob.params = PARAMS.replace(decisions=(0, 3))
    knob.decision_tree.runtime = "q"
    assert str(module) == text.replace('types = "t"', 'types = "u"').replace("=0,2", "=0,3").replace(
        '"s"', '"q"'
    )


def test_what_is_no_view() -> None:
    module = ax.parse('"approx.other"() : () -> ()\n"test.knob"() : () -> ()\n')
    assert [approx.view(op) for op in module.operations] == [None, None]
    with pytest.raises(ax.IRError, match=r"test\.knob is no approx\.knob"):
        KnobOp(module.operations[1])
    assert "KnobOp" in repr(KnobOp(ax.parse('"approx.knob"() ({\n}) : () -> ()').operations[0]))


def test_parts_that_are_missing() -> None:
    knob = KnobOp(ax.parse('"approx.knob"() : () -> ()').operations[0])
    assert (knob.yields, knob.management, knob.decision_tree, knob.params, knob.id) == (
        (),
        (),
        None,
        None,
        None,
    )
    with pytest.raises(ax.IRError):
        _ = knob.region
    tree = DecisionTreeOp(ax.parse('"approx.decide"() ({\n}) : () -> ()').operations[0])
    assert tree.yields == ()
    assert tree.params == KnobParams()
    transform = TransformOp(ax.parse('"approx.transform"() : () -> ()').operations[0])
    assert (transform.transform_type, transform.knob_val, transform.transform_options) == (
        None,
        None,
        DictAttr(),
    )


# Attributes of wrong types.


@pytest.mark.parametrize(
    ("name", "field", "entry", "message"),
    [
        ("knob", "id", "id = «1.0 : f32»", "id is an integer, not 1.0 : f32"),
        ("knob", "id", "id = «true»", "id is an integer, not true"),
        ("knob", "rf", 'rf = «"x"»', "rf is an integer"),
        ("knob", "qos_in", "QoS_in = «array<f32: 1.5>»", "QoS_in is a list of integers"),
        ("knob", "qos_out", "QoS_out = «[1, true]»", "QoS_out is a list of integers"),
        ("knob", "transform_types", "transform_types = «[1]»", "transform_types is a list of strings"),
        ("knob", "transform_types", "transform_types = «{a}»", "transform_types is a list of strings"),
        ("knob", "params", "params = «3 : i32»", "params is a dictionary or a string"),
        ("decision_tree", "runtime", "runtime = «unit»", "runtime is a string, not unit"),
        ("decide", "params", "thresholds = «true»", "thresholds is a list of integers"),
        ("try", "recover", "recover = «1 : i32»", "recover is a string"),
        ("transform", "transform_type", "transform_type = «1»", "transform_type is a string"),
        ("transform", "knob_val", 'knob_val = «"1"»', "knob_val is an integer"),
        ("transform", "knob_val", 'transform_value = «"1"»', "transform_value is an integer"),
        ("transform", "transform_options", "transform_options = «1»", "transform_options is a dictionary"),
        ("util.annotation.knob", "func_name", "func_name = «1»", "func_name is a string"),
        ("util.annotation.convert_to_call", "func_name", "func_name = «[]»", "func_name is a string"),
        (
            "util.annotation.decision_tree",
            "state_function",
            "state_function = «1»",
            "state_function is a string",
        ),
        ("util.annotation.decision_tree", "state_indices", "state_indices = «{}»", "state_indices is a list"),
        ("util.annotation.transform", "transform_type", "transform_type = «1»", "transform_type is a string"),
        ("util.annotation.try", "checker", "checker = «1»", "checker is a string"),
        ("util.annotation.try", "recover", "recover = «#none»", "the alias #none is not defined"),
    ],
)
def test_wrong_types_have_a_place(name: str, field: str, entry: str, message: str) -> None:
    column = entry.index("«") + 3
    text = f'// A comment.\n"approx.{name}"() <{{\n  {entry}\n}}> : () -> ()\n'.replace("«", "").replace(
        "»", ""
    )
    view = approx.view(ax.parse(text, file="a.mlir").operations[0])
    with pytest.raises(ParamsError) as caught:
        getattr(view, field)
    assert message in caught.value.message
    assert (caught.value.file, caught.value.line, caught.value.column) == ("a.mlir", 3, column)


def test_wrong_types_of_made_operations() -> None:
    view = KnobOp(ax.Operation.create("approx.knob", properties={"id": StringAttr("x")}))
    with pytest.raises(ParamsError, match=r"approx\.knob: id is an integer"):
        _ = view.id


# Setting.

Setter = Callable[[Any], None]


def setter(name: str, value: Any) -> Setter:
    return lambda view: setattr(view, name, value)


@pytest.mark.parametrize("text", [PRETTY, GENERIC], ids=["pretty", "generic"])
@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize(
    ("number", "change", "old", "new"),
    [
        (0, setter("func_name", "g"), 'knob <{func_name = "f"', 'knob <{func_name = "g"'),
        (1, setter("func_name", "a b"), '"@f"', '"@\\22a b\\22"'),
        (2, setter("func_name", "g"), "@f, s", "@g, s"),
        (2, setter("state_function", "q"), 'state_function = "s"', 'state_function = "q"'),
        (2, setter("state_indices", [0, 3]), "array<i64: 0, 2>", "array<i64: 0, 3>"),
        (2, setter("params", TYPED.replace(decisions=(0, 3))), '0, 2>, transform_type = "t"}', '0, 3>, transform_type = "t"}'),
        (3, setter("knob_val", 7), "knob_val = 2 : i32, transform_options", "knob_val = 7 : i32, transform_options"),
        (3, setter("transform_options", None), ", transform_options = {seed = 3 : i64}", ""),
        (3, setter("transform_options", ax.attribute({"seed": 4})), "seed = 3", "seed = 4"),
        (4, setter("checker", "q"), '"c"', '"q"'),
        (4, setter("recover", "q"), '"@r"', '"@q"'),
        (5, setter("id", 12), "id = 1 : i32", "id = 12 : i32"),
        (5, setter("id", None), "id = 1 : i32, ", ""),
        (5, setter("rf", 4), "rf = 3", "rf = 4"),
        (5, setter("qos_out", (1, 5)), "array<i32: 1, 2>", "array<i32: 1, 5>"),
        (5, setter("transform_types", ["t"]), '["t", "u"]', '["t"]'),
        (5, setter("transform_types", None), 'transform_types = ["t", "u"], ', ""),
        (5, setter("params", PARAMS.replace(thresholds=(6,))), "{thresholds = array<i32: 5>", "{thresholds = array<i32: 6>"),
        (6, setter("runtime", "q"), 'runtime = "s"', 'runtime = "q"'),
        (8, setter("transform_type", "u"), '"t", knob_val = 2 : i32}', '"u", knob_val = 2 : i32}'),
        (8, setter("knob_val", 0), "knob_val = 2 : i32}", "knob_val = 0 : i32}"),
        (9, setter("recover", "r"), '"@\\22a b\\22"', '"@r"'),
    ],
)  # fmt: skip
def test_setting_changes_no_more_than_it_must(
    number: int, change: Setter, old: str, new: str, text: str, lazy: bool
) -> None:
    if text is GENERIC:
        old, new = (part.replace("knob <", 'knob"() <') for part in (old, new))
    assert text.count(old) == 1
    module = ax.parse(text, lazy=lazy)
    change(views(module)[number])
    assert str(module) == text.replace(old, new)


def test_the_paper_s_names_stay() -> None:
    module = ax.parse(PRETTY.replace("knob_val", "transform_value").replace("state_function", "runtime"))
    before = str(module)
    found = views(module)
    for number in (3, 8):
        found[number].knob_val = 5  # type: ignore[attr-defined]
    found[2].state_function = "q"  # type: ignore[attr-defined]
    changed = before.replace("transform_value = 2", "transform_value = 5").replace(
        '@f, runtime = "s"', '@f, runtime = "q"'
    )
    assert str(module) == changed


# Making.

SPELLINGS: tuple[approx.ops.Spelling, ...] = ("approxir", "approxmlir")


def state_region(types: list[ax.Type], spelling: approx.ops.Spelling = "approxir") -> ax.Region:
    """A region that takes values of some types, and yields a constant."""
    block = ax.Block.create(types)
    builder = ax.Builder(block)
    value = builder.create("arith.constant", (), [I32], properties={"value": IntegerAttr(0, I32)})
    builder.insert(YieldOp.create(value.results, spelling=spelling).operation)
    return ax.Region.create([block])


def check_region(types: list[ax.Type]) -> ax.Region:
    block = ax.Block.create(types)
    builder = ax.Builder(block)
    value = builder.create("arith.constant", (), [I1], properties={"value": True})
    builder.insert(YieldOp.create(value.results).operation)
    return ax.Region.create([block])


def start() -> tuple[ax.Module, list[ax.Value], ax.Builder]:
    module = ax.parse("func.func @f(%n: i32, %m: i64, %x: f32) {\n  return\n}\n")
    body = module.operations[0].body
    return module, list(body.arguments), ax.Builder.before(body.last)


def judge(module: ax.Module) -> None:
    """Both forms parse, are sound and stable, say the same, and are accepted by a real MLIR."""
    text, generic = str(module), module.print(generic=True)
    for form in (text, generic):
        parsed = ax.parse(form)
        assert parsed.diagnostics() == []
        assert str(parsed) == form
        assert parsed.print(generic=True) == generic
    if upstream.available():
        assert upstream.verify_text(generic) == []


def made(spelling: approx.ops.Spelling) -> ax.Module:
    module, (n, m, x), builder = start()
    body = ax.Block.create()
    inside = ax.Builder(body)
    tree = DecisionTreeOp.create([n, m], state_region([n.type, m.type], spelling), TYPED, spelling=spelling)
    inside.insert(tree.operation)
    inside.insert(TransformOp.create("t", 2, options={"seed": ax.attribute(3)}, spelling=spelling).operation)
    inside.insert(TryOp.create([n], check_region([n.type]), "r", spelling=spelling).operation)
    inside.insert(YieldOp.create([x], spelling=spelling).operation)
    knob = KnobOp.create(
        [n, x], [F32], ax.Region.create([body]), id=1, params=PARAMS, transform_types=["t"], qos_out=[1], spelling=spelling
    )  # fmt: skip
    builder.insert(knob.operation)
    top = ax.Builder.at_start(module.region.blocks[0])
    for annotation in (
        KnobAnnotation.create("f", spelling=spelling),
        ConvertToCallAnnotation.create("f", spelling=spelling),
        DecisionTreeAnnotation.create(
            "f", TYPED, state_function="s", state_indices=[0, 2], spelling=spelling
        ),
        TransformAnnotation.create("f", "t", 2, options={"seed": ax.attribute(3)}, spelling=spelling),
        TryAnnotation.create("f", checker="c", recover="r", spelling=spelling),
    ):
        top.insert(annotation.operation)
    return module


MADE = """\
  %0 = approx.knob(%n, %x) <{QoS_out = array<i32: 1>, id = 1 : i32, params = {thresholds = array<i32: 5>, decisions = array<i32: 0, 2>}, transform_types = ["t"]}> ({
    approx.decision_tree(%n, %m) <{decisions = array<i32: 0, 2>, num_thresholds = 1 : i32, thresholds = array<i32: 5>, transform_type = "t"}> state {
    ^bb0(%arg0: i32, %arg1: i64):
      %1 = arith.constant 0 : i32
      approx.yield %1 : i32
    }
    approx.transform <{knob_val = 2 : i32, transform_options = {seed = 3 : i64}, transform_type = "t"}>
    approx.try(%n) <{recover = "r"}> check {
    ^bb0(%arg2: i32):
      %2 = arith.constant true
      approx.yield %2 : i1
    }
    approx.yield %x : f32
  }) : (i32, f32) -> f32
"""


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_made_operations_print_in_both_forms(spelling: approx.ops.Spelling) -> None:
    module = made(spelling)
    before = [fields(view) for view in views(module)]
    judge(module)
    for form in (str(module), module.print(generic=True)):
        parsed = ax.parse(form)
        assert [fields(view) for view in views(parsed)] == before
        kinds = [type(view) for view in views(parsed)]
        assert kinds == [kind for kind, _ in EXPECTED]
    if spelling == "approxir":
        assert MADE in str(module)
    else:
        assert "approx.decide(%n, %m)" in str(module)
        assert "approx.decision_tree" not in str(module)
        knob = KnobOp(module.find("approx.knob")[0])
        assert set(knob.operation.attributes) >= {"id", "rf", "QoS_in", "QoS_out"}
        assert (knob.rf, knob.qos_in, knob.qos_out) == (0, (), (1,))


def test_an_empty_tree_says_how_many_thresholds_it_has() -> None:
    tree = DecisionTreeOp.create([], state_region([]), KnobParams(decisions=(1,)))
    assert dict(tree.operation.attributes) == {
        "num_thresholds": IntegerAttr(0, I32), "thresholds": ax.parse_attribute("array<i32>"), "decisions": ax.parse_attribute("array<i32: 1>"),
    }  # fmt: skip
    assert tree.params == KnobParams(decisions=(1,))


I32S = st.integers(-(1 << 31), (1 << 31) - 1)
NAMES = st.text(max_size=8) | st.sampled_from(["@f", '@"a b"', "a-b", "f_threshold_1", "é", "\\", '"'])
LOOSE = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def some_params(draw: st.DrawFn) -> KnobParams:
    count = draw(st.integers(0, 3))
    some = st.lists(I32S, min_size=count, max_size=count).map(tuple)
    none = st.just(())
    options = st.dictionaries(st.text("ab c", min_size=1), I32S | NAMES | st.booleans(), max_size=2)
    return KnobParams(
        thresholds=draw(some),
        decisions=tuple(draw(st.lists(I32S, min_size=count + 1, max_size=count + 1))),
        thresholds_lowers=draw(some | none),
        thresholds_uppers=draw(some | none),
        decision_values=tuple(draw(st.lists(I32S, max_size=3))),
        transform_type=draw(st.none() | NAMES),
        transform_options=DictAttr([(key, ax.attribute(value)) for key, value in draw(options).items()]),
    )


@LOOSE
@given(
    some_params(),
    st.sampled_from(SPELLINGS),
    NAMES,
    NAMES,
    I32S,
    st.lists(NAMES, max_size=2) | st.none(),
    st.booleans(),
)
def test_what_was_made_is_read_back(
    params: KnobParams, spelling: approx.ops.Spelling, name: str, other: str, number: int, types: list[str] | None, generic: bool
) -> None:  # fmt: skip
    module, (n, m, x), builder = start()
    body = ax.Block.create()
    inside = ax.Builder(body)
    inside.insert(
        DecisionTreeOp.create([m, n], state_region([m.type, n.type]), params, spelling=spelling).operation
    )
    inside.insert(
        TransformOp.create(name, number, options=params.transform_options, spelling=spelling).operation
    )
    inside.insert(TryOp.create([x], check_region([x.type]), other, spelling=spelling).operation)
    inside.insert(YieldOp.create([x, n], spelling=spelling).operation)
    builder.insert(
        KnobOp.create(
            [n], [F32, I32], ax.Region.create([body]), id=number, rf=number, params=params, transform_types=types, qos_in=params.thresholds,
            qos_out=params.decisions, spelling=spelling,
        ).operation
    )  # fmt: skip
    builder.insert(
        DecisionTreeAnnotation.create(
            name, params, state_function=other, state_indices=[0, 1 << 40]
        ).operation
    )
    builder.insert(
        TransformAnnotation.create(name, other, number, options=params.transform_options).operation
    )
    builder.insert(TryAnnotation.create(name, checker=other, recover=name).operation)
    builder.insert(KnobAnnotation.create(name).operation)
    builder.insert(ConvertToCallAnnotation.create(other).operation)
    before = [fields(view) for view in views(module)]
    text = module.print(generic=generic)
    parsed = ax.parse(text)
    parsed.verify()
    assert [fields(view) for view in views(parsed)] == before
    assert str(parsed) == text
    assert len(before) == 12


# Shapes that occur.


def test_a_knob_in_a_knob() -> None:
    module, (n, _, x), builder = start()
    inner, outer = ax.Block.create(), ax.Block.create()
    ax.Builder(inner).insert(YieldOp.create([x]).operation)
    knob = KnobOp.create([x], [F32], ax.Region.create([inner]), id=2)
    inside = ax.Builder(outer)
    inside.insert(DecisionTreeOp.create([n], state_region([I32]), TYPED).operation)
    inside.insert(knob.operation)
    inside.insert(YieldOp.create(knob.results).operation)
    around = KnobOp.create([n, x], [F32], ax.Region.create([outer]), id=1)
    builder.insert(around.operation)
    judge(module)
    first, second = (KnobOp(op) for op in ax.parse(str(module)).find("approx.knob"))
    assert (first.id, second.id) == (1, 2)
    assert first.decision_tree is not None
    assert second.decision_tree is None
    assert second.operation.parent is first.operation
    assert [view.values[0].type for view in (*first.yields, *second.yields)] == [F32, F32]


BLOCKS = """\
func.func @f(%n: i32, %x: f32) -> f32 {
  %r = approx.knob(%n, %x) <{id = 1 : i32}> ({
    approx.decision_tree(%n, %x) <{thresholds = array<i32: 5>, decisions = array<i32: 0, 2>}> state {
    ^bb0(%s: i32, %t: f32):
      %c = arith.cmpf olt, %t, %x : f32
      cf.cond_br %c, ^small, ^big(%s : i32)
    ^small:
      approx.yield %n : i32
    ^big(%v: i32):
      approx.yield %v : i32
    }
    cf.br ^next
  ^next:
    approx.yield %x : f32
  }) : (i32, f32) -> f32
  return %r : f32
}
"""


def test_regions_of_several_blocks() -> None:
    module = ax.parse(BLOCKS)
    judge(module)
    knob = KnobOp(module.find("approx.knob")[0])
    assert knob.decision_tree is not None
    assert [view.values[0].name for view in knob.decision_tree.yields] == ["n", "v"]
    assert [view.values[0].name for view in knob.yields] == ["x"]
    assert str(module) == BLOCKS


def test_a_region_whose_yield_is_left_out() -> None:
    text = "func.func @f() {\n  approx.knob() <{id = 1 : i32}> ({\n  }) : () -> ()\n  approx.knob() ({\n  }) : () -> ()\n  return\n}\n"
    module = ax.parse(text)
    judge(module)
    assert [KnobOp(op).yields for op in module.find("approx.knob")] == [(), ()]
    assert module.print(generic=True).count('"approx.yield"() : () -> ()') == 2


def test_the_pretty_form_of_the_specification() -> None:
    text = """\
func.func @f(%n: i32, %a: memref<?xf32>, %s: i32) -> f32 {
  %sum = arith.constant 0.0 : f32
  %r = approx.knob(%n, %a) <{id = 1 : i32, transform_types = ["loop_perforate"], params = {thresholds = array<i32: 5>, decisions = array<i32: 0, 2>}}> ({
    approx.decision_tree(%s) <{num_thresholds = 1 : i32, thresholds = array<i32: 5>, decisions = array<i32: 0, 2>, transform_type = "loop_perforate"}> state { ^bb0(%x: i32): approx.yield %x : i32 }
    approx.yield %sum : f32
  }) : (i32, memref<?xf32>) -> f32
  return %r : f32
}
"""
    module = ax.parse(text)
    assert str(module) == text
    judge(module)


@pytest.mark.parametrize("bracket", list("()[]{}<>"))
def test_brackets_in_strings(bracket: str) -> None:
    text = f'approx.knob() <{{transform_types = ["{bracket}"]}}> ({{\n  approx.yield\n}}) : () -> ()\n'
    module = ax.parse(text)
    judge(module)
    assert KnobOp(module.operations[0]).transform_types == (bracket,)


@pytest.mark.parametrize("text", [PRETTY, BLOCKS], ids=["all", "blocks"])
def test_what_mlir_opt_prints_is_read(text: str) -> None:
    program = next((name for name in ("mlir-opt", "mlir-opt-22") if shutil.which(name)), None)
    if program is None:
        pytest.skip("needs mlir-opt")
    done = subprocess.run(
        [program, "--allow-unregistered-dialect"], input=ax.parse(text).print(generic=True), capture_output=True, text=True, check=True
    )  # fmt: skip
    printed = ax.parse(done.stdout)
    printed.verify()
    read, again = views(ax.parse(text)), views(printed)
    assert [type(view) for view in read] == [type(view) for view in again]
    assert [fields(view) for view in read] == [fields(view) for view in again]
    judge(printed)


def test_a_name_with_quotes_that_hold_no_string_is_a_name() -> None:
    text = 'approx.util.annotation.knob <{func_name = "@\\22a\\5C\\22"}>\n'
    view = approx.view(ax.parse(text).operations[0])
    assert isinstance(view, approx.KnobAnnotation)
    assert view.func_name == '"a\\"'
