"""Lets the tests of this folder import its helper modules, and asks a real MLIR where one is installed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from corpus.tools import tool

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def generic_form() -> Callable[[str], str]:
    """What a real MLIR makes of a text; fails the test where it refuses the text."""
    using = tool("mlir-opt") or tool("torch-mlir-opt") or tool("iree-opt")
    if using is None:
        pytest.skip("no program like mlir-opt is installed")

    def ask(text: str) -> str:
        answer = using.ask(text)
        assert answer.output is not None, f"{answer.errors}\n{text}"
        return answer.output

    return ask
