"""Configuration files: what is one, and where one that is none is wrong."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

import approxir as ax
from approxir.knobs import files
from approxir.knobs.files import dump_config, load_config, parse_config, save_config
from approxir.syntax.grammars import grammar_text

CONFIG = {"f_threshold_0": -5, 'é "x"\udcff_decision_0': 3}


def test_a_saved_file_is_loaded_again(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    save_config(path, CONFIG)
    assert load_config(path) == CONFIG
    assert os.listdir(tmp_path) == ["c.json"]
    assert json.loads(path.read_text())["version"] == files.VERSION


@pytest.mark.parametrize(
    "text", [json.dumps(CONFIG), "\ufeff" + dump_config(CONFIG), "{}", '{"version": 1, "parameters": {}}']
)
def test_what_is_a_configuration(text: str) -> None:
    assert parse_config(text) in (CONFIG, {})
    validator().validate(json.loads(text.removeprefix("\ufeff")))


def validator():  # type: ignore[no-untyped-def]
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(grammar_text("config.schema.json"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize(
    "text",
    ['{"version": 2, "parameters": {}}', '{"parameters": {}}', '{"version": 1}', '{"a": "1"}', "[]", '{"version": 1, "parameters": {"a": null}}',
     '{"version": 1, "parameters": {}, "x": 1}', '{"a": true}', '{"a": 1.5}'],
)  # fmt: skip
def test_the_schema_refuses_what_the_reader_refuses(text: str) -> None:
    with pytest.raises(ax.ConfigError):
        parse_config(text)
    assert not validator().is_valid(json.loads(text))


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("", (1, 1), "this is not JSON"),
        ("{\n  'a': 1}", (2, 3), "this is not JSON"),
        ("\ufeff{\n  'a': 1}", (2, 3), "this is not JSON"),
        ('{\n "s": "b",\n "b": 1,\n "b": 2}', (4, 2), "'b' occurs twice"),
        ('{"version": 1, "parameters": {\n"a": 1,\n"a": 2}}', (3, 1), "'a' occurs twice"),
        ('{"a": "NaN",\n "b": NaN}', (2, 7), "NaN is not JSON"),
        ('{"a": -Infinity}', (1, 7), "-Infinity is not JSON"),
        ("[1]", (1, 1), "a JSON object, not a list"),
        ("1", (1, 1), "a JSON object, not a number"),
        ('{"parameters": {"version": 1}}', (1, 1), "the configuration has no version"),
        ('{"parameters": {"version": 1},\n"version": 9}', (2, 1), "the configuration has the version 9"),
        ('{"version": true,"parameters": {}}', (1, 2), "the configuration has the version true"),
        ('{"version": 1}', (1, 1), "the configuration has no parameters"),
        ('{"version": 1,\n"parameters": []}', (2, 1), "not a list"),
        ('{"version": 1, "parameters": {"x": 1},\n"x": 1}', (2, 1), "unknown entry 'x'"),
        ('{"a": 1,\n"b": "a"}', (2, 1), 'b is an integer, not "a"'),
        ('{"version": 1, "parameters": {\n"version": 1.5}}', (2, 1), "version is an integer, not 1.5"),
        ('{"a":\n' + "9" * 5000 + "}", (2, 1), "too many digits"),
        ("[" * 200_000, (1, 1), "nested too deeply"),
        ('{"a": ' * 200_000, (1, 1), "nested too deeply"),
    ],
)
def test_what_is_wrong_and_where(text: str, place: tuple[int, int], message: str) -> None:
    with pytest.raises(ax.ConfigError) as caught:
        parse_config(text, "c.json")
    error = caught.value
    assert (message in error.message, error.file, (error.line, error.column)) == (True, "c.json", place), str(
        error
    )


def test_every_wrong_value_is_reported() -> None:
    with pytest.raises(ax.ConfigError) as caught:
        parse_config('{"a": "x",\n"b": 1,\n"c": null}')
    assert [found.line for found in caught.value.diagnostics] == [1, 3]


def test_a_failing_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.json"
    save_config(path, {"a": 1})
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError("no")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no"):
        save_config(path, {"a": 2})
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["c.json"]
