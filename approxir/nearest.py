"""What a misspelt name was probably meant to be."""

from __future__ import annotations

import difflib
from collections.abc import Collection

_MOST_NAMES = 2000


def nearest(name: str, names: Collection[str]) -> str | None:
    """The one of `names` most like `name`; None when none is like it, or there are too many to compare."""
    if len(names) > _MOST_NAMES:
        return None
    found = difflib.get_close_matches(name, names, 1)
    return found[0] if found else None


def did_you_mean(name: str, names: Collection[str]) -> str | None:
    """A hint that offers the nearest name, if there is one."""
    found = nearest(name, names)
    return None if found is None else f"did you mean {found}?"
