"""Configurations: all tunable numbers of a module by name, read and applied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from approxir.dialects.approx.errors import ConfigError, ParamsError
from approxir.dialects.approx.params import KnobParams, integer
from approxir.errors import Diagnostic, ParseError
from approxir.knobs.files import Entries
from approxir.knobs.finding import find_knobs, meant_name
from approxir.knobs.parameters import TunableParam, knob_of, parameter_name, parameters_of
from approxir.knobs.view import KnobView
from approxir.nearest import nearest
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


def read_config(module: Module, names: Iterable[str] | None = None) -> Config:
    """The value of every tunable number, by name; with names, of these, reading no knob but theirs.

    Raises `ParamsError` for knobs that cannot be read; with names, `ConfigError` for those and unknown names.
    """
    if names is None:
        return {name: parameter.current for name, parameter in tunable_parameters(module).items()}
    finder = _Finder(module)
    found = [finder.find(name) for name in names]
    finder.raise_what_is_wrong()
    return {place[1].name: place[1].current for place in found if place is not None}


def apply_config(module: Module, config: Mapping[str, Any], *, complete: bool = False) -> Config:
    """Set tunable numbers by name, all or none, and return the values that were replaced.

    Applying what is returned undoes it. With `complete`, every parameter of the module must be in `config`.
    Raises `ConfigError` with everything that is wrong: unknown names, values that are no integers or not
    allowed, thresholds that would not ascend, missing parameters, knobs in question that cannot be read. What
    is wrong with `Entries` of a text is reported at its place in that text. Raises `TypeError` for a
    configuration that is no mapping.
    """
    if not isinstance(config, Mapping):
        message = f"a configuration is a mapping from names to integers, not {type(config).__name__}"
        raise TypeError(message)
    plan = _Plan(module, config)
    if complete:
        plan.require_all()
    plan.raise_what_is_wrong()
    done: list[tuple[KnobView, KnobParams]] = []
    try:
        for knob, old, new in plan.changes:
            done.append((knob, old))
            knob.write(new)
    except BaseException:
        # An interrupt leaves nothing half done either.
        for knob, old in done:
            knob.write(old)
        raise
    return plan.replaced


class _Finder:
    """The tunable numbers of a module by name, and what is wrong with names.

    Only the knobs that are asked about are read: one that cannot be read stands in the way of no other.
    """

    def __init__(self, module: Module, entries: Entries | None = None) -> None:
        self.wrong: list[Diagnostic] = []
        self.knobs = {knob.name: knob for knob in find_knobs(module)}
        self.params: dict[str, KnobParams] = {}
        self._file = module.file
        self._entries = entries
        # The parameters of each knob that was read, by name, or what is wrong with it.
        self._read: dict[str, dict[str, TunableParam] | Sequence[Diagnostic]] = {}
        self._unreadable: set[str] = set()
        self._unknown = 0

    def find(self, name: object) -> tuple[KnobView, TunableParam] | None:
        """The parameter of that name and its knob; None where something is wrong."""
        # The name of a parameter ends in its kind and its number, whatever the knob's name is.
        knob = self.knobs.get(knob_of(str(name)) or "")
        held = self.read(knob) if knob is not None else {}
        if held is None:
            return None
        parameter = held.get(name) if isinstance(name, str) else None
        if knob is None or parameter is None:
            self._complain_about(str(name))
            return None
        return knob, parameter

    def read(self, knob: KnobView) -> dict[str, TunableParam] | None:
        """The parameters of a knob; None, and what is wrong is noted, for one that cannot be read."""
        found = self._load(knob)
        if isinstance(found, dict):
            return found
        if knob.name not in self._unreadable:
            self._unreadable.add(knob.name)
            self.wrong.extend(found)
        return None

    def raise_what_is_wrong(self) -> None:
        """Raise `ConfigError` if anything is."""
        if self._unknown > _MOST_UNKNOWN:
            message = f"... and {self._unknown - _MOST_UNKNOWN} more names that the module does not have"
            self.wrong.append(Diagnostic(message, file=self._file, line=0, code="config"))
        if self.wrong:
            raise ConfigError(tuple(self.wrong))

    def _load(self, knob: KnobView) -> dict[str, TunableParam] | Sequence[Diagnostic]:
        if knob.name not in self._read:
            try:
                params = self.params[knob.name] = knob.read()
            except (ParamsError, ParseError) as error:
                self._read[knob.name] = error.diagnostics
            else:
                found = parameters_of(knob.name, knob.function or "", params)
                self._read[knob.name] = {parameter.name: parameter for parameter in found}
        return self._read[knob.name]

    def _complain_about(self, name: str) -> None:
        self._unknown += 1
        if self._unknown > _MOST_UNKNOWN:
            return
        message = f"the module has no parameter '{name}'"
        hint = meant_name(name, self._names_like(name), "parameter")
        found = self._entries.diagnostic(name, message, hint=hint) if self._entries is not None else None
        self.wrong.append(found or Diagnostic(message, file=self._file, line=0, code="config", hint=hint))

    def _names_like(self, name: str) -> list[str]:
        """Names of parameters that may be meant, or the first few."""
        stem = knob_of(name) or name.rpartition("_")[0].rpartition("_")[0]
        if stem in self.knobs:
            names = self._names([self.knobs[stem]])
        elif len(self.knobs) > _MOST_KNOBS:
            # Reading all knobs of a large module takes long.
            close = nearest(stem, self.knobs)
            names = self._names([self.knobs[close]] if close is not None else [])
        else:
            names = []
        return names or self._names(list(self.knobs.values())[:_MOST_KNOBS])

    def _names(self, knobs: Iterable[KnobView]) -> list[str]:
        # Those that cannot be read are left out: it is the names of the others that may be meant.
        found = [self._load(knob) for knob in knobs]
        return [name for held in found if isinstance(held, dict) for name in held]


_MOST_UNKNOWN = 20
"""So many unknown names are reported one by one."""
_MOST_KNOBS = 100
"""So many knobs are read to find out which name was meant."""


class _Plan(_Finder):
    """What applying a configuration comes to, and what is wrong with it."""

    def __init__(self, module: Module, config: Mapping[str, Any]) -> None:
        super().__init__(module, config if isinstance(config, Entries) else None)
        self.replaced: Config = {}
        self.changes: list[tuple[KnobView, KnobParams, KnobParams]] = []
        self._config = config
        wanted: dict[str, list[tuple[TunableParam, int]]] = {}
        for name, value in config.items():
            self._add(name, value, wanted)
        for knob_name, knob in self.knobs.items():
            if knob_name in wanted:
                self._change(knob, wanted[knob_name])

    def require_all(self) -> None:
        """Complain about the parameters that the configuration leaves out."""
        for knob in self.knobs.values():
            for name, parameter in (self.read(knob) or {}).items():
                if name not in self._config:
                    message = f"{name} is missing from the configuration"
                    hint = f"allowed: {parameter.allowed}; it is {parameter.current} now"
                    self.wrong.append(_at(knob, parameter, message, hint))

    def _add(self, name: object, value: Any, wanted: dict[str, list[tuple[TunableParam, int]]]) -> None:
        found = self.find(name)
        if found is None:
            return
        knob, parameter = found
        try:
            number = integer(value, parameter.name)
        except InvalidValue as error:
            message = error.message
            shown = self._entries.shown(parameter.name) if self._entries is not None else None
            if shown is not None and type(value) is not int:
                message = f"{parameter.name} is an integer, not {shown}"
            place = _at(knob, parameter, message, f"allowed: {parameter.allowed}")
            self.wrong.append(self._in_entries(place, [parameter.name]))
            return
        if number != parameter.current:
            wanted.setdefault(knob.name, []).append((parameter, number))
        self.replaced[parameter.name] = parameter.current

    def _change(self, knob: KnobView, wanted: Iterable[tuple[TunableParam, int]]) -> None:
        old = self.params[knob.name]
        lists = {"thresholds": list(old.thresholds), "decisions": list(old.decisions)}
        for parameter, number in wanted:
            lists[parameter.param_type + "s"][parameter.index] = number
        new = old.replace(**lists)
        problems = knob.broken(old, new)
        for problem in problems:
            # It may be the number beside it that is in the configuration.
            beside = (0, -1, 1) if problem.index is not None else ()
            kind = problem.field.removesuffix("s")
            names = [parameter_name(knob.name, kind, (problem.index or 0) + step) for step in beside]
            self.wrong.append(self._in_entries(knob.complaint(problem, new), names))
        if not problems:
            self.changes.append((knob, old, new))

    def _in_entries(self, place: Diagnostic, names: Iterable[str]) -> Diagnostic:
        """A diagnostic about a knob, at the first of these entries of the text; the knob becomes a note."""
        if self._entries is None:
            return place
        note = replace(place, message="the parameter is here", severity="note", hint=None)
        for name in names:
            found = self._entries.diagnostic(name, place.message, hint=place.hint, notes=(note,))
            if found is not None:
                return found
        return place


def _at(knob: KnobView, parameter: TunableParam, message: str, hint: str) -> Diagnostic:
    return knob.diagnostic(parameter.param_type + "s", message, index=parameter.index, hint=hint)
