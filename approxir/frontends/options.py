"""Options of transforms, as Python says them and as the dialect does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from approxir.frontends.errors import FrontendError
from approxir.nearest import did_you_mean
from approxir.values import Attribute, DictAttr, InvalidValue, attribute


def options_attribute(options: object) -> DictAttr:
    """Options as an attribute. Raises `FrontendError` for names and values that it cannot have."""
    if not isinstance(options, Mapping) or not all(isinstance(key, str) for key in options):
        raise FrontendError(
            f"transform_options must be a dictionary with names as keys, not {options!r:.200}"
        )
    held: dict[str, Attribute] = {}
    for key, value in options.items():
        # NumPy's numbers say what Python's do.
        plain = value.item() if hasattr(value, "item") and getattr(value, "shape", None) == () else value
        try:
            held[key] = attribute(plain)
        except InvalidValue as error:
            raise FrontendError(f"transform_options[{key!r}]: {error.message}") from None
    return DictAttr(held)


def check_options(transform_type: str, options: Mapping[str, Any]) -> None:
    """Raise `FrontendError` unless a transform, which is known, takes these options."""
    from approxir.transforms.registry import transforms

    held = options_attribute(options)
    transform = transforms[transform_type]
    problem = transform.problem(held)
    if problem is None:
        return
    unknown = [key for key in options if key not in transform.options]
    hint = did_you_mean(unknown[0], list(transform.options)) if unknown else None
    raise FrontendError(f"transform_options: {problem}" + (f"; {hint}" if hint else ""))
