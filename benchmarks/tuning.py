"""Tuning: evaluations of a kernel, and what each costs besides the kernel.

    python benchmarks/tuning.py
    python benchmarks/tuning.py --write docs/benchmarks.md

The peers are compiling every configuration, the kernel itself, a write that the disk has, and OpenTuner as
its own documentation drives it.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from execution import EXAMPLE, in_turns, repeated
from running import Row, machine, progress, tables, today, write_section

import approxir as ax
from approxir.tuning.evaluators.kernel import KernelEvaluator
from approxir.tuning.exact import exact_module

SIZE = 1 << 20
"""So many numbers the kernel adds up; it takes about a millisecond."""

THROUGHPUT = "Evaluations per second"
OVERHEAD = "Time for each evaluation besides evaluating"
OPENTUNER = "Time that OpenTuner takes for a configuration"


def space() -> ax.SearchSpace:
    return ax.space(ax.load(EXAMPLE))


def throughput_rows(rounds: int) -> list[Row]:
    module = ax.load(EXAMPLE)
    inputs = [(SIZE, np.ones(SIZE, np.float32))]
    options: dict[str, Any] = {"warmup": 0, "repeats": 1}
    live = KernelEvaluator(module, "sum_of_squares", inputs, **options)
    anew = KernelEvaluator(module, "sum_of_squares", inputs, live=False, **options)
    rng, searched = Random(0), ax.space(module)
    kernel = ax.jit(exact_module(module)).sum_of_squares
    live(searched.current)
    anew(searched.current)
    times = in_turns(
        {
            "live": lambda: live(searched.sample(rng)),
            "anew": lambda: anew(searched.sample(rng)),
            "kernel": lambda: kernel(*inputs[0]),
        },
        rounds,
    )
    progress("throughput")
    what = f"sum_of_squares of {SIZE:,} numbers, exact in {times['kernel'] * 1e3:.1f} ms"
    return [
        Row(THROUGHPUT, "live parameters", what, "apply, compile and run", times["anew"] / times["live"]),
    ]


def overhead_rows(rounds: int) -> list[Row]:
    inputs = (SIZE, np.ones(SIZE, np.float32))
    kernel = ax.jit(exact_module(ax.load(EXAMPLE))).sum_of_squares
    count = 100
    found: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        tuners = {
            "asking and telling": ax.Tuner(space(), engine="random"),
            "with the search along the frontier": ax.Tuner(space(), engine="evolution"),
            "with a record": ax.Tuner(space(), engine="random", database=Path(folder) / "a", sync=False),
            "with a record that the disk has": ax.Tuner(
                space(), engine="random", database=Path(folder) / "b"
            ),
        }
        actions: dict[str, Callable[[], object]] = {
            name: repeated(step(tuner), count) for name, tuner in tuners.items()
        }
        actions["kernel"] = lambda: kernel(*inputs)
        file = os.open(Path(folder) / "by hand", os.O_CREAT | os.O_WRONLY | os.O_APPEND)

        def by_hand() -> None:
            os.write(file, b"x" * 200)
            os.fsync(file)

        actions["by hand"] = repeated(by_hand, count)
        times = in_turns(actions, rounds)
        os.close(file)
        for name, tuner in tuners.items():
            tuner.close()
            ratio = times[name] / count / times["kernel"]
            found.append(Row(OVERHEAD, name, "", "the exact kernel, once", ratio))
        ratio = times["with a record that the disk has"] / times["by hand"]
        found.append(Row(OVERHEAD, "with a record that the disk has", "", "write and fsync by hand", ratio))
    progress("overhead")
    return found


def step(tuner: ax.Tuner) -> Callable[[], object]:
    """Ask and tell once."""
    numbers = itertools.count(1)

    def run() -> None:
        trial = tuner.ask()
        assert trial is not None
        tuner.tell(trial, (1.0 + 1.0 / next(numbers), 0.9))

    return run


def opentuner_rows(rounds: int) -> list[Row]:
    warnings.simplefilter("ignore")
    searched, count = space(), 10
    tuner = ax.Tuner(searched, engine="opentuner")
    mixed = ax.Tuner(searched, engine="portfolio")
    with tempfile.TemporaryDirectory() as folder:
        times = in_turns(
            {
                "ours": repeated(step(tuner), count),
                "mixed": repeated(step(mixed), count),
                "bare": repeated(bare_opentuner(searched, folder), count),
            },
            rounds,
        )
    tuner.close()
    mixed.close()
    progress("OpenTuner")
    peer = "OpenTuner's TuningRunManager"
    return [
        Row(OPENTUNER, "engine opentuner", "", peer, times["ours"] / times["bare"]),
        Row(OPENTUNER, "engine portfolio", "", peer, times["mixed"] / times["bare"]),
    ]


def bare_opentuner(searched: ax.SearchSpace, folder: str) -> Callable[[], object]:
    """OpenTuner's own way to be driven, on the same numbers."""
    from approxir.tuning.engines.open_tuner import load

    parts = load()
    names = parts.opentuner
    args = names.default_argparser().parse_args(
        ["--no-dups", "--parallelism=1", f"--database={folder}/bare.db"]
    )
    manipulator = names.ConfigurationManipulator()
    for at, axis in enumerate(searched.axes):
        manipulator.add_parameter(names.IntegerParameter(f"p{at}", axis.low, axis.high))
    interface = names.MeasurementInterface(
        args,
        manipulator=manipulator,
        objective=parts.objective.ThresholdAccuracyMinimizeTime(0.9),
        input_manager=parts.inputmanager.FixedInputManager(),
    )
    manager = parts.api.TuningRunManager(interface, args)
    numbers = itertools.count(1)

    def run() -> None:
        desired = None
        while desired is None:
            desired = manager.get_next_desired_result()
        manager.report_result(desired, names.Result(time=1.0 + 1.0 / next(numbers), accuracy=0.9))

    return run


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer runs")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the tables in this file, too")
    options = parser.parse_args()
    rounds = 3 if options.quick else 15
    rows = [*throughput_rows(rounds), *overhead_rows(rounds), *opentuner_rows(rounds)]
    body = f"""## Tuning

Measured {today()} by `benchmarks/tuning.py` on {machine()}.

Ratios of medians of {rounds} runs in turns. An evaluation is a call for the quality and a timed one.

{tables(rows)}
"""
    print(body, end="")
    if options.write is not None:
        write_section(options.write, "tuning", body)
    return 0


if __name__ == "__main__":
    sys.exit(main())
