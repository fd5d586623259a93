"""The code in the documentation runs as it stands, and its commands print what it says."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from support import native, toolchains
from support.pages import ROOT, blocks, check_console, run_python

RUNNABLE = ("execution.md", "frontiers.md", "hpvm.md", "tuning.md")


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
    run_python(ROOT / "docs" / name)


@native.needs_native
@toolchains.needs_c_compiler
@toolchains.needs_llvmlite
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
@pytest.mark.parametrize("name", RUNNABLE)
def test_console_blocks_show_what_the_commands_print(name: str, checkout: Path) -> None:
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    write_files(text)
    check_console(text, checkout)
