"""The canonical layout: one operation a line, two spaces a level, comments and, if wanted, names kept."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Any

from approxir.ir.blocks import Block, Region
from approxir.ir.operation import Operation
from approxir.ir.printer import Edit, Step, label_name, run
from approxir.ir.scopes import is_isolated
from approxir.ir.ssa import Unresolved, Value
from approxir.syntax.lexemes import result_groups, set_apart

if TYPE_CHECKING:
    from approxir.ir.module import Module

INDENT = "  "
DEEPEST = 200
"""From this column on, lines are not indented any further: a deep nest would be nothing but blanks."""


def print_module(module: Module, *, rename_ssa: bool, generic: bool, using: str | None) -> str:
    """See `Module.print`."""
    if using is not None:
        from approxir.codegen.upstream import generic_text

        return generic_text(str(module), using=None if using == "mlir" else using)
    from approxir.ir.module import parse

    # Text is laid out that was parsed just so: of an edited tree, what it prints.
    text = str(module)
    if text is not module.source.text:
        module = parse(text, file=module.file)
    if generic:
        from approxir.ir.generic_form import print_generic

        # What the custom forms spelled on several lines is laid out once more.
        module = parse(print_generic(module), file=module.file)
    printer = Layout(Names(module) if rename_ssa else None)
    run(printer.top_level(module))
    return printer.text()


class Names:
    """New names for all values and blocks: results are numbered, arguments are ``%argN``, blocks ``^bbN``.

    Numbers go on inside nested regions and start from those of the scope around it in an operation
    that is isolated from above, so that no name is visible twice.
    """

    def __init__(self, module: Module) -> None:
        self.values: dict[Value, str] = {}
        self.blocks: dict[Block, str] = {}
        # Names that no definition explains stay as they are, and so do the arguments of declarations; no new
        # name of what they stand beside may be one of them.
        self._kept: set[str | None] = set()
        for op in module.walk():
            detail = op._resolved()
            self._kept.update(o._name for o in detail.operands if o.__class__ is Unresolved)
            if op.results and not op.regions:
                self._kept.update(argument._name for argument in detail.arguments)
        self._number(module.region)

    def _number(self, top: Region) -> None:
        results = arguments = 0
        stack: list[Any] = [iter((top,))]
        saved: list[tuple[int, int]] = []
        while stack:
            item = next(stack[-1], None)
            if item is None:
                stack.pop()
            elif isinstance(item, Operation):
                size = 1
                for value in item.results:
                    if value.pack is not None and value.pack[0] > 0:
                        self.values[value] = self.values[item.results[value.index - 1]]
                        continue
                    results = self._free("", results)
                    self.values[value] = str(results)
                    results += size
                if not item.regions:
                    # The argument names of a declaration are seen by nobody, and some operations
                    # keep them as attributes.
                    continue
                if is_isolated(item.name):
                    saved.append((results, arguments))
                    stack.append(_Marker())
                    stack.append(iter(item.regions))
                else:
                    stack.append(iter(item.regions))
            elif isinstance(item, Region):
                holder = item.operation
                stack.append(iter(item.blocks))
                for index, block in enumerate(item.blocks):
                    self.blocks[block] = f"bb{index}"
                if holder is not None:
                    first = item.blocks[0] if item.blocks else None
                    for argument in holder._resolved().arguments:
                        if argument.block is first:
                            arguments = self._free("arg", arguments)
                            self.values[argument] = f"arg{arguments}"
                            arguments += 1
            elif isinstance(item, Block):
                for argument in item._label_arguments():
                    arguments = self._free("arg", arguments)
                    self.values[argument] = f"arg{arguments}"
                    arguments += 1
                stack.append(iter(item))
            else:
                stack.pop()
                results, arguments = saved.pop()

    def _free(self, stem: str, number: int) -> int:
        while f"{stem}{number}" in self._kept:
            number += 1
        return number

    def reference(self, value: Value) -> str:
        name = self.values.get(value)
        return value._reference(value._name or "" if name is None else name)


class _Marker:
    """Yields one token, which tells the numbering that an isolated operation has ended."""

    def __init__(self) -> None:
        self._left = 1

    def __iter__(self) -> _Marker:
        return self

    def __next__(self) -> str:
        if not self._left:
            raise StopIteration
        self._left = 0
        return "end"


_COMMENT = re.compile(r"//[^\n]*+")


class Layout:
    """Prints an unedited module in the canonical layout; `names` are the new names, or None to keep them."""

    def __init__(self, names: Names | None) -> None:
        self.names = names
        self.out: list[str] = []
        self.indent = ""
        # A line break and blank lines are written when the next piece comes.
        self.breaks = 0

    def text(self) -> str:
        return "".join(self.out) + ("\n" if self.out else "")

    def line(self) -> None:
        """Begin a new line, after a blank one if one was in the text."""
        if self.out:
            self.out.append("\n\n" if self.breaks > 1 else "\n")
        self.breaks = 0
        self.out.append(self.indent)

    def trivia(self, text: str, start: int, end: int, *, first: bool = False) -> None:
        """The comments between two items; `first` when nothing of the same region comes before."""
        at = start
        fresh = False
        for comment in _COMMENT.finditer(text, start, end):
            breaks = text.count("\n", at, comment.start())
            body = comment.group().rstrip()
            if breaks == 0 and at == start and self.out and not (first and start == 0):
                self.out.append(f"  {body}")
            else:
                self.breaks = 2 if breaks > 1 and not (first and not fresh) else 1
                self.line()
                self.out.append(body)
            fresh = True
            at = comment.end()
        self.breaks = 2 if text.count("\n", at, end) > 1 and (fresh or not first) else 1

    def top_level(self, module: Module) -> Step:
        text = module.source.text
        pending = deque(module.definitions)
        block = module.body
        pos = 0
        first = True
        for op in block:
            while pending and pending[0].end <= op.start:
                definition = pending.popleft()
                pos = self.definition(text, pos, definition, first)
                first = False
            self.trivia(text, pos, op.start, first=first)
            self.line()
            yield self.operation(op)
            first = False
            pos = op.end
        for definition in pending:
            pos = self.definition(text, pos, definition, first)
            first = False
        self.trivia(text, pos, len(text), first=first)

    def definition(self, text: str, pos: int, definition: Any, first: bool) -> int:
        self.trivia(text, pos, definition.start, first=first)
        self.line()
        self.out.append(self.tidy(text[definition.start : definition.end], ""))
        end: int = definition.end
        return end

    def operation(self, op: Operation) -> Step:
        assert op.source is not None
        text = op.source.text
        edits = self.edits(op)
        edits.reverse()
        native = _indent_at(text, op.start)
        pos = op.start
        for region in op.regions:
            self.copy(text, pos, region.start, edits, native)
            pos = region.end
            if op.is_generic and _is_empty(region):
                # As MLIR prints it.
                self.out.append("{}")
                continue
            self.out.append("{")
            yield self.blocks(region)
            self.out.append("}")
        self.copy(text, pos, op.end, edits, native)

    def copy(self, text: str, start: int, end: int, edits: list[Edit], native: str) -> None:
        """Write text[start:end] with the edits in it, which are taken off the end of `edits`."""
        pieces = []
        while edits and edits[-1][0] < end:
            begin, stop, new = edits.pop()
            pieces.append(text[start:begin])
            pieces.append(new)
            start = stop
        pieces.append(text[start:end])
        self.out.append(self.tidy("".join(pieces), native))

    def tidy(self, piece: str, native: str) -> str:
        """A header's text with its continuation lines indented relative to the operation's own line."""
        if "\n" not in piece:
            return piece
        lines = piece.split("\n")
        done = [lines[0].rstrip()]
        for line in lines[1:]:
            body = line.strip(" \t\r")
            depth = max(0, len(line.expandtabs(8)) - len(line.expandtabs(8).lstrip()) - len(native))
            done.append(self.indent + " " * depth + body if body else "")
        # What follows (a brace) may stand on the last line.
        done[-1] = done[-1] + " " if done[-1] and lines[-1][-1] in " \t" else done[-1] or self.indent
        return "\n".join(done)

    def blocks(self, region: Region) -> Step:
        """What stands between the braces of a region, up to the indentation of the closing one."""
        assert region.source is not None
        outer = self.indent
        inner = outer + INDENT if len(outer) < DEEPEST else outer
        text = region.source.text
        pos = region.start + 1
        first = True
        for block in region.blocks:
            if block.start != block.end:
                self.indent = outer
                self.trivia(text, pos, block.start, first=first)
                pos = block.end
                self.line()
                self.label(block)
                first = True
            self.indent = inner
            for op in block:
                self.trivia(text, pos, op.start, first=first)
                pos = op.end
                first = False
                self.line()
                yield self.operation(op)
        self.indent = inner
        self.trivia(text, pos, region.end - 1, first=first)
        self.indent = outer
        self.breaks = 1
        self.line()

    def label(self, block: Block) -> None:
        assert block.source is not None
        text = block.source.text
        edits: list[Edit] = []
        if self.names is not None:
            edits.append((*label_name(text, block.start), self.names.blocks[block]))
            for argument in block._label_arguments():
                if argument.span is not None:
                    name = "%" + self.names.values[argument]
                    edits.append((*argument.span, set_apart(text, argument.span[1], name)))
            edits.reverse()
        self.copy(text, block.start, block.end, edits, _indent_at(text, block.start))

    def edits(self, op: Operation) -> list[Edit]:
        names = self.names
        if names is None:
            return []
        assert op.source is not None
        text = op.source.text
        detail = op._resolved()
        edits: list[Edit] = []
        results = op.results
        if results:
            index = 0
            for match in result_groups(text, op.start, op.name_start):
                if index < len(results):
                    edits.append((match.start(1), match.end(1), names.values[results[index]]))
                index += int(match.group(2) or 1)
        for value, (start, end) in zip(detail.operands, detail.operand_spans, strict=True):
            if value.__class__ is not Unresolved:
                edits.append((start, end, names.reference(value)))
        for argument in detail.arguments:
            # The arguments of a declaration have no new names.
            if argument.span is not None and argument in names.values:
                edits.append((*argument.span, "%" + names.values[argument]))
        for target, (start, end) in zip(detail.successors, detail.successor_spans, strict=True):
            if isinstance(target, Block):
                edits.append((start, end, "^" + names.blocks[target]))
        edits.sort()
        return [
            (start, end, set_apart(text, end, name) if end < op.end else name) for start, end, name in edits
        ]


def _is_empty(region: Region) -> bool:
    """Whether a region has neither operations, nor labels, nor comments."""
    if len(region.blocks) > 1 or any(b.first is not None or b.start != b.end for b in region.blocks):
        return False
    source = region.source
    return source is not None and not source.text[region.start + 1 : region.end - 1].strip()


def _indent_at(text: str, offset: int) -> str:
    start = text.rfind("\n", 0, offset) + 1
    line = text[start:offset]
    return line[: len(line) - len(line.lstrip(" \t"))].expandtabs(8)
