"""`MLIRConfigManager`: the interface that tuners written for approx-runtime use, on text in and text out."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from approxir.dialects.approx.params import integer
from approxir.ir.module import parse
from approxir.knobs.config import apply_config, tunable_parameters
from approxir.knobs.parameters import TunableParam
from approxir.values import InvalidValue


class MLIRConfigManager:
    """Finds the tunable parameters in MLIR text, and writes configurations into it.

    It holds no state: one manager may serve any number of texts and threads.
    """

    def parse_annotations(self, mlir_text: str) -> dict[str, TunableParam]:
        """Every tunable parameter of the text, by name, in the order of the text.

        Only the knobs are parsed, in time little more than that of a search. Raises `ParseError` where they
        are not MLIR, and `ParamsError` where they cannot be understood.
        """
        return tunable_parameters(parse(mlir_text, lazy=True))

    def apply_config(self, mlir_text: str, config: Mapping[str, int]) -> str:
        """The text with the parameters in `config` set and nothing else changed.

        Raises `ConfigError` (a `ValueError`) for names that the text does not have, and for values that are
        not allowed.
        """
        module = parse(mlir_text, lazy=True)
        apply_config(module, config)
        return str(module)

    def validate_config(self, config: Mapping[str, int], params: Mapping[str, TunableParam]) -> bool:
        """Whether every value is an integer within its bounds, and thresholds ascend in each knob.

        Parameters that `config` leaves out keep the value that they have in `params`.
        """
        values: dict[str, int] = {}
        for name, value in config.items():
            parameter = params.get(name)
            if parameter is None:
                return False
            try:
                values[name] = integer(value, name)
            except InvalidValue:
                return False
            if not parameter.allows(values[name]):
                return False
        thresholds: dict[str, list[tuple[int, str, int]]] = {}
        for name, parameter in params.items():
            if parameter.param_type == "threshold":
                entry = (parameter.index, name, values.get(name, parameter.current))
                thresholds.setdefault(parameter.knob, []).append(entry)
        for entries in thresholds.values():
            entries.sort()
            for (_, first, low), (_, second, high) in pairwise(entries):
                # What the configuration does not touch is not its fault.
                if low >= high and (first in values or second in values):
                    return False
        return True
