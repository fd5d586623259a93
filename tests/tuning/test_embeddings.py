"""Embeddings as text: nothing but digits is lost, and what is wrong with a file is said with its place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from approxir.tuning.datasets.embeddings import Embeddings, read_embeddings, topic_vectors
from approxir.tuning.datasets.errors import DatasetError


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 9), st.integers(1, 5), st.integers(1, 14), st.integers(0, 99), st.booleans())
def test_a_file_gives_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory,
    documents: int,
    dimensions: int,
    digits: int,
    seed: int,
    crlf: bool,
) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.uniform(-9, 9, (documents, dimensions)) * 10.0 ** -rng.integers(0, 4, (documents, 1))
    held = Embeddings.of(vectors, digits)
    assert (held.documents, held.dimensions, held.digits) == (documents, dimensions, digits)
    np.testing.assert_allclose(held.vectors(), vectors, rtol=0, atol=0.5001 * 10.0**-digits)
    if documents == 0:
        return
    path = tmp_path_factory.mktemp("embeddings") / "e.txt"
    held.write(path)
    assert [line.split() for line in path.read_text().splitlines()] == [
        [f"{x:+.{digits}f}" for x in row] for row in vectors
    ]
    if crlf:
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n").removesuffix(b"\r\n"))
    again = read_embeddings(path)
    assert (again.dimensions, again.digits) == (dimensions, digits)
    assert again.text.tolist() == held.text.tolist()
    assert again.starts.tolist() == held.starts.tolist()


FIRST = "a number has a sign, and 1 to 14 digits behind its point"
NUMBER = "a number has a sign here, 2 digits behind its point, and at most 15 in all"


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("", 0, 1, "there are no embeddings in this file"),
        ("\n", 1, 1, FIRST),
        ("1 2\n", 1, 1, FIRST),
        ("0.25\n", 1, 1, FIRST),
        ("+0.123456789012345\n", 1, 1, FIRST),
        ("+0.25 +0.5\n", 1, 7, NUMBER),
        ("+0.25 0.50\n", 1, 7, NUMBER),
        ("+0.25 -0.50\n+0.25\n", 2, 6, "there are 1 numbers in this line, and 2 in the first"),
        ("+0.25 -0.50\n+0.25 +0.50 -0.75\n", 2, 13, "there are 3 numbers in this line, and 2 in the first"),
        ("+0.25\n\n", 2, 1, NUMBER),
        ("+0.25 +0.50\r\n+0.25 +x.00\r\n", 2, 7, NUMBER),
        ("+0.25 +0.50\n+0.25  +0.50\n", 2, 7, NUMBER),
        ("-12345678901234.25\n", 1, 1, NUMBER),
        ("+0.25\n+1e-5\n", 2, 1, NUMBER),
    ],
)
def test_what_is_no_file_of_embeddings(
    tmp_path: Path, text: str, line: int, column: int, message: str
) -> None:
    path = tmp_path / "e.txt"
    path.write_text(text, newline="")
    with pytest.raises(DatasetError) as caught:
        read_embeddings(path)
    found = caught.value.diagnostics[0]
    assert (found.file, found.line, found.column, found.message) == (str(path), line, column, message)
    assert "hint: " in str(caught.value)
    if line:
        assert found.offset == sum([len(one) for one in text.splitlines(True)[: line - 1]]) + column - 1


def test_numbers_that_cannot_be_written() -> None:
    for vectors, digits in (
        (np.zeros(3), 8),
        (np.zeros((3, 0)), 8),
        (np.zeros((3, 1)), 0),
        (np.zeros((3, 1)), 15),
        (np.full((1, 1), 1e7), 8),
        (np.full((1, 1), np.nan), 8),
        (np.full((1, 1), np.inf), 8),
    ):
        with pytest.raises(DatasetError):
            Embeddings.of(vectors, digits)


def test_documents_are_nearer_to_those_of_their_topic() -> None:
    vectors = topic_vectors(600, 128, 3, np.random.default_rng(0), spread=0.3)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1)
    # Every document is near to those of its own topic, and to no others.
    near = vectors @ vectors.T > 0.5
    assert len({tuple(row) for row in near}) == 3
    assert (topic_vectors(600, 128, 3, np.random.default_rng(0), spread=0.3) == vectors).all()
    away = topic_vectors(600, 128, 3, np.random.default_rng(0))
    assert (away @ away.T)[near].mean() < (vectors @ vectors.T)[near].mean() - 0.2


@pytest.mark.parametrize("numbers", [(-1, 2, 2), (2, 0, 2), (2, 2, 0)])
def test_numbers_that_make_no_vectors(numbers: tuple[int, int, int]) -> None:
    with pytest.raises(DatasetError):
        topic_vectors(*numbers, np.random.default_rng(0))
