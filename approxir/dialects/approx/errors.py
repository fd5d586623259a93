"""What is wrong with params and configurations, and where."""

from __future__ import annotations

from approxir.dialects.approx.places import place_of
from approxir.errors import Diagnostic, DiagnosticError
from approxir.ir.operation import Operation
from approxir.syntax.faults import Fault


class ParamsError(DiagnosticError, ValueError):
    """The params that an operation spells cannot be understood, or cannot be written."""

    @classmethod
    def at(
        cls,
        op: Operation,
        key: str | None,
        message: str,
        *,
        index: int | None = None,
        hint: str | None = None,
    ) -> ParamsError:
        """An error at an attribute of an operation or an item of it, or at the operation's name."""
        return cls((diagnostic(op, key, message, index=index, hint=hint),))

    @classmethod
    def in_string(cls, op: Operation, key: str, text: str, fault: Fault) -> ParamsError:
        """An error inside a string attribute, `fault` being in terms of its value."""
        found = op.attributes.span(key)
        if found is not None and op.source is not None:
            start, end = found
            # Without escapes, offsets in the value are those in the text.
            if op.source.text[start + 1 : end - 1] == text:
                at = start + 1 + fault.offset
                return cls((
                    op.source.diagnostic(
                        at, fault.message, length=fault.length, hint=fault.hint, code="params"
                    ),
                ))  # fmt: skip
        shown = f"{fault.message}, at offset {fault.offset} of the string"
        return cls((diagnostic(op, key, shown, hint=fault.hint),))


class ConfigError(DiagnosticError, ValueError):
    """A configuration does not fit the knobs of a module; every independent finding is reported."""


def diagnostic(
    op: Operation,
    key: str | None,
    message: str,
    *,
    index: int | None = None,
    code: str = "params",
    hint: str | None = None,
) -> Diagnostic:
    """A diagnostic at an attribute of an operation, or at a field of its params or an item of that.

    It is at the operation's name where the text spells no such thing, and nowhere for one that was made.
    """
    while op.source is None and op._made is not None and op._made.origin is not None:
        op = op._made.origin
    if op.source is None:
        return Diagnostic(f"{op.name}: {message}", code=code, hint=hint)
    found = place_of(op, key, index) if key is not None else None
    start, end = found if found is not None else (op.name_start, op.name_end)
    return op.source.diagnostic(start, message, length=end - start, code=code, hint=hint)
