"""The garbage collector pauses while trees are built, and collects those that nobody needs any more."""

from __future__ import annotations

import gc
import subprocess
import sys

import approxir as ax

# In a process of its own: what the test runner does makes the collector run as well.
SCRIPT = """
import gc
import approxir as ax

text = "func.func @f(%a: i32) -> i32 {" + "  %b = arith.addi %a, %a : i32\\n" * 50 + "  return %a : i32\\n}"
counts = []
for number in range(600):
    ax.parse(text.replace("%b", f"%b{number}", 1)).parse_all()
    if number % 100 == 99:
        counts.append(len(gc.get_objects()))
print(*counts)
"""


def test_trees_that_are_dropped_are_collected() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    counts = [int(count) for count in done.stdout.split()]
    # Without a visit of the collector each hundred trees would come on top of the others.
    assert max(counts) < 2 * counts[0], counts


def test_the_collector_is_on_again_afterwards() -> None:
    assert gc.isenabled()
    ax.parse("func.func @f() { return }").parse_all()
    assert gc.isenabled()
