"""Campaigns: modules in chunks, interrupted and resumed, with whatever goes wrong as findings."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import approxir as ax
from approxir.errors import Diagnostic, MissingDependencyError
from approxir.passes.base import PassError
from approxir.testing import OracleFailure, PassSubject, campaign, examination, subjects
from approxir.testing.examination import Examination
from approxir.testing.reproducer import read_reproducer
from approxir.testing.subjects import Refusal

SMALL = ("--max-ops", "8", "--more", "3", "--llvm", "0", "--iree", "0", "--jobs", "1")


@pytest.fixture(autouse=True)
def short_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "CHUNK", 3)


def plan(folder: Path, modules: int = 6) -> campaign.Plan:
    return campaign.Plan(0, modules, folder, max_ops=8, more=3, llvm=0, iree=0)


def told(report: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in report.items() if "seconds" not in key}


def test_a_campaign_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = campaign.run(plan(tmp_path / "whole"), 1)
    assert (whole["modules"], whole["findings"], whole["chunks"]) == (6, [], 2)
    assert whole["outcomes"]["semantics"] == {"compared": 6}
    assert whole["outcomes"]["exact"] == {"compared": 2}
    parts = tmp_path / "parts"
    campaign.run_chunk(plan(parts), 3)
    before = plan(parts).path(3).read_text()
    assert told(campaign.run(plan(parts), 1)) == told(whole)
    assert plan(parts).path(3).read_text() == before


def test_the_command_writes_a_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert campaign.main(["--modules", "3", *SMALL, "-o", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "3 modules, 3 different, 0 findings"
    assert json.loads((tmp_path / "report.json").read_text())["modules"] == 3
    with pytest.raises(SystemExit):
        campaign.main(["--modules", "3", "--max-ops", "7", "-o", str(tmp_path)])
    assert "--max-ops is at least 8" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert campaign.main(["--modules", "3", *SMALL, "-o", str(tmp_path / "file")]) == 1
    assert "file" in capsys.readouterr().err


def test_whatever_is_raised_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(held: Examination) -> str | None:
        raise KeyError("none of ours")

    oracles = {**examination.ORACLES, "isolated": replace(examination.ORACLES["isolated"], check=broken)}
    monkeypatch.setattr(examination, "ORACLES", oracles)
    found = campaign.run_chunk(plan(tmp_path), 0)["findings"]
    assert [one["number"] for one in found] == [0, 1, 2]
    assert found[0]["what"] == "KeyError, where nothing should be raised: 'none of ours'"
    again = read_reproducer(tmp_path / found[0]["file"])
    assert again.oracle == "isolated"
    with pytest.raises(OracleFailure, match="KeyError"):
        Examination(again.case, again.subject).run([again.oracle])


def test_a_refusal_need_not_have_a_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Examination, "run", lambda self, names: {"crash": "refused: not today\nnor tomorrow"})
    held = campaign.run_chunk(plan(tmp_path), 0)
    assert (held["refusals"], held["findings"]) == ({"refused: not today": 3}, [])


@pytest.mark.parametrize(
    ("error", "becomes"),
    [
        (PassError((Diagnostic("cannot be done", "m.mlir"),)), Refusal),
        (ax.IRError("no such operand"), OracleFailure),
        (KeyError("x"), OracleFailure),
        (MissingDependencyError("install it"), MissingDependencyError),
    ],
)
def test_what_a_pass_raises(
    error: Exception, becomes: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_pipeline(*_: object) -> bool:
        raise error

    monkeypatch.setattr(subjects, "run_pipeline", run_pipeline)
    with pytest.raises(becomes) as raised:
        PassSubject("canonicalize").rewrite("module {}")
    assert type(raised.value) is becomes
