"""Statements of StableHLO and tensor, on tensors of static shape.

All of them are exact: floats are not summed up, of which the order is nobody's, and integers are divided by
constants.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from approxir.testing.generators.statements.control import branching, enter, trips
from approxir.testing.generators.statements.statement import Statement
from approxir.testing.generators.writer import Scope, Value, Writer, listed

__all__ = ["STATEMENTS", "TENSORS"]

TENSORS = (
    "tensor<4xi32>", "tensor<i32>", "tensor<2x3xi32>", "tensor<4xf32>", "tensor<f32>", "tensor<3xi64>",
)  # fmt: skip
"""The types of tensors that functions are given."""

MOST_ELEMENTS = 48
_TENSOR = re.compile(r"tensor<((?:\d++x)*)(\w+)>")


def shape(kind: str) -> tuple[tuple[int, ...], str]:
    """The shape of a tensor's type, and its elements' type."""
    found = _TENSOR.fullmatch(kind)
    assert found is not None, kind
    return tuple([int(size) for size in found[1].split("x")[:-1]]), found[2]


def tensor(sizes: Sequence[int], element: str) -> str:
    """The type of a tensor."""
    return f"tensor<{''.join(f'{size}x' for size in sizes)}{element}>"


def _tensors(scope: Scope, *elements: str) -> list[Value]:
    """The tensors, of these elements if any are given, the latest first."""
    found = [value for value in reversed(scope.known) if value.type.startswith("tensor")]
    return [value for value in found if not elements or shape(value.type)[1] in elements]


def _some(writer: Writer, scope: Scope, *elements: str) -> Value:
    """A tensor of these elements."""
    found = _tensors(scope, *elements)
    if found:
        return found[writer.rng.below(min(len(found), 12))]
    return writer.value(scope, tensor((4,), (*elements, "i32")[0]))


def _is(writer: Writer, scope: Scope) -> bool:
    return bool(_tensors(scope))


def _unary(writer: Writer, scope: Scope) -> None:
    value = _some(writer, scope)
    element = shape(value.type)[1]
    names = {"f": ("abs", "floor", "ceil", "sqrt"), "i": ("negate", "not", "abs")}[element[0]]
    name = "not" if element == "i1" else writer.rng.pick(names)
    custom = f"{value.name} : {value.type}"
    scope.known.append(writer.one(f"stablehlo.{name}", custom, (value,), value.type, "-"))


def _binary(writer: Writer, scope: Scope) -> None:
    left = _some(writer, scope)
    right = writer.value(scope, left.type)
    element = shape(left.type)[1]
    names: tuple[str, ...] = ("add", "multiply", "subtract", "maximum", "minimum", "and", "or", "xor")
    if element[0] == "f":
        names = ("add", "multiply", "subtract")
    elif element == "i1":
        names = ("and", "or", "xor")
    custom = f"{left.name}, {right.name} : {left.type}"
    scope.known.append(
        writer.one(f"stablehlo.{writer.rng.pick(names)}", custom, (left, right), left.type, "-")
    )


def _by_constant(writer: Writer, scope: Scope) -> None:
    """Division by a number and shifts by less than the width."""
    value = _some(writer, scope, "i32", "i64")
    name = writer.rng.pick(("divide", "remainder", "shift_left", "shift_right_arithmetic"))
    other = writer.constant(writer.rng.pick((1, 2, 3, 7)), value.type)
    custom = f"{value.name}, {other.name} : {value.type}"
    scope.known.append(writer.one(f"stablehlo.{name}", custom, (value, other), value.type, "-"))


def _compared(writer: Writer, scope: Scope, left: Value) -> Value:
    right = writer.value(scope, left.type)
    sizes, element = shape(left.type)
    order = "FLOAT" if element[0] == "f" else "UNSIGNED" if element == "i1" else "SIGNED"
    direction = writer.rng.pick(("EQ", "NE", "LT", "LE", "GT", "GE"))
    result = tensor(sizes, "i1")
    custom = f"{direction}, {left.name}, {right.name}, {order} : ({left.type}, {left.type}) -> {result}"
    return writer.one("stablehlo.compare", custom, (left, right), result)


def _compare(writer: Writer, scope: Scope) -> None:
    scope.known.append(_compared(writer, scope, _some(writer, scope)))


def _select(writer: Writer, scope: Scope) -> None:
    left = _some(writer, scope)
    right = writer.value(scope, left.type)
    which = writer.value(scope, tensor(shape(left.type)[0], "i1"))
    custom = f"{which.name}, {left.name}, {right.name} : {which.type}, {left.type}"
    scope.known.append(writer.one("stablehlo.select", custom, (which, left, right), left.type, "-"))


def _shaped(writer: Writer, scope: Scope, name: str, value: Value, custom: str, kind: str) -> None:
    """An operation on a tensor that is spelled with its types."""
    text = f"{value.name}{custom} : ({value.type}) -> {kind}"
    scope.known.append(writer.one(f"stablehlo.{name}", text, (value,), kind))


def _convert(writer: Writer, scope: Scope) -> None:
    value = _some(writer, scope, "i32", "i64", "i1")
    sizes, element = shape(value.type)
    target = writer.rng.pick([kind for kind in ("i32", "f32", "i64") if kind != element])
    _shaped(writer, scope, "convert", value, "", tensor(sizes, target))


def _broadcast(writer: Writer, scope: Scope) -> None:
    value = _some(writer, scope)
    sizes, element = shape(value.type)
    axis = writer.rng.below(len(sizes) + 1)
    size = 1 + writer.rng.below(4)
    if math.prod(sizes) * size > MOST_ELEMENTS:
        size = 1
    wide = (*sizes[:axis], size, *sizes[axis:])
    dims = [number + (number >= axis) for number in range(len(sizes))]
    _shaped(writer, scope, "broadcast_in_dim", value, f", dims = {dims}", tensor(wide, element))


def _rearrange(writer: Writer, scope: Scope) -> None:
    value = _some(writer, scope)
    sizes, element = shape(value.type)
    name = writer.rng.pick(("reshape", "reverse", "transpose"))
    if name == "reshape":
        options = [(math.prod(sizes),), (1, *sizes), *([sizes[1:]] if sizes[:1] == (1,) else [])]
        _shaped(writer, scope, name, value, "", tensor(writer.rng.pick(options), element))
    elif name == "reverse":
        axes = [axis for axis in range(len(sizes)) if writer.rng.below(2) == 0]
        custom = f"{value.name}, dims = {axes} : {value.type}"
        scope.known.append(writer.one("stablehlo.reverse", custom, (value,), value.type))
    else:
        turn = writer.rng.below(len(sizes))
        order = [*range(turn, len(sizes)), *range(turn)]
        turned = tensor([sizes[axis] for axis in order], element)
        _shaped(writer, scope, name, value, f", dims = {order}", turned)


def _slice(writer: Writer, scope: Scope) -> None:
    value = _some(writer, scope)
    sizes, element = shape(value.type)
    bounds, kept = [], []
    for size in sizes:
        low = writer.rng.below(size) if size else 0
        high = low + writer.rng.below(size - low) + 1 if size else 0
        step = writer.rng.pick((1, 2))
        bounds.append(f"{low}:{high}:{step}")
        kept.append(-(-(high - low) // step))
    _shaped(writer, scope, "slice", value, f" [{', '.join(bounds)}]", tensor(kept, element))


def _pad(writer: Writer, scope: Scope) -> None:
    value = _some(writer, scope)
    sizes, element = shape(value.type)
    if math.prod(sizes) * 4 > MOST_ELEMENTS:
        return
    fill = writer.value(scope, tensor((), element))
    low, high, inside = ([writer.rng.below(2) for _ in sizes] for _ in range(3))
    wide = [
        size + max(size - 1, 0) * c + b + d for size, b, c, d in zip(sizes, low, inside, high, strict=True)
    ]
    custom = f"{value.name}, {fill.name}, low = {low}, high = {high}, interior = {inside}"
    kind = tensor(wide, element)
    text = f"{custom} : ({value.type}, {fill.type}) -> {kind}"
    scope.known.append(writer.one("stablehlo.pad", text, (value, fill), kind))


def _concatenate(writer: Writer, scope: Scope) -> None:
    left = _some(writer, scope)
    sizes, element = shape(left.type)
    if not sizes or math.prod(sizes) * 2 > MOST_ELEMENTS:
        return _unary(writer, scope)
    right = writer.value(scope, left.type)
    axis = writer.rng.below(len(sizes))
    kind = tensor([size * (2 if at == axis else 1) for at, size in enumerate(sizes)], element)
    text = f"{left.name}, {right.name}, dim = {axis} : ({left.type}, {left.type}) -> {kind}"
    scope.known.append(writer.one("stablehlo.concatenate", text, (left, right), kind))
    return None


def _iota(writer: Writer, scope: Scope) -> None:
    kind = writer.rng.pick(("tensor<4xi32>", "tensor<2x3xi32>", "tensor<4xf32>"))
    axis = writer.rng.below(len(shape(kind)[0]))
    scope.known.append(writer.one("stablehlo.iota", f"dim = {axis} : {kind}", (), kind))


def _reduce(writer: Writer, scope: Scope) -> None:
    value = _some(writer, scope, "i32", "i64", "i1")
    sizes, element = shape(value.type)
    axes = [axis for axis in range(len(sizes)) if writer.rng.below(3) < 2]
    reducers = ("and", "or") if element == "i1" else ("add", "maximum", "minimum")
    start = writer.value(scope, tensor((), element))
    kind = tensor([size for axis, size in enumerate(sizes) if axis not in axes], element)
    # Without an axis there is nothing to perforate.
    if axes:
        for payload in writer.payloads:
            payload.reductions += 1
    else:
        return _unary(writer, scope)
    types = f"({value.type}, {start.type}) -> {kind}"
    head = f"({value.name} init: {start.name})"
    name = writer.rng.pick(reducers)
    if writer.rng.chance():
        custom = f"{head} applies stablehlo.{name} across dimensions = {axes} : {types}"
        writer.count_op()
        made = writer.fresh(kind)
        writer.put(f"{made.name} = stablehlo.reduce{custom}")
        scope.known.append(made)
        return None
    writer.count_op(2)
    made = writer.fresh(kind)
    left, right, result = (writer.fresh(start.type) for _ in range(3))
    writer.put(f"{made.name} = stablehlo.reduce{head} across dimensions = {axes} : {types}")
    writer.put(f"reducer({left.name}: {start.type}, {right.name}: {start.type}) {{")
    with writer.indented():
        writer.put(f"{result.name} = stablehlo.{name} {left.name}, {right.name} : {start.type}")
        writer.put(f"stablehlo.return {result.name} : {start.type}")
    writer.put("}")
    scope.known.append(made)
    return None


def _dot(writer: Writer, scope: Scope) -> None:
    left = _some(writer, scope, "i32")
    sizes = shape(left.type)[0]
    fitting = [
        (axis, other, at)
        for axis, size in enumerate(sizes)
        for other in _tensors(scope, "i32")
        for at, extent in enumerate(shape(other.type)[0])
        if size == extent and size
    ]
    if not fitting:
        return _binary(writer, scope)
    axis, right, at = writer.rng.pick(fitting)
    rest = [size for number, size in enumerate(sizes) if number != axis]
    rest += [size for number, size in enumerate(shape(right.type)[0]) if number != at]
    if math.prod(rest) > MOST_ELEMENTS:
        return _binary(writer, scope)
    for payload in writer.payloads:
        payload.reductions += 1
    kind = tensor(rest, "i32")
    custom = f"{left.name}, {right.name}, contracting_dims = [{axis}] x [{at}]"
    text = f"{custom} : ({left.type}, {right.type}) -> {kind}"
    scope.known.append(writer.one("stablehlo.dot_general", text, (left, right), kind))
    return None


# Control flow.


def _return(writer: Writer, values: Sequence[Value]) -> None:
    kinds = ", ".join(value.type for value in values)
    writer.put(f"stablehlo.return {', '.join(value.name for value in values)} : {kinds}".replace("  ", " "))


def _truth(writer: Writer, scope: Scope) -> Value:
    if scope.of("tensor<i1>") and writer.rng.chance():
        return writer.value(scope, "tensor<i1>")
    scalars = [value for value in _tensors(scope, "i32") if value.type == "tensor<i32>"]
    left = writer.rng.pick(scalars) if scalars else writer.value(scope, "tensor<i32>")
    made = _compared(writer, scope, left)
    scope.known.append(made)
    return made


def _while(writer: Writer, scope: Scope) -> None:
    """A loop with a counter, which carries up to two tensors."""
    rng = writer.rng
    kind = rng.pick(("tensor<i32>", "tensor<i64>"))
    last = rng.below(trips(writer) + 1)
    down = rng.chance(3)
    zero, limit = writer.constant(0, kind), writer.constant(last, kind)
    step = rng.pick((1, 1, 2, 3))
    by = writer.constant(-step if down else step, kind)
    start, end = (limit, zero) if down else (zero, limit)
    held = [_some(writer, scope) for _ in range(rng.below(3))]
    writer.count_op()
    loop = enter(writer, "stablehlo.while")
    arguments = [writer.fresh(value.type) for value in (start, *held)]
    results = [writer.fresh(value.type) for value in (start, *held)]
    pairs = ", ".join(f"{a.name} = {v.name}" for a, v in zip(arguments, (start, *held), strict=True))
    kinds = ", ".join(value.type for value in arguments)
    names = ", ".join(value.name for value in results)
    writer.put(f"{names} = stablehlo.while({pairs}) : {kinds}")
    writer.put("cond {")
    with writer.indented(last + 2):
        sides = [arguments[0], end]
        direction = rng.pick(("GT", "GE") if down else ("LT", "LE"))
        if rng.chance(3):
            sides.reverse()
            direction = {"GT": "LT", "GE": "LE", "LT": "GT", "LE": "GE"}[direction]
        shown = f"{sides[0].name}, {sides[1].name}, SIGNED : ({kind}, {kind}) -> tensor<i1>"
        test = writer.one("stablehlo.compare", f"{direction}, {shown}", sides, "tensor<i1>")
        _return(writer, [test])
    writer.put("} do {")
    inner = scope.inner(*arguments)
    with writer.indented(last + 2):
        writer.block(inner, reserve=3)
        ends = []
        for one in arguments[1:]:
            other = writer.value(inner, one.type)
            if shape(one.type)[1] != "i1" and rng.below(3) < 2:
                pair = (one, other) if rng.below(2) == 0 else (other, one)
                custom = f"{pair[0].name}, {pair[1].name} : {one.type}"
                other = writer.one("stablehlo.add", custom, pair, one.type, "-")
            ends.append(other)
        custom = f"{arguments[0].name}, {by.name} : {kind}"
        following = writer.one("stablehlo.add", custom, (arguments[0], by), kind, "-")
        _return(writer, [following, *ends])
    writer.put("}")
    loop.rescalable = all(shape(value.type)[1] != "i1" for value in held)
    scope.known += results


def _region(writer: Writer, scope: Scope, kinds: Sequence[str]) -> None:
    inner = scope.inner()
    with writer.indented():
        writer.block(inner)
        _return(writer, [writer.value(inner, kind) for kind in kinds])


def _branch(writer: Writer, scope: Scope) -> None:
    """An if or a case, in the generic form, the only one that it has."""
    rng = writer.rng
    several = rng.chance()
    which = writer.value(scope, "tensor<i32>") if several else _truth(writer, scope)
    kinds = [_some(writer, scope).type for _ in range(1 + rng.below(2))]
    writer.count_op()
    branch = branching(writer)
    results = [writer.fresh(kind) for kind in kinds]
    names = ", ".join(value.name for value in results)
    count = 1 + rng.below(3) if several else 2
    writer.put(f'{names} = "stablehlo.{"case" if several else "if"}"({which.name}) ({{')
    for number in range(count):
        if number:
            writer.put("}, {")
        _region(writer, scope, kinds)
    writer.put(f"}}) : ({which.type}) -> {listed(kinds)}")
    branch.count = count
    scope.known += results


# Between tensors and scalars.


def _extract(writer: Writer, scope: Scope) -> None:
    found = [value for value in _tensors(scope, "i32", "i64", "f32") if math.prod(shape(value.type)[0])]
    if not found:
        return _unary(writer, scope)
    value = writer.rng.pick(found)
    sizes, element = shape(value.type)
    indices = [writer.constant(writer.rng.below(size), "index") for size in sizes]
    custom = f"{value.name}[{', '.join(index.name for index in indices)}] : {value.type}"
    scope.known.append(writer.one("tensor.extract", custom, (value, *indices), element, "-"))
    return None


def _insert(writer: Writer, scope: Scope) -> None:
    found = [value for value in _tensors(scope, "i32") if math.prod(shape(value.type)[0])]
    if not found:
        return _unary(writer, scope)
    value = writer.rng.pick(found)
    sizes, element = shape(value.type)
    new = writer.value(scope, element)
    indices = [writer.constant(writer.rng.below(size), "index") for size in sizes]
    custom = f"{new.name} into {value.name}[{', '.join(index.name for index in indices)}] : {value.type}"
    scope.known.append(writer.one("tensor.insert", custom, (new, value, *indices), value.type, "-"))
    return None


def _from_elements(writer: Writer, scope: Scope) -> None:
    size = writer.rng.below(4)
    values = [writer.value(scope, "i32") for _ in range(size or 1)]
    kind = tensor((size,) if size else (), "i32")
    custom = f"{', '.join(value.name for value in values)} : {kind}"
    scope.known.append(writer.one("tensor.from_elements", custom, values, kind, "-"))


def _add_scalars(writer: Writer, scope: Scope) -> None:
    left, right = writer.value(scope, "i32"), writer.value(scope, "i32")
    custom = f"{left.name}, {right.name} : i32"
    scope.known.append(writer.one("arith.addi", custom, (left, right), "i32", "-"))


_HLO, _TENSOR_DIALECT = ("stablehlo",), ("arith", "stablehlo", "tensor")
STATEMENTS: tuple[Statement, ...] = (
    Statement(_binary, 2, _HLO, needs=_is, weight=4),
    Statement(_unary, 2, _HLO, needs=_is),
    Statement(_by_constant, 3, _HLO, needs=_is),
    Statement(_compare, 3, _HLO, needs=_is),
    Statement(_select, 4, _HLO, needs=_is),
    Statement(_convert, 2, _HLO, needs=_is),
    Statement(_broadcast, 2, _HLO, needs=_is),
    Statement(_rearrange, 2, _HLO, needs=_is),
    Statement(_slice, 2, _HLO, needs=_is),
    Statement(_pad, 3, _HLO, needs=_is),
    Statement(_concatenate, 3, _HLO, needs=_is),
    Statement(_iota, 1, _HLO),
    Statement(_reduce, 5, _HLO, needs=_is, weight=2),
    Statement(_dot, 4, _HLO, needs=_is, weight=2),
    Statement(_while, 12, _HLO, nested=True, weight=3),
    Statement(_branch, 6, _HLO, nested=True, weight=3),
    Statement(_extract, 4, _TENSOR_DIALECT, needs=_is),
    Statement(_insert, 5, _TENSOR_DIALECT, needs=_is),
    Statement(_from_elements, 4, _TENSOR_DIALECT),
    Statement(_add_scalars, 3, _TENSOR_DIALECT),
)
