"""The garbage collector pauses while trees are built, and collects those that nobody needs any more."""

from __future__ import annotations

import gc

import approxir as ax

TEXT = "func.func @f(%a: i32) -> i32 {\n" + "  %b = arith.addi %a, %a : i32\n" * 50 + "  return %a : i32\n}\n"


def tree() -> ax.Module:
    module = ax.parse(TEXT)
    assert sum(1 for op in module.walk() if op.operands is not None) == 52
    return module


def test_trees_that_are_dropped_are_collected() -> None:
    gc.collect()
    start = len(gc.get_objects())
    kept = [tree() for _ in range(10)]
    each = (len(gc.get_objects()) - start) // len(kept)
    del kept
    # Many times as many as the process has objects: what is there at a time must be a fraction of them.
    count = 5 * start // each
    most = 0
    for number in range(count):
        tree()
        if number % 100 == 0:
            most = max(most, len(gc.get_objects()))
    assert most - start < count * each / 2


def test_the_collector_is_on_again_afterwards() -> None:
    assert gc.isenabled()
    ax.parse(TEXT)
    assert gc.isenabled()
