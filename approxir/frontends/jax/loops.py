"""Loops as the passes expect them: with their bodies in place, and one counter.

JAX puts the body of a loop into a private function, and where the bounds of a ``fori_loop`` are known, it
counts the iterations beside the index that the body sees. A transform that leaves out iterations would find
neither the loops inside nor the index.
"""

from __future__ import annotations

import re

from approxir.ir.building import Builder
from approxir.ir.cloning import inline_block
from approxir.ir.module import Module
from approxir.ir.operation import Operation
from approxir.ir.ssa import Value
from approxir.ir.symbols import SymbolTable
from approxir.transforms.folding import owner_op
from approxir.transforms.while_loops import WhileLoop
from approxir.values import DenseElementsAttr, IntegerType, SymbolRefAttr, TensorType
from approxir.values.elements import dense_tensor

# What JAX calls the functions that it makes of bodies, now and in its older releases; a number may follow.
_BODY = re.compile(r"(closed_call|None)(_\d+)?")
_CALL = "func.call"
_CONVERT = "stablehlo.convert"
_WHILE = "stablehlo.while"


def tidy_loops(module: Module, name: str) -> None:
    """Inline the bodies of the loops of one function, and let each of them have one counter."""
    table = module.symbols
    _inline_bodies(table, name)
    loops = [op for op in table[name].walk() if op.name == _WHILE]
    if not loops:
        return
    for op in list(table[name].walk()):
        # These stand between the two sides of a sum, and before the conditions of loops.
        if _changes_nothing(op):
            op.replace_with(op.operands[0])
    for op in loops:
        _count_by_adding(op)
        _count_once(op)


def _changes_nothing(op: Operation) -> bool:
    """Whether an operation converts a value to its own type, or a truth value to whether it is not false."""
    if op.name == _CONVERT:
        return bool(op.operands[0].type == op.results[0].type)
    direction = op.attributes.get("comparison_direction") if op.name == "stablehlo.compare" else None
    if direction is None or not str(direction).rstrip(">").endswith("NE"):
        return False
    left, right = op.operands
    source = owner_op(right)
    if source is not None and source.name == "stablehlo.broadcast_in_dim":
        source = owner_op(source.operands[0])
    held = source.attributes.get("value") if source is not None else None
    if left.type != op.results[0].type or not isinstance(held, DenseElementsAttr) or not held.is_splat:
        return False
    return held.values()[0] is False


def _inline_bodies(table: SymbolTable, name: str) -> None:
    """Put the functions that JAX makes of bodies of loops in the place of a function's calls."""
    while True:
        calls = [op for op in table[name].walk() if op.name == _CALL and _is_body(_callee(op))]
        if not calls:
            break
        # The body of one may call another.
        for call in calls:
            target = table[_callee(call)].clone()
            values = inline_block(target.regions[0].blocks[0], call, list(call.operands))
            call.replace_with(*values)
    used = {_callee(op) for op in table.region.walk() if op.name == _CALL}
    bodies = {symbol: op for symbol, op in table.definitions.items() if _is_body(symbol)}
    while unused := [symbol for symbol in bodies if symbol not in used]:
        for symbol in unused:
            bodies.pop(symbol).erase(force=True)
        used = {_callee(op) for op in table.region.walk() if op.name == _CALL}


def _is_body(name: str) -> bool:
    return _BODY.fullmatch(name) is not None


def _callee(call: Operation) -> str:
    held = call.attributes.get("callee")
    return held.root if isinstance(held, SymbolRefAttr) else ""


def _count_by_adding(op: Operation) -> None:
    """Add the negative of what the body of a loop subtracts from a carried integer: counters are added to."""
    loop = WhileLoop(op)
    for slot, value in enumerate(loop.last.operands):
        subtract = owner_op(value)
        if subtract is None or subtract.name != "stablehlo.subtract":
            continue
        old, step = subtract.operands
        number, kind = loop.number(step), old.type
        if loop.carried_slot(old) != slot or number is None or not isinstance(kind, TensorType):
            continue
        element = kind.element_type
        # The least integer has no negative, nor has one without a sign.
        if (
            isinstance(element, IntegerType)
            and element.signedness != "unsigned"
            and number > -(1 << (element.width - 1))
        ):
            subtract.replace_with(_plus(Builder.before(subtract), old, -number))


def _count_once(op: Operation) -> None:
    """Compute the index of a ``fori_loop`` from the counter of its iterations, if that is another value.

    The exact loop computes the same; a loop of which some iterations are left out leaves out their indices.
    The index stands behind the counter, and nobody sees what it is in the end. What counts elsewhere is the
    user's, and counts the iterations that are done.
    """
    loop = WhileLoop(op)
    counter = loop.counter()
    slot = None if counter is None else counter.slot + 1
    if counter is None or slot is None or slot >= len(op.results) or op.results[slot].has_uses:
        return
    add = owner_op(loop.last.operands[slot])
    if add is None or add.name != "stablehlo.add":
        return
    step = loop.number(counter.step)
    start, first = loop.number(op.operands[counter.slot]), loop.number(op.operands[slot])
    old, grown = add.operands
    if step is None or start is None or first is None or loop.number(grown) != step:
        return
    if loop.carried_slot(old) != slot or old.type != counter.old.type:
        return
    index = _plus(Builder.at_start(loop.body), counter.old, first - start)
    for user in old.users:
        if op.is_ancestor_of(user) and owner_op(index) is not user:
            user._replace_operand(old, index)
    loop.last.set_operand(slot, _plus(Builder.before(loop.last), counter.add.results[0], first - start))
    if not add.results[0].has_uses:
        add.erase()


def _plus(build: Builder, value: Value, number: int) -> Value:
    kind = value.type
    assert isinstance(kind, TensorType)
    if number == 0:
        return value
    held = dense_tensor([number], kind)
    constant = build.create("stablehlo.constant", [], [kind], properties={"value": held}).result
    return build.create("stablehlo.add", [value, constant], [kind]).result
