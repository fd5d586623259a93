"""Statements of affine: loops, branches, accesses and maps."""

from __future__ import annotations

from approxir.testing.generators.statements.control import carried, closing, enter, sums, trips, yielded
from approxir.testing.generators.statements.memory import element, memories, sizes
from approxir.testing.generators.statements.statement import Statement
from approxir.testing.generators.writer import Scope, Value, Writer

__all__ = ["STATEMENTS"]


def _counters(writer: Writer, scope: Scope) -> list[Value]:
    """The counters of the affine loops around a place, the innermost first."""
    return [value for value in reversed(scope.known) if value.name in writer.affine]


def _inside(writer: Writer, scope: Scope) -> bool:
    return bool(_counters(writer, scope))


def _able(writer: Writer, scope: Scope) -> bool:
    return _inside(writer, scope) and any(None not in sizes(value.type) for value in memories(scope))


def _able_to_write(writer: Writer, scope: Scope) -> bool:
    return _inside(writer, scope) and any(
        None not in sizes(value.type) and value.name not in writer.read_only for value in memories(scope)
    )


def _for(writer: Writer, scope: Scope) -> None:
    rng, most = writer.rng, trips(writer)
    low = rng.pick((0, 0, 1, 2))
    high = rng.pick((*range(most + 1), *range(most // 2, most + 1)))
    step = rng.pick((1, 1, 1, 2, 3))
    upper = str(high)
    symbols = [value for value in scope.of("index") if value.name in writer.symbols]
    if symbols and rng.chance(3):
        symbol = rng.pick(symbols)
        upper = f"min affine_map<()[s0] -> (s0 mod {most + 1}, {high})>()[{symbol.name}]"
    held = carried(writer, scope)
    writer.count_op()
    loop = enter(writer, "affine.for")
    results = [writer.fresh(value.type) for value in held]
    counter = writer.fresh("index")
    arguments = [writer.fresh(value.type) for value in held]
    head = f"affine.for {counter.name} = {low} to {upper}" + (f" step {step}" if step > 1 else "")
    if held:
        pairs = ", ".join(f"{a.name} = {v.name}" for a, v in zip(arguments, held, strict=True))
        kinds = ", ".join(value.type for value in held)
        head = f"{', '.join(v.name for v in results)} = {head} iter_args({pairs}) -> ({kinds})"
    writer.put(head + " {")
    writer.bounds[counter.name] = max(1, high)
    writer.affine.add(counter.name)
    inner = scope.inner(counter, *arguments)
    with writer.indented(max(1, high)):
        writer.block(inner, reserve=2)
        ends = sums(writer, inner, arguments)
        if ends:
            writer.put(yielded("affine.yield", ends))
    writer.put(closing(writer, loop))
    scope.known += results


def _parallel(writer: Writer, scope: Scope) -> None:
    """A parallel loop with a reduction."""
    rng, most = writer.rng, trips(writer)
    high = rng.below(most + 1)
    kind, name = rng.pick((("i32", "addi"), ("i32", "ori"), ("i64", "muli"), ("f32", "maximumf")))
    writer.count_op()
    result, counter = writer.fresh(kind), writer.fresh("index")
    head = f'affine.parallel ({counter.name}) = (0) to ({high}) reduce ("{name}") -> ({kind})'
    writer.put(f"{result.name} = {head} {{")
    writer.bounds[counter.name] = max(1, high)
    writer.affine.add(counter.name)
    inner = scope.inner(counter)
    was, writer.pure = writer.pure, True
    with writer.indented(max(1, high)):
        writer.block(inner, reserve=1)
        writer.put(yielded("affine.yield", [writer.value(inner, kind)]))
    writer.pure = was
    writer.put("}")
    scope.known.append(result)


def _if(writer: Writer, scope: Scope) -> None:
    rng = writer.rng
    counter = rng.pick(_counters(writer, scope))
    kinds = [rng.pick(scope.kinds(("i32", "f32", "i64"))) for _ in range(rng.below(2))]
    condition = rng.pick(
        ("(d0) : (d0 - 2 >= 0)", "(d0) : (d0 mod 2 == 0)", "(d0) : (-d0 + 5 >= 0, d0 - 1 >= 0)")
    )
    writer.count_op()
    results = [writer.fresh(kind) for kind in kinds]
    names = ", ".join(value.name for value in results) + " = " if results else ""
    held = f" -> {', '.join(kinds)}" if kinds else ""
    writer.put(f"{names}affine.if affine_set<{condition}>({counter.name}){held} {{")
    for number in range(2 if kinds or rng.chance() else 1):
        if number:
            writer.put("} else {")
        inner = scope.inner()
        with writer.indented():
            writer.block(inner)
            if kinds:
                writer.put(yielded("affine.yield", [writer.value(inner, kind) for kind in kinds]))
    writer.put("}")
    scope.known += results


def _subscripts(writer: Writer, scope: Scope, memory: Value) -> str:
    """Indices by affine expressions, within the bounds of a memory of static shape."""
    found = []
    counters = _counters(writer, scope)
    symbols = [value for value in scope.of("index") if value.name in writer.symbols]
    for size in sizes(memory.type):
        assert size is not None
        counter = writer.rng.pick(counters)
        forms = [f"({counter.name} * 3 + 1) mod {size}", f"{counter.name} mod {size}", str(size - 1)]
        if writer.bounds[counter.name] <= size:
            forms = [counter.name, f"-{counter.name} + {size - 1}", *forms]
        if symbols:
            forms.append(f"(symbol({writer.rng.pick(symbols).name}) mod {size} + {counter.name}) mod {size}")
        if writer.bounds[counter.name] <= 2 * size:
            forms.append(f"{counter.name} floordiv 2")
        found.append(writer.rng.pick(forms))
    return ", ".join(found)


def _load(writer: Writer, scope: Scope) -> None:
    memory = writer.rng.pick([value for value in memories(scope) if None not in sizes(value.type)])
    custom = f"{memory.name}[{_subscripts(writer, scope, memory)}] : {memory.type}"
    scope.known.append(writer.one("affine.load", custom, (), element(memory.type)))


def _store(writer: Writer, scope: Scope) -> None:
    found = [v for v in memories(scope) if None not in sizes(v.type) and v.name not in writer.read_only]
    memory = writer.rng.pick(found)
    value = writer.value(scope, element(memory.type))
    custom = f"{value.name}, {memory.name}[{_subscripts(writer, scope, memory)}] : {memory.type}"
    writer.op("affine.store", custom)
    writer.writes = True


def _apply(writer: Writer, scope: Scope) -> None:
    counter = writer.rng.pick(_counters(writer, scope))
    name, results = writer.rng.pick(
        (
            ("affine.apply", "(d0 * 2 - 3)"),
            ("affine.apply", "((d0 + 5) ceildiv 3)"),
            ("affine.min", "(d0, 4)"),
            ("affine.max", "(d0 - 2, -d0, 1)"),
        )
    )
    custom = f"affine_map<(d0) -> {results}>({counter.name})"
    scope.known.append(writer.one(name, custom, (), "index"))


_AFFINE, _MEMORY = ("arith", "affine"), ("arith", "affine", "memref")
STATEMENTS = (
    Statement(_for, 3, _AFFINE, nested=True, weight=6),
    Statement(_parallel, 2, _AFFINE, nested=True),
    Statement(_if, 1, _AFFINE, nested=True, needs=_inside, weight=4),
    Statement(_load, 1, _MEMORY, memory=True, needs=_able, weight=5),
    Statement(_store, 2, _MEMORY, memory=True, effects=True, needs=_able_to_write, weight=5),
    Statement(_apply, 1, _AFFINE, needs=_inside, weight=2),
)
