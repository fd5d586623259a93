"""A lock on a folder that belongs to one process, and is gone when the process is, however it ends."""

from __future__ import annotations

import fcntl
import os
import socket
import threading
from pathlib import Path

from approxir.tuning.search_errors import DatabaseInUseError

_held: set[tuple[int, int]] = set()
_guard = threading.Lock()


class FolderLock:
    """A lock file, locked. Raises `DatabaseInUseError` if somebody else holds it, and `OSError`.

    It is the lock of POSIX (``lockf``), which processes that are forked do not inherit: a worker that
    outlives its killed parent does not keep the folder from being used. Such locks do not tell apart the
    parts of one process, which `_held` does.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with _guard:
            # Closing a second descriptor of the file would give up a lock that this process holds.
            if path.exists() and _identity(path.stat()) in _held:
                raise DatabaseInUseError(
                    f"{path.parent} is in use by another tuner of this process: close it"
                )
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            self._identity = _identity(os.fstat(self._file))
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                owner = os.read(self._file, 200).decode("utf-8", "replace").strip()
                os.close(self._file)
                by = f" ({owner})" if owner else ""
                raise DatabaseInUseError(
                    f"{path.parent} is in use by another tuner{by}; wait for it, or use another folder"
                ) from None
            except OSError:
                os.close(self._file)
                raise
            _held.add(self._identity)
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)

    def release(self) -> None:
        """Let others have the lock."""
        with _guard:
            if self._identity in _held:
                _held.discard(self._identity)
                os.close(self._file)


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
