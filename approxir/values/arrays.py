"""Constant tensors to and from NumPy arrays. Nothing else in this package imports NumPy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from approxir.errors import MissingDependencyError
from approxir.values.base import InvalidValue, Type
from approxir.values.elements import DenseElementsAttr, dense_tensor
from approxir.values.types import (
    I1,
    ComplexType,
    FloatType,
    IndexType,
    IntegerType,
    TensorType,
)

if TYPE_CHECKING:
    import numpy

_SMALL = 64
"""Arrays of at most this many elements are written as lists that people can read."""


def _numpy() -> Any:
    try:
        import numpy
    except ImportError as error:
        raise MissingDependencyError("NumPy is not installed; install approxir[interp]") from error
    return numpy


_ML_DTYPES = {"bf16": "bfloat16"} | {
    name: f"float{name[1]}_{name[2:].lower()}"
    for name in (
        "f8E5M2",
        "f8E4M3",
        "f8E3M4",
        "f8E4M3FN",
        "f8E5M2FNUZ",
        "f8E4M3FNUZ",
        "f8E4M3B11FNUZ",
        "f8E8M0FNU",
        "f6E3M2FN",
        "f6E2M3FN",
        "f4E2M1FN",
    )
}


def _layout(element: Type) -> tuple[Any, bool]:
    """The NumPy type for an element type, and whether its bytes are those of MLIR."""
    np = _numpy()
    if isinstance(element, ComplexType):
        part, same = _layout(element.element_type)
        return (
            np.dtype("c8" if part == np.float32 else "c16"),
            same and part.kind == "f" and part.itemsize > 2,
        )
    if isinstance(element, IndexType):
        return np.dtype("<i8"), True
    if isinstance(element, IntegerType):
        if element == I1:
            return np.dtype(bool), False
        size = next((size for size in (8, 16, 32, 64) if size >= element.width), None)
        if size is None:
            return np.dtype(object), False
        letter = "u" if element.signedness == "unsigned" else "i"
        return np.dtype(f"<{letter}{size // 8}"), size == element.width
    if isinstance(element, FloatType):
        if element.name in ("f16", "f32", "f64"):
            return np.dtype(f"<f{element.width // 8}"), True
        if element.name in _ML_DTYPES:
            try:
                import ml_dtypes
            except ImportError:
                return np.dtype(np.float32), False
            return np.dtype(getattr(ml_dtypes, _ML_DTYPES[element.name])), element.width % 8 == 0
        return np.dtype(np.float32 if element.name == "tf32" else np.float64), False
    return np.dtype(object), False


def to_numpy(attr: DenseElementsAttr) -> numpy.ndarray[Any, Any]:
    """See `DenseElementsAttr.to_numpy`."""
    np = _numpy()
    shaped = attr._shaped
    dtype, same = _layout(shaped.element_type)
    shape = shaped.static_shape
    if attr.is_hex and same:
        data = np.frombuffer(bytes.fromhex(attr.body[3:-1]), dtype)
        flat = np.full(shape, data[0]) if len(data) == 1 else data.reshape(shape)
        return flat  # type: ignore[no-any-return]
    return np.array(attr.values(), dtype).reshape(shape)  # type: ignore[no-any-return]


def from_numpy(array: numpy.ndarray[Any, Any], element_type: Type | None = None) -> DenseElementsAttr:
    """See `DenseElementsAttr.from_numpy`."""
    np = _numpy()
    array = np.asarray(array)
    element = element_type or element_type_of(array.dtype)
    type = TensorType(tuple(array.shape), element)
    dtype, same = _layout(element)
    if array.size <= _SMALL or not same:
        return dense_tensor(array.ravel().tolist(), type)
    data = np.ascontiguousarray(array, dtype).tobytes()
    return DenseElementsAttr(f'"0x{data.hex().upper()}"', type)


def element_type_of(dtype: Any) -> Type:
    """The element type that holds a NumPy type; `InvalidValue` for types that MLIR has no name for."""
    name = _numpy().dtype(dtype).name
    for spelling, other in _ML_DTYPES.items():
        if name == other:
            return FloatType(spelling)
    if name == "bool":
        return I1
    if name.startswith("uint"):
        return IntegerType(int(name[4:]), "unsigned")
    if name.startswith("int"):
        return IntegerType(int(name[3:]))
    if name in ("float16", "float32", "float64"):
        return FloatType("f" + name[5:])
    if name in ("complex64", "complex128"):
        return ComplexType(FloatType(f"f{int(name[7:]) // 2}"))
    raise InvalidValue(f"no element type holds the NumPy type {name}")
