"""The names of operations: what is written without a dialect must be known where it stands."""

from __future__ import annotations

from approxir.ir.operation import Operation
from approxir.ir.verify.findings import Findings
from approxir.ir.verify.known import known
from approxir.nearest import nearest
from approxir.syntax.formats.data import PREFIX_ALIASES
from approxir.syntax.formats.table import dialect_table
from approxir.syntax.formats.traits import default_dialect
from approxir.syntax.lexemes import UNDOTTED_OPERATIONS


def check_spelled(op: Operation, around: Operation | None, findings: Findings) -> None:
    """Check that the custom form of an operation without a dialect is one that MLIR can know.

    Inside of operations that nobody knows any name may be one of their dialect's, and old files spell
    some operations without `std`.
    """
    if "." in op.name or op.is_generic or op.name in UNDOTTED_OPERATIONS:
        return
    if around is not None and not known(around.name).listed:
        return
    dialect = "builtin" if around is None else default_dialect(around.name)
    names: set[str] = {"module", "func.func"} if around is None else set()
    table = dialect_table(PREFIX_ALIASES.get(dialect, dialect)) if dialect else None
    if table is not None:
        names.update(table.operations)
    meant = nearest(op.name, names)
    hint = f"did you mean {meant}?" if meant else "write its dialect and a dot before its name"
    findings.add(
        op.name_start, f"there is no operation '{op.name}'", code="operation", length=len(op.name), hint=hint
    )
