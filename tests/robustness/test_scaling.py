"""Work and memory grow with the size of the input, not with its square.

Work is counted in calls of functions, C functions included, and memory in bytes that Python asks for; both
are the same on any machine. Four times the input may cost five times as much, and a constant.
"""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from support.modules_of_size import annotated_c, functions, hpvm_file, knob_module, params_text

import approxir as ax
from approxir.dialects.approx.params_text import parse_params
from approxir.knobs.files import parse_config
from approxir.tuning import hpvm
from approxir.tuning.frontier_files import parse_frontier

N = 25


def _set_all(text: str) -> None:
    module = ax.parse(text)
    module.apply({name: value + 1 for name, value in module.config().items() if "threshold" in name})
    str(module)


def _lowered(text: str) -> None:
    ax.run_pipeline(ax.parse(text), list(ax.PASS_PIPELINE))


JOBS: dict[str, tuple[Callable[[int], str], Callable[[str], Any]]] = {
    "parse": (functions, lambda text: ax.parse(text, lazy=False)),
    "parse_all": (functions, lambda text: ax.parse(text).parse_all()),
    "walk": (functions, lambda text: [op.operands for op in ax.parse(text).walk()]),
    "print": (functions, lambda text: ax.parse(text).print()),
    "rename": (functions, lambda text: ax.parse(text).print(rename_ssa=True)),
    "generic": (functions, lambda text: ax.parse(text).print(generic=True)),
    "verify": (functions, lambda text: ax.parse(text).verify()),
    "lint": (knob_module, lambda text: ax.parse(text).lint()),
    "knobs": (knob_module, lambda text: ax.parse(text, lazy=True).config()),
    "set": (knob_module, _set_all),
    "passes": (knob_module, _lowered),
    "params": (params_text, parse_params),
    "annotations": (annotated_c, ax.parse_cpp_annotations),
    "hpvm": (hpvm_file, hpvm.parse),
    "config": (lambda n: "{" + ", ".join(f'"k_{i}": {i}' for i in range(n)) + "}", parse_config),
    "frontier": (lambda n: '{"config": {"a": 1}, "time_ms": 1, "quality": 1}\n' * n, parse_frontier),
}


def _calls(action: Callable[[], object]) -> int:
    count = 0

    def step(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    old = sys.getprofile()
    sys.setprofile(step)
    try:
        action()
    finally:
        sys.setprofile(old)
    return count


def _peak(action: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", JOBS)
def test_work_and_memory_are_linear(name: str) -> None:
    make, job = JOBS[name]
    # What is loaded and remembered once is no part of it.
    job(make(3))
    for measure, least in ((_calls, 2_000), (_peak, 200_000)):
        small = measure(lambda: job(make(N)))
        large = measure(lambda: job(make(4 * N)))
        assert large <= 5 * small + least, f"{small} -> {large}"
