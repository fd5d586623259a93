"""Source locations. At the outside they print as ``loc(...)``, inside one another without it."""

from __future__ import annotations

from collections.abc import Sequence

from approxir.values.attributes import OpaqueAttr
from approxir.values.base import Attribute, InvalidValue, Printable, separated, set_field
from approxir.values.strings import normal_text, quote


class Location(Attribute):
    """Base of all locations."""

    def _body(self) -> Sequence[str | Printable]:
        raise NotImplementedError

    def _pieces(self) -> Sequence[str | Printable]:
        return ("loc(", *self._body(), ")")


class _Inner:
    """A location inside another."""

    __slots__ = ("location",)

    def __init__(self, location: Location) -> None:
        self.location = location

    def _pieces(self) -> Sequence[str | Printable]:
        return self.location._body()


class UnknownLoc(Location):
    """``loc(unknown)``."""

    def _body(self) -> Sequence[str | Printable]:
        return ("unknown",)


class FileLineColLoc(Location):
    """``loc("f.py":1:2)``, or a range, ``loc("f.py":1:2 to 3:4)``; the end is None where none is given.

    Lines and columns count from 1; 0 stands for unknown.
    """

    file: str
    line: int
    column: int = 0
    end_line: int | None = None
    end_column: int | None = None

    def _check(self) -> None:
        set_field(self, "file", normal_text(self.file) or "-")
        for number in (self.line, self.column, self.end_line, self.end_column):
            if number is not None and not 0 <= number < 1 << 32:
                raise InvalidValue(f"the line or column {number} does not fit into 32 bits")
        if (self.end_line is None) != (self.end_column is None):
            raise InvalidValue("a range of locations needs both a line and a column at its end")
        if (self.end_line, self.end_column) == (self.line, self.column):
            set_field(self, "end_line", None)
            set_field(self, "end_column", None)

    def _body(self) -> Sequence[str | Printable]:
        start = f"{quote(self.file)}:{self.line}:{self.column}"
        if self.end_line is None:
            return (start,)
        line = "" if self.end_line == self.line else self.end_line
        return (f"{start} to {line}:{self.end_column}",)


class NameLoc(Location):
    """``loc("name")`` or ``loc("name"(child))``."""

    name: str
    child: Location | None = None

    def _check(self) -> None:
        set_field(self, "name", normal_text(self.name))
        if isinstance(self.child, UnknownLoc):
            set_field(self, "child", None)

    def _body(self) -> Sequence[str | Printable]:
        if self.child is None:
            return (quote(self.name),)
        return (quote(self.name), "(", _Inner(self.child), ")")


class CallSiteLoc(Location):
    """``loc(callsite(callee at caller))``."""

    callee: Location
    caller: Location

    def _body(self) -> Sequence[str | Printable]:
        return ("callsite(", _Inner(self.callee), " at ", _Inner(self.caller), ")")


class FusedLoc(Location):
    """``loc(fused<metadata>[a, b])``: several places at once; `metadata` may be None."""

    locations: tuple[Location, ...]
    metadata: Attribute | None = None

    def _check(self) -> None:
        set_field(self, "locations", tuple(self.locations))

    def _body(self) -> Sequence[str | Printable]:
        inner = separated([_Inner(location) for location in self.locations])
        if self.metadata is None:
            return ("fused[", *inner, "]")
        return ("fused<", self.metadata, ">[", *inner, "]")


class LocAlias(Location):
    """``loc(#name)``: a location alias, which may be defined further down (see `resolve`)."""

    name: str

    def _body(self) -> Sequence[str | Printable]:
        return ("#" + self.name,)


class OpaqueLoc(Location):
    """``loc(#dialect.attribute<...>)``: a location attribute of another dialect."""

    attribute: OpaqueAttr

    def _body(self) -> Sequence[str | Printable]:
        return (self.attribute,)
