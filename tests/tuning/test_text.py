"""Collections of documents: what made-up ones are like, questions about them, and files of documents."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from approxir.tuning.datasets.errors import DatasetError
from approxir.tuning.datasets.text import Corpus, random_corpus, read_corpus
from approxir.tuning.datasets.words import FUNCTION_WORDS, made_up_words


def corpus_of(documents: int, seed: int = 0) -> Corpus:
    return random_corpus(documents, np.random.default_rng(seed))


def words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return corpus_of(1500)


@pytest.fixture(scope="module")
def words(corpus: Corpus) -> list[list[str]]:
    return [words_of(corpus.document(number)) for number in range(len(corpus))]


def test_its_parts_fit(corpus: Corpus) -> None:
    assert len(corpus) == 1500
    assert corpus.text.dtype == np.int8
    assert corpus.offsets.dtype == np.int64
    assert corpus.offsets[0] == 0
    assert corpus.offsets[-1] == len(corpus.text)
    assert (np.diff(corpus.offsets) > 0).all()
    assert corpus.document(7).encode() == corpus.text.tobytes()[corpus.offsets[7] : corpus.offsets[8]]


def test_frequencies_follow_zipf(words: list[list[str]]) -> None:
    counts = np.array(sorted(Counter(word for held in words for word in held).values(), reverse=True))
    ranks = np.arange(1, len(counts) + 1)
    slope, _ = np.polyfit(np.log(ranks[10:3000]), np.log(counts[10:3000]), 1)
    assert slope == pytest.approx(-1, abs=0.15)
    assert np.corrcoef(np.log(ranks[10:3000]), np.log(counts[10:3000]))[0, 1] < -0.98
    assert Counter(word for held in words for word in held).most_common(1)[0][0] == "the"


def test_frequent_words_are_short(words: list[list[str]]) -> None:
    ranked = [word for word, _ in Counter(word for held in words for word in held).most_common()]
    lengths = [
        np.mean([len(word) for word in ranked[start:end]])
        for start, end in ((0, 100), (100, 5000), (5000, None))
    ]
    assert lengths == sorted(lengths)
    assert lengths[0] < 6


def test_lengths_are_log_normal(words: list[list[str]]) -> None:
    logarithms = np.log([len(held) for held in words])
    assert np.exp(np.median(logarithms)) == pytest.approx(75, rel=0.1)
    assert logarithms.std() == pytest.approx(0.95, abs=0.1)


def test_documents_of_a_topic_are_alike(corpus: Corpus, words: list[list[str]]) -> None:
    def shared(one: int, other: int) -> float:
        first, second = ({word for word in words[at] if word not in FUNCTION_WORDS} for at in (one, other))
        return len(first & second) / min(len(first), len(second))

    rng = np.random.default_rng(0)
    pairs = rng.integers(0, len(corpus), (4000, 2))
    same = corpus.topics[pairs[:, 0]] == corpus.topics[pairs[:, 1]]
    within = np.mean([shared(*pair) for pair in pairs[same]])
    between = np.mean([shared(*pair) for pair in pairs[~same]])
    assert within > 1.5 * between


def test_sentences_are_punctuated(corpus: Corpus) -> None:
    for number in range(50):
        document = corpus.document(number)
        assert document[0].isupper() or document[0].isdigit() or document[0] == "("
        assert document[-1] in ".?!"
        assert "  " not in document
    text = " ".join(corpus.document(number) for number in range(300))
    for pattern in (
        r"\w, \w",
        r"\w-\w",
        r"\(\w+\)",
        r"\b1[7-9]\d\d\b",
        r"\b[A-Z]{2,}\b",
        r"\w[.!?] [A-Z(0-9]",
    ):
        assert re.search(pattern, text), pattern


def test_the_seed_decides() -> None:
    one, same, other = corpus_of(30, 1), corpus_of(30, 1), corpus_of(30, 2)
    assert one.text.tobytes() == same.text.tobytes()
    assert one.topics.tolist() == same.topics.tolist()
    assert one.text.tobytes() != other.text.tobytes()
    queries = [one.queries(5, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert queries[0] == queries[1]
    assert queries[0] != queries[2]


def test_questions_are_about_documents(corpus: Corpus, words: list[list[str]]) -> None:
    spread = Counter(word for held in words for word in set(held))
    for query in corpus.queries(50, np.random.default_rng(3)):
        said = words_of(query)
        assert query.endswith("?")
        assert 3 <= len(said) <= 8
        rare = {word for word in said[1:] if spread[word] < len(corpus) / 10}
        assert rare, query
        # Some document has all of them.
        assert any(rare <= set(held) for held in words), query


@pytest.mark.parametrize("documents", [1, 2, 5])
def test_small_ones(documents: int) -> None:
    small = corpus_of(documents)
    assert len(small) == documents
    assert all(3 <= len(words_of(query)) <= 8 for query in small.queries(5, np.random.default_rng(0)))


def test_questions_about_little() -> None:
    for texts in (["word"], ["", "a"], ["ä ö"], ["what"]):
        for query in Corpus.of(texts).queries(10, np.random.default_rng(0)):
            assert 3 <= len(words_of(query)) <= 8
    for nothing in ([], ["", " - "]):
        with pytest.raises(DatasetError, match="without words"):
            Corpus.of(nothing).queries(1, np.random.default_rng(0))


def test_a_sample_keeps_the_order(corpus: Corpus) -> None:
    part = corpus.sample(100, np.random.default_rng(0))
    assert len(part) == 100
    texts = [corpus.document(number) for number in range(len(corpus))]
    places = [texts.index(part.document(number)) for number in range(100)]
    assert places == sorted(set(places))
    assert part.topics.tolist() == corpus.topics[places].tolist()
    with pytest.raises(DatasetError, match="1501 cannot be drawn"):
        corpus.sample(1501, np.random.default_rng(0))


def test_made_up_words_differ() -> None:
    words = made_up_words(5000, np.random.default_rng(0), ["taken"])
    assert len({*words, "taken"}) == 5001
    assert all(re.fullmatch("[a-z]{2,}", word) for word in words)


def test_no_documents_make_no_corpus() -> None:
    with pytest.raises(DatasetError, match="at least one document, not 0"):
        corpus_of(0)


# Files.


def test_a_file_has_a_document_on_each_line(tmp_path: Path) -> None:
    path = tmp_path / "corpus.txt"
    path.write_bytes("\ufeffFirst, ä.\r\n\nThird".encode())
    found = read_corpus(path)
    assert [found.document(number) for number in range(len(found))] == ["First, ä.", "", "Third"]
    assert found.topics.tolist() == [-1, -1, -1]
    path.write_text("One.\nTwo.\n", encoding="utf-8")
    assert len(read_corpus(path)) == 2


def test_what_is_written_is_read(tmp_path: Path) -> None:
    corpus = corpus_of(20)
    path = tmp_path / "corpus.txt"
    path.write_text("".join(f"{corpus.document(number)}\n" for number in range(20)), encoding="utf-8")
    found = read_corpus(path)
    assert found.text.tobytes() == corpus.text.tobytes()
    assert found.offsets.tolist() == corpus.offsets.tolist()


def test_bytes_that_are_no_text_have_a_place(tmp_path: Path) -> None:
    path = tmp_path / "corpus.txt"
    path.write_bytes(b"One.\nTwo \xe4 two.\n")
    with pytest.raises(DatasetError, match="invalid UTF-8: byte 0xE4") as raised:
        read_corpus(path)
    assert (raised.value.file, raised.value.line, raised.value.column) == (str(path), 2, 5)
    assert "a document on each line" in str(raised.value)


@pytest.mark.parametrize("text", ["", "\n", " \n\n"])
def test_a_file_without_documents(tmp_path: Path, text: str) -> None:
    path = tmp_path / "corpus.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DatasetError, match="there are no documents"):
        read_corpus(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_corpus(tmp_path / "none.txt")
