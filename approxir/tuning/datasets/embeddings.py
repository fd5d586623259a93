"""Embeddings of documents as decimal text: made, written and read.

A line for each document, of numbers with one space between them, each with a sign and with a fixed number of
digits behind its point, as ``numpy.savetxt(path, vectors, fmt="%+.8f")`` writes them:

    +0.09134127 -0.01728934 +0.11822735
    -0.05400914 +0.00034711 +0.20195563
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from approxir.errors import Diagnostic
from approxir.files import write_bytes_atomic
from approxir.tuning.datasets.errors import DatasetError, dataset_error

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]

MOST_DIGITS = 15
"""How many digits a number has at most: as many as a double holds exactly."""
DIGITS = 8

_NUMBER = re.compile(rb"[+-](\d++)\.(\d++)")
_HINT = "every line has as many numbers as the first one, such as -0.25 or +0.50, with as many digits"


@dataclass(frozen=True, slots=True)
class Embeddings:
    """The embeddings of documents, as text.

    Attributes:
        text: the characters of all numbers; shape (characters,), int8.
        starts: where the first number of each document begins; shape (documents,), int64.
        dimensions: how many numbers each document has.
        digits: how many digits each number has behind its point.
    """

    text: Array
    starts: Array
    dimensions: int
    digits: int

    @property
    def documents(self) -> int:
        return len(self.starts)

    @classmethod
    def of(cls, vectors: Array, digits: int = DIGITS) -> Embeddings:
        """The embeddings with these numbers, rounded; shape (documents, dimensions).

        Raises `DatasetError` for numbers that cannot be written with so many digits.
        """
        vectors = np.asarray(vectors, np.float64)
        if vectors.ndim != 2 or vectors.shape[1] == 0:
            raise dataset_error(f"embeddings have the shape (documents, dimensions), not {vectors.shape}")
        if not 1 <= digits < MOST_DIGITS:
            raise dataset_error(f"numbers have 1 to {MOST_DIGITS - 1} digits behind the point, not {digits}")
        limit = 10.0 ** (MOST_DIGITS - digits) - 1
        if not np.abs(vectors).max(initial=0.0) <= limit:
            raise dataset_error(
                f"with {digits} digits behind the point, numbers are from {-limit:g} to {limit:g}"
            )
        form = " ".join([f"%+.{digits}f"] * vectors.shape[1])
        lines = [(form % tuple(row)).encode("ascii") for row in vectors.tolist()]
        return cls._joined(lines, vectors.shape[1], digits)

    @classmethod
    def _joined(cls, lines: list[bytes], dimensions: int, digits: int) -> Embeddings:
        lengths = np.array([len(line) + 1 for line in lines], np.int64)
        starts = np.cumsum(lengths) - lengths
        text = np.frombuffer(b"".join([line + b"\n" for line in lines]), np.int8)
        return cls(text, starts, dimensions, digits)

    def vectors(self) -> Array:
        """The numbers; shape (documents, dimensions), float64."""
        text = self.text.tobytes().decode("ascii")
        return np.fromstring(text, np.float64, sep=" ").reshape(self.documents, self.dimensions)

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the text to a file, which is replaced as a whole or not at all. Raises `OSError`."""
        write_bytes_atomic(path, self.text.tobytes())


def read_embeddings(path: str | os.PathLike[str]) -> Embeddings:
    """The embeddings that a file holds. Line ends may be those of Windows.

    Raises:
        DatasetError: a line is something else, with its place; or there is none.
        OSError: the file is missing, or cannot be read.
    """
    name = os.fspath(path)
    lines = Path(path).read_bytes().split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    if not lines:
        raise dataset_error("there are no embeddings in this file", _HINT, name)
    first = _NUMBER.match(lines[0])
    dimensions = lines[0].count(b" ") + 1
    if first is None or not 1 <= len(first[2]) < MOST_DIGITS:
        message = f"a number has a sign, and 1 to {MOST_DIGITS - 1} digits behind its point"
        raise DatasetError((_wrong(message, name, lines, 0, 0),))
    digits = len(first[2])
    number = rb"[+-]\d{1,%d}\.\d{%d}" % (MOST_DIGITS - digits, digits)
    line = re.compile(rb"%s(?: %s){%d}" % (number, number, dimensions - 1))
    plain = [text.removesuffix(b"\r") for text in lines]
    for at, text in enumerate(plain):
        if line.fullmatch(text) is None:
            raise DatasetError((_wrong_number(re.compile(number), dimensions, digits, name, lines, at),))
    return Embeddings._joined(plain, dimensions, digits)


def _wrong_number(
    number: re.Pattern[bytes], dimensions: int, digits: int, name: str, lines: list[bytes], at: int
) -> Diagnostic:
    """What is wrong with a line that does not hold the numbers that it should."""
    column = 0
    words = lines[at].removesuffix(b"\r").split(b" ")
    for place, word in enumerate(words):
        if place == dimensions:
            break
        if number.fullmatch(word) is None:
            wanted = f"a sign here, {digits} digits behind its point, and at most {MOST_DIGITS} in all"
            return _wrong(f"a number has {wanted}", name, lines, at, column, len(word))
        column += len(word) + 1
    message = f"there are {len(words)} numbers in this line, and {dimensions} in the first"
    return _wrong(message, name, lines, at, column if len(words) > dimensions else column - 1)


def _wrong(message: str, name: str, lines: list[bytes], at: int, column: int, length: int = 1) -> Diagnostic:
    text = lines[at].decode("utf-8", "replace").removesuffix("\r")
    offset = sum([len(line) + 1 for line in lines[:at]]) + column
    return Diagnostic(message, name, at + 1, column + 1, offset, max(1, length), text, "dataset", hint=_HINT)


def topic_vectors(
    documents: int, dimensions: int, topics: int, rng: np.random.Generator, *, spread: float = 1.0
) -> Array:
    """Vectors of length 1 for documents about topics; shape (documents, dimensions), float64.

    Topics are random directions, some with more documents than others. A document is that of its topic and
    a random vector that is on average `spread` times as long, for some documents more and for others less.

    Raises `DatasetError` for numbers that make no vectors.
    """
    if documents < 0 or dimensions < 1 or topics < 1:
        raise dataset_error(
            f"there are documents, dimensions and topics: not {documents}, {dimensions} and {topics}"
        )
    centres = rng.standard_normal((topics, dimensions))
    weights = rng.lognormal(0.0, 0.5, topics)
    about = rng.choice(topics, documents, p=weights / weights.sum())
    away = spread * rng.lognormal(0.0, 0.25, (documents, 1))
    vectors = centres[about] + away * rng.standard_normal((documents, dimensions))
    unit: Array = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit
