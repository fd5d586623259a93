"""Values that go into compiled functions and come out of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import native
from support.signatures import ELEMENTS, Exchanged, exchanged, is_memory, same

import approxir as ax
from approxir.interp import Interpreter

pytestmark = native.needs_native

few = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def echo(kinds: list[Exchanged], order: list[int]) -> str:
    """A function that returns some of its arguments."""
    arguments = ", ".join(f"%a{number}: {kind.text}" for number, kind in enumerate(kinds))
    types = ", ".join(kinds[number].text for number in order)
    returned = ", ".join(f"%a{number}" for number in order)
    end = f"return {returned} : {types}" if order else "return"
    return f"func.func @echo({arguments}) -> ({types}) {{ {end} }}"


def as_tuple(value: Any, count: int) -> tuple[Any, ...]:
    return () if count == 0 else (value,) if count == 1 else value


@st.composite
def echoes(draw: st.DrawFn) -> tuple[str, list[Exchanged], list[int]]:
    kinds = draw(st.lists(exchanged(), max_size=5))
    order = draw(st.lists(st.integers(0, len(kinds) - 1), max_size=6)) if kinds else []
    return echo(kinds, order), kinds, order


@few
@given(echoes(), st.data())
def test_values_come_back_as_they_went_in(drawn: Any, data: st.DataObject) -> None:
    text, kinds, order = drawn
    kernel = ax.jit(text, opt_level=0)
    interpreter = Interpreter(ax.parse(text))
    for _ in range(3):
        values = [data.draw(kind.values) for kind in kinds]
        results = as_tuple(kernel.echo(*values), len(order))
        wanted = interpreter.call("echo", *values)
        assert len(results) == len(order)
        for number, result, reference in zip(order, results, wanted, strict=True):
            assert same(result, values[number]), (text, values, results)
            assert same(result, reference)
            if is_memory(kinds[number].type) and result.size:
                assert result is values[number]


@few
@given(echoes(), st.data())
def test_external_functions_get_and_return_the_same_values(drawn: Any, data: st.DataObject) -> None:
    text, kinds, order = drawn
    seen: list[tuple[Any, ...]] = []

    def function(*given: Any) -> Any:
        seen.append(tuple([value.copy() if isinstance(value, np.ndarray) else value for value in given]))
        returned = tuple([given[number] for number in order])
        return returned[0] if len(returned) == 1 else returned if returned else None

    for number in order:
        # How large the result of an external function is has to be known before.
        if "tensor" in kinds[number].text and "?" in kinds[number].text:
            return
    types = ", ".join(kind.text for kind in kinds)
    results = ", ".join(kinds[number].text for number in order)
    arguments = ", ".join(f"%a{number}: {kind.text}" for number, kind in enumerate(kinds))
    passed = ", ".join(f"%a{number}" for number in range(len(kinds)))
    names = ", ".join(f"%r#{number}" for number in range(len(order)))
    call = f"%r:{len(order)} = " if order else ""
    end = f"return {names} : {results}" if order else "return"
    text = f"""
    func.func private @other({types}) -> ({results})
    func.func @f({arguments}) -> ({results}) {{
      {call}func.call @other({passed}) : ({types}) -> ({results})
      {end}
    }}"""
    kernel = ax.jit(text, externals={"other": function}, opt_level=0)
    values = [data.draw(kind.values) for kind in kinds]
    found = as_tuple(kernel.f(*values), len(order))
    assert all(same(mine, other) for mine, other in zip(seen[0], values, strict=True)), (seen, values)
    for number, result in zip(order, found, strict=True):
        assert same(result, values[number]), (text, result, values[number])


@pytest.mark.parametrize("element", ELEMENTS)
def test_memory_is_shared(element: str) -> None:
    text = f"""
    func.func @put(%m: memref<?x?x{element}>, %i: index, %j: index, %v: {element}) {{
      memref.store %v, %m[%i, %j] : memref<?x?x{element}>
      return
    }}
    func.func @get(%m: memref<?x?x{element}>, %i: index, %j: index) -> {element} {{
      %v = memref.load %m[%i, %j] : memref<?x?x{element}>
      return %v : {element}
    }}"""
    kernel = ax.jit(text)
    kind = ax.parse_type(element)
    from approxir.interp.numbers import dtype_of

    array = np.zeros((3, 4), dtype_of(kind))
    value = np.ones((), array.dtype)[()]
    kernel.put(array, 2, 1, value.item() if element.startswith(("i1", "i3", "i6", "i8", "index")) else value)
    assert array[2, 1] == value
    assert np.count_nonzero(array) == 1
    assert kernel.get(array, 2, 1) == value


LISTS = """
func.func @tensor(%t: tensor<2xi8>) -> tensor<2xi8> {
  return %t : tensor<2xi8>
}
func.func @vector(%v: vector<2xf32>) -> vector<2xf32> {
  return %v : vector<2xf32>
}
func.func @memref(%m: memref<2xi8>) {
  return
}
"""


def test_lists_are_taken_as_the_scalars_in_them() -> None:
    kernel = ax.jit(LISTS)
    assert kernel.tensor([255, True]).tolist() == [-1, 1]
    assert kernel.vector((1e300, np.int32(2))).tolist() == [np.inf, 2]
    masked = np.ma.masked_array(np.array([1, 2], np.int8), [True, False])
    for wrong in ([1.9, 2], [256, 0], ["1", "2"], [None, 1], [1], masked):
        with pytest.raises(ax.ArgumentError, match=r"tensor\(t: tensor<2xi8>\)"):
            kernel.tensor(wrong)
    for wrong in ([True, 1.0], ["1", 2.0], [1j, 2.0]):
        with pytest.raises(ax.ArgumentError, match=r"is no number of type f32"):
            kernel.vector(wrong)
    with pytest.raises(ax.ArgumentError, match="memref<2xi8> needs a NumPy array"):
        kernel.memref(masked)


# ---- strides


SUM = """
func.func @sum(%m: memref<?x?xi32, strided<[?, ?], offset: ?>>) -> i32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0 : i32
  %rows = memref.dim %m, %c0 : memref<?x?xi32, strided<[?, ?], offset: ?>>
  %columns = memref.dim %m, %c1 : memref<?x?xi32, strided<[?, ?], offset: ?>>
  %total = scf.for %i = %c0 to %rows step %c1 iter_args(%a = %zero) -> (i32) {
    %row = scf.for %j = %c0 to %columns step %c1 iter_args(%b = %a) -> (i32) {
      %x = memref.load %m[%i, %j] : memref<?x?xi32, strided<[?, ?], offset: ?>>
      %s = arith.muli %b, %b : i32
      %t = arith.addi %s, %x : i32
      scf.yield %t : i32
    }
    scf.yield %row : i32
  }
  return %total : i32
}
"""


@st.composite
def strided(draw: st.DrawFn) -> Any:
    array = np.arange(60, dtype=np.int32).reshape(6, 10)
    for axis in range(2):
        start, step = draw(st.integers(0, 4)), draw(st.sampled_from([-3, -2, -1, 1, 2, 3]))
        cut = slice(start, None, step)
        array = array[cut] if axis == 0 else array[:, cut]
    return array.T if draw(st.booleans()) else array


@given(strided())
@few
def test_strided_arrays_are_passed_as_they_are(array: Any) -> None:
    wanted = Interpreter(ax.parse(SUM)).call("sum", array.copy())[0]
    assert native.function(SUM, "sum")(array) == (wanted,)


def test_strides_of_the_type_are_checked() -> None:
    kernel = ax.jit("""
    func.func @transposed(%m: memref<2x3xf32, strided<[1, 2]>>) -> f32 {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %x = memref.load %m[%c1, %c0] : memref<2x3xf32, strided<[1, 2]>>
      return %x : f32
    }
    func.func @plain(%m: memref<2x3xf32>) -> f32 {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %x = memref.load %m[%c1, %c0] : memref<2x3xf32>
      return %x : f32
    }""")
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert kernel.plain(array) == 3
    assert kernel.transposed(np.asfortranarray(array)) == 3
    with pytest.raises(ax.ArgumentError, match=r"strides \[3, 1\] are not those of memref<2x3xf32, strided"):
        kernel.transposed(array)
    with pytest.raises(ax.ArgumentError, match=r"strides \[1, 2\] are not those of memref<2x3xf32>"):
        kernel.plain(np.asfortranarray(array))


def test_strides_between_elements_are_refused() -> None:
    kernel = ax.jit("""
    func.func @f(%m: memref<3xcomplex<f32>, strided<[?], offset: ?>>) -> complex<f32> {
      %c2 = arith.constant 2 : index
      %x = memref.load %m[%c2] : memref<3xcomplex<f32>, strided<[?], offset: ?>>
      return %x : complex<f32>
    }""")
    parts = np.arange(12, dtype=np.float32)
    array = np.lib.stride_tricks.as_strided(parts.view(np.complex64), (3,), (16,))
    assert kernel.f(array) == 8 + 9j
    # Aligned, but three halves of an element apart.
    array = np.lib.stride_tricks.as_strided(parts.view(np.complex64), (3,), (12,))
    with pytest.raises(ax.ArgumentError, match=r"strides of \[12\] bytes"):
        kernel.f(array)


# ---- what may be written to


ACCESS = """
func.func @read(%m: memref<?xf32>) -> f32 {
  %c0 = arith.constant 0 : index
  %v = memref.cast %m : memref<?xf32> to memref<?xf32, strided<[1], offset: ?>>
  %x = func.call @first(%v) : (memref<?xf32, strided<[1], offset: ?>>) -> f32
  return %x : f32
}
func.func private @first(%m: memref<?xf32, strided<[1], offset: ?>>) -> f32 {
  %c0 = arith.constant 0 : index
  %x = memref.load %m[%c0] : memref<?xf32, strided<[1], offset: ?>>
  return %x : f32
}
func.func @write(%m: memref<?xf32>, %x: f32) {
  %c0 = arith.constant 0 : index
  %true = arith.constant true
  %n = scf.if %true -> (memref<?xf32>) {
    scf.yield %m : memref<?xf32>
  } else {
    %new = memref.alloc(%c0) : memref<?xf32>
    scf.yield %new : memref<?xf32>
  }
  memref.store %x, %n[%c0] : memref<?xf32>
  return
}
func.func @pass(%m: memref<?xf32>) -> memref<?xf32> {
  return %m : memref<?xf32>
}
"""


def test_read_only_arrays_are_refused_where_they_may_be_written_to() -> None:
    kernel = ax.jit(ACCESS)
    array = np.arange(3, dtype=np.float32) + 1
    array.setflags(write=False)
    assert kernel.read(array) == 1
    with pytest.raises(ax.ArgumentError, match="read-only") as caught:
        kernel.write(array, 5.0)
    assert "write(m: memref<?xf32>, x: f32)" in str(caught.value)
    assert array[0] == 1
    assert kernel["pass"](array) is array


def test_arrays_are_copied_when_asked() -> None:
    kernel = ax.jit(ACCESS, copy=True)
    array = np.arange(6, dtype=np.float32)[::2]
    array.setflags(write=False)
    kernel.write(array, 5.0)
    assert array[0] == 0
    back = kernel["pass"](array)
    assert np.array_equal(back, array)
    assert not np.shares_memory(back, array)


def test_alignment_that_the_code_assumes_is_checked() -> None:
    text = """
    func.func @f(%m: memref<8xf32>) -> f32 {
      %a = memref.assume_alignment %m, 64 : memref<8xf32>
      %c0 = arith.constant 0 : index
      %x = memref.load %a[%c0] : memref<8xf32>
      return %x : f32
    }"""
    kernel = ax.jit(text)
    room = np.zeros(64, np.float32)
    start = (-room.ctypes.data % 64) // 4
    aligned, shifted = room[start : start + 8], room[start + 1 : start + 9]
    assert kernel.f(aligned) == 0
    with pytest.raises(ax.ArgumentError, match="multiple of 64 bytes"):
        kernel.f(shifted)
    assert ax.jit(text, copy=True).f(shifted) == 0


def test_elements_that_are_not_aligned_are_refused() -> None:
    kernel = ax.jit(ACCESS)
    raw = np.zeros(17, np.uint8)
    with pytest.raises(ax.ArgumentError, match="multiples of their size"):
        kernel.read(raw[1:].view(np.float32))


# ---- whose memory results are


OWNERS = """
memref.global "private" constant @fixed : memref<3xi32> = dense<[1, 2, 3]>
memref.global "private" @free : memref<3xi32> = dense<[4, 5, 6]>
func.func @constant() -> memref<3xi32> {
  %m = memref.get_global @fixed : memref<3xi32>
  return %m : memref<3xi32>
}
func.func @variable() -> memref<2xi32, strided<[1], offset: 1>> {
  %m = memref.get_global @free : memref<3xi32>
  %v = memref.subview %m[1] [2] [1] : memref<3xi32> to memref<2xi32, strided<[1], offset: 1>>
  return %v : memref<2xi32, strided<[1], offset: 1>>
}
func.func @second() -> i32 {
  %c1 = arith.constant 1 : index
  %m = memref.get_global @free : memref<3xi32>
  %x = memref.load %m[%c1] : memref<3xi32>
  return %x : i32
}
func.func @tail(%m: memref<?xi32>) -> memref<?xi32, strided<[2], offset: 1>> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %n = memref.dim %m, %c0 : memref<?xi32>
  %half = arith.divui %n, %c2 : index
  %v = memref.subview %m[1] [%half] [2] : memref<?xi32> to memref<?xi32, strided<[2], offset: 1>>
  return %v : memref<?xi32, strided<[2], offset: 1>>
}
func.func @new(%n: index, %x: i32) -> (memref<?xi32>, memref<?xi32, strided<[1], offset: ?>>) {
  %m = memref.alloc(%n) : memref<?xi32>
  linalg.fill ins(%x : i32) outs(%m : memref<?xi32>)
  %v = memref.cast %m : memref<?xi32> to memref<?xi32, strided<[1], offset: ?>>
  return %m, %v : memref<?xi32>, memref<?xi32, strided<[1], offset: ?>>
}
func.func @either(%c: i1, %m: memref<?xi32>, %n: index) -> memref<?xi32> {
  %r = scf.if %c -> (memref<?xi32>) {
    scf.yield %m : memref<?xi32>
  } else {
    %new:2 = func.call @new(%n, %x) : (index, i32) -> (memref<?xi32>, memref<?xi32, strided<[1], offset: ?>>)
    scf.yield %new#0 : memref<?xi32>
  }
  return %r : memref<?xi32>
}
""".replace("%r = scf.if %c", "%x = arith.constant 9 : i32\n  %r = scf.if %c")


def test_globals_are_returned_as_views() -> None:
    kernel = ax.jit(OWNERS)
    fixed = kernel.constant()
    assert fixed.tolist() == [1, 2, 3]
    assert not fixed.flags.writeable
    free = kernel.variable()
    assert free.tolist() == [5, 6]
    free[0] = 7
    assert kernel.second() == 7
    # The memory lives as long as somebody looks at it.
    del kernel
    assert free.tolist() == [7, 6]


def test_views_of_arguments_keep_them_alive() -> None:
    kernel = ax.jit(OWNERS)
    tail = kernel.tail(np.arange(10, dtype=np.int32))
    assert tail.tolist() == [1, 3, 5, 7, 9]
    array = np.arange(4, dtype=np.int32)
    kernel.tail(array)[0] = 50
    assert array.tolist() == [0, 50, 2, 3]


def test_new_memory_belongs_to_the_caller() -> None:
    kernel = ax.jit(OWNERS)
    whole, same_memory = kernel.new(5, 3)
    assert whole.tolist() == [3] * 5
    whole[1] = 8
    assert same_memory.tolist() == [3, 8, 3, 3, 3]
    del whole
    assert same_memory.tolist() == [3, 8, 3, 3, 3]
    array = np.ones(2, np.int32)
    assert kernel.either(True, array, 3) is array
    assert kernel.either(False, array, 3).tolist() == [9, 9, 9]
    assert kernel.new(0, 1)[0].shape == (0,)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("%m = memref.alloca() : memref<2xi32>\n return %m : memref<2xi32>", "of its own stack"),
        (
            "%p = llvm.mlir.zero : !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>\n"
            "%m = builtin.unrealized_conversion_cast %p : "
            "!llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)> to memref<2xi32>\n"
            "return %m : memref<2xi32>",
            "cannot be followed to where it was allocated",
        ),
    ],
)
def test_memory_that_nobody_could_own_is_not_returned(body: str, message: str) -> None:
    text = f"func.func @f() -> memref<2xi32> {{ {body} }}\nfunc.func @g() {{ return }}"
    kernel = ax.jit(text)
    with pytest.raises(ax.ApproxIRError, match=message):
        kernel.f()
    assert kernel.g() is None
    with pytest.raises(ax.CompilationError, match=message):
        ax.jit(f"func.func @f() -> memref<2xi32> {{ {body} }}")
