"""HPVM's configuration files."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.errors import ApproxIRError
from approxir.testing.targets import seeds
from approxir.testing.targets.base import Target, bytes_of, must, require, text_of
from approxir.tuning.frontier_files import dump_frontier, parse_frontier
from approxir.tuning.hpvm.conversion import from_frontier, to_frontier
from approxir.tuning.hpvm.file import dump, parse


def check(data: bytes) -> bool:
    """Whether the file is understood; it is then given back byte for byte, and survives conversion."""
    text = text_of(data)
    try:
        file = parse(text)
    except ApproxIRError:
        return False
    require(dump(file) == text, "a file is not given back")
    for configuration in file:
        _ = configuration.exact, configuration.extra, configuration.config()
    try:
        frontier = to_frontier(file)
        written = dump(from_frontier(frontier, like=file))
    except ApproxIRError:
        # Without the time of the exact program there is no frontier.
        return True
    require(parse_frontier(dump_frontier(frontier)) == frontier, "a frontier is not given back")
    must("what a frontier is written as is refused", lambda: parse(written))
    return True


def _seeds() -> Iterator[bytes]:
    for text in seeds.hpvm_files():
        yield bytes_of(text)


TARGET = Target(
    name="hpvm",
    about="HPVM's configuration files: reading, writing, frontiers",
    check=check,
    seeds=_seeds,
    words=seeds.hpvm_words,
    max_len=384,
)
