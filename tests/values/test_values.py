"""Attributes and types as values: what they check, how they compare, and what they turn into."""

from __future__ import annotations

import copy
import math
import pickle
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approxir import values as v
from approxir.values.floats import FLOAT_FORMATS, decode, encode, float_text


def test_fields_by_order_or_by_name() -> None:
    assert v.IntegerType(8, "signed") == v.IntegerType(signedness="signed", width=8)
    assert v.IntegerType(8) == v.I8
    with pytest.raises(TypeError, match="needs the field 'width'"):
        v.IntegerType()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="no free field 'wide'"):
        v.IntegerType(8, wide=True)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="takes 2 fields"):
        v.IntegerType(8, "signed", 3)  # type: ignore[call-arg]


def test_values_are_immutable() -> None:
    with pytest.raises(AttributeError, match="immutable"):
        v.I8.width = 9  # type: ignore[misc]
    with pytest.raises(AttributeError, match="immutable"):
        del v.I8.width
    assert v.I8.replace(width=9) == v.IntegerType(9)
    with pytest.raises(TypeError, match="no field"):
        v.I8.replace(size=9)


def test_copies_and_pickles() -> None:
    value = v.DictAttr(
        {"a": v.FloatAttr("0x7FC00000", v.F32), "b": v.AffineMapAttr(1, 0, (-v.AffineDim(0),))}
    )
    assert copy.deepcopy(value) is value
    again = pickle.loads(pickle.dumps(value))
    assert again == value
    assert hash(again) == hash(value)
    assert str(again) == str(value)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: v.IntegerType(-1), "0 to 16777215 bits"),
        (lambda: v.IntegerType(8, "odd"), "signedness"),  # type: ignore[arg-type]
        (lambda: v.FloatType("f99"), "unknown floating-point type"),
        (lambda: v.ComplexType(v.INDEX), "complex numbers of index"),
        (lambda: v.VectorType((0,), v.I8), "dimension of 0"),
        (lambda: v.VectorType((None,), v.I8), "dynamic dimension"),
        (lambda: v.VectorType((2,), v.I8, (True, False)), "scalable flags"),
        (lambda: v.TensorType((-1,), v.I8), "no dimension"),
        (lambda: v.TensorType((1,), v.NONE), "element of a tensor"),
        (lambda: v.MemRefType((1,), v.NONE), "element of a memref"),
        (lambda: v.MemRefType((1,), v.I8, v.StridedLayoutAttr((1, 1))), "2 strides"),
        (lambda: v.IntegerAttr(1, v.I1), "BoolAttr"),
        (lambda: v.IntegerAttr(256, v.I8), "out of range"),
        (lambda: v.IntegerAttr(1, v.F32), "cannot have the type"),
        (lambda: v.FloatAttr(1.0, v.I8), "cannot have the type"),
        (lambda: v.FloatAttr("1", v.F32), "asks for a decimal point"),
        (lambda: v.FloatAttr("abc", v.F32), "is not a floating-point number"),
        (lambda: v.FloatAttr("-0x0", v.F32), "minus sign"),
        (lambda: v.StringAttr("\ud800"), "UTF-8"),
        (lambda: v.DictAttr([("a", v.UnitAttr()), ("a", v.UnitAttr())]), "occurs twice"),
        (lambda: v.DictAttr({"": v.UnitAttr()}), "cannot be empty"),
        (lambda: v.DenseArrayAttr(v.IntegerType(7)), "multiple of 8"),
        (lambda: v.DenseArrayAttr(v.INDEX), "not index"),
        (lambda: v.DistinctAttr(-1), "not negative"),
        (lambda: v.AffineConstant(1 << 63), "64 bits"),
        (lambda: v.AffineDim(0) * v.AffineDim(1), "not affine"),
        (lambda: v.AffineMapAttr(1, 0, (v.AffineDim(1),)), "d1 is used"),
        (lambda: v.AffineMapAttr(1, 0, (v.AffineSymbol(0),)), "s0 is used"),
        (lambda: v.StridedLayoutAttr((1 << 64,)), "64 bits"),
        (lambda: v.FileLineColLoc("f", 1 << 32), "32 bits"),
        (lambda: v.FileLineColLoc("f", 1, 2, 3), "both a line and a column"),
        (lambda: v.DenseElementsAttr("1", v.TensorType((None,), v.I8)), "known shape"),
        (lambda: v.DenseElementsAttr("[1]", v.TensorType((2,), v.I8)), "shape"),
        (lambda: v.SparseElementsAttr("[[9]]", "1", v.TensorType((2,), v.I8)), "outside the dimension"),
        (lambda: v.DenseResourceAttr("k", v.I8), "needs a tensor"),
        (lambda: v.dense_tensor([1], v.TensorType((2,), v.I8)), "1 values"),
        (lambda: v.attribute(object()), "no attribute stands for"),
    ],
)
def test_contradictions_are_refused(make: object, message: str) -> None:
    with pytest.raises(v.InvalidValue, match=message):
        make()  # type: ignore[operator]


def test_integers_are_those_that_mlir_stores() -> None:
    assert v.IntegerAttr(255, v.I8) == v.IntegerAttr(-1, v.I8)
    assert v.IntegerAttr(255, v.IntegerType(8, "unsigned")).value == 255
    assert v.IntegerAttr(5) != v.IntegerAttr(5, v.INDEX)
    assert v.BoolAttr(True) != v.IntegerAttr(1)


def test_floats_compare_by_bits_and_keep_their_spelling() -> None:
    assert str(v.FloatAttr("1.e+5", v.F32)) == "1.e+5 : f32"
    assert v.FloatAttr("1.e+5", v.F32) == v.FloatAttr(100000.0, v.F32)
    assert hash(v.FloatAttr("1.0")) == hash(v.FloatAttr("1.00"))
    assert v.FloatAttr("0x7FC00000", v.F32) == v.FloatAttr(math.nan, v.F32)
    assert math.isnan(v.FloatAttr("0x7FC00000", v.F32).value)
    assert v.FloatAttr(0.0) != v.FloatAttr(-0.0)
    assert v.FloatAttr("0.1", v.F16).value == 0.0999755859375
    assert str(v.FloatAttr(math.inf, v.F32)) == "0x7F800000 : f32"


@given(st.floats(), st.sampled_from(sorted(FLOAT_FORMATS)))
def test_rounding_to_a_format_is_stable(value: float, name: str) -> None:
    fmt = FLOAT_FORMATS[name]
    bits = encode(value, fmt)
    assert 0 <= bits < 1 << fmt.width
    once = decode(bits, fmt)
    assert encode(once, fmt) == bits
    assert v.FloatAttr(float_text(value, fmt), v.FloatType(name)).bits == bits


@pytest.mark.parametrize("name", ["f16", "f32", "f64", "bf16", *[n for n in FLOAT_FORMATS if n[1] in "864"]])
def test_every_bit_pattern_agrees_with_ml_dtypes(name: str) -> None:
    numpy = pytest.importorskip("numpy")
    ml_dtypes = pytest.importorskip("ml_dtypes")
    if name in ("f80", "f64"):
        pytest.skip("too wide to go through, or not in ml_dtypes")
    plain = {"f16": numpy.float16, "f32": numpy.float32, "bf16": ml_dtypes.bfloat16}
    kind = plain.get(name) or getattr(ml_dtypes, f"float{name[1]}_{name[2:].lower()}")
    fmt = FLOAT_FORMATS[name]
    step = 1 if fmt.width <= 16 else 65521
    for bits in range(0, 1 << fmt.width, step):
        size = max(1, numpy.dtype(kind).itemsize)
        theirs = float(numpy.frombuffer(bits.to_bytes(size, "little"), kind)[0])
        ours = decode(bits, fmt)
        assert ours == theirs or (math.isnan(ours) and math.isnan(theirs)), hex(bits)


def test_strings_keep_every_byte() -> None:
    value = v.unquote(r'"a\22\\\n\t\FF\C3\A9"')
    assert value == 'a"\\\n\t\udcffé'
    assert v.quote(value) == r'"a\22\\\0A\09\FF\C3\A9"'
    assert v.StringAttr("\udcc3\udca9") == v.StringAttr("é")
    with pytest.raises(v.InvalidValue, match="unknown escape") as caught:
        v.unquote(r'"ab\q"')
    assert caught.value.offset == 3


def test_symbols_are_quoted_where_needed() -> None:
    assert str(v.SymbolRefAttr("a", ("b c", "d$e.f"))) == '@a::@"b c"::@d$e.f'
    assert v.SymbolRefAttr("a", ("b",)).leaf == "b"
    assert v.symbol_text("1a") == '@"1a"'


def test_dictionaries_compare_without_order_and_print_with_it() -> None:
    one = v.DictAttr({"b": v.UnitAttr(), "a": v.TypeAttr(v.I8)})
    two = v.DictAttr({"a": v.TypeAttr(v.I8), "b": v.UnitAttr()})
    assert one == two
    assert hash(one) == hash(two)
    assert str(one) == "{b, a = i8}"
    assert list(one) == ["b", "a"]
    assert "a" in one
    assert one.get("c") is None
    with pytest.raises(KeyError):
        one["c"]


def test_function_types_keep_function_results_in_parentheses() -> None:
    inner = v.FunctionType((), (v.I8,))
    assert str(v.FunctionType((), (inner,))) == "() -> (() -> i8)"
    assert str(v.FunctionType((v.I8,), (v.I8, v.F32))) == "(i8) -> (i8, f32)"


def test_dense_elements() -> None:
    type = v.TensorType((2, 2), v.I8)
    attr = v.DenseElementsAttr("[[1,2] , [0xFF, -4]]", type)
    assert str(attr) == "dense<[[1, 2], [0xFF, -4]]> : tensor<2x2xi8>"
    assert attr.values() == [1, 2, -1, -4]
    assert v.DenseElementsAttr('"0x01FF02FE"', type).values() == [1, -1, 2, -2]
    assert v.DenseElementsAttr('"0x07"', type).values() == [7, 7, 7, 7]
    assert v.DenseElementsAttr("3", type).is_splat
    assert v.DenseElementsAttr.splat(1.5, v.TensorType((3,), v.F32)).values() == [1.5] * 3
    bits = v.DenseElementsAttr('"0x0F01"', v.TensorType((10,), v.I1)).values()
    assert bits == [True] * 4 + [False] * 4 + [True, False]
    strings = v.DenseElementsAttr('["a", "b]"]', v.TensorType((2,), v.DialectType("t", "s")))
    assert strings.values() == ["a", "b]"]
    pairs = v.DenseElementsAttr("[(1.0, 2.0), (3.0, 4.0)]", v.TensorType((2,), v.ComplexType(v.F32)))
    assert pairs.values() == [1 + 2j, 3 + 4j]


def test_long_constants_are_not_copied() -> None:
    body = '"0x' + "AB" * 100_000 + '"'
    attr = v.DenseElementsAttr(body, v.TensorType((100_000,), v.I8))
    assert attr.body is body
    row = "[" + ", ".join(["1"] * 1000) + "]"
    assert v.DenseElementsAttr(row, v.TensorType((1000,), v.I8)).body is row


@pytest.mark.parametrize("count", [3, 100])
@pytest.mark.parametrize(
    "name", ["bool", "int8", "int64", "uint16", "float16", "float32", "float64", "complex64"]
)
def test_numpy_round_trip(name: str, count: int) -> None:
    numpy = pytest.importorskip("numpy")
    array = (numpy.arange(2 * count) % 7 - 1).astype(name).reshape(2, count)
    attr = v.DenseElementsAttr.from_numpy(array)
    back = attr.to_numpy()
    assert back.shape == array.shape
    assert (back == array).all()
    assert attr.values() == array.ravel().tolist()


def test_python_values() -> None:
    plain = {"a": [1, 2.5, True, None, "x"], "b": {"c": []}}
    attr = v.attribute(plain)
    assert str(attr) == '{a = [1, 2.500000e+00, true, unit, "x"], b = {c = []}}'
    assert v.to_python(attr) == plain
    assert v.attribute([1, 2], v.I32) == v.DenseArrayAttr(v.I32, (1, 2))
    assert v.to_python(v.DenseArrayAttr(v.I32, (1, 2))) == [1, 2]
    assert v.attribute(3, v.I32) == v.IntegerAttr(3, v.I32)
    assert v.attribute(3, v.F32) == v.FloatAttr(3.0, v.F32)
    assert v.attribute(1, v.I1) == v.BoolAttr(True)
    assert v.to_python(v.attribute(v.I32)) == v.I32
    assert v.attribute(attr) is attr
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(v.InvalidValue, match="nested"):
        v.attribute(endless)


def test_aliases_are_replaced_everywhere() -> None:
    aliases = {
        "!t": v.I32,
        "!u": v.TensorType((2,), v.TypeAlias("t")),
        "#m": v.AffineMapAttr(1, 0, (v.AffineDim(0) + 1,)),
        "#s": v.StringAttr("space"),
        "#l": v.NameLoc("x"),
        "#b": v.IntegerAttr(1, v.TypeAlias("one")),
        "!one": v.I1,
    }
    assert v.resolve(v.TypeAlias("u"), aliases) == v.TensorType((2,), v.I32)
    alias = v.MemRefType((4,), v.TypeAlias("t"), v.AttrAlias("m"))
    assert str(v.resolve(alias, aliases)) == "memref<4xi32, affine_map<(d0) -> (d0 + 1)>>"
    assert str(v.resolve(alias.replace(layout=v.AttrAlias("s")), aliases)) == 'memref<4xi32, "space">'
    fused = v.FusedLoc((v.LocAlias("l"), v.LocAlias("unknown")))
    assert str(v.resolve(fused, aliases)) == 'loc(fused["x", #unknown])'
    assert v.resolve(v.AttrAlias("b"), aliases) == v.BoolAttr(True)
    assert v.resolve(v.I8, aliases) is v.I8
    loop = {"#a": v.FusedLoc((v.LocAlias("b"),)), "#b": v.FusedLoc((v.LocAlias("a"),))}
    with pytest.raises(v.InvalidValue, match="refers to itself"):
        v.resolve(v.LocAlias("a"), loop)


def test_a_long_chain_of_aliases_needs_no_stack() -> None:
    chain: dict[str, v.Attribute | v.Type] = {"!t0": v.I8}
    for i in range(1, 3000):
        chain[f"!t{i}"] = v.TypeAlias(f"t{i - 1}")
    assert v.resolve(v.TypeAlias("t2999"), chain) == v.I8


def test_affine_arithmetic() -> None:
    d0, s0 = v.AffineDim(0), v.AffineSymbol(0)
    expr = (d0 + 3) * s0 - v.AffineBinary("mod", d0, v.AffineConstant(4))
    assert str(expr) == "(d0 + 3) * s0 - d0 mod 4"
    assert expr.evaluate([-5], [2]) == -2 * 2 - 3
    assert v.AffineBinary("ceildiv", d0, v.AffineConstant(2)).evaluate([5]) == 3
    negative = -d0
    assert str(negative) == "-d0"
    assert -negative == d0
    assert str(-(d0 + 1) * 2) == "-(d0 + 1) * 2"
    assert v.AffineMapAttr(2, 0, (d0, v.AffineDim(1))).is_identity
    half = v.IntegerSetAttr(1, 1, (v.AffineConstraint(s0 - d0, False),))
    assert half.contains([3], [3])
    assert not half.contains([4], [3])


def test_deep_values_need_no_stack() -> None:
    deep: v.Attribute = v.UnitAttr()
    other: v.Attribute = v.UnitAttr()
    for _ in range(20_000):
        deep, other = v.ArrayAttr((deep,)), v.ArrayAttr((other,))
    assert hash(deep) == hash(other)
    assert deep == other
    assert len(str(deep)) == 40_004
    assert sum(1 for _ in v.walk(deep)) == 20_001
    assert isinstance(v.to_python(deep), list)
    assert v.resolve(deep, {"!t": v.I8}) is deep


def test_import_loads_neither_lark_nor_numpy() -> None:
    script = "import approxir.values, sys; print({'lark', 'numpy', 'dataclasses'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "lark" not in done.stdout
    assert "numpy" not in done.stdout
