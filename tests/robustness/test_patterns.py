"""No pattern that text is matched against repeats a repetition in ways that multiply when it fails."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

import approxir

_MANY = 20


def _patterns(held: Any, depth: int = 0) -> Iterator[re.Pattern[str]]:
    """The patterns that a module's variable holds, by itself, in a collection or in a class."""
    if isinstance(held, re.Pattern):
        if isinstance(held.pattern, str):
            yield held
    elif depth < 3 and isinstance(held, (list, tuple, set, frozenset)):
        for item in held:
            yield from _patterns(item, depth + 1)
    elif depth < 3 and isinstance(held, dict):
        for item in held.values():
            yield from _patterns(item, depth + 1)
    elif depth < 2 and isinstance(held, type) and held.__module__.startswith("approxir"):
        for item in vars(held).values():
            yield from _patterns(item, depth + 1)


def multiplies(items: Any, repeated: bool = False) -> bool:
    """Whether a repetition stands in another one, and both may give back what they took."""
    for kind, value in items:
        inner: list[Any] = []
        inside = repeated
        if kind in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
            many = value[1] is _constants.MAXREPEAT or value[1] > _MANY
            if many and repeated:
                return True
            inner, inside = [value[2]], repeated or many
        elif kind is _constants.POSSESSIVE_REPEAT:
            inner, inside = [value[2]], False
        elif kind is _constants.ATOMIC_GROUP:
            inner, inside = [value], False
        elif kind in (_constants.ASSERT, _constants.ASSERT_NOT):
            inner, inside = [value[1]], False
        elif kind is _constants.SUBPATTERN:
            inner = [value[3]]
        elif kind is _constants.BRANCH:
            inner = value[1]
        elif kind is _constants.GROUPREF_EXISTS:
            inner = [one for one in value[1:] if one]
        if any(multiplies(one, inside) for one in inner):
            return True
    return False


def test_repetitions_that_multiply_are_told() -> None:
    told = {
        pattern: multiplies(_parser.parse(pattern))
        for pattern in (
            r"(?:\w+ *)*@",
            r"(?:(a+)|b)*c",
            r"(?:\w++ *+)*+@",
            r"(?>\w+)*@",
            r"\w+ *@",
            r"(?:a{1,3})*",
        )
    }
    assert list(told.values()) == [True, True, False, False, False, False]


def test_no_pattern_multiplies() -> None:
    found: dict[tuple[str, int], str] = {}
    for module in pkgutil.walk_packages(approxir.__path__, "approxir."):
        try:
            loaded = importlib.import_module(module.name)
        except ImportError:
            # What needs a package that is missing here.
            continue
        for name, value in vars(loaded).items():
            for pattern in _patterns(value):
                found.setdefault((pattern.pattern, pattern.flags), f"{module.name}.{name}")
    assert len(found) > 100
    bad = [where for (text, flags), where in found.items() if multiplies(_parser.parse(text, flags))]
    assert bad == []
