"""Scalars, strings, arrays, dictionaries, symbol references and the other small attributes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from approxir.values.base import (
    Attribute,
    InvalidValue,
    Printable,
    Type,
    Value,
    derived,
    separated,
    set_field,
)
from approxir.values.floats import FLOAT_FORMATS, decode, encode, float_text, literal_bits
from approxir.values.strings import key_text, normal_text, quote, symbol_text
from approxir.values.types import (
    F64,
    I64,
    FloatType,
    IndexType,
    IntegerType,
    NoneType,
    TypeAlias,
    is_bool,
)


class UnitAttr(Attribute):
    """``unit``: the attribute that says no more than that it is there."""

    def _pieces(self) -> Sequence[str | Printable]:
        return ("unit",)


class BoolAttr(Attribute):
    """``true`` or ``false``, which is also what MLIR calls ``1 : i1``."""

    value: bool

    def _check(self) -> None:
        set_field(self, "value", bool(self.value))

    def _pieces(self) -> Sequence[str | Printable]:
        return ("true" if self.value else "false",)


def wrap_integer(value: int, type: Type) -> int:
    """The number that MLIR stores for a written one: ``255 : i8`` is -1.

    Raises `InvalidValue` if it does not fit.
    """
    if isinstance(type, IndexType):
        type = I64
    elif not isinstance(type, IntegerType):
        raise InvalidValue(f"an integer cannot have the type {type}")
    low, high = type.limits
    if not low <= value <= high:
        raise InvalidValue(f"{value} is out of range for {type}, which holds {low} to {high}")
    if type.signedness == "signless" and value > 0 and value >> (type.width - 1):
        return value - (1 << type.width)
    return value


class IntegerAttr(Attribute):
    """``5 : i32``: an integer with its type (an `IntegerType` but i1, an `IndexType`, or an alias).

    `value` is normalised to the signed reading of a signless type's bits.
    """

    value: int
    type: Type = I64

    def _check(self) -> None:
        if isinstance(self.type, TypeAlias):
            return
        if is_bool(self.type):
            raise InvalidValue("an integer of type i1 is a BoolAttr", hint="use BoolAttr(value)")
        set_field(self, "value", wrap_integer(int(self.value), self.type))

    def _rebuilt(self, fields: Sequence[Any]) -> Value:
        value, type = fields
        if is_bool(type):
            return BoolAttr(bool(wrap_integer(value, type)))
        return IntegerAttr(value, type)

    def _pieces(self) -> Sequence[str | Printable]:
        return (f"{self.value} : ", self.type)


class FloatAttr(Attribute):
    """``1.5 : f32``: a floating-point number with its type; two are equal if their bits and types are.

    The first argument is a number, or a spelling as in MLIR text, decimal or hexadecimal
    (``"0x7FC00000"``), which is then kept for printing.
    """

    spelling: str
    type: Type
    bits: int = derived(init=False)

    def __init__(self, value: float | str, type: Type = F64) -> None:
        if isinstance(type, FloatType):
            fmt = type.format
        elif isinstance(type, TypeAlias):
            fmt = FLOAT_FORMATS["f64"]
        else:
            raise InvalidValue(f"a floating-point number cannot have the type {type}")
        if isinstance(value, str):
            found = literal_bits(value, fmt)
            if isinstance(found, str):
                hint = f"write {value}.0" if found.startswith("an integer") else None
                raise InvalidValue(found, hint=hint)
            bits: int = found
        else:
            bits = encode(float(value), fmt)
            value = float_text(float(value), fmt)
        set_field(self, "spelling", value)
        set_field(self, "type", type)
        set_field(self, "bits", bits)

    @property
    def value(self) -> float:
        """The number, rounded to the type as MLIR does; for f80 and f128 the nearest double."""
        return decode(self.bits, self.type.format if isinstance(self.type, FloatType) else F64.format)

    def _identity(self) -> tuple[object, ...]:
        return (self.bits, self.type)

    def _pieces(self) -> Sequence[str | Printable]:
        return (f"{self.spelling} : ", self.type)


class StringAttr(Attribute):
    """``"text"``, or ``"text" : !type``; see `approxir.values.strings` for bytes that are not UTF-8."""

    value: str
    type: Type | None = None

    def _check(self) -> None:
        set_field(self, "value", normal_text(self.value))
        if isinstance(self.type, NoneType):
            set_field(self, "type", None)

    def _pieces(self) -> Sequence[str | Printable]:
        text = quote(self.value)
        return (text,) if self.type is None else (text, " : ", self.type)


class TypeAttr(Attribute):
    """A type where an attribute is expected."""

    value: Type

    def _pieces(self) -> Sequence[str | Printable]:
        return (self.value,)


class SymbolRefAttr(Attribute):
    """``@root::@nested``: a reference to a symbol; the names are without ``@`` and quotes."""

    root: str
    nested: tuple[str, ...] = ()

    def _check(self) -> None:
        set_field(self, "root", normal_text(self.root))
        set_field(self, "nested", tuple([normal_text(name) for name in self.nested]))

    @property
    def leaf(self) -> str:
        """The last name, that of the symbol itself."""
        return self.nested[-1] if self.nested else self.root

    def _pieces(self) -> Sequence[str | Printable]:
        return ("::".join([symbol_text(name) for name in (self.root, *self.nested)]),)


class AttrAlias(Attribute):
    """``#name``: a reference to an attribute alias of the module, not yet replaced (see `resolve`)."""

    name: str

    def _pieces(self) -> Sequence[str | Printable]:
        return ("#" + self.name,)


class OpaqueAttr(Attribute):
    """``#dialect.body`` or ``#dialect<...>``, with an optional type; the body is kept as it stands.

    `body` is all that follows the dialect's name and dot, or, where there is no dot, the angle brackets
    and what they hold.
    """

    dialect: str
    body: str
    type: Type | None = None

    def _pieces(self) -> Sequence[str | Printable]:
        text = f"#{self.dialect}{'' if self.body.startswith('<') else '.'}{self.body}"
        return (text,) if self.type is None else (text, " : ", self.type)

    @property
    def name(self) -> str:
        """The body up to its first angle bracket."""
        return self.body.partition("<")[0]

    @property
    def parameters(self) -> str:
        """The text between the outer angle brackets, empty where there are none."""
        return self.body.partition("<")[2][:-1]


class DistinctAttr(Attribute):
    """``distinct[0]<42 : i32>``: an attribute that equals only those with the same number."""

    number: int
    referenced: Attribute = UnitAttr()

    def _check(self) -> None:
        if self.number < 0:
            raise InvalidValue("the number of a distinct attribute is not negative")

    def _pieces(self) -> Sequence[str | Printable]:
        inner = "" if isinstance(self.referenced, UnitAttr) else self.referenced
        return (f"distinct[{self.number}]<", inner, ">")


def elided(attr: Attribute) -> str | Attribute:
    """The attribute as it is printed inside lists, where MLIR drops the types i64 and f64."""
    kind = getattr(attr, "type", None)
    if isinstance(attr, IntegerAttr) and isinstance(kind, IntegerType):
        return str(attr.value) if kind.width == 64 and kind.signedness == "signless" else attr
    if isinstance(attr, FloatAttr) and isinstance(kind, FloatType) and kind.name == "f64":
        return attr if attr.spelling.startswith("0x") else attr.spelling
    return attr


class ArrayAttr(Attribute):
    """``[1, "a", @b]``: a list of attributes, usable as a Python sequence."""

    elements: tuple[Attribute, ...] = ()

    def _check(self) -> None:
        set_field(self, "elements", tuple(self.elements))

    def _pieces(self) -> Sequence[str | Printable]:
        return ("[", *separated([elided(element) for element in self.elements]), "]")

    def __len__(self) -> int:
        return len(self.elements)

    def __iter__(self) -> Iterator[Attribute]:
        return iter(self.elements)

    def __getitem__(self, index: int) -> Attribute:
        return self.elements[index]


class DictAttr(Attribute):
    """``{a = 1, b}``: attributes by name, usable as a Python mapping.

    Entries print in the order they were given; equality does not depend on it.
    """

    entries: tuple[tuple[str, Attribute], ...]

    def __init__(self, entries: Mapping[str, Attribute] | Iterable[tuple[str, Attribute]] = ()) -> None:
        pairs = tuple(entries.items() if isinstance(entries, Mapping) else entries)
        names = {name for name, _ in pairs}
        if len(names) != len(pairs):
            seen: set[str] = set()
            twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
            raise InvalidValue(f"the key {twice!r} occurs twice")
        if "" in names:
            raise InvalidValue("a key cannot be empty")
        set_field(self, "entries", pairs)

    def _identity(self) -> tuple[object, ...]:
        return (tuple(sorted(self.entries, key=lambda entry: entry[0])),)

    def _pieces(self) -> Sequence[str | Printable]:
        out: list[str | Printable] = ["{"]
        for name, value in self.entries:
            if len(out) > 1:
                out.append(", ")
            out.append(key_text(name))
            if not isinstance(value, UnitAttr):
                out.append(" = ")
                out.append(value)
        out.append("}")
        return out

    def to_dict(self) -> dict[str, Attribute]:
        """A new dictionary with the entries."""
        return dict(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[str]:
        return iter([name for name, _ in self.entries])

    def __contains__(self, name: object) -> bool:
        return any(key == name for key, _ in self.entries)

    def __getitem__(self, name: str) -> Attribute:
        for key, value in self.entries:
            if key == name:
                return value
        raise KeyError(name)

    def get(self, name: str) -> Attribute | None:
        """The attribute of that name, or None."""
        return next((value for key, value in self.entries if key == name), None)

    def items(self) -> tuple[tuple[str, Attribute], ...]:
        """The entries in order."""
        return self.entries


class DenseArrayAttr(Attribute):
    """``array<i32: 1, 2>``: numbers of one integer or floating-point type.

    `values` are bools for i1, ints for other integers, floats otherwise (rounded to the type).
    """

    element_type: Type
    values: tuple[bool | int | float, ...] = ()

    def _check(self) -> None:
        kind = self.element_type
        values: tuple[bool | int | float, ...]
        if isinstance(kind, IntegerType):
            if kind.width > 1 and kind.width % 8:
                raise InvalidValue(f"the width of {kind} in array<...> is not a multiple of 8")
            if kind.is_bool:
                values = tuple([bool(value) for value in self.values])
            else:
                values = tuple([_array_integer(value, kind) for value in self.values])
        elif isinstance(kind, FloatType):
            if kind.width % 8:
                raise InvalidValue(f"the width of {kind} in array<...> is not a multiple of 8")
            fmt = kind.format
            values = tuple([decode(encode(float(value), fmt), fmt) for value in self.values])
        elif isinstance(kind, TypeAlias):
            values = tuple(self.values)
        else:
            raise InvalidValue(f"array<...> holds integers or floating-point numbers, not {kind}")
        set_field(self, "values", values)

    def _identity(self) -> tuple[object, ...]:
        if isinstance(self.element_type, FloatType):
            fmt = self.element_type.format
            return (self.element_type, tuple([encode(value, fmt) for value in self.values]))
        return (self.element_type, self.values)

    def _pieces(self) -> Sequence[str | Printable]:
        if not self.values:
            return ("array<", self.element_type, ">")
        kind = self.element_type
        texts: list[str] = []
        for value in self.values:
            if isinstance(value, bool):
                texts.append("true" if value else "false")
            elif isinstance(kind, FloatType) or isinstance(value, float):
                texts.append(float_text(value, kind.format if isinstance(kind, FloatType) else F64.format))
            else:
                texts.append(str(value))
        return ("array<", kind, ": ", ", ".join(texts), ">")

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[bool | int | float]:
        return iter(self.values)


def _array_integer(value: float, kind: IntegerType) -> int:
    number = int(value)
    # MLIR itself reads array<ui8: -1> as 255, though it refuses -1 : ui8.
    if kind.signedness == "unsigned" and -(1 << kind.width >> 1) <= number < 0:
        return number + (1 << kind.width)
    return wrap_integer(number, kind)
