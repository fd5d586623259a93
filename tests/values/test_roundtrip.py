"""Printing and parsing undo each other, for every value that can be made."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from values.value_strategies import attributes, flat_attributes, locations, types

from approxir import values as v
from approxir.errors import ParseError
from approxir.syntax import attributes as reader

relaxed = settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])


def attempt(parse: Callable[[str], object], text: str) -> tuple[ParseError | None, object]:
    try:
        return None, parse(text)
    except ParseError as error:
        return error, None


@relaxed
@given(attributes)
def test_attributes(attr: v.Attribute) -> None:
    text = str(attr)
    again = reader.parse_attribute(text)
    assert again == attr
    assert hash(again) == hash(attr)
    assert str(again) == text


@relaxed
@given(types)
def test_types(type: v.Type) -> None:
    text = str(type)
    assert reader.parse_type(text) == type
    assert reader.parse_attribute(text) == v.TypeAttr(type)
    assert reader.parse_type_list(text) == (type,)


@relaxed
@given(locations)
def test_locations(location: v.Location) -> None:
    assert reader.parse_location(str(location)) == location
    assert reader.parse_attribute(str(location)) == location


@relaxed
@given(st.dictionaries(st.text('ab c"\\é=,{}', min_size=1, max_size=4), attributes, max_size=4))
def test_dictionaries(entries: dict[str, v.Attribute]) -> None:
    text = str(v.DictAttr(entries))
    assert reader.parse_attribute_dict(text) == entries
    spans = reader.dict_entries(text)
    assert [span.key for span in spans] == list(entries)
    for span, value in zip(spans, entries.values(), strict=True):
        if isinstance(value, v.UnitAttr):
            assert span.value_start == span.value_end == span.key_end
        else:
            assert text[span.value_start : span.value_end] == str(value)


@relaxed
@given(attributes, st.data())
def test_any_cut_or_swap_ends_in_a_value_or_a_parse_error(attr: v.Attribute, data: st.DataObject) -> None:
    text = str(attr)
    at = data.draw(st.integers(0, len(text)))
    other = data.draw(st.sampled_from(["", *'"<>()[]{},:=-+*?!#@%x10. \\']))
    broken = text[:at] + other + text[at + data.draw(st.integers(0, 2)) :]
    fault, again = attempt(reader.parse_attribute, broken)
    assert fault is None or (0 <= fault.diagnostics[0].offset <= len(broken) and fault.message)
    assert fault or reader.parse_attribute(str(again)) == again


@given(st.text())
def test_any_text_ends_in_a_value_or_a_parse_error(text: str) -> None:
    for parse in (reader.parse_attribute, reader.parse_type, reader.parse_location, reader.dict_entries):
        fault, _ = attempt(parse, text)
        assert fault is None or fault.message


MLIR_OPT = next(filter(None, (shutil.which(f"mlir-opt{tail}") for tail in ("", "-23", "-22", "-21"))), None)


@pytest.mark.skipif(MLIR_OPT is None, reason="no mlir-opt is installed")
@settings(deadline=None, max_examples=5, suppress_health_check=list(HealthCheck))
@given(st.lists(flat_attributes, min_size=20, max_size=60))
def test_a_real_mlir_accepts_what_is_printed(attrs: list[v.Attribute]) -> None:
    lines = [f'"t.op"() {{a = {attr}}} : () -> ()' for attr in attrs]
    command = [str(MLIR_OPT), "--allow-unregistered-dialect", "--mlir-print-op-generic"]
    done = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
