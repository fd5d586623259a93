"""Evaluating configurations by a program that is run for each of them."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import shlex
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from approxir.knobs.files import dump_config
from approxir.tuning import sessions
from approxir.tuning.outcomes import Failure, died, timed_out
from approxir.tuning.search_errors import TuningError

PLACE = "{config}"
_MOST = 1 << 20
"""So many bytes a program may print."""
_GLANCE = 0.2


class CommandEvaluator:
    """Runs a command for each configuration and reads what it prints.

        evaluate = CommandEvaluator("./benchmark --config {config}", time_limit=60)

    ``{config}`` becomes the path of a configuration file (JSON, as `approxir set --config` reads it), which
    is gone afterwards. The last line that the program prints on standard output is a JSON object with
    ``time_ms`` and ``quality``, and ``samples_ms`` and ``details`` if it likes; what comes before and what
    goes to standard error is its own affair.

    A program that a signal ends, that returns another status than 0, takes too long, prints something else or
    more than a mebibyte makes a failure. It runs in a group of processes of its own, and all that it has
    started ends with it.

    Args:
        command: the program and its arguments, as a list or as a shell would split it; no shell runs it.
        time_limit: how many seconds it may take; None for no limit.
        cwd: the folder in which it runs.
        environment: variables that are set for it besides those of this process.

    Raises `TuningError` for a command without ``{config}``.
    """

    def __init__(
        self,
        command: str | Sequence[str],
        *,
        time_limit: float | None = None,
        cwd: str | os.PathLike[str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        try:
            self.command = (
                shlex.split(command) if isinstance(command, str) else [str(part) for part in command]
            )
        except ValueError as error:
            raise TuningError(f"the command '{command}' cannot be split: {error}") from None
        if not any(PLACE in part for part in self.command[1:]):
            raise TuningError(f"a command says where the configuration goes: an argument holds {PLACE}")
        if time_limit is not None and not time_limit > 0:
            raise TuningError(f"a time limit is a number of seconds above 0, not {time_limit!r}")
        self.time_limit = time_limit
        self.cwd = cwd
        self.environment = dict(environment or {})

    def __call__(self, config: Mapping[str, int]) -> Any:
        """What the program says about a configuration, or a `Failure`."""
        # In a child process that evaluates, whoever ends that one ends the program and removes the folder.
        with tempfile.TemporaryDirectory(prefix="approxir-", dir=sessions.own_folder()) as folder:
            path = Path(folder) / "config.json"
            path.write_text(dump_config(config), encoding="utf-8")
            return self._run([part.replace(PLACE, str(path)) for part in self.command])

    def _run(self, command: list[str]) -> Any:
        shared = sessions.own_folder() is not None
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=self.cwd,
                env={**os.environ, **self.environment},
                # The program has a group of its own, and no session where this process has one to itself.
                start_new_session=not shared,
                process_group=0 if shared else None,
            )
        except OSError as error:
            return Failure(f"exception: {command[0]} cannot be run: {error.strerror}")
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            out, err, failure = self._read(process, process.stdout, process.stderr)
        finally:
            # What it has started may hold the pipes open.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            process.stdout.close()
            process.stderr.close()
        said = err.decode("utf-8", "replace").strip()
        details = {"stderr": said[-2000:]} if said else {}
        if failure is not None:
            return Failure(failure.reason, details)
        if process.returncode < 0:
            return Failure(died(process.returncode).reason, details)
        if process.returncode:
            last = f": {said.splitlines()[-1]}" if said else ""
            return Failure(f"crash: ended with status {process.returncode}{last}"[:500], details)
        return _outcome(out, details)

    def _read(
        self, process: subprocess.Popen[bytes], out: IO[bytes], err: IO[bytes]
    ) -> tuple[bytes, bytes, Failure | None]:
        """What the program prints until it ends; the failure if it must not go on."""
        end = None if self.time_limit is None else time.monotonic() + self.time_limit
        held = {out: bytearray(), err: bytearray()}
        with selectors.DefaultSelector() as selector:
            for stream in held:
                os.set_blocking(stream.fileno(), False)
                selector.register(stream, selectors.EVENT_READ)
            while True:
                ended = process.poll() is not None
                wait = 0.0 if ended else _GLANCE
                if end is not None:
                    wait = min(wait, max(0.0, end - time.monotonic()))
                ready = selector.select(wait) if selector.get_map() else []
                if not selector.get_map() and not ended:
                    # Both streams are closed, and the program goes on.
                    time.sleep(min(wait, 0.01))
                for key, _ in ready:
                    data = os.read(key.fd, 1 << 16)
                    if not data:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is err:
                        held[err] = (held[err] + data)[-_MOST:]
                    else:
                        held[out] += data
                if len(held[out]) > _MOST:
                    return b"", bytes(held[err]), Failure("garbage: more than a mebibyte was printed")
                if ended and not ready:
                    return bytes(held[out]), bytes(held[err]), None
                if end is not None and time.monotonic() >= end:
                    assert self.time_limit is not None
                    return b"", bytes(held[err]), timed_out(self.time_limit)

    def __repr__(self) -> str:
        return f"<CommandEvaluator: {shlex.join(self.command)}>"


def _outcome(out: bytes, details: Mapping[str, Any]) -> Any:
    """What the last line says."""
    lines = [line for line in out.decode("utf-8", "replace").splitlines() if line.strip()]
    if not lines:
        return Failure("garbage: nothing was printed", details)
    shown = lines[-1] if len(lines[-1]) <= 80 else lines[-1][:77] + "..."
    try:
        found = json.loads(lines[-1])
    except (ValueError, RecursionError):
        return Failure(f"garbage: the last line is no JSON: {shown}", details)
    if not isinstance(found, dict):
        return Failure(f"garbage: the last line is no object: {shown}", details)
    if details and isinstance(found.get("details", {}), dict):
        found["details"] = {**details, **found.get("details", {})}
    return found
