"""Keeping the garbage collector from walking a tree again and again while it is being built."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


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
        gc.enable()
