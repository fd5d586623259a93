"""Many modules of one function each into one module, every symbol under a name of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from approxir.frontends.jax.lowering import MAIN
from approxir.ir.module import Module, parse
from approxir.values import StringAttr, symbol_text


@dataclass(frozen=True)
class Part:
    """A module whose function ``main`` is to have the name `name` in the merged one."""

    name: str
    module: Module
    private: bool = False


def merge(parts: Iterable[Part], module_name: str | None = None) -> Module:
    """One module with the functions of all parts, which are used up.

    The names of the parts are kept. Private functions that they bring along keep theirs where nothing else
    has it, and get a number behind it elsewhere.
    """
    held = list(parts)
    if not held:
        return parse("module {}\n" if module_name is None else f"module {symbol_text(module_name)} {{}}\n")
    head = "module" if module_name is None else f"module {symbol_text(module_name)}"
    merged = parse(f"{head} {{\n}}\n")
    target = merged.symbol_holder.blocks[0]
    taken = {part.name for part in held}
    for part in held:
        _rename(part, taken)
        if part.private:
            part.module.symbols[part.name].attributes["sym_visibility"] = StringAttr("private")
        for op in part.module.symbol_holder.operations:
            op.detach()
            target.append(op)
    return merged


def _rename(part: Part, taken: set[str]) -> None:
    """Give the symbols of a part names that no other part has."""
    table = part.module.symbols
    for symbol in table.names:
        if symbol == MAIN:
            continue
        # Whatever another part is going to be called, this module may use inside until it is merged.
        fresh = symbol if symbol not in taken else _fresh(symbol, {*taken, *table.names})
        table.rename(symbol, fresh)
        taken.add(fresh)
    table.rename(MAIN, part.name)


def _fresh(name: str, taken: Collection[str]) -> str:
    number = 0
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"
