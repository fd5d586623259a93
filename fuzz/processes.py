"""Running a program that may do anything: crash, hang, print without end, leave others running."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Literal

MOST_OUTPUT = 64 << 20
"""Bytes on standard output after which a program counts as one that prints without end."""

_MOST_SAID = 1 << 20
_PIECE = 1 << 16
_GLANCE = 0.1
"""Seconds after which we look whether the program has ended while something else holds its streams open."""


@dataclass(frozen=True)
class Ended:
    """How a program ended.

    Attributes:
        status: its status; negative, the number of the signal that ended it.
        output: what it wrote to standard output, and `said` the end of what it wrote to standard error.
        said: see `output`.
        stopped: why it was ended from outside: ``"time"`` or ``"size"``; None if it ended by itself.
    """

    status: int
    output: bytes
    said: bytes
    stopped: Literal["time", "size"] | None = None


def run_program(words: Sequence[str], data: bytes, *, seconds: float) -> Ended:
    """Run a program with `data` on its standard input, and end it with all that it has started.

    It need not read its input. Raises `OSError` where it cannot be started.
    """
    process = subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A group of its own, which can be ended as a whole, and which an interrupt does not reach.
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    streams = (process.stdin, process.stdout, process.stderr)
    try:
        output, said, stopped = _exchange(process, *streams, data, time.monotonic() + seconds)
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in streams:
            with contextlib.suppress(BrokenPipeError):
                stream.close()
    return Ended(process.returncode, output, said, stopped)


def _exchange(
    process: subprocess.Popen[bytes],
    given: IO[bytes],
    out: IO[bytes],
    err: IO[bytes],
    data: bytes,
    end: float,
) -> tuple[bytes, bytes, Literal["time", "size"] | None]:
    output, said = bytearray(), bytearray()
    left = memoryview(data)
    with selectors.DefaultSelector() as selector:
        for stream in (given, out, err):
            os.set_blocking(stream.fileno(), False)
            selector.register(stream, selectors.EVENT_WRITE if stream is given else selectors.EVENT_READ)
        while True:
            ended = process.poll() is not None
            wait = 0.0 if ended else max(0.0, min(_GLANCE, end - time.monotonic()))
            ready = selector.select(wait) if selector.get_map() else []
            if not selector.get_map() and not ended:
                # All streams are closed, and the program goes on.
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(wait)
            for key, _ in ready:
                if key.fileobj is given:
                    try:
                        left = left[os.write(key.fd, left[:_PIECE]) :]
                    except BrokenPipeError:
                        left = left[:0]
                    if not left:
                        selector.unregister(given)
                        given.close()
                    continue
                piece = os.read(key.fd, _PIECE)
                if not piece:
                    selector.unregister(key.fileobj)
                elif key.fileobj is out:
                    output += piece
                else:
                    said += piece
                    del said[:-_MOST_SAID]
            if len(output) > MOST_OUTPUT:
                return b"", bytes(said), "size"
            if ended and not any(key.fileobj is not given for key, _ in ready):
                # What it wrote is read; what it has started may hold the streams open for ever.
                return bytes(output), bytes(said), None
            if time.monotonic() >= end:
                return b"", bytes(said), "time"
