"""The builtin types of MLIR, types of other dialects as text, and references to type aliases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from approxir.values.base import InvalidValue, Printable, Type, separated, set_field
from approxir.values.floats import FLOAT_FORMATS, FloatFormat

if TYPE_CHECKING:
    from approxir.values.base import Attribute

Signedness = Literal["signless", "signed", "unsigned"]

MAX_INTEGER_WIDTH = (1 << 24) - 1
MAX_DIMENSION = (1 << 63) - 1
_PREFIX = {"signless": "i", "signed": "si", "unsigned": "ui"}


class IntegerType(Type):
    """``i32``, ``si8``, ``ui1``: an integer of `width` bits (0 to 16777215)."""

    width: int
    signedness: Signedness = "signless"

    def _check(self) -> None:
        if not 0 <= self.width <= MAX_INTEGER_WIDTH:
            raise InvalidValue(f"an integer type has 0 to {MAX_INTEGER_WIDTH} bits, not {self.width}")
        if self.signedness not in _PREFIX:
            raise InvalidValue(f"unknown signedness {self.signedness!r}")

    def _pieces(self) -> Sequence[str | Printable]:
        return (f"{_PREFIX[self.signedness]}{self.width}",)

    @property
    def is_bool(self) -> bool:
        """Whether this is i1, whose values are true and false."""
        return self.width == 1 and self.signedness == "signless"

    @property
    def limits(self) -> tuple[int, int]:
        """The smallest and the largest number that may be written for this type.

        Signless types allow both readings of their bits, so ``i8`` goes from -128 to 255.
        """
        low = 0 if self.signedness == "unsigned" else -(1 << self.width >> 1)
        high = (1 << self.width >> (self.signedness == "signed")) - 1
        return low, max(high, 0)


def is_bool(type: Type | None) -> bool:
    """Whether a type is i1."""
    return isinstance(type, IntegerType) and type.is_bool


class IndexType(Type):
    """``index``: the integer type of loop counters and subscripts."""

    def _pieces(self) -> Sequence[str | Printable]:
        return ("index",)


class FloatType(Type):
    """``f32``, ``bf16``, ``f8E4M3FN``: a floating-point type by its name."""

    name: str

    def _check(self) -> None:
        if self.name not in FLOAT_FORMATS:
            raise InvalidValue(f"unknown floating-point type {self.name!r}")

    def _pieces(self) -> Sequence[str | Printable]:
        return (self.name,)

    @property
    def format(self) -> FloatFormat:
        """The layout of the type's bits."""
        return FLOAT_FORMATS[self.name]

    @property
    def width(self) -> int:
        """The number of bits."""
        return FLOAT_FORMATS[self.name].width


class NoneType(Type):
    """``none``: the type with a single value."""

    def _pieces(self) -> Sequence[str | Printable]:
        return ("none",)


class TypeAlias(Type):
    """``!name``: a reference to a type alias of the module, not yet replaced (see `resolve`)."""

    name: str

    def _pieces(self) -> Sequence[str | Printable]:
        return ("!" + self.name,)


class DialectType(Type):
    """``!dialect.body`` or ``!dialect<...>``: a type of another dialect, its body kept as it stands.

    `body` is all that follows the dialect's name and dot (``ptr<3>``), or, where there is no dot, the
    angle brackets and what they hold.
    """

    dialect: str
    body: str

    def _pieces(self) -> Sequence[str | Printable]:
        return (f"!{self.dialect}{'' if self.body.startswith('<') else '.'}{self.body}",)

    @property
    def name(self) -> str:
        """The body up to its first angle bracket: ``ptr`` of ``!tt.ptr<f32>``."""
        return self.body.partition("<")[0]

    @property
    def parameters(self) -> str:
        """The text between the outer angle brackets, empty where there are none."""
        return self.body.partition("<")[2][:-1]


_SCALAR = (IntegerType, FloatType)
_OPEN = (DialectType, TypeAlias)


class ComplexType(Type):
    """``complex<f32>``: two numbers of an integer or floating-point type."""

    element_type: Type

    def _check(self) -> None:
        if not isinstance(self.element_type, (*_SCALAR, TypeAlias)):
            raise InvalidValue(f"complex numbers of {self.element_type} do not exist")

    def _pieces(self) -> Sequence[str | Printable]:
        return ("complex<", self.element_type, ">")


def _dimensions(shape: Sequence[int | None]) -> str:
    return "".join("?x" if size is None else f"{size}x" for size in shape)


class ShapedType(Type):
    """Base of vectors, tensors and memrefs with a rank; a dimension of `None` is dynamic (``?``)."""

    shape: tuple[int | None, ...]
    element_type: Type

    def _check(self) -> None:
        set_field(self, "shape", tuple(self.shape))
        for size in self.shape:
            if size is not None and not 0 <= size <= MAX_DIMENSION:
                raise InvalidValue(f"{size} is no dimension: it is negative or needs more than 63 bits")

    @property
    def rank(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    @property
    def has_static_shape(self) -> bool:
        """Whether every dimension is a number."""
        return None not in self.shape

    @property
    def static_shape(self) -> tuple[int, ...]:
        """The dimensions as numbers; `InvalidValue` where one is dynamic."""
        sizes = tuple([size for size in self.shape if size is not None])
        if len(sizes) != len(self.shape):
            raise InvalidValue(f"{self} has a dynamic dimension")
        return sizes

    @property
    def num_elements(self) -> int:
        """The product of the dimensions; `InvalidValue` where one is dynamic."""
        product = 1
        for size in self.static_shape:
            product *= size
        return product


class VectorType(ShapedType):
    """``vector<4x[8]xf32>``: `scalable` marks the dimensions in brackets, one flag each, or is empty."""

    scalable: tuple[bool, ...] = ()

    def _check(self) -> None:
        super()._check()
        if not isinstance(self.element_type, (*_SCALAR, IndexType, *_OPEN)):
            raise InvalidValue(f"{self.element_type} cannot be the element of a vector")
        for size in self.shape:
            if not size:
                what = "a dynamic dimension" if size is None else "a dimension of 0"
                raise InvalidValue(f"a vector cannot have {what}")
        flags = tuple([bool(flag) for flag in self.scalable])
        if flags and len(flags) != len(self.shape):
            raise InvalidValue(f"{len(flags)} scalable flags for {len(self.shape)} dimensions")
        set_field(self, "scalable", flags if any(flags) else ())

    def _pieces(self) -> Sequence[str | Printable]:
        flags = self.scalable or (False,) * len(self.shape)
        sizes = [f"[{size}]x" if flag else f"{size}x" for size, flag in zip(self.shape, flags, strict=True)]
        return ("vector<" + "".join(sizes), self.element_type, ">")


_TENSOR_ELEMENTS = (*_SCALAR, IndexType, ComplexType, VectorType, *_OPEN)


class TensorType(ShapedType):
    """``tensor<4x?xf32, #encoding>``: an immutable array; `encoding` is any attribute or None."""

    encoding: Attribute | None = None

    def _check(self) -> None:
        super()._check()
        if not isinstance(self.element_type, _TENSOR_ELEMENTS):
            raise InvalidValue(f"{self.element_type} cannot be the element of a tensor")

    def _pieces(self) -> Sequence[str | Printable]:
        head = "tensor<" + _dimensions(self.shape)
        if self.encoding is None:
            return (head, self.element_type, ">")
        return (head, self.element_type, ", ", self.encoding, ">")


class UnrankedTensorType(Type):
    """``tensor<*xf32>``: a tensor of unknown rank."""

    element_type: Type

    def _check(self) -> None:
        if not isinstance(self.element_type, _TENSOR_ELEMENTS):
            raise InvalidValue(f"{self.element_type} cannot be the element of a tensor")

    def _pieces(self) -> Sequence[str | Printable]:
        return ("tensor<*x", self.element_type, ">")


class FunctionType(Type):
    """``(i32, f32) -> i32``: the types of arguments and results."""

    inputs: tuple[Type, ...]
    results: tuple[Type, ...]

    def _check(self) -> None:
        set_field(self, "inputs", tuple(self.inputs))
        set_field(self, "results", tuple(self.results))

    def _pieces(self) -> Sequence[str | Printable]:
        head = ("(", *separated(self.inputs), ") -> ")
        if len(self.results) == 1 and not isinstance(self.results[0], FunctionType):
            return (*head, self.results[0])
        return (*head, "(", *separated(self.results), ")")


class TupleType(Type):
    """``tuple<i32, f32>``: a fixed list of types."""

    elements: tuple[Type, ...] = ()

    def _check(self) -> None:
        set_field(self, "elements", tuple(self.elements))

    def _pieces(self) -> Sequence[str | Printable]:
        return ("tuple<", *separated(self.elements), ">")


I1 = IntegerType(1)
I8 = IntegerType(8)
I16 = IntegerType(16)
I32 = IntegerType(32)
I64 = IntegerType(64)
INDEX = IndexType()
F16 = FloatType("f16")
BF16 = FloatType("bf16")
F32 = FloatType("f32")
F64 = FloatType("f64")
NONE = NoneType()
