"""Frontiers as tables: plain text, rich, HTML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from approxir.tuning.evaluation import Evaluation
from approxir.tuning.frontier import LOSSES, Frontier, bounds

if TYPE_CHECKING:
    from rich.table import Table

Rows = Sequence[Sequence[str]]
_NUMBERS = frozenset({
    "time [ms]", "speed-up", "quality", "loss [%]", "number", "points", "evaluations", "failures",
    "hypervolume", "at most", "over exact", "over C", "evaluation",
})  # fmt: skip
_MOST_NAMES = 8


def frontier_rows(frontier: Frontier) -> tuple[list[str], list[list[str]]]:
    """The header and a row for each point; it has the speed-up if there is a baseline."""
    header = ["time [ms]", "quality", "loss [%]"]
    base = frontier.baseline
    if base is not None:
        header.insert(1, "speed-up")
    mixed = any(point.static for point in frontier) and not all(point.static for point in frontier)
    if mixed:
        header.append("search")
    header.append("configuration")
    rows = []
    for point in frontier:
        row = [number(point.time_ms), number(point.quality), percent(point.loss)]
        if base is not None:
            row.insert(1, f"{frontier.speedup(point):.2f}x")
        if mixed:
            row.append(search_of(point))
        row.append(config_text(point.config))
        rows.append(row)
    return header, rows


def frontier_text(frontier: Frontier) -> str:
    """The points as a table of plain text, and a line about the evaluations."""
    if not len(frontier):
        return summary(frontier)
    return text_table(*frontier_rows(frontier)) + "\n" + summary(frontier)


def frontier_html(frontier: Frontier) -> str:
    """The points as a table of HTML, and a line about the evaluations."""
    return html_table(*frontier_rows(frontier)) + f"<p>{html_text(summary(frontier))}</p>"


def rich_table(frontier: Frontier) -> Table:
    """The points as a table of rich."""
    return rich_rows(*frontier_rows(frontier), caption=summary(frontier))


def rich_rows(header: Sequence[str], rows: Rows, caption: str | None = None) -> Table:
    """A table of rich: numbers to the right."""
    from rich.table import Table
    from rich.text import Text

    table = Table(caption=None if caption is None else Text(caption))
    for name in header:
        # Parameters have names in which rich would see markup.
        table.add_column(Text(name), justify="right" if name in _NUMBERS else "left", overflow="fold")
    for row in rows:
        table.add_row(*[Text(cell) for cell in row])
    return table


def summary(frontier: Frontier) -> str:
    """How many evaluations there are, in one line."""
    counts = [
        counted(len(frontier), "point", "on the frontier"),
        counted(len(frontier.evaluations), "evaluation"),
        counted(len(frontier.failures), "failure"),
    ]
    return ", ".join(counts)


def comparison(
    frontiers: Mapping[str, Frontier], losses: Iterable[float] = LOSSES
) -> tuple[list[str], list[list[str]]]:
    """The header and a row for each frontier: sizes, times at losses of quality, hypervolume.

    Times have their speed-ups where there is a baseline. Hypervolumes are shares of the area between the
    worst and the best time and quality of the points of all frontiers together, those left out of which
    nothing is left (a loss above 1).
    """
    losses = tuple(losses)
    header = ["frontier", "points", "evaluations", "failures", *[f"at {percent(loss)} %" for loss in losses]]
    header.append("hypervolume")
    useful = any(point.loss <= 1 for frontier in frontiers.values() for point in frontier)
    limits = bounds(frontiers.values(), most_loss=1) if useful else None
    rows = []
    for name, frontier in frontiers.items():
        row = [name, str(len(frontier)), str(len(frontier.evaluations)), str(len(frontier.failures))]
        for point in frontier.at_losses(losses).values():
            row.append("-" if point is None else point_text(frontier, point))
        row.append("-" if limits is None else _share(frontier, *limits))
        rows.append(row)
    return header, rows


def point_text(frontier: Frontier, point: Evaluation) -> str:
    """The time of a point, with its speed-up if there is a baseline."""
    time = f"{number(point.time_ms)} ms"
    return time if frontier.baseline is None else f"{time} ({frontier.speedup(point):.2f}x)"


def parts(frontiers: Mapping[str, Frontier]) -> dict[str, Frontier]:
    """The frontiers with the static and the dynamic evaluations of each on their own."""
    found = {}
    for name, frontier in frontiers.items():
        kinds = {e.static for e in frontier.evaluations}
        if len(kinds) < 2:
            found[name or ("static" if True in kinds else "dynamic")] = frontier
        else:
            found[f"{name} dynamic".strip()] = frontier.dynamic
            found[f"{name} static".strip()] = frontier.static
    return found


def text_table(header: Sequence[str], rows: Rows) -> str:
    """A table of plain text: numbers to the right, a line below the header."""
    shown = [[printable(cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(row[i]) for row in shown) for i in range(len(header))]
    lines = []
    for row in shown:
        cells = [
            cell.rjust(width) if name in _NUMBERS else cell.ljust(width)
            for cell, width, name in zip(row, widths, header, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "  ".join(["-" * width for width in widths]))
    return "\n".join(lines)


def html_table(header: Sequence[str], rows: Rows) -> str:
    """A table of HTML; all text is escaped."""
    numeric = [' class="number"' if name in _NUMBERS else "" for name in header]
    head = "".join([f"<th{kind}>{html_text(name)}</th>" for name, kind in zip(header, numeric, strict=True)])
    body = "".join([
        "<tr>"
        + "".join([f"<td{kind}>{html_text(cell)}</td>" for cell, kind in zip(row, numeric, strict=True)])
        + "</tr>"
        for row in rows
    ])  # fmt: skip
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def html_text(text: str) -> str:
    """A text as HTML has it; characters that HTML cannot hold are shown as escapes."""
    return escape("".join([c if c.isprintable() or c in "\n\t" else printable(c) for c in text]))


def config_text(config: Mapping[str, int], *, most: int | None = _MOST_NAMES) -> str:
    """A configuration on one line; of more than `most` parameters the first ones."""
    entries = [f"{name}={value}" for name, value in config.items()]
    if most is not None and len(entries) > most:
        entries[most:] = [f"... ({len(config)} in all)"]
    return " ".join(entries)


def search_of(evaluation: Evaluation) -> str:
    """The kind of search that an evaluation is of."""
    return "static" if evaluation.static else "dynamic"


def number(value: Any) -> str:
    """A number with what matters of its digits; nothing for None."""
    return "" if value is None else f"{value:.6g}"


def percent(share: float) -> str:
    """A share in percent."""
    return f"{100 * share:.4g}"


def counted(count: int, thing: str, rest: str = "") -> str:
    """``1 point``, ``2 points``."""
    return f"{count} {thing}{'' if count == 1 else 's'} {rest}".rstrip()


def printable(text: str) -> str:
    """A text on one line, whatever characters it holds."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _share(frontier: Frontier, worst: tuple[float, float], best: tuple[float, float]) -> str:
    if worst[0] <= best[0] or worst[1] >= best[1]:
        # All points are equal in time or in quality, and no area is left between them.
        return "-"
    return f"{frontier.normalized_hypervolume(worst, best):.4f}"
