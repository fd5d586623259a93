"""Removing the bias of perforation: sums that a loop carries are scaled to its exact iterations."""

from __future__ import annotations

from dataclasses import dataclass

from approxir.ir.building import Builder
from approxir.ir.operation import Operation
from approxir.ir.ssa import BlockArgument, Value
from approxir.transforms.base import Scope
from approxir.transforms.folding import BOOL, I64, Arithmetic, Number, owner_op, width
from approxir.transforms.loop_schemes import Perforation
from approxir.transforms.loops import CountedLoop, known_type, replace_uses
from approxir.transforms.neutral import reducer
from approxir.values import FloatType, IndexType, IntegerType, Type, VectorType

_SUMS = ("arith.addf", "arith.addi")


@dataclass(frozen=True)
class Rescaling:
    """The sums of a loop, and how many iterations the exact loop has and the perforated one does."""

    sums: list[int]
    """Which results of the loop."""
    exact: Number
    done: Number

    @classmethod
    def of(cls, loop: CountedLoop, perforation: Perforation) -> Rescaling:
        """What to do behind a loop that has not been perforated yet. Raises `PassError`."""
        sums = _sums(loop)
        if not sums:
            return cls([], 1, 1)
        for index in sums:
            check_sum(known_type(loop.op.results[index], loop.scope), loop.scope)
        count = Arithmetic(loop.before.build, I64).cast(loop.iterations(), loop.kind)
        return cls(sums, count, perforation.done(loop, count))

    def apply(self, loop: CountedLoop) -> None:
        """Put ``init + (r - init) * exact / done`` in the place of each sum r.

        Where nothing or everything was done, r is left as it is.
        """
        if self.done in (0, self.exact):
            return
        inits = loop.inits
        build = Builder.after(loop.op)
        for index in self.sums:
            result = loop.op.results[index]
            users = result.users
            kind = known_type(result, loop.scope)
            new = scaled_sum(build, result, inits[index], self.exact, self.done, kind)
            replace_uses(result, new, users)


def scaled_sum(build: Builder, result: Value, init: Value, exact: Number, done: Number, kind: Type) -> Value:
    """``init + (result - init) * exact / done``, or the result where nothing or everything was done."""
    do = Arithmetic(build, I64)
    scalar = kind.element_type if isinstance(kind, VectorType) else kind
    if isinstance(scalar, FloatType):
        counts = [build.create("arith.sitofp", [do.value(n)], [scalar]).result for n in (exact, done)]
        factor = build.create("arith.divf", counts, [scalar]).result
        if scalar != kind:
            factor = build.create("vector.broadcast", [factor], [kind]).result
        grown = build.create("arith.subf", [result, init], [kind]).result
        scaled = build.create("arith.mulf", [grown, factor], [kind]).result
        total = build.create("arith.addf", [scaled, init], [kind]).result
    else:
        grown = build.create("arith.subi", [result, init], [kind]).result
        # The product wraps; the number that divides may be too large for the type.
        times = _cast(build, do.value(exact), I64, kind)
        product = build.create("arith.muli", [grown, times], [kind]).result
        divisor = do.value(do.at_least_one(done))
        wide = _cast(build, product, kind, I64)
        quotient = build.create("arith.divsi", [wide, divisor], [I64]).result
        narrow = _cast(build, quotient, I64, kind)
        total = build.create("arith.addi", [narrow, init], [kind]).result
    truth = Arithmetic(build, BOOL)
    same = truth.either(do.compare("eq", done, 0), do.compare("eq", done, exact))
    if isinstance(same, int):
        return total
    return build.create("arith.select", [same, result, total], [kind]).result


def check_sum(kind: Type, scope: Scope) -> None:
    """Raise `PassError` for the types of sums that `scaled_sum` cannot scale."""
    if isinstance(kind, IntegerType) and kind.width <= 64:
        return
    if isinstance(kind, FloatType | IndexType):
        return
    if isinstance(kind, VectorType) and isinstance(kind.element_type, FloatType):
        return
    raise scope.error(f"a sum of type {kind} cannot be rescaled")


def _cast(build: Builder, value: Value, kind: Type, to: Type) -> Value:
    if kind == to:
        return value
    if isinstance(kind, IndexType) or isinstance(to, IndexType):
        name = "arith.index_cast"
    else:
        name = "arith.extsi" if width(kind) < width(to) else "arith.trunci"
    return build.create(name, [value], [to]).result


def _sums(loop: CountedLoop) -> list[int]:
    last = loop.terminator()
    if loop.op.name == "scf.parallel":
        return [index for index, region in enumerate(last.regions) if reducer(region) in _SUMS]
    pairs = zip(loop.carried, last.operands, strict=True)
    return [index for index, (carried, yielded) in enumerate(pairs) if _adds_to(carried, yielded)]


def _adds_to(carried: BlockArgument, yielded: Value) -> bool:
    """Whether what is yielded is the carried value plus something, and nothing else uses that."""
    op: Operation | None = owner_op(yielded)
    return (
        op is not None and op.name in _SUMS and len(list(carried.uses)) == 1 and carried in list(op.operands)
    )
