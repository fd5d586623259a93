"""Comparisons as files of JSON.

    {"version": 1, "name": "kmeans", "knobs": 3,
     "searches": {"static": {"size": 64, "evaluations": 64}, "dynamic": {"size": 9216, "evaluations": 200}},
     "yardstick": "cc (Debian 12.2.0) -O3", "settings": {"scale": "1"},
     "tuning": {"exact": {...}, "yardstick": null, "static": [...], "dynamic": [...]},
     "held_out": {...}}

Evaluations are those of `approxir.tuning.records`.
"""

from __future__ import annotations

import os
from typing import Any

from approxir.errors import ArgumentError
from approxir.files import NO_JSON, read_text, write_text_atomic
from approxir.nearest import did_you_mean
from approxir.syntax.faults import Fault
from approxir.syntax.json_text import json_text, kind_of, place_of, read_json, shown_value
from approxir.syntax.source import Source
from approxir.tuning.comparison import Comparison, Measured
from approxir.tuning.errors import record_error
from approxir.tuning.evaluation import Evaluation
from approxir.tuning.records import Path, WrongValue, dump_evaluation, from_record

VERSION = 1
SEARCHES = ("static", "dynamic")


def save_comparison(path: str | os.PathLike[str], comparison: Comparison) -> None:
    """Write a comparison to a file, as a whole or not at all. Raises `RecordError` and `OSError`."""
    write_text_atomic(path, dump_comparison(comparison))


def load_comparison(path: str | os.PathLike[str]) -> Comparison:
    """The comparison in a file. Raises `RecordError`, `ParseError` for no UTF-8, and `OSError`."""
    return parse_comparison(read_text(path, hint=NO_JSON), os.fspath(path))


def dump_comparison(comparison: Comparison) -> str:
    """The text of a file. Raises `RecordError` for what JSON cannot hold."""
    searches = {
        name: {"size": comparison.sizes[name], "evaluations": comparison.evaluations[name]}
        for name in SEARCHES
    }
    entries = {
        "version": str(VERSION),
        "name": json_text(comparison.name),
        "knobs": str(comparison.knobs),
        "searches": json_text(searches),
        "yardstick": json_text(comparison.yardstick),
        "settings": json_text(dict(comparison.settings)),
        "tuning": _measured_text(comparison.tuning),
        "held_out": _measured_text(comparison.held_out),
    }
    return "{\n  " + ",\n  ".join([f'"{name}": {text}' for name, text in entries.items()]) + "\n}\n"


def _measured_text(measured: Measured) -> str:
    yardstick = "null" if measured.yardstick is None else dump_evaluation(measured.yardstick)
    lines = [f'"exact": {dump_evaluation(measured.exact)}', f'"yardstick": {yardstick}']
    for name in SEARCHES:
        held: tuple[Evaluation, ...] = getattr(measured, name)
        body = ",".join(["\n      " + dump_evaluation(e) for e in held]) + "\n    " * bool(held)
        lines.append(f'"{name}": [{body}]')
    return "{\n    " + ",\n    ".join(lines) + "\n  }"


def parse_comparison(text: str, file: str = "<string>") -> Comparison:
    """The comparison that a text holds. Raises `RecordError`, with the place of what is wrong."""
    try:
        try:
            return _from_json(read_json(text))
        except WrongValue as wrong:
            raise Fault(wrong.message, place_of(text, wrong.path), hint=wrong.hint) from None
    except Fault as fault:
        raise record_error(Source(text, file), fault) from None


_ENTRIES = {
    "version": int, "name": str, "knobs": int, "searches": dict, "yardstick": str, "settings": dict,
    "tuning": dict, "held_out": dict,
}  # fmt: skip
_KINDS = {int: "an integer", str: "a text", dict: "an object", list: "a list"}


def _from_json(data: Any) -> Comparison:
    found = _object(data, (), "a comparison", _ENTRIES)
    if found["version"] != VERSION:
        raise WrongValue(("version",), f"this release reads comparisons of version {VERSION}")
    for name, value in found["settings"].items():
        if not isinstance(value, str):
            raise WrongValue(("settings", name), f"{name} is a text, not {shown_value(value)}")
    searches = _object(found["searches"], ("searches",), "searches", dict.fromkeys(SEARCHES, dict))
    counts = {
        name: _object(held, ("searches", name), "a search", {"size": int, "evaluations": int})
        for name, held in searches.items()
    }
    return Comparison(
        found["name"],
        found["knobs"],
        {name: held["size"] for name, held in counts.items()},
        {name: held["evaluations"] for name, held in counts.items()},
        _measured(found["tuning"], ("tuning",)),
        _measured(found["held_out"], ("held_out",)),
        found["yardstick"],
        found["settings"],
    )


def _object(data: Any, path: Path, what: str, entries: dict[str, type]) -> dict[str, Any]:
    """An object with just these entries, each of its type."""
    if not isinstance(data, dict):
        raise WrongValue(path, f"{what} is an object of JSON, not {kind_of(data)}")
    for key in data:
        if key not in entries:
            hint = did_you_mean(key, entries) or f"there are {', '.join(entries)}"
            raise WrongValue((*path, key), f"{what} has no entry '{key}'", hint)
    for key, kind in entries.items():
        if key not in data:
            raise WrongValue(path, f"{what} has no entry '{key}'")
        if type(data[key]) is not kind:
            raise WrongValue((*path, key), f"{key} is {_KINDS[kind]}, not {shown_value(data[key])}")
    return data


def _measured(data: dict[str, Any], path: Path) -> Measured:
    data = {"yardstick": None, **data}
    yardstick = data.pop("yardstick")
    found = _object(data, path, "a measurement", {"exact": dict, "static": list, "dynamic": list})
    exact = from_record(found["exact"], (*path, "exact"))
    lists = {
        name: tuple([from_record(entry, (*path, name, at)) for at, entry in enumerate(found[name])])
        for name in SEARCHES
    }
    peer = None if yardstick is None else from_record(yardstick, (*path, "yardstick"))
    try:
        return Measured(exact, lists["static"], lists["dynamic"], peer)
    except ArgumentError as error:
        raise WrongValue(path, str(error)) from None
