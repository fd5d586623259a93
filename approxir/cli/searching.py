"""What the commands that search have in common: their budgets, what they print, and what they write."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from approxir.errors import MissingDependencyError

if TYPE_CHECKING:
    from approxir.ir.module import Module
    from approxir.tuning.evaluation import Evaluation
    from approxir.tuning.frontier import Frontier

ENGINES = ("portfolio", "opentuner", "evolution", "random")


class Budget(click.ParamType):  # type: ignore[type-arg]
    """``60s``, ``10min``, ``2h``: a time; ``200``: a number of evaluations."""

    name = "budget"
    units = (("min", 60.0), ("h", 3600.0), ("s", 1.0))

    def convert(self, value: Any, param: Any, ctx: Any) -> dict[str, float | int]:
        if isinstance(value, dict):
            return value
        try:
            for unit, seconds in self.units:
                if value.endswith(unit):
                    length = float(value.removesuffix(unit)) * seconds
                    if not 0 < length < float("inf"):
                        raise ValueError
                    return {"seconds": length}
            count = int(value)
            if count < 1:
                raise ValueError
            return {"evaluations": count}
        except ValueError:
            self.fail(f"'{value}' is no budget; a time is 60s, 10min or 2h, and 200 a number of evaluations")


def report(frontier: Frontier, bound: float) -> Evaluation | None:
    """Print the frontier, and return the best configuration if there is one."""
    if frontier.points:
        click.echo(str(frontier))
    elif frontier.failures:
        click.echo(
            f"all {len(frontier.failures)} evaluations failed; the first: {frontier.failures[0].failure}"
        )
    return show_best(frontier, bound)


def show_best(frontier: Frontier, bound: float, *, err: bool = False) -> Evaluation | None:
    """Print the fastest configuration that keeps a bound on the quality, and return it if there is one.

    `err` has it printed on standard error.
    """
    from approxir.tuning.errors import NoConfigurationError

    try:
        best = frontier.best(quality=bound)
    except NoConfigurationError as error:
        click.echo(str(error), err=True)
        return None
    faster = ""
    if frontier.baseline is not None and frontier.baseline.time_ms is not None:
        faster = f", {frontier.speedup(best):.3g} times as fast as the exact program"
    click.echo(f"best: {best.time_ms:.4g} ms, quality {best.quality:.4g}{faster}", err=err)
    for name, value in best.config.items():
        click.echo(f"  {name} = {value}", err=err)
    return best


def write_found(folder: Path, module: Module, frontier: Frontier, best: Evaluation | None) -> None:
    """Write all evaluations and, if there is a best configuration, the module that has it."""
    from approxir.files import write_text_atomic
    from approxir.knobs.files import save_config

    folder.mkdir(parents=True, exist_ok=True)
    for ending in (".json", ".csv"):
        frontier.save(folder / f"frontier{ending}")
    if best is not None:
        tuned = module.clone()
        tuned.apply(best.config)
        write_text_atomic(folder / "best.mlir", str(tuned))
        save_config(folder / "best.json", best.config)


def draw(folder: Path, plot: Callable[[Path], object], page: Callable[[Path], object]) -> None:
    """Have the plot and the page written; without Matplotlib, say that there are none."""
    try:
        plot(folder / "frontier.png")
        page(folder / "report.html")
    except MissingDependencyError as error:
        click.echo(f"no plot and no report: {error}", err=True)


def log_to(path: str) -> None:
    """Have what happens in searches appended to a file. Raises `OSError`."""
    handler = logging.FileHandler(path, encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger("approxir.tuning")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
