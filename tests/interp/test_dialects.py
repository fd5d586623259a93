"""One table for each dialect: an expression or a body, arguments, and the answer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import approxir
from approxir.interp import POISON, InterpreterError, run


def value(line: str, kind: str, arguments: str = "", *args: Any) -> Any:
    """The result of a function of one operation (or several, the last one defining %r)."""
    text = f"func.func @f({arguments}) -> {kind} {{\n{line}\nreturn %r : {kind}\n}}"
    (found,) = run(approxir.parse(text), "f", *args)
    (again,) = run(approxir.parse(approxir.parse(text).print(generic=True)), "f", *args)
    if isinstance(found, int):
        assert found == again
    else:
        assert found is again or np.asarray(found).tobytes() == np.asarray(again).tobytes()
    return found


@pytest.mark.parametrize(
    ("line", "kind", "answer"),
    [
        ("%r = arith.constant -5 : i8", "i8", -5),
        ("%r = arith.constant 255 : i8", "i8", -1),
        ("%r = arith.constant true", "i1", True),
        ("%r = arith.constant 0x7FC00000 : f32", "f32", math.nan),
        ("%r = arith.constant 1.0e-45 : f32", "f32", np.float32(1.0e-45)),
        ("%r = arith.constant dense<[1, 2]> : vector<2xi4>", "vector<2xi4>", [1, 2]),
        ("%r = arith.constant dense<1.5> : tensor<2x1xbf16>", "tensor<2x1xbf16>", [[1.5], [1.5]]),
        ('%r = arith.constant dense<"0x00000080"> : tensor<1xf32>', "tensor<1xf32>", [-0.0]),
        ("%r = arith.constant dense<(1.0, -2.0)> : tensor<1xcomplex<f32>>", "tensor<1xcomplex<f32>>", [1 - 2j]),
        ("%a = arith.constant 127 : i8\n%r = arith.addi %a, %a overflow<nsw> : i8", "i8", -2),
        ("%a = arith.constant 1 : i128\n%b = arith.constant 127 : i128\n%r = arith.shli %a, %b : i128", "i128", -(2**127)),
        ("%a = arith.constant dense<[7, -7]> : vector<2xi32>\n%b = arith.constant dense<2> : vector<2xi32>\n%r = arith.floordivsi %a, %b : vector<2xi32>", "vector<2xi32>", [3, -4]),
        ("%a = arith.constant dense<[1.0, 2.0]> : vector<2xf32>\n%r = arith.addf %a, %a fastmath<fast> : vector<2xf32>", "vector<2xf32>", [2, 4]),
        ("%a = arith.constant dense<[true, false]> : vector<2xi1>\n%b = arith.constant dense<3> : vector<2xi8>\n%c = arith.constant dense<4> : vector<2xi8>\n%r = arith.select %a, %b, %c : vector<2xi1>, vector<2xi8>", "vector<2xi8>", [3, 4]),
        ("%a = arith.constant 0x7FC00000 : f32\n%b = arith.constant 1.0 : f32\n%r = arith.maxnumf %a, %b : f32", "f32", 1.0),
        ("%a = arith.constant -0.0 : f32\n%b = arith.constant 0.0 : f32\n%r = arith.minimumf %b, %a : f32", "f32", -0.0),
        ("%a = arith.constant dense<[-1, 300]> : tensor<2xi32>\n%r = arith.trunci %a : tensor<2xi32> to tensor<2xi8>", "tensor<2xi8>", [-1, 44]),
        ("%a = arith.constant 16777217 : i32\n%r = arith.sitofp %a : i32 to f32", "f32", 16777216.0),
        ("%a = arith.constant 1.00390625 : f64\n%r = arith.truncf %a : f64 to bf16", "bf16", 1.0),
        ("%a = arith.constant 1.00390625000001 : f64\n%r = arith.truncf %a : f64 to bf16", "bf16", 1.0078125),
        ("%a = arith.constant 480.0 : f32\n%r = arith.truncf %a : f32 to f8E4M3FN", "f8E4M3FN", math.nan),
        ("%a = index.constant -7\n%b = index.constant 2\n%r = index.floordivs %a, %b", "index", -4),
        ("%a = index.constant -7\n%b = index.constant 2\n%r = index.cmp ult(%a, %b)", "i1", False),
        ("%a = index.constant -1\n%r = index.castu %a : index to i32", "i32", -1),
        ("%a = arith.constant 2.5 : f32\n%r = math.roundeven %a : f32", "f32", 2.0),
        ("%a = arith.constant -2.5 : f32\n%r = math.round %a : f32", "f32", -3.0),
        ("%a = arith.constant -8 : i32\n%r = math.absi %a : i32", "i32", 8),
        ("%a = arith.constant 1 : i8\n%r = math.ctlz %a : i8", "i8", 7),
        ("%a = arith.constant 0 : i8\n%r = math.cttz %a : i8", "i8", 8),
        ("%a = arith.constant -1 : i8\n%r = math.ctpop %a : i8", "i8", 8),
        ("%a = arith.constant 3 : i8\n%r = math.ipowi %a, %a : i8", "i8", 27),
        ("%a = arith.constant 0.0 : f64\n%r = math.log %a : f64", "f64", -math.inf),
        ("%a = arith.constant 1000.0 : f64\n%r = math.exp %a : f64", "f64", math.inf),
        ("%a = arith.constant -2.0 : f64\n%b = arith.constant 3.0 : f64\n%r = math.powf %a, %b : f64", "f64", -8.0),
        ("%a = arith.constant 1.0 : f32\n%c = complex.create %a, %a : complex<f32>\n%d = complex.mul %c, %c : complex<f32>\n%r = complex.im %d : complex<f32>", "f32", 2.0),
    ],
)  # fmt: skip
def test_scalars(line: str, kind: str, answer: Any) -> None:
    found = value(line, kind)
    if isinstance(answer, float) and math.isnan(answer):
        assert found != found
    else:
        assert np.array_equal(found, answer)
        if isinstance(answer, float | list):
            found = np.asarray(found)
            wide = np.real(found if found.dtype.kind == "c" else found.astype(float))
            assert np.array_equal(np.signbit(wide), np.signbit(np.real(answer)))


REDUCTIONS = [
    ("addi", "i32", 10 + 3), ("andi", "i32", 10 & 3), ("assign", "i32", 3), ("maxs", "i32", 10), ("maxu", "i32", 10),
    ("mins", "i32", 3), ("minu", "i32", 3), ("muli", "i32", 30), ("ori", "i32", 11), ("xori", "i32", 9),
    ("addf", "f32", 13.0), ("maximumf", "f32", 10.0), ("maxnumf", "f32", 10.0), ("minimumf", "f32", 3.0),
    ("minnumf", "f32", 3.0), ("mulf", "f32", 30.0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "kind", "answer"), REDUCTIONS)
def test_atomic_updates(name: str, kind: str, answer: Any) -> None:
    text = f"""
    func.func @f(%m: memref<1x{kind}>, %x: {kind}) -> {kind} {{
      %c0 = arith.constant 0 : index
      %r = memref.atomic_rmw {name} %x, %m[%c0] : ({kind}, memref<1x{kind}>) -> {kind}
      return %r : {kind}
    }}
    """
    # The generic form has a number, and the real MLIR's own is the one that counts.
    for module in (
        approxir.parse(text),
        approxir.parse(approxir.parse(text).print(generic=True, using="mlir")),
    ):
        memory = np.array([10], np.int32 if kind == "i32" else np.float32)
        assert run(module, "f", memory, memory.dtype.type(3) if kind == "f32" else 3) == (10,)
        assert memory[0] == answer


@pytest.mark.parametrize(
    ("name", "kind"), [row[:2] for row in REDUCTIONS if row[0] != "assign" and row[0][-1] not in "su"]
)
def test_reductions_of_affine_parallel(name: str, kind: str) -> None:
    # Twice the number 3, and what the reduction itself begins with.
    once = {"addi": 6, "muli": 9, "xori": 0, "addf": 6.0, "mulf": 9.0}.get(name, 3)
    text = f"""
    func.func @f(%x: {kind}) -> {kind} {{
      %r = affine.parallel (%i) = (0) to (2) reduce ("{name}") -> ({kind}) {{
        affine.yield %x : {kind}
      }}
      return %r : {kind}
    }}
    """
    for module in (
        approxir.parse(text),
        approxir.parse(approxir.parse(text).print(generic=True, using="mlir")),
    ):
        assert run(module, "f", np.float32(3) if kind == "f32" else 3) == (once,)


def test_fma_rounds_once() -> None:
    text = "%r = math.fma %a, %b, %c : f32"
    a = np.float32(1 + 2**-23)
    exact = (1 + 2**-23) ** 2 - 1
    assert value(text, "f32", "%a: f32, %b: f32, %c: f32", a, a, -1.0) == np.float32(exact)
    # A tie of f32 that double precision cannot see: 2^24 + 1 + 2^-30.
    b = np.float32(2**24 + 2)
    assert value(text, "f32", "%a: f32, %b: f32, %c: f32", 2**-30, 1.0, b) == b


def test_select_and_poison() -> None:
    text = "%p = ub.poison : i32\n%r = arith.select %c, %a, %p : i32"
    assert value(text, "i32", "%c: i1, %a: i32", True, 4) == 4
    with pytest.raises(InterpreterError, match=r"arith\.addi uses a poison value") as caught:
        value("%p = ub.poison : i32\n%r = arith.addi %p, %p : i32", "i32")
    assert caught.value.line == 3
    assert value("%r = ub.poison : i32", "i32") is POISON
    assert value("%r = arith.fptosi %a : f32 to i8", "i8", "%a: f32", 127.9) == 127
    assert value("%r = arith.fptosi %a : f32 to i8", "i8", "%a: f32", 128.0) is POISON
    assert value("%r = arith.shli %a, %a : i8", "i8", "%a: i8", 8) is POISON


@pytest.mark.parametrize(
    "line",
    [
        "%r = stablehlo.slice %a [] : (tensor<i32>) -> tensor<i32>",
        "%r = stablehlo.reverse %a, dims = [] : tensor<i32>",
        "%r = stablehlo.dynamic_slice %a, sizes = [] : (tensor<i32>) -> tensor<i32>",
        "%n = stablehlo.constant dense<> : tensor<0xi32>\n"
        "%r = stablehlo.real_dynamic_slice %a, %n, %n, %n"
        " : (tensor<i32>, tensor<0xi32>, tensor<0xi32>, tensor<0xi32>) -> tensor<i32>",
    ],
)
def test_tensors_of_rank_0_stay_arrays(line: str) -> None:
    found = value(line, "tensor<i32>", "%a: tensor<i32>", np.array(7, np.int32))
    assert isinstance(found, np.ndarray)
    assert found.shape == ()
    assert found == 7


T = np.arange(6, dtype=np.int32).reshape(2, 3)


@pytest.mark.parametrize(
    ("line", "kind", "answer"),
    [
        ("%r = tensor.extract %t[%i, %i] : tensor<2x3xi32>", "i32", 4),
        ("%r = tensor.insert %n into %t[%i, %i] : tensor<2x3xi32>", "tensor<2x3xi32>", [[0, 1, 2], [3, 9, 5]]),
        ("%r = tensor.from_elements %n, %n : tensor<2xi32>", "tensor<2xi32>", [9, 9]),
        ("%r = tensor.splat %n : tensor<2x1xi32>", "tensor<2x1xi32>", [[9], [9]]),
        ("%r = tensor.splat %n[%i] : tensor<?xi32>", "tensor<?xi32>", [9]),
        ("%r = tensor.dim %t, %i : tensor<2x3xi32>", "index", 3),
        ("%r = tensor.cast %t : tensor<2x3xi32> to tensor<?x3xi32>", "tensor<?x3xi32>", T),
        ("%r = tensor.empty(%i) : tensor<?xf32>", "tensor<?xf32>", [0]),
        ("%r = tensor.extract_slice %t[0, %i] [2, 2] [1, 1] : tensor<2x3xi32> to tensor<2x2xi32>", "tensor<2x2xi32>", [[1, 2], [4, 5]]),
        ("%r = tensor.extract_slice %t[%i, 0] [1, 2] [1, 2] : tensor<2x3xi32> to tensor<2xi32>", "tensor<2xi32>", [3, 5]),
        ("%s = tensor.splat %n : tensor<2xi32>\n%r = tensor.insert_slice %s into %t[0, %i] [1, 2] [1, 1] : tensor<2xi32> into tensor<2x3xi32>", "tensor<2x3xi32>", [[0, 9, 9], [3, 4, 5]]),
        ("%r = tensor.collapse_shape %t [[0, 1]] : tensor<2x3xi32> into tensor<6xi32>", "tensor<6xi32>", range(6)),
        ("%r = tensor.expand_shape %t [[0], [1, 2]] output_shape [2, 3, 1] : tensor<2x3xi32> into tensor<2x3x1xi32>", "tensor<2x3x1xi32>", T[..., None]),
        ("%s = arith.constant dense<[3, 2]> : tensor<2xindex>\n%r = tensor.reshape %t(%s) : (tensor<2x3xi32>, tensor<2xindex>) -> tensor<3x2xi32>", "tensor<3x2xi32>", T.reshape(3, 2)),
        ("%r = tensor.concat dim(1) %t, %t : (tensor<2x3xi32>, tensor<2x3xi32>) -> tensor<2x6xi32>", "tensor<2x6xi32>", np.concatenate([T, T], 1)),
        ("%r = tensor.generate %i {\n^bb0(%x: index, %y: index):\n%z = arith.addi %x, %y : index\n%w = arith.index_cast %z : index to i32\ntensor.yield %w : i32\n} : tensor<?x2xi32>", "tensor<?x2xi32>", [[0, 1]]),
        ("%r = tensor.pad %t low[0, %i] high[0, 0] {\n^bb0(%x: index, %y: index):\ntensor.yield %n : i32\n} : tensor<2x3xi32> to tensor<2x?xi32>", "tensor<2x?xi32>", [[9, 0, 1, 2], [9, 3, 4, 5]]),
        ("%r = linalg.fill ins(%n : i32) outs(%t : tensor<2x3xi32>) -> tensor<2x3xi32>", "tensor<2x3xi32>", [[9] * 3] * 2),
        ("%u = arith.constant dense<1> : tensor<3x2xi32>\n%z = arith.constant dense<10> : tensor<2x2xi32>\n%r = linalg.matmul ins(%t, %u : tensor<2x3xi32>, tensor<3x2xi32>) outs(%z : tensor<2x2xi32>) -> tensor<2x2xi32>", "tensor<2x2xi32>", [[13, 13], [22, 22]]),
        ("%z = tensor.empty() : tensor<3x2xi32>\n%r = linalg.transpose ins(%t : tensor<2x3xi32>) outs(%z : tensor<3x2xi32>) permutation = [1, 0]", "tensor<3x2xi32>", T.T),
        ("%z = arith.constant dense<0> : tensor<2xi32>\n%r = linalg.reduce ins(%t : tensor<2x3xi32>) outs(%z : tensor<2xi32>) dimensions = [1] (%a: i32, %b: i32) {\n%s = arith.addi %a, %b : i32\nlinalg.yield %s : i32\n}", "tensor<2xi32>", [3, 12]),
        ("%z = arith.constant dense<0> : tensor<3xi32>\n%r = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (b)>], iterator_types = [\"reduction\", \"parallel\"]} ins(%t : tensor<2x3xi32>) outs(%z : tensor<3xi32>) {\n^bb0(%a: i32, %b: i32):\n%j = linalg.index 0 : index\n%k = arith.index_cast %j : index to i32\n%s = arith.addi %a, %b : i32\n%u = arith.addi %s, %k : i32\nlinalg.yield %u : i32\n} -> tensor<3xi32>", "tensor<3xi32>", [4, 6, 8]),
        ("%r = scf.forall (%x, %y) in (2, 3) shared_outs(%o = %t) -> (tensor<2x3xi32>) {\n%s = tensor.splat %n : tensor<1x1xi32>\nscf.forall.in_parallel {\ntensor.parallel_insert_slice %s into %o[%x, %y] [1, 1] [1, 1] : tensor<1x1xi32> into tensor<2x3xi32>\n}\n}", "tensor<2x3xi32>", [[9] * 3] * 2),
    ],
)  # fmt: skip
def test_tensors(line: str, kind: str, answer: Any) -> None:
    found = value(line, kind, "%t: tensor<2x3xi32>, %n: i32, %i: index", T, 9, 1)
    assert np.array_equal(found, answer)


@pytest.mark.parametrize(
    ("line", "kind", "answer"),
    [
        ("%r = vector.broadcast %s : f32 to vector<2x2xf32>", "vector<2x2xf32>", [[2, 2], [2, 2]]),
        ("%r = vector.extract %v[1] : f32 from vector<4xf32>", "f32", 2.0),
        ("%r = vector.extract %v[%i] : f32 from vector<4xf32>", "f32", 2.0),
        ("%r = vector.insert %s, %v[3] : f32 into vector<4xf32>", "vector<4xf32>", [1, 2, 3, 2]),
        ("%r = vector.reduction <add>, %v : vector<4xf32> into f32", "f32", 10.0),
        ("%r = vector.reduction <maximumf>, %v, %s : vector<4xf32> into f32", "f32", 4.0),
        ("%r = vector.fma %v, %v, %v : vector<4xf32>", "vector<4xf32>", [2, 6, 12, 20]),
        ("%r = vector.shape_cast %v : vector<4xf32> to vector<2x2xf32>", "vector<2x2xf32>", [[1, 2], [3, 4]]),
        ("%r = vector.shuffle %v, %v [0, 5] : vector<4xf32>, vector<4xf32>", "vector<2xf32>", [1, 2]),
        ("%r = vector.create_mask %i : vector<2xi1>", "vector<2xi1>", [True, False]),
        ("%r = vector.step : vector<3xindex>", "vector<3xindex>", [0, 1, 2]),
        ("%r = vector.extract_strided_slice %v {offsets = [1], sizes = [2], strides = [1]} : vector<4xf32> to vector<2xf32>", "vector<2xf32>", [2, 3]),
        ("%r = vector.from_elements %s, %s : vector<2xf32>", "vector<2xf32>", [2, 2]),
        ("%w = vector.bitcast %v : vector<4xf32> to vector<4xi32>\n%r = vector.extract %w[0] : i32 from vector<4xi32>", "i32", 0x3F800000),
    ],
)  # fmt: skip
def test_vectors(line: str, kind: str, answer: Any) -> None:
    v = np.array([1, 2, 3, 4], np.float32)
    found = value(line, kind, "%v: vector<4xf32>, %s: f32, %i: index", v, 2.0, 1)
    assert np.array_equal(found, answer)


class TestControl:
    def test_blocks(self) -> None:
        text = """
        func.func @f(%n: i32) -> i32 {
          %z = arith.constant 0 : i32
          %one = arith.constant 1 : i32
          cf.br ^head(%z, %n : i32, i32)
        ^head(%s: i32, %k: i32):
          %go = arith.cmpi sgt, %k, %z : i32
          cf.cond_br %go, ^body, ^end(%s : i32)
        ^body:
          %t = arith.addi %s, %k : i32
          %j = arith.subi %k, %one : i32
          cf.br ^head(%t, %j : i32, i32)
        ^end(%r: i32):
          return %r : i32
        }
        """
        assert run(approxir.parse(text), "f", 100) == (5050,)

    def test_arguments_of_blocks_are_passed_at_once(self) -> None:
        text = """
        func.func @f(%a: i32, %b: i32, %c: i1) -> (i32, i32) {
          %false = arith.constant false
          cf.br ^loop(%a, %b, %c : i32, i32, i1)
        ^loop(%x: i32, %y: i32, %again: i1):
          cf.cond_br %again, ^loop(%y, %x, %false : i32, i32, i1), ^end
        ^end:
          return %x, %y : i32, i32
        }
        """
        assert run(approxir.parse(text), "f", 1, 2, True) == (2, 1)

    @pytest.mark.parametrize(("flag", "answer"), [(42, 1), (-1, 2), (7, 0)])
    def test_switch(self, flag: int, answer: int) -> None:
        text = """
        func.func @f(%flag: i32) -> i32 {
          %a = arith.constant 0 : i32
          %b = arith.constant 1 : i32
          %c = arith.constant 2 : i32
          cf.switch %flag : i32, [default: ^end(%a : i32), 42: ^end(%b : i32), 4294967295: ^end(%c : i32)]
        ^end(%r: i32):
          return %r : i32
        }
        """
        assert run(approxir.parse(text), "f", flag) == (answer,)

    def test_calls(self) -> None:
        text = """
        func.func private @ext(i32, memref<2xi32>) -> (i32, f32)
        func.func @twice(%x: i32) -> i32 { %r = arith.addi %x, %x : i32
          return %r : i32 }
        func.func @f(%x: i32, %m: memref<2xi32>) -> (i32, i32, f32) {
          %g = func.constant @twice : (i32) -> i32
          %a = func.call_indirect %g(%x) : (i32) -> i32
          %r:2 = call @ext(%a, %m) : (i32, memref<2xi32>) -> (i32, f32)
          %e = scf.execute_region -> i32 {
            cf.br ^next
          ^next:
            scf.yield %a : i32
          }
          return %e, %r#0, %r#1 : i32, i32, f32
        }
        """
        m = np.zeros(2, np.int32)

        def ext(x: int, array: Any) -> tuple[int, float]:
            array[0] = x
            return x + 1, 0.1

        found = run(approxir.parse(text), "f", 4, m, externals={"ext": ext})
        assert found == (8, 9, np.float32(0.1))
        assert m.tolist() == [8, 0]

    def test_affine(self) -> None:
        text = """
        #set = affine_set<(d0)[s0] : (d0 - 2 >= 0, s0 - d0 >= 0)>
        func.func @f(%n: index) -> (i32, i32, index, index) {
          %z = arith.constant 0 : i32
          %one = arith.constant 1 : i32
          %r = affine.for %i = max affine_map<(d0) -> (0, d0 - 5)>(%n) to min affine_map<(d0) -> (d0, 7)>(%n) iter_args(%s = %z) -> (i32) {
            %t = affine.if #set(%i)[%n] -> i32 {
              %u = arith.addi %s, %one : i32
              affine.yield %u : i32
            } else {
              affine.yield %s : i32
            }
            affine.yield %t : i32
          }
          %p = affine.parallel (%i, %j) = (0, 0) to (%n, 3) step (2, 1) reduce ("addi") -> (i32) {
            affine.yield %one : i32
          }
          %m = affine.min affine_map<(d0)[s0] -> (d0 floordiv 2, s0)>(%n)[%n]
          %q = affine.apply affine_map<(d0) -> (d0 * -3 ceildiv 2)>(%n)
          return %r, %p, %m, %q : i32, i32, index, index
        }
        """
        assert run(approxir.parse(text), "f", 6) == (4, 9, 3, -9)

    @pytest.mark.parametrize(
        ("name", "kind", "value", "results"),
        [
            ("addi", "i32", 3, (6, 7)),
            ("andi", "i32", 3, (3, 0)),
            ("maxs", "i32", -3, (-3, 4)),
            ("maxu", "i32", -3, (-3, -3)),
            ("mins", "i32", -3, (-3, -3)),
            ("minu", "i32", -3, (-3, 4)),
            ("muli", "i32", 3, (9, 12)),
            ("ori", "i32", 3, (3, 7)),
            ("xori", "i32", 3, (0, 7)),
            ("addf", "f32", 3.0, (6.0, 7.0)),
            ("maximumf", "f32", -3.0, (-3.0, 4.0)),
            ("maxnumf", "f32", -3.0, (-3.0, 4.0)),
            ("minimumf", "f32", -3.0, (-3.0, -3.0)),
            ("minnumf", "f32", -3.0, (-3.0, -3.0)),
            ("mulf", "f32", 3.0, (9.0, 12.0)),
        ],
    )
    @pytest.mark.parametrize("generic", [False, True])
    def test_every_reduction(
        self, name: str, kind: str, value: Any, results: tuple[Any, Any], generic: bool
    ) -> None:
        text = f"""
        func.func @f(%x: {kind}, %m: memref<1x{kind}>) -> {kind} {{
          %c0 = arith.constant 0 : index
          %r = affine.parallel (%i) = (0) to (2) reduce ("{name}") -> ({kind}) {{
            affine.yield %x : {kind}
          }}
          %o = memref.atomic_rmw {name} %x, %m[%c0] : ({kind}, memref<1x{kind}>) -> {kind}
          return %r : {kind}
        }}
        """
        if generic:
            text = approxir.parse(text).print(generic=True)
        memory = np.array([4], np.int32 if kind == "i32" else np.float32)
        assert (*run(approxir.parse(text), "f", value, memory), memory[0]) == results


class TestMemory:
    def test_globals_and_views_of_arguments(self) -> None:
        text = """
        memref.global "private" constant @table : memref<3xi32> = dense<[10, 20, 30]>
        memref.global @state : memref<1xi32> = dense<5>
        func.func @f(%m: memref<?x?xi32, strided<[?, ?], offset: ?>>, %i: index) -> (i32, i32) {
          %c0 = arith.constant 0 : index
          %t = memref.get_global @table : memref<3xi32>
          %s = memref.get_global @state : memref<1xi32>
          %x = memref.load %t[%i] : memref<3xi32>
          %y = memref.load %s[%c0] : memref<1xi32>
          memref.store %x, %s[%c0] : memref<1xi32>
          memref.store %y, %m[%i, %c0] : memref<?x?xi32, strided<[?, ?], offset: ?>>
          return %x, %y : i32, i32
        }
        """
        from approxir.interp import Interpreter

        interpreter = Interpreter(approxir.parse(text))
        m = np.zeros((4, 6), np.int32)
        assert interpreter.call("f", m[::-2, ::3], 1) == (20, 5)
        assert m[1, 0] == 5
        # Globals live as long as the interpreter.
        assert interpreter.call("f", m.T[:4], 2) == (30, 20)

    def test_returned_memrefs_share_memory(self) -> None:
        text = """
        func.func @f(%m: memref<4xf32>) -> memref<2xf32, strided<[2], offset: 1>> {
          %r = memref.subview %m[1] [2] [2] : memref<4xf32> to memref<2xf32, strided<[2], offset: 1>>
          return %r : memref<2xf32, strided<[2], offset: 1>>
        }
        """
        m = np.arange(4, dtype=np.float32)
        (view,) = run(approxir.parse(text), "f", m)
        view[:] = 9
        assert m.tolist() == [0, 9, 2, 9]

    def test_more_operations(self) -> None:
        text = """
        func.func @f(%n: index) -> (f32, index, index, i32, f32) {
          %c0 = arith.constant 0 : index
          %c1 = arith.constant 1 : index
          %v = arith.constant 2.5 : f32
          %k = arith.constant 3 : i32
          %a = memref.alloc(%n) : memref<?x2xf32, affine_map<(i, j) -> (i * 4 + j)>>
          memref.store %v, %a[%c1, %c1] : memref<?x2xf32, affine_map<(i, j) -> (i * 4 + j)>>
          %x = memref.load %a[%c1, %c1] : memref<?x2xf32, affine_map<(i, j) -> (i * 4 + j)>>
          %d = memref.dim %a, %c0 : memref<?x2xf32, affine_map<(i, j) -> (i * 4 + j)>>
          %b = memref.alloca() : memref<6xi32>
          %e = memref.expand_shape %b [[0, 1]] output_shape [2, 3] : memref<6xi32> into memref<2x3xi32>
          %old = memref.atomic_rmw addi %k, %e[%c1, %c0] : (i32, memref<2x3xi32>) -> i32
          %base, %o, %s:2, %st:2 = memref.extract_strided_metadata %e : memref<2x3xi32> -> memref<i32>, index, index, index, index, index
          %w = memref.alloc() : memref<2xvector<2xf32>>
          %vec = vector.broadcast %v : f32 to vector<2xf32>
          memref.store %vec, %w[%c0] : memref<2xvector<2xf32>>
          %back = memref.load %w[%c0] : memref<2xvector<2xf32>>
          %y = vector.extract %back[0] : f32 from vector<2xf32>
          %c3 = arith.constant 3 : index
          %got = memref.load %b[%c3] : memref<6xi32>
          return %x, %d, %st#0, %got, %y : f32, index, index, i32, f32
        }
        """
        assert run(approxir.parse(text), "f", 2) == (2.5, 2, 3, 3, 2.5)
