"""Keeping the garbage collector from walking a tree again and again while it is being built."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_PAUSES = 64
_GROWTH = 1.5


@contextmanager
def collector_paused(*, keep: bool = True) -> Iterator[None]:
    """Pause cyclic garbage collection, if it is on, for the duration of the block.

    Building a tree makes many objects and no garbage; the collector would visit all of them for nothing.
    `keep` says that most of what there is now will live long.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if keep and not gc.get_freeze_count():
            # What was built is here to stay: this puts it, at no cost, among the oldest objects.
            gc.freeze()
            gc.unfreeze()
            _tally.paused()
        gc.enable()


class _Tally:
    """Sees to it that trees which nobody needs any more are collected some time.

    The collector does not count what is put among the oldest objects, so that it would never visit those
    again. It is asked to after many pauses, if there is much more memory in use than after the last visit.
    """

    def __init__(self) -> None:
        self._pauses = 0
        self._blocks = 0

    def paused(self) -> None:
        self._pauses += 1
        if self._pauses < _PAUSES:
            return
        self._pauses = 0
        if sys.getallocatedblocks() > self._blocks * _GROWTH:
            gc.collect()
            self._blocks = sys.getallocatedblocks()


_tally = _Tally()
