"""Functions that evaluate configurations, well and badly; they can be pickled, so that any process can run them."""

from __future__ import annotations

import faulthandler
import os
import signal
import time
from typing import Any

from support.landscapes import small_program

LANDSCAPE = small_program(0)


def good(config: dict[str, int]) -> tuple[float, float]:
    return LANDSCAPE(config)


def crash(config: dict[str, int]) -> tuple[float, float]:
    os.kill(os.getpid(), signal.SIGKILL)
    return good(config)


def moody(config: dict[str, int]) -> Any:
    """Does another thing wrong for each value of one threshold, and most are right."""
    kind = config["a_threshold_0"] % 12
    if kind == 0:
        # pytest has it write every thread's stack, which nobody wants to read here.
        faulthandler.disable()
        os.kill(os.getpid(), signal.SIGSEGV)
    if kind == 1:
        os._exit(3)
    if kind == 2:
        time.sleep(60)
    if kind == 3:
        return float("nan"), 0.5
    if kind == 4:
        print("garbage on standard output")
        return "fast", "good"
    if kind == 5:
        raise ValueError("no luck")
    if kind == 6:
        raise SystemExit(4)
    if kind == 7:
        return None
    return good(config)


REASONS = {
    0: "crash: ended by SIGSEGV",
    1: "crash: ended with status 3",
    2: "timeout: longer than 1.5 s",
    3: "no number: the time is nan",
    4: "garbage: the time is 'fast'",
    5: "exception: ValueError: no luck",
    6: "exception: SystemExit: 4",
    7: "garbage: None came back instead of a time in ms and a quality",
}


class Prepared:
    """Takes long to begin, and knows what the exact program takes."""

    def __init__(self, marks: str, broken: bool = False) -> None:
        self.marks = marks
        self.broken = broken
        self.ready = 0

    def prepare(self) -> None:
        time.sleep(0.5)
        if self.broken:
            raise ValueError("cannot begin")
        self.ready += 1
        with open(self.marks, "a", encoding="utf-8") as stream:
            stream.write(f"{os.getpid()}\n")

    def baseline(self) -> tuple[float, float]:
        assert self.ready
        return 10.0, 1.0

    def __call__(self, config: dict[str, int]) -> tuple[float, float]:
        assert self.ready
        return good(config)
