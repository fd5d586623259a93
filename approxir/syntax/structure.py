"""The structural parser: from text to operations, blocks and regions.

It finds every operation, known or not, in one pass and in time linear in the text. Most operations of
real files fit on one line and are recognised by one regular expression (`lexemes.OPERATION_LINE`); the
rest is read token by token. Nothing recurses: open regions are a list.

Custom forms have no common grammar, so that where such an operation ends is decided by what follows:
see `_Parser._begins_operation`. What a brace means is decided by what it holds: see
`_Parser._opens_region`. Generic operations are read by MLIR's own grammar.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from approxir.errors import Diagnostic, ParseError
from approxir.syntax import lexemes as lx
from approxir.syntax.balance import (
    Unbalanced,
    skip_attribute,
    skip_balanced,
    skip_opaque,
    skip_trivia,
    skip_type,
)
from approxir.syntax.formats.traits import default_dialect, traits
from approxir.syntax.nodes import Definition, NodeClasses
from approxir.syntax.source import Source

MAX_ERRORS = 50

_SCALAR_TYPE = re.compile(r"(?:[su]?i[0-9]+|index|none|true|false|bf16|tf32|f[0-9]+(?:E\w+)?)\Z")
_GLUE = frozenset({",", "=", ":", "->", "(", "[", "{", "<", "*", "+", "-"})
_REGION_WORDS = frozenset({"else", "do", "region", "case", "default", "then"})
_REGION_TRAITS = frozenset({"single-block", "loop", "branching", "isolated", "function"})
_PDL_CONTEXT = ("pdl.", "pdl_interp.")
_PDL_WORDS = re.compile(
    r"(?:apply_native_constraint|apply_native_rewrite|attribute|erase|operand|operands|operation|range|replace"
    r"|result|results|rewrite|type|types)\b(?![.$])"
)


@dataclass(slots=True)
class Structure:
    """What a structural parse found: the top-level region, and the alias definitions and metadata."""

    region: Any
    definitions: list[Definition] = field(default_factory=list)


class _Recover(Exception):
    """Raised after a diagnostic was recorded; `offset` is where parsing may go on."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


def parse_structure(source: Source, nodes: NodeClasses) -> Structure:
    """Parse a whole text.

    Raises `ParseError` with every independent fault that was found.
    """
    parser = _Parser(source, nodes)
    top = nodes.region(source, None, 0)
    structure = Structure(top, parser.definitions)
    parser.run(top, 0)
    if parser.diagnostics:
        raise ParseError(tuple(sorted(parser.diagnostics, key=lambda d: d.offset)))
    return structure


def parse_operation(source: Source, nodes: NodeClasses, offset: int) -> Any:
    """Parse the one operation that begins at `offset` (at its first result or its name).

    Raises `ParseError` when its text is faulty.
    """
    parser = _Parser(source, nodes)
    top = nodes.region(source, None, offset)
    parser.run(top, offset, single=True)
    if parser.diagnostics:
        raise ParseError(tuple(parser.diagnostics))
    operation = top.blocks[0].first
    operation.block = None
    return operation


class _Parser:
    def __init__(self, source: Source, nodes: NodeClasses) -> None:
        self.source = source
        self.text = source.text
        self.nodes = nodes
        self.definitions: list[Definition] = []
        self.diagnostics: list[Diagnostic] = []
        self.names: dict[str, str] = {}

    def error(self, offset: int, message: str, hint: str | None = None, length: int = 1) -> None:
        self.diagnostics.append(self.source.diagnostic(offset, message, hint=hint, length=length))

    # The main loop: at the start of an item of a block.

    def run(self, top: Any, pos: int, single: bool = False) -> None:
        text, source, names = self.text, self.source, self.names
        make_operation, make_block, make_region = self.nodes.operation, self.nodes.block, self.nodes.region
        operation_line = lx.OPERATION_LINE.match
        operation_open = lx.OPERATION_OPEN.match
        region_close = lx.REGION_CLOSE.match
        generic_close = lx.GENERIC_CLOSE.match
        second = lx.CROWDED.search
        # Most texts have one operation a line, and need not be asked again line by line.
        crowded = single or second(text) is not None
        # Each entry: the operation around the current region, its open brackets, whether it is generic.
        stack: list[tuple[Any, list[int], bool]] = []
        region = top
        block = make_block(source, region, None, pos, pos, pos)
        region.blocks.append(block)
        last: Any = None
        lead = pos

        while True:
            match = operation_line(text, pos)
            if match is not None:
                (_, at), (result, result_end), (name_start, name_end), (end, _) = match.regs
                while text[end - 1] <= " ":
                    end -= 1
                char = text[end - 1]
                if (
                    char not in "([<,=:{+*"
                    and not (char == ">" and text[end - 2] == "-")
                    and not (crowded and second(text, name_end, end))
                ):
                    if text[name_start] == '"':
                        name = text[name_start + 1 : name_end - 1]
                        whole = char != ")" or "->" in text[name_end:end]
                    else:
                        name = text[name_start:name_end]
                        whole = not name.startswith("pdl")
                    if whole:
                        name = names.setdefault(name, name)
                        if "." not in name:
                            name = self.full_name(name, stack)
                        if result < 0:
                            op = make_operation(source, name, lead, name_start, name_start, end, None, block)
                        else:
                            op = make_operation(
                                source,
                                name,
                                lead,
                                result,
                                name_start,
                                end,
                                text[result : result_end - 1],
                                block,
                            )
                        op.prev = last
                        if last is None:
                            block.first = op
                        else:
                            last.next = op
                        block.last = last = op
                        pos = lead = end
                        if single and not stack:
                            return
                        continue
            else:
                match = operation_open(text, pos)
                if match is not None:
                    _, (result, result_end), (name_start, name_end), (brace, _) = match.regs
                    brace -= 1
                    generic = text[name_start] == '"'
                    header = text[name_end:brace]
                    if generic:
                        fits = text[brace - 1] == "(" and header.count("(") == header.count(")") + 1
                    else:
                        fits = (
                            header.count("(") == header.count(")")
                            and header.count("[") == header.count("]")
                            and not header.endswith("attributes ")
                        )
                    if fits and not (crowded and second(text, name_end, brace)):
                        name = text[name_start + 1 : name_end - 1] if generic else text[name_start:name_end]
                        name = names.setdefault(name, name)
                        if "." not in name:
                            name = self.full_name(name, stack)
                        start = name_start if result < 0 else result
                        results = None if result < 0 else text[result : result_end - 1]
                        op = make_operation(source, name, lead, start, name_start, brace + 1, results, block)
                        op.prev = last
                        if last is None:
                            block.first = op
                        else:
                            last.next = op
                        block.last = op
                        stack.append((op, [brace - 1] if generic else [], generic))
                        region = make_region(source, op, brace)
                        op.regions = [region]
                        pos = lead = brace + 1
                        block = make_block(source, region, None, pos, pos, pos)
                        region.blocks.append(block)
                        last = None
                        continue
                elif stack:
                    match = region_close(text, pos)
                    if match is not None:
                        op, brackets, _ = stack[-1]
                        if not brackets:
                            stack.pop()
                            end = match.start(1)
                            region.end = op.end = end
                            block = op.block
                            last = op
                            region = block.region
                            pos = lead = end
                            if single and not stack:
                                return
                            continue
                    elif stack[-1][2]:
                        match = generic_close(text, pos)
                        if match is not None and len(stack[-1][1]) == 1:
                            end = match.start(2)
                            while text[end - 1] <= " ":
                                end -= 1
                            char = text[end - 1]
                            if (
                                char not in "([<,=:{+*>" or (text[end - 2 : end] != "->" and char == ">")
                            ) and not (crowded and second(text, match.start(1), end)):
                                op = stack.pop()[0]
                                region.end = match.start(1)
                                op.end = end
                                block = op.block
                                last = op
                                region = block.region
                                pos = lead = end
                                if single and not stack:
                                    return
                                continue

            # The general case.
            at = skip_trivia(text, pos)
            char = text[at : at + 1]
            operation: Any = None
            try:
                if char == "}" and stack:
                    operation, brackets, generic = stack.pop()
                    region.end = at + 1
                    kind, pos = self.header(operation, at + 1, brackets, generic, True, not stack)
                    block = operation.block
                    region = block.region
                elif char == "":
                    self.at_end(stack, region)
                    return
                elif char == "^":
                    block = self.label(region, block, lead, at)
                    pos = lead = block.end
                    last = None
                    continue
                elif (
                    not stack
                    and not single
                    and (text.startswith("{-#", at) or (char in "#!" and lx.ALIAS_AHEAD.match(text, at)))
                ):
                    pos = lead = self.definition(at)
                    continue
                else:
                    operation, brackets, generic, pos = self.begin(block, lead, at)
                    if "." not in operation.name:
                        operation.name = self.full_name(operation.name, stack)
                    operation.prev = last
                    if last is None:
                        block.first = operation
                    else:
                        last.next = operation
                    block.last = operation
                    kind, pos = self.header(operation, pos, brackets, generic, False, not stack)
            except _Recover as recover:
                if len(self.diagnostics) >= MAX_ERRORS or single:
                    return
                pos = lead = recover.offset
                if operation is not None:
                    operation.end = max(operation.end, operation.name_start + 1)
                    block = operation.block
                    region = block.region
                    last = operation
                continue
            if kind == "region":
                stack.append((operation, brackets, generic))
                region = make_region(source, operation, pos - 1)
                if operation.regions:
                    operation.regions.append(region)
                else:
                    operation.regions = [region]
                lead = pos
                block = make_block(source, region, None, pos, pos, pos)
                region.blocks.append(block)
                last = None
            else:
                operation.end = lead = pos
                last = operation
                if single and not stack:
                    return

    def at_end(self, stack: list[tuple[Any, list[int], bool]], region: Any) -> None:
        if stack:
            self.error(
                len(self.text),
                "unexpected end of input: a region is not closed",
                hint="the region that opens here was never closed: "
                + "line {}, column {}".format(*self.source.position(region.start)),
            )
        else:
            region.end = len(self.text)

    def full_name(self, name: str, stack: list[tuple[Any, list[int], bool]]) -> str:
        """The name with the prefix that the operation around it, or the top level, lets it leave out."""
        dialect = default_dialect(stack[-1][0].name) if stack else "builtin"
        full = f"{dialect}.{name}"
        if dialect and (traits(full) or (dialect == "pdl" and _PDL_WORDS.match(name) is not None)):
            return self.names.setdefault(full, full)
        return name

    # Items.

    def begin(self, block: Any, lead: int, at: int) -> tuple[Any, list[int], bool, int]:
        """Read the results and the name of an operation; where its rest begins is the last result."""
        text = self.text
        results = lx.RESULTS_RE.match(text, at)
        name_start = at
        results_text = None
        if results is not None:
            results_text = text[at : results.end() - 1]
            name_start = skip_trivia(text, results.end())
        char = text[name_start : name_start + 1]
        brackets: list[int] = []
        if char == '"':
            string = lx.STRING_RE.match(text, name_start)
            if string is None:
                self.unclosed_string(name_start)
            opener = skip_trivia(text, string.end())
            if text[opener : opener + 1] != "(":
                self.error(opener, "expected '(' after the name of a generic operation")
                raise _Recover(self.next_item(name_start))
            name = string.group()[1:-1]
            if not name:
                self.error(name_start, "an operation's name is empty", length=2)
            end = string.end()
        else:
            word = lx.WORD_RE.match(text, name_start)
            if word is None:
                self.unexpected(name_start, results is not None)
            name = word.group()
            end = word.end()
        name = self.names.setdefault(name, name)
        op = self.nodes.operation(self.source, name, lead, at, name_start, end, results_text, block)
        return op, brackets, char == '"', end

    def unclosed_string(self, at: int) -> Any:
        self.error(
            at,
            "string is not closed on its line",
            hint="strings cannot span lines; write \\0A for a line break",
        )
        raise _Recover(self.next_item(at))

    def unexpected(self, at: int, after_results: bool) -> Any:
        text = self.text
        char = text[at : at + 1]
        if after_results:
            message = "expected an operation name after '='"
        elif char == "":
            message = "unexpected end of input"
        elif char in ")]}>":
            message = f"'{char}' closes nothing"
        elif char == "\ufeff":
            message = "unexpected byte-order mark"
        elif char == "%":
            message = "expected '=' and an operation after the names of its results"
        elif char in "#!":
            message = "expected an operation; an alias is defined as `#name = ...` at the top level only"
        else:
            message = (
                f"unexpected {_show(char)}: an operation, a block label or a closing brace may stand here"
            )
        hint = "remove it: MLIR files are plain UTF-8 without a mark" if char == "\ufeff" else None
        self.error(at, message, hint=hint)
        raise _Recover(self.next_item(at + 1))

    def next_item(self, at: int) -> int:
        """Where to go on after a fault: the next line that surely begins an operation or closes a region."""
        text = self.text
        pattern = _RESYNC
        match = pattern.search(text, at)
        return len(text) if match is None else match.end()

    def label(self, region: Any, block: Any, lead: int, at: int) -> Any:
        text = self.text
        match = lx.LABEL_HEAD.match(text, at)
        if match is None:
            self.error(at, "expected a block name after '^'")
            raise _Recover(self.next_item(at + 1))
        end = match.end()
        args: tuple[int, int] | None = None
        if text[end : end + 1] == "(":
            try:
                close = skip_balanced(text, end)
            except Unbalanced as error:
                self.error(error.offset, error.message)
                raise _Recover(self.next_item(end)) from None
            args = (end, close)
            end = skip_trivia(text, close)
        if text[end : end + 1] != ":":
            self.error(end, "expected ':' after a block label")
            raise _Recover(self.next_item(at + 1))
        name = match.group(1)
        if (
            block.first is None
            and block.label is None
            and len(region.blocks) == 1
            and block.start == block.end
        ):
            # The entry block that was made with the region; its label is optional.
            block.label = name
            block.lead, block.start, block.end = lead, at, end + 1
        else:
            block = self.nodes.block(self.source, region, name, lead, at, end + 1)
            region.blocks.append(block)
        block.args_ = args
        return block

    def definition(self, at: int) -> int:
        text = self.text
        if text.startswith("{-#", at):
            pos = at + 3
            while True:
                step = _METADATA_STEP.match(text, pos)
                assert step is not None
                pos = step.end()
                if text.startswith("#-}", pos):
                    self.definitions.append(Definition("metadata", "", at, at + 3, pos + 3))
                    return pos + 3
                if pos >= len(text):
                    self.error(at, "'{-#' is never closed by '#-}'", length=3)
                    raise _Recover(len(text))
                if text[pos] == '"':
                    self.unclosed_string(pos)
                pos += 1
        match = lx.ALIAS_AHEAD.match(text, at)
        assert match is not None
        kind, name = match.group(1), match.group(2)
        if "." in name:
            self.error(at, f"alias names cannot hold a '.': {kind}{name}", length=len(name) + 1)
        try:
            end = (skip_attribute if kind == "#" else skip_type)(text, match.end())
        except Unbalanced as error:
            self.error(error.offset, error.message)
            raise _Recover(self.next_item(at + 1)) from None
        self.definitions.append(Definition(kind, name, at, match.end(), end))
        return end

    # An operation's own text, from its name or from the end of one of its regions.

    def header(
        self, op: Any, pos: int, brackets: list[int], generic: bool, after_region: bool, top: bool
    ) -> tuple[str, int]:
        """Go on reading `op` at `pos`: ("region", offset after its brace) or ("end", end of the operation)."""
        if generic:
            return self.generic_header(op, pos, brackets)
        text = self.text
        token = lx.TOKEN.match
        end = pos  # one past the last character known to belong to the operation
        newline = False
        region_close = after_region and not brackets
        previous = "}" if after_region else op.name
        kind = "close" if after_region else "name"
        while True:
            if brackets:
                pos, previous, opened = self.inside(op, pos, brackets)
                if opened:
                    return "region", pos
                end = pos
                kind = "close"
                newline = region_close = False
                continue
            match = token(text, pos)
            if match is None:
                if pos >= len(text):
                    return "end", end
                if text[pos] == '"':
                    self.unclosed_string(pos)
                self.stray(pos)
            group = match.lastgroup
            if group == "trivia":
                if not newline and "\n" in match.group():
                    newline = True
                pos = match.end()
                continue
            value = match.group()
            if group == "close":
                if value == ">":
                    pos = end = match.end()
                    previous, kind = value, "close"
                    continue
                if value == "}":
                    return "end", end
                self.error(pos, f"'{value}' closes nothing")
                raise _Recover(self.next_item(pos))
            if self.begins_operation(op, pos, group, value, newline, region_close, previous, kind, top):
                return "end", end
            if group == "open":
                if value == "{":
                    if self.opens_region(op, pos, previous, brackets):
                        return "region", pos + 1
                brackets.append(pos)
                pos += 1
                continue
            pos = end = match.end()
            if group == "sigil" and text[pos : pos + 1] == "<":
                pos = end = self.opaque(pos)
                group = "close"
            previous = value
            kind = str(group)
            newline = region_close = False

    def begins_operation(
        self,
        op: Any,
        pos: int,
        group: str | None,
        value: str,
        newline: bool,
        region_close: bool,
        previous: str,
        kind: str,
        top: bool,
    ) -> bool:
        """Whether the token at `pos`, outside all brackets of `op`, begins something new."""
        text = self.text
        glued = previous in _GLUE and kind != "name"
        if group == "ssa":
            ahead = lx.RESULTS_AHEAD.match(text, pos)
            if ahead is None:
                return False
            word = ahead.group(1)
            if word is None or "." in word or word in lx.UNDOTTED_OPERATIONS:
                return not (kind == "name" and not newline) or word is None
            return newline and not glued and word not in ("max", "min")
        if group == "word":
            if "." in value:
                if glued or previous == "applies":
                    return False
                follow = self.peek(pos + len(value))
                if follow == "=" and not op.name.startswith(_PDL_CONTEXT):
                    return False
                if newline or region_close:
                    return True
                if kind == "close":
                    return True
                return kind in ("ssa", "symbol", "number", "string", "sigil", "label") or (
                    kind == "word" and _SCALAR_TYPE.match(previous) is not None
                )
            if glued:
                return False
            if value in lx.UNDOTTED_OPERATIONS:
                follow = self.peek(pos + len(value))
                if follow in ("=", ","):
                    return False
                if value in ("func", "module", "constant", "call") and follow == "(":
                    return False
                return (
                    newline
                    or region_close
                    or kind == "close"
                    or (kind == "word" and _SCALAR_TYPE.match(previous) is not None)
                )
            if newline and op.name.startswith(_PDL_CONTEXT) and _PDL_WORDS.match(text, pos) is not None:
                return True
            typed = kind in ("close", "sigil") or (kind == "word" and _SCALAR_TYPE.match(previous) is not None)
            return newline and typed and self.short_name(op, value, pos + len(value))
        if group == "string":
            if glued or (kind == "name" and not newline):
                return False
            if newline or region_close:
                return self.peek(pos + len(value)) == "("
            return lx.GENERIC_AHEAD.match(text, pos) is not None
        if group == "label":
            return (
                not glued
                and previous not in ("to", "unwind", "dest")
                and self.is_label(pos, newline or region_close)
            )
        if group == "sigil":
            return (
                top
                and not glued
                and lx.ALIAS_AHEAD.match(text, pos) is not None
                and (newline or kind == "close")
            )
        if group == "open":
            return top and text.startswith("{-#", pos)
        return False

    def short_name(self, op: Any, word: str, pos: int) -> bool:
        """Whether a word that ends at `pos` may be the short name of an operation after `op`."""
        around = op.block.region.operation
        follow = self.peek(pos)
        if around is None or not (follow in ("%", "@") or (word == "do" and follow == "{")):
            return False
        # Operations of these dialects, too, let those inside them leave it out.
        return default_dialect(around.name) in ("transform", "emitc") or around.name in ("sequence", "with_pdl_patterns")

    def peek(self, pos: int) -> str:
        at = skip_trivia(self.text, pos)
        return self.text[at : at + 1]

    def is_label(self, pos: int, line_start: bool) -> bool:
        text = self.text
        match = lx.LABEL_HEAD.match(text, pos)
        if match is None:
            return False
        end = match.end()
        if text[end : end + 1] == "(":
            try:
                end = skip_trivia(text, skip_balanced(text, end))
            except Unbalanced:
                return False
        if text[end : end + 1] != ":":
            return False
        after = skip_trivia(text, end + 1)
        # `unwind ^bb2 : () -> i32`: a type after the colon, so that the name is a successor's.
        follow = text[after : after + 1]
        return (
            follow in ("", "}", "^", '"', "%")
            or lx.OPERATION_AHEAD.match(text, after) is not None
            or (line_start and lx.WORD_RE.match(text, after) is not None)
        )

    def opaque(self, pos: int) -> int:
        try:
            return skip_opaque(self.text, pos)
        except Unbalanced as error:
            self.error(error.offset, error.message)
            raise _Recover(self.next_item(pos)) from None

    def stray(self, pos: int) -> Any:
        char = self.text[pos]
        self.error(pos, f"unexpected {_show(char)}")
        raise _Recover(self.next_item(pos + 1))

    def inside(self, op: Any, pos: int, brackets: list[int]) -> tuple[int, str, bool]:
        """Read up to the close of all brackets, or to the opening of a region inside them."""
        text = self.text
        step = lx.INNER_STEP.match
        while True:
            match = step(text, pos)
            assert match is not None
            pos = match.end()
            char = text[pos : pos + 1]
            if char == "\n":
                ahead = _OPERATION_IN_BRACKETS.match(text, pos)
                if ahead is not None:
                    self.unclosed(brackets, ahead.end())
                    # Only angle brackets were open, which may have been comparisons.
                    brackets.clear()
                    return pos, "\n", False
                pos += 1
            elif char == "{":
                before = text[pos - 1]
                if self.opens_region(op, pos, before if before in "([" else "", brackets):
                    return pos + 1, "{", True
                brackets.append(pos)
                pos += 1
            elif char and char in "([<":
                brackets.append(pos)
                pos += 1
            elif char == ">":
                if text[brackets[-1]] == "<":
                    brackets.pop()
                pos += 1
                if not brackets:
                    return pos, ">", False
            elif char and char in ")]}":
                opener = lx.OPENER[char]
                while brackets and text[brackets[-1]] == "<":
                    brackets.pop()
                if not brackets:
                    return pos, "<", False
                where = brackets[-1]
                if text[where] != opener:
                    if char == "}":
                        self.error(where, f"'{text[where]}' is never closed")
                        brackets.clear()
                        raise _Recover(pos)
                    self.error(where, f"'{text[where]}' is closed by '{char}'")
                    raise _Recover(self.next_item(pos))
                brackets.pop()
                pos += 1
                if not brackets:
                    return pos, char, False
            elif char == "/":
                if not text.startswith("//", pos):
                    self.stray(pos)
                end = text.find("\n", pos)
                pos = len(text) if end < 0 else end
            elif char in ("#", "!"):
                sigil = _SIGIL.match(text, pos)
                assert sigil is not None
                pos = self.opaque(sigil.end())
            elif char == '"':
                self.unclosed_string(pos)
            else:
                self.unclosed(brackets, len(text))
                brackets.clear()
                return len(text), "", False

    def unclosed(self, brackets: list[int], resume: int) -> None:
        for where in brackets:
            if self.text[where] != "<":
                self.error(where, f"'{self.text[where]}' is never closed")
                raise _Recover(resume)

    def opens_region(self, op: Any, pos: int, previous: str, brackets: list[int]) -> bool:
        """Whether the brace at `pos` opens a region of `op` rather than a dictionary or something else."""
        text = self.text
        if brackets and text[brackets[-1]] in "{<":
            return False
        if text.startswith("{-#", pos):
            return False
        match = lx.BRACE_CONTENT.match(text, pos + 1)
        if match is None:
            return False
        group = match.lastgroup
        if group in ("label", "results", "generic"):
            return True
        if group == "close":
            return self.empty_is_region(op, pos, previous, brackets)
        word = match.group("word")
        after = match.group("after")
        pdl = op.name.startswith("pdl.")
        if after in ("=", ","):
            return pdl and word.startswith("pdl.") and after == "="
        if after == "}":
            if lx.TERMINATOR_LIKE.match(word) is not None:
                return previous not in ("attributes",)
            return "." in word and "\n" in match.group(1) and previous not in ("attributes",)
        if "." in word:
            return True
        return (
            word in lx.UNDOTTED_OPERATIONS
            or (pdl and _PDL_WORDS.match(word) is not None)
            or (
                # Not the access of a resource, as in `{ ro %x[...] }`.
                word not in ("ro", "wo", "rw")
                and self.peek(match.end()) in ('"', "%", "@")
                and "\n" in match.group(1)
            )
        )

    def empty_is_region(self, op: Any, pos: int, previous: str, brackets: list[int]) -> bool:
        if previous in _REGION_WORDS:
            return True
        if previous == "}" and not op.regions and not brackets:
            # `module attributes {...} {}`
            return _ATTRIBUTES_BEFORE.search(self.text, op.name_start, pos) is not None
        if previous in ("attributes", "}") or op.regions:
            return False
        if brackets:
            return self.text[brackets[-1]] == "(" and previous == "("
        known = traits(op.name)
        if known and not known.isdisjoint(_REGION_TRAITS):
            return True
        return _EMPTY_REGION.search(self.text, op.name_start, pos) is not None

    def generic_header(self, op: Any, pos: int, brackets: list[int]) -> tuple[str, int]:
        """A generic operation: ``"name"(operands)[successors]<{properties}>({regions}){attributes} : type``."""
        text = self.text
        begin = pos = skip_trivia(text, pos)
        after_region = bool(brackets)
        try:
            if brackets:
                # After a region: another one, or the end of the list.
                if text[pos : pos + 1] == ",":
                    pos = skip_trivia(text, pos + 1)
                    if text[pos : pos + 1] != "{":
                        raise Unbalanced(pos, "expected '{' and another region")
                    return "region", pos + 1
                if text[pos : pos + 1] != ")":
                    raise Unbalanced(pos, "expected ',' or ')' after a region of a generic operation")
                brackets.clear()
                pos = skip_trivia(text, pos + 1)
                expected = "'{' or ':'"
            else:
                pos = skip_trivia(text, skip_balanced(text, pos))
                if text[pos : pos + 1] == "[":
                    pos = skip_trivia(text, skip_balanced(text, pos))
                if text[pos : pos + 1] == "<":
                    if self.peek(pos + 1) != "{":
                        raise Unbalanced(pos, "expected '<{' and the properties")
                    pos = skip_trivia(text, skip_balanced(text, pos))
                if text[pos : pos + 1] == "(":
                    brace = skip_trivia(text, pos + 1)
                    if text[brace : brace + 1] != "{":
                        raise Unbalanced(brace, "expected '{' and a region")
                    brackets.append(pos)
                    return "region", brace + 1
                expected = "'[', '<{', '({', '{' or ':'"
            if text[pos : pos + 1] == "{":
                pos = skip_trivia(text, skip_balanced(text, pos))
                expected = "':'"
            if text[pos : pos + 1] != ":":
                what = _show(text[pos]) if pos < len(text) else "the end of the input"
                raise Unbalanced(pos, f'expected {expected} in the generic form of "{op.name}", found {what}')
            kind = skip_trivia(text, pos + 1)
            if text[kind : kind + 1] != "(":
                raise Unbalanced(kind, "expected '(' and the operand types of a generic operation")
            end = skip_type(text, kind)
            location = lx.LOCATION_AHEAD.match(text, end)
            if location is not None:
                end = skip_balanced(text, location.end() - 1)
            return "end", end
        except Unbalanced as error:
            # The grammar says it best, and is loaded only here.
            from approxir.syntax.structure_grammar import explain

            told = explain(text, begin, "after_region" if after_region else "header")
            self.error(*(told or (error.offset, error.message)))
            brackets.clear()
            raise _Recover(self.next_item(max(pos, op.name_start + 1))) from None


def _show(char: str) -> str:
    if char == "\ufeff":
        return "byte-order mark"
    return f"'{char}'" if char.isprintable() else f"character U+{ord(char):04X}"


_ATTRIBUTES_BEFORE = re.compile(rf"\battributes{lx.TRIVIA}\{{")
_SIGIL = re.compile(rf"[#!](?!-\}}){lx.SUFFIX_ID}")
_METADATA_STEP = re.compile(rf'(?:[^"#/]++|{lx.STRING}|#(?!-\}})|//[^\n]*+|/(?!/))*+')
_OPERATION_IN_BRACKETS = re.compile(
    rf"\n[ \t]*+(?={lx.RESULTS}[ ]*+(?:{lx.DOTTED}(?![ ]*+[=,])|{lx.STRING}\()"
    rf"|\"[^\"\n]*+\"\([^\n]*+\)[ ]*+:[ ]*+\()"
)
_RESYNC = re.compile(
    rf"\n[ \t]*+(?=\}}|{lx.RESULTS}[ ]*+(?:{lx.DOTTED}|{lx.STRING}\()|{lx.STRING}\(|{lx.DOTTED}[ ]|return\b|\^{lx.SUFFIX_ID}[:(])"
)
_EMPTY_REGION = re.compile(r"@[^(]*+\(|[(,][ ]*+%[\w$.\-]++[ ]*+[:=]|%[\w$.\-]++[ ]*+=|\bmodule\b")
