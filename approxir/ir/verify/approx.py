"""The rules of the approx dialect that concern structure.

========  =====================================================================================
C1        ``approx.knob`` ends in ``approx.yield``, whose operand types are the knob's result types.
C2        The arguments of a ``decision_tree``'s state region have the types of its operands.
C3        A state region ends in ``approx.yield`` of one ``i32``.
C4        The arguments of a ``try``'s check region have the types of its operands.
C5        A check region ends in ``approx.yield`` of one ``i1``.
C6        ``decision_tree``, ``try`` and ``transform`` stand inside a knob.
C7        ``approx.yield`` stands in a region of ``knob``, ``decision_tree`` or ``try``.
C8        There is one decision more than there are thresholds.
C9        ``num_thresholds`` is the number of thresholds.
C10       There is one lower and one upper bound for each threshold.
C11       ``id``, ``rf``, ``num_thresholds`` and ``knob_val`` are ``i32``; lists of numbers are
          ``array<i32: ...>``; ``transform_type``, ``recover`` and ``func_name`` are strings.
C12       ``try`` names the function that recovers.
========  =====================================================================================

Both spellings of the dialect are checked, ``approx`` and ``approxMLIR``. What is sound but questionable is
left to lint.
"""

from __future__ import annotations

from approxir.ir.blocks import Block
from approxir.ir.operation import Operation
from approxir.ir.verify.facts import Facts
from approxir.ir.verify.findings import Findings
from approxir.ir.verify.types import TypeComparer
from approxir.values import DenseArrayAttr, IntegerAttr, IntegerType, StringAttr, SymbolRefAttr, Type

PREFIXES = ("approx.", "approxMLIR.")

_MANAGEMENT = frozenset({"decision_tree", "decide", "try", "transform"})
_HOLDERS = frozenset({"knob", "decision_tree", "decide", "try"})
_NUMBERS = ("id", "rf", "num_thresholds", "knob_val", "transform_value")
_BOUNDS = ("thresholds_lowers", "thresholds_uppers")
_LISTS = ("thresholds", "decisions", *_BOUNDS, "decision_values", "QoS_in", "QoS_out")
_STRINGS = ("transform_type", "recover", "func_name", "state_function", "checker")
_I32 = IntegerType(32)
_I1 = IntegerType(1)


def local_name(op: Operation | None) -> str:
    """The name of an approx operation without the dialect's prefix, "" for any other."""
    if op is not None:
        for prefix in PREFIXES:
            if op.name.startswith(prefix):
                return op.name[len(prefix) :]
    return ""


def check_approx(op: Operation, facts: Facts, findings: Findings) -> None:
    """Check what an approx operation says itself."""
    name = local_name(op)
    if name in _MANAGEMENT and not any(local_name(outer) == "knob" for outer in op.ancestors()):
        # C6
        hint = "move it into the region of an approx.knob"
        _add(findings, op, "C6", f"{op.name} stands outside of a knob", hint)
    if name == "yield" and local_name(op.parent) not in _HOLDERS:
        # C7
        message = f"{op.name} stands outside of a region of a knob, decision tree or check"
        _add(findings, op, "C7", message, "use the terminator of the operation around it")
    _attributes(op, facts, findings)
    if name == "try" and "recover" not in facts.attributes:
        # C12
        message = f"{op.name} does not name the function that recovers"
        _add(findings, op, "C12", message, 'add recover = "name"')


def _add(findings: Findings, op: Operation, rule: str, message: str, hint: str | None = None) -> None:
    findings.add(op.name_start, f"{message} [{rule}]", code="approx", length=len(op.name), hint=hint)


def _attributes(op: Operation, facts: Facts, findings: Findings) -> None:
    attributes = facts.attributes
    # C11
    for key in _NUMBERS:
        value = attributes.get(key)
        if value is not None and not (isinstance(value, IntegerAttr) and value.type == _I32):
            _add(findings, op, "C11", f"{key} = {value} is no i32", f"write {key} = 1 : i32")
    for key in _LISTS:
        value = attributes.get(key)
        if value is not None and not (isinstance(value, DenseArrayAttr) and value.element_type == _I32):
            _add(
                findings, op, "C11", f"{key} = {value} is no array of i32", f"write {key} = array<i32: 1, 2>"
            )
    for key in _STRINGS:
        value = attributes.get(key)
        if value is not None and not isinstance(value, StringAttr | SymbolRefAttr):
            _add(findings, op, "C11", f"{key} = {value} is no string")
    thresholds = _length(facts, "thresholds")
    decisions = _length(facts, "decisions")
    if thresholds is None:
        return
    if decisions is not None and decisions != thresholds + 1:
        # C8
        message = f"{op.name} has {thresholds} thresholds and {decisions} decisions"
        _add(
            findings,
            op,
            "C8",
            message,
            f"{thresholds} thresholds part the states into {thresholds + 1} intervals",
        )
    number = attributes.get("num_thresholds")
    if isinstance(number, IntegerAttr) and number.value != thresholds:
        # C9
        message = f"num_thresholds is {number.value}, but {op.name} has {thresholds} thresholds"
        _add(findings, op, "C9", message, f"write num_thresholds = {thresholds} : i32")
    for key in _BOUNDS:
        bounds = _length(facts, key)
        if bounds is not None and bounds != thresholds:
            # C10
            _add(findings, op, "C10", f"{op.name} has {thresholds} thresholds and {bounds} {key}")


def _length(facts: Facts, key: str) -> int | None:
    value = facts.attributes.get(key)
    return len(value.values) if isinstance(value, DenseArrayAttr) else None


def check_approx_regions(op: Operation, facts: Facts, findings: Findings, types: TypeComparer) -> None:
    """Check the regions of an approx operation, everything in them having been read."""
    name = local_name(op)
    if name == "knob":
        # C1
        if len(op.regions) == 1:
            block = op.regions[0].blocks[-1]
            _ends_in(op, block, facts.result_types, "C1", "its results", findings, types)
        return
    if name in ("decision_tree", "decide", "try") and len(op.regions) == 1:
        check = name == "try"
        _arguments(op, op.regions[0].blocks[0], facts, "C4" if check else "C2", findings, types)  # C2, C4
        if check:
            # C5
            _ends_in(op, op.regions[0].blocks[-1], (_I1,), "C5", "a check", findings, types)
        else:
            # C3
            _ends_in(op, op.regions[0].blocks[-1], (_I32,), "C3", "a state", findings, types)


def _arguments(
    op: Operation, block: Block, facts: Facts, rule: str, findings: Findings, types: TypeComparer
) -> None:
    wanted = facts.operand_types
    if wanted is None:
        return
    arguments = block.arguments
    if len(arguments) != len(wanted):
        message = f"{op.name} has {len(wanted)} operands, but its region {len(arguments)} arguments"
        _add(findings, op, rule, message, "the region takes the operands as its arguments")
        return
    for argument, kind in zip(arguments, wanted, strict=True):
        has = argument.type
        if kind is not None and has is not None and types.differ(has, kind) and argument.span is not None:
            message = f"%{argument.name} is {has}, but the operand that it stands for is {kind} [{rule}]"
            findings.add(
                argument.span[0], message, code="approx", related=(op.name_start, f"{op.name} begins here")
            )


def _ends_in(
    op: Operation,
    block: Block,
    wanted: tuple[Type | None, ...] | None,
    rule: str,
    what: str,
    findings: Findings,
    types: TypeComparer,
) -> None:
    last = block.last
    if last is None and not wanted and not op.is_generic:
        return
    if last is None or local_name(last) != "yield":
        shown = ", ".join(str(kind) for kind in wanted or ())
        message = f"the region of {op.name} does not end in approx.yield"
        _add(findings, op, rule, message, f"end it with approx.yield of ({shown})")
        return
    if wanted is None:
        return
    values = last._resolved().operands
    if len(values) != len(wanted):
        message = (
            f"{last.name} yields {len(values)} values, but {op.name} needs {len(wanted)} for {what} [{rule}]"
        )
        related = (op.name_start, f"{op.name} begins here")
        findings.add(last.name_start, message, code="approx", length=len(last.name), related=related)
        return
    for value, kind in zip(values, wanted, strict=True):
        has = value._type
        if has is not None and kind is not None and types.differ(has, kind):
            message = (
                f"{last.name} yields %{value.name}: {has}, but {op.name} needs {kind} for {what} [{rule}]"
            )
            related = (op.name_start, f"{op.name} begins here")
            findings.add(last.name_start, message, code="approx", length=len(last.name), related=related)
