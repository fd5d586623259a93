"""Passes in a copy of the process, for those that end it, or hang where Python cannot interrupt them."""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import signal
import sys
import time
from dataclasses import dataclass
from typing import Any

from approxir.errors import ApproxIRError, MissingDependencyError
from approxir.testing.oracles.failure import OracleFailure
from approxir.testing.subjects import EndlessError, PassSubject, Refusal, Rewritten, signal_name

_GRACE = 1.0
"""Seconds on top of the time limit, within which a pass that can be interrupted is, from inside."""


@dataclass
class IsolatedPasses(PassSubject):
    """A pipeline of passes, each module rewritten in a fork of this process.

    What `Rewritten` holds comes back without the tree. Raises `ApproxIRError` where processes cannot fork.
    """

    def __post_init__(self) -> None:
        if not hasattr(os, "fork"):
            raise ApproxIRError("passes cannot be isolated: this system has no fork")

    def rewrite(self, text: str) -> Rewritten:
        # What is in the buffers would be written twice.
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        ours, theirs = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(ours)
            _answer(theirs, super(), text)
        os.close(theirs)
        try:
            data = _read(ours, time.monotonic() + self.timeout + _GRACE)
        finally:
            os.close(ours)
            # If it has answered, it is ending anyway.
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if data is None:
            message = (
                f"{self.pipeline} did not end within {self.timeout:g} seconds, and could not be interrupted"
            )
            raise EndlessError("crash", message)
        if not data:
            how = f"status {status}" if status >= 0 else signal_name(-status)
            raise OracleFailure("crash", f"{self.pipeline} ended the process with {how}")
        return _told(pickle.loads(data))

    def describe(self) -> dict[str, Any]:
        return {**super().describe(), "isolated": True}


def _answer(pipe: int, passes: Any, text: str) -> None:
    """What the child does. It never returns."""
    try:
        try:
            made = passes.rewrite(text)
            told: tuple[Any, ...] = ("made", made.text, made.changed)
        except Refusal as refusal:
            told = ("refused", str(refusal))
        except OracleFailure as failure:
            told = ("failed", type(failure), failure.oracle, failure.what, failure.where)
        except MissingDependencyError as error:
            told = ("missing", str(error))
        with os.fdopen(pipe, "wb") as stream:
            stream.write(pickle.dumps(told))
        for one in (sys.stdout, sys.stderr):
            if one is not None:
                one.flush()
    finally:
        # Without what is to happen when the process that was copied ends.
        os._exit(1)


def _read(pipe: int, end: float) -> bytes | None:
    """All that is written into a pipe until it is closed; None if that takes too long."""
    data = bytearray()
    while True:
        ready, _, _ = select.select([pipe], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            return None
        piece = os.read(pipe, 1 << 20)
        if not piece:
            return bytes(data)
        data += piece


def _told(answer: tuple[Any, ...]) -> Rewritten:
    match answer:
        case ("made", text, changed):
            return Rewritten(text, None, changed)
        case ("refused", message):
            raise Refusal(message)
        case ("missing", message):
            raise MissingDependencyError(message)
        case ("failed", kind, oracle, what, where):
            raise kind(oracle, what, where=where)
    raise AssertionError(answer)
