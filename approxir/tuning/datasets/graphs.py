"""Directed graphs as a ranking of their nodes needs them: who links to a node, and how many links each has.

What holds for every graph, made or read: a link from one node to another counts once, however often it is
named; a node may link to itself; a node that links to none (a dangling node) has the out-degree 0.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from approxir.errors import Diagnostic
from approxir.tuning.datasets.errors import DatasetError, dataset_error

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]

MOST = 2**31 - 1
"""The largest number of nodes: they are numbered in 32 bits."""

SITE = 256
"""How many nodes a site has on average."""
LOCAL = 0.9
"""The share of links that stay within a site."""
TAIL = 1.2
"""The exponent with which the share of nodes falls that have more than a number of in-neighbours."""
CHUNK = 1 << 24
"""How many bytes of a file are looked at together."""

_EDGES = re.compile(rb"(?:[ \t]*+(?:\d{1,18}[ \t]++\d{1,18}[ \t]*+)?+\r?+\n)*+")
_COMMENT = re.compile(rb"^[ \t]*+#[^\n]*+", re.MULTILINE)
_WORD = re.compile(r"[^ \t\r]+")
_NUMBER = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Graph:
    """A directed graph by its in-neighbours (compressed sparse columns of its adjacency matrix).

    Node `i` is linked to by ``sources[starts[i] : starts[i + 1]]``. Those that are likely to matter most come
    first: a node that many link to and that links to few itself, by the quotient of the two numbers. Where it
    is the same, the node with the lower number does.

    Attributes:
        starts: where the in-neighbours of each node begin; shape (nodes + 1,), int64.
        sources: the in-neighbours of all nodes, one after the other; shape (edges,), int32.
        out_degrees: how many nodes each node links to; shape (nodes,), int32.
        names: the number that each node has in its file, ascending; shape (nodes,), int64.
    """

    starts: Array
    sources: Array
    out_degrees: Array
    names: Array

    @property
    def nodes(self) -> int:
        return len(self.names)

    @property
    def edges(self) -> int:
        return len(self.sources)

    @classmethod
    def of(cls, sources: Array, targets: Array, names: Array) -> Graph:
        """The graph with an edge from each source to the target at the same place, both node numbers."""
        nodes = len(names)
        keys = np.sort(targets.astype(np.int64) * nodes + sources)
        # NumPy's own `unique` takes many times as long as sorting.
        to, by = np.divmod(keys[np.diff(keys, prepend=-1) > 0], max(nodes, 1))
        linked, links = np.bincount(to, minlength=nodes), np.bincount(by, minlength=nodes)
        starts = np.zeros(nodes + 1, np.int64)
        np.cumsum(linked, out=starts[1:])
        # Stable: what is sorted by number stays so where shares are equal.
        order = np.lexsort((-(linked / np.maximum(links, 1))[by], to))
        return cls(starts, by[order].astype(np.int32), links.astype(np.int32), names)


def random_graph(nodes: int, mean_in_degree: float, rng: np.random.Generator) -> Graph:
    """A random graph that resembles the web: few nodes are linked to by many, and most links are local.

    In-degrees follow a power law, out-degrees a log-normal distribution. Nodes belong to sites of different
    sizes, and nine links in ten stay within one, as far as it has enough nodes. The mean is met up to the
    rounding of degrees and to links that are drawn twice, which count once (about a tenth).

    Raises `DatasetError` for numbers that make no graph.
    """
    if not 0 <= nodes <= MOST:
        raise dataset_error(f"a graph has from 0 to {MOST} nodes, not {nodes}")
    if not 0 <= mean_in_degree <= max(nodes - 1, 0) / 2:
        raise dataset_error(
            f"the mean in-degree is from 0 to half of the other nodes, {max(nodes - 1, 0) / 2:g}, "
            f"not {mean_in_degree:g}"
        )
    names = np.arange(nodes, dtype=np.int64)
    degrees = _in_degrees(nodes, mean_in_degree, rng)
    first, last = _sites(nodes, rng)
    targets = np.repeat(names, degrees)
    # A node draws at most as many links from its site as will mostly be different ones.
    share = np.minimum(LOCAL, (last - first) / (4 * np.maximum(degrees, 1)))
    local = rng.random(len(targets)) < share[targets]
    # Where a number between these falls among the summed activities is the source that it draws.
    ends = np.concatenate([[0.0], np.cumsum(rng.lognormal(0.0, 1.0, nodes))])
    low = np.where(local, ends[first[targets]], 0.0)
    high = np.where(local, ends[last[targets]], ends[-1])
    drawn = np.searchsorted(ends, low + rng.random(len(targets)) * (high - low), side="right") - 1
    sources = np.clip(drawn, 0, nodes - 1)
    others = sources != targets
    return Graph.of(sources[others], targets[others], names)


def _in_degrees(nodes: int, mean: float, rng: np.random.Generator) -> Array:
    """In-degrees by a power law whose tail is cut off, with this mean before they are rounded at random."""
    if nodes == 0 or mean == 0:
        return np.zeros(nodes, np.int64)
    weights = rng.pareto(TAIL, nodes) + 1
    most = (nodes - 1) / 2
    scaled = weights
    for _ in range(50):
        scaled = np.minimum(scaled * (mean * nodes / scaled.sum()), most)
    return np.floor(scaled + rng.random(nodes)).astype(np.int64)


def _sites(nodes: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """The first node of the site of each node, and the one behind its last."""
    count = max(1, round(nodes / SITE))
    borders = np.sort(rng.integers(0, nodes + 1, count - 1))
    ends = np.concatenate([[0], borders, [nodes]])
    sizes = np.diff(ends)
    return np.repeat(ends[:-1], sizes), np.repeat(ends[1:], sizes)


def read_edge_list(path: str | os.PathLike[str]) -> Graph:
    """The graph of a text file with an edge on each line, as SNAP and others publish them.

        # FromNodeId ToNodeId
        0 11342
        0 824020

    An edge is the number of the node that links and of the one that it links to, with spaces or tabs between;
    numbers have up to 18 digits and no sign. Empty lines and lines that begin with ``#`` mean nothing. Nodes
    are those that occur, and get new numbers from 0 on in the order of their old ones, `Graph.names`. Of
    edges that occur again the first counts.

    Raises:
        DatasetError: a line is something else, with its place; or there are too many nodes.
        OSError: the file is missing, or cannot be read.
    """
    with Path(path).open("rb") as file:
        pairs = _edges(file, os.fspath(path))
    names, numbers = _numbered(pairs)
    if len(names) > MOST:
        message = f"there are {len(names)} nodes, and at most {MOST} can be numbered"
        raise dataset_error(message, file=os.fspath(path))
    return Graph.of(numbers[:, 0], numbers[:, 1], names)


def _numbered(pairs: Array) -> tuple[Array, Array]:
    """The numbers that occur, ascending, and for each one in the array its place among them."""
    largest = int(pairs.max(initial=-1))
    if largest >= 4 * pairs.size + 1024:
        names, places = np.unique(pairs, return_inverse=True)
        return names, places.reshape(pairs.shape)
    # Numbers that are nearly dense need no sorting.
    occurs = np.zeros(largest + 1, np.bool_)
    occurs[pairs] = True
    return np.flatnonzero(occurs), (np.cumsum(occurs) - 1)[pairs]


def _edges(file: BinaryIO, name: str) -> Array:
    """The edges of a file, old numbers in an array of shape (edges, 2)."""
    found = [np.empty((0, 2), np.int64)]
    line, offset, rest = 1, 0, b""
    while True:
        read = file.read(CHUNK)
        data = rest + read
        end = data.rfind(b"\n") + 1 if read else len(data)
        whole, rest = data[:end], data[end:]
        if whole:
            found.append(_edges_of(whole if whole.endswith(b"\n") else whole + b"\n", name, line, offset))
        if not read:
            return np.concatenate(found)
        line += whole.count(b"\n")
        offset += len(whole)


def _edges_of(lines: bytes, name: str, line: int, offset: int) -> Array:
    """The edges of whole lines, of which the first has this number and begins at this offset."""
    if line == 1:
        lines = lines.removeprefix(b"\xef\xbb\xbf")
    plain = _COMMENT.sub(b"", lines) if b"#" in lines else lines
    good = _EDGES.match(plain)
    assert good is not None
    if good.end() < len(plain):
        before = plain.count(b"\n", 0, good.end())
        wrong = lines.split(b"\n", before + 1)[before]
        begin = offset + len(b"\n".join(lines.split(b"\n", before)[:before])) + bool(before)
        raise DatasetError((_wrong_line(wrong.decode("utf-8", "replace"), name, line + before, begin),))
    if not plain.strip():
        return np.empty((0, 2), np.int64)
    return np.fromstring(plain.decode("ascii"), np.int64, sep=" ").reshape(-1, 2)


def _wrong_line(text: str, name: str, line: int, offset: int) -> Diagnostic:
    """What is wrong with a line that is no edge."""
    words = list(_WORD.finditer(text))
    strange = next((word for word in words[:2] if _NUMBER.fullmatch(word.group()) is None), None)
    if strange is not None:
        what = "a node is a number of up to 18 digits"
        at, length = strange.start(), len(strange.group())
    elif len(words) > 2:
        what = "an edge is two nodes, and there is something behind them"
        at, length = words[2].start(), len(words[2].group())
    else:
        what = "an edge is two nodes, and here is only one"
        at, length = len(text.rstrip()), 1
    hint = "each line is '<from> <to>'; a line that begins with '#' is a comment"
    return Diagnostic(what, name, line, at + 1, offset + at, length, text.rstrip("\r"), "dataset", hint=hint)
