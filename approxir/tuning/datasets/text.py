"""Text to search in: collections of documents, and questions about them.

What is made here has what matters to retrieval. Few words are frequent and most are rare, as Zipf and
Mandelbrot found; frequent words are short; documents have a title and are about something, repeat
their own words, and say what they are about in the beginning more often than later on; some are many times as
long as others; words stand at the beginning of sentences, in front of commas and in names.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from approxir.errors import ParseError
from approxir.files import read_text
from approxir.tuning.datasets.errors import DatasetError, dataset_error
from approxir.tuning.datasets.words import FUNCTION_WORDS, made_up_words

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]

VOCABULARY = 20_000
"""How many different words there are, numbers aside."""
EXPONENT, SHIFT = 1.05, 2.7
"""The word of rank r is as frequent as ``(r + SHIFT) ** -EXPONENT``."""
TOPIC_WORDS = 80
"""How many words belong to a topic."""
FOCUS_WORDS = 5
"""How many words of its topic a document prefers, the first ones most of all."""
PER_TOPIC = 100
"""How many documents a topic has on average."""
MEDIAN_LENGTH, LENGTH_SIGMA = 75.0, 0.95
"""Lengths of documents in words: log-normal, with this median and this deviation of the logarithm."""
SHORTEST, LONGEST = 6, 4000
TITLE = (2, 5)
"""How many words a title has at least and at most, which is the first sentence of a document."""
ASKED = (0.01, 0.1)
"""Questions are about words that occur in no less and no more than these shares of the documents."""

_WORD = re.compile(rb"[0-9A-Za-z\x80-\xff]+")
_QUESTIONS = (b"what", b"who", b"where", b"when", b"how", b"why", b"which")


@dataclass(frozen=True, slots=True)
class Corpus:
    """Documents in UTF-8, one after the other.

    Document `i` is ``text[offsets[i] : offsets[i + 1]]``.

    Attributes:
        text: the bytes of all documents; shape (bytes,), int8.
        offsets: where each document begins, and where the last one ends; shape (documents + 1,), int64.
        topics: what each document is about, topics being numbered from 0, or -1 where that is not known;
            shape (documents,), int32.
    """

    text: Array
    offsets: Array
    topics: Array

    @classmethod
    def of(cls, documents: Iterable[str], topics: Sequence[int] | Array | None = None) -> Corpus:
        """The corpus of these documents."""
        encoded = [document.encode("utf-8", "surrogateescape") for document in documents]
        offsets = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(document) for document in encoded], out=offsets[1:])
        found = np.full(len(encoded), -1, np.int32) if topics is None else np.asarray(topics, np.int32)
        return cls(np.frombuffer(b"".join(encoded), np.int8), offsets, found)

    def __len__(self) -> int:
        return len(self.topics)

    def document(self, number: int) -> str:
        """The text of a document."""
        return self._bytes(number).decode("utf-8", "surrogateescape")

    def _bytes(self, number: int) -> bytes:
        return bytes(self.text[self.offsets[number] : self.offsets[number + 1]].tobytes())

    def sample(self, count: int, rng: np.random.Generator) -> Corpus:
        """So many of the documents, drawn by chance, in their order."""
        if not 0 <= count <= len(self):
            raise dataset_error(f"of {len(self)} documents {count} cannot be drawn")
        chosen = np.sort(rng.choice(len(self), count, replace=False))
        return Corpus.of([self.document(int(number)) for number in chosen], self.topics[chosen])

    def queries(self, count: int, rng: np.random.Generator) -> list[str]:
        """Questions of 3 to 8 words, each about a document that is drawn by chance.

        A question asks for up to four words of its document, such as occur there often and elsewhere rarely,
        with words between them that occur everywhere. Raises `DatasetError` if no document has any words.
        """
        words = [_words(self._bytes(number)) for number in range(len(self))]
        holding = np.flatnonzero([bool(held) for held in words])
        if not len(holding):
            raise dataset_error("there is no question about documents without words")
        spread = Counter(word for held in words for word in set(held))
        common = [word for word, _ in spread.most_common(12) if word not in _QUESTIONS]
        return [self._query(words[int(rng.choice(holding))], spread, common, rng) for _ in range(count)]

    def _query(
        self, held: list[bytes], spread: Counter[bytes], common: list[bytes], rng: np.random.Generator
    ) -> str:
        counts = Counter(held)
        # Nobody asks for words that hardly any document has, or for those that many have.
        least, most = (share * len(self) for share in ASKED)
        asked = [word for word in counts if least <= spread[word] <= most] or list(counts)
        rarity = np.log(1 + len(self) / np.array([spread[word] for word in asked]))
        weights = np.array([counts[word] for word in asked]) ** 1.5 * rarity**2
        wanted = min(int(rng.integers(2, 5)), len(asked))
        content = [
            asked[at] for at in rng.choice(len(asked), wanted, replace=False, p=weights / weights.sum())
        ]
        said = [_QUESTIONS[int(rng.integers(len(_QUESTIONS)))]]
        for word in content:
            said += [common[int(rng.integers(len(common)))]] * int(rng.integers(0, 2)) if common else []
            said.append(word)
        while len(said) < 3:
            said.insert(1, common[int(rng.integers(len(common)))] if common else said[-1])
        text = b" ".join(said[:8]).decode("utf-8", "surrogateescape")
        return text[:1].upper() + text[1:] + "?"


def _words(text: bytes) -> list[bytes]:
    """The words of a text: runs of letters and digits, lower case."""
    return _WORD.findall(text.lower())


def read_corpus(path: str | os.PathLike[str]) -> Corpus:
    """The corpus of a text file in UTF-8 with a document on each line; an empty line is an empty document.

    Raises:
        DatasetError: the file is not UTF-8, with the place of the first wrong byte, or has no documents.
        OSError: the file is missing, or cannot be read.
    """
    try:
        text = read_text(path, hint="a corpus is UTF-8, with a document on each line")
    except ParseError as error:
        raise DatasetError(error.diagnostics) from None
    lines = text.removeprefix("\ufeff").removesuffix("\n").split("\n")
    if not any(line.strip() for line in lines):
        raise dataset_error("there are no documents", "a corpus has one on each line", os.fspath(path))
    return Corpus.of([line.removesuffix("\r") for line in lines])


def random_corpus(documents: int, rng: np.random.Generator) -> Corpus:
    """A corpus that is made up, of about 750 bytes in 115 words a document on average.

    Each document has a topic and some words of a second one. Which words a topic has, and the words
    themselves but for the most frequent ones, which are English, come from `rng` as everything else does.

    Raises `DatasetError` for a number of documents that makes no sense.
    """
    if documents < 1:
        raise dataset_error(f"a corpus has at least one document, not {documents}")
    vocabulary = [*FUNCTION_WORDS, *made_up_words(VOCABULARY - len(FUNCTION_WORDS), rng, FUNCTION_WORDS)]
    lengths = np.clip(
        np.exp(rng.normal(np.log(MEDIAN_LENGTH), LENGTH_SIGMA, documents)), SHORTEST, LONGEST
    ).astype(np.int64)
    topics = rng.integers(0, max(2, round(documents / PER_TOPIC)), documents).astype(np.int32)
    titles = rng.integers(TITLE[0], TITLE[1] + 1, documents)
    numbers = _word_numbers(lengths, titles, topics, rng)
    ends = np.cumsum(lengths)
    tokens = _written(numbers, ends, ends - lengths + titles - 1, vocabulary, rng)
    texts = [
        "".join(tokens[start:end]).rstrip(" -")
        for start, end in zip((ends - lengths).tolist(), ends.tolist(), strict=True)
    ]
    return Corpus.of(texts, topics)


def _word_numbers(lengths: Array, titles: Array, topics: Array, rng: np.random.Generator) -> Array:
    """The ranks of all words of all documents, from 0 on."""
    documents, total = len(lengths), int(lengths.sum())
    frequencies = (np.arange(VOCABULARY) + 1 + SHIFT) ** -EXPONENT
    plain = np.searchsorted(np.cumsum(frequencies / frequencies.sum()), rng.random(total))

    # Frequent words, function words among them, belong to no topic.
    first = 2 * len(FUNCTION_WORDS)
    topical = frequencies[first:] ** 0.9 / (frequencies[first:] ** 0.9).sum()
    count = int(topics.max()) + 1
    held = np.stack(
        [first + rng.choice(VOCABULARY - first, TOPIC_WORDS, replace=False, p=topical) for _ in range(count)]
    )
    order = 1 / (np.arange(TOPIC_WORDS) + 3.0)
    by_order = np.cumsum(order / order.sum())
    preference = 1 / (np.arange(FOCUS_WORDS) + 1.0)
    by_preference = np.cumsum(preference / preference.sum())
    focus = np.searchsorted(by_order, rng.random((documents, FOCUS_WORDS)))

    document = np.repeat(np.arange(documents), lengths)
    place = np.arange(total) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    in_title = place < titles[document]
    share = rng.beta(4.0, 4.0, documents)[document] * (0.55 + 0.45 * np.exp(-place / 40))
    share[in_title] = 0.9
    second = rng.integers(0, count, documents)
    topic = np.where(rng.random(total) < np.where(in_title, 0.0, 0.2), second[document], topics[document])
    number = np.where(
        rng.random(total) < np.where(in_title, 0.9, 0.5),
        focus[document, np.searchsorted(by_preference, rng.random(total))],
        np.searchsorted(by_order, rng.random(total)),
    )
    return np.where(rng.random(total) < share, held[topic, number], plain)


def _written(
    numbers: Array, ends: Array, title_ends: Array, vocabulary: list[str], rng: np.random.Generator
) -> list[str]:
    """How all words are written, each with the punctuation and the space behind it.

    A document ends before its number in `ends`; its title ends with the word of the number in `title_ends`.
    """
    total, size = len(numbers), len(vocabulary)
    # Some words are names, and some of these are written in capitals.
    kind = rng.random(size)
    kind[: len(FUNCTION_WORDS)] = 1.0
    case = np.where(kind < 0.02, 2, np.where(kind < 0.12, 1, 0))[numbers]

    last = np.zeros(total, bool)
    breaks = np.cumsum(5 + rng.poisson(14, total // 5 + 1)) - 1
    last[breaks[breaks < total]] = True
    last[ends - 1] = True
    last[title_ends] = True
    opens = np.roll(last, 1)
    case = np.where(opens & (case == 0), 1, case)

    draw = rng.random(total)
    inner = np.select([draw < 0.055, draw < 0.058, draw < 0.061, draw < 0.07], [1, 2, 3, 4], 0)
    outer = np.select([draw < 0.04, draw < 0.06], [6, 7], 5)
    suffix = np.where(last, outer, inner).tolist()
    suffixes = (" ", ", ", "; ", ": ", "-", ". ", "? ", "! ")

    # Figures take the place of a few words.
    figures = np.flatnonzero(rng.random(total) < 0.015)
    years = rng.integers(1700, 2030, len(figures))
    figure = np.where(rng.random(len(figures)) < 0.5, years, years % 97)
    forms = [*vocabulary, *(word.capitalize() for word in vocabulary), *(word.upper() for word in vocabulary)]
    tokens = [
        forms[form] + suffixes[end]
        for form, end in zip((numbers + size * case).tolist(), suffix, strict=True)
    ]
    for at, value in zip(figures.tolist(), figure.tolist(), strict=True):
        tokens[at] = f"{value}{suffixes[suffix[at]]}"
    for at in np.flatnonzero(rng.random(total) < 0.01).tolist():
        # A word in brackets; what follows it stays outside of them.
        word, end = tokens[at].rstrip(" .,;:?!-"), suffixes[suffix[at]]
        tokens[at] = f"({word}){end}"
    return tokens
