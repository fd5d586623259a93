"""Reading attributes and types: what is accepted, what is said about the rest, and at what cost."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from syntax.attribute_errors import EXAMPLES
from values.attribute_texts import ACCEPTED, BEYOND, REFUSED

from approxir import values as v
from approxir.errors import ParseError
from approxir.syntax import attributes as reader
from approxir.syntax.attribute_tokens import MAX_DEPTH
from approxir.syntax.source import Source

MLIR_OPT = next(filter(None, (shutil.which(f"mlir-opt{tail}") for tail in ("", "-23", "-22", "-21"))), None)
needs_mlir = pytest.mark.skipif(MLIR_OPT is None, reason="no mlir-opt is installed")


def mlir(texts: list[str]) -> subprocess.CompletedProcess[str]:
    """What MLIR says about each text by itself; the text with number n stands in line 2 n + 1."""
    lines = "\n// -----\n".join(f'"t.op"() {{a = {text}}} : () -> ()' for text in texts)
    options = ["--allow-unregistered-dialect", "--mlir-print-op-generic", "--split-input-file"]
    return subprocess.run([str(MLIR_OPT), *options], input=lines, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("text", [*ACCEPTED, *BEYOND])
def test_accepted_and_stable(text: str) -> None:
    value = reader.parse_attribute(text)
    canonical = str(value)
    again = reader.parse_attribute(canonical)
    assert again == value
    assert str(again) == canonical


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text: str) -> None:
    with pytest.raises(ParseError):
        reader.parse_attribute(text)
    with pytest.raises(ParseError):
        reader.parse_attribute_dict(f"{{a = {text}}}")


@needs_mlir
def test_real_mlir_reads_the_same_from_the_canonical_text() -> None:
    theirs = mlir(ACCEPTED)
    assert theirs.returncode == 0, theirs.stderr
    ours = mlir([str(reader.parse_attribute(text)) for text in ACCEPTED])
    assert ours.returncode == 0, ours.stderr
    assert ours.stdout == theirs.stdout


@needs_mlir
def test_real_mlir_refuses_the_same() -> None:
    wrong = {int(line) for line in re.findall(r"^<stdin>:(\d+):\d+: error", mlir(REFUSED).stderr, re.M)}
    # What is missing at the end of a text is noticed one line further down.
    assert not [text for n, text in enumerate(REFUSED) if not wrong & {2 * n + 1, 2 * n + 2}]


@pytest.mark.parametrize(("text", "column", "message"), EXAMPLES)
def test_messages(text: str, column: int, message: str) -> None:
    with pytest.raises(ParseError) as caught:
        reader.parse_attribute(text)
    found = caught.value.diagnostics[0]
    hint = f" [{found.hint}]" if found.hint else ""
    assert (found.column, found.message + hint) == (column, message)


def test_an_open_bracket_is_shown() -> None:
    with pytest.raises(ParseError) as caught:
        reader.parse_attribute("{a = [1, tensor<2xi32>")
    note = caught.value.diagnostics[0].notes[0]
    assert (note.column, note.message) == (6, "this '[' is never closed")


def test_places_are_those_of_the_whole_file() -> None:
    text = 'module {\n  "a"() {b = 1 : foo} : () -> ()\n}\n'
    start = text.index("1 : foo")
    with pytest.raises(ParseError) as caught:
        reader.parse_attribute("1 : foo", source=Source(text, "m.mlir"), base=start)
    assert caught.value.diagnostics[0].header() == "m.mlir:2:18: error: expected a type, found 'foo'"
    with pytest.raises(ParseError) as caught:
        reader.parse_attribute_dict("{b = 1 : foo}", source=Source(text, "m.mlir"), base=text.index("{b"))
    assert caught.value.diagnostics[0].column == 18


def test_white_space_and_comments() -> None:
    assert reader.parse_attribute(" [ 1 // one ]\n,\r\n\t2\0] // end") == v.attribute([1, 2])
    assert reader.parse_type("tensor < 4 // four\n x 8x f32 >") == v.TensorType((4, 8), v.F32)
    assert reader.parse_attribute_dict(" { a = 1 // }\n , b } // end") == {
        "a": v.IntegerAttr(1),
        "b": v.UnitAttr(),
    }


def test_kinds_of_values() -> None:
    parse = reader.parse_attribute
    assert parse("1 : i1") == v.BoolAttr(True)
    assert parse('@a::@"b c"') == v.SymbolRefAttr("a", ("b c",))
    assert parse("#d.x<a, b> : i32") == v.OpaqueAttr("d", "x<a, b>", v.I32)
    assert parse('#d<"x">') == v.OpaqueAttr("d", '<"x">')
    assert parse("#map") == v.AttrAlias("map")
    assert parse("loc(#l)") == v.LocAlias("l")
    assert parse("!t<i32>") == v.TypeAttr(v.DialectType("t", "<i32>"))
    assert parse('loc("f":1:2 to :5)') == v.FileLineColLoc("f", 1, 2, 1, 5)
    assert parse("dense_resource<k> : tensor<2xi8>") == v.DenseResourceAttr("k", v.TensorType((2,), v.I8))
    assert parse("distinct[1]<42 : i32>") == v.DistinctAttr(1, v.IntegerAttr(42, v.I32))
    assert reader.parse_type("!llvm.ptr<3>") == v.DialectType("llvm", "ptr<3>")
    assert reader.parse_type("memref<4xf32, #m, 3>") == v.MemRefType(
        (4,), v.F32, v.AttrAlias("m"), v.IntegerAttr(3)
    )
    assert reader.parse_type("tensor<4x!e>") == v.TensorType((4,), v.TypeAlias("e"))
    assert reader.parse_function_type("() -> (i32, !a)").results == (v.I32, v.TypeAlias("a"))
    assert reader.parse_type_list("") == reader.parse_type_list("()") == ()
    assert reader.parse_type_list("i32, (f32) -> ()") == reader.parse_type_list("(i32, (f32) -> ())")
    assert reader.parse_affine_map("(i)[n] -> (i + n)").evaluate([1], [2]) == (3,)
    assert reader.parse_integer_set("(i) : (i <= 3)").contains([3])


def test_dictionary_entries() -> None:
    text = 'x {a = [1, "}"], // ,\n "b c" , d = #e.f<g, -> h> : i32 , e = affine_set<(i) : (i >= 0)>} y'
    start, end = text.index("{"), text.rindex("}") + 1
    entries = reader.dict_entries(text, start, end)
    assert [entry.key for entry in entries] == ["a", "b c", "d", "e"]
    assert [text[entry.value_start : entry.value_end] for entry in entries] == [
        '[1, "}"]',
        "",
        "#e.f<g, -> h> : i32",
        "affine_set<(i) : (i >= 0)>",
    ]
    assert [text[entry.key_start : entry.end] for entry in entries][:2] == ['a = [1, "}"]', '"b c"']
    assert reader.dict_entries("{}") == []
    for bad in ("", "{", "{a", "{a = }", "{a = 1,}", "{a = (1]}", "{a b}", '{a = "}'):
        with pytest.raises(ParseError):
            reader.dict_entries(bad)


def test_each_dictionary_is_a_new_one() -> None:
    reader.parse_attribute_dict("{a = 1}").clear()
    assert reader.parse_attribute_dict("{a = 1}") == {"a": v.IntegerAttr(1)}


@pytest.mark.parametrize(
    ("before", "opening", "middle", "closing", "after"),
    [
        ("", "[", "", "]", ""),
        ("", "{a = ", "1", "}", ""),
        ("", "tuple<", "i32", ">", ""),
        ("", "(", "i32", ") -> i32", ""),
        ("", "() -> (", "i32", ")", ""),
        ("", "distinct[0]<", "1", ">", ""),
        ("loc(", "callsite(", '"a"', ' at "b")', ")"),
        ("affine_map<() -> (", "(", "1", ")", ")>"),
    ],
)
def test_nesting_is_bounded(before: str, opening: str, middle: str, closing: str, after: str) -> None:
    def nested(depth: int) -> str:
        return before + opening * depth + middle + closing * depth + after

    value = reader.parse_attribute(nested(900))
    assert reader.parse_attribute(str(value)) == value
    for depth in (MAX_DEPTH + 1, 100_000):
        with pytest.raises(ParseError, match="nested more than 1000 deep"):
            reader.parse_attribute(nested(depth))


def test_long_texts_need_no_stack() -> None:
    terms = " + ".join(["d0"] * 10_000)
    value = reader.parse_attribute(f"affine_map<(d0) -> ({terms})>")
    assert isinstance(value, v.AffineMapAttr)
    assert value.evaluate([2]) == (20_000,)
    assert reader.parse_attribute(str(value)) == value
    assert str(reader.parse_attribute("affine_map<(d0) -> (" + "-" * 10_000 + "d0)>")).endswith("(d0)>")
    many = reader.parse_attribute("[" + ", ".join(["1"] * 10_000) + "]")
    assert isinstance(many, v.ArrayAttr)
    assert len(many) == 10_000
    body = "[" * 100_000 + "]" * 100_000
    assert str(reader.parse_attribute(f"#d.x<{body}>")) == f"#d.x<{body}>"
    assert reader.parse_attribute(f"[#d.x<{body}>]") is not None
    with pytest.raises(ParseError, match="too long"):
        reader.parse_attribute("1" * 5000)


def test_huge_constants_stay_text() -> None:
    count = 1 << 20
    text = 'dense<"0x' + "0A" * count + f'"> : tensor<{count}xi8>'
    value = reader.parse_attribute(text)
    assert isinstance(value, v.DenseElementsAttr)
    assert value.is_hex
    assert str(value) == text
    with pytest.raises(ParseError, match="bytes"):
        reader.parse_attribute(text.replace("0A", "0A0", 1))


def test_repeated_texts_give_the_same_object() -> None:
    text = "tensor<4x8xf32, #enc<a>>"
    assert reader.parse_type(text) is reader.parse_type(text)
    assert reader.parse_attribute(text) is reader.parse_attribute(text)


SCRIPT = """
from approxir.syntax import attributes, attribute_grammar
assert str(attributes.parse_type("memref<4xf32, 1>")) == "memref<4xf32, 1>"
"""


def run(**environment: str) -> None:
    subprocess.run([sys.executable, "-c", SCRIPT], env=os.environ | environment, check=True)


def test_the_parse_table_is_cached(tmp_path: Path) -> None:
    run(APPROXIR_CACHE_DIR=str(tmp_path))
    (table,) = tmp_path.iterdir()
    written = table.stat().st_mtime_ns
    run(APPROXIR_CACHE_DIR=str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == [table.name]
    assert table.stat().st_mtime_ns == written
    whole = table.read_bytes()
    table.write_bytes(whole[:1000])
    run(APPROXIR_CACHE_DIR=str(tmp_path))
    assert len(table.read_bytes()) > 1000


def test_processes_may_fill_the_cache_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: run(APPROXIR_CACHE_DIR=str(tmp_path)), range(4)))
    assert len(list(tmp_path.iterdir())) == 1


def test_no_cache_folder_is_needed(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    run(APPROXIR_CACHE_DIR=str(blocked / "below"))


def test_threads_may_parse_at_once() -> None:
    failures: list[str] = []

    def work(seed: int) -> None:
        for i in range(200):
            text = f"affine_map<(a{i}, b)[c] -> (a{i} + {seed}, b * c)>"
            canonical = f"affine_map<(d0, d1)[s0] -> (d0 + {seed}, d1 * s0)>"
            if str(reader.parse_attribute(text)) != canonical:
                failures.append(text)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_a_comment_in_an_array_may_hold_its_closing_bracket() -> None:
    assert str(reader.parse_attribute("array<i32: // a > b\n 5, 6 // > 7\n>")) == "array<i32: 5, 6>"
