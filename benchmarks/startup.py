"""What it costs to start: importing approxir, and its command line on a small file.

    python benchmarks/startup.py
    python benchmarks/startup.py --write docs/benchmarks.md

The peer is a Python that starts and does nothing.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from inputs import kernel_module
from running import Row, environment, machine, table, today, write_section

HEAVY = ("jax", "jaxlib", "iree", "opentuner", "torch_mlir", "numpy", "lark", "click")
IMPORT_LIMIT = 0.150
"""Seconds that importing approxir may take, by specification."""
SECTION = "Time over that of `python -c pass`"


def commands(file: Path) -> dict[str, list[str]]:
    """What is started, the peer first."""
    return {
        "python -c pass": ["-c", "pass"],
        "import approxir": ["-c", "import approxir"],
        "approxir.load(FILE)": ["-c", f"import approxir; approxir.load({str(file)!r})"],
        "approxir --version": ["-m", "approxir", "--version"],
        "approxir fmt FILE": ["-m", "approxir", "fmt", str(file), "-o", "-"],
    }


def seconds(arguments: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], env=environment(), stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def import_seconds() -> float:
    """What ``python -X importtime`` says about approxir."""
    command = [sys.executable, "-X", "importtime", "-c", "import approxir"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    match = re.search(r"^import time:\s*\d+ \|\s*(\d+) \| approxir$", done.stderr, re.MULTILINE)
    assert match is not None, done.stderr
    return int(match[1]) / 1e6


def imported() -> set[str]:
    """The heavy packages that importing approxir loads."""
    program = "import sys, approxir; print(*sys.modules)"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()} & set(HEAVY)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    parser.add_argument("--json", action="store_true", help="print all times (s) as JSON")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write there what would be printed")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table in this Markdown file, too")
    options = parser.parse_args()

    rounds = 5 if options.quick else 21
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "small.mlir"
        file.write_text(kernel_module(3, seed=0), encoding="utf-8")
        todo = commands(file)
        times: dict[str, list[float]] = {name: [] for name in todo}
        for round_number in range(rounds + 1):
            for name, arguments in todo.items():
                taken = seconds(arguments)
                # The first round writes Python's caches.
                if round_number:
                    times[name].append(taken)
    peer, *others = times
    base = statistics.median(times[peer])
    rows = [
        Row(SECTION, f"`{name}`", "a process", f"`{peer}`", statistics.median(times[name]) / base)
        for name in others
    ]
    own = statistics.median(import_seconds() for _ in range(rounds))
    within = Row(
        SECTION,
        "`import approxir`",
        "`python -X importtime`",
        "the limit of 150 ms",
        own / IMPORT_LIMIT,
        ("at most", 1.0),
    )

    loaded = ", ".join(sorted(imported())) or "none of them"
    body = f"""## Starting

Measured {today()} by `benchmarks/startup.py` on {machine()}.
Ratios of medians of {rounds} runs in turns, each a process of its own; FILE has three small functions.

{table([*rows, within])}

Of {", ".join(HEAVY)}, importing approxir loads {loaded}.
"""
    text = json.dumps({**times, "importtime": own}, indent=1) + "\n" if options.json else body
    if options.out is not None:
        options.out.write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    if options.write is not None:
        write_section(options.write, "startup", body)
    return 0


if __name__ == "__main__":
    sys.exit(main())
