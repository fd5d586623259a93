"""Comparisons as tables: plain text, and rich."""

from __future__ import annotations

from typing import TYPE_CHECKING

from approxir.tuning.comparison import Choice, Comparison, Measured
from approxir.tuning.frontier import speedup
from approxir.tuning.space import shown_size
from approxir.tuning.tables import counted, number, percent, printable, rich_rows, text_table

if TYPE_CHECKING:
    from rich.console import Group


def comparison_text(comparison: Comparison) -> str:
    """Some lines about the program, a table of what is offered at losses, and one of the frontiers."""
    lines = [printable(line) for line in facts(comparison)]
    tables = [text_table(*choice_rows(comparison)), text_table(*frontier_rows(comparison))]
    return "\n\n".join(["\n".join(lines), *tables])


def comparison_rich(comparison: Comparison) -> Group:
    """The same for rich."""
    from rich.console import Group
    from rich.text import Text

    lines = [Text(printable(line)) for line in facts(comparison)]
    return Group(*lines, rich_rows(*choice_rows(comparison)), rich_rows(*frontier_rows(comparison)))


def facts(comparison: Comparison) -> list[str]:
    """What there is to tell besides the tables, one fact on a line."""
    sizes = [f"{shown_size(comparison.sizes[name])} {name}" for name in ("static", "dynamic")]
    done = [f"{comparison.evaluations[name]} {name}" for name in ("static", "dynamic")]
    lines = [
        f"{comparison.name}: {counted(comparison.knobs, 'knob')}, {' and '.join(sizes)} configurations, of "
        f"which {' and '.join(done)} were evaluated"
    ]
    for inputs, measured in comparison.measured.items():
        lines.append(f"exact code, {inputs} inputs: {exact_text(measured)}")
    lines.append(f"C: {comparison.yardstick or 'there is none'}")
    lines += [f"{name}: {value}" for name, value in comparison.settings.items()]
    return lines


def exact_text(measured: Measured) -> str:
    """The time of the exact program, and how fast it is beside C."""
    exact, peer = measured.exact, measured.yardstick
    told = f"{number(exact.time_ms)} ms"
    if peer is None:
        return told
    assert exact.time_ms is not None
    assert peer.time_ms is not None
    ratio = speedup(peer.time_ms, exact.time_ms)
    return f"{told}, C {number(peer.time_ms)} ms: {ratio:.3f} times the speed of C"


def choice_rows(comparison: Comparison) -> tuple[list[str], list[list[str]]]:
    """The header, and a row for each set of inputs, search and loss."""
    header = ["inputs", "search", "at most", "loss [%]", "time [ms]", "over exact", "over C", "evaluation"]
    rows = [
        [
            choice.inputs,
            choice.search,
            f"{percent(choice.bound)} %",
            f"{100 * choice.evaluation.loss:.2f}",
            number(choice.evaluation.time_ms),
            f"{choice.over_exact:.2f}x",
            "-" if choice.over_yardstick is None else f"{choice.over_yardstick:.2f}x",
            _evaluation(choice),
        ]
        for choice in comparison.choices()
    ]
    return header, rows


def frontier_rows(comparison: Comparison) -> tuple[list[str], list[list[str]]]:
    """The header, and a row for each set of inputs and search: points and hypervolume."""
    rows = []
    for inputs, measured in comparison.measured.items():
        for search, frontier in measured.frontiers.items():
            rows.append([inputs, search, str(len(frontier)), f"{measured.hypervolume(search):.4f}"])
    return ["inputs", "search", "points", "hypervolume"], rows


def _evaluation(choice: Choice) -> str:
    return str(choice.evaluation.number) if choice.evaluation.config else "exact"
