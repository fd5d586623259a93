"""JSON texts: what is read, and where things stand in them."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approxir.syntax.faults import Fault
from approxir.syntax.json_text import json_text, key_places, place_of, read_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


def paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The paths to every key and item of a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, item in inner for found in ((*path, key), *paths(item, (*path, key)))]


def follow(value: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


@given(VALUES, st.sampled_from([None, 2]), st.booleans())
def test_everything_is_found_where_it_stands(value: Any, indent: int | None, bom: bool) -> None:
    text = "\ufeff" * bom + json_text(value, indent=indent)
    assert read_json(text) == value
    decoder = json.JSONDecoder()
    for path in paths(value):
        read, _ = decoder.raw_decode(text, place_of(text, path))
        assert read == (path[-1] if isinstance(path[-1], str) else follow(value, path))
    if isinstance(value, dict):
        assert key_places(text) == {key: place_of(text, [key]) for key in value}


@given(st.text(alphabet='{}[]:,"\\ a1eNI\n', max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    place_of(text, ["a", 0])
    key_places(text)
    with contextlib.suppress(Fault):
        read_json(text)


def test_surrogates_are_escaped_and_numbers_finite() -> None:
    assert json_text({"a\udcff": "é"}) == '{"a\\udcff": "é"}'
    with pytest.raises(ValueError, match="JSON compliant"):
        json_text(float("inf"))


@pytest.mark.parametrize(("text", "offset"), [("1e999", 0), ('\ufeff{"a": [0.5, -1e400]}', 13)])
def test_numbers_that_are_no_doubles_are_refused(text: str, offset: int) -> None:
    with pytest.raises(Fault, match="this number is too large") as caught:
        read_json(text)
    assert caught.value.offset == offset
