"""Files of evaluations: JSON, JSON lines and CSV."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.errors import ApproxIRError
from approxir.testing.targets import seeds
from approxir.testing.targets.base import Target, Violation, choice, chosen, require
from approxir.tuning.frontier import Frontier
from approxir.tuning.frontier_files import Format, dump_frontier, parse_frontier

_FORMATS: tuple[Format | None, ...] = (None, "json", "jsonl", "csv")


def check(data: bytes) -> bool:
    """Whether the file is understood; each format then holds all of it."""
    number, text = choice(data, len(_FORMATS))
    try:
        frontier = parse_frontier(text, format=_FORMATS[number])
    except ApproxIRError:
        return False
    for kind in _FORMATS[1:]:
        assert kind is not None
        _given_back(frontier, kind)
    return True


def _given_back(frontier: Frontier, kind: Format) -> None:
    try:
        written = dump_frontier(frontier, kind)
    except ApproxIRError:
        # CSV cannot hold each name that JSON can.
        if kind == "csv":
            return
        raise
    try:
        again = parse_frontier(written, format=kind)
    except ApproxIRError as error:
        raise Violation(f"a written {kind} file is refused", f"{written}: {error}") from error
    require(dump_frontier(again, kind) == written, f"{kind} is written in two ways", written)
    require(
        dump_frontier(again, "json") == dump_frontier(frontier, "json"), f"{kind} loses something", written
    )


def _seeds() -> Iterator[bytes]:
    for number, texts in enumerate(seeds.frontier_texts()):
        for text in texts:
            yield chosen(number, text)
            yield chosen(0, text)


TARGET = Target(
    name="frontiers",
    about="files of evaluations as JSON, JSON lines and CSV",
    check=check,
    seeds=_seeds,
    words=seeds.frontier_words,
    max_len=512,
)
