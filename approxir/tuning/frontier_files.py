"""Files of evaluations: JSON, JSON lines and CSV. Each holds all evaluations, without loss.

JSON, with a version:

    {"version": 1, "baseline": null, "evaluations": [
      {"config": {"f_threshold_0": 5}, "time_ms": 1.25, "quality": 0.97, "number": 3},
      {"config": {"f_threshold_0": 9}, "failure": "it took longer than 10 s", "number": 4}
    ]}

JSON lines, which can be appended to: one such evaluation on each line, the baseline as ``{"baseline": ...}``.
A line ``{"search": ...}`` begins a new search, and the last search counts. A last line without a line break
that is not whole is left out, since its writer was stopped.

CSV, for spreadsheets: a row for each evaluation, a column ``config.NAME`` for each parameter, samples with
spaces between them and details as JSON. The row of the baseline has ``baseline`` or, where it is an
evaluation as well, ``both`` in the column ``role``.

`grammar/frontier.schema.json` is the JSON schema of the first.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from approxir.errors import Diagnostic
from approxir.files import NO_JSON, read_text, write_text_atomic
from approxir.nearest import did_you_mean
from approxir.syntax.faults import Fault
from approxir.syntax.json_text import json_text, kind_of, place_of, read_json, shown_value
from approxir.syntax.source import Source
from approxir.tuning.csv_text import Cell, csv_line, read_csv
from approxir.tuning.errors import RecordError, record_error
from approxir.tuning.evaluation import Evaluation
from approxir.tuning.frontier import Frontier
from approxir.tuning.records import (
    WrongValue,
    checked,
    dump_evaluation,
    from_record,
    parse_evaluation,
    to_record,
)

VERSION = 1
Format = Literal["json", "jsonl", "csv"]
ENDINGS: Mapping[str, Format] = {".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv"}
_COLUMNS = ("number", "static", "time_ms", "quality", "failure", "samples_ms", "details", "role")
_CONFIG = "config."


def save_frontier(path: str | os.PathLike[str], frontier: Frontier, *, format: Format | None = None) -> None:
    """Write a frontier to a file, in the format that is named or that its ending tells.

    The old file is replaced as a whole or not at all. Raises `RecordError` for an unknown ending and for
    what the format cannot hold, and `OSError`.
    """
    write_text_atomic(path, dump_frontier(frontier, format or format_of(path)))


def load_frontier(path: str | os.PathLike[str]) -> Frontier:
    """The frontier that a file holds.

    Raises `RecordError`, `ParseError` for a file that is not UTF-8, and `OSError`.
    """
    return parse_frontier(read_text(path, hint=NO_JSON), os.fspath(path))


def format_of(path: str | os.PathLike[str]) -> Format:
    """The format that the ending of a file's name tells. Raises `RecordError` for another ending."""
    name = os.fspath(path)
    ending = os.path.splitext(name)[1].lower()
    if ending not in ENDINGS:
        message = f"evaluations are written to files that end with {', '.join(ENDINGS)}"
        raise RecordError((Diagnostic(message, file=name, line=0, code="record"),))
    return ENDINGS[ending]


def dump_frontier(frontier: Frontier, format: Format = "json") -> str:
    """The text of a file. Raises `RecordError` for what the format cannot hold."""
    if format == "csv":
        return _dump_csv(frontier)
    lines = [dump_evaluation(evaluation) for evaluation in frontier.evaluations]
    baseline = "null" if frontier.baseline is None else dump_evaluation(frontier.baseline)
    if format == "jsonl":
        if frontier.baseline is not None:
            lines.insert(0, f'{{"baseline": {baseline}}}')
        return "".join([line + "\n" for line in lines])
    # One evaluation on a line, so that two versions of a file can be compared.
    body = ",".join(["\n    " + line for line in lines]) + "\n  " * bool(lines)
    return f'{{\n  "version": {VERSION},\n  "baseline": {baseline},\n  "evaluations": [{body}]\n}}\n'


def parse_frontier(text: str, file: str = "<string>", *, format: Format | None = None) -> Frontier:
    """The frontier that a text holds, in the format that is named or that it looks like.

    Raises `RecordError`, with the place of what is wrong.
    """
    try:
        return _parse(text, file, format)
    except Fault as fault:
        raise record_error(Source(text, file), fault) from None


def _parse(text: str, file: str, format: Format | None) -> Frontier:
    if (format or ENDINGS.get(os.path.splitext(file)[1].lower())) == "jsonl":
        return _parse_lines(text, file)
    body = text.lstrip("\ufeff \t\r\n")
    if not body:
        raise Fault("there are no evaluations here", 0, hint="approxir reads JSON, JSON lines and CSV")
    if format == "csv" or (format is None and body[0] not in "{["):
        return _parse_csv(text)
    try:
        data = read_json(text)
    except Fault as fault:
        # JSON lines are no JSON, unless there is but one.
        first, _, rest = body.partition("\n")
        if not rest.strip() or not _is_record(first):
            raise fault from None
        return _parse_lines(text, file)
    if isinstance(data, dict) and "config" in data:
        return Frontier([parse_evaluation(text, file)])
    if isinstance(data, dict) and (data.keys() == {"search"} or data.keys() == {"baseline"}):
        return _parse_lines(text, file)
    try:
        return _from_json(data)
    except WrongValue as wrong:
        raise Fault(wrong.message, place_of(text, wrong.path), hint=wrong.hint) from None


def _from_json(data: Any) -> Frontier:
    if not isinstance(data, dict):
        raise WrongValue((), f"a frontier is a JSON object, not {kind_of(data)}")
    version = data.get("version")
    hint = f'this release reads {{"version": {VERSION}, "evaluations": [...]}}'
    if type(version) is not int or version != VERSION:
        shown = "no version" if "version" not in data else f"the version {shown_value(version)}"
        raise WrongValue(("version",), f"the frontier has {shown}", hint)
    for key in data:
        if key not in ("version", "baseline", "evaluations"):
            raise WrongValue((key,), f"unknown entry '{key}'", hint)
    evaluations = data.get("evaluations")
    if not isinstance(evaluations, list):
        said = "has no evaluations" if evaluations is None else f"has {kind_of(evaluations)} for evaluations"
        raise WrongValue(("evaluations",), f"the frontier {said}", hint)
    found = [from_record(record, ("evaluations", index)) for index, record in enumerate(evaluations)]
    if data.get("baseline") is None:
        return Frontier(found)
    return Frontier(found, baseline=_baseline(data["baseline"]))


def _baseline(data: Any) -> Evaluation:
    baseline = from_record(data, ("baseline",))
    if not baseline.ok:
        raise WrongValue(("baseline",), "the baseline is a failure")
    return baseline


def _is_record(line: str) -> bool:
    try:
        data = read_json(line)
    except Fault:
        return False
    return isinstance(data, dict) and ("config" in data or data.keys() <= {"search", "baseline"})


def _parse_lines(text: str, file: str) -> Frontier:
    found: list[Evaluation] = []
    baseline: Evaluation | None = None
    source = Source(text, file)
    at = 0
    for line in text.split("\n"):
        if line.strip("\ufeff \t\r"):
            try:
                data = read_json(line)
                if isinstance(data, dict) and data.keys() == {"search"}:
                    found, baseline = [], None
                elif isinstance(data, dict) and data.keys() == {"baseline"}:
                    baseline = _baseline(data["baseline"])
                else:
                    found.append(from_record(data))
            except WrongValue as wrong:
                fault = Fault(wrong.message, at + place_of(line, wrong.path), hint=wrong.hint)
                raise record_error(source, fault) from None
            except Fault as fault:
                if at + len(line) < len(text):
                    raise Fault(fault.message, at + fault.offset, hint=fault.hint) from None
        at += len(line) + 1
    return Frontier(found, baseline=baseline)


def _dump_csv(frontier: Frontier) -> str:
    baseline = frontier.baseline
    rows = [(evaluation, "") for evaluation in frontier.evaluations]
    if baseline is not None:
        at = next((i for i, (evaluation, _) in enumerate(rows) if evaluation == baseline), None)
        if at is None:
            rows.insert(0, (baseline, "baseline"))
        else:
            rows[at] = (baseline, "both")
    records = [(to_record(evaluation), role) for evaluation, role in rows]
    names = list(dict.fromkeys(name for record, _ in records for name in record["config"]))
    for name in names:
        if json_text(name) != json.dumps(name, ensure_ascii=False):
            message = f"the name {name!r} is no UTF-8, which CSV cannot hold: write JSON"
            raise RecordError((Diagnostic(message, file="<evaluations>", line=0, code="record"),))
    header = csv_line([*_COLUMNS, *[_CONFIG + name for name in names]])
    return header + "".join([csv_line(_cells(record, role, names)) for record, role in records])


def _cells(record: Mapping[str, Any], role: str, names: Iterable[str]) -> list[str]:
    config = record["config"]
    return [
        str(record["number"]),
        "true" if record.get("static") else "false",
        _shown(record.get("time_ms")),
        _shown(record.get("quality")),
        _reason(record["failure"]) if "failure" in record else "",
        " ".join([_shown(value) for value in record.get("samples_ms", ())]),
        json_text(record["details"]) if "details" in record else "",
        role,
        *[str(config[name]) if name in config else "" for name in names],
    ]


def _reason(text: str) -> str:
    """Why an evaluation failed: as it stands, or as JSON where that would be read as something else."""
    spelled = json_text(text)
    as_it_stands = spelled == json.dumps(text, ensure_ascii=False) and _failure(Cell(text, 0)) == text
    return text if as_it_stands else spelled


def _shown(value: float | str | None) -> str:
    return "" if value is None else str(value)


def _parse_csv(text: str) -> Frontier:
    rows = read_csv(text)
    header = next(rows)
    columns: dict[str, int] = {}
    for index, cell in enumerate(header):
        if cell.text in columns:
            raise Fault(f"the column '{cell.text}' occurs twice", cell.offset, length=len(cell.text))
        if cell.text not in _COLUMNS and not cell.text.startswith(_CONFIG):
            known = f"columns are {', '.join(_COLUMNS)} and {_CONFIG}NAME"
            hint = did_you_mean(cell.text, _COLUMNS) or known
            shown = cell.text[:40]
            raise Fault(f"unknown column '{shown}'", cell.offset, length=max(1, len(shown)), hint=hint)
        columns[cell.text] = index
    for needed in ("time_ms", "quality"):
        if needed not in columns:
            raise Fault(f"there is no column {needed}", header[0].offset)
    found: list[Evaluation] = []
    baseline: Evaluation | None = None
    for row in rows:
        if len(row) != len(header):
            message = f"this row has {len(row)} cells, and the header has {len(header)}"
            raise Fault(message, row[0].offset)
        cells = {name: row[index] for name, index in columns.items()}
        evaluation = _from_cells(cells)
        role = cells.get("role", Cell("", 0))
        if role.text not in ("", "baseline", "both"):
            raise Fault("a role is empty, baseline or both", role.offset, length=len(role.text))
        if role.text:
            if baseline is not None:
                raise Fault("there is a second baseline", role.offset, length=len(role.text))
            if not evaluation.ok:
                raise Fault("the baseline is a failure", role.offset, length=len(role.text))
            baseline = evaluation
        if role.text != "baseline":
            found.append(evaluation)
    return Frontier(found, baseline=baseline)


def _from_cells(cells: Mapping[str, Cell]) -> Evaluation:
    config = {
        name.removeprefix(_CONFIG): _integer(cell, name)
        for name, cell in cells.items()
        if name.startswith(_CONFIG) and cell.text
    }
    empty = Cell("", next(iter(cells.values())).offset)
    number = cells.get("number", empty)
    static = cells.get("static", empty)
    if static.text.lower() not in ("", "true", "false"):
        raise Fault("static is true or false", static.offset, length=len(static.text))
    details = _details(cells.get("details", empty))
    samples = cells.get("samples_ms", empty)
    try:
        return checked(
            (),
            config=config,
            time_ms=_float(cells["time_ms"], "time_ms"),
            quality=_float(cells["quality"], "quality"),
            failure=_failure(cells.get("failure", empty)),
            number=_integer(number, "number") if number.text else 0,
            static=static.text.lower() == "true",
            samples_ms=tuple([_sample(samples, word) for word in samples.text.split()]),
            details=details,
        )
    except WrongValue as wrong:
        place = cells.get(str(wrong.path[0]), empty) if wrong.path else empty
        raise Fault(wrong.message, place.offset, length=max(1, len(place.text)), hint=wrong.hint) from None


def _integer(cell: Cell, name: str) -> int:
    digits = cell.text.strip().removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 4000):
        message = f"{name} is an integer, not '{cell.text[:40]}'"
        raise Fault(message, cell.offset, length=max(1, len(cell.text)))
    return int(cell.text)


def _float(cell: Cell, name: str) -> float | None:
    if not cell.text.strip():
        return None
    number = _parsed(cell.text)
    if number is None:
        raise Fault(f"{name} is a number, not '{cell.text[:40]}'", cell.offset, length=len(cell.text))
    return number


def _sample(cell: Cell, word: str) -> float:
    number = _parsed(word)
    if number is None:
        message = f"samples_ms are numbers with spaces between them; '{word[:40]}' is none"
        raise Fault(message, cell.offset, length=len(cell.text))
    return number


def _parsed(word: str) -> float | None:
    """The number that a word is; None for none, and for one that is too large."""
    try:
        number = math.nan if "_" in word else float(word)
    except ValueError:
        return None
    spelled = word.strip().lower().lstrip("+-") in ("inf", "nan")
    return number if spelled or math.isfinite(number) else None


def _failure(cell: Cell) -> str | None:
    """The reason that a cell gives: JSON's string, or its text, as a person writes it. None for none."""
    if not cell.text.strip():
        return None
    try:
        value = read_json(cell.text)
    except Fault:
        return cell.text
    return value if isinstance(value, str) else cell.text


def _details(cell: Cell) -> dict[str, Any]:
    if not cell.text.strip():
        return {}
    try:
        value = read_json(cell.text)
    except Fault as fault:
        raise Fault(fault.message, cell.offset, length=len(cell.text)) from None
    if not isinstance(value, dict):
        raise Fault(f"details are an object, not {kind_of(value)}", cell.offset, length=len(cell.text))
    return value
