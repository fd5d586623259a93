"""Pipelines as text, in MLIR's own notation: ``builtin.module(emit-approx,config-approx{live=true})``."""

from __future__ import annotations

from approxir.errors import DiagnosticError
from approxir.passes.base import Pass
from approxir.passes.options import PassOptionError, make_pass
from approxir.passes.registry import UnknownPassError
from approxir.syntax.source import Source

ANCHORS = frozenset({"builtin.module", "module", "func.func", "any"})
"""The operations that a part of a pipeline may be wrapped in. All passes work on the whole module."""
FILE = "<pass-pipeline>"


class PipelineError(DiagnosticError, ValueError):
    """The text of a pipeline cannot be understood; the error points into it."""


def parse_pipeline(text: str) -> list[Pass]:
    """The passes that a textual pipeline names, in order. Raises `PipelineError`."""
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.pos = 0
        self.made: list[Pass] = []

    def read(self) -> list[Pass]:
        """Read elements separated by commas; which anchors are open is kept in a stack."""
        opened: list[int] = []
        if self.peek() == "":
            return []
        while True:
            start = self.pos
            name = self.name()
            if self.peek() == "(":
                if name not in ANCHORS:
                    message = f"'{name}' is no operation to anchor passes at"
                    raise self.error(start, message, len(name), f"known: {', '.join(sorted(ANCHORS))}")
                opened.append(self.pos)
                self.pos += 1
                if self.peek() != ")":
                    continue
            else:
                self.step(name, start)
            while self.peek() == ")":
                if not opened:
                    raise self.error(self.pos, "unexpected ')'")
                opened.pop()
                self.pos += 1
            if self.peek() == ",":
                self.pos += 1
                self.peek()
            elif self.peek() == "":
                break
            else:
                wanted = "',' or ')'" if opened else "','"
                raise self.error(self.pos, f"expected {wanted}, found '{self.peek()}'")
        if opened:
            raise self.error(opened[-1], "this '(' is never closed")
        return self.made

    def peek(self) -> str:
        """The next character that is no white space; "" at the end."""
        while self.text[self.pos : self.pos + 1].isspace():
            self.pos += 1
        return self.text[self.pos : self.pos + 1]

    def name(self) -> str:
        start = self.pos
        while self.text[self.pos : self.pos + 1].isalnum() or self.text[self.pos : self.pos + 1] in (
            "-",
            "_",
            ".",
        ):
            self.pos += 1
        if self.pos == start:
            found = f"'{self.peek()}'" if self.peek() else "the end"
            raise self.error(self.pos, f"expected the name of a pass, found {found}")
        return self.text[start : self.pos]

    def step(self, name: str, start: int) -> None:
        """A pass, with its options in braces."""
        options, first = "", self.pos
        if self.peek() == "{":
            first = self.pos + 1
            self.pos = self.closing_brace()
            options = self.text[first : self.pos - 1]
        try:
            self.made.append(make_pass(name, options))
        except PassOptionError as error:
            raise self.error(first + error.offset, error.message) from None
        except UnknownPassError as error:
            raise self.error(start, str(error), len(name)) from None

    def closing_brace(self) -> int:
        """Where the braces that open here have closed."""
        depth, quote = 0, ""
        for at in range(self.pos, len(self.text)):
            char = self.text[at]
            if quote:
                quote = "" if char == quote else quote
            elif char in "\"'":
                quote = char
            elif char in "{}":
                depth += 1 if char == "{" else -1
                if depth == 0:
                    return at + 1
        raise self.error(self.pos, "this '{' is never closed")

    def error(self, at: int, message: str, length: int = 1, hint: str | None = None) -> PipelineError:
        source = Source(self.text, FILE)
        return PipelineError((source.diagnostic(at, message, length=length, hint=hint, code="pipeline"),))
