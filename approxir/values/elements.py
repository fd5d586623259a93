"""Constant tensors: ``dense``, ``sparse`` and ``dense_resource``, kept as text and decoded on demand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from approxir.values.base import Attribute, InvalidValue, Printable, Type, set_field
from approxir.values.floats import decode, float_text
from approxir.values.literals import (
    Scalar,
    check_range,
    hex_size,
    is_hex,
    scalars,
    shape_of,
    tidy,
)
from approxir.values.strings import key_text, normal_text
from approxir.values.types import (
    I1,
    I64,
    ComplexType,
    DialectType,
    FloatType,
    IndexType,
    IntegerType,
    ShapedType,
    TensorType,
    TypeAlias,
    UnrankedTensorType,
    VectorType,
)

if TYPE_CHECKING:
    import numpy

_NUMERIC = (IntegerType, FloatType, IndexType, ComplexType)


def _static(type: Type) -> ShapedType | None:
    """The type of a constant, which has a known shape; None while it is an alias."""
    if isinstance(type, TypeAlias) or (isinstance(type, DialectType) and "<" in type.body):
        # A dialect's own type may have a shape too: !emitc.array<2xindex>.
        return None
    if not isinstance(type, ShapedType):
        raise InvalidValue(f"a list of elements needs a tensor or vector type, not {type}")
    if not type.has_static_shape:
        raise InvalidValue(f"a list of elements needs a type of known shape, not {type}")
    return type


def _storage_bits(element: Type) -> int:
    """How many bits an element takes in a list given as bytes."""
    if isinstance(element, ComplexType):
        return 2 * max(8, _storage_bits(element.element_type))
    if isinstance(element, IndexType):
        return 64
    assert isinstance(element, (IntegerType, FloatType))
    return 1 if element.width == 1 else -(-element.width // 8) * 8


class DenseElementsAttr(Attribute):
    """``dense<[1, 2]> : tensor<2xi32>``: `body` is the text between the angle brackets.

    The body is one element for all (a splat), nested lists, the bytes of the elements (``"0x..."``), or
    empty. It is never decoded unless `values` or `to_numpy` is called.
    """

    body: str
    type: Type

    def _check(self) -> None:
        body = tidy(self.body)
        set_field(self, "body", body)
        shaped = _static(self.type)
        if shaped is None or not body:
            if shaped is not None and shaped.num_elements:
                raise InvalidValue(f"no elements are given, {shaped} has {shaped.num_elements}")
            return
        element = shaped.element_type
        if is_hex(body) and isinstance(element, _NUMERIC):
            self._check_bytes(shaped, hex_size(body))
            return
        if body.startswith('"') and isinstance(element, _NUMERIC):
            raise InvalidValue('expected bytes as a string of hexadecimal digits, "0x..."', offset=0)
        shape, end = shape_of(body, element)
        if end != len(body):
            raise InvalidValue("expected '>' after the elements", offset=end, hint="put lists in brackets")
        check_range(body, element, end)
        if shape is not None and shape != shaped.static_shape:
            raise InvalidValue(f"the elements have the shape {list(shape)}, the type {shaped} another one")
        if shape is not None and 0 in shape:
            set_field(self, "body", "")

    @staticmethod
    def _check_bytes(shaped: ShapedType, size: int) -> None:
        bits, count = _storage_bits(shaped.element_type), shaped.num_elements
        wanted = -(-count // 8) if bits == 1 else count * bits // 8
        if size != wanted and size != max(1, bits // 8):
            raise InvalidValue(f"{shaped} takes {wanted} bytes, {size} are given")

    def _pieces(self) -> Sequence[str | Printable]:
        return ("dense<", self.body, "> : ", self.type)

    @property
    def is_hex(self) -> bool:
        """Whether the elements are given as bytes."""
        return is_hex(self.body) and isinstance(self._shaped.element_type, _NUMERIC)

    @property
    def is_splat(self) -> bool:
        """Whether one element is given that stands for all of them."""
        if self.is_hex:
            bits = _storage_bits(self._shaped.element_type)
            return self._shaped.num_elements != 1 and len(self.body) - 4 == max(1, bits // 8) * 2 and bits > 1
        return bool(self.body) and not self.body.startswith("[")

    @property
    def _shaped(self) -> ShapedType:
        if not isinstance(self.type, ShapedType):
            raise InvalidValue(f"the type {self.type} must be resolved first")
        return self.type

    def values(self) -> list[Scalar]:
        """All elements in row-major order, a splat repeated; strings for types that are no numbers."""
        shaped = self._shaped
        count = shaped.num_elements
        if not self.body:
            return []
        if self.is_hex:
            found = _from_bytes(bytes.fromhex(self.body[3:-1]), shaped.element_type, count)
        else:
            found = list(scalars(self.body, shaped.element_type))
        return found * count if len(found) == 1 else found

    def to_numpy(self) -> numpy.ndarray[Any, Any]:
        """The elements as an array of the type's shape.

        Types that NumPy lacks (bf16, f8...) use the package ml_dtypes where it is installed and float32
        where not. Raises `MissingDependencyError` without NumPy.
        """
        from approxir.values.arrays import to_numpy

        return to_numpy(self)

    @staticmethod
    def from_numpy(array: numpy.ndarray[Any, Any], element_type: Type | None = None) -> DenseElementsAttr:
        """A dense tensor with the array's elements; `element_type` follows from the array by default."""
        from approxir.values.arrays import from_numpy

        return from_numpy(array, element_type)

    @staticmethod
    def splat(value: bool | float, type: ShapedType) -> DenseElementsAttr:
        """A tensor or vector whose elements are all `value`."""
        return DenseElementsAttr(element_text(value, type.element_type), type)


def element_text(value: bool | complex, element: Type) -> str:
    """How one element is written inside ``dense<...>``."""
    if isinstance(element, ComplexType):
        number = complex(value)
        part = element.element_type
        if isinstance(part, FloatType):
            return f"({element_text(number.real, part)}, {element_text(number.imag, part)})"
        return f"({int(number.real)}, {int(number.imag)})"
    assert not isinstance(value, complex)
    if isinstance(element, FloatType):
        return float_text(float(value), element.format)
    if element == I1:
        return "true" if value else "false"
    return str(int(value))


def _from_bytes(data: bytes, element: Type, count: int) -> list[Scalar]:
    if isinstance(element, ComplexType):
        size = max(1, _storage_bits(element.element_type) // 8)
        parts = [
            _one(data[i : i + size], element.element_type) for i in range(0, len(data) // size * size, size)
        ]
        return [complex(real, imag) for real, imag in zip(parts[::2], parts[1::2], strict=True)]
    bits = _storage_bits(element)
    if bits == 1:
        if len(data) == 1 and data in (b"\x00", b"\xff"):
            return [data == b"\xff"] * count
        return [bool(data[i // 8] >> (i % 8) & 1) for i in range(count)]
    size = bits // 8
    return [_one(data[i : i + size], element) for i in range(0, len(data), size)]


def _one(data: bytes, element: Type) -> bool | int | float:
    if isinstance(element, FloatType):
        return decode(int.from_bytes(data, "little") & ((1 << element.width) - 1), element.format)
    if isinstance(element, IndexType):
        element = I64
    assert isinstance(element, IntegerType)
    number = int.from_bytes(data, "little") & ((1 << element.width) - 1)
    if element == I1:
        return bool(number)
    if element.signedness != "unsigned" and element.width and number >> (element.width - 1):
        number -= 1 << element.width
    return number


class SparseElementsAttr(Attribute):
    """``sparse<[[0, 0], [1, 2]], [1, 5]> : tensor<3x4xi32>``: all but the listed elements are zero.

    `indices` and `elements` are the text of the two lists.
    """

    indices: str
    elements: str
    type: Type

    def _check(self) -> None:
        set_field(self, "indices", tidy(self.indices))
        set_field(self, "elements", tidy(self.elements))
        shaped = _static(self.type)
        if shaped is None or not (self.indices or self.elements):
            return
        where, end = shape_of(self.indices, I64)
        if end != len(self.indices):
            raise InvalidValue("expected ',' after the indices", offset=end)
        what, end = shape_of(self.elements, shaped.element_type)
        if end != len(self.elements):
            raise InvalidValue("expected '>' after the values", offset=len(self.indices) + 2 + end)
        check_range(self.elements, shaped.element_type, end)
        rows = (where or (1,))[0]
        width = where[1] if where and len(where) == 2 else 1
        if where == (0,):
            return
        scalar = where is None or (len(where) == 1 and shaped.rank != 1)
        if (where and len(where) > 2) or (not scalar and width != shaped.rank):
            raise InvalidValue(f"the indices have the shape {list(where or ())}, the rank is {shaped.rank}")
        if what is not None and what != (rows,):
            raise InvalidValue(f"{rows} indices, but values of the shape {list(what)}")
        if not scalar:
            self._check_inside(shaped)

    def _check_inside(self, shaped: ShapedType) -> None:
        sizes = shaped.static_shape
        for position, index in enumerate(scalars(self.indices, I64)):
            size = sizes[position % len(sizes)]
            if isinstance(index, int) and not 0 <= index < size:
                raise InvalidValue(f"the index {index} is outside the dimension of {size}")

    def _pieces(self) -> Sequence[str | Printable]:
        inner = f"{self.indices}, {self.elements}" if self.indices else ""
        return (f"sparse<{inner}> : ", self.type)


class DenseResourceAttr(Attribute):
    """``dense_resource<key> : tensor<2xi32>``: elements stored under `key` in the file's metadata."""

    key: str
    type: Type

    def _check(self) -> None:
        set_field(self, "key", normal_text(self.key))
        if not isinstance(self.type, (ShapedType, TypeAlias, UnrankedTensorType)):
            raise InvalidValue(f"dense_resource needs a tensor or vector type, not {self.type}")

    def _pieces(self) -> Sequence[str | Printable]:
        return (f"dense_resource<{key_text(self.key)}> : ", self.type)


def dense_tensor(values: Sequence[bool | float], type: TensorType | VectorType) -> DenseElementsAttr:
    """A constant from elements in row-major order; `InvalidValue` if there are too few or too many."""
    if len(values) != type.num_elements:
        raise InvalidValue(f"{len(values)} values for {type}, which has {type.num_elements} elements")
    texts = [element_text(value, type.element_type) for value in values]
    for size in reversed(type.static_shape):
        if not size:
            return DenseElementsAttr("", type)
        texts = ["[" + ", ".join(texts[i : i + size]) + "]" for i in range(0, len(texts), size)]
    return DenseElementsAttr(texts[0], type)
