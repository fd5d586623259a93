"""Operations of upstream dialects that reach LLVM by different ways, against the interpreter or NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support import native

import approxir as ax
from approxir.interp import Interpreter
from approxir.interp.numbers import dtype_of

pytestmark = native.needs_native

FLOATS = ("f16", "bf16", "f32", "f64")
# What the next operation up from a number of each type may differ by, relatively.
NEAR = {"f16": 2e-3, "bf16": 2e-2, "f32": 1e-6, "f64": 1e-14}
UNARY = (
    "absf", "acos", "acosh", "asin", "asinh", "atan", "atanh", "cbrt", "ceil", "cos", "cosh", "erf", "erfc", "exp",
    "exp2", "expm1", "floor", "log", "log10", "log1p", "log2", "round", "roundeven", "rsqrt", "sin", "sinh", "sqrt",
    "tan", "tanh", "trunc",
)  # fmt: skip


def both(text: str, *args: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """What the interpreter and compiled code return; both get arrays of their own."""

    def fresh() -> list[Any]:
        return [arg.copy() if isinstance(arg, np.ndarray) else arg for arg in args]

    wanted = Interpreter(ax.parse(text)).call("f", *fresh())
    found = native.function(text, "f")(*fresh())
    return found, wanted


def agree(text: str, *args: Any, near: float = 0.0) -> None:
    found, wanted = both(text, *args)
    for mine, other in zip(found, wanted, strict=True):
        a, b = np.asarray(mine), np.asarray(other)
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        if near and a.dtype.kind != "b":
            wide = np.complex128 if a.dtype.kind == "c" else np.float64
            np.testing.assert_allclose(a.astype(wide), b.astype(wide), rtol=near, atol=near)
        else:
            assert a.tobytes() == b.tobytes(), (text, mine, other)


@pytest.mark.parametrize("kind", FLOATS)
def test_math(kind: str) -> None:
    """Every function in one module, as scalars and on vectors of one and two dimensions."""
    lines, names = [], []
    for number, name in enumerate(UNARY):
        argument = "%big" if name == "acosh" else "%a"
        lines.append(f"%r{number} = math.{name} {argument} : {kind}")
        names.append(f"%r{number}")
    for name in ("atan2", "copysign", "powf"):
        lines.append(f"%{name} = math.{name} %a, %big : {kind}")
        names.append(f"%{name}")
    lines.append(f"%power = math.fpowi %big, %three : {kind}, i32")
    lines.append(f"%fma = math.fma %a, %big, %a : {kind}")
    names += ["%power", "%fma"]
    types = ", ".join([kind] * len(names))
    text = f"func.func @f(%a: {kind}, %big: {kind}) -> ({types}) {{\n%three = arith.constant 3 : i32\n"
    text += "\n".join(lines) + f"\nreturn {', '.join(names)} : {types}\n}}"
    cls = dtype_of(ax.parse_type(kind)).type
    agree(text, cls(0.40625), cls(1.5), near=NEAR[kind])
    for shape in ("4", "2x4"):
        vector = f"vector<{shape}x{kind}>"
        text = f"func.func @f(%a: {vector}) -> ({vector}, {vector}) {{ %r = math.exp %a : {vector}\n"
        text += f"%s = math.tanh %a : {vector}\nreturn %r, %s : {vector}, {vector} }}"
        sizes = [int(size) for size in shape.split("x")]
        agree(text, np.linspace(-1, 1, int(np.prod(sizes))).reshape(sizes).astype(cls), near=NEAR[kind])


@pytest.mark.parametrize(("kind", "cls"), [("f32", np.complex64), ("f64", np.complex128)])
def test_complex(kind: str, cls: Any) -> None:
    functions: dict[str, Any] = {
        "exp": np.exp, "log": np.log, "sin": np.sin, "cos": np.cos, "tan": np.tan, "sqrt": np.sqrt, "tanh": np.tanh,
        "conj": np.conj, "neg": np.negative, "expm1": np.expm1, "log1p": np.log1p, "rsqrt": lambda z: 1 / np.sqrt(z),
        "sign": lambda z: z / abs(z),
    }  # fmt: skip
    z, w = cls(1 + 2j), cls(0.5 - 1j)
    near = 1e-5 if kind == "f32" else 1e-13
    kind = f"complex<{kind}>"
    for name, function in functions.items():
        text = (
            f"func.func @f(%a: {kind}) -> {kind} {{ %r = complex.{name} %a : {kind}\n return %r : {kind} }}"
        )
        (found,) = native.function(text, "f")(z)
        assert found.dtype == cls
        assert abs(found - function(z)) <= near * abs(found), name
    for name, function in {
        "add": np.add,
        "sub": np.subtract,
        "mul": np.multiply,
        "div": np.divide,
        "pow": np.power,
    }.items():
        text = f"func.func @f(%a: {kind}, %b: {kind}) -> {kind} {{ %r = complex.{name} %a, %b : {kind}\n return %r : {kind} }}"
        (found,) = native.function(text, "f")(z, w)
        assert abs(found - function(z, w)) <= near * abs(found), name


INTEGERS = """
func.func @f(%a: i32, %b: i32) -> (RESULTS) {
  LINES
  return NAMES : RESULTS
}
"""


@pytest.mark.parametrize(("a", "b"), [(37, 3), (-37, 5), (1 << 30, 7), (-1, 1), (0, 1)])
def test_integers(a: int, b: int) -> None:
    names = (
        "ceildivsi", "ceildivui", "floordivsi", "divsi", "divui", "remsi", "remui", "maxsi", "minsi", "maxui", "minui",
        "shli", "shrsi", "shrui", "muli",
    )  # fmt: skip
    lines = [f"%{name} = arith.{name} %a, %b : i32" for name in names]
    lines += [f"%{name} = math.{name} %a : i32" for name in ("absi", "ctlz", "cttz", "ctpop")]
    lines += ["%ipowi = math.ipowi %a, %b : i32"]
    lines += [
        "%low, %high = arith.mulsi_extended %a, %b : i32",
        "%sum, %over = arith.addui_extended %a, %b : i32, i1",
    ]
    shown = [f"%{name}" for name in (*names, "absi", "ctlz", "cttz", "ctpop", "ipowi", "low", "high", "sum")]
    text = INTEGERS.replace("RESULTS", ", ".join(["i32"] * len(shown))).replace("NAMES", ", ".join(shown))
    agree(text.replace("LINES", "\n  ".join(lines)), a, b)


GRID = np.arange(24, dtype=np.float32).reshape(4, 6)
CASES: dict[str, tuple[str, tuple[Any, ...]]] = {
    "a parallel loop": (
        """
        func.func @f(%m: memref<?x?xf32>) -> f32 {
          %c0 = arith.constant 0 : index
          %c1 = arith.constant 1 : index
          %zero = arith.constant 0.0 : f32
          %n = memref.dim %m, %c0 : memref<?x?xf32>
          %k = memref.dim %m, %c1 : memref<?x?xf32>
          %r = scf.parallel (%i, %j) = (%c0, %c0) to (%n, %k) step (%c1, %c1) init (%zero) -> f32 {
            %x = memref.load %m[%i, %j] : memref<?x?xf32>
            scf.reduce(%x : f32) {
            ^bb0(%a: f32, %b: f32):
              %s = arith.addf %a, %b : f32
              scf.reduce.return %s : f32
            }
          }
          return %r : f32
        }""",
        (GRID,),
    ),
    "a copy between layouts": (
        """
        func.func @f(%m: memref<4x6xf32>) -> memref<6x4xf32> {
          %t = memref.alloc() : memref<6x4xf32>
          %v = memref.transpose %m (i, j) -> (j, i) : memref<4x6xf32> to memref<6x4xf32, strided<[1, 6]>>
          memref.copy %v, %t : memref<6x4xf32, strided<[1, 6]>> to memref<6x4xf32>
          return %t : memref<6x4xf32>
        }""",
        (GRID,),
    ),
    "atomic operations": (
        """
        func.func @f(%m: memref<?xi32>) -> i32 {
          %c2 = arith.constant 2 : index
          %v = arith.constant 5 : i32
          %o = memref.atomic_rmw addi %v, %m[%c2] : (i32, memref<?xi32>) -> i32
          %g = memref.generic_atomic_rmw %m[%c2] : memref<?xi32> {
          ^bb0(%x: i32):
            %y = arith.muli %x, %v : i32
            memref.atomic_yield %y : i32
          }
          return %g : i32
        }""",
        (np.arange(5, dtype=np.int32),),
    ),
    "affine loops": (
        """
        func.func @f(%m: memref<8xf32>) -> f32 {
          %zero = arith.constant 0.0 : f32
          %r = affine.for %i = 0 to 4 iter_args(%s = %zero) -> f32 {
            %x = affine.load %m[%i * 2] : memref<8xf32>
            %t = arith.addf %s, %x : f32
            affine.yield %t : f32
          }
          affine.parallel (%i) = (0) to (8) {
            %x = affine.load %m[%i] : memref<8xf32>
            affine.store %x, %m[%i] : memref<8xf32>
          }
          return %r : f32
        }""",
        (np.arange(8, dtype=np.float32),),
    ),
    "a product of matrices in memory": (
        """
        func.func @f(%a: memref<4x6xf32>, %b: memref<6x5xf32>, %c: memref<4x5xf32>) -> memref<4x5xf32> {
          linalg.matmul ins(%a, %b : memref<4x6xf32>, memref<6x5xf32>) outs(%c : memref<4x5xf32>)
          return %c : memref<4x5xf32>
        }""",
        (GRID, np.ones((6, 5), np.float32), np.zeros((4, 5), np.float32)),
    ),
    "switches and branches": (
        """
        func.func @f(%c: i32) -> i32 {
          %i = arith.index_cast %c : i32 to index
          %r = scf.index_switch %i -> i32
          case 1 {
            %a = arith.constant 10 : i32
            scf.yield %a : i32
          }
          case 5 {
            %a = arith.constant 20 : i32
            scf.yield %a : i32
          }
          default {
            %a = arith.constant 30 : i32
            scf.yield %a : i32
          }
          cf.switch %c : i32, [
            default: ^d,
            1: ^e
          ]
        ^d:
          return %r : i32
        ^e:
          %zero = arith.constant 0 : i32
          return %zero : i32
        }""",
        (5,),
    ),
    "functions as values": (
        """
        func.func private @g(%f: (i32) -> i32, %x: i32) -> i32 {
          %r = func.call_indirect %f(%x) : (i32) -> i32
          return %r : i32
        }
        func.func private @h(%x: i32) -> i32 {
          %r = arith.muli %x, %x : i32
          return %r : i32
        }
        func.func @f(%x: i32) -> i32 {
          %p = func.constant @h : (i32) -> i32
          %r = func.call @g(%p, %x) : ((i32) -> i32, i32) -> i32
          return %r : i32
        }""",
        (5,),
    ),
    "recursion": (
        """
        func.func @f(%n: i64) -> i64 {
          %one = arith.constant 1 : i64
          %least = arith.cmpi sle, %n, %one : i64
          %r = scf.if %least -> i64 {
            scf.yield %one : i64
          } else {
            %m = arith.subi %n, %one : i64
            %s = func.call @f(%m) : (i64) -> i64
            %t = arith.muli %n, %s : i64
            scf.yield %t : i64
          }
          return %r : i64
        }""",
        (10,),
    ),
    "tensors": (
        """
        func.func @f(%t: tensor<4x6xf32>) -> (tensor<24xf32>, tensor<2x3xf32>, tensor<4x6xf32>) {
          %b = tensor.collapse_shape %t [[0, 1]] : tensor<4x6xf32> into tensor<24xf32>
          %c = tensor.extract_slice %t[1, 2] [2, 3] [1, 1] : tensor<4x6xf32> to tensor<2x3xf32>
          %d = tensor.insert_slice %c into %t[0, 0] [2, 3] [1, 1] : tensor<2x3xf32> into tensor<4x6xf32>
          return %b, %c, %d : tensor<24xf32>, tensor<2x3xf32>, tensor<4x6xf32>
        }""",
        (GRID,),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_programs(name: str) -> None:
    text, args = CASES[name]
    agree(text, *args)


def test_memory_that_grows() -> None:
    text = """
    func.func @f(%n: index, %k: index) -> memref<?xi32> {
      %x = arith.constant 3 : i32
      %a = memref.alloc(%n) : memref<?xi32>
      linalg.fill ins(%x : i32) outs(%a : memref<?xi32>)
      %r = memref.realloc %a(%k) : memref<?xi32> to memref<?xi32>
      return %r : memref<?xi32>
    }"""
    (found,) = native.function(text, "f")(3, 5)
    assert found.shape == (5,)
    assert found[:3].tolist() == [3, 3, 3]


def test_vectors() -> None:
    text = """
    func.func @f(%m: memref<4x8xf32>, %i: index) -> (vector<8xf32>, vector<4x2xf32>) {
      %zero = arith.constant 0.0 : f32
      %v = vector.transfer_read %m[%i, %i], %zero : memref<4x8xf32>, vector<8xf32>
      %s = vector.reduction <add>, %v : vector<8xf32> into f32
      %b = vector.broadcast %s : f32 to vector<8xf32>
      %t = arith.addf %v, %b : vector<8xf32>
      %w = vector.shape_cast %t : vector<8xf32> to vector<2x4xf32>
      %x = vector.transpose %w, [1, 0] : vector<2x4xf32> to vector<4x2xf32>
      return %t, %x : vector<8xf32>, vector<4x2xf32>
    }"""
    grid = np.arange(32, dtype=np.float32).reshape(4, 8)
    found, turned = native.function(text, "f")(grid, 1)
    row = np.append(grid[1, 1:], np.float32(0))
    assert found.tolist() == (row + row.sum()).tolist()
    assert turned.tolist() == (row + row.sum()).reshape(2, 4).T.tolist()


@pytest.mark.parametrize("kind", ["tensor<4xf32>", "memref<4xf32>"])
def test_results_with_attributes(kind: str) -> None:
    text = f"""
    func.func public @main(%a: {kind} {{x.y = 1 : i32}}, %b: i32) -> ({kind} {{jax.result_info = "a"}}, i32) {{
      return %a, %b : {kind}, i32
    }}"""
    found, number = native.function(text, "main")(np.arange(4, dtype=np.float32), 5)
    assert (found.tolist(), number) == ([0, 1, 2, 3], 5)
