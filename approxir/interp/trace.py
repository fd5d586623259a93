"""What was decided while a module ran."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from html import escape


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision: a knob value that was chosen, or a check that was made.

    Attributes:
        knob: the function's name, with ``#id`` for an ``approx.knob`` operation that has one.
        location: ``file:line:column`` of what decided; empty for operations that were made.
        kind: ``"tree"``, ``"static"`` or ``"try"``.
        state: the state that a decision tree saw.
        interval: which interval of states that is, counted from 0.
        value: the knob value.
        transform: the name of the transform.
        recovered: for a try, whether the check failed and the recovery ran.
    """

    knob: str
    location: str
    kind: str
    state: int | None = None
    interval: int | None = None
    value: int | None = None
    transform: str | None = None
    recovered: bool | None = None


_COLUMNS = ("knob", "location", "kind", "state", "interval", "value", "transform", "recovered")


@dataclass(slots=True)
class Trace:
    """Collects every decision of a run, in order; hand it to `Interpreter` or `run`."""

    decisions: list[Decision] = field(default_factory=list)

    def record(self, decision: Decision) -> None:
        """Append a decision."""
        self.decisions.append(decision)

    def clear(self) -> None:
        """Forget everything."""
        self.decisions.clear()

    def __len__(self) -> int:
        return len(self.decisions)

    def counts(self) -> dict[str, dict[str, int]]:
        """For each knob, how often each outcome occurred.

        Outcomes are ``"value=2"`` for knob values, ``"accepted"`` and ``"recovered"`` for tries.
        """
        found: dict[str, Counter[str]] = {}
        for decision in self.decisions:
            if decision.kind == "try":
                outcome = "recovered" if decision.recovered else "accepted"
            else:
                outcome = f"value={decision.value}"
            found.setdefault(decision.knob, Counter())[outcome] += 1
        return {knob: dict(sorted(counter.items())) for knob, counter in found.items()}

    def _rows(self) -> list[tuple[str, ...]]:
        rows = []
        for decision in self.decisions:
            cells = [getattr(decision, name) for name in _COLUMNS]
            rows.append(tuple(["" if cell is None else str(cell) for cell in cells]))
        return rows

    def __str__(self) -> str:
        if not self.decisions:
            return "no decisions"
        rows = [_COLUMNS, *self._rows()]
        widths = [max(len(row[i]) for row in rows) for i in range(len(_COLUMNS))]
        lines = [
            "  ".join([cell.ljust(w) for cell, w in zip(row, widths, strict=True)]).rstrip() for row in rows
        ]
        lines.insert(1, "  ".join(["-" * width for width in widths]))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        def line(cells: tuple[str, ...], tag: str) -> str:
            return "<tr>" + "".join([f"<{tag}>{escape(cell)}</{tag}>" for cell in cells]) + "</tr>"

        body = "".join([line(row, "td") for row in self._rows()])
        return f"<table><thead>{line(_COLUMNS, 'th')}</thead><tbody>{body}</tbody></table>"
