"""Setting an attribute changes the least of its text: what is the same keeps its spelling."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from values.value_strategies import attributes, dense_arrays, names, texts

import approxir as ax
from approxir import values as v
from approxir.ir.value_edits import value_edits
from approxir.ir.value_spans import array_spans, dense_array_spans
from approxir.syntax.attributes import parse_attribute


def edited(text: str, new: v.Attribute, *, before: str = "", after: str = "") -> str:
    """The text after it was made to spell `new`, with the edits checked."""
    whole = before + text + after
    start = len(before)
    edits = value_edits(whole, start, start + len(text), parse_attribute(text), new)
    at = start
    out = []
    for begin, end, piece in edits:
        assert at <= begin <= end <= start + len(text)
        out += [whole[at:begin], piece]
        at = end
    out.append(whole[at : start + len(text)])
    return "".join(out)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        # Dense arrays.
        ("array<i32:100,0x1F4>", "array<i32: 100, 501>", "array<i32:100,501>"),
        ("array<i32:0x64,0x1F4>", "array<i32: 7, 500>", "array<i32:7,0x1F4>"),
        ("array<i8: 0xFF, - 1, 3>", "array<i8: -1, -1, 4>", "array<i8: 0xFF, - 1, 4>"),
        ("array<i32: 1, // one\n  2 // two\n>", "array<i32: 1, 3>", "array<i32: 1, // one\n  3 // two\n>"),
        ("array < i32 // a, b\n : 1,2>", "array<i32: 2, 2>", "array < i32 // a, b\n : 2,2>"),
        ("array<i1: true,false>", "array<i1: true, true>", "array<i1: true,true>"),
        ("array<f32: 0.0, 0x7FC00000>", "array<f32: -0.0, 0x7FC00000>", None),
        ("array<f64: 1.0,1.0e0>", "array<f64: 1.5, 1.0>", "array<f64: 1.500000e+00,1.0e0>"),
        ("array<i32: 1,2>", "array<i32: 1, 2, 3>", "array<i32: 1,2,3>"),
        ("array<i32: 1 , 2>", "array<i32: 0, 3, 1, 2>", "array<i32: 0 , 3 , 1 , 2>"),
        ("array<i32: 1,\n 2>", "array<i32: 1, 5, 2>", "array<i32: 1,\n 5,\n 2>"),
        ("array<i32: 0x1>", "array<i32: 1, 2>", "array<i32: 0x1, 2>"),
        ("array<i32: 0x1, 0x2, 0x3>", "array<i32: 1, 3>", "array<i32: 0x1, 0x3>"),
        ("array<i32: 0x1, 0x2, 0x3>", "array<i32: 1, 2>", "array<i32: 0x1, 0x2>"),
        ("array<i32: 0x1, 0x2, 0x3>", "array<i32: 3>", "array<i32: 0x3>"),
        ("array<i32: 0x1, 0x2, 0x3>", "array<i32: 0x1, 0x5>", "array<i32: 0x1, 5>"),
        ("array<i32: 1, // one\n 2 // two\n>", "array<i32: 1>", "array<i32: 1 // one\n  // two\n>"),
        ("array<i32: 1, // one\n 2 // two\n>", "array<i32: 2>", "array<i32: // one\n 2 // two\n>"),
        ("array<i32: 1 // one\n, 2>", "array<i32>", "array<i32 // one\n>"),
        ("array<i32 // type\n: 1>", "array<i32>", "array<i32 // type\n >"),
        ("array< i32 : 1, 2 >", "array<i32>", "array< i32 >"),
        ("array< i32 >", "array<i32: 1, 2>", "array< i32: 1, 2 >"),
        ("array<i32: 1>", "array<i64: 1>", "array<i64: 1>"),
        ("array<!t: 1,2>", "array<!t: 1, 3>", "array<!t: 1,3>"),
        # Arrays.
        ("[1,0x10 : i8 , @a]", "[1, 17 : i8, @a]", "[1,17 : i8 , @a]"),
        ("[1, [2,[0x3,4]]]", "[1, [2, [3, 5]]]", "[1, [2,[0x3,5]]]"),
        ('["a,]",#d<"]">,{a}]', '["b,]", #d<"]">, {a}]', '["b,]",#d<"]">,{a}]'),
        ("[@a::@b, @c :: @d]", "[@a::@c, @c::@d]", "[@a::@c, @c :: @d]"),
        ("[(i32) -> i32, affine_map<(d0) -> (d0)>]", "[i32, affine_map<(d0) -> (d0)>]", None),
        ("[affine_set<(d0) : (d0 >= 0, d0 - 1 == 0)>,0x1]", None, None),
        ("[dense<[1,2]> : tensor<2xi32>,!t.x<[(1, 2)]>,#a]", None, None),
        ("[1 // one, uno\n, 2]", "[1, 3]", "[1 // one, uno\n, 3]"),
        ("[ // nothing\n]", "[1, 2.5]", "[1, 2.5 // nothing\n]"),
        ("[0x1,0x2]", "[0x1, 5 : i8, 0x2]", "[0x1,5 : i8,0x2]"),
        ("[0x1,0x2]", "[]", "[]"),
        # Dictionaries.
        ("{a=0x1,b}", "{a = 1, b = 2}", "{a=0x1,b = 2 : i64}"),
        ("{a=0x1,b}", "{a}", "{a}"),
        ("{a=0x1,b=unit}", "{a = 2, b}", "{a=2,b=unit}"),
        ("{b,a=0x1}", "{a = 1, b, c}", "{b,a=0x1,c}"),
        ('{a, // the first\n "b c" = 0x2}', '{"b c" = 2}', '{// the first\n "b c" = 0x2}'),
        ("{a, // the first\n b}", "{a}", "{a // the first\n }"),
        ("{a=1,b=2}", "{c}", None),
        ("{a={b=[0x1,2]}}", "{a = {b = [1, 3]}}", "{a={b=[0x1,3]}}"),
        # Numbers.
        ("5:i8", "6 : i8", "6:i8"),
        ("- 5 : i8", "6 : i8", "6 : i8"),
        ("0x10", "-3", "-3"),
        ("5 // five\n : index", "6 : index", "6 // five\n : index"),
        ("5 : i8", "5 : i16", "5 : i16"),
        ("1.5:f32", "2.5 : f32", "2.5:f32"),
        ("1.5", "0x7FF0000000000000 : f64", "0x7FF0000000000000 : f64"),
        ("1.5 :f64", "0x7FF0000000000000 : f64", "0x7FF0000000000000 :f64"),
        # Strings.
        (r'"\41bc\22def"', '"Abcdef"', r'"\41bcdef"'),
        (r'"\41bc\22def"', r'"Abc\22dxf"', r'"\41bc\22dxf"'),
        (r'"a\\b\nc"', r'"a\\b\nd"', r'"a\\b\nd"'),
        (r'"\C3\A9x"', r'"\C3\A8x"', r'"\C3\A8x"'),
        ('"\u00e9x\u00e9y"', r'"\C3\A8x\C3\A9y"', '"\\C3\\A8x\u00e9y"'),
        ('"aa"', '"aaa"', '"aaa"'),
        (r'"\61\61"', '"a"', r'"\61"'),
        ('"a" : !t', '"b" : !t', '"b" : !t'),
        ('"{threshold=1, n = 2}"', '"{threshold=3, n = 2}"', '"{threshold=3, n = 2}"'),
        # Others.
        ("true", "false", "false"),
        ("1 : i1", "true", "1 : i1"),
        ("dense<1>:tensor<2xi32>", "dense<1> : tensor<2xi32>", "dense<1>:tensor<2xi32>"),
    ],
)
def test_edits(old: str, new: str | None, expected: str | None) -> None:
    wanted = parse_attribute(old if new is None else new)
    after = edited(old, wanted, before="{a = ", after="}")
    assert parse_attribute(after) == wanted
    assert edited(old, parse_attribute(old)) == old
    if new is None:
        assert after == old
        changed = v.ArrayAttr((*parse_attribute(old).elements, v.UnitAttr()))  # type: ignore[attr-defined]
        assert edited(old, changed).startswith(old[:-1])
    elif expected is not None:
        assert after == expected


def test_parts_of_nested_arrays() -> None:
    text = (
        '[ [1,2] , "a,b", #d.x<a, b>, // c, d\n {k = 1, l}, (i32, i32) -> i32, tensor<2x[(>, array<i8:1, 2>]'
    )
    text = text.replace("tensor<2x[(>", "!d<tensor(2,x)>")
    spans = array_spans(text, 0, len(text))
    assert spans is not None
    assert [text[start:end] for start, end in spans] == [
        "[1,2]",
        '"a,b"',
        "#d.x<a, b>",
        "{k = 1, l}",
        "(i32, i32) -> i32",
        "!d<tensor(2,x)>",
        "array<i8:1, 2>",
    ]
    for bad in ("[", "1", "[1,]", "[,1]", "[(]", '["]', "[1}", "[#a<]"):
        assert array_spans(bad, 0, len(bad)) is None
    for bad in ("array<i8: 1, >", "array<i8>x", "array<i8:1,,2>", "[1]"):
        assert dense_array_spans(bad, 0, len(bad)) is None


# The same attribute, written in other ways.

blanks = st.sampled_from(["", "", "", " ", "  ", "\n", "\t", " // c, ]}\n", "//\n "])


@st.composite
def spelled(draw: st.DrawFn, value: v.Attribute, *, plain: bool = False) -> str:
    """Some text for an attribute, its lists spaced and its numbers and strings spelled as one likes."""
    gap = (lambda: draw(st.sampled_from(["", " "]))) if plain else (lambda: draw(blanks))
    if isinstance(value, v.ArrayAttr):
        inner = [gap() + draw(spelled(item, plain=plain)) + gap() for item in value]
        return "[" + ",".join(inner) + "]"
    if isinstance(value, v.DictAttr):
        entries = []
        for key, item in value.items():
            name = v.quote(key) if draw(st.booleans()) else v.key_text(key)
            if not isinstance(item, v.UnitAttr) or draw(st.booleans()):
                name += f"{gap()}={gap()}{draw(spelled(item, plain=plain))}"
            entries.append(gap() + name + gap())
        return "{" + ",".join(entries) + "}"
    if isinstance(value, v.DenseArrayAttr):
        # Inside these, MLIR's lexer is asked only for what is between the angle brackets.
        numbers = []
        for number in value.values:
            text = str(v.DenseArrayAttr(value.element_type, (number,))).partition(": ")[2][:-1]
            if isinstance(number, int) and not isinstance(number, bool) and draw(st.booleans()):
                text = f"{'-' + gap() if number < 0 else ''}0x{abs(number):x}"
            numbers.append(gap() + text + gap())
        body = ":" + ",".join(numbers) if numbers else ""
        return f"array{gap()}<{gap()}{value.element_type}{gap()}{body}>"
    if isinstance(value, v.IntegerAttr):
        sign = "-" + gap() if value.value < 0 else ""
        number = f"{abs(value.value):#x}" if draw(st.booleans()) else str(abs(value.value))
        if value.type == v.I64 and draw(st.booleans()):
            return sign + number
        return f"{sign}{number}{gap()}:{gap()}{value.type}"
    if isinstance(value, v.StringAttr):
        data = value.value.encode("utf-8", "surrogateescape")
        escaped = draw(st.booleans())
        raw = '"' + "".join(f"\\{b:02x}" if escaped or b < 32 or b in b'"\\' else chr(b) for b in data) + '"'
        if not escaped:
            raw = raw.encode("latin-1").decode("utf-8", "surrogateescape")
        return raw if value.type is None else f"{raw}{gap()}:{gap()}{value.type}"
    return str(value)


@st.composite
def changed(draw: st.DrawFn, value: v.Attribute) -> v.Attribute:
    """An attribute that has much in common with another one."""
    if draw(st.integers(0, 9)) == 0:
        return draw(attributes)
    if isinstance(value, v.ArrayAttr):
        return v.ArrayAttr(tuple(draw(resized(list(value), attributes, changed))))
    if isinstance(value, v.DictAttr):
        items = draw(resized(list(value.items()), st.tuples(names, attributes), changed_entry))
        return v.DictAttr(dict(items))
    if isinstance(value, v.DenseArrayAttr):
        fresh = draw(st.lists(st.sampled_from([*value.values, 0, 1]), max_size=3)) or [1]
        items = draw(resized(list(value.values), st.sampled_from(fresh), st.just))
        return v.DenseArrayAttr(value.element_type, tuple(items))
    if isinstance(value, v.IntegerAttr):
        return v.IntegerAttr(draw(st.integers(0, 1)), value.type)
    if isinstance(value, v.StringAttr):
        data = value.value.encode("utf-8", "surrogateescape")
        at, end = sorted((draw(st.integers(0, len(data))), draw(st.integers(0, len(data)))))
        new = draw(texts).encode("utf-8", "surrogateescape")
        return v.StringAttr((data[:at] + new + data[end:]).decode("utf-8", "surrogateescape"), value.type)
    return draw(attributes)


@st.composite
def changed_entry(draw: st.DrawFn, entry: tuple[str, v.Attribute]) -> tuple[str, v.Attribute]:
    return entry[0], draw(changed(entry[1]))


@st.composite
def resized(draw: st.DrawFn, items: list, fresh: st.SearchStrategy, change) -> list:  # type: ignore[no-untyped-def,type-arg]
    out = []
    for item in items:
        what = draw(st.integers(0, 5))
        if what == 0:
            continue
        out.append(draw(change(item)) if what == 1 else item)
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        out.insert(draw(st.integers(0, len(out))), draw(fresh))
    return out


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, v.Attribute, v.Attribute]:
    old = draw(st.one_of(attributes, st.lists(attributes, min_size=1, max_size=5).map(v.ArrayAttr)))
    return draw(spelled(old)), old, draw(changed(old))


@settings(max_examples=300, deadline=None)
@given(cases())
def test_the_edited_text_spells_the_new_attribute(case: tuple[str, v.Attribute, v.Attribute]) -> None:
    text, old, new = case
    assert parse_attribute(text) == old
    after = edited(text, new, before="[", after=", 1]")
    assert parse_attribute(after) == new
    assert edited(text, old) == text


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_elements_that_stay_keep_their_text(data: st.DataObject) -> None:
    old = data.draw(st.one_of(dense_arrays(), st.lists(attributes, max_size=5).map(v.ArrayAttr)))
    items = list(old.values if isinstance(old, v.DenseArrayAttr) else old.elements)
    text = data.draw(spelled(old))
    spans = dense_array_spans(text, 0, len(text))
    places = spans.items if spans is not None else array_spans(text, 0, len(text)) or []
    assert len(places) == len(items)
    if not items:
        return
    at = data.draw(st.integers(0, len(items) - 1))
    items[at] = data.draw(st.sampled_from(items))
    new = v.DenseArrayAttr(old.element_type, tuple(items)) if spans is not None else v.ArrayAttr(tuple(items))  # type: ignore[union-attr]
    after = edited(text, new)
    start, end = places[at]
    assert after.startswith(text[:start])
    assert after.endswith(text[end:])


def test_values_that_nest_deep_are_edited_too() -> None:
    depth = 900
    text = "[" * depth + "0x1" + "]" * depth
    new = parse_attribute(text.replace("0x1", "2"))
    assert parse_attribute(edited(text, new)) == new
    assert edited(text, parse_attribute(text)) == text


def test_long_values_are_edited_in_linear_time() -> None:
    count = 50_000
    old = "array<i32:" + ",".join(hex(n) for n in range(count)) + ">"
    new = v.DenseArrayAttr(v.I32, tuple(range(1, count)))
    begun = time.process_time()
    assert edited(old, new) == old.replace("0x0,", "")
    letters = '"' + "\\61b" * count + '"'
    assert edited(letters, v.StringAttr("ab" * (count - 1) + "ax")) == letters[:-2] + 'x"'
    entries = "{" + ",".join(f"k{n}=0x1" for n in range(2000)) + "}"
    fewer = v.DictAttr({f"k{n}": v.IntegerAttr(1) for n in range(0, 2000, 2)})
    assert edited(entries, fewer) == "{" + ",".join(f"k{n}=0x1" for n in range(0, 2000, 2)) + "}"
    assert time.process_time() - begun < 120


# On operations.


def test_setting_the_old_value_gives_the_old_text() -> None:
    text = '"a.b"() {n = array<i32:1,0x2 // two\n>, s = "\\41", r = [@f,0x1], d} : () -> ()\n'
    module = ax.parse(text)
    view = module.operations[0].attributes
    old = dict(view)
    for new in ({"n": [1, 3], "s": "B", "r": old["n"], "d": 5}, old):
        for key, value in new.items():
            view[key] = value
    assert str(module) == text
    assert dict(view) == old


def test_inline_attributes_of_custom_forms() -> None:
    module = ax.parse("%0 = arith.constant 0x10 : i32\n%1 = arith.constant dense<[1,2]> : tensor<2xi32>\n")
    first, second = module.operations
    first.attributes["value"] = 17
    assert str(first) == "%0 = arith.constant 17 : i32"
    first.attributes["value"] = 16
    assert str(first) == "%0 = arith.constant 0x10 : i32"
    second.attributes["value"] = second.attributes["value"]
    assert str(second) == "%1 = arith.constant dense<[1,2]> : tensor<2xi32>"
    compare = ax.parse("func.func @f(%a: i32) {\n  %0 = arith.cmpi slt, %a, %a : i32\n  return\n}\n").find(
        "arith.cmpi"
    )[0]
    compare.attributes["predicate"] = compare.attributes["predicate"]
    assert str(compare) == "%0 = arith.cmpi slt, %a, %a : i32"


SYMBOLS = """func.func private @f()
func.func private @g()
func.func private @h()
"a.b"() {r = [@f,  @g], s} : () -> ()
"""


def test_symbols_in_edited_values_are_renamed_once() -> None:
    module = ax.parse(SYMBOLS)
    op = module.operations[3]
    op.attributes["r"] = v.ArrayAttr((v.SymbolRefAttr("f"), v.SymbolRefAttr("h")))
    assert str(op) == '"a.b"() {r = [@f,  @h], s} : () -> ()'
    table = module.symbols
    assert len(table.uses("f")) == len(table.uses("h")) == 1
    assert table.uses("g") == []
    table.rename("f", "x")
    assert str(op) == '"a.b"() {r = [@x,  @h], s} : () -> ()'
    table.rename("x", "f")
    table.rename("h", "y")
    assert str(op) == '"a.b"() {r = [@f,  @y], s} : () -> ()'
    op.attributes["r"] = parse_attribute("[@f, @g]")
    assert str(op) == '"a.b"() {r = [@f,  @g], s} : () -> ()'
    assert len(table.uses("f")) == len(table.uses("g")) == 1
    op.attributes["r"] = v.UnitAttr()
    assert str(op) == '"a.b"() {r, s} : () -> ()'


def test_a_value_that_is_set_takes_the_place_of_renamed_symbols() -> None:
    module = ax.parse(SYMBOLS)
    op = module.operations[3]
    module.symbols.rename("f", "x")
    assert str(op) == '"a.b"() {r = [@x,  @g], s} : () -> ()'
    op.attributes["r"] = parse_attribute("[@x, @h]")
    assert str(op) == '"a.b"() {r = [@x,  @h], s} : () -> ()'
    module.operations[0].attributes["sym_name"] = "z"
    assert str(module.operations[0]) == "func.func private @z()"


def test_a_small_edit_of_a_long_text_is_quick() -> None:
    line = "  %c{} = arith.constant {} : i32\n"
    body = "".join(line.format(n, n) for n in range(300_000))
    text = (
        "func.func @f() {\n"
        + body
        + '  "approx.knob"() {t = array<i32:1,0x2>} : () -> ()\n'
        + body
        + "  return\n}\n"
    )
    module = ax.parse(text)
    op = module.find("approx.knob")[0]
    begun = time.process_time()
    for number in range(200):
        op.attributes["t"] = [1, number]
        assert op.attributes["t"] == v.DenseArrayAttr(v.I32, (1, number))
        assert len(op.attributes.element_spans("t")) == 2
        assert str(op) == '"approx.knob"() {t = array<i32:1,%s>} : () -> ()' % (
            "0x2" if number == 2 else number
        )
    op.rename("approx.other")
    assert str(op).startswith('"approx.other"() {')
    assert time.process_time() - begun < 120
    assert str(module) == text.replace("approx.knob", "approx.other").replace("0x2", "199")
