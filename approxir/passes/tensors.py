"""Scalars as tensors of rank 0: the same computations, spelled in StableHLO."""

from __future__ import annotations

from approxir.dialects.approx.params import I32_LIMITS
from approxir.ir.building import Builder
from approxir.ir.operation import Operation
from approxir.ir.ssa import OpResult, Value
from approxir.passes.base import PassError
from approxir.values import (
    DenseArrayAttr,
    DenseElementsAttr,
    FloatAttr,
    FloatType,
    IndexType,
    IntegerAttr,
    IntegerType,
    OpaqueAttr,
    TensorType,
    Type,
)
from approxir.values.attributes import BoolAttr

_LEAST, _MOST = I32_LIMITS
_I1 = IntegerType(1)
_I32 = IntegerType(32)
_I64 = IntegerType(64)
_DIRECTIONS = {
    0: ("EQ", "SIGNED"), 1: ("NE", "SIGNED"), 2: ("LT", "SIGNED"), 3: ("LE", "SIGNED"),
    4: ("GT", "SIGNED"), 5: ("GE", "SIGNED"),
}  # fmt: skip
_BINARY = {
    "arith.addi": "stablehlo.add", "arith.subi": "stablehlo.subtract", "arith.muli": "stablehlo.multiply",
    "arith.andi": "stablehlo.and", "arith.ori": "stablehlo.or", "arith.xori": "stablehlo.xor",
    "arith.addf": "stablehlo.add", "arith.subf": "stablehlo.subtract", "arith.mulf": "stablehlo.multiply",
    "arith.maxsi": "stablehlo.maximum", "arith.minsi": "stablehlo.minimum",
}  # fmt: skip
_CONVERSIONS = frozenset({"arith.index_cast", "arith.extsi", "arith.trunci", "arith.sitofp"})


def is_scalar(kind: Type) -> bool:
    """Whether a type is one number."""
    return isinstance(kind, IntegerType | FloatType | IndexType)


def tensor_of(kind: Type) -> TensorType:
    """The tensor of rank 0 that stands for a scalar (i32 for an index); tensors are as they are."""
    if isinstance(kind, TensorType):
        return kind
    return TensorType((), _I32 if isinstance(kind, IndexType) else kind)


class TensorForms:
    """Scalars and the tensors that stand for them, each computed where it is first asked for.

    A tensor is made where its scalar is defined, so that it can be used wherever the scalar could.
    """

    def __init__(self) -> None:
        self._known: dict[Value, Value] = {}

    def tensor(self, build: Builder, value: Value) -> Value:
        """The tensor for a scalar; a tensor is given back as it is."""
        if isinstance(value.type, TensorType):
            return value
        found = self._known.get(value)
        if found is None:
            found = self._computed(build, value)
        return found

    def constant(self, build: Builder, value: int, kind: Type) -> Value:
        """A constant."""
        held = DenseElementsAttr(str(value), tensor_of(kind))
        return build.create("stablehlo.constant", [], [tensor_of(kind)], properties={"value": held}).result

    def compare(
        self, build: Builder, direction: str, first: Value, second: Value, kind: str = "SIGNED"
    ) -> Value:
        """A comparison of two tensors."""
        properties = {
            "comparison_direction": OpaqueAttr("stablehlo", f"<comparison_direction {direction}>"),
            "compare_type": OpaqueAttr("stablehlo", f"<comparison_type {kind}>"),
        }
        return build.create(
            "stablehlo.compare", [first, second], [tensor_of(_I1)], properties=properties
        ).result

    def _computed(self, build: Builder, value: Value) -> Value:
        order: list[Value] = []
        pending = [value]
        while pending:
            one = pending.pop()
            if one in self._known or isinstance(one.type, TensorType):
                continue
            order.append(one)
            if isinstance(one, OpResult):
                pending.extend(_inputs(one.owner))
        for one in reversed(order):
            if one not in self._known:
                self._known[one] = self._form(one, build)
        return self._known[value]

    def _form(self, value: Value, build: Builder) -> Value:
        if isinstance(value, OpResult):
            op = value.owner
            made = self._of(op, Builder.after(op))
            if made is not None:
                return made
            build = Builder.after(op)
        elif value.type is not None and (first := _block_start(value)) is not None:
            build = first
        return self._wrapped(build, value)

    def _wrapped(self, build: Builder, value: Value) -> Value:
        """A scalar that comes from somewhere else, put into a tensor."""
        kind = value.type
        assert kind is not None
        if isinstance(kind, IndexType):
            value = build.create("arith.index_cast", [value], [_I32]).result
        return build.create("tensor.from_elements", [value], [tensor_of(kind)]).result

    def _of(self, op: Operation, build: Builder) -> Value | None:
        """The tensor for the result of an operation on scalars; None for one that has no such form."""
        if len(op.results) != 1:
            return None
        kind = op.result.type
        assert kind is not None
        if op.name == "arith.constant":
            held = op.attributes.get("value")
            if isinstance(held, IntegerAttr):
                if isinstance(kind, IndexType) and not _LEAST <= held.value <= _MOST:
                    raise PassError.at(
                        op, f"{held.value} is no number of 32 bits, as which indices are computed"
                    )
                return self.constant(build, held.value, kind)
            if isinstance(held, BoolAttr | FloatAttr):
                text = str(held) if isinstance(held, BoolAttr) else held.spelling
                value = DenseElementsAttr(text, tensor_of(kind))
                return build.create(
                    "stablehlo.constant", [], [tensor_of(kind)], properties={"value": value}
                ).result
            return None
        if op.name == "tensor.extract":
            return self._extracted(op, build)
        inputs = [self._known.get(operand, operand) for operand in op.operands]
        if op.name in _BINARY:
            return build.create(_BINARY[op.name], inputs, [tensor_of(kind)]).result
        if op.name == "arith.extui" and op.operands[0].type == _I1:
            return build.create("stablehlo.convert", inputs, [tensor_of(kind)]).result
        if op.name in _CONVERSIONS:
            if inputs[0].type == tensor_of(kind):
                return inputs[0]
            return build.create("stablehlo.convert", inputs, [tensor_of(kind)]).result
        if op.name == "arith.select":
            return build.create("stablehlo.select", inputs, [tensor_of(kind)]).result
        if op.name == "arith.cmpi":
            predicate = op.attributes.get("predicate")
            if isinstance(predicate, IntegerAttr) and predicate.value in _DIRECTIONS:
                return self.compare(build, *_pair(predicate.value, inputs))
        return None

    def _extracted(self, op: Operation, build: Builder) -> Value | None:
        source, *indices = op.operands
        kind = source.type
        if not isinstance(kind, TensorType) or len(indices) > 1:
            return None
        scalar = TensorType((), kind.element_type)
        if not indices:
            return source
        if kind.shape == (1,):
            return build.create("stablehlo.reshape", [source], [scalar]).result
        start = self._known.get(indices[0])
        if start is None:
            return None
        one = TensorType((1,), kind.element_type)
        sizes = {"slice_sizes": DenseArrayAttr(_I64, (1,))}
        part = build.create("stablehlo.dynamic_slice", [source, start], [one], properties=sizes).result
        return build.create("stablehlo.reshape", [part], [scalar]).result


def _pair(predicate: int, inputs: list[Value]) -> tuple[str, Value, Value, str]:
    direction, kind = _DIRECTIONS[predicate]
    return direction, inputs[0], inputs[1], kind


def _inputs(op: Operation) -> list[Value]:
    """What has to be a tensor before the result of an operation can be one."""
    if op.name == "tensor.extract":
        return list(op.operands[1:])
    known = op.name in _BINARY or op.name in _CONVERSIONS
    if known or op.name in ("arith.cmpi", "arith.select", "arith.extui"):
        return list(op.operands)
    return []


def _block_start(value: Value) -> Builder | None:
    owner = getattr(value, "block", None)
    return Builder.at_start(owner) if owner is not None else None
