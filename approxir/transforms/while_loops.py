"""Perforating loops that count in a carried value: ``scf.while`` and ``stablehlo.while``."""

from __future__ import annotations

from dataclasses import dataclass

from approxir.ir.blocks import Block
from approxir.ir.building import Builder
from approxir.ir.operation import Operation
from approxir.ir.ssa import BlockArgument, Value
from approxir.transforms.base import Scope
from approxir.transforms.folding import PREDICATES, owner_op
from approxir.transforms.integer_ops import Ops, integer_element
from approxir.transforms.loops import explicit_terminator
from approxir.values import (
    DenseElementsAttr,
    IntegerAttr,
    IntegerType,
    OpaqueAttr,
    TensorType,
)

_LIMIT = 1 << 62
_COMPARE = ("arith.cmpi", "stablehlo.compare")
_AND = ("arith.andi", "stablehlo.and")
_ADD = ("arith.addi", "stablehlo.add")
_CONSTANTS = ("arith.constant", "stablehlo.constant")
_MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "ne": "ne"}


@dataclass(frozen=True)
class Counter:
    """A carried value that is compared with a bound and grows by a step."""

    slot: int
    direction: str
    """``lt`` and ``le`` for a counter that goes up to its bound, ``gt`` and ``ge`` for one that goes down, or
    ``ne``."""
    upwards: bool
    unsigned: bool
    bound: Value
    step: Value
    compare: Operation
    add: Operation
    old: Value
    """What the step is added to."""


def find_counter(loop: WhileLoop, scope: Scope) -> Counter:
    """The counter of a while loop. Raises `PassError` where none is recognised."""
    op = loop.op
    counter = loop.counter()
    if counter is None:
        raise scope.error(
            f"{op.name} has no recognisable counter",
            hint="a carried value that the condition compares by <, <=, >, >= or != with a bound that does "
            "not change, and that the body yields with a step added that does not change; to count down, add "
            "a negative step instead of subtracting one",
        )
    return counter


def perforate_while(loop: WhileLoop, counter: Counter, value: int, scope: Scope) -> None:
    """Multiply what the counter of a while loop grows by. Raises `PassError`."""
    op = loop.op
    step = loop.number(counter.step)
    if step is not None and abs(step * value) >= _LIMIT:
        raise scope.error(f"the step of {op.name}, {step}, cannot be multiplied by {value}")
    last = loop.last
    build = Ops(Builder.before(last), counter.old)
    if counter.direction == "ne":
        assert step is not None
        grown = _meeting(loop, counter, step * value, build)
    elif step is not None and _has_room(counter, step * value, loop.number(counter.bound), build):
        fresh = build.constant(step * value)
        if len(list(counter.add.results[0].uses)) == 1:
            slot = next(place for place, one in enumerate(counter.add.operands) if one is counter.step)
            made = owner_op(fresh)
            assert made is not None
            made.move_before(counter.add)
            counter.add.set_operand(slot, fresh)
            return
        grown = build.binary("addi", counter.old, fresh)
    else:
        grown = _saturating(counter, step, value, build)
    last.set_operand(counter.slot, grown)
    if not counter.add.results[0].has_uses:
        counter.add.erase()


def _has_room(counter: Counter, step: int, bound: int | None, build: Ops) -> bool:
    """Whether the counter surely does not overflow when it passes the bound by this step."""
    size = build.bits
    if bound is None:
        # Only 0, the last number without a sign, is a bound that counters go down to.
        return size >= 64 and not (counter.unsigned and not counter.upwards)
    lowest, highest = _range(size, counter.unsigned)
    if counter.unsigned:
        bound &= highest
    beyond = bound + step - (counter.direction == "lt") + (counter.direction == "gt")
    return lowest <= beyond <= highest


def _range(size: int, unsigned: bool) -> tuple[int, int]:
    """The least and the greatest number of so many bits."""
    return (0, (1 << size) - 1) if unsigned else (-(1 << (size - 1)), (1 << (size - 1)) - 1)


def distance(
    counter: Counter, bound: Value | int, current: Value, build: Ops, wide: Ops
) -> tuple[Value, Value]:
    """The current value in 64 bits, and how far it is from the bound in the direction of the step.

    The distance has no sign: the counter may wrap on its way, if nothing but equality ends the loop.
    """
    first = build.extend(current, wide, unsigned=counter.unsigned)
    if isinstance(bound, int):
        end = wide.constant(bound & ((1 << build.bits) - 1) if counter.unsigned else bound)
    else:
        end = build.extend(bound, wide, unsigned=counter.unsigned)
    apart = wide.binary("subi", end, first) if counter.upwards else wide.binary("subi", first, end)
    if counter.direction == "ne" and build.bits < 64:
        apart = wide.binary("andi", apart, wide.constant((1 << build.bits) - 1))
    return first, apart


def _meeting(loop: WhileLoop, counter: Counter, step: int, build: Ops) -> Value:
    """The counter with the multiplied step, but not beyond the bound: it has to meet that."""
    wide = build.widened()
    bound = loop.number(counter.bound)
    inside = loop.inside(counter.bound) if bound is None else bound
    first, apart = distance(counter, inside, counter.old, build, wide)
    way = wide.binary("minui" if build.bits == 64 else "minsi", wide.constant(abs(step)), apart)
    return build.truncate(wide.binary("addi" if counter.upwards else "subi", first, way))


def _saturating(counter: Counter, step: int | None, value: int, build: Ops) -> Value:
    """The counter with the multiplied step, or the last number of its type where that overflows.

    The last number ends the loop, as going on past the bound would.
    """
    size = build.bits
    if size >= 64:
        return _wide(counter, step, value, build)
    wide = build.widened()
    upwards, unsigned = counter.upwards, counter.unsigned
    old = build.extend(counter.old, wide, unsigned=unsigned)
    if step is not None:
        grown = wide.binary("addi", old, wide.constant(step * value))
    else:
        factor = build.extend(counter.step, wide, unsigned=unsigned and upwards)
        grown = wide.binary("addi", old, wide.binary("muli", factor, wide.constant(value)))
    lowest, highest = _range(size, unsigned)
    clamped = wide.binary(
        "minsi" if upwards else "maxsi", grown, wide.constant(highest if upwards else lowest)
    )
    return build.truncate(clamped)


def _wide(counter: Counter, step: int | None, value: int, build: Ops) -> Value:
    """The same where there is no wider type. A step that is not known is itself kept from overflowing."""
    lowest, highest = _range(build.bits, counter.unsigned)
    clamp = "min" if counter.upwards else "max"
    sign = "ui" if counter.unsigned else "si"
    end = highest if counter.upwards else lowest
    if step is not None:
        grown, room = build.constant(step * value), build.constant(end - step * value)
    else:
        # Steps that go down have a sign even where the counter has none.
        limit = highest // value if counter.upwards else -((1 << (build.bits - 1)) // value)
        kind = clamp + (sign if counter.upwards else "si")
        factor = build.binary(kind, counter.step, build.constant(limit))
        grown = build.binary("muli", factor, build.constant(value))
        room = build.binary("subi", build.constant(end), grown)
    return build.binary("addi", build.binary(clamp + sign, counter.old, room), grown)


class WhileLoop:
    """The parts of a while loop."""

    def __init__(self, op: Operation) -> None:
        self.op = op
        self.condition: Block = op.regions[0].blocks[0]
        self.body: Block = op.regions[1].blocks[0]
        self.tested: list[BlockArgument] = list(self.condition.arguments)
        self.test = explicit_terminator(op, self.condition)
        self.last = explicit_terminator(op, self.body)

    def counter(self) -> Counter | None:
        pending = [self.test.operands[0]]
        while pending:
            op = owner_op(pending.pop())
            if op is None:
                continue
            if op.name in _AND:
                pending.extend(reversed(list(op.operands)))
            elif op.name in _COMPARE:
                left, right = op.operands
                for one, bound, mirrored in ((left, right, False), (right, left, True)):
                    found = self._counter(op, one, bound, mirrored)
                    if found is not None:
                        return found
        return None

    def _counter(self, compare: Operation, one: Value, bound: Value, mirrored: bool) -> Counter | None:
        slot = next((place for place, argument in enumerate(self.tested) if argument is one), None)
        direction, unsigned = _direction(compare)
        if slot is None or direction not in _MIRRORED or integer_element(one.type) is None:
            return None
        add = owner_op(self.last.operands[slot])
        if not self.invariant(bound) or add is None or add.name not in _ADD:
            return None
        left, right = add.operands
        old, step = (left, right) if self.carried_slot(left) == slot else (right, left)
        if self.carried_slot(old) != slot or not self.invariant(step):
            return None
        direction = _MIRRORED[direction] if mirrored else direction
        known = self.number(step)
        upwards = direction in ("lt", "le") if direction != "ne" else known is not None and known > 0
        element = integer_element(one.type)
        no_sign = isinstance(element, IntegerType) and element.signedness == "unsigned"
        if known is None and (direction == "ne" or (no_sign and not upwards)):
            return None
        if known is not None and (known == 0 or (known > 0) != upwards):
            return None
        return Counter(slot, direction, upwards, unsigned, bound, step, compare, add, old)

    def carried_slot(self, value: Value) -> int | None:
        """Which carried value an argument of the body is; the condition may pass them on in another order."""
        if not isinstance(value, BlockArgument):
            return None
        arguments: list[BlockArgument] = list(self.body.arguments)
        if self.op.name == "stablehlo.while":
            # The custom form names the arguments once, for both regions.
            places = arguments if value.block is self.body else self.tested
            return next((place for place, one in enumerate(places) if one is value), None)
        place = next((place for place, one in enumerate(arguments) if one is value), None)
        if place is None:
            return None
        passed = self.test.operands[1 + place]
        return next((slot for slot, one in enumerate(self.tested) if one is passed), None)

    def invariant(self, value: Value) -> bool:
        """Whether a value is the same in every iteration."""
        op = owner_op(value)
        if op is not None:
            return op.name in _CONSTANTS or not self.op.is_ancestor_of(op)
        assert isinstance(value, BlockArgument)
        if value.block is not self.condition and value.block is not self.body:
            around = value.block.parent if value.block is not None else None
            return around is None or (around is not self.op and not self.op.is_ancestor_of(around))
        slot = self._any_slot(value)
        return slot is not None and self.carried_slot(self.last.operands[slot]) == slot

    def before(self, value: Value) -> Value:
        """What an invariant value that is no constant is called in front of the loop."""
        slot = self._any_slot(value)
        return value if slot is None else self.op.operands[slot]

    def inside(self, value: Value) -> Value:
        """What an invariant value that is no constant is called in the body."""
        slot = self._any_slot(value)
        return value if slot is None else self.last.operands[slot]

    def _any_slot(self, value: Value) -> int | None:
        """Which carried value an argument of either region is."""
        slot = next((place for place, one in enumerate(self.tested) if one is value), None)
        return self.carried_slot(value) if slot is None else slot

    def number(self, value: Value) -> int | None:
        """What a constant is, with a sign unless its type has none; also one that is carried unchanged."""
        op = owner_op(value)
        if op is None or op.name not in _CONSTANTS:
            return None
        held = op.attributes.get("value")
        if isinstance(held, IntegerAttr):
            return held.value
        if isinstance(held, DenseElementsAttr) and isinstance(value.type, TensorType):
            scalars = held.values()
            return int(scalars[0]) if len(scalars) == 1 and isinstance(scalars[0], int) else None
        return None


def _direction(compare: Operation) -> tuple[str, bool]:
    """How an operation compares, and whether without signs; "" for what is not understood."""
    if compare.name == "arith.cmpi":
        held = compare.attributes.get("predicate")
        name = PREDICATES[held.value] if isinstance(held, IntegerAttr) else ""
        if name in _MIRRORED:
            return name, False
        return (name[1:], name[0] == "u") if name[1:] in _MIRRORED else ("", False)
    held = compare.attributes.get("comparison_direction")
    element = integer_element(compare.operands[0].type)
    direction = _last_word(held).lower() if isinstance(held, OpaqueAttr) else ""
    unsigned = isinstance(element, IntegerType) and element.signedness == "unsigned"
    return direction, unsigned


def _last_word(held: OpaqueAttr) -> str:
    return held.body.strip("<> ").split(" ")[-1]
