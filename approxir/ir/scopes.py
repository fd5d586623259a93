"""From names to values: which definition each mention of an SSA name or block name means.

Names are resolved one *scope* at a time: the inside of an operation that is isolated from above (a
function, a module), or of a file's top level. Within a scope every name that a region's blocks and
results define is known before its operations are looked at, so that uses may precede definitions, as
graph regions and the order of blocks permit. In the header of a custom form a name is a use when it is
visible; otherwise it defines an argument of the regions that follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from approxir.errors import ParseError
from approxir.ir.blocks import Block, Region
from approxir.ir.operation import Operation
from approxir.ir.parts import RESOLVED, Detail
from approxir.ir.ssa import BlockArgument, OpResult, Unresolved, Value
from approxir.syntax.formats.traits import traits
from approxir.syntax.generic import DEFINITION_CUE, REFERENCE, own_segments
from approxir.syntax.lexemes import TRIVIA
from approxir.syntax.pausing import collector_paused

if TYPE_CHECKING:
    from approxir.syntax.formats.forms import CustomForm
    from approxir.syntax.generic import Span

# Known names, for speed: `traits` costs a function call and two look-ups.
_isolated: dict[str, bool] = {}


def is_isolated(name: str) -> bool:
    """Whether an operation of this name is known to be isolated from above."""
    known = _isolated.get(name)
    if known is None:
        known = "isolated" in traits(name)
        if len(_isolated) < 10_000:
            _isolated[name] = known
    return known


def resolve_for(op: Operation) -> None:
    """Resolve the scope that `op` stands in, so that its detail is known."""
    inner: Operation = op
    while True:
        block = inner.block
        if block is None:
            # A detached operation, or the root of a tree: it and what it holds are a scope of their own.
            _resolve_detached(inner)
            if inner is not op and op._detail is None:
                resolve_inside(_scope_of(op))
            return
        region = block.region
        parent = region.operation if region is not None else None
        if parent is None:
            if region is None:
                _resolve_region_list([Region.create()], {})
                _resolve_detached(inner)
            elif not region._flags & RESOLVED:
                region._flags |= RESOLVED
                _resolve_region_list([region], {})
            if op._detail is None:
                _resolve_detached(inner)
            return
        if is_isolated(parent.name):
            resolve_inside(parent)
            if op._detail is None:
                # It was put there after the scope was resolved and has not been looked at before.
                _resolve_detached(op)
            return
        inner = parent


def _scope_of(op: Operation) -> Operation:
    for outer in op.ancestors():
        if is_isolated(outer.name) or outer.block is None:
            return outer
    return op


def _resolve_detached(op: Operation) -> None:
    if op._detail is None:
        _resolve_own(op, {}, {})
    if op.regions and not op._flags & RESOLVED:
        resolve_inside(op)


def resolve_inside(op: Operation) -> None:
    """Resolve the names in the regions of `op`."""
    if not is_isolated(op.name):
        if op._detail is None:
            resolve_for(op)
            if op._detail is not None and op.block is not None:
                return
        if op.block is not None:
            return
    if op._flags & RESOLVED:
        return
    if op._detail is None and op.block is not None:
        resolve_for(op)
    if op._flags & RESOLVED:
        return
    op._flags |= RESOLVED
    if op._detail is None:
        _resolve_own(op, {}, {})
    _resolve_region_list(op.regions, {})


def resolve_region(region: Region) -> None:
    """Resolve the scope that a region belongs to."""
    operation = region.operation
    if operation is not None:
        resolve_inside(operation)
    elif not region._flags & RESOLVED:
        region._flags |= RESOLVED
        _resolve_region_list([region], {})


def _resolve_region_list(regions: Iterable[Region], visible: dict[str, Value]) -> None:
    with collector_paused():
        _resolve_regions(regions, visible)


def _resolve_regions(regions: Iterable[Region], visible: dict[str, Value]) -> None:
    # Work items: a region to enter, or the names to restore when it is left.
    work: list[Any] = [(region, True) for region in reversed(list(regions))]
    hidden: list[list[tuple[str, Value | None]]] = []
    while work:
        item = work.pop()
        if item is None:
            for name, previous in reversed(hidden.pop()):
                if previous is None:
                    del visible[name]
                else:
                    visible[name] = previous
            continue
        if item.__class__ is tuple:
            region, _ = item
            restore: list[tuple[str, Value | None]] = []
            hidden.append(restore)
            _define(region, visible, restore)
            work.append(None)
            labels = None
            if len(region.blocks) > 1 or (region.blocks and region.blocks[0].label is not None):
                labels = {block.label: block for block in region.blocks if block.label is not None}
            # The operations of all blocks, resumed after each one that has regions of its own.
            work.append([iter(region.blocks), None, labels])
            continue
        blocks, op, labels = item
        while True:
            if op is None:
                block = next(blocks, None)
                if block is None:
                    break
                op = block.first
                continue
            if op._detail is None:
                _resolve_own(op, visible, labels)
            following = op.next
            if op.regions and not is_isolated(op.name):
                item[1] = following
                work.append(item if following is not None else [blocks, None, labels])
                work.extend((region, False) for region in reversed(op.regions))
                break
            op = following


def _define(region: Region, visible: dict[str, Value], restore: list[tuple[str, Value | None]]) -> None:
    operation = region.operation
    if operation is not None and operation._detail is not None and operation._detail.arguments:
        own = region.blocks[0].args_ is not None or operation.name == "scf.while"
        position = 0 if own else operation.regions.index(region)
        for argument in operation._detail.arguments:
            block = argument.block
            # An argument of an earlier region is visible too, as in `stablehlo.while`: the header may have
            # meant it for all, unless the region has arguments of its own.
            if block is None or block.region is region or block.region in operation.regions[:position]:
                name = argument._name
                if name is not None and (block is None or block.region is region or name not in visible):
                    restore.append((name, visible.get(name)))
                    visible[name] = argument
    for block in region.blocks:
        if block.args_ is not None:
            for argument in block._label_arguments():
                name = argument._name
                if name is not None:
                    restore.append((name, visible.get(name)))
                    visible[name] = argument
        op = block.first
        while op is not None:
            if op.results_ is not None:
                for result in op.results:
                    if result.pack is None or result.pack[0] == 0:
                        name = result._name
                        if name is not None:
                            restore.append((name, visible.get(name)))
                            visible[name] = result
            op = op.next


def _resolve_own(op: Operation, visible: dict[str, Value], labels: dict[str | None, Block] | None) -> None:
    """Find what the text of `op`, outside its regions, refers to."""
    detail = op._detail = Detail()
    source = op.source
    assert source is not None
    text = source.text
    base = detail._base = op.name_start
    generic = text[base] == '"'
    start = op.name_end
    regions = op.regions
    if not regions:
        segments: Iterable[Span] = ((start, op.end),)
    else:
        segments = own_segments(start, op.end, op._region_spans())
    operands = detail.operands
    spans: list[int] = []
    successors: list[Any] = []
    successor_spans: list[Span] = []
    arguments: list[BlockArgument] = []
    may_define = not generic and (
        bool(regions) or (_DECLARER.search(op.name) is not None and _declares(text, start, op.end))
    )
    # A second mention of a name that the header defines means the same argument.
    local: dict[str, Value] = {}
    defined: dict[int, bool] | None = None
    for begin, end in segments:
        for match in REFERENCE.finditer(text, begin, end):
            kind = match.lastindex
            if kind is None:
                continue
            name = match[1]
            if name is None:
                if kind == 3:
                    label = match[3]
                    target = labels.get(label) if labels is not None else None
                    successors.append(target if target is not None else label)
                    successor_spans.append(match.span())
                continue
            value = visible.get(name)
            if local and name in local:
                value = local[name]
            elif value is not None and may_define and kind == 1 and _comes_later(value, op):
                if defined is None:
                    defined = _defined_by_header(op)
                defines = defined.get(match.start())
                if defines is None:
                    defines = DEFINITION_CUE.match(text, match.end(), end) is not None
                if defines:
                    value = None
            if value is None:
                if may_define and kind == 1:
                    local[name] = argument = _header_argument(op, arguments, name, match.span())
                    arguments.append(argument)
                    continue
                value = Unresolved(name, match.start())
            elif kind == 2 and isinstance(value, OpResult):
                value = _member(value, int(match[2])) or Unresolved(f"{name}#{match[2]}", match.start())
            operands.append(value)
            begun, ended = match.span()
            spans.append(begun - base)
            spans.append(ended - base)
            if value._uses is None:
                value._uses = op
            else:
                value._add_use(op)
    if spans:
        detail._spans = tuple(spans)
    if successors:
        detail.successors, detail.successor_spans = successors, successor_spans
    if arguments:
        detail.arguments = arguments
        if len(arguments) > 2 and op.name in _REORDERED:
            _number_arguments(op, arguments)


# Operations whose custom form names the arguments of a region in another order than the generic form.
_REORDERED = frozenset({"stablehlo.reduce"})


def _number_arguments(op: Operation, arguments: list[BlockArgument]) -> None:
    """Number the arguments that a header names as the generic form does."""
    form = _read(op)
    starts = {argument.span[0]: argument for argument in arguments if argument.span is not None}
    for known in form.region_arguments if form is not None else ():
        for index, one in enumerate(known):
            if one.start in starts:
                starts[one.start].index = index


def _comes_later(value: Value, op: Operation) -> bool:
    """Whether `op` itself or text behind it defines a value, so that MLIR does not know it yet."""
    if isinstance(value, OpResult):
        # An operation around `op` defines its results after its regions.
        return value.operation.source is op.source and value.operation.end > op.start
    return isinstance(value, BlockArgument) and value.span is not None and value.span[0] > op.start


def _defined_by_header(op: Operation) -> dict[int, bool]:
    """Whether the names in the header of a custom form that is understood define arguments, by offset."""
    form = _read(op)
    if form is None:
        return {}
    found = {ref.start: False for ref in form.operands}
    for arguments in form.region_arguments:
        found |= {argument.start: True for argument in arguments}
    return found


def _read(op: Operation) -> CustomForm | None:
    """How the custom form of an operation reads, without types; None where it is not understood."""
    from approxir.syntax.formats.reader import read_custom

    assert op.source is not None
    try:
        return read_custom(op.name, op.source.text, op.name_start, op.end, op._region_spans())
    except ParseError:
        return None


def _header_argument(op: Operation, arguments: list[BlockArgument], name: str, span: Span) -> BlockArgument:
    block = None
    for region in op.regions:
        if region.start >= span[0]:
            block = region.blocks[0]
            break
    else:
        if op.regions:
            block = op.regions[-1].blocks[0]
    index = arguments[-1].index + 1 if arguments and arguments[-1].block is block else 0
    assert op.source is not None
    return BlockArgument(block, index, name, span, op, _type_after(op.source.text, span[1], op.end))


_COLON = re.compile(rf"{TRIVIA}:(?!:){TRIVIA}(?=[A-Za-z!(])")


def _type_after(text: str, pos: int, end: int) -> Span | None:
    """The span of the type in ``%name: type``, if one follows."""
    match = _COLON.match(text, pos, end)
    if match is None:
        return None
    from approxir.syntax.balance import Unbalanced, skip_type

    try:
        return match.end(), skip_type(text, match.end())
    except Unbalanced:
        return None


_DECLARATION = re.compile(
    rf"{TRIVIA}(?:\w++{TRIVIA})*+@[^\s(]+{TRIVIA}(?:<[^<>]*>{TRIVIA})?\({TRIVIA}%[\w$.\-]+{TRIVIA}[:\[]"
)


# Parts of the names of operations that may declare a function without giving its body.
_DECLARER = re.compile("func|import|sequence")


def _declares(text: str, start: int, end: int) -> bool:
    """Whether a custom form without regions names arguments, as ``func.func private @f(%a: i32)``."""
    return _DECLARATION.match(text, start, end) is not None


def _member(value: OpResult, number: int) -> OpResult | None:
    if value.pack is None:
        return value if number == 0 else None
    if number >= value.pack[1]:
        return None
    member: OpResult = value.operation.results[value.index + number]
    return member


def label_arguments(block: Block, span: Span) -> list[BlockArgument]:
    """The arguments in a block's label, whose parentheses are `span`."""
    assert block.source is not None
    text = block.source.text
    arguments: list[BlockArgument] = []
    for match in REFERENCE.finditer(text, span[0] + 1, span[1] - 1):
        if match.lastindex == 1:
            kind = _type_after(text, match.end(), span[1])
            arguments.append(BlockArgument(block, len(arguments), match[1], match.span(), None, kind))
    return arguments


def find_successors(op: Operation) -> tuple[Block, ...]:
    """The blocks that `op` may branch to; names that no block has are left out."""
    return tuple(target for target in op._resolved().successors if isinstance(target, Block))
