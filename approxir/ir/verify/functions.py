"""Functions: their bodies take what their types say, and return what their types say."""

from __future__ import annotations

from approxir.ir.operation import Operation
from approxir.ir.verify.facts import Facts
from approxir.ir.verify.findings import Findings
from approxir.ir.verify.known import known
from approxir.ir.verify.types import TypeComparer
from approxir.values import FunctionType, TypeAttr

RETURNS = {"func.return": "func.func", "tt.return": "tt.func", "ml_program.return": "ml_program.func"}
"""The terminators of functions, and the functions."""


def function_type(facts: Facts | None) -> FunctionType | None:
    """The type of a function whose text was read."""
    if facts is None:
        return None
    kind = facts.attributes.get("function_type")
    return kind.value if isinstance(kind, TypeAttr) and isinstance(kind.value, FunctionType) else None


def check_body(op: Operation, facts: Facts, findings: Findings) -> None:
    """All arguments of a function with a body have names."""
    kind = function_type(facts)
    if (
        kind is None
        or facts.form is None
        or not facts.form.region_arguments
        or "function" not in known(op.name).traits
    ):
        return
    named = len(facts.form.region_arguments[0])
    if 0 < named != len(kind.inputs):
        findings.add(
            op.name_start,
            f"{op.name} has {len(kind.inputs)} arguments, of which {named} are named",
            code="signature",
            length=len(op.name),
            hint="a function with a body names every argument: (%a: i32, %b: f32)",
        )


def check_return(
    function: Operation | None,
    facts: Facts | None,
    op: Operation,
    returned: Facts,
    findings: Findings,
    types: TypeComparer,
) -> None:
    """A return returns what the type of the function around it says."""
    if function is None or function.name != RETURNS[op.name]:
        return
    kind = function_type(facts)
    if kind is None or returned.operand_types is None:
        return
    related = (function.name_start, f"the function has the type {kind}")
    if len(returned.operand_types) != len(kind.results):
        count = len(returned.operand_types)
        message = f"{op.name} returns {count} values, the function around it {len(kind.results)}"
        findings.add(op.name_start, message, code="return", length=len(op.name), related=related)
        return
    for index, (has, needs) in enumerate(zip(returned.operand_types, kind.results, strict=True)):
        if has is not None and types.differ(has, needs):
            message = f"{op.name} returns {has} as value number {index}, the function around it {needs}"
            findings.add(op.name_start, message, code="return", length=len(op.name), related=related)
            return
