"""Bodies that cannot stand in a knob's region as they are, and are put into a function of their own.

Such a body has several blocks, or affine operations: what these use as symbols must be defined at the top of
a function. The new function is marked, so that transforms look for their loops in it, and finalizing removes
it when nothing calls it any more.
"""

from __future__ import annotations

from approxir.ir.blocks import Block, Region
from approxir.ir.operation import Operation
from approxir.passes.functions import (
    RETURN,
    Functions,
    block_of,
    function_type,
    move_operations,
    private_function,
)
from approxir.values import SymbolRefAttr, UnitAttr

OUTLINED = "approx.outlined"
"""The mark on functions that hold the body of a knob."""


def needs_outlining(function: Operation) -> bool:
    """Whether the body of a function cannot stand in another operation's region."""
    region = function.regions[0]
    if len(region.blocks) != 1:
        return True
    return any(op.name.startswith("affine.") for op in region.walk())


def outline(function: Operation, name: str, functions: Functions, *, mark: bool = True) -> Operation:
    """Put the body of a function into a new private one, and call that; the result is the call.

    The new function stands behind the old one. Its name is made from `name`.
    """
    region = function.regions[0]
    kind = function_type(function)
    entry = block_of(function)
    new_entry = Block.create(kind.inputs, names=[argument.name for argument in entry.arguments])
    arguments = list(zip(entry.arguments, new_entry.arguments, strict=True))
    body = Region.create([new_entry])
    made = private_function(name, kind, body)
    if mark:
        made.attributes[OUTLINED] = UnitAttr()
    for old, new in arguments:
        old.replace_all_uses_with(new)
    move_operations(entry, new_entry)
    for block in list(region.blocks[1:]):
        region.remove(block)
        body.append(block)
    called = functions.add(made, after=function)
    call = Operation.create(
        "func.call",
        list(entry.arguments),
        kind.results,
        properties={"callee": SymbolRefAttr(called)},
    )
    entry.append(call)
    entry.append(Operation.create(RETURN, list(call.results)))
    return call
