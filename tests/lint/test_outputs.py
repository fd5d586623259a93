"""Findings as text, JSON, SARIF and GitHub annotations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import approxir
from approxir.lint import registry
from approxir.lint.output import FORMATS, Report, render
from approxir.lint.output.text import summary
from approxir.lint.runner import lint_module

SCHEMA = Path(__file__).resolve().parents[1] / "data" / "sarif-schema-2.1.0.json"
TEXT = """\
module {
  "approxMLIR.util.annotation.convert_to_call"() <{func_name = "blur"}> : () -> ()
  // approxir: disable=AX777
  func.func @blurr(%x: f32) -> f32 {
    %0 = "approx.knob"(%x) <{id = 0 : i32}> ({
      "approx.transform"() <{transform_type = "loop_perforate", knob_val = 0 : i32}> : () -> ()
      "approx.yield"(%x) : (f32) -> ()
    }) : (f32) -> f32
    %1 = "approx.knob"(%0) <{id = 0 : i32}> ({
      "approx.transform"() <{transform_type = "loop_perforate", knob_val = 0 : i32}> : () -> ()
      "approx.yield"(%0) : (f32) -> ()
    }) : (f32) -> f32
    return %1 : f32
  }
}
"""


def report(file: str = "a.mlir", text: str = TEXT, failures: tuple[str, ...] = ()) -> Report:
    return Report(lint_module(approxir.parse(text, file=file, lazy=True)), failures)


def sarif(report: Report) -> dict[str, Any]:
    jsonschema = pytest.importorskip("jsonschema")
    log = json.loads(render(report, "sarif"))
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    validator = jsonschema.validators.validator_for(schema)
    validator(schema, format_checker=validator.FORMAT_CHECKER).validate(log)
    (run,) = log["runs"]
    return run  # type: ignore[no-any-return]


def test_text() -> None:
    text = render(report(), "text")
    assert text.startswith("a.mlir:2:3: warning: approxMLIR.util.annotation.convert_to_call is the old name")
    assert "[AX012]\n" in text
    assert "  hint: did you mean 'blurr'?\n" in text
    assert "a.mlir:5:10: note: the first knob with this id\n" in text
    assert render(Report(), "text") == ""


def test_summary() -> None:
    assert summary(report().findings) == "2 errors, 2 warnings (2 fixable with --fix)"
    assert summary(report(text="module {").findings) == "1 error"
    assert summary([]) == "no findings"


def test_json() -> None:
    held = json.loads(render(report(), "json"))
    assert held["version"] == 1
    assert [entry["code"] for entry in held["findings"]] == ["AX030", "AX012", "AX000", "AX009"]
    assert held["findings"][1] == {
        "code": "AX012",
        "name": "annotated-function-missing",
        "severity": "error",
        "message": "no function 'blur' can be seen from here",
        "file": "a.mlir",
        "line": 2,
        "column": 64,
        "end_line": 2,
        "end_column": 70,
        "hint": "did you mean 'blurr'?",
        "fixable": False,
    }
    assert held["findings"][3]["fixable"] is True
    assert json.loads(render(Report(), "json")) == {"version": 1, "findings": []}


def test_github() -> None:
    lines = render(report(failures=("approxir: b.mlir: gone",)), "github").splitlines()
    assert lines[1] == (
        "::error file=a.mlir,line=2,col=64,endLine=2,endColumn=70,title=AX012"
        "::no function 'blur' can be seen from here%0Ahint: did you mean 'blurr'?"
    )
    assert lines[0].startswith("::warning file=a.mlir,line=2,col=3,")
    assert lines[-1] == "::error::approxir: b.mlir: gone"


def test_github_escapes() -> None:
    text = '"approx.util.annotation.knob"() <{func_name = "100%:,\\0D\\0A"}> : () -> ()'
    (line,) = render(report("C:\\a,b%.mlir", text), "github").splitlines()
    head, _, message = line.removeprefix("::error ").partition("::")
    assert head.startswith("file=C%3A\\a%2Cb%25.mlir,line=1,")
    assert message == "no function '100%25:,%0D%0A' can be seen from here"


def test_sarif() -> None:
    run = sarif(report())
    driver = run["tool"]["driver"]
    assert [rule["id"] for rule in driver["rules"]] == list(registry.codes())
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["invocations"] == [{"executionSuccessful": True}]
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    missing = run["results"][1]
    assert missing["level"] == "error"
    assert missing["message"]["text"].endswith("hint: did you mean 'blurr'?")
    place = missing["locations"][0]["physicalLocation"]
    assert place["region"] == {"startLine": 2, "startColumn": 64, "endLine": 2, "endColumn": 70}
    (related,) = run["results"][3]["relatedLocations"]
    assert related["message"] == {"text": "the first knob with this id"}
    assert related["physicalLocation"]["region"]["startLine"] == 5


def test_sarif_of_nothing_and_of_what_cannot_be_read() -> None:
    assert sarif(Report())["results"] == []
    run = sarif(report(text="module {\n", failures=("approxir: b.mlir: gone",)))
    assert run["results"][0]["ruleId"] == "syntax"
    assert "ruleIndex" not in run["results"][0]
    assert run["invocations"][0]["executionSuccessful"] is False
    assert run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].endswith("gone")


def test_sarif_names_files_as_uris(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def artifact(file: str) -> dict[str, str]:
        place = sarif(report(file))["results"][0]["locations"][0]["physicalLocation"]
        return place["artifactLocation"]  # type: ignore[no-any-return]

    inside = {"uri": "sub%20folder/a%23%C3%A9.mlir", "uriBaseId": "SRCROOT"}
    assert artifact("sub folder/a#é.mlir") == inside
    assert artifact(str(folder / "sub folder/a#é.mlir")) == inside
    assert artifact(str(tmp_path / "x y.mlir")) == {"uri": (tmp_path / "x y.mlir").as_uri()}
    assert artifact("<stdin>")["uri"] == "%3Cstdin%3E"
    assert sarif(report())["originalUriBaseIds"] == {"SRCROOT": {"uri": folder.as_uri() + "/"}}


def test_sarif_fingerprints_outlive_moves_and_tell_findings_apart() -> None:
    def fingerprints(text: str) -> list[str]:
        results = sarif(report(text=text))["results"]
        return [result["partialFingerprints"]["approxirFinding/v1"] for result in results]

    line = TEXT.split("\n")[1] + "\n"
    text = TEXT.replace(line, line * 2)
    before = fingerprints(text)
    assert len(set(before)) == len(before) == 6
    assert fingerprints("// One more line.\n" + text) == before


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_ends_its_last_line(form: str) -> None:
    assert render(report(), form).endswith("\n")
