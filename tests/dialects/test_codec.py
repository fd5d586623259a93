"""Params on operations: what is written is read back, and nothing but what differs is changed in the text."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from values.value_strategies import attributes, names

import approxir as ax
from approxir import values as v
from approxir.dialects.approx import (
    Encoding,
    KnobParams,
    ParamsError,
    decode,
    encode,
    encoding_of,
    read_params,
    write_params,
)
from approxir.dialects.approx.params import RESERVED

LOOSE = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
NUMBERS = st.one_of(
    st.integers(-5, 5), st.integers(-(1 << 31), (1 << 31) - 1), st.integers(-(1 << 63), (1 << 63) - 1)
)
LISTS = st.lists(NUMBERS, max_size=3)
# Attributes that operations of these tests have for themselves.
OWN = {
    "func_name",
    "id",
    "state_function",
    "state_indices",
    "knob_val",
    "runtime",
    "recover",
    "checker",
    "rf",
}
EXTRA = st.dictionaries(names.filter(lambda name: name not in RESERVED | OWN), attributes, max_size=2)
PARAMS = st.builds(
    KnobParams,
    thresholds=LISTS,
    decisions=LISTS,
    thresholds_lowers=LISTS,
    thresholds_uppers=LISTS,
    decision_values=LISTS,
    transform_type=st.one_of(st.none(), st.sampled_from(["loop_perforate", "", "it's", 'a "b"', "é\udcff"])),
    transform_options=st.dictionaries(names, attributes, max_size=2),
    extra=EXTRA,
)


def holders(prefix: str, tree: str) -> dict[str, str]:
    """Texts with one operation that has params, in all encodings and forms."""
    yielded = f"{{\n    ^bb0(%s: i32):\n    {prefix}.yield %s : i32\n  }}"
    generic = f'({{\n  ^bb0(%s: i32):\n    "{prefix}.yield"(%s) : (i32) -> ()\n  }})'
    body = {
        "annotation": f'{prefix}.util.annotation.decision_tree <{{func_name = "f", thresholds = array<i32>}}>',
        "generic annotation": f'"{prefix}.util.annotation.decision_tree"() <{{func_name = "f"}}> : () -> ()',
        "old generic annotation": f'"{prefix}.util.annotation.decision_tree"() {{func_name = "f"}} : () -> ()',
        "tree": f"{prefix}.{tree}(%n) <{{decisions = [] , // none\n num_thresholds = 0 : i32}}> state {yielded}",
        "generic tree": f'"{prefix}.{tree}"(%n) <{{num_thresholds = 0 : i32}}> {generic} : (i32) -> ()',
        "dictionary": f'"{prefix}.knob"() <{{id = 1 : i32, params = {{ }}}}> ({{\n    "{prefix}.yield"() : () -> ()\n  }}) : () -> ()',
        "string": f'"{prefix}.knob"() <{{params = " ", id = 1 : i32}}> ({{\n    "{prefix}.yield"() : () -> ()\n  }}) : () -> ()',
    }  # fmt: skip
    return {
        name: f"func.func @f(%n: i32) {{\n  // before\n  {text}\n  // after\n  return\n}}\n"
        for name, text in body.items()
    }


CASES = [
    pytest.param(text, id=f"{prefix} {tree} {name}")
    for prefix, tree in (("approx", "decision_tree"), ("approxMLIR", "decide"))
    for name, text in holders(prefix, tree).items()
]


def holder(module: ax.Module) -> ax.Operation:
    (op,) = [op for op in module.find("approx.", "approxMLIR.") if encoding_of(op) is not None]
    return op


@pytest.mark.parametrize("text", CASES)
@LOOSE
@given(params=PARAMS, other=PARAMS)
def test_what_is_written_is_read_back(text: str, params: KnobParams, other: KnobParams) -> None:
    module = ax.parse(text)
    op = holder(module)
    encoding = encoding_of(op)
    first = read_params(op)
    assert first is not None
    for wanted in (params, other):
        write_params(op, wanted)
        assert read_params(op) == wanted
        edited = str(module)
        assert all(comment in edited for comment in re.findall("//.*", text))
        again = holder(ax.parse(edited).parse_all())
        assert read_params(again) == wanted
        assert encoding_of(again) is encoding
        write_params(again, wanted)
        assert again.text == op.text
    write_params(op, first)
    assert str(module) == text


@pytest.mark.parametrize("text", CASES)
@LOOSE
@given(params=PARAMS, data=st.data())
def test_one_number_is_one_token(text: str, params: KnobParams, data: st.DataObject) -> None:
    field = data.draw(st.sampled_from(["thresholds", "decisions", "decision_values"]))
    numbers = list(getattr(params, field)) or [1, 2]
    params = params.replace(**{field: numbers})
    module = ax.parse(text)
    write_params(holder(module), params)
    before = str(module)
    index = data.draw(st.integers(0, len(numbers) - 1))
    number = data.draw(st.integers(-100, 100).filter(lambda value: value != numbers[index]))
    numbers[index] = number
    edited = ax.parse(before)
    write_params(holder(edited), params.replace(**{field: numbers}))
    old, new = tokens(before), tokens(str(edited))
    assert len(old) == len(new)
    assert [(a, b) for a, b in zip(old, new, strict=True) if a != b] == [
        (str(getattr(params, field)[index]), str(number))
    ]


def tokens(text: str) -> list[str]:
    return re.findall(r"-?\d+|[^\d-]|-", text)


@LOOSE
@given(PARAMS, PARAMS)
def test_dictionaries_without_an_operation(params: KnobParams, old: KnobParams) -> None:
    assert decode(encode(params)) == params
    assert decode(encode(params, encode(old))) == params
    assert {"thresholds", "decisions"} <= set(encode(params))
    assert list(encode(old, encode(old))) == list(encode(old))


def edited(entries: str, **changes: object) -> str:
    """What becomes of the entries of an annotation in the pretty form."""
    op = holder(ax.parse(f'approx.util.annotation.decision_tree <{{func_name = "f", {entries}}}>\n'))
    params = read_params(op)
    assert params is not None
    write_params(op, params)
    assert op.text.endswith(f'"f", {entries}}}>')
    write_params(op, params.replace(**changes))
    return op.text.partition('"f", ')[2].removesuffix("}>")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("thresholds = array<i32: 5, 10>", "thresholds = array<i32: 5, 11>"),
        ("thresholds = array<i64: 5,10>", "thresholds = array<i64: 5,11>"),
        ("thresholds = array<i8: 5, 10>", "thresholds = array<i8: 5, 11>"),
        ("thresholds = [5, 10]", "thresholds = [5, 11]"),
        ("thresholds = [5 : i32, 10 : i64]", "thresholds = [5 : i32, 11 : i64]"),
        ("thresholds = [0x5 : i32, 10 : i32]", "thresholds = [0x5 : i32, 11 : i32]"),
        ("thresholds = dense<[5, 10]> : tensor<2xi32>", "thresholds = dense<[5, 11]> : tensor<2xi32>"),
        ("num_thresholds = 7 : i32, thresholds = [5, 10]", "num_thresholds = 7 : i32, thresholds = [5, 11]"),
        ("k = #unknown, thresholds = [5, 10], z", "k = #unknown, thresholds = [5, 11], z"),
        ("transform_type = @t, thresholds = [5, 10]", "transform_type = @t, thresholds = [5, 11]"),
    ],
)  # fmt: skip
def test_the_kind_of_numbers_is_kept(before: str, after: str) -> None:
    assert edited(before, thresholds=(5, 11)) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("thresholds = array<i32: 5>", "thresholds = array<i32: 5, 300>"),
        ("thresholds = array<i8: 5>", "thresholds = array<i32: 5, 300>"),
        ("thresholds = [5 : i16]", "thresholds = [5 : i16, 300 : i16]"),
        ("thresholds = 5 : i32", "thresholds = array<i32: 5, 300>"),
        ("thresholds = dense<5> : tensor<1xi32>", "thresholds = dense<[5, 300]> : tensor<2xi32>"),
        ("num_thresholds = 1 : i64, thresholds = [5]", "num_thresholds = 2 : i64, thresholds = [5, 300]"),
    ],
)
def test_lists_that_grow(before: str, after: str) -> None:
    assert edited(before, thresholds=(5, 300)) == after


@pytest.mark.parametrize(
    "entries",
    ["thresholds = 5.0", "thresholds = array<f32: 5.0>", "thresholds = array<i1: true>", 'thresholds = ["5"]', "thresholds = [5, 5.0]",
     "thresholds = dense<5> : tensor<10000000000xi32>", "thresholds = dense<5.0> : tensor<1xf32>", "thresholds = #missing",
     "transform_type = 5", "transform_options = 5", "params = 5", "thresholds = [18446744073709551615 : ui64]",
     'params = "thresholds=x"', 'params = "thresholds=1; \\\\"', "params = {thresholds = unit}"],
)  # fmt: skip
def test_what_cannot_be_understood_has_a_place(entries: str) -> None:
    module = ax.parse(
        f'\n  approx.util.annotation.decision_tree <{{func_name = "f", {entries}}}>\n', file="x.mlir"
    )
    (op,) = module.find("approx.")
    with pytest.raises(ParamsError) as caught:
        read_params(op)
    assert (caught.value.file, caught.value.line) == ("x.mlir", 2)
    where = caught.value.diagnostics[0]
    assert "func_name" not in module.source.text[where.offset :] or entries == "thresholds = #missing"


def test_a_fault_in_a_string_points_into_it() -> None:
    text = '"approx.knob"() <{params = "thresholds=1,; decisions=0"}> ({}) : () -> ()\n'
    (op,) = ax.parse(text).find("approx.knob")
    with pytest.raises(ParamsError) as caught:
        read_params(op)
    assert text[caught.value.column - 1 :].startswith("; decisions")


@pytest.mark.parametrize("field", ["thresholds", "decisions"])
def test_an_alias_is_read_and_replaced_only_on_change(field: str) -> None:
    text = (
        "#t = array<i32: 5, 10>\n#d = array<i32: 0, 1, 2>\n#p = {thresholds = #t, decisions = #d, k = #missing}\n"
        "approx.util.annotation.decision_tree <{params = #p, func_name = \"a\"}>\n"
        'approx.util.annotation.decision_tree <{func_name = "b", thresholds = #t, decisions = #d, k = #missing}>\n'
        'approx.util.annotation.decision_tree <{params = {thresholds = #t, decisions = #d}, func_name = "c"}>\n'
    )  # fmt: skip
    for lazy in (True, False):
        module = ax.parse(text, lazy=lazy)
        for op in module.find("approx."):
            params = read_params(op)
            assert params is not None
            assert (params.thresholds, params.decisions) == ((5, 10), (0, 1, 2))
            write_params(op, params)
            assert str(module) == text
        for op in module.find("approx."):
            params = read_params(op)
            assert params is not None
            numbers = list(getattr(params, field))
            numbers[-1] = 99
            write_params(op, params.replace(**{field: numbers}))
            assert read_params(op) == params.replace(**{field: numbers})
        lines = str(module).splitlines()
        other = {"thresholds": "decisions = #d", "decisions": "thresholds = #t"}[field]
        assert lines[:3] == text.splitlines()[:3]
        assert [line.count(other) for line in lines[3:]] == [1, 1, 1]
        assert "#p" not in lines[3]
        assert str(module).count("99>") == 3


@pytest.mark.parametrize("key", ["knob_val", "transform_value"])
@pytest.mark.parametrize("name", ["approx.transform", "approxMLIR.util.annotation.transform"])
def test_static_transforms(key: str, name: str) -> None:
    text = f'"{name}"() {{func_name = "f", k = 1 : i8, {key} = 2 : i64, transform_type = "loop_perforate"}} : () -> ()\n'
    (op,) = ax.parse(text).find("approx.", "approxMLIR.")
    params = read_params(op)
    assert params == KnobParams(
        decisions=(2,), transform_type="loop_perforate", extra={"k": v.IntegerAttr(1, v.I8)}
    )
    write_params(op, params.replace(decisions=(3,)))
    assert op.text == text.strip().replace(f"{key} = 2", f"{key} = 3")
    write_params(op, params.replace(decision_values=(1, 2), extra={}, transform_type="task_skipping"))
    assert f"{key} = 2 : i64" in op.text
    for bad in ({"decisions": (1, 2)}, {"thresholds": (1,)}, {"decisions": ()}, {"thresholds_lowers": (1,)}):
        before = op.text
        with pytest.raises(ParamsError, match="a static transform holds one decision"):
            write_params(op, params.replace(**bad))
        assert op.text == before


def test_a_static_transform_without_a_value_is_left_alone() -> None:
    op = holder(ax.parse('"approx.transform"() {transform_type = "x"} : () -> ()\n'))
    params = read_params(op)
    assert params == KnobParams(transform_type="x")
    write_params(op, params)
    assert op.text == '"approx.transform"() {transform_type = "x"} : () -> ()'
    write_params(op, params.replace(decisions=(4,)))
    assert read_params(op) == KnobParams(transform_type="x", decisions=(4,))
    assert "knob_val = 4 : i32" in op.text


STRING = "  thresholds = [ 05 , 10 ];decisions=0,1,2 ;flag; 'odd key'={a=1}; transform_type='x';"


@pytest.mark.parametrize(
    ("changes", "before", "after"),
    [
        ({"thresholds": (5, 11)}, "10", "11"),
        ({"decisions": (0, 1, 3)}, "0,1,2", "0,1,3"),
        ({"thresholds": (7,), "decisions": (0, 1)}, "[ 05 , 10 ];decisions=0,1,2", "7;decisions=0,1"),
        ({"transform_type": "y"}, "transform_type='x'", "transform_type=y"),
        ({"transform_type": None}, "; transform_type='x'", ""),
        ({"extra": {}}, "flag; 'odd key'={a=1}; ", ""),
        ({"extra": {}, "transform_type": None}, " ;flag; 'odd key'={a=1}; transform_type='x'", " "),
        ({"decision_values": (0, 1, 2)}, "'x';", "'x'; decision_values=0,1,2;"),
    ],
)  # fmt: skip
def test_strings_change_where_they_differ(changes: dict[str, object], before: str, after: str) -> None:
    text = f'"approx.knob"() <{{params = "{STRING}"}}> ({{}}) : () -> ()\n'
    module = ax.parse(text)
    op = holder(module)
    old = read_params(op)
    assert old is not None
    assert STRING.count(before) == 1
    write_params(op, old.replace(**changes))
    assert read_params(op) == old.replace(**changes)
    assert str(module).replace(" ", "") == text.replace(before, after).replace(" ", "")
    write_params(op, old)
    assert str(module) == text


def test_a_flag_that_becomes_a_value_and_back() -> None:
    text = '"approx.knob"() <{params = "a; b=1"}> ({}) : () -> ()\n'
    op = holder(ax.parse(text))
    one = v.IntegerAttr(1, v.I64)
    write_params(op, KnobParams(extra={"a": one, "b": v.UnitAttr()}))
    assert '"a=1; b"' in op.text


def test_the_encoding_is_kept() -> None:
    op = holder(ax.parse('"approx.knob"() <{params = ""}> ({}) : () -> ()\n'))
    with pytest.raises(ax.IRError, match="spells its params as string, not as dictionary"):
        write_params(op, KnobParams(), encoding=Encoding.DICTIONARY)


@pytest.mark.parametrize("encoding", list(Encoding))
def test_an_operation_without_params_gets_them(encoding: Encoding) -> None:
    (op,) = ax.parse('"approx.knob"() <{id = 1 : i32}> ({}) : () -> ()\n').find("approx.knob")
    assert read_params(op) is None
    params = KnobParams(thresholds=(1,), decisions=(0, 1), transform_type="x")
    write_params(op, params, encoding=encoding)
    assert (encoding_of(op), read_params(op)) == (encoding, params)


def test_an_entry_that_means_something_else_is_refused() -> None:
    op = holder(ax.parse('"approx.util.annotation.decision_tree"() {func_name = "f"} : () -> ()\n'))
    with pytest.raises(ParamsError, match="'id' cannot be an entry here"):
        write_params(op, KnobParams(extra={"id": v.IntegerAttr(1, v.I32)}))


def test_a_dictionary_with_comments_keeps_them() -> None:
    text = (
        '"approx.knob"() <{params = { // first\n  thresholds = array<i32: 5, // five\n 10>, // ten\n'
        "  decisions = array<i32: 0, 1, 2> // last\n}}> ({}) : () -> ()\n"
    )
    module = ax.parse(text)
    write_params(holder(module), KnobParams(thresholds=(5, 11), decisions=(0, 1, 2), transform_type="x"))
    assert str(module).count("//") == 4
    assert read_params(holder(ax.parse(str(module)))) == read_params(holder(module))
    write_params(holder(module), KnobParams(thresholds=(5, 11), decisions=(0, 1, 2)))
    assert str(module) == text.replace("10", "11")


TREE = "approx.util.annotation.decision_tree"
BESIDE = (
    f'{TREE} <{{func_name = "f", params = "thresholds=5; decisions=0,1", num_thresholds = 1 : i32, '
    'thresholds = array<i32: 7>, thresholds_uppers = array<i32: 50>, transform_type = "x"}>\n'
)


def test_attributes_beside_params_complete_them() -> None:
    module = ax.parse(BESIDE)
    op = module.operations[0]
    params = KnobParams(thresholds=(5,), decisions=(0, 1), thresholds_uppers=(50,), transform_type="x")
    assert read_params(op) == params
    write_params(op, params.replace(decisions=(0, 2)))
    assert str(module) == BESIDE.replace("0,1", "0,2")
    new = params.replace(thresholds=(6, 8), decisions=(0, 1, 2), thresholds_uppers=(50, 60))
    write_params(op, new)
    assert read_params(op) == new
    assert str(module) == (
        BESIDE.replace("=5;", "=6,8;")
        .replace("0,1", "0,1,2")
        .replace("array<i32: 7>", "array<i32: 6, 8>")
        .replace("array<i32: 50>", "array<i32: 50, 60>")
        .replace("num_thresholds = 1", "num_thresholds = 2")
    )
    write_params(op, params)
    assert str(module) == BESIDE


def test_the_knob_value_beside_params_is_kept_the_same() -> None:
    text = 'approx.transform <{params = {decisions = [1]}, knob_val = 4 : i32, transform_type = "x"}>\n'
    module = ax.parse(text)
    op = module.operations[0]
    assert read_params(op) == KnobParams(decisions=(1,), transform_type="x")
    write_params(op, KnobParams(decisions=(2,), transform_type="y"))
    assert str(module) == text.replace("[1]", "[2]").replace("4", "2").replace('"x"', '"y"')


def test_the_type_of_a_params_string_is_kept() -> None:
    text = 'approx.knob() <{params = "thresholds=5; decisions=0,1" : !foo.bar}> ({\n}) : () -> ()\n'
    module = ax.parse(text)
    op = module.operations[0]
    write_params(op, KnobParams(thresholds=(6,), decisions=(0, 1)))
    assert str(module) == text.replace("=5", "=6")


@pytest.mark.parametrize(
    ("aliases", "message"),
    [
        ("", "the alias #u is not defined"),
        ("#u = #v\n#v = #u\n", "the alias #u is defined by itself"),
        ("#u = array<i32: x>\n", "the alias #u: "),
    ],
)
def test_an_alias_without_a_meaning_is_reported_where_it_is_used(aliases: str, message: str) -> None:
    text = f'{TREE} <{{func_name = "f", thresholds = #u}}>\n'
    module = ax.parse(aliases + text, lazy=True)
    (knob,) = module.knobs()
    with pytest.raises(ParamsError, match=re.escape(message)) as caught:
        knob.read()
    assert (caught.value.line, caught.value.column) == (aliases.count("\n") + 1, text.index("#u") + 1)
