"""Running measurements in fresh processes, and saying what came out."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
LONG = 30.0
"""Seconds; what takes longer is not repeated."""

Clock = Literal["wall", "cpu"]


class Failed(Exception):
    """A measured program ended with an error; what it wrote is the message."""


@dataclass
class Samples:
    """What was measured of one job on one input: seconds, bytes, and a digest of what it printed."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    live: list[float] = field(default_factory=list)
    peak: list[float] = field(default_factory=list)
    digests: set[str] = field(default_factory=set)

    def add(self, report: Mapping[str, Any]) -> None:
        self.wall += report["wall"]
        self.cpu += report["cpu"]
        self.live.append(report["live"])
        self.peak.append(report["peak"])
        self.digests.add(report["digest"])

    def seconds(self, clock: Clock) -> float:
        return statistics.median(self.wall if clock == "wall" else self.cpu)

    def as_json(self) -> dict[str, Any]:
        return {"wall": self.wall, "cpu": self.cpu, "live": self.live, "peak": self.peak}


@dataclass(frozen=True)
class Job:
    """A job of `jobs.py`, the Python that runs it, and how often it runs in each child process."""

    name: str
    python: str = sys.executable
    runs: int = 1


def measure(jobs: Sequence[Job], path: Path, rounds: int) -> dict[str, Samples | Failed]:
    """Run each job on the text at `path`, in turns, so that a slow minute of the machine meets all.

    Every run is a process of its own, which meets the text for the first time.
    """
    found: dict[str, Samples | Failed] = {job.name: Samples() for job in jobs}
    for _ in range(rounds):
        for job in jobs:
            samples = found[job.name]
            if isinstance(samples, Failed) or sum(samples.wall) > LONG:
                continue
            try:
                samples.add(_child(job, path))
            except Failed as failure:
                found[job.name] = failure
    return found


def _child(job: Job, path: Path) -> dict[str, Any]:
    command = [job.python, str(HERE / "jobs.py"), job.name, str(path), str(job.runs)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise Failed(lines[-1])
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


def environment() -> dict[str, str]:
    """The environment of a child: this checkout is found, whether it is installed or not."""
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path}


# Reporting.


@dataclass(frozen=True)
class Row:
    """One figure: a ratio of approxir to its peer, and the target that it is held to, if there is one."""

    section: str
    what: str
    input: str
    peer: str
    ratio: float | None
    target: tuple[Literal["at least", "at most"], float] | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        if self.target is None or self.ratio is None:
            return None
        word, bound = self.target
        return self.ratio >= bound if word == "at least" else self.ratio <= bound

    def cells(self) -> tuple[str, ...]:
        ratio = self.note if self.ratio is None else _short(self.ratio)
        target = "" if self.target is None else f"{self.target[0]} {self.target[1]:g}"
        met = {None: "", True: "yes", False: "**no**"}[self.met]
        return (self.what, self.input, self.peer, ratio, target, met)


def _short(ratio: float) -> str:
    return f"{ratio:.0f}" if ratio >= 100 else f"{ratio:.2g}" if ratio < 10 else f"{ratio:.1f}"


HEAD = ("what", "input", "peer", "ratio", "target", "met")


def tables(rows: Sequence[Row]) -> str:
    """A Markdown table for each section, under its title."""
    sections = dict.fromkeys(row.section for row in rows)
    return "\n\n".join(f"### {name}\n\n" + table([r for r in rows if r.section == name]) for name in sections)


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table whose columns line up."""
    cells = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEAD))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in cells
    ]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return "\n".join(lines)


def machine() -> str:
    """The machine and the versions, without names of hosts, users or folders."""
    versions = [f"{name} {found}" for name in ("jaxlib", "torch-mlir") if (found := _version(name))]
    model = _cpu_model()
    return ", ".join(
        [
            f"{os.cpu_count()} cores" + (f" of {model}" if model else ""),
            f"{platform.system()}",
            f"{platform.python_implementation()} {platform.python_version()}",
            *versions,
        ]
    )


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def write_section(path: Path, name: str, body: str) -> None:
    """Put `body` between the markers of section `name` in a Markdown file, which is made if need be."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    old = path.read_text(encoding="utf-8") if path.exists() else "# Benchmarks\n"
    section = f"{begin}\n{body.rstrip()}\n{end}"
    head, found, rest = old.partition(begin)
    new = head + section + rest.partition(end)[2] if found else old.rstrip() + f"\n\n{section}\n"
    path.write_text(new, encoding="utf-8")


def today() -> str:
    return date.today().isoformat()


def progress(message: str) -> None:
    print(message, file=sys.stderr, flush=True)
