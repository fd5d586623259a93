"""The kernel bm25: what it computes, by C and by NumPy, and what its knobs do."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import kernels, native
from support.toolchains import has_c_compiler

import approxir as ax
from approxir.tuning.datasets.text import Corpus, random_corpus
from approxir.tuning.exact import exact_module

KERNEL = kernels.workload("bm25")
pytestmark = native.needs_native


def call(documents: Sequence[str], query: str) -> tuple[Any, ...]:
    """The arguments for a query; scores are set to what no document can have."""
    held: tuple[Any, ...] = kernels.driver("bm25").call(Corpus.of(documents), query)
    held[-1][:] = -1.0
    return held


def made_up(documents: int, seed: int) -> tuple[list[str], str]:
    rng = np.random.default_rng(seed)
    corpus = random_corpus(documents, rng)
    return [corpus.document(number) for number in range(documents)], corpus.queries(1, rng)[0]


def bm25(documents: Sequence[str], query: str) -> Any:
    """The same by another way: words are strings, and statistics are tables."""
    words = [_words(document) for document in documents]
    terms = sorted(set(_words(query)))
    lengths = np.array([len(held) for held in words])
    tf = np.array([[held.count(term) for term in terms] for held in words], float).reshape(len(words), -1)
    df = (tf > 0).sum(axis=0)
    idf = np.log1p((len(documents) - df + 0.5) / (df + 0.5))
    norms = 1.2 * (0.25 + 0.75 * lengths / max(lengths.mean(), 1e-9))
    return (idf * 2.2 * tf / (tf + norms[:, None])).sum(axis=1)


def _words(text: str) -> list[bytes]:
    return re.findall(rb"[0-9a-z\x80-\xff]+", text.encode().lower())


def scores(function: Any, documents: Sequence[str], query: str) -> Any:
    return kernels.called(function, call(documents, query))[-1]


@functools.cache
def exact() -> Any:
    return ax.jit(exact_module(ax.load(KERNEL.module))).bm25


@functools.cache
def live() -> ax.Kernel:
    return ax.jit(ax.load(KERNEL.module), live=True)


def configured(**values: int) -> Any:
    """The function with parameters of these values, or with the same decision in each state of a knob.

    All other decisions are exact.
    """
    module = ax.load(KERNEL.module)
    config = kernels.exact_config(module)
    for name in config:
        knob, kind, _ = name.split("_")
        config[name] = values.get(
            name, values.get(knob, config[name]) if kind == "decision" else config[name]
        )
    live().set(config)
    return live().bm25


def test_the_module() -> None:
    kernels.check_module(KERNEL, knobs=3)


@pytest.mark.skipif(not has_c_compiler(), reason="there is no C compiler")
def test_exact_is_what_c_computes() -> None:
    kernels.check_exact(KERNEL, seeds=range(2), scale=0.03)


@pytest.mark.parametrize("seed", range(4))
def test_exact_is_the_formula(seed: int) -> None:
    documents, query = made_up(60, seed)
    wanted = bm25(documents, query)
    assert (wanted > 0).any()
    np.testing.assert_allclose(scores(exact(), documents, query), wanted, rtol=1e-13)


WORDS = [
    "",
    " ... ",
    "Fox",
    "fox fox, FOX! the fox",
    "foxes the fo x",
    "the quick brown fox's den",
    "Füchse, fuchs und Café",
    "cafe CAFÉ café",
    "a-b c3po 3po 1,000",
    "incomprehensibilities incomprehensibility",
]


@pytest.mark.parametrize(
    "query",
    ["fox", "The FOX, the fox?", "café", "b 3po 000", "incomprehensibility", "nothing of it", "", "?!"],
)
def test_what_a_word_is(query: str) -> None:
    np.testing.assert_allclose(scores(exact(), WORDS, query), bm25(WORDS, query), rtol=1e-13)


@pytest.mark.parametrize("documents", [[], [""], ["", "--"]])
def test_nothing_to_find(documents: list[str]) -> None:
    assert scores(exact(), documents, "some words").tolist() == [0.0] * len(documents)
    for values in ({}, {"tokenize": 1, "select": 3, "count": 2}):
        assert scores(configured(**values), documents, "some words").tolist() == [0.0] * len(documents)


def test_the_interpreter_agrees() -> None:
    kernels.check_interpreter(
        KERNEL, call(["The fox, the den", "Foxes? A DEN", "fox " * 9, ""], "Den of fox")
    )


def test_every_value_of_every_knob_changes_something() -> None:
    for knob, found in kernels.qualities(KERNEL, 0.2).items():
        assert found[0] == 1.0
        assert all(quality < 1.0 for value, quality in found.items() if value), (knob, found)


def test_live_is_applied() -> None:
    kernels.check_live(KERNEL, call(*made_up(80, 1)), 3)


def test_words_that_the_simple_version_sees() -> None:
    documents = ["Fox", "fox", "a fox  den", "fOx", "fox, den", "den\tfox", "", "  ", " den "]
    found = scores(configured(tokenize=1), documents, "fox den")
    assert [score > 0 for score in found] == [True, True, True, False, True, False, False, False, True]
    # Lengths are those of the words that it sees, of which each document has one but for the third and fifth.
    plain = ["fox", "fox", "a fox den", "x", "x den", "x", "", "", "den"]
    np.testing.assert_allclose(found, bm25(plain, "fox den"), rtol=1e-13)


@pytest.mark.parametrize(("value", "share"), [(1, 0.15), (2, 0.3), (3, 0.5)])
def test_documents_are_left_out_by_their_number(value: int, share: float) -> None:
    documents, query = ["fox den"] * 6000, "fox"
    found = scores(configured(select=value), documents, query)
    out = found == 0.0
    assert out.mean() == pytest.approx(share, abs=0.02)
    # The others are scored as if there were no more.
    kept = [document for document, left in zip(documents, out, strict=True) if not left]
    np.testing.assert_allclose(found[~out], bm25(kept, query), rtol=1e-12)


def test_documents_that_are_promising_are_kept() -> None:
    filler = "and so on " * 100
    documents = [
        start + filler for start in ("The foxes live", "the fox lives", "Nothing") for _ in range(200)
    ]
    function = configured(select_threshold_0=6, select_decision_1=3)
    found = scores(function, documents, "foxes fox and")
    dropped = (found == 0.0).reshape(3, 200).mean(axis=1)
    assert dropped[0] == 0.0
    # A short word promises nothing.
    assert dropped[1:].tolist() == pytest.approx([0.5, 0.5], abs=0.1)


@pytest.mark.parametrize(("value", "share"), [(1, 0.1), (2, 0.2)])
def test_each_word_is_counted_in_other_documents(value: int, share: float) -> None:
    documents = ["fox den"] * 6000
    function = configured(count=value)
    out = [scores(function, documents, query) == 0.0 for query in ("fox", "den")]
    assert [each.mean() for each in out] == pytest.approx([share] * 2, abs=0.02)
    assert (out[0] & out[1]).mean() == pytest.approx(share**2, abs=0.02)


def test_frequent_words_are_told_from_rare_ones() -> None:
    documents = [f"the fox number {number}" + " den" * (number % 50 == 0) for number in range(2000)]
    function = configured(count_threshold_0=10, count_decision_0=2)
    assert (scores(function, documents, "the") == 0).mean() == pytest.approx(0.2, abs=0.03)
    np.testing.assert_array_equal(scores(function, documents, "den"), scores(exact(), documents, "den"))


def test_the_documents_of_a_file(tmp_path: Path) -> None:
    documents, _ = made_up(40, 5)
    path = tmp_path / "corpus.txt"
    path.write_text("\n".join(documents) + "\n", encoding="utf-8")
    whole = KERNEL.inputs(1.0, np.random.default_rng(0), corpus=str(path))
    half = KERNEL.inputs(0.5, np.random.default_rng(0), corpus=str(path))
    assert [held[0] for held in whole] == [40] * 4
    assert [held[0] for held in half] == [20] * 4
    assert whole[0][1].tobytes().decode() == "".join(documents)
