"""What every attribute and type has in common: immutable, compared by structure, printed as MLIR text.

`Value` stands in for a frozen, slotted dataclass. The standard one is not used because generating some
forty of them costs more at import than the rest of the package. Printing, hashing and comparing use
explicit stacks, so that values nested a thousand deep need no more of Python's stack than flat ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, Literal, Protocol, TypeVar, cast, dataclass_transform

from approxir.errors import ApproxIRError

set_field = object.__setattr__
"""How a constructor stores a field of a value that refuses ordinary assignment."""


class InvalidValue(ApproxIRError, ValueError):
    """The fields of an attribute or type contradict each other or are out of range.

    `offset` counts characters into the text argument that is at fault, and is None where the fault has no
    such place; `hint` says what to write instead, where that is likely to be known.
    """

    def __init__(self, message: str, *, offset: int | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.hint = hint


class Printable(Protocol):
    """Something that prints as a sequence of strings and further printable things."""

    def _pieces(self) -> Sequence[str | Printable]: ...


def render(root: Printable) -> str:
    """The text of a printable thing, in time linear in that text."""
    out: list[str] = []
    stack: list[str | Printable] = [root]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            out.append(item)
        else:
            stack.extend(reversed(item._pieces()))
    return "".join(out)


class _Derived:
    """Marks a slot that `_check` fills from the fields."""


def derived(*, init: Literal[False] = False) -> Any:
    """The default of an annotated name that is no field: it is computed, and equality ignores it."""
    return _Derived()


@dataclass_transform(frozen_default=True, field_specifiers=(derived,))
class _ValueMeta(type):
    """Turns annotated names of a class body into slots, with their defaults kept aside."""

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> _ValueMeta:
        fields: tuple[str, ...] = ()
        defaults: dict[str, Any] = {}
        for base in bases:
            fields += getattr(base, "_fields", ())
            defaults.update(getattr(base, "_defaults", {}))
        annotations: dict[str, str] = namespace.get("__annotations__", {})
        own = tuple(f for f, kind in annotations.items() if not kind.startswith("ClassVar"))
        namespace["__slots__"] = own
        for field in own:
            if field in namespace:
                defaults[field] = namespace.pop(field)
        own = tuple(f for f in own if not isinstance(defaults.get(f), _Derived))
        namespace["_fields"] = namespace["__match_args__"] = fields + own
        namespace["_defaults"] = defaults
        return super().__new__(mcls, name, bases, namespace)


class _Hashed:
    __slots__ = ("_hash",)
    _hash: int


class Value(_Hashed, metaclass=_ValueMeta):
    """Base of attributes, types and affine expressions.

    Constructors take the fields in order or by name; an unknown or missing field is a `TypeError`, a
    contradiction between fields an `InvalidValue`. ``str()`` gives MLIR text.
    """

    _fields: ClassVar[tuple[str, ...]]
    _defaults: ClassVar[dict[str, Any]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        fields = self._fields
        if len(args) > len(fields):
            raise TypeError(f"{type(self).__name__} takes {len(fields)} fields, {len(args)} were given")
        for field, value in zip(fields, args, strict=False):
            set_field(self, field, value)
        for field in fields[len(args) :]:
            if field in kwargs:
                set_field(self, field, kwargs.pop(field))
            elif field in self._defaults:
                set_field(self, field, self._defaults[field])
            else:
                raise TypeError(f"{type(self).__name__} needs the field {field!r}")
        if kwargs:
            raise TypeError(f"{type(self).__name__} has no free field {next(iter(kwargs))!r}")
        self._check()

    def _check(self) -> None:
        """Normalise the fields, or raise `InvalidValue`."""

    def _pieces(self) -> Sequence[str | Printable]:
        raise NotImplementedError

    def _identity(self) -> tuple[object, ...]:
        """What equality and the hash look at."""
        return tuple([getattr(self, field) for field in self._fields])

    def replace(self, **changes: Any) -> Any:
        """A copy with some fields changed; it is checked like any new value."""
        merged = {field: getattr(self, field) for field in self._fields}
        for field in changes:
            if field not in merged:
                raise TypeError(f"{type(self).__name__} has no field {field!r}")
        return type(self)(**(merged | changes))

    def _rebuilt(self, fields: Sequence[Any]) -> Value:
        """A value with other contents of the same kind, for `rewrite`."""
        return type(self)(*fields)

    def __str__(self) -> str:
        return render(self)

    def __repr__(self) -> str:
        text = render(self)
        return f"<{type(self).__name__} {text if len(text) <= 200 else text[:200] + '...'}>"

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable; use replace({name}=...)")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Value):
            return NotImplemented
        stack: list[tuple[Any, Any]] = [(self, other)]
        while stack:
            left, right = stack.pop()
            if left is right:
                continue
            if type(left) is not type(right):
                return False
            if isinstance(left, Value):
                stack.append((left._identity(), right._identity()))
            elif isinstance(left, tuple):
                if len(left) != len(right):
                    return False
                stack.extend(zip(left, right, strict=True))
            elif left != right:
                return False
        return True

    def __hash__(self) -> int:
        try:
            return self._hash
        except AttributeError:
            pass
        stack: list[Value] = [self]
        while stack:
            node = stack[-1]
            identity = node._identity()
            waiting = [child for child in _values_in(identity) if not hasattr(child, "_hash")]
            if waiting:
                stack.extend(waiting)
            else:
                set_field(node, "_hash", hash((type(node).__name__, identity)))
                stack.pop()
        return self._hash

    def __copy__(self) -> Value:
        return self

    def __deepcopy__(self, memo: object) -> Value:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), tuple([getattr(self, field) for field in self._fields])


class Attribute(Value):
    """A compile-time constant of an operation: a number, a string, a list, a map, a location."""


class Type(Value):
    """The type of an SSA value."""


def _values_in(items: tuple[object, ...]) -> Iterator[Value]:
    for item in items:
        if isinstance(item, Value):
            yield item
        elif isinstance(item, tuple):
            yield from _values_in(item)


def children(value: Value) -> Iterator[Value]:
    """The attributes, types and expressions directly inside a value, in the order of its fields."""
    return _values_in(tuple([getattr(value, field) for field in value._fields]))


def walk(value: Value) -> Iterator[Value]:
    """A value and everything nested in it, outermost first, in textual order."""
    stack = [value]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(list(children(node))))


V = TypeVar("V", bound=Value)


def rewrite(root: V, change: Callable[[Value], Value]) -> V:
    """Rebuild a value from the leaves up, `change` being asked about every rebuilt node.

    Nodes for which nothing changes keep their identity.
    """
    done: dict[int, Value] = {}
    stack: list[Value] = [root]
    while stack:
        node = stack[-1]
        waiting = [child for child in children(node) if id(child) not in done]
        if waiting:
            stack.extend(waiting)
            continue
        stack.pop()
        if id(node) in done:
            continue
        fields = tuple([getattr(node, field) for field in node._fields])
        swapped = _swap(fields, done)
        rebuilt = node if swapped is fields else node._rebuilt(swapped)
        done[id(node)] = change(rebuilt)
    return cast(V, done[id(root)])


def _swap(items: tuple[object, ...], done: dict[int, Value]) -> tuple[object, ...]:
    fresh: list[object] = []
    for item in items:
        if isinstance(item, Value):
            fresh.append(done[id(item)])
        elif isinstance(item, tuple):
            fresh.append(_swap(item, done))
        else:
            fresh.append(item)
    same = all(new is old for new, old in zip(fresh, items, strict=True))
    return items if same else tuple(fresh)


def separated(items: Sequence[str | Printable], separator: str = ", ") -> list[str | Printable]:
    """The items with a separator between each two."""
    out: list[str | Printable] = []
    for item in items:
        out.append(item)
        out.append(separator)
    if out:
        out.pop()
    return out
