"""Knob operations in functions, with what decides about them and checks them."""

from __future__ import annotations

from approxir.testing.generators.decisions import (
    CALL,
    SKIP,
    Choice,
    Entries,
    choose,
    own_entries,
    spelled,
    static_entries,
    tree_entries,
)
from approxir.testing.generators.statements.control import yielded
from approxir.testing.generators.statements.statement import Statement
from approxir.testing.generators.writer import Payload, Scope, Value, Writer, listed

__all__ = ["STATEMENTS"]

_SCALARS = ("i32", "f32", "index", "i64", "f64", "i8")


def _able(writer: Writer, scope: Scope) -> bool:
    return writer.knobs < 2 and not writer.pure


def _names(values: list[Value]) -> str:
    return ", ".join(value.name for value in values)


def _kinds(values: list[Value]) -> str:
    return ", ".join(value.type for value in values)


def _knob(writer: Writer, scope: Scope) -> None:
    """A knob that a decision tree, a transform or its own params decide about, and that may have a try."""
    rng = writer.rng
    writer.count_op(2)
    operands = [writer.value(scope, rng.pick(scope.kinds(_SCALARS))) for _ in range(rng.below(3))]
    state = writer.value(scope, "i32")
    start, payload, inner = len(writer.lines), Payload(), scope.inner()
    writer.knobs += 1
    writer.payloads.append(payload)
    with writer.indented():
        writer.block(inner, reserve=3, one_in=5)
    writer.payloads.pop()
    writer.knobs -= 1
    kinds = [rng.pick(scope.kinds(_SCALARS)) for _ in range(rng.below(3))]
    results = [writer.value(inner, kind) for kind in kinds]
    # What decides stands before the code, and is drawn when that is known.
    code = writer.lines[start:]
    del writer.lines[start:]
    # A transform would find the calls of a knob in this one as well, but under another name.
    choice = choose(rng, payload, kinds, bool(payload.calls) and not payload.knobs)
    if choice is not None and choice.transform == CALL:
        called = payload.calls[0]
        writer.needs.substitutes(called.name, called.arguments, called.results)
    generic = rng.chance()
    entries: Entries = [("id", f"{writer.needs.number()} : i32")]
    if rng.chance(4):
        entries.append(("transform_types", '["loop_perforate", "func_substitute", "task_skipping"]'))
    if rng.chance(6):
        entries += [("rf", "1 : i32"), ("QoS_in", "array<i32: 0, 1>")]
    with writer.indented():
        entries += _decide(writer, choice, state, generic)
    decision = writer.lines[start:]
    del writer.lines[start:]
    # What only a transform governs has no decision left in it. What is skipped is not there any more.
    decided = any(key == "params" for key, _ in entries) or any(
        ".transform" not in line for _, line in decision
    )
    decided = decided or (choice is not None and choice.transform == SKIP)
    with writer.indented():
        if rng.chance(3):
            decided = True
            _try(writer, results, [state, *operands], generic)
        _yield(writer, results, generic)
    end = writer.lines[start:]
    del writer.lines[start:]
    made = [writer.fresh(kind) for kind in kinds]
    name = f'"{writer.needs.prefix}.knob"' if generic else f"{writer.needs.prefix}.knob"
    head = f"{_names(made)} = " if made else ""
    writer.put(f"{head}{name}({_names(operands)}) {spelled(rng, entries)} ({{")
    writer.lines += decision + code + end
    writer.put(f"}}) : ({_kinds(operands)}) -> {listed(kinds)}")
    for outer in writer.payloads:
        outer.knobs += 1
        outer.decided = outer.decided or decided
    scope.known += made


def _decide(writer: Writer, choice: Choice | None, state: Value, generic: bool) -> Entries:
    """What decides: an operation, or entries of the knob, which are returned."""
    rng = writer.rng
    if choice is None:
        return []
    what = rng.below(4)
    if what == 2:
        held = spelled(rng, static_entries(rng, choice))
        name = f"{writer.needs.prefix}.transform"
        writer.put(f'"{name}"() {held} : () -> ()' if generic else f"{name} {held}")
        return []
    if what == 3:
        return own_entries(rng, choice)
    name = writer.needs.prefix + (".decide" if rng.chance(4) else ".decision_tree")
    held = spelled(rng, tree_entries(rng, choice))
    argument = writer.fresh("i32")
    writer.put(f'"{name}"({state.name}) {held} ({{' if generic else f"{name}({state.name}) {held} state {{")
    writer.put(f"^bb0({argument.name}: i32):")
    with writer.indented():
        _yield(writer, [argument], generic)
    writer.put("}) : (i32) -> ()" if generic else "}")
    return []


def _try(writer: Writer, results: list[Value], operands: list[Value], generic: bool) -> None:
    """A check of the results by their last bit, and a function that recovers."""
    writer.count_op()
    recover = f"recover_{writer.needs.number()}"
    writer.needs.helper(recover, [value.type for value in operands], [value.type for value in results])
    arguments = [writer.fresh(value.type) for value in operands]
    shown = ", ".join(f"{value.name}: {value.type}" for value in arguments)
    name = f"{writer.needs.prefix}.try"
    held = f'<{{recover = "{recover}"}}>'
    head = f"({_names(operands)}) {held}"
    writer.put(f'"{name}"{head} ({{' if generic else f"{name}{head} check {{")
    writer.put(f"^bb0({shown}):")
    integers = [value for value in (*results, *arguments) if value.type in ("i32", "i64", "i8")]
    with writer.indented():
        kind = integers[0].type
        custom = f"sge, {integers[0].name}, {integers[-1].name} : {kind}"
        if integers[-1].type != kind:
            custom = f"sge, {integers[0].name}, {integers[0].name} : {kind}"
        ok = writer.one("arith.cmpi", custom, (), "i1")
        _yield(writer, [ok], generic)
    writer.put(f"}}) : ({_kinds(operands)}) -> ()" if generic else "}")


def _yield(writer: Writer, values: list[Value], generic: bool) -> None:
    name = f"{writer.needs.prefix}.yield"
    writer.put(f'"{name}"({_names(values)}) : ({_kinds(values)}) -> ()' if generic else yielded(name, values))


STATEMENTS = (Statement(_knob, 7, ("arith", "func"), nested=True, needs=_able, weight=6),)
