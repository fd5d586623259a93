"""One target under Atheris, in this process: ``python -m approxir.testing.targets.engine TARGET FOLDER ...``.

Findings that are exceptions are saved and the search goes on. What ends the process (a crash, an input that
takes too long or too much memory) is left in the folder by libFuzzer, for the process that started this one.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
from pathlib import Path
from typing import Any

from approxir.errors import MissingDependencyError

SECONDS_FOR_ONE = 60
"""An input that takes longer than this hangs, on however busy a machine."""
MEGABYTES = 2048
_EVERY = 256


def require_atheris() -> Any:
    """The module Atheris. Raises `MissingDependencyError` where it is not installed."""
    try:
        return importlib.import_module("atheris")
    except ImportError as error:
        message = "fuzzing with coverage needs Atheris (Linux and macOS only); install approxir[fuzz]"
        raise MissingDependencyError(message) from error


def fuzz(name: str, folder: Path, runs: int, seconds: int, seed: int) -> None:
    """Search until `runs` inputs or `seconds` are through, and end the process.

    `folder` gets ``corpus``, ``dictionary``, ``found`` and ``state.json``.
    """
    atheris = require_atheris()
    with contextlib.ExitStack() as stack:
        # For the whole run, because much is imported only when it is first needed.
        stack.enter_context(atheris.instrument_imports(include=["approxir"]))
        from approxir.testing.targets import load_target
        from approxir.testing.targets.findings import Finding, examine

        target = load_target(name)
        corpus = folder / "corpus"
        corpus.mkdir(parents=True, exist_ok=True)
        seeds = list(target.seeds())
        # libFuzzer runs all of them, however few inputs it is to try.
        step = max(1, len(seeds) * 2 // runs) if runs > 0 else 1
        for number, data in enumerate(seeds[::step]):
            (corpus / f"seed-{number:04}").write_bytes(data[: target.max_len])
        words = _dictionary(target.words())
        (folder / "dictionary").write_text(words, encoding="ascii")
        state = {"inputs": 0, "accepted": 0}
        known: dict[str, Finding] = {}

        def check(data: bytes) -> bool:
            return target.check(data)

        def one(data: bytes) -> None:
            state["inputs"] += 1
            if state["inputs"] % _EVERY == 0:
                (folder / "state.json").write_text(json.dumps(state))
            try:
                state["accepted"] += check(data)
            except Exception:
                finding = examine(target, data)
                if finding is not None and finding.signature not in known:
                    known[finding.signature] = finding
                    finding.save(folder / "found")

        (folder / "state.json").write_text(json.dumps(state))
        options = [
            sys.argv[0],
            str(corpus),
            f"-runs={runs}",
            f"-max_len={target.max_len}",
            f"-seed={seed}",
            f"-artifact_prefix={folder}/stopped-",
            f"-timeout={SECONDS_FOR_ONE}",
            f"-rss_limit_mb={MEGABYTES}",
            "-print_final_stats=1",
            "-use_value_profile=0",
            "-reload=0",
        ]
        if words:
            # libFuzzer refuses an empty one.
            options.append(f"-dict={folder / 'dictionary'}")
        if seconds:
            options.append(f"-max_total_time={seconds}")
        atheris.Setup(options, one)
        atheris.Fuzz()


def _dictionary(words: Any) -> str:
    """A dictionary in libFuzzer's form."""
    lines = []
    for word in dict.fromkeys(words):
        data = word.encode("utf-8", "surrogateescape")
        if 0 < len(data) <= 64:
            spelled = "".join(
                chr(byte) if 0x20 <= byte < 0x7F and byte not in b'"\\' else f"\\x{byte:02X}" for byte in data
            )
            lines.append(f'"{spelled}"\n')
    return "".join(lines)


if __name__ == "__main__":
    name, folder, runs, seconds, seed = sys.argv[1:]
    fuzz(name, Path(folder), int(runs), int(seconds), int(seed))
