"""The structural parser: from text to operations, blocks and regions.

It finds every operation, known or not, in one pass and in time linear in the text. Most operations of
real files fit on one line and are recognised by one regular expression (`lexemes.OPERATION_LINE`); the
rest is read token by token (`approxir.syntax.headers`). Nothing recurses: open regions are a list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, NoReturn

from approxir.errors import ParseError
from approxir.syntax import lexemes as lx
from approxir.syntax.balance import Unbalanced, skip_attribute, skip_balanced, skip_trivia, skip_type
from approxir.syntax.formats.traits import default_dialect, traits
from approxir.syntax.headers import PDL_WORDS, HeaderReader
from approxir.syntax.nodes import Definition, NodeClasses
from approxir.syntax.reading import Recover, show
from approxir.syntax.source import Source

MAX_ERRORS = 50

_METADATA_STEP = re.compile(rf'(?:[^"#/]++|{lx.STRING}|#(?!-\}})|//[^\n]*+|/(?!/))*+')


@dataclass(slots=True)
class Structure:
    """What a structural parse found: the top-level region, and the alias definitions and metadata."""

    region: Any
    definitions: list[Definition] = field(default_factory=list)


_REST_OF_LINE = re.compile(r"[ \t\r\x00]*+(?://[^\n]*+)?+(?:\n|\Z)")
_NO_LABEL = "move the block into the region of an operation, such as a function"


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


class _Parser(HeaderReader):
    def __init__(self, source: Source, nodes: NodeClasses) -> None:
        super().__init__(source)
        self.nodes = nodes
        self.definitions: list[Definition] = []
        self.names: dict[str, str] = {}

    def run(self, top: Any, pos: int, single: bool = False) -> None:
        text, source, names = self.text, self.source, self.names
        make_operation, make_block, make_region = self.nodes.operation, self.nodes.block, self.nodes.region
        operation_line = lx.OPERATION_LINE.match
        operation_open = lx.OPERATION_OPEN.match
        region_close = lx.REGION_CLOSE.match
        generic_close = lx.GENERIC_CLOSE.match
        second = lx.is_crowded
        # Most texts have one operation a line, and need not be asked again line by line.
        crowded = single or second(text)
        # Each entry: the operation around the current region, its open brackets, whether it is generic.
        stack: list[tuple[Any, list[int], bool]] = []
        region = top
        block = make_block(source, region, None, pos, pos, pos)
        region.blocks.append(block)
        last: Any = None
        lead = pos
        # Where a line ends that is known to hold several operations, which no pattern for a line fits.
        crowded_until = 0

        while True:
            match = operation_line(text, pos) if pos >= crowded_until else None
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
            elif pos >= crowded_until:
                match = operation_open(text, pos)
                if match is not None:
                    _, (result, result_end), (name_start, name_end), (brace, _) = match.regs
                    brace -= 1
                    generic = text[name_start] == '"'
                    header = text[name_end:brace]
                    if '"' in header:
                        # Brackets in strings are none.
                        header = lx.STRING_RE.sub('""', header)
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
                    if not stack:
                        self.error(at, "a block label stands in a region only", hint=_NO_LABEL)
                        raise Recover(self.next_item(at + 1))
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
            except Recover as recover:
                if len(self.diagnostics) >= MAX_ERRORS or single:
                    return
                pos = lead = recover.offset
                if operation is not None:
                    operation.end = max(operation.end, operation.name_start + 1)
                    block = operation.block
                    region = block.region
                    last = operation
                continue
            if pos >= crowded_until and _REST_OF_LINE.match(text, pos) is None:
                newline = text.find("\n", pos)
                crowded_until = len(text) if newline < 0 else newline
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
        if dialect and (traits(full) or (dialect == "pdl" and PDL_WORDS.match(name) is not None)):
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
                raise Recover(self.next_item(name_start))
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
            if name.endswith("."):
                self.error(name_start, "an operation's name does not end with '.'", length=len(name))
                raise Recover(self.next_item(end))
        name = self.names.setdefault(name, name)
        op = self.nodes.operation(self.source, name, lead, at, name_start, end, results_text, block)
        return op, brackets, char == '"', end

    def unexpected(self, at: int, after_results: bool) -> NoReturn:
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
                f"unexpected {show(char)}: an operation, a block label or a closing brace may stand here"
            )
        hint = "remove it: MLIR files are plain UTF-8 without a mark" if char == "\ufeff" else None
        self.error(at, message, hint=hint)
        raise Recover(self.next_item(at + 1))

    def label(self, region: Any, block: Any, lead: int, at: int) -> Any:
        text = self.text
        match = lx.LABEL_HEAD.match(text, at)
        if match is None:
            self.error(at, "expected a block name after '^'")
            raise Recover(self.next_item(at + 1))
        end = match.end()
        args: tuple[int, int] | None = None
        if text[end : end + 1] == "(":
            try:
                close = skip_balanced(text, end)
            except Unbalanced as error:
                self.error(error.offset, error.message)
                raise Recover(self.next_item(end)) from None
            args = (end, close)
            end = skip_trivia(text, close)
        if text[end : end + 1] != ":":
            self.error(end, "expected ':' after a block label")
            raise Recover(self.next_item(at + 1))
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
                    raise Recover(len(text))
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
            raise Recover(self.next_item(at + 1)) from None
        self.definitions.append(Definition(kind, name, at, match.end(), end))
        return end

    # An operation's own text, from its name or from the end of one of its regions.
