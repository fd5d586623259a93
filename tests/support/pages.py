"""Pages of documentation: their code blocks, run, and their commands, compared with what they print."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def blocks(text: str, language: str) -> list[tuple[int, str]]:
    """The code blocks of a language, and the number of the line before each."""
    found = re.finditer(rf"^```{re.escape(language)}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [(text.count("\n", 0, match.start(1)), match[1]) for match in found]


def run_python(path: Path, least: int = 1) -> None:
    """Run the Python blocks of a page, of which there are at least so many, one after the other."""
    text = path.read_text(encoding="utf-8")
    found = blocks(text, "python")
    assert len(found) >= least
    # One program with line numbers as in the page, so that a failure points to its line.
    lines = [""] * (text.count("\n") + 1)
    for first, block in found:
        for number, line in enumerate(block.split("\n")[:-1]):
            lines[first + number] = line
    exec(compile("\n".join(lines), str(path), "exec"), {"__name__": "page"})


def check_console(text: str, cwd: Path) -> None:
    """Run the commands of the console blocks of a page, and compare what they print with what it shows."""
    prelude = f'approxir() {{ "{sys.executable}" -m approxir "$@"; }}\n'
    for _, block in blocks(text, "console"):
        steps = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
        assert steps
        for step in steps:
            command, _, expected = step.partition("\n")
            done = subprocess.run(
                ["bash", "-c", prelude + command],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                cwd=cwd,
            )
            assert done.stdout == expected, command
