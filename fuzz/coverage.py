"""Which branches of the parser, the passes and the transforms generated modules reach.

    python -m approxir.testing.coverage --examples 500

Generated programs are parsed, printed in every form, and lowered, with constants and with live parameters;
generated modules of any syntax are parsed and printed, and so are texts that are nearly modules, most of
which are refused. In what the passes get nothing is wrong, so that what reports faults there is not reached.
The package `coverage` does the counting.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

PACKAGES = ("passes", "transforms", "syntax")
"""The packages of approxir that are measured."""


@dataclass(frozen=True)
class Reached:
    """How many branches and statements of a file were reached, of how many, and the lines that were not."""

    branches: int
    of_branches: int
    statements: int
    of_statements: int
    missing: tuple[int, ...]

    def __add__(self, other: Reached) -> Reached:
        return Reached(
            self.branches + other.branches,
            self.of_branches + other.of_branches,
            self.statements + other.statements,
            self.of_statements + other.of_statements,
            (),
        )

    @property
    def shown(self) -> str:
        """Two columns: branches and statements, in per cent."""
        parts = ((self.branches, self.of_branches), (self.statements, self.of_statements))
        return " ".join([f"{100 * part / whole if whole else 100:9.1f} %" for part, whole in parts])


def measure(examples: int, seed: int = 0) -> dict[str, Reached]:
    """What so many programs of each kind, and so many modules, reach: by file, relative to the package.

    Raises `MissingDependencyError` without the package `coverage`.
    """
    from approxir.errors import MissingDependencyError

    try:
        from coverage import Coverage
    except ImportError:
        raise MissingDependencyError('measuring needs coverage: pip install "approxir[fuzz]"') from None
    import approxir

    # In strict editable installs the files are links, and coverage names what they point to.
    root = Path(approxir.__file__).resolve().parent
    # Modules that are loaded already have executed what stands in them at the top.
    counting = Coverage(data_file=None, branch=True, include=[f"{root / name}/*" for name in PACKAGES])
    counting.start()
    try:
        _exercise(examples, seed)
    finally:
        counting.stop()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "coverage.json")
        counting.json_report(outfile=str(path))
        report = json.loads(path.read_text(encoding="utf-8"))
    found = {}
    for name, entry in report["files"].items():
        summary = entry["summary"]
        found[Path(name).resolve().relative_to(root.resolve()).as_posix()] = Reached(
            summary["covered_branches"],
            summary["num_branches"],
            summary["covered_lines"],
            summary["num_statements"],
            tuple(entry["missing_lines"]),
        )
    return found


def _exercise(examples: int, seed: int) -> None:
    from hypothesis import strategies as st

    from approxir.testing.examples import Examples
    from approxir.testing.generators.broken import broken_texts
    from approxir.testing.generators.modules import texts
    from approxir.testing.generators.programs import ALL_DIALECTS, programs

    def run(strategy: st.SearchStrategy[Any], use: Callable[[Any], None]) -> None:
        made = Examples(strategy, use)
        for number in range(examples):
            made.run(seed, number)

    run(programs(max_ops=60, calls_in_knobs=True), _lower)
    run(programs(max_ops=60, dialects=ALL_DIALECTS), _lower)
    run(programs(max_ops=60, dialects=("tensor", "stablehlo")), _lower)
    run(texts(), _print)
    run(broken_texts(), _refuse)


def _lower(program: Any) -> None:
    from approxir.ir.module import parse
    from approxir.passes.config_approx import ConfigApprox
    from approxir.passes.pipeline import FUNC_SUBSTITUTE_PIPELINE, run_pipeline

    _print(program.text)
    # Arrays of parameters as arguments are for functions on tensors alone.
    arrays: tuple[Literal["global", "argument"], ...] = ("global",)
    if "memref" not in program.text:
        arrays = ("global", "argument")
    steps = [ConfigApprox(), *(ConfigApprox(live=True, array=array) for array in arrays)]
    for step in steps:
        module = parse(program.text)
        run_pipeline(module, [step if name == step.name else name for name in FUNC_SUBSTITUTE_PIPELINE])
        text = str(module)
        for last in ("legalize-control-flow-to-scf", "legalize-to-stablehlo"):
            if "stablehlo" in text and "memref" not in text:
                run_pipeline(parse(text), [last])


def _refuse(text: str) -> None:
    from approxir.errors import ApproxIRError

    try:
        _print(text)
    except ApproxIRError as error:
        str(error)


def _print(text: str) -> None:
    from approxir.ir.module import parse

    module = parse(text)
    module.parse_all()
    module.verify()
    module.print(generic=True)
    module.print(rename_ssa=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m approxir.testing.coverage", description=__doc__)
    parser.add_argument("--examples", type=int, default=200, help="how many of each kind (default: 200)")
    parser.add_argument("--seed", type=int, default=0, help="decides about the examples")
    parser.add_argument("--missing", action="store_true", help="show the lines that were not reached")
    options = parser.parse_args(arguments)
    totals: dict[str, Reached] = defaultdict(lambda: Reached(0, 0, 0, 0, ()))
    print(f"{'file':<48} {'branches':>11} {'statements':>11}")
    for name, reached in sorted(measure(options.examples, options.seed).items()):
        print(f"{name:<48} {reached.shown}")
        if options.missing and reached.missing:
            print(f"    not reached: {', '.join(map(str, reached.missing))}")
        totals[name.partition("/")[0]] += reached
    for name, reached in totals.items():
        print(f"{name:<48} {reached.shown}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
