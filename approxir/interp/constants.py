"""Values of attributes: constants of every type."""

from __future__ import annotations

from typing import Any

import numpy as np

from approxir.interp.errors import Trap
from approxir.interp.numbers import Array, dtype_of, held
from approxir.values import (
    ArrayAttr,
    Attribute,
    BoolAttr,
    ComplexType,
    DenseElementsAttr,
    FloatAttr,
    FloatType,
    IndexType,
    IntegerAttr,
    IntegerType,
    ShapedType,
    Type,
)


def constant(value: Attribute, kind: Type | None) -> Any:
    """The value that a constant's attribute stands for; `kind` is the type of the result."""
    if isinstance(value, BoolAttr):
        return value.value
    if isinstance(value, IntegerAttr):
        return held(value.value, value.type)
    if isinstance(value, FloatAttr):
        return held(value.value, value.type)
    if isinstance(value, DenseElementsAttr):
        return dense(value)
    if isinstance(value, ArrayAttr) and isinstance(kind, ComplexType):
        parts = [item.value for item in value.elements if isinstance(item, FloatAttr | IntegerAttr)]
        if len(parts) == 2:
            return dtype_of(kind).type(complex(parts[0], parts[1]))
    raise Trap(f"the constant {value} is not supported")


def dense(value: DenseElementsAttr) -> Array:
    """The array of a ``dense`` attribute. It is shared: nobody may change it."""
    shaped = value.type
    if not isinstance(shaped, ShapedType):
        raise Trap(f"the constant {value} is not supported")
    dtype = dtype_of(shaped.element_type)
    items = value.values()
    if isinstance(shaped.element_type, FloatType):
        name = shaped.element_type.name
        if name not in ("f16", "f32", "f64"):
            array = np.array([held(item, shaped.element_type) for item in items], dtype)
        else:
            array = np.array(items, np.float64).astype(dtype)
    elif isinstance(shaped.element_type, IntegerType | IndexType):
        array = np.array([held(item, shaped.element_type) for item in items], dtype)
    else:
        array = np.array(items, dtype)
    array = array.reshape(shaped.static_shape)
    array.flags.writeable = False
    return array
