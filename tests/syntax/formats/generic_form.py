"""A small stand-in for a structural parser: turns modules in custom form into the generic form.

It exists to let real MLIR judge the formats: every operation with a format goes through `read_prefix` and
`generic_text`; operations in generic form are followed as they are; anything else is `NoFormat`.
"""

from __future__ import annotations

import re

from approxir.syntax.formats.forms import Context, CustomForm, NameRef
from approxir.syntax.formats.inference import function_parts
from approxir.syntax.formats.reader import read_prefix
from approxir.syntax.formats.spans import balanced_end, location_end, skip_trivia, type_end
from approxir.syntax.formats.traits import default_dialect, is_terminator
from approxir.syntax.formats.writer import generic_text
from approxir.syntax.lexemes import RESULTS_RE, SUFFIX_ID, TRIVIA

RESULT_GROUP = re.compile(rf"%({SUFFIX_ID})(?:{TRIVIA}:{TRIVIA}([0-9]++))?+")
_LABEL = re.compile(rf"{TRIVIA}(\^[\w$.\-]+)")
_WORD = re.compile(r"[A-Za-z_][\w$.]*")
_ALIAS = re.compile(rf"([#!][\w$.\-]+){TRIVIA}=")
_ARG = re.compile(rf"{TRIVIA}(%[\w$.\-]+){TRIVIA}:{TRIVIA}")
_GENERIC = re.compile(r'"((?:[^"\\]|\\.)*)"')
_NAME = re.compile(rf"%[\w$.\-]+(?:{TRIVIA}#[0-9]+)?")


class NoFormat(Exception):
    """An operation whose custom form no table describes."""


class Converter:
    """Converts one text; `operations` counts what was read by name."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.scopes: list[dict[str, str]] = [{}]
        self.aliases: dict[str, str] = {}
        self.operations: dict[str, int] = {}
        self.forms: list[tuple[str, object]] = []

    def type_of(self, ref: NameRef) -> str | None:
        for scope in reversed(self.scopes):
            if ref.name in scope:
                return scope[ref.name]
        return None

    def convert(self) -> str:
        body, _, end = self.operations_until(0, len(self.text), "builtin", "")
        assert end == len(self.text), self.text[end : end + 40]
        return body

    def operations_until(self, pos: int, end: int, default: str, indent: str) -> tuple[str, str | None, int]:
        out: list[str] = []
        last: str | None = None
        text = self.text
        while True:
            pos = skip_trivia(text, pos, end)
            if pos >= end or text[pos] == "}":
                return "\n".join(["", *out, ""]), last, pos
            if text.startswith("{-#", pos):
                close = text.index("#-}", pos) + 3
                out.append(text[pos:close])
                pos = close
                continue
            if text[pos] in "#!":
                pos = self.alias(pos, end, out)
                continue
            if text[pos] == "^":
                pos = self.label(pos, end, out)
                last = None
                continue
            line, last, pos = self.operation(pos, end, default, indent + "  ")
            out.append(line)

    def alias(self, pos: int, end: int, out: list[str]) -> int:
        match = _ALIAS.match(self.text, pos)
        assert match, self.text[pos : pos + 30]
        start = skip_trivia(self.text, match.end(), end)
        from approxir.syntax.formats.spans import attribute_end

        stop = type_end(self.text, start, end) if match[1][0] == "!" else attribute_end(self.text, start, end)
        self.aliases[match[1]] = self.text[start:stop]
        out.append(self.text[pos:stop])
        return stop

    def label(self, pos: int, end: int, out: list[str]) -> int:
        match = _LABEL.match(self.text, pos)
        assert match
        start = pos
        pos = skip_trivia(self.text, match.end(), end)
        if self.text[pos] == "(":
            close = balanced_end(self.text, pos, end)
            at = pos + 1
            while True:
                arg = _ARG.match(self.text, at, close)
                if arg is None:
                    break
                stop = type_end(self.text, arg.end(), close)
                self.scopes[-1][arg[1]] = self.text[arg.end() : stop]
                at = location_end(self.text, stop, close)
                at = skip_trivia(self.text, at, close) + 1
            pos = skip_trivia(self.text, close, end)
        assert self.text[pos] == ":", self.text[pos : pos + 20]
        out.append(self.text[start : pos + 1])
        return pos + 1

    def operation(self, pos: int, end: int, default: str, indent: str) -> tuple[str, str, int]:
        text = self.text
        results: list[tuple[str, int]] = []
        match = RESULTS_RE.match(text, pos, end)
        if match:
            for group in RESULT_GROUP.finditer(match.group()):
                results.append((f"%{group[1]}", int(group[2] or 1)))
            pos = skip_trivia(text, match.end(), end)
        packs = [name if count == 1 else f"{name}:{count}" for name, count in results]
        if text[pos] == '"':
            line, name, types, pos = self.generic(pos, end, indent, default)
            line = indent + (", ".join(packs) + " = " if packs else "") + line
        else:
            line, name, types, pos = self.custom(pos, end, indent, default, packs, sum(c for _, c in results))
        self.operations[name] = self.operations.get(name, 0) + 1
        flat = iter(types)
        for result, count in results:
            for index in range(count):
                type_ = next(flat)
                self.scopes[-1][f"{result}#{index}"] = type_
                if index == 0:
                    self.scopes[-1][result] = type_
        return line, name, pos

    def custom(
        self, pos: int, end: int, indent: str, default: str, packs: list[str], count: int
    ) -> tuple[str, str, list[str], int]:
        match = _WORD.match(self.text, pos)
        assert match, self.text[pos : pos + 40]
        name = match.group()
        if "." not in name:
            name = f"{default}.{name}"
        context = Context(self.type_of, self.aliases.get, count)
        form = read_prefix(name, self.text, pos, end, context=context)
        if form is None and "." in match.group() and default and read_prefix is not None:
            form = read_prefix(f"{default}.{name}", self.text, pos, end, context=context)
            name = name if form is None else f"{default}.{name}"
        if form is None:
            raise NoFormat(name)
        self.forms.append((name, form))
        bodies: list[str | None] = []
        unterminated = set()
        for index, span in enumerate(form.regions):
            if span is None:
                bodies.append(None)
                continue
            self.scopes.append({a.name: a.type.text for a in form.region_arguments[index] if a.type})
            body, last, stop = self.operations_until(span[0] + 1, span[1] - 1, default_dialect(name), indent)
            assert stop == span[1] - 1, self.text[stop : stop + 40]
            self.scopes.pop()
            if last is None or not is_terminator(last):
                unterminated.add(index)
            bodies.append(body)
        if name == "vector.mask" and unterminated:
            bodies[0], unterminated = self.masked(bodies[0], form), set()
        line = generic_text(
            name, form, results=packs, region_texts=bodies, indent=indent, unterminated=unterminated
        )
        return line, name, [t.text if t else "" for t in form.result_types or ()], form.end

    def masked(self, body: str | None, form: CustomForm) -> str:
        """The one operation of a mask gets names for its results, and the mask's terminator yields them."""
        assert body is not None
        types = [t.text if t else "" for t in form.result_types or ()]
        names = [f"%masked#{i}" for i in range(len(types))]
        if types and body.strip():
            body = body.replace('"', f'%masked:{len(types)} = "', 1)
        elif types:
            names = [form.operands[-1].name]
        return f'{body}\n"vector.yield"({", ".join(names)}) : ({", ".join(types)}) -> ()\n'

    def generic(self, pos: int, end: int, indent: str, default: str) -> tuple[str, str, list[str], int]:
        text = self.text
        match = _GENERIC.match(text, pos)
        assert match
        name = match[1]
        at = skip_trivia(text, match.end(), end)
        assert text[at] == "(", text[at : at + 30]
        at = balanced_end(text, at, end)
        parts = [text[pos:at]]
        while True:
            at = skip_trivia(text, at, end)
            if text[at] in "[<{":
                stop = balanced_end(text, at, end)
                parts.append(text[at:stop])
                at = stop
            elif text[at] == "(":
                regions = []
                at = skip_trivia(text, at + 1, end)
                while text[at] == "{":
                    self.scopes.append({})
                    body, _, at = self.operations_until(at + 1, end, default, indent)
                    self.scopes.pop()
                    regions.append("{" + body + "}")
                    at = skip_trivia(text, at + 1, end)
                    if text[at] == ",":
                        at = skip_trivia(text, at + 1, end)
                assert text[at] == ")", text[at : at + 30]
                at += 1
                parts.append(f"({', '.join(regions)})")
            else:
                break
        assert text[at] == ":", text[at : at + 30]
        at = skip_trivia(text, at + 1, end)
        stop = type_end(text, at, end)
        type_text = text[at:stop]
        _, outputs = function_parts(type_text)
        parts.append(f": {type_text}")
        tail = location_end(text, stop, end)
        parts.append(text[stop:tail])
        return " ".join(parts), name, [t.text for t in outputs or ()], tail


def to_generic(text: str) -> str:
    """The generic form of a module, made with the formats."""
    return Converter(text).convert()
