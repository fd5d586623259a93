"""Convolution of StableHLO: for each place of the window, a product of what it covers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from approxir.interp.dialects.common import integer, integers, required
from approxir.interp.dialects.stablehlo_math import convert
from approxir.interp.errors import Trap
from approxir.interp.interpreter import Interpreter
from approxir.interp.machine import Environment, Handler, Pure, Values
from approxir.interp.numbers import Array, dtype_of, element_type
from approxir.ir.operation import Operation

_NUMBERS = re.compile(r"\[([^\]]*)\]\s*x\s*\[([^\]]*)\]\s*->\s*\[([^\]]*)\]")


def _layouts(interp: Interpreter, op: Operation) -> list[list[str]]:
    """The dimensions of the input, the kernel and the output, each as letters and spatial numbers."""
    text = str(required(interp, op, "dimension_numbers"))
    match = _NUMBERS.search(text)
    if match is None:
        raise Trap(f"the dimension numbers {text} are not understood")
    return [[item.strip() for item in group.split(",")] for group in match.groups()]


def _ordered(array: Array, layout: Sequence[str], first: str, second: str) -> Array:
    """The array with two named dimensions first and the spatial ones behind them, in order."""
    spatial = [str(number) for number in range(array.ndim - 2)]
    return array.transpose([layout.index(name) for name in (first, second, *spatial)])


def _dilated(array: Array, factors: Sequence[int], low: Sequence[int], high: Sequence[int]) -> Array:
    """The array with zeros between its elements and around them; negative padding takes elements away."""
    sizes = [max(0, (size - 1) * f + 1) for size, f in zip(array.shape[2:], factors, strict=True)]
    spread = np.zeros((*array.shape[:2], *sizes), array.dtype)
    spread[(slice(None), slice(None), *[slice(None, None, f) for f in factors])] = array
    around = [(max(0, a), max(0, b)) for a, b in zip(low, high, strict=True)]
    padded = np.pad(spread, [(0, 0), (0, 0), *around])
    inside = [
        slice(max(0, -a), size - max(0, -b)) for a, b, size in zip(low, high, padded.shape[2:], strict=True)
    ]
    return padded[(slice(None), slice(None), *inside)]


def _convolution(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
    layouts = interp.note_for(op, "layouts", lambda: _layouts(interp, op))
    dtype = dtype_of(element_type(interp.result_type(op)))
    wide: np.dtype[Any] = np.dtype(np.float64) if dtype.kind in "fV" else dtype
    left = _ordered(convert(operands[0], wide), layouts[0], "b", "f")
    right = _ordered(convert(operands[1], wide), layouts[1], "o", "i")
    rank = left.ndim - 2
    ones = [1] * rank
    strides = integers(interp, op, "window_strides", ones)
    padding = integers(interp, op, "padding", [0] * (2 * rank))
    left = _dilated(left, integers(interp, op, "lhs_dilation", ones), padding[::2], padding[1::2])
    right = _dilated(right, integers(interp, op, "rhs_dilation", ones), [0] * rank, [0] * rank)
    for axis, reverse in enumerate(integers(interp, op, "window_reversal", [0] * rank)):
        if reverse:
            right = np.flip(right, axis + 2)
    features = integer(interp, op, "feature_group_count", 1)
    batches = integer(interp, op, "batch_group_count", 1)
    if features > 1:
        lefts, rights = np.split(left, features, 1), np.split(right, features, 0)
    else:
        lefts, rights = np.split(left, batches, 0), np.split(right, batches, 0)
    parts = [_windows(a, b, strides) for a, b in zip(lefts, rights, strict=True)]
    result = np.concatenate(parts, 1).astype(dtype)
    names = ["b", "f", *[str(number) for number in range(rank)]]
    return (result.transpose([names.index(name) for name in layouts[2]]),)


def _windows(left: Array, right: Array, strides: Sequence[int]) -> Array:
    """The sums over the window, from (batch, in, space...) and (out, in, window...)."""
    window = right.shape[2:]
    sizes = [
        max(0, (have - size) // step + 1)
        for have, size, step in zip(left.shape[2:], window, strides, strict=True)
    ]
    result = np.zeros((left.shape[0], right.shape[0], *sizes), left.dtype)
    for offset in np.ndindex(*window):
        where = [
            slice(start, start + (size - 1) * step + 1, step) if size else slice(0, 0)
            for start, size, step in zip(offset, sizes, strides, strict=True)
        ]
        covered = left[(slice(None), slice(None), *where)]
        factor = right[(slice(None), slice(None), *offset)]
        result += np.moveaxis(np.tensordot(factor, covered, axes=([1], [1])), 0, 1)
    return result


HANDLERS: dict[str, Handler | Pure] = {"stablehlo.convolution": _convolution}
