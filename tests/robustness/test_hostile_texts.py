"""Hostile texts end in a result or in an error with a place, whatever their nesting and size."""

from __future__ import annotations

import pytest

import approxir as ax
from approxir.errors import DiagnosticError

N = 20_000

TEXTS = {
    "generic regions": '"a.b"() ({\n' * N + "}) : () -> ()\n" * N,
    "regions on one line": '"a.b"() ({' * N + "}) : () -> ()" * N,
    "custom regions": "module {\n" * N + "}\n" * N,
    "unclosed regions": "module {\n" * N,
    "parentheses": "a.b " + "(" * N + ")" * N,
    "operands": '"a.b"(' + "(" * N + ")" * N + ") : () -> ()",
    "brackets of an attribute": '"a.b"() {x = ' + "[" * N + "]" * N + "} : () -> ()",
    "dictionaries": '"a.b"() {x = ' + "{a = " * N + "1" + "}" * N + "} : () -> ()",
    "angle brackets": "a.b " + "!x<" * N + ">" * N,
    "types": '"a.b"() : () -> ' + "tensor<" * N + ">" * N,
    "closing braces": "}" * N,
    "labels": '"a.b"() ({' + "".join(f"^b{i}:\n" for i in range(N)) + "}) : () -> ()",
    "pack": f'%a:{N} = "a.b"() : () -> ()',
    "huge pack": '%a:99999999999 = "a.b"() : () -> ()',
    "aliases": "".join(f"#a{i} = {i}\n" for i in range(N)),
    "arguments": "func.func @f(" + ", ".join(f"%a{i}: i32" for i in range(N)) + ") {\n  return\n}",
    "hex blob": f'"a.b"() {{x = dense<"0x{"00" * 1_000_000}"> : tensor<1000000xi8>}} : () -> ()',
    "long line": "a.b " + "%a, " * N + "%a : i32",
    "null": "module {\0}",
    "byte-order mark": "\ufeffmodule {}",
    "form feed": "module {\f}",
    "open string": 'module {\n "abc\n}',
    "open metadata": "{-# a: {",
    "comparisons on many lines": "x.z {x.y %a <\n" + "t.x %b,\n" * N + "}",
    "a comparison and blank lines": "x.z {x.y %a <" + "\n" * N + "}",
    "a word and comments in a brace": "x.z (a {y 5 " + "// c\n" * N + "})",
    "a word and blank lines in a brace": "x.z (a {y 5 " + "\n" * N + "})",
    "words in braces": "x.z (" + "{y 5\n" * N,
    "names without end": "%a = " * N,
    "empty": "",
    "comment": "// nothing",
    **{f"only {char}": char * N for char in '%"/{([<#!:@^,='},
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_hostile_texts(text: str) -> None:
    try:
        module = ax.parse(text, lazy=False)
        assert str(module) == text
        module.parse_all()
        renamed = module.print(rename_ssa=True)
        assert ax.parse(renamed).print(rename_ssa=True) == renamed
        module.verify()
    except DiagnosticError as error:
        assert min(error.line, error.column) >= 1  # noqa: PT017
        assert str(error)  # noqa: PT017
