"""How fast approxir reads, edits and prints, and how much memory that takes, next to its peers.

    python benchmarks/parse.py                                # everything; about half an hour
    python benchmarks/parse.py --quick                        # a tenth of the size
    python benchmarks/parse.py --only edit --only memory      # some of the groups
    python benchmarks/parse.py --write docs/benchmarks.md     # and put the table there

Peers are xDSL (``--xdsl-python`` names a Python that has it, if this one has not), the MLIR bindings in
torch-mlir and jaxlib, and plain regular expressions. One that is missing is left out of the table.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import inputs
from inputs import MB
from running import (
    Clock,
    Failed,
    Job,
    Row,
    Samples,
    environment,
    machine,
    measure,
    progress,
    tables,
    today,
    write_section,
)

Target = tuple[Literal["at least", "at most"], float]
Make = Callable[[], str]
Pair = tuple[str, str, float | None]

SPEED = {
    "xdsl": "How many times as fast as xDSL",
    "torch_mlir": "Time over that of the MLIR bindings",
    "jaxlib": "Time over that of the MLIR bindings",
    "regex_edit": "Time of an edit over that of search and replace",
    "regex_lines": "For orientation: time over that of one regular expression",
}
MEMORY = "Peak of memory over the size of the text"
GROWTH = "Time over that at half the size"
LOSSLESS = ("structural", "parse_all", "full")
"""Jobs that have to give back the text that they were given."""
PEERS = ("xdsl", "torch_mlir", "jaxlib")
NAMES = {
    "xdsl": "xDSL",
    "torch_mlir": "torch-mlir's bindings",
    "jaxlib": "jaxlib's bindings",
    "regex_edit": "regular expression, search and replace",
    "regex_lines": "one regular expression over the lines",
}
LABELS = {
    "structural": "structural parse and print",
    "structural_layout": "structural parse, print in canonical layout",
    "parse_all": "`parse_all` and print",
    "full": "full parse, all objects, and print",
    "full_layout": "full parse, all objects, print in canonical layout",
    "edit": "open, change a threshold, write",
}


@dataclass(frozen=True)
class Case:
    """An input and what is done with it.

    `faster` and `slower` are pairs of a job of approxir and one of a peer, with how many times as fast
    it has to be, or how many times as long it may take. `memory` tells of a job how many times the text
    its peak may be.
    """

    group: str
    input: str
    make: Make
    faster: tuple[Pair, ...] = ()
    slower: tuple[Pair, ...] = ()
    memory: tuple[tuple[str, float | None], ...] = ()
    same: tuple[str, ...] = ()
    """Jobs whose results have to be equal."""
    runs: int = 1
    """How often a job is done in each process: more than once where it is over in a moment."""


@dataclass(frozen=True)
class Growth:
    """An input that grows in one respect up to `size`."""

    input: str
    make: Callable[[int], str]
    size: int


def cases(size: int) -> list[Case]:
    """The cases, with big inputs of `size` characters."""
    big = f"{size // MB} MB"
    against_xdsl = (
        ("full", "xdsl", 5.0),
        ("structural", "xdsl", 40.0),
        ("full_layout", "xdsl", None),
        ("structural_layout", "xdsl", None),
    )
    against_bindings = tuple(
        (job, peer, 1.0 if job == "structural" else None)
        for peer in ("torch_mlir", "jaxlib")
        for job in ("structural", "structural_layout", "full")
    )
    memory = (("full", 15.0), ("structural", None))
    against_regex = (("edit", "regex_edit", 3.0),)
    orientation = (("structural", "regex_lines", None),)
    return [
        Case(
            "xdsl",
            "transformer of 96 layers, generic",
            functools.partial(inputs.transformer, 96, generic=True),
            faster=against_xdsl,
            slower=against_bindings + orientation,
            memory=memory,
        ),
        Case(
            "custom",
            "transformer of 96 layers, custom",
            functools.partial(inputs.transformer, 96, generic=False),
            slower=against_bindings,
            memory=memory,
        ),
        Case(
            "big",
            f"transformers, generic, {big}",
            functools.partial(inputs.repeated_transformer, size, generic=True),
            faster=against_xdsl,
            slower=against_bindings + orientation,
            memory=memory,
        ),
        Case(
            "big",
            f"transformers, custom, {big}",
            functools.partial(inputs.repeated_transformer, size, generic=False),
            slower=against_bindings + orientation,
            memory=memory,
        ),
        Case(
            "big",
            f"loop kernels, custom, {big}",
            functools.partial(inputs.repeated_kernels, size),
            faster=against_xdsl,
            slower=against_bindings + orientation,
            memory=memory,
        ),
        *(
            Case(
                "edit",
                f"loop kernels, one annotated ({word}), {big}",
                functools.partial(inputs.annotated_kernels, size, generic=word == "generic"),
                slower=against_regex,
                same=("edit", "regex_edit"),
                runs=7,
            )
            for word in ("generic", "custom")
        ),
        Case(
            "operations",
            f"{size // 20:,} operations of one line",
            functools.partial(inputs.operations, size // 20),
            slower=against_bindings + orientation,
            memory=memory,
        ),
    ]


def growths(size: int) -> list[Growth]:
    """Inputs that grow in one respect: at 20 MB, up to the sizes that the specification names."""
    return [
        Growth("operations of one line", inputs.operations, size // 20),
        Growth("regions in each other", inputs.nested_regions, size // 200),
        Growth("brackets in each other, in an attribute", inputs.nested_brackets, size // 200),
        Growth("characters in one line", inputs.long_line, size // 2),
        Growth("digits of a hexadecimal constant", inputs.hex_blob, 64 * size // 20),
    ]


@dataclass
class Session:
    """One run of the script: what is available, how often to measure, and what came out."""

    pythons: dict[str, str]
    rounds: int
    clock: Clock
    folder: Path
    results: dict[str, dict[str, Any]]

    def measure(
        self, label: str, make: Make, names: Iterable[str], runs: int = 1
    ) -> dict[str, Samples | Failed]:
        jobs = [
            Job(name, self.pythons.get(name, sys.executable), runs)
            for name in dict.fromkeys(names)
            if name not in PEERS or name in self.pythons
        ]
        text = make()
        self.path.write_text(text, encoding="utf-8")
        progress(f"{label}: {', '.join(job.name for job in jobs)}")
        found = measure(jobs, self.path, self.rounds)
        self.results[label] = {"bytes": self.path.stat().st_size} | {
            name: {"error": str(one)} if isinstance(one, Failed) else one.as_json()
            for name, one in found.items()
        }
        digest = hashlib.sha256(text.encode()).hexdigest()
        for name in LOSSLESS:
            if isinstance(one := found.get(name), Samples) and one.digests != {digest}:
                raise SystemExit(f"{label}: {name} does not give the text back")
        return found

    def run_case(self, case: Case) -> list[Row]:
        pairs = case.faster + case.slower
        names = [name for ours, peer, _ in pairs for name in (ours, peer)] + [name for name, _ in case.memory]
        found = self.measure(case.input, case.make, names, case.runs)
        if case.same:
            digests = {
                d for name in case.same if isinstance(one := found[name], Samples) for d in one.digests
            }
            if len(digests) != 1:
                raise SystemExit(f"{case.input}: {' and '.join(case.same)} do not give the same text")
        rows: list[Row] = []
        for pair in pairs:
            ours, peer, bound = pair
            if peer not in found:
                continue
            up = pair in case.faster
            row = Row(SPEED[peer], LABELS[ours], case.input, NAMES[peer], None, _target(up, bound))
            mine, other = found[ours], found[peer]
            if isinstance(mine, Failed) or isinstance(other, Failed):
                who = "approxir" if isinstance(mine, Failed) else "the peer"
                rows.append(replace(row, note=f"{who} cannot read it", target=None))
                continue
            ratio = other.seconds(self.clock) / mine.seconds(self.clock)
            rows.append(replace(row, ratio=ratio if up else 1 / ratio))
        size = self.path.stat().st_size
        for name, bound in case.memory:
            one = found[name]
            if isinstance(one, Samples) and max(one.peak) > 0:
                ratio = max(one.peak) / size
                rows.append(Row(MEMORY, LABELS[name], case.input, "the text", ratio, _target(False, bound)))
        return rows

    def run_growth(self, growth: Growth) -> Row:
        times = []
        for size in (growth.size // 2, growth.size):
            make = functools.partial(growth.make, size)
            found = self.measure(f"{size:,} {growth.input}", make, ["any_outcome"])["any_outcome"]
            if isinstance(found, Failed):
                raise SystemExit(f"{size:,} {growth.input}: {found}")
            times.append(found.seconds(self.clock))
        label = f"{growth.size:,} {growth.input}"
        return Row(GROWTH, LABELS["full"], label, "half of it", times[1] / times[0], ("at most", 2.5))

    @property
    def path(self) -> Path:
        """The input that is measured at the moment."""
        return self.folder / "input.mlir"


def _target(up: bool, bound: float | None) -> Target | None:
    if bound is None:
        return None
    return ("at least" if up else "at most", bound)


def _available(xdsl_python: str | None) -> dict[str, str]:
    """The peers that are there, and the Python that has each."""
    found = {
        peer: sys.executable
        for peer, package in (("xdsl", "xdsl"), ("torch_mlir", "torch_mlir"), ("jaxlib", "jaxlib"))
        if importlib.util.find_spec(package) is not None
    }
    if xdsl_python is not None:
        found["xdsl"] = xdsl_python
    return found


def _xdsl_version(python: str) -> str:
    command = [python, "-c", "from importlib.metadata import version; print(version('xdsl'))"]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment(), check=True
    ).stdout.strip()


def report(rows: list[Row], session: Session) -> str:
    """The section of the documentation."""
    versions = machine() + (
        f", xDSL {_xdsl_version(python)}" if (python := session.pythons.get("xdsl")) else ""
    )
    clock = "processor time" if session.clock == "cpu" else "time on the clock"
    return f"""## Reading, editing and printing

Measured {today()} by `benchmarks/parse.py` on {versions}.

Every figure is a ratio of medians of {session.rounds} runs ({clock}), or of as few as one where those take
longer than half a minute in all. approxir and its peers took turns, each in a fresh process that met the
text for the first time, with Python's garbage collector as users have it. *Structural* asks for all
operations, regions, blocks, results and block arguments; *full* reads and checks everything
(`Module.parse_all`) and asks for every operand, attribute and type as an object. Printing gives back the
text where nothing was changed, which costs next to nothing; *canonical layout* writes every operation
anew, as the peers do. The bindings verify what they parse. Memory is what a process holds at most while
it works, the text included.

{tables(rows)}
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="big inputs of 2 MB instead of 20, fewer runs")
    parser.add_argument("--rounds", type=int, metavar="N", help="runs of each measurement (5; 3 if quick)")
    parser.add_argument(
        "--only", action="append", metavar="GROUP", help="xdsl, custom, big, edit, operations, growth"
    )
    parser.add_argument(
        "--clock", choices=("wall", "cpu"), default="wall", help="cpu: on a machine that is shared"
    )
    parser.add_argument("--xdsl-python", metavar="PYTHON", help="a Python that has xDSL")
    parser.add_argument("--json", action="store_true", help="print all times (s) and memory (bytes) as JSON")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write there what would be printed")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table in this Markdown file, too")
    options = parser.parse_args()

    size = 2 * MB if options.quick else 20 * MB
    with tempfile.TemporaryDirectory() as folder:
        session = Session(
            _available(options.xdsl_python),
            options.rounds or (3 if options.quick else 5),
            options.clock,
            Path(folder),
            {},
        )
        rows: list[Row] = []
        for case in cases(size):
            if options.only is None or case.group in options.only:
                rows += session.run_case(case)
        if options.only is None or "growth" in options.only:
            rows += [session.run_growth(growth) for growth in growths(size)]

    text = json.dumps(session.results, indent=1) + "\n" if options.json else report(rows, session)
    if options.out is not None:
        options.out.write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    if options.write is not None:
        write_section(options.write, "parse", report(rows, session))
    return 0


if __name__ == "__main__":
    sys.exit(main())
