"""Findings as files: a module with comments that say what is wrong with it, from which it can be replayed."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from approxir._version import __version__
from approxir.errors import ApproxIRError
from approxir.files import read_text, write_text_atomic
from approxir.testing.examination import ORACLES, Case, Examination
from approxir.testing.isolating import IsolatedPasses
from approxir.testing.loading import load_file
from approxir.testing.oracles.failure import OracleFailure
from approxir.testing.oracles.running import MAX_STEPS, Call, shown
from approxir.testing.search import Finding
from approxir.testing.subjects import TIMEOUT, CommandSubject, PassSubject, Subject

_MARK = "// approxir-fuzz: "
_TITLE = "// A finding of approxir fuzz."


class ReproducerError(ApproxIRError, ValueError):
    """A file is no reproducer that this version can replay."""


@dataclass
class Reproducer:
    """Everything that it takes to see a finding again.

    Attributes:
        case: the module and what is called of it.
        subject: what rewrites it.
        oracle: the name of the oracle that found something.
        max_steps: how many operations a call may execute.
        prepare: passes that run before the subject.
        seed: of the search that found it, and `example` the number of the example.
        example: see `seed`.
    """

    case: Case
    subject: Subject
    oracle: str
    max_steps: int = MAX_STEPS
    prepare: str = ""
    seed: int = 0
    example: int = 0

    def replay(self) -> str | None:
        """Ask the oracle again, and return what the subject says if it refuses the module now, else None.

        Raises `OracleFailure` where the finding is still there.
        """
        held = Examination(self.case, self.subject, max_steps=self.max_steps, prepare=self.prepare)
        crash = held.run([self.oracle] if self.oracle in ORACLES else [])["crash"]
        return crash.removeprefix("refused: ") if crash.startswith("refused: ") else None

    def text(self, failure: OracleFailure, folder: str | os.PathLike[str] = ".") -> str:
        """The file: comments that say what was found, and the module.

        Files that register passes are named as seen from `folder`, in which the file is to be.
        """
        held = self.subject.describe()
        if "load" in held:
            held["load"] = [os.path.relpath(file, folder) for file in held["load"]]
        said = str(failure).splitlines()
        lines = [
            _TITLE,
            "//",
            *[f"// {line}".rstrip() for line in said],
            "//",
            *(
                [f"// Tested: the passes {held['pass']}"]
                if "pass" in held
                else [f"// Tested: {held['command']}"]
            ),
            *([f"// After the passes {self.prepare}"] if self.prepare else []),
            f"// Oracle {self.oracle}, example {self.example} of the seed {self.seed}",
            *[f"// Call: {call}" for call in self.case.calls],
            f"// Versions: {versions()}",
            "// Replay it with: approxir fuzz --replay FILE",
            _MARK + json.dumps({**self._record(), "subject": held}, sort_keys=True),
            "",
        ]
        return "\n".join(lines) + self.case.text

    def _record(self) -> dict[str, Any]:
        return {
            "version": 1,
            "timeout": getattr(self.subject, "timeout", TIMEOUT),
            "oracle": self.oracle,
            "max_steps": self.max_steps,
            "prepare": self.prepare,
            "seed": self.seed,
            "example": self.example,
            "config": dict(self.case.config),
            "calls": [
                {"function": call.function, "arguments": [_encoded(value) for value in call.arguments]}
                for call in self.case.calls
            ],
        }


def versions() -> str:
    """The versions on which a finding may depend, in one line."""
    parts = [f"approxir {__version__}", f"Python {platform.python_version()}"]
    for name in ("hypothesis", "numpy"):
        parts.append(f"{name} {metadata.version(name)}")
    return ", ".join(parts)


def write_reproducer(
    folder: str | os.PathLike[str],
    finding: Finding,
    subject: Subject,
    *,
    seed: int,
    max_steps: int = MAX_STEPS,
    prepare: str = "",
) -> Path:
    """Write a finding into a folder, which is made if it does not exist, and return the file.

    The name comes from the subject, the oracle and the module: the same finding has the same name, whoever
    finds it. Raises `OSError`.
    """
    held = Reproducer(
        finding.case, subject, finding.failure.oracle, max_steps, prepare, seed, finding.example
    )
    digest = hashlib.sha256(finding.case.text.encode()).hexdigest()[:10]
    word = re.sub(r"[^A-Za-z0-9]+", "-", Path(subject.name.split()[0]).name).strip("-")[:40]
    path = Path(folder) / f"{word}-{held.oracle}-{digest}.mlir"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text_atomic(path, held.text(finding.failure, path.parent))
    return path


def read_reproducer(path: str | os.PathLike[str], *, load: Sequence[str] = ()) -> Reproducer:
    """A reproducer from its file; the files that register its passes are loaded, or those in `load` instead.

    Raises `ReproducerError`, `LoadError`, `UnknownPassError` and `OSError`.
    """
    text = read_text(path)
    lines = text.split("\n")
    number = next((n for n, line in enumerate(lines) if line.startswith(_MARK)), None)
    if number is None:
        raise ReproducerError(
            f"{os.fspath(path)} is no reproducer: it has no line that begins with {_MARK!r}; "
            "approxir fuzz -o DIR writes them"
        )
    try:
        record = json.loads(lines[number].removeprefix(_MARK))
        return _read(record, "\n".join(lines[number + 1 :]), load, Path(path).parent)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        # Whatever somebody may have written into the line.
        place = f"{os.fspath(path)}:{number + 1}"
        if isinstance(error, ApproxIRError):
            raise
        raise ReproducerError(f"{place}: the line cannot be understood: {error!r}") from None


def _read(record: Mapping[str, Any], text: str, load: Sequence[str], folder: Path) -> Reproducer:
    if record["version"] != 1:
        raise ReproducerError(f"the reproducer has the version {record['version']}, this approxir reads 1")
    held, timeout = record["subject"], float(record["timeout"])
    oracle = str(record["oracle"])
    if oracle not in ORACLES and oracle != "crash":
        raise ReproducerError(f"there is no oracle '{oracle}'; there are: crash, {', '.join(ORACLES)}")
    subject: Subject
    if "command" in held:
        subject = CommandSubject(held["command"], timeout)
    else:
        files = tuple(load) or tuple([str(folder / file) for file in held["load"]])
        for file in files:
            if not load and not os.path.exists(file):
                raise ReproducerError(
                    f"{file}, which registered the pass, is not there any more: name it by --load"
                )
            load_file(file)
        made = IsolatedPasses if held.get("isolated") else PassSubject
        subject = made(held["pass"], timeout, files)
    calls = tuple(
        [
            Call(one["function"], tuple([_decoded(value) for value in one["arguments"]]))
            for one in record["calls"]
        ]
    )
    config = {str(key): int(value) for key, value in record["config"].items()}
    case = Case(text, calls, config)
    return Reproducer(
        case,
        subject,
        oracle,
        int(record["max_steps"]),
        str(record["prepare"]),
        int(record["seed"]),
        int(record["example"]),
    )


def replay_command(path: str | os.PathLike[str]) -> str:
    """The command line that replays a reproducer."""
    return f"approxir fuzz --replay {shlex.quote(os.fspath(path))}"


def _encoded(value: Any) -> Any:
    """An argument as JSON; numbers of a fixed type as their bytes, and as people read them."""
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        return {
            "dtype": array.dtype.name,
            "shape": None if isinstance(value, np.generic) else list(array.shape),
            "bytes": array.tobytes().hex(),
            "shown": shown(value),
        }
    if isinstance(value, bool | int | float | str) or value is None:
        return value
    raise TypeError(f"an argument of the type {type(value).__name__} cannot be written to a file")


def _decoded(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    try:
        dtype = np.dtype(value["dtype"])
    except TypeError:
        import ml_dtypes

        dtype = np.dtype(getattr(ml_dtypes, value["dtype"]))
    flat = np.frombuffer(bytes.fromhex(value["bytes"]), dtype)
    if value["shape"] is None:
        return flat[0]
    return flat.reshape(value["shape"]).copy()
