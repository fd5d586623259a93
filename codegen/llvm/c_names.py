"""Names that C and C++ programs can use for those of a module."""

from __future__ import annotations

import re

from approxir.codegen.llvm.names import RESERVED

_WORDS = """
alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t char8_t class
co_await co_return co_yield compl concept const const_cast consteval constexpr constinit continue decltype
default delete do double dynamic_cast else enum explicit export extern false float for friend goto if inline
int long mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public
register reinterpret_cast requires restrict return short signed sizeof static static_assert static_cast
struct switch template this thread_local throw true try typedef typeid typename typeof typeof_unqual union
unsigned using virtual void volatile wchar_t while xor xor_eq
"""
_KEYWORDS = frozenset(_WORDS.split())
# Macros that compilers define by themselves, and names of the headers that ours includes.
_OTHERS = """
BUFSIZ EOF FILE NULL assert errno i386 isinf isnan linux max_align_t offsetof ptrdiff_t signbit size_t
stderr stdin stdout unix
"""
_MACROS = frozenset(_OTHERS.split())


def identifier(name: str) -> str:
    """A name as an identifier of C: every other character becomes an underscore.

    What C, C++ or their libraries mean something else by gets an underscore at its end.
    """
    found = re.sub(r"\W", "_", name, flags=re.ASCII)
    if not found or found[0].isdigit():
        found = "_" + found
    # Identifiers that begin in these ways belong to the compiler.
    if re.match(r"__|_[A-Z]", found):
        found = "x" + found
    if found in _KEYWORDS or found in _MACROS or found in RESERVED or _is_type_of_stdint(found):
        found += "_"
    return found


def _is_type_of_stdint(name: str) -> bool:
    return re.fullmatch(r"u?int\w*_t|U?INT\w*_(?:MAX|MIN|C)", name) is not None


class Scope:
    """Identifiers that are all different."""

    def __init__(self, taken: set[str] | None = None) -> None:
        self._taken = set(taken or ())

    def name(self, wish: str) -> str:
        """An identifier for a name, with a number behind where it is taken."""
        stem = found = identifier(wish)
        number = 1
        while found in self._taken:
            number += 1
            found = f"{stem}_{number}"
        self._taken.add(found)
        return found

    def inner(self) -> Scope:
        """A scope within this one, whose names differ from those that there are now."""
        return Scope(self._taken)


def comment(text: str) -> str:
    """A text that can stand in a comment."""
    return " ".join(text.split()).replace("*/", "* /").replace("/*", "/ *")


def string(text: str) -> str:
    """A text as a string literal of C, in UTF-8."""
    parts = []
    for byte in text.encode("utf-8", "surrogatepass"):
        char = chr(byte)
        plain = 0x20 <= byte < 0x7F and char not in '"\\?'
        parts.append(char if plain else f"\\{byte:03o}")
    return '"' + "".join(parts) + '"'
