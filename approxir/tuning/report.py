"""A page about frontiers: one HTML file with the plot, the points, all evaluations and the failures."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping

from approxir._version import __version__
from approxir.files import write_text_atomic
from approxir.tuning.evaluation import Evaluation
from approxir.tuning.frontier import LOSSES, Frontier, as_frontiers
from approxir.tuning.plotting import svg
from approxir.tuning.tables import (
    comparison,
    config_text,
    counted,
    frontier_rows,
    html_table,
    html_text,
    number,
    parts,
    percent,
    point_text,
    search_of,
    summary,
)

MOST_ROWS = 10_000
"""How many evaluations a page lists; the files of a frontier hold all of them."""

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin-top: 2.5rem; } h3 { font-size: 1rem; }
table { border-collapse: collapse; font-size: 0.85rem; }
th, td { border-bottom: 1px solid #ddd; padding: 0.25rem 0.6rem; text-align: left; vertical-align: top; }
td { overflow-wrap: anywhere; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; } svg { max-width: 100%; height: auto; }
pre { background: #f6f6f6; padding: 0.6rem; white-space: pre-wrap; overflow-wrap: anywhere; }
footer { margin-top: 3rem; color: #666; font-size: 0.85rem; }
"""


def write_report(
    frontiers: Frontier | Mapping[str, Frontier],
    path: str | os.PathLike[str],
    *,
    title: str = "Pareto frontier",
    held_out: Iterable[Evaluation] = (),
    losses: Iterable[float] = LOSSES,
    quality: float | None = None,
) -> None:
    """Write a page about one frontier, or about several by name. It needs no other file and no network.

    Args:
        frontiers: what the page is about.
        path: the file; the old one is replaced as a whole or not at all.
        title: the heading.
        held_out: evaluations on inputs that were not used for tuning. They stand beside the points with the
            same configuration.
        losses: the losses of quality at which frontiers are compared.
        quality: the bound on the quality that was asked for; the page then shows the best configuration.

    Raises `ArgumentError` for what is no frontier, `MissingDependencyError` without Matplotlib (extra
    ``plot``), and `OSError`.
    """
    text = report(frontiers, title=title, held_out=held_out, losses=losses, quality=quality)
    write_text_atomic(path, text)


def report(
    frontiers: Frontier | Mapping[str, Frontier],
    *,
    title: str = "Pareto frontier",
    held_out: Iterable[Evaluation] = (),
    losses: Iterable[float] = LOSSES,
    quality: float | None = None,
) -> str:
    """The text of the page. The arguments are those of `write_report`."""
    named = as_frontiers(frontiers)
    losses = tuple(losses)
    shown = parts(named)
    body = [
        f"<h1>{html_text(title)}</h1>",
        *[
            f"<p>{html_text(f'{name}: ' if name else '')}{html_text(summary(f))}</p>"
            for name, f in named.items()
        ],
        f"<figure>{svg(named, losses=losses)}</figure>",
        "<h2>Comparison</h2>",
        "<p>The fastest configuration at each loss of quality, and the share that a frontier dominates of "
        "the area between the worst and the best time and quality.</p>",
        _wide(html_table(*comparison(shown, losses))),
    ]
    found = {_key(evaluation): evaluation for evaluation in held_out}
    for name, frontier in named.items():
        if quality is not None:
            body += _best(name, frontier, quality)
        body += _points(name, frontier, found)
    body += _configurations(named)
    body += _evaluations(named)
    body += _failures(named)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html_text(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + f"\n<footer>approxir {html_text(__version__)}</footer>\n</body>\n</html>\n"
    )


def _heading(text: str, name: str) -> str:
    return f"<h2>{html_text(text)}{html_text(f' of {name}' if name else '')}</h2>"


def _best(name: str, frontier: Frontier, quality: float) -> list[str]:
    from approxir.tuning.errors import NoConfigurationError

    lines = [_heading(f"Best configuration with a quality of at least {quality:g}", name)]
    try:
        best = frontier.best(quality=quality)
    except NoConfigurationError as error:
        return [*lines, f"<p>{html_text(str(error))}</p>"]
    lines.append(f"<p>{html_text(point_text(frontier, best))}, quality {html_text(number(best.quality))}</p>")
    return [*lines, f"<pre>{html_text(config_text(best.config, most=None))}</pre>"]


def _points(name: str, frontier: Frontier, held_out: Mapping[str, Evaluation]) -> list[str]:
    if not len(frontier):
        return []
    header, rows = frontier_rows(frontier)
    header[-1:] = ["number"]
    rows = [[*row[:-1], str(point.number)] for row, point in zip(rows, frontier, strict=True)]
    matched = [held_out.get(_key(point)) for point in frontier]
    if any(matched):
        header += ["held-out time [ms]", "held-out quality", "held-out loss [%]"]
        for row, other in zip(rows, matched, strict=True):
            if other is None:
                row += ["", "", ""]
            elif other.failure is not None:
                row += [f"failed: {other.failure}", "", ""]
            else:
                row += [number(other.time_ms), number(other.quality), percent(other.loss)]
    return [_heading("Points on the frontier", name), _wide(html_table(header, rows))]


def _configurations(named: Mapping[str, Frontier]) -> list[str]:
    lines = []
    for name, frontier in named.items():
        if len(frontier):
            lines.append(_heading("Configurations", name))
        for point in frontier:
            lines.append(f"<h3>Evaluation {point.number}</h3>")
            lines.append(f"<pre>{html_text(config_text(point.config, most=None) or 'no parameters')}</pre>")
    return lines


def _evaluations(named: Mapping[str, Frontier]) -> list[str]:
    lines = []
    for name, frontier in named.items():
        found = [evaluation for evaluation in frontier.evaluations if evaluation.ok]
        if not found:
            continue
        points = {id(point) for point in frontier}
        rows = [
            [
                str(e.number), number(e.time_ms), number(e.quality), percent(e.loss), search_of(e),
                "yes" if id(e) in points else "", config_text(e.config),
            ]
            for e in found[:MOST_ROWS]
        ]  # fmt: skip
        header = ["number", "time [ms]", "quality", "loss [%]", "search", "on the frontier", "configuration"]
        lines += [_heading("Evaluations", name), _wide(html_table(header, rows))]
        if len(found) > MOST_ROWS:
            lines.append(f"<p>{counted(len(found) - MOST_ROWS, 'more evaluation')} are not listed.</p>")
    return lines


def _failures(named: Mapping[str, Frontier]) -> list[str]:
    lines = []
    for name, frontier in named.items():
        if not frontier.failures:
            continue
        counts = Counter(str(evaluation.failure) for evaluation in frontier.failures)
        first = {str(e.failure): e for e in reversed(frontier.failures)}
        rows = [
            [str(count), reason, str(first[reason].number), config_text(first[reason].config)]
            for reason, count in counts.most_common(MOST_ROWS)
        ]
        header = ["failures", "reason", "first", "its configuration"]
        lines += [_heading("Failures", name), _wide(html_table(header, rows))]
    return lines


def _wide(table: str) -> str:
    return f'<div class="wide">{table}</div>'


def _key(evaluation: Evaluation) -> str:
    return repr(sorted((name, int(value)) for name, value in evaluation.config.items()))
