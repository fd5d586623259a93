"""Loops that count, as one sees them: bounds, step, counter, carried values and body."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from approxir.errors import IRError, ParseError
from approxir.ir.blocks import Block, Region
from approxir.ir.building import Builder
from approxir.ir.forms import aliases_of
from approxir.ir.operation import Operation
from approxir.ir.ssa import BlockArgument, Value
from approxir.passes.base import made_for
from approxir.syntax.attributes import parse_attribute, parse_location
from approxir.syntax.formats.traits import implicit_terminator, is_terminator
from approxir.transforms.folding import Arithmetic, Number, known, signed, width
from approxir.values import (
    AffineMapAttr,
    AttrAlias,
    Attribute,
    FusedLoc,
    IndexType,
    IntegerAttr,
    IntegerType,
    LocAlias,
    NameLoc,
    Type,
)

if TYPE_CHECKING:
    from approxir.transforms.base import Scope

_FAR = 1 << 62
"""No bound that depends on run time is taken to be as large as that in 64 bits."""


class CountedLoop:
    """An ``scf.for``, an ``affine.for``, or the first dimension of an ``scf.parallel``.

    What is needed of it before it runs is computed in front of it, with the arithmetic `before`.
    """

    def __init__(self, op: Operation, scope: Scope) -> None:
        self.op = op
        self.scope = scope
        self.body: Block = op.regions[0].blocks[0]
        arguments = self.body.arguments
        self.counter: BlockArgument = arguments[0]
        self.rank = len(arguments) if op.name == "scf.parallel" else 1
        self.carried: list[BlockArgument] = list(arguments[self.rank :])
        kind = self.counter.type
        if not isinstance(kind, IntegerType | IndexType):
            raise scope.error(f"the type of the counter of {op.name} is not known")
        self.kind: Type = kind
        self.unsigned = "unsignedCmp" in op.attributes
        self.before = Arithmetic(Builder.before(op), kind)
        self.lower, self.upper, self.step = self._bounds()
        if isinstance(self.step, int) and (self.step if self.unsigned else signed(self.step, kind)) <= 0:
            raise scope.error(f"the step of {op.name} is not positive")
        self._iterations: Number | None = None

    @property
    def is_affine(self) -> bool:
        return self.op.name == "affine.for"

    @property
    def inits(self) -> list[Value]:
        """What the carried values are at first; for ``scf.parallel``, the reductions."""
        count = len(self.op.results)
        return list(self.op.operands)[-count:] if count else []

    # Bounds.

    def _bounds(self) -> tuple[Number, Number, Number]:
        op = self.op
        if not self.is_affine:
            lower, upper, step = (op.operands[place * self.rank] for place in range(3))
            return _number(lower), _number(upper), _number(step)
        first = self._map("lowerBoundMap")
        second = self._map("upperBoundMap")
        split = first.num_dims + first.num_symbols
        behind = split + second.num_dims + second.num_symbols
        operands = list(op.operands)
        held = op.attributes.get("step")
        return (
            self._affine_bound("affine.max", first, operands[:split]),
            self._affine_bound("affine.min", second, operands[split:behind]),
            held.value if isinstance(held, IntegerAttr) else 1,
        )

    def _map(self, key: str) -> AffineMapAttr:
        held: Attribute | None = self.op.attributes.get(key)
        if isinstance(held, AttrAlias):
            held = parse_attribute(aliases_of(self.op)["#" + held.name])
        if not isinstance(held, AffineMapAttr):
            raise self.scope.error(f"the bounds of {self.op.name} are not understood")
        return held

    def _affine_bound(self, name: str, bound: AffineMapAttr, operands: list[Value]) -> Number:
        if not operands:
            values = bound.evaluate([])
            return (max(values) if name == "affine.max" else min(values)) & self.before.mask
        if len(bound.results) == 1:
            if len(operands) == 1 and str(bound.results[0]) in ("d0", "s0"):
                return operands[0]
            name = "affine.apply"
        made = self.before.build.create(name, operands, [IndexType()], properties={"map": bound})
        return made.result

    # Iterations.

    def iterations(self) -> Number:
        """How many iterations the loop has, as it stands: max(0, ceil((upper - lower) / step)).

        The distance of the bounds is right as a number without a sign even where it would overflow with one.
        """
        if self._iterations is None:
            do = self.before
            rounds = do.sub(self.upper, self.lower)
            if self.step != 1:
                rounds = do.add(do.div(do.sub(rounds, 1), do.at_least_one(self.step)), 1)
            some = do.compare("ult" if self.unsigned else "slt", self.lower, self.upper)
            self._iterations = do.select(some, rounds, 0)
        return self._iterations

    def iteration(self, build: Builder) -> tuple[Number, Arithmetic]:
        """The number of the iteration that runs, counted from 0, in a type that has room for knob values."""
        do = Arithmetic(build, self.kind)
        number = do.div(do.sub(self.counter, self.lower), self.step)
        if width(self.kind) >= 32:
            return number, do
        wide = Arithmetic(build, IntegerType(32))
        return wide.cast(number, self.kind), wide

    def has_room_for(self, step: int) -> bool:
        """Whether the counter surely does not overflow when it passes the upper bound with this step."""
        highest = (1 << width(self.kind)) - 1 if self.unsigned else (1 << (width(self.kind) - 1)) - 1
        if step > highest:
            # The step itself would, even where the loop does nothing.
            return False
        if isinstance(self.upper, int):
            upper = self.upper if self.unsigned else signed(self.upper, self.kind)
            if upper - 1 + step <= highest:
                return True
            if not isinstance(self.lower, int):
                return False
            lower = self.lower if self.unsigned else signed(self.lower, self.kind)
            return lower + max(0, -(-(upper - lower) // step)) * step <= highest
        return width(self.kind) >= 64 and step < _FAR

    # Editing.

    def set_bounds(self, *, upper: Number | None = None, step: Number | None = None) -> None:
        """Replace bounds of a loop of the scf dialect."""
        if upper is not None:
            self.op.set_operand(self.rank, self.before.value(upper))
        if step is not None:
            self.op.set_operand(2 * self.rank, self.before.value(step))

    def set_affine(self, key: str, value: Attribute) -> None:
        """Change an attribute of an ``affine.for``, which is made anew where its text has no place for it."""
        try:
            self.op.attributes[key] = value
        except IRError:
            self.op = _rebuilt(self.op, key, value)
            self.body = self.op.regions[0].blocks[0]
            self.counter, *self.carried = self.body.arguments
            self.before = Arithmetic(Builder.before(self.op), self.kind)

    def terminator(self) -> Operation:
        """The terminator of the body, spelled out where the text leaves it out."""
        return explicit_terminator(self.op, self.body)

    def guard(
        self,
        condition: Callable[[Builder], Value],
        otherwise: Callable[[Builder], list[Value]] | None = None,
    ) -> None:
        """Run the body only where a condition holds; else carried values pass as they are.

        `otherwise` makes other values to yield instead.
        """
        last = self.terminator()
        values = list(last.operands)
        then = Block.create()
        for op in list(self.body):
            if op is not last:
                op.detach()
                then.append(op)
        then.append(Operation.create("scf.yield", values))
        regions = [Region.create([then])]
        if values:
            instead = Block.create()
            passed = otherwise(Builder.at_end(instead)) if otherwise else list(self.carried)
            instead.append(Operation.create("scf.yield", passed))
            regions.append(Region.create([instead]))
        build = Builder.before(last)
        holds = condition(build)
        kinds = [known_type(value, self.scope) for value in values]
        choice = build.create("scf.if", [holds], kinds, regions=regions)
        self.scope.notes.made.add(choice)
        for index, result in enumerate(choice.results):
            last.set_operand(index, result)


def known_type(value: Value, scope: Scope) -> Type:
    """The type of a value. Raises `PassError` where the text does not tell it."""
    if value.type is None:
        raise scope.error(f"the type of %{value.name} is not known")
    return value.type


def explicit_terminator(op: Operation, block: Block) -> Operation:
    """The terminator of a block in `op`, spelled out where the text leaves it out."""
    last = block.last
    if last is None or not is_terminator(last.name):
        name = implicit_terminator(op.name)
        assert name is not None
        last = block.append(Operation.create(name))
    found: Operation = last
    return found


def replace_uses(old: Value, new: Value, users: tuple[Operation, ...]) -> None:
    """Let these users of a value use another one."""
    for user in users:
        user._replace_operand(old, new)


def location_names(op: Operation) -> set[str]:
    """The names that the location of an operation has: ``loc("name")``."""
    pending: list[Attribute] = [found for found in [operation_location(op)] if found is not None]
    names = set()
    while pending:
        one = pending.pop()
        if isinstance(one, NameLoc):
            names.add(one.name)
        elif isinstance(one, FusedLoc):
            pending.extend(one.locations)
        elif isinstance(one, LocAlias):
            text = aliases_of(op).get("#" + one.name)
            if text is not None:
                pending.append(parse_location(text))
    return names


_LOC = re.compile(r"\bloc\s*+\(")


def operation_location(op: Operation) -> Attribute | None:
    """The location that is spelled behind an operation."""
    if op._made is not None:
        return op._made.location
    assert op.source is not None
    text = op.source.text
    start = op.regions[-1].end if op.regions else op.name_end
    for match in _LOC.finditer(text, start, op.end):
        try:
            return parse_location(text[match.start() : op.end])
        except ParseError:
            # It stands in a string, or in the middle.
            continue
    return None


def _number(value: Value) -> Number:
    bits = known(value)
    return value if bits is None else bits


_PROPERTIES = ("lowerBoundMap", "upperBoundMap", "step", "operandSegmentSizes")


def _rebuilt(op: Operation, key: str, value: Attribute) -> Operation:
    """The same ``affine.for`` with another attribute, in its place."""
    held = dict(op.attributes.items()) | {key: value}
    old: Block = op.regions[0].blocks[0]
    explicit_terminator(op, old)
    body = Block.create(
        [argument.type or IndexType() for argument in old.arguments],
        names=[argument.name for argument in old.arguments],
    )
    for before, after in zip(old.arguments, body.arguments, strict=True):
        before.replace_all_uses_with(after)
    for inner in list(old):
        inner.detach()
        body.append(inner)
    made = Operation.create(
        op.name,
        list(op.operands),
        [result.type or IndexType() for result in op.results],
        properties={name: held.pop(name) for name in _PROPERTIES if name in held},
        attributes=held,
        regions=[Region.create([body])],
        result_names=[result.name for result in op.results],
        location=operation_location(op),
    )
    assert op.block is not None
    op.block.insert(made_for(made, op), before=op)
    op.replace_with(*made.results)
    return made
