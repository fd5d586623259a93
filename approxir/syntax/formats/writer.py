"""Prints operations: in the generic form from what the reader found, or in the canonical custom form."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from approxir.errors import Diagnostic, PrintError
from approxir.syntax.formats.formats import OpFormat, op_format
from approxir.syntax.formats.forms import ArgRef, CustomForm
from approxir.syntax.formats.output import CannotWrite, WriteState, dictionary_text, key_text
from approxir.syntax.formats.traits import traits


def generic_text(
    name: str,
    form: CustomForm,
    *,
    results: Sequence[str] = (),
    region_texts: Sequence[str | None] = (),
    indent: str = "",
    unterminated: Collection[int] = (),
) -> str:
    """The generic form of an operation.

    `results` are the texts left of ``=`` (``%0`` or ``%0:2``); `region_texts` what stands between the
    braces of each region, already in the generic form, None where the text has no such region;
    `unterminated` the regions whose last operation is no terminator, which get the implied one.
    """
    parts = [indent]
    if results:
        parts.append(", ".join(results) + " = ")
    parts.append(f'"{name}"({", ".join(ref.name for ref in form.operands)})')
    if form.successors:
        parts.append(f"[{', '.join(successor.label for successor in form.successors)}]")
    no_properties = "no-properties" in traits(name)
    if form.properties and not no_properties:
        parts.append(f" <{dictionary_text({key: value.text for key, value in form.properties.items()})}>")
    if form.regions or region_texts:
        one_block = "single-block" in traits(name)
        bodies = [
            _region(form, i, region_texts, indent, i in unterminated, one_block)
            for i in range(len(form.regions))
        ]
        parts.append(f" ({', '.join(bodies)})")
    entries = {entry.key: "unit" if entry.value is None else entry.value.text for entry in form.attributes}
    if no_properties:
        entries = {key: value.text for key, value in form.properties.items()} | entries
    if entries:
        parts.append(f" {dictionary_text(entries)}")
    operand_types = []
    for ref, type_ in zip(form.operands, form.operand_types, strict=True):
        if type_ is None:
            raise _missing(f"the type of {ref.name} in {name} is not known")
        operand_types.append(type_.text)
    result_types = []
    for result in form.result_types or ():
        if result is None:
            raise _missing(f"a result type of {name} is not known")
        result_types.append(result.text)
    parts.append(f" : ({', '.join(operand_types)}) -> {_results(result_types)}")
    if form.location is not None:
        parts.append(f" {form.location.text}")
    return "".join(parts)


def _results(types: Sequence[str]) -> str:
    if len(types) == 1 and not types[0].startswith("("):
        return types[0]
    return f"({', '.join(types)})"


def _region(
    form: CustomForm,
    index: int,
    texts: Sequence[str | None],
    indent: str,
    unterminated: bool,
    one_block: bool,
) -> str:
    body = texts[index] if index < len(texts) else None
    if body is None:
        implied = form.implicit_bodies[index]
        return f"{{\n{indent}}}" if implied is None else f"{{\n{implied}\n{indent}}}"
    arguments = form.region_arguments[index]
    head = ""
    if arguments:
        head = f"\n{indent}^{_fresh_label(body)}({', '.join(_argument(a) for a in arguments)}):"
    tail = ""
    terminator = form.implicit_terminators[index]
    if unterminated and terminator is not None:
        tail = f"\n{indent}  {_implied(terminator)}\n{indent}"
    if one_block and not head and not tail and not body.strip():
        # Braces without any block mean an empty region here, where the custom form means an empty block.
        head = f"\n{indent}^{_fresh_label(body)}:\n{indent}"
    return f"{{{head}{body}{tail}}}"


def _implied(terminator: str) -> str:
    if terminator == "scf.forall.in_parallel":
        return f'"{terminator}"() ({{\n^bb0:\n}}) : () -> ()'
    return f'"{terminator}"() : () -> ()'


def _argument(argument: ArgRef) -> str:
    if argument.type is None:
        raise _missing(f"the type of the block argument {argument.name} is not known")
    location = "" if argument.location is None else f" {argument.location.text}"
    return f"{argument.name}: {argument.type.text}{location}"


def _fresh_label(body: str) -> str:
    label = "entry"
    while f"^{label}" in body:
        label += "_"
    return label


def _missing(message: str) -> PrintError:
    return PrintError([Diagnostic(message, code="print")])


def custom_text(
    name: str,
    operands: Sequence[str],
    operand_types: Sequence[str],
    result_types: Sequence[str],
    properties: Mapping[str, str],
    attributes: Mapping[str, str],
    successors: Sequence[tuple[str, Sequence[str]]] = (),
    region_texts: Sequence[str | None] = (),
    region_arguments: Sequence[Sequence[tuple[str, str]]] = (),
) -> str | None:
    """The canonical custom form from the operation's name on, as MLIR prints it; None when there is none.

    `region_texts` are with their braces, and without the label of an entry block whose arguments the
    header defines (`region_arguments`, as pairs of name and type); None for an empty optional region.
    """
    found = op_format(name)
    if found is None:
        return None
    groups = _groups(found, len(operands), properties)
    if groups is None:
        return None
    state = WriteState(
        groups={},
        group_types={},
        result_types=list(result_types),
        types={},
        properties=properties,
        attributes=attributes,
        successors={},
        region_texts=region_texts,
        region_arguments=region_arguments,
        printed=found.printed,
    )
    at = 0
    for (group, kind, rule), size in zip(found.entry.operands, groups, strict=True):
        state.groups[group] = list(operands[at : at + size])
        types = list(operand_types[at : at + size])
        state.group_types[group] = types
        at += size
        if rule is not None and rule[0] == "var" and (types or kind == "many"):
            if kind == "many":
                state.types[rule[1]] = types
            else:
                state.types.setdefault(rule[1], types[0])
        elif rule is not None and rule[0] == "call" and rule[1] in _PARTS_OF_LISTS:
            listed = state.types.setdefault(rule[2][0][1], [])
            if isinstance(listed, list):
                listed.extend(types)
    _bind_results(found, state)
    if not _bind_successors(found, state, successors):
        return None
    try:
        for element in found.elements:
            element.prepare(state)
        for element in found.elements:
            element.write(state)
    except CannotWrite:
        return None
    return name + state.text()


_PARTS_OF_LISTS = frozenset({"first", "second", "third", "tail"})
"""Type rules that take their type out of a list of operand types."""


def _bind_results(found: OpFormat, state: WriteState) -> None:
    rest = list(state.result_types)
    for position, (rule, kind) in enumerate(found.entry.results):
        later = len(found.entry.results) - position - 1
        take = 1 if kind == "one" else max(0, len(rest) - later)
        taken, rest = rest[:take], rest[take:]
        if rule[0] != "var" or (not taken and kind != "many"):
            continue
        if kind == "many":
            state.types[rule[1]] = taken
        else:
            state.types.setdefault(rule[1], taken[0])


def _bind_successors(
    found: OpFormat, state: WriteState, successors: Sequence[tuple[str, Sequence[str]]]
) -> bool:
    declared = found.entry.successors
    if len(declared) == len(successors):
        for (group, _), successor in zip(declared, successors, strict=True):
            state.successors[group] = [successor]
        return True
    if declared and declared[-1][1] == "many":
        for (group, _), successor in zip(declared[:-1], successors, strict=False):
            state.successors[group] = [successor]
        state.successors[declared[-1][0]] = list(successors[len(declared) - 1 :])
        return True
    return not declared and not successors


def _groups(found: OpFormat, count: int, properties: Mapping[str, str]) -> list[int] | None:
    declared = found.entry.operands
    if found.entry.segments:
        text = properties.get("operandSegmentSizes", "")
        body = text[len("array<i32") : -1].lstrip(": ")
        sizes = [int(size) for size in body.split(",")] if body else []
        return sizes if len(sizes) == len(declared) and sum(sizes) == count else None
    variadic = [index for index, (_, kind, _) in enumerate(declared) if kind != "one"]
    if len(variadic) > 1:
        return None
    sizes = [1] * len(declared)
    if variadic:
        sizes[variadic[0]] = count - (len(declared) - 1)
        return sizes if sizes[variadic[0]] >= 0 else None
    return sizes if len(sizes) == count else None


__all__ = ["custom_text", "dictionary_text", "generic_text", "key_text"]
