"""Statements of memref: every access is in bounds, and no memory is read before it is written."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from approxir.testing.generators.statements.scalars import cast
from approxir.testing.generators.statements.statement import Statement
from approxir.testing.generators.writer import Scope, Value, Writer

__all__ = ["GLOBALS", "MEMREFS", "STATEMENTS", "element", "places", "sizes"]

MEMREFS = (
    "memref<8xi32>",
    "memref<?xf32>",
    "memref<2x4xi32>",
    "memref<?x?xf64>",
    "memref<?xi32>",
    "memref<8xf32>",
)
"""The types of memory that functions are given."""

GLOBALS = {
    "memref<8xi32>": "[2, 7, 1, -8, 2, 8, 1, -8]",
    "memref<8xf32>": "[0.5, -1.0, 2.0, 0.0, 8.0, -0.25, 3.0, 9.0]",
}
"""The types and contents of the constants that a module has."""

_SHAPE = re.compile(r"memref<((?:\d++x|\?x)*)(\w+)")


def is_memory(value: Value) -> bool:
    return value.type.startswith("memref")


def sizes(kind: str) -> list[int | None]:
    """The dimensions of a memref's type; None where one is known only at run time."""
    found = _SHAPE.match(kind)
    assert found is not None
    return [None if size == "?" else int(size) for size in found[1].split("x")[:-1]]


def element(kind: str) -> str:
    """The type of a memref's elements."""
    found = _SHAPE.match(kind)
    assert found is not None
    return found[2]


def memories(scope: Scope) -> list[Value]:
    """What memory there is, the latest first."""
    return [value for value in reversed(scope.known) if is_memory(value)]


def places(writer: Writer, scope: Scope, memory: Value) -> list[Value]:
    """Indices at which the memory has an element."""
    return [_place(writer, scope, memory, at, size) for at, size in enumerate(sizes(memory.type))]


def _place(writer: Writer, scope: Scope, memory: Value, at: int, size: int | None) -> Value:
    rng = writer.rng
    if size is not None:
        fitting = [
            value for value in reversed(scope.known) if writer.bounds.get(value.name, size + 1) <= size
        ]
        chosen = rng.below(len(fitting) + 2)
        if chosen < len(fitting):
            return fitting[chosen]
        if chosen == len(fitting):
            return writer.constant(rng.below(size), "index")
        limit = writer.constant(size, "index")
    elif rng.chance():
        # All memory has an element.
        return writer.constant(0, "index")
    else:
        which = writer.constant(at, "index")
        custom = f"{memory.name}, {which.name} : {memory.type}"
        limit = writer.one("memref.dim", custom, (memory, which), "index", "-")
    number = writer.value(scope, "index")
    custom = f"{number.name}, {limit.name} : index"
    made = writer.one("arith.remui", custom, (number, limit), "index", "-")
    if size is not None:
        writer.bounds[made.name] = size
    return made


def shown(indices: Sequence[Value]) -> str:
    return ", ".join(value.name for value in indices)


def _load(writer: Writer, scope: Scope) -> None:
    memory = writer.rng.pick(memories(scope))
    indices = places(writer, scope, memory)
    custom = f"{memory.name}[{shown(indices)}] : {memory.type}"
    scope.known.append(writer.one("memref.load", custom, (memory, *indices), element(memory.type), "-"))


def _store(writer: Writer, scope: Scope) -> None:
    memory = writer.rng.pick([value for value in memories(scope) if value.name not in writer.read_only])
    value = writer.value(scope, element(memory.type))
    indices = places(writer, scope, memory)
    custom = f"{value.name}, {memory.name}[{shown(indices)}] : {memory.type}"
    writer.op("memref.store", custom, (value, memory, *indices), (), "-")
    writer.writes = True


def _update(writer: Writer, scope: Scope) -> None:
    memory = writer.rng.pick([value for value in memories(scope) if value.name not in writer.read_only])
    kind = element(memory.type)
    value = writer.value(scope, kind)
    indices = places(writer, scope, memory)
    name = writer.rng.pick(("addi", "maxs", "minu", "andi", "ori") if kind[0] == "i" else ("addf",))
    custom = f"{name} {value.name}, {memory.name}[{shown(indices)}] : ({kind}, {memory.type}) -> {kind}"
    scope.known.append(writer.one("memref.atomic_rmw", custom, (value, memory, *indices), kind))
    writer.writes = True


def _allocate(writer: Writer, scope: Scope) -> None:
    """New memory, with a copy of old."""
    source = writer.rng.pick(memories(scope))
    kind = "memref<" + "".join(f"{size or '?'}x" for size in sizes(source.type)) + element(source.type) + ">"
    dimensions = []
    for at, size in enumerate(sizes(source.type)):
        if size is None:
            which = writer.constant(at, "index")
            custom = f"{source.name}, {which.name} : {source.type}"
            dimensions.append(writer.one("memref.dim", custom, (source, which), "index", "-"))
    # A stack grows with every round of a loop; memory that a loop has allocated is not its own to free.
    name = "alloc" if writer.rng.chance() else "alloca"
    custom = f"({shown(dimensions)}) : {kind}"
    count = f"operandSegmentSizes = array<i32: {len(dimensions)}, 0>"
    made = writer.one(f"memref.{name}", custom, dimensions, kind, count)
    writer.op("memref.copy", f"{source.name}, {made.name} : {source.type} to {kind}", (source, made), (), "-")
    scope.known.append(made)


def _global(writer: Writer, scope: Scope) -> None:
    kind = writer.rng.pick(tuple(GLOBALS))
    name = f"table_{element(kind)}"
    writer.needs.globals.add(kind)
    made = writer.one("memref.get_global", f"@{name} : {kind}", (), kind, f"name = @{name}")
    writer.read_only.add(made.name)
    scope.known.append(made)


def _subview(writer: Writer, scope: Scope) -> None:
    found = [value for value in memories(scope) if re.fullmatch(r"memref<8x\w+>", value.type)]
    if not found:
        return _load(writer, scope)
    source = writer.rng.pick(found)
    step = writer.rng.pick((1, 2))
    size = writer.rng.pick((2, 4)) if step == 1 else writer.rng.pick((2, 3))
    offset = writer.rng.below(8 - (size - 1) * step)
    layout = f"strided<[{step}]" + (f", offset: {offset}>" if offset else ">")
    kind = f"memref<{size}x{element(source.type)}, {layout}>"
    custom = f"{source.name}[{offset}] [{size}] [{step}] : {source.type} to {kind}"
    _view(writer, scope, source, writer.one("memref.subview", custom, (source,), kind))
    return None


def _view(writer: Writer, scope: Scope, source: Value, made: Value) -> None:
    if source.name in writer.read_only:
        writer.read_only.add(made.name)
    scope.known.append(made)


def _cast(writer: Writer, scope: Scope) -> None:
    found = [v for v in memories(scope) if re.fullmatch(r"memref<(\d+x)+\w+>", v.type)]
    if not found:
        return _dim(writer, scope)
    source = writer.rng.pick(found)
    shape = sizes(source.type)
    if len(shape) == 2:
        kind = f"memref<{math.prod(size or 0 for size in shape)}x{element(source.type)}>"
        custom = f"{source.name} [[0, 1]] : {source.type} into {kind}"
        made = writer.one("memref.collapse_shape", custom, (source,), kind)
    else:
        kind = f"memref<?x{element(source.type)}>"
        made = writer.one("memref.cast", f"{source.name} : {source.type} to {kind}", (source,), kind, "-")
    _view(writer, scope, source, made)
    return None


def _dim(writer: Writer, scope: Scope) -> None:
    memory = writer.rng.pick(memories(scope))
    which = writer.constant(writer.rng.below(len(sizes(memory.type))), "index")
    custom = f"{memory.name}, {which.name} : {memory.type}"
    scope.known.append(writer.one("memref.dim", custom, (memory, which), "index", "-"))


def _copy(writer: Writer, scope: Scope) -> None:
    """One memory of a static shape into another."""
    found = [value for value in memories(scope) if None not in sizes(value.type)]
    targets = [value for value in found if value.name not in writer.read_only]
    if not targets:
        return _load(writer, scope)
    target = writer.rng.pick(targets)
    like = (sizes(target.type), element(target.type))
    # Parts of one memory must not be copied onto each other.
    fitting = [
        v
        for v in found
        if (sizes(v.type), element(v.type)) == like and v.type == target.type and "strided" not in v.type
    ]
    if not fitting:
        return _load(writer, scope)
    source = writer.rng.pick(fitting)
    if source.name == target.name:
        return _load(writer, scope)
    custom = f"{source.name}, {target.name} : {source.type} to {target.type}"
    writer.op("memref.copy", custom, (source, target), (), "-")
    writer.writes = True
    return None


def _store_index(writer: Writer, scope: Scope) -> None:
    """What a loop's counter is, so that memory tells which iterations were done."""
    found = [value for value in memories(scope) if value.name not in writer.read_only]
    memory = writer.rng.pick(found)
    counter = writer.value(scope, "index")
    kind = element(memory.type)
    value = cast(writer, counter, kind)
    indices = places(writer, scope, memory)
    custom = f"{value.name}, {memory.name}[{shown(indices)}] : {memory.type}"
    writer.op("memref.store", custom, (value, memory, *indices), (), "-")
    writer.writes = True


_DIALECTS = ("arith", "memref")
STATEMENTS = (
    Statement(_load, 7, _DIALECTS, memory=True, weight=3),
    Statement(_store, 8, _DIALECTS, memory=True, effects=True, weight=3),
    Statement(_store_index, 10, _DIALECTS, memory=True, effects=True),
    Statement(_update, 8, _DIALECTS, memory=True, effects=True),
    Statement(_allocate, 6, _DIALECTS, memory=True),
    Statement(_global, 1, _DIALECTS, symbols=True),
    Statement(_subview, 7, _DIALECTS, memory=True),
    Statement(_cast, 2, _DIALECTS, memory=True),
    Statement(_dim, 2, _DIALECTS, memory=True),
    Statement(_copy, 7, _DIALECTS, memory=True, effects=True),
)
