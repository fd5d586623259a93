"""What is tested: something that makes one module of another one, here or in another program."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import threading
import traceback
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from approxir.errors import ApproxIRError
from approxir.files import decode
from approxir.ir.module import Module, parse
from approxir.passes.pipeline import run_pipeline
from approxir.testing.oracles.failure import OracleFailure

INPUT = "{input}"
"""What stands for the file with the module in a command."""

TIMEOUT = 20.0
"""Seconds after which a pass or a command counts as one that does not end."""


class Refusal(ApproxIRError):
    """The subject says that it cannot do what is asked for, which it may."""


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
        except ApproxIRError as error:
            raise Refusal(str(error)) from error
        except _TookTooLong:
            message = f"{self.pipeline} did not end within {self.timeout:g} seconds"
            raise OracleFailure("crash", message) from None
        except Exception as error:
            # A pass is a stranger's code, and any exception but a refusal is a finding about it.
            shown = traceback.format_exception(error)
            place = traceback.extract_tb(error.__traceback__)[-1]
            raise OracleFailure(
                "crash",
                f"{self.pipeline} raised {type(error).__name__}: {error}",
                where=f"{Path(place.filename).name}, line {place.lineno}\n" + "".join(shown).rstrip(),
            ) from error
        return Rewritten(made, module, changed)

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
            process = subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                # So that what it starts itself can be ended with it.
                start_new_session=True,
            )
        except OSError as error:
            raise CommandError(f"{words[0]} cannot be run: {error.strerror or error}") from error
        try:
            output, said = process.communicate(data, timeout=self.timeout)
        except subprocess.TimeoutExpired:
            message = f"the command did not end within {self.timeout:g} seconds"
            raise OracleFailure("crash", message, where=self.command) from None
        finally:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
        message = said.decode(errors="replace").strip()
        status = process.returncode
        if status < 0 or 128 < status <= 128 + 64:
            # A shell in between reports a signal as 128 plus its number.
            number = -status if status < 0 else status - 128
            where = f"{self.command}\n{_tail(message)}"
            raise OracleFailure("crash", f"the command was ended by {_signal(number)}", where=where)
        if status != 0:
            raise Refusal(message or f"the command ended with status {status} and said nothing")
        return Rewritten(decode(output, "<output of the command>"))

    def describe(self) -> dict[str, Any]:
        return {"command": self.command}


def _tail(text: str, lines: int = 12) -> str:
    return "\n".join(text.splitlines()[-lines:])


def _signal(number: int) -> str:
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
