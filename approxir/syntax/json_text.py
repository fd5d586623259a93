"""JSON texts, and where in them things stand.

Python's reader is fast and tells no places. They are looked for once something is wrong.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

from approxir.syntax.faults import Fault

_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[{}\[\]:,]|[^\s"{}\[\]:,]++')
_MOST_DIGITS = 4000
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_json(text: str) -> Any:
    """The value that a JSON text stands for; a byte-order mark before it means nothing.

    Raises `Fault` where the text is not JSON, where a key occurs twice in an object, for numbers that are too
    large, and for what Python's reader takes in addition: NaN and infinities.
    """
    body = text.removeprefix("\ufeff")
    shift = len(text) - len(body)
    try:
        return json.loads(body, object_pairs_hook=_object, parse_constant=_constant, parse_float=_float)
    except json.JSONDecodeError as error:
        raise Fault(f"this is not JSON: {error.msg}", error.pos + shift) from None
    except _Twice as error:
        raise Fault(f"'{error.key}' occurs twice", _second(text, error.key)) from None
    except _Constant as error:
        at = next((at for word, at in _words(text) if word == error.word), 0)
        raise Fault(f"{error.word} is not JSON", at) from None
    except _TooLarge as error:
        at = next((at for word, at in _words(text) if word == error.word), 0)
        raise Fault("this number is too large", at, length=len(error.word)) from None
    except RecursionError:
        raise Fault("this is nested too deeply", 0) from None
    except ValueError:
        # Python refuses to read integers of thousands of digits.
        at = next((at for word, at in _words(text) if len(word) > _MOST_DIGITS), 0)
        raise Fault("this integer has too many digits", at) from None


def place_of(text: str, path: Sequence[str | int]) -> int:
    """The offset of a key of an object or of an item of a list in a JSON text; 0 where there is none.

    `path` holds the keys and indices that lead there from the outermost value.
    """
    wanted = list(path)
    return next((at for steps, at in _steps(text) if steps == wanted), 0)


def key_places(text: str, path: Sequence[str | int] = ()) -> dict[str, int]:
    """Where the keys of the object stand to which `path` leads."""
    wanted = list(path)
    found: dict[str, int] = {}
    for steps, at in _steps(text):
        if len(steps) == len(wanted) + 1 and steps[:-1] == wanted and isinstance(steps[-1], str):
            found.setdefault(steps[-1], at)
    return found


def _steps(text: str) -> Iterator[tuple[list[str | int | None], int]]:
    """The path to each key and each item of a list, and where it stands; the list is used again."""
    steps: list[str | int | None] = []
    kinds: list[str] = []
    before = ""
    for match in _TOKEN.finditer(text):
        token = match.group()
        last, before = before, token
        if token == ":":
            continue
        if token == ",":
            step = steps[-1] if steps else None
            if isinstance(step, int):
                steps[-1] = step + 1
        elif token in "}]":
            if kinds:
                kinds.pop()
                steps.pop()
        elif kinds and kinds[-1] == "{" and last in "{,":
            steps[-1] = _string(token)
            yield steps, match.start()
        else:
            if kinds and kinds[-1] == "[":
                yield steps, match.start()
            if token in "{[":
                kinds.append(token)
                steps.append(None if token == "{" else 0)


def json_text(value: Any, *, indent: int | None = None) -> str:
    """JSON for a value, as UTF-8 can hold it.

    Bytes of names that are no UTF-8 are lone surrogates, which no file can hold: they are escaped. Raises
    `ValueError` for numbers that are not finite.
    """
    text = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    return _SURROGATE.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def shown_value(value: Any) -> str:
    """A value as a message shows it: as JSON."""
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:40] + "..."


def kind_of(value: Any) -> str:
    """What a value is called in JSON."""
    names = {dict: "an object", list: "a list", str: "a string", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")


class _Twice(ValueError):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class _Constant(ValueError):
    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


class _TooLarge(ValueError):
    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _Twice(key)
            seen.add(key)
    return found


def _constant(name: str) -> Any:
    raise _Constant(name)


def _float(word: str) -> float:
    value = float(word)
    if not math.isfinite(value):
        raise _TooLarge(word)
    return value


def _words(text: str) -> Iterator[tuple[str, int]]:
    """The numbers and words outside of strings, and where they stand."""
    for match in _TOKEN.finditer(text):
        if match.group()[0] not in '"{}[]:,':
            yield match.group(), match.start()


def _second(text: str, name: str) -> int:
    """Where a key stands that its object has already."""
    seen: list[set[str] | None] = []
    last = ""
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token in "{[":
            seen.append(set() if token == "{" else None)
        elif token in "}]":
            seen.pop()
        elif seen and seen[-1] is not None and last in "{," and _string(token) == name:
            if name in seen[-1]:
                return match.start()
            seen[-1].add(name)
        last = token
    return 0


def _string(token: str) -> str | None:
    """The text that a string stands for; None for what is no string."""
    if token[0] != '"':
        return None
    try:
        found = json.loads(token, strict=False)
    except ValueError:
        return None
    assert isinstance(found, str)
    return found
