"""A fuzz target with faults, for testing that they are found."""

from __future__ import annotations

import os

from approxir.testing.targets.base import Target, require


def check(data: bytes) -> bool:
    if not data:
        return False
    if b"x" in data and b"yy" in data:
        raise KeyError("a fault")
    require(b"zz" not in data, "no z stands beside another", repr(data))
    return True


TARGET = Target(
    "planted",
    "a target with faults",
    check,
    seeds=lambda: [b"a lot around x and much more, then yy and the rest", b"12 zz 34"],
    words=lambda: ["x", "yy", "zz", "\udcff", '"'],
    max_len=64,
)


def stop(data: bytes) -> bool:
    if b"boom" in data:
        os.abort()
    return False


STOPPED = Target("stopped", "a target that crashes", stop, lambda: [b"a lot around boom"], lambda: [], 64)


def hang(data: bytes) -> bool:
    while b"h" in data:
        pass
    return False


HANGING = Target("hanging", "a target that hangs", hang, lambda: [b"ah"], lambda: [], 8)
