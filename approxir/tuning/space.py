"""Search spaces: the configurations that the knobs of one or several modules allow."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from random import Random
from typing import TYPE_CHECKING, Any

from approxir.dialects.approx.params import integers
from approxir.errors import ArgumentError
from approxir.knobs.finding import find_knobs
from approxir.tuning.knob_space import Axis, KnobSpace, Vector
from approxir.tuning.search_errors import SpaceError
from approxir.values import InvalidValue

if TYPE_CHECKING:
    from approxir.ir.module import Module

Config = dict[str, int]
"""Parameter names to values."""

SEPARATOR = "/"
"""Stands between the name of a module and that of a knob in a space of several modules."""

VERSION = 1


@dataclass(frozen=True)
class SearchSpace:
    """The configurations that knobs allow, together.

        space = ax.space(module)
        space = SearchSpace.of({"retrieve": kernel, "model": model})

    Thresholds are integers within their bounds and ascend in each knob; decisions are among the
    ``decision_values`` of their knob or, where it lists none, among the decisions that it has: those are what
    is known to exist, and what live code holds. Every configuration names every parameter.

    Args:
        knobs: what each knob allows, in the order of the text.
        modules: the names of the modules; () for a space of one module, whose parameters have no prefix.
    """

    knobs: tuple[KnobSpace, ...]
    modules: tuple[str, ...] = ()

    @classmethod
    def of(cls, modules: Module | str | Mapping[str, Module | str]) -> SearchSpace:
        """The space of a module (or its text), or of several by name.

        With several, a parameter is called ``<module>/<name>``. Raises `ParamsError` for knobs that cannot be
        understood, `ParseError` for a text that is none, and `SpaceError` for modules without any parameters,
        bounds that leave no room for ascending thresholds, and names that cannot stand for modules.
        """
        from approxir.ir.module import parse

        if not isinstance(modules, Mapping):
            found = cls(tuple(_knobs_of(modules, "")))
        else:
            for name in modules:
                if not isinstance(name, str) or not name or SEPARATOR in name:
                    raise SpaceError(f"a module's name is a text without '{SEPARATOR}', not {name!r}")
            knobs = [
                knob for name, module in modules.items() for knob in _knobs_of(module, f"{name}{SEPARATOR}")
            ]
            found = cls(tuple(knobs), tuple(modules))
        if not found.knobs:
            # Looking for knobs alone does not see every mistake in a text.
            for module in modules.values() if isinstance(modules, Mapping) else (modules,):
                if isinstance(module, str):
                    parse(module)
            raise SpaceError("there is nothing to tune: no knob has a threshold or a decision")
        for knob in found.knobs:
            if not knob.size:
                raise SpaceError(
                    f"{knob.name}: the bounds leave no room for ascending thresholds: "
                    + ", ".join(f"{low}..{high}" for low, high in knob.bounds)
                )
        return found

    # What there is.

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of all parameters."""
        return tuple([name for knob in self.knobs for name in knob.names])

    @property
    def size(self) -> int:
        """How many configurations there are, exactly."""
        return math.prod(knob.size for knob in self.knobs)

    @property
    def is_static(self) -> bool:
        """Whether every knob has one decision for all states."""
        return all(knob.static for knob in self.knobs)

    @property
    def current(self) -> Config:
        """The configuration that the modules have; they may break their own bounds, see `nearest`."""
        return self._config([knob.now for knob in self.knobs])

    def static(self) -> SearchSpace:
        """The same knobs with one decision each: all decisions of a knob are equal, thresholds rest."""
        return SearchSpace(tuple([replace(knob, static=True) for knob in self.knobs]), self.modules)

    def dynamic(self) -> SearchSpace:
        """The same knobs, with thresholds and a decision for each interval of states."""
        return SearchSpace(tuple([replace(knob, static=False) for knob in self.knobs]), self.modules)

    # Configurations.

    def sample(self, rng: Random) -> Config:
        """A configuration, each with the same probability."""
        return self._config([knob.sample(rng) for knob in self.knobs])

    def contains(self, config: Mapping[str, Any]) -> bool:
        """Whether this is a configuration of the space: every parameter, no other, all values allowed."""
        if not isinstance(config, Mapping):
            return False
        if len(config) != len(self.names) or any(name not in config for name in self.names):
            return False
        try:
            found = [integers([config[name] for name in knob.names], knob.name) for knob in self.knobs]
        except InvalidValue:
            return False
        return all(knob.contains(values) for knob, values in zip(self.knobs, found, strict=True))

    __contains__ = contains

    def check(self, config: Mapping[str, Any]) -> Config:
        """The configuration with plain integers, in the order of the space.

        Raises `SpaceError` for what is no configuration of the space.
        """
        if not isinstance(config, Mapping):
            raise SpaceError(f"a configuration is a mapping from names to integers, not {config!r}")
        missing = [name for name in self.names if name not in config]
        if missing:
            raise SpaceError(f"the configuration has no value for {_listed(missing)}")
        self._check_names(config)
        for knob in self.knobs:
            try:
                values = integers([config[name] for name in knob.names], knob.name)
            except InvalidValue as error:
                raise SpaceError(f"the configuration is not of this space: {error.message}") from None
            if not knob.contains(values):
                shown = ", ".join(f"{name} = {value}" for name, value in zip(knob.names, values, strict=True))
                raise SpaceError(f"the configuration is not of this space: {shown}")
        return {name: int(config[name]) for name in self.names}

    def _check_names(self, config: Mapping[str, Any]) -> None:
        if not isinstance(config, Mapping):
            raise SpaceError(f"a configuration is a mapping from names to integers, not {config!r}")
        unknown = [str(name) for name in config if name not in self._known]
        if unknown:
            raise SpaceError(f"the space has no {_listed(unknown)}")

    def nearest(self, config: Mapping[str, int]) -> Config:
        """A configuration of the space that is much like another one.

        Parameters that it does not name are as they are now. Raises `SpaceError` for names that the space
        does not have, and for values that are no integers.
        """
        self._check_names(config)
        try:
            given = dict(zip(config, integers(config.values(), "the configuration"), strict=True))
        except InvalidValue as error:
            raise SpaceError(f"the configuration is not of this space: {error.message}") from None
        values = {**self.current, **given}
        return self._config([knob.nearest([values[name] for name in knob.names]) for knob in self.knobs])

    def neighbours(self, config: Mapping[str, int]) -> Iterator[Config]:
        """The configurations that differ from one in a single parameter (static: in one knob).

        A threshold is moved by 1, 2, 4, ... within what its bounds and its neighbours allow; a decision
        becomes each other value. Raises `SpaceError` for what is no configuration of the space.
        """
        checked = self.check(config)
        for knob in self.knobs:
            for values in knob.neighbours([checked[name] for name in knob.names]):
                yield {**checked, **dict(zip(knob.names, values, strict=True))}

    def everything(self) -> Iterator[Config]:
        """Every configuration, in some order. There may be very many: see `size`."""
        return self._everything(())

    def _everything(self, chosen: tuple[tuple[int, ...], ...]) -> Iterator[Config]:
        if len(chosen) == len(self.knobs):
            yield self._config(chosen)
            return
        for values in self.knobs[len(chosen)].everything():
            yield from self._everything((*chosen, values))

    def key(self, config: Mapping[str, int]) -> tuple[int, ...]:
        """The values in the order of `names`; two configurations are the same if these are."""
        return tuple([config[name] for name in self.names])

    def split(self, config: Mapping[str, int]) -> dict[str, Config]:
        """The part of a configuration for each module, with the names that it has there.

        For a space of one module without a name, that is all of it under the name "".
        """
        if not self.modules:
            return {"": dict(config)}
        parts: dict[str, Config] = {name: {} for name in self.modules}
        for name, value in config.items():
            module, _, rest = name.partition(SEPARATOR)
            if module not in parts:
                raise SpaceError(f"{name} is of none of the modules {_listed(list(self.modules))}")
            parts[module][rest] = value
        return parts

    # Vectors.

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        """What each number of a vector may be."""
        return tuple([axis for knob in self.knobs for axis in knob.axes])

    def encode(self, config: Mapping[str, int]) -> Vector:
        """A configuration as one number for each axis. Raises `SpaceError` if it is none of the space."""
        checked = self.check(config)
        return tuple(
            [place for knob in self.knobs for place in knob.encode([checked[name] for name in knob.names])]
        )

    def decode(self, vector: Sequence[int]) -> Config:
        """The configuration that a vector stands for: any numbers on the axes stand for one.

        Thresholds are sorted, and moved apart where they are the same. Raises `SpaceError` for vectors with
        too few numbers or too many, and for numbers outside of their axes.
        """
        if not isinstance(vector, Sequence) and not hasattr(vector, "__len__"):
            raise SpaceError(f"a vector is a sequence of integers, not {vector!r}")
        if len(vector) != len(self.axes):
            raise SpaceError(f"a vector of this space has {len(self.axes)} numbers, not {len(vector)}")
        try:
            vector = integers(vector, "vector")
        except InvalidValue as error:
            raise SpaceError(f"a vector is a sequence of integers: {error.message}") from None
        for at, (place, axis) in enumerate(zip(vector, self.axes, strict=True)):
            if not axis.low <= place <= axis.high:
                raise SpaceError(f"number {at} of the vector is {place}, outside of {axis.low}..{axis.high}")
        found = []
        start = 0
        for knob in self.knobs:
            end = start + len(knob.axes)
            found.append(knob.decode(vector[start:end]))
            start = end
        return self._config(found)

    # JSON.

    def to_json(self) -> dict[str, Any]:
        """The space as an object that JSON can hold."""
        return {
            "version": VERSION,
            "modules": list(self.modules),
            "knobs": [knob.to_json() for knob in self.knobs],
        }

    @classmethod
    def from_json(cls, data: Any) -> SearchSpace:
        """The space that `to_json` has made an object of. Raises `SpaceError` for another one."""
        if not isinstance(data, Mapping):
            what = "a text; json.loads makes the object of it" if isinstance(data, str) else repr(data)
            raise SpaceError(f"this is no search space: an object is needed, as to_json makes it, not {what}")
        try:
            if data["version"] != VERSION:
                raise SpaceError(f"this release reads search spaces of version {VERSION}")
            knobs = tuple([KnobSpace.from_json(entry) for entry in data["knobs"]])
            modules = tuple([str(name) for name in data["modules"]])
            if not knobs:
                raise SpaceError("a search space has at least one knob")
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, SpaceError):
                raise
            raise SpaceError(f"this is no search space: {error}") from None
        return cls(knobs, modules)

    @cached_property
    def fingerprint(self) -> str:
        """A text that is the same for spaces with the same configurations."""
        data = self.to_json()
        for entry in data["knobs"]:
            # Static knobs keep their thresholds, so that these tell configurations apart.
            if not entry["static"]:
                del entry["thresholds_now"]
            del entry["decisions_now"]
        return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:32]

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.names)

    def _config(self, values: Sequence[Sequence[int]]) -> Config:
        flat = [value for held in values for value in held]
        return dict(zip(self.names, flat, strict=True))

    def __len__(self) -> int:
        return len(self.names)

    def __str__(self) -> str:
        kind = "static " if self.is_static else ""
        return (
            f"{_counted(len(self.knobs), 'knob')}, {_counted(len(self.names), 'parameter')}, "
            f"{shown_size(self.size)} {kind}configuration{'' if self.size == 1 else 's'}"
        )

    def __repr__(self) -> str:
        return f"<SearchSpace: {self}>"

    def _repr_html_(self) -> str:
        rows = []
        for knob in self.knobs:
            bounds = ", ".join(f"{low}..{high}" for low, high in knob.bounds) or "none"
            values = ", ".join(map(str, knob.values))
            cells = (knob.name, bounds, str(knob.decisions), values, shown_size(knob.size))
            rows.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
        head = "".join(
            f"<th>{name}</th>" for name in ("knob", "thresholds", "decisions", "values", "configurations")
        )
        return f"<table><caption>{escape(str(self))}</caption><tr>{head}</tr>{''.join(rows)}</table>"


def space(module: Module | str | Mapping[str, Module | str], *, static: bool = False) -> SearchSpace:
    """The search space of a module (or its text), or of several by name; see `SearchSpace.of`."""
    found = SearchSpace.of(module)
    return found.static() if static else found


def shown_size(size: int) -> str:
    """A count as people read it: all digits up to a million, then ``1.73e+25``."""
    if size < 10_000_000:
        return f"{size:,}"
    try:
        return f"{float(size):.2e}"
    except OverflowError:
        return f"about 10^{int(size.bit_length() * math.log10(2))}"


def _knobs_of(module: Module | str, prefix: str) -> Iterator[KnobSpace]:
    from approxir.ir.module import Module, parse

    if isinstance(module, str):
        module = parse(module, lazy=True)
    if not isinstance(module, Module):
        raise ArgumentError(f"a search space is that of a module, not {type(module).__name__}")
    for knob in find_knobs(module):
        found = KnobSpace.of(knob, prefix)
        if found.names:
            yield found


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"
