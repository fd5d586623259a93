"""Memref types, which combine types with the attributes of their layout and memory space."""

from __future__ import annotations

from collections.abc import Sequence

from approxir.values.affine import AffineMapAttr, StridedLayoutAttr
from approxir.values.attributes import AttrAlias, BoolAttr, IntegerAttr, elided
from approxir.values.base import Attribute, InvalidValue, Printable, Type, set_field
from approxir.values.types import (
    ComplexType,
    DialectType,
    FloatType,
    IndexType,
    IntegerType,
    ShapedType,
    TypeAlias,
    VectorType,
)


def _normal_space(space: Attribute | None) -> Attribute | None:
    """A memory space of 0 is the default one."""
    zero = isinstance(space, (IntegerAttr, BoolAttr)) and space.value == 0
    return None if zero else space


def _check_element(element: Type) -> None:
    fitting = (IntegerType, FloatType, IndexType, ComplexType, VectorType, DialectType, TypeAlias)
    if not isinstance(element, (*fitting, MemRefType, UnrankedMemRefType)):
        raise InvalidValue(f"{element} cannot be the element of a memref")


class MemRefType(ShapedType):
    """``memref<4x?xf32, strided<[?, 1]>, 3>``: a reference to a region of memory.

    `layout` is an affine map, a strided layout, or another attribute; the identity map is None. A single
    `AttrAlias` in the text may mean either: it is put under `layout`, and moves to `memory_space` when
    `resolve` shows that it is no layout.
    """

    layout: Attribute | None = None
    memory_space: Attribute | None = None

    def _check(self) -> None:
        super()._check()
        _check_element(self.element_type)
        layout, space = self.layout, self.memory_space
        if isinstance(layout, AffineMapAttr):
            if layout.num_dims != self.rank:
                raise InvalidValue(f"the layout map has {layout.num_dims} dimensions, the memref {self.rank}")
            if layout.is_identity:
                layout = None
        elif isinstance(layout, StridedLayoutAttr):
            if len(layout.strides) != self.rank:
                raise InvalidValue(f"{len(layout.strides)} strides for a memref of rank {self.rank}")
        elif layout is not None and not isinstance(layout, AttrAlias) and space is None:
            layout, space = None, layout
        set_field(self, "layout", layout)
        set_field(self, "memory_space", _normal_space(space))

    def _pieces(self) -> Sequence[str | Printable]:
        sizes = "".join("?x" if size is None else f"{size}x" for size in self.shape)
        out: list[str | Printable] = ["memref<" + sizes, self.element_type]
        if self.layout is not None:
            out += [", ", self.layout]
        if self.memory_space is not None:
            out += [", ", elided(self.memory_space)]
        return (*out, ">")


class UnrankedMemRefType(Type):
    """``memref<*xf32, 3>``: a memref of unknown rank."""

    element_type: Type
    memory_space: Attribute | None = None

    def _check(self) -> None:
        _check_element(self.element_type)
        set_field(self, "memory_space", _normal_space(self.memory_space))

    def _pieces(self) -> Sequence[str | Printable]:
        space = () if self.memory_space is None else (", ", elided(self.memory_space))
        return ("memref<*x", self.element_type, *space, ">")
