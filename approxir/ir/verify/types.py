"""Whether two types surely differ, aliases replaced."""

from __future__ import annotations

from collections.abc import Mapping

from approxir.errors import ParseError
from approxir.syntax.attributes import parse_attribute, parse_type
from approxir.values import Attribute, DialectType, InvalidValue, MemRefType, Type, TypeAlias, resolve, walk


class TypeComparer:
    """Compares types of one module."""

    def __init__(self, aliases: Mapping[str, str]) -> None:
        self._texts = aliases
        self._aliases: dict[str, Attribute | Type] | None = None
        self._answers: dict[tuple[Type, Type], bool] = {}

    def differ(self, left: Type, right: Type) -> bool:
        """Whether the types are surely not the same; dialects may spell one type in several ways."""
        if left is right or left == right:
            return False
        key = (left, right)
        found = self._answers.get(key)
        if found is None:
            found = self._answers[key] = self._differ(left, right)
        return found

    def resolved(self, type_: Type) -> Type:
        """The type with its aliases replaced, as far as they are defined and make sense."""
        if "#" not in (text := str(type_)) and "!" not in text:
            return type_
        if self._aliases is None:
            self._aliases = self._parse_aliases()
        try:
            return resolve(type_, self._aliases)
        except InvalidValue:
            return type_

    def _differ(self, left: Type, right: Type) -> bool:
        left, right = self.resolved(left), self.resolved(right)
        if left == right:
            return False
        if isinstance(left, MemRefType) and isinstance(right, MemRefType):
            # Layouts and memory spaces have several spellings; shapes and elements have one.
            return left.shape != right.shape or self._differ_inside(left.element_type, right.element_type)
        return self._differ_inside(left, right)

    def _differ_inside(self, left: Type, right: Type) -> bool:
        if left == right:
            return False
        if isinstance(left, TypeAlias) or isinstance(right, TypeAlias):
            return False
        if isinstance(left, DialectType) and isinstance(right, DialectType):
            plain = "<" not in left.body + right.body
            return plain and left.dialect == right.dialect and left.name != right.name
        for whole in (left, right):
            for part in walk(whole):
                open_ended = not isinstance(part, Type) or isinstance(part, DialectType | TypeAlias)
                if part is not whole and open_ended:
                    return False
        return True

    def _parse_aliases(self) -> dict[str, Attribute | Type]:
        found: dict[str, Attribute | Type] = {}
        for name, text in self._texts.items():
            try:
                found[name] = parse_type(text) if name.startswith("!") else parse_attribute(text)
            except ParseError:
                # Reported where it is defined.
                continue
        return found
