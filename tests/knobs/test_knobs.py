"""Knobs of a module: names, places, edits; and that a text opened lazily has the same ones."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import approxir as ax
from approxir import values as v
from approxir.dialects.approx import KnobParams
from approxir.knobs.config import read_config
from approxir.knobs.view import KnobView
from approxir.testing import LAYOUTS, SPELLINGS, Tree, modules

LOOSE = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
LISTS = "thresholds = array<i32: 5, 10>, decisions = array<i32: 0, 1, 2>"
BOUNDS = "thresholds_lowers = array<i32: 0, 2>, thresholds_uppers = array<i32: 50, 40>, decision_values = array<i32: 0, 1, 2, 4>"
TREE = "approx.util.annotation.decision_tree"


def annotation(name: str, lists: str = LISTS) -> str:
    return f"{TREE} <{{func_name = {v.quote(name)}, {lists}}}>\n"


def knob(lists: str = LISTS) -> str:
    return f'"approx.knob"() <{{id = 7 : i32, params = {{{lists}}}}}> ({{\n  "approx.yield"() : () -> ()\n}}) : () -> ()\n'


def function(name: str, body: str) -> str:
    return f"func.func {v.symbol_text(name)}(%a: tensor<4xf32, {{}}>) -> (i32 {{k}}) attributes {{x = {{}}}} {{ // {{\n{body}return\n}}\n"


def generic(name: str, body: str) -> str:
    return f'"func.func"() <{{k = "}}", sym_name = {v.quote(name)}, function_type = () -> ()}}> ({{\n^bb0: // {{\n{body}"func.return"() : () -> ()\n}}) : () -> ()\n'


NAMES = ["f", "f1", "a.b", "a$b", "a-b", "a_threshold_1", "a b", 'a"b', "é", "f#1", "", "knob", "\udcff"]


@pytest.mark.parametrize("lazy", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_a_function_is_named_by_its_annotation(name: str, lazy: bool) -> None:
    module = ax.parse(annotation(name), lazy=lazy)
    (found,) = module.knobs()
    shown = name or "knob"
    assert (found.name, found.function, found.kind) == (shown, name, "annotation")
    assert next(iter(module.config())) == f"{shown}_threshold_0"
    found.params.thresholds[1] = 11
    assert str(module) == annotation(name).replace("10", "11")
    assert (module._region is None) is lazy


@pytest.mark.parametrize("form", [function, generic])
@pytest.mark.parametrize("name", [name for name in NAMES if name])
def test_a_knob_operation_is_named_by_its_function(name: str, form: Callable[[str, str], str]) -> None:
    before = form("before", '"t.x"() ({ "t.y"() : () -> () }) : () -> ()\n')
    text = "module {\n" + before + form(name, knob() + "// }}}\n" + knob()) + "}\n"
    module = ax.parse(text, lazy=True)
    found = module.knobs()
    assert [knob.name for knob in found] == [name, f"{name}#1"]
    assert [knob.function for knob in found] == [name, name]
    assert {knob.kind for knob in found} == {"operation"}
    module.apply({f"{found[1].name}_threshold_1": 11})
    assert module._region is None
    at = text.rindex("10")
    assert str(module) == text[:at] + "11" + text[at + 2 :]
    assert [knob.name for knob in ax.parse(text, lazy=False).knobs()] == [knob.name for knob in found]


@pytest.mark.parametrize(
    ("text", "function"),
    [
        (function("f", "return\n") + "llvm.func @g() {\n" + knob() + "llvm.return\n}\n", "g"),
        ("func.func private @f()\nllvm.func @g() {\n" + knob() + "llvm.return\n}\n", "g"),
        ("func.func private @f()\n" + knob(), None),
        (function("f", "") + knob(), None),
        ("// func.func @f() {\n" + knob(), None),
        ('"t.x"() {s = "func.func @f() {"} : () -> ()\n' + knob(), None),
        (function("f", '"t.x"() {s = "}"} : () -> ()\n// }\n' + knob()), "f"),
        (function("f", '"t.x"() {s = "func.func @g() {"} : () -> ()\n// func.func @g() {\n' + knob()), "f"),
        (function("f", '"t.sym"() <{sym_name = "inner"}> ({\n' + knob() + "}) : () -> ()\n"), "f"),
        ("module @m {\n" + knob() + "}\n", "m"),
        ('"func.func"() ({\n' + knob() + '"func.return"() : () -> ()\n}) {sym_name = "f", function_type = () -> ()} : () -> ()\n', "f"),
        ("module { func.func @f() { " + knob().replace("\n", " ") + " return } func.func @g() { return } }", "f"),
        (function("f", '"scf.if"() ({\n' + knob() + "}) : () -> ()\n"), "f"),
    ],
)  # fmt: skip
def test_which_function_an_operation_stands_in(text: str, function: str | None) -> None:
    for lazy in (True, False):
        (found,) = ax.parse(text, lazy=lazy).knobs()
        assert (found.function, found.name) == (function, function or "knob_7")


def test_numbers_after_names_are_free_ones() -> None:
    names = ["f", "f", "f#1", "f", "g", "f#1"]
    module = ax.parse("".join(map(annotation, names)))
    assert [knob.name for knob in module.knobs()] == ["f", "f#2", "f#1", "f#3", "g", "f#1#1"]
    assert len(module.config()) == 5 * len(names)


INSERTS = [
    annotation("f"),
    annotation("main", LISTS.replace("5", "6")),
    annotation("x y"),
    knob(),
    knob(LISTS + ", k = {}"),
]


@LOOSE
@given(modules(), st.sampled_from(LAYOUTS), st.sampled_from(SPELLINGS), st.data())
def test_lazily_opened_texts_have_the_same_knobs(
    tree: Tree, layout: str, spelling: str, data: st.DataObject
) -> None:
    text = tree.text(layout, spelling)
    starts = [op.start for op in ax.parse(text, lazy=False).walk() if op.name != "builtin.module"]
    for at in sorted(
        data.draw(st.lists(st.sampled_from(starts or [0]), max_size=3, unique=True)), reverse=True
    ):
        text = text[:at] + data.draw(st.sampled_from(INSERTS)) + text[at:]
    lazy, eager = ax.parse(text, lazy=True), ax.parse(text, lazy=False)
    described = [
        [(k.name, k.function, k.kind, k.location, k.read()) for k in m.knobs()] for m in (lazy, eager)
    ]
    assert described[0] == described[1]
    assert lazy.config() == eager.config()
    config = {name: value + 1 for name, value in eager.config().items() if "threshold" in name}
    assert lazy.apply(config) == eager.apply(config)
    assert str(lazy) == str(eager)
    _ = lazy.operations
    assert str(lazy) == str(eager)


def test_one_number_of_one_function() -> None:
    module = ax.parse(annotation("f", f"{LISTS}, {BOUNDS}"))
    params = module.knob("f").params
    assert (params.thresholds, params.decisions) == ([5, 10], [0, 1, 2])
    assert params.thresholds[-1] == 10
    assert params.thresholds[:1] == [5]
    assert list(params.thresholds) == [5, 10]
    assert (repr(params.thresholds), len(params.decisions), 4 in params.decision_values) == (
        "[5, 10]",
        3,
        True,
    )
    assert params.thresholds == (5, 10)
    assert params.thresholds != [5]
    params.thresholds[-1] = 12
    params.thresholds[:] = [6, 12]
    params.decision_values += [8]
    params.decision_values.extend([16, 32])
    assert params.decision_values == [0, 1, 2, 4, 8, 16, 32]
    params.decision_values.clear()
    params.decisions.reverse()
    assert params.value.decisions == (2, 1, 0)
    params.transform_type = "loop_perforate"
    assert module.knob("f").params == params
    with pytest.raises(AttributeError, match="no field 'threshold'"):
        params.threshold = [1]
    with pytest.raises(IndexError):
        params.thresholds[2] = 1
    with pytest.raises(IndexError):
        _ = params.thresholds[2]


@pytest.mark.parametrize(
    "value", [True, 1.0, "1", None, [1], 1 << 70, -(1 << 70), pytest.param(10**5000, id="huge")]
)
def test_values_that_are_no_integers(value: Any) -> None:
    text = annotation("f", f"{LISTS}, {BOUNDS}")
    module = ax.parse(text, file="x.mlir")
    with pytest.raises(ax.ConfigError) as caught:
        module.knob("f").params.thresholds[0] = value
    with pytest.raises(ax.ConfigError) as applied:
        module.apply({"f_threshold_0": value})
    assert (applied.value.file, applied.value.line, applied.value.column) == (
        "x.mlir",
        1,
        text.index("5, 10") + 1,
    )
    assert "f_threshold_0" in applied.value.message
    assert applied.value.diagnostics[0].hint == "allowed: 0..50"
    assert caught.value.file == "x.mlir"
    assert str(module) == text


def test_numpy_integers() -> None:
    numpy = pytest.importorskip("numpy")
    module = ax.parse(annotation("f"))
    module.apply({"f_threshold_0": numpy.int64(7)})
    module.knob("f").params.thresholds[numpy.int32(1)] = numpy.uint8(9)
    assert json.dumps(module.config()["f_threshold_0"]) == "7"
    assert str(module) == annotation("f").replace("5, 10", "7, 9")
    for wrong in (numpy.bool_(True), numpy.float64(7)):
        with pytest.raises(ax.ConfigError):
            module.apply({"f_threshold_0": wrong})


def test_every_finding_of_a_configuration_is_reported_once() -> None:
    text = annotation("f", f"{LISTS}, {BOUNDS}") + annotation("g")
    module = ax.parse(text, file="x.mlir")
    config = {
        "f_threshold_0": 99,
        "f_decision_0": 3,
        "f_treshold_1": 1,
        "g_threshold_0": 10,
        "g_decision_0": -1,
        "g_decision_1": 1.5,
    }
    with pytest.raises(ax.ConfigError) as caught:
        module.apply(config, complete=True)
    found = caught.value.diagnostics
    named = [
        name
        for name in config
        for d in found
        if d.message.startswith((name + " is", f"the module has no parameter '{name}'"))
    ]
    assert sorted(set(named)) == sorted(set(config) - {"g_threshold_0"})
    assert any(d.message == "g_threshold_1 is 10, not above threshold 0, which is 10" for d in found)
    assert next(d for d in found if "f_treshold_1" in d.message).hint == "did you mean 'f_threshold_1'?"
    missing = {d.message.split()[0] for d in found if "is missing" in d.message}
    assert missing == set(module.config()) - set(config)
    places = {d.message.split()[0]: (d.line, d.column) for d in found}
    line = text.splitlines()[0]
    assert places["f_threshold_0"] == (1, line.index("5, 10") + 1)
    assert places["f_decision_0"] == (1, line.index("0, 1, 2>") + 1)
    assert places["g_threshold_1"] == (2, text.splitlines()[1].index("10>") + 1)
    assert str(module) == text


def test_what_was_broken_before_stands_in_no_way() -> None:
    lists = "thresholds = array<i32: 2000, 1>, thresholds_uppers = array<i32: 40, 40>, decisions = array<i32: 0, 1>"
    module = ax.parse(annotation("f", lists))
    undo = module.apply({"f_decision_0": 1})
    assert undo == {"f_decision_0": 0}
    undo |= module.apply({"f_threshold_0": 0})
    assert undo == {"f_decision_0": 0, "f_threshold_0": 2000}
    with pytest.raises(ax.ConfigError, match=r"f_threshold_0 is 2001, outside its bounds"):
        module.apply({"f_threshold_0": 2001})
    module.apply(undo)
    assert str(module) == annotation("f", lists)


def test_a_knob_and_the_tree_in_it_are_kept_the_same() -> None:
    tree = (
        f'"approx.decision_tree"(%a) <{{{LISTS}, num_thresholds = 2 : i32, transform_type = "x", {BOUNDS}, mine = 1 : i32}}> ({{\n'
        '  ^bb0(%s: i32):\n  "approx.yield"(%s) : (i32) -> ()\n}) : (i32) -> ()\n'
    )
    text = (
        f'func.func @f(%a: i32) {{\n"approx.knob"() <{{params = {{{LISTS}, other = 2 : i8}}}}> ({{\n{tree}'
        '"approx.yield"() : () -> ()\n}) : () -> ()\nreturn\n}\n'
    )
    module = ax.parse(text, lazy=True)
    view = module.knob("f")
    assert view.params.transform_type == "x"
    assert view.parameters[0].upper == 50
    view.params.thresholds[1] = 11
    assert module._region is None
    assert str(module) == text.replace("5, 10", "5, 11")
    with pytest.raises(ax.ConfigError):
        view.params.thresholds[1] = 41
    old = view.update(thresholds=(5,), decisions=(0, 1), thresholds_lowers=(), thresholds_uppers=())
    assert str(module).count("array<i32: 5>") == 2
    assert "num_thresholds = 1" in str(module)
    view.replace(old)
    assert str(module) == text.replace("5, 10", "5, 11")


UNREADABLE = [
    "thresholds = 5.0",
    "thresholds = array<i32: x>",
    'params = "thresholds=x"',
    "params = 5",
    "thresholds = #none",
]


@pytest.mark.parametrize("lists", UNREADABLE)
@pytest.mark.parametrize("lazy", [True, False])
def test_a_knob_that_cannot_be_read_leaves_the_others_alone(lists: str, lazy: bool) -> None:
    text = annotation("f") + annotation("bad", lists) + annotation("g")
    module = ax.parse(text, file="x.mlir", lazy=lazy)
    assert [knob.name for knob in module.knobs()] == ["f", "bad", "g"]
    module.apply({"g_threshold_1": 11})
    at = text.rindex("10")
    assert str(module) == text[:at] + "11" + text[at + 2 :]
    for act in (
        module.config,
        module.knob("bad").read,
        lambda: module.apply({"bad_threshold_0": 1}),
        lambda: module.apply({"f_threshold_0": 0}, complete=True),
    ):
        with pytest.raises(ax.ApproxIRError) as caught:
            act()
        assert any((d.file, d.line) == ("x.mlir", 2) for d in caught.value.diagnostics)  # type: ignore[attr-defined]
    assert "<pre>" in module.knob("bad")._repr_html_()
    assert str(module) == text[:at] + "11" + text[at + 2 :]


def test_shown_in_a_notebook() -> None:
    view = ax.parse(annotation("<b>", LISTS + ', transform_type = "<i>"')).knobs()[0]
    shown = view._repr_html_()
    assert "&lt;b&gt;_threshold_0" in shown
    assert "&lt;i&gt;" in shown
    assert "<b>" not in shown
    assert repr(view) == "<Knob <b> (annotation) at <string>:1:1>"


def test_lists_that_fit_together_are_changed_together() -> None:
    module = ax.parse(annotation("f"))
    view = module.knob("f")
    with pytest.raises(ax.ConfigError, match=r"update\(thresholds"):
        view.params.thresholds.append(20)
    old = view.update(thresholds=(5, 10, 20), decisions=(0, 1, 2, 3))
    assert len(module.config()) == 7
    view.replace(old)
    assert str(module) == annotation("f")
    with pytest.raises(ax.ConfigError, match="no knob 'g'"):
        module.knob("g")


def test_values_that_were_wide_stay_and_others_do_not_become_so() -> None:
    wide = "thresholds = array<i64: 5, 5000000000>, decisions = array<i32: 0, 1, 2>"
    module = ax.parse(annotation("f", wide))
    module.apply({"f_threshold_0": 6})
    with pytest.raises(ax.ConfigError, match="outside of what i32 holds"):
        module.apply({"f_threshold_0": -5000000000})
    assert str(module) == annotation("f", wide.replace("5,", "6,"))


def test_a_malformed_function_name_disables_no_other_knob() -> None:
    module = ax.parse(annotation('@"a\\"') + annotation("f"), lazy=True)
    assert [knob.name for knob in module.knobs()] == ['"a\\"', "f"]


def test_params_of_another_knob_are_taken() -> None:
    module = ax.parse(annotation("f") + annotation("g", LISTS.replace("10", "11")))
    first, second = module.knobs()
    first.params = second.params
    assert first.read() == second.read()
    assert copy.copy(first.params) == copy.deepcopy(first.params) == first.read()
    assert copy.copy(first.params.thresholds) == copy.deepcopy(first.params.thresholds) == [5, 11]
    assert type(copy.copy(first.params.thresholds)) is list


def test_arguments_of_other_types() -> None:
    module = ax.parse(annotation("f"))
    with pytest.raises(TypeError, match="params are KnobParams, not int"):
        module.knob("f").params = 3  # type: ignore[assignment]
    with pytest.raises(TypeError, match="name is a string, not int"):
        module.knob(3)  # type: ignore[arg-type]
    for config in (None, [("f_threshold_0", 3)]):
        with pytest.raises(TypeError, match="a configuration is a mapping"):
            module.apply(config)  # type: ignore[arg-type]
    assert str(module) == annotation("f")


def test_a_value_of_another_type_is_reported_where_it_would_go() -> None:
    text = annotation("f", BOUNDS + ", " + LISTS)
    knob = ax.parse(text).knob("f")
    with pytest.raises(ax.ConfigError, match="f_threshold_1 is an integer, not True") as caught:
        knob.params.thresholds[1] = True
    assert caught.value.diagnostics[0].hint == "allowed: 2..40, thresholds ascending"
    assert caught.value.column == text.index("10") + 1
    with pytest.raises(ax.ConfigError, match=r"f: thresholds_lowers\[0\] is an integer, not 'x'") as caught:
        knob.update(thresholds=[10, 20], thresholds_lowers=["x", 1])
    assert caught.value.column == text.index("0, 2") + 1


def test_only_the_knobs_in_question_are_read() -> None:
    module = ax.parse(annotation("bad", "thresholds = 5.0") + annotation("f"), lazy=True)
    assert read_config(module, ["f_threshold_1", "f_decision_0"]) == {"f_threshold_1": 10, "f_decision_0": 0}
    with pytest.raises(ax.ConfigError, match="no parameter 'f_treshold_0'") as caught:
        read_config(module, ["f_treshold_0"])
    assert str(caught.value).startswith("<string>: error: ")
    assert caught.value.diagnostics[0].hint == "did you mean 'f_threshold_0'?"
    with pytest.raises(ax.ConfigError, match="thresholds is a list"):
        read_config(module, ["bad_threshold_0"])


def test_unknown_names_beyond_the_first_are_counted() -> None:
    module = ax.parse("".join(annotation(f"f{number}") for number in range(300)), lazy=True)
    start = time.perf_counter()
    with pytest.raises(ax.ConfigError) as caught:
        module.apply({f"g{number}_decision_0": 0 for number in range(300)})
    assert time.perf_counter() - start < 120
    assert len(caught.value.diagnostics) == 21
    assert caught.value.diagnostics[-1].message.startswith("... and 280 more")


def test_an_interrupt_leaves_nothing_half_done(monkeypatch: pytest.MonkeyPatch) -> None:
    text = annotation("f") + annotation("g")
    module = ax.parse(text)
    write = KnobView.write

    def interrupted(knob: KnobView, params: KnobParams) -> None:
        write(knob, params)
        if knob.name == "g" and params.thresholds[0] == 6:
            raise KeyboardInterrupt

    monkeypatch.setattr(KnobView, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        module.apply({"f_threshold_0": 6, "g_threshold_0": 6})
    assert str(module) == text
