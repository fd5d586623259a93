"""Printing without changing what was not edited.

The text of a parsed operation is copied, except for the parts that were replaced; blocks whose list of
operations changed are laid out anew around the operations' own texts. Nothing recurses: each printing
step is a generator that yields the steps inside it, and `run` keeps the stack.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Any

from approxir.ir.blocks import Block, Region
from approxir.ir.naming import settle_names
from approxir.ir.operation import Operation
from approxir.ir.parts import BELOW, FOREIGN, OWN
from approxir.ir.ssa import Value
from approxir.syntax.lexemes import result_groups

if TYPE_CHECKING:
    from approxir.ir.module import Module

Step = Generator[Any, None, None]
Edit = tuple[int, int, str]

INDENT = "  "


def run(step: Step) -> None:
    """Run a printing step and the steps that it yields, depth first, without recursion."""
    stack = [step]
    while stack:
        inner = next(stack[-1], None)
        if inner is None:
            stack.pop()
        else:
            stack.append(inner)


def module_text(module: Module) -> str:
    """The text of a module, edits applied."""
    settle_names(module.region)
    printer = _Printer()
    region = module.region
    text = module.source.text
    if region.blocks[0]._changed or region._changed:
        run(printer.top_level(module))
    else:
        run(printer.region_content(region, 0, len(text)))
    return "".join(printer.out)


def operation_text(op: Operation) -> str:
    """The text of one operation, edits applied."""
    settle_names(op)
    printer = _Printer()
    run(printer.operation(op))
    return "".join(printer.out)


def own_edits(op: Operation) -> list[Edit]:
    """The replacements in the operation's own text, sorted by offset."""
    assert op.source is not None
    text = op.source.text
    edits = text_edits(op)
    results = op.results
    if results:
        index = 0
        for match in result_groups(text, op.start, op.name_start):
            if index < len(results):
                _rename(edits, text, match.start(1), match.end(1), results[index].name or "")
            index += int(match.group(2) or 1)
    detail = op._detail
    if detail is not None:
        for value, (start, end) in zip(detail.operands, detail.operand_spans, strict=True):
            _rename(edits, text, start, end, value._reference(value.name or ""))
        for argument in detail.arguments:
            if argument.span is not None:
                _rename(edits, text, *argument.span, "%" + (argument.name or ""))
        for target, (start, end) in zip(detail.successors, detail.successor_spans, strict=True):
            if isinstance(target, Block):
                _rename(edits, text, start, end, f"^{target.label}")
    edits.sort()
    return edits


def text_edits(op: Operation) -> list[Edit]:
    """The replacements in an operation's own text that do not concern names."""
    edits: list[Edit] = []
    if op._overlay:
        from approxir.ir.attributes import attribute_edits

        edits.extend(attribute_edits(op))
    if op._patches:
        edits.extend((start, end, new) for (start, end), new in op._patches.items())
    return edits


def _own_reference(value: Value) -> str:
    return value._reference(value._name or "")


def _rename(edits: list[Edit], text: str, start: int, end: int, new: str) -> None:
    if text[start:end] != new:
        edits.append((start, end, new))


def label_edits(block: Block) -> list[Edit]:
    """The replacements in a block's label."""
    assert block.source is not None
    text = block.source.text
    edits: list[Edit] = []
    if block.start != block.end:
        name = re.compile(r"\^([\w$.\-]+)").match(text, block.start)
        assert name is not None
        _rename(edits, text, *name.span(1), block.label or "")
        for argument in block._label_arguments():
            if argument.span is not None:
                _rename(edits, text, *argument.span, "%" + (argument.name or ""))
    edits.sort()
    return edits


_TAIL = re.compile(r"[ \t]*+//[^\n]*+")


class _Printer:
    def __init__(self) -> None:
        self.out: list[str] = []
        # What the indentation of copied text is replaced by, if it stands elsewhere now.
        self.shift: tuple[str, str] | None = None

    def write(self, piece: str) -> None:
        if self.shift is not None and "\n" in piece:
            old, new = self.shift
            piece = piece.replace("\n" + old, "\n" + new)
        self.out.append(piece)

    def copy(self, text: str, start: int, end: int, edits: Iterable[Edit] = ()) -> None:
        """Write text[start:end] with the edits that lie in it applied."""
        for begin, stop, new in edits:
            if start <= begin and stop <= end:
                self.write(text[start:begin])
                self.out.append(new)
                start = stop
        self.write(text[start:end])

    def operation(self, op: Operation) -> Step:
        source = op.source
        if source is None:
            from approxir.ir.made import made_pieces

            for piece in made_pieces(op, reference=_own_reference):
                if isinstance(piece, str):
                    self.write(piece)
                else:
                    yield self.fresh_region(op.regions[piece.region], header=piece.header)
            return
        text = source.text
        if not op._flags & (OWN | BELOW):
            self.write(text[op.start : op.end])
            return
        edits = own_edits(op) if op._flags & OWN else []
        pos = op.start
        for region in op.regions:
            begin = region.start
            self.copy(text, pos, begin, [e for e in edits if pos <= e[0] < begin])
            pos = begin
            if op._flags & BELOW:
                yield self.region(region)
                pos = region.end
        self.copy(text, pos, op.end, [e for e in edits if pos <= e[0]])

    def region(self, region: Region) -> Step:
        if region.source is None or region._changed:
            outer = self.shift
            self.shift = ("", self.home_of(region.operation))
            yield self.fresh_region(region)
            self.shift = outer
        else:
            self.write("{")
            yield self.region_content(region, region.start + 1, region.end - 1)
            self.write("}")

    def region_content(self, region: Region, pos: int, end: int) -> Step:
        """The blocks of a parsed region whose list of blocks has not changed."""
        assert region.source is not None
        text = region.source.text
        for index, block in enumerate(region.blocks):
            following = region.blocks[index + 1] if index + 1 < len(region.blocks) else None
            stop = end if following is None else following.lead
            if block._changed:
                self.copy(text, pos, block.end, label_edits(block))
                yield self.changed_block(block, stop)
                pos = stop
                continue
            for op in block:
                if op._flags & (OWN | BELOW):
                    self.write(text[pos : op.start])
                    yield self.operation(op)
                    pos = op.end
            # The text up to the next block's label, white space and comments before that included.
            self.write(text[pos:stop])
            pos = stop

    def changed_block(self, block: Block, stop: int) -> Step:
        """The operations of a parsed block whose list changed, and the text after the last one."""
        assert block.source is not None
        text = block.source.text
        newline = "\r\n" if "\r\n" in text[max(0, block.start - 200) : block.start + 200] else "\n"
        outer = self.shift
        indent = self.block_indent(block)
        home = indent if outer is None else _moved(indent, outer)
        previous: Operation | None = None
        expected = block.end  # where the trivia before the next operation begins, if nothing changed
        for op in block:
            native = op.source is block.source and not op._flags & FOREIGN
            if native and op.lead == expected:
                self.write(text[op.lead : op.start])
            else:
                if previous is not None:
                    self.tail(previous)
                if native and "\n" in text[op.lead : op.start]:
                    lead = text[op.lead : op.start]
                    self.write(newline + lead[lead.index("\n") + 1 :])
                else:
                    self.out.append(newline + home)
            if native:
                yield self.operation(op)
                expected = op.end
            else:
                yield self.foreign(op, home)
                expected = -1
            previous = op
        rest = text[self.last_original_end(block) : stop]
        if (previous is not None and expected == -1) or previous is None or previous.end != stop - len(rest):
            if previous is not None:
                self.tail(previous)
            if "\n" in rest:
                rest = newline + rest[rest.index("\n") + 1 :]
            else:
                rest = newline + (_line_indent(text, stop) if stop < len(text) else "")
        self.write(rest)

    def last_original_end(self, block: Block) -> int:
        """Where the operation ended that was the block's last one when it was parsed."""
        assert block.source is not None
        end = block.original_end
        return block.end if end is None else end

    def foreign(self, op: Operation, home: str) -> Step:
        """An operation that stands elsewhere than its text stood."""
        outer = self.shift
        if op.source is not None:
            old = _line_indent(op.source.text, op.start)
            self.shift = (old, home) if old != home else None
        else:
            self.shift = ("", home) if home else None
        yield self.operation(op)
        self.shift = outer

    def tail(self, op: Operation) -> None:
        """A comment that stands after an operation on its line."""
        if op.source is not None:
            match = _TAIL.match(op.source.text, op.end)
            if match is not None:
                self.out.append(match.group())

    def block_indent(self, block: Block) -> str:
        """The indentation of the operations that were parsed in a block."""
        for op in block:
            if op.source is not None and op.source is block.source and not op._flags & FOREIGN:
                return _line_indent(op.source.text, op.start)
        assert block.source is not None
        region = block.region
        text = block.source.text
        if region is not None and region.operation is None:
            return ""
        if block.original_start is not None:
            return _line_indent(text, block.original_start)
        start = region.start if region is not None and region.source is not None else block.start
        return _line_indent(text, start) + INDENT

    def home_of(self, op: Operation) -> str:
        """The indentation of the line that an operation is printed on."""
        if op.source is None:
            return self.shift[1] if self.shift is not None else ""
        indent = _line_indent(op.source.text, op.start)
        return indent if self.shift is None else _moved(indent, self.shift)

    def fresh_region(self, region: Region, *, header: bool = False) -> Step:
        """A region that was made, or whose list of blocks changed, laid out from scratch.

        `header` when the operation's header names the arguments of the first block.
        """
        self.write("{")
        for index, block in enumerate(region.blocks):
            yield self.fresh_block(block, labelled=index > 0 or (not header and block_needs_label(block)))
        self.write("\n}")

    def fresh_block(self, block: Block, *, labelled: bool) -> Step:
        if labelled:
            arguments = ", ".join(f"%{a.name}: {a.type}" for a in block.arguments)
            self.write(f"\n^{block.label}({arguments}):" if arguments else f"\n^{block.label}:")
        outer = self.shift
        home = (outer[1] if outer is not None else "") + INDENT
        for op in block:
            self.out.append("\n" + home)
            yield self.foreign(op, home)
            self.tail(op)

    def top_level(self, module: Module) -> Step:
        """The whole text, when the list of top-level operations changed: definitions stay in their order."""
        text = module.source.text
        pending = list(module.definitions)
        block = module.body
        pos = 0
        for op in block:
            native = op.source is module.source and not op._flags & FOREIGN
            while native and pending and pending[0].end <= op.start:
                definition = pending.pop(0)
                self.line(text[definition.start : definition.end])
            if native:
                lead = text[op.lead : op.start]
                if op.lead == pos:
                    self.write(lead)
                else:
                    self.line(lead[lead.index("\n") + 1 :] if "\n" in lead else "")
                yield self.operation(op)
                pos = op.end
                self.tail(op)
            else:
                self.line("")
                yield self.foreign(op, "")
                pos = -1
        for definition in pending:
            self.line(text[definition.start : definition.end])
        self.line("")

    def line(self, piece: str) -> None:
        if self.out and not self.out[-1].endswith("\n"):
            self.out.append("\n")
        if piece:
            self.out.append(piece)


def block_needs_label(block: Block) -> bool:
    """Whether the first block of a region needs its label: it has arguments, or somebody branches to it."""
    if block.arguments:
        return True
    region = block.region
    return len(region.blocks) > 1 and any(
        target is block for op in region.operations for target in op.successors
    )


def _line_indent(text: str, offset: int) -> str:
    start = text.rfind("\n", 0, offset) + 1
    end = start
    while end < offset and text[end] in " \t":
        end += 1
    return text[start:end]


def _moved(indent: str, shift: tuple[str, str]) -> str:
    old, new = shift
    return new + indent[len(old) :] if indent.startswith(old) else indent
