"""Depth ends in a result or in an error, wherever something can be nested: never in a RecursionError."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import approxir as ax
from approxir.dialects.approx.params_text import parse_params
from approxir.knobs.files import parse_config
from approxir.passes.pipeline_text import parse_pipeline
from approxir.syntax.attributes import parse_affine_map
from approxir.syntax.faults import Fault
from approxir.tuning.frontier_files import parse_frontier

N = 10_000

CASES: dict[str, tuple[str, Callable[[str], Any]]] = {
    "regions": ('"a.b"() ({\n' * N + "}) : () -> ()\n" * N, lambda text: ax.parse(text).parse_all()),
    "loops": (
        "func.func @f(%a: index) {\n" + "scf.for %i = %a to %a step %a {\n" * N + "}\n" * N + "return\n}\n",
        lambda text: ax.parse(text).verify(),
    ),
    "arrays": ("[" * N + "]" * N, ax.parse_attribute),
    "dictionaries": ("{a = " * N + "1" + "}" * N, ax.parse_attribute),
    "tensors": ("tensor<4x" * N + "f32" + ">" * N, ax.parse_type),
    "tuples": ("tuple<" * N + ">" * N, ax.parse_type),
    "function types": ("(" * N + ") -> ()" * N, ax.parse_type),
    "curried types": ("() -> " * N + "()", ax.parse_type),
    "opaque types": ("!a.b<" * N + ">" * N, ax.parse_type),
    "dense": ("dense<" + "[" * N + "1" + "]" * N + "> : tensor<1xi32>", ax.parse_attribute),
    "affine parentheses": ("(d0) -> (" + "(" * N + "d0" + ")" * N + ")", parse_affine_map),
    "affine sums": ("(d0) -> (" + "d0 + " * N + "1)", parse_affine_map),
    "affine negations": ("(d0) -> (" + "-" * N + "d0)", parse_affine_map),
    "call sites": ("loc(" + 'callsite("a" at ' * N + '"b"' + ")" * N + ")", ax.parse_location),
    "fused": ("loc(" + "fused[" * N + "unknown" + "]" * N + ")", ax.parse_location),
    "names in names": ("loc(" + '"a"(' * N + '"b"' + ")" * N + ")", ax.parse_location),
    "params braces": ("a=" + "{a=" * N + "1" + "}" * N, parse_params),
    "params brackets": ("a=" + "[" * N + "]" * N, parse_params),
    "json lists": ("[" * N + "]" * N, parse_config),
    "json objects": ('{"a": ' * N + "1" + "}" * N, parse_config),
    "json in evaluations": (
        '{"config": {}, "time_ms": 1, "quality": 1, "details": {"a": ' + "[" * N + "]" * N + "}}",
        parse_frontier,
    ),
    "json in cells": ("time_ms,quality,details\n1,1," + "[" * N + "]" * N + "\n", parse_frontier),
    "anchors": ("any(" * N + "emit-approx" + ")" * N, parse_pipeline),
    "options": ("config-approx{live=" + "{" * N + "}" * N + "}", parse_pipeline),
    "annotation braces": ("// @approx:transform " + "{a: " * N + "}" * N + "\nint f();", ax.parse_cpp_annotations),
    "annotation brackets": ("// @approx:knob id: " + "[" * N + "]" * N + "\nint f();", ax.parse_cpp_annotations),
    "C parentheses": (
        "// @approx:transform transform_type: loop_perforate knob_val: 2\nint f(int n) { return "
        + "(" * N + "n" + ")" * N + "; }",
        ax.parse_cpp_annotations,
    ),
    "C blocks": (
        "// @approx:transform transform_type: loop_perforate knob_val: 2\nint f(int n) " + "{" * N + "}" * N,
        ax.parse_cpp_annotations,
    ),
    "C declarators": (
        "// @approx:transform transform_type: loop_perforate knob_val: 2\nint " + "(" * N + "f" + ")" * N + "(int n) {}",
        ax.parse_cpp_annotations,
    ),
    "C namespaces": (
        "namespace a {" * N + "\n// @approx:transform transform_type: loop_perforate knob_val: 2\nint f(int n) {}" + "}" * N,
        lambda text: ax.parse_cpp_annotations(text, language="c++"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_depth_is_no_fault_of_ours(name: str) -> None:
    text, read = CASES[name]
    try:
        value = read(text)
    except Fault:
        # What readers of parts of a text raise; their callers add the place.
        return
    except ax.ApproxIRError as error:
        assert str(error)  # noqa: PT017
        return
    if isinstance(value, (ax.Attribute, ax.Type)):
        assert str(value)
        assert hash(value) == hash(read(text))
