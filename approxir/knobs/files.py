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

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from os import PathLike, fspath
from typing import Any

from approxir.dialects.approx.errors import ConfigError
from approxir.errors import Diagnostic
from approxir.files import NO_JSON, read_text, write_text_atomic
from approxir.syntax.source import Source

VERSION = 1


def dump_config(config: Mapping[str, int]) -> str:
    """The text of a configuration file."""
    text = json.dumps({"version": VERSION, "parameters": dict(config)}, indent=2, ensure_ascii=False) + "\n"
    # Bytes of function names that are no UTF-8 are lone surrogates, which no file can hold.
    return _SURROGATE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


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

    def __init__(self, entries: Mapping[str, Any], source: Source) -> None:
        super().__init__(entries)
        self._source = source
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
            self._places = _innermost(self._source.text)
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
    body = text.removeprefix("\ufeff")
    shift = len(text) - len(body)
    try:
        data = json.loads(body, object_pairs_hook=_object, parse_constant=_constant)
    except json.JSONDecodeError as error:
        hint = 'write {"version": 1, "parameters": {...}}' if not body.strip() else None
        raise _error(source, error.pos + shift, f"this is not JSON: {error.msg}", hint) from None
    except _Twice as error:
        raise _error(source, _second(text, error.key), f"'{error.key}' occurs twice") from None
    except _Constant as error:
        at = next((at for word, at in _words(text) if word == error.word), 0)
        raise _error(source, at, f"{error.word} is not JSON") from None
    except RecursionError:
        raise _error(source, 0, "this is not a configuration: it is nested too deeply") from None
    except ValueError:
        # Python refuses to read integers of thousands of digits.
        at = next((at for word, at in _words(text) if len(word) > _MOST_DIGITS), 0)
        raise _error(source, at, "this integer has too many digits") from None
    if not isinstance(data, dict):
        raise _error(source, shift, f"a configuration is a JSON object, not {_kind(data)}")
    parameters: Any = data
    if "parameters" in data or "version" in data:
        version = data.get("version")
        if type(version) is not int or version != VERSION:
            hint = f'this release reads "version": {VERSION}'
            shown = "no version" if "version" not in data else f"the version {shown_value(version)}"
            raise _error(source, _key(text, "version", 1), f"the configuration has {shown}", hint)
        unknown = [key for key in data if key not in ("version", "parameters")]
        if unknown:
            raise _error(
                source,
                _key(text, unknown[0], 1),
                f"unknown entry '{unknown[0]}'",
                "a configuration has the entries version and parameters",
            )
        if "parameters" not in data:
            raise _error(source, shift, "the configuration has no parameters")
        parameters = data["parameters"]
        if not isinstance(parameters, dict):
            message = f"parameters is an object of names and integers, not {_kind(parameters)}"
            raise _error(source, _key(text, "parameters", 1), message)
    return Entries(parameters, source)


class _Twice(ValueError):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class _Constant(ValueError):
    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Twice(key)
        found[key] = value
    return found


def _constant(name: str) -> Any:
    raise _Constant(name)


# Python's JSON reader does not tell where things stand. They are looked for once something is wrong.

_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[{}\[\]:,]|[^\s"{}\[\]:,]++')
_MOST_DIGITS = 4000
_SURROGATE = re.compile("[\ud800-\udfff]")


def _words(text: str) -> Iterator[tuple[str, int]]:
    """The numbers and words outside of strings, and where they stand."""
    for match in _TOKEN.finditer(text):
        if match.group()[0] not in '"{}[]:,':
            yield match.group(), match.start()


def _keys(text: str) -> Iterator[tuple[str, int, int, int]]:
    """The keys of a JSON text: name, offset, depth (1: outermost), and the number of its object."""
    depth = count = 0
    objects: list[int] = []
    before: re.Match[str] | None = None
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token in "{[":
            count += 1
            depth += 1
            objects.append(count)
        elif token in "}]" and objects:
            depth -= 1
            objects.pop()
        elif token == ":" and before is not None and before.group()[0] == '"' and objects:
            with contextlib.suppress(ValueError):
                yield json.loads(before.group(), strict=False), before.start(), depth, objects[-1]
        before = match


def _key(text: str, name: str, depth: int) -> int:
    """Where the key of that name and depth stands."""
    return next((at for key, at, level, _ in _keys(text) if key == name and level == depth), 0)


def _innermost(text: str) -> dict[str, int]:
    """Where the keys stand; of those with the same name, the innermost one."""
    found: dict[str, tuple[int, int]] = {}
    for key, at, level, _ in _keys(text):
        if key not in found or level > found[key][1]:
            found[key] = at, level
    return {key: at for key, (at, _) in found.items()}


def _second(text: str, name: str) -> int:
    """Where a key stands that its object has already."""
    seen: set[int] = set()
    for key, at, _, holder in _keys(text):
        if key == name:
            if holder in seen:
                return at
            seen.add(holder)
    return 0


def shown_value(value: Any) -> str:
    """A value as a message shows it: as JSON."""
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:40] + "..."


def _error(source: Source, offset: int, message: str, hint: str | None = None) -> ConfigError:
    return ConfigError((source.diagnostic(offset, message, code="config", hint=hint),))


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")
