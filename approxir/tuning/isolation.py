"""Evaluating in child processes, which may crash or hang without harm to the search.

A child evaluates one configuration after the other, so that what it has compiled and loaded serves them all;
it is replaced when it died or had to be killed. It is the leader of a session of its own: an interrupt from
the terminal does not reach it, and with it everything ends that it has started. When the parent is gone,
however it ended, the child ends itself.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import tempfile
import threading
import uuid
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from multiprocessing.util import Finalize
from typing import Any

from approxir.tuning import sessions
from approxir.tuning.outcomes import Evaluate, Failure, attempt, died, evaluated, judged, timed_out
from approxir.tuning.search_errors import TuningError

_GRACE = 5.0
"""So many seconds a child may take to end by itself."""

_children: dict[tuple[str, int, int], Child] = {}
_lock = threading.Lock()
_starting = threading.Lock()


class Isolated:
    """Evaluates in a child process, one for each process and thread that calls it.

    Args:
        evaluate: what evaluates. If it has a method ``prepare``, the child calls that when it starts, and the
            time limit is not about it.
        time_limit: how many seconds an evaluation may take; None for no limit.
        start: how children are started, ``fork`` or ``spawn``. With ``fork``, the default where there is one,
            `evaluate` may be anything and shares what was loaded before; with ``spawn`` it must be what can
            be pickled.
    """

    def __init__(
        self, evaluate: Evaluate, *, time_limit: float | None = None, start: str | None = None
    ) -> None:
        if time_limit is not None and not time_limit > 0:
            raise TuningError(f"a time limit is a number of seconds above 0, not {time_limit!r}")
        methods = multiprocessing.get_all_start_methods()
        if start is not None and start not in methods:
            raise TuningError(f"processes are started by {', '.join(methods)} here, not by '{start}'")
        self.evaluate = evaluate
        self.time_limit = time_limit
        self.start = start or ("fork" if "fork" in methods else "spawn")
        # Pickled copies, one for each task of an executor, share the child of their process and thread.
        self._token = uuid.uuid4().hex

    def __call__(self, config: Mapping[str, int]) -> Any:
        return self._child().evaluate(config)

    def baseline(self) -> Any:
        """What the evaluation says that the exact program takes, found out in the child; None if nothing."""
        return self._child().baseline()

    def close(self) -> None:
        """End the children that this process has started, what they evaluate included."""
        with _lock:
            mine = [key for key in _children if key[0] == self._token and key[1] == os.getpid()]
            ended = [_children.pop(key) for key in mine]
        for child in ended:
            child.kill()

    def _child(self) -> Child:
        key = (self._token, os.getpid(), threading.get_ident())
        with _lock:
            child = _children.get(key)
        if child is None or not child.alive:
            if child is not None:
                child.kill()
            child = Child(self.evaluate, self.time_limit, multiprocessing.get_context(self.start))
            with _lock:
                _children[key] = child
        return child


class Child:
    """One child process. Raises `TuningError` if it cannot start."""

    def __init__(self, evaluate: Evaluate, time_limit: float | None, context: BaseContext) -> None:
        self._limit = time_limit
        try:
            self._folder = tempfile.mkdtemp(prefix="approxir-")
        except OSError as error:
            raise TuningError(f"there is no room for a temporary folder: {error}") from None
        # A child that another thread forks in between would hold this one's end of the pipe open.
        with _starting:
            self._connection, theirs = context.Pipe()
            inherited = self._connection if context.get_start_method() == "fork" else None
            self._process: BaseProcess = context.Process(  # type: ignore[attr-defined]
                target=_serve, args=(theirs, evaluate, inherited, self._folder), daemon=True
            )
            # Where this process ends without closing anything, its children end first.
            self._end = Finalize(None, self._killed, exitpriority=1)
            try:
                self._process.start()
            except (AttributeError, TypeError, ValueError, OSError, pickle.PicklingError) as error:
                # What pickling raises, for functions that are defined inside others for example.
                self.kill()
                raise TuningError(f"a process for evaluations cannot be started: {error}") from None
            finally:
                theirs.close()
        problem = self._receive(None)
        if problem is not None:
            self.kill()
            raise TuningError(f"evaluations cannot begin: {problem.reason}")

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.is_alive()

    def evaluate(self, config: Mapping[str, int]) -> Any:
        """What came of a configuration, a `Failure` if the child did not survive it."""
        return self._ask(dict(config), self._limit)

    def baseline(self) -> Any:
        """What the exact program takes."""
        return self._ask(None, None)

    def kill(self) -> None:
        """End the process and everything that it has started."""
        self._end()

    def _killed(self) -> None:
        if self._process.pid is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            # Until it has become the leader of its group, there is no such group.
            self._process.kill()
            # As long as nobody has waited for the leader, no other process has its number.
            sessions.end_others(self._process.pid)
            self._process.join(_GRACE)
        self._connection.close()
        sessions.remove(self._folder)

    def _ask(self, request: dict[str, int] | None, limit: float | None) -> Any:
        try:
            self._connection.send(request)
        except (BrokenPipeError, OSError):
            return self._buried()
        return self._receive(limit)

    def _receive(self, limit: float | None) -> Any:
        try:
            if not self._connection.poll(limit):
                self.kill()
                assert limit is not None
                return timed_out(limit)
            return self._connection.recv()
        except (EOFError, ConnectionResetError):
            return self._buried()
        except KeyboardInterrupt:
            self.kill()
            raise

    def _buried(self) -> Failure:
        if self._process.pid is not None:
            sessions.end_others(self._process.pid)
        self._process.join(_GRACE)
        status = self._process.exitcode
        self.kill()
        return died(status)


def _serve(connection: Connection, evaluate: Evaluate, inherited: Connection | None, folder: str) -> None:
    """What a child does."""
    if inherited is not None:
        # The parent's end, which a child must not hold: it would never see that the parent is gone.
        inherited.close()
    sessions.begin(folder)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, args=(folder,), daemon=True).start()
    # Where the parent is gone, there is nobody to tell.
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        try:
            _answer(connection, evaluate)
        finally:
            sessions.remove(folder)


def _answer(connection: Connection, evaluate: Evaluate) -> None:
    prepare: Callable[[], Any] = getattr(evaluate, "prepare", lambda: None)
    baseline: Callable[[], Any] = getattr(evaluate, "baseline", lambda: None)
    begun = attempt(lambda _: prepare(), {})
    connection.send(begun if isinstance(begun, Failure) else None)
    while True:
        request = connection.recv()
        if request is None:
            found = attempt(lambda _: baseline(), {})
            connection.send(found if found is None else judged(found, {}))
        else:
            # Only what is plain goes through the pipe, whatever the evaluation returned.
            connection.send(evaluated(evaluate, request, 0, static=False))


def _end_with_parent(folder: str) -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        sessions.end_others(os.getpid())
        sessions.remove(folder)
        os.killpg(0, signal.SIGKILL)
