"""Writing an operation in its custom form and reading it again gives the same form."""

from __future__ import annotations

import re

import pytest
from generic_form import Converter
from test_formats_against_mlir import chunks

from approxir.syntax.formats.forms import Context, CustomForm
from approxir.syntax.formats.reader import read_prefix
from approxir.syntax.formats.writer import custom_text

NOT_WRITTEN = {
    "affine.parallel",
    "linalg.map",
    "linalg.reduce",
    "llvm.func",
    "stablehlo.reduce",
    "vector.print",
}
"""Operations that have no canonical custom form yet (or not with what the examples use)."""


def written(form: CustomForm, text: str, aliases: dict[str, str] | None = None) -> str | None:
    """The canonical custom form of what was read."""
    aliases = aliases or {}
    regions = [None if span is None else text[span[0] : span[1]] for span in form.regions]
    return custom_text(
        form.name,
        [ref.name for ref in form.operands],
        [t.text if t else "?" for t in form.operand_types],
        [t.text if t else "?" for t in form.result_types or ()],
        {key: aliases.get(value.text, value.text) for key, value in form.properties.items()},
        {entry.key: entry.value.text if entry.value else "unit" for entry in form.attributes},
        [(s.label, [ref.name for ref in s.operands]) for s in form.successors],
        regions,
        [
            [(a.name, a.type.text if a.type else "?") for a in arguments]
            for arguments in form.region_arguments
        ],
    )


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def summary(form: CustomForm, aliases: dict[str, str]) -> object:
    """What must be the same; spans, blanks and aliases may differ."""
    return (
        [ref.name for ref in form.operands],
        [t and squeezed(t.text) for t in form.operand_types],
        [t and squeezed(t.text) for t in form.result_types or ()],
        {key: squeezed(aliases.get(value.text, value.text)) for key, value in form.properties.items()},
        {entry.key: squeezed(entry.value.text) if entry.value else "unit" for entry in form.attributes},
        [(s.label, [ref.name for ref in s.operands]) for s in form.successors],
        [
            [(a.name, a.type and squeezed(a.type.text)) for a in arguments]
            for arguments in form.region_arguments
        ],
        [span is not None for span in form.regions],
    )


@pytest.mark.parametrize(("name", "tool", "text"), chunks(), ids=[name for name, _, _ in chunks()])
def test_custom_text_reads_back(name: str, tool: str, text: str) -> None:
    converter = Converter(text)
    converter.convert()
    for operation, form in converter.forms:
        again = written(form, text, converter.aliases)
        if again is None:
            assert operation in NOT_WRITTEN, f"{operation} has no writer"
            continue
        types = dict(zip([ref.name for ref in form.operands], form.operand_types, strict=True))
        context = Context(lambda ref, types=types: types[ref.name].text, converter.aliases.get)
        reread = read_prefix(operation, again, 0, len(again), context=context)
        assert reread is not None
        assert reread.end == len(again), again
        assert summary(reread, converter.aliases) == summary(form, converter.aliases), again


@pytest.mark.parametrize(
    "text",
    [
        "arith.addi %a, %b : i32",
        "arith.addi %a, %b overflow<nsw> {tag} : i32",
        "arith.cmpi slt, %a, %b : i32",
        "arith.constant 1 : i32",
        "memref.load %m[%i, %j] : memref<4x4xf32>",
        "memref.alloc(%n) : memref<?xf32>",
        "memref.subview %m[%i] [4] [1] : memref<8xf32> to memref<4xf32, strided<[1], offset: ?>>",
        "tensor.extract_slice %t[%i] [4] [1] : tensor<?xf32> to tensor<4xf32>",
        "func.call @f(%a) : (i32) -> i32",
        "func.return %a, %b : i32, f32",
        "func.return",
        "cf.br ^bb1(%a : i32)",
        "cf.cond_br %c, ^bb1(%a : i32), ^bb2",
        "scf.yield %a : f32",
        "scf.condition(%c) %a : f32",
        "scf.for %i = %a to %b step %c iter_args(%x = %y) -> (f32) {\n}",
        "scf.for %i = %a to %b step %c : i32 {\n}",
        "scf.if %c -> (f32) {\n} else {\n}",
        "scf.parallel (%i) = (%a) to (%b) step (%c) {\n}",
        "affine.for %i = 0 to %n step 2 {\n}",
        "affine.load %m[%i + 1] : memref<4xf32>",
        "func.func private @f(%a: i32 {x.y}) -> i32 attributes {z} {\n}",
        "func.func private @f(i32) -> (i32, f32)",
        "stablehlo.add %a, %b : tensor<4xf32>",
        "stablehlo.compare LT, %a, %b, FLOAT : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>",
        "stablehlo.constant dense<1.000000e+00> : tensor<4xf32>",
        "stablehlo.while(%i = %n) : tensor<i32> cond {\n} do {\n}",
        "stablehlo.reduce(%a init: %s) across dimensions = [1] : (tensor<4x8xf32>, tensor<f32>)"
        " -> tensor<4xf32>\n"
        " reducer(%x: tensor<f32>, %y: tensor<f32>) {\n}",
        "stablehlo.slice %a [0:4, 0:8:2] : (tensor<4x8xf32>) -> tensor<4x4xf32>",
        "llvm.getelementptr inbounds %p[%i, 1] : (!llvm.ptr, i64) -> !llvm.ptr, !llvm.struct<(i32, f32)>",
        "llvm.load %p : !llvm.ptr -> f32",
        "approx.transform <{knob_val = 2 : i32}>",
    ],
)
def test_canonical_text_is_kept(text: str) -> None:
    """What MLIR prints comes out again character by character."""
    name = re.match(r"[\w.]+", text)[0]  # type: ignore[index]
    types = {"%t": "tensor<?xf32>"}
    form = read_prefix(name, text, 0, len(text), context=Context(lambda ref: types.get(ref.name, "f32")))
    assert form is not None
    assert written(form, text) == text
