"""The keys of annotations: which there are for each kind, what they hold, and the fields that they become."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from approxir.dialects.approx.params import I32_LIMITS
from approxir.frontends.c.reading import Entry, Literal, short
from approxir.nearest import did_you_mean
from approxir.syntax.faults import Fault

_I64_LIMITS = (-(1 << 63), (1 << 63) - 1)


class Key(NamedTuple):
    """A key: the field of `CppAnnotation` that it sets, and what reads its value.

    `attribute` is the name of the same in MLIR, where it is another one.
    """

    field: str
    read: Callable[[Literal], Any]
    attribute: str


def integer(value: Literal, limits: tuple[int, int] = I32_LIMITS) -> int:
    """The value as an integer, of 32 bits unless `limits` say otherwise. Raises `Fault`."""
    if isinstance(value.value, int):
        if not limits[0] <= value.value <= limits[1]:
            bits = 32 if limits == I32_LIMITS else 64
            raise _wrong(value, f"{value.value} does not fit into {bits} bits")
        return value.value
    raise _wrong(value, f"expected an integer, found {_shown(value)}")


def integers(value: Literal, limits: tuple[int, int] = I32_LIMITS) -> list[int]:
    """The value as a list of integers; one by itself is a list, too. Raises `Fault`."""
    return [integer(item, limits) for item in _items(value, "a list of integers", int)]


def indices(value: Literal) -> list[int]:
    """The value as a list of integers of 64 bits."""
    return integers(value, _I64_LIMITS)


def name(value: Literal) -> str:
    """The value as a name that is not empty. Raises `Fault`."""
    if isinstance(value.value, str):
        text = value.value.removeprefix("@")
        if not text:
            raise _wrong(value, "a name cannot be empty")
        if any(ord(c) < 32 or ord(c) == 127 for c in text):
            raise _wrong(value, "a name cannot hold control characters")
        return text
    raise _wrong(value, f"expected a name, found {_shown(value)}")


def names(value: Literal) -> list[str]:
    """The value as a list of names; one by itself is a list, too. Raises `Fault`."""
    return [name(item) for item in _items(value, "a list of names", str)]


def options(value: Literal) -> dict[str, Any]:
    """The value as options of a transform: what is in braces, in Python's terms. Raises `Fault`."""
    if value.is_entries:
        return {each.key.text: _python(each.value) for each in _entries(value)}
    raise _wrong(value, f"expected entries in braces, found {_shown(value)}")


def _python(value: Literal) -> Any:
    if value.is_entries:
        return options(value)
    if isinstance(value.value, tuple):
        return [_python(item) for item in value.value if isinstance(item, Literal)]
    if isinstance(value.value, int):
        return integer(value, _I64_LIMITS)
    # Quotes make a text of what is a truth value without them.
    if value.value in ("true", "false") and value.end - value.start == len(value.value):
        return value.value == "true"
    return value.value


def _entries(value: Literal) -> list[Entry]:
    held = value.value if isinstance(value.value, tuple) else ()
    return [each for each in held if isinstance(each, Entry)]


def _items(value: Literal, wanted: str, one: type) -> list[Literal]:
    if isinstance(value.value, tuple) and not value.is_entries:
        return [item for item in value.value if isinstance(item, Literal)]
    if isinstance(value.value, one):
        return [value]
    raise _wrong(value, f"expected {wanted}, found {_shown(value)}")


def _wrong(value: Literal, message: str) -> Fault:
    return Fault(message, value.start, length=value.end - value.start)


def _shown(value: Literal) -> str:
    if value.is_entries:
        return "entries in braces"
    return "a list" if isinstance(value.value, tuple) else f"'{short(str(value.value))}'"


_FUNCTION = {"func_name": Key("func_name", name, "func_name")}
_TRANSFORM = {
    "transform_type": Key("transform_type", name, "transform_type"),
    "transform_options": Key("transform_options", options, "transform_options"),
}
KEYS: Mapping[str, Mapping[str, Key]] = {
    "decision_tree": _FUNCTION | _TRANSFORM | {
        "state_function": Key("state_function", name, "state_function"),
        "state_indices": Key("state_indices", indices, "state_indices"),
        "thresholds": Key("thresholds", integers, "thresholds"),
        "decisions": Key("decisions", integers, "decisions"),
        "thresholds_lower": Key("thresholds_lower", integers, "thresholds_lowers"),
        "thresholds_upper": Key("thresholds_upper", integers, "thresholds_uppers"),
        "thresholds_range": Key("thresholds_range", integers, "thresholds_range"),
        "decision_values": Key("decision_values", integers, "decision_values"),
    },
    "transform": _FUNCTION | _TRANSFORM | {"knob_val": Key("knob_val", integer, "knob_val")},
    "try": _FUNCTION | {
        "checker": Key("checker", name, "checker"),
        "recover": Key("recover", name, "recover"),
    },
    "knob": _FUNCTION | {
        "id": Key("id", integer, "id"),
        "rf": Key("rf", integer, "rf"),
        "QoS_in": Key("qos_in", integers, "QoS_in"),
        "QoS_out": Key("qos_out", integers, "QoS_out"),
        "transform_types": Key("transform_types", names, "transform_types"),
    },
    "convert_to_call": _FUNCTION,
}  # fmt: skip
"""The keys of each kind of annotation."""

ALIASES: Mapping[str, str] = {
    "symbol": "func_name",
    "state": "state_indices",
    "state_fn": "state_function",
    "runtime": "state_function",
    "thresh": "thresholds",
    "dec": "decisions",
    "decision_vals": "decision_values",
    "thresholds_lowers": "thresholds_lower",
    "thresholds_uppers": "thresholds_upper",
    "threshold_range": "thresholds_range",
    "transform_value": "knob_val",
}
"""Other spellings of keys, as publications, MLIR and older sources have them."""

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "decision_tree": ("transform_type",),
    "transform": ("transform_type", "knob_val"),
    "try": ("checker", "recover"),
    "knob": (),
    "convert_to_call": (),
}
"""The keys without which an annotation of a kind means nothing."""


def find_key(entry: Entry, kind: str) -> str:
    """The key of an entry of an annotation, however it is spelled. Raises `Fault` for an unknown one."""
    spelled = entry.key.text
    known = KEYS[kind]
    meant = ALIASES.get(spelled, spelled)
    if meant in known:
        return meant
    length = entry.key.end - entry.key.start
    hint = did_you_mean(spelled, [*known, *_aliases(known)]) or f"its keys: {', '.join(known)}"
    raise Fault(f"{kind} has no key '{short(spelled)}'", entry.key.start, length=length, hint=hint)


def _aliases(known: Collection[str]) -> list[str]:
    return [alias for alias, key in ALIASES.items() if key in known]
