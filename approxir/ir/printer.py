"""Printing without changing what was not edited.

The text of a parsed operation is copied, except for the parts that were replaced; blocks whose list of
operations changed are laid out anew around the operations' own texts. Nothing recurses: each printing
step is a generator that yields the steps inside it, and `run` keeps the stack.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from approxir.errors import Diagnostic, PrintError
from approxir.ir.blocks import Block, Region
from approxir.ir.naming import settle_names
from approxir.ir.operation import Operation
from approxir.ir.parts import BELOW, FOREIGN, OWN
from approxir.ir.ssa import Value
from approxir.syntax.balance import skip_trivia
from approxir.syntax.formats.traits import default_dialect
from approxir.syntax.lexemes import LABEL_HEAD, result_groups, set_apart

if TYPE_CHECKING:
    from approxir.ir.module import Module
    from approxir.syntax.nodes import Definition
    from approxir.syntax.source import Source

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
    printer = _Printer(module.source)
    region = module.region
    text = module.source.text
    if region.blocks[0]._changed or region._changed:
        run(printer.top_level(module))
    else:
        run(printer.region_content(region, 0, len(text)))
    return "".join(printer.out)


def operation_text(op: Operation) -> str:
    """The text of one operation, edits applied."""
    settle_names(_root(op))
    printer = _Printer(op.source)
    run(printer.operation(op))
    return "".join(printer.out)


def _root(op: Operation) -> Operation | Region:
    """The tree that an operation belongs to; an operation whose surroundings are not parsed is one itself."""
    if op._floating:
        return op
    while op.parent is not None:
        op = op.parent
    region: Region | None = op.block.region if op.block is not None else None
    return op if region is None else region


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
            new = value._reference(value.name or "")
            # `%x` and `%x#0`, or `%x #1`, mean the same and are left as they are.
            if text[start:end] != new and _plain_reference(text[start:end]) != _plain_reference(new):
                edits.append((start, end, set_apart(text, end, new)))
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


def _is_short(op: Operation) -> bool:
    """Whether the text of `op` leaves out the dialect of its name (that of one renamed never does)."""
    assert op.source is not None
    if op._patches and (op.name_start, op.name_end) in op._patches:
        return False
    return not op.source.text.startswith((op.name, '"'), op.name_start)


def _may_be_short(op: Operation) -> bool:
    """Whether the name of `op` may be spelled without its dialect where it stands."""
    parent = op.parent
    if parent is None:
        return op.dialect == "builtin"
    return not parent.is_generic and default_dialect(parent.name) == op.dialect


def _plain_reference(spelled: str) -> str:
    name, _, number = spelled.partition("#")
    return f"{name.rstrip()}#{number or 0}"


def _own_reference(value: Value) -> str:
    return value._reference(value._name or "")


def _rename(edits: list[Edit], text: str, start: int, end: int, new: str) -> None:
    if text[start:end] != new:
        edits.append((start, end, set_apart(text, end, new)))


def label_edits(block: Block) -> list[Edit]:
    """The replacements in a block's label, the last one first."""
    assert block.source is not None
    text = block.source.text
    edits: list[Edit] = []
    if block.start != block.end:
        _rename(edits, text, *label_name(text, block.start), block.label or "")
        for argument in block._label_arguments():
            if argument.span is not None:
                _rename(edits, text, *argument.span, "%" + (argument.name or ""))
    edits.sort(reverse=True)
    return edits


def label_name(text: str, start: int) -> tuple[int, int]:
    """The span of a block's name, without ``^``, in its label."""
    match = LABEL_HEAD.match(text, start)
    assert match is not None
    return match.span(1)


_TAIL = re.compile(r"[ \t]*+//[^\n\r]*+(?:\r(?!\n)[^\n\r]*+)*+")


class _Printer:
    def __init__(self, source: Source | None) -> None:
        self.out: list[str] = []
        self.newline = _line_break(source)
        # What the indentation of copied text is replaced by, if it stands elsewhere now.
        self.shift: tuple[str, str] | None = None
        # What `operations` printed last, and whether that came from elsewhere.
        self.previous: Operation | None = None
        self.moved_last = False

    def write(self, piece: str) -> None:
        if self.shift is not None and "\n" in piece:
            old, new = self.shift
            piece = piece.replace("\n" + old, "\n" + new)
        self.out.append(piece)

    def copy(self, text: str, start: int, end: int, edits: list[Edit]) -> None:
        """Write text[start:end] with the edits in it applied, which are taken off the end of `edits`."""
        while edits and edits[-1][0] <= end:
            begin, stop, new = edits.pop()
            self.write(text[start:begin])
            self.out.append(new)
            start = stop
        self.write(text[start:end])

    def operation(self, op: Operation) -> Step:
        source = op.source
        if source is None:
            from approxir.ir.made import made_pieces

            for piece in made_pieces(op, reference=_own_reference, label=_own_label):
                if isinstance(piece, str):
                    self.write(piece)
                else:
                    yield self.fresh_region(op.regions[piece.region], header=piece.header)
            return
        text = source.text
        if not op._flags & (OWN | BELOW | FOREIGN):
            self.write(text[op.start : op.end])
            return
        edits = own_edits(op) if op._flags & OWN else []
        if op._flags & FOREIGN and _is_short(op) and not _may_be_short(op):
            edits.append((op.name_start, op.name_end, op.name))
            edits.sort()
        edits.reverse()
        pos = op.start
        if op._flags & BELOW:
            for region in op.regions:
                self.copy(text, pos, region.start, edits)
                yield self.region(region)
                pos = region.end
        self.copy(text, pos, op.end, edits)

    def region(self, region: Region) -> Step:
        if region.source is None:
            outer = self.shift
            self.shift = ("", self.home_of(region.operation))
            yield self.fresh_region(region)
            self.shift = outer
        elif region._changed:
            yield self.changed_region(region)
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

    def changed_region(self, region: Region) -> Step:
        """A parsed region whose list of blocks changed: its own blocks keep their text."""
        assert region.source is not None
        text = region.source.text
        newline = self.newline
        home = self.home_of(region.operation)
        self.write("{")
        for index, block in enumerate(region.blocks):
            native = block.source is region.source and region.start < block.start < region.end
            if not native:
                outer = self.shift
                self.shift = ("", home)
                yield self.fresh_block(block, labelled=index > 0 or block_needs_label(block))
                self.shift = outer
                continue
            above = text[block.lead : block.start]
            if block.start == block.end:
                if index > 0:
                    self.out.append(f"{newline}{home}^{block.label}:")
            else:
                if "\n" in above:
                    self.write(newline + above[above.index("\n") + 1 :])
                else:
                    self.out.append(newline + home)
                self.copy(text, block.start, block.end, label_edits(block))
            yield self.operations(block)
            if self.previous is not None:
                self.tail(self.previous)
        start = _lines_above(text, region.end - 1, blank=True)
        self.write(newline + (text[start : region.end - 1].lstrip("\r\n") or home) + "}")

    def changed_block(self, block: Block, stop: int) -> Step:
        """The operations of a parsed block whose list changed, and the text after the last one."""
        assert block.source is not None
        text = block.source.text
        yield self.operations(block)
        previous = self.previous
        rest = text[self.last_original_end(block) : stop]
        if previous is None or self.moved_last or previous.end != stop - len(rest):
            if previous is not None:
                self.tail(previous)
            newline = self.newline
            if "\n" in rest:
                rest = newline + rest[rest.index("\n") + 1 :]
            else:
                rest = newline + (_line_indent(text, stop) if stop < len(text) else "")
        self.write(rest)

    def operations(self, block: Block) -> Step:
        """The operations of a parsed block, with what stands between them."""
        assert block.source is not None
        text = block.source.text
        newline = self.newline
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
                elif (comment := _TAIL.match(text, block.end)) is not None:
                    # It stands behind the brace or the label.
                    self.out.append(comment.group())
                lead = text[op.lead : op.start] if native else ""
                if "\n" in lead:
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
        self.previous = previous
        self.moved_last = expected == -1

    def last_original_end(self, block: Block) -> int:
        """Where the operation ended that was the block's last one when it was parsed."""
        assert block.source is not None
        end = block.original_end
        return block.end if end is None else end

    def foreign(self, op: Operation, home: str) -> Step:
        """An operation that stands elsewhere than its text stood, with the comments above it."""
        outer = self.shift
        if op.source is not None:
            for comment in own_lines(op.source.text, op.lead, op.start):
                self.out.append(comment + self.newline + home)
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
        self.write(self.newline + "}")

    def fresh_block(self, block: Block, *, labelled: bool) -> Step:
        if labelled:
            self.write(self.newline + label_text(block, _own_label(block), _own_definition))
        outer = self.shift
        home = (outer[1] if outer is not None else "") + INDENT
        for op in block:
            self.out.append(self.newline + home)
            yield self.foreign(op, home)
            self.tail(op)

    def top_level(self, module: Module) -> Step:
        """The whole text, when the list of top-level operations changed: definitions stay in their order."""
        text = module.source.text
        pending = deque(module.definitions)
        block = module.body
        pos = self.file_header(module)
        for op in block:
            native = op.source is module.source and not op._flags & FOREIGN
            # An operation that was moved up takes the aliases along that it may use.
            while op.source is module.source and pending and pending[0].end <= op.start:
                pos = self.definition(text, pos, pending.popleft())
            if native:
                self.between(text, pos, op.start)
                yield self.operation(op)
                pos = op.end
            else:
                self.finish_line(text, pos)
                yield self.foreign(op, "")
                self.tail(op)
                pos = -1
        while pending:
            pos = self.definition(text, pos, pending.popleft())
        if pos >= 0 and skip_trivia(text, pos) == len(text):
            self.write(text[pos:])
        else:
            self.finish_line(text, pos)
            ends = [definition.end for definition in module.definitions]
            if block.original_end is not None:
                ends.append(block.original_end)
            rest = text[max(ends, default=len(text)) :]
            self.write(rest[rest.index("\n") + 1 :] if "\n" in rest else "")

    def file_header(self, module: Module) -> int:
        """What stands above the first item and does not belong to it; where that ends."""
        text = module.source.text
        starts = [definition.start for definition in module.definitions[:1]]
        if module.body.original_start is not None:
            starts.append(module.body.original_start)
        end = _lines_above(text, min(starts)) if starts else len(text)
        self.write(text[:end])
        return end

    def definition(self, text: str, pos: int, definition: Definition) -> int:
        self.between(text, pos, definition.start)
        self.write(text[definition.start : definition.end])
        return definition.end

    def between(self, text: str, pos: int, start: int) -> None:
        """What stands before an item; `pos` is where the text printed last ended, or -1."""
        if pos >= 0 and skip_trivia(text, pos) == start:
            self.write(text[pos:start])
        else:
            self.finish_line(text, pos)
            above = text[_lines_above(text, start, blank=True) : start]
            if not self.out or self.out[-1].endswith(("\n\n", "\n\r\n")):
                above = above.lstrip("\r\n")
            self.write(above)

    def finish_line(self, text: str, pos: int) -> None:
        if pos > 0 and text[pos - 1] != "\n" and (comment := _TAIL.match(text, pos)) is not None:
            self.out.append(comment.group())
        if self.out and not self.out[-1].endswith("\n"):
            self.out.append(self.newline)


def block_needs_label(block: Block) -> bool:
    """Whether the first block of a region needs its label: it has arguments, or somebody branches to it."""
    if block._label_arguments():
        return True
    region = block.region
    return len(region.blocks) > 1 and any(
        target is block for op in region.operations for target in op.successors
    )


def label_text(block: Block, name: str, define: Callable[[Value], str]) -> str:
    """The label of a block that has no text. Raises `PrintError` where an argument's type is not known."""
    parts = []
    for argument in block._label_arguments():
        if argument.type is None:
            message = f"the type of the block argument {define(argument)} is not known"
            raise PrintError((Diagnostic(message, code="print"),))
        parts.append(f"{define(argument)}: {argument.type}")
    return f"{name}({', '.join(parts)}):" if parts else f"{name}:"


def _own_label(block: Block) -> str:
    return f"^{block.label}"


def _own_definition(value: Value) -> str:
    return f"%{value._name}"


_COMMENT_LINE = re.compile(r"\n[ \t]*+(//[^\r\n]*+)")


def own_lines(text: str, start: int, end: int) -> list[str]:
    """The comments right above an item, without a blank line in between; its trivia begin at `start`."""
    if "/" not in text[start:end]:
        return []
    return _COMMENT_LINE.findall(text, max(start, _lines_above(text, end) - 1), end)


def _lines_above(text: str, start: int, *, blank: bool = False) -> int:
    """Where the lines of comments (and the blank ones, with `blank`) above an item begin."""
    at = text.rfind("\n", 0, start) + 1
    if text[at:start].strip():
        return start
    while at > 0:
        above = text.rfind("\n", 0, at - 1) + 1
        line = text[above:at].strip()
        if not line.startswith("//") and (line or not blank):
            break
        at = above
    return at


def _line_break(source: Source | None) -> str:
    """How the lines of a text end: as the first one does."""
    if source is None:
        return "\n"
    first = source.text.find("\n")
    return "\r\n" if first > 0 and source.text[first - 1] == "\r" else "\n"


def _line_indent(text: str, offset: int) -> str:
    start = text.rfind("\n", 0, offset) + 1
    end = start
    while end < offset and text[end] in " \t":
        end += 1
    return text[start:end]


def _moved(indent: str, shift: tuple[str, str]) -> str:
    old, new = shift
    return new + indent[len(old) :] if indent.startswith(old) else indent
