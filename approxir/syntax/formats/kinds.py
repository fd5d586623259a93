"""How inherent attributes are spelled inside custom forms: each kind reads a spelling and writes it back."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from approxir.syntax.formats.forms import AttrRef, SymbolDefinition
from approxir.syntax.formats.spans import balanced_end
from approxir.syntax.formats.state import LABEL_RE, OPERAND_RE, SYMBOL_RE, WORD_RE, State
from approxir.values.base import InvalidValue
from approxir.values.strings import unquote

Enums = Mapping[str, Mapping[str, int]]


class Kind(ABC):
    """One way to spell the value of a property."""

    @abstractmethod
    def read(self, state: State, pos: int) -> tuple[AttrRef, int]:
        """The attribute in generic spelling, and the offset after it."""

    @abstractmethod
    def write(self, value: str) -> str | None:
        """The custom spelling of an attribute; None when it has none."""

    def starts(self, state: State, pos: int) -> bool:
        """Whether the value may begin here; asked where the property is optional."""
        at = state.skip(pos)
        return at < state.end and state.text[at] not in ")]},:>=%^"

    def is_default(self, value: str) -> bool:
        """Whether MLIR's printer leaves this value out."""
        return False


class Any_(Kind):
    """Any attribute as it is written in a dictionary."""

    def read(self, state: State, pos: int) -> tuple[AttrRef, int]:
        return state.attribute(pos)

    def write(self, value: str) -> str | None:
        return value


class Typed(Kind):
    """A value whose type the format leaves out, as ``16`` for ``16 : i64``."""

    def __init__(self, type_: str) -> None:
        self.suffix = f" : {type_}"

    def read(self, state: State, pos: int) -> tuple[AttrRef, int]:
        value, pos = state.attribute(pos, typed=False)
        if value.text not in ("true", "false"):
            value.text += self.suffix
        return value, pos

    def write(self, value: str) -> str | None:
        return value.removesuffix(self.suffix)


class Untyped(Kind):
    """An attribute to which a following `: type` does not belong."""

    def read(self, state: State, pos: int) -> tuple[AttrRef, int]:
        return state.attribute(pos, typed=False)

    def write(self, value: str) -> str | None:
        return value


class String(Untyped):
    """A string in quotes."""

    def starts(self, state: State, pos: int) -> bool:
        at = state.skip(pos)
        return at < state.end and state.text[at] == '"'


class Symbol(Kind):
    """A reference to a symbol."""

    def read(self, state: State, pos: int) -> tuple[AttrRef, int]:
        if SYMBOL_RE.match(state.text, pos, state.end) is None:
            raise state.fail(pos, "a symbol such as @f")
        value, pos = state.attribute(pos)
        state.symbol_uses.append(value)
        return value, pos

    def write(self, value: str) -> str | None:
        return value

    def starts(self, state: State, pos: int) -> bool:
        return SYMBOL_RE.match(state.text, pos, state.end) is not None


class SymbolName(Kind):
    """``@name``, which the generic form keeps as the string ``"name"``."""

    def read(self, state: State, pos: int) -> tuple[AttrRef, int]:
        name, start, end = state.symbol_name(pos)
        quoted = name if name[0] == '"' else f'"{name}"'
        visibility = state.properties.get("sym_visibility")
        try:
            plain = unquote(quoted)
        except InvalidValue as error:
            raise state.fail(start + 1, error.hint or "a symbol name such as @f") from None
        state.symbol = SymbolDefinition(
            plain, start, end, None if visibility is None else visibility.text.strip('"')
        )
        return AttrRef(quoted, start, end), end

    def write(self, value: str) -> str | None:
        return symbol_text(value)

    def starts(self, state: State, pos: int) -> bool:
        return SYMBOL_RE.match(state.text, pos, state.end) is not None


def symbol_text(quoted: str) -> str:
    """``@name`` for a string attribute, quoted only where it must be."""
    name = quoted[1:-1]
    return f"@{name}" if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_$.]*", name) else f"@{quoted}"


class Word(Kind):
    """A bare word put into a template, as ``nsw`` in ``#arith.overflow<nsw>``; ``{}`` marks its place."""

    def __init__(self, template: str, *words: str) -> None:
        self.head, _, self.tail = template.partition("{}")
        self.words = frozenset(words)

    def read(self, state: State, pos: int) -> tuple[AttrRef, int]:
        word, end = state.word(pos, "one of " + ", ".join(sorted(self.words)) if self.words else "a word")
        if self.words and word not in self.words:
            raise state.fail(pos, "one of " + ", ".join(sorted(self.words)))
        return AttrRef(f"{self.head}{word}{self.tail}", end - len(word), end), end

    def write(self, value: str) -> str | None:
        if not value.startswith(self.head) or not value.endswith(self.tail):
            return None
        return value[len(self.head) : len(value) - len(self.tail)]

    def starts(self, state: State, pos: int) -> bool:
        match = WORD_RE.match(state.text, pos, state.end)
        return match is not None and (not self.words or match.group(1) in self.words)


class Enum(Kind):
    """A bare word that stands for a number: ``slt`` for ``2 : i64``."""

    def __init__(self, type_: str, cases: Mapping[str, int], quoted: bool = False) -> None:
        self.quoted = quoted
        self.values = {word: f"{number} : {type_}" for word, number in cases.items()}
        self.words: dict[str, str] = {}
        for word, value in self.values.items():
            self.words.setdefault(value, word)

    def read(self, state: State, pos: int) -> tuple[AttrRef, int]:
        start = state.skip(pos)
        if self.quoted or state.text[start : start + 1] == '"':
            ref, end = state.attribute(pos, typed=False)
            word = ref.text.strip('"')
        else:
            word, end = state.word(pos, "one of " + ", ".join(self.values))
        value = self.values.get(word)
        if value is None:
            raise state.fail(pos, "one of " + ", ".join(self.values))
        return AttrRef(value, start, end), end

    def write(self, value: str) -> str | None:
        word = self.words.get(value)
        return f'"{word}"' if word is not None and self.quoted else word

    def starts(self, state: State, pos: int) -> bool:
        match = WORD_RE.match(state.text, pos, state.end)
        return match is not None and match.group(1) in self.values


class Angle(Kind):
    """``<...>`` after a keyword, the body of a dialect attribute: ``fastmath<fast>``."""

    def __init__(self, prefix: str, default: str = "") -> None:
        self.prefix = prefix
        self.default = f"{prefix}<{default}>" if default else ""

    def read(self, state: State, pos: int) -> tuple[AttrRef, int]:
        start = state.skip(pos)
        if state.text[start : start + 1] == "#":
            return state.attribute(pos, typed=False)
        if state.text[start : start + 1] != "<":
            raise state.fail(pos, "`<`")
        end = balanced_end(state.text, start, state.end)
        return AttrRef(self.prefix + state.text[start:end], start, end), end

    def write(self, value: str) -> str | None:
        return value.removeprefix(self.prefix) if value.startswith(self.prefix + "<") else None

    def is_default(self, value: str) -> bool:
        return value == self.default


class DenseArray(Kind):
    """``[1, 2]`` for ``array<i64: 1, 2>``."""

    def __init__(self, element: str) -> None:
        self.element = element
        self.prefix = f"array<{element}: "

    def read(self, state: State, pos: int) -> tuple[AttrRef, int]:
        values, end = state.bracketed(pos)
        text = f"{self.prefix}{', '.join(values)}>" if values else f"array<{self.element}>"
        return AttrRef(text, state.skip(pos), end), end

    def write(self, value: str) -> str | None:
        if value == f"array<{self.element}>":
            return "[]"
        return f"[{value[len(self.prefix) : -1]}]" if value.startswith(self.prefix) else None


class Quoted(Kind):
    """A bare word that the generic form keeps as a string."""

    def read(self, state: State, pos: int) -> tuple[AttrRef, int]:
        word, end = state.word(pos)
        return AttrRef(f'"{word}"', end - len(word), end), end

    def write(self, value: str) -> str | None:
        return value.strip('"')

    def starts(self, state: State, pos: int) -> bool:
        return WORD_RE.match(state.text, pos, state.end) is not None


_KINDS: dict[str, Callable[..., Kind]] = {
    "attr": Any_,
    "typed": Typed,
    "untyped": Untyped,
    "string": String,
    "symbol": Symbol,
    "symbol_name": SymbolName,
    "word": Word,
    "angle": Angle,
    "ints": DenseArray,
    "quoted": Quoted,
}


def kind(name: str, factory: Callable[..., Kind]) -> None:
    """Adds a kind that tables may name."""
    _KINDS[name] = factory


def make_kind(name: str, arguments: list[list[Any]], enums: Enums) -> Kind:
    """The kind that a table names, with its arguments."""
    values = [argument[1] for argument in arguments]
    if name == "enum":
        return Enum(values[0], enums[values[1]], quoted=len(values) > 2)
    return _KINDS[name](*values)


__all__ = ["LABEL_RE", "OPERAND_RE", "Kind", "kind", "make_kind", "symbol_text"]
