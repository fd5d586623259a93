"""Diffs are what `diff -u` shows: they turn one text into the other, and quickly where little has changed."""

from __future__ import annotations

import difflib
import random
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from approxir.cli import diffs
from approxir.cli.diffs import changed_lines, unified_diff

few_lines = st.lists(st.sampled_from(["a", "b", "c", "", "  }", "x\r", "@@", "-", "\f"]), max_size=30)
texts = st.builds(lambda lines, end: "\n".join(lines) + end, few_lines, st.sampled_from(["", "\n"]))
_HEADER = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@\n")


def lines_of(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def applied(before: str, diff: str) -> str:
    """The text that a diff makes of another, with every number in it checked."""
    old, out = lines_of(before), []
    at = 0
    lines = lines_of(diff)
    if not lines:
        return before
    assert lines[0].startswith("--- ")
    assert lines[1].startswith("+++ ")
    position = 2
    while position < len(lines):
        header = _HEADER.fullmatch(lines[position])
        assert header is not None, lines[position]
        position += 1
        start, count, new_start, new_count = (1 if part is None else int(part) for part in header.groups())
        begin = start - 1 if count else start
        out += old[at:begin]
        assert len(out) == (new_start - 1 if new_count else new_start)
        at = begin
        made = len(out)
        while position < len(lines) and not lines[position].startswith("@@ "):
            mark, line = lines[position][0], lines[position][1:]
            position += 1
            if position < len(lines) and lines[position].startswith("\\ No newline"):
                line = line.removesuffix("\n")
                position += 1
            if mark in " -":
                assert old[at] == line
                at += 1
            if mark in " +":
                out.append(line)
        assert at - begin == count
        assert len(out) - made == new_count
    return "".join(out + old[at:])


def by_difflib(before: str, after: str) -> str:
    parts = difflib.unified_diff(lines_of(before), lines_of(after), "f", "f")
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in parts
    )


@settings(deadline=None)
@given(texts, texts)
def test_a_diff_makes_one_text_from_the_other(before: str, after: str) -> None:
    diff = unified_diff(before, after, "f")
    assert applied(before, diff) == after
    assert bool(diff) == (before != after)


@settings(deadline=None)
@given(texts, texts, st.integers(0, 60))
def test_so_do_those_of_long_texts(before: str, after: str, pairs: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diffs, "_SMALL", 0)
        patch.setattr(diffs, "_MOST_PAIRS", pairs)
        assert applied(before, unified_diff(before, after, "f")) == after


@settings(deadline=None)
@given(st.lists(st.integers(0, 40)), st.lists(st.integers(0, 40)))
def test_changes_have_common_lines_between_them(old: list[int], new: list[int]) -> None:
    before, after = [f"{n}\n" for n in old], [f"{n}\n" for n in new]
    i = j = 0
    for number, (i1, i2, j1, j2) in enumerate(changed_lines(before, after)):
        assert before[i:i1] == after[j:j1]
        assert number == 0 or i1 > i
        assert i2 > i1 or j2 > j1
        i, j = i2, j2
    assert before[i:] == after[j:]


@settings(deadline=None)
@given(st.integers(1, 60), st.sets(st.integers(0, 59)), st.booleans())
def test_edits_in_place_are_shown_as_difflib_shows_them(count: int, edited: set[int], end: bool) -> None:
    old = [f"line {n}" for n in range(count)]
    new = [f"edited {n}" if n in edited else line for n, line in enumerate(old)]
    tail = "\n" if end else ""
    before, after = "\n".join(old) + tail, "\n".join(new) + tail
    assert unified_diff(before, after, "f") == by_difflib(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "a\n"),
        ("a\n", ""),
        ("a", "a\n"),
        ("a\n", "a"),
        ("a\nb\nc\nd\ne\nf\ng\nh\n", "x\na\nb\nc\nd\ne\nf\ng\n"),
        ("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n4\n5\n6\n7\n8\n9\n10\n"),
        ("a\fb\n", "a\fc\n"),
        ("a\r\nb\r\n", "a\nb\r\n"),
    ],
)
def test_small_texts_are_shown_as_difflib_shows_them(before: str, after: str) -> None:
    assert unified_diff(before, after, "f") == by_difflib(before, after)


@pytest.mark.skipif(shutil.which("patch") is None, reason="patch is not installed")
@pytest.mark.parametrize("seed", range(8))
def test_patch_applies_it(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    old = [chance.choice("abcdefgh") * chance.randrange(3) for _ in range(200)]
    new = [line for line in old if chance.random() > 0.05]
    for _ in range(10):
        new.insert(chance.randrange(len(new)), "new")
    before = "\n".join(old) + chance.choice(["", "\n"])
    after = "\n".join(new) + chance.choice(["", "\n"])
    path = tmp_path / "f"
    path.write_text(before, newline="")
    diff = unified_diff(before, after, "f")
    subprocess.run(
        ["patch", "--silent", "--fuzz=0", str(path)], input=diff, text=True, check=True, capture_output=True
    )
    assert path.read_bytes().decode() == after


LONG = [f"    %{n} = arith.addi %{n - 1}, %c : i32" if n % 7 else "    }" for n in range(1, 200_000)]


@pytest.mark.parametrize(
    "change",
    ["in place", "inserted", "moved", "all", "half", "few kinds"],
)
def test_long_texts_take_seconds_at_most(change: str) -> None:
    old, new = LONG, list(LONG)
    if change == "in place":
        for n in range(0, len(new), 10_000):
            new[n] += " // edited"
    elif change == "inserted":
        new.insert(5, "first")
        del new[100_000]
        new.insert(150_000, "    }")
    elif change == "moved":
        new = new[100_000:] + new[:100_000]
    elif change == "all":
        new = [f"  {line}" for line in new]
    elif change == "half":
        new = [line if n % 2 else line + " // edited" for n, line in enumerate(new)]
    else:
        chance = random.Random(1)
        old = [chance.choice("abc") for _ in old]
        new = [chance.choice("abc") for _ in new]
    before, after = "\n".join(old), "\n".join(new)
    begun = time.process_time()
    diff = unified_diff(before, after, "f")
    assert time.process_time() - begun < 120
    assert applied(before, diff) == after
