"""CSV texts (RFC 4180): cells, and where each of them stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from approxir.syntax.faults import Fault

_PLAIN = re.compile(r'[^",\r\n]*+')
_QUOTED = re.compile(r'"((?:[^"]++|"")*+)"')
_BREAK = re.compile(r"\r\n|\n|\r")


class Cell(NamedTuple):
    """The text of a cell and its offset."""

    text: str
    offset: int


def read_csv(text: str) -> Iterator[list[Cell]]:
    """The rows of a CSV text; empty lines are none. A byte-order mark before the text means nothing.

    Raises `Fault` for quotes that are never closed, and for text beside quotes.
    """
    at = 1 if text.startswith("\ufeff") else 0
    row: list[Cell] = []
    while True:
        start = at
        if text.startswith('"', at):
            match = _QUOTED.match(text, at)
            if match is None:
                raise Fault("this quote is never closed", at)
            row.append(Cell(match[1].replace('""', '"'), start))
        else:
            match = _PLAIN.match(text, at)
            assert match is not None
            row.append(Cell(match.group(), start))
        at = match.end()
        if text.startswith(",", at):
            at += 1
            continue
        found = _BREAK.match(text, at)
        if found is None and at < len(text):
            hint = 'a cell with quotes in it is written "so ""quoted"" as this"'
            what = "a quote inside a cell" if text[at] == '"' else "text after a quoted cell"
            raise Fault(what, at, hint=hint)
        # A line without anything is no row of one empty cell.
        if len(row) > 1 or row[0].text or text.startswith('"', row[0].offset):
            yield row
        row = []
        if found is None:
            return
        at = found.end()


def csv_line(cells: Iterable[str]) -> str:
    """One row with its line break."""
    row = [_quoted(cell) for cell in cells]
    # One empty cell alone would be an empty line.
    return (",".join(row) if row != [""] else '""') + "\n"


def _quoted(cell: str) -> str:
    if any(char in cell for char in '",\r\n') or cell.startswith("\ufeff") or cell != cell.strip():
        return '"' + cell.replace('"', '""') + '"'
    return cell
