"""Random sequences of edits of random modules: the tree, its text and a real MLIR go on agreeing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from edits import EDITS, apply_edit
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from shapes import def_use, same_tree, unique_in_scopes

import approxir as ax
from approxir.testing import LAYOUTS, SPELLINGS, Tree, modules

LOOSE = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def edited(tree: Tree, data: st.DataObject, kinds: list[str], most: int = 5) -> tuple[ax.Module, list[str]]:
    """A module after some edits; the edits are shown when a test fails."""
    text = tree.text(data.draw(st.sampled_from(LAYOUTS)), data.draw(st.sampled_from(SPELLINGS)))
    module = ax.parse(text)
    done = []
    for _ in range(data.draw(st.integers(1, most))):
        kind = data.draw(st.sampled_from(kinds))
        what = apply_edit(module, kind, data.draw)
        note(f"{kind}: {what}")
        if what is not None:
            done.append(kind)
    return module, done


def agree(module: ax.Module) -> str:
    """Assert that the tree says what its text says; returns the text."""
    text = str(module)
    parsed = ax.parse(text)
    assert str(module) == text
    def_use(module)
    same_tree(module, parsed)
    unique_in_scopes(parsed)
    return text


@LOOSE
@given(modules(), st.data())
def test_a_tree_says_what_its_text_says(tree: Tree, data: st.DataObject) -> None:
    module, _ = edited(tree, data, sorted(EDITS), 8)
    agree(module)
    module.print(rename_ssa=True)


@pytest.mark.parametrize("kind", sorted(EDITS))
def test_each_kind_of_edit(kind: str, generic_form: Callable[[str], str]) -> None:
    """With names settled in between by each `str`, and a real MLIR that accepts what comes out."""

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(modules(), st.data())
    def run(tree: Tree, data: st.DataObject) -> None:
        module, done = edited(tree, data, [kind, "rename_value", kind], 3)
        text = agree(module)
        if done:
            generic_form(text)
            apply_edit(module, kind, data.draw)
            agree(module)

    run()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(modules(), st.data())
def test_a_real_mlir_accepts_edited_modules(
    generic_form: Callable[[str], str], tree: Tree, data: st.DataObject
) -> None:
    module, _ = edited(tree, data, sorted(EDITS))
    expected = generic_form(agree(module))
    assert generic_form(module.print(rename_ssa=True)) == expected
    assert generic_form(module.print(generic=True)) == expected


UNTOUCHED = st.sampled_from(
    ("rename_value", "set_attribute", "delete_attribute", "build", "erase", "clone", "move_up")
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(modules(), st.data(), UNTOUCHED)
def test_operations_that_nobody_touched_keep_their_text(tree: Tree, data: st.DataObject, kind: str) -> None:
    text = tree.text(data.draw(st.sampled_from(LAYOUTS)), data.draw(st.sampled_from(SPELLINGS)))
    module = ax.parse(text)
    apply_edit(module, kind, data.draw)
    new = str(module)
    for op in module.walk():
        if op.name == "func.func" and op.source is not None and not op._flags & 7:
            assert text[op.start : op.end] in new


@LOOSE
@given(modules(), st.data())
def test_copies_are_independent(tree: Tree, data: st.DataObject) -> None:
    module, _ = edited(tree, data, sorted(EDITS), 3)
    text = str(module)
    copy = module.clone()
    for kind in data.draw(st.lists(st.sampled_from(sorted(EDITS)), max_size=3)):
        apply_edit(copy, kind, data.draw)
    assert str(module) == text
    agree(copy)
