"""Files of evaluations: nothing is lost in them, and what is wrong with one is said with its place."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.evaluations import FRONTIERS, SUCCESSES, evaluation

import approxir as ax
from approxir.files import encode
from approxir.tuning.evaluation import Evaluation
from approxir.tuning.frontier import Frontier
from approxir.tuning.frontier_files import Format, dump_frontier, load_frontier, parse_frontier, save_frontier
from approxir.tuning.records import dump_evaluation, parse_evaluation, to_record

POINTS = [evaluation(1, 0.5), Evaluation({"a": 1}, failure="it stopped", number=1)]
LOOSE = settings(deadline=None, derandomize=True)


@LOOSE
@given(FRONTIERS, st.sampled_from(["json", "csv", "jsonl"]), st.booleans())
def test_a_file_gives_back_what_was_written(frontier: Frontier, format: Format, crlf: bool) -> None:
    text = dump_frontier(frontier, format)
    if crlf and format == "json":
        text = text.replace("\n", "\r\n")
    read = parse_frontier("\ufeff" + text, f"f.{format}")
    assert read == frontier
    assert dump_frontier(read, format) == dump_frontier(frontier, format)
    assert encode(text).decode("utf-8") == text


@LOOSE
@given(FRONTIERS)
def test_json_lines_can_be_cut_off_at_the_end(frontier: Frontier) -> None:
    assert parse_frontier(dump_frontier(frontier, "jsonl"), "log.jsonl") == frontier
    # What a writer that was stopped leaves behind.
    text = dump_frontier(Frontier(frontier.evaluations), "jsonl")
    for cut in range(len(text) - text.rfind("\n", 0, -1)):
        read = parse_frontier(text[: len(text) - cut], "log.jsonl").evaluations
        assert read == frontier.evaluations[: max(0, len(frontier.evaluations) - (cut > 1))]


def test_of_several_searches_in_one_record_the_last_counts() -> None:
    first, second = (
        dump_frontier(Frontier(POINTS, baseline=POINTS[0]), "jsonl"),
        dump_frontier(Frontier(POINTS[1:]), "jsonl"),
    )
    text = '{"search": {"engine": "x"}}\n' + first + '{"search": {}}\n' + second
    for file in ("evaluations.jsonl", "<stdin>"):
        assert parse_frontier(text, file) == Frontier(POINTS[1:])
        assert parse_frontier('{"search": {}}\n', file) == Frontier([])
        assert parse_frontier(first, file) == Frontier(POINTS, baseline=POINTS[0])


@LOOSE
@given(FRONTIERS)
def test_spreadsheets_read_the_csv(frontier: Frontier) -> None:
    rows = list(csv.DictReader(io.StringIO(dump_frontier(frontier, "csv"), newline="")))
    times = [e.time_ms for e in frontier.evaluations]
    read = [float(row["time_ms"]) if row["time_ms"] else None for row in rows if row["role"] != "baseline"]
    assert read == times


@LOOSE
@given(FRONTIERS)
def test_the_schema_takes_what_is_written(frontier: Frontier) -> None:
    validator().validate(json.loads(dump_frontier(frontier)))


def validator() -> Any:
    jsonschema = pytest.importorskip("jsonschema")
    from approxir.syntax.grammars import grammar_text

    schema = json.loads(grammar_text("frontier.schema.json"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@LOOSE
@given(SUCCESSES)
def test_numbers_that_are_not_finite_survive(found: Evaluation) -> None:
    with_inf = Evaluation(found.config, 1.0, 1.0, samples_ms=(math.inf, -math.inf, 1.0))
    failed = Evaluation(found.config, time_ms=math.inf, failure="it never ended")
    for format in ("json", "csv"):
        assert parse_frontier(dump_frontier(Frontier([with_inf, failed]), format)).evaluations == (
            with_inf,
            failed,
        )
    (read,) = parse_evaluation(dump_evaluation(Evaluation({}, 1.0, 1.0, samples_ms=(math.nan,)))).samples_ms
    assert math.isnan(read)


def test_numpy_numbers_are_numbers() -> None:
    found = Evaluation(
        {"a": np.int64(3)}, np.float64(0.1), np.float32(0.1), details={"x": (True, np.float64(1))}
    )  # type: ignore[arg-type, dict-item]
    record = json.loads(dump_evaluation(found))
    assert record == {
        "config": {"a": 3},
        "time_ms": 0.1,
        "quality": float(np.float32(0.1)),
        "number": 0,
        "details": {"x": [True, 1.0]},
    }


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (Evaluation({"a": 1.5}, 1, 1), "a is an integer, not 1.5"),
        (Evaluation({"a": True}, 1, 1), "a is an integer, not True"),
        (Evaluation({3: 1}, 1, 1), "a name is a text, not 3"),
        (Evaluation({}, 1, 1, details={"x": math.nan}), "details hold nan, which JSON cannot"),
        (Evaluation({}, 1, 1, details={"x": {1, 2}}), "details hold a set"),
        (Evaluation({}, 1, 1, details={1: 2}), "a key of details is a text"),
    ],
)  # fmt: skip
def test_what_json_cannot_hold(wrong: Evaluation, message: str) -> None:
    with pytest.raises(ax.ApproxIRError, match=message):
        to_record(wrong)


def test_details_that_hold_themselves() -> None:
    inner: list[Any] = []
    inner.append(inner)
    with pytest.raises(ax.ApproxIRError, match="nested more than"):
        to_record(Evaluation({}, 1, 1, details={"x": inner}))


def test_csv_refuses_names_that_are_no_utf8() -> None:
    frontier = Frontier([Evaluation({"f\udcff_decision_0": 1}, 1, 1)])
    with pytest.raises(ax.ApproxIRError, match="no UTF-8"):
        dump_frontier(frontier, "csv")
    assert parse_frontier(dump_frontier(frontier)) == frontier


RECORD = '{"config": {"a": 1}, "time_ms": 1, "quality": 1}'
CSV = "number,static,time_ms,quality,failure,samples_ms,details,role,config.a\n"


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("", (1, 1), "no evaluations"),
        ("[1]", (1, 1), "a JSON object, not a list"),
        ('{"version": 1,\n "evaluations": [,]}', (2, 18), "this is not JSON"),
        ('{"version": 2, "evaluations": []}', (1, 2), "the version 2"),
        ('{"evaluations": []}', (1, 1), "no version"),
        ('{"version": 1}', (1, 1), "has no evaluations"),
        ('{"version": 1,\n"evaluations": {}}', (2, 1), "has an object for evaluations"),
        ('{"version": 1, "evaluations": [],\n"points": 1}', (2, 1), "unknown entry 'points'"),
        ('{"version": 1, "evaluations": [],\n"baseline": {"config": {}, "failure": "x"}}', (2, 1), "the baseline is a failure"),
        ('{"version": 1, "evaluations": [' + RECORD + ",\n  3]}", (2, 3), "an evaluation is an object, not a number"),
        ('{"version": 1, "evaluations": [\n {}]}', (2, 2), "has no config"),
        ('{"version": 1, "evaluations": [\n {"config": []}]}', (2, 3), "has a config that is a list"),
        ('{"version": 1, "evaluations": [\n {"config": {"a": "1"}}]}', (2, 14), 'a is an integer, not "1"'),
        ('{"version": 1, "evaluations": [\n {"config": {}}]}', (2, 2), "neither a failure nor time_ms and quality"),
        ('{"version": 1, "evaluations": [\n {"config": {}, "time_ms": 1}]}', (2, 2), "neither a failure nor quality"),
        ('{"version": 1, "evaluations": [\n {"config": {}, "time_ms": -1, "quality": 1}]}', (2, 17), "milliseconds from 0 on, not -1"),
        ('{"version": 1, "evaluations": [\n {"config": {}, "time_ms": 1, "quality": "nan"}]}', (2, 31), "a quality is a number, not nan"),
        ('{"version": 1, "evaluations": [\n {"config": {}, "time_ms": 1e999, "quality": 1}]}', (2, 28), "too large"),
        ('{"version": 1, "evaluations": [\n {"config": {}, "time_ms": 1, "quality": 1, "failure": "x"}]}', (2, 45), "a failure has no time_ms"),
        ('{"version": 1, "evaluations": [\n {"config": {}, "time": 1}]}', (2, 17), "no entry 'time'"),
        ('{"version": 1, "evaluations": [\n {"config": {}, "time_ms": 1, "quality": 1, "samples_ms": [1,\n "x"]}]}', (3, 2), "a sample is a number"),
        ('{"version": 1, "evaluations": [\n {"config": {}, "time_ms": 1, "quality": 1, "static": 1}]}', (2, 45), "true or false"),
        (RECORD + "\n" + RECORD[:-1] + "\n" + RECORD + "\n", (2, 48), "this is not JSON"),
        (RECORD + '\n{"config": {},\t"number": 1.5}\n', (2, 16), "number is an integer"),
        ("time_ms,quality,qualty\n", (1, 17), "unknown column 'qualty'"),
        ("time_ms,time_ms\n", (1, 9), "occurs twice"),
        ("time_ms,config.a\n", (1, 1), "no column quality"),
        (CSV + "1,2\n", (2, 1), "this row has 2 cells, and the header has 9"),
        (CSV + "1,,x,1,,,,,\n", (2, 4), "time_ms is a number, not 'x'"),
        (CSV + "1,,1,1e999,,,,,\n", (2, 6), "quality is a number"),
        (CSV + "1,,1,1_0,,,,,\n", (2, 6), "quality is a number"),
        (CSV + "1,,1,1,,,,,1.5\n", (2, 12), "config.a is an integer, not '1.5'"),
        (CSV + "x,,1,1,,,,,1\n", (2, 1), "number is an integer, not 'x'"),
        (CSV + "1,no,1,1,,,,,1\n", (2, 3), "static is true or false"),
        (CSV + "1,,1,1,,1 y,,,1\n", (2, 9), "'y' is none"),
        (CSV + '1,,1,1,,,"[\n1]",,1\n', (2, 10), "details are an object, not a list"),
        (CSV + "1,,1,1,,,{,,1\n", (2, 10), "this is not JSON"),
        (CSV + "1,,1,1,,,,boss,1\n", (2, 11), "a role is empty, baseline or both"),
        (CSV + "1,,1,1,,,,both,1\n" * 2, (3, 11), "a second baseline"),
        (CSV + "1,,,,x,,,baseline,1\n", (2, 10), "the baseline is a failure"),
        (CSV + "1,,-1,1,,,,,1\n", (2, 4), "milliseconds from 0 on"),
        (CSV + "1,,,,,,,,1\n", (2, 1), "neither a failure nor time_ms and quality"),
        (CSV + "1,,1,1,why,,,,1\n", (2, 8), "a failure has no time_ms"),
        (CSV + '1,,1,1,"why', (2, 8), "never closed"),
        (CSV + '1,,1,1,"why"x,,,,1\n', (2, 13), "text after a quoted cell"),
        (CSV + '1,,1,1,w"y,,,,1\n', (2, 9), "a quote inside a cell"),
    ],
)  # fmt: skip
def test_what_is_wrong_and_where(text: str, place: tuple[int, int], message: str) -> None:
    with pytest.raises(ax.RecordError) as caught:
        parse_frontier(text, "f.json")
    error = caught.value
    assert (message in error.message, error.file, (error.line, error.column)) == (True, "f.json", place), str(
        error
    )


@settings(LOOSE, max_examples=200)
@given(FRONTIERS, st.sampled_from(["json", "jsonl", "csv"]), st.data())
def test_damaged_files_are_read_or_refused(frontier: Frontier, format: Format, data: st.DataObject) -> None:
    text = dump_frontier(frontier, format)
    at = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(at, min(len(text), at + 5)))
    text = text[:at] + data.draw(st.text(alphabet='{}[]:,"\n 1aeN-', max_size=3)) + text[end:]
    try:
        parse_frontier(text, "x")
    except ax.RecordError as error:
        lines = text.split("\n")
        assert 1 <= error.line <= len(lines)  # noqa: PT017
        assert 1 <= error.column <= len(lines[error.line - 1]) + 1  # noqa: PT017


def test_formats_go_by_the_ending(tmp_path: Path) -> None:
    frontier = Frontier(POINTS, baseline=POINTS[0])
    for name in ("f.json", "f.CSV", "f.jsonl"):
        frontier.save(tmp_path / name)
        assert Frontier.load(tmp_path / name) == frontier
    assert sorted(os.listdir(tmp_path)) == ["f.CSV", "f.json", "f.jsonl"]
    save_frontier(tmp_path / "plain", frontier, format="csv")
    assert load_frontier(tmp_path / "plain") == frontier
    with pytest.raises(ax.RecordError, match=r"f\.txt: error: .*\.csv"):
        frontier.save(tmp_path / "f.txt")
    assert not (tmp_path / "f.txt").exists()
    with pytest.raises(FileNotFoundError):
        Frontier.load(tmp_path / "none.json")
    (tmp_path / "bytes.json").write_bytes(b"\xff")
    with pytest.raises(ax.ParseError, match="invalid UTF-8"):
        Frontier.load(tmp_path / "bytes.json")


def test_a_failing_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "f.json"
    Frontier(POINTS).save(path)
    before = path.read_bytes()
    with pytest.raises(ax.RecordError):
        Frontier([Evaluation({}, 1, 1, details={"x": math.inf})]).save(path)

    def fail(*_: object) -> None:
        raise OSError("no")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no"):
        Frontier([]).save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["f.json"]


def test_csv_written_by_hand() -> None:
    text = "time_ms,quality,failure,config.f_threshold_0\n2,0.5,,7\n\n,,ran out of memory,8\n"
    assert parse_frontier(text).evaluations == (
        Evaluation({"f_threshold_0": 7}, 2.0, 0.5),
        Evaluation({"f_threshold_0": 8}, failure="ran out of memory"),
    )
