"""Running a real MLIR outside this process: the child with the bindings, and programs like `mlir-opt`."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from approxir.codegen import mlir_report
from approxir.codegen.mlir_report import Report
from approxir.errors import ApproxIRError

TIMEOUT = 300.0
"""Seconds after which a real MLIR is given up."""


class UpstreamError(ApproxIRError):
    """A real MLIR crashed or did not answer in time, so it is not known what it thinks of the text."""


class Child:
    """A child process that answers questions, each a line of JSON, started at the first one.

    Args:
        name: what it is called in messages, and its argument.
        script: the Python file that it runs.
        timeout: seconds after which an answer is given up.
    """

    def __init__(self, name: str, script: Path, timeout: float = TIMEOUT) -> None:
        self.name = name
        self.timeout = timeout
        self._script = script
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._stderr: IO[bytes] | None = None
        self._owner = 0

    def close(self) -> None:
        """End the child process; the next question starts another."""
        with self._lock:
            self._end()

    def ask(self, request: dict[str, Any], timeout: float | None = None) -> dict[str, Any]:
        """The answer to a question; raises `UpstreamError` where the child crashes or takes too long."""
        timeout = self.timeout if timeout is None else timeout
        line = json.dumps(request)
        with self._lock:
            process = self._running()
            assert process.stdin is not None
            assert process.stdout is not None
            late = threading.Event()

            def give_up() -> None:
                late.set()
                process.kill()

            timer = threading.Timer(timeout, give_up)
            timer.start()
            try:
                # A child that died breaks the pipe; that there is no reply tells it.
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.write(line + "\n")
                    process.stdin.flush()
                reply = process.stdout.readline()
            except BaseException:
                # The reply to this question must not be taken for the reply to the next one.
                process.kill()
                self._end()
                raise
            finally:
                timer.cancel()
            if not reply:
                raise self._failure(timeout if late.is_set() else None)
        answer: dict[str, Any] = json.loads(reply)
        return answer

    def _running(self) -> subprocess.Popen[str]:
        if self._process is not None and self._owner == os.getpid():
            return self._process
        # After a fork the child process belongs to the parent, which goes on using its pipes.
        self._owner = os.getpid()
        # A pipe that nobody reads while waiting for the reply could fill up and stop the child.
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the child
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(self._script), self.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
            encoding="utf-8",
        )
        atexit.register(self.close)
        return self._process

    def _failure(self, timeout: float | None) -> UpstreamError:
        process, stderr = self._process, self._stderr
        assert process is not None
        assert stderr is not None
        status = process.wait()
        stderr.seek(0)
        said = stderr.read().decode("utf-8", errors="replace")
        self._end()
        return _ended(self.name, timeout, status, said)

    def _end(self) -> None:
        process, stderr = self._process, self._stderr
        self._process = self._stderr = None
        if process is not None and self._owner == os.getpid():
            for pipe in (process.stdin, process.stdout, stderr):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
            process.wait()
            atexit.unregister(self.close)


class Bindings(Child):
    """One set of MLIR's Python bindings in a child process, started at the first question."""

    def __init__(self, name: str, timeout: float = TIMEOUT) -> None:
        super().__init__(name, Path(__file__).with_name("mlir_worker.py"), timeout)
        self._known: dict[str, bool] = {}

    def known(self, dialects: set[str]) -> set[str]:
        """Those of the dialects that the bindings have."""
        if new := sorted(dialects - self._known.keys()):
            found = set(self.ask({"op": "dialects", "names": new})["known"])
            self._known.update((name, name in found) for name in new)
        return {name for name in dialects if self._known[name]}

    def check(self, text: str, allow_unregistered: bool) -> Report:
        """Parse and verify a text."""
        request = {"op": "check", "text": text, "allow_unregistered": allow_unregistered}
        return mlir_report.from_bindings(self.ask(request))

    def generic(self, text: str, allow_unregistered: bool, locations: bool) -> Report:
        """Parse and verify a text and print it in the generic form."""
        request = {"op": "generic", "text": text, "allow_unregistered": allow_unregistered}
        return mlir_report.from_bindings(self.ask({**request, "locations": locations}))

    def run_passes(self, text: str, pipeline: str, refused: Sequence[str], timeout: float) -> Report:
        """Run passes over a text; operations of the refused dialects must not be left afterwards."""
        request = {"op": "run", "text": text, "pipeline": pipeline, "refused": list(refused)}
        return mlir_report.from_bindings(self.ask(request, timeout))


class Program:
    """`mlir-opt` or a program that takes its options; each question runs it once."""

    def __init__(self, path: str, timeout: float = TIMEOUT) -> None:
        self.path = path
        self.timeout = timeout
        self._known: set[str] | None = None

    def version(self) -> str | None:
        """The version that the program gives itself."""
        _, output, _ = self._run(["--version"])
        found = re.search(r"version (\S+)", output)
        return found[1] if found else None

    def known(self, dialects: set[str]) -> set[str]:
        """Those of the dialects that the program has."""
        if self._known is None:
            _, output, _ = self._run(["--show-dialects"])
            self._known = set(re.split(r"[\s,]+", output.partition(":")[2].strip()))
        return dialects & self._known

    def check(self, text: str, allow_unregistered: bool) -> Report:
        """Parse and verify a text."""
        return self.generic(text, allow_unregistered, locations=False)

    def generic(self, text: str, allow_unregistered: bool, locations: bool) -> Report:
        """Parse and verify a text and print it in the generic form."""
        options = ["-", "--mlir-print-op-generic", "--mlir-disable-threading"]
        if allow_unregistered:
            options.append("--allow-unregistered-dialect")
        if locations:
            options.append("--mlir-print-debuginfo")
        status, output, said = self._run(options, text)
        report = mlir_report.from_stderr(said, status == 0, output)
        if status != 0 and not any(entry.severity == "error" for entry in report.entries):
            raise _ended(self.path, None, status, said)
        return report

    def run_passes(self, text: str, pipeline: str) -> Report:
        """Run passes over a text; in the result operations have the places that they come from.

        Raises `UpstreamError` where the program does not have all of the passes.
        """
        options = ["-", "--mlir-disable-threading", "--mlir-print-debuginfo", f"--pass-pipeline={pipeline}"]
        status, output, said = self._run(options, text)
        report = mlir_report.from_stderr(said, status == 0, output)
        if status == 0:
            return report
        if self._run(options, "module {}")[0] or not any(one.severity == "error" for one in report.entries):
            raise _ended(self.path, None, status, said)
        return report

    def _run(self, options: list[str], text: str = "") -> tuple[int, str, str]:
        try:
            done = subprocess.run(
                [self.path, *options], input=text.encode("utf-8"), capture_output=True, timeout=self.timeout
            )
        except subprocess.TimeoutExpired:
            raise _ended(self.path, self.timeout, 0, "") from None
        except OSError as error:
            raise UpstreamError(f"{self.path} cannot be run: {error.strerror}") from None
        return (
            done.returncode,
            done.stdout.decode("utf-8", errors="replace"),
            done.stderr.decode("utf-8", errors="replace"),
        )


def _ended(name: str, timeout: float | None, status: int, said: str) -> UpstreamError:
    if timeout is not None:
        return UpstreamError(f"{name} did not answer within {timeout:g} seconds")
    if status < 0:
        # What else it wrote is a stack trace of its own.
        told = [line for line in said.split("\n") if line.startswith("LLVM ERROR:")]
        return UpstreamError("\n  ".join([f"{name} was ended by signal {-status} without a verdict", *told]))
    message = [f"{name} ended with status {status} without a verdict", *said.strip().split("\n")[-5:]]
    return UpstreamError("\n  ".join(message).rstrip())
