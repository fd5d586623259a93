"""Params on operations: the three encodings, read and written.

1. ``ATTRIBUTES``: one attribute for each field, as on ``approx.decision_tree``;
2. ``DICTIONARY``: ``params = {thresholds = array<i32: 5, 10>, ...}``;
3. ``STRING``: ``params = "thresholds=5,10; ..."`` (`approxir.dialects.approx.params_text`).

Attributes beside ``params`` complete what that leaves out. Writing keeps the encoding, the types of numbers
and every entry that does not change; what both ``params`` and an attribute beside it say is changed in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from approxir.dialects.approx.errors import ParamsError
from approxir.dialects.approx.params import FIELDS, LISTS, KnobParams, WrongField
from approxir.dialects.approx.params_text import Entry, entry_text, parse_params
from approxir.errors import IRError, ParseError
from approxir.ir.attributes import _read as text_attributes
from approxir.ir.operation import Operation
from approxir.ir.verify.approx import local_name
from approxir.syntax.attributes import parse_attribute
from approxir.syntax.faults import Fault
from approxir.values import (
    ArrayAttr,
    AttrAlias,
    Attribute,
    DenseArrayAttr,
    DenseElementsAttr,
    DictAttr,
    IntegerAttr,
    IntegerType,
    InvalidValue,
    StringAttr,
    SymbolRefAttr,
    TensorType,
    Type,
    dense_tensor,
)

I32 = IntegerType(32)
I64 = IntegerType(64)
_MOST_ELEMENTS = 1 << 16

DECISION_TREES = frozenset({"decision_tree", "decide", "util.annotation.decision_tree"})
TRANSFORMS = frozenset({"transform", "util.annotation.transform"})
# What approx operations say that is not tunable.
_OTHER = frozenset({
    "QoS_in", "QoS_out", "checker", "func_name", "id", "knob_val", "recover", "rf", "runtime",
    "state_function", "state_indices", "transform_types", "transform_value", "params",
})  # fmt: skip
_MEANT = frozenset({*LISTS, "num_thresholds", "transform_type", "transform_options"})


class Encoding(Enum):
    """How an operation spells its params."""

    ATTRIBUTES = "attributes"
    DICTIONARY = "dictionary"
    STRING = "string"


def encoding_of(op: Operation) -> Encoding | None:
    """How an approx operation spells its params; None for one that has none.

    Raises `ParamsError` when its ``params`` is neither a dictionary nor a string.
    """
    return _encoding(op, op.attributes)


def _encoding(op: Operation, attributes: Mapping[str, Attribute]) -> Encoding | None:
    name = local_name(op)
    if not name:
        return None
    value = attributes.get("params")
    if value is not None:
        value = resolved(op, value, "params")
        if isinstance(value, DictAttr):
            return Encoding.DICTIONARY
        if isinstance(value, StringAttr):
            return Encoding.STRING
        raise ParamsError.at(op, "params", f"params is a dictionary or a string, not {value}")
    if name in DECISION_TREES or name in TRANSFORMS:
        return Encoding.ATTRIBUTES
    return Encoding.ATTRIBUTES if any(key in attributes for key in LISTS) else None


def read_params(op: Operation) -> KnobParams | None:
    """The params that an operation spells; None where it spells none.

    Raises `ParamsError` where they cannot be understood.
    """
    return _read(op, dict(op.attributes.items()))


def first_params(op: Operation) -> KnobParams | None:
    """The params that the text of an operation spells, whatever was changed since it was parsed."""
    return read_params(op) if not op._overlay else _read(op, text_attributes(op))


def _read(op: Operation, attributes: Mapping[str, Attribute]) -> KnobParams | None:
    encoding = _encoding(op, attributes)
    if encoding is None:
        return None
    params = _decoded(op, encoding, _resolved(op, _spelled(op, attributes, encoding)))
    beside = _beside(op, attributes, encoding)
    if beside:
        params = params.completed(_decoded(op, Encoding.ATTRIBUTES, _resolved(op, beside)))
    return params


def _beside(op: Operation, attributes: Mapping[str, Attribute], encoding: Encoding) -> dict[str, Attribute]:
    """The separate attributes that say the same as ``params``, which goes before them."""
    if encoding is Encoding.ATTRIBUTES:
        return {}
    found = _spelled(op, attributes, Encoding.ATTRIBUTES)
    return {key: value for key, value in found.items() if key in _MEANT}


def _spelled(op: Operation, attributes: Mapping[str, Attribute], encoding: Encoding) -> dict[str, Attribute]:
    """The entries of the params, as they are spelled."""
    if encoding is Encoding.ATTRIBUTES:
        found = {key: value for key, value in attributes.items() if key not in _OTHER}
        if local_name(op) in TRANSFORMS:
            # A static transform spells its only decision in another way.
            found.pop("decisions", None)
            key = _knob_key(attributes)
            if key in attributes:
                if not isinstance(value := resolved(op, attributes[key], key), IntegerAttr):
                    raise ParamsError.at(op, key, f"{key} is an integer, not {value}")
                found["decisions"] = attributes[key]
        return found
    params = resolved(op, attributes["params"], "params")
    if isinstance(params, DictAttr):
        return params.to_dict()
    assert isinstance(params, StringAttr)
    return {entry.key: entry.value for entry in _string_entries(op, params.value)}


def _resolved(op: Operation, spelled: Mapping[str, Attribute]) -> dict[str, Attribute]:
    return {key: resolved(op, value, key) if key in _MEANT else value for key, value in spelled.items()}


def _decoded(op: Operation, encoding: Encoding, entries: Mapping[str, Attribute]) -> KnobParams:
    try:
        return decode(entries)
    except WrongField as error:
        key = error.field
        if encoding is Encoding.ATTRIBUTES and key == "decisions" and local_name(op) in TRANSFORMS:
            key = _knob_key(op.attributes)
        raise ParamsError.at(op, key, error.message, index=error.index) from None
    except InvalidValue as error:
        raise ParamsError.at(op, "params", error.message) from None


def decode(entries: Mapping[str, Attribute]) -> KnobParams:
    """Params from attributes by name, whichever encoding they came from. Raises `InvalidValue`."""
    lists: dict[str, tuple[int, ...]] = {}
    kind: str | None = None
    options = DictAttr()
    extra: list[tuple[str, Attribute]] = []
    for key, value in entries.items():
        if key in LISTS:
            lists[key] = _numbers(key, value)
        elif key == "transform_type":
            if not isinstance(value, StringAttr | SymbolRefAttr):
                raise WrongField(key, f"is a string, not {value}")
            kind = value.value if isinstance(value, StringAttr) else value.leaf
        elif key == "transform_options":
            if not isinstance(value, DictAttr):
                raise WrongField(key, f"is a dictionary, not {value}")
            options = value
        elif key != "num_thresholds":
            extra.append((key, value))
    return KnobParams(transform_type=kind, transform_options=options, extra=DictAttr(extra), **lists)


def encode(params: KnobParams, old: Mapping[str, Attribute] | None = None) -> dict[str, Attribute]:
    """The entries of a dictionary for params; those of `old` keep their place, their types and, if the value
    is the same, their spelling.

    Without `old`, thresholds and decisions are always there, other fields unless they are empty.
    """
    if old is None:
        empty = DenseArrayAttr(I32)
        return {"thresholds": empty, "decisions": empty} | _entries(params, KnobParams(), {}, {})
    return _in_order(old, _entries(params, decode(old), old, old))


def _in_order(old: Mapping[str, Attribute], wanted: Mapping[str, Attribute]) -> dict[str, Attribute]:
    return {key: wanted[key] for key in old if key in wanted} | dict(wanted)


def _entries(
    params: KnobParams,
    before: KnobParams,
    spelled: Mapping[str, Attribute],
    meant: Mapping[str, Attribute],
) -> dict[str, Attribute]:
    """The entries for params where there were others, `before`.

    Entries of fields that do not change are those of `spelled`, in which aliases may stand for what is
    `meant`.
    """
    entries: dict[str, Attribute] = {}
    count = spelled.get("num_thresholds")
    if count is not None:
        same = len(params.thresholds) == len(before.thresholds)
        entries["num_thresholds"] = count if same else _count(meant["num_thresholds"], params)
    for key in LISTS:
        values: tuple[int, ...] = getattr(params, key)
        if key in spelled and values == getattr(before, key):
            entries[key] = spelled[key]
        elif values or key in spelled:
            entries[key] = numbers_attribute(values, meant.get(key))
    if params.transform_type is not None:
        same = params.transform_type == before.transform_type
        entries["transform_type"] = spelled["transform_type"] if same else StringAttr(params.transform_type)
    if "transform_options" in spelled and params.transform_options == before.transform_options:
        entries["transform_options"] = spelled["transform_options"]
    elif params.transform_options.entries:
        entries["transform_options"] = params.transform_options
    entries.update(params.extra.entries)
    return entries


def write_params(op: Operation, params: KnobParams, *, encoding: Encoding | None = None) -> None:
    """Let an operation spell these params, in the encoding that it has, or else in the one given.

    Only what differs is changed in the text, and nothing when it cannot be written. Raises `IRError` when the
    operation has another encoding than the one given, or no place for an attribute, and `ParamsError` when a
    static transform would have to hold more than one decision.
    """
    attributes = op.attributes
    before = dict(attributes.items())
    has = _encoding(op, before)
    if has is not None and encoding is not None and has is not encoding:
        raise IRError(f"{op.name} spells its params as {has.value}, not as {encoding.value}")
    old = _read(op, before)
    if old == params:
        return
    if _restore(op, before, params):
        return
    chosen = has or encoding or Encoding.DICTIONARY
    if chosen is Encoding.ATTRIBUTES:
        spelled = _spelled(op, before, chosen)
        after = _changed_attributes(op, before, spelled, _resolved(op, spelled), params)
    else:
        after, mine = _changed_beside(op, before, chosen, old, params)
        if chosen is Encoding.STRING:
            after["params"] = _edited_string_attribute(op, before, mine)
        elif has is None:
            after["params"] = DictAttr(encode(mine))
        else:
            spelled = _spelled(op, before, chosen)
            meant = _resolved(op, spelled)
            wanted = _entries(mine, decode(meant), spelled, meant)
            after["params"] = DictAttr(_in_order(spelled, wanted))
    _set_attributes(op, before, after)


def _changed_beside(
    op: Operation,
    before: Mapping[str, Attribute],
    encoding: Encoding,
    old: KnobParams | None,
    params: KnobParams,
) -> tuple[dict[str, Attribute], KnobParams]:
    """The attributes with those beside ``params`` changed, and what ``params`` is to say.

    What both say is changed in both; what neither says goes into ``params``.
    """
    beside = _beside(op, before, encoding)
    if not beside:
        return dict(before), params
    meant = _resolved(op, beside)
    said = _decoded(op, Encoding.ATTRIBUTES, meant)
    mine = params
    changes = {field: getattr(params, field) for field in FIELDS}
    if old is not None:
        own = _decoded(op, encoding, _resolved(op, _spelled(op, before, encoding)))
        changes = {field: new for field, new in changes.items() if new != getattr(old, field)}
        mine = own.replace(**{f: new for f, new in changes.items() if own.says(f) or not said.says(f)})
    there = said.replace(**{field: new for field, new in changes.items() if said.says(field)})
    after = dict(before)
    if there != said:
        after = _changed_attributes(op, before, beside, meant, there)
    if "num_thresholds" in beside and (old is None or len(params.thresholds) != len(old.thresholds)):
        after["num_thresholds"] = _count(meant["num_thresholds"], params)
    return after, mine


def _restore(op: Operation, before: Mapping[str, Attribute], params: KnobParams) -> bool:
    """Let the text be as it was parsed, if that spells these params: undoing leaves no trace."""
    if not op._overlay or op._made is not None:
        return False
    first = text_attributes(op)
    try:
        if ("params" in before) is not ("params" in first) or _read(op, first) != params:
            return False
    except ParamsError:
        return False
    kept = _OTHER.difference(("params", _knob_key(first)))
    after = {key: value for key, value in before.items() if key in kept}
    _set_attributes(op, before, after | {key: value for key, value in first.items() if key not in kept})
    return True


def _set_attributes(op: Operation, before: Mapping[str, Attribute], after: Mapping[str, Attribute]) -> None:
    """Change attributes, all or none."""
    attributes = op.attributes
    done: list[str] = []
    try:
        for key in [*before, *(key for key in after if key not in before)]:
            done.append(key)
            if key not in after:
                del attributes[key]
            elif before.get(key) != after[key]:
                attributes[key] = after[key]
    except BaseException:
        for key in reversed(done):
            if key in before:
                attributes[key] = before[key]
            elif key in attributes:
                del attributes[key]
        raise


# ---- separate attributes


def _changed_attributes(
    op: Operation,
    before: Mapping[str, Attribute],
    spelled: Mapping[str, Attribute],
    meant: Mapping[str, Attribute],
    params: KnobParams,
) -> dict[str, Attribute]:
    """The attributes, those of `spelled` changed for params. They may be aliases, for what is `meant`."""
    taken = sorted(_OTHER.intersection(params.extra.to_dict()))
    if taken:
        raise ParamsError.at(op, None, f"'{taken[0]}' cannot be an entry here: {op.name} has its own")
    transform = local_name(op) in TRANSFORMS
    old = decode(meant)
    if transform and (
        len(params.decisions) > 1
        or len(params.decisions) < len(old.decisions)
        or params.thresholds
        or params.thresholds_lowers
        or params.thresholds_uppers
    ):
        message = "a static transform holds one decision and no thresholds"
        raise ParamsError.at(op, None, message, hint="use a decision tree")
    wanted = _entries(params, old, spelled, meant)
    after = {key: value for key, value in before.items() if key not in spelled or key in wanted}
    if transform:
        number = wanted.pop("decisions", None)
        if number is not None:
            if params.decisions != old.decisions and not isinstance(number, IntegerAttr):
                number = IntegerAttr(params.decisions[0], _type_for(params.decisions))
            after[_knob_key(before)] = number
    return after | wanted


def _knob_key(attributes: Mapping[str, Attribute]) -> str:
    """How a static transform spells its decision: the paper calls it ``transform_value``."""
    paper = "transform_value" in attributes and "knob_val" not in attributes
    return "transform_value" if paper else "knob_val"


# ---- strings


def _string_entries(op: Operation, text: str) -> tuple[Entry, ...]:
    try:
        return parse_params(text)
    except Fault as fault:
        raise ParamsError.in_string(op, "params", text, fault) from None


def _edited_string_attribute(
    op: Operation, before: Mapping[str, Attribute], params: KnobParams
) -> StringAttr:
    now = resolved(op, before["params"], "params") if "params" in before else StringAttr("")
    assert isinstance(now, StringAttr)
    return StringAttr(edited_string(now.value, params), now.type)


def edited_string(text: str, params: KnobParams) -> str:
    """The params string with the entries changed that differ, and nothing else. Raises as `decode` does."""
    entries = parse_params(text)
    old = {entry.key: entry.value for entry in entries}
    before = decode(old)
    wanted = _entries(params, before, old, old)
    edits = _removals(entries, wanted)
    for entry in entries:
        key = entry.key
        if key not in wanted or wanted[key] == entry.value:
            continue
        if key in LISTS:
            edits.extend(_list_edits(entry, getattr(before, key), getattr(params, key)))
        else:
            edits.append((entry.span[0], entry.value_span[1], entry_text(key, wanted[key])))
    added = []
    for key, value in wanted.items():
        if key not in old:
            numbers = ",".join(map(str, getattr(params, key))) if key in LISTS else None
            added.append(entry_text(key, value) if numbers is None else f"{key}={numbers}")
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    if added:
        lead = text.rstrip(" \t\r\n;")
        text = lead + ("; " if lead.strip() else "") + "; ".join(added) + text[len(lead) :]
    return text


def _list_edits(entry: Entry, old: tuple[int, ...], new: tuple[int, ...]) -> list[tuple[int, int, str]]:
    if len(old) == len(new) == len(entry.items):
        changed = zip(entry.items, old, new, strict=True)
        return [(*span, str(after)) for span, before, after in changed if before != after]
    return [(*entry.value_span, ",".join(map(str, new)))]


def _removals(entries: tuple[Entry, ...], wanted: Mapping[str, Attribute]) -> list[tuple[int, int, str]]:
    """Remove the entries that are not wanted, each with a separator."""
    edits = []
    kept = [number for number, entry in enumerate(entries) if entry.key in wanted]
    last = kept[-1] if kept else -1
    for number, entry in enumerate(entries[: max(last, 0)]):
        if entry.key not in wanted:
            edits.append((entry.span[0], entries[number + 1].span[0], ""))
    if last + 1 < len(entries):
        begin = entries[last].span[1] if kept else entries[0].span[0]
        edits.append((begin, entries[-1].span[1], ""))
    return edits


# ---- values


def resolved(op: Operation, value: Attribute, key: str | None = None) -> Attribute:
    """The value, or what it names if it is an alias of the operation's module.

    Raises `ParamsError` where the alias means nothing, at the attribute or the entry of the params `key`.
    """
    if not isinstance(value, AttrAlias):
        return value
    from approxir.ir.forms import aliases_of

    aliases = aliases_of(op)
    seen: set[str] = set()
    found: Attribute = value
    while isinstance(found, AttrAlias):
        name = found.name
        text = aliases.get("#" + name)
        if name in seen:
            raise ParamsError.at(op, key, f"the alias #{name} is defined by itself")
        if text is None:
            raise ParamsError.at(op, key, f"the alias #{name} is not defined")
        seen.add(name)
        try:
            found = parse_attribute(text)
        except ParseError as error:
            raise ParamsError.at(op, key, f"the alias #{name}: {error.message}") from None
    return found


def _numbers(key: str, value: Attribute) -> tuple[int, ...]:
    if isinstance(value, DenseArrayAttr) and isinstance(value.element_type, IntegerType):
        if not value.element_type.is_bool:
            return tuple([int(item) for item in value.values])
    elif isinstance(value, ArrayAttr):
        numbers = [item.value for item in value.elements if isinstance(item, IntegerAttr)]
        if len(numbers) == len(value.elements):
            return tuple(numbers)
    elif isinstance(value, IntegerAttr):
        return (value.value,)
    elif isinstance(value, DenseElementsAttr):
        # A splat may stand for any number of elements.
        kind = value.type
        if isinstance(kind, TensorType) and kind.num_elements <= _MOST_ELEMENTS:
            items = value.values()
            integers = [item for item in items if type(item) is int]
            if len(integers) == len(items):
                return tuple(integers)
    shown = str(value)
    raise WrongField(key, f"is a list of integers, not {shown if len(shown) < 60 else shown[:60] + '...'}")


def _count(old: Attribute, params: KnobParams) -> Attribute:
    kind: Type = old.type if isinstance(old, IntegerAttr) else I32
    return IntegerAttr(len(params.thresholds), kind)


def numbers_attribute(values: tuple[int, ...], old: Attribute | None = None) -> Attribute:
    """The attribute for a list of integers, of the kind and type of `old` if the values fit into that."""
    if old is not None:
        try:
            if _numbers("", old) == values:
                return old
            kept = _same_kind(values, old)
            # A signless type takes larger numbers, for which it then holds negative ones.
            if kept is not None and _numbers("", kept) == values:
                return kept
        except InvalidValue:
            # Another kind, or too narrow for the new values.
            pass
    return DenseArrayAttr(_type_for(values), values)


def _type_for(values: tuple[int, ...]) -> IntegerType:
    return I32 if all(-(1 << 31) <= value < 1 << 31 for value in values) else I64


def _same_kind(values: tuple[int, ...], old: Attribute) -> Attribute | None:
    if isinstance(old, DenseArrayAttr):
        return DenseArrayAttr(old.element_type, values)
    if isinstance(old, IntegerAttr) and len(values) == 1:
        return IntegerAttr(values[0], old.type)
    if isinstance(old, ArrayAttr):
        kinds = [item.type for item in old.elements if isinstance(item, IntegerAttr)] or [I64]
        kinds += kinds[-1:] * (len(values) - len(kinds))
        return ArrayAttr(tuple([IntegerAttr(v, kind) for v, kind in zip(values, kinds, strict=False)]))
    if isinstance(old, DenseElementsAttr) and isinstance(old.type, TensorType) and old.type.rank == 1:
        return dense_tensor(values, TensorType((len(values),), old.type.element_type, old.type.encoding))
    return None
