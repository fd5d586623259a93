"""Scalars and control flow on IREE's host: each operation against the interpreter."""

from __future__ import annotations

import itertools
import math
import random
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import approxir as ax
from approxir.codegen.iree.backend import iree
from approxir.interp import Interpreter
from approxir.interp.errors import InterpreterError

INTEGERS = ("i1", "i8", "i16", "i32", "i64", "index")
FLOATS = ("f32", "f64")
BINARY = (
    "addi", "subi", "muli", "divsi", "divui", "remsi", "remui", "andi", "ori", "xori", "shli", "shrsi", "shrui",
    "maxsi", "minsi", "maxui", "minui", "ceildivsi", "ceildivui", "floordivsi",
)  # fmt: skip
# What of it is defined for one bit in a way that anybody uses.
OF_BITS = ("addi", "subi", "muli", "andi", "ori", "xori", "maxsi", "minsi", "maxui", "minui")
COMPARE = ("eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge")
COMPARE_FLOATS = (
    "oeq", "ogt", "oge", "olt", "ole", "one", "ord", "ueq", "ugt", "uge", "ult", "ule", "une", "uno",
)  # fmt: skip
UNARY_FLOATS = (
    "sqrt", "exp", "log", "sin", "cos", "tanh", "floor", "ceil", "round", "roundeven", "absf", "rsqrt", "exp2", "log2",
    "log1p", "expm1", "erf", "atan",
)  # fmt: skip

Operation = tuple[str, str, tuple[str, ...], str]
"""A name for a function, its expression over %a and %b, the types of these, and that of the result."""


def operations(integers: tuple[str, ...] = INTEGERS, floats: tuple[str, ...] = FLOATS) -> list[Operation]:
    found: list[Operation] = []
    for kind in integers:
        # Arithmetic with 8 and 16 bits is refused.
        whole = kind not in ("i8", "i16")
        found += [
            (f"{op}_{kind}", f"arith.{op} %a, %b : {kind}", (kind, kind), kind)
            for op in BINARY
            if whole and (kind != "i1" or op in OF_BITS)
        ]
        found += [
            (f"{p}_{kind}", f"arith.cmpi {p}, %a, %b : {kind}", (kind, kind), "i1") for p in COMPARE if whole
        ]
        if kind != "index" and whole:
            found += [
                (f"{op}_{kind}", f"arith.{op} %a : {kind} to f32", (kind,), "f32")
                for op in ("sitofp", "uitofp")
            ]
            found += [
                (f"index_{op}_{kind}", f"arith.{op} %a : {kind} to index", (kind,), "index")
                for op in ("index_cast", "index_castui")
            ]
            found.append((f"from_index_{kind}", f"arith.index_cast %a : index to {kind}", ("index",), kind))
    for narrow, wide in itertools.combinations([kind for kind in integers if kind != "index"], 2):
        for op in ("extsi", "extui"):
            found.append((f"{op}_{narrow}_{wide}", f"arith.{op} %a : {narrow} to {wide}", (narrow,), wide))
        found.append((f"trunci_{wide}_{narrow}", f"arith.trunci %a : {wide} to {narrow}", (wide,), narrow))
    for kind in floats:
        for op in ("addf", "subf", "mulf", "divf", "maximumf", "minimumf"):
            found.append((f"{op}_{kind}", f"arith.{op} %a, %b : {kind}", (kind, kind), kind))
        found.append((f"negf_{kind}", f"arith.negf %a : {kind}", (kind,), kind))
        found += [(f"{op}_{kind}", f"math.{op} %a : {kind}", (kind,), kind) for op in UNARY_FLOATS]
        found += [
            (f"{p}_{kind}", f"arith.cmpf {p}, %a, %b : {kind}", (kind, kind), "i1") for p in COMPARE_FLOATS
        ]
    for kind in {"i32", "i64"} & set(integers):
        for op in ("fptosi", "fptoui"):
            found.append((f"{op}_{kind}", f"arith.{op} %a : f32 to {kind}", ("f32",), kind))
    for kind in {"i8", "i16"} & set(integers):
        found.append((f"fptosi_{kind}", f"arith.fptosi %a : f32 to {kind}", ("f32",), kind))
    found += [
        ("bits", "arith.bitcast %a : f32 to i32", ("f32",), "i32"),
        ("unbits", "arith.bitcast %a : i32 to f32", ("i32",), "f32"),
        ("extf", "arith.extf %a : f32 to f64", ("f32",), "f64"),
        ("absi_i32", "math.absi %a : i32", ("i32",), "i32"),
        ("ctlz_i32", "math.ctlz %a : i32", ("i32",), "i32"),
    ]
    return found


def function(operation: Operation) -> str:
    name, expression, inputs, result = operation
    arguments = ", ".join(f"%{letter}: {kind}" for letter, kind in zip("ab", inputs, strict=False))
    return f"  func.func @{name}({arguments}) -> {result} {{\n    %r = {expression}\n    return %r : {result}\n  }}\n"


def values(kind: str) -> list[Any]:
    if kind == "i1":
        return [False, True]
    if kind in FLOATS:
        return [
            0.0, -0.0, 0.5, -0.5, 1.5, 2.5, -0.6, 3.7, -2.25, 100.0, 1e10, -3.0, math.inf, -math.inf, math.nan,
        ]  # fmt: skip
    width = 64 if kind == "index" else int(kind[1:])
    return [0, 1, -1, 3, -7, (1 << width - 1) - 1, -(1 << width - 1)]


def same(ours: Any, theirs: Any) -> bool:
    if isinstance(theirs, np.floating):
        # Functions of mathematics are computed by other libraries; 4 units in the last place are allowed.
        close = np.spacing(np.abs(theirs)) * 4 if np.isfinite(theirs) else 0
        with np.errstate(invalid="ignore"):
            return bool(
                type(ours) is type(theirs) and (ours == theirs or abs(ours - theirs) <= close)
            ) or bool(np.isnan(ours) and np.isnan(theirs))
    return type(ours) is type(theirs) and ours == theirs


def compare(known: list[Operation], text: str, most: int, rng: random.Random) -> tuple[list[Any], int]:
    """What is computed differently, and how many results were compared; at most so many for each function."""
    compiled, interpreter = iree(text, device="local-sync"), Interpreter(ax.parse(text))
    wrong, compared = [], 0
    for name, _, inputs, _ in known:
        chosen = list(itertools.product(*map(values, inputs)))
        for arguments in chosen if len(chosen) <= most else rng.sample(chosen, most):
            try:
                (expected,) = interpreter.call(name, *arguments)
            except InterpreterError:
                continue  # Undefined, such as a division by zero.
            if type(expected).__name__ == "_Poison":
                continue
            found = compiled[name](*arguments)
            compared += 1
            if not same(found, expected):
                wrong.append((name, arguments, expected, found))
    return wrong, compared


def test_operations() -> None:
    known = operations(("i1", "i8", "i32", "index"), ("f32",))
    text = "module {\n" + "".join(map(function, known)) + "}\n"
    wrong, compared = compare(known, text, 10, random.Random(7))
    assert not wrong, (len(wrong), wrong[:10])
    assert compared > 1000


@pytest.mark.slow
def test_every_operation() -> None:
    known = operations()
    text = "module {\n" + "".join(map(function, known)) + "}\n"
    wrong, compared = compare(known, text, 1000, random.Random(7))
    assert not wrong, (len(wrong), wrong[:10])
    assert compared > 8000


def branch(name: str, inner: str, condition: str, expression: str, kind: str, other: str) -> list[str]:
    return [
        f"    {name} = scf.if {condition} -> ({kind}) {{",
        f"      {inner} = {expression}",
        f"      scf.yield {inner} : {kind}",
        "    } else {",
        f"      scf.yield {other} : {kind}",
        "    }",
    ]


def composed(number: int, rng: random.Random, known: list[Operation]) -> tuple[Operation, str]:
    """A function in which each operation works on what earlier ones computed, with branches in between."""
    kinds = [rng.choice(("i1", "i8", "i16", "i32", "i64", "f32")) for _ in range(2)]
    held = [("%a", kinds[0]), ("%b", kinds[1])]
    lines = []
    for step in range(8):
        fitting = [
            (op, operands)
            for op in rng.sample(known, 60)
            for operands in [[[v for v, k in held if k == kind] for kind in op[2]]]
            if all(operands)
        ]
        if not fitting:
            continue
        op, operands = fitting[0]
        expression = op[1]
        for letter in "ab":
            expression = expression.replace(f"%{letter}", f"%{letter}#")
        for letter, options in zip("ab", operands, strict=False):
            expression = expression.replace(f"%{letter}#", rng.choice(options))
        result = op[3]
        conditions = [v for v, k in held if k == "i1"]
        others = [v for v, k in held if k == result]
        chosen = rng.random()
        if conditions and others and chosen < 0.7:
            lines += branch(
                f"%v{step}", f"%w{step}", rng.choice(conditions), expression, result, rng.choice(others)
            )
        else:
            lines.append(f"    %v{step} = {expression}")
        held.append((f"%v{step}", result))
    last, result = held[-1]
    name = f"f{number}"
    head = f"  func.func @{name}(%a: {kinds[0]}, %b: {kinds[1]}) -> {result} {{\n"
    body = "\n".join(lines)
    return (name, "", (kinds[0], kinds[1]), result), f"{head}{body}\n    return {last} : {result}\n  }}\n"


# Operations with exact results, so that differences do not grow, and that trap for no operands.
EXACT = (
    "addi", "subi", "muli", "andi", "ori", "xori", "max", "min", "eq_", "ne_", "sl", "sg", "ul", "ug", "ext", "trunci",
    "index_index", "addf", "subf", "mulf", "negf", "oeq", "og", "ol", "one", "ord", "ue", "un", "sitofp", "bits", "floor",
)  # fmt: skip


def compare_composed(seed: int, count: int) -> None:
    rng = random.Random(seed)
    known = [op for op in operations(("i1", "i8", "i16", "i32", "i64"), ("f32",)) if op[0].startswith(EXACT)]
    drawn = [composed(number, rng, known) for number in range(count)]
    text = "module {\n" + "".join(text for _, text in drawn) + "}\n"
    wrong, compared = compare([op for op, _ in drawn], text, 12, rng)
    shown = {op[0]: text for op, text in drawn}
    assert not wrong, (seed, len(wrong), wrong[:3], shown[wrong[0][0]])
    assert compared > count * 3


def test_composed_operations() -> None:
    compare_composed(1, 30)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 8))
def test_many_composed_operations(seed: int) -> None:
    compare_composed(seed, 200)


LOOPS = """\
module {
  func.func @f(%a: i32, %c: i1) -> i32 {
    %z = arith.constant 0 : index
    %one = arith.constant 1 : index
    %n = arith.constant 3 : index
    %two = arith.constant 2 : i32
    %r = scf.for %i = %z to %n step %one iter_args(%x = %a) -> (i32) {
      %y = BODY
      scf.yield %y : i32
    }
    return %r : i32
  }
}
"""


def test_loops_that_iree_gets_wrong() -> None:
    """It does so in some cases only, but which these are is not known."""
    for body in ("arith.muli %two, %a : i32", "arith.addi %x, %two : i32"):
        with pytest.raises(ax.CompilationError, match="a loop on the host carries") as caught:
            iree(LOOPS.replace("BODY", body))
        assert caught.value.diagnostics[0].line == 7
    branch = "scf.if %c -> (i32) {\nscf.yield %x : i32\n} else {\nscf.yield %two : i32\n}"
    with pytest.raises(ax.CompilationError, match="may overwrite numbers"):
        iree(LOOPS.replace("BODY", branch))


def test_loops_that_carry_tensors() -> None:
    text = LOOPS.replace("iter_args(%x = %a) -> (i32)", "iter_args(%x = %t) -> (tensor<2xi32>)")
    text = text.replace("BODY", "stablehlo.add %x, %x : tensor<2xi32>").replace(
        "%y : i32", "%y : tensor<2xi32>"
    )
    text = text.replace("@f(%a: i32, %c: i1) -> i32", "@f(%t: tensor<2xi32>) -> tensor<2xi32>")
    text = text.replace("return %r : i32", "return %r : tensor<2xi32>")
    assert iree(text).f(np.array([1, 2], np.int32)).tolist() == [8, 16]


SWITCHES = """\
module {
  func.func @values(%i: index, %x: tensor<2xi32>) -> (tensor<2xi32>, i32) {
    %c = arith.constant 7 : i32
    %r, %s = scf.index_switch %i -> tensor<2xi32>, i32
    case 2 {
      %y = stablehlo.add %x, %x : tensor<2xi32>
      scf.yield %y, %c : tensor<2xi32>, i32
    }
    case -1 {
      %y = stablehlo.multiply %x, %x : tensor<2xi32>
      %n = scf.index_switch %i -> i32
      default {
        %d = arith.constant 9 : i32
        scf.yield %d : i32
      }
      scf.yield %y, %n : tensor<2xi32>, i32
    }
    case 5 {
      scf.yield %x, %c : tensor<2xi32>, i32
    }
    default {
      %y = stablehlo.negate %x : tensor<2xi32>
      scf.yield %y, %c : tensor<2xi32>, i32
    }
    return %r, %s : tensor<2xi32>, i32
  }
  func.func @generic(%i: index, %x: tensor<2xi32>) -> tensor<2xi32> {
    %r = "scf.index_switch"(%i) <{cases = array<i64: 0, 1>}> ({
      %y = stablehlo.negate %x : tensor<2xi32>
      "scf.yield"(%y) : (tensor<2xi32>) -> ()
    }, {
      "scf.yield"(%x) : (tensor<2xi32>) -> ()
    }, {
      %y = stablehlo.add %x, %x : tensor<2xi32>
      "scf.yield"(%y) : (tensor<2xi32>) -> ()
    }) : (index) -> tensor<2xi32>
    return %r : tensor<2xi32>
  }
  func.func @nothing(%i: index) {
    scf.index_switch %i
    case 1 {
      scf.yield
    }
    case 2 {
      scf.yield
    }
    default {
      scf.yield
    }
    return
  }
}
"""


def test_switches() -> None:
    compiled, interpreter = iree(SWITCHES), Interpreter(ax.parse(SWITCHES))
    x = np.array([3, -4], np.int32)
    for index in (-2, -1, 0, 1, 2, 3, 5, 1 << 40):
        for name in ("values", "generic"):
            found, expected = compiled[name](index, x), interpreter.call(name, index, x)
            for ours, theirs in zip(found if isinstance(found, tuple) else [found], expected, strict=True):
                np.testing.assert_array_equal(ours, theirs)
        assert compiled.nothing(index) is None


@pytest.mark.parametrize(
    ("expression", "kind"),
    [("arith.remf", "f32"), ("arith.addi", "i8"), ("arith.maxui", "i16"), ("arith.divui", "i1")],
)
def test_what_the_host_cannot_compute(expression: str, kind: str) -> None:
    text = f"func.func @f(%a: {kind}, %b: {kind}) -> {kind} {{\n  %r = {expression} %a, %b : {kind}\n  return %r : {kind}\n}}\n"
    with pytest.raises(
        ax.CompilationError, match=f"{expression} on numbers of type {kind} wrongly"
    ) as caught:
        iree(text)
    assert (caught.value.diagnostics[0].line, caught.value.diagnostics[0].column) == (2, 8)


DIVIDING = """
import itertools, sys
from approxir.codegen.iree.backend import iree
names = "divsi divui remsi remui ceildivsi ceildivui floordivsi".split()
kinds = {"i32": 32, "i64": 64, "index": 64}
text = "module {\\n" + "".join(
    f"func.func @{op}_{kind}(%a: {kind}, %b: {kind}) -> {kind} {{\\n%r = arith.{op} %a, %b : {kind}\\nreturn %r : {kind}\\n}}\\n"
    for op in names for kind in kinds
) + "}"
kernel = iree(text, device=sys.argv[1])
for op in names:
    for kind, width in kinds.items():
        for a, b in itertools.product((0, 1, -1, -(1 << width - 1), (1 << width - 1) - 1), (0, -1)):
            result = kernel[f"{op}_{kind}"](a, b)
            if b == -1 and op == "divsi" and a != -(1 << width - 1):
                assert result == -a
print("alive")
"""


def test_dividing_by_zero_ends_no_process() -> None:
    for device in ("local-sync", "local-task"):
        done = subprocess.run(
            [sys.executable, "-c", DIVIDING, device], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr


def test_bodies_of_tensor_operations_are_left_alone() -> None:
    from approxir.codegen.iree.host import put_for_host

    text = """\
#id = affine_map<(d0) -> (d0)>
func.func @f(%x: tensor<8xf32>) -> tensor<8xi32> {
  %e = tensor.empty() : tensor<8xi32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%x : tensor<8xf32>) outs(%e : tensor<8xi32>) {
  ^bb0(%a: f32, %b: i32):
    %t = arith.fptosi %a : f32 to i32
    linalg.yield %t : i32
  } -> tensor<8xi32>
  return %r : tensor<8xi32>
}
"""
    module = ax.parse(text)
    assert not put_for_host(module)
    assert str(module) == text
    x = np.array([0.5, -0.6, 1.5, 2.5, -2.5, 3.99, -0.0, 100.2], np.float32)
    np.testing.assert_array_equal(iree(text).f(x), x.astype(np.int32))
