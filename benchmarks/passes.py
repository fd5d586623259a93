"""Lowering approximations: small modules, a big one, many knobs, and `approx-opt` as a process.

    python benchmarks/passes.py
    python benchmarks/passes.py --write docs/benchmarks.md

What there is to compare with is the work that any tool has: reading a text and writing it back, and
starting a Python.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from inputs import ANNOTATION, kernel_module, repeated_kernels
from running import Row, environment, machine, progress, table, today, write_section

SECTION = "Passes"
HELPER = "  func.func private @state(%n: index, %a: memref<?x?xf32>) -> i32 {\n" + (
    "    %s = arith.index_cast %n : index to i32\n    return %s : i32\n  }"
)


def annotated(text: str, count: int, first: int = 0) -> str:
    """The module with `count` kernels annotated, and the function that their states come from."""
    head, _, rest = text.partition("\n")
    notes = [
        f'  {ANNOTATION} <{{func_name = "kernel_{number}", transform_type = "loop_perforate", '
        'state_function = "state", state_indices = array<i64: 0, 1>, '
        "thresholds = array<i32: 100, 500>, decisions = array<i32: 0, 2, 3>}>"
        for number in range(first, first + count)
    ]
    return "\n".join([head, *notes, HELPER, rest])


def lower(text: str) -> str:
    import approxir

    module = approxir.parse(text)
    approxir.run_pipeline(module, approxir.PASS_PIPELINE)
    return str(module)


def read_and_write(text: str) -> str:
    import approxir

    return str(approxir.parse(text, lazy=False))


def compared(
    jobs: dict[str, Callable[[str], object]], texts: dict[str, str], rounds: int
) -> dict[str, float]:
    """The median time in seconds of each job on the text of the same name, in turns."""
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for round_number in range(rounds + 1):
        for name, job in jobs.items():
            # A new string each time: whatever is remembered by its text is remembered no more.
            text = texts[name] + "\n" * (round_number + 1)
            gc.collect()
            start = time.perf_counter()
            job(text)
            if round_number:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(held) for name, held in times.items()}


def rows(scale: float, rounds: int) -> list[Row]:
    found: list[Row] = []
    small = annotated(kernel_module(1), 1)
    times = compared({"lower": lower, "io": read_and_write}, {"lower": small, "io": small}, rounds * 5)
    found.append(
        Row(
            SECTION,
            "the pipeline",
            "one annotated function",
            "read and write it",
            times["lower"] / times["io"],
        )
    )
    progress("small")
    plain = repeated_kernels(int(20_000_000 * scale))
    text = annotated(plain, 1, first=1)
    times = compared({"lower": lower, "io": read_and_write}, {"lower": text, "io": text}, rounds)
    name = f"{20 * scale:g} MB, one function of which is annotated"
    ratio = times["lower"] / times["io"]
    found.append(Row(SECTION, "the pipeline", name, "read and write it", ratio, ("at most", 2.0)))
    progress("big")
    fewer, more = (int(count * scale) for count in (500, 1000))
    texts = {str(count): annotated(kernel_module(count), count) for count in (fewer, more)}
    times = compared(dict.fromkeys(texts, lower), texts, rounds)
    growth = times[str(more)] / times[str(fewer)]
    found.append(
        Row(
            SECTION,
            "the pipeline",
            f"{more:,} annotated functions",
            f"{fewer:,} of them",
            growth,
            ("at most", 2.5),
        )
    )
    progress("many")
    return found


def process_rows(rounds: int) -> list[Row]:
    """`approx-opt` as a process, next to a Python that does nothing."""
    passes = [
        "--emit-approx",
        "--emit-management",
        "--config-approx",
        "--transform-approx",
        "--finalize-approx",
    ]
    found: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "small.mlir"
        file.write_text(annotated(kernel_module(1), 1), encoding="utf-8")
        start = "import sys; from approxir.cli.approx_opt import main; sys.exit(main())"
        commands = {
            "python -c pass": ["-c", "pass"],
            "approx-opt --version": ["-c", start, "--version"],
            "approx-opt FILE and five passes": ["-c", start, str(file), *passes],
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for round_number in range(rounds + 1):
            for name, arguments in commands.items():
                begun = time.perf_counter()
                subprocess.run(
                    [sys.executable, *arguments], env=environment(), stdout=subprocess.DEVNULL, check=True
                )
                if round_number:
                    times[name].append(time.perf_counter() - begun)
    peer, *others = times
    for name in others:
        ratio = statistics.median(times[name]) / statistics.median(times[peer])
        found.append(Row(SECTION, f"`{name}`", "a process", f"`{peer}`", ratio))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the size, fewer runs")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table in this file, too")
    options = parser.parse_args()
    scale, rounds = (0.1, 2) if options.quick else (1.0, 5)
    found = [*rows(scale, rounds), *process_rows(rounds * 3)]
    body = f"""## Passes

Measured {today()} by `benchmarks/passes.py` on {machine()}.

Ratios of times, medians of {rounds} runs or more in turns. The pipeline reads a text, lowers everything in it
and writes it; the loops of annotated functions are perforated, so that each is copied three times.

{table(found)}
"""
    print(body, end="")
    if options.write is not None:
        write_section(options.write, "passes", body)
    return 0


if __name__ == "__main__":
    sys.exit(main())
