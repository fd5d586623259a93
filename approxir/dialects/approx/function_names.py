"""How attributes name functions: by a symbol, or by a string with or without ``@`` and quotes."""

from __future__ import annotations

from approxir.values import Attribute, InvalidValue, StringAttr, SymbolRefAttr
from approxir.values.strings import unquote


def function_named_by(value: Attribute | None) -> str | None:
    """The function that a value names; None where it names none, or one inside of another symbol.

    Quotes after an ``@`` that hold no proper string are part of the name.
    """
    if isinstance(value, SymbolRefAttr):
        return None if value.nested else value.root
    if not isinstance(value, StringAttr):
        return None
    name = value.value.removeprefix("@")
    if name != value.value and len(name) > 1 and name[0] == name[-1] == '"':
        try:
            return unquote(name)
        except InvalidValue:
            return name
    return name
