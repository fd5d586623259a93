"""Which function follows a place in C or C++ code.

Where the code leaves it open which function is meant, nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePath
from typing import get_args

from approxir.frontends.c.trees import NAME_IT, Function, Language, NoFunction, Tree, Unclear, unclear_line
from approxir.frontends.errors import FrontendError
from approxir.syntax.faults import Fault

_SUFFIXES: dict[str, Language] = {
    ".c": "c", ".cc": "c++", ".cpp": "c++", ".cxx": "c++", ".C": "c++", ".cu": "c++", ".hh": "c++",
    ".hpp": "c++", ".hxx": "c++",
}  # fmt: skip

_PUNCTUATION = re.compile(r"[()\[\]{};]")
# After the braces of a type or of an initial value.
_GOES_ON = re.compile(r"\s*+[;,=*&\w\[(]")


def language_of(file: str) -> Language | None:
    """The language that the name of a file tells; None for ``.h``, which may be either, and all others."""
    return _SUFFIXES.get(PurePath(file).suffix)


class Functions:
    """The functions of a source; `code` is its `Scan.code`.

    `language` is tried first; the other one where that parser does not understand the code. Raises
    `MissingDependencyError` where tree-sitter is not installed.
    """

    def __init__(self, source: str, code: str, language: Language | None = None) -> None:
        if language is not None and language not in get_args(Language):
            raise FrontendError(f"no language is called {language!r}: it is 'c' or 'c++'")
        self._source = source
        self._code = code
        self._order: tuple[Language, ...] = ("c", "c++") if language == "c" else ("c++", "c")
        self._has_prototypes = language == "c++"
        self._trees = [self._tree(source, code, self._order[0])]
        if self._trees[0].faults:
            self._trees.append(self._tree(source, code, self._order[1]))
            self._trees.sort(key=lambda tree: tree.faults)

    def _tree(self, source: str, code: str, language: Language) -> Tree:
        return Tree(source, code, language, has_prototypes=self._has_prototypes)

    def following(self, place: int) -> Function:
        """The first function that is defined or declared behind an offset.

        Raises `Fault`, whose offset means nothing, where there is none, where the place is inside the body of
        a function, or where the code there is not understood.
        """
        wrong: Fault | None = None
        likely: list[Function] = []
        for tree in self._trees:
            try:
                function, is_clear = tree.following(place)
            except Fault as fault:
                if not tree.faults:
                    raise
                wrong = wrong or fault
            else:
                if is_clear:
                    return function
                likely.append(function)
        # Where the parser lost its way before, it finds it in what follows by itself.
        try:
            alone = self._alone(place)
        except Unclear as fault:
            raise wrong or fault from None
        # What class it is in is only known from the whole.
        return next((each for each in likely if each.name == alone.name), replace(alone, parameters=None))

    def _alone(self, place: int) -> Function:
        """The first function behind an offset, each declaration there looked at by itself."""
        at = place
        for end in _declaration_ends(self._code, place):
            trees = [self._tree(self._source[at:end], self._code[at:end], name) for name in self._order]
            passed = False
            for tree in trees:
                try:
                    return tree.following(0)[0]
                except NoFunction:
                    passed = passed or not tree.faults
                except Fault:
                    if not tree.faults:
                        raise
            if not passed:
                raise _unclear_at(self._code, at)
            at = end
        raise NoFunction("no function follows", -1, hint=NAME_IT)

    def named(self, name: str) -> Function | None:
        """The first function of that name, with or without the scope it is in; None if there is none."""
        found = (function for tree in self._trees for function in tree.functions())
        return next((each for each in found if name in (each.name, each.qualified)), None)


def _declaration_ends(code: str, place: int) -> Iterator[int]:
    """Where the declarations end that begin at an offset: with a semicolon, or a body in braces."""
    depth = 0
    for match in _PUNCTUATION.finditer(code, place):
        mark = match.group()
        if mark in "([{":
            depth += 1
        elif mark in ")]}":
            depth -= 1
            if depth < 0:
                raise _unclear_at(code, match.start())
            if mark == "}" and depth == 0 and not _GOES_ON.match(code, match.end()):
                yield match.end()
        elif depth == 0:
            yield match.end()


def _unclear_at(code: str, offset: int) -> Unclear:
    return unclear_line(code.count("\n", 0, offset + len(code[offset:]) - len(code[offset:].lstrip())) + 1)
