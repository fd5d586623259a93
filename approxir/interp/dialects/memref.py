"""The memref dialect. Fresh memory is filled with zeros."""

from __future__ import annotations

from typing import Any

import numpy as np

from approxir.interp.constants import dense
from approxir.interp.dialects.affine import _KINDS, _combined
from approxir.interp.dialects.common import integer, integers, leave, mixed, numbers, required, segments
from approxir.interp.errors import Trap
from approxir.interp.interpreter import Interpreter
from approxir.interp.machine import Environment, Handler, Pure, Task, Values
from approxir.interp.memory import Buffer, MemRef, allocate, layout_fits, layout_of, row_major
from approxir.interp.numbers import held
from approxir.ir.operation import Operation
from approxir.values import (
    AffineMapAttr,
    ArrayAttr,
    DenseElementsAttr,
    MemRefType,
    SymbolRefAttr,
    TypeAttr,
)


def _type(interp: Interpreter, op: Operation) -> MemRefType:
    kind = interp.result_type(op)
    if not isinstance(kind, MemRefType):
        raise Trap(f"{kind} is not supported here")
    return kind


def _alloc(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    sizes, symbols = segments(interp, op, operands, 2)
    kind = _type(interp, op)
    rest = iter(sizes)
    return (allocate(kind, [next(rest) if size is None else size for size in kind.shape], symbols),)


def _dealloc(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> None:
    memref: MemRef = operands[0]
    memref.check_alive()
    if memref.buffer.global_:
        raise Trap("a global cannot be deallocated")
    memref.buffer.freed = True


def _load(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    memref: MemRef = operands[0]
    return (_held(memref.load(operands[1:]), interp.result_type(op)),)


def _held(value: Any, kind: Any) -> Any:
    return value if isinstance(value, np.ndarray) else held(value, kind)


def _store(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> None:
    memref: MemRef = operands[1]
    memref.store(operands[0], operands[2:])


def _copy(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> None:
    source, target = operands
    target.check_writable()
    if source.sizes != target.sizes:
        raise Trap(f"a copy between memrefs of the sizes {list(source.sizes)} and {list(target.sizes)}")
    target.array[...] = source.array.copy()


def _dim(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    memref, index = operands
    if not 0 <= index < len(memref.sizes):
        raise Trap(f"dimension {index} of a memref of rank {len(memref.sizes)}")
    return (memref.sizes[index],)


def _rank(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    return (len(operands[0].sizes),)


def _cast(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    memref: MemRef = operands[0]
    kind = interp.result_type(op)
    if isinstance(kind, MemRefType):
        fits = len(kind.shape) == len(memref.sizes) and all(
            want is None or want == has for want, has in zip(kind.shape, memref.sizes, strict=False)
        )
        if not fits or not layout_fits(kind, memref):
            raise Trap(f"a memref of the sizes {list(memref.sizes)} is cast to {kind}")
    return (memref,)


def _same(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    return tuple(operands[: len(op.results)])


# ---- globals


def _get_global(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    reference = required(interp, op, "name")
    if not isinstance(reference, SymbolRefAttr):
        raise Trap("'name' is no symbol")
    found = interp.symbol(op, reference)
    if found is None:
        raise Trap(f"there is no global {reference}")
    memref = interp.globals.get(found)
    if memref is None:
        memref = interp.globals[found] = global_memory(interp, found)
    return (memref,)


def global_memory(interp: Interpreter, op: Operation) -> MemRef:
    """Fresh memory for a ``memref.global``, with its initial value. Raises `Trap`."""
    spelled = required(interp, op, "type")
    kind = interp.resolved(spelled.value) if isinstance(spelled, TypeAttr) else None
    if not isinstance(kind, MemRefType):
        raise Trap("the type of the global is not supported", operation=op)
    memref = allocate(kind, kind.static_shape)
    initial = interp.attribute(op, "initial_value")
    if isinstance(initial, DenseElementsAttr):
        memref.array[...] = dense(initial)
    elif initial is None:
        raise Trap("the global is only declared", operation=op)
    memref.buffer.constant = "constant" in op.attributes
    memref.buffer.global_ = True
    return memref


# ---- views


def _subview(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    (source,), *given = segments(interp, op, operands, 4)
    offsets, sizes, strides = [
        mixed(integers(interp, op, name), values)
        for name, values in zip(("static_offsets", "static_sizes", "static_strides"), given, strict=True)
    ]
    memref: MemRef = source
    for number, (offset, size, stride, have) in enumerate(
        zip(offsets, sizes, strides, memref.sizes, strict=True)
    ):
        last = offset + (size - 1) * stride
        if size < 0 or (size and not (0 <= offset < have and 0 <= last < have)):
            raise Trap(
                f"the slice from {offset} with {size} elements and stride {stride} leaves dimension "
                f"{number}, which has {have}"
            )
    start = memref.offset + sum([o * s for o, s in zip(offsets, memref.strides, strict=True)])
    steps = [a * b for a, b in zip(strides, memref.strides, strict=True)]
    kept = kept_dimensions(sizes, _type(interp, op).shape)
    return (MemRef(memref.buffer, start, [sizes[n] for n in kept], [steps[n] for n in kept]),)


def kept_dimensions(sizes: list[int], shape: tuple[int | None, ...]) -> list[int]:
    """Which dimensions a result of smaller rank keeps: all but some of size 1."""
    kept: list[int] = []
    drop = len(sizes) - len(shape)
    for number, size in enumerate(sizes):
        position = len(kept)
        want = shape[position] if position < len(shape) else -1
        if drop and size == 1 and want != 1:
            drop -= 1
        else:
            kept.append(number)
    while drop:
        # Sizes of 1 that the type has too: of several readings the first dimensions are kept.
        ones = [number for number in kept if sizes[number] == 1]
        if not ones:
            raise Trap(f"the sizes {sizes} do not reduce to {list(shape)}")
        kept.remove(ones[-1])
        drop -= 1
    return kept


def _reinterpret_cast(
    interp: Interpreter, op: Operation, operands: Values, environment: Environment
) -> Values:
    (source,), *given = segments(interp, op, operands, 4)
    offsets, sizes, strides = [
        mixed(integers(interp, op, name), values)
        for name, values in zip(("static_offsets", "static_sizes", "static_strides"), given, strict=True)
    ]
    memref: MemRef = source
    # The offset counts from the start of the buffer, not from where the source begins.
    return (MemRef(memref.buffer, offsets[0], sizes, strides),)


def _transpose(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    memref: MemRef = operands[0]
    found = required(interp, op, "permutation")
    if not isinstance(found, AffineMapAttr):
        raise Trap("the permutation is no affine map")
    order = found.evaluate(range(len(memref.sizes)))
    return (
        MemRef(
            memref.buffer, memref.offset, [memref.sizes[n] for n in order], [memref.strides[n] for n in order]
        ),
    )


def groups_of(interp: Interpreter, op: Operation) -> list[list[int]]:
    """The groups of dimensions of a collapse or expansion."""
    found = required(interp, op, "reassociation")
    if not isinstance(found, ArrayAttr):
        raise Trap("the reassociation is no array")
    return [numbers(group) for group in found.elements]


def _collapse(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    memref: MemRef = operands[0]
    sizes, strides = [], []
    for group in groups_of(interp, op):
        size = 1
        stride: int | None = None
        for number in reversed(group):
            if memref.sizes[number] != 1:
                if stride is None:
                    stride = memref.strides[number]
                elif memref.strides[number] != stride * size:
                    raise Trap("the dimensions that are collapsed are not contiguous")
            size *= memref.sizes[number]
        sizes.append(size)
        strides.append(memref.strides[group[-1]] if stride is None else stride)
    return (MemRef(memref.buffer, memref.offset, sizes, strides),)


def expanded_shape(interp: Interpreter, op: Operation, operands: Values) -> list[int]:
    """The sizes of the result of an expansion."""
    return mixed(integers(interp, op, "static_output_shape"), operands[1:])


def _expand(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    memref: MemRef = operands[0]
    sizes = expanded_shape(interp, op, operands)
    strides = [0] * len(sizes)
    for number, group in enumerate(groups_of(interp, op)):
        step, size = memref.strides[number], 1
        for inner in reversed(group):
            strides[inner] = step * size
            size *= sizes[inner]
        if size != memref.sizes[number]:
            raise Trap(f"dimension {number} of {memref.sizes[number]} is expanded to {size} elements")
    return (MemRef(memref.buffer, memref.offset, sizes, strides),)


def _reshape(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    memref: MemRef = operands[0]
    sizes = [int(x) for x in operands[1].array]
    if memref.strides != row_major(memref.sizes):
        raise Trap("only dense memrefs can be reshaped")
    if np.prod(sizes, dtype=object) != np.prod(memref.sizes, dtype=object):
        raise Trap(f"sizes {list(memref.sizes)} are reshaped to {sizes}")
    return (MemRef(memref.buffer, memref.offset, sizes, row_major(sizes)),)


def _metadata(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    memref: MemRef = operands[0]
    return (MemRef(memref.buffer, 0, (), ()), memref.offset, *memref.sizes, *memref.strides)


def _view(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    memref, shift, *dynamic = operands
    kind = _type(interp, op)
    rest = iter(dynamic)
    sizes = [next(rest) if size is None else size for size in kind.shape]
    flat = memref.array.view(np.int8)
    from approxir.interp.numbers import dtype_of

    dtype = dtype_of(kind.element_type)
    count = int(np.prod(sizes, dtype=np.int64)) * dtype.itemsize
    if not 0 <= shift <= len(flat) - count or shift % dtype.itemsize:
        raise Trap(f"a view of {count} bytes from byte {shift} of {len(flat)}")
    offset, strides = layout_of(kind.layout, sizes)
    return (MemRef(Buffer(flat[shift : shift + count].view(dtype)), offset, sizes, strides),)


# ---- the rest


def _alloca_scope(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
    ended = yield interp.region(op.region, (), environment)
    return ended.values


def _atomic_rmw(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    value, memref, *indices = operands
    kind = interp.result_type(op)
    old = held(memref.load(indices), kind)
    name = _KINDS[integer(interp, op, "kind")]
    memref.store(value if name == "assign" else _combined(name, kind, old, value), indices)
    return (old,)


def _generic_atomic_rmw(
    interp: Interpreter, op: Operation, operands: Values, environment: Environment
) -> Task:
    memref, *indices = operands
    old = held(memref.load(indices), interp.result_type(op))
    ended = yield interp.region(op.region, (old,), environment)
    memref.store(ended.values[0], indices)
    return (old,)


def _nothing(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> None:
    return None


HANDLERS: dict[str, Handler | Pure] = {
    "memref.alloc": _alloc,
    "memref.alloca": _alloc,
    "memref.alloca_scope": _alloca_scope,
    "memref.alloca_scope.return": leave,
    "memref.assume_alignment": _same,
    "memref.atomic_rmw": _atomic_rmw,
    "memref.atomic_yield": leave,
    "memref.cast": _cast,
    "memref.collapse_shape": _collapse,
    "memref.copy": _copy,
    "memref.dealloc": _dealloc,
    "memref.dim": _dim,
    "memref.expand_shape": _expand,
    "memref.extract_strided_metadata": _metadata,
    "memref.generic_atomic_rmw": _generic_atomic_rmw,
    "memref.get_global": _get_global,
    "memref.global": _nothing,
    "memref.load": _load,
    "memref.memory_space_cast": _same,
    "memref.prefetch": _nothing,
    "memref.rank": _rank,
    "memref.reinterpret_cast": _reinterpret_cast,
    "memref.reshape": _reshape,
    "memref.store": _store,
    "memref.subview": _subview,
    "memref.transpose": _transpose,
    "memref.view": _view,
}
