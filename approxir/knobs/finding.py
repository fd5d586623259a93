"""Which knobs a module has, and what they are called."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from approxir.dialects.approx.codec import DECISION_TREES, TRANSFORMS
from approxir.dialects.approx.errors import ConfigError, ParamsError
from approxir.dialects.approx.function_names import function_named_by
from approxir.dialects.approx.ops import AnnotationOp, DecisionTreeOp, KnobOp, TransformOp, view
from approxir.dialects.approx.params import LISTS
from approxir.errors import Diagnostic, ParseError
from approxir.ir.enclosing import enclosing_symbols
from approxir.ir.operation import Operation
from approxir.ir.verify.approx import PREFIXES, local_name
from approxir.knobs.view import KnobView
from approxir.nearest import nearest
from approxir.syntax import lexemes as lx
from approxir.syntax.attributes import parse_attribute
from approxir.values.strings import unquote

if TYPE_CHECKING:
    from approxir.ir.module import Module

_TUNABLE_ANNOTATIONS = frozenset(
    name for name in (*DECISION_TREES, *TRANSFORMS) if name.startswith("util.annotation.")
)
_NAME_FIRST = re.compile(
    rf"{lx.TRIVIA}(?:\({lx.TRIVIA}\){lx.TRIVIA})?+<?+\{{{lx.TRIVIA}func_name{lx.TRIVIA}={lx.TRIVIA}"
    r'("[\w.$]++")[ ]*+[,}]'
)


def find_knobs(module: Module) -> list[KnobView]:
    """The knobs of a module that have params, in the order of the text.

    They are annotations with a decision tree or a static transform, and ``approx.knob`` operations that spell
    params or hold a decision tree or a transform. Their names are those of their functions; where there are
    several of one name, the later ones get ``#1``, ``#2`` and so on, the first number that is free.
    """
    annotations: list[Operation] = []
    operations: dict[Operation, list[Operation]] = {}
    ordered: list[Operation] = []
    for op in module.find(*PREFIXES):
        name = local_name(op)
        if name in _TUNABLE_ANNOTATIONS:
            annotations.append(op)
            ordered.append(op)
        elif name == "knob":
            sources = _sources(op)
            if sources:
                operations[op] = sources
                ordered.append(op)
    functions: dict[Operation, str | None] = {op: _annotated(op) for op in annotations}
    functions.update(zip(operations, enclosing_symbols(module, operations), strict=True))
    bases = [functions[op] or _without_function(op) for op in ordered]
    return [
        KnobView(
            name,
            functions[op],
            "operation" if op in operations else "annotation",
            op,
            operations.get(op, [op]),
        )
        for op, name in zip(ordered, _distinct(bases), strict=True)
    ]


def _distinct(bases: list[str]) -> list[str]:
    """The names, with a number after those that occurred before; no number makes another one of them."""
    reserved = set(bases)
    taken: set[str] = set()
    counts: dict[str, int] = {}
    names = []
    for base in bases:
        name = base
        number = counts.get(base, 0)
        while name in taken or (number and name in reserved):
            number += 1
            name = f"{base}#{number}"
        counts[base] = number
        taken.add(name)
        names.append(name)
    return names


def find_knob(module: Module, name: str) -> KnobView:
    """The knob of that name. Raises `ConfigError`, with the nearest name, when there is none.

    Raises `TypeError` for a name that is no string.
    """
    if not isinstance(name, str):
        raise TypeError(f"a knob's name is a string, not {type(name).__name__}")
    knobs = find_knobs(module)
    for knob in knobs:
        if knob.name == name:
            return knob
    hint = meant_name(name, [knob.name for knob in knobs], "knob")
    message = f"there is no knob '{name}'"
    raise ConfigError((Diagnostic(message, file=module.file, line=0, code="config", hint=hint),))


def meant_name(name: str, names: list[str], what: str) -> str:
    """A hint: the name that was perhaps meant, or the names that there are."""
    if not names:
        return f"the module has no {what}s"
    close = nearest(name, names)
    if close is not None:
        return f"did you mean '{close}'?"
    shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    return f"the module's {what}s are: {shown}"


def _annotated(op: Operation) -> str | None:
    if op.source is not None and not op._overlay:
        # What is mostly the first attribute is found without reading the others.
        match = _NAME_FIRST.match(op.source.text, op.name_end, op.end)
        if match is not None:
            return unquote(match[1])
    annotation = view(op)
    assert isinstance(annotation, AnnotationOp)
    try:
        return annotation.func_name
    except ParamsError:
        # A func_name that is no string: the verifier and lint complain.
        return None
    except ParseError:
        return _spelled_function(op)


def _spelled_function(op: Operation) -> str | None:
    """The annotated function where another attribute cannot be read."""
    try:
        place = op.attributes.span("func_name")
        if place is None or op.source is None:
            return None
        value = parse_attribute(op.source.text[slice(*place)])
    except ParseError:
        return None
    return function_named_by(value)


def _sources(op: Operation) -> list[Operation]:
    """The operations that spell the params of a knob, the authoritative one first."""
    knob = KnobOp(op)
    try:
        attributes = op.attributes.items()
        spells = any(key == "params" or key in LISTS for key, _ in attributes)
    except ParseError:
        # Reading the knob says what is wrong with it.
        spells = True
    sources = [op] if spells else []
    management = knob.management
    tree = next((held for held in management if isinstance(held, DecisionTreeOp)), None)
    if tree is not None:
        return [*sources, tree.operation]
    if sources:
        return sources
    return [held.operation for held in management if isinstance(held, TransformOp)][:1]


def _without_function(op: Operation) -> str:
    knob = view(op)
    try:
        number = knob.id if isinstance(knob, KnobOp) else None
    except (ParamsError, ParseError):
        number = None
    return "knob" if number is None else f"knob_{number}"
