"""Signatures: what a function of a module takes and returns, as callers are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from approxir.errors import ArgumentError
from approxir.passes.functions import (
    FUNCTION,
    Functions,
    block_of,
    function_type,
    is_declaration,
    symbol_name,
)
from approxir.values import Type

if TYPE_CHECKING:
    from approxir.ir.module import Module
    from approxir.ir.operation import Operation


@dataclass(frozen=True, slots=True)
class Signature:
    """The name of a function, and the types of its arguments and results.

    `arguments` are the names of the arguments in the text, without the ``%``; numbers are left out as None.
    """

    name: str
    inputs: tuple[Type, ...]
    results: tuple[Type, ...]
    arguments: tuple[str | None, ...] = ()

    def __str__(self) -> str:
        names = self.arguments or (None,) * len(self.inputs)
        given = ", ".join(
            [f"{name}: {kind}" if name else str(kind) for name, kind in zip(names, self.inputs, strict=True)]
        )
        results = ", ".join(map(str, self.results))
        if len(self.results) != 1:
            results = f"({results})" if results else ""
        return f"{self.name}({given})" + (f" -> {results}" if results else "")

    def argument(self, number: int) -> str:
        """An argument in words, for messages; it is counted from 0 here and from 1 in the words."""
        name = self.arguments[number] if self.arguments else None
        return f"argument {number + 1}" + (f" ({name})" if name else "")

    def error(self, message: str, hint: str | None = None) -> ArgumentError:
        """An error about a call, which shows the signature."""
        text = f"{message}\n  the function is {self}"
        return ArgumentError(text + (f"\n  hint: {hint}" if hint else ""))

    def bind(self, given: Sequence[object], named: Mapping[str, object]) -> tuple[object, ...]:
        """The arguments in order, of which some were given by name. Raises `ArgumentError`."""
        held = dict(enumerate(given))
        for name, value in named.items():
            if name not in self.arguments:
                raise self.error(f"{self.name} has no argument '{name}'")
            number = self.arguments.index(name)
            if number in held:
                raise self.error(f"{self.argument(number)} of {self.name} was given twice")
            held[number] = value
        missing = next((n for n in range(len(self.inputs)) if n not in held), None)
        if missing is not None:
            raise self.error(f"{self.argument(missing)} of {self.name} is missing")
        return tuple([held[number] for number in sorted(held)])

    def check_count(self, given: Sequence[object]) -> None:
        """Raise `ArgumentError` unless there are as many arguments as the function takes."""
        if len(given) != len(self.inputs):
            wanted = len(self.inputs)
            noun = "argument" if wanted == 1 else "arguments"
            were = "was" if len(given) == 1 else "were"
            raise self.error(f"{self.name} takes {wanted} {noun}, {len(given)} {were} given")


def signature_of(function: Operation, functions: Functions | None = None) -> Signature:
    """The signature of a ``func.func``, aliases of types replaced by what they stand for.

    Raises `PassError` where the text does not tell the function's type.
    """
    functions = functions or Functions()
    kind = function_type(function)
    names: tuple[str | None, ...] = ()
    if not is_declaration(function):
        held = list(block_of(function).arguments) or list(function.header_arguments)
        names = tuple([_shown(argument.name) for argument in held])
    if len(names) != len(kind.inputs):
        names = (None,) * len(kind.inputs)
    inputs = tuple([functions.resolved(one, function) for one in kind.inputs])
    results = tuple([functions.resolved(one, function) for one in kind.results])
    return Signature(symbol_name(function), inputs, results, names)


def public_functions(module: Module) -> dict[str, Operation]:
    """The functions that can be called from outside, by name: public ``func.func`` with a body."""
    table = module.symbols
    return {
        name: op
        for name, op in table.definitions.items()
        if op.name == FUNCTION and not is_declaration(op) and table.visibility(op) == "public"
    }


def _shown(name: str | None) -> str | None:
    """A name as it is shown; MLIR's own ``arg0`` and numbers say nothing."""
    if name is None or name.isdigit() or (name.startswith("arg") and name[3:].isdigit()):
        return None
    return name
