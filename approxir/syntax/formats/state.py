"""The state of one reading: the cursor's text and what has been bound so far, with helpers to read pieces."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from approxir.syntax.formats.forms import (
    ArgRef,
    AttributeEntry,
    AttrRef,
    Context,
    NameRef,
    SuccessorRef,
    SymbolDefinition,
    TypeRef,
)
from approxir.syntax.formats.spans import (
    STRING,
    Mismatch,
    attribute_end,
    balanced_end,
    location_end,
    location_start,
    skip_trivia,
    type_end,
    type_list,
)
from approxir.syntax.lexemes import SSA, SUFFIX_ID, TRIVIA, TRIVIA_RE

OPERAND_RE = re.compile(rf"{TRIVIA}({SSA}(?:{TRIVIA}\#[0-9]++)?+)")
DEFINITION_RE = re.compile(rf"{TRIVIA}({SSA})")
WORD_RE = re.compile(rf"{TRIVIA}([A-Za-z_][\w$.]*+)")
SYMBOL_RE = re.compile(rf"{TRIVIA}@([A-Za-z_][A-Za-z0-9_$.]*+|{STRING})")
LABEL_RE = re.compile(rf"{TRIVIA}(\^{SUFFIX_ID})")
_PACK_BLANKS = re.compile(rf"(?<=[\w$.\-]){TRIVIA}(?=#)")
_KEY_RE = re.compile(rf"{TRIVIA}([A-Za-z_][\w$.]*+|{STRING})({TRIVIA}={TRIVIA})?+")
_DICT_RE = re.compile(rf"{TRIVIA}\{{")

Types = TypeRef | tuple[TypeRef | None, ...] | None


@dataclass(slots=True)
class PendingArgument:
    """A block argument whose type may still have to be inferred from type variable `variable`[`index`]."""

    name: str
    start: int
    end: int
    type: TypeRef | None = None
    variable: str | None = None
    index: int = -1
    location: AttrRef | None = None


@cache
def literal_re(text: str) -> re.Pattern[str]:
    """Trivia and then the literal, as a whole token."""
    tail = r"(?![\w$.])" if text[-1].isalnum() or text[-1] == "_" else ""
    if text in (":", "<"):
        tail = "(?!:)" if text == ":" else ""
    return re.compile(TRIVIA + re.escape(text) + tail)


class State:
    """What a format has read so far; the methods read at an offset and return the offset after it."""

    __slots__ = (
        "attributes",
        "bodies",
        "context",
        "end",
        "groups",
        "location",
        "next_region",
        "properties",
        "region_arguments",
        "region_spans",
        "regions",
        "result_types",
        "successors",
        "symbol",
        "symbol_uses",
        "terminators",
        "text",
        "types",
    )

    def __init__(
        self,
        text: str,
        end: int,
        regions: list[tuple[int, int]] | None,
        context: Context | None,
        group_count: int,
        region_count: int,
    ) -> None:
        self.text = text
        self.end = end
        self.regions = regions
        self.next_region = 0
        self.context = context
        self.groups: list[list[NameRef]] = [[] for _ in range(group_count)]
        self.types: dict[str, Types] = {}
        self.properties: dict[str, AttrRef] = {}
        self.attributes: list[AttributeEntry] = []
        self.successors: list[SuccessorRef] = []
        self.region_spans: list[tuple[int, int] | None] = [None] * region_count
        self.region_arguments: list[list[PendingArgument]] = [[] for _ in range(region_count)]
        self.bodies: dict[int, str] = {}
        self.terminators: dict[int, str | None] = {}
        self.symbol: SymbolDefinition | None = None
        self.symbol_uses: list[AttrRef] = []
        self.result_types: tuple[TypeRef | None, ...] | None = None
        self.location: AttrRef | None = None

    def skip(self, pos: int) -> int:
        """The offset after trivia."""
        match = TRIVIA_RE.match(self.text, pos, self.end)
        return pos if match is None else match.end()

    def fail(self, pos: int, expected: str) -> Mismatch:
        """The error that something else than `expected` stands at `pos`."""
        return Mismatch(self.skip(pos), expected)

    def at(self, pos: int, literal: str) -> bool:
        """Whether the literal comes next."""
        return literal_re(literal).match(self.text, pos, self.end) is not None

    def accept(self, pos: int, literal: str) -> int:
        """The offset after the literal when it comes next, else -1."""
        match = literal_re(literal).match(self.text, pos, self.end)
        return -1 if match is None else match.end()

    def expect(self, pos: int, literal: str) -> int:
        """The offset after the literal, which must come next."""
        match = literal_re(literal).match(self.text, pos, self.end)
        if match is None:
            raise self.fail(pos, f"`{literal}`")
        return match.end()

    def word(self, pos: int, expected: str = "a word") -> tuple[str, int]:
        """The bare word that comes next."""
        match = WORD_RE.match(self.text, pos, self.end)
        if match is None:
            raise self.fail(pos, expected)
        return match.group(1), match.end()

    def operand(self, pos: int) -> tuple[NameRef, int]:
        """The SSA name that comes next."""
        match = OPERAND_RE.match(self.text, pos, self.end)
        if match is None:
            raise self.fail(pos, "an SSA value such as %a")
        name = match.group(1)
        end = match.end()
        if " " in name or "/" in name or not name.isprintable():
            name = _PACK_BLANKS.sub("", name)
        return NameRef(name, match.start(1), end), end

    def is_operand(self, pos: int) -> bool:
        """Whether an SSA name comes next."""
        return OPERAND_RE.match(self.text, pos, self.end) is not None

    def operand_list(self, pos: int) -> tuple[list[NameRef], int]:
        """A comma-separated list of SSA names, possibly empty."""
        found: list[NameRef] = []
        if OPERAND_RE.match(self.text, pos, self.end) is None:
            return found, pos
        while True:
            ref, pos = self.operand(pos)
            found.append(ref)
            comma = self.accept(pos, ",")
            if comma < 0 or OPERAND_RE.match(self.text, comma, self.end) is None:
                return found, pos
            pos = comma

    def definition(self, pos: int) -> tuple[str, int, int]:
        """The SSA name that is defined next: name, start, end."""
        match = DEFINITION_RE.match(self.text, pos, self.end)
        if match is None:
            raise self.fail(pos, "the name of a new value such as %i")
        return match.group(1), match.start(1), match.end()

    def type(self, pos: int) -> tuple[TypeRef, int]:
        """The type that comes next."""
        start = self.skip(pos)
        end = type_end(self.text, start, self.end)
        return TypeRef(self.text[start:end], start, end), end

    def type_list(self, pos: int) -> tuple[list[TypeRef], int]:
        """A comma-separated list of one or more types."""
        found: list[TypeRef] = []
        while True:
            ref, pos = self.type(pos)
            found.append(ref)
            comma = self.accept(pos, ",")
            if comma < 0:
                return found, pos
            pos = comma

    def parenthesized_types(self, pos: int) -> tuple[list[TypeRef], int]:
        """Types between parentheses, possibly none."""
        start = self.skip(pos)
        if self.text[start : start + 1] != "(" or start >= self.end:
            raise Mismatch(start, "`(`")
        text = self.text
        spans = type_list(text, start, self.end)
        return [TypeRef(text[a:b], a, b) for a, b in spans], balanced_end(text, start, self.end)

    def result_list(self, pos: int) -> tuple[list[TypeRef], int]:
        """What follows `->` in a function type: types between parentheses, or one type."""
        start = self.skip(pos)
        if self.text[start : start + 1] == "(" and start < self.end:
            return self.parenthesized_types(start)
        ref, end = self.type(start)
        return [ref], end

    def attribute(self, pos: int, typed: bool = True) -> tuple[AttrRef, int]:
        """The attribute that comes next; `typed` lets a trailing `: type` belong to it."""
        start = self.skip(pos)
        end = attribute_end(self.text, start, self.end, typed)
        return AttrRef(self.text[start:end], start, end), end

    def bracketed(self, pos: int) -> tuple[list[str], int]:
        """The values of a list such as ``[1, 2]``."""
        pos = self.expect(pos, "[")
        values: list[str] = []
        after = self.accept(pos, "]")
        while after < 0:
            value, pos = self.attribute(pos, typed=False)
            values.append(value.text)
            comma = self.accept(pos, ",")
            if comma >= 0:
                pos = comma
            else:
                after = self.expect(pos, "]")
        return values, after

    def symbol_name(self, pos: int) -> tuple[str, int, int]:
        """The `@name` that comes next: the name as text of a string attribute, and its span."""
        match = SYMBOL_RE.match(self.text, pos, self.end)
        if match is None:
            raise self.fail(pos, "a symbol name such as @f")
        name = match.group(1)
        return name, match.start(1) - 1, match.end()

    def dictionary(self, pos: int) -> tuple[list[AttributeEntry], int]:
        """The entries of the dictionary `{...}` that comes next."""
        match = _DICT_RE.match(self.text, pos, self.end)
        if match is None:
            raise self.fail(pos, "`{`")
        pos = match.end()
        entries: list[AttributeEntry] = []
        text, end = self.text, self.end
        close = self.accept(pos, "}")
        if close >= 0:
            return entries, close
        while True:
            key = _KEY_RE.match(text, pos, end)
            if key is None:
                raise self.fail(pos, "the name of an attribute")
            name = key.group(1)
            if name[0] == '"':
                name = name[1:-1]
            value: AttrRef | None = None
            pos = key.end(1)
            if key.group(2) is not None:
                start = key.end()
                pos = attribute_end(text, start, end)
                value = AttrRef(text[start:pos], start, pos)
            entries.append(AttributeEntry(name, key.start(1), key.end(1), value))
            after = skip_trivia(text, pos, end)
            following = text[after : after + 1] if after < end else ""
            if following == "}":
                return entries, after + 1
            if following != ",":
                raise Mismatch(after, "`,` or `}`")
            pos = after + 1

    def region(self, pos: int, index: int) -> int:
        """The nested region that comes next becomes region `index`; its inside is not read."""
        start = self.skip(pos)
        if self.text[start : start + 1] != "{" or start >= self.end:
            raise Mismatch(start, "a region in `{...}`")
        end = self.region_end(start)
        while len(self.region_spans) <= index:
            self.region_spans.append(None)
            self.region_arguments.append([])
        self.region_spans[index] = (start, end)
        return end

    def region_end(self, start: int) -> int:
        """The end of the nested region whose brace is at `start`."""
        regions = self.regions
        if regions is None:
            return balanced_end(self.text, start, self.end)
        while self.next_region < len(regions):
            span = regions[self.next_region]
            self.next_region += 1
            if span[0] == start:
                return span[1]
            if span[0] > start:
                break
        raise Mismatch(start, "a region that the structure of the text shows as one")

    def trailing_location(self, pos: int) -> int:
        """Reads the `loc(...)` that may follow an operation or block argument."""
        end = location_end(self.text, pos, self.end)
        if end != pos:
            start = location_start(self.text, pos, self.end)
            self.location = AttrRef(self.text[start:end], start, end)
        return end

    def argument(self, region: int, argument: PendingArgument) -> None:
        """Adds a block argument to a region."""
        while len(self.region_arguments) <= region:
            self.region_spans.append(None)
            self.region_arguments.append([])
        self.region_arguments[region].append(argument)

    def type_of(self, ref: NameRef) -> TypeRef | None:
        """The type of a visible value, where the context knows it."""
        context = self.context
        if context is None or context.type_of is None:
            return None
        found = context.type_of(ref)
        return None if found is None else TypeRef(found)

    def resolve(self, text: str) -> str:
        """The text behind a type or attribute alias; any other text as it is."""
        context = self.context
        if context is None or context.alias is None or text[:1] not in "!#" or "<" in text or "." in text:
            return text
        for _ in range(16):
            found = context.alias(text)
            if found is None:
                return text
            text = found
        return text


__all__ = ["ArgRef", "PendingArgument", "State", "Types", "literal_re"]
