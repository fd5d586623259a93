"""The symbols that C and C++ functions have in a module: their names, or these mangled by a compiler."""

from __future__ import annotations

from collections.abc import Collection


def symbols_of(qualified: str, names: Collection[str]) -> list[str]:
    """Which of the symbols `names` may be a function: the name itself, or else the mangled ones.

    `qualified` is a name as C++ has it, ``ns::A::f``. Only the beginning of the Itanium ABI's mangling is
    looked at, which holds the names; overloads and instances of templates are all found. Members of templates
    and of namespaces without a name are not.
    """
    scope, _, name = qualified.rpartition("::")
    if qualified in names:
        return [qualified]
    mangled = [each for each in names if each.startswith("_Z") and _is_mangled(each, qualified.split("::"))]
    return mangled or ([name] if scope and name in names else [])


def _is_mangled(symbol: str, parts: list[str]) -> bool:
    encoded = "".join(f"{len(part.encode())}{part}" for part in parts)
    if len(parts) == 1:
        return symbol.startswith((f"_Z{encoded}", f"_ZL{encoded}"))
    rest = symbol.removeprefix("_ZN").removeprefix("K")
    return symbol.startswith("_ZN") and rest.startswith((f"{encoded}E", f"{encoded}I"))
