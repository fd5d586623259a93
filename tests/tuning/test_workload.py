"""Workloads: a program with its inputs, searched, measured and compared with C, and the command of a driver."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from support import native, toolchains
from support.workloads import MODULE, ROWS, SOURCE, inputs, workload

import approxir as ax
from approxir.errors import ArgumentError, CompilationError
from approxir.tuning.comparison import Comparison
from approxir.tuning.rounds import typical
from approxir.tuning.search_errors import DatabaseError
from approxir.tuning.workload import Workload

pytestmark = [native.needs_native]
SMALL = 0.02


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPROXIR_CACHE_DIR", str(tmp_path / "cache"))


def run(held: Workload, *arguments: str) -> int:
    """Run the command of a driver; its exit status."""
    with pytest.raises(SystemExit) as caught:
        held.main(
            ["--scale", str(SMALL), "--engine", "evolution", "--rounds", "2", "--repeats", "1", *arguments]
        )
    assert isinstance(caught.value.code, int)
    return caught.value.code


# ---- experiments


def test_inputs_of_the_search_and_held_out_ones_differ_and_come_from_the_seed(tmp_path: Path) -> None:
    held = workload(tmp_path, source=None)

    def arrays(experiment: Any) -> list[bytes]:
        return [call[3].tobytes() for part in (experiment.evaluate, experiment.judge) for call in part.inputs]

    first = arrays(held.experiment(SMALL, 1))
    assert len(set(first)) == 4
    assert arrays(held.experiment(SMALL, 1)) == first
    assert not set(arrays(held.experiment(SMALL, 2))) & set(first)
    assert (
        held.experiment(2 * SMALL).evaluate.inputs[0][1] == 2 * held.experiment(SMALL).evaluate.inputs[0][1]
    )


@toolchains.needs_c_compiler
def test_verification(tmp_path: Path) -> None:
    found = workload(tmp_path).experiment(SMALL).verify(rounds=2)
    assert found.ulps == 0
    assert found.ok
    assert found.ratio is not None
    assert found.ratio > 0
    assert "equal to those of C, bit for bit" in str(found)
    assert "-O3 -march=native -ffp-contract=off" in str(found)
    # The other way round the sums are rounded otherwise.
    other = SOURCE.replace("int64_t j = 0; j < n; j++", "int64_t j = n - 1; j >= 0; j--")
    found = workload(tmp_path, source=other).experiment(SMALL).verify(rounds=1)
    assert found.ulps is not None
    assert 0 < found.ulps < 100
    assert not found.ok
    assert "units in the last place" in str(found)
    assert workload(tmp_path, source=other, ulps=100).experiment(SMALL).verify(rounds=1).ok


@toolchains.needs_c_compiler
def test_a_comparison_measures_what_was_found(tmp_path: Path) -> None:
    experiment = workload(tmp_path).experiment(SMALL, repeats=1)
    static = experiment.search(static=True, evaluations=10, engine="random", progress=False)
    dynamic = experiment.search(evaluations=12, engine="evolution", progress=False)
    assert len(static.evaluations) == 3
    assert all(evaluation.static for evaluation in static.evaluations)
    steps: list[str] = []
    found = experiment.compare(static, dynamic, rounds=3, settings={"x": "y"}, progress=steps.append)
    assert found.sizes == {"static": 3, "dynamic": 8 * 3 * 3}
    assert found.evaluations == {"static": 3, "dynamic": 12}
    assert found.settings["x"] == "y"
    assert len(steps) == 2
    for measured in found.measured.values():
        assert [dict(e.config) for e in measured.static] == [dict(e.config) for e in static.points]
        assert [dict(e.config) for e in measured.dynamic] == [dict(e.config) for e in dynamic.points]
        assert measured.yardstick is not None
        for evaluation in (measured.exact, measured.yardstick, *measured.static, *measured.dynamic):
            assert len(evaluation.samples_ms) == 3
            assert evaluation.time_ms == typical(evaluation.samples_ms)
        assert measured.yardstick.quality == 1
    # Live or compiled with its configuration, it computes the same.
    assert [e.quality for e in found.tuning.dynamic] == pytest.approx([e.quality for e in dynamic.points])
    judged = [experiment.judge(point.config)["quality"] for point in static.points]
    assert [e.quality for e in found.held_out.static] == pytest.approx(judged)


def test_a_configuration_that_does_not_compile_is_a_failure_of_it_alone(tmp_path: Path) -> None:
    experiment = workload(tmp_path, source=None).experiment(SMALL, repeats=1)
    (one,) = experiment.search(static=True, evaluations=1, engine="random", progress=False).points
    wrong = ax.Evaluation({**one.config, "row_sum_threshold_0": 77}, 1.0, 2.0, number=5, static=True)
    found = experiment.compare(ax.Frontier([one, wrong]), ax.Frontier(), rounds=1)
    assert [e.ok for e in found.tuning.static] == [True, False]
    assert "77, outside" in str(found.tuning.static[1].failure)
    assert found.tuning.hypervolume("static") >= 0


def test_without_c_and_without_a_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = workload(tmp_path, source=None).experiment(SMALL).verify(rounds=1)
    assert (found.ulps, found.ratio, found.ok) == (None, None, True)
    assert "no C" in str(found)
    monkeypatch.setenv("CC", "no-such-compiler")
    experiment = workload(tmp_path).experiment(SMALL, repeats=1)
    found = experiment.verify(rounds=1)
    assert found.ok
    assert "no-such-compiler" in str(found)
    static = experiment.search(static=True, evaluations=3, engine="random", progress=False)
    comparison = experiment.compare(static, static, rounds=1)
    assert comparison.tuning.yardstick is None
    assert "no-such-compiler" in str(comparison)
    assert {choice.over_yardstick for choice in comparison.choices()} == {None}


@toolchains.needs_c_compiler
def test_c_that_is_wrong_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CompilationError, match="void sums"):
        workload(tmp_path, source=SOURCE.replace("float factor", "float *factor")).experiment(SMALL)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"scale": 0}, "scale"), ({"scale": float("nan")}, "scale"), ({"scale": "1"}, "scale"),
        ({"seed": -1}, "seed"), ({"seed": 1.5}, "seed"), ({"seed": True}, "seed"),
    ],
)  # fmt: skip
def test_numbers_that_make_no_sense(tmp_path: Path, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        workload(tmp_path, source=None).experiment(**given)


def test_workloads_that_make_no_sense(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"click\.Option"):
        workload(tmp_path, options=(click.option("--graph"),))
    with pytest.raises(ArgumentError, match="inputs"):
        workload(tmp_path, inputs=[])


# ---- the command of a driver


def test_the_command_searches_compares_and_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert run(workload(tmp_path), "--budget", "12", "-o", str(out), "--bound", "0.9") == 0
    printed, err = capsys.readouterr()
    assert "sums: 1 knob, 3 static and 72 dynamic configurations, of which 3 static and 12 dynamic" in printed
    assert "best: " in printed
    assert "static search: 1 knob" in err
    assert sorted(os.listdir(out)) == [
        "best.json", "best.mlir", "comparison.json", "frontier.csv", "frontier.json", "frontier.png",
        "report.html", "search",
    ]  # fmt: skip
    found = Comparison.load(out / "comparison.json")
    assert found.evaluations == {"static": 3, "dynamic": 12}
    assert found.settings["scale"] == str(SMALL)
    assert found.settings["bound"] == "0.9"
    # Every evaluation of the searches is kept, and the best module has the configuration that was told.
    every = ax.Frontier.load(out / "frontier.json")
    assert len(every.evaluations) == 15
    best = json.loads((out / "best.json").read_text(encoding="utf-8"))["parameters"]
    assert ax.load(out / "best.mlir").config() == best
    assert found.frontier.best(quality=0.9).config == best


def test_a_search_is_resumed_and_one_of_other_inputs_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held, out = workload(tmp_path, source=None), str(tmp_path / "out")
    assert run(held, "--budget", "5", "-o", out) == 0
    assert run(held, "--budget", "8", "-o", out, "--resume") == 0
    assert Comparison.load(tmp_path / "out" / "comparison.json").evaluations == {"static": 3, "dynamic": 8}
    capsys.readouterr()
    assert run(held, "--budget", "8", "-o", out, "--resume", "--seed", "3") == 1
    err = capsys.readouterr().err
    assert "another set of inputs" in err
    assert "Traceback" not in err
    with pytest.raises(DatabaseError, match="scale"):
        held.experiment(1.0).tuner(static=True, database=Path(out) / "search" / "static", resume=True)


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(workload(tmp_path, source=None), "--budget", "3", "--json") == 0
    assert json.loads(capsys.readouterr().out)["name"] == "sums"


@toolchains.needs_c_compiler
def test_verifying_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(workload(tmp_path), "--verify") == 0
    assert "times the speed of C" in capsys.readouterr().out
    assert run(workload(tmp_path, source=SOURCE.replace("factor * sum", "sum")), "--verify") == 1


def test_options_of_the_inputs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen = []

    def noted(scale: float, rng: np.random.Generator, **options: Any) -> Any:
        seen.append(options)
        return inputs(scale, rng, **options)

    option = click.Option(["--offset"], type=float, help="What is added to the numbers.")
    held = workload(tmp_path, source=None, inputs=noted, options=(option,))
    out = tmp_path / "out"
    assert run(held, "--budget", "3", "--offset", "2.5", "-o", str(out)) == 0
    assert seen == [{"offset": 2.5}] * 2
    assert Comparison.load(out / "comparison.json").settings["offset"] == "2.5"
    assert run(held, "--help") == 0
    assert "What is added to the numbers." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--resume"], 2, "-o"),
        (["--budget", "soon"], 2, "no budget"),
        (["--graph", "x"], 2, "--graph"),
        (["--scale", "-1"], 1, "scale is a number above 0"),
        (["--seed", "-1"], 2, "--seed"),
    ],
)
def test_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, said: str
) -> None:
    assert run(workload(tmp_path, source=None), *arguments) == status
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err


def test_a_module_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run(workload(tmp_path, module=MODULE.replace("func.func @sums(", "func.func @sums"), source=None))
        == 1
    )
    assert "sums.mlir:" in capsys.readouterr().err
    os.unlink(tmp_path / "sums.mlir")
    held = Workload(name="sums", module=tmp_path / "sums.mlir", function="sums", inputs=inputs)
    assert run(held) == 1
    assert "sums.mlir" in capsys.readouterr().err


def test_ctrl_c_keeps_what_was_found(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[1]
    script = tmp_path / "driver.py"
    script.write_text(
        f"import sys\nfrom pathlib import Path\nsys.path.insert(0, {str(root)!r})\n"
        "from support.workloads import MODULE, workload\n"
        # A space that is not known before the signal comes.
        "module = MODULE.replace('array<i32: 8>', 'array<i32: 100000>')\n"
        f"workload(Path({str(tmp_path)!r}), module=module, source=None).main()\n",
        encoding="utf-8",
    )
    out = tmp_path / "out"
    options = {"--scale": str(SMALL), "--engine": "random", "--budget": "1h", "-o": str(out)}
    command = [sys.executable, str(script), *[word for pair in options.items() for word in pair]]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    record = out / "search" / "dynamic" / "evaluations.jsonl"
    try:
        while process.poll() is None and not (record.exists() and record.read_text().count("\n") > 2):
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        printed, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "evaluations" in printed
    found = ax.Frontier.load(out / "frontier.json")
    assert len(found.evaluations) > 3
    assert not (out / "comparison.json").exists()


def test_the_workload_computes_sums(tmp_path: Path) -> None:
    (m, n, factor, xs, _), *_ = workload(tmp_path, source=None).experiment(SMALL).evaluate.inputs
    (found, *_) = workload(tmp_path, source=None).experiment(SMALL).evaluate.references
    assert (m, n) == (ROWS, xs.shape[1])
    assert found == pytest.approx(factor * (xs.astype(float) ** 2).sum(axis=1), rel=1e-5)
