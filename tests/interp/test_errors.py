"""What cannot go on is an error with a place: file, line and column of the operation."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import approxir
from approxir.errors import ApproxIRError
from approxir.interp import Environment, Interpreter, InterpreterError, Leave, Pure, Trap, run
from approxir.ir.operation import Operation


def fails(text: str, *args: Any, **options: Any) -> InterpreterError:
    with pytest.raises(InterpreterError) as caught:
        run(approxir.parse(text, file="m.mlir"), "f", *args, **options)
    assert isinstance(caught.value, ApproxIRError)
    assert caught.value.file == "m.mlir"
    return caught.value


MEMORY = """func.func @f(%m: memref<4xi32>, %i: index, %n: i32) -> i32 {
  %z = arith.constant 0 : i32
  OPERATION
  return %z : i32
}"""


@pytest.mark.parametrize(
    ("operation", "args", "message"),
    [
        ("%x = memref.load %m[%i] : memref<4xi32>", (4, 0), "index 0 is 4, outside the dimension of 4"),
        ("memref.store %z, %m[%i] : memref<4xi32>", (-1, 0), "index 0 is -1, outside the dimension of 4"),
        ("%x = arith.divsi %n, %z : i32", (0, 1), "division by zero"),
        ("%x = arith.remui %n, %z : i32", (0, 1), "division by zero"),
        ("%k = arith.constant -1 : i32 %x = arith.divsi %n, %k : i32", (0, -(2**31)), "signed division overflows"),
        ("%x = memref.subview %m[%i] [2] [1] : memref<4xi32> to memref<2xi32, strided<[1], offset: ?>>", (3, 0), "leaves dimension 0, which has 4"),
        ("%x = memref.cast %m : memref<4xi32> to memref<?xi32> %y = memref.cast %x : memref<?xi32> to memref<5xi32>", (0, 0), "is cast to memref<5xi32>"),
        ("scf.for %k = %i to %i step %i { }", (0, 0), "the step of a loop is 0, not positive"),
        ("%l = arith.constant 100 : i8 %u = arith.constant 127 : i8 %s = arith.constant 5 : i8\n  scf.for %k = %l to %u step %s : i8 { }", (0, 0), "behind 125, the next one is no i8"),
        ("%l = arith.constant -6 : i8 %u = arith.constant -1 : i8 %s = arith.constant 6 : i8\n  scf.for unsigned %k = %l to %u step %s : i8 { }", (0, 0), "behind 250, the next one is no i8"),
        ('%t = arith.cmpi ne, %n, %n : i32 cf.assert %t, "no way"', (0, 0), "assertion failed: no way"),
        ("%a = memref.alloc(%i) : memref<?xf32>", (-5, 0), "an allocation of negative size"),
        ("%a = memref.alloc(%i) : memref<?xf32>", (2**62, 0), "more than the 268435456 that are supported"),
        ("%x = memref.reinterpret_cast %m to offset: [2], sizes: [3], strides: [1] : memref<4xi32> to memref<3xi32, strided<[1], offset: 2>>", (0, 0), "leaves its buffer of 4 elements"),
        ("memref.dealloc %m : memref<4xi32> memref.dealloc %m : memref<4xi32>", (0, 0), "the memory was deallocated before"),
        ('"my.op"() : () -> ()', (0, 0), "the interpreter does not know my.op"),
        ("func.call @g() : () -> ()", (0, 0), "there is no function @g"),
    ],
)  # fmt: skip
def test_at_the_operation(operation: str, args: tuple[int, int], message: str) -> None:
    lines = operation.replace(" %y =", "\n  %y =").replace(
        " %x = arith.divsi %n, %k", "\n  %x = arith.divsi %n, %k"
    )
    lines = lines.replace(" cf.assert", "\n  cf.assert").replace("> memref.dealloc", ">\n  memref.dealloc")
    error = fails(MEMORY.replace("OPERATION", lines), np.zeros(4, np.int32), *args)
    assert message in error.message
    last = lines.splitlines()[-1]
    name_at = (
        last.index("=") + 2
        if "= " in last and not last.lstrip().startswith("scf.for")
        else len(last) - len(last.lstrip())
    )
    expected = (2 + len(lines.splitlines()), name_at + (3 if len(lines.splitlines()) == 1 else 1))
    assert (error.line, error.column) == expected
    assert "^" in str(error)


@pytest.mark.parametrize(
    ("kind", "argument", "message"),
    [
        ("i8", 256, "256 does not fit into i8"),
        ("i8", 1.5, "1.5 is no integer"),
        ("index", "x", "'x' is no integer"),
        ("i1", 2, "2 does not fit into i1"),
        ("f32", "x", "'x' is no number of type f32"),
        ("f32", None, "None is no number"),
        ("f32", np.zeros(1, np.float32), "an array was given"),
        ("tensor<2xf32>", np.zeros(3, np.float32), r"the shape \[3\] was given"),
        ("tensor<2xf32>", np.zeros(2), "an array of float64 was given"),
        ("tensor<2xf32>", [1, "a"], r"argument 0 of @f, element \[1\]: 'a' is no number of type f32"),
        ("f32", np.datetime64(5, "ns"), "is no number of type f32"),
        ("i64", np.timedelta64(5, "ns"), "is no number of type i64"),
        ("i64", np.array(5, "M8[ns]"), "is no number of type i64"),
        ("f32", np.complex64(1 + 2j), "is no number of type f32"),
        ("bf16", np.void(b"abcd"), "is no number of type bf16"),
        ("f32", np.ma.masked, "masked"),
        ("i32", np.ma.masked, "masked"),
        ("tensor<2xi32>", [1, 1.9], r"element \[1\]: 1.9 is no integer"),
        ("tensor<1xi32>", [np.float64(2)], r"is no integer"),
        ("tensor<i32>", 1.9, "1.9 is no integer"),
        ("tensor<1xi32>", ["1"], "'1' is no integer"),
        ("tensor<1xi8>", b"1", "does not convert|is no|the shape"),
        ("tensor<i32>", None, "None is no integer"),
        ("tensor<f32>", None, "None is no number"),
        ("tensor<f32>", "1.5", "'1.5' is no number"),
        ("tensor<1xf32>", [True], "True is no number"),
        ("tensor<1xf32>", [1j], "1j is no number"),
        ("tensor<1xf32>", [None], "None is no number"),
        ("tensor<1xf32>", [object()], "is no number"),
        ("tensor<2xi1>", [1, "x"], "'x' is no integer"),
        ("tensor<2xi1>", [0, 2], "2 does not fit into i1"),
        ("tensor<1xi1>", [1.0], "1.0 is no integer"),
        ("tensor<1xi1>", [[]], "the shape"),
        ("tensor<1xi8>", [256], "256 does not fit into i8"),
        ("tensor<1xsi8>", [255], "255 does not fit into si8"),
        ("tensor<1xui8>", [-1], "-1 does not fit into ui8"),
        ("tensor<2xi4>", [1, 16], "16 does not fit into i4"),
        ("tensor<1xindex>", [2**63], "does not fit into index"),
        ("tensor<1xi64>", [2**64], "does not fit into i64"),
        ("tensor<1xi64>", [np.datetime64(5, "ns")], "is no number of type i64"),
        ("tensor<1x1xi64>", [np.array([5], "M8[ns]")], r"an array of datetime64\[ns\] was given"),
        ("tensor<1xi64>", np.array([5], "M8[ns]"), r"an array of datetime64\[ns\] was given"),
        ("tensor<1xcomplex<f32>>", ["1"], "'1' is no number"),
        ("vector<2xi32>", [1, 2.5], "2.5 is no integer"),
        ("vector<2xi32>", [1, 2, 3], "the shape"),
        ("tensor<2x2xi32>", [[1, 2], [3]], "does not convert|the shape"),
        ("tensor<2xf32>", {1.0, 2.0}, "the shape"),
        ("tensor<2xf32>", np.ma.masked_array(np.zeros(2, np.float32), [0, 1]), "a masked array was given"),
        ("tensor<1x2xf32>", [np.ma.masked_array([1.0, 2.0], [0, 1])], "a masked array was given"),
        ("tensor<2xf32>", [1.0, np.ma.masked], "a masked array was given"),
        ("memref<2xf32>", np.ma.masked_array(np.zeros(2, np.float32), [0, 1]), "a masked array was given"),
        ("memref<2xf32>", [1.0, 2.0], "needs a NumPy array"),
        ("memref<2xf32>", np.zeros(4, np.float32)[::2], "the array's strides are not those"),
        ("memref<2xf32>", np.zeros(2, np.int32), "an array of int32 was given"),
        ("memref<*xf80>", np.zeros(2, np.float32), "elements of type f80|numbers of type f80"),
        ("!my.type", 1, "cannot be handed over"),
    ],
)
def test_arguments(kind: str, argument: Any, message: str) -> None:
    with pytest.raises(InterpreterError, match=message):
        run(approxir.parse(f"func.func @f(%a: {kind}) {{ return }}"), "f", argument)


def test_arguments_are_converted() -> None:
    text = "func.func @f(%a: i8, %b: i1, %c: f16, %d: tensor<2xi64>) -> (i8, i1, f16, tensor<2xi64>) { return %a, %b, %c, %d : i8, i1, f16, tensor<2xi64> }"
    given = np.array([1, 2])
    a, b, c, d = run(approxir.parse(text), "f", np.uint8(255), 1, 0.1, given)
    assert (a, b, c) == (-1, True, np.float16(0.1))
    d[0] = 5
    assert given[0] == 1


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("kind", "argument", "expected"),
    [
        ("tensor<2xi8>", [255, -128], np.array([-1, -128], np.int8)),
        ("tensor<3xi4>", [15, -8, 7], np.array([-1, -8, 7], np.int8)),
        ("tensor<1xui8>", [255], np.array([255], np.uint8)),
        ("tensor<2xi64>", [2**64 - 1, 2**63 - 1], np.array([-1, 2**63 - 1])),
        ("tensor<4xi32>", (True, np.int8(3), np.uint64(4), np.array(5)), np.array([1, 3, 4, 5], np.int32)),
        ("tensor<2xindex>", [1, -1], np.array([1, -1])),
        ("tensor<4xi1>", [True, 0, 1, -1], np.array([True, False, True, True])),
        ("tensor<2xf32>", [1e300, -1e300], np.array([np.inf, -np.inf], np.float32)),
        ("tensor<2xf32>", [1, 1e300], np.array([1, np.inf], np.float32)),
        ("tensor<2xf32>", [2**24 + 1, np.float64(0.1)], np.array([2**24, 0.1], np.float32)),
        ("tensor<2xf16>", [0.1, 1e6], np.array([0.1, np.inf], np.float16)),
        ("tensor<2xcomplex<f64>>", [1, 2j], np.array([1, 2j])),
        ("tensor<f64>", 0.5, np.array(0.5)),
        ("tensor<i64>", 3, np.array(3)),
        ("tensor<0xi32>", [], np.array([], np.int32)),
        ("tensor<2x0xf32>", [[], []], np.zeros((2, 0), np.float32)),
        ("tensor<2xi32>", range(2), np.array([0, 1], np.int32)),
        ("tensor<2xi32>", memoryview(np.array([5, 6])), np.array([5, 6], np.int32)),
        ("vector<2xf32>", [1, 2.5], np.array([1, 2.5], np.float32)),
        ("tensor<1x2xf32>", [np.array([1.0, 2.0])], np.array([[1, 2]], np.float32)),
        ("tensor<2xi128>", [2**127, -1], np.array([-(2**127), -1], object)),
    ],
)
def test_lists_are_converted_as_scalars_are(kind: str, argument: Any, expected: Any) -> None:
    (found,) = run(
        approxir.parse(f"func.func @f(%a: {kind}) -> {kind} {{ return %a : {kind} }}"), "f", argument
    )
    np.testing.assert_array_equal(found, expected, strict=True)


def test_read_only_memory() -> None:
    array = np.zeros(2, np.float32)
    array.flags.writeable = False
    assert "can be written to" in fails("func.func @f(%a: memref<2xf32>) { return }", array).message


def test_functions() -> None:
    with pytest.raises(InterpreterError, match="no function @g") as caught:
        run(approxir.parse("func.func @f() { return }"), "g")
    assert "it has @f" in str(caught.value)
    assert "takes 0 arguments, 1 were given" in fails("func.func @f() { return }", 1).message
    assert "@f is only declared" in fails("func.func private @f()").message
    wrong = fails("func.func private @f() -> i32", externals={"f": lambda: None})
    assert "the external @f returned 0 values, not 1" in wrong.message


def test_a_user_s_exception_passes() -> None:
    def external() -> None:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        run(approxir.parse("func.func private @f()"), "f", externals={"f": external})


def test_step_limit() -> None:
    text = "func.func @f() {\n  cf.br ^a\n^a:\n  cf.br ^a\n}"
    error = fails(text, max_steps=1000)
    assert "stopped after 1000 operations (max_steps)" in error.message
    assert (error.line, error.column) == (4, 3)


RECURSION = """func.func @f(%n: i32) -> i32 {
  %z = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %done = arith.cmpi eq, %n, %z : i32
  %r = scf.if %done -> (i32) {
    scf.yield %z : i32
  } else {
    %m = arith.subi %n, %one : i32
    %x = func.call @f(%m) : (i32) -> i32
    %y = arith.addi %x, %one : i32
    scf.yield %y : i32
  }
  return %r : i32
}"""


def test_deep_recursion() -> None:
    assert run(approxir.parse(RECURSION), "f", 5000) == (5000,)
    error = fails(RECURSION, -1, max_steps=None)
    assert "calls and regions nest more than 30000 deep" in error.message
    assert error.diagnostics[0].notes[0].message == "called from here"
    assert error.diagnostics[0].notes[0].line == 9


def test_deep_nesting_of_regions() -> None:
    depth = 2000
    text = "func.func @f(%c: i1, %m: memref<1xi32>, %i: index, %v: i32) {\n"
    text += (
        "scf.if %c {\n" * depth + "memref.store %v, %m[%i] : memref<1xi32>\n" + "}\n" * depth + "return\n}"
    )
    m = np.zeros(1, np.int32)
    run(approxir.parse(text), "f", True, m, 0, 7)
    assert m[0] == 7


class TestHandlers:
    TEXT = 'func.func @f(%a: i32) -> i32 { %r = "my.op"(%a) ({ "my.end"(%a) : (i32) -> () }) : (i32) -> i32\n return %r : i32 }'

    def test_plain(self) -> None:
        def handler(
            interp: Interpreter, op: Operation, operands: tuple[Any, ...], environment: Environment
        ) -> Any:
            assert environment[op.operands[0]] == operands[0]
            return operands[0] + 1

        assert run(approxir.parse(self.TEXT), "f", 4, handlers={"my.op": handler}) == (5,)

    def test_with_a_region(self) -> None:
        def handler(
            interp: Interpreter, op: Operation, operands: tuple[Any, ...], environment: Environment
        ) -> Any:
            ended = yield interp.region(op.region, (), environment)
            return (ended.values[0] * 2,)

        def end(
            interp: Interpreter, op: Operation, operands: tuple[Any, ...], environment: Environment
        ) -> Leave:
            return Leave(op, operands)

        assert run(approxir.parse(self.TEXT), "f", 4, handlers={"my.op": handler, "my.end": end}) == (8,)

    def test_pure(self) -> None:
        handlers = {"my.op": Pure(lambda interp, op: lambda a: -a)}
        assert run(approxir.parse(self.TEXT), "f", 4, handlers=handlers) == (-4,)

    @pytest.mark.parametrize(
        ("found", "message"),
        [((), "returned 0 results, not 1"), ("x", "'x' is no integer"), (2**40, "does not fit")],
    )
    def test_results_are_checked(self, found: Any, message: str) -> None:
        assert message in fails(self.TEXT, 4, handlers={"my.op": lambda *_: found}).message

    def test_traps(self) -> None:
        def handler(*_: Any) -> None:
            raise Trap("not today", hint="tomorrow")

        error = fails(self.TEXT, 4, handlers={"my.op": handler})
        assert (error.message, error.line, error.diagnostics[0].hint) == ("not today", 1, "tomorrow")


def test_numpy_is_loaded_only_here() -> None:
    script = "import sys, approxir; assert 'numpy' not in sys.modules; import approxir.interp; assert 'numpy' in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_missing_numpy_names_the_extra() -> None:
    script = (
        "import sys; sys.modules['numpy'] = None\n"
        "from approxir.errors import MissingDependencyError\n"
        "try: import approxir.interp\n"
        "except MissingDependencyError as error: assert 'approxir[interp]' in str(error)\n"
        "else: raise AssertionError\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
