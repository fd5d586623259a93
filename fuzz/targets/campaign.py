"""Long campaigns: each target in processes of its own, until as many inputs are through as were asked for."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from approxir.testing.targets import load_target
from approxir.testing.targets.engine import require_atheris
from approxir.testing.targets.findings import Finding, examine, minimised

_MOST_STOPS = 20
_COVERAGE = re.compile(rb"cov: (\d+) ft: (\d+) corp: (\d+)")


@dataclass
class Outcome:
    """What came of one target: how many inputs, of which how many were accepted, and what was found.

    `coverage` counts branches of approxir that were reached, `features` what libFuzzer tells apart beyond
    that; the first of each pair is what the seeds alone reach.
    """

    target: str
    seed: int
    inputs: int = 0
    accepted: int = 0
    seconds: float = 0.0
    coverage: tuple[int, int] = (0, 0)
    features: tuple[int, int] = (0, 0)
    corpus: int = 0
    findings: list[dict[str, str]] = field(default_factory=list)
    gave_up: str | None = None

    @property
    def rate(self) -> float:
        """Inputs per second."""
        return self.inputs / self.seconds if self.seconds else 0.0


def run_campaign(
    names: Sequence[str],
    folder: Path,
    *,
    runs: int | None = None,
    seconds: int | None = None,
    seed: int = 0,
    jobs: int = 1,
    told: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Search with each target; the findings are saved in `folder`, made small.

    With several targets `runs` and `seconds` are shared out evenly among them; `seconds` of the clock, for
    `jobs` targets at the same time. `told` is called with each outcome when it is there.

    Raises `MissingDependencyError` without Atheris.
    """
    require_atheris()
    share = -(-runs // len(names)) if runs is not None else -1
    each = max(1, seconds * min(jobs, len(names)) // len(names)) if seconds is not None else 0

    def work(name: str) -> Outcome:
        outcome = _fuzz_target(name, folder, share, each, seed)
        told(outcome)
        return outcome

    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(work, names))


def _fuzz_target(name: str, folder: Path, runs: int, seconds: int, seed: int) -> Outcome:
    outcome = Outcome(name, seed)
    with tempfile.TemporaryDirectory(prefix="approxir-fuzz-") as scratch:
        work = Path(scratch)
        for stops in range(_MOST_STOPS + 1):
            left = -1 if runs < 0 else runs - outcome.inputs
            time_left = seconds and max(1, round(seconds - outcome.seconds))
            begun = time.monotonic()
            done = _run(name, work, left, time_left, seed + stops)
            outcome.seconds += time.monotonic() - begun
            _count(outcome, work, done.stderr, first=stops == 0)
            stopped = sorted(work.glob("stopped-*"))
            for path in stopped:
                _save_stop(outcome, name, path, folder, done.stderr)
                path.unlink()
            if done.returncode == 0:
                break
            if not stopped:
                # Neither finished nor stopped by an input: the output says why.
                outcome.gave_up = done.stderr[-4000:].decode("utf-8", "replace")
                break
            if (runs >= 0 and outcome.inputs >= runs) or (seconds and outcome.seconds >= seconds):
                break
        else:
            outcome.gave_up = f"inputs ended the process {_MOST_STOPS} times"
        target = load_target(name)
        for path in sorted((work / "found").glob("*")):
            if path.suffix != ".txt":
                found = examine(target, path.read_bytes())
                if found is not None:
                    _add(outcome, minimised(target, found), folder)
                else:
                    # It depended on what was run before it.
                    text = path.with_suffix(".txt").read_text(encoding="utf-8")
                    _add(outcome, Finding(name, text.partition("\n")[0], path.read_bytes(), text), folder)
    return outcome


def _run(name: str, folder: Path, runs: int, seconds: int, seed: int) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "approxir.testing.targets.engine", name]
    # The same seed is to mean the same search.
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    return subprocess.run(
        [*command, str(folder), str(runs), str(seconds), str(seed)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
        check=False,
    )


def _count(outcome: Outcome, folder: Path, output: bytes, *, first: bool) -> None:
    state = folder / "state.json"
    if state.exists():
        counted: dict[str, int] = json.loads(state.read_text())
        told = re.search(rb"stat::number_of_executed_units:\s*(\d+)", output)
        outcome.inputs += int(told[1]) if told else counted["inputs"]
        outcome.accepted += counted["accepted"]
        state.unlink()
    rows = _COVERAGE.findall(output)
    if rows:
        start = re.search(rb"INITED\s+cov: (\d+) ft: (\d+)", output)
        if first and start is not None:
            outcome.coverage = (int(start[1]), 0)
            outcome.features = (int(start[2]), 0)
        outcome.coverage = (outcome.coverage[0], max(outcome.coverage[1], int(rows[-1][0])))
        outcome.features = (outcome.features[0], max(outcome.features[1], int(rows[-1][1])))
        outcome.corpus = int(rows[-1][2])


def _save_stop(outcome: Outcome, name: str, path: Path, folder: Path, output: bytes) -> None:
    """An input that ended the process: made small by running it in processes of its own."""
    kind = path.name.split("-")[1]
    command = [sys.executable, "-m", "approxir.testing.targets.stopping", name, str(path)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode != 0 and kind != "crash":
        # The machine was busy, or what was run before had filled the memory.
        return
    data = path.read_bytes()
    report = output[-8000:].decode("utf-8", "replace")
    place = re.findall(r'File "[^"]*?((?:approxir|codegen|fuzz)/[^"]*)", line \d+ in (\w+)', report)
    where = next((f"{file}:{function}" for file, function in place if "targets/" not in file), "?")
    _add(outcome, Finding(name, f"{kind} in {where}", data, report), folder)


def _add(outcome: Outcome, finding: Finding, folder: Path) -> None:
    if any(known["signature"] == finding.signature for known in outcome.findings):
        return
    path = finding.save(folder)
    outcome.findings.append({"signature": finding.signature, "input": str(path)})


def report(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The outcomes as JSON has them."""
    return {
        "inputs": sum(outcome.inputs for outcome in outcomes),
        "findings": sum(len(outcome.findings) for outcome in outcomes),
        "targets": [{**asdict(outcome), "rate": round(outcome.rate, 1)} for outcome in outcomes],
    }
