"""What the own text of each operation says, read in full; equal texts are read once.

Most operations of a file repeat the text of another one except for the names of values, and what a text
says does not depend on those. So `Facts` are kept by text without names: an operation costs one look-up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from approxir.errors import ParseError
from approxir.ir.operation import Operation
from approxir.ir.verify.findings import Findings
from approxir.ir.verify.sweep import alias_mentions, sweep
from approxir.syntax import lexemes as lx
from approxir.syntax.attributes import (
    parse_attribute,
    parse_attribute_dict,
    parse_function_type,
    parse_location,
    parse_type,
)
from approxir.syntax.balance import Unbalanced, skip_trivia
from approxir.syntax.formats.forms import AttrRef, Context, CustomForm, NameRef
from approxir.syntax.formats.reader import read_custom
from approxir.syntax.generic import generic_parts, own_segments
from approxir.values import Attribute, StringAttr, SymbolRefAttr, Type

_USE = rf"{lx.SSA}(?:{lx.TRIVIA}\#[0-9]++)?+"
_USES = rf"{_USE}(?:{lx.TRIVIA},{lx.TRIVIA}{_USE})*+"
_OPERANDS = re.compile(rf"{lx.TRIVIA}\({lx.TRIVIA}(?:{_USES})?+{lx.TRIVIA}\)")
_OPERAND_STEP = re.compile(rf"{lx.TRIVIA}({_USE})?+{lx.TRIVIA}(,)?+")
_SUCCESSORS = re.compile(
    rf"\[{lx.TRIVIA}\^{lx.SUFFIX_ID}(?:{lx.TRIVIA},{lx.TRIVIA}\^{lx.SUFFIX_ID})*+{lx.TRIVIA}\]"
)
_NAME = re.compile(rf"%{lx.SUFFIX_ID}")
_LAST_LOCATION = re.compile(
    r"[ ]*+loc\((?:#([0-9]++|[A-Za-z_$\-][A-Za-z0-9_$\-]*+)"
    r'|"[^"\\\n]*+"(?::[0-9]{1,9}+:[0-9]{1,9}+)?+)\)\Z'
)

# The type of their mask follows from a permutation map in a way that the tables do not say.
_MASKED = frozenset({"vector.transfer_read", "vector.transfer_write"})
_LONGEST = 8192
_NO_ATTRIBUTES: Mapping[str, Attribute] = {}

Aliases = tuple[tuple[int, str, bool], ...]


class Facts:
    """What one text says. Types are in the order of the generic form; None for what it does not tell.

    `order` gives for each operand its number in the order of the text (None: the same order).
    `successor_operands` are operand numbers, in the order of the text, for each successor.
    `aliases` are mentions of aliases: offset, name, and whether a location mentions it.
    """

    __slots__ = (
        "aliases",
        "attributes",
        "form",
        "operand_types",
        "order",
        "result_types",
        "successor_operands",
        "understood",
    )

    def __init__(self) -> None:
        self.operand_types: tuple[Type | None, ...] | None = None
        self.result_types: tuple[Type | None, ...] | None = None
        self.order: tuple[int, ...] | None = None
        self.attributes: Mapping[str, Attribute] = _NO_ATTRIBUTES
        self.aliases: Aliases = ()
        self.successor_operands: tuple[tuple[int, ...], ...] | None = None
        self.understood = False
        self.form: CustomForm | None = None

    def string(self, key: str) -> str | None:
        """The value of a string attribute or the root of a symbol reference, if there is one."""
        value = self.attributes.get(key)
        if isinstance(value, StringAttr):
            return value.value
        return value.root if isinstance(value, SymbolRefAttr) else None


class Reader:
    """Reads operations of one text and reports what is wrong with them."""

    def __init__(self, findings: Findings, aliases: Mapping[str, str]) -> None:
        self.findings = findings
        self.source = findings.source
        self.text = findings.source.text
        self.aliases = aliases
        # By the text after a generic operation's operands, and by a custom form's text without names.
        self._tails: dict[str, Facts] = {}
        self._shapes: dict[tuple[str, str, int], Facts] = {}
        self._context = Context(alias=aliases.get)
        # Mentions of aliases, at their offsets, for those who check them.
        self.mentions: list[tuple[int, Aliases]] = []

    def read(self, op: Operation) -> Facts | None:
        """The facts of an operation; None where its text is faulty, which has then been reported."""
        if self.text[op.name_start] == '"':
            return self._generic(op)
        return self._custom(op)

    # The generic form.

    def _generic(self, op: Operation) -> Facts | None:
        text = self.text
        name_end = text.index('"', op.name_start + 1) + 1
        match = _OPERANDS.match(text, name_end)
        if match is None:
            self._bad_operands(op, name_end)
            return None
        begin = match.end()
        regions = op.regions
        if regions:
            tail = text[begin : regions[0].start] + "\x00" + text[regions[-1].end : op.end]
        else:
            tail = text[begin : op.end]
        facts = self._tails.get(tail)
        if facts is None:
            facts = self._read_tail(op, begin)
            if facts is None:
                return None
            if len(tail) <= _LONGEST:
                self._tails[tail] = facts
        if facts.aliases:
            # Offsets are relative to the place where the tail begins, without the regions in between.
            shift = regions[-1].end - regions[0].start - 1 if regions else 0
            border = regions[0].start - begin if regions else 0
            moved = [(at + shift if regions and at > border else at, n, d) for at, n, d in facts.aliases]
            self.mentions.append((begin, tuple(moved)))
        return facts

    def _read_tail(self, op: Operation, begin: int) -> Facts | None:
        text, source = self.text, self.source
        facts = Facts()
        facts.understood = True
        try:
            parts = generic_parts(text, op.name_start, op.end, op._region_spans())
            if parts.successors is not None:
                self._successors(parts.successors)
            attributes: dict[str, Attribute] = {}
            if parts.properties is not None:
                at, end = parts.properties
                attributes = parse_attribute_dict(text[at:end], source=source, base=at)
                after = skip_trivia(text, end)
                if text[after : after + 1] != ">":
                    raise Unbalanced(after, "expected '>' after the properties")
            if parts.attributes is not None:
                at, end = parts.attributes
                attributes = {**parse_attribute_dict(text[at:end], source=source, base=at), **attributes}
            facts.attributes = attributes
            at, end = parts.type
            kind = parse_function_type(text[at:end], source=source, base=at)
            facts.operand_types, facts.result_types = kind.inputs, kind.results
            if parts.location is not None:
                at, end = parts.location
                parse_location(text[at:end], source=source, base=at)
        except Unbalanced as error:
            self.findings.add(error.offset, error.message, code="syntax")
            return None
        except ParseError as error:
            self.findings.take(error)
            return None
        segments = list(own_segments(begin, op.end, op._region_spans()))
        # Offsets count as in the key: without the regions, and what stands between them.
        shift = op.regions[-1].end - op.regions[0].start - 1 if op.regions else 0
        facts.aliases = tuple(
            (mention.offset - begin - (shift if number else 0), mention.name, mention.location)
            for number, (start, end) in enumerate((segments[0], segments[-1])[: len(segments)])
            for mention in alias_mentions(text, start, end)
        )
        return facts

    def _successors(self, span: tuple[int, int]) -> None:
        match = _SUCCESSORS.match(self.text, span[0])
        if match is None or match.end() != span[1]:
            raise Unbalanced(span[0] + 1, "expected block names between '[' and ']', such as [^bb1, ^bb2]")

    def _bad_operands(self, op: Operation, pos: int) -> None:
        text = self.text
        pos = skip_trivia(text, pos)
        if text[pos : pos + 1] != "(":
            self.findings.add(pos, "expected '(' and the operands of a generic operation", code="syntax")
            return
        pos += 1
        while True:
            match = _OPERAND_STEP.match(text, pos)
            if match is None:
                break
            if match.group(1) is None or match.group(2) is None:
                pos = match.end() if match.group(1) is not None else skip_trivia(text, pos)
                break
            pos = match.end()
        found = text[pos : pos + 12].split("\n", 1)[0].strip() or "the end of the line"
        hint = None
        if text[pos : pos + 1] == ")":
            hint = "remove the comma before it"
        message = (
            f"expected an operand such as %0, ',' or ')' in the operands of \"{op.name}\", found `{found}`"
        )
        self.findings.add(pos, message, code="syntax", hint=hint)

    # Custom forms.

    def _custom(self, op: Operation) -> Facts | None:
        text = self.text
        if op.regions:
            return self._custom_with_regions(op)
        own = text[op.name_start : op.end]
        location = _LAST_LOCATION.search(own) if own.endswith(")") and "loc(" in own else None
        if location is not None:
            own = own[: location.start()]
            if location[1] is not None:
                self.mentions.append((op.name_start + location.start(1) - 1, ((0, "#" + location[1], True),)))
        key = (op.name, _NAME.sub("%", own), len(op.results))
        facts = self._shapes.get(key)
        if facts is None:
            facts = self._read_shape(op, op.name_start + len(own))
            if facts is None:
                return None
            if len(own) <= _LONGEST and not facts.aliases:
                self._shapes[key] = facts
        if facts.aliases:
            self.mentions.append((op.name_start, facts.aliases))
        return facts

    def _read_shape(self, op: Operation, end: int) -> Facts | None:
        source = self.source
        start = op.name_start
        found = False
        for error in sweep(source, op.name_end, end):
            self.findings.take(error)
            found = True
        facts = Facts()
        facts.aliases = tuple(
            (mention.offset - start, mention.name, mention.location)
            for mention in alias_mentions(self.text, op.name_end, end)
        )
        try:
            form = read_custom(
                op.name, self.text, start, op.end, (), context=self._context_for(op), source=source
            )
            if form is not None:
                self._understand(op, facts, form)
        except ParseError as error:
            # Two operations on one line may have been taken for one.
            if not found and lx.OPERATION_AHEAD.match(self.text, error.diagnostics[0].offset, op.end) is None:
                self.findings.take(error)
            return None
        return None if found else facts

    def _custom_with_regions(self, op: Operation) -> Facts | None:
        text, source = self.text, self.source
        found = False
        facts = Facts()
        spans = op._region_spans()
        mentions: list[tuple[int, str, bool]] = []
        for start, end in own_segments(op.name_end, op.end, spans):
            for error in sweep(source, start, end):
                self.findings.take(error)
                found = True
            mentions.extend((m.offset, m.name, m.location) for m in alias_mentions(text, start, end))
        if mentions:
            self.mentions.append((0, tuple(mentions)))
        try:
            form = read_custom(
                op.name, text, op.name_start, op.end, spans, context=self._context_for(op), source=source
            )
            if form is not None:
                self._understand(op, facts, form)
                facts.form = form
        except ParseError as error:
            if not found:
                self.findings.take(error)
            return None
        return None if found else facts

    def _context_for(self, op: Operation) -> Context:
        count = len(op.results)
        return Context(alias=self.aliases.get, result_count=count) if count else self._context

    def _understand(self, op: Operation, facts: Facts, form: CustomForm) -> None:
        facts.understood = True
        if op.name not in _MASKED:
            facts.operand_types = tuple([self._type(kind) for kind in form.operand_types])
        if form.result_types is not None:
            facts.result_types = tuple([self._type(kind) for kind in form.result_types])
        attributes: dict[str, Attribute] = {}
        for key, ref in form.properties.items():
            attributes[key] = self._attribute(ref)
        for entry in form.attributes:
            if entry.value is not None:
                attributes.setdefault(entry.key, self._attribute(entry.value))
        if form.symbol is not None:
            attributes["sym_name"] = StringAttr(form.symbol.name)
        facts.attributes = attributes
        detail = op._resolved()
        slots = {span[0]: slot for slot, span in enumerate(detail.operand_spans)}
        facts.order = self._slots(form.operands, slots)
        if form.successors:
            facts.successor_operands = tuple(
                [self._slots(target.operands, slots) for target in form.successors]
            )

    def _slots(self, refs: Sequence[NameRef], slots: Mapping[int, int]) -> tuple[int, ...]:
        return tuple([slots.get(ref.start, -1) for ref in refs])

    def _type(self, ref: Any) -> Type | None:
        if ref is None:
            return None
        source = self.source if ref.start >= 0 else None
        return parse_type(ref.text, source=source, base=max(0, ref.start))

    def _attribute(self, ref: AttrRef) -> Attribute:
        spelled = ref.start >= 0 and self.text[ref.start : ref.end] == ref.text
        try:
            if not spelled:
                return parse_attribute(ref.text)
            return parse_attribute(ref.text, source=self.source, base=ref.start)
        except ParseError as error:
            if spelled:
                raise
            message = error.diagnostics[0].message
            raise ParseError([self.source.diagnostic(max(0, ref.start), message)]) from None
