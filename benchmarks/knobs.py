"""Reading and setting knobs, next to a manager on regular expressions: how often right, and how fast.

    python benchmarks/knobs.py
    python benchmarks/knobs.py --write docs/benchmarks.md

The peer (`regex_manager.py`) knows one spelling of annotations and nothing of comments, strings and line
breaks. The tricky inputs are those of the tests, `tests/support/tricky_annotations.py`.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from inputs import ANNOTATION, kernel_module, repeated_kernels, transformer
from regex_manager import RegexManager
from running import ROOT, Row, environment, machine, progress, table, today, write_section

sys.path.insert(0, str(ROOT / "tests"))
SPEED = "Time over that of the regular expressions"
PROCESS = "Time over that of a script with the regular expressions, as processes"
LINT = "Lint"
LIMIT = 3.0
SCRIPT = """
import sys
sys.path.insert(0, {folder!r})
from regex_manager import RegexManager
with open({source!r}, encoding="utf-8", newline="") as stream:
    text = stream.read()
edited = RegexManager().apply_config(text, {config!r})
with open({target!r}, "w", encoding="utf-8", newline="") as stream:
    stream.write(edited)
"""


class Manager(Protocol):
    """What both managers can do."""

    def parse_annotations(self, mlir_text: str) -> Mapping[str, Any]: ...

    def apply_config(self, mlir_text: str, config: Mapping[str, int]) -> str: ...


def annotated(text: str, count: int) -> str:
    """The module with `count` annotations of functions spread over it."""
    lines = text.split("\n")
    starts = [number for number, line in enumerate(lines) if line.startswith("  func.func")]
    for place in range(count):
        at = starts[place * len(starts) // count]
        lines[at] = f"{annotation(f'target_{place}')}\n{lines[at]}"
    return "\n".join(lines)


def annotation(function: str) -> str:
    """An annotation on one line, as the peer needs it."""
    return (
        f'  "{ANNOTATION}"() <{{func_name = "{function}", transform_type = "loop_perforate", '
        "num_thresholds = 2 : i32, thresholds = array<i32: 100, 500>, "
        "thresholds_lowers = array<i32: 0, 100>, thresholds_uppers = array<i32: 500, 1000>, "
        "decisions = array<i32: 0, 2, 3>, decision_values = array<i32: 0, 2, 3>}> : () -> ()"
    )


def inputs(scale: float) -> dict[str, tuple[str, int]]:
    """Texts by name, each with the number of its annotations."""
    big = repeated_kernels(int(20_000_000 * scale))
    hundred = repeated_kernels(100_000)
    return {
        "1 kB, 1 annotation": (annotated(kernel_module(1), 1), 1),
        "100 kB, 1 annotation": (annotated(hundred, 1), 1),
        "100 kB and 1,000 annotations": (many(hundred, 1000), 1000),
        f"{20 * scale:g} MB, 1 annotation": (annotated(big, 1), 1),
        f"{20 * scale:g} MB, 1,000 annotations": (annotated(big, 1000), 1000),
    }


def many(text: str, count: int) -> str:
    """The module with more annotations than it has functions, all in front."""
    head, _, rest = text.partition("\n")
    return "\n".join([head, *(annotation(f"target_{number}") for number in range(count)), rest])


def timed(manager: Manager, text: str, config: Mapping[str, int] | None) -> tuple[float, Any]:
    """Seconds, and what came out: the text with a configuration, or without one the parameters' names."""
    gc.collect()
    start = time.perf_counter()
    found: Any = manager.parse_annotations(text) if config is None else manager.apply_config(text, config)
    taken = time.perf_counter() - start
    return taken, set(found) if config is None else found


def managers() -> dict[str, Manager]:
    from approxir import MLIRConfigManager

    return {"approxir": MLIRConfigManager(), "regex": RegexManager()}


def speed_rows(scale: float, rounds: int) -> list[Row]:
    rows = []
    for name, (text, count) in inputs(scale).items():
        progress(name)
        one = {"target_0_threshold_0": 101}
        jobs: dict[str, tuple[dict[str, int] | None, tuple[str, float] | None]] = {
            "set one threshold": (one, ("at most", LIMIT)),
            "list all parameters": (None, None),
        }
        if count > 1:
            jobs["set a threshold of each"] = ({f"target_{i}_threshold_0": 101 for i in range(count)}, None)
        for what, (config, target) in jobs.items():
            times: dict[str, list[float]] = {"approxir": [], "regex": []}
            found: dict[str, Any] = {}
            for _ in range(rounds):
                for who, manager in managers().items():
                    # A new string each time: whatever is remembered by its text is remembered no more.
                    taken, found[who] = timed(manager, text + "\n", config)
                    times[who].append(taken)
            assert found["approxir"] == found["regex"], f"the managers disagree about {name}"
            ratio = statistics.median(times["approxir"]) / statistics.median(times["regex"])
            rows.append(Row(SPEED, what, name, "regular expressions", ratio, target))  # type: ignore[arg-type]
    return rows


def lint_rows(scale: float, rounds: int) -> list[Row]:
    """How lint grows with the number of knobs, and what it costs next to reading and checking all."""
    import approxir

    def lint(text: str) -> object:
        return approxir.parse(text).lint()

    def read(text: str) -> object:
        return approxir.parse(text).parse_all()

    fewer, more = int(1000 * scale), int(2000 * scale)
    texts = {count: annotated(kernel_module(count), count) for count in (fewer, more)}
    times: dict[object, list[float]] = {fewer: [], more: [], "read": []}
    for _ in range(rounds):
        for count, text in texts.items():
            gc.collect()
            start = time.perf_counter()
            lint(text)
            times[count].append(time.perf_counter() - start)
        gc.collect()
        start = time.perf_counter()
        read(texts[more])
        times["read"].append(time.perf_counter() - start)
    medians = {key: statistics.median(held) for key, held in times.items()}
    what = f"lint {more:,} annotated functions"
    growth = medians[more] / medians[fewer]
    return [
        Row(LINT, what, "kernels", f"lint {fewer:,} of them", growth, ("at most", 2.5)),
        Row(LINT, what, "kernels", "`Module.parse_all`", medians[more] / medians["read"]),
    ]


def process_rows(scale: float, rounds: int) -> list[Row]:
    """``approxir set`` as a process, next to a script; each gives a diff of one line."""
    jax = transformer(72, generic=False)
    lines = jax.split("\n")
    texts = {
        f"a JAX module of {len(lines):,} lines": "\n".join([lines[0], annotation("main"), *lines[1:]]),
        f"kernels, {20 * scale:g} MB": many(repeated_kernels(int(20_000_000 * scale)), 1).replace(
            "target_0", "main"
        ),
    }
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.mlir", Path(folder) / "out.mlir"
        script = SCRIPT.format(
            folder=str(ROOT / "benchmarks"),
            source=str(source),
            target=str(target),
            config={"main_threshold_0": 101},
        )
        commands = {
            "approxir": ["-m", "approxir", "set", str(source), "main_threshold_0=101", "-o", str(target)],
            "script": ["-c", script],
        }
        for name, text in texts.items():
            progress(name)
            source.write_text(text, encoding="utf-8")
            times: dict[str, list[float]] = {who: [] for who in commands}
            for round_number in range(rounds + 1):
                for who, arguments in commands.items():
                    start = time.perf_counter()
                    subprocess.run([sys.executable, *arguments], env=environment(), check=True)
                    if round_number:
                        times[who].append(time.perf_counter() - start)
                    assert changed_lines(text, target.read_text(encoding="utf-8")) == 1
            ratio = statistics.median(times["approxir"]) / statistics.median(times["script"])
            rows.append(Row(PROCESS, "`approxir set`", name, "script", ratio))
    return rows


def changed_lines(before: str, after: str) -> int:
    pairs = zip(before.split("\n"), after.split("\n"), strict=True)
    return sum(one != other for one, other in pairs)


def tricky() -> tuple[list[tuple[str, bool, bool]], int, int]:
    """For each tricky input whether approxir and the regular expressions are right about it."""
    from support.tricky_annotations import CASES

    results = []
    for case in CASES:
        right = [_right(manager, case) for manager in managers().values()]
        results.append((case.name, right[0], right[1]))
    return results, sum(r[1] for r in results), sum(r[2] for r in results)


def _right(manager: Manager, case: Any) -> bool:
    try:
        config = {
            name: getattr(value, "current", value)
            for name, value in manager.parse_annotations(case.text).items()
        }
        name, value = case.edit
        edited = manager.apply_config(case.text, {name: value})
    except Exception:
        # However a manager fails, it was not right.
        return False
    return config == dict(case.config) and edited == case.edited


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the size, fewer runs")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the tables in this file, too")
    options = parser.parse_args()
    scale, rounds = (0.1, 3) if options.quick else (1.0, 7)
    results, ours, theirs = tricky()
    rows = speed_rows(scale, rounds)
    processes = process_rows(scale, rounds)
    lint = lint_rows(scale, min(rounds, 3))
    answers = "\n".join(
        f"| {name} | {'right' if one else '**wrong**'} | {'right' if other else 'wrong'} |"
        for name, one, other in results
    )
    body = f"""## Knobs

Measured {today()} by `benchmarks/knobs.py` on {machine()}.

The peer is a configuration manager on regular expressions, `benchmarks/regex_manager.py`, which knows one
spelling of annotations on one line. Both get a text and give a text; ratios are of medians of {rounds}
runs in turns.

### {SPEED}

{table(rows)}

### {PROCESS}

{table(processes)}

### {LINT}

{table(lint)}

### {len(results)} tricky inputs

approxir is right about {ours}, the regular expressions about {theirs}: all parameters found and no other,
and one of them set with nothing else changed.

| input | approxir | regular expressions |
| --- | --- | --- |
{answers}
"""
    print(body, end="")
    if options.write is not None:
        write_section(options.write, "knobs", body)
    return 0


if __name__ == "__main__":
    sys.exit(main())
