"""What docs/c-annotations.md shows is what happens."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import approxir as ax
from approxir.frontends.c.keys import ALIASES, KEYS

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "c-annotations.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_formats_say_the_same() -> None:
    found = ax.parse_cpp_annotations(blocks("c")[0])
    assert [each.func_name for each in found] == [f"sum{n}" for n in range(1, 6)]
    assert len({str(each.params) for each in found}) == 1
    assert {each.state_function for each in found} == {"length"}


def test_every_c_block_is_read() -> None:
    found = [ax.parse_cpp_annotations(block) for block in blocks("c")]
    assert len(found) == 3
    for each in found:
        ax.parse(ax.generate_cpp_annotation_mlir(each)).verify()
    assert [each.kind for each in found[2]] == ["knob", "transform", "try"]


def test_the_errors_are_those_shown() -> None:
    (source,) = blocks("c error")
    (shown,) = blocks("text")
    with pytest.raises(ax.AnnotationSyntaxError) as caught:
        ax.parse_cpp_annotations(source, file="sum.c")
    assert str(caught.value) + "\n" == shown


def test_python_blocks_run() -> None:
    for block in blocks("python"):
        exec(compile(block, "c-annotations.md", "exec"), {"__name__": "docs"})


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_console_blocks_show_what_the_commands_print(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    prelude = f'approxir() {{ "{sys.executable}" -m approxir "$@"; }}\n'
    for block in blocks("console"):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, expected = step.partition("\n")
            done = subprocess.run(
                ["bash", "-c", prelude + command],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                cwd=tmp_path,
            )
            assert done.stdout == expected, command


def test_every_key_is_described() -> None:
    for keys in KEYS.values():
        for key in keys:
            assert f"`{key}`" in PAGE, key
    for alias in ALIASES:
        assert f"`{alias}`" in PAGE, alias
    for kind in KEYS:
        assert f"\n### {kind}\n" in PAGE
