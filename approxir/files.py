"""Reading and writing text files without changing a byte and without leaving half a file behind."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Collection, Mapping
from pathlib import Path

from approxir.errors import ParseError
from approxir.syntax.source import Source

NO_MLIR = "MLIR text is UTF-8; bytecode and other binary files cannot be read"
NO_JSON = "JSON is UTF-8"


def encode(text: str) -> bytes:
    """The bytes of a text. Bytes that were not UTF-8, as in names of files, come out as they were."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # Other lone surrogates stand for no bytes at all.
        return text.encode("utf-8", "backslashreplace")


def decode(data: bytes, file: str, *, hint: str = NO_MLIR) -> str:
    """The text that UTF-8 bytes stand for, with line ends as they are.

    `hint` is what the error says about bytes that are not.

    Raises:
        ParseError: the bytes are not UTF-8; the error gives the line and column of the first wrong byte.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        # Each wrong byte becomes one replacement character, so that the line can be shown with a caret.
        end = data.find(b"\n", error.start)
        shown = data[: end if end >= 0 else len(data)].decode("utf-8", errors="replace")
        offset = len(data[: error.start].decode("utf-8"))
        diagnostic = Source(shown, file).diagnostic(
            offset,
            f"invalid UTF-8: byte 0x{data[error.start]:02X} ({error.reason})",
            hint=hint,
        )
        raise ParseError([diagnostic]) from None


def read_text(path: str | os.PathLike[str], *, hint: str = NO_MLIR) -> str:
    """The text of a file, every character as it stands: CRLF and a byte-order mark are kept.

    `hint` is what the error says about a file that is not UTF-8.

    Raises:
        ParseError: the file is not UTF-8.
        OSError: the file is missing, a directory, or cannot be read.
    """
    _check_name(path)
    return decode(Path(path).read_bytes(), os.fspath(path), hint=hint)


def write_text_atomic(path: str | os.PathLike[str], text: str) -> None:
    """Write a whole file of text, as `write_bytes_atomic` does."""
    write_bytes_atomic(path, encode(text))


def write_bytes_atomic(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a whole file or leave the old one as it was.

    The bytes go to a temporary file in the same directory, which then takes the place of the old file.
    Permissions are kept, and a symbolic link stays a link: the file that it points to is replaced. Other
    hard links to the old file keep the old text. What is not a regular file (a pipe, ``/dev/stdout``) is
    written to directly.

    Raises:
        OSError: the file or its directory cannot be written; nothing has changed.
    """
    write_all_atomic({os.fspath(path): data})


def write_all_atomic(contents: Mapping[str, bytes], executable: Collection[str] = ()) -> None:
    """Write files that belong together, each as `write_bytes_atomic` does.

    None takes its place before all have been written, so that a full disk does not leave some old and some
    new. Those in `executable` can be run.

    Raises:
        OSError: a file or its directory cannot be written.
    """
    prepared: list[tuple[str, str, str]] = []
    streams: list[tuple[str, bytes]] = []
    path = ""
    try:
        for path, data in contents.items():
            _check_name(path)
            target = os.path.realpath(path)
            old = _status(target)
            if old is not None and not stat.S_ISREG(old.st_mode):
                streams.append((path, data))
            else:
                prepared.append((path, _prepared(target, data, old, path in executable), target))
        for path, data in streams:
            with open(path, "wb") as stream:
                stream.write(data)
        while prepared:
            path, temporary, target = prepared[0]
            os.replace(temporary, target)
            del prepared[0]
    except OSError as error:
        # The message is to name the file that was asked for, not a temporary one or none at all.
        error.filename, error.filename2 = path, None
        raise
    finally:
        for _, temporary, _ in prepared:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)


def _check_name(path: str | os.PathLike[str]) -> None:
    # Python raises a `ValueError`, which is none of the errors of files.
    if "\0" in os.fspath(path):
        raise OSError(errno.EINVAL, "a name cannot hold the character NUL", os.fspath(path))


def _status(target: str) -> os.stat_result | None:
    try:
        return os.stat(target)
    except FileNotFoundError:
        return None


def _prepared(target: str, data: bytes, old: os.stat_result | None, executable: bool) -> str:
    """A temporary file beside the target, ready to take its place."""
    if old is not None and not os.access(target, os.W_OK):
        # A rename would get around the permissions of the file itself.
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), target)
    import tempfile

    directory, name = os.path.split(target)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{name[:100]}.", suffix=".tmp", dir=directory)
    try:
        with open(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if old is None:
            os.chmod(temporary, (0o777 if executable else 0o666) & ~_umask())
        else:
            if hasattr(os, "chown"):
                with contextlib.suppress(PermissionError):
                    os.chown(temporary, old.st_uid, old.st_gid)
            runs = 0o111 & ~_umask() if executable else 0
            os.chmod(temporary, stat.S_IMODE(old.st_mode) | runs)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    return temporary


def _umask() -> int:
    # The umask can only be read by setting it.
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
