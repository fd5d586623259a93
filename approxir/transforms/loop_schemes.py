"""Which iterations of a counted loop perforation leaves out, and how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from approxir.dialects.approx.sampling import MIX_MULTIPLIER, MULTIPLIER, SEED_MULTIPLIER
from approxir.ir.blocks import Block, Region
from approxir.ir.building import Builder
from approxir.ir.operation import Operation
from approxir.ir.ssa import Value
from approxir.transforms.folding import BOOL, I32, I64, Arithmetic, Number
from approxir.transforms.loops import CountedLoop, replace_uses
from approxir.transforms.neutral import neutral_values
from approxir.values import IndexType, IntegerAttr

STRIDE, SKIP, TRUNCATE, RANDOM = "stride", "skip", "truncate", "random"
SCHEMES = (STRIDE, SKIP, TRUNCATE, RANDOM)


@dataclass(frozen=True)
class Perforation:
    """What is left out of a loop."""

    scheme: str
    value: int
    """The knob value, at least 2."""
    seed: int = 0

    def apply(self, loop: CountedLoop) -> None:
        """Perforate a loop in place."""
        if self.scheme == STRIDE:
            self._stride(loop)
        elif self.scheme == TRUNCATE:
            self._truncate(loop)
        elif self.scheme == SKIP:
            self._guard(loop, "ne", self.value - 1)
        else:
            self._sample(loop)

    def _stride(self, loop: CountedLoop) -> None:
        """Every v-th iteration: the step is multiplied.

        Where the counter could overflow on its way past the upper bound, the loop runs for as many iterations
        as it should with a step of 1, from the same lower bound, and what was the counter is computed.
        """
        step = loop.step * self.value if isinstance(loop.step, int) else None
        if step is not None and loop.has_room_for(step):
            if loop.is_affine:
                loop.set_affine("step", IntegerAttr(step, IndexType()))
            else:
                loop.set_bounds(step=step)
        elif loop.is_affine:
            self._guard(loop, "eq", 0)
        else:
            do = loop.before
            rounds = self._rounds(do, loop.iterations())
            factor = do.mul(loop.step, self.value & do.mask)
            loop.set_bounds(upper=do.add(loop.lower, rounds), step=1)
            users = loop.counter.users
            inside = Arithmetic(Builder.at_start(loop.body), loop.kind)
            distance = inside.mul(inside.sub(loop.counter, loop.lower), factor)
            replace_uses(loop.counter, inside.value(inside.add(distance, loop.lower)), users)

    def _rounds(self, do: Arithmetic, count: Number) -> Number:
        """How many of so many iterations a stride leaves."""
        rounds = do.add(do.div(do.sub(count, 1), self.value), 1)
        return do.select(do.compare("eq", count, 0), 0, rounds)

    def _truncate(self, loop: CountedLoop) -> None:
        """All but the last 1/v of the iterations: the upper bound moves down."""
        do = loop.before
        count = loop.iterations()
        left_out = do.div(count, self.value)
        if left_out == 0:
            return
        done = do.sub(count, left_out)
        if not loop.is_affine:
            # As it was where nothing is left out: behind the last iteration the counter might overflow.
            end = do.add(loop.lower, do.mul(done, loop.step))
            same = do.compare("eq", left_out, 0)
            loop.set_bounds(upper=do.select(same, loop.upper, end))
            return

        def holds(build: Builder) -> Value:
            number, inside = loop.iteration(build)
            return _truth(inside, inside.compare("ult", number, done))

        loop.guard(holds)

    def _guard(self, loop: CountedLoop, predicate: str, rest: int) -> None:
        """Run the body where the iteration's number modulo v compares like this with a number."""

        def holds(build: Builder) -> Value:
            number, do = loop.iteration(build)
            return _truth(do, do.compare(predicate, do.rem(number, self.value), rest))

        loop.guard(holds, self._otherwise(loop))

    def _sample(self, loop: CountedLoop) -> None:
        def holds(build: Builder) -> Value:
            number, do = loop.iteration(build)
            return _kept(build, number, do, self.value, self.seed)

        loop.guard(holds, self._otherwise(loop))

    @staticmethod
    def _otherwise(loop: CountedLoop) -> Callable[[Builder], list[Value]] | None:
        """What an iteration that is left out yields, where that is not what it carries."""
        return neutral_values(loop) if loop.op.name == "scf.parallel" else None

    def done(self, loop: CountedLoop, count: Number) -> Number:
        """How many of so many iterations, an ``i64``, are done; computed in front of the loop."""
        do = Arithmetic(loop.before.build, I64)
        if self.scheme == STRIDE:
            return self._rounds(do, count)
        if self.scheme != RANDOM:
            return do.sub(count, do.div(count, self.value))
        samples = _count_samples(do, count, self.value, self.seed)
        loop.scope.notes.made.add(samples)
        return samples.result


def _truth(do: Arithmetic, number: Number) -> Value:
    return Arithmetic(do.build, BOOL).value(number)


def _kept(build: Builder, number: Number, do: Arithmetic, value: int, seed: int) -> Value:
    """The hash of `approxir.dialects.approx.sampling`, on an iteration's number."""
    if isinstance(number, Value) and do.kind != I32:
        cast = "arith.index_cast" if isinstance(do.kind, IndexType) else "arith.trunci"
        number = build.create(cast, [number], [I32]).result
    mix = Arithmetic(build, I32)
    hashed = mix.mul(mix.add(number, 1), MULTIPLIER)
    hashed = mix.add(hashed, seed * SEED_MULTIPLIER & mix.mask)
    hashed = mix.xor(hashed, mix.shift_right(hashed, 16))
    hashed = mix.mul(hashed, MIX_MULTIPLIER)
    hashed = mix.xor(hashed, mix.shift_right(hashed, 15))
    return _truth(mix, mix.compare("ne", mix.rem(hashed, value), 0))


def _count_samples(do: Arithmetic, count: Number, value: int, seed: int) -> Operation:
    """A loop that counts which iterations are kept."""
    body = Block.create([I64, I64], names=["k", "done"])
    number, done = body.arguments
    inside = Builder.at_end(body)
    kept = _kept(inside, number, Arithmetic(inside, I64), value, seed)
    more = inside.create("arith.extui", [kept], [I64]).result
    total = inside.create("arith.addi", [done, more], [I64]).result
    inside.create("scf.yield", [total])
    bounds = [do.value(0), do.value(count), do.value(1), do.value(0)]
    return do.build.create("scf.for", bounds, [I64], regions=[Region.create([body])])
