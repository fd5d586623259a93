"""AX036: a name that the dialect does not know, and that was probably meant to be another."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from approxir.dialects.approx.params import RESERVED
from approxir.dialects.approx.payload import LOOP_PERFORATE, transform_name
from approxir.ir.operation import Operation
from approxir.ir.verify.approx import ATTRIBUTES, OPERATIONS, local_name
from approxir.lint.context import Context
from approxir.lint.places import SpelledParams
from approxir.lint.rule import Finding, Rule, Span
from approxir.values import DictAttr, StringAttr

_LIKENESS = 0.85
"""How like a known name another has to be to be taken for a slip: any other name is somebody's own."""
_PARAMS = RESERVED - {"params"}


class UnknownName(Rule):
    """Looks at the names of operations, of their attributes and params, and of options of transforms.

    An attribute or entry of params counts only where its name is very like one that the dialect knows; of
    the options of approxir's own transforms, any other counts.
    """

    code = "AX036"
    name = "unknown-name"
    severity = "error"
    summary = "an operation of the dialect is unknown, or an attribute or option is probably misspelt"
    why = (
        "No pass does anything about an operation that it does not know, and what an attribute with a "
        "misspelt name should say is never read: the module is compiled as if it were not there. About "
        "attributes, params and options this is a warning, since names that the dialect does not know may "
        "be there for other tools."
    )
    bad = """\
module {
  "approx.util.annotation.transfrom"() <{
    func_name = "sum", transform_type = "loop_perforate", knob_val = 2 : i32
  }> : () -> ()
  "approx.util.annotation.transform"() <{
    func_name = "sum", transform_type = "loop_perforate", knob_val = 2 : i32,
    decisions_values = array<i32: 0, 2>
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
    func_name = "sum", transform_type = "loop_perforate", knob_val = 2 : i32,
    decision_values = array<i32: 0, 2>
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

    def check(self, context: Context) -> Iterator[Finding]:
        for op in context.approx:
            name = local_name(op)
            if name not in OPERATIONS:
                close = difflib.get_close_matches(name, OPERATIONS, 1)
                prefix = op.name.removesuffix(name)
                hint = f"did you mean {prefix}{close[0]}?" if close else None
                yield self.finding(op, f"the dialect has no operation {op.name}", hint=hint)
                continue
            for key, meant in _misspelt(op.attributes, ATTRIBUTES):
                yield self._slip(op, op.attributes.span(key), key, meant)
            if "params" in op.attributes:
                spelled = SpelledParams(op)
                for key, meant in _misspelt(spelled.keys, _PARAMS):
                    yield self._slip(op, spelled.at(key), key, meant)
        for kind, approximations in context.by_transform.items():
            for approximation in approximations:
                options = approximation.params.transform_options
                if options.entries:
                    place = SpelledParams(approximation.operation).at("transform_options")
                    yield from self._options(approximation.operation, place, kind, options)

    def _slip(self, op: Operation, place: Span | None, key: str, meant: str) -> Finding:
        return self._warning(op, place, f"'{key}' means nothing to the dialect", f"did you mean {meant}?")

    def _options(self, op: Operation, place: Span | None, kind: str, options: DictAttr) -> Iterator[Finding]:
        # Transforms are slow to load, and options are seldom given.
        from approxir.transforms.loop_schemes import SCHEMES
        from approxir.transforms.registry import BUILT_IN, transforms

        name = transform_name(kind)
        if name is None or name not in BUILT_IN:
            # Transforms of others are known by their names alone: they are not loaded for lint.
            return
        known = transforms[name].options
        for key in options:
            if key not in known:
                close = difflib.get_close_matches(key, known, 1)
                hint = f"did you mean {close[0]}?" if close else f"its options: {', '.join(known) or 'none'}"
                yield self._warning(op, place, f"{name} has no option '{key}'", hint)
        scheme = options.get("scheme")
        if name == LOOP_PERFORATE and isinstance(scheme, StringAttr) and scheme.value not in SCHEMES:
            close = difflib.get_close_matches(scheme.value, SCHEMES, 1)
            hint = f"did you mean {close[0]}?" if close else f"it is one of {', '.join(SCHEMES)}"
            yield self._warning(op, place, f"{name} has no scheme '{scheme.value}'", hint)

    def _warning(self, op: Operation, place: Span | None, message: str, hint: str) -> Finding:
        return replace(self.finding(op, message, at=place, hint=hint), severity="warning")


def _misspelt(keys: Iterable[str], known: Collection[str]) -> Iterator[tuple[str, str]]:
    """The names that are not known but like one that is, and that one."""
    for key in keys:
        # A name with a dot is another dialect's.
        if key not in known and "." not in key:
            for meant in difflib.get_close_matches(key, known, 1, _LIKENESS):
                yield key, meant
