"""The options of approxir's own transforms, checked where annotations write them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from approxir.dialects.approx.payload import LOOP_PERFORATE, transform_name
from approxir.frontends.c.reading import Entry, Literal, Name, short
from approxir.nearest import did_you_mean
from approxir.syntax.faults import Fault

_EXPECTED: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "loop": (
        "the number of a loop, from 0, or its name",
        lambda value: isinstance(value, str) or (type(value) is int and value >= 0),
    ),
    "seed": ("an integer", lambda value: type(value) is int),
    "rescale": ("true or false", lambda value: isinstance(value, bool)),
}
"""What the options of loop_perforate are, apart from the scheme."""


def check_options(transform: str | None, written: Literal, options: Mapping[str, Any]) -> None:
    """Raise `Fault` at the first option, or value of one, that a transform does not know.

    `options` is what is `written`. Only approxir's own transforms are looked at: others are known by their
    names alone.
    """
    # Transforms are slow to load, and options are seldom given.
    from approxir.transforms.loop_schemes import SCHEMES
    from approxir.transforms.registry import BUILT_IN, transforms

    name = transform_name(transform)
    if name is None or name not in BUILT_IN or not isinstance(written.value, tuple):
        return
    known = transforms[name].options
    for entry in written.value:
        if not isinstance(entry, Entry):
            continue
        key, value = entry.key.text, options[entry.key.text]
        if key not in known:
            hint = did_you_mean(key, known) or f"its options: {', '.join(known) or 'none'}"
            raise _at(entry.key, f"{name} has no option '{short(key)}'", hint)
        if name != LOOP_PERFORATE:
            continue
        if key == "scheme" and value not in SCHEMES:
            hint = (did_you_mean(value, SCHEMES) if isinstance(value, str) else None) or (
                f"it is one of {', '.join(SCHEMES)}"
            )
            shown = f" '{short(value)}'" if isinstance(value, str) else " like that"
            raise _at(entry.value, f"{name} has no scheme{shown}", hint)
        if key in _EXPECTED:
            expected, fits = _EXPECTED[key]
            if not fits(value):
                raise _at(entry.value, f"the option {key} is {expected}")


def _at(place: Name | Literal, message: str, hint: str | None = None) -> Fault:
    return Fault(message, place.start, length=place.end - place.start, hint=hint)
