"""Evaluations as JSON: what one looks like in a file, checked on the way in and on the way out.

    {"config": {"f_threshold_0": 5}, "time_ms": 1.25, "quality": 0.97, "number": 3, "static": false,
     "samples_ms": [1.2, 1.25, 1.3], "details": {}}

A failure has `"failure": "why"` in place of the time and the quality. Only `config` and the outcome must be
there. JSON has no infinities; numbers that are not finite are the strings "inf", "-inf" and "nan".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from approxir.dialects.approx.params import integer
from approxir.errors import Diagnostic
from approxir.nearest import did_you_mean
from approxir.syntax.faults import Fault
from approxir.syntax.json_text import json_text, kind_of, place_of, read_json, shown_value
from approxir.syntax.source import Source
from approxir.tuning.errors import RecordError, record_error
from approxir.tuning.evaluation import Evaluation
from approxir.values import InvalidValue

FIELDS = ("config", "time_ms", "quality", "failure", "number", "static", "samples_ms", "details")
_NOT_FINITE = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}
_DEEPEST = 100

Path = tuple[str | int, ...]


class WrongValue(Exception):
    """A value of a record is not what it must be; `path` leads to it."""

    def __init__(self, path: Path, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.path = path
        self.message = message
        self.hint = hint


def to_record(evaluation: Evaluation) -> dict[str, Any]:
    """The evaluation as an object of JSON, without the fields that have their default.

    Raises `RecordError` where its configuration or its details hold what JSON cannot.
    """
    try:
        config = {_text(name, "a name"): integer(value, name) for name, value in evaluation.config.items()}
        details = checked_details(evaluation.details)
    except InvalidValue as error:
        raise _unwritten(evaluation, error.message) from None
    record: dict[str, Any] = {"config": config}
    for name, value in (("time_ms", evaluation.time_ms), ("quality", evaluation.quality)):
        if value is not None:
            record[name] = _number(value)
    if evaluation.failure is not None:
        record["failure"] = str(evaluation.failure)
    record["number"] = int(evaluation.number)
    if evaluation.static:
        record["static"] = True
    if evaluation.samples_ms:
        record["samples_ms"] = [_number(value) for value in evaluation.samples_ms]
    if details:
        record["details"] = details
    return record


def dump_evaluation(evaluation: Evaluation) -> str:
    """The record as one line of JSON, without a line break."""
    return json_text(to_record(evaluation))


def parse_evaluation(text: str, file: str = "<string>") -> Evaluation:
    """The evaluation that a JSON text holds. Raises `RecordError`, with the place of what is wrong."""
    source = Source(text, file)
    try:
        return from_record(read_json(text))
    except WrongValue as wrong:
        fault = Fault(wrong.message, place_of(text, wrong.path), hint=wrong.hint)
        raise record_error(source, fault) from None
    except Fault as fault:
        raise record_error(source, fault) from None


def from_record(data: Any, path: Path = ()) -> Evaluation:
    """The evaluation that a value of JSON stands for. Raises `WrongValue`; `path` leads to the value."""
    if not isinstance(data, dict):
        raise WrongValue(path, f"an evaluation is an object, not {kind_of(data)}")
    for key in data:
        if key not in FIELDS:
            hint = did_you_mean(key, FIELDS) or f"an evaluation has {', '.join(FIELDS)}"
            raise WrongValue((*path, key), f"an evaluation has no entry '{key}'", hint)
    config = data.get("config")
    if not isinstance(config, dict):
        said = "has no config" if "config" not in data else f"has a config that is {kind_of(config)}"
        hint = '"config" is an object of names and integers'
        raise WrongValue((*path, "config") if "config" in data else path, f"the evaluation {said}", hint)
    for name, value in config.items():
        if type(value) is not int:
            raise WrongValue((*path, "config", name), f"{name} is an integer, not {shown_value(value)}")
    failure = data.get("failure")
    if failure is not None and not isinstance(failure, str):
        raise WrongValue((*path, "failure"), f"failure is a text, not {shown_value(failure)}")
    details = data.get("details", {})
    if not isinstance(details, dict):
        raise WrongValue((*path, "details"), f"details is an object, not {kind_of(details)}")
    static = data.get("static", False)
    if not isinstance(static, bool):
        raise WrongValue((*path, "static"), f"static is true or false, not {shown_value(static)}")
    number = data.get("number", 0)
    if type(number) is not int:
        raise WrongValue((*path, "number"), f"number is an integer, not {shown_value(number)}")
    samples = data.get("samples_ms", [])
    if not isinstance(samples, list):
        raise WrongValue((*path, "samples_ms"), f"samples_ms is a list of numbers, not {kind_of(samples)}")
    return checked(
        path,
        config=config,
        time_ms=_outcome(data, "time_ms", path),
        quality=_outcome(data, "quality", path),
        failure=failure,
        number=number,
        static=static,
        samples_ms=tuple(
            [read_number(value, "a sample", (*path, "samples_ms", i)) for i, value in enumerate(samples)]
        ),
        details=details,
    )


def checked(path: Path, **fields: Any) -> Evaluation:
    """The evaluation with these fields. Raises `WrongValue` where they do not fit together."""
    missing = [name for name in ("time_ms", "quality") if fields[name] is None]
    if missing and fields["failure"] is None:
        hint = 'a failure says why: "failure": "..."'
        raise WrongValue(path, f"the evaluation has neither a failure nor {' and '.join(missing)}", hint)
    if not missing and fields["failure"] is not None:
        raise WrongValue((*path, "failure"), "a failure has no time_ms and quality")
    try:
        return Evaluation(**fields)
    except ValueError as error:
        wrong = "quality" if str(error).startswith("a quality") else "time_ms"
        raise WrongValue((*path, wrong), str(error)) from None


def read_number(value: Any, name: str, path: Path) -> float:
    """The number that a value of JSON stands for. Raises `WrongValue`."""
    if isinstance(value, str) and value in _NOT_FINITE:
        return _NOT_FINITE[value]
    if type(value) not in (int, float):
        raise WrongValue(path, f"{name} is a number, not {shown_value(value)}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise WrongValue(path, f"{name} is too large a number")
    return number


def _outcome(data: Mapping[str, Any], key: str, path: Path) -> float | None:
    value = data.get(key)
    return None if value is None else read_number(value, key, (*path, key))


def _number(value: float) -> float | str:
    return float(value) if math.isfinite(value) else str(float(value))


def checked_details(details: Mapping[str, Any]) -> dict[str, Any]:
    """The details in Python's own types. Raises `InvalidValue` for what JSON cannot hold."""
    found: dict[str, Any] = _plain(details, 0)
    return found


def _plain(value: Any, depth: int) -> Any:
    """The value in Python's own types. Raises `InvalidValue` for what JSON cannot hold."""
    if depth > _DEEPEST:
        raise InvalidValue(f"details are nested more than {_DEEPEST} levels deep")
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidValue(f"details hold {value}, which JSON cannot")
        return float(value)
    if isinstance(value, Mapping):
        return {_text(key, "a key of details"): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    raise InvalidValue(f"details hold a {type(value).__name__}, which JSON cannot")


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise InvalidValue(f"{what} is a text, not {value!r}")
    return value


def _unwritten(evaluation: Evaluation, message: str) -> RecordError:
    text = f"evaluation {evaluation.number} cannot be written: {message}"
    return RecordError((Diagnostic(text, line=0, file="<evaluation>", code="record"),))
