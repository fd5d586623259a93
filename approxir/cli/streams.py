"""Where subcommands read from and write to: files, and standard input and output as ``-``."""

from __future__ import annotations

import errno
import os
import sys
from typing import TextIO

from approxir import files

STDIO = "-"


def read(path: str, *, hint: str = files.NO_MLIR) -> tuple[str, str]:
    """The text behind a command line argument, and the name to show for it.

    `hint` is what the error says about a text that is not UTF-8.
    """
    if path == STDIO:
        data = _opened(sys.stdin, "<stdin>").buffer.read()
        return files.decode(data, "<stdin>", hint=hint), "<stdin>"
    return files.read_text(path, hint=hint), path


def write(path: str, text: str) -> None:
    """Write a text as it is to a file, or to standard output for ``-``.

    Bytes that are not UTF-8, as names may hold them, are written as they were.
    """
    if path == STDIO:
        # Text mode would turn line ends into the system's.
        stdout = _opened(sys.stdout, "<stdout>")
        stdout.flush()
        rest = memoryview(files.encode(text))
        while rest:
            # With PYTHONUNBUFFERED the stream is the bare file, which may take less than it is given.
            rest = rest[stdout.buffer.write(rest) :]
        stdout.buffer.flush()
    else:
        files.write_text_atomic(path, text)


def describe(error: OSError, program: str = "approxir") -> str:
    """An operating system's error as the line that goes to standard error."""
    what = error.strerror or str(error)
    return f"{program}: {error.filename}: {what}" if error.filename is not None else f"{program}: {what}"


def _opened(stream: TextIO | None, name: str) -> TextIO:
    # Python has None for a standard stream that was closed before the program started.
    if stream is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF), name)
    return stream
