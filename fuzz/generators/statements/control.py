"""Statements of scf, and calls. Loops have at most eight iterations, nested ones at most `MOST_TIMES`."""

from __future__ import annotations

from approxir.testing.generators.statements.memory import is_memory
from approxir.testing.generators.statements.scalars import compared
from approxir.testing.generators.statements.statement import Statement
from approxir.testing.generators.writer import (
    MOST_STEPS,
    MOST_TIMES,
    Branch,
    Loop,
    Scope,
    Value,
    Writer,
    listed,
)

__all__ = ["STATEMENTS", "carried", "closing", "sums"]

_SCALARS = ("i32", "f32", "index", "i64", "f64", "i8")


def carried(writer: Writer, scope: Scope, most: int = 2) -> list[Value]:
    """Values for a loop to carry: none, or some."""
    kinds = scope.kinds(_SCALARS)
    return [writer.value(scope, writer.rng.pick(kinds)) for _ in range(writer.rng.below(most + 1))]


def sums(writer: Writer, scope: Scope, held: list[Value]) -> list[Value]:
    """What a loop hands on: sums of what it carries and what it has computed, or other values."""
    found = []
    for one in held:
        other = writer.value(scope, one.type)
        if other.name != one.name and writer.rng.below(3) < 2:
            name = "arith.addf" if one.type[0] == "f" else "arith.addi"
            pair = (one, other) if writer.rng.below(2) == 0 else (other, one)
            custom = f"{pair[0].name}, {pair[1].name} : {one.type}"
            found.append(writer.one(name, custom, pair, one.type, "-"))
        else:
            found.append(other)
    return found


def closing(writer: Writer, loop: Loop | None = None) -> str:
    """The end of a region, with a location in the case of a loop that is to have a name."""
    if loop is None or not writer.rng.chance(4):
        return "}"
    loop.location = f"loop {len(writer.payloads[-1].loops)}"
    named = f'"{loop.location}"'
    place = named if writer.rng.below(2) == 0 else f'fused[{named}, "x.c":3:4]'
    return f"}} loc({place})"


def yielded(name: str, values: list[Value]) -> str:
    if not values:
        return name
    return f"{name} {', '.join(v.name for v in values)} : {', '.join(v.type for v in values)}"


def trips(writer: Writer) -> int:
    """How many iterations a loop may have here."""
    return min(8, MOST_TIMES // writer.times)


def enter(writer: Writer, op: str, rescalable: bool = True) -> Loop:
    """Note a loop where transforms look for it."""
    loop = Loop(op, None, rescalable)
    for payload in writer.payloads:
        payload.loops.append(loop)
    return loop


def branching(writer: Writer) -> Branch:
    """Note a branching operation where transforms look for it; its count is set later."""
    branch = Branch()
    for payload in writer.payloads:
        payload.branches.append(branch)
    return branch


def _limit(writer: Writer, scope: Scope, kind: str, most: int) -> tuple[Value, int]:
    """A bound of a loop from 0 to `most`: a constant, or a number that is known when it runs."""
    if writer.rng.below(3) < 2:
        # Of loops with one iteration or two there is little to leave out.
        number = writer.rng.pick((*range(most + 1), *range(most // 2, most + 1)))
        return writer.constant(number, kind), number
    value = writer.value(scope, kind)
    limit = writer.constant(most, kind)
    custom = f"{value.name}, {limit.name} : {kind}"
    return writer.one("arith.minui", custom, (value, limit), kind, "-"), most


def _for(writer: Writer, scope: Scope) -> None:
    rng, most = writer.rng, trips(writer)
    kind = rng.pick(("index", "index", "i32", "i64", "i8", "i8"))
    unsigned = kind != "index" and rng.chance(3)
    stride = rng.pick((1, 1, 2, 3))
    if kind != "index" and rng.below(3):
        low, high, last = _far_bounds(writer, scope, kind, stride, unsigned)
    else:
        low = writer.constant(rng.pick((0, 0, 1, 3)), kind)
        high, last = _limit(writer, scope, kind, most)
    step = writer.constant(stride, kind)
    held = carried(writer, scope)
    writer.count_op()
    loop = enter(writer, "scf.for")
    results = [writer.fresh(value.type) for value in held]
    counter = writer.fresh(kind)
    arguments = [writer.fresh(value.type) for value in held]
    head = f"scf.for {'unsigned ' if unsigned else ''}{counter.name} = {low.name} to {high.name}"
    head += f" step {step.name}"
    writer.put(_heading(head, held, arguments, results, "" if kind == "index" else f" : {kind}"))
    if kind == "index":
        writer.bounds[counter.name] = max(1, last)
    inner = scope.inner(counter, *arguments)
    with writer.indented(max(1, last)):
        writer.block(inner, reserve=2)
        ends = sums(writer, inner, arguments)
        if ends:
            writer.put(yielded("scf.yield", ends))
    writer.put(closing(writer, loop))
    scope.known += results


def _far_bounds(
    writer: Writer, scope: Scope, kind: str, step: int, unsigned: bool
) -> tuple[Value, Value, int]:
    """Bounds of a loop whose counter, with a larger step, would overflow on its way past the upper one.

    Returns them, and how many iterations there are at most.
    """
    most = trips(writer)
    width = int(kind[1:])
    highest = (1 << width - (not unsigned)) - step - writer.rng.pick((0, 0, 1))
    start = highest - most * step
    low = writer.constant(start - (1 << width) if start >> (width - 1) else start, kind)
    if kind == "i64":
        # The passes take bounds of 64 bits that are not constants to be far from the end.
        last = start + writer.rng.pick(range(most * step, -1, -1))
        high = writer.constant(last - (1 << width) if last >> (width - 1) else last, kind)
        return low, high, most
    span, _ = _limit(writer, scope, kind, most * step)
    high = writer.one("arith.addi", f"{low.name}, {span.name} : {kind}", (low, span), kind, "-")
    return low, high, most


def _heading(
    head: str, held: list[Value], arguments: list[Value], results: list[Value], behind: str = ""
) -> str:
    if not held:
        return f"{head}{behind} {{"
    pairs = ", ".join(f"{a.name} = {v.name}" for a, v in zip(arguments, held, strict=True))
    kinds = ", ".join(value.type for value in held)
    names = ", ".join(value.name for value in results)
    return f"{names} = {head} iter_args({pairs}) -> ({kinds}){behind} {{"


def _while(writer: Writer, scope: Scope) -> None:
    """A loop with a counter that goes up or down, compared in one of many ways."""
    rng, most = writer.rng, trips(writer)
    kind = rng.pick(("i32", "index", "i64"))
    down = rng.chance(3)
    step = rng.pick((1, 1, 2, 3))
    limit, last = _limit(writer, scope, kind, most)
    zero = writer.constant(0, kind)
    start, end = (limit, zero) if down else (zero, limit)
    predicate = rng.pick(("sgt", "sge", "ne") if down else ("slt", "sle", "ult", "ule", "ne"))
    if predicate == "ne":
        step = 1
    by = writer.constant(-step if down else step, kind)
    held = carried(writer, scope)
    both = writer.room(9) and rng.chance(5)
    truth = compared(writer, scope) if both else None
    writer.count_op()
    loop = enter(writer, "scf.while", not both)
    results = [writer.fresh(value.type) for value in (start, *held)]
    before = [writer.fresh(value.type) for value in (start, *held)]
    kinds = ", ".join(value.type for value in before)
    pairs = ", ".join(f"{a.name} = {v.name}" for a, v in zip(before, (start, *held), strict=True))
    names = ", ".join(value.name for value in results)
    shown = f"({kinds}) -> {listed([value.type for value in before])}"
    writer.put(f"{names} = scf.while ({pairs}) : {shown} {{")
    with writer.indented(last + 2):
        sides = [before[0], end]
        if rng.chance(3):
            sides.reverse()
            predicate = _MIRRORED.get(predicate, predicate)
        custom = f"{predicate}, {sides[0].name}, {sides[1].name} : {kind}"
        test = writer.one("arith.cmpi", custom, sides, "i1")
        if truth is not None:
            test = writer.one("arith.andi", f"{test.name}, {truth.name} : i1", (test, truth), "i1", "-")
        handed = ", ".join(value.name for value in before)
        writer.put(f"scf.condition({test.name}) {handed} : {kinds}")
    writer.put("} do {")
    after = [writer.fresh(value.type) for value in before]
    writer.put(f"^bb0({', '.join(f'{value.name}: {value.type}' for value in after)}):")
    inner = scope.inner(*after)
    if kind == "index" and predicate not in ("ne",) and not down:
        writer.bounds[after[0].name] = last + 1
    with writer.indented(last + 2):
        writer.block(inner, reserve=3)
        more = sums(writer, inner, after[1:])
        pair = (after[0], by) if rng.below(2) == 0 else (by, after[0])
        following = writer.one("arith.addi", f"{pair[0].name}, {pair[1].name} : {kind}", pair, kind, "-")
        writer.put(yielded("scf.yield", [following, *more]))
    writer.put(closing(writer, loop))
    scope.known += results


_MIRRORED = {
    "slt": "sgt", "sle": "sge", "ult": "ugt", "ule": "uge", "sgt": "slt", "sge": "sle",
}  # fmt: skip


def _parallel(writer: Writer, scope: Scope) -> None:
    """A parallel loop, in which nothing is written, with reductions."""
    rng, most = writer.rng, trips(writer)
    rank = 1 + rng.below(2) if most > 2 else 1
    dimensions = []
    for number in range(rank):
        low = writer.constant(0, "index")
        high, last = _limit(writer, scope, "index", most if number == 0 else 2)
        dimensions.append((low, high, writer.constant(rng.pick((1, 2)), "index"), last))
    held = carried(writer, scope)
    writer.count_op()
    loop = enter(writer, "scf.parallel")
    results = [writer.fresh(value.type) for value in held]
    counters = [writer.fresh("index") for _ in dimensions]
    lows = [low.name for low, _, _, _ in dimensions]
    highs = [high.name for _, high, _, _ in dimensions]
    steps = [step.name for _, _, step, _ in dimensions]
    names = ", ".join(value.name for value in counters)
    head = f"scf.parallel ({names}) = ({', '.join(lows)}) to ({', '.join(highs)}) step ({', '.join(steps)})"
    if held:
        kinds = ", ".join(value.type for value in held)
        given = ", ".join(value.name for value in held)
        head = f"{', '.join(v.name for v in results)} = {head} init ({given}) -> ({kinds})"
    writer.put(head + " {")
    times = 1
    for counter, (_, _, _, last) in zip(counters, dimensions, strict=True):
        writer.bounds[counter.name] = max(1, last)
        times *= max(1, last)
    inner = scope.inner(*counters)
    was, writer.pure = writer.pure, True
    with writer.indented(times):
        writer.block(inner, reserve=2)
        if held:
            _reductions(writer, inner, held)
    writer.pure = was
    writer.put(closing(writer, loop))
    scope.known += results


def _reductions(writer: Writer, scope: Scope, held: list[Value]) -> None:
    given = [writer.value(scope, value.type) for value in held]
    kinds = ", ".join(value.type for value in given)
    writer.put(f"scf.reduce({', '.join(value.name for value in given)} : {kinds}) {{")
    for at, value in enumerate(given):
        left, right = writer.fresh(value.type), writer.fresh(value.type)
        if at:
            writer.put("}, {")
        writer.put(f"^bb0({left.name}: {value.type}, {right.name}: {value.type}):")
        names = ("addf", "maximumf") if value.type[0] == "f" else ("addi", "muli", "xori", "maxsi", "minui")
        with writer.indented():
            custom = f"{left.name}, {right.name} : {value.type}"
            name = f"arith.{writer.rng.pick(names)}"
            made = writer.one(name, custom, (left, right), value.type, "-")
            writer.put(yielded("scf.reduce.return", [made]))
    writer.put("}")


def _region(writer: Writer, scope: Scope, kinds: list[str]) -> list[Value]:
    """A region with statements and a yield of values of these types."""
    inner = scope.inner()
    with writer.indented():
        writer.block(inner)
        ends = [writer.value(inner, kind) for kind in kinds]
        if ends:
            writer.put(yielded("scf.yield", ends))
    return ends


def _if(writer: Writer, scope: Scope) -> None:
    """A branch, which may be a chain of else-ifs."""
    rng = writer.rng
    branch = branching(writer)
    kinds = [rng.pick(scope.kinds((*_SCALARS, "i1"))) for _ in range(rng.below(3))]
    links = 1 + (rng.below(3) if writer.room(14) else 0)
    truths = [compared(writer, scope) for _ in range(links)]
    alternative = bool(kinds) or rng.chance()
    held = f" -> ({', '.join(kinds)})" if kinds else ""
    found = []
    for number, truth in enumerate(truths):
        writer.count_op()
        results = [writer.fresh(kind) for kind in kinds]
        found.append(results)
        names = ", ".join(value.name for value in results) + " = " if results else ""
        writer.put(f"{names}scf.if {truth.name}{held} {{")
        _region(writer, scope, kinds)
        if number + 1 < links:
            writer.put("} else {")
            writer.depth += 1
    if alternative:
        writer.put("} else {")
        _region(writer, scope, kinds)
    writer.put("}")
    for results in reversed(found[1:]):
        if results:
            writer.put(yielded("scf.yield", results))
        writer.depth -= 1
        writer.put("}")
    # A region that happens to hold a branch alone continues the count, too: there are more then, never less.
    branch.count = links + alternative
    scope.known += found[0]


def _switch(writer: Writer, scope: Scope) -> None:
    rng = writer.rng
    value = writer.value(scope, "index")
    limit = writer.constant(3, "index")
    which = writer.one("arith.andi", f"{value.name}, {limit.name} : index", (value, limit), "index", "-")
    kinds = [rng.pick(scope.kinds(_SCALARS)) for _ in range(rng.below(3))]
    writer.count_op()
    branch = branching(writer)
    results = [writer.fresh(kind) for kind in kinds]
    names = ", ".join(value.name for value in results) + " = " if results else ""
    held = f" -> {', '.join(kinds)}" if kinds else ""
    writer.put(f"{names}scf.index_switch {which.name}{held}")
    cases = 1 + rng.below(3)
    for number in range(cases):
        writer.put(f"case {number} {{")
        _region(writer, scope, kinds)
        if not kinds:
            _empty_yield(writer)
        writer.put("}")
    writer.put("default {")
    _region(writer, scope, kinds)
    if not kinds:
        _empty_yield(writer)
    writer.put("}")
    branch.count = cases + 1
    scope.known += results


def _empty_yield(writer: Writer) -> None:
    with writer.indented():
        writer.put("scf.yield")


def _execute(writer: Writer, scope: Scope) -> None:
    kinds = [writer.rng.pick(scope.kinds(_SCALARS)) for _ in range(writer.rng.below(3))]
    writer.count_op()
    results = [writer.fresh(kind) for kind in kinds]
    names = ", ".join(value.name for value in results) + " = " if results else ""
    writer.put(f"{names}scf.execute_region{f' -> {listed(kinds)}' if kinds else ''} {{")
    _region(writer, scope, kinds)
    if not kinds:
        _empty_yield(writer)
    writer.put("}")
    scope.known += results


def _call(writer: Writer, scope: Scope) -> None:
    able = [
        one
        for one in writer.callees
        if (one.steps + 1) * writer.times + writer.steps <= MOST_STEPS and not (writer.pure and one.writes)
    ]
    memory = {value.type for value in scope.known if is_memory(value) and value.name not in writer.read_only}
    able = [
        one
        for one in able
        if all(kind in memory or not kind.startswith("memref") for kind in one.arguments)
        and sum(not kind.startswith("memref") for kind in one.arguments) < writer.left
    ]
    if not able:
        return
    callee = writer.rng.pick(able)
    operands = []
    for kind in callee.arguments:
        if kind.startswith("memref"):
            found = [value for value in scope.of(kind) if value.name not in writer.read_only]
            operands.append(writer.rng.pick(found))
        else:
            operands.append(writer.value(scope, kind))
    for payload in writer.payloads:
        payload.calls.append(callee)
    shown = ", ".join(value.name for value in operands)
    custom = f"@{callee.name}({shown}) : ({', '.join(callee.arguments)}) -> {listed(callee.results)}"
    # Its body is called by its name alone: another spelling of that is the custom form's own.
    name = "func.call" if writer.nesting or writer.rng.below(2) == 0 else "call"
    results = writer.op(
        name, custom, operands, callee.results, f"callee = @{callee.name}" if name != "call" else ""
    )
    writer.steps += callee.steps * writer.times
    writer.writes = writer.writes or callee.writes
    scope.known += results[: callee.exact]


_SCF = ("arith", "scf")
STATEMENTS: tuple[Statement, ...] = (
    Statement(_for, 9, _SCF, nested=True, weight=10),
    Statement(_while, 9, _SCF, nested=True, weight=6),
    Statement(_parallel, 11, _SCF, nested=True, weight=3),
    Statement(_if, 5, _SCF, nested=True, weight=7),
    Statement(_switch, 5, _SCF, nested=True, weight=4),
    Statement(_execute, 1, _SCF, nested=True),
    Statement(_call, 1, ("func",), symbols=True, weight=6),
)
