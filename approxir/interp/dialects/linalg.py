"""The linalg dialect: generic, and the named operations that are most used, on tensors and memrefs."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from approxir.interp.dialects.common import integer, integers, leave, required, segments
from approxir.interp.errors import Trap
from approxir.interp.interpreter import Interpreter
from approxir.interp.machine import Environment, Handler, Pure, Task, Values
from approxir.interp.memory import MemRef
from approxir.interp.numbers import Array, element, element_type
from approxir.ir.operation import Operation
from approxir.values import AffineMapAttr, ArrayAttr, Type


def _array(value: Any) -> Array:
    """The elements of a tensor or memref; what is written to that of a memref is written to memory."""
    return value.array if isinstance(value, MemRef) else np.asarray(value)


def _outputs(values: tuple[Any, ...]) -> list[Array]:
    found = []
    for value in values:
        if isinstance(value, MemRef):
            value.check_writable()
            found.append(value.array)
        else:
            found.append(value.copy())
    return found


def _results(op: Operation, arrays: list[Array]) -> Values:
    return tuple(arrays) if op.results else ()


def _maps(interp: Interpreter, op: Operation) -> list[AffineMapAttr]:
    found = required(interp, op, "indexing_maps")
    if not isinstance(found, ArrayAttr):
        raise Trap("the indexing maps are no array")
    return [item for item in found.elements if isinstance(item, AffineMapAttr)]


def _extents(maps: list[AffineMapAttr], arrays: list[Any]) -> list[int]:
    """How far each dimension of the iteration goes, from the operands that it indexes directly."""
    from approxir.values import AffineDim

    sizes: list[int | None] = [None] * maps[0].num_dims
    for found, array in zip(maps, arrays, strict=True):
        if not isinstance(array, np.ndarray):
            continue
        for expression, size in zip(found.results, array.shape, strict=True):
            if isinstance(expression, AffineDim):
                known = sizes[expression.index]
                if known is not None and known != size:
                    raise Trap(
                        f"dimension {expression.index} of the iteration has the sizes {known} and {size}"
                    )
                sizes[expression.index] = size
    if None in sizes:
        raise Trap("the size of a dimension of the iteration does not follow from the operands")
    return [size for size in sizes if size is not None]


def _scalar(array: Any, point: tuple[int, ...], found: AffineMapAttr, kind: Type) -> Any:
    if not isinstance(array, np.ndarray):
        return array
    return element(array, found.evaluate(point), kind)


def current_point(interp: Interpreter, op: Operation) -> dict[str, tuple[int, ...]]:
    """Where the iteration of a ``linalg.generic`` is now, under the key ``now``."""

    def make() -> dict[str, tuple[int, ...]]:
        return {}

    return interp.note_for(op, "point", make)


def _generic(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
    inputs, outputs = segments(interp, op, operands, 2)
    maps = interp.note_for(op, "maps", lambda: _maps(interp, op))
    sources = [x if isinstance(x, np.ndarray) else x.array if isinstance(x, MemRef) else x for x in inputs]
    targets = _outputs(outputs)
    kinds = [element_type(interp.type_of(operand)) for operand in op.operands]
    arrays = [*sources, *targets]
    for point in product(*[range(size) for size in _extents(maps, arrays)]):
        current_point(interp, op)["now"] = point
        values = [_scalar(*item) for item in zip(arrays, [point] * len(arrays), maps, kinds, strict=True)]
        ended = yield interp.region(op.region, tuple(values), environment)
        for target, found, value in zip(targets, maps[len(sources) :], ended.values, strict=True):
            target[found.evaluate(point)] = value
    return _results(op, targets)


def _index(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    around = op.parent
    if around is None:
        raise Trap("linalg.index stands outside of linalg.generic")
    point = current_point(interp, around).get("now")
    if point is None:
        raise Trap(f"linalg.index stands in {around.name}")
    return (point[integer(interp, op, "dim")],)


def _fill(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    inputs, outputs = segments(interp, op, operands, 2)
    targets = _outputs(outputs)
    for target in targets:
        target[...] = inputs[0]
    return _results(op, targets)


def _copy(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    inputs, outputs = segments(interp, op, operands, 2)
    targets = _outputs(outputs)
    targets[0][...] = _array(inputs[0]).copy()
    return _results(op, targets)


def _contraction(equation: str) -> Handler:
    """The handler of a product of two operands that is added to the output, summand by summand."""
    inputs, output = equation.split("->")
    left, right = inputs.split(",")

    def run(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
        given, outputs = segments(interp, op, operands, 2)
        if "indexing_maps" in op.attributes and str(op.attributes["indexing_maps"]).count("affine_map") == 3:
            standard = interp.note_for(
                op, "standard", lambda: _is_standard(interp, op, (left, right, output))
            )
            if not standard:
                raise Trap(f"{op.name} with other indexing maps than its own is not supported")
        a, b = [_array(value) for value in given]
        targets = _outputs(outputs)
        target = targets[0]
        sizes: dict[str, int] = {}
        for letters, array in ((left, a), (right, b), (output, target)):
            for letter, size in zip(letters, array.shape, strict=True):
                if sizes.setdefault(letter, size) != size:
                    raise Trap(f"{op.name}: the shapes of the operands do not fit")
        summed = sorted(set(sizes).difference(output))
        kind = target.dtype.type
        for point in product(*[range(sizes[letter]) for letter in output]):
            at = dict(zip(output, point, strict=True))
            total = target[point]
            for inner in product(*[range(sizes[letter]) for letter in summed]):
                at.update(zip(summed, inner, strict=True))
                x = kind(a[tuple([at[letter] for letter in left])])
                y = kind(b[tuple([at[letter] for letter in right])])
                total = total + x * y
            target[point] = total
        return _results(op, targets)

    return run


def _is_standard(interp: Interpreter, op: Operation, letters: tuple[str, ...]) -> bool:
    from approxir.values import AffineDim

    names: dict[int, str] = {}
    for found, word in zip(_maps(interp, op), letters, strict=True):
        for expression, letter in zip(found.results, word, strict=False):
            if not isinstance(expression, AffineDim) or names.setdefault(expression.index, letter) != letter:
                return False
        if len(found.results) != len(word):
            return False
    return True


def _map(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
    *sources, init = operands
    arrays = [_array(value) for value in sources]
    target = _outputs((init,))[0]
    kinds = [element_type(interp.type_of(operand)) for operand in op.operands]
    block = op.region.blocks[0]
    for point in np.ndindex(target.shape):
        values = [element(array, point, kind) for array, kind in zip(arrays, kinds, strict=False)]
        if len(block.arguments) > len(values):
            values.append(element(target, point, kinds[-1]))
        ended = yield interp.region(op.region, tuple(values), environment)
        target[point] = ended.values[0]
    return _results(op, [target])


def _reduce(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
    half = len(operands) // 2
    arrays = [_array(value) for value in operands[:half]]
    targets = _outputs(operands[half:])
    kinds = [element_type(interp.type_of(operand)) for operand in op.operands]
    dimensions = set(integers(interp, op, "dimensions"))
    for point in np.ndindex(arrays[0].shape):
        at = tuple([i for number, i in enumerate(point) if number not in dimensions])
        values = [element(array, point, kind) for array, kind in zip(arrays, kinds, strict=False)]
        values += [element(target, at, kind) for target, kind in zip(targets, kinds[half:], strict=True)]
        ended = yield interp.region(op.region, tuple(values), environment)
        for target, value in zip(targets, ended.values, strict=True):
            target[at] = value
    return _results(op, targets)


def _transpose(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    targets = _outputs(operands[1:])
    targets[0][...] = _array(operands[0]).transpose(integers(interp, op, "permutation")).copy()
    return _results(op, targets)


def _broadcast(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    targets = _outputs(operands[1:])
    source = _array(operands[0]).copy()
    targets[0][...] = np.expand_dims(source, tuple(integers(interp, op, "dimensions")))
    return _results(op, targets)


HANDLERS: dict[str, Handler | Pure] = {
    "linalg.generic": _generic,
    "linalg.index": _index,
    "linalg.yield": leave,
    "linalg.fill": _fill,
    "linalg.copy": _copy,
    "linalg.map": _map,
    "linalg.reduce": _reduce,
    "linalg.transpose": _transpose,
    "linalg.broadcast": _broadcast,
    "linalg.matmul": _contraction("mk,kn->mn"),
    "linalg.batch_matmul": _contraction("bmk,bkn->bmn"),
    "linalg.matvec": _contraction("mk,k->m"),
    "linalg.vecmat": _contraction("k,kn->n"),
    "linalg.dot": _contraction("k,k->"),
}
