"""OpenTuner's file of results, which may be damaged: it repeats what the record of the search tells."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
from collections.abc import Mapping, Set
from pathlib import Path

from approxir.tuning.search_errors import DatabaseError

log = logging.getLogger("approxir.tuning")

ASIDE = ".damaged"
JOURNAL = "-journal"


def set_aside_if_damaged(path: Path, version: str, tables: Mapping[str, Set[str]]) -> None:
    """Rename a file that OpenTuner cannot go on with, so that it makes a new one.

    That is one that is no database, is damaged, is one of another version, or was being made when the process
    died. `tables` are the names of the tables that OpenTuner needs, and of their columns. Raises
    `DatabaseError` if the file cannot be renamed.
    """
    if not os.path.lexists(path):
        # What is left of another file must not be taken for a part of the new one.
        _rename(path.with_name(path.name + JOURNAL))
        return
    wrong = _what_is_wrong(path, version, tables)
    if wrong is None:
        return
    log.warning("%s: %s; it is set aside as %s, and made anew", path, wrong, path.name + ASIDE)
    _rename(path)
    _rename(path.with_name(path.name + JOURNAL))


def _what_is_wrong(path: Path, version: str, tables: Mapping[str, Set[str]]) -> str | None:
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            # Opening it also takes back what a process that died has written by halves.
            for (said,) in connection.execute("pragma quick_check"):
                if said != "ok":
                    return str(said)
            for table, columns in tables.items():
                found = {
                    name for (name,) in connection.execute("select name from pragma_table_info(?)", (table,))
                }
                if not columns <= found:
                    return f"its table {table} is not complete"
            versions = connection.execute("select db_version from _meta").fetchall()
    except (sqlite3.Error, ValueError) as error:
        # A `ValueError` is about text that is none.
        return str(error)
    return None if versions == [(version,)] else "it is of another version, or was not finished"


def _rename(path: Path) -> None:
    try:
        os.replace(path, path.with_name(path.name + ASIDE))
    except FileNotFoundError:
        return
    except OSError as error:
        raise DatabaseError(f"{path}: it is damaged and cannot be renamed: {error.strerror}") from None
