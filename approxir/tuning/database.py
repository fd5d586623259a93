"""What a search has found, on disk: one line of JSON for each evaluation, in a folder of its own.

A line is written, and on the disk, before the next evaluation starts. JSON lines rather than SQLite:
appending is the only change ever made, so that whatever stops the process leaves whole lines and at most the
beginning of one, which is cut off later; and people and programs can read the file while it is written.

    {"search": {"space": {...}, "engine": "opentuner", "seed": 0, "bound": 0.95, ...}}
    {"baseline": {"config": {}, "time_ms": 2.5, "quality": 1.0}}
    {"config": {"f_threshold_0": 5, ...}, "time_ms": 1.25, "quality": 0.97, "number": 0}

A folder may hold several searches, one after the other; the last one can be resumed.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import weakref
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from approxir.syntax.json_text import json_text
from approxir.tuning.evaluation import Evaluation
from approxir.tuning.locking import FolderLock
from approxir.tuning.records import WrongValue, from_record, to_record
from approxir.tuning.search_errors import DatabaseError

RECORD = "evaluations.jsonl"
LOCK = "lock"

log = logging.getLogger("approxir.tuning")


@dataclass
class Search:
    """One search: how it was begun, and what it has found."""

    header: Mapping[str, Any]
    evaluations: list[Evaluation] = field(default_factory=list)
    baseline: Evaluation | None = None


class Database:
    """A folder that keeps searches, open for writing and locked; it is made if it is not there.

    Raises `DatabaseInUseError` if another tuner, here or in another process, writes to it, and
    `DatabaseError` for a folder that cannot be used or a record that is damaged.

    Args:
        folder: where the record is kept.
        sync: wait until the disk has every evaluation. Without it a crash of the whole machine may lose the
            last seconds; a process that is killed still loses nothing.
    """

    def __init__(self, folder: str | os.PathLike[str], *, sync: bool = True) -> None:
        self.folder = Path(folder)
        self.path = self.folder / RECORD
        self._sync = sync
        self._syncing: Future[None] | None = None
        self._thread: ThreadPoolExecutor | None = None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = FolderLock(self.folder / LOCK)
        except OSError as error:
            raise _os_error(error, self.folder, "cannot be used as the folder of a search") from None
        try:
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            self._lock.release()
            raise _os_error(error, self.path, "cannot be opened") from None
        self._closing = weakref.finalize(self, _close, self._file, self._lock)
        try:
            self.searches = self._read()
        except BaseException:
            self.close()
            raise

    @property
    def last(self) -> Search | None:
        """The search that was begun last."""
        return self.searches[-1] if self.searches else None

    # Writing.

    def begin(self, header: Mapping[str, Any]) -> Search:
        """Begin a search; what is written from now on belongs to it."""
        self._append({"search": dict(header)})
        search = Search(dict(header))
        self.searches.append(search)
        return search

    def add(self, evaluation: Evaluation) -> None:
        """Write an evaluation of the last search. `settle` waits until the disk has it."""
        self._append(to_record(evaluation))
        self.searches[-1].evaluations.append(evaluation)

    def set_baseline(self, evaluation: Evaluation) -> None:
        """Write what the exact program takes."""
        self._append({"baseline": to_record(evaluation)})
        self.searches[-1].baseline = evaluation

    def settle(self) -> None:
        """Return once everything that was written is on the disk. Raises `DatabaseError`."""
        waited, self._syncing = self._syncing, None
        if waited is not None:
            try:
                waited.result()
            except OSError as error:
                raise self._full(error) from None

    def close(self) -> None:
        """Close the record and let others have the folder. Closing twice is no error."""
        with contextlib.suppress(DatabaseError):
            self.settle()
        if self._thread is not None:
            self._thread.shutdown()
        self._closing()

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return not self._closing.alive

    def _append(self, data: Mapping[str, Any]) -> None:
        if self.closed:
            raise DatabaseError(f"{self.path}: the database was closed")
        self.settle()
        line = json_text(data).encode("utf-8") + b"\n"
        try:
            written = 0
            while written < len(line):
                written += os.pwrite(self._file, line[written:], self._end + written)
        except OSError as error:
            # Cutting off what does not belong there needs no room.
            os.ftruncate(self._file, self._end)
            raise self._full(error) from None
        self._end += len(line)
        if self._sync:
            if self._thread is None:
                self._thread = ThreadPoolExecutor(1, "approxir-sync")
            self._syncing = self._thread.submit(os.fsync, self._file)

    def _full(self, error: OSError) -> DatabaseError:
        kept = sum(len(search.evaluations) for search in self.searches)
        return DatabaseError(
            f"{self.path}: {error.strerror}: an evaluation could not be written; the {kept} before it are "
            "kept, and the search can be resumed"
        )

    # Reading.

    def _read(self) -> list[Search]:
        try:
            with open(self.path, "rb") as stream:
                data = stream.read()
        except OSError as error:
            raise _os_error(error, self.path, "cannot be read") from None
        searches: list[Search] = []
        self._end = 0
        lines = data.split(b"\n")
        # Behind the last line break stands nothing, or the beginning of a line.
        unfinished = lines.pop()
        for number, line in enumerate(lines, 1):
            try:
                _take(line, searches)
            except ValueError as error:
                if number < len(lines) or unfinished:
                    raise DatabaseError(
                        f"{self.path}:{number}: error: this is no evaluation: {error}"
                    ) from None
                # A machine that crashed may have made the file longer without filling it.
                unfinished = line
                break
            self._end += len(line) + 1
        if unfinished:
            log.info("%s: cut off %d bytes of an unfinished line", self.path, len(data) - self._end)
            try:
                os.ftruncate(self._file, self._end)
            except OSError as error:
                raise _os_error(error, self.path, "cannot be repaired") from None
        return searches


def read_searches(folder: str | os.PathLike[str]) -> list[Search]:
    """The searches that a folder keeps, read without a lock, also while a tuner writes to it.

    Raises `DatabaseError` if there are none or the record is damaged.
    """
    path = Path(folder) / RECORD
    searches: list[Search] = []
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _os_error(error, path, "cannot be read") from None
    lines = data.split(b"\n")[:-1]
    for number, line in enumerate(lines, 1):
        try:
            _take(line, searches)
        except ValueError as error:
            if number == len(lines):
                break
            raise DatabaseError(f"{path}:{number}: error: this is no evaluation: {error}") from None
    return searches


def _take(line: bytes, searches: list[Search]) -> None:
    """Read one line. Raises `ValueError` for one that does not belong there."""
    data = json.loads(line)
    if not isinstance(data, dict):
        raise ValueError("a line is an object")
    if "search" in data:
        if not isinstance(data["search"], dict):
            raise ValueError("a search is an object")
        searches.append(Search(data["search"]))
        return
    if not searches:
        raise ValueError("it belongs to no search")
    try:
        if "baseline" in data:
            searches[-1].baseline = from_record(data["baseline"])
        else:
            searches[-1].evaluations.append(from_record(data))
    except WrongValue as wrong:
        raise ValueError(wrong.message) from None


def _os_error(error: OSError, path: Path, what: str) -> DatabaseError:
    return DatabaseError(f"{path}: {what}: {error.strerror}")


def _close(file: int, lock: FolderLock) -> None:
    os.close(file)
    lock.release()
