"""Tensors of rank 0: operations on them as operations on their only element, which needs no memory."""

from __future__ import annotations

from typing import Any

from approxir.codegen.llvm.structured import Structured, ir, structured


def scalarize(module: Any) -> None:
    """Take the bodies of those ``linalg.generic`` operations out of their loops that have none."""
    for one in structured(module):
        if not one.loops:
            _inline(one)


def _inline(one: Structured) -> None:
    op = one.op
    block = op.regions[0].blocks[0]
    *body, last = list(block.operations)
    with ir.InsertionPoint(op), op.location:
        for argument, value in zip(block.arguments, op.operands, strict=True):
            argument.replace_all_uses_with(_element(value))
        for inner in body:
            inner.operation.move_before(op)
        for result, value in zip(op.results, last.operands, strict=True):
            made = ir.Operation.create("tensor.from_elements", results=[result.type], operands=[value])
            result.replace_all_uses_with(made.results[0])
    op.erase()


def _element(value: Any) -> Any:
    kind = value.type
    if not isinstance(kind, ir.RankedTensorType):
        return value
    return ir.Operation.create("tensor.extract", results=[kind.element_type], operands=[value]).results[0]
