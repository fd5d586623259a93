"""Compiled artifacts on disk, found again by what they were made of.

    cache = default_cache()
    data = cache.get(key) or cache.put(key, make())

Several processes may use one folder at once: an entry appears whole or not at all, readers take no lock, and
writers of the same entry replace each other's equal files. A cache that cannot be used (a full disk, a folder
that belongs to somebody else) forgets what it is given; nothing fails because of it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import stat
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from approxir.errors import ApproxIRError

DIRECTORY_VARIABLE = "APPROXIR_CACHE_DIR"
SIZE_VARIABLE = "APPROXIR_CACHE_SIZE"
DEFAULT_LIMIT = 1 << 30
"""Bytes that the entries of a cache take together, unless ``APPROXIR_CACHE_SIZE`` says otherwise: 1 GiB."""

_FOLDER = "artifacts-v1"
_SUFFIX = ".artifact"
_PARTIAL = ".partial"
# A writer that did not finish within this many seconds is taken for one that died.
_ABANDONED = 3600.0
_MAGIC = b"approxir artifact 1\n"
_SIZE = re.compile(r"(\d+)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)
_UNITS = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class CacheSettingsError(ApproxIRError):
    """An environment variable about the cache holds something else than it may."""


@dataclass(frozen=True, slots=True)
class CacheInfo:
    """Where a cache is, what it holds, and how many bytes its entries may take.

    `problem` says why it is not used, and is None for one that is.
    """

    directory: Path
    entries: int
    size: int
    limit: int
    problem: str | None


class Cache:
    """A folder of artifacts, bounded in size: those that were not used for longest go first.

    Args:
        directory: where the cache makes its own folder, which only the user may enter.
        limit: bytes that all entries may take together; with 0 nothing is kept.
    """

    def __init__(self, directory: str | os.PathLike[str], limit: int = DEFAULT_LIMIT) -> None:
        self.directory = Path(directory)
        self.limit = limit
        self.folder = self.directory / _FOLDER

    def get(self, key: str) -> bytes | None:
        """What was put under a key (see `key_of`); None if there is nothing, or nothing that is sound."""
        if self.limit <= 0 or self._problem() is not None:
            return None
        path = self._path(key)
        try:
            data = _read(path)
        except OSError:
            return None
        payload = _unpacked(key, data)
        with contextlib.suppress(OSError):
            if payload is None:
                path.unlink()
            else:
                # The time of the last use decides what goes first when there is too much.
                os.utime(path)
        return payload

    def put(self, key: str, data: bytes) -> bool:
        """Keep an artifact, and tell whether that was possible."""
        packed = _packed(key, data)
        if len(packed) > self.limit:
            return False
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._problem() is not None:
                return False
            self._write(self._path(key), packed)
        except OSError:
            return False
        self._shrink()
        return True

    def info(self) -> CacheInfo:
        """What the cache holds now."""
        found = [entry for entry, partial in self._entries() if not partial]
        problem = self._problem() if self.limit > 0 else f"switched off by a limit of {self.limit} bytes"
        return CacheInfo(self.folder, len(found), sum(size for _, size, _ in found), self.limit, problem)

    def clear(self) -> int:
        """Remove all entries, and return how many there were."""
        removed = 0
        for (path, _, _), partial in list(self._entries()):
            with contextlib.suppress(OSError):
                path.unlink()
                removed += not partial
        return removed

    def _path(self, key: str) -> Path:
        return self.folder / (key + _SUFFIX)

    def _problem(self) -> str | None:
        """Why the folder must not be trusted; None for one that may be, or that is not there yet."""
        try:
            found = os.lstat(self.folder)
        except FileNotFoundError:
            return None
        except OSError as error:
            return f"{self.folder}: {error.strerror}"
        if not stat.S_ISDIR(found.st_mode):
            return f"{self.folder} is no directory, or a symbolic link to one"
        if hasattr(os, "geteuid"):
            if found.st_uid != os.geteuid():
                return f"{self.folder} belongs to another user, who could put programs into it"
            if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                return f"{self.folder} can be written to by other users, who could put programs into it"
        return None

    def _write(self, path: Path, packed: bytes) -> None:
        partial = self.folder / f"{secrets.token_hex(8)}{_PARTIAL}"
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW, 0o600)
        try:
            with open(descriptor, "wb") as stream:
                stream.write(packed)
            os.replace(partial, path)
        except BaseException:
            with contextlib.suppress(OSError):
                partial.unlink()
            raise

    def _entries(self) -> Iterator[tuple[tuple[Path, int, float], bool]]:
        """The files of the cache with their sizes and times, and whether each is one being written."""
        if self._problem() is not None:
            return
        try:
            with os.scandir(self.folder) as listing:
                for entry in listing:
                    partial = entry.name.endswith(_PARTIAL)
                    if not partial and not entry.name.endswith(_SUFFIX):
                        continue
                    with contextlib.suppress(OSError):
                        held = entry.stat(follow_symlinks=False)
                        yield (Path(entry.path), held.st_size, held.st_mtime), partial
        except OSError:
            return

    def _shrink(self) -> None:
        """Remove what was not used for longest until the rest fits, and what dead writers left."""
        found = []
        for entry, partial in self._entries():
            if not partial:
                found.append(entry)
            elif time.time() - entry[2] > _ABANDONED:
                with contextlib.suppress(OSError):
                    entry[0].unlink()
        total = sum(size for _, size, _ in found)
        if total <= self.limit:
            return
        for path, size, _ in sorted(found, key=lambda entry: entry[2]):
            with contextlib.suppress(OSError):
                path.unlink()
            total -= size
            if total <= self.limit:
                break


def key_of(*parts: str | bytes) -> str:
    """A key for something that is made of these parts and of nothing else."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()


def default_cache() -> Cache:
    """The cache that the environment asks for.

    ``APPROXIR_CACHE_DIR`` names its directory, by default that of the platform for the user's caches;
    ``APPROXIR_CACHE_SIZE`` is how many bytes it may take (``500M``, ``2GiB``), by default `DEFAULT_LIMIT`,
    and 0 for none. Raises `CacheSettingsError` for a size that is no number.
    """
    held = os.environ.get(SIZE_VARIABLE, "").strip()
    limit = DEFAULT_LIMIT
    if held:
        match = _SIZE.fullmatch(held)
        if match is None:
            raise CacheSettingsError(
                f"{SIZE_VARIABLE} is {held!r}, but has to be a number of bytes such as 500M, 2G or 0"
            )
        limit = int(match[1]) << _UNITS[match[2].upper()]
    directory = os.environ.get(DIRECTORY_VARIABLE) or _user_directory()
    # A user without a home directory has no place for a cache either.
    return Cache(directory or os.curdir, limit if directory else 0)


def _user_directory() -> str:
    if sys.platform == "darwin":
        base = "~/Library/Caches"
    elif sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or ""
        # The XDG specification wants relative paths to be ignored.
        base = base if os.path.isabs(base) else "~/.cache"
    found = os.path.join(os.path.expanduser(base), "approxir")
    return found if os.path.isabs(found) else ""


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | _NO_FOLLOW | getattr(os, "O_NONBLOCK", 0))
    with open(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path} is no regular file")
        return stream.read()


def _packed(key: str, data: bytes) -> bytes:
    return b"".join((_MAGIC, _digest(key, data), data))


def _unpacked(key: str, packed: bytes) -> bytes | None:
    """The data of an entry; None for one that is not as it was written under this key."""
    start = len(_MAGIC) + hashlib.sha256().digest_size
    data = packed[start:]
    sound = packed.startswith(_MAGIC) and packed[len(_MAGIC) : start] == _digest(key, data)
    return data if sound else None


def _digest(key: str, data: bytes) -> bytes:
    digest = hashlib.sha256(key.encode())
    digest.update(data)
    return digest.digest()
