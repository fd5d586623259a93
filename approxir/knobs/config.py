"""Configurations: all tunable numbers of a module by name, read and applied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from approxir.dialects.approx.errors import ConfigError, ParamsError
from approxir.dialects.approx.params import KnobParams, integer
from approxir.errors import Diagnostic, IRError, ParseError
from approxir.knobs.finding import find_knobs, nearest
from approxir.knobs.parameters import TunableParam, knob_of, parameters_of
from approxir.knobs.view import KnobView
from approxir.values import InvalidValue

if TYPE_CHECKING:
    from approxir.ir.module import Module

Config = dict[str, int]
"""Parameter names to values."""


def tunable_parameters(module: Module) -> dict[str, TunableParam]:
    """Every tunable number of the module, by name, in the order of the text.

    Raises `ParamsError` with everything that cannot be understood.
    """
    found: dict[str, TunableParam] = {}
    wrong: list[Diagnostic] = []
    for knob in find_knobs(module):
        try:
            for parameter in knob.parameters:
                found[parameter.name] = parameter
        except (ParamsError, ParseError) as error:
            wrong.extend(error.diagnostics)
    if wrong:
        raise ParamsError(tuple(wrong))
    return found


def read_config(module: Module) -> Config:
    """The value of every tunable number, by name."""
    return {name: parameter.current for name, parameter in tunable_parameters(module).items()}


def apply_config(module: Module, config: Mapping[str, Any], *, complete: bool = False) -> Config:
    """Set tunable numbers by name, all or none, and return the values that were replaced.

    Applying what is returned undoes it. With `complete`, every parameter of the module must be in `config`.
    Raises `ConfigError` with everything that is wrong: unknown names, values that are no integers or not
    allowed, thresholds that would not ascend, missing parameters, knobs in question that cannot be read.
    """
    plan = _Plan(module, config)
    if complete:
        plan.require_all()
    if plan.wrong:
        raise ConfigError(tuple(plan.wrong))
    done: list[tuple[KnobView, KnobParams]] = []
    try:
        for knob, old, new in plan.changes:
            knob.write(new)
            done.append((knob, old))
    except (IRError, ParamsError):
        for knob, old in done:
            knob.write(old)
        raise
    return plan.replaced


class _Plan:
    """What applying a configuration comes to, and what is wrong with it.

    Only the knobs that it names are read, so that one that cannot be read stands in the way of no other.
    """

    def __init__(self, module: Module, config: Mapping[str, Any]) -> None:
        self.wrong: list[Diagnostic] = []
        self.replaced: Config = {}
        self.changes: list[tuple[KnobView, KnobParams, KnobParams]] = []
        self._module = module
        self._config = config
        self._knobs = {knob.name: knob for knob in find_knobs(module)}
        # The parameters of each knob that was read, by name; None for a knob that cannot be read.
        self._parameters: dict[str, dict[str, TunableParam] | None] = {}
        self._params: dict[str, KnobParams] = {}
        wanted: dict[str, dict[str, int]] = {}
        for name, value in config.items():
            self._add(name, value, wanted)
        for knob_name, knob in self._knobs.items():
            if knob_name in wanted:
                self._change(knob, wanted[knob_name])

    def require_all(self) -> None:
        """Complain about the parameters that the configuration leaves out."""
        for knob in self._knobs.values():
            for name, parameter in (self._read(knob) or {}).items():
                if name not in self._config:
                    message = f"{name} is missing from the configuration"
                    hint = f"allowed: {parameter.allowed}; it is {parameter.current} now"
                    self.wrong.append(_at(knob, parameter, message, hint))

    def _read(self, knob: KnobView) -> dict[str, TunableParam] | None:
        if knob.name not in self._parameters:
            try:
                params = self._params[knob.name] = knob.read()
            except (ParamsError, ParseError) as error:
                self.wrong.extend(error.diagnostics)
                self._parameters[knob.name] = None
            else:
                found = parameters_of(knob.name, knob.function or "", params)
                self._parameters[knob.name] = {parameter.name: parameter for parameter in found}
        return self._parameters[knob.name]

    def _add(self, name: object, value: Any, wanted: dict[str, dict[str, int]]) -> None:
        # The name of a parameter ends in its kind and its number, whatever the knob's name is.
        knob = self._knobs.get(knob_of(str(name)) or "")
        held = self._read(knob) if knob is not None else {}
        if held is None:
            return
        parameter = held.get(name) if isinstance(name, str) else None
        if knob is None or parameter is None:
            self._unknown(str(name))
            return
        try:
            number = integer(value, parameter.name)
        except InvalidValue as error:
            self.wrong.append(_at(knob, parameter, error.message, f"allowed: {parameter.allowed}"))
            return
        if number != parameter.current:
            wanted.setdefault(knob.name, {})[parameter.name] = number
        self.replaced[parameter.name] = parameter.current

    def _unknown(self, name: str) -> None:
        names: list[str] = []
        for knob in self._knobs.values():
            try:
                names += [parameter.name for parameter in knob.parameters]
            except (ParamsError, ParseError):
                # It is the names of the others that may be meant.
                continue
        hint = nearest(name, names, "parameter")
        message = f"the module has no parameter '{name}'"
        self.wrong.append(Diagnostic(message, file=self._module.file, code="config", hint=hint))

    def _change(self, knob: KnobView, wanted: Mapping[str, int]) -> None:
        old = self._params[knob.name]
        lists = {"thresholds": list(old.thresholds), "decisions": list(old.decisions)}
        for name, number in wanted.items():
            parameter = (self._parameters[knob.name] or {})[name]
            lists[parameter.param_type + "s"][parameter.index] = number
        new = old.replace(**lists)
        wrong = knob.complaints(old, new)
        self.wrong.extend(wrong)
        if not wrong:
            self.changes.append((knob, old, new))


def _at(knob: KnobView, parameter: TunableParam, message: str, hint: str) -> Diagnostic:
    return knob.diagnostic(parameter.param_type + "s", message, index=parameter.index, hint=hint)
