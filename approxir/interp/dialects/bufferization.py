"""The bufferization dialect, as far as interpreting needs it: tensors are values, memrefs are memory."""

from __future__ import annotations

from typing import Any

from approxir.interp.interpreter import Interpreter
from approxir.interp.machine import Environment, Handler, Pure, Values
from approxir.interp.memory import MemRef, from_array
from approxir.interp.numbers import dtype_of, element_type
from approxir.ir.operation import Operation


def _to_tensor(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    memref: MemRef = operands[0]
    return (memref.array.copy(),)


def _to_buffer(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    return (from_array(operands[0].copy()),)


def _alloc_tensor(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    import numpy as np

    kind: Any = interp.result_type(op)
    sizes = iter(operands)
    shape = [next(sizes) if size is None else size for size in kind.shape]
    return (np.zeros(shape, dtype_of(element_type(kind))),)


HANDLERS: dict[str, Handler | Pure] = {
    "bufferization.to_tensor": _to_tensor,
    "bufferization.to_buffer": _to_buffer,
    "bufferization.to_memref": _to_buffer,
    "bufferization.alloc_tensor": _alloc_tensor,
}
