"""The code in docs/jax.md runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).parents[2] / "docs" / "jax.md"


def test_the_code_runs() -> None:
    pytest.importorskip("jax")
    pytest.importorskip("torch_mlir")
    text = DOCUMENT.read_text(encoding="utf-8")
    # One program with line numbers as in the document, so that a failure points to its line.
    lines = [""] * (text.count("\n") + 1)
    blocks = list(re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    for block in blocks:
        first = text.count("\n", 0, block.start(1))
        for number, line in enumerate(block[1].split("\n")[:-1]):
            lines[first + number] = line
    assert len(blocks) >= 6
    exec(compile("\n".join(lines), str(DOCUMENT), "exec"), {"__name__": "docs"})


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)", DOCUMENT.read_text(encoding="utf-8")):
        assert (DOCUMENT.parent / target).exists(), target
