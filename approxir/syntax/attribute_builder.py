"""What each rule of attributes.lark makes: values, at once, without a tree in between."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TypeVar

from approxir.syntax.attribute_tokens import SPACE, AttributeToken
from approxir.syntax.faults import Fault
from approxir.values import (
    INDEX,
    NONE,
    AffineBinary,
    AffineConstant,
    AffineConstraint,
    AffineDim,
    AffineExpr,
    AffineMapAttr,
    AffineSymbol,
    ArrayAttr,
    AttrAlias,
    Attribute,
    BoolAttr,
    CallSiteLoc,
    ComplexType,
    DenseArrayAttr,
    DenseElementsAttr,
    DenseResourceAttr,
    DialectType,
    DictAttr,
    DistinctAttr,
    FileLineColLoc,
    FloatAttr,
    FloatType,
    FunctionType,
    FusedLoc,
    IntegerAttr,
    IntegerSetAttr,
    IntegerType,
    InvalidValue,
    LocAlias,
    Location,
    MemRefType,
    NameLoc,
    OpaqueAttr,
    OpaqueLoc,
    SparseElementsAttr,
    StridedLayoutAttr,
    StringAttr,
    SymbolRefAttr,
    TensorType,
    TupleType,
    Type,
    TypeAlias,
    TypeAttr,
    UnitAttr,
    UnknownLoc,
    UnrankedMemRefType,
    UnrankedTensorType,
    VectorType,
    unquote,
)
from approxir.values.floats import decode, literal_bits
from approxir.values.literals import shape_of
from approxir.values.types import I64, Signedness, is_bool

Token = AttributeToken
T = TypeVar("T")

UNIT = UnitAttr()
TRUE = BoolAttr(True)
FALSE = BoolAttr(False)


def made(token: Token, make: Any, *args: Any) -> Any:
    """``make(*args)``, with what is invalid about it reported at the token."""
    try:
        return make(*args)
    except InvalidValue as error:
        raise fault_at(token, error) from None


def fault_at(token: Token, error: InvalidValue) -> Fault:
    """The fault for a value that does not hold together, at its token."""
    length = min(40, len(token.value)) if error.offset is None else 1
    return Fault(error.message, token.start_pos + (error.offset or 0), length=length, hint=error.hint)


def read_int(text: str) -> int:
    """An integer literal, decimal or hexadecimal."""
    if len(text) > 4300:
        # Python refuses longer decimal numbers; no type of MLIR that occurs in practice holds them.
        raise InvalidValue("this integer literal is too long")
    return int(text, 16) if text.startswith("0x") else int(text)


_INTEGER_TYPE = re.compile(r"([su]?)i([0-9]+)")
_SIGNEDNESS: dict[str, Signedness] = {"": "signless", "s": "signed", "u": "unsigned"}


def scalar_type(name: str) -> Type:
    """``i32``, ``f32``, ``index``, ``none`` as a type."""
    if name == "index":
        return INDEX
    if name == "none":
        return NONE
    if name[0] not in "isu":
        return FloatType(name)
    spelled = _INTEGER_TYPE.fullmatch(name)
    if spelled is None:
        raise InvalidValue("expected a type")
    sign, width = spelled.groups()
    if len(width) > 9:
        raise InvalidValue("an integer type has 0 to 16777215 bits")
    return IntegerType(int(width), _SIGNEDNESS[sign])


def integer_value(value: int, type: Type) -> Attribute:
    """A written integer with its type; of type i1 it is a truth value."""
    if is_bool(type):
        if -1 <= value <= 1:
            return TRUE if value else FALSE
        raise InvalidValue(f"{value} is out of range for i1")
    if isinstance(type, IntegerType) and type.signedness == "unsigned" and value < 0:
        raise InvalidValue(f"{value} is negative, and {type} is unsigned")
    return IntegerAttr(value, type)


def numeric(token: Token, minus: bool, type: Type) -> Attribute:
    """The attribute of a number token and its type."""
    text = "-" + token.value if minus else token.value
    try:
        if token.type == "FLOAT" or isinstance(type, FloatType):
            return FloatAttr(text, type)
        value = read_int(token.value)
        return integer_value(-value if minus else value, type)
    except InvalidValue as error:
        raise fault_at(token, error) from None


def split_dialect(token: Token) -> tuple[str, str]:
    """The dialect and the body of ``!dialect.body`` or ``#dialect<body>``."""
    text = token.value
    bracket = text.find("<")
    dot = text.find(".")
    at = dot if dot >= 0 and (bracket < 0 or dot < bracket) else bracket
    return text[1:at], text[at + 1 if at == dot else at :]


class AttributeBuilder:
    """One method for each rule or alias of the grammar; each takes the list of the rule's parts."""

    # Lists

    def none(self, parts: Sequence[Any]) -> list[Any]:
        return []

    def one(self, parts: Sequence[T]) -> list[T]:
        return [parts[0]]

    def more(self, parts: Sequence[Any]) -> list[Any]:
        items: list[Any] = parts[0]
        items.append(parts[1])
        return items

    def wrapped(self, parts: Sequence[Any]) -> Any:
        return parts[-1]

    wrapped_list = type_list = expressions = constraints = strides = locations = wrapped

    # Attributes

    def integer(self, parts: Sequence[Any]) -> Attribute:
        return numeric(parts[0], False, parts[1] if len(parts) > 1 else I64)

    def negative_integer(self, parts: Sequence[Any]) -> Attribute:
        return numeric(parts[0], True, parts[1] if len(parts) > 1 else I64)

    def float(self, parts: Sequence[Any]) -> Attribute:
        token = parts[0]
        return FloatAttr(token.value) if len(parts) == 1 else numeric(token, False, parts[1])

    def negative_float(self, parts: Sequence[Any]) -> Attribute:
        token = parts[0]
        return FloatAttr("-" + token.value) if len(parts) == 1 else numeric(token, True, parts[1])

    def string(self, parts: Sequence[Any]) -> Attribute:
        value = made(parts[0], unquote, parts[0].value)
        return StringAttr(value, parts[1] if len(parts) > 1 else None)

    def true(self, parts: Sequence[Any]) -> Attribute:
        return TRUE

    def false(self, parts: Sequence[Any]) -> Attribute:
        return FALSE

    def unit(self, parts: Sequence[Any]) -> Attribute:
        return UNIT

    def symbol(self, parts: Sequence[Token]) -> Attribute:
        return symbol_path(parts[0].value)

    def attribute_alias(self, parts: Sequence[Token]) -> Attribute:
        return AttrAlias(parts[0].value[1:])

    def dialect_attribute(self, parts: Sequence[Any]) -> Attribute:
        return OpaqueAttr(*split_dialect(parts[0]), parts[1] if len(parts) > 1 else None)

    def array(self, parts: Sequence[Any]) -> Attribute:
        return ArrayAttr(tuple(parts[0]) if parts else ())

    def dictionary(self, parts: Sequence[Any]) -> DictAttr:
        entries = {}
        for token, name, value in parts[0] if parts else ():
            if name in entries:
                raise Fault(f"the key {name!r} occurs twice", token.start_pos, length=len(token.value))
            entries[name] = value
        return DictAttr(entries)

    def entry(self, parts: Sequence[Any]) -> tuple[Token, str, Attribute]:
        token = parts[0]
        name = token.value
        if token.type == "STRING":
            name = made(token, unquote, name)
            if not name:
                raise Fault("a key cannot be empty", token.start_pos, length=2)
        return token, name, parts[1] if len(parts) > 1 else UNIT

    def type_attribute(self, parts: Sequence[Any]) -> Attribute:
        return TypeAttr(parts[0])

    def dense_array(self, parts: Sequence[Token]) -> Attribute:
        return dense_array(parts[0])

    def dense(self, parts: Sequence[Any]) -> Attribute:
        token, type = parts
        assert token.match is not None
        try:
            return DenseElementsAttr(token.match.group(1), type)
        except InvalidValue as error:
            raise elements_fault(token, error) from None

    def sparse(self, parts: Sequence[Any]) -> Attribute:
        token, type = parts
        assert token.match is not None
        body = token.match.group(1)
        if not body.strip():
            return made(token, SparseElementsAttr, "", "", type)  # type: ignore[no-any-return]
        try:
            end = shape_of(body, I64)[1]
            if not body.startswith(",", end):
                raise InvalidValue("expected ',' and the values after the indices", offset=end)
            return SparseElementsAttr(body[:end], body[end + 1 :].strip(), type)
        except InvalidValue as error:
            raise elements_fault(token, error) from None

    def dense_resource(self, parts: Sequence[Any]) -> Attribute:
        token, type = parts
        key = token.match.group(1)
        if key.startswith('"'):
            key = made(token, unquote, key)
        return made(token, DenseResourceAttr, key, type)  # type: ignore[no-any-return]

    def strided(self, parts: Sequence[Any]) -> Attribute:
        offset = parts[3] if len(parts) > 2 else 0
        return made(parts[0], StridedLayoutAttr, tuple(parts[1]), offset)  # type: ignore[no-any-return]

    def dynamic(self, parts: Sequence[Any]) -> None:
        return None

    def plain_integer(self, parts: Sequence[Token]) -> int:
        return made(parts[0], read_int, parts[0].value)  # type: ignore[no-any-return]

    def plain_negative(self, parts: Sequence[Token]) -> int:
        return -self.plain_integer(parts)

    def distinct(self, parts: Sequence[Any]) -> Attribute:
        return DistinctAttr(self.plain_integer(parts[1:]), parts[2] if len(parts) > 2 else UNIT)

    # Types

    def scalar_type(self, parts: Sequence[Token]) -> Type:
        return made(parts[0], scalar_type, parts[0].value)  # type: ignore[no-any-return]

    def type_alias(self, parts: Sequence[Token]) -> Type:
        return TypeAlias(parts[0].value[1:])

    def dialect_type(self, parts: Sequence[Token]) -> Type:
        return DialectType(*split_dialect(parts[0]))

    def complex_type(self, parts: Sequence[Any]) -> Type:
        return element_made(parts[0], ComplexType, parts[1])  # type: ignore[no-any-return]

    def vector_type(self, parts: Sequence[Any]) -> Type:
        token = parts[0]
        texts = _SIZE.findall(token.match.group(1))
        sizes = tuple([int(text.strip("[] \t\r\n\0")) for text in texts])
        flags = tuple([text.startswith("[") for text in texts])
        return element_made(token, VectorType, sizes, parts[1], flags)  # type: ignore[no-any-return]

    def tensor_type(self, parts: Sequence[Any]) -> Type:
        return element_made(parts[0], TensorType, shape(parts[0]), *parts[1:])  # type: ignore[no-any-return]

    def unranked_tensor_type(self, parts: Sequence[Any]) -> Type:
        return element_made(parts[0], UnrankedTensorType, parts[1])  # type: ignore[no-any-return]

    def memref_type(self, parts: Sequence[Any]) -> Type:
        layout: Attribute | None = None
        space: Attribute | None = None
        for attribute in parts[2] if len(parts) > 2 else ():
            is_layout = isinstance(attribute, (AffineMapAttr, StridedLayoutAttr, AttrAlias))
            if is_layout and (layout is None or not isinstance(attribute, AttrAlias)):
                # As in MLIR itself, the last of several layouts counts.
                layout = attribute
            elif space is None:
                space = attribute
            elif layout is None and isinstance(space, OpaqueAttr):
                layout, space = space, attribute
            else:
                raise Fault("a memref has only one memory space", parts[0].start_pos, length=6)
        return element_made(  # type: ignore[no-any-return]
            parts[0], MemRefType, shape(parts[0]), parts[1], layout, space
        )

    def unranked_memref_type(self, parts: Sequence[Any]) -> Type:
        return element_made(parts[0], UnrankedMemRefType, *parts[1:])  # type: ignore[no-any-return]

    def tuple_type(self, parts: Sequence[Any]) -> Type:
        return TupleType(tuple(parts[1]) if len(parts) > 1 else ())

    def function_type(self, parts: Sequence[Any]) -> Type:
        return FunctionType(tuple(parts[0]), tuple(parts[1]))

    def function_type_of_one(self, parts: Sequence[Any]) -> Type:
        return FunctionType(tuple(parts[0]), (parts[1],))

    # Locations

    def location(self, parts: Sequence[Any]) -> Location:
        return parts[1]  # type: ignore[no-any-return]

    def unknown_location(self, parts: Sequence[Any]) -> Location:
        return UnknownLoc()

    def name_location(self, parts: Sequence[Any]) -> Location:
        name = made(parts[0], unquote, parts[0].value)
        return NameLoc(name, parts[1] if len(parts) > 1 else None)

    def file_location(self, parts: Sequence[Any]) -> Location:
        numbers = [made(p, read_int, p.value) for p in parts[1:] if p.type == "INTEGER"]
        if len(numbers) == 3:
            numbers.insert(2, numbers[0])
        file = made(parts[0], unquote, parts[0].value)
        return made(parts[0], FileLineColLoc, file, *numbers)  # type: ignore[no-any-return]

    def callsite_location(self, parts: Sequence[Any]) -> Location:
        return CallSiteLoc(parts[1], parts[3])

    def fused_location(self, parts: Sequence[Any]) -> Location:
        return FusedLoc(tuple(parts[1]))

    def fused_location_with(self, parts: Sequence[Any]) -> Location:
        return FusedLoc(tuple(parts[2]), parts[1])

    def location_alias(self, parts: Sequence[Token]) -> Location:
        return LocAlias(parts[0].value[1:])

    def dialect_location(self, parts: Sequence[Token]) -> Location:
        return OpaqueLoc(OpaqueAttr(*split_dialect(parts[0])))

    # Affine maps and sets

    def dimension(self, parts: Sequence[Any]) -> int:
        return declare(parts, AffineDim)

    def dim_names(self, parts: Sequence[int]) -> int:
        return parts[0] if parts else 0

    symbol_names = dim_names

    def symbol_name(self, parts: Sequence[Any]) -> int:
        return declare(parts, AffineSymbol)

    def affine_dims(self, parts: Sequence[int]) -> int:
        return parts[0]

    def affine_space(self, parts: Sequence[int]) -> tuple[int, int]:
        return parts[0], parts[1] if len(parts) > 1 else 0

    def affine_map(self, parts: Sequence[Any]) -> Attribute:
        return AffineMapAttr(parts[0][0], parts[0][1], tuple(parts[1]))

    def affine_set(self, parts: Sequence[Any]) -> Attribute:
        return IntegerSetAttr(parts[0][0], parts[0][1], tuple(parts[1]))

    def equals(self, parts: Sequence[AffineExpr]) -> AffineConstraint:
        return AffineConstraint(minus(*parts), True)

    def at_least(self, parts: Sequence[AffineExpr]) -> AffineConstraint:
        return AffineConstraint(minus(*parts), False)

    def at_most(self, parts: Sequence[AffineExpr]) -> AffineConstraint:
        return AffineConstraint(minus(parts[1], parts[0]), False)

    def sum(self, parts: Sequence[AffineExpr]) -> AffineExpr:
        return AffineBinary("+", *parts)

    def difference(self, parts: Sequence[AffineExpr]) -> AffineExpr:
        return AffineBinary("-", *parts)

    def product(self, parts: Sequence[Any]) -> AffineExpr:
        token = parts[1]
        return made(token, AffineBinary, "*", parts[0], parts[2])  # type: ignore[no-any-return]

    def quotient(self, parts: Sequence[Any]) -> AffineExpr:
        token = parts[1]
        return made(token, AffineBinary, token.value, parts[0], parts[2])  # type: ignore[no-any-return]

    def constant(self, parts: Sequence[Token]) -> AffineExpr:
        token = parts[0]
        return made(token, AffineConstant, made(token, read_int, token.value))  # type: ignore[no-any-return]

    def variable(self, parts: Sequence[Token]) -> AffineExpr:
        token = parts[0]
        assert token.scope is not None
        found = token.scope.get(token.value)
        if found is None:
            known = ", ".join(token.scope) or "none"
            raise Fault(
                f"{token.value!r} is not a dimension or symbol of this map",
                token.start_pos,
                length=len(token.value),
                hint=f"declared are: {known}",
            )
        return found

    def negation(self, parts: Sequence[AffineExpr]) -> AffineExpr:
        return -parts[0]


def declare(parts: Sequence[Any], make: type[AffineDim] | type[AffineSymbol]) -> int:
    """Bind a name of an affine map; returns how many of its kind there are now."""
    count: int = parts[0] if len(parts) > 1 else 0
    token = parts[-1]
    if token.value in token.scope:
        raise Fault(f"the name {token.value!r} occurs twice", token.start_pos, length=len(token.value))
    token.scope[token.value] = make(count)
    return count + 1


def minus(left: AffineExpr, right: AffineExpr) -> AffineExpr:
    """``left - right``, as MLIR brings a comparison to one with zero."""
    zero = AffineConstant(0)
    return left if right == zero else -right if left == zero else left - right


_SIZE = re.compile(rf"\[{SPACE}[0-9]+{SPACE}\]|[0-9]+|\?")


def shape(token: Token) -> tuple[int | None, ...]:
    """The dimensions in the head of a tensor or memref type."""
    assert token.match is not None
    dimensions = token.match.group(1)
    if "/" in dimensions:
        dimensions = re.sub(r"//[^\n]*", "", dimensions)
    return tuple([None if text == "?" else int(text) for text in _SIZE.findall(dimensions)])


def element_made(token: Token, make: Any, *args: Any) -> Any:
    """A type made of an element type, faults in which are reported where that type begins."""
    try:
        return make(*args)
    except InvalidValue as error:
        at = token.end_pos if "element" in error.message or "complex" in error.message else token.start_pos
        raise Fault(error.message, at, hint=error.hint) from None


def elements_fault(token: Token, error: InvalidValue) -> Fault:
    """A fault in the elements of dense or sparse, at the place it names, or else at the keyword."""
    assert token.match is not None
    if error.offset is not None:
        return Fault(error.message, token.match.start(1) + error.offset, hint=error.hint)
    return Fault(error.message, token.start_pos, length=len(token.value), hint=error.hint)


_SYMBOL_NAME = re.compile(r'@(?:([A-Za-z_][\w$.]*)|("(?:[^"\\]|\\.)*"))', re.ASCII)


def symbol_path(text: str) -> SymbolRefAttr:
    """``@a::@"b c"`` as a reference."""
    names = [bare or unquote(quoted) for bare, quoted in _SYMBOL_NAME.findall(text)]
    return SymbolRefAttr(names[0], tuple(names[1:]))


_ITEM = re.compile(r"[^,]*+")


def dense_array(token: Token) -> DenseArrayAttr:
    """``array<type: numbers>`` from its one token."""
    assert token.match is not None
    name, body = token.match.group(1), token.match.group(2)
    type_at = token.match.start(1)
    element: Type
    try:
        element = TypeAlias(name[1:]) if name.startswith("!") else scalar_type(name)
        if body is None:
            return DenseArrayAttr(element)
    except InvalidValue as error:
        hint = "array<...> begins with a type: array<i32: 1, 2>"
        raise Fault(error.message, type_at, length=len(name), hint=hint) from None
    values: list[bool | int | float] = []
    start = at = token.match.start(2)
    clean = re.sub(r"//[^\n]*", lambda m: " " * len(m.group()), body) if "/" in body else body
    for item in clean.split(","):
        text = item.strip(" \t\r\n\0")
        place = at + (item.find(text) if text else max(0, len(item) - 1))
        if not text:
            hint = "remove the comma before it" if at > start else f"an empty one is array<{name}>"
            raise Fault("expected a number in array<...>", at + len(item), hint=hint)
        try:
            values.append(array_number(text, element))
        except InvalidValue as error:
            raise Fault(error.message, place, length=len(text), hint=error.hint) from None
        at += len(item) + 1
    try:
        return DenseArrayAttr(element, tuple(values))
    except InvalidValue as error:
        raise Fault(error.message, type_at, length=len(name), hint=error.hint) from None


_ARRAY_INTEGER = re.compile(rf"(-?){SPACE}(0x[0-9a-fA-F]+|[0-9]+)\Z")


def array_number(text: str, element: Type) -> bool | int | float:
    """One element of a dense array."""
    if isinstance(element, FloatType):
        compact = "-" + text[1:].lstrip() if text.startswith("-") else text
        bits = literal_bits(compact, element.format)
        if isinstance(bits, str):
            raise InvalidValue(bits, hint=f"write {text}.0" if bits.startswith("an integer") else None)
        return decode(bits, element.format)
    if text in ("true", "false"):
        if is_bool(element) or isinstance(element, TypeAlias):
            return text == "true"
        raise InvalidValue(f"{text!r} in an array of {element}, which holds numbers")
    if is_bool(element):
        raise InvalidValue("expected 'true' or 'false' in an array of i1")
    match = _ARRAY_INTEGER.match(text)
    if match:
        value = read_int(match.group(2))
        value = -value if match.group(1) else value
        if isinstance(element, IntegerType):
            return int(DenseArrayAttr(element, (value,)).values[0])
        return value
    if isinstance(element, TypeAlias) and not isinstance(literal_bits(text, FloatType("f64").format), str):
        return float(text)
    raise InvalidValue(f"expected an integer, found {text[:30]!r}")
