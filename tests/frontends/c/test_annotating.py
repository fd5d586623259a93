"""From source and its module to the annotated module, and on to results."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import approxir as ax
from approxir.frontends.c import annotate
from approxir.frontends.c.symbols import symbols_of
from approxir.frontends.errors import FrontendError
from approxir.interp import run

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
SOURCE = """\
// What the state is made of.
int size(int n) { return n; }

// @approx:decision_tree {
//   transform_type: loop_perforate
//   state_function: size
//   state_indices: [-1]
//   thresholds: [10, 100]
//   decisions: [0, 2, 3]
// }
float sum(const float *data, int n) {
  float total = 0;
  for (int i = 0; i < n; i++) total += data[i];
  return total;
}
"""
BASE = """\
module {   // as a C front end emits it
  func.func @size(%n: i32) -> i32 {
    return %n : i32
  }
  func.func @sum(%data: memref<?xf32>,   %n: i32) -> f32 {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant 0.000000e+00 : f32
    %end = arith.index_cast %n : i32 to index
    %total = scf.for %i = %c0 to %end step %c1 iter_args(%t = %zero) -> (f32) {
      %x = memref.load %data[%i] : memref<?xf32>
      %u = arith.addf %t, %x : f32
      scf.yield %u : f32
    }
    return %total : f32
  }
}
"""
SUBSTITUTE = """\
  func.func @approx_sum_1(%data: memref<?xf32>, %n: i32) -> f32 {
    %r = arith.constant -1.000000e+00 : f32
    return %r : f32
  }
}
"""


def result(text: str, function: str, *arguments: Any) -> float:
    (value,) = run(ax.parse(text), function, *arguments)
    return float(value)


def test_the_module_is_otherwise_the_same() -> None:
    out = annotate(SOURCE, BASE)
    assert out == ax.inject_annotations_text(BASE, ax.parse_and_generate(SOURCE))
    lines = out.splitlines()
    assert [line for line in lines if "approx." not in line] == BASE.splitlines()
    assert out.count("approx.util.annotation.decision_tree") == 1
    assert annotate("int x;", BASE) == BASE


def model(data: np.ndarray, n: int, thresholds: list[int], decisions: list[int]) -> float:
    """What the perforated sum is: with knob value k > 1 every k-th element is taken."""
    knob = decisions[sum(t <= n for t in thresholds)]
    total = np.float32(0)
    for x in data[: n : max(knob, 1)]:
        total += x
    return float(total)


@settings(derandomize=True, deadline=None, max_examples=25)
@given(
    st.lists(st.integers(0, 60), max_size=3, unique=True).map(sorted),
    st.lists(st.integers(0, 5), min_size=4, max_size=4),
    st.integers(0, 64),
    st.booleans(),
)
def test_source_to_results(thresholds: list[int], decisions: list[int], n: int, named: bool) -> None:
    decisions = decisions[: len(thresholds) + 1]
    state = "state_function=size state_indices=[1]" if named else ""
    source = (
        f"#pragma approx decision_tree transform_type=loop_perforate {state} \\\n"
        f"  thresholds={thresholds} decisions={decisions}\nfloat sum(const float *data, int n);\n"
    )
    data = np.arange(64, dtype=np.float32)
    annotated = annotate(source, BASE)
    expected = model(data, n, thresholds, decisions)
    assert result(annotated, "sum", data, n) == expected
    lowered = ax.compile(annotated, workload=ax.WorkloadType.CPP)
    assert "approx." not in lowered
    assert result(lowered, "sum", data, n) == expected


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_the_example_module_is_what_its_source_says(tmp_path: Path) -> None:
    """The module beside examples/annotated_sum.c is written by hand; gcc is the judge of that."""
    library = tmp_path / "kernels.so"
    source = EXAMPLES / "annotated_sum.c"
    options = ["-O1", "-ffp-contract=off", "-Wall", "-Werror", "-Wno-unknown-pragmas", "-shared", "-fPIC"]
    subprocess.run(["gcc", *options, str(source), "-o", str(library)], check=True)
    compiled = ctypes.CDLL(str(library))
    text = (EXAMPLES / "annotated_sum.mlir").read_text()
    data = np.random.default_rng(1).uniform(-1, 1, 300).astype(np.float32)
    compiled.sum_of_squares.restype = compiled.gain.restype = compiled.approx_gain_1.restype = ctypes.c_float
    for n in (0, 1, 299, 300):
        exact = compiled.sum_of_squares(data.ctypes.data_as(ctypes.c_void_p), ctypes.c_int(n))
        assert result(text, "sum_of_squares", data, n) == exact
    for x in (0.5, -0.25, 0.9):
        for function in ("gain", "approx_gain_1"):
            exact = getattr(compiled, function)(ctypes.c_float(x), ctypes.c_int(1))
            assert result(text, function, np.float32(x), 1) == exact
    annotated = annotate(source.read_text(), text)
    assert [str(each.diagnostic()) for each in ax.parse(annotated).lint()] == []
    lowered = ax.compile(annotated, workload=ax.WorkloadType.CPP)
    for n, step in ((99, 1), (100, 2), (300, 2)):
        expected = result(text, "sum_of_squares", np.ascontiguousarray(data[:n:step]), len(data[:n:step]))
        assert result(lowered, "sum_of_squares", data, n) == expected


def test_substitution_works_from_end_to_end() -> None:
    source = "// @approx: func_substitute thresh=[10] dec=[0,1]\nfloat sum(const float *data, int n);\n"
    out = annotate(source, BASE.rstrip().removesuffix("}") + SUBSTITUTE)
    assert "func.func @__identity_sum(%arg0: i32) -> i32" in out
    assert "approx.util.annotation.convert_to_call" in out
    assert [str(each.diagnostic()) for each in ax.parse(out).lint() if each.severity == "error"] == []
    data = np.ones(64, np.float32)
    lowered = ax.compile(out, workload=ax.WorkloadType.CPP)
    assert [result(lowered, "sum", data, n) for n in (5, 50)] == [5.0, -1.0]


def test_a_contract_and_a_knob_together() -> None:
    source = (
        "// @approx:knob { id: 9, rf: 1 }\n// @approx:try { checker: ok recover: size2 }\n"
        "// @approx:transform loop_perforate knob_val=2\nfloat sum(const float *data, int n);\n"
    )
    base = BASE.rstrip().removesuffix("}") + (
        "  func.func @ok(%r: f32, %data: memref<?xf32>, %n: i32) -> i1 {\n"
        "    %limit = arith.constant 4.000000e+00 : f32\n    %ok = arith.cmpf olt, %r, %limit : f32\n"
        "    return %ok : i1\n  }\n"
        "  func.func @size2(%data: memref<?xf32>, %n: i32) -> f32 {\n"
        "    %r = arith.constant -2.000000e+00 : f32\n    return %r : f32\n  }\n}\n"
    )
    module = ax.parse(annotate(source, base))
    data = np.ones(64, np.float32)
    assert [result(str(module), "sum", data, n) for n in (4, 40)] == [2.0, -2.0]
    ax.run_pipeline(module, ["emit-approx"])
    assert "id = 9 : i32, rf = 1 : i32" in str(module)


def test_names_that_a_compiler_mangled() -> None:
    base = BASE.replace("@size", "@_Z4sizei").replace("@sum", "@_Z3sumPKfi")
    out = annotate(SOURCE, base)
    assert 'func_name = "_Z3sumPKfi"' in out
    assert 'state_function = "_Z4sizei"' in out
    data = np.ones(64, np.float32)
    assert result(ax.compile(out), "_Z3sumPKfi", data, 12) == 6.0


def test_what_is_missing_is_said_in_the_source() -> None:
    source = SOURCE.replace("float sum", "float sums").replace("state_function: size", "state_function: sise")
    with pytest.raises(ax.AnnotationError) as caught:
        annotate(source, BASE, file="k.c", base_file="k.mlir")
    assert str(caught.value).startswith("k.c:4:12: error: the module has no function 'sums'\n")
    assert caught.value.diagnostics[0].hint == "did you mean sum?"
    with pytest.raises(ax.AnnotationError) as caught:
        annotate(SOURCE.replace("state_function: size", "state_function: sise"), BASE, file="k.c")
    assert [(each.line, each.column) for each in caught.value.diagnostics] == [(6, 22)]
    assert caught.value.diagnostics[0].hint == "did you mean size?"


def test_overloads_have_to_be_told_apart() -> None:
    base = BASE.replace("@size", "@_Z3sumi").replace("@sum", "@_Z3sumPKfi")
    source = "// @approx:knob{}\nfloat sum(const float *data, int n);\n"
    with pytest.raises(ax.AnnotationError, match="may be any of 2 functions: _Z3sumi, _Z3sumPKfi"):
        annotate(source, base)
    assert 'func_name = "_Z3sumi"' in annotate(source.replace("{}", "{ func_name: _Z3sumi }"), base)


def test_a_base_that_is_not_mlir() -> None:
    with pytest.raises(ax.ParseError) as caught:
        annotate(SOURCE, "module {", base_file="k.mlir")
    assert caught.value.file == "k.mlir"


def test_annotations_that_lack_something_cannot_be_generated() -> None:
    with pytest.raises(FrontendError, match="the annotation try of 'f' has no checker"):
        ax.generate_cpp_annotation_mlir([ax.CppAnnotation("f", kind="try")])
    with pytest.raises(FrontendError, match="out of range for i32"):
        ax.generate_cpp_annotation_mlir([ax.CppAnnotation("f", "x", kind="transform", knob_val=1 << 40)])
    with pytest.raises(FrontendError, match="transform_options"):
        ax.generate_cpp_annotation_mlir(
            [ax.CppAnnotation("f", "x", kind="transform", knob_val=1, transform_options={"a": object()})]
        )


def test_an_annotation_can_be_made_in_python() -> None:
    made = ax.CppAnnotation("my f", "loop_perforate", [0], "s", [5], [0, 1])
    text = ax.generate_cpp_annotation_mlir([made], module_name="m")
    module = ax.parse(text)
    assert module.knob("my f").params.thresholds == [5]
    assert text.startswith("module @m {\n  ")
    assert ax.generate_cpp_annotation_mlir([], module_name="m") == ""


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("f", ["_Z1fi", "_ZL1fv", "_Z1fIiEvT_"]),
        ("n::f", ["_ZN1n1fEi"]),
        ("A::m", ["_ZNK1A1mEv", "_ZN1A1mIiEEvv"]),
        ("größe", ["_Z7größei"]),
        ("plain", ["plain"]),
        ("n::plain", ["plain"]),
        ("nothing", []),
    ],
)
def test_symbols(name: str, found: list[str]) -> None:
    names = [
        "plain", "_Z1fi", "_ZL1fv", "_Z1fIiEvT_", "_Z2ffi", "_ZN1n1fEi", "_ZN1n1ff", "_ZNK1A1mEv", "_ZN1A1mIiEEvv", "_Z7größei",
    ]  # fmt: skip
    assert symbols_of(name, names) == found


IDENTITY_SOURCE = "// @approx: loop_perforate thresh=[10] dec=[0,2]\nfloat sum(const float *data, long n);\n"


@pytest.mark.parametrize(
    ("kind", "states"),
    [
        ("i64", {9: 0, 10: 2, -1: 0, 1 << 31: 2, -(1 << 40): 0, (1 << 63) - 1: 2, -(1 << 63): 0}),
        ("index", {9: 0, 10: 2, 1 << 40: 2}),
        ("i8", {9: 0, 10: 2, -1: 0}),
        ("i16", {9: 0, 10: 2}),
    ],
)
def test_the_state_is_an_integer_of_another_type(kind: str, states: dict[int, int]) -> None:
    base = BASE.replace("%n: i32", f"%n: {kind}").replace("return %n : i32", f"return %n : {kind}")
    base = base.replace("-> i32", f"-> {kind}").replace(
        "arith.index_cast %n : i32 to index", "arith.constant 4 : index"
    )
    out = annotate(IDENTITY_SOURCE, base)
    module = ax.parse(out)
    module.verify()
    assert [str(each.diagnostic()) for each in module.lint() if each.severity == "error"] == []
    data = np.ones(8, np.float32)
    lowered = ax.compile(out, workload=ax.WorkloadType.CPP)
    for state, knob in states.items():
        expected = 4.0 / max(knob, 1)
        assert result(out, "sum", data, state) == result(lowered, "sum", data, state) == expected


def test_a_truth_value_is_0_or_1() -> None:
    base = BASE.replace("%n: i32", "%n: i1").replace("return %n : i32", "return %n : i1")
    base = base.replace("-> i32", "-> i1").replace(
        "arith.index_cast %n : i32 to index", "arith.constant 4 : index"
    )
    out = annotate(IDENTITY_SOURCE.replace("10", "1"), base)
    assert [result(out, "sum", np.ones(8, np.float32), state) for state in (False, True)] == [4.0, 2.0]


@pytest.mark.parametrize("kind", ["f32", "memref<?xi32>"])
def test_a_state_that_is_no_integer(kind: str) -> None:
    base = f"func.func private @sum(memref<?xf32>, {kind}) -> f32\n"
    with pytest.raises(ax.AnnotationError) as caught:
        annotate(IDENTITY_SOURCE, base, file="k.c")
    (found,) = caught.value.diagnostics
    assert (found.file, found.line, found.column) == ("k.c", 1, 13)
    assert found.message == f"the state of 'sum' is an argument of type {kind}, no integer"


def test_an_argument_that_the_module_does_not_have() -> None:
    source = IDENTITY_SOURCE.replace("dec", "state=[1] dec")
    with pytest.raises(
        ax.AnnotationError, match="there is no argument 1: 'sum' has 1 in the module"
    ) as caught:
        annotate(source, "func.func private @sum(i32) -> f32\n")
    assert (caught.value.line, caught.value.column) == (1, source.index("1]") + 1)


def test_a_generated_state_function_of_another_type_is_not_put_in() -> None:
    base = "func.func private @sum(memref<?xf32>, i64) -> f32\n"
    with pytest.raises(ax.AnnotationError, match="takes i32, but state_indices gives it i64"):
        ax.inject_annotations_text(base, ax.parse_and_generate(IDENTITY_SOURCE))


def test_annotating_twice_is_an_error_in_the_source() -> None:
    with pytest.raises(ax.AnnotationError) as caught:
        annotate(SOURCE, annotate(SOURCE, BASE), file="k.c")
    (found,) = caught.value.diagnostics
    assert (found.file, found.line, found.column) == ("k.c", 4, 12)
    assert found.message == "'sum' has an annotation approx.util.annotation.decision_tree already"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_are_those_of_the_module(end: str) -> None:
    for kind in ("i32", "i64"):
        base = f"module {{\n  func.func private @sum(memref<?xf32>, {kind}) -> f32\n}}\n".replace("\n", end)
        out = annotate(IDENTITY_SOURCE, base)
        assert "@__identity_sum" in out
        assert out.count("\n") == out.count(end) > 5
        assert out.count("\r") == (out.count("\n") if end == "\r\n" else 0)
    base = base.replace("i64", "i32")
    for text in (
        ax.parse_and_generate(IDENTITY_SOURCE),
        ax.parse_and_generate(IDENTITY_SOURCE).replace("\n", "\r\n"),
    ):
        out = ax.inject_annotations_text(base, text)
        assert out.count("\n") == out.count(end)
        assert out.count("\r") == (out.count("\n") if end == "\r\n" else 0)


def test_parameters_that_the_source_does_not_say_are_those_of_the_module() -> None:
    source = IDENTITY_SOURCE.replace("const float *data, long n", "")
    (found,) = ax.parse_cpp_annotations(source, language="c")
    assert found.state_indices == [-1]
    out = annotate(source, "func.func private @sum(memref<?xf32>, i64) -> f32\n", language="c")
    assert "@__identity_sum(%arg0: i64)" in out
    with pytest.raises(ax.AnnotationError, match="there is no argument -1: 'sum' has 0 in the module"):
        annotate(source, "func.func private @sum() -> f32\n", language="c")
    with pytest.raises(ax.AnnotationSyntaxError, match="there is no parameter -1: 'sum' has no parameters"):
        ax.parse_cpp_annotations(source, language="c++")
