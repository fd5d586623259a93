"""Loop perforation: which iterations are done, and how sums are rescaled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from approxir.dialects.approx.sampling import keeps
from approxir.interp.approximation.choices import Choice
from approxir.interp.numbers import element_type, normal, width_of
from approxir.ir.operation import Operation
from approxir.ir.ssa import BlockArgument, OpResult, Value
from approxir.values import FloatType, Type

SCHEMES = ("stride", "skip", "truncate", "random")
_SUMS = frozenset({"arith.addf", "arith.addi", "stablehlo.add"})


@dataclass(frozen=True, slots=True)
class Perforation:
    """How one loop is perforated; `choice` is what asked for it."""

    value: int
    scheme: str
    seed: int
    rescale: bool
    choice: Choice

    @staticmethod
    def of(choice: Choice) -> Perforation:
        """The perforation that a choice asks for. Raises `Trap` for options that are not understood."""
        scheme = choice.string("scheme", "stride")
        if scheme not in SCHEMES:
            raise choice.fault(f"unknown scheme '{scheme}'", hint="schemes are " + ", ".join(SCHEMES))
        return Perforation(choice.value, scheme, choice.integer("seed", 0), choice.flag("rescale"), choice)


def iterations(numbers: range, perforations: Sequence[Perforation]) -> Sequence[int]:
    """The values of a loop's counter that are done, of all those that the exact loop has.

    Perforations apply one after the other, each to the loop that the one before has left: a stride and a
    truncation leave a shorter loop, the other schemes one whose body sometimes does nothing.
    """
    left: Sequence[int] = numbers
    done: Sequence[bool] | None = None
    for perforation in perforations:
        value = perforation.value
        if perforation.scheme == "stride":
            left, done = left[::value], None if done is None else done[::value]
        elif perforation.scheme == "truncate":
            count = len(left) - len(left) // value
            left, done = left[:count], None if done is None else done[:count]
        else:
            kept = [_kept(k, perforation) for k in range(len(left))]
            done = kept if done is None else [a and b for a, b in zip(done, kept, strict=True)]
    if done is None:
        return left
    return [number for number, does in zip(left, done, strict=True) if does]


def _kept(k: int, perforation: Perforation) -> bool:
    value = perforation.value
    if perforation.scheme == "skip":
        return k % value != value - 1
    return keeps(k, value, perforation.seed)


def is_sum(yielded: Value, carried: BlockArgument) -> bool:
    """Whether a loop hands on ``carried + x`` for a carried value that nothing else uses."""
    if not isinstance(yielded, OpResult) or yielded.operation.name not in _SUMS:
        return False
    if [operand is carried for operand in yielded.operation.operands].count(True) != 1:
        return False
    return len(list(carried.uses)) == 1


def rescaled(initial: Any, result: Any, total: int, done: int, kind: Type) -> Any:
    """A sum over `done` of `total` iterations, as if over all: ``init + (r - init) * (total / done)``.

    Floats are computed in the value's own type, integers multiplied first and divided towards zero.
    """
    if done == 0 or done == total:
        return result
    element = element_type(kind)
    if isinstance(element, FloatType):
        number = np.asarray(result).dtype.type
        scaled_up = initial + (result - initial) * (number(total) / number(done))
        return np.asarray(scaled_up) if isinstance(result, np.ndarray) else scaled_up
    if isinstance(result, np.ndarray):
        if width_of(element) == 1:
            # The sum of truth values is their disjunction.
            return result
        pairs = zip(np.ravel(result), np.broadcast_to(initial, np.shape(result)).ravel(), strict=True)
        found = [_scaled(int(one), int(start), total, done, element) for one, start in pairs]
        return np.array(found, result.dtype).reshape(result.shape)
    return _scaled(result, initial, total, done, element)


def _scaled(result: int, initial: int, total: int, done: int, element: Type) -> int:
    product = int(normal((result - initial) * total, element))
    if width_of(element) == 1:
        product = -product
    quotient = abs(product) // done
    return normal(initial + (quotient if product >= 0 else -quotient), element)


def scaled_sum(array: Any, total: int, done: int, element: Type) -> Any:
    """The elements of a sum over `done` of `total` summands, as if over all."""
    if done == 0 or done == total:
        return array
    if isinstance(element, FloatType):
        number = array.dtype.type
        return np.asarray(array * (number(total) / number(done)))
    return rescaled(np.zeros_like(array), array, total, done, element)


def sums_of(op: Operation, carried: Sequence[BlockArgument], yielded: Sequence[Value]) -> list[bool]:
    """Which of a loop's carried values are additive reductions."""
    return [is_sum(value, argument) for value, argument in zip(yielded, carried, strict=True)]
