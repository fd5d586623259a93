"""What is tested: something that makes one module of another one, here or in another program."""

from __future__ import annotations

import contextlib
import shlex
import shutil
import signal
import tempfile
import threading
import traceback
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any

from approxir.errors import ApproxIRError, DiagnosticError, MissingDependencyError
from approxir.files import decode
from approxir.ir.module import Module, parse
from approxir.passes.pipeline import run_pipeline
from approxir.testing.oracles.failure import OracleFailure
from approxir.testing.processes import MOST_OUTPUT, run_program

INPUT = "{input}"
"""What stands for the file with the module in a command."""

TIMEOUT = 20.0
"""Seconds after which a pass or a command counts as one that does not end."""


_LEAST = 1.0
"""Seconds that a subject in a hurry is given at least."""


class Refusal(ApproxIRError):
    """The subject says that it cannot do what is asked for, which it may."""


class EndlessError(OracleFailure):
    """The subject did not end in time."""


class CommandError(ApproxIRError, ValueError):
    """A command cannot be run at all."""


@dataclass
class Rewritten:
    """What became of a module.

    Attributes:
        text: the module, printed.
        module: the tree, where the rewriting left one; else None.
        changed: whether the subject said that it changed something; None where it cannot say that.
    """

    text: str
    module: Module | None = None
    changed: bool | None = None


class Subject(ABC):
    """Something that rewrites modules."""

    name: str
    """For messages and for names of files."""

    @abstractmethod
    def rewrite(self, text: str) -> Rewritten:
        """What becomes of a module.

        Raises:
            Refusal: the subject reports an error that it means to report.
            OracleFailure: of the oracle ``crash``: it crashed, or did not end in time.
        """

    def hurried(self, times: int) -> Subject:
        """The same subject with a part of the time to rewrite a module, but a second at least; itself if it
        has no such limit or a short one.
        """
        return self

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """What a reproducer has to know to make the subject again."""


@dataclass
class PassSubject(Subject):
    """A pipeline of registered passes, such as ``"my-pass"`` or ``"emit-approx,my-pass{option=1}"``.

    Attributes:
        pipeline: the passes.
        timeout: seconds that they may take.
        load: the files that registered them, for reproducers.
    """

    pipeline: str
    timeout: float = TIMEOUT
    load: Sequence[str] = field(default=())

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.pipeline

    def rewrite(self, text: str) -> Rewritten:
        module = parse(text)
        try:
            with _limited(self.timeout):
                changed = run_pipeline(module, self.pipeline)
                made = str(module)
        except DiagnosticError as error:
            # Other errors of approxir's say that the pass asked for what cannot be, and not where and why.
            raise Refusal(str(error)) from error
        except MissingDependencyError:
            raise
        except _TookTooLong:
            message = f"{self.pipeline} did not end within {self.timeout:g} seconds"
            raise EndlessError("crash", message) from None
        except (Exception, SystemExit) as error:
            # A pass is a stranger's code, and any exception but a refusal is a finding about it.
            shown = traceback.format_exception(error)
            place = traceback.extract_tb(error.__traceback__)[-1]
            raise OracleFailure(
                "crash",
                f"{self.pipeline} raised {type(error).__name__}: {error}",
                where=f"{Path(place.filename).name}, line {place.lineno}\n" + "".join(shown).rstrip(),
            ) from error
        return Rewritten(made, module, changed)

    def hurried(self, times: int) -> Subject:
        seconds = max(self.timeout / times, _LEAST)
        return replace(self, timeout=seconds) if seconds < self.timeout else self

    def describe(self) -> dict[str, Any]:
        return {"pass": self.pipeline, "load": list(self.load)}


@dataclass
class CommandSubject(Subject):
    """A program that reads a module from a file or from standard input and writes one to standard output.

    Attributes:
        command: the command line, by the rules of a shell for words and quotes; ``{input}`` in it is the path
            of the module's file, and without it the module goes to standard input.
        timeout: seconds that it may take.

    Raises `CommandError` where there is no such program.
    """

    command: str
    timeout: float = TIMEOUT

    def __post_init__(self) -> None:
        try:
            words = shlex.split(self.command)
        except ValueError as error:
            raise CommandError(f"the command {self.command!r} cannot be read: {error}") from None
        if not words:
            raise CommandError("the command is empty")
        if shutil.which(words[0]) is None:
            raise CommandError(f"the command names '{words[0]}', which is no program that can be found")
        self._words = words

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.command

    def rewrite(self, text: str) -> Rewritten:
        data = text.encode()
        if any(INPUT in word for word in self._words):
            with tempfile.TemporaryDirectory(prefix="approxir-fuzz-") as folder:
                path = Path(folder) / "input.mlir"
                path.write_bytes(data)
                return self._run([word.replace(INPUT, str(path)) for word in self._words], b"")
        return self._run(self._words, data)

    def _run(self, words: Sequence[str], data: bytes) -> Rewritten:
        try:
            done = run_program(words, data, seconds=self.timeout)
        except OSError as error:
            raise CommandError(f"{words[0]} cannot be run: {error.strerror or error}") from error
        message = done.said.decode(errors="replace").strip()
        where = f"{self.command}\n{_tail(message)}".rstrip()
        if done.stopped == "time":
            what = f"the command did not end within {self.timeout:g} seconds"
            raise EndlessError("crash", what, where=where)
        if done.stopped == "size":
            what = f"the command wrote more than {MOST_OUTPUT >> 20} MiB"
            raise OracleFailure("crash", what, where=where)
        status = done.status
        if status < 0 or 128 < status <= 128 + 64:
            # A shell in between reports a signal as 128 plus its number.
            number = -status if status < 0 else status - 128
            raise OracleFailure("crash", f"the command was ended by {signal_name(number)}", where=where)
        if status != 0:
            raise Refusal(message or f"the command ended with status {status} and said nothing")
        try:
            return Rewritten(decode(done.output, "<output of the command>"))
        except ApproxIRError as error:
            what = "the command ended with status 0, and what it wrote is no text"
            raise OracleFailure("crash", what, where=f"{where}\n{error}") from None

    def hurried(self, times: int) -> Subject:
        seconds = max(self.timeout / times, _LEAST)
        return replace(self, timeout=seconds) if seconds < self.timeout else self

    def describe(self) -> dict[str, Any]:
        return {"command": self.command}


def _tail(text: str, lines: int = 12) -> str:
    return "\n".join(text.splitlines()[-lines:])


def signal_name(number: int) -> str:
    """What a signal is called."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


class _TookTooLong(BaseException):
    """Not an `Exception`, which a pass might catch."""


@contextlib.contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Interrupt the code inside after a time; only where signals can do it, in the main thread."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise _TookTooLong

    previous = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
