"""Sizes of dimensions, known or only at run time: how many indices are kept, and what that does to sums."""

from __future__ import annotations

from dataclasses import dataclass

from approxir.ir.building import Builder
from approxir.ir.ssa import Value
from approxir.values import (
    DenseArrayAttr,
    DenseElementsAttr,
    FloatType,
    IntegerType,
    OpaqueAttr,
    TensorType,
    dense_tensor,
)

_I32 = IntegerType(32)
_I64 = IntegerType(64)
_SCALAR = TensorType((), _I32)


@dataclass(frozen=True)
class Extent:
    """How many indices a dimension has, of which every `step`-th is kept; None where only running tells.

    `source` is a tensor that has the dimension, and `dimension` which one of it that is.
    """

    source: Value
    dimension: int
    step: int
    size: int | None

    @property
    def kept(self) -> int | None:
        """How many indices are kept."""
        return None if self.size is None else -(-self.size // self.step)

    def values(self, build: Builder) -> tuple[Value, Value]:
        """Both numbers as tensors of rank 0."""
        if self.size is not None:
            return _number(build, self.size), _number(build, -(-self.size // self.step))
        size = dimension_size(build, self.source, self.dimension)
        more = _binary(build, "add", size, _number(build, self.step - 1))
        return size, _binary(build, "divide", more, _number(build, self.step))


def dimension_size(build: Builder, value: Value, dimension: int) -> Value:
    """The size of a dimension as an ``i32``."""
    properties = {"dimension": dimension}
    return build.create("stablehlo.get_dimension_size", [value], [_SCALAR], properties=properties).result


def every(build: Builder, operand: Value, dimension: int, step: int) -> Value:
    """Every `step`-th index of a dimension, of a tensor whose sizes need not be known."""
    kind = operand.type
    assert isinstance(kind, TensorType)
    rank = len(kind.shape)
    strides = [step if number == dimension else 1 for number in range(rank)]
    smaller = tuple(
        -(-size // stride) if size is not None else None
        for size, stride in zip(kind.shape, strides, strict=True)
    )
    result = TensorType(smaller, kind.element_type)
    if kind.has_static_shape:
        properties = {
            "start_indices": DenseArrayAttr(_I64, (0,) * rank),
            "limit_indices": DenseArrayAttr(_I64, tuple(size or 0 for size in kind.shape)),
            "strides": DenseArrayAttr(_I64, tuple(strides)),
        }
        return build.create("stablehlo.slice", [operand], [result], properties=properties).result
    bounds = [_vector(build, [0] * rank), shape_of(build, operand), _vector(build, strides)]
    return build.create("stablehlo.real_dynamic_slice", [operand, *bounds], [result]).result


def shape_of(build: Builder, value: Value) -> Value:
    """The sizes of a tensor, as a tensor of ``i32``."""
    kind = value.type
    assert isinstance(kind, TensorType)
    one = TensorType((1,), _I32)
    sizes = []
    for number, size in enumerate(kind.shape):
        if size is not None:
            sizes.append(_vector(build, [size]))
        else:
            found = dimension_size(build, value, number)
            sizes.append(build.create("stablehlo.reshape", [found], [one]).result)
    if len(sizes) == 1:
        return sizes[0]
    whole = TensorType((len(sizes),), _I32)
    return build.create("stablehlo.concatenate", sizes, [whole], properties={"dimension": 0}).result


def rescaled(build: Builder, result: Value, init: Value | None, extent: Extent) -> Value:
    """A sum with what was added to its initial value multiplied by size/kept; as it is where all were kept.

    `init` is None for a sum that starts from zero.
    """
    kind = result.type
    assert isinstance(kind, TensorType)
    element = kind.element_type
    assert isinstance(element, FloatType | IntegerType)
    size, kept = extent.values(build)
    first = None if init is None else _spread(build, init, result)
    grown = result if first is None else _binary(build, "subtract", result, first)
    if isinstance(element, FloatType):
        scalar = TensorType((), element)
        factor = _binary(build, "divide", _converted(build, size, scalar), _converted(build, kept, scalar))
        scaled = _binary(build, "multiply", grown, _spread(build, factor, result))
    else:
        scaled = _scaled_integers(build, grown, size, kept)
    if first is not None:
        scaled = _binary(build, "add", first, scaled)
    truth = TensorType((), IntegerType(1))
    properties = {
        "comparison_direction": OpaqueAttr("stablehlo", "<comparison_direction EQ>"),
        "compare_type": OpaqueAttr("stablehlo", "<comparison_type SIGNED>"),
    }
    same = build.create("stablehlo.compare", [size, kept], [truth], properties=properties).result
    return build.create("stablehlo.select", [same, result, scaled], [kind]).result


def _scaled_integers(build: Builder, grown: Value, size: Value, kept: Value) -> Value:
    """The product with the size wraps in the type of the sum; the quotient by the other number does not."""
    kind = grown.type
    assert isinstance(kind, TensorType)
    element = kind.element_type
    assert isinstance(element, IntegerType)
    factor = _converted(build, size, TensorType((), element))
    product = _binary(build, "multiply", grown, _spread(build, factor, grown))
    wide = kind if element.width >= 64 else TensorType(kind.shape, _I64)
    divisor = _converted(
        build, _binary(build, "maximum", kept, _number(build, 1)), TensorType((), wide.element_type)
    )
    dividend = _converted(build, product, wide)
    quotient = _binary(build, "divide", dividend, _spread(build, divisor, dividend))
    return _converted(build, quotient, kind)


def _spread(build: Builder, scalar: Value, like: Value) -> Value:
    """A number in every element of a tensor of the shape of another one."""
    has, kind = scalar.type, like.type
    assert isinstance(has, TensorType)
    assert isinstance(kind, TensorType)
    result = TensorType(kind.shape, has.element_type)
    properties = {"broadcast_dimensions": DenseArrayAttr(_I64, ())}
    if kind.has_static_shape:
        name, operands = "stablehlo.broadcast_in_dim", [scalar]
    else:
        name, operands = "stablehlo.dynamic_broadcast_in_dim", [scalar, shape_of(build, like)]
    return build.create(name, operands, [result], properties=properties).result


def _converted(build: Builder, value: Value, kind: TensorType) -> Value:
    return value if value.type == kind else build.create("stablehlo.convert", [value], [kind]).result


def _binary(build: Builder, name: str, left: Value, right: Value) -> Value:
    kind = left.type
    assert kind is not None
    return build.create(f"stablehlo.{name}", [left, right], [kind]).result


def _number(build: Builder, number: int) -> Value:
    held = DenseElementsAttr.splat(number, _SCALAR)
    return build.create("stablehlo.constant", [], [_SCALAR], properties={"value": held}).result


def _vector(build: Builder, numbers: list[int]) -> Value:
    kind = TensorType((len(numbers),), _I32)
    properties = {"value": dense_tensor(numbers, kind)}
    return build.create("stablehlo.constant", [], [kind], properties=properties).result
