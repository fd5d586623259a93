"""Frontiers drawn: quality loss on x, time or speed-up on y, evaluations as dots, frontiers as step lines.

Dynamic searches are blue with full lines, static ones red with broken lines, as in the ApproxMLIR paper
(Figures 7 and 8); the colours are those of M. Okabe and K. Ito ("Color Universal Design", 2008), which people
with colour blindness tell apart. Drawing needs Matplotlib (extra ``plot``) and no display, and leaves
Matplotlib's global state as it is.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Mapping
from itertools import cycle
from typing import TYPE_CHECKING, Any, Literal

from approxir.errors import ArgumentError, MissingDependencyError
from approxir.files import write_bytes_atomic
from approxir.tuning.evaluation import Evaluation
from approxir.tuning.frontier import LOSSES, Frontier, as_frontiers, speedup
from approxir.tuning.tables import counted, parts, percent, printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Scale = Literal["auto", "linear", "log"]
Vertical = Literal["time", "speedup"]

DYNAMIC_COLOURS = ("#0072B2", "#009E73", "#56B4E9", "#000000")
STATIC_COLOURS = ("#D55E00", "#E69F00", "#CC79A7", "#999999")
MOST_LOSS = 1.0
"""The loss beyond which nothing is drawn unless `max_loss` says otherwise: nothing is left of the quality."""

_WIDE_RANGE = 20.0
_MANY_DOTS = 2000
_ENDINGS: Mapping[str, str] = {".png": "png", ".svg": "svg"}


def plot(
    frontiers: Frontier | Mapping[str, Frontier],
    path: str | os.PathLike[str],
    *,
    y: Vertical = "time",
    scale: Scale = "auto",
    max_loss: float | None = None,
    losses: Iterable[float] = LOSSES,
    title: str = "",
    size: tuple[float, float] = (6.4, 4.2),
    dpi: int = 160,
) -> None:
    """Draw one frontier, or several by name, into a file that ends with ``.png`` or ``.svg``.

    Args:
        frontiers: what to draw. Static and dynamic evaluations of one have a frontier each.
        path: the file; the old one is replaced as a whole or not at all.
        y: ``"time"`` in milliseconds, or ``"speedup"`` over the baseline, which each frontier then needs.
        scale: that of y; ``"auto"`` is logarithmic where the greatest value is more than 20 times the least.
        max_loss: evaluations that lose more quality are left out, and counted below the plot.
        losses: where to draw lines for comparison.
        title: what stands above.
        size: width and height in inches.
        dpi: dots per inch of a PNG.

    Raises `ArgumentError` for values that are not allowed, `MissingDependencyError` without Matplotlib, and
    `OSError`.
    """
    name = os.fspath(path)
    kind = _ENDINGS.get(os.path.splitext(name)[1].lower())
    if kind is None:
        raise ArgumentError(f"a plot is written to a file that ends with .png or .svg, not to {name}")
    drawn = figure(
        frontiers, y=y, scale=scale, max_loss=max_loss, losses=losses, title=title, size=size, dpi=dpi
    )
    write_bytes_atomic(path, _rendered(drawn, kind))


def svg(frontiers: Frontier | Mapping[str, Frontier], **options: Any) -> str:
    """The plot as an element of SVG, to be put into a page. The options are those of `plot`."""
    text = _rendered(figure(frontiers, **options), "svg").decode("utf-8")
    return text[text.index("<svg") :]


def figure(
    frontiers: Frontier | Mapping[str, Frontier],
    *,
    y: Vertical = "time",
    scale: Scale = "auto",
    max_loss: float | None = None,
    losses: Iterable[float] = LOSSES,
    title: str = "",
    size: tuple[float, float] = (6.4, 4.2),
    dpi: int = 160,
) -> Figure:
    """The plot as a figure of Matplotlib. The arguments are those of `plot`."""
    if y not in ("time", "speedup"):
        raise ArgumentError(f"y is 'time' or 'speedup', not {y!r}")
    if scale not in ("auto", "linear", "log"):
        raise ArgumentError(f"scale is 'auto', 'linear' or 'log', not {scale!r}")
    if max_loss is not None and not max_loss > 0:
        raise ArgumentError(f"max_loss is above 0, not {max_loss!r}")
    named = as_frontiers(frontiers)
    if y == "speedup":
        for name, frontier in named.items():
            if frontier.baseline is None:
                which = f"the frontier {name}" if name else "the frontier"
                raise ArgumentError(f"{which} has no baseline, and so no speed-ups")
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingDependencyError("plots need Matplotlib; install approxir[plot]") from error

    limit = MOST_LOSS if max_loss is None else max_loss
    drawn = Figure(figsize=size, dpi=dpi, layout="constrained")
    axes = drawn.add_subplot()
    series = _series(named, y, limit)
    lost = [loss for part in series for loss, _ in part.dots]
    values = [value for part in series for _, value in part.dots]
    right = max(max(lost, default=0.0) * 1.05, 0.5) if max_loss is None else 100 * max_loss
    for part in series:
        part.draw(axes, right)
    _draw_baselines(axes, named, y)
    _draw_losses(axes, losses, right)
    positive = [value for value in values if value > 0]
    wide = bool(positive) and max(positive) > _WIDE_RANGE * min(positive)
    if positive and (scale == "log" or (scale == "auto" and wide)):
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
    else:
        axes.set_ylim(bottom=0)
    axes.set_xlim(left=min([0.0, *lost]) - right * 0.02, right=right)
    axes.set_xlabel("quality loss [%]")
    axes.set_ylabel("time [ms]" if y == "time" else "speed-up over the exact program")
    # Where the legend is in nobody's way is looked for among all dots, which takes long for many.
    corner: Literal["best", "upper right", "lower right"]
    corner = "best" if len(lost) <= _MANY_DOTS else "upper right" if y == "time" else "lower right"
    _finish(axes, title, corner)
    if note := _note(named, limit):
        drawn.supxlabel(note, x=0.99, ha="right", fontsize="x-small", color="#555555")
    return drawn


class _Part:
    """The evaluations of one kind of one frontier, in the units of the plot, and how they are drawn."""

    def __init__(self, name: str, frontier: Frontier, y: Vertical, limit: float, colour: str) -> None:
        self.name = printable(name)
        self.static = bool(frontier.evaluations) and all(e.static for e in frontier.evaluations)
        self.colour = colour
        self._y, self._baseline = y, frontier.baseline
        self.dots = [self._place(e) for e in frontier.evaluations if e.ok and e.loss <= limit]
        self.points = [self._place(e) for e in reversed(frontier.points) if e.loss <= limit]

    def _place(self, evaluation: Evaluation) -> tuple[float, float]:
        return 100 * evaluation.loss, _height(evaluation, self._baseline, self._y)

    def draw(self, axes: Axes, right: float) -> None:
        marker, style = ("s", (0, (4, 2))) if self.static else ("o", "-")
        if self.dots:
            xs, ys = zip(*self.dots, strict=True)
            axes.scatter(
                xs, ys, s=9, color=self.colour, alpha=0.35, linewidths=0,
                marker=marker, zorder=2, rasterized=len(self.dots) > _MANY_DOTS,
            )  # fmt: skip
        if self.points:
            # The best point is the best for every greater loss as well.
            xs, ys = zip(*self.points, (right * 2, self.points[-1][1]), strict=True)
            axes.plot(
                xs, ys, drawstyle="steps-post", color=self.colour, linestyle=style, linewidth=1.8,
                marker=marker, markersize=4.5, markeredgecolor="white", markeredgewidth=0.6, label=self.name,
                zorder=4,
            )  # fmt: skip


def _series(named: Mapping[str, Frontier], y: Vertical, limit: float) -> list[_Part]:
    colours = {False: cycle(DYNAMIC_COLOURS), True: cycle(STATIC_COLOURS)}
    found = []
    for name, frontier in parts(named).items():
        static = bool(frontier.evaluations) and all(e.static for e in frontier.evaluations)
        found.append(_Part(name, frontier, y, limit, next(colours[static])))
    return found


def _height(evaluation: Evaluation, baseline: Evaluation | None, y: Vertical) -> float:
    assert evaluation.time_ms is not None
    if y == "time":
        return evaluation.time_ms
    assert baseline is not None
    assert baseline.time_ms is not None
    return speedup(baseline.time_ms, evaluation.time_ms)


def _draw_baselines(axes: Axes, named: Mapping[str, Frontier], y: Vertical) -> None:
    """A star for the exact program; one for all frontiers that agree on it."""
    heights: dict[float, None] = {}
    for frontier in named.values():
        if frontier.baseline is not None:
            heights[_height(frontier.baseline, frontier.baseline, y)] = None
    for number, height in enumerate(heights):
        axes.plot(
            [0], [height], marker="*", markersize=11, color="#333333", markeredgecolor="white",
            linestyle="none", label="" if number else "exact program", zorder=5, clip_on=False,
        )  # fmt: skip


def _draw_losses(axes: Axes, losses: Iterable[float], right: float) -> None:
    for loss in losses:
        if 0 < 100 * loss < right:
            axes.axvline(100 * loss, color="#888888", linewidth=0.8, linestyle=":", zorder=1)
            axes.annotate(
                f"{percent(loss)} %", xy=(100 * loss, 1), xycoords=axes.get_xaxis_transform(),
                xytext=(0, 2), textcoords="offset points", ha="center", va="bottom", fontsize="x-small",
                color="#555555",
            )  # fmt: skip


def _finish(axes: Axes, title: str, corner: Literal["best", "upper right", "lower right"]) -> None:
    axes.grid(visible=True, color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    if title:
        axes.set_title(printable(title), pad=16).set_parse_math(False)
    if axes.get_legend_handles_labels()[0]:
        legend = axes.legend(loc=corner, framealpha=0.9, edgecolor="#CCCCCC")
        for text in legend.get_texts():
            # Names are no formulas, whatever signs they hold.
            text.set_parse_math(False)


def _note(named: Mapping[str, Frontier], limit: float) -> str:
    """What cannot be seen in the plot."""
    evaluations = [e for frontier in named.values() for e in frontier.evaluations]
    notes = []
    hidden = sum(e.ok and e.loss > limit for e in evaluations)
    failed = sum(not e.ok for e in evaluations)
    if hidden:
        notes.append(f"{counted(hidden, 'evaluation')} with a greater loss not shown")
    if failed:
        notes.append(counted(failed, "failure"))
    return ", ".join(notes)


def _rendered(drawn: Figure, kind: str) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    # Matplotlib has no types for these.
    canvas: Any
    stream = io.BytesIO()
    if kind == "png":
        canvas = FigureCanvasAgg(drawn)
        canvas.print_png(stream, metadata={"Software": "approxir"})
    else:
        canvas = FigureCanvasSVG(drawn)
        canvas.print_svg(stream, metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    return stream.getvalue()
