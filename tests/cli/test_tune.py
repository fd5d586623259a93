"""``approxir tune``."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support import native

import approxir as ax
from approxir.cli.main import main

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLE = str(ROOT / "examples" / "sum_of_squares.mlir")
COMMAND = [sys.executable, "-m", "approxir", "tune"]
CALL = ["-f", "sum_of_squares", "-a", "600", "-a", "random:600"]

pytestmark = native.needs_native


def test_tuning_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "tuned"
    status = main(
        ["tune", EXAMPLE, *CALL, "--budget", "20", "--bound", "0.9", "--engine", "evolution", "-o", str(out)]
    )
    printed, err = capsys.readouterr()
    assert status == 0
    assert "20 evaluations" in printed
    assert "best: " in printed
    assert "times as fast as the exact program" in printed
    assert "search space: 1 knob" in err
    assert sorted(os.listdir(out)) == [
        "best.json", "best.mlir", "frontier.csv", "frontier.json", "frontier.png", "report.html", "search",
    ]  # fmt: skip
    frontier = ax.Frontier.load(out / "frontier.json")
    best = frontier.best(quality=0.9)
    assert ax.load(out / "best.mlir").config() == dict(best.config)
    assert json.loads((out / "best.json").read_text(encoding="utf-8"))["parameters"] == dict(best.config)
    assert ax.Frontier.load(out / "frontier.csv").points == frontier.points
    # Going on.
    assert (
        main(["tune", EXAMPLE, *CALL, "--budget", "25", "--resume", "--engine", "random", "-o", str(out)])
        == 0
    )
    assert ax.Frontier.load(out / "frontier.json").evaluations[:20] == frontier.evaluations
    assert len(ax.Frontier.load(out / "frontier.json").evaluations) == 25


def test_a_static_search_and_another_one(tmp_path: Path) -> None:
    out = tmp_path / "tuned"
    log = tmp_path / "log"
    args = [
        "--both",
        "--budget",
        "12",
        "--engine",
        "random",
        "--time-limit",
        "60",
        "--log",
        str(log),
        "-o",
        str(out),
    ]
    # JAX, which other tests have loaded, does not like processes to be forked.
    subprocess.run([*COMMAND, EXAMPLE, *CALL, *args], check=True, capture_output=True)
    frontier = ax.Frontier.load(out / "frontier.json")
    space = ax.space(ax.load(EXAMPLE))
    assert len(frontier.dynamic.evaluations) == 12
    assert len(frontier.static.evaluations) == min(12, space.static().size)
    assert sorted(os.listdir(out / "search")) == ["dynamic", "static"]
    assert "search of 1 knob" in log.read_text(encoding="utf-8")


def test_held_out_arguments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = ["--held-out", "500", "--held-out", "random:500:f32:9", "--budget", "8", "--engine", "random"]
    assert main(["tune", EXAMPLE, *CALL, *args, "-o", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    points = ax.Frontier.load(tmp_path / "frontier.json").points
    assert printed.count("  evaluation ") == len(points)
    # The exact configuration is exact for other arguments, too.
    (exact,) = [point for point in points if point.quality == 1]
    line = next(line for line in printed.splitlines() if line.startswith(f"  evaluation {exact.number}: "))
    assert line.endswith("quality 1")
    assert "held" in (tmp_path / "report.html").read_text(encoding="utf-8").lower()


def test_a_search_by_time_that_keeps_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["tune", EXAMPLE, *CALL, "--budget", "0.2s", "--static", "--engine", "random"]) == 0
    args = ["--bound", "2", "--budget", "3", "--engine", "random", "--anew"]
    assert main(["tune", EXAMPLE, *CALL, *args]) == 1
    assert "no configuration has a quality of 2" in capsys.readouterr().err


def test_tuning_on_iree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("iree.compiler")
    monkeypatch.setenv("APPROXIR_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("APPROX_BACKEND", "llvm-cpu")
    gelu = str(ROOT / "examples" / "gelu.mlir")
    args = ["-f", "gelu", "-a", "random:8x128", "-a", "80", "--backend", "iree", "--budget", "4"]
    assert main(["tune", gelu, *args, "--engine", "random", "--bound", "0.5"]) == 0


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        ([*CALL, "--budget", "soon"], 2, "is no budget"),
        ([*CALL, "--budget", "0"], 2, "is no budget"),
        ([*CALL, "--budget", "-3s"], 2, "is no budget"),
        ([*CALL, "--static", "--both"], 2, "--static is the first alone"),
        ([*CALL, "--resume"], 2, "--resume needs"),
        ([*CALL, "--target", "cuda"], 2, "--target is about"),
        (["-f", "sum", "-a", "1"], 1, "no public function 'sum'"),
        (["-f", "sum_of_squares", "-a", "1"], 1, "takes 2 arguments"),
        ([*CALL, "--quality", "l3"], 1, "no quality metric"),
        ([*CALL, "--time-limit", "-1"], 1, "a time limit is"),
        ([*CALL, "--engine", "random", "--database", "/dev/null/x"], 1, "cannot be used as the folder"),
        ([*CALL, "--log", "/dev/null/x"], 1, "Not a directory"),
    ],
)
def test_what_is_wrong(
    args: list[str], status: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tune", EXAMPLE, *args]) == status
    assert message in capsys.readouterr().err


def test_a_search_of_something_else_is_not_resumed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np = pytest.importorskip("numpy")
    copy, data, out = tmp_path / "kernel.mlir", tmp_path / "data.npy", tmp_path / "tuned"
    module = ax.load(EXAMPLE)
    copy.write_text(str(module), encoding="utf-8")
    np.save(data, np.ones(600, np.float32))
    options = ["--engine", "random", "--bound", "-1", "-o", str(out), "--resume", "-f", "sum_of_squares"]
    call = ["-a", "600", "-a", str(data)]
    assert main(["tune", str(copy), *options, *call, "--budget", "3"]) == 0
    # The values that parameters have now do not matter, nor where a file lies.
    module.apply(ax.space(module).nearest({"sum_of_squares_decision_0": 3}))
    assert str(module) != copy.read_text(encoding="utf-8")
    copy.write_text(str(module), encoding="utf-8")
    call = ["-a", "600", "-a", str(data.rename(tmp_path / "moved.npy"))]
    assert main(["tune", str(copy), *options, *call, "--budget", "4"]) == 0
    capsys.readouterr()

    def refused(*args: str) -> str:
        assert main(["tune", str(copy), *options, *args, "--budget", "5"]) == 1
        return capsys.readouterr().err

    assert "argument 1 is 600 there, not 500" in refused("-a", "500", *call[2:])
    assert "metric is l2 there, not psnr" in refused(*call, "-q", "psnr")
    assert "compiling is live there, not anew" in refused(*call, "--anew")
    assert "backend is llvm there, not llvm-shared" in refused(*call, "-b", "llvm-shared")
    np.save(tmp_path / "moved.npy", np.zeros(600, np.float32))
    assert "another argument 2" in refused(*call)
    np.save(tmp_path / "moved.npy", np.ones(600, np.float32))
    copy.write_text(str(module).replace("arith.mulf", "arith.addf"), encoding="utf-8")
    assert "another module" in refused(*call)
    assert len(ax.Frontier.load(out / "frontier.json").evaluations) == 4


def test_files_without_knobs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "plain.mlir"
    path.write_text("func.func @f(%n: i32) -> i32 { return %n : i32 }\n", encoding="utf-8")
    assert main(["tune", str(path), "-a", "1"]) == 1
    assert "nothing to tune" in capsys.readouterr().err


def test_an_interrupt_keeps_what_was_found(tmp_path: Path) -> None:
    out = tmp_path / "tuned"
    shutil.copy(EXAMPLE, tmp_path / "kernel.mlir")
    process = subprocess.Popen(
        [*COMMAND, str(tmp_path / "kernel.mlir"), *CALL, "--budget", "10min", "--engine", "evolution", "-o", out],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    record = out / "search" / "evaluations.jsonl"
    for _ in range(3000):
        if record.exists() and record.read_bytes().count(b"\n") > 12:
            break
        assert process.poll() is None
        signal.sigtimedwait([], 0.01)
    process.send_signal(signal.SIGINT)
    printed, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "best: " in printed
    assert len(ax.Frontier.load(out / "frontier.json").evaluations) >= 10


@pytest.mark.parametrize("command", ["tune", "run"])
def test_numpy_may_be_missing(command: str) -> None:
    script = (
        "import sys; sys.modules['numpy'] = None\nfrom approxir.cli.main import main\n"
        f"sys.exit(main({[command, EXAMPLE, *CALL]!r}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "install approxir[interp]" in done.stderr
    assert "Traceback" not in done.stderr
