"""What a child process that evaluates has to itself: a session of processes and a folder.

Whoever ends the child ends the whole session, with the programs that were started in it, and removes the
folder: the child, which hangs or is dead, cannot.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess

_folder: str | None = None


def begin(folder: str) -> None:
    """Make this process, a child, the leader of a session, with a folder for files that end with it."""
    global _folder
    os.setsid()
    _folder = folder


def own_folder() -> str | None:
    """The folder of this process' session; None if it has none to itself."""
    return _folder


def end_others(leader: int) -> None:
    """Kill all processes of a session but its leader."""
    known: set[int] = set()
    # What is being started while the others are looked for is found the next time.
    while new := _members(leader) - known - {leader}:
        for pid in new:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        known |= new


def remove(folder: str) -> None:
    """Remove the folder of a session that has ended."""
    shutil.rmtree(folder, ignore_errors=True)


def _members(leader: int) -> set[int]:
    return {pid for pid in _processes() if _session(pid) == leader}


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return None


def _processes() -> list[int]:
    """The numbers of all processes."""
    try:
        names = os.listdir("/proc")
    except FileNotFoundError:
        listed = subprocess.run(["ps", "-A", "-o", "pid="], capture_output=True, text=True, check=False)
        names = listed.stdout.split()
    return [int(name) for name in names if name.isdecimal()]
