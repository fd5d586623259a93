"""The code in docs/jax.md runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.pages import run_python

DOCUMENT = Path(__file__).parents[2] / "docs" / "jax.md"


def test_the_code_runs() -> None:
    pytest.importorskip("jax")
    pytest.importorskip("torch_mlir")
    run_python(DOCUMENT, least=6)


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)", DOCUMENT.read_text(encoding="utf-8")):
        assert (DOCUMENT.parent / target).exists(), target
