"""The parsers of attributes, types, locations and affine maps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from approxir.errors import ApproxIRError
from approxir.syntax.attributes import (
    parse_affine_map,
    parse_attribute,
    parse_attribute_dict,
    parse_function_type,
    parse_integer_set,
    parse_location,
    parse_type,
    parse_type_list,
)
from approxir.testing.targets import seeds
from approxir.testing.targets.base import Target, Violation, choice, chosen, require
from approxir.values import DictAttr

_READERS: tuple[tuple[str, Callable[[str], Any]], ...] = (
    ("attribute", parse_attribute),
    ("type", parse_type),
    ("location", parse_location),
    ("dictionary", parse_attribute_dict),
    ("function_type", parse_function_type),
    ("type_list", parse_type_list),
    ("affine_map", parse_affine_map),
    ("affine_set", parse_integer_set),
)


def check(data: bytes) -> bool:
    """Whether the text spells a value; its own spelling then spells the same value."""
    number, text = choice(data, len(_READERS))
    start, read = _READERS[number]
    try:
        value = read(text)
    except ApproxIRError:
        return False
    if start == "dictionary":
        value = DictAttr(value)
    for one in value if start == "type_list" else (value,):
        _given_back(start, one)
    return True


def _given_back(start: str, value: Any) -> None:
    spelled = str(value)
    read = parse_type if start in ("type", "function_type", "type_list") else parse_attribute
    try:
        other = read(spelled)
    except ApproxIRError as error:
        raise Violation(f"the spelling of a {start} is refused", f"{spelled}: {error}") from error
    require(other == value, f"the spelling of a {start} means something else", spelled)
    require(hash(other) == hash(value), f"equal values of {start} differ in their hash", spelled)
    require(str(other) == spelled, f"a {start} is spelled in two ways", spelled)


def _seeds() -> Iterator[bytes]:
    for number, (start, _) in enumerate(_READERS):
        for text in seeds.sentences("attributes.lark", start, 40):
            yield chosen(number, text)


TARGET = Target(
    name="attributes",
    about="attributes, types, locations, affine maps and sets",
    check=check,
    seeds=_seeds,
    words=seeds.attribute_words,
    max_len=256,
)
