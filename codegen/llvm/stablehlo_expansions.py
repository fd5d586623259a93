"""Operations of StableHLO and CHLO that no pass of MLIR takes to linalg, as others that one does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from approxir.codegen.llvm.erf_inv import expand_erf_inv
from approxir.codegen.llvm.scatter import expand_scatter
from approxir.codegen.llvm.sort import expand_sort
from approxir.codegen.llvm.stablehlo_attributes import integer, tensor_types
from approxir.codegen.stablehlo_conversions import saturate
from approxir.ir.blocks import Block, Region
from approxir.ir.building import Builder
from approxir.ir.forms import form_of
from approxir.ir.module import parse
from approxir.ir.operation import Operation
from approxir.ir.ssa import Value
from approxir.passes.base import made_for
from approxir.passes.calls import constant_index
from approxir.passes.functions import Functions
from approxir.passes.tensors import TensorForms
from approxir.values import (
    Attribute,
    BoolAttr,
    DenseArrayAttr,
    DenseElementsAttr,
    FloatType,
    IndexType,
    IntegerAttr,
    IntegerType,
    OpaqueAttr,
    StringAttr,
    TensorType,
)

if TYPE_CHECKING:
    from approxir.ir.module import Module

Rewrite = Callable[[Operation, Functions], bool]
"""Puts something else in the place of an operation, if it can, and returns whether it did."""

_I64 = IntegerType(64)
_SMALL = frozenset({"f16", "bf16"})
_INFINITY = {"f16": "0x7C00", "bf16": "0x7F80", "f32": "0x7F800000", "f64": "0x7FF0000000000000"}
# Element by element, with the same name and meaning in the math dialect.
_MATH = frozenset({"acos", "acosh", "asin", "asinh", "atan", "atanh", "cosh", "erf", "erfc", "sinh", "tan"})
# What one device has no use for: where tensors lie on a mesh.
_PLACEMENTS = frozenset(
    {"Sharding", "SPMDFullToShardShape", "SPMDShardToFullShape", "annotate_device_placement"}
)


def expand(module: Module) -> bool:
    """Rewrite what has an exact equivalent, in place, and return whether anything was changed."""
    functions = Functions()
    changed = False
    for op in module.find("stablehlo.", "chlo.", "sdy."):
        rewrite = _REWRITES.get(op.name)
        if rewrite is not None and _rewritten(op, rewrite, functions):
            changed = True
    return changed


def _rewritten(op: Operation, rewrite: Rewrite, functions: Functions) -> bool:
    """Rewrite an operation; errors about what is made for it will point to it."""
    block, before, after = op.block, op.prev, op.next
    if not rewrite(op, functions):
        return False
    assert block is not None
    made = block.first if before is None else before.next
    while made is not None and made is not after:
        for inner in made.walk():
            if inner._made is not None and inner._made.origin is None:
                made_for(inner, op)
        made = made.next
    return True


def _tensor(op: Operation, functions: Functions) -> TensorType | None:
    """The type of the only result, if it is a tensor's."""
    kind = op.result.type
    resolved = None if kind is None else functions.resolved(kind, op)
    return resolved if isinstance(resolved, TensorType) else None


def _math(op: Operation, functions: Functions) -> bool:
    kind = _tensor(op, functions)
    if kind is None or not isinstance(kind.element_type, FloatType):
        return False
    name = "math." + op.name.removeprefix("chlo.")
    op.replace_with(Builder.before(op).create(name, [op.operands[0]], [kind]).result)
    return True


def _square(op: Operation, functions: Functions) -> bool:
    kind = _tensor(op, functions)
    if kind is None:
        return False
    value = op.operands[0]
    op.replace_with(Builder.before(op).create("stablehlo.multiply", [value, value], [kind]).result)
    return True


def _same(op: Operation, functions: Functions) -> bool:
    """The results are the operands, which only a scheduler may not know."""
    op.replace_with(*op.operands)
    return True


def _custom_call(op: Operation, functions: Functions) -> bool:
    target = op.attributes.get("call_target_name")
    if not isinstance(target, StringAttr) or target.value not in _PLACEMENTS:
        return False
    return _same(op, functions)


def _mesh(op: Operation, functions: Functions) -> bool:
    op.erase()
    return True


def _top_k(op: Operation, functions: Functions) -> bool:
    """Numbers with their places, sorted from the largest on, NaN being larger than any number."""
    kinds = tensor_types(op.operands, op, functions)
    results = tensor_types(op.results, op, functions)
    if not kinds or results is None or len(results) != 2 or not kinds[0].has_static_shape:
        return False
    kind, places = kinds[0], TensorType(kinds[0].shape, results[1].element_type)
    element, last = kind.element_type, len(kind.shape) - 1
    if isinstance(element, FloatType):
        order = "TOTALORDER"
    elif isinstance(element, IntegerType):
        order = "UNSIGNED" if element.signedness == "unsigned" or element.width == 1 else "SIGNED"
    else:
        return False
    scalar, place = TensorType((), element), TensorType((), places.element_type)
    block = Block.create([scalar, scalar, place, place])
    end = Builder.at_end(block)
    greater = TensorForms().compare(end, "GT", block.arguments[0], block.arguments[1], order)
    end.create("stablehlo.return", [greater])
    build = Builder.before(op)
    iota = build.create("stablehlo.iota", [], [places], properties={"iota_dimension": _i64(last)})
    sort = build.create(
        "stablehlo.sort",
        [op.operands[0], iota.result],
        [kind, places],
        properties={"dimension": _i64(last), "is_stable": BoolAttr(True)},
        regions=[Region.create([block])],
    )
    bounds = {
        "start_indices": DenseArrayAttr(_I64, (0,) * len(kind.shape)),
        "strides": DenseArrayAttr(_I64, (1,) * len(kind.shape)),
    }
    cut: list[Value] = []
    for value, result in zip(sort.results, results, strict=True):
        if 0 in result.shape:
            cut.append(_nothing(build, result))
            continue
        limits = {**bounds, "limit_indices": DenseArrayAttr(_I64, result.static_shape)}
        cut.append(build.create("stablehlo.slice", [value], [result], properties=limits).result)
    op.replace_with(*cut)
    return expand_sort(sort, functions)


def _reduce(op: Operation, functions: Functions) -> bool:
    """Reductions of nothing, which are where they start, and reductions over no dimension."""
    kinds, results = tensor_types(op.operands, op, functions), tensor_types(op.results, op, functions)
    if not kinds or not results or not all(kind.has_static_shape for kind in [*kinds, *results]):
        return False
    count = len(results)
    if 0 in kinds[0].shape:
        nowhere = {"broadcast_dimensions": DenseArrayAttr(_I64, ())}
        build = Builder.before(op)
        starts = [
            build.create("stablehlo.broadcast_in_dim", [value], [kind], properties=nowhere).result
            for value, kind in zip(list(op.operands)[count:], results, strict=True)
        ]
        op.replace_with(*starts)
        return True
    dimensions = op.attributes.get("dimensions")
    if not isinstance(dimensions, DenseArrayAttr) or dimensions.values:
        return False
    _reduce_over_one(op, kinds[:count], results)
    return True


def _reduce_over_one(op: Operation, kinds: list[TensorType], results: list[TensorType]) -> None:
    """Reduce over a new dimension of size 1, which applies the body once to each element."""
    build = Builder.before(op)
    wide = [TensorType((1, *kind.shape), kind.element_type) for kind in kinds]
    given = [
        build.create("stablehlo.reshape", [value], [kind]).result
        for value, kind in zip(op.operands, wide, strict=False)
    ]
    made = build.create(
        "stablehlo.reduce",
        [*given, *list(op.operands)[len(kinds) :]],
        results,
        properties={**_own(op), "dimensions": DenseArrayAttr(_I64, (0,))},
        regions=[Region.create([_reducer(op)])],
    )
    op.replace_with(*made.results)


def _reducer(op: Operation) -> Block:
    """The body of a reduction, for another one; the short form only names the operation in it."""
    holder: Operation | None = op
    if not op.regions:
        form = form_of(op)
        assert form is not None
        holder = parse(f'"approxir.holder"() ({{\n{form.implicit_bodies[0]}\n}}) : () -> ()').body.first
    assert holder is not None
    block: Block = holder.regions[0].blocks[0]
    return holder.regions[0].remove(block)  # type: ignore[no-any-return]


def _own(op: Operation) -> dict[str, Attribute]:
    """The attributes that belong to the operation; those of other dialects have a dot in their names."""
    return {name: held for name, held in op.attributes.items() if "." not in name}


def _accumulate(op: Operation, functions: Functions) -> bool:
    """A sum of products in a small type: added up with the precision of f32, as other engines do."""
    kind = _tensor(op, functions)
    if kind is None or not isinstance(kind.element_type, FloatType) or kind.element_type.name not in _SMALL:
        return False
    build = Builder.before(op)
    wide = TensorType(kind.shape, FloatType("f32"))
    made = build.create(op.name, list(op.operands), [wide], properties=_own(op))
    op.replace_with(build.create("stablehlo.convert", [made.result], [kind]).result)
    return True


def _is_inf(op: Operation, functions: Functions) -> bool:
    kinds, result = tensor_types(op.operands, op, functions), _tensor(op, functions)
    if kinds is None or result is None or not kinds[0].has_static_shape:
        return False
    kind = kinds[0]
    build = Builder.before(op)
    size = build.create("stablehlo.abs", [op.operands[0]], [kind]).result
    held = {"value": DenseElementsAttr(_INFINITY[str(kind.element_type)], kind)}
    infinity = build.create("stablehlo.constant", [], [kind], properties=held).result
    properties = {"comparison_direction": OpaqueAttr("stablehlo", "<comparison_direction EQ>")}
    equal = build.create("stablehlo.compare", [size, infinity], [result], properties=properties)
    op.replace_with(equal.result)
    return True


def _size(op: Operation, functions: Functions) -> bool:
    kinds, result = tensor_types(op.operands, op, functions), _tensor(op, functions)
    if kinds is None or result is None:
        return False
    build = Builder.before(op)
    axis = constant_index(build, integer(op, "dimension", 0))
    size = build.create("tensor.dim", [op.operands[0], axis], [IndexType()]).result
    number = build.create("arith.index_cast", [size], [result.element_type]).result
    op.replace_with(build.create("tensor.from_elements", [number], [result]).result)
    return True


def _dynamic_reshape(op: Operation, functions: Functions) -> bool:
    kind = _tensor(op, functions)
    if kind is None:
        return False
    op.replace_with(Builder.before(op).create("tensor.reshape", list(op.operands), [kind]).result)
    return True


def _i64(number: int) -> IntegerAttr:
    return IntegerAttr(number, _I64)


def _empty(op: Operation, functions: Functions) -> bool:
    """What has no elements: MLIR makes slices of it that start behind the end, and refuses them."""
    kind = _tensor(op, functions)
    if kind is None or 0 not in kind.shape:
        return False
    op.replace_with(_nothing(Builder.before(op), kind))
    return True


def _nothing(build: Builder, kind: TensorType) -> Value:
    """A tensor without elements."""
    empty = {"value": DenseElementsAttr("", kind)}
    return build.create("stablehlo.constant", [], [kind], properties=empty).result


def _pad(op: Operation, functions: Functions) -> bool:
    """Nothing with something around it."""
    kinds, kind = tensor_types(op.operands, op, functions), _tensor(op, functions)
    if not kinds or kind is None or 0 not in kinds[0].shape or not kind.has_static_shape:
        return False
    if _empty(op, functions):
        return True
    nowhere = {"broadcast_dimensions": DenseArrayAttr(_I64, ())}
    build = Builder.before(op)
    made = build.create("stablehlo.broadcast_in_dim", [op.operands[1]], [kind], properties=nowhere)
    op.replace_with(made.result)
    return True


def _update(op: Operation, functions: Functions) -> bool:
    """Nothing put into something."""
    kinds = tensor_types(op.operands, op, functions)
    if not kinds or 0 not in kinds[1].shape:
        return False
    op.replace_with(op.operands[0])
    return True


def _concatenate(op: Operation, functions: Functions) -> bool:
    """Nothing behind something."""
    kinds = tensor_types(op.operands, op, functions)
    kind = _tensor(op, functions)
    if not kinds or kind is None or not any(0 in one.shape for one in kinds):
        return False
    if _empty(op, functions):
        return True
    kept = [value for value, one in zip(op.operands, kinds, strict=True) if 0 not in one.shape]
    made = Builder.before(op).create("stablehlo.concatenate", kept, [kind], properties=_own(op))
    op.replace_with(made.result)
    return True


_REWRITES: dict[str, Rewrite] = {
    **{f"chlo.{name}": _math for name in _MATH},
    "chlo.erf_inv": expand_erf_inv,
    "chlo.is_inf": _is_inf,
    "chlo.square": _square,
    "chlo.top_k": _top_k,
    "sdy.mesh": _mesh,
    "sdy.sharding_constraint": _same,
    "stablehlo.concatenate": _concatenate,
    "stablehlo.convert": saturate,
    "stablehlo.convolution": _accumulate,
    "stablehlo.custom_call": _custom_call,
    "stablehlo.dot": _accumulate,
    "stablehlo.dot_general": _accumulate,
    "stablehlo.dynamic_reshape": _dynamic_reshape,
    "stablehlo.dynamic_slice": _empty,
    "stablehlo.dynamic_update_slice": _update,
    "stablehlo.gather": _empty,
    "stablehlo.get_dimension_size": _size,
    "stablehlo.optimization_barrier": _same,
    "stablehlo.pad": _pad,
    "stablehlo.reduce": _reduce,
    "stablehlo.scatter": expand_scatter,
    "stablehlo.slice": _empty,
    "stablehlo.sort": expand_sort,
}
