"""The examples of docs/dialect.md are sound, and the forms that it shows side by side say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import approxir as ax
from approxir.codegen import upstream

PAGE = Path(__file__).resolve().parents[2] / "docs" / "dialect.md"


def examples() -> dict[str, list[str]]:
    """The MLIR of each section, by the section's heading."""
    found: dict[str, list[str]] = {}
    for section in re.split(r"^##+ ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        blocks = re.findall(r"^```mlir\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
        if blocks:
            found[section.partition("\n")[0]] = blocks
    return found


EXAMPLES = examples()
EVERY = [
    pytest.param(text, id=f"{name}-{number}")
    for name, texts in EXAMPLES.items()
    for number, text in enumerate(texts)
]
OPERATIONS = [name for name, texts in EXAMPLES.items() if len(texts) > 1]


def test_every_operation_has_examples() -> None:
    names = {f"approx.{name}" for name in ("knob", "decision_tree", "try", "transform", "yield")}
    assert set(OPERATIONS) == {*names, "Annotations"}


@pytest.mark.parametrize("text", EVERY)
def test_an_example_is_sound_and_prints_back(text: str) -> None:
    module = ax.parse(text)
    module.verify()
    module.parse_all()
    assert str(module) == text
    assert all(op.params is not None for op in module.knobs())


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_forms_of_an_operation_say_the_same(name: str) -> None:
    texts = EXAMPLES[name]
    first, *others = [ax.parse(text).print(generic=True) for text in texts]
    assert others
    for other in others:
        assert other == first
    assert any(f'"{op.name}"' in texts[1] for op in ax.parse(texts[0]).find("approx."))


@pytest.mark.skipif(not upstream.available(), reason="needs a real MLIR")
def test_a_real_mlir_reads_the_generic_forms() -> None:
    for texts in EXAMPLES.values():
        assert upstream.verify_text(ax.parse(texts[0]).print(generic=True)) == []
