"""Hypothesis strategies for typed values: every value they make is valid MLIR."""

from __future__ import annotations

from hypothesis import strategies as st

from approxir import values as v
from approxir.values.floats import FLOAT_FORMATS

names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_$]{0,6}", fullmatch=True)
texts = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=8),
    st.binary(max_size=6).map(lambda data: data.decode("utf-8", "surrogateescape")),
)
some_names = st.one_of(names, texts.filter(bool))

integer_types = st.builds(
    v.IntegerType,
    st.sampled_from([2, 8, 16, 32, 64, 128]),
    st.sampled_from(["signless", "signed", "unsigned"]),
)
float_types = st.sampled_from(sorted(FLOAT_FORMATS)).map(v.FloatType)
scalar_types = st.one_of(integer_types, float_types, st.sampled_from([v.I1, v.INDEX]))
dialect_types = st.builds(
    v.DialectType, st.just("foo"), st.sampled_from(["t", "t<i32>", 't<"a>b", [1 -> 2]>', "t.u<>", '<"x">'])
)
complex_types = st.builds(v.ComplexType, st.one_of(integer_types, float_types))
static_sizes = st.integers(1, 9)
sizes = st.one_of(st.none(), st.integers(0, 9))


@st.composite
def vector_types(draw: st.DrawFn) -> v.VectorType:
    shape = draw(st.lists(static_sizes, max_size=3).map(tuple))
    flags = draw(st.lists(st.booleans(), min_size=len(shape), max_size=len(shape)).map(tuple))
    return v.VectorType(shape, draw(scalar_types), flags)


shapes = st.lists(sizes, max_size=3).map(tuple)
tensor_elements = st.one_of(scalar_types, complex_types, vector_types(), dialect_types)
memory_spaces = st.one_of(st.none(), st.integers(1, 9).map(v.IntegerAttr), texts.map(v.StringAttr))


@st.composite
def affine_exprs(draw: st.DrawFn, dims: int, symbols: int) -> v.AffineExpr:
    constants = st.integers(-9, 9).map(v.AffineConstant)
    symbolic = [constants] + [st.just(v.AffineSymbol(i)) for i in range(symbols)]
    leaves = symbolic + [st.just(v.AffineDim(i)) for i in range(dims)]
    positive = st.integers(1, 9).map(v.AffineConstant)

    def bigger(inner: st.SearchStrategy[v.AffineExpr]) -> st.SearchStrategy[v.AffineExpr]:
        return st.one_of(
            st.builds(v.AffineBinary, st.sampled_from(["+", "-"]), inner, inner),
            st.builds(v.AffineBinary, st.just("*"), inner, st.one_of(*symbolic)),
            st.builds(v.AffineBinary, st.sampled_from(["floordiv", "ceildiv", "mod"]), inner, positive),
            inner.map(lambda expr: -expr),
        )

    return draw(st.recursive(st.one_of(*leaves), bigger, max_leaves=6))


@st.composite
def affine_maps(draw: st.DrawFn, dims: int | None = None) -> v.AffineMapAttr:
    dims = draw(st.integers(0, 3)) if dims is None else dims
    symbols = draw(st.integers(0, 2))
    results = draw(st.lists(affine_exprs(dims, symbols), max_size=3).map(tuple))
    return v.AffineMapAttr(dims, symbols, results)


@st.composite
def integer_sets(draw: st.DrawFn) -> v.IntegerSetAttr:
    dims, symbols = draw(st.integers(0, 3)), draw(st.integers(0, 2))
    constraints = st.builds(v.AffineConstraint, affine_exprs(dims, symbols), st.booleans())
    return v.IntegerSetAttr(dims, symbols, draw(st.lists(constraints, max_size=3).map(tuple)))


strides = st.one_of(st.none(), st.integers(-9, 9))


@st.composite
def memref_types(draw: st.DrawFn) -> v.MemRefType:
    shape = draw(shapes)
    layout = draw(
        st.one_of(
            st.none(),
            affine_maps(len(shape)),
            st.builds(
                v.StridedLayoutAttr,
                st.lists(strides, min_size=len(shape), max_size=len(shape)).map(tuple),
                strides,
            ),
        )
    )
    element = st.one_of(scalar_types, complex_types, vector_types())
    return v.MemRefType(shape, draw(element), layout, draw(memory_spaces))


flat_types = st.one_of(
    scalar_types,
    dialect_types,
    complex_types,
    vector_types(),
    st.just(v.NONE),
    st.builds(v.TensorType, shapes, tensor_elements, st.one_of(st.none(), texts.map(v.StringAttr))),
    st.builds(v.UnrankedTensorType, tensor_elements),
    memref_types(),
    st.builds(v.UnrankedMemRefType, scalar_types, memory_spaces),
)
types = st.recursive(
    flat_types,
    lambda inner: st.one_of(
        st.builds(v.FunctionType, st.lists(inner, max_size=3), st.lists(inner, max_size=3)),
        st.builds(v.TupleType, st.lists(inner, max_size=3)),
    ),
    max_leaves=6,
)


@st.composite
def integer_attrs(draw: st.DrawFn) -> v.IntegerAttr:
    type = draw(st.one_of(integer_types, st.just(v.INDEX)))
    low, high = type.limits if isinstance(type, v.IntegerType) else v.I64.limits
    return v.IntegerAttr(draw(st.integers(low, high)), type)


floats = st.floats(allow_nan=True, allow_infinity=True)
float_attrs = st.builds(v.FloatAttr, floats, float_types)


@st.composite
def dense_arrays(draw: st.DrawFn) -> v.DenseArrayAttr:
    kind = draw(st.sampled_from([v.I1, v.I8, v.I32, v.I64, v.F32, v.F64, v.BF16]))
    if kind == v.I1:
        items: st.SearchStrategy[float] = st.booleans()
    elif isinstance(kind, v.FloatType):
        items = floats
    else:
        assert isinstance(kind, v.IntegerType)
        items = st.integers(*kind.limits)
    return v.DenseArrayAttr(kind, draw(st.lists(items, max_size=4).map(tuple)))


@st.composite
def dense_elements(draw: st.DrawFn) -> v.DenseElementsAttr:
    kind = draw(st.sampled_from([v.I1, v.I8, v.I32, v.F32, v.F64, v.INDEX, v.ComplexType(v.F32)]))
    type = v.TensorType(draw(st.lists(st.integers(0, 3), max_size=3).map(tuple)), kind)
    item: st.SearchStrategy[complex] = st.integers(-128, 127)
    if kind == v.I1:
        item = st.booleans()
    elif isinstance(kind, (v.FloatType, v.ComplexType)):
        item = st.floats(-1e6, 1e6)
    count = type.num_elements
    return v.dense_tensor(draw(st.lists(item, min_size=count, max_size=count)), type)


locations = st.recursive(
    st.one_of(
        st.just(v.UnknownLoc()),
        texts.map(v.NameLoc),
        st.builds(v.FileLineColLoc, texts, st.integers(0, 99), st.integers(0, 99)),
        st.builds(
            v.FileLineColLoc,
            texts,
            st.integers(0, 9),
            st.integers(0, 9),
            st.integers(0, 9),
            st.integers(0, 9),
        ),
    ),
    lambda inner: st.one_of(
        st.builds(v.NameLoc, texts, inner),
        st.builds(v.CallSiteLoc, inner, inner),
        st.builds(v.FusedLoc, st.lists(inner, max_size=3), st.one_of(st.none(), texts.map(v.StringAttr))),
    ),
    max_leaves=5,
)
flat_attributes = st.one_of(
    st.just(v.UnitAttr()),
    st.booleans().map(v.BoolAttr),
    integer_attrs(),
    float_attrs,
    st.builds(v.StringAttr, texts, st.one_of(st.none(), scalar_types)),
    types.map(v.TypeAttr),
    st.builds(v.SymbolRefAttr, some_names, st.lists(some_names, max_size=2).map(tuple)),
    st.builds(
        v.OpaqueAttr,
        st.just("foo"),
        st.sampled_from(["a", "a<x>", '<"y">']),
        st.one_of(st.none(), scalar_types),
    ),
    dense_arrays(),
    dense_elements(),
    affine_maps(),
    integer_sets(),
    locations,
)
attributes = st.recursive(
    flat_attributes,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: v.ArrayAttr(tuple(items))),
        st.dictionaries(some_names.map(v.quote).map(v.unquote), inner, max_size=3).map(v.DictAttr),
        st.builds(v.DistinctAttr, st.integers(0, 9), inner),
    ),
    max_leaves=6,
)
