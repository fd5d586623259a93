"""Between plain Python values and attributes, and the replacement of aliases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from approxir.values.attributes import (
    ArrayAttr,
    AttrAlias,
    BoolAttr,
    DenseArrayAttr,
    DictAttr,
    FloatAttr,
    IntegerAttr,
    OpaqueAttr,
    StringAttr,
    TypeAttr,
    UnitAttr,
    wrap_integer,
)
from approxir.values.base import Attribute, InvalidValue, Type, V, Value, rewrite, walk
from approxir.values.elements import DenseElementsAttr
from approxir.values.locations import LocAlias, Location, OpaqueLoc
from approxir.values.types import F64, I1, I64, FloatType, TypeAlias

_MAX_DEPTH = 100


def attribute(value: object, type: Type | None = None) -> Attribute:
    """The attribute that a Python value stands for; attributes are returned as they are.

    bool, int, float, str, list or tuple, and dict become the attributes of like name, None the unit
    attribute, a `Type` a type attribute. Integers are i64 and floats f64 unless `type` says otherwise;
    for a list, `type` makes a dense array of that element type. Raises `InvalidValue` for anything else.
    """
    return _attribute(value, type, 0)


def _attribute(value: object, type: Type | None, depth: int) -> Attribute:
    if depth > _MAX_DEPTH:
        raise InvalidValue(f"lists are nested more than {_MAX_DEPTH} deep, or contain themselves")
    if isinstance(value, Attribute):
        return value
    if isinstance(value, Type):
        return TypeAttr(value)
    if isinstance(value, bool) and type in (None, I1):
        return BoolAttr(value)
    if isinstance(value, int):
        if type == I1:
            return BoolAttr(bool(wrap_integer(value, I1)))
        if isinstance(type, FloatType):
            return FloatAttr(float(value), type)
        return IntegerAttr(int(value), type or I64)
    if isinstance(value, float):
        return FloatAttr(value, type or F64)
    if isinstance(value, str):
        return StringAttr(value, type)
    if isinstance(value, (list, tuple)):
        if type is not None:
            return DenseArrayAttr(type, tuple(value))
        return ArrayAttr(tuple([_attribute(item, None, depth + 1) for item in value]))
    if isinstance(value, Mapping):
        return DictAttr({str(key): _attribute(item, None, depth + 1) for key, item in value.items()})
    if value is None:
        return UnitAttr()
    raise InvalidValue(f"no attribute stands for a Python {value.__class__.__name__}")


def to_python(attr: Attribute) -> Any:
    """The plain Python value of an attribute, the inverse of `attribute`.

    Arrays and dense elements become lists (the latter flat, in row-major order), dictionaries dicts, the
    unit attribute None, a type attribute its type; attributes without a plain value are returned as
    they are.
    """
    done: dict[int, Any] = {}
    stack: list[Attribute] = [attr]
    while stack:
        node = stack[-1]
        inner: list[Attribute] = []
        if isinstance(node, ArrayAttr):
            inner = list(node.elements)
        elif isinstance(node, DictAttr):
            inner = [value for _, value in node.entries]
        waiting = [item for item in inner if id(item) not in done]
        if waiting:
            stack.extend(waiting)
            continue
        stack.pop()
        if isinstance(node, ArrayAttr):
            done[id(node)] = [done[id(item)] for item in node.elements]
        elif isinstance(node, DictAttr):
            done[id(node)] = {name: done[id(item)] for name, item in node.entries}
        else:
            done[id(node)] = _plain(node)
    return done[id(attr)]


def _plain(attr: Attribute) -> Any:
    if isinstance(attr, (IntegerAttr, BoolAttr, FloatAttr, StringAttr, TypeAttr)):
        return attr.value
    if isinstance(attr, UnitAttr):
        return None
    if isinstance(attr, DenseArrayAttr):
        return list(attr.values)
    if isinstance(attr, DenseElementsAttr):
        return attr.values()
    return attr


def resolve(value: V, aliases: Mapping[str, Attribute | Type]) -> V:
    """Replace every alias by what it names; the keys of `aliases` have their ``#`` or ``!``.

    Aliases may name further aliases. Those that `aliases` does not know stay, and so do names inside the
    bodies of other dialects' types and attributes, which are text. Raises `InvalidValue` where an alias
    names itself by some way round, or where the result would contradict itself.
    """
    return _Resolver(aliases).apply(value)


class _Resolver:
    """Replaces aliases, each of them worked out once, before those that use it."""

    def __init__(self, aliases: Mapping[str, Attribute | Type]) -> None:
        self.aliases = aliases
        self.ready: dict[str, Value] = {}

    def apply(self, value: V) -> V:
        names = _names(value)
        if not names:
            return value
        active: list[str] = []
        pending = [name for name in names if name in self.aliases]
        while pending:
            name = pending[-1]
            if name in self.ready:
                pending.pop()
                continue
            needed = [other for other in _names(self.aliases[name]) if other in self.aliases]
            waiting = [other for other in needed if other not in self.ready]
            if not waiting:
                pending.pop()
                self.ready[name] = rewrite(self.aliases[name], self._replaced)
                if active and active[-1] == name:
                    active.pop()
                continue
            if not active or active[-1] != name:
                active.append(name)
            loop = next((other for other in waiting if other in active), None)
            if loop:
                raise InvalidValue(f"the alias {loop} refers to itself")
            pending.extend(waiting)
        return rewrite(value, self._replaced)

    def _replaced(self, node: Value) -> Value:
        if isinstance(node, TypeAlias):
            found = self.ready.get("!" + node.name)
            return found if isinstance(found, Type) else node
        if isinstance(node, AttrAlias):
            found = self.ready.get("#" + node.name)
            return found if isinstance(found, Attribute) else node
        if isinstance(node, LocAlias):
            found = self.ready.get("#" + node.name)
            if isinstance(found, Location):
                return found
            return OpaqueLoc(found) if isinstance(found, OpaqueAttr) else node
        return node


def _names(value: Value) -> list[str]:
    names: dict[str, None] = {}
    for node in walk(value):
        if isinstance(node, TypeAlias):
            names["!" + node.name] = None
        elif isinstance(node, (AttrAlias, LocAlias)):
            names["#" + node.name] = None
    return list(names)
