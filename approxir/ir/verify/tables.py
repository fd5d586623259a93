"""Symbols of one symbol table: defined once; called functions exist and take what they are given."""

from __future__ import annotations

from approxir.ir.operation import Operation
from approxir.ir.symbols import own_symbol
from approxir.ir.verify.facts import Facts
from approxir.ir.verify.findings import Findings
from approxir.ir.verify.known import known
from approxir.ir.verify.types import TypeComparer
from approxir.values import FunctionType, SymbolRefAttr, TypeAttr

_CALLEES = {
    "func.call": ("callee", "func.func"),
    "func.constant": ("value", "func.func"),
    "memref.get_global": ("name", "memref.global"),
}


class Table:
    """The symbols defined right in one region, and the references that have to be looked up in it."""

    def __init__(self) -> None:
        self.symbols: dict[str, tuple[Operation, Facts | None]] = {}
        self.references: list[tuple[Operation, Facts, str]] = []

    def add(self, op: Operation, facts: Facts | None, findings: Findings) -> None:
        """Add the symbol that an operation defines, if it does."""
        sure = facts is not None and facts.understood
        if facts is not None and facts.understood:
            name = facts.string("sym_name")
        else:
            symbol = own_symbol(op)
            name = None if symbol is None else symbol.name
        if name is None:
            return
        before = self.symbols.get(name)
        if before is None:
            self.symbols[name] = (op, facts)
        elif sure and before[1] is not None and before[1].understood:
            findings.add(
                op.name_start,
                f"redefinition of symbol @{name}",
                code="symbol",
                length=len(op.name),
                hint="rename one of the two",
                related=(before[0].name_start, f"@{name} is defined here first"),
            )

    def refer(self, op: Operation, facts: Facts) -> None:
        """Remember what an operation calls, to be looked up when all symbols are known."""
        rule = _CALLEES.get(op.name)
        if rule is not None and facts.understood:
            target = facts.attributes.get(rule[0])
            if isinstance(target, SymbolRefAttr) and not target.nested:
                self.references.append((op, facts, target.root))

    def close(self, findings: Findings, types: TypeComparer) -> None:
        """Look everything up."""
        for op, facts, name in self.references:
            found = self.symbols.get(name)
            kind = _CALLEES[op.name][1]
            if found is None:
                message = f"{op.name} refers to @{name}, which is not defined"
                findings.add(_at(op, name), message, code="symbol", hint=self._hint(name, kind))
            elif found[0].name != kind and known(found[0].name).listed:
                message = f"{op.name} refers to @{name}, which is a {found[0].name}, not a {kind}"
                related = (found[0].name_start, f"@{name} is defined here")
                findings.add(_at(op, name), message, code="symbol", related=related)
            elif op.name == "func.call" and found[1] is not None:
                _check_call(op, facts, found[0], found[1], name, findings, types)

    def _hint(self, name: str, kind: str) -> str:
        import difflib

        near = difflib.get_close_matches(name, self.symbols, 1) if len(self.symbols) < 2000 else []
        return f"did you mean @{near[0]}?" if near else f"define it, or declare it: {kind} private @{name}"


def _at(op: Operation, name: str) -> int:
    assert op.source is not None
    at = op.source.text.find("@" + name, op.name_start, op.end)
    return op.name_start if at < 0 else at


def _check_call(
    op: Operation,
    call: Facts,
    function: Operation,
    facts: Facts,
    name: str,
    findings: Findings,
    types: TypeComparer,
) -> None:
    kind = facts.attributes.get("function_type")
    if not isinstance(kind, TypeAttr) or not isinstance(kind.value, FunctionType):
        return
    related = (function.name_start, f"@{name} is defined here, with the type {kind.value}")
    for what, given, wanted in (
        ("operands", call.operand_types, kind.value.inputs),
        ("results", call.result_types, kind.value.results),
    ):
        if given is None:
            continue
        if len(given) != len(wanted):
            message = f"the call of @{name} has {len(given)} {what}, the function {len(wanted)}"
            findings.add(_at(op, name), message, code="call", related=related)
            return
        for index, (has, needs) in enumerate(zip(given, wanted, strict=True)):
            if has is not None and types.differ(has, needs):
                place = f"number {index} of its {what}"
                message = f"the call of @{name} has {has} as {place}, the function {needs}"
                findings.add(_at(op, name), message, code="call", related=related)
                return
