"""Tunable parameters: the single numbers that a tuner may change, by name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from approxir.dialects.approx.params import I32_LIMITS, KnobParams

_PARAMETER_END = re.compile(r"_(?:threshold|decision)_[0-9]+\Z")


@dataclass
class TunableParam:
    """One number of one knob.

    Attributes:
        name: ``<knob>_threshold_<i>`` or ``<knob>_decision_<i>``; unique in the module.
        lower: the least value that it may take.
        upper: the greatest value that it may take.
        current: its value in the module.
        param_type: ``"threshold"`` or ``"decision"``.
        func_name: the function that the knob is about.
        index: its place among the thresholds or decisions of its knob, from 0.
        choices: the values that a decision may take, if they are listed; () for a threshold, whose values are
            all from `lower` to `upper`.
    """

    name: str
    lower: int
    upper: int
    current: int
    param_type: str
    func_name: str
    index: int
    choices: tuple[int, ...] = ()

    @property
    def knob(self) -> str:
        """The name of the knob: the function's name, or that and a number where it has several knobs."""
        return self.name.removesuffix(f"_{self.param_type}_{self.index}")

    def allows(self, value: int) -> bool:
        """Whether the value is within the bounds and, for a decision, one of the choices."""
        return self.lower <= value <= self.upper and (not self.choices or value in self.choices)

    @property
    def allowed(self) -> str:
        """The allowed values in words, as messages show them."""
        if self.choices:
            return "one of " + ", ".join(str(choice) for choice in self.choices)
        return f"{self.lower}..{self.upper}"


def parameter_name(knob: str, kind: str, index: int) -> str:
    """The name of a parameter; knob, kind and index are kept beside it."""
    return f"{knob}_{kind}_{index}"


def knob_of(name: str) -> str | None:
    """The only name that the knob of a parameter can have; whether it has that parameter is for it to say."""
    match = _PARAMETER_END.search(name)
    return None if match is None else name[: match.start()]


def parameters_of(knob: str, function: str, params: KnobParams) -> Iterable[TunableParam]:
    """The parameters of one knob: its thresholds, then its decisions."""
    for index, value in enumerate(params.thresholds):
        lower, upper = params.bounds(index)
        name = parameter_name(knob, "threshold", index)
        yield TunableParam(name, lower, upper, value, "threshold", function, index)
    choices = params.decision_values
    lower, upper = (min(choices), max(choices)) if choices else (0, I32_LIMITS[1])
    for index, value in enumerate(params.decisions):
        name = parameter_name(knob, "decision", index)
        yield TunableParam(name, lower, upper, value, "decision", function, index, tuple(choices))
