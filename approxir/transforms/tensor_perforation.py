"""Perforation of reductions over tensors: every v-th index along a reduced dimension is kept.

Of ``stablehlo.reduce`` and ``stablehlo.dot_general``, it is the reduced or contracted dimension that is
listed first. Sums are multiplied by n/m, where m of n indices are kept; maxima, minima, conjunctions and
disjunctions stay as they are.
"""

from __future__ import annotations

import re

from approxir.ir.blocks import Block, Region
from approxir.ir.building import Builder
from approxir.ir.operation import Operation
from approxir.ir.ssa import BlockArgument, Value
from approxir.passes.base import made_for
from approxir.transforms.base import Scope
from approxir.transforms.extents import Extent, every, rescaled
from approxir.transforms.folding import owner_op, signed
from approxir.transforms.loops import known_type, operation_location, replace_uses
from approxir.values import (
    Attribute,
    DenseArrayAttr,
    DenseElementsAttr,
    FloatType,
    IntegerType,
    OpaqueAttr,
    TensorType,
)

_I64 = IntegerType(64)
_SUM = "stablehlo.add"
_UNSCALED = ("stablehlo.maximum", "stablehlo.minimum", "stablehlo.and", "stablehlo.or")
_INHERENT = ("dimensions", "dot_dimension_numbers", "precision_config", "algorithm")


def perforate_reduction(op: Operation, value: int, scope: Scope) -> None:
    """Keep every v-th index along the first reduced dimension. Raises `PassError`."""
    if op.name == "stablehlo.reduce":
        _perforate_reduce(op, value, scope)
    else:
        _perforate_dot(op, value, scope)


def _perforate_reduce(op: Operation, value: int, scope: Scope) -> None:
    held = op.attributes.get("dimensions")
    dimensions = [int(size) for size in held.values] if isinstance(held, DenseArrayAttr) else []
    if not dimensions:
        raise scope.error(f"{op.name} reduces no dimension")
    count = len(op.results)
    reducers = _reducers(op, count, scope)
    for name in reducers:
        if name != _SUM and name not in _UNSCALED:
            raise scope.error(f"{op.name} cannot be perforated: its reducer is {name}")
    operands = list(op.operands)
    # Everything is checked before anything is changed.
    extent = _extent(operands[:count], [dimensions[0]] * count, value, op, scope)
    for result, name in zip(op.results, reducers, strict=True):
        if name == _SUM:
            _element(result, scope)
    if extent.size is not None and extent.size == extent.kept:
        return
    build = Builder.before(op)
    sliced = [every(build, operand, dimensions[0], value) for operand in operands[:count]]
    made = _remade(op, [*sliced, *operands[count:]], [Region.create([_reducing_block(op, count)])])
    for index, name in enumerate(reducers):
        if name == _SUM:
            _scale(made.results[index], operands[count + index], extent, scope)


def _perforate_dot(op: Operation, value: int, scope: Scope) -> None:
    held = op.attributes.get("dot_dimension_numbers")
    text = held.body if isinstance(held, OpaqueAttr) else ""
    places = []
    for side in ("lhs", "rhs"):
        found = re.search(rf"{side}_contracting_dimensions\s*=\s*\[\s*(\d+)", text)
        if found is None:
            raise scope.error(f"{op.name} contracts no dimension")
        places.append(int(found[1]))
    operands = list(op.operands)
    extent = _extent(operands, places, value, op, scope)
    _element(op.results[0], scope)
    if extent.size is not None and extent.size == extent.kept:
        return
    build = Builder.before(op)
    sliced = [every(build, one, place, value) for one, place in zip(operands, places, strict=True)]
    made = _remade(op, sliced, [])
    _scale(made.results[0], None, extent, scope)


def _extent(operands: list[Value], places: list[int], value: int, op: Operation, scope: Scope) -> Extent:
    """How many indices the dimensions have that are reduced together, and how many of them are kept."""
    found: Extent | None = None
    for operand, place in zip(operands, places, strict=True):
        kind = known_type(operand, scope)
        if not isinstance(kind, TensorType):
            raise scope.error(f"{op.name} cannot be perforated: the size of {kind} is not known")
        extent = Extent(operand, place, value, kind.shape[place])
        # One of several may be known where the others are not.
        found = extent if found is None or found.size is None else found
    assert found is not None
    return found


def _remade(op: Operation, operands: list[Value], regions: list[Region]) -> Operation:
    """The same operation on other operands, in its place: the text of the old one spells their types."""
    held: dict[str, Attribute] = dict(op.attributes.items())
    made = Operation.create(
        op.name,
        operands,
        [result.type for result in op.results if result.type is not None],
        properties={key: held.pop(key) for key in _INHERENT if key in held},
        attributes=held,
        regions=regions,
        result_names=[result.name for result in op.results],
        location=operation_location(op),
    )
    assert op.block is not None
    op.block.insert(made_for(made, op), before=op)
    op.replace_with(*made.results)
    return made


# What reduces.


def _short_form(op: Operation) -> str | None:
    """The reducer of ``stablehlo.reduce(...) applies NAME``, which has no region."""
    if op.regions:
        return None
    assert op.source is not None
    found = re.search(r"\bapplies\s+([\w.]+)", op.source.text[op.name_end : op.end])
    assert found is not None
    return found[1] if "." in found[1] else f"stablehlo.{found[1]}"


def _pairs(op: Operation, count: int) -> list[tuple[BlockArgument, BlockArgument]]:
    """The arguments of the reducing region for each of the results."""
    arguments = list(op.regions[0].blocks[0].arguments)
    return list(zip(arguments[:count], arguments[count:], strict=True))


def _reducers(op: Operation, count: int, scope: Scope) -> list[str]:
    """The operation that reduces, for each of the results."""
    short = _short_form(op)
    if short is not None:
        return [short]
    block: Block = op.regions[0].blocks[0]
    last = block.last
    assert last is not None
    found = []
    for pair, value in zip(_pairs(op, count), last.operands, strict=True):
        reducer = owner_op(value)
        if reducer is None or reducer.block is not block or set(reducer.operands) != set(pair):
            shown = ", ".join(one.name for one in block if one is not last) or "nothing"
            raise scope.error(f"{op.name} cannot be perforated: its reducer is made of {shown}")
        found.append(reducer.name)
    return found


def _reducing_block(op: Operation, count: int) -> Block:
    """The block of the reducing region, with its arguments in the order of the generic form."""
    short = _short_form(op)
    if short is not None:
        element = op.operands[-1].type
        assert element is not None
        block = Block.create([element, element])
        reduced = Builder.at_end(block).create(short, list(block.arguments), [element]).result
        block.append(Operation.create("stablehlo.return", [reduced]))
        return block
    pairs = _pairs(op, count)
    old = [left for left, _ in pairs] + [right for _, right in pairs]
    block = Block.create([one.type for one in old if one.type is not None], names=[one.name for one in old])
    for before, after in zip(old, block.arguments, strict=True):
        before.replace_all_uses_with(after)
    for inner in list(op.regions[0].blocks[0]):
        inner.detach()
        block.append(inner)
    return block


# Scaling.


def _element(result: Value, scope: Scope) -> FloatType | IntegerType:
    kind = known_type(result, scope)
    element = kind.element_type if isinstance(kind, TensorType) else kind
    if not isinstance(element, FloatType | IntegerType):
        raise scope.error(f"sums of {element} cannot be rescaled")
    return element


def _scale(result: Value, init: Value | None, extent: Extent, scope: Scope) -> None:
    """Multiply what was added to the initial value by size / kept, wherever a sum is used."""
    element = _element(result, scope)
    kind = result.type
    assert isinstance(kind, TensorType)
    if isinstance(element, IntegerType) and element.width == 1:
        # The sum of truth values is their disjunction.
        return
    users = result.users
    op = owner_op(result)
    assert op is not None
    build = Builder.after(op)
    from_zero = init is None or _is_zero(init)
    size, kept = extent.size, extent.kept
    if size is None or kept is None or not kind.has_static_shape:
        replace_uses(result, rescaled(build, result, None if from_zero else init, extent), users)
        return

    def splat(number: float) -> Value:
        held = DenseElementsAttr.splat(number, kind)
        return build.create("stablehlo.constant", [], [kind], properties={"value": held}).result

    def binary(name: str, left: Value, right: Value) -> Value:
        return build.create(f"stablehlo.{name}", [left, right], [kind]).result

    first: Value | None = None
    grown = result
    if init is not None and not from_zero:
        nowhere = DenseArrayAttr(_I64, ())
        properties = {"broadcast_dimensions": nowhere}
        first = build.create("stablehlo.broadcast_in_dim", [init], [kind], properties=properties).result
        grown = binary("subtract", result, first)
    if isinstance(element, FloatType):
        scaled = binary("multiply", grown, splat(_rounded(size, element) / _rounded(kept, element)))
    else:
        scaled = _divided(build, binary("multiply", grown, splat(_wrapped(size, element))), kept, kind)
    if first is not None:
        scaled = binary("add", first, scaled)
    replace_uses(result, scaled, users)


def _divided(build: Builder, value: Value, number: int, kind: TensorType) -> Value:
    """The quotient by a number, which the type may be too small for."""
    element = kind.element_type
    assert isinstance(element, IntegerType)
    fits = _wrapped(number, element) == number
    wide = kind if fits else TensorType(kind.shape, _I64)
    if not fits:
        value = build.create("stablehlo.convert", [value], [wide]).result
    held = DenseElementsAttr.splat(number, wide)
    divisor = build.create("stablehlo.constant", [], [wide], properties={"value": held}).result
    quotient = build.create("stablehlo.divide", [value, divisor], [wide]).result
    return quotient if fits else build.create("stablehlo.convert", [quotient], [kind]).result


def _wrapped(number: int, element: IntegerType) -> int:
    """What the bits of a count mean in a type of integers."""
    bits = number & ((1 << element.width) - 1)
    return bits if element.signedness == "unsigned" else signed(bits, element)


def _rounded(number: int, element: FloatType) -> float:
    """A count in a type of floats; those of few bits do not hold all of them."""
    held = DenseElementsAttr.splat(float(number), TensorType((), element))
    found = held.values()[0]
    assert isinstance(found, int | float)
    return float(found)


def _is_zero(value: Value) -> bool:
    op = owner_op(value)
    if op is None or op.name not in ("stablehlo.constant", "arith.constant"):
        return False
    held = op.attributes.get("value")
    return (
        isinstance(held, DenseElementsAttr)
        and held.is_splat
        and all(str(one) in ("0", "0.0") for one in held.values())
    )
