"""The code in the documentation runs as it stands, and its commands print what it says."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import native, toolchains

ROOT = Path(__file__).resolve().parent.parent
RUNNABLE = ("execution.md", "frontiers.md", "hpvm.md", "tuning.md")


def blocks(text: str, language: str) -> list[tuple[int, str]]:
    """The code blocks of a language, and the number of the line before each."""
    found = re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [(text.count("\n", 0, match.start(1)), match[1]) for match in found]


def write_files(text: str) -> None:
    """Write the code blocks that begin with the name of a file, in a comment, to these files."""
    for language in ("c", "mlir"):
        for _, block in blocks(text, language):
            if name := re.match(r"// (\S+\.\w+)\n", block):
                Path(name[1]).write_text(block, encoding="utf-8")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the examples, as the current one."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("APPROXIR_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path


@native.needs_native
@toolchains.needs_c_compiler
@toolchains.needs_llvmlite
@pytest.mark.parametrize("name", RUNNABLE)
def test_python_blocks_run_one_after_the_other(name: str, checkout: Path) -> None:
    path = ROOT / "docs" / name
    text = path.read_text(encoding="utf-8")
    found = blocks(text, "python")
    assert found
    # One program with line numbers as in the document, so that a failure points to its line.
    lines = [""] * (text.count("\n") + 1)
    for first, block in found:
        for number, line in enumerate(block.split("\n")[:-1]):
            lines[first + number] = line
    exec(compile("\n".join(lines), str(path), "exec"), {"__name__": "docs"})


@native.needs_native
@toolchains.needs_c_compiler
@toolchains.needs_llvmlite
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize("name", RUNNABLE)
def test_console_blocks_show_what_the_commands_print(name: str, checkout: Path) -> None:
    prelude = f'approxir() {{ "{sys.executable}" -m approxir "$@"; }}\n'
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    write_files(text)
    for _, block in blocks(text, "console"):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, expected = step.partition("\n")
            done = subprocess.run(
                ["bash", "-c", prelude + command],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            assert done.stdout == expected, command
