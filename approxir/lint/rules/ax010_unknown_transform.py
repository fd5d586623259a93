"""AX010: an approximation that nobody knows, or none at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property, partial

from approxir.dialects.approx.codec import DECISION_TREES
from approxir.dialects.approx.payload import TRANSFORM_ALIASES, TRANSFORM_TYPES
from approxir.ir.operation import Operation
from approxir.ir.verify.approx import local_name
from approxir.lint.approximations import Approximation, annotated_name
from approxir.lint.context import Context
from approxir.lint.places import SpelledParams, transform_types
from approxir.lint.rule import Finding, Fix, Rule, Span
from approxir.nearest import did_you_mean
from approxir.values import ArrayAttr, AttrAlias, Attribute, StringAttr

GROUP = "approxir.transforms"
"""The entry points by which packages register their transforms."""


class UnknownTransform(Rule):
    """Looks at ``transform_type`` everywhere and at each of a knob's ``transform_types``.

    Known are approxir's own transforms, those in the settings, and those that installed packages register,
    whose names are read and nothing more.
    """

    code = "AX010"
    name = "unknown-transform"
    severity = "error"
    summary = "a transform is unknown, or a decision tree does not say which one it is for"
    why = (
        "The passes look the transform up by its name. What they do not find, they cannot apply. Transforms "
        "that are known to other tools alone can be listed in the settings, as `known-transforms`."
    )
    bad = """\
module {
  "approx.util.annotation.transform"() <{
    func_name = "sum", transform_type = "loop-perforation", knob_val = 2 : i32
  }> : () -> ()
  func.func @sum(%n: i32, %x: f32) -> f32 {
    %sum = affine.for %i = 0 to 16 iter_args(%s = %x) -> (f32) {
      %t = arith.addf %s, %x : f32
      affine.yield %t : f32
    }
    return %sum : f32
  }
}
"""
    good = """\
module {
  "approx.util.annotation.transform"() <{
    func_name = "sum", transform_type = "loop_perforate", knob_val = 2 : i32
  }> : () -> ()
  func.func @sum(%n: i32, %x: f32) -> f32 {
    %sum = affine.for %i = 0 to 16 iter_args(%s = %x) -> (f32) {
      %t = arith.addf %s, %x : f32
      affine.yield %t : f32
    }
    return %sum : f32
  }
}
"""
    fix_note = (
        "Where publications and older files have another spelling of a transform, it becomes approxir's; "
        "both mean the same transform."
    )

    def check(self, context: Context) -> Iterator[Finding]:
        known = _Known(context.settings.known_transforms)
        for approximation in context.approximations:
            kind = approximation.transform_type
            if kind is not None and kind not in known:
                op = approximation.operation
                spelled = SpelledParams(op)
                fixable = _own(spelled) is not None
                yield self._unknown(op, kind, spelled.at("transform_type"), known, fixable)
        for knob in context.named("knob"):
            fixable = not isinstance(knob.attributes.get("transform_types"), AttrAlias)
            for kind, place in transform_types(knob) or ():
                if kind not in known:
                    yield self._unknown(knob, kind, place, known, fixable)
        for op in _nameless(context):
            message = "nothing says which transform this decision tree is for"
            yield self.finding(op, message, hint=f'add transform_type = "{TRANSFORM_TYPES[0]}", for example')

    def _unknown(self, op: Operation, kind: str, place: Span | None, known: _Known, fixable: bool) -> Finding:
        right = TRANSFORM_ALIASES.get(kind)
        if right is None:
            hint, fix = did_you_mean(kind, known.names), None
        else:
            hint = f"did you mean {right}?"
            fix = Fix(f"write {right}", partial(_rename, op, known)) if fixable else None
        return self.finding(op, f"no transform is called '{kind}'", at=place, hint=hint, fix=fix)


class _Known:
    """The names of all transforms; those of other packages are found when they are first needed."""

    def __init__(self, settings: Iterable[str]) -> None:
        self._near = frozenset((*TRANSFORM_TYPES, *settings))

    @cached_property
    def names(self) -> frozenset[str]:
        from importlib.metadata import entry_points

        return self._near | entry_points(group=GROUP).names

    def __contains__(self, name: str) -> bool:
        return name in self._near or name in self.names


def _nameless(context: Context) -> Iterator[Operation]:
    """The decision trees for which neither they nor what goes with them names a transform.

    Transforms have to name it themselves: AX035 complains.
    """
    told: set[Operation | str | None] = set()
    for knob in context.named("knob"):
        if len(transform_types(knob) or ()) == 1:
            told.add(knob)
    for approximation in context.approximations:
        if approximation.transform_type is not None:
            told.add(_scope(approximation))
    for approximation in context.approximations:
        if local_name(approximation.operation) in DECISION_TREES and _scope(approximation) not in told:
            yield approximation.operation


def _scope(approximation: Approximation) -> Operation | str | None:
    """What a decision tree shares with the transform beside it: the knob, or the annotated function."""
    return approximation.knob or approximation.function or annotated_name(approximation.operation)


# The fix. An operation may name several transforms, all of which are put right at once.


def _own(spelled: SpelledParams) -> StringAttr | None:
    """The ``transform_type`` of params, if it can be changed where it stands."""
    value = spelled.value("transform_type") if spelled.can_replace("transform_type") else None
    return value if isinstance(value, StringAttr) else None


def _rename(op: Operation, known: _Known) -> None:
    spelled = SpelledParams(op)
    own = _own(spelled)
    if own is not None and _renamed(own, known) != own:
        spelled.replace("transform_type", _renamed(own, known))
    listed = op.attributes.get("transform_types")
    if isinstance(listed, ArrayAttr):
        op.attributes["transform_types"] = ArrayAttr(tuple([_renamed(item, known) for item in listed]))
    elif isinstance(listed, StringAttr):
        op.attributes["transform_types"] = _renamed(listed, known)


def _renamed(value: Attribute, known: _Known) -> Attribute:
    if isinstance(value, StringAttr) and value.value not in known:
        return StringAttr(TRANSFORM_ALIASES.get(value.value, value.value), value.type)
    return value
