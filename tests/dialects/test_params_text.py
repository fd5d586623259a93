"""The string form of params: every value survives it, and whatever is no such string has a place and a message."""

from __future__ import annotations

import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from values.value_strategies import attributes, texts

from approxir import values as v
from approxir.dialects.approx.params_text import MAX_DEPTH, parse_params, print_params
from approxir.syntax.faults import Fault

LOOSE = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
I64S = st.integers(-(1 << 63), (1 << 63) - 1)
WORDS = ("true", "false", "attr", "a.b-c$", "a b", "it's", "\\", "=", ";", "1", "", "é", "\udcff", "\n")
VALUES = st.one_of(
    attributes,
    st.lists(I64S, max_size=3).map(lambda items: v.DenseArrayAttr(v.I64, tuple(items))),
    I64S.map(lambda value: v.IntegerAttr(value, v.I64)),
    st.sampled_from(WORDS).map(v.StringAttr),
    st.lists(st.sampled_from(WORDS).map(v.StringAttr), max_size=3).map(
        lambda items: v.ArrayAttr(tuple(items))
    ),
)
ENTRIES = st.dictionaries(st.one_of(texts, st.sampled_from(WORDS)).filter(bool), VALUES, max_size=4)
SPACES = st.text(" \t\r\n", max_size=2)


def entries(text: str) -> dict[str, v.Attribute]:
    return {entry.key: entry.value for entry in parse_params(text)}


@LOOSE
@given(ENTRIES)
def test_every_value_survives(values: dict[str, v.Attribute]) -> None:
    text = print_params(values)
    assert text.isascii()
    assert "\n" not in text
    read = entries(text)
    assert list(read.items()) == list(values.items())
    # The bits of floating point numbers too, which equality does not look at.
    assert [str(value) for value in read.values()] == [str(value) for value in values.values()]
    assert print_params(read) == text


@LOOSE
@given(ENTRIES)
def test_the_spans_are_those_of_entries_and_values(values: dict[str, v.Attribute]) -> None:
    text = print_params(values)
    for entry in parse_params(text):
        assert entries(text[slice(*entry.span)]) == {entry.key: entry.value}
        assert entry.span[0] < entry.value_span[0] <= entry.value_span[1] == entry.span[1]
        if not isinstance(entry.value, v.UnitAttr):
            assert entries("k=" + text[slice(*entry.value_span)]) == {"k": entry.value}


PIECES = [
    ("thresholds", "=", "5", ",", "10", ";", "flag", ";", "k", "=", "{", "a", "=", "'x; y'", ";", "}"),
    ("a", "=", ";", "b", "=", "[", "]", ";", "c", "=", "[", "x", ",", "'y'", "]"),
    ("a", "=", "attr(", "'1 : i8'", ")", ";", "b", "=", "-1.5", ";", "c", "=", "true", ";"),
    (";",),
    (),
]


@LOOSE
@given(st.sampled_from(PIECES), st.data())
def test_white_space_means_nothing(pieces: tuple[str, ...], data: st.DataObject) -> None:
    spaced = "".join(data.draw(SPACES) + piece for piece in pieces) + data.draw(SPACES)
    assert entries(spaced) == entries("".join(pieces))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("thresholds=5,10; decisions=0,1,2", {"thresholds": "array<i64: 5, 10>", "decisions": "array<i64: 0, 1, 2>"}),
        ("a=5", {"a": "5 : i64"}),
        ("a=[5]", {"a": "array<i64: 5>"}),
        ("a=", {"a": "array<i64>"}),
        ("a=[]", {"a": "array<i64>"}),
        ("a=-9223372036854775808,9223372036854775807", {"a": "array<i64: -9223372036854775808, 9223372036854775807>"}),
        ("a=007", {"a": "7 : i64"}),
        ("a=1.5", {"a": "1.5 : f64"}),
        ("a=1.", {"a": "1. : f64"}),
        ("a=true; b", {"a": "true", "b": "unit"}),
        ("a=x, 'y z'", {"a": '["x", "y z"]'}),
        (r"a='\\\'\n\t\xc3\xa9\xff'", {"a": r'"\\' + "'" + r'\0A\09\C3\A9\FF"'}),
        ("'odd key;'={b=1; c={}}", {"odd key;": "{b = 1, c = {}}"}),
        ("attr=attr ('1 : i8')", {"attr": "1 : i8"}),
        ("", {}),
    ],
)  # fmt: skip
def test_what_strings_mean(text: str, values: dict[str, str]) -> None:
    from approxir import parse_attribute

    assert entries(text) == {key: parse_attribute(value) for key, value in values.items()}


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("a=1,", 4, "found the end of the string"),
        ("a=1 2", 4, "expected ',' or ';' or the end, found '2'"),
        ("a=1;;b", 4, "found ';'"),
        ("=1", 0, "found '='"),
        ("a={b=1", 6, "found the end of the string"),
        ("a=1}", 3, "found '}'"),
        ("a=[1", 4, "found the end of the string"),
        ("a=[,]", 3, "found ','"),
        ("a='x", 2, "never closed"),
        ("a='x\\", 2, "never closed"),
        ("a?", 1, "unexpected '?'"),
        ("a=1; a=2", 5, "the key 'a' occurs twice"),
        ("a={b; b}", 6, "the key 'b' occurs twice"),
        ("a; 'a'", 3, "the key 'a' occurs twice"),
        ("''=1", 0, "a key cannot be empty"),
        ("a=1,x", 4, "integers or strings"),
        ("a=x,1", 4, "integers or strings"),
        ("a=1.5,2.5", 2, "integers or strings"),
        ("a=9223372036854775808", 2, "does not fit into 64 bits"),
        ("a=-9223372036854775809", 2, "does not fit into 64 bits"),
        ("a=" + "9" * 10_000, 2, "does not fit into 64 bits"),
        (r"ab='x\q'", 5, r"unknown escape \q"),
        (r"ab='x\x4'", 5, r"unknown escape \x"),
        ("a=attr('[1')", 7, "attr("),
        ("a=attr(1)", 7, "expected a string"),
        ("a='\ud800'", 2, "UTF-8"),
        ("x={" * (MAX_DEPTH + 1), 3 * MAX_DEPTH + 2, f"more than {MAX_DEPTH} dictionaries"),
    ],
)
def test_faults_say_what_and_where(text: str, place: int, message: str) -> None:
    with pytest.raises(Fault) as caught:
        parse_params(text)
    assert (caught.value.offset, message in caught.value.message) == (place, True), caught.value.message
    assert len(caught.value.message) < 200


TOKENS = (
    "a", "b c", "=", ";", ",", "[", "]", "{", "}", "attr(", ")", "'x'", "'", "\\", "1", "-5", "1.5", "9" * 30, "-",
    "true", " ", "\n", "\ud800", "\udcff", "é", "''", "'\\x4'", "'\\xff'", "attr('1 : i32')", "attr('{')", "k=", "/",
)  # fmt: skip


@settings(LOOSE, max_examples=400)
@given(st.lists(st.sampled_from(TOKENS), max_size=10).map("".join))
def test_whatever_is_no_params_string_is_a_fault(text: str) -> None:
    fault: Fault | None = None
    found: dict[str, v.Attribute] = {}
    try:
        found = entries(text)
    except Fault as error:
        fault = error
    if fault is None:
        assert entries(print_params(found)) == found
    else:
        assert 0 <= fault.offset <= len(text)
        assert fault.message


@pytest.mark.parametrize(
    "text",
    [
        "k=" + ",".join(["1"] * 50_000),
        ";".join(f"k{i}={{a=; b=[]}}" for i in range(10_000)),
        "k='" + "\\x41" * 100_000 + "'",
        "k='" + "x" * 1_000_000 + "'",
    ],
)
def test_long_strings(text: str) -> None:
    # Each of these takes minutes where the time is quadratic.
    found = parse_params(text)
    assert found[-1].span[1] == len(text)


@pytest.mark.parametrize(
    "text", ["a={" * 100_000, "a={" * 100_000 + "}" * 100_000, "[" * 100_000, "k=" + "[" * 100_000]
)
def test_deep_nesting_is_a_fault(text: str) -> None:
    limit = sys.getrecursionlimit()
    with pytest.raises(Fault):
        parse_params(text)
    assert sys.getrecursionlimit() == limit


def test_dictionaries_deeper_than_the_form_allows_survive_as_attributes() -> None:
    value: v.Attribute = v.IntegerAttr(1, v.I64)
    for _ in range(MAX_DEPTH + 10):
        value = v.DictAttr({"a": value})
    text = print_params({"k": value})
    assert "attr('" in text
    assert entries(text) == {"k": value}
