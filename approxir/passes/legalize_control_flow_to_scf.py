"""``legalize-control-flow-to-scf``: StableHLO's control flow as that of MLIR, for LLVM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from approxir.ir.blocks import Block, Region
from approxir.ir.building import Builder
from approxir.ir.operation import Operation
from approxir.ir.ssa import BlockArgument, Value
from approxir.passes.base import Pass, PassError, made_for
from approxir.passes.calls import constant_index
from approxir.passes.functions import Functions, move_operations
from approxir.passes.regions import known_type
from approxir.values import Attribute, DenseArrayAttr, IndexType, IntegerType, TensorType, Type
from approxir.values.types import is_bool

if TYPE_CHECKING:
    from approxir.ir.module import Module

_I64 = IntegerType(64)
_RETURN = "stablehlo.return"


@dataclass
class LegalizeControlFlowToSCF(Pass):
    """Turn ``stablehlo.if``, ``case`` and ``while`` into ``scf.if``, ``scf.index_switch`` and ``scf.while``.

    What they decide on is taken out of its tensor; everything else, carried values included, stays a tensor.
    An index that is out of range takes the last branch, as StableHLO says. Operations without such control
    flow in them are left as they are.
    """

    name: ClassVar[str] = "legalize-control-flow-to-scf"
    summary: ClassVar[str] = "for LLVM: turn stablehlo.if, case and while into scf.if, index_switch and while"

    def apply(self, module: Module) -> bool:
        functions = Functions()
        found = [op for op in module.find("stablehlo.") if op.name in _REWRITES]
        # Inner operations first: each is moved once with what it has become.
        for op in reversed(found):
            _REWRITES[op.name](op, functions)
        return bool(found)


def _if(op: Operation, functions: Functions) -> None:
    _expect(op, operands=1, regions=2)
    build = Builder.before(op)
    condition = _scalar(build, op.operands[0], op, functions)
    if not is_bool(known_type(condition, op)):
        raise PassError.at(op, f"{op.name} decides on {op.operands[0].type}, not on a tensor of i1")
    _branch(op, "scf.if", condition, list(op.regions), functions)


def _case(op: Operation, functions: Functions) -> None:
    _expect(op, operands=1, regions=None)
    build = Builder.before(op)
    number = _scalar(build, op.operands[0], op, functions)
    index = build.create("arith.index_cast", [number], [IndexType()]).result
    *others, last = op.regions
    # The generic form has the default first, which is where an index goes that is out of range.
    cases = DenseArrayAttr(_I64, tuple(range(len(others))))
    _branch(op, "scf.index_switch", index, [last, *others], functions, {"cases": cases})


def _branch(
    op: Operation,
    name: str,
    decision: Value,
    regions: Sequence[Region],
    functions: Functions,
    properties: Mapping[str, Attribute] | None = None,
) -> None:
    """The operation that chooses one of these regions, in the place of the old one."""
    types = [known_type(result, op) for result in op.results]
    bodies = []
    for region in regions:
        block = Block.create()
        move_operations(_only_block(op, region), block)
        _end(block, "scf.yield", types, op, functions)
        bodies.append(Region.create([block]))
    _replace(op, name, [decision], types, bodies, properties)


def _while(op: Operation, functions: Functions) -> None:
    _expect(op, operands=len(op.results), regions=2)
    types = [known_type(result, op) for result in op.results]
    condition, body = (_only_block(op, region) for region in op.regions)
    before = Block.create(types, names=[argument.name for argument in condition.arguments])
    after = Block.create(types)
    _hand_over(op, condition, body, before, after, functions)
    move_operations(condition, before)
    move_operations(body, after)

    ending = _terminator(op, before)
    if len(ending.operands) != 1:
        raise PassError.at(op, f"the condition of {op.name} returns {len(ending.operands)} values, not one")
    goes_on = _scalar(Builder.before(ending), ending.operands[0], op, functions)
    if not is_bool(known_type(goes_on, op)):
        raise PassError.at(op, f"the condition of {op.name} is {ending.operands[0].type}, not a tensor of i1")
    ending.erase()
    before.append(made_for(Operation.create("scf.condition", [goes_on, *before.arguments]), op))
    _end(after, "scf.yield", types, op, functions)

    build = Builder.before(op)
    initial = [_as(build, value, kind, op, functions) for value, kind in zip(op.operands, types, strict=True)]
    _replace(op, "scf.while", initial, types, [Region.create([before]), Region.create([after])])


def _hand_over(
    op: Operation, condition: Block, body: Block, before: Block, after: Block, functions: Functions
) -> None:
    """Let each region of a loop use the arguments of the block that it is going to be."""
    shared = list(condition.arguments)
    # The custom form names the arguments once, for both regions.
    own = list(body.arguments) or shared
    if not len(shared) == len(own) == len(op.results):
        message = (
            f"{op.name} carries {len(op.results)} values, but its regions take {len(shared)} and {len(own)}"
        )
        raise PassError.at(op, message)
    in_body = set(op.regions[1].walk())
    for index, (first, second) in enumerate(zip(shared, own, strict=True)):
        for argument in {first: None, second: None}:
            _replace_in(
                argument, [user for user in argument.users if user in in_body], after, index, op, functions
            )
            _replace_in(argument, list(argument.users), before, index, op, functions)


def _replace_in(
    argument: BlockArgument,
    users: Sequence[Operation],
    block: Block,
    index: int,
    op: Operation,
    functions: Functions,
) -> None:
    if users:
        value = _as(Builder.at_start(block), block.arguments[index], known_type(argument, op), op, functions)
        for user in users:
            user._replace_operand(argument, value)


def _replace(
    op: Operation,
    name: str,
    operands: Sequence[Value],
    types: Sequence[Type],
    regions: Sequence[Region],
    properties: Mapping[str, Attribute] | None = None,
) -> None:
    made = Builder.before(op).create(
        name,
        operands,
        types,
        properties=properties,
        attributes=dict(op.attributes),
        regions=regions,
        result_names=[result.name for result in op.results],
    )
    op.replace_with(*made.results)
    made_for(made, op)


def _end(block: Block, name: str, types: Sequence[Type], op: Operation, functions: Functions) -> None:
    """Let a block hand on what it returned, as values of these types."""
    last = _terminator(op, block)
    if len(last.operands) != len(types):
        message = f"{op.name} has {len(types)} results, but a region returns {len(last.operands)} values"
        raise PassError.at(op, message)
    build = Builder.before(last)
    values = [
        _as(build, value, kind, op, functions) for value, kind in zip(last.operands, types, strict=True)
    ]
    last.erase()
    block.append(made_for(Operation.create(name, values), op))


def _scalar(build: Builder, value: Value, op: Operation, functions: Functions) -> Value:
    """The number in a tensor that holds one."""
    kind = functions.resolved(known_type(value, op), op)
    if not isinstance(kind, TensorType) or any(size != 1 for size in kind.shape):
        raise PassError.at(op, f"{op.name} decides on {kind}, not on a tensor with one element")
    indices = [constant_index(build, 0)] * len(kind.shape) if kind.shape else []
    return build.create("tensor.extract", [value, *indices], [kind.element_type]).result


def _as(build: Builder, value: Value, kind: Type, op: Operation, functions: Functions) -> Value:
    """The value as one of a type that says more, or less, about its shape."""
    has = known_type(value, op)
    if functions.same_types([has], [kind], op):
        return value
    first, second = functions.resolved(has, op), functions.resolved(kind, op)
    tensors = isinstance(first, TensorType) and isinstance(second, TensorType)
    if not tensors or first.element_type != second.element_type:  # type: ignore[attr-defined]
        raise PassError.at(op, f"{op.name} hands on {has} where {kind} is expected")
    return build.create("tensor.cast", [value], [kind]).result


def _expect(op: Operation, *, operands: int, regions: int | None) -> None:
    if len(op.operands) != operands:
        raise PassError.at(op, f"{op.name} takes {operands} operands here, not {len(op.operands)}")
    if len(op.regions) != regions if regions is not None else not op.regions:
        wanted = "regions" if regions is None else f"{regions} regions"
        raise PassError.at(op, f"{op.name} has {wanted}, not {len(op.regions)}")


def _only_block(op: Operation, region: Region) -> Block:
    if len(region.blocks) != 1:
        raise PassError.at(op, f"a region of {op.name} has {len(region.blocks)} blocks, not one")
    block: Block = region.blocks[0]
    return block


def _terminator(op: Operation, block: Block) -> Operation:
    last = block.terminator
    if last is None or last.name != _RETURN:
        raise PassError.at(op, f"a region of {op.name} does not end in {_RETURN}")
    return last


_REWRITES = {"stablehlo.if": _if, "stablehlo.case": _case, "stablehlo.while": _while}
