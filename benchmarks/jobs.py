"""What is measured, of approxir and of its peers; runs as the child process of a measurement.

    python jobs.py JOB FILE RUNS

reads FILE, does JOB with its text RUNS times, and prints the times and the memory as JSON. A job is a
function that prepares (imports, contexts, a first small text, so that neither imports nor tables that
are made once are measured) and returns the function that is measured. Its result is either a text, or a
text and what has to stay alive with it; `running.py` compares the texts where two jobs should agree.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from inputs import ANNOTATION, kernel_module

Work = Callable[[str], Any]
JOBS: dict[str, Callable[[], Work]] = {}

CUSTOM = kernel_module(3, seed=0)
GENERIC = '"a.b"() ({\n^bb0(%a: i32):\n  %0 = "a.c"(%a) <{n = 1 : i32}> : (i32) -> f32\n}) : () -> ()\n'


class Kept(NamedTuple):
    """A text and the tree behind it, which counts when memory is measured."""

    text: str
    tree: Any


def job(function: Callable[[], Work]) -> Callable[[], Work]:
    JOBS[function.__name__] = function
    return function


# approxir.


def _prepared(work: Work) -> Work:
    for text in (CUSTOM, GENERIC):
        work(text)
    return work


def _look(module: Any) -> int:
    """Ask for every operation, region, block and value."""
    count = 0
    for op in module.walk():
        count += len(op.results)
        for region in op.regions:
            for block in region.blocks:
                count += len(block.arguments)
    return count


def _force(module: Any) -> int:
    """Ask for every operand, attribute and type as an object."""
    count = 0
    for op in module.walk():
        count += len(tuple(op.operands)) + len(op.attributes.items())
        for result in op.results:
            count += result.type is not None
        for region in op.regions:
            for block in region.blocks:
                for argument in block.arguments:
                    count += argument.type is not None
    return count


@job
def structural() -> Work:
    """Parse, look at all operations, regions and values, and print."""
    import approxir as ax

    def work(text: str) -> Kept:
        module = ax.parse(text, lazy=False)
        _look(module)
        return Kept(str(module), module)

    return _prepared(work)


@job
def structural_layout() -> Work:
    """The same, printing operation by operation in the canonical layout."""
    import approxir as ax

    def work(text: str) -> Kept:
        module = ax.parse(text, lazy=False)
        _look(module)
        return Kept(module.print(), module)

    return _prepared(work)


@job
def parse_all() -> Work:
    """Read and check everything without asking for it, and print."""
    import approxir as ax

    def work(text: str) -> Kept:
        module = ax.parse(text, lazy=False).parse_all()
        return Kept(str(module), module)

    return _prepared(work)


@job
def full() -> Work:
    """Read and check everything, ask for every operand, attribute and type as an object, and print."""
    import approxir as ax

    def work(text: str) -> Kept:
        module = ax.parse(text, lazy=False).parse_all()
        _force(module)
        return Kept(str(module), module)

    return _prepared(work)


@job
def full_layout() -> Work:
    """The same, printing operation by operation in the canonical layout."""
    import approxir as ax

    def work(text: str) -> Kept:
        module = ax.parse(text, lazy=False).parse_all()
        _force(module)
        return Kept(module.print(), module)

    return _prepared(work)


@job
def any_outcome() -> Work:
    """The same as `full`; an error that says where the text is faulty is an outcome as well."""
    from approxir import ApproxIRError

    parse = full()

    def work(text: str) -> Any:
        try:
            return parse(text)
        except ApproxIRError as error:
            return str(error)

    return work


@job
def edit() -> Work:
    """Open the text, change one threshold, and write it back."""
    from inputs import annotated_kernels

    import approxir as ax

    def work(text: str) -> Kept:
        module = ax.parse(text)
        (tree,) = module.find(ANNOTATION)
        tree.attributes["thresholds"] = [100, 750]
        return Kept(str(module), module)

    work(annotated_kernels(5_000, generic=False))
    work(annotated_kernels(5_000, generic=True))
    return work


# Peers.


@job
def regex_edit() -> Work:
    """Search and replace the threshold with a plain regular expression."""
    pattern = re.compile(r"thresholds = array<i32: 100, 500>")
    return lambda text: pattern.sub("thresholds = array<i32: 100, 750>", text)


@job
def regex_lines() -> Work:
    """Visit every line that looks like an operation with one regular expression."""
    pattern = re.compile(r'^[ \t]*(?:(%[^=\n]*)= *)?("[^"\n]*"|[A-Za-z_][\w.$]*)([^\n]*)$', re.MULTILINE)

    def work(text: str) -> str:
        for match in pattern.finditer(text):
            match.groups()
        return text

    return work


@job
def xdsl() -> Work:
    """The parse and print of xDSL."""
    from xdsl.context import Context
    from xdsl.dialects import get_all_dialects
    from xdsl.parser import Parser
    from xdsl.printer import Printer

    def work(text: str) -> Kept:
        context = Context(allow_unregistered=True)
        for name, factory in get_all_dialects().items():
            context.register_dialect(name, factory)
        module = Parser(context, text).parse_module()
        out = io.StringIO()
        Printer(out, print_generic_format=True).print_op(module)
        return Kept(out.getvalue(), module)

    work(GENERIC)
    return work


def _bindings(name: str) -> Work:
    from approxir.codegen.mlir_worker import LOADERS

    ir, register = LOADERS[name]()
    context = ir.Context()
    register(context)
    context.allow_unregistered_dialects = True

    def work(text: str) -> Kept:
        generic = text.startswith('"')
        with context:
            module = ir.Module.parse(text)
            return Kept(module.operation.get_asm(print_generic_op_form=generic), module)

    return _prepared(work)


@job
def torch_mlir() -> Work:
    """The parse (with verification) and print of the MLIR bindings in torch-mlir."""
    return _bindings("torch-mlir")


@job
def jaxlib() -> Work:
    """The parse (with verification) and print of the MLIR bindings in jaxlib."""
    return _bindings("jaxlib")


def main() -> None:
    name, path, runs = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    work = JOBS[name]()
    before = _memory("VmRSS")
    text = path.read_text(encoding="utf-8")
    _reset_peak()
    wall: list[float] = []
    cpu: list[float] = []
    live = peak = 0
    digest = ""
    for _ in range(runs):
        cpu_start, start = time.process_time(), time.perf_counter()
        result = work(text)
        wall.append(time.perf_counter() - start)
        cpu.append(time.process_time() - cpu_start)
        peak = max(peak, _memory("VmHWM") - before)
        live = max(live, _memory("VmRSS") - before)
        out = result.text if isinstance(result, Kept) else result
        digest = hashlib.sha256(out.encode()).hexdigest()
        del result, out
    print(json.dumps({"wall": wall, "cpu": cpu, "live": live, "peak": peak, "digest": digest}))


def _memory(field: str) -> int:
    """A line of this process's status, in bytes; 0 where the system has none."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return 0
    match = re.search(rf"^{field}:\s*(\d+) kB", status, re.MULTILINE)
    return 1024 * int(match[1]) if match else 0


def _reset_peak() -> None:
    # Where that is not allowed, or not Linux, the peak includes reading the text.
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


if __name__ == "__main__":
    main()
