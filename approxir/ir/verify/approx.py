"""The rules of the approx dialect that concern structure.

========  =====================================================================================
C1        Every exit of a knob's region is an ``approx.yield`` whose operand types are the
          knob's result types.
C2        The arguments of a ``decision_tree``'s state region have the types of its operands.
C3        Every exit of a state region is an ``approx.yield`` of one ``i32``.
C4        The arguments of a ``try``'s check region have the types of its operands.
C5        Every exit of a check region is an ``approx.yield`` of one ``i1``.
C6        ``decision_tree``, ``try`` and ``transform`` stand inside a knob.
C7        ``approx.yield`` stands in a region of ``knob``, ``decision_tree`` or ``try``.
C8        There is one decision more than there are thresholds.
C9        ``num_thresholds`` is the number of thresholds.
C10       There is one lower and one upper bound for each threshold.
C11       ``id``, ``rf``, ``num_thresholds``, ``knob_val`` and ``transform_value`` are ``i32``;
          thresholds, their bounds, decisions, ``decision_values``, ``QoS_in`` and ``QoS_out`` are
          ``array<i32: ...>``; ``transform_type`` and names of functions are strings or symbols.
C12       ``try`` names the function that recovers.
C13       ``knob``, ``decision_tree`` and ``try`` have one region each, the others none.
C14       Only ``knob`` has results.
C15       ``transform`` and the annotations have no operands.
C16       The region of a ``knob`` has no arguments: it sees the values around it.
C17       An annotation names its function: ``func_name``.
C18       The ``try`` annotation names the functions that check and that recover.
C19       ``transform`` and its annotation say ``transform_type``, and either ``knob_val`` or
          ``transform_value``.
C20       ``state_indices`` is ``array<i64: ...>``.
C21       ``transform_types`` is an array of strings, or one string.
C22       ``transform_options`` is a dictionary.
C23       ``params`` is a dictionary or a string that can be read as params.
========  =====================================================================================

Both prefixes of the dialect are checked, ``approx`` and ``approxMLIR``, and ``approx.decide`` like
``approx.decision_tree``. C8 to C10 hold for params however they are spelled. What is sound but questionable
is left to lint.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from approxir.ir.blocks import Block
from approxir.ir.operation import Operation
from approxir.values import (
    ArrayAttr,
    AttrAlias,
    Attribute,
    DenseArrayAttr,
    DictAttr,
    IntegerAttr,
    IntegerType,
    StringAttr,
    SymbolRefAttr,
    Type,
)

if TYPE_CHECKING:
    from approxir.ir.verify.facts import Facts
    from approxir.ir.verify.findings import Findings
    from approxir.ir.verify.types import TypeComparer

PREFIXES = ("approx.", "approxMLIR.")

_ANNOTATION = "util.annotation."
_ANNOTATIONS = frozenset(
    _ANNOTATION + name for name in ("convert_to_call", "decision_tree", "knob", "transform", "try")
)
_MANAGEMENT = frozenset({"decision_tree", "decide", "try", "transform"})
_HOLDERS = frozenset({"knob", "decision_tree", "decide", "try"})
_TRANSFORMS = frozenset({"transform", _ANNOTATION + "transform"})
OPERATIONS = _MANAGEMENT | _HOLDERS | _ANNOTATIONS | {"yield"}
"""The names of the dialect's operations, without its prefix."""
_NUMBERS = ("id", "rf", "num_thresholds", "knob_val", "transform_value")
_BOUNDS = ("thresholds_lowers", "thresholds_uppers")
_LISTS = ("thresholds", "decisions", *_BOUNDS, "decision_values", "QoS_in", "QoS_out")
_STRINGS = ("transform_type", "recover", "func_name", "state_function", "checker", "runtime")
ATTRIBUTES = frozenset({
    *_NUMBERS, *_LISTS, *_STRINGS, "params", "state_indices", "transform_options", "transform_types",
})  # fmt: skip
"""The attributes that operations of the dialect may have."""
# Operations that end a block without leaving the region.
_UNREACHABLE = frozenset({"ub.unreachable", "llvm.unreachable"})
_I32 = IntegerType(32)
_I64 = IntegerType(64)
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
    check = _Check(op, name, _without_aliases(op, facts.attributes), findings)
    check.place()
    check.types()
    if name in OPERATIONS:
        check.shape(facts)
        check.entries()
    check.counts()
    check.params()


@dataclass(frozen=True, slots=True)
class _Check:
    """One operation that is being checked; `attributes` are without those that cannot be known."""

    op: Operation
    name: str
    attributes: Mapping[str, Attribute]
    findings: Findings

    def add(self, rule: str, message: str, hint: str | None = None) -> None:
        """Report a finding at the operation's name."""
        op = self.op
        self.findings.add(op.name_start, f"{message} [{rule}]", code="approx", length=len(op.name), hint=hint)

    def add_at(self, key: str, rule: str, message: str, hint: str | None = None) -> None:
        """Report a finding at the value of an attribute, or of an entry of params."""
        span = self.op.attributes.span(key)
        if span is None and "params" in self.attributes:
            from approxir.dialects.approx.places import place_of

            span = place_of(self.op, key)
        if span is None:
            self.add(rule, message, hint)
            return
        start, end = span
        self.findings.add(start, f"{message} [{rule}]", code="approx", length=end - start, hint=hint)

    def place(self) -> None:
        """Where the operation stands."""
        op, name = self.op, self.name
        if name in _MANAGEMENT and not any(local_name(outer) == "knob" for outer in op.ancestors()):
            # C6
            self.add("C6", f"{op.name} stands outside of a knob", "move it into the region of an approx.knob")
        if name == "yield" and local_name(op.parent) not in _HOLDERS:
            # C7
            message = f"{op.name} stands outside of a region of a knob, decision tree or check"
            self.add("C7", message, "use the terminator of the operation around it")

    def shape(self, facts: Facts) -> None:
        """How many regions, results and operands there are."""
        op, name = self.op, self.name
        regions = 1 if name in _HOLDERS else 0
        if len(op.regions) != regions:
            # C13
            self.add(
                "C13", f"{op.name} has {_count(len(op.regions), 'region')} instead of {regions or 'none'}"
            )
        if name != "knob" and (op.results or facts.result_types):
            # C14
            self.add("C14", f"{op.name} has results; only knobs do")
        if (name == "transform" or name in _ANNOTATIONS) and len(op._resolved().operands):
            # C15
            self.add("C15", f"{op.name} has operands, but takes none")

    def entries(self) -> None:
        """Attributes that have to be there."""
        op, name, held = self.op, self.name, self.attributes
        if name == "try" and "recover" not in held:
            # C12
            message = f"{op.name} does not name the function that recovers"
            self.add("C12", message, 'add recover = "name"')
        if name in _ANNOTATIONS and "func_name" not in held:
            # C17
            self.add(
                "C17", f"{op.name} does not name the function that it annotates", 'add func_name = "name"'
            )
        if name == _ANNOTATION + "try":
            for key, role in (("checker", "checks"), ("recover", "recovers")):
                if key not in held:
                    # C18
                    message = f"{op.name} does not name the function that {role}"
                    self.add("C18", message, f'add {key} = "name"')
        if name in _TRANSFORMS:
            # C19
            values = [key for key in ("knob_val", "transform_value") if key in held]
            if "transform_type" not in held:
                self.add("C19", f"{op.name} does not say transform_type", 'add transform_type = "name"')
            elif not values:
                self.add("C19", f"{op.name} does not say knob_val", "add knob_val = 0 : i32, which is exact")
            elif len(values) == 2:
                message = f"{op.name} says both knob_val and transform_value, which are one and the same"
                self.add_at("transform_value", "C19", message, "remove one of them")

    def types(self) -> None:
        """What kind of attribute each one is."""
        for key in _NUMBERS:
            value = self.attributes.get(key)
            if value is not None and not (isinstance(value, IntegerAttr) and value.type == _I32):
                # C11
                self.add_at(key, "C11", f"{key} = {_shown(value)} is no i32", f"write {key} = 1 : i32")
        for key in _LISTS:
            value = self.attributes.get(key)
            if value is not None and not (isinstance(value, DenseArrayAttr) and value.element_type == _I32):
                # C11
                message = f"{key} = {_shown(value)} is no array of i32"
                self.add_at(key, "C11", message, f"write {key} = array<i32: 1, 2>")
        for key in _STRINGS:
            value = self.attributes.get(key)
            if value is not None and not isinstance(value, StringAttr | SymbolRefAttr):
                # C11
                self.add_at(key, "C11", f"{key} = {_shown(value)} is no string")
        value = self.attributes.get("state_indices")
        if value is not None and not (isinstance(value, DenseArrayAttr) and value.element_type == _I64):
            # C20
            message = f"state_indices = {_shown(value)} is no array of i64"
            self.add_at("state_indices", "C20", message, "write state_indices = array<i64: 0>")
        value = self.attributes.get("transform_types")
        if value is not None and not isinstance(value, StringAttr):
            strings = isinstance(value, ArrayAttr) and all(isinstance(item, StringAttr) for item in value)
            if not strings:
                # C21
                message = f"transform_types = {_shown(value)} is no array of strings"
                hint = 'write transform_types = ["loop_perforate"]'
                self.add_at("transform_types", "C21", message, hint)
        value = self.attributes.get("transform_options")
        if value is not None and not isinstance(value, DictAttr):
            # C22
            message = f"transform_options = {_shown(value)} is no dictionary"
            self.add_at("transform_options", "C22", message, "write transform_options = {seed = 1 : i64}")

    def counts(self) -> None:
        """The lengths of the lists that separate attributes spell."""
        lengths = {
            key: len(value.values)
            for key in ("thresholds", "decisions", *_BOUNDS)
            if isinstance(value := self.attributes.get(key), DenseArrayAttr)
        }
        number = self.attributes.get("num_thresholds")
        count = number.value if isinstance(number, IntegerAttr) else None
        self.lengths(lengths, count)

    def lengths(self, lengths: Mapping[str, int], number: int | None) -> None:
        """Compare the lengths of the lists that are there."""
        thresholds = lengths.get("thresholds")
        if thresholds is None:
            return
        op = self.op
        decisions = lengths.get("decisions")
        if decisions is not None and decisions != thresholds + 1:
            # C8
            message = f"{op.name} has {_count(thresholds, 'threshold')} and {_count(decisions, 'decision')}"
            hint = f"{_count(thresholds, 'threshold')} part the states into {thresholds + 1} intervals"
            self.add_at("decisions", "C8", message, hint)
        if number is not None and number != thresholds:
            # C9
            message = f"num_thresholds is {number}, but {op.name} has {_count(thresholds, 'threshold')}"
            self.add_at("num_thresholds", "C9", message, f"write num_thresholds = {thresholds} : i32")
        for key in _BOUNDS:
            bounds = lengths.get(key)
            if bounds is not None and bounds != thresholds:
                # C10
                message = f"{op.name} has {_count(thresholds, 'threshold')}, but {bounds} {key}"
                self.add_at(key, "C10", message)

    def params(self) -> None:
        """The attribute `params`."""
        value = self.attributes.get("params")
        if value is None:
            return
        # The codec belongs to a layer above; knobs with params are few.
        from approxir.dialects.approx.codec import read_params
        from approxir.dialects.approx.errors import ParamsError

        try:
            params = read_params(self.op)
        except ParamsError as error:
            # C23
            found = error.diagnostics[0]
            message = f"{found.message} [C23]"
            self.findings.add(found.offset, message, code="approx", length=found.length, hint=found.hint)
            return
        assert params is not None
        lengths = {key: len(getattr(params, key)) for key in ("thresholds", "decisions", *_BOUNDS)}
        number = value.get("num_thresholds") if isinstance(value, DictAttr) else None
        count = number.value if isinstance(number, IntegerAttr) else None
        self.lengths({key: length for key, length in lengths.items() if length}, count)


def _without_aliases(op: Operation, attributes: Mapping[str, Attribute]) -> Mapping[str, Attribute]:
    """The attributes with aliases replaced, and without those whose alias has no value that can be read."""
    if not any(_mentions_alias(value) for value in attributes.values()):
        return attributes
    from approxir.dialects.approx.codec import resolved
    from approxir.dialects.approx.errors import ParamsError

    found: dict[str, Attribute] = {}
    for key, value in attributes.items():
        try:
            known = resolved(op, value)
            if isinstance(known, DictAttr):
                known = DictAttr([(name, resolved(op, item)) for name, item in known.items()])
        except ParamsError:
            # Reported where it is mentioned or defined.
            continue
        found[key] = known
    return found


def _mentions_alias(value: Attribute) -> bool:
    if isinstance(value, DictAttr):
        return any(isinstance(item, AttrAlias) for _, item in value.items())
    return isinstance(value, AttrAlias)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _shown(value: Attribute) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:60] + "..."


def check_approx_regions(op: Operation, facts: Facts, findings: Findings, types: TypeComparer) -> None:
    """Check the regions of an approx operation, everything in them having been read."""
    name = local_name(op)
    if name not in _HOLDERS or len(op.regions) != 1:
        return
    if name == "knob":
        entry = op.regions[0].blocks[0]
        if entry.arguments:
            # C16
            message = f"the region of {op.name} has arguments"
            hint = "use the operands themselves, which are visible in it"
            _add(findings, op, "C16", message, hint)
        # C1
        _exits(op, facts.result_types, "C1", "its results", findings, types)
    elif name == "try":
        # C4, C5
        _arguments(op, facts, "C4", findings, types)
        _exits(op, (_I1,), "C5", "a check", findings, types)
    else:
        # C2, C3
        _arguments(op, facts, "C2", findings, types)
        _exits(op, (_I32,), "C3", "a state", findings, types)


def _add(findings: Findings, op: Operation, rule: str, message: str, hint: str | None = None) -> None:
    findings.add(op.name_start, f"{message} [{rule}]", code="approx", length=len(op.name), hint=hint)


def _arguments(op: Operation, facts: Facts, rule: str, findings: Findings, types: TypeComparer) -> None:
    wanted = facts.operand_types
    if wanted is None:
        return
    arguments = op.regions[0].blocks[0].arguments
    if len(arguments) != len(wanted):
        operands, taken = _count(len(wanted), "operand"), _count(len(arguments), "argument")
        message = f"{op.name} has {operands}, but its region {taken}"
        _add(findings, op, rule, message, "the region takes the operands as its arguments")
        return
    for argument, kind in zip(arguments, wanted, strict=True):
        has = argument.type
        if kind is not None and has is not None and types.differ(has, kind) and argument.span is not None:
            message = f"%{argument.name} is {has}, but the operand that it stands for is {kind} [{rule}]"
            findings.add(
                argument.span[0], message, code="approx", related=(op.name_start, f"{op.name} begins here")
            )


def _exits(
    op: Operation,
    wanted: tuple[Type | None, ...] | None,
    rule: str,
    what: str,
    findings: Findings,
    types: TypeComparer,
) -> None:
    """Check every block of the region that does not branch to another one."""
    blocks = op.regions[0].blocks
    for block in blocks:
        last = block.last
        if last is not None and (last.name in _UNREACHABLE or last.successors):
            continue
        if local_name(last) == "yield":
            assert last is not None
            _yielded(op, last, wanted, rule, what, findings, types)
        elif last is not None or wanted or op.is_generic or len(blocks) > 1:
            _no_yield(op, block, wanted, rule, findings)


def _no_yield(
    op: Operation, block: Block, wanted: tuple[Type | None, ...] | None, rule: str, findings: Findings
) -> None:
    shown = ", ".join("?" if kind is None else str(kind) for kind in wanted or ())
    single = len(op.regions[0].blocks) == 1
    where = f"the region of {op.name}" if single else f"block ^{block.label} in the region of {op.name}"
    _add(
        findings,
        op,
        rule,
        f"{where} does not end in approx.yield",
        f"end it with approx.yield of ({shown})",
    )


def _yielded(
    op: Operation,
    last: Operation,
    wanted: tuple[Type | None, ...] | None,
    rule: str,
    what: str,
    findings: Findings,
    types: TypeComparer,
) -> None:
    if wanted is None:
        return
    values = last._resolved().operands
    related = (op.name_start, f"{op.name} begins here")
    if len(values) != len(wanted):
        has, needs = _count(len(values), "value"), len(wanted)
        message = f"{last.name} yields {has}, but {op.name} needs {needs} for {what} [{rule}]"
        findings.add(last.name_start, message, code="approx", length=len(last.name), related=related)
        return
    for value, kind in zip(values, wanted, strict=True):
        kept = value._type
        if kept is not None and kind is not None and types.differ(kept, kind):
            shown = f"%{value.name}: {kept}"
            message = f"{last.name} yields {shown}, but {op.name} needs {kind} for {what} [{rule}]"
            findings.add(last.name_start, message, code="approx", length=len(last.name), related=related)
