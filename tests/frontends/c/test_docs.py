"""What docs/c-annotations.md shows is what happens."""

from __future__ import annotations

from support import pages
from support.pages import ROOT

import approxir as ax
from approxir.frontends.c.keys import ALIASES, KEYS

PAGE = (ROOT / "docs" / "c-annotations.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return [block for _, block in pages.blocks(PAGE, language)]


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


def test_every_key_is_described() -> None:
    for keys in KEYS.values():
        for key in keys:
            assert f"`{key}`" in PAGE, key
    for alias in ALIASES:
        assert f"`{alias}`" in PAGE, alias
    for kind in KEYS:
        assert f"\n### {kind}\n" in PAGE
