"""Scaling the sums that a while loop carries to the iterations of the exact loop."""

from __future__ import annotations

from collections.abc import Callable

from approxir.ir.building import Builder
from approxir.ir.ssa import BlockArgument, Value
from approxir.transforms.base import Scope
from approxir.transforms.folding import owner_op
from approxir.transforms.integer_ops import Ops
from approxir.transforms.loop_rescale import check_sum, scaled_sum
from approxir.transforms.loops import known_type, replace_uses
from approxir.transforms.while_loops import Counter, WhileLoop, distance
from approxir.values import DenseArrayAttr, FloatType, IntegerType, OpaqueAttr, TensorType, Type

_SUMS = ("arith.addf", "arith.addi", "stablehlo.add")
_I64 = IntegerType(64)
_SCALAR = TensorType((), _I64)


def while_rescaling(loop: WhileLoop, counter: Counter, value: int, scope: Scope) -> Callable[[], None]:
    """What to do behind a while loop that has not been perforated yet. Raises `PassError`."""
    op = loop.op
    sums = _sums(loop, counter)
    if not sums:
        return lambda: None
    step = loop.number(counter.step)
    if owner_op(loop.test.operands[0]) is not counter.compare or step is None:
        raise scope.error(
            f"sums of {op.name} cannot be rescaled: its number of iterations is not known beforehand",
            hint="the condition must be nothing but a comparison of the counter, which grows by a constant",
        )
    for index, _ in sums:
        kind = known_type(op.results[index], scope)
        if isinstance(kind, TensorType):
            element = kind.element_type
            if not kind.has_static_shape or not isinstance(element, FloatType | IntegerType):
                raise scope.error(f"a sum of type {kind} cannot be rescaled")
        else:
            check_sum(kind, scope)
    exact, done = _counts(loop, counter, step, value)

    def apply() -> None:
        build = Builder.after(op)
        for index, slot in sums:
            result, init = op.results[index], op.operands[slot]
            users = result.users
            kind = known_type(result, scope)
            if isinstance(kind, TensorType):
                if isinstance(kind.element_type, IntegerType) and kind.element_type.width == 1:
                    # The sum of truth values is their disjunction.
                    continue
                new = _scaled_tensor(build, result, init, exact, done, kind)
            else:
                new = scaled_sum(build, result, init, exact, done, kind)
            replace_uses(result, new, users)

    return apply


def _sums(loop: WhileLoop, counter: Counter) -> list[tuple[int, int]]:
    """The sums, each as the number of the result and of the carried value."""
    found = []
    for slot, (argument, yielded) in enumerate(zip(loop.tested, loop.last.operands, strict=True)):
        add = owner_op(yielded)
        if slot == counter.slot or add is None or add.name not in _SUMS:
            continue
        old = next((one for one in add.operands if loop.carried_slot(one) == slot), None)
        if not isinstance(old, BlockArgument) or len(list(old.uses)) != 1:
            continue
        if loop.op.name == "stablehlo.while":
            if old is argument or not argument.has_uses:
                found.append((slot, slot))
        elif all(user is loop.test for user in argument.users):
            passed = list(loop.test.operands)[1:]
            found += [(place, slot) for place, one in enumerate(passed) if one is argument]
    return found


def _counts(loop: WhileLoop, counter: Counter, step: int, value: int) -> tuple[Value, Value]:
    """The iterations of the exact loop and of the perforated one, computed in front of it in 64 bits."""
    op = loop.op
    ops = Ops(Builder.before(op), counter.old)
    wide = ops.widened()
    bound = loop.number(counter.bound)
    known = loop.before(counter.bound) if bound is None else bound
    _, apart = distance(counter, known, op.operands[counter.slot], ops, wide)
    size = abs(step)
    inclusive = counter.direction in ("le", "ge")
    reach = wide.binary("addi", apart, wide.constant(size if inclusive else size - 1))
    rounds = wide.binary("divsi", reach, wide.constant(size))
    exact = wide.binary("maxsi", rounds, wide.constant(0))
    more = wide.binary("addi", exact, wide.constant(value - 1))
    return exact, wide.binary("divsi", more, wide.constant(value))


def _scaled_tensor(
    build: Builder, result: Value, init: Value, exact: Value, done: Value, kind: TensorType
) -> Value:
    element = kind.element_type
    assert isinstance(element, FloatType | IntegerType)

    def make(name: str, *operands: Value, to: Type = kind) -> Value:
        return build.create(f"stablehlo.{name}", list(operands), [to]).result

    def spread(value: Value, to: TensorType) -> Value:
        if not to.shape:
            return value
        properties = {"broadcast_dimensions": DenseArrayAttr(_I64, ())}
        return build.create("stablehlo.broadcast_in_dim", [value], [to], properties=properties).result

    def converted(value: Value, to: TensorType) -> Value:
        return value if value.type == to else make("convert", value, to=to)

    scalar = TensorType((), element)
    grown = make("subtract", result, init)
    numbers = Ops(build, _SCALAR)
    if isinstance(element, FloatType):
        factor = make("divide", converted(exact, scalar), converted(done, scalar), to=scalar)
        scaled = make("multiply", grown, spread(factor, kind))
    else:
        # As wide as any count, and of the kind that the product has if that is as wide.
        counts = element if element.width == 64 else _I64
        wide = TensorType(kind.shape, counts)
        product = make("multiply", grown, spread(converted(exact, scalar), kind))
        divisor = converted(numbers.binary("maxsi", done, numbers.constant(1)), TensorType((), counts))
        scaled = converted(make("divide", converted(product, wide), spread(divisor, wide), to=wide), kind)
    total = make("add", scaled, init)
    truth = TensorType((), IntegerType(1))

    def equal(left: Value, right: Value) -> Value:
        held = {"comparison_direction": OpaqueAttr("stablehlo", "<comparison_direction EQ>")}
        return build.create("stablehlo.compare", [left, right], [truth], properties=held).result

    same = make("or", equal(done, numbers.constant(0)), equal(done, exact), to=truth)
    return make("select", same, result, total)
