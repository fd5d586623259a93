"""Run approxir over folders of .mlir files and let real MLIR parsers judge it.

    python -m tests.corpus.run FOLDER... [--json REPORT] [--sample 500] [--checks lossless operations]

For each file that a real parser accepts:

* lossless: `str(parse(text))` is the text, byte for byte, also after `parse_all`.
* renamed: `print(rename_ssa=True)` has the same generic form, and printing it again changes nothing.
* unique: after giving every value a name of its own, the real parser sees the same module and no name twice.
* operations: the operations found are those that the real parser sees, at the same places, in the same
  nesting.

A file that no parser accepts must end in a result or an `ApproxIRError`; anything else is a crash. A folder
of the path may say which tool accepts its files (`.../torch-mlir-opt/...`) or that none does
(`.../refused/...`); otherwise the tools are tried in turn. Answers of the tools are cached (see
`tools.py`), so only the first run is slow.
"""

from __future__ import annotations

import argparse
import collections
import itertools
import json
import random
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, Literal, Protocol

from .judge import (
    Place,
    Reading,
    Tool,
    accepting_tool,
    compare_operations,
    first_difference,
    global_unique_check,
    reading,
    same_module,
    tool,
)
from .tools import NAMES, plain_name

CHECKS = ("lossless", "renamed", "unique", "operations")

Status = Literal["ok", "fail", "error", "crash"]
"""`error`: the reader refused the text with its own kind of error; `crash`: with any other, or it hung."""


class Refused(Exception):
    """The reader reported an error in the text."""


class Document(Protocol):
    """A text as a reader understood it; `Refused` may be raised by any method."""

    def printed(self) -> str:
        """The text given back."""

    def renamed(self) -> str:
        """The canonical form with all values renumbered."""

    def operations(self) -> list[tuple[str, Place, Place | None]]:
        """Name, place of the name, and place of the enclosing operation's name, of every operation."""

    def unique(self) -> str:
        """The text with a name of its own for every value. Called last: it may change the document."""


class ApproxDocument:
    """What approxir makes of a text."""

    def __init__(self, text: str) -> None:
        import approxir as ax

        self.error: type[Exception] = ax.ApproxIRError
        self.parse: Callable[[str], Any] = ax.parse
        self.module = self.attempt(lambda: ax.parse(text))
        self.attempt(lambda: self.module.parse_all())

    def attempt(self, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except self.error as error:
            raise Refused(str(error)) from error

    def printed(self) -> str:
        return str(self.module)

    def renamed(self) -> str:
        text: str = self.attempt(lambda: self.module.print(rename_ssa=True))
        again: str = self.attempt(lambda: self.parse(text).print(rename_ssa=True))
        if text != again:
            raise Refused(f"renaming twice differs: {first_difference(text, again)}")
        return text

    def operations(self) -> list[tuple[str, Place, Place | None]]:
        def place(op: Any) -> Place | None:
            where = op.name_location if op is not None else None
            return Place(where.line, where.column) if where else None

        found = []
        for op in self.attempt(lambda: list(self.module.walk())):
            if (here := place(op)) is not None:
                found.append((op.name, here, place(op.parent)))
        return found

    def unique(self) -> str:
        def rename() -> str:
            numbers = itertools.count()
            for op in list(self.module.walk()):
                blocks = itertools.chain.from_iterable(region.blocks for region in op.regions)
                for value in itertools.chain(op.results, *(block.arguments for block in blocks)):
                    if value.name is not None:
                        value.name = f"unique_{next(numbers)}"
            return str(self.module)

        text: str = self.attempt(rename)
        return text


class IdentityDocument:
    """Gives every text back unchanged: tests this program, and shows how weak the weak checks are."""

    def __init__(self, text: str) -> None:
        self.text = text

    def printed(self) -> str:
        return self.text

    renamed = printed
    unique = printed

    def operations(self) -> list[tuple[str, Place, Place | None]]:
        return []


READERS: dict[str, Callable[[str], Document]] = {"approxir": ApproxDocument, "identity": IdentityDocument}


@dataclass(slots=True)
class Outcome:
    """What happened to one file."""

    path: str
    tool: str | None
    """The real parser that accepts the file, or None."""
    dialects: list[str] = field(default_factory=list)
    checks: dict[str, Status] = field(default_factory=dict)
    details: dict[str, str] = field(default_factory=dict)
    """For each check that is not ok, the first difference or the message."""


def judged(
    path: Path, reader: str = "approxir", checks: Sequence[str] = CHECKS, seconds: int = 60
) -> Outcome:
    """Run the checks on one file."""
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    using = _tool_for(path, text)
    outcome = Outcome(str(path), using.name if using else None)
    expected = reading(text, using) if using else None
    if expected is not None:
        names = {w.name for w in expected.operations}
        outcome.dialects = sorted({name.split(".")[0] for name in names if "." in name})

    def check(name: str, action: Callable[[], str | None]) -> bool:
        status, detail = _attempt(action, seconds)
        outcome.checks[name] = status
        if detail:
            outcome.details[name] = detail
        return status == "ok"

    documents: list[Document] = []

    def lossless() -> str | None:
        documents.append(READERS[reader](text))
        printed = documents[0].printed()
        return None if printed == text else first_difference(text, printed)

    if not check("lossless", lossless) and not documents:
        return outcome
    document = documents[0]
    if using is None:
        return outcome
    if "renamed" in checks:
        check("renamed", lambda: same_module(text, document.renamed(), using).reason or None)
    if "operations" in checks and expected is not None:
        known = expected
        check("operations", lambda: _operations_differ(document, known))
    if "unique" in checks:
        check("unique", lambda: _unique_differs(text, document.unique(), using))
    return outcome


def _tool_for(path: Path, text: str) -> Tool | None:
    if "refused" in path.parts:
        return None
    named = next((part for part in path.parts if plain_name(part) in NAMES), None)
    return tool(named) if named else accepting_tool(text)


def _attempt(action: Callable[[], str | None], seconds: int) -> tuple[Status, str]:
    def late(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"still running after {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        complaint = action()
    except Refused as error:
        return "error", str(error)
    except Exception as error:  # a crash of the reader is a finding, not the end of this run
        return "crash", f"{type(error).__name__}: {error}"
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    return ("ok", "") if complaint is None else ("fail", complaint)


def _operations_differ(document: Document, expected: Reading) -> str | None:
    found = document.operations()
    parents = {place: parent for _, place, parent in found}
    result = compare_operations(
        [(name, *place) for name, place, _ in found],
        expected,
        lambda operation: parents[Place(operation[1], operation[2])],
    )
    if result:
        return None
    counts = f"{len(result.missing)} missing, {len(result.extra)} extra, {len(result.misplaced)} misplaced"
    first = (result.missing or result.extra or result.misplaced)[0]
    return f"{counts}; first: {first[0]} at {first[1]}:{first[2]}"


def _unique_differs(text: str, renamed: str, using: Tool) -> str | None:
    verdict = same_module(text, renamed, using)
    if not verdict:
        return verdict.reason
    return global_unique_check(renamed, using) if using.located else None


def files_below(folders: Iterable[Path]) -> Iterator[Path]:
    """The .mlir files of the folders, in order; a file may be named too."""
    for folder in folders:
        yield from sorted(folder.rglob("*.mlir")) if folder.is_dir() else [folder]


def table(outcomes: Iterable[Outcome], checks: Sequence[str] = CHECKS) -> str:
    """Counts for each dialect (a file counts once for each), and for all; shares are of the files asked."""
    total: collections.Counter[str] = collections.Counter()
    asked: collections.Counter[tuple[str, str]] = collections.Counter()
    passed: collections.Counter[tuple[str, str]] = collections.Counter()
    errors: collections.Counter[tuple[str, str]] = collections.Counter()
    for outcome in outcomes:
        rows = ["ALL accepted", *outcome.dialects] if outcome.tool else ["ALL refused"]
        for row in rows:
            total[row] += 1
            for name, status in outcome.checks.items():
                asked[row, name] += 1
                passed[row, name] += status == "ok"
            for status in {s for s in outcome.checks.values() if s in ("error", "crash")}:
                errors[row, status] += 1
    columns = (*checks, "error", "crash")
    lines = [f"{'dialect':20} {'files':>7} " + " ".join(f"{name:>12}" for name in columns)]
    for row, count in sorted(
        total.items(), key=lambda item: (not item[0].startswith("ALL"), -item[1], item[0])
    ):
        cells = [
            f"{passed[row, name]:>5} {100 * passed[row, name] / max(1, asked[row, name]):5.1f}%"
            for name in checks
        ]
        cells += [str(errors[row, name]) for name in ("error", "crash")]
        lines.append(f"{row:20} {count:>7} " + " ".join(f"{cell:>12}" for cell in cells))
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; exit status 1: an accepted file failed a check, or some file crashed the reader."""
    parser = argparse.ArgumentParser(prog="python -m tests.corpus.run", description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every outcome to FILE")
    parser.add_argument("--sample", type=int, metavar="N", help="take N files at random")
    parser.add_argument("--seed", type=int, default=0, help="for --sample (default 0)")
    parser.add_argument("--checks", nargs="+", choices=CHECKS, default=list(CHECKS))
    parser.add_argument("--reader", choices=sorted(READERS), default="approxir")
    parser.add_argument("--failures", type=int, default=20, metavar="N", help="failures to show a check")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default 1)")
    options = parser.parse_args(arguments)

    paths = list(files_below(options.folders))
    if options.sample is not None and options.sample < len(paths):
        paths = sorted(random.Random(options.seed).sample(paths, options.sample))
    judge = partial(judged, reader=options.reader, checks=options.checks)
    outcomes: list[Outcome] = []
    with ProcessPoolExecutor(options.jobs) if options.jobs > 1 else _Here() as pool:
        try:
            for outcome in pool.map(judge, paths):
                outcomes.append(outcome)
                if len(outcomes) % 200 == 0:
                    print(f"{len(outcomes)} of {len(paths)}", file=sys.stderr, flush=True)
        except KeyboardInterrupt:
            print("interrupted: a report on the files so far follows", file=sys.stderr)
    print(table(outcomes, [name for name in CHECKS if name in options.checks or name == "lossless"]))
    for name in CHECKS:
        bad = [o for o in outcomes if name in o.details and (o.tool or o.checks[name] == "crash")]
        if bad:
            print(f"\n{name}: {len(bad)} files")
        for outcome in bad[: options.failures]:
            detail = outcome.details[name].replace("\n", "\n      ")
            print(f"  {outcome.checks[name]:5} {outcome.path}\n      {detail[:600]}")
    if options.json:
        options.json.write_text(json.dumps([asdict(o) for o in outcomes], indent=1) + "\n")
    wrong = (
        o.checks[name] == "crash" or (o.tool is not None and o.checks[name] != "ok")
        for o in outcomes
        for name in o.checks
    )
    return int(any(wrong))


class _Here:
    """A pool of no other process."""

    def __enter__(self) -> _Here:
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def map(self, action: Callable[[Path], Outcome], paths: Iterable[Path]) -> Iterator[Outcome]:
        return map(action, paths)


if __name__ == "__main__":
    sys.exit(main())
