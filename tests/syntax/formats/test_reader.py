"""What the reader finds where, and what it says about text that does not follow a format."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from generic_form import Converter
from test_formats_against_mlir import chunks

from approxir.errors import ParseError
from approxir.syntax.formats.forms import Context
from approxir.syntax.formats.reader import read_custom, read_prefix, signature


def test_offsets_point_into_the_text() -> None:
    text = '%c = arith.addi %a, %b#1 {k = 1 : i32} : i32 loc("x")'
    start = text.index("arith")
    form = read_custom("arith.addi", text, start, len(text), ())
    assert form is not None
    for ref, name in zip(form.operands, ("%a", "%b#1"), strict=True):
        assert ref.name == name == text[ref.start : ref.end]
    type_ = form.operand_types[0]
    assert type_ is not None
    assert text[type_.start : type_.end] == "i32"
    (entry,) = form.attributes
    assert entry.value is not None
    assert (text[entry.key_start : entry.key_end], text[entry.value.start : entry.value.end]) == (
        "k",
        "1 : i32",
    )
    assert form.location is not None
    assert form.location.text == 'loc("x")'


def test_names_of_packs_lose_their_blanks() -> None:
    text = "arith.addi %a #0, %b // the other\n #1 : i32"
    form = read_custom("arith.addi", text, 0, len(text), ())
    assert form is not None
    assert [ref.name for ref in form.operands] == ["%a#0", "%b#1"]


def test_region_arguments_of_a_loop() -> None:
    text = "scf.for %i = %a to %b step %c iter_args(%x = %y, %z = %w) -> (f32, index) { BODY }"
    brace = text.index("{")
    form = read_custom("scf.for", text, 0, len(text), [(brace, len(text))])
    assert form is not None
    assert [(a.name, a.type.text if a.type else None) for a in form.region_arguments[0]] == [
        ("%i", "index"),
        ("%x", "f32"),
        ("%z", "index"),
    ]
    assert form.regions == ((brace, len(text)),)
    assert form.implicit_terminators == ("scf.yield",)
    assert [ref.name for ref in form.operands] == ["%a", "%b", "%c", "%y", "%w"]


def test_symbol_definition_and_uses() -> None:
    text = 'func.func private @"a b"(i32) -> i32'
    form = read_custom("func.func", text, 0, len(text), ())
    assert form is not None
    assert form.symbol is not None
    assert (form.symbol.name, form.symbol.visibility) == ("a b", "private")
    assert text[form.symbol.start : form.symbol.end] == '@"a b"'
    call = "func.call @f(%a) : (i32) -> i32"
    used = read_custom("func.call", call, 0, len(call), ())
    assert used is not None
    assert [use.text for use in used.symbol_uses] == ["@f"]


def test_inherent_entries_of_the_dictionary_become_properties() -> None:
    text = "memref.alloc() {alignment = 8 : i64, mine} : memref<4xf32>"
    form = read_custom("memref.alloc", text, 0, len(text), ())
    assert form is not None
    assert form.properties["alignment"].text == "8 : i64"
    assert form.properties["operandSegmentSizes"].text == "array<i32: 0, 0>"
    assert [entry.key for entry in form.attributes] == ["mine"]


def test_successors_and_their_operands() -> None:
    text = "cf.cond_br %c, ^a(%x : i32), ^b"
    form = read_custom("cf.cond_br", text, 0, len(text), ())
    assert form is not None
    assert [(s.label, [r.name for r in s.operands]) for s in form.successors] == [("^a", ["%x"]), ("^b", [])]
    assert form.properties["operandSegmentSizes"].text == "array<i32: 1, 1, 0>"


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("arith.cmpi eq, %a, %b : vector<4xi32>", "vector<4xi1>"),
        ("arith.cmpf olt, %a, %b : tensor<?x2xf32>", "tensor<?x2xi1>"),
        ("memref.load %m[%i] : memref<4xvector<2xf32>, 1>", "vector<2xf32>"),
        ("tensor.extract %t[] : tensor<!my.type<a, b>>", "!my.type<a, b>"),
        ("memref.dim %m, %i : memref<?xf32>", "index"),
        ("affine.apply affine_map<(d0) -> (d0 * 2)>(%i)", "index"),
        ("arith.constant dense<0> : tensor<2xi8>", "tensor<2xi8>"),
        ("arith.constant true", "i1"),
        ('llvm.icmp "eq" %a, %b : !llvm.ptr', "i1"),
        ("memref.load %m[%i] : !alias", "f32"),
    ],
)
def test_inferred_result_types(text: str, result: str) -> None:
    name = re.match(r"[\w.]+", text)[0]  # type: ignore[index]
    context = Context(alias={"!alias": "memref<4xf32>"}.get)
    form = read_custom(name, text, 0, len(text), (), context=context)
    assert form is not None
    assert form.result_types is not None
    assert [t.text if t else None for t in form.result_types] == [result]


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("arith.addi %a %b : i32", "%b", "`,`"),
        ("arith.addi %a, %b", "", "`:`"),
        ("arith.cmpi less, %a, %b : i32", "less", "eq, ne"),
        ("memref.load %m[%i : memref<4xf32>", ": memref", "`]`"),
        ("scf.for %i = %a to %b {}", "{}", "`step`"),
        ("cf.br bb1", "bb1", "a block"),
        ("func.call f() : () -> ()", "f()", "a symbol"),
        ("arith.addi %a, %b : i32 extra", "extra", "the end of arith.addi"),
        ("memref.alloc() : memref<4xf32", "<4xf32", "`>`"),
    ],
)
def test_errors_point_at_the_fault(text: str, at: str, expected: str) -> None:
    name = re.match(r"[\w.]+", text)[0]  # type: ignore[index]
    with pytest.raises(ParseError) as caught:
        read_custom(name, text, 0, len(text), ())
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.offset == (text.rindex(at) if at else len(text))
    assert expected in diagnostic.message


def test_unknown_operations_have_no_form() -> None:
    assert read_custom("foo.bar", "foo.bar %a", 0, 10, ()) is None
    assert signature("foo.bar") is None


def test_every_cut_of_an_operation_ends_in_an_answer() -> None:
    """Half an operation is a form or a ParseError, never another exception."""
    for _, _, text in chunks():
        converter = Converter(text)
        converter.convert()
        for match in re.finditer(r"(?:^|= )([a-z_]+\.[\w.]+)", text, re.M):
            name = match[1]
            line_end = text.find("\n", match.start(1) + 1)
            for end in range(match.end(1), min(line_end, match.end(1) + 60)):
                try:
                    read_prefix(name, text, match.start(1), end)
                except ParseError:
                    continue


@pytest.mark.parametrize("depth", [100, 100_000])
def test_nesting_needs_no_recursion(depth: int) -> None:
    text = "arith.constant {a = " + "[" * depth + "]" * depth + "} 1 : i32"
    form = read_custom("arith.constant", text, 0, len(text), ())
    assert form is not None
    deep = "unrealized_conversion_cast to " + "tuple<" * depth + "i32" + ">" * depth
    cast = read_custom("builtin.unrealized_conversion_cast", deep, 0, len(deep), ())
    assert cast is not None
    with pytest.raises(ParseError):
        read_custom("arith.constant", text[:-30], 0, len(text) - 30, ())


def test_work_grows_with_the_number_of_operands() -> None:
    def calls(count: int) -> int:
        text = "func.return " + ", ".join(["%a"] * count) + " : " + ", ".join(["i32"] * count)
        events = 0

        def note(*_: object) -> None:
            nonlocal events
            events += 1

        before = sys.getprofile()
        sys.setprofile(note)
        try:
            read_custom("func.return", text, 0, len(text), ())
        finally:
            sys.setprofile(before)
        return events

    calls(1)
    # Linear work is 8 times as much, quadratic work 64 times.
    assert calls(8_000) < 10 * calls(1_000)


def test_traits_load_neither_lark_nor_formats() -> None:
    code = (
        "import sys\n"
        "from approxir.syntax.formats.traits import default_dialect, implicit_terminator\n"
        "from approxir.syntax.formats.traits import is_terminator, traits\n"
        "assert 'isolated' in traits('func.func') and 'isolated' not in traits('scf.for')\n"
        "assert is_terminator('cf.br') and not is_terminator('arith.addi')\n"
        "assert implicit_terminator('scf.for') == 'scf.yield' and default_dialect('func.func') == 'func'\n"
        "assert traits('nobody.knows') == frozenset() and 'terminator' in traits('approxMLIR.yield')\n"
        "assert 'lark' not in sys.modules and 'approxir.syntax.formats.elements' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_signature_tells_the_shape() -> None:
    found = signature("scf.for")
    assert found is not None
    assert [(g.name, g.kind) for g in found.operands][-1] == ("initArgs", "many")
    assert [g.kind for g in found.regions] == ["one"]
    assert "loop" in found.traits


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("builtin.unrealized_conversion_cast %a : i32 to !other.t<a // b>", "!other.t<a // b>"),
        ("builtin.unrealized_conversion_cast %a : i32 to !llvm.ptr<1 // one\n >", "!llvm.ptr<1 // one\n >"),
    ],
)
def test_only_bodies_of_unknown_dialects_have_no_comments(text: str, type_: str) -> None:
    form = read_custom("builtin.unrealized_conversion_cast", text, 0, len(text), ())
    assert form is not None
    assert form.result_types is not None
    assert [t.text if t else None for t in form.result_types] == [type_]
