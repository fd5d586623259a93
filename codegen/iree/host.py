"""What IREE computes on the host, put as IREE 3.13 gets it right.

IREE runs tensors on the device, and everything else, scalars and control flow, in a small virtual machine on
the host. That machine has faults, around which modules are led here:

* ``scf.index_switch`` with two cases is refused: it becomes a chain of ``scf.if``;
* a number that a branch passes on, and that is used afterwards as well, is overwritten by what the other
  branch passes on: results of ``scf.if`` are passed on under a guise that nothing else uses;
* a loop that carries numbers goes wrong in cases that are not understood: it is refused;
* some operations on scalars give wrong results (`approxir.codegen.iree.host_scalars`).

Tensors have none of these troubles. Tests compare the machine with the interpreter on random programs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from approxir.codegen.iree.host_scalars import rewriter
from approxir.ir.blocks import Block, Region
from approxir.ir.building import Builder
from approxir.ir.operation import Operation
from approxir.ir.ssa import OpResult, Value
from approxir.passes.base import PassError, made_for
from approxir.passes.calls import constant
from approxir.passes.functions import FUNCTION, Functions, move_operations
from approxir.passes.regions import known_type
from approxir.values import DenseArrayAttr, FloatType, IndexType, IntegerAttr, IntegerType, Type

if TYPE_CHECKING:
    from approxir.ir.module import Module

_I1 = IntegerType(1)
_I32 = IntegerType(32)
_I64 = IntegerType(64)
_INDEX = IndexType()
_EQ = 0
_LOOPS = frozenset({"scf.for", "scf.while", "stablehlo.while"})
_CONTROL = ("scf.", "cf.", "stablehlo.case", "stablehlo.if", "stablehlo.while")


def put_for_host(module: Module) -> bool:
    """Rewrite the operations of a module that the host would get wrong; whether there were any.

    Raises `PassError` for one that has no right form.
    """
    functions = Functions()
    secrets = _secrets()
    changed = False
    for op in list(module.walk()):
        rewrite = rewriter(op, functions)
        if rewrite is not None and _on_host(op):
            before = op.prev
            values = rewrite(op, Builder.before(op))
            _remember_origin(op, before)
            op.replace_with(*values)
            changed = True
        elif op.name == "cf.cond_br" and any(_is_number(value.type) for value in op.operands[1:]):
            message = "IREE passes numbers on to blocks wrongly where a condition decides"
            raise PassError.at(op, message, hint="use scf.if, or run the module with approxir.jit")
    for op in reversed(list(module.walk())):
        if op.name == "scf.index_switch":
            changed = True
            for made in _switch(op):
                _guise(made, secrets)
        elif op.name in ("scf.for", "scf.while") and _on_host(op):
            _check_carried(op)
        elif op.name == "scf.if" and _on_host(op):
            changed = _guise(op, secrets) or changed
    return changed


def _remember_origin(op: Operation, before: Operation | None) -> None:
    """Let errors about what was made just before an operation point to that."""
    made = op.prev
    while made is not None and made is not before:
        made_for(made, op)
        made = made.prev


def _on_host(op: Operation) -> bool:
    """Whether an operation stands in a function, in nothing but control flow."""
    for outer in op.ancestors():
        if outer.name == FUNCTION:
            return True
        if not outer.name.startswith(_CONTROL):
            return False
    return False


def _is_number(kind: Type | None) -> bool:
    return isinstance(kind, IntegerType | FloatType | IndexType)


# ---- control flow


def _switch(op: Operation) -> list[Operation]:
    """A chain of ``scf.if`` in the place of an ``scf.index_switch``; its members, inner ones first."""
    # The generic form has the default first, the custom form last.
    regions = list(op.regions)
    default = regions.pop(0 if op.is_generic else -1)
    held = op.attributes["cases"]
    assert isinstance(held, DenseArrayAttr)
    types = [known_type(result, op) for result in op.results]
    selector = op.operands[0]
    otherwise = _body(default)
    chain: list[Operation] = []
    for number in reversed(range(1, len(regions))):
        block = Block.create()
        build = Builder.at_end(block)
        inner = _if(build, op, selector, int(held.values[number]), types, regions[number], otherwise)
        build.create("scf.yield", inner.results)
        chain.append(inner)
        otherwise = Region.create([block])
    build = Builder.before(op)
    if regions:
        chain.append(_if(build, op, selector, int(held.values[0]), types, regions[0], otherwise))
        op.replace_with(*chain[-1].results)
        return chain
    (block,) = otherwise.blocks
    last = block.last
    assert last is not None
    values = list(last.operands)
    last.erase()
    for inner in list(block):
        inner.detach()
        build.insert(inner)
    op.replace_with(*values)
    return []


def _if(
    build: Builder,
    op: Operation,
    selector: Value,
    case: int,
    types: Sequence[Type],
    region: Region,
    otherwise: Region,
) -> Operation:
    properties = {"predicate": IntegerAttr(_EQ, _I64)}
    chosen = build.create(
        "arith.cmpi", [selector, constant(build, case, _INDEX)], [_I1], properties=properties
    ).result
    return made_for(build.create("scf.if", [chosen], types, regions=[_body(region), otherwise]), op)


def _body(region: Region) -> Region:
    block = Block.create()
    move_operations(region.blocks[0], block)
    return Region.create([block])


# ---- numbers that loops and branches pass on


def _check_carried(op: Operation) -> None:
    """Refuse a loop that carries numbers."""
    # What a while loop starts with need not be what it ends with.
    carried = [*op.results, *(op.operands if op.name == "scf.while" else ())]
    if any(_is_number(known_type(value, op)) for value in carried):
        message = "IREE computes numbers that a loop on the host carries wrongly in some cases"
        raise PassError.at(op, message, hint="carry tensors, or run the module with approxir.jit")


def _guise(op: Operation, secrets: Iterator[int]) -> bool:
    """Let an ``scf.if`` pass no number on that is used elsewhere; whether it did.

    A number from outside is not passed on at all, but selected afterwards. One that is computed in a branch
    might be the same as one outside; it is passed on in a guise that is this branch's alone.
    """
    if not any(_is_number(result.type) for result in op.results):
        return False
    if any(outer.name in _LOOPS for outer in op.ancestors()):
        message = "IREE may overwrite numbers where a branch in a loop passes a number on"
        raise PassError.at(op, message, hint="use tensors, or run the module with approxir.jit")
    condition = op.operands[0]
    branches = [region.blocks[0] for region in op.regions]
    ends = [block.last for block in branches]
    yielded = [list(end.operands) for end in ends if end is not None]
    assert len(yielded) == 2
    types: list[Type] = []
    guises: list[_Guise | None] = []
    for at, result in enumerate(op.results):
        kind = known_type(result, op)
        guise = _Guise(kind, op, next(secrets)) if _is_number(kind) else None
        for values, end in zip(yielded, ends, strict=True):
            if guise is not None and end is not None:
                values[at] = guise.put_on(values[at], end)
        guises.append(guise)
        types.append(kind if guise is None else guise.carrier)
    for values, end in zip(yielded, ends, strict=True):
        assert end is not None
        Builder.before(end).create("scf.yield", values)
        end.erase()
    build = Builder.before(op)
    made = made_for(
        build.create("scf.if", [condition], types, regions=[_body(region) for region in op.regions]), op
    )
    found = [
        value if guise is None else guise.take_off(build, value, condition)
        for value, guise in zip(made.results, guises, strict=True)
    ]
    op.replace_with(*found)
    return True


def _secrets() -> Iterator[int]:
    """Numbers that hardly any program has, none of them twice."""
    number = 0
    while True:
        number += 0x1E3779B1
        yield (number & 0x3FFFFFFF) | 0x40000000


class _Guise:
    """How one result of an ``scf.if`` is passed on: as an integer that no other operation computes."""

    def __init__(self, kind: Type, op: Operation, secret: int) -> None:
        if isinstance(kind, FloatType) and kind.width < 32:
            message = f"IREE passes numbers of type {kind} on wrongly where a condition decides"
            raise PassError.at(op, message, hint="use tensors, or run the module with approxir.jit")
        self.kind = kind
        self.op = op
        self.secret = secret
        wide = isinstance(kind, IntegerType | FloatType) and kind.width > 32
        self.carrier: Type = _I64 if wide else _INDEX if isinstance(kind, IndexType) else _I32
        # The values that are selected afterwards, for the condition that holds and for the one that does not.
        self._outside: list[Value | None] = []

    def put_on(self, value: Value, end: Operation) -> Value:
        """What a branch that yields the value is to yield, made before its end."""
        build = Builder.before(end)
        outside = _outside(value, self.op)
        self._outside.append(outside)
        if outside is not None:
            # It is not looked at, so that it may be overwritten.
            return constant(build, self.secret ^ 0x2AAAAAAA, self.carrier)
        found = self._as_integer(build, value)
        found = build.create("arith.xori", [found, self._key(build)], [self.carrier]).result
        return build.create("arith.addi", [found, self._key(build)], [self.carrier]).result

    def take_off(self, build: Builder, value: Value, condition: Value) -> Value:
        """The value that was meant, of the result of the operation."""
        first, second = self._outside
        if first is not None and second is not None:
            return build.create("arith.select", [condition, first, second], [self.kind]).result
        found: Value = build.create("arith.subi", [value, self._key(build)], [self.carrier]).result
        found = build.create("arith.xori", [found, self._key(build)], [self.carrier]).result
        found = self._as_number(build, found)
        if first is None and second is None:
            return found
        choices = [first or found, second or found]
        return build.create("arith.select", [condition, *choices], [self.kind]).result

    def _key(self, build: Builder) -> Value:
        return constant(build, self.secret, self.carrier)

    def _as_integer(self, build: Builder, value: Value) -> Value:
        if self.kind == self.carrier:
            return value
        if isinstance(self.kind, FloatType):
            name = "arith.bitcast"
        else:
            name = "arith.extui" if self.kind == _I1 else "arith.extsi"
        return build.create(name, [value], [self.carrier]).result

    def _as_number(self, build: Builder, value: Value) -> Value:
        if self.kind == self.carrier:
            return value
        name = "arith.bitcast" if isinstance(self.kind, FloatType) else "arith.trunci"
        return build.create(name, [value], [self.kind]).result


def _outside(value: Value, op: Operation) -> Value | None:
    """The value, if it is there before an operation begins, or a constant that can be; else None."""
    if not isinstance(value, OpResult) or op not in value.owner.ancestors():
        return value
    if value.owner.name != "arith.constant":
        return None
    held = value.owner.attributes["value"]
    kind = known_type(value, op)
    return Builder.before(op).create("arith.constant", [], [kind], properties={"value": held}).result
