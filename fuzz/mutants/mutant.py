"""A broken pass: the real one, with one expression or statement of its code replaced while it runs."""

from __future__ import annotations

import ast
import contextlib
import importlib
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any


class MutantError(Exception):
    """A mutant does not fit the code that it is to break: the table has to follow the code."""


@dataclass(frozen=True)
class Mutant:
    """One small, realistic bug.

    Attributes:
        name: what it is called in tables.
        wrong: what is wrong, in one line.
        target: the function to break, ``module:name`` or ``module:Class.method``, the module below
            ``approxir``.
        old: a piece of its source, an expression or statements, spelled in any way.
        new: what takes its place; empty for nothing.
        oracles: those that should find it; one of them has to.
        which: which occurrence of `old` is meant, from 0; -1 if there must be only one.
    """

    name: str
    wrong: str
    target: str
    old: str
    new: str
    oracles: tuple[str, ...]
    which: int = -1

    @contextlib.contextmanager
    def applied(self) -> Iterator[None]:
        """Break the function inside, wherever it was imported to. Raises `MutantError`."""
        function, caching = self._function()
        original = function.__code__
        function.__code__ = self._broken(function)
        for one in caching:
            one.cache_clear()
        try:
            yield
        finally:
            function.__code__ = original
            for one in caching:
                one.cache_clear()

    def _function(self) -> tuple[FunctionType, list[Any]]:
        name, _, path = self.target.partition(":")
        held: Any = importlib.import_module(f"approxir.{name}")
        try:
            for part in path.split("."):
                held = inspect.getattr_static(held, part)
        except AttributeError:
            raise MutantError(f"{self.name}: there is no {self.target}") from None
        caching = []
        while not isinstance(held, FunctionType):
            if hasattr(held, "cache_clear"):
                caching.append(held)
            inner = getattr(held, "fget", None) or getattr(held, "__func__", None)
            held = inner or getattr(held, "__wrapped__", None)
            if held is None:
                raise MutantError(f"{self.name}: {self.target} is no function")
        return held, caching

    def _broken(self, function: FunctionType) -> CodeType:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
        definition = tree.body[0]
        assert isinstance(definition, ast.FunctionDef)
        definition.decorator_list = []
        editor = _Editor(self)
        tree = ast.fix_missing_locations(editor.visit(tree))
        if editor.found == 0 or (self.which < 0 and editor.found > 1) or editor.found <= self.which:
            raise MutantError(
                f"{self.name}: {self.target} holds {self.old!r} {editor.found} times, "
                f"wanted number {self.which}"
            )
        # The annotations of functions in it are not evaluated: this file's future statement counts there too.
        outer = compile(tree, f"<mutant {self.name}>", "exec")
        code = next(one for one in outer.co_consts if isinstance(one, CodeType))
        if code.co_freevars != function.__code__.co_freevars:
            raise MutantError(f"{self.name}: {self.target} would close over other variables")
        return code


class _Editor(ast.NodeTransformer):
    """Replaces an expression, or statements that stand one behind the other."""

    def __init__(self, mutant: Mutant) -> None:
        self.found = 0
        self._which = mutant.which
        old = ast.parse(textwrap.dedent(mutant.old).strip()).body
        new = ast.parse(textwrap.dedent(mutant.new).strip()).body
        self._expression: ast.expr | None = None
        if len(old) == 1 and isinstance(old[0], ast.Expr) and len(new) == 1 and isinstance(new[0], ast.Expr):
            self._expression = new[0].value
            self._old = [ast.dump(old[0].value)]
        else:
            self._old = [ast.dump(one) for one in old]
        self._new = new or [ast.Pass()]

    def _hit(self) -> bool:
        self.found += 1
        return self._which < 0 or self.found - 1 == self._which

    def visit(self, node: ast.AST) -> Any:
        if self._expression is not None:
            if isinstance(node, ast.expr) and ast.dump(node) == self._old[0] and self._hit():
                return self._expression
            return self.generic_visit(node)
        for key in ("body", "orelse", "finalbody"):
            block = getattr(node, key, None)
            if isinstance(block, list):
                setattr(node, key, self._replaced(block))
        return self.generic_visit(node)

    def _replaced(self, block: list[ast.stmt]) -> list[ast.stmt]:
        size = len(self._old)
        for start in range(len(block) - size + 1):
            if [ast.dump(one) for one in block[start : start + size]] == self._old and self._hit():
                return [*block[:start], *self._new, *block[start + size :]]
        return block
