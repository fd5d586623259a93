"""Texts that every reader takes, whatever the names in them hold."""

from __future__ import annotations

import json
import re
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")


def to_json(held: Any) -> str:
    """A value as JSON that every reader takes: bytes that are no UTF-8 become replacement characters."""
    return json.dumps(_whole(held), indent=2) + "\n"


def _whole(held: Any) -> Any:
    if isinstance(held, str):
        return unicode_only(held)
    if isinstance(held, dict):
        return {key: _whole(value) for key, value in held.items()}
    return [_whole(item) for item in held] if isinstance(held, list) else held


def unicode_only(text: str) -> str:
    """A text with replacement characters for bytes that are no UTF-8."""
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def printable(text: str) -> str:
    """A text on one line: what would move a terminal's cursor, and bytes that are no UTF-8, are escaped."""
    return text if text.isprintable() else "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    return f"\\{code:02X}" if code < 0x100 else f"\\u{code:04X}"
