"""Long campaigns: generated modules through the whole pipeline, in several processes, to be resumed at any
time.

    python -m approxir.testing.campaign --modules 100000 --jobs 2 -o DIR

A module is named by a seed and a number. They are examined in chunks of 500; each that is done is a
file in DIR, so that a campaign that was interrupted goes on where it was. ``report.json`` adds them up.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from approxir.files import write_text_atomic
from approxir.passes.pipeline import FUNC_SUBSTITUTE_PIPELINE
from approxir.testing.cases import cases
from approxir.testing.examination import Case, Examination
from approxir.testing.examples import Examples
from approxir.testing.oracles.failure import OracleFailure
from approxir.testing.reproducer import versions, write_reproducer
from approxir.testing.search import Finding
from approxir.testing.subjects import PassSubject

CHUNK = 500
"""How many modules are examined at a time."""

PIPELINE = ",".join(FUNC_SUBSTITUTE_PIPELINE)
ALWAYS = ("changed", "valid", "semantics", "isolated", "interface", "complete", "idempotent")
"""What is asked about every module."""

SOMETIMES = ("consistent", "round-trip", "composition", "exact", "live", "upstream")
"""What is asked about one module in `Plan.more`."""

TENSORS = ("func", "arith", "math", "scf", "stablehlo", "tensor")
"""What modules for IREE are made of."""


@dataclass(frozen=True)
class Plan:
    """What a campaign does.

    Attributes:
        seed: which modules, together with their numbers.
        modules: how many; a multiple of `CHUNK`.
        folder: where chunks, findings and the report are written.
        max_ops: how large modules are.
        more: one module in so many is asked about by all the oracles that need no engine.
        llvm: one module in so many is compiled by LLVM; 0 for none.
        iree: one module in so many is one of tensors, and compiled by IREE; 0 for none.
    """

    seed: int
    modules: int
    folder: Path
    max_ops: int = 20
    more: int = 50
    llvm: int = 200
    iree: int = 2000

    @property
    def chunks(self) -> range:
        """The numbers of the first modules of all chunks."""
        return range(0, self.modules, CHUNK)

    def path(self, first: int) -> Path:
        """The file of a chunk that is done."""
        return self.folder / "chunks" / f"{self.seed}-{first}.json"

    def oracles(self, number: int) -> list[str]:
        """What to ask about the module of that number."""
        names = list(ALWAYS)
        if number % self.more == 0:
            names += SOMETIMES
        if self.for_iree(number):
            names.append("iree")
        elif self.llvm and number % self.llvm == 0:
            names.append("llvm")
        return names

    def for_iree(self, number: int) -> bool:
        """Whether the module of that number is one of tensors."""
        return bool(self.iree) and number % self.iree == self.iree // 2


def run_chunk(plan: Plan, first: int) -> dict[str, Any]:
    """Examine the modules of a chunk, write what came of it, and return that."""
    begun, cpu = time.monotonic(), time.process_time()
    subject = PassSubject(PIPELINE)
    outcomes: dict[str, Counter[str]] = {}
    refusals: Counter[str] = Counter()
    findings: list[dict[str, Any]] = []
    texts: set[str] = set()
    changed = 0
    current: list[Any] = [(), None]

    def check(case: Case) -> None:
        current[1] = case
        examination = Examination(case, subject)
        held = examination.run(current[0])
        crash = held.pop("crash")
        texts.add(case.text)
        if crash.startswith("refused: "):
            refusals[(crash.partition(" error: ")[2] or crash).splitlines()[0]] += 1
            return
        nonlocal changed
        changed += crash == "changed"
        for name, outcome in held.items():
            outcomes.setdefault(name, Counter())[outcome] += 1

    plain = Examples(cases(max_ops=plan.max_ops), check)
    tensors = Examples(cases(max_ops=plan.max_ops, dialects=TENSORS), check)
    for number in range(first, min(first + CHUNK, plan.modules)):
        current[:] = [plan.oracles(number), None]
        try:
            (tensors if plan.for_iree(number) else plain).run(plan.seed, number)
        except OracleFailure as failure:
            findings.append(_written(plan, subject, current[1], failure, number))
        except Exception as error:
            # An engine refuses what it should take, or the generator is wrong.
            shown = "".join(traceback.format_exception(error)).rstrip()
            unexpected = OracleFailure("crash", f"{type(error).__name__}: {error}", where=shown)
            findings.append(_written(plan, subject, current[1], unexpected, number))
    result = {
        "seed": plan.seed,
        "first": first,
        "modules": min(CHUNK, plan.modules - first),
        "distinct": len(texts),
        "changed": changed,
        "refusals": dict(refusals),
        "outcomes": {name: dict(counts) for name, counts in outcomes.items()},
        "findings": findings,
        "seconds": round(time.monotonic() - begun, 3),
        "cpu_seconds": round(time.process_time() - cpu, 3),
    }
    path = plan.path(first)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text_atomic(path, json.dumps(result, indent=1) + "\n")
    return result


def _written(
    plan: Plan, subject: PassSubject, case: Case | None, failure: OracleFailure, number: int
) -> dict[str, Any]:
    """The finding as a reproducer, and as an entry of the report."""
    told: dict[str, Any] = {"number": number, "oracle": failure.oracle, "what": failure.what}
    if case is not None:
        finding = Finding(case, failure, number, case.text)
        path = write_reproducer(plan.folder / "findings", finding, subject, seed=plan.seed)
        told["file"] = str(path.relative_to(plan.folder))
    return told


def report(plan: Plan) -> dict[str, Any]:
    """What all chunks that are done add up to."""
    outcomes: dict[str, Counter[str]] = {}
    total: Counter[str] = Counter()
    refusals: Counter[str] = Counter()
    findings: list[dict[str, Any]] = []
    chunks = 0
    for first in plan.chunks:
        path = plan.path(first)
        if not path.exists():
            continue
        held = json.loads(path.read_text(encoding="utf-8"))
        chunks += 1
        for key in ("modules", "distinct", "changed", "seconds", "cpu_seconds"):
            total[key] += held[key]
        refusals.update(held["refusals"])
        findings += held["findings"]
        for name, counts in held["outcomes"].items():
            outcomes.setdefault(name, Counter()).update(counts)
    return {
        "seed": plan.seed,
        "wanted": plan.modules,
        "max_ops": plan.max_ops,
        "chunks": chunks,
        **{key: round(value, 1) for key, value in total.items()},
        "refused": sum(refusals.values()),
        "refusals": dict(refusals.most_common()),
        "outcomes": {name: dict(counts) for name, counts in outcomes.items()},
        "findings": findings,
        "versions": versions(),
    }


def run(plan: Plan, jobs: int) -> dict[str, Any]:
    """Examine every chunk that is not done yet, in so many processes, and write the report."""
    plan.folder.mkdir(parents=True, exist_ok=True)
    pending = [first for first in plan.chunks if not plan.path(first).exists()]
    begun = time.monotonic()
    pool = ProcessPoolExecutor(max_workers=jobs)
    try:
        futures = [pool.submit(run_chunk, plan, first) for first in pending]
        for done, future in enumerate(as_completed(futures), 1):
            held = future.result()
            left = (time.monotonic() - begun) / done * (len(pending) - done)
            print(
                f"{done * CHUNK} of {len(pending) * CHUNK} modules, "
                f"{len(held['findings'])} findings in the chunk from {held['first']}, "
                f"{left / 60:.0f} min left",
                flush=True,
            )
            _write(plan)
    finally:
        # Chunks that nobody has begun are left to the next time, whatever ended this one.
        pool.shutdown(wait=False, cancel_futures=True)
    return _write(plan)


def _write(plan: Plan) -> dict[str, Any]:
    found = report(plan)
    write_text_atomic(plan.folder / "report.json", json.dumps(found, indent=1) + "\n")
    return found


def main(argv: Sequence[str]) -> int:
    """Examine many generated modules; 1 if there are findings."""
    parser = argparse.ArgumentParser(prog="python -m approxir.testing.campaign", description=main.__doc__)
    parser.add_argument("--modules", type=int, default=100_000, help="how many, in all")
    parser.add_argument("--jobs", type=int, default=2, help="how many processes")
    parser.add_argument("--seed", type=int, default=0, help="which modules")
    parser.add_argument("--max-ops", type=int, default=20, help="how large modules are, about")
    parser.add_argument("--more", type=int, default=50, help="one in so many is asked about by all oracles")
    parser.add_argument(
        "--llvm", type=int, default=200, help="one in so many is compiled by LLVM; 0 for none"
    )
    parser.add_argument(
        "--iree", type=int, default=2000, help="one in so many is compiled by IREE; 0 for none"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="the folder of the campaign")
    held = parser.parse_args(argv)
    if held.modules < 1 or held.jobs < 1 or held.more < 1:
        parser.error("--modules, --jobs and --more are at least 1")
    if held.max_ops < 8:
        parser.error("--max-ops is at least 8")
    plan = Plan(
        held.seed, held.modules, held.output, held.max_ops, held.more, max(0, held.llvm), max(0, held.iree)
    )
    try:
        found = run(plan, held.jobs)
    except KeyboardInterrupt:
        print(f"Interrupted; the same command goes on. What is done: {plan.folder / 'report.json'}")
        return 130
    except OSError as error:
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    print(f"{found['modules']} modules, {found['distinct']} different, {len(found['findings'])} findings")
    return 1 if found["findings"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
