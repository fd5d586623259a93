"""A progress bar for searches: how many evaluations, the best so far, the time that is left."""

from __future__ import annotations

import importlib
import sys
import time
from types import TracebackType
from typing import Any

from approxir.errors import MissingDependencyError
from approxir.tuning.evaluation import Evaluation


class Progress:
    """A bar on standard error, from entering to leaving it as a context.

    Args:
        shown: whether to show it; None shows it on terminals, if rich is installed.
        evaluations: how many evaluations there will be, if that is known.
        seconds: how many seconds it will take, if that is known.
        done: how many evaluations there have been before.

    Raises `MissingDependencyError` if it must be shown and rich is not installed.
    """

    def __init__(
        self,
        shown: bool | None,
        *,
        evaluations: int | None = None,
        seconds: float | None = None,
        done: int = 0,
    ) -> None:
        if shown is None:
            shown = sys.stderr is not None and sys.stderr.isatty()
            rich = _rich() if shown else None
        else:
            rich = _rich() if shown else None
            if shown and rich is None:
                raise MissingDependencyError("the progress bar needs rich: pip install 'approxir[tune]'")
        self._rich: Any = rich
        self._evaluations = evaluations
        self._seconds = seconds
        self._before = done
        self._bar: Any = None

    def __enter__(self) -> Progress:
        if self._rich is None:
            return self
        parts = importlib.import_module("rich.progress")
        console = importlib.import_module("rich.console").Console(stderr=True)
        self._bar = parts.Progress(
            parts.TextColumn("{task.fields[count]}"),
            parts.BarColumn(),
            parts.TextColumn("{task.fields[best]}"),
            parts.TimeElapsedColumn(),
            parts.TextColumn("{task.fields[left]}"),
            console=console,
            transient=False,
        )
        self._begun = time.monotonic()
        self._task = self._bar.add_task("", total=1.0, count="", best="", left="")
        self._bar.start()
        self.update(self._before, None)
        return self

    def update(self, done: int, best: Evaluation | None) -> None:
        """Show how many evaluations there are, and the best of them."""
        if self._bar is None:
            return
        taken = time.monotonic() - self._begun
        share, left = self._share(done, taken)
        count = f"{done}" if self._evaluations is None else f"{done}/{self._evaluations}"
        shown = "nothing keeps the bound yet"
        if best is not None:
            shown = f"best {best.time_ms:.4g} ms, quality {best.quality:.4g}"
        remaining = "" if left is None else f"{left:.0f} s left"
        self._bar.update(self._task, completed=share, count=count, best=shown, left=remaining)

    def _share(self, done: int, taken: float) -> tuple[float, float | None]:
        """How much of the work is done, from 0 to 1, and how many seconds are left, if that can be told."""
        shares = []
        if self._evaluations is not None:
            ahead = max(1, self._evaluations - self._before)
            shares.append((done - self._before) / ahead)
        if self._seconds is not None:
            shares.append(taken / self._seconds if self._seconds else 1.0)
        share = min(1.0, max(shares))
        return share, taken / share - taken if share > 0.01 else None

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _rich() -> Any:
    try:
        return importlib.import_module("rich")
    except ImportError:
        return None
