"""Configuration files: JSON with a version.

    {
      "version": 1,
      "parameters": {
        "my_kernel_threshold_0": 100,
        "my_kernel_decision_0": 0
      }
    }

A plain object of names and integers, as tuners write it, is read too. `grammar/config.schema.json` is the
JSON schema of both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from os import PathLike, fspath
from typing import Any

from approxir.dialects.approx.errors import ConfigError
from approxir.errors import Diagnostic
from approxir.files import NO_JSON, read_text, write_text_atomic
from approxir.syntax.faults import Fault
from approxir.syntax.json_text import json_text, key_places, kind_of, place_of, read_json, shown_value
from approxir.syntax.source import Source

VERSION = 1


def dump_config(config: Mapping[str, int]) -> str:
    """The text of a configuration file."""
    return json_text({"version": VERSION, "parameters": dict(config)}, indent=2) + "\n"


def save_config(path: str | PathLike[str], config: Mapping[str, int]) -> None:
    """Write a configuration file; the old one is replaced as a whole or not at all."""
    write_text_atomic(path, dump_config(config))


def load_config(path: str | PathLike[str]) -> dict[str, int]:
    """The configuration that a file holds.

    Raises `ConfigError` for a file that is no configuration, `ParseError` for one that is not UTF-8,
    `OSError` for one that cannot be read.
    """
    return parse_config(read_text(path, hint=NO_JSON), fspath(path))


class Entries(dict[str, Any]):
    """The entries of a configuration that was read from a text, and where they stand there.

    Values may be anything: `Module.apply` says what they must be.
    """

    def __init__(self, entries: Mapping[str, Any], source: Source, path: tuple[str, ...] = ()) -> None:
        super().__init__(entries)
        self._source = source
        self._path = path
        self._overridden: set[str] = set()
        self._places: dict[str, int] | None = None

    def override(self, values: Mapping[str, Any]) -> None:
        """Set entries that are not of the text."""
        self.update(values)
        self._overridden.update(values)

    def shown(self, name: str) -> str | None:
        """A value as JSON has it; None where it is not of the text."""
        return None if name not in self or name in self._overridden else shown_value(self[name])

    def diagnostic(
        self, name: str, message: str, *, hint: str | None = None, notes: tuple[Diagnostic, ...] = ()
    ) -> Diagnostic | None:
        """A diagnostic at an entry; None where the text has no such entry."""
        if name not in self or name in self._overridden:
            return None
        if self._places is None:
            self._places = key_places(self._source.text, self._path)
        offset = self._places.get(name, 0)
        found = self._source.diagnostic(offset, message, code="config", hint=hint)
        return replace(found, notes=notes)


def parse_config(text: str, file: str = "<string>") -> dict[str, int]:
    """The configuration that a text holds. Raises `ConfigError`, with the place of what is wrong."""
    entries = read_entries(text, file)
    wrong = [
        entries.diagnostic(name, f"{name} is an integer, not {shown_value(value)}")
        for name, value in entries.items()
        if type(value) is not int
    ]
    if wrong:
        raise ConfigError(tuple([diagnostic for diagnostic in wrong if diagnostic is not None]))
    return dict(entries)


def read_entries(text: str, file: str = "<string>") -> Entries:
    """The entries of a configuration.

    Raises `ConfigError` for a text of another form.
    """
    source = Source(text, file)
    try:
        data = read_json(text)
    except Fault as fault:
        hint = None if text.strip("\ufeff \t\r\n") else 'write {"version": 1, "parameters": {...}}'
        raise _error(source, fault.offset, fault.message, hint) from None
    if not isinstance(data, dict):
        raise _error(
            source, text.startswith("\ufeff"), f"a configuration is a JSON object, not {kind_of(data)}"
        )
    if "parameters" not in data and "version" not in data:
        return Entries(data, source)
    version = data.get("version")
    if type(version) is not int or version != VERSION:
        hint = f'this release reads "version": {VERSION}'
        shown = "no version" if "version" not in data else f"the version {shown_value(version)}"
        raise _error(source, place_of(text, ["version"]), f"the configuration has {shown}", hint)
    unknown = [key for key in data if key not in ("version", "parameters")]
    if unknown:
        raise _error(
            source,
            place_of(text, [unknown[0]]),
            f"unknown entry '{unknown[0]}'",
            "a configuration has the entries version and parameters",
        )
    if "parameters" not in data:
        raise _error(source, text.startswith("\ufeff"), "the configuration has no parameters")
    parameters = data["parameters"]
    if not isinstance(parameters, dict):
        message = f"parameters is an object of names and integers, not {kind_of(parameters)}"
        raise _error(source, place_of(text, ["parameters"]), message)
    return Entries(parameters, source, ("parameters",))


def _error(source: Source, offset: int, message: str, hint: str | None = None) -> ConfigError:
    return ConfigError((source.diagnostic(offset, message, code="config", hint=hint),))
