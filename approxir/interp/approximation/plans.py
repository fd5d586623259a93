"""Where a transform works in a payload: the operations whose execution it changes, found before they run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from approxir.dialects.approx import payload
from approxir.errors import ParseError
from approxir.interp.approximation.choices import Choice
from approxir.interp.approximation.counters import find_counter, while_sums
from approxir.interp.approximation.perforation import Perforation
from approxir.interp.errors import Trap
from approxir.interp.machine import Environment, Override, Task, Values
from approxir.ir.blocks import Region
from approxir.ir.operation import Operation
from approxir.values import FusedLoc, IntegerAttr, LocAlias, Location, NameLoc, StringAttr, SymbolRefAttr

if TYPE_CHECKING:
    from approxir.interp.interpreter import Interpreter

INTERNAL = "__internal_"
Overrides = dict[Operation, Override]


def overrides_for(
    interp: Interpreter, choice: Choice, operations: Iterable[Operation], where: str
) -> Overrides:
    """What a choice changes in a payload; empty where it is exact.

    `func_substitute` replaces a call of the payload, which is what it does in a knob operation; `where` names
    the payload in messages. A payload that is skipped as a whole is up to the caller.
    """
    if choice.transform == payload.LOOP_PERFORATE:
        return {} if choice.value <= 1 else _perforated(interp, choice, list(operations), where)
    if choice.transform == payload.FUNC_SUBSTITUTE:
        return {} if choice.value == 0 else _substituted(interp, choice, list(operations), where)
    return _branch(choice, operations, where)


# ---- loop_perforate


def _perforated(interp: Interpreter, choice: Choice, operations: list[Operation], where: str) -> Overrides:
    perforation = Perforation.of(choice)
    loops = [op for op in operations if op.name in payload.LOOPS]
    wanted = choice.option("loop")
    if wanted is None and not loops:
        reduction = next((op for op in operations if op.name in payload.REDUCTIONS), None)
        if reduction is None:
            raise choice.fault(f"loop_perforate finds no loop in {where}")
        if perforation.scheme != "stride":
            raise choice.fault(f"the scheme '{perforation.scheme}' needs a loop; {where} has none")
        return {reduction: Override(perforation=perforation)}
    loop = _chosen(interp, choice, loops, wanted, where)
    if loop.name in ("scf.while", "stablehlo.while"):
        if perforation.scheme != "stride":
            raise choice.fault(f"the scheme '{perforation.scheme}' does not work on {loop.name}")
        counter = find_counter(interp, loop)
        if counter is None:
            raise choice.fault(f"the {loop.name} in {where} has no counter that is recognised")
        countable = counter.alone and counter.known_step is not None
        if perforation.rescale and not countable and any(n is not None for n in while_sums(loop, counter)):
            raise choice.fault(
                f"sums of the {loop.name} in {where} cannot be rescaled: how often it runs is not known",
                hint="the condition must be nothing but a comparison of a counter that grows by a constant",
            )
    return {loop: Override(perforation=perforation)}


def _chosen(
    interp: Interpreter, choice: Choice, loops: list[Operation], wanted: Any, where: str
) -> Operation:
    if wanted is None:
        return loops[0]
    if isinstance(wanted, IntegerAttr):
        if not 0 <= wanted.value < len(loops):
            raise choice.fault(f"{where} has {len(loops)} loops, and none of number {wanted.value}")
        return loops[wanted.value]
    if isinstance(wanted, StringAttr):
        for loop in loops:
            if wanted.value in location_names(interp, loop):
                return loop
        raise choice.fault(f"{where} has no loop with the location name '{wanted.value}'")
    raise choice.fault(f"the option 'loop' is a number or a location name, not {wanted}")


_TRAILING = re.compile(r"\bloc\s*\(")


def location_names(interp: Interpreter, op: Operation) -> list[str]:
    """The names in an operation's location: of a named location itself, or inside a fused one."""
    found = _location(op)
    if found is None:
        return []
    names: list[str] = []
    pending: list[Any] = [interp.resolved(found)]
    while pending:
        location = pending.pop()
        if isinstance(location, NameLoc):
            names.append(location.name)
        elif isinstance(location, FusedLoc):
            pending.extend(location.locations)
    return names


def _location(op: Operation) -> Location | None:
    from approxir.ir.forms import form_of, parts_of
    from approxir.syntax.attributes import parse_location

    if op._made is not None:
        made = op._made.location
        return made if isinstance(made, Location) else None
    assert op.source is not None
    try:
        if op.is_generic:
            span = parts_of(op).location
            text = None if span is None else op.source.text[span[0] : span[1]]
        else:
            form = form_of(op)
            text = None if form is None or form.location is None else form.location.text
        if text is None:
            return None
        found = parse_location(text)
    except ParseError:
        return None
    return found if isinstance(found, Location | LocAlias) else None


# ---- func_substitute


def _substituted(interp: Interpreter, choice: Choice, operations: list[Operation], where: str) -> Overrides:
    calls: list[tuple[Operation, str]] = []
    for op in operations:
        callee = op.attributes.get("callee") if op.name == "func.call" else None
        if isinstance(callee, SymbolRefAttr) and not callee.nested:
            calls.append((op, callee.root))
    if not calls:
        raise choice.fault(f"func_substitute finds no call in {where}")
    op, name = next((found for found in calls if found[1].startswith(INTERNAL)), calls[0])
    function = substitute(interp, choice, name.removeprefix(INTERNAL), op)

    def run(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
        return interp.invoke(function, operands)

    return {op: Override(run=run)}


def substitute(interp: Interpreter, choice: Choice, name: str, place: Operation) -> Operation:
    """The function ``approx_<name>_<value>``, as seen from `place`."""
    wanted = payload.substitute_name(name, choice.value)
    function = interp.symbol(place, SymbolRefAttr(wanted))
    if function is None:
        raise choice.fault(f"func_substitute with {choice.value} needs a function @{wanted}")
    return function


# ---- task_skipping


def _branch(choice: Choice, operations: Iterable[Operation], where: str) -> Overrides:
    found = next((op for op in operations if op.name in payload.BRANCHES), None)
    if found is None:
        raise choice.fault(f"task_skipping finds no branching operation in {where}")
    regions = payload.branches(found)
    if choice.value > len(regions):
        raise choice.fault(
            f"the {found.name} in {where} has {len(regions)} branches, and no number {choice.value}"
        )
    region = regions[choice.value - 1]

    def run(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Task:
        leave = yield interp.region(region, (), environment)
        return leave.values

    return {found: Override(run=run)}


# ---- what follows a decision tree


def following(tree: Operation) -> Iterator[Operation]:
    """The payload of a decision tree: what stands after it in its block, and the blocks behind that."""
    block = tree.block
    if block is None or block.region is None:
        raise Trap(f"{tree.name} stands nowhere")
    return payload.nested(_after(tree, block.region))


def _after(tree: Operation, region: Region) -> Iterator[Operation]:
    reached = False
    for op in region.operations:
        if reached:
            yield op
        reached = reached or op is tree
