"""Giving an operation another name, in its text as well."""

from __future__ import annotations

import re

from approxir.errors import IRError, ParseError
from approxir.ir.attributes import attribute_edits
from approxir.ir.operation import Operation
from approxir.ir.scopes import is_isolated
from approxir.syntax import lexemes as lx
from approxir.values import InvalidValue

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$\-]*+(?:\.[A-Za-z0-9_$\-]++)++")


def rename_operation(op: Operation, name: str) -> None:
    """See `Operation.rename`."""
    if _NAME.fullmatch(name) is None:
        raise InvalidValue(
            f"{name!r} is not the name of an operation", hint="write the dialect and a dot before it"
        )
    if name == op.name:
        return
    source = op.source
    if source is None:
        op.name = name
        op._touch()
        return
    generic = op.is_generic
    if not generic:
        _check_custom(op, name)
    if op.regions and is_isolated(name) != is_isolated(op.name):
        # Which names are visible inside is decided by the text, so that it is settled before.
        for inner in op.walk():
            inner._resolved()
    span = (op.name_start + generic, op.name_end - generic)
    before = (op.name, op._patches, op._form, op._facts, op._order)
    patches = {**(op._patches or {}), span: name}
    if source.text[span[0] : span[1]] == name:
        del patches[span]
    op.name, op._patches = name, patches or None
    op._form = op._facts = op._order = None
    try:
        attribute_edits(op)
    except IRError:
        op.name, op._patches, op._form, op._facts, op._order = before
        raise
    op._touch()


def _check_custom(op: Operation, name: str) -> None:
    """Raise `IRError` where the text of a custom form cannot follow another name."""
    if lx.WORD_RE.fullmatch(name) is None:
        raise IRError(f"{op.location}: only the generic form can spell the name {name!r}")
    from approxir.syntax.formats.forms import Context
    from approxir.syntax.formats.reader import read_custom

    assert op.source is not None
    try:
        read_custom(
            name,
            op.source.text,
            op.name_start,
            op.end,
            op._region_spans(),
            context=Context(result_count=len(op.results)),
            source=op.source,
        )
    except ParseError as error:
        raise IRError(
            f"{op.location}: {op.name} cannot become {name}, whose custom form is another one "
            f"({error.diagnostics[0].message}); print the module with generic=True first"
        ) from None
