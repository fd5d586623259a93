"""The fuzz targets: seeds and kept inputs hold, faults are found and made small, and each target runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import planted_targets as planted

from approxir.errors import MissingDependencyError
from approxir.testing.targets import TARGETS, UnknownTargetError, engine, load_target
from approxir.testing.targets.base import bytes_of, choice, chosen, text_of
from approxir.testing.targets.campaign import report, run_campaign
from approxir.testing.targets.findings import examine, minimise, minimised

ROOT = Path(__file__).resolve().parent.parent.parent
CORPORA = ROOT / "fuzz" / "corpora"
KEPT = sorted(path for path in CORPORA.glob("*/*") if path.is_file())
HERE = "support.planted_targets"


@pytest.fixture
def atheris(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("atheris")
    # For the processes that are started.
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests"))


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_hold_and_some_are_accepted(name: str) -> None:
    target = load_target(name)
    assert target.name == name
    seeds = list(target.seeds())
    assert seeds == list(target.seeds())
    step = max(1, len(seeds) // 120)
    accepted = 0
    for data in seeds[::step]:
        finding = examine(target, data)
        assert finding is None, finding.report
        accepted += target.check(data)
    assert accepted
    assert len(set(target.words())) > 20


@pytest.mark.parametrize("path", KEPT, ids=[f"{path.parent.name}/{path.name}" for path in KEPT])
def test_what_was_found_stays_mended(path: Path) -> None:
    finding = examine(load_target(path.parent.name), path.read_bytes())
    assert finding is None, finding.report


def test_inputs_are_texts_and_bytes() -> None:
    data = b"3\xffabc\xc3\xa9"
    assert choice(data, 5) == (3, "\udcffabcé")
    assert chosen(*choice(data, 5)) == data
    assert bytes_of(text_of(data)) == data
    assert choice(b"", 5) == (0, "")


def test_faults_are_told_apart_and_made_small() -> None:
    found = examine(planted.TARGET, b"a lot around x and much more, then yy and the rest")
    assert found is not None
    assert found.signature.startswith("KeyError in ")
    small = minimised(planted.TARGET, found)
    assert (sorted(small.data), small.signature) == (sorted(b"xyy"), found.signature)
    broken = examine(planted.TARGET, b"1zz2")
    assert broken is not None
    assert broken.signature == "Violation: no z stands beside another"
    assert examine(planted.TARGET, b"fine") is None


def test_minimising_asks_no_more_than_it_may() -> None:
    asked = []

    def fails(data: bytes) -> bool:
        asked.append(data)
        return b"a" in data and b"b" in data

    assert minimise(b"x" * 100 + b"a" + b"x" * 50 + b"b", fails) == b"ab"
    asked.clear()
    minimise(b"x" * 100 + b"ab", fails, budget=7)
    assert len(asked) == 7


def test_an_unknown_target_is_an_error() -> None:
    with pytest.raises(UnknownTargetError, match="there are parser"):
        load_target("nothing")


def test_without_atheris_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "atheris", None)
    with pytest.raises(MissingDependencyError, match=r"approxir\[fuzz\]"):
        engine.require_atheris()
    with pytest.raises(MissingDependencyError, match=r"approxir\[fuzz\]"):
        run_campaign(["params"], tmp_path, runs=1)


@pytest.mark.usefixtures("atheris")
def test_planted_faults_are_found_and_saved(tmp_path: Path) -> None:
    (outcome,) = run_campaign([f"{HERE}:TARGET"], tmp_path, runs=500, seed=7)
    assert outcome.gave_up is None
    assert outcome.inputs >= 500
    assert 0 < outcome.accepted < outcome.inputs
    kinds = sorted(found["signature"].split(" ")[0] for found in outcome.findings)
    assert kinds == ["KeyError", "Violation:"]
    for found in outcome.findings:
        data = Path(found["input"]).read_bytes()
        assert len(data) <= 3
        again = examine(planted.TARGET, data)
        assert again is not None
        assert again.signature == found["signature"]
        assert found["signature"] in Path(found["input"] + ".txt").read_text()
    assert json.loads(json.dumps(report([outcome])))["findings"] == 2


@pytest.mark.usefixtures("atheris")
def test_what_ends_the_process_is_found(tmp_path: Path) -> None:
    (outcome,) = run_campaign([f"{HERE}:STOPPED"], tmp_path, runs=100)
    assert [found["signature"].split(" ")[0] for found in outcome.findings] == ["crash"]
    assert Path(outcome.findings[0]["input"]).read_bytes() == b"boom"


@pytest.mark.slow
@pytest.mark.usefixtures("atheris")
def test_what_hangs_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (outcome,) = run_campaign([f"{HERE}:HANGING"], tmp_path, runs=2)
    assert [found["signature"].split(" ")[0] for found in outcome.findings] == ["timeout"]


@pytest.mark.usefixtures("atheris")
def test_every_target_runs_and_finds_nothing(tmp_path: Path) -> None:
    to = tmp_path / "report.json"
    command = [sys.executable, "-m", "approxir.testing.targets", "--all", "--runs", "2000", "--jobs", "2"]
    done = subprocess.run(
        [*command, "-o", str(tmp_path / "found"), "--report", str(to)],
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(to.read_text())
    assert (told["findings"], [row["target"] for row in told["targets"]]) == (0, list(TARGETS))
    assert all(row["inputs"] >= 200 and row["coverage"][1] > 0 for row in told["targets"])


@pytest.mark.fuzz
@pytest.mark.usefixtures("atheris")
def test_a_longer_campaign_finds_nothing(tmp_path: Path) -> None:
    outcomes = run_campaign(list(TARGETS), tmp_path, seconds=600, jobs=os.cpu_count() or 1)
    assert [outcome.findings for outcome in outcomes] == [[] for _ in TARGETS]
