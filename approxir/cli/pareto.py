"""``approxir pareto``: show, compare and draw the Pareto frontiers of searches."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import click

from approxir import files as text_files
from approxir.cli import streams

if TYPE_CHECKING:
    from approxir.tuning.evaluation import Evaluation
    from approxir.tuning.frontier import Frontier


@click.command(name="pareto", short_help="Show, compare and draw Pareto frontiers.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--compare", is_flag=True, help="Print one table of all frontiers, not the points of each.")
@click.option("--best-quality", type=float, metavar="Q", help="Print the fastest configuration that keeps Q.")
@click.option("--best-time", type=float, metavar="MS", help="Print the best configuration within MS.")
@click.option("--plot", metavar="OUT", help="Draw into OUT, which ends with .png or .svg.")
@click.option("--speedup", is_flag=True, help="Draw speed-ups, not times.")
@click.option("--html", metavar="OUT", help="Write a page with the plot and all evaluations to OUT.")
@click.option("--title", default="", help="What stands above the plot and the page.")
@click.option("-o", "--output", metavar="OUT", help="Write all evaluations to OUT: .json, .jsonl, .csv.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(
    files: tuple[str, ...],
    compare: bool,
    best_quality: float | None,
    best_time: float | None,
    plot: str | None,
    speedup: bool,
    html: str | None,
    title: str,
    output: str | None,
    as_json: bool,
) -> int:
    """Show the Pareto frontiers that files of evaluations hold: JSON, JSON lines, CSV, HPVM's configurations.

    Each file is a frontier of its own, which has the file's name; the folder of a search, or the one that
    approxir tune has written, may stand for the records in it. Quality 1 is that of the exact program, and a
    loss is what is missing from it. '-' reads standard input.

    \b
    Examples:
      approxir pareto frontier.json
      approxir pareto frontier.json --best-quality 0.95 > best.json
      approxir pareto dynamic.csv static.csv --compare
      approxir pareto frontier.json --plot frontier.png --html frontier.html
      approxir pareto monday.json tuesday.json -o both.json
    """
    from approxir.knobs.files import dump_config
    from approxir.tuning.frontier import Frontier
    from approxir.tuning.frontier_files import dump_frontier, format_of

    if files.count(streams.STDIO) > 1:
        raise click.UsageError("'-' can be given only once.")
    choosing = best_quality is not None or best_time is not None
    if choosing and (compare or as_json):
        raise click.UsageError("--best-quality and --best-time print a configuration alone.")
    if speedup and plot is None:
        raise click.UsageError("--speedup is about --plot.")
    named = {name: read(path) for path, name in zip(files, _names(files), strict=True)}
    merged = Frontier().merge(*named.values())
    if plot is not None:
        from approxir.tuning.plotting import plot as draw

        draw(_single(named), plot, y="speedup" if speedup else "time", title=title)
    if html is not None:
        from approxir.tuning.report import write_report

        write_report(_single(named), html, title=title or "Pareto frontier", quality=best_quality)
    if output is not None:
        kind = "json" if output == streams.STDIO else format_of(output)
        streams.write(output, dump_frontier(merged, kind))
    if choosing:
        found = merged.best(quality=best_quality, time_ms=best_time)
        streams.write(streams.STDIO, dump_config(found.config))
    elif as_json:
        documents = [_described(name, frontier) for name, frontier in named.items()]
        streams.write(streams.STDIO, json.dumps(documents, indent=2) + "\n")
    elif output != streams.STDIO:
        streams.write(streams.STDIO, _shown(named, compare))
    return 0


def read(path: str, *, names: dict[str, str] | None = None, baseline_ms: float | None = None) -> Frontier:
    """The frontier that a file holds, in whichever format, or the record in the folder of a search.

    A folder may also be one that `approxir tune` has written, with one search or two, which are merged.
    Raises `ApproxIRError` for one that is none, and `OSError`.
    """
    from approxir.tuning.frontier_files import parse_frontier

    if os.path.isdir(path):
        from approxir.tuning.frontier import Frontier

        first, *others = [read(record) for record in _records(path)]
        return Frontier.merge(first, *others)
    text, name = streams.read(path, hint=text_files.NO_JSON)
    if is_hpvm(text):
        from approxir.tuning import hpvm

        return hpvm.to_frontier(hpvm.parse(text, name), names=names, baseline_ms=baseline_ms)
    return parse_frontier(text, name)


def _records(folder: str) -> list[str]:
    """The records of searches in a folder; the path of one that is not there if there is none."""
    from approxir.tuning.database import RECORD

    for within in ("", "search"):
        for names in (("",), ("static", "dynamic")):
            paths = [os.path.join(folder, within, name, RECORD) for name in names]
            found = [path for path in paths if os.path.exists(path)]
            if found:
                return found
    return [os.path.join(folder, RECORD)]


def is_hpvm(text: str) -> bool:
    """Whether a text looks like a configuration file of HPVM: its second or its first line tells."""
    lines = [line.strip() for line in text[:1000].lstrip("\ufeff").split("\n") if line.strip()]
    return any(line.startswith("+++") for line in lines[:2])


def _names(paths: tuple[str, ...]) -> list[str]:
    """Short names for files: their own, with as much of the folder as it takes to tell them apart."""
    bare = [os.path.basename(os.path.normpath(path)) for path in paths]
    stems = ["stdin" if name == streams.STDIO else os.path.splitext(name)[0] for name in bare]
    names = [stem if stems.count(stem) == 1 else path for stem, path in zip(stems, paths, strict=True)]
    # The same file may be given twice.
    return [n if names.index(n) == i else f"{n} ({i + 1})" for i, n in enumerate(names)]


def _single(named: dict[str, Frontier]) -> Any:
    """One frontier needs no name in a plot."""
    return named if len(named) > 1 else next(iter(named.values()))


def _shown(named: dict[str, Frontier], compare: bool) -> str:
    from approxir.tuning.tables import comparison, parts, printable, text_table

    if compare:
        shown = named if len(named) > 1 else {"": _single(named)}
        return text_table(*comparison(parts(shown))) + "\n"
    if len(named) == 1:
        return f"{_single(named)}\n"
    return "\n".join([f"{printable(name)}\n{frontier}\n" for name, frontier in named.items()])


def _described(name: str, frontier: Frontier) -> dict[str, Any]:
    return {
        "name": name,
        "evaluations": len(frontier.evaluations),
        "failures": len(frontier.failures),
        "points": [_point(frontier, point) for point in frontier],
        "losses": {
            f"{loss:g}": None if point is None else point.number
            for loss, point in frontier.at_losses().items()
        },
        "knee": frontier.knee.number if len(frontier) else None,
    }


def _point(frontier: Frontier, point: Evaluation) -> dict[str, Any]:
    from approxir.tuning.records import to_record

    record = to_record(point)
    record["loss"] = point.loss
    if frontier.baseline is not None:
        record["speedup"] = frontier.speedup(point)
    return record
