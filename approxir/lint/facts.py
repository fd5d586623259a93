"""What several rules ask about functions: who is named, with which types, and where a knob value stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from approxir.dialects.approx.codec import resolved
from approxir.dialects.approx.errors import ParamsError
from approxir.dialects.approx.function_names import function_named_by
from approxir.dialects.approx.ops import DecisionTreeAnnotation
from approxir.dialects.approx.payload import FUNC_SUBSTITUTE
from approxir.lint.approximations import Approximation, annotated_name
from approxir.lint.places import SpelledParams, transform_types
from approxir.values import Attribute, IntegerType, TensorType, Type, TypeAlias

if TYPE_CHECKING:
    from approxir.ir.operation import Operation
    from approxir.lint.context import Context
    from approxir.lint.rule import Span

INTERNAL = "__internal_"
"""What ``pre-emit-transform`` puts before the name of a function that it copies."""

_OTHER_OPTIONS = frozenset({"default", "rescale", "scheme", "seed"})
"""Options of transforms that do not say which loop is meant."""


def attribute(op: Operation, key: str) -> Attribute | None:
    """An attribute, aliases resolved; None where there is none, or an alias is not defined."""
    value = op.attributes.get(key)
    if value is None:
        return None
    try:
        return resolved(op, value)
    except ParamsError:
        return None


def function_name(op: Operation, key: str) -> str | None:
    """The function that an attribute names, without ``@`` and quotes; None where it names none so."""
    return function_named_by(attribute(op, key))


def has_body(function: Operation) -> bool:
    """Whether a function is defined, not only declared."""
    return any(block.first is not None for region in function.regions for block in region.blocks)


def annotated_function(context: Context, op: Operation) -> Operation | None:
    """The function that an annotation is about; None where AX012 or AX013 complains."""
    name = annotated_name(op)
    function = None if name is None else context.function(name, near=op)
    return function if function is not None and has_body(function) else None


def named_function(context: Context, name: str, near: Operation) -> Operation | None:
    """The function that a name will mean when the passes look for it.

    The copy of a function that ``pre-emit-transform`` makes counts as there; it has that function's type.
    """
    found = context.function(name, near)
    if found is None and name.startswith(INTERNAL):
        original = context.function(name.removeprefix(INTERNAL), near)
        return original if original is not None and original in context.copied else None
    return found


def copied_functions(context: Context) -> Iterator[Operation]:
    """The functions that ``pre-emit-transform`` copies."""
    for op in context.named("util.annotation.convert_to_call"):
        function = annotated_function(context, op)
        if function is not None:
            yield function
    for approximation in approximated(context, FUNC_SUBSTITUTE):
        if approximation.knob is None and approximation.function is not None:
            yield approximation.function


def approximated(context: Context, transform_type: str) -> list[Approximation]:
    """The approximations by one transform whose code is there."""
    return context.by_transform.get(transform_type, [])


def by_transform(context: Context) -> dict[str, list[Approximation]]:
    """The approximations whose code is there, by what the transform is called.

    What does not say so itself is for the transform that its knob names, or that which is beside it.
    """
    told: dict[Operation, str] = {}
    for knob in context.named("knob"):
        kinds = transform_types(knob)
        if kinds is not None and len(kinds) == 1:
            told[knob] = kinds[0][0]
    for approximation in context.approximations:
        owner, kind = approximation.knob or approximation.function, approximation.transform_type
        if owner is not None and kind is not None:
            told[owner] = kind
    found: dict[str, list[Approximation]] = {}
    for approximation in context.approximations:
        owner = approximation.knob or approximation.function
        if owner is not None and has_body(owner):
            kind = approximation.transform_type or told.get(owner)
            if kind is not None:
                found.setdefault(kind, []).append(approximation)
    return found


def chooses_loop(approximation: Approximation) -> bool:
    """Whether options may say that another loop than the first is meant."""
    return not _OTHER_OPTIONS.issuperset(approximation.params.transform_options)


def value_place(approximation: Approximation, value: int) -> Span | None:
    """Where an operation spells a knob value that it has."""
    spelled = SpelledParams(approximation.operation)
    for field in ("decisions", "decision_values"):
        values: tuple[int, ...] = getattr(approximation.params, field)
        if value in values:
            return spelled.at(field, values.index(value))
    return None


def state_indices(op: Operation) -> tuple[int, ...] | None:
    """Which arguments an annotation gives to the state function; None where it does not say."""
    if "state_indices" not in op.attributes:
        return None
    try:
        return DecisionTreeAnnotation(op).state_indices
    except ParamsError:
        return None


# ---- types


def types_differ(context: Context, has: Sequence[Type], wants: Sequence[Type | None]) -> bool:
    """Whether two lists of types are surely not the same; None stands for a type that is not known."""
    if len(has) != len(wants):
        return True
    pairs = zip(has, wants, strict=True)
    return any(want is not None and context.types.differ(one, want) for one, want in pairs)


def is_one_integer(context: Context, results: Sequence[Type], width: int) -> bool:
    """Whether these results are one integer, or a tensor of one, as far as the type is known."""
    if len(results) != 1:
        return False
    kind = context.types.resolved(results[0])
    if isinstance(kind, TensorType) and kind.has_static_shape and kind.num_elements == 1:
        kind = kind.element_type
    return isinstance(kind, TypeAlias) or kind == IntegerType(width)


def show_types(types: Sequence[Type | None]) -> str:
    """A list of types, for a message."""
    return "(" + ", ".join("?" if kind is None else str(kind) for kind in types) + ")"
