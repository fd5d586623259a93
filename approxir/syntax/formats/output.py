"""The other direction: what an element of a format writes, with the blanks that MLIR's printer puts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


class CannotWrite(Exception):
    """The operation has something that its custom form cannot spell. Never leaves the package."""


@dataclass(slots=True)
class WriteState:
    """An operation to print in its custom form, taken apart by the declarations of its format.

    `groups` and `group_types` go by operand group, `types` by type variable (a text, or several).
    `hidden` are properties that keep silent because the format implies their value.
    """

    groups: dict[str, list[str]]
    group_types: dict[str, list[str]]
    result_types: list[str]
    types: dict[str, str | list[str]]
    properties: Mapping[str, str]
    attributes: Mapping[str, str]
    successors: dict[str, list[tuple[str, Sequence[str]]]]
    region_texts: Sequence[str | None]
    region_arguments: Sequence[Sequence[tuple[str, str]]]
    printed: frozenset[str]
    parts: list[str] = field(default_factory=list)
    properties_written: bool = False
    attributes_written: bool = False
    hidden: set[str] = field(default_factory=set)
    space: bool = True
    punctuation: bool = False

    def literal(self, text: str) -> None:
        """Punctuation or a keyword, with a blank before it where MLIR's printer puts one."""
        if self.space:
            if (len(text) != 1 and text != "->") or text == "->":
                blank = True
            elif self.punctuation:
                blank = text not in ">)}],"
            else:
                blank = text not in "<>(){}[],"
            if blank:
                self.parts.append(" ")
        self.parts.append(text)
        self.space = len(text) != 1 or text not in "<({["
        self.punctuation = not (text[0] == "_" or text[0].isalpha())

    def item(self, text: str) -> None:
        """Anything that is not a literal of the format."""
        if self.space or not self.punctuation:
            self.parts.append(" ")
        self.parts.append(text)
        self.space = True
        self.punctuation = False

    def blank(self) -> None:
        """A blank where the rules would put none."""
        self.parts.append(" ")
        self.glue()

    def glue(self) -> None:
        """No blank before what comes next."""
        self.space = False
        self.punctuation = True

    def dictionary(self, entries: Mapping[str, str]) -> None:
        """An attribute dictionary; nothing when it is empty."""
        if entries:
            self.item(dictionary_text(entries))

    def remaining(self) -> dict[str, str]:
        """The entries of the attribute dictionary: all that no other element of the format prints."""
        if self.attributes_written:
            return {}
        found: dict[str, str] = {}
        if not self.properties_written:
            unseen = self.printed | self.hidden
            found = {key: value for key, value in self.properties.items() if key not in unseen}
        found.update(self.attributes)
        return dict(sorted(found.items()))

    def text(self) -> str:
        """All that has been written."""
        return "".join(self.parts)


def dictionary_text(entries: Mapping[str, str]) -> str:
    """``{a = 1 : i32, b}``: a value of ``unit`` is written as the bare key."""
    return (
        "{"
        + ", ".join(key_text(k) if v in ("unit", "") else f"{key_text(k)} = {v}" for k, v in entries.items())
        + "}"
    )


def key_text(key: str) -> str:
    """An attribute's name, quoted where it is no bare identifier."""
    bare = key.replace("$", "_").replace(".", "_")
    return key if bare.isidentifier() and key.isascii() and key[0] not in "$." else f'"{key}"'
