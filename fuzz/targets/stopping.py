"""Inputs that end the process, each tried in a process of its own: ``python -m ...stopping TARGET FILE``.

Writes the shortest input that was found back to the file. The exit status is 0 if the input in it ends a
process, and 1 if it does not.
"""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

from approxir.testing.targets import Target, load_target
from approxir.testing.targets.findings import examine, minimise

_PROCESSOR_SECONDS = 10
_BYTES = 4 << 30
_BUDGET = 200
_HANGS = 20


class _Trial:
    """Says whether inputs end the process; those that take their time are tried but a few times."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.hangs = 0

    def __call__(self, data: bytes) -> bool:
        if self.hangs >= _HANGS:
            return False
        child = os.fork()
        if child == 0:
            self._run(data)
        _, status, used = os.wait4(child, 0)
        self.hangs += used.ru_utime + used.ru_stime > _PROCESSOR_SECONDS / 2
        return status != 0

    def _run(self, data: bytes) -> None:
        status = 1
        try:
            resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
            resource.setrlimit(resource.RLIMIT_CPU, (_PROCESSOR_SECONDS, _PROCESSOR_SECONDS + 1))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            found = examine(self.target, data)
            # Other errors are found where the process lives on.
            status = int(found is not None and "MemoryError" in found.signature)
        finally:
            os._exit(status)


def main(name: str, path: Path) -> int:
    """Make the input in a file small; the exit status."""
    trial = _Trial(load_target(name))
    data = path.read_bytes()
    if not trial(data):
        return 1
    path.write_bytes(minimise(data, trial, _BUDGET))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
