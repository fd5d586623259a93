"""What `paper.py` has measured, as a page with tables, plots and data."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from running import machine, today

from approxir.files import write_text_atomic
from approxir.tuning.comparison import Choice, Comparison
from approxir.tuning.frontier import LOSSES
from approxir.tuning.plotting import DYNAMIC_COLOURS, STATIC_COLOURS
from approxir.tuning.space import shown_size
from approxir.tuning.verification import Verification

SEARCHES = ("static", "dynamic")
INPUTS = ("tuning", "held-out")
COLOURS = {"static": STATIC_COLOURS[0], "dynamic": DYNAMIC_COLOURS[0]}


@dataclass(frozen=True)
class Result:
    """One kernel with one seed."""

    comparison: Comparison
    verification: Verification


def by_kernel(results: Sequence[Result]) -> Iterator[tuple[str, list[Result]]]:
    """The results of each kernel, of all seeds, in the order in which kernels first occur."""
    order = list(dict.fromkeys(result.comparison.name for result in results))
    ranked = sorted(results, key=lambda result: order.index(result.comparison.name))
    for name, group in groupby(ranked, key=lambda result: result.comparison.name):
        yield name, list(group)


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def spread(values: Sequence[float], digits: int = 3) -> str:
    """The median, and what lies between the least and the greatest."""
    middle = f"{statistics.median(values):.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):.{digits}f} to {max(values):.{digits}f})"


# Tables.


def exact_table(results: Sequence[Result]) -> str:
    rows = []
    for name, group in by_kernel(results):
        checks = [result.verification for result in group]
        distances = [check.ulps for check in checks if check.ulps is not None]
        ratios = [check.ratio for check in checks if check.ratio is not None]
        if not distances or not ratios:
            rows.append([name, "no C compiler", ""])
            continue
        worst = max(distances)
        equal = "bit for bit" if worst == 0 else f"within {worst:g} ulp"
        rows.append([name, equal, spread(ratios)])
    return markdown(["kernel", "results equal those of C", "speed, C = 1"], rows)


def size_table(results: Sequence[Result]) -> str:
    rows = []
    for name, group in by_kernel(results):
        held = group[0].comparison
        sizes = [shown_size(held.sizes[search]) for search in SEARCHES]
        counts = [
            "/".join(str(n) for n in sorted({r.comparison.evaluations[s] for r in group})) for s in SEARCHES
        ]
        rows.append([name, str(held.knobs), *sizes, *counts])
    header = [
        "kernel",
        "knobs",
        "static configurations",
        "dynamic ones",
        "static evaluations",
        "dynamic ones",
    ]
    return markdown(header, rows)


def hypervolume_table(results: Sequence[Result]) -> str:
    rows = []
    for name, group in by_kernel(results):
        for inputs in INPUTS:
            held = [result.comparison.measured[inputs] for result in group]
            volumes = {search: [one.hypervolume(search) for one in held] for search in SEARCHES}
            gains = [result.comparison.gain(inputs) for result in group]
            volumes_told = [spread(volumes[search]) for search in SEARCHES]
            rows.append([name, inputs, *volumes_told, _gain(gains)])
    return markdown(["kernel", "inputs", "static", "dynamic", "dynamic / static"], rows)


def _gain(gains: Sequence[float]) -> str:
    """The spread of the gains; none is told where most static searches have found nothing to divide by."""
    return spread(gains) if math.isfinite(statistics.median(gains)) else "static: none"


def choices(group: Sequence[Result], inputs: str, search: str, bound: float) -> list[Choice]:
    """What a search offers at a loss, for each seed."""
    return [
        choice
        for result in group
        for choice in result.comparison.choices()
        if (choice.inputs, choice.search, choice.bound) == (inputs, search, bound)
    ]


def speedup_table(results: Sequence[Result], inputs: str) -> str:
    header = ["kernel", "search"]
    header += [f"{100 * bound:g} %: over exact, over C, loss" for bound in LOSSES]
    rows = []
    for name, group in by_kernel(results):
        for search in SEARCHES:
            rows.append([name, search, *(_choice(choices(group, inputs, search, at)) for at in LOSSES)])
    return markdown(header, rows)


def _choice(found: Sequence[Choice]) -> str:
    if not found:
        return "none"
    over_c = [choice.over_yardstick for choice in found if choice.over_yardstick is not None]
    loss = statistics.median([choice.evaluation.loss for choice in found])
    parts = [_median(found, lambda choice: choice.over_exact)]
    parts.append(f"{statistics.median(over_c):.2f}x" if over_c else "-")
    return ", ".join([*parts, f"{100 * loss:.1f} %"])


def _median(found: Sequence[Choice], what: Callable[[Choice], float]) -> str:
    return f"{statistics.median([what(choice) for choice in found]):.2f}x"


# The page.


def page(results: Sequence[Result], plots: Sequence[tuple[str, str]] = ()) -> str:
    """The page in Markdown; `plots` are files and what they show."""
    held = results[0].comparison
    settings = ", ".join(f"{name}: {value}" for name, value in held.settings.items() if name != "seed")
    seeds = sorted({int(result.comparison.settings["seed"]) for result in results})
    parts = [
        f"# The kernels of the ApproxMLIR paper, {today()}",
        f"Measured by `benchmarks/paper.py` on {machine()}; {held.yardstick}. {settings}; "
        f"seeds {', '.join(map(str, seeds))}.",
        "A figure is the median over the seeds, which change inputs and searches; in parentheses the least "
        "and the greatest. Speed-ups and hypervolumes compare times of the same rounds. Held-out inputs are "
        "not seen by any search: a configuration is chosen for its loss with the tuning inputs, and its loss "
        "with the others is what it is.",
        "## Exact code beside C",
        exact_table(results),
        "## Knobs and configurations",
        size_table(results),
        "## Hypervolumes",
        "The share of what lies between no time at all and the time of the exact code, and between no loss "
        "and 10 %, that is dominated.",
        hypervolume_table(results),
    ]
    for inputs in INPUTS:
        parts += [f"## Speed-ups, {inputs} inputs", speedup_table(results, inputs)]
    if plots:
        parts.append("## Plots")
        parts += [f"![{text}]({file})\n\n*{text}*" for file, text in plots]
    return "\n\n".join(parts) + "\n"


def write_report(results: Sequence[Result], folder: Path) -> Path:
    """Write the page, the data and the plots, and return the page's path."""
    stem = f"{today()}-kernels"
    folder.mkdir(parents=True, exist_ok=True)
    plots = []
    for kind, draw, text in (
        (
            "speedups",
            draw_speedups,
            "Speed-ups at 3, 6 and 9 % loss, static and dynamic, both sets of inputs",
        ),
        ("frontiers", draw_frontiers, "Frontiers of the first seed, tuning inputs"),
    ):
        name = f"{stem}-{kind}.png"
        draw(results, folder / name)
        plots.append((name, text))
    path = folder / f"{stem}.md"
    write_text_atomic(path, page(results, plots))
    write_text_atomic(folder / f"{stem}.json", json.dumps(data(results), indent=1) + "\n")
    return path


def data(results: Sequence[Result]) -> dict[str, object]:
    """Every figure behind the tables: for each kernel and seed the measured points, without samples."""
    return {
        "date": today(),
        "machine": machine(),
        "results": [
            {
                "kernel": (held := result.comparison).name,
                "seed": int(held.settings["seed"]),
                "settings": dict(held.settings),
                "yardstick": held.yardstick,
                "ulps": result.verification.ulps,
                "speed": result.verification.ratio,
                "sizes": {search: str(held.sizes[search]) for search in SEARCHES},
                "evaluations": dict(held.evaluations),
                **{inputs: _points(held, inputs) for inputs in INPUTS},
            }
            for result in results
        ],
    }


def _points(held: Comparison, inputs: str) -> dict[str, object]:
    measured = held.measured[inputs]
    found: dict[str, object] = {
        "exact_ms": measured.exact.time_ms,
        "c_ms": None if measured.yardstick is None else measured.yardstick.time_ms,
    }
    for search in SEARCHES:
        found[search] = [
            {"time_ms": point.time_ms, "quality": point.quality, "config": dict(point.config)}
            for point in measured.frontiers[search].evaluations
        ]
        found[f"{search}_hypervolume"] = measured.hypervolume(search)
    return found


# Plots.


def draw_speedups(results: Sequence[Result], path: Path) -> None:
    """Bars as in Figure 6 of the paper: for each kernel three losses, and a pair of bars for each."""
    from matplotlib.figure import Figure

    kernels = list(by_kernel(results))
    drawn = Figure(figsize=(9, 5.4), layout="constrained")
    rows = drawn.subplots(len(INPUTS), 1, sharex=True, squeeze=False)
    for inputs, (axes,) in zip(INPUTS, rows, strict=True):
        ticks = []
        for at, (_, group) in enumerate(kernels):
            for which, bound in enumerate(LOSSES):
                left = at * (len(LOSSES) + 1) + which
                ticks.append((left, f"{100 * bound:g} %"))
                for side, search in enumerate(SEARCHES):
                    found = choices(group, inputs, search, bound)
                    height = statistics.median([choice.over_exact for choice in found]) if found else 0
                    label = search if not ticks[1:] else None
                    axes.bar(left + (side - 0.5) * 0.38, height, 0.38, color=COLOURS[search], label=label)
        axes.axhline(1, color="#444444", linewidth=0.8)
        axes.set_ylabel(f"speed-up, {inputs}")
        axes.set_xticks([place for place, _ in ticks], [text for _, text in ticks])
        for at, (name, _) in enumerate(kernels):
            axes.annotate(
                name, (at * (len(LOSSES) + 1) + 1, 1.02), xycoords=("data", "axes fraction"), ha="center"
            )
        axes.grid(axis="y", color="#DDDDDD", linewidth=0.6)
        axes.set_axisbelow(True)
    rows[0][0].legend(loc="upper right", framealpha=0.9)
    drawn.savefig(path, dpi=110)


def draw_frontiers(results: Sequence[Result], path: Path) -> None:
    """Frontiers as in Figures 7 and 8: loss on x, time as a share of the exact program's on y."""
    from matplotlib.figure import Figure

    kernels = list(by_kernel(results))
    drawn = Figure(figsize=(2.9 * len(kernels), 3.1), layout="constrained")
    (columns,) = drawn.subplots(1, len(kernels), sharey=True, squeeze=False)
    for axes, (name, group) in zip(columns, kernels, strict=True):
        measured = group[0].comparison.tuning
        assert measured.exact.time_ms is not None
        for search in SEARCHES:
            points = [p for p in measured.choices(search).points if p.loss <= 0.15]
            across = [100 * max(0.0, point.loss) for point in reversed(points)] + [15.0]
            times = [point.time_ms / measured.exact.time_ms for point in reversed(points) if point.time_ms]
            style = "-" if search == "dynamic" else "--"
            axes.step(
                across,
                [*times, times[-1]],
                style,
                where="post",
                color=COLOURS[search],
                label=search,
                linewidth=1.6,
            )
            axes.plot(across[:-1], times, "o", color=COLOURS[search], markersize=3)
        for bound in LOSSES:
            axes.axvline(100 * bound, color="#888888", linewidth=0.8, linestyle=":")
        axes.set_title(name)
        axes.set_xlabel("quality loss [%]")
        axes.grid(visible=True, color="#DDDDDD", linewidth=0.6)
        axes.set_ylim(bottom=0)
    columns[0].set_ylabel("time, exact = 1")
    columns[-1].legend(loc="upper right", framealpha=0.9)
    drawn.savefig(path, dpi=100)
