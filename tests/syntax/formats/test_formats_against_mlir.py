"""The generic form made from the custom form is the one that real MLIR makes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from generic_form import Converter
from judge import generic, tools

EXAMPLES = Path(__file__).parent / "examples"
TOOLS = tools()


def chunks() -> list[tuple[str, str, str]]:
    """Each part of each example file, with the tool that judges it."""
    found = []
    for path in sorted(EXAMPLES.glob("*.mlir")):
        tool = "torch" if ".torch" in path.name else "mlir"
        for index, text in enumerate(re.split(r"^// -----.*$", path.read_text(), flags=re.M)):
            found.append((f"{path.stem}_{index}", tool, text))
    return found


@pytest.mark.parametrize(("name", "tool", "text"), chunks(), ids=[name for name, _, _ in chunks()])
def test_generic_form_is_the_one_of_mlir(name: str, tool: str, text: str) -> None:
    if tool not in TOOLS:
        pytest.skip(f"no {tool} opt tool is installed to judge the generic form")
    ours, messages = generic(Converter(text).convert(), TOOLS[tool])
    assert ours is not None, messages
    if ".own" in name:
        return  # No MLIR knows these operations in custom form; it must accept what we make of them.
    theirs, messages = generic(text, TOOLS[tool])
    assert theirs is not None, messages
    assert ours == theirs


@pytest.mark.parametrize(("name", "tool", "text"), chunks(), ids=[name for name, _, _ in chunks()])
def test_generic_form_does_not_depend_on_layout(name: str, tool: str, text: str) -> None:
    """Comments and line breaks between any two tokens change nothing."""
    plain = Converter(text)
    plain.convert()
    spread = Converter(re.sub(r"(?<=[,(\[{]) ?", ' // a "comment (\n ', re.sub(r"//.*", "", text)))
    spread.convert()
    assert spread.operations == plain.operations
