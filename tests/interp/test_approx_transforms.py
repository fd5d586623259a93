"""The transforms, with answers computed by hand: what a call of an annotated function gives."""

from __future__ import annotations

import numpy as np
import pytest

import approxir
from approxir.dialects.approx.sampling import keeps
from approxir.interp import InterpreterError, Trace, run

SUM = """
func.func @f(%n: index) -> i64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %init = arith.constant 100 : i64
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %init) -> (i64) {
    %x = arith.index_cast %i : index to i64
    %s = arith.addi %acc, %x : i64
    scf.yield %s : i64
  }
  return %r : i64
}
"""


def annotation(transform: str, value: int, options: str = "", function: str = "f") -> str:
    more = f", transform_options = {{{options}}}" if options else ""
    return (
        f'"approx.util.annotation.transform"() <{{func_name = "{function}", transform_type = "{transform}", '
        f"knob_val = {value} : i32{more}}}> : () -> ()\n"
    )


def perforated(text: str, value: int, options: str = "", *args: object) -> tuple[object, ...]:
    return run(approxir.parse(annotation("loop_perforate", value, options) + text), "f", *args)


class TestSchemes:
    @pytest.mark.parametrize("value", [0, 1])
    def test_exact(self, value: int) -> None:
        assert perforated(SUM, value, "", 8) == (128,)

    @pytest.mark.parametrize(("value", "answer"), [(2, 0 + 2 + 4 + 6), (3, 0 + 3 + 6), (8, 0), (100, 0)])
    def test_stride(self, value: int, answer: int) -> None:
        assert perforated(SUM, value, "", 8) == (100 + answer,)
        assert perforated(SUM, value, 'scheme = "stride"', 8) == (100 + answer,)

    @pytest.mark.parametrize(("value", "answer"), [(2, 0 + 2 + 4 + 6), (3, 28 - 2 - 5), (9, 28)])
    def test_skip(self, value: int, answer: int) -> None:
        assert perforated(SUM, value, 'scheme = "skip"', 8) == (100 + answer,)

    @pytest.mark.parametrize(("value", "answer"), [(2, 0 + 1 + 2 + 3), (3, 15), (8, 21), (9, 28)])
    def test_truncate(self, value: int, answer: int) -> None:
        assert perforated(SUM, value, 'scheme = "truncate"', 8) == (100 + answer,)

    @pytest.mark.parametrize("seed", [0, 1, -1, 12345678901])
    def test_random(self, seed: int) -> None:
        answer = sum(k for k in range(50) if keeps(k, 3, seed))
        assert perforated(SUM, 3, f'scheme = "random", seed = {seed}', 50) == (100 + answer,)

    def test_no_iteration(self) -> None:
        for scheme in ("stride", "skip", "truncate", "random"):
            assert perforated(SUM, 2, f'scheme = "{scheme}", rescale = true', 0) == (100,)

    def test_the_sample_is_fixed(self) -> None:
        assert [k for k in range(20) if not keeps(k, 4, 0)] == [3, 16, 19]
        assert [k for k in range(20) if not keeps(k, 4, 7)] == [
            k for k in range(20) if not keeps(k, 4, 7 + 2**32)
        ]


class TestRescale:
    def test_integers_divide_towards_zero(self) -> None:
        # 8 iterations, 4 done: (0 + 2 + 4 + 6) * 8 / 4.
        assert perforated(SUM, 2, "rescale", 8) == (100 + 24,)
        # 8 iterations, 3 done: 9 * 8 / 3.
        assert perforated(SUM, 3, "rescale = true", 8) == (100 + 24,)
        negative = SUM.replace("arith.addi %acc, %x", "arith.addi %y, %acc").replace(
            "%s =", "%zero = arith.constant 0 : i64\n    %y = arith.subi %zero, %x : i64\n    %s ="
        )
        # 7 iterations, 3 done: -(0 + 3 + 6) * 7 / 3.
        assert perforated(negative, 3, "rescale = true", 7) == (100 - 21,)
        # 8 iterations, 7 done: -21 * 8 / 7.
        assert perforated(negative, 8, 'rescale = true, scheme = "truncate"', 8) == (100 - 24,)

    def test_floats_in_their_own_type(self) -> None:
        text = """
        func.func @f(%a: memref<?xf32>, %n: index, %init: f32) -> (f32, f32) {
          %c0 = arith.constant 0 : index
          %c1 = arith.constant 1 : index
          %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%s = %init, %p = %init) -> (f32, f32) {
            %x = memref.load %a[%i] : memref<?xf32>
            %t = arith.addf %x, %s : f32
            %q = arith.mulf %p, %x : f32
            scf.yield %t, %q : f32, f32
          }
          return %r#0, %r#1 : f32, f32
        }
        """
        a = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7], np.float32)
        init = np.float32(1.5)
        total = init
        product = init
        for x in a[::3]:
            total, product = x + total, product * x
        # 7 iterations, 3 done; the product is no sum.
        expected = init + (total - init) * (np.float32(7) / np.float32(3))
        assert perforated(text, 3, "rescale", a, 7, 1.5) == (expected, product)

    def test_a_value_with_other_uses_is_no_sum(self) -> None:
        text = SUM.replace("scf.yield", "%u = arith.addi %acc, %acc : i64\n    scf.yield")
        assert perforated(text, 2, "rescale", 8) == (112,)

    def test_parallel_reductions(self) -> None:
        text = """
        func.func @f(%n: index) -> (i32, i32) {
          %c0 = arith.constant 0 : index
          %c1 = arith.constant 1 : index
          %c2 = arith.constant 2 : index
          %init = arith.constant 5 : i32
          %r:2 = scf.parallel (%i, %j) = (%c0, %c0) to (%n, %c2) step (%c1, %c1) init (%init, %init) -> (i32, i32) {
            %x = arith.index_cast %i : index to i32
            scf.reduce(%x, %x : i32, i32) {
            ^bb0(%a: i32, %b: i32):
              %s = arith.addi %a, %b : i32
              scf.reduce.return %s : i32
            }, {
            ^bb0(%a: i32, %b: i32):
              %s = arith.maxsi %a, %b : i32
              scf.reduce.return %s : i32
            }
          }
          return %r#0, %r#1 : i32, i32
        }
        """
        # The first dimension is perforated: i = 0, 2, 4, each twice.
        assert perforated(text, 2, "", 6) == (5 + 12, 5)
        assert perforated(text, 2, "rescale", 6) == (5 + 24, 5)


NEST = """
func.func @f(%n: index) -> i64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %z = arith.constant 0 : i64
  %one = arith.constant 1 : i64
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %z) -> (i64) {
    %q = scf.for %j = %c0 to %c3 step %c1 iter_args(%b = %a) -> (i64) {
      %s = arith.addi %b, %one : i64
      scf.yield %s : i64
    } loc("inner")
    scf.yield %q : i64
  } loc(fused["outer", "again"])
  return %r : i64
}
"""


class TestWhichLoop:
    @pytest.mark.parametrize(
        ("option", "answer"),
        [
            ("loop = 0", 6),
            ("loop = 1", 8),
            ('loop = "inner"', 8),
            ('loop = "outer"', 6),
            ('loop = "again"', 6),
        ],
    )
    def test_by_number_and_name(self, option: str, answer: int) -> None:
        assert perforated(NEST, 2, option, 4) == (answer,)

    def test_generic_form_and_alias(self) -> None:
        module = approxir.parse('#named = loc("inner")\n' + NEST.replace('loc("inner")', "loc(#named)"))
        text = annotation("loop_perforate", 2, 'loop = "inner"') + module.print(generic=True)
        assert run(approxir.parse(text), "f", 4) == (8,)

    @pytest.mark.parametrize(
        ("option", "message"),
        [
            ("loop = 2", "has 2 loops, and none of number 2"),
            ("loop = -1", "none of number -1"),
            ('loop = "other"', "no loop with the location name 'other'"),
            ("loop = 1.0 : f32", "a number or a location name"),
            ('scheme = "odd"', "unknown scheme 'odd'"),
            ("scheme = 1", "the option 'scheme' is a string"),
            ('seed = "x"', "the option 'seed' is an integer"),
            ('rescale = "yes"', "the option 'rescale' is true or false"),
            ("steps = 2", "loop_perforate has no option 'steps'"),
        ],
    )
    def test_faults_are_at_the_annotation(self, option: str, message: str) -> None:
        with pytest.raises(InterpreterError, match=message) as caught:
            perforated(NEST, 2, option, 4)
        assert (caught.value.line, caught.value.column) == (1, 1)

    def test_no_loop(self) -> None:
        with pytest.raises(InterpreterError, match="finds no loop in @f"):
            perforated("func.func @f() { return }", 2)


class TestOtherLoops:
    def test_affine_for(self) -> None:
        text = """
        func.func @f(%m: memref<?xi32>, %n: index) {
          affine.for %i = 1 to %n step 2 {
            %x = arith.index_cast %i : index to i32
            affine.store %x, %m[%i] : memref<?xi32>
          }
          return
        }
        """
        m = np.zeros(10, np.int32)
        perforated(text, 2, "", m, 10)
        assert m.tolist() == [0, 1, 0, 0, 0, 5, 0, 0, 0, 9]

    @pytest.mark.parametrize("kind", ["i32", "i64", "index"])
    def test_counter_types(self, kind: str) -> None:
        text = f"""
        func.func @f(%n: {kind}) -> {kind} {{
          %c0 = arith.constant 0 : {kind}
          %c1 = arith.constant 1 : {kind}
          %r = scf.for %i = %c0 to %n step %c1 iter_args(%s = %c0) -> ({kind}) : {kind} {{
            %t = arith.addi %s, %i : {kind}
            scf.yield %t : {kind}
          }}
          return %r : {kind}
        }}
        """
        assert perforated(text if kind != "index" else text.replace(") : index {", ") {"), 2, "", 7) == (12,)

    def test_unsigned(self) -> None:
        text = """
        func.func @f(%a: i8, %b: i8) -> i32 {
          %step = arith.constant 1 : i8
          %z = arith.constant 0 : i32
          %one = arith.constant 1 : i32
          %r = scf.for unsigned %i = %a to %b step %step iter_args(%s = %z) -> (i32) : i8 {
            %t = arith.addi %s, %one : i32
            scf.yield %t : i32
          }
          return %r : i32
        }
        """
        assert run(approxir.parse(text), "f", 120, 200) == (80,)
        assert perforated(text, 8, "", 120, 200) == (10,)

    WHILE = """
    func.func @f(%n: i32) -> (i32, i32, i32) {
      %z = arith.constant 0 : i32
      %two = arith.constant 2 : i32
      %r:3 = scf.while (%i = %z, %s = %z, %last = %z) : (i32, i32, i32) -> (i32, i32, i32) {
        %c = arith.cmpi slt, %i, %n : i32
        scf.condition(%c) %i, %s, %last : i32, i32, i32
      } do {
      ^bb0(%i: i32, %s: i32, %last: i32):
        %t = arith.addi %s, %i : i32
        %j = arith.addi %i, %two : i32
        scf.yield %j, %t, %j : i32, i32, i32
      }
      return %r#0, %r#1, %r#2 : i32, i32, i32
    }
    """

    def test_while(self) -> None:
        assert run(approxir.parse(self.WHILE), "f", 9) == (10, 0 + 2 + 4 + 6 + 8, 10)
        # Only what the loop hands on as its counter changes: the body computes i + 2 as before.
        assert perforated(self.WHILE, 2, "", 9) == (12, 0 + 4 + 8, 10)
        # 5 iterations, 3 done; the counter is no sum.
        assert perforated(self.WHILE, 2, "rescale", 9) == (12, 20, 10)

    def test_while_of_other_schemes_and_without_counter(self) -> None:
        with pytest.raises(InterpreterError, match=r"'skip' does not work on scf\.while"):
            perforated(self.WHILE, 2, 'scheme = "skip"', 9)
        with pytest.raises(InterpreterError, match="no counter that is recognised"):
            perforated(self.WHILE.replace("arith.addi %i, %two", "arith.muli %i, %two"), 2, "", 9)

    @pytest.mark.parametrize("generic", [False, True])
    def test_stablehlo_while(self, generic: bool) -> None:
        text = """
        func.func @f(%n: tensor<i32>) -> (tensor<i32>, tensor<i32>) {
          %z = stablehlo.constant dense<0> : tensor<i32>
          %r:3 = stablehlo.while(%i = %z, %s = %z, %m = %n) : tensor<i32>, tensor<i32>, tensor<i32>
          cond {
            %c = stablehlo.compare GT, %m, %i, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
            stablehlo.return %c : tensor<i1>
          } do {
            %one = stablehlo.constant dense<1> : tensor<i32>
            %t = stablehlo.add %s, %i : tensor<i32>
            %j = stablehlo.add %one, %i : tensor<i32>
            stablehlo.return %j, %t, %m : tensor<i32>, tensor<i32>, tensor<i32>
          }
          return %r#0, %r#1 : tensor<i32>, tensor<i32>
        }
        """
        if generic:
            text = approxir.parse(text).print(generic=True)
        n = np.array(7, np.int32)
        assert [int(x) for x in perforated(text, 1, "", n)] == [7, 21]
        assert [int(x) for x in perforated(text, 3, "", n)] == [9, 9]
        assert [int(x) for x in perforated(text, 3, "rescale", n)] == [9, 21]


class TestTensorPerforation:
    REDUCE = """
    func.func @f(%x: tensor<2x7xf32>) -> tensor<2xf32> {
      %z = stablehlo.constant dense<1.0> : tensor<f32>
      %r = stablehlo.reduce(%x init: %z) applies stablehlo.add across dimensions = [1] : (tensor<2x7xf32>, tensor<f32>) -> tensor<2xf32>
      return %r : tensor<2xf32>
    }
    """

    @pytest.mark.parametrize("generic", [False, True])
    def test_sums_are_rescaled(self, generic: bool) -> None:
        text = approxir.parse(self.REDUCE).print(generic=True) if generic else self.REDUCE
        x = np.arange(14, dtype=np.float32).reshape(2, 7)
        factor = np.float32(7) / np.float32(3)
        (found,) = perforated(text, 3, "", x)
        assert found.tolist() == [1 + np.float32(9) * factor, 1 + np.float32(30) * factor]

    @pytest.mark.parametrize("name", ["maximum", "minimum"])
    def test_others_are_not(self, name: str) -> None:
        x = np.array([[5, 9, 1, 2, 7, 0, 3], [1, 2, 3, 4, 5, 6, 4]], np.float32)
        (found,) = perforated(self.REDUCE.replace("stablehlo.add", f"stablehlo.{name}"), 3, "", x)
        expected = getattr(np, name).reduce(x[:, ::3], axis=1, initial=1)
        assert found.tolist() == expected.tolist()

    def test_the_first_dimension_listed(self) -> None:
        text = self.REDUCE.replace("[1]", "[1, 0]").replace("tensor<2xf32>", "tensor<f32>")
        x = np.ones((2, 7), np.float32)
        (found,) = perforated(text, 3, "", x)
        assert found == 1 + np.float32(6) * (np.float32(7) / np.float32(3))

    def test_integers(self) -> None:
        x = -np.arange(14, dtype=np.int32).reshape(2, 7)
        text = self.REDUCE.replace("f32", "i32").replace("1.0", "0")
        assert perforated(text, 3, "", x)[0].tolist() == [-9 * 7 // 3, -30 * 7 // 3]

    def test_other_reducers(self) -> None:
        with pytest.raises(InterpreterError, match="only reductions that are sums"):
            perforated(
                self.REDUCE.replace("stablehlo.add", "stablehlo.multiply"), 3, "", np.ones((2, 7), np.float32)
            )
        with pytest.raises(InterpreterError, match="scheme 'skip' needs a loop"):
            perforated(self.REDUCE, 3, 'scheme = "skip"', np.ones((2, 7), np.float32))

    def test_dot_general(self) -> None:
        text = """
        func.func @f(%a: tensor<2x5xf32>, %b: tensor<5xf32>) -> tensor<2xf32> {
          %r = stablehlo.dot_general %a, %b, contracting_dims = [1] x [0] : (tensor<2x5xf32>, tensor<5xf32>) -> tensor<2xf32>
          return %r : tensor<2xf32>
        }
        """
        a, b = np.arange(10, dtype=np.float32).reshape(2, 5), np.arange(5, dtype=np.float32)
        factor = np.float32(5) / np.float32(3)
        wanted = np.array([20, 50], np.float32) * factor
        assert perforated(text, 2, "", a, b)[0].tolist() == wanted.tolist()


BRANCHES = """
func.func @f(%x: i32) -> i32 {
  %c10 = arith.constant 10 : i32
  %c20 = arith.constant 20 : i32
  %a = arith.cmpi slt, %x, %c10 : i32
  %b = arith.cmpi slt, %x, %c20 : i32
  %r = scf.if %a -> (i32) {
    %v = arith.constant 1 : i32
    scf.yield %v : i32
  } else {
    %q = scf.if %b -> (i32) {
      %v = arith.constant 2 : i32
      scf.yield %v : i32
    } else {
      %v = arith.constant 3 : i32
      scf.yield %v : i32
    }
    scf.yield %q : i32
  }
  %s = arith.addi %r, %x : i32
  return %s : i32
}
"""


def skipped(text: str, value: int, options: str = "", *args: object) -> tuple[object, ...]:
    return run(approxir.parse(annotation("task_skipping", value, options) + text), "f", *args)


class TestTaskSkipping:
    @pytest.mark.parametrize("value", [1, 2, 3])
    @pytest.mark.parametrize("x", [0, 15, 30])
    def test_branches_of_a_chain(self, value: int, x: int) -> None:
        assert skipped(BRANCHES, value, "", x) == (value + x,)

    def test_zero_and_default(self) -> None:
        assert skipped(BRANCHES, 0, "", 7) == (0,)
        assert skipped(BRANCHES, 0, "default = -3 : i32", 7) == (-3,)
        assert skipped(BRANCHES, 0, "default = [4]", 7) == (4,)

    def test_zero_of_every_type(self) -> None:
        text = """
        func.func @f(%a: i1, %b: f64, %c: tensor<2x2xbf16>, %d: vector<2xi8>, %e: index)
            -> (i1, f64, tensor<2x2xbf16>, vector<2xi8>, index) {
          return %a, %b, %c, %d, %e : i1, f64, tensor<2x2xbf16>, vector<2xi8>, index
        }
        """
        import ml_dtypes

        args = (True, 1.5, np.ones((2, 2), ml_dtypes.bfloat16), np.ones(2, np.int8), 9)
        a, b, c, d, e = skipped(text, 0, "", *args)
        assert (a, b, e) == (False, 0.0, 0)
        assert not c.any()
        assert c.dtype == ml_dtypes.bfloat16
        assert d.tolist() == [0, 0]
        a, b, c, d, e = skipped(text, 0, "default = [true, 2.5, 1.0, 3, 4 : index]", *args)
        assert (a, b, e) == (True, 2.5, 4)
        assert (c == 1).all()
        assert d.tolist() == [3, 3]

    def test_no_zero(self) -> None:
        text = "func.func @f(%m: memref<2xf32>) -> memref<2xf32> { return %m : memref<2xf32> }"
        with pytest.raises(InterpreterError, match="which has no zero") as caught:
            skipped(text, 0, "", np.ones(2, np.float32))
        assert caught.value.line == 1

    def test_effects_are_skipped(self) -> None:
        text = """
        func.func @f(%m: memref<1xi32>) {
          %c = arith.constant 0 : index
          %v = arith.constant 7 : i32
          memref.store %v, %m[%c] : memref<1xi32>
          return
        }
        """
        m = np.zeros(1, np.int32)
        skipped(text, 0, "", m)
        assert m[0] == 0

    def test_index_switch(self) -> None:
        text = """
        func.func @f(%x: index) -> i32 {
          %r = scf.index_switch %x -> i32
          case 5 { %v = arith.constant 50 : i32
            scf.yield %v : i32 }
          case 6 { %v = arith.constant 60 : i32
            scf.yield %v : i32 }
          default { %v = arith.constant 70 : i32
            scf.yield %v : i32 }
          return %r : i32
        }
        """
        for form in (text, approxir.parse(text).print(generic=True)):
            assert [skipped(form, value, "", 0)[0] for value in (1, 2, 3)] == [50, 60, 70]
            assert [run(approxir.parse(form), "f", x)[0] for x in (5, 6, 7)] == [50, 60, 70]
            with pytest.raises(InterpreterError, match="has 3 branches, and no number 4"):
                skipped(form, 4, "", 0)

    def test_case(self) -> None:
        text = """
        func.func @f(%x: tensor<i32>) -> tensor<i32> {
          %r = "stablehlo.case"(%x) ({
            %v = stablehlo.constant dense<1> : tensor<i32>
            stablehlo.return %v : tensor<i32>
          }, {
            %v = stablehlo.constant dense<2> : tensor<i32>
            stablehlo.return %v : tensor<i32>
          }) : (tensor<i32>) -> tensor<i32>
          return %r : tensor<i32>
        }
        """
        for x in (-1, 0, 1, 5):
            index = np.array(x, np.int32)
            assert run(approxir.parse(text), "f", index)[0] == (1 if x == 0 else 2)
            assert skipped(text, 1, "", index)[0] == 1

    def test_no_branch(self) -> None:
        with pytest.raises(InterpreterError, match="finds no branching operation in @f"):
            skipped(SUM, 1, "", 3)
        with pytest.raises(InterpreterError, match="has 3 branches, and no number 4"):
            skipped(BRANCHES, 4, "", 3)


class TestFuncSubstitute:
    TEXT = """
    func.func @f(%x: i32) -> i32 {
      %c = arith.constant 1 : i32
      %r = arith.addi %x, %c : i32
      return %r : i32
    }
    func.func @approx_f_2(%x: i32) -> i32 {
      %c = arith.constant 20 : i32
      return %c : i32
    }
    """

    def test_values(self) -> None:
        def call(value: int) -> tuple[object, ...]:
            return run(approxir.parse(annotation("func_substitute", value) + self.TEXT), "f", 5)

        assert call(0) == (6,)
        assert call(2) == (20,)
        with pytest.raises(InterpreterError, match="needs a function @approx_f_1") as caught:
            call(1)
        assert caught.value.line == 1


def test_unknown_transform_and_negative_value() -> None:
    with pytest.raises(InterpreterError, match="unknown transform 'loop_unroll'"):
        run(approxir.parse(annotation("loop_unroll", 0) + SUM), "f", 3)
    with pytest.raises(InterpreterError, match="the knob value -1 is negative"):
        run(approxir.parse(annotation("loop_perforate", -1) + SUM), "f", 3)


def test_aliases_of_transforms() -> None:
    assert run(approxir.parse(annotation("loop-perforation", 2) + SUM), "f", 8) == (112,)


def test_trace_of_a_static_transform() -> None:
    trace = Trace()
    run(approxir.parse(annotation("loop_perforate", 2) + SUM, file="a.mlir"), "f", 8, trace=trace)
    (decision,) = trace.decisions
    assert (decision.knob, decision.kind, decision.value, decision.transform) == (
        "f",
        "static",
        2,
        "loop_perforate",
    )
    assert decision.location == "a.mlir:1:1"
    assert trace.counts() == {"f": {"value=2": 1}}
    assert "loop_perforate" in str(trace)
    assert "<table>" in trace._repr_html_()
    trace.clear()
    assert len(trace) == 0
    assert str(trace) == "no decisions"
