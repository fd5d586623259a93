"""The options of approxir's own transforms, checked where annotations write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from approxir.dialects.approx.payload import transform_name
from approxir.frontends.c.reading import Entry, Literal, Name, short
from approxir.frontends.options import options_attribute
from approxir.nearest import did_you_mean
from approxir.syntax.faults import Fault


def check_options(transform_type: str | None, written: Literal, options: Mapping[str, Any]) -> None:
    """Raise `Fault` at the first option, or value of one, that a transform does not take.

    `options` is what is `written`. Only approxir's own transforms are looked at: others are known by their
    names alone.
    """
    # Transforms are slow to load, and options are seldom given.
    from approxir.transforms.loop_schemes import SCHEMES
    from approxir.transforms.registry import BUILT_IN, transforms

    name = transform_name(transform_type)
    if name is None or name not in BUILT_IN or not isinstance(written.value, tuple):
        return
    transform = transforms[name]
    for entry in written.value:
        if not isinstance(entry, Entry):
            continue
        key = entry.key.text
        if key not in transform.options:
            hint = did_you_mean(key, transform.options) or (
                f"its options: {', '.join(transform.options) or 'none'}"
            )
            raise _at(entry.key, f"{name} has no option '{short(key)}'", hint)
        problem = transform.problem(options_attribute({key: options[key]}))
        if problem is not None:
            value = options[key]
            is_misspelt = key == "scheme" and isinstance(value, str)
            raise _at(entry.value, problem, did_you_mean(value, SCHEMES) if is_misspelt else None)


def _at(place: Name | Literal, message: str, hint: str | None) -> Fault:
    return Fault(message, place.start, length=place.end - place.start, hint=hint)
