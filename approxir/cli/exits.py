"""How a program ends: every way to fail becomes one message on standard error and an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from approxir.cli import streams
from approxir.errors import ApproxIRError

SUCCESS = 0
FINDINGS = 1
WRONG_USAGE = 2
# What a shell reports for a program that a signal ended: 128 plus the signal's number.
INTERRUPTED = 128 + 2
BROKEN_PIPE = 128 + 13


class BrokenPipe(Exception):
    """Whoever reads our output has stopped reading."""


def guard(action: Callable[[], int], program: str) -> int:
    """Run a program's work and return its exit status.

    Bad input, missing files and failing writes end in one message, never in a traceback; an interrupt and a
    reader that has stopped reading end without any.
    """
    try:
        status = action()
        if sys.stdout is not None:
            sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        return INTERRUPTED
    except (BrokenPipeError, BrokenPipe):
        _silence_stdout()
        return BROKEN_PIPE
    except ApproxIRError as error:
        report(str(error))
        return FINDINGS
    except OSError as error:
        _silence_stdout()
        report(streams.describe(error, program))
        return FINDINGS
    except UnicodeEncodeError as error:
        # A name with bytes that are not UTF-8, on a stream that takes none.
        report(f"{program}: {error.object[error.start : error.end]!r} cannot be written as {error.encoding}")
        return FINDINGS


def report(message: str) -> None:
    """Print a message on standard error."""
    if sys.stderr is None:
        # Given None, print takes standard output.
        return
    try:
        print(message, file=sys.stderr)
    except OSError:
        # Standard error is closed or full: the exit status has to say it alone.
        return


def _silence_stdout() -> None:
    """Send what is left in the buffer nowhere, so that the interpreter's exit does not fail on it again."""
    if sys.stdout is None:
        return
    try:
        descriptor = sys.stdout.fileno()
    except (OSError, ValueError):
        # Something else than a file stands in for standard output, as under a test.
        return
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, descriptor)
    os.close(devnull)
