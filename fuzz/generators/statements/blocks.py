"""Statements of cf, which end a block of a function's body: branches that join again, loops, other exits."""

from __future__ import annotations

from approxir.testing.generators.statements.control import trips
from approxir.testing.generators.statements.scalars import compared
from approxir.testing.generators.statements.statement import Statement
from approxir.testing.generators.writer import Scope, Value, Writer

__all__ = ["STATEMENTS"]

_SCALARS = ("i32", "f32", "index", "i64", "f64", "i8")


def _at_the_top(writer: Writer, scope: Scope) -> bool:
    return writer.nesting == 0


def _passed(values: list[Value]) -> str:
    if not values:
        return ""
    return f"({', '.join(v.name for v in values)} : {', '.join(v.type for v in values)})"


def _statements(writer: Writer, scope: Scope, times: int = 1, reserve: int = 0) -> None:
    """The statements of a block that may be left out or run several times."""
    writer.nesting += 1
    writer.times *= times
    writer.block(scope, reserve)
    writer.times //= times
    writer.nesting -= 1


def _diamond(writer: Writer, scope: Scope) -> None:
    """A branch whose sides join, handing on values."""
    truth = compared(writer, scope)
    kinds = [writer.rng.pick(scope.kinds(_SCALARS)) for _ in range(1 + writer.rng.below(2))]
    first, second, join = writer.label(), writer.label(), writer.label()
    sides = [first, second]
    direct = writer.rng.chance(3)
    if direct:
        given = [writer.value(scope, kind) for kind in kinds]
        writer.put(f"cf.cond_br {truth.name}, {first}, {join}{_passed(given)}")
        sides = [first]
    else:
        writer.put(f"cf.cond_br {truth.name}, {first}, {second}")
    for label in sides:
        writer.put_label(label, [])
        inner = scope.inner()
        _statements(writer, inner)
        writer.put(f"cf.br {join}{_passed([writer.value(inner, kind) for kind in kinds])}")
    arguments = [writer.fresh(kind) for kind in kinds]
    writer.put_label(join, arguments)
    scope.known += arguments


def _switch(writer: Writer, scope: Scope) -> None:
    value = writer.value(scope, "i32")
    kind = writer.rng.pick(scope.kinds(_SCALARS))
    given = writer.value(scope, kind)
    cases = [(number, writer.label()) for number in range(1 + writer.rng.below(3))]
    join = writer.label()
    writer.put(f"cf.switch {value.name} : i32, [")
    with writer.indented():
        writer.put(f"default: {join}({given.name} : {kind}),")
        for number, label in cases:
            writer.put(f"{number}: {label}" + ("," if label != cases[-1][1] else ""))
    writer.put("]")
    for _, label in cases:
        writer.put_label(label, [])
        inner = scope.inner()
        _statements(writer, inner)
        writer.put(f"cf.br {join}({writer.value(inner, kind).name} : {kind})")
    argument = writer.fresh(kind)
    writer.put_label(join, [argument])
    scope.known.append(argument)


def _loop(writer: Writer, scope: Scope) -> None:
    """A loop of blocks, with a counter and a value that it carries."""
    most = writer.rng.below(trips(writer) + 1)
    start, end, step = (
        writer.constant(0, "index"),
        writer.constant(most, "index"),
        writer.constant(1, "index"),
    )
    kind = writer.rng.pick(scope.kinds(_SCALARS))
    held = writer.value(scope, kind)
    head, body, out = writer.label(), writer.label(), writer.label()
    writer.put(f"cf.br {head}{_passed([start, held])}")
    counter, carried = writer.fresh("index"), writer.fresh(kind)
    writer.put_label(head, [counter, carried])
    truth = writer.one("arith.cmpi", f"slt, {counter.name}, {end.name} : index", (counter, end), "i1")
    writer.put(f"cf.cond_br {truth.name}, {body}, {out}")
    writer.put_label(body, [])
    inner = scope.inner(counter, carried)
    bound = max(1, most)
    writer.bounds[counter.name] = bound
    _statements(writer, inner, bound, reserve=1)
    following = writer.one(
        "arith.addi", f"{counter.name}, {step.name} : index", (counter, step), "index", "-"
    )
    writer.put(f"cf.br {head}{_passed([following, writer.value(inner, kind)])}")
    # Behind the loop the counter is what ended it.
    del writer.bounds[counter.name]
    writer.put_label(out, [])
    scope.known += [counter, carried]


def _leave(writer: Writer, scope: Scope) -> None:
    """Another way out, before the end."""
    truth = compared(writer, scope)
    early, late = writer.label(), writer.label()
    writer.put(f"cf.cond_br {truth.name}, {early}, {late}")
    writer.exits.append((early, scope.inner()))
    # Its results may have to be constants.
    writer.left -= 3
    writer.put_label(late, [])


_CF = ("arith", "cf")
STATEMENTS = (
    Statement(_diamond, 4, _CF, needs=_at_the_top, nested=True, weight=3),
    Statement(_switch, 2, _CF, needs=_at_the_top, nested=True, weight=2),
    Statement(_loop, 5, _CF, needs=_at_the_top, nested=True, weight=3),
    Statement(_leave, 6, _CF, needs=_at_the_top, weight=2),
)
