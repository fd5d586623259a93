"""Loops for perforation, drawn at random, and what they compute, in plain Python."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np

from approxir.dialects.approx.sampling import keeps

WIDTHS = {"i8": 8, "i16": 16, "i32": 32, "i64": 64, "index": 64}


def wrap(number: int, bits: int) -> int:
    """The signed reading of the last bits of a number."""
    number &= (1 << bits) - 1
    return number - (1 << bits) if number >> (bits - 1) else number


def done(n: int, v: int, scheme: str, seed: int) -> list[int]:
    """The numbers of the iterations that are done, of n."""
    if scheme == "stride":
        return list(range(0, n, v))
    if scheme == "skip":
        return [k for k in range(n) if k % v != v - 1]
    if scheme == "truncate":
        return list(range(n - n // v))
    return [k for k in range(n) if keeps(k, v, seed)]


@dataclass(frozen=True)
class Case:
    """One loop: what it looks like, how it is perforated, and with which numbers it is called."""

    name: str
    op: str
    kind: str
    unsigned: bool
    constant: tuple[bool, bool, bool]
    numbers: tuple[int, int, int]
    v: int
    scheme: str
    seed: int
    rescale: bool
    inside: bool
    """Whether it stands in the branch of an ``scf.if``, which is taken."""

    @property
    def options(self) -> str:
        return f'scheme = "{self.scheme}", seed = {self.seed} : i32, rescale = {str(self.rescale).lower()}'

    def text(self) -> str:
        """The annotation and the function."""
        t = self.kind
        used = [
            f"%c{part}" if known else f"%{part}"
            for part, known in zip(("lb", "ub", "st"), self.constant, strict=True)
        ]
        constants = [
            f"%c{part} = arith.constant {wrap(number, WIDTHS[t])} : {t}"
            for part, number in zip(("lb", "ub", "st"), self.numbers, strict=True)
        ]
        lb, ub, st = used
        wide = "%w = arith.index_cast %i : index to i64"
        if t not in ("index", "i64"):
            wide = f"%w = arith.{'extui' if self.unsigned else 'extsi'} %i : {t} to i64"
        elif t == "i64":
            wide = "%w = arith.addi %i, %zero : i64"
        body = [
            wide,
            "%p = arith.muli %trace, %prime : i64",
            "%q = arith.addi %p, %w : i64",
            "%d = arith.sitofp %w : i64 to f32",
            "%h = arith.divf %d, %third : f32",
            "%g = arith.addf %sum, %h : f32",
            "%s = arith.trunci %w : i64 to i32",
            "%e = arith.addi %s, %count : i32",
        ]
        loop = self._loop(lb, ub, st, body)
        if self.inside:
            loop = [
                "%r:3 = scf.if %true -> (i64, f32, i32) {",
                *loop[:-1],
                loop[-1],
                "scf.yield %l#0, %l#1, %l#2 : i64, f32, i32",
                "} else {",
                "scf.yield %zero, %first, %five : i64, f32, i32",
                "}",
            ]
        result = "%r" if self.inside else "%l"
        lines = [
            *constants,
            "%true = arith.constant true",
            "%zero = arith.constant 0 : i64",
            "%prime = arith.constant 31 : i64",
            "%third = arith.constant 3.0 : f32",
            "%first = arith.constant 0.5 : f32",
            "%five = arith.constant 5 : i32",
            "%i0 = arith.constant 0 : index",
            "%i1 = arith.constant 1 : index",
            "%i2 = arith.constant 2 : index",
            *loop,
            f"%b = arith.bitcast {result}#1 : f32 to i32",
            "%bw = arith.extui %b : i32 to i64",
            f"%cw = arith.extsi {result}#2 : i32 to i64",
            f"memref.store {result}#0, %out[%i0] : memref<3xi64>",
            "memref.store %bw, %out[%i1] : memref<3xi64>",
            "memref.store %cw, %out[%i2] : memref<3xi64>",
            "return",
        ]
        indented = "\n".join("    " + line for line in lines)
        return (
            f'  approx.util.annotation.transform <{{func_name = "{self.name}", transform_type = "loop_perforate", '
            f"knob_val = {self.v} : i32, transform_options = {{{self.options}}}}}>\n"
            f"  func.func @{self.name}(%lb: {t}, %ub: {t}, %st: {t}, %out: memref<3xi64>) "
            f"attributes {{llvm.emit_c_interface}} {{\n{indented}\n  }}\n"
        )

    def _loop(self, lb: str, ub: str, st: str, body: list[str]) -> list[str]:
        inits = "%trace = %zero, %sum = %first, %count = %five"
        if self.op == "affine.for":
            step = "" if self.numbers[2] == 1 else f" step {self.numbers[2]}"
            if self.constant[0]:
                lb = f"{self.numbers[0]}"
            if self.constant[1]:
                ub = f"min affine_map<()[s0] -> (s0, {self.numbers[1]})>()[%ub]"
            head = f"affine.for %i = {lb} to {ub}{step} iter_args({inits}) -> (i64, f32, i32) {{"
            return ["%l:3 = " + head, *body, "affine.yield %q, %g, %e : i64, f32, i32", "}"]
        flag = "unsigned " if self.unsigned else ""
        colon = "" if self.kind == "index" else f" : {self.kind}"
        head = f"scf.for {flag}%i = {lb} to {ub} step {st} iter_args({inits}) -> (i64, f32, i32){colon} {{"
        return ["%l:3 = " + head, *body, "scf.yield %q, %g, %e : i64, f32, i32", "}"]

    def arguments(self, out: np.ndarray) -> list[object]:
        return [*(wrap(number, WIDTHS[self.kind]) for number in self.numbers), out]

    def expected(self) -> list[int]:
        """What the function stores."""
        lower, upper, step = self.numbers
        n = max(0, -(-(upper - lower) // step))
        trace, total, count = 0, np.float32(0.5), 5
        ks = done(n, self.v, self.scheme, self.seed)
        for k in ks:
            counter = lower + k * step
            trace = wrap(trace * 31 + counter, 64)
            total = np.float32(total + np.float32(counter) / np.float32(3))
            count = wrap(count + counter, 32)
        m = len(ks)
        if self.rescale and m not in (0, n):
            half = np.float32(0.5)
            factor = np.float32(np.float32(n) / np.float32(m))
            total = np.float32(np.float32(np.float32(total - half) * factor) + half)
            product = wrap(wrap(count - 5, 32) * n, 32)
            quotient = abs(product) // m * (1 if product >= 0 else -1)
            count = wrap(quotient + 5, 32)
        return [trace, int(total.view(np.uint32)), count]


def draw(rng: random.Random, name: str) -> Case:
    """Any loop; at the ends of its counter's type now and then."""
    op = rng.choice(["scf.for", "scf.for", "affine.for"])
    kind = "index" if op == "affine.for" else rng.choice(list(WIDTHS))
    bits = WIDTHS[kind]
    unsigned = op == "scf.for" and bits < 64 and rng.random() < 0.3
    least, most = (0, (1 << bits) - 1) if unsigned else (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    if bits == 8 and rng.random() < 0.7:
        lower, upper, step = (
            rng.randint(least, most),
            rng.randint(least, most),
            rng.choice([1, 1, 2, 3, 60, 127]),
        )
    elif bits < 64 and rng.random() < 0.4:
        upper = most - rng.randint(0, 3)
        lower, step = upper - rng.randint(0, 90), rng.choice([1, 2, 7])
    else:
        lower = rng.choice([0, 0, 3, 0 if unsigned else -7])
        upper, step = (
            lower + rng.randint(-3 if lower > 2 or not unsigned else 0, 60),
            rng.choice([1, 1, 2, 5]),
        )
    # The lowering of the exact loop wraps there, too.
    while upper > lower and lower + -(-(upper - lower) // step) * step > most:
        upper -= 1
    constant = (rng.random() < 0.5, rng.random() < 0.4, rng.random() < 0.6)
    if op == "affine.for":
        constant = (rng.random() < 0.5, rng.random() < 0.5, True)
    return Case(
        name, op, kind, unsigned, constant, (lower, upper, step), rng.choice([2, 2, 3, 4, 7, 50, 300]),
        rng.choice(["stride", "skip", "truncate", "random"]), rng.choice([0, 1, 7, -3, 2**31 - 1]),
        rng.random() < 0.5, rng.random() < 0.3,
    )  # fmt: skip
