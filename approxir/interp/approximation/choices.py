"""A knob value that was chosen, and the options of its transform."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from approxir.dialects.approx import payload
from approxir.dialects.approx.params import KnobParams
from approxir.interp.errors import Trap
from approxir.interp.numbers import dtype_of, element_type, held, is_array
from approxir.ir.operation import Operation
from approxir.values import (
    ArrayAttr,
    Attribute,
    BoolAttr,
    DictAttr,
    FloatAttr,
    IntegerAttr,
    ShapedType,
    StringAttr,
    Type,
    UnitAttr,
)

if TYPE_CHECKING:
    from approxir.interp.interpreter import Interpreter

_OPTIONS = {
    payload.LOOP_PERFORATE: ("loop", "scheme", "seed", "rescale"),
    payload.FUNC_SUBSTITUTE: (),
    payload.TASK_SKIPPING: ("default",),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A transform with its knob value and options; `operation` is where faults of them are reported."""

    transform: str
    value: int
    options: DictAttr
    operation: Operation

    def fault(self, message: str, *, hint: str | None = None) -> Trap:
        """A fault of this choice."""
        return Trap(message, operation=self.operation, hint=hint)

    def option(self, name: str) -> Attribute | None:
        """An option's value."""
        return self.options.to_dict().get(name)

    def integer(self, name: str, default: int) -> int:
        """An option that is an integer."""
        value = self.option(name)
        if value is None:
            return default
        if not isinstance(value, IntegerAttr):
            raise self.fault(f"the option '{name}' is an integer, not {value}")
        return value.value

    def flag(self, name: str) -> bool:
        """An option that is true or false."""
        value = self.option(name)
        if value is None:
            return False
        if isinstance(value, UnitAttr):
            return True
        if not isinstance(value, BoolAttr):
            raise self.fault(f"the option '{name}' is true or false, not {value}")
        return value.value

    def string(self, name: str, default: str) -> str:
        """An option that is a string."""
        value = self.option(name)
        if value is None:
            return default
        if not isinstance(value, StringAttr):
            raise self.fault(f"the option '{name}' is a string, not {value}")
        return value.value


def make_choice(interp: Interpreter, params: KnobParams, value: int, op: Operation) -> Choice:
    """The choice of a knob value, checked as far as it is without the code that it is about."""
    name = params.transform_type
    if name is None:
        raise Trap("no transform_type says what the knob value means", operation=op)
    transform = payload.TRANSFORM_ALIASES.get(name, name)
    if transform not in _OPTIONS:
        raise Trap(f"unknown transform '{name}'", operation=op)
    options: DictAttr = interp.resolved(params.transform_options)
    for key in options:
        if key not in _OPTIONS[transform]:
            raise Trap(f"{transform} has no option '{key}'", operation=op)
    if value < 0:
        raise Trap(f"the knob value {value} is negative", operation=op)
    return Choice(transform, value, options, op)


def decide(params: KnobParams, state: int, op: Operation) -> tuple[int, int]:
    """Which interval a state is in, counted from 0, and the knob value there."""
    interval = sum(threshold <= state for threshold in params.thresholds)
    if len(params.decisions) != len(params.thresholds) + 1:
        raise Trap(
            f"{len(params.thresholds)} thresholds need {len(params.thresholds) + 1} decisions, "
            f"there are {len(params.decisions)}",
            operation=op,
        )
    return interval, params.decisions[interval]


def skipped_results(interp: Interpreter, choice: Choice, kinds: Sequence[Type]) -> tuple[Any, ...]:
    """What a payload that is not run hands on: zeros, or the option ``default``."""
    default = choice.option("default")
    if default is None:
        return tuple([_filled(kind, 0, choice) for kind in kinds])
    items: Sequence[Attribute] = (
        default.elements if isinstance(default, ArrayAttr) else [default] * len(kinds)
    )
    if len(items) != len(kinds):
        raise choice.fault(f"the option 'default' has {len(items)} values for {len(kinds)} results")
    found = []
    for item, kind in zip(items, kinds, strict=True):
        if not isinstance(item, IntegerAttr | FloatAttr | BoolAttr):
            raise choice.fault(f"the option 'default' is a number or an array of numbers, not {item}")
        found.append(_filled(kind, item.value, choice))
    return tuple(found)


def _filled(kind: Type, value: float, choice: Choice) -> Any:
    try:
        if not is_array(kind):
            return held(value, kind)
        element = element_type(kind)
        if isinstance(kind, ShapedType) and kind.has_static_shape and not str(kind).startswith("memref"):
            return np.full(kind.static_shape, held(value, element), dtype_of(element))
    except Trap:
        pass
    raise choice.fault(f"task_skipping with 0 leaves a result of type {kind}, which has no zero")


def one_number(value: Any, what: str, op: Operation) -> int:
    """The integer that a scalar or an array of one element is."""
    if isinstance(value, np.ndarray):
        if value.size != 1 or value.dtype.kind not in "iub":
            raise Trap(f"{what} is one integer, not an array of {list(value.shape)}", operation=op)
        return int(value.reshape(())[()])
    if isinstance(value, int):
        return int(value)
    raise Trap(f"{what} is one integer, not {value!r}", operation=op)
