"""The five kernels of the ApproxMLIR paper: configurations that depend on a state against those that do not.

    python benchmarks/paper.py --quick
    python benchmarks/paper.py --work paper --write docs/results

Each kernel of `examples/kernels` is searched twice for every seed, statically and dynamically, with the same
number of evaluations; what both find is measured again side by side, with the inputs of the search and with
others, beside the exact program and the same in C. `--work` keeps the comparisons, and what it holds already
is not measured again. `--write` writes a dated page, its data and its plots; Ctrl-C ends the measuring, and
what there is by then is written.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from paper_report import SEARCHES, Result, page, write_report
from running import ROOT, progress

from approxir.tuning.comparison import Comparison
from approxir.tuning.experiment import Experiment
from approxir.tuning.frontier import Frontier
from approxir.tuning.workload import Workload

KERNELS = ROOT / "examples" / "kernels"
NAMES = ("kmeans", "lavamd", "pagerank", "bm25", "kb")


@dataclass(frozen=True)
class Settings:
    """How each kernel is searched: the size of its inputs, evaluations for each search, samples, rounds."""

    scale: float
    budget: int
    repeats: int
    rounds: int

    def told(self) -> dict[str, str]:
        return {"budget": f"{self.budget} evaluations for each search", "repeats": str(self.repeats)}


def workload(name: str) -> Workload:
    """The workload of a driver."""
    path = KERNELS / name / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"kernel_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Workload = module.WORKLOAD
    return found


def searched(experiment: Experiment, static: bool, budget: int) -> Frontier:
    """What a search finds. One that Ctrl-C ends is no search of this length, and ends everything."""
    with experiment.tuner(static=static, bound=0.95) as tuner:
        found = tuner.run(experiment.evaluate, evaluations=budget)
        if tuner.interrupted:
            raise KeyboardInterrupt
    return found


def compared(kernel: Workload, seed: int, settings: Settings, folder: Path) -> Result:
    """Both searches of a kernel and their comparison, unless the folder has that already."""
    kept = folder / f"{kernel.name}-{seed}.json"
    wanted = {"scale": f"{settings.scale:g}", "seed": str(seed), **settings.told()}
    experiment = kernel.experiment(settings.scale, seed, repeats=settings.repeats)
    comparison = Comparison.load(kept) if kept.exists() else None
    if comparison is None or any(comparison.settings.get(name) != value for name, value in wanted.items()):
        static = searched(experiment, True, settings.budget)
        dynamic = searched(experiment, False, settings.budget)
        comparison = experiment.compare(static, dynamic, rounds=settings.rounds, settings=settings.told())
        comparison.save(kept)
    return Result(comparison, experiment.verify(rounds=settings.rounds))


def measured(names: Sequence[str], seeds: int, settings: Settings, folder: Path) -> list[Result]:
    """The results of all kernels and seeds, or those that there are when Ctrl-C ends the run."""
    found: list[Result] = []
    try:
        # Seeds are the outer loop, so that an interrupted run has something of every kernel.
        for seed in range(seeds):
            for name in names:
                result = compared(workload(name), seed, settings, folder)
                static, dynamic = (result.comparison.tuning.hypervolume(search) for search in SEARCHES)
                progress(f"{name}, seed {seed}: hypervolume {static:.3f} static, {dynamic:.3f} dynamic")
                found.append(result)
    except KeyboardInterrupt:
        progress("interrupted; what was measured is told")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kernels", nargs="+", choices=NAMES, default=NAMES, metavar="NAME")
    parser.add_argument("--seeds", type=int, default=5, help="so many, from 0 on")
    parser.add_argument("--scale", type=float, default=1.0, help="how large the inputs are")
    parser.add_argument("--budget", type=int, default=150, help="evaluations for each search")
    parser.add_argument("--repeats", type=int, default=3, help="samples for each time of a search")
    parser.add_argument("--rounds", type=int, default=9, help="samples for each time of the comparison")
    parser.add_argument("--quick", action="store_true", help="small inputs, one seed, few evaluations")
    parser.add_argument(
        "--work", type=Path, metavar="DIR", help="keep comparisons in DIR, and go on with them"
    )
    parser.add_argument("--write", type=Path, metavar="DIR", help="write the page, its data and plots to DIR")
    options = parser.parse_args()
    settings = Settings(options.scale, options.budget, options.repeats, options.rounds)
    seeds = options.seeds
    if options.quick:
        settings, seeds = Settings(0.1 * options.scale, 20, 1, 3), 1
    # That the bound is not reached by some search is seen in the tables.
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.work or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        results = measured(options.kernels, seeds, settings, folder)
        if not results:
            return 130
        if options.write is None:
            print(page(results))
        else:
            print(write_report(results, options.write))
    return 0


if __name__ == "__main__":
    sys.exit(main())
