"""Directives of the llvm dialect, as Polygeist and the conversions to LLVM print it."""

from __future__ import annotations

from approxir.syntax.formats.directives.common import array_values, as_list, dense_array, function_results
from approxir.syntax.formats.directives.llvm_symbols import CONVENTIONS
from approxir.syntax.formats.directives.loops import SwitchCases
from approxir.syntax.formats.elements import Element, Scope, directive
from approxir.syntax.formats.forms import AttrRef, NameRef, TypeRef
from approxir.syntax.formats.output import CannotWrite, WriteState
from approxir.syntax.formats.spans import Mismatch, balanced_end
from approxir.syntax.formats.state import WORD_RE, State

_DYNAMIC = "-2147483648"
_TAILS = frozenset({"none", "notail", "musttail", "tail"})
_ORDERINGS = {
    word: number
    for number, word in enumerate(
        ("not_atomic", "unordered", "monotonic", "", "acquire", "release", "acq_rel", "seq_cst")
    )
}


@directive("atomic_ordering")
class AtomicOrdering(Element):
    """``[syncscope("scope")] monotonic``: the properties `syncscope` and `ordering`."""

    printed = ("ordering", "syncscope")

    def __init__(self, scope: Scope, which: str) -> None:
        return

    def read(self, state: State, pos: int) -> int:
        scope = state.accept(pos, "syncscope")
        if scope >= 0:
            value, pos = state.attribute(state.expect(scope, "("), typed=False)
            state.properties["syncscope"] = value
            pos = state.expect(pos, ")")
        word, pos = state.word(pos, "an ordering such as monotonic")
        if word not in _ORDERINGS:
            raise state.fail(pos, "an ordering such as monotonic")
        state.properties["ordering"] = AttrRef(f"{_ORDERINGS[word]} : i64")
        return pos

    def present(self, out: WriteState) -> bool:
        return out.properties.get("ordering", "0 : i64") != "0 : i64"

    def write(self, out: WriteState) -> None:
        if "syncscope" in out.properties:
            out.item(f"syncscope({out.properties['syncscope']})")
        for word, number in _ORDERINGS.items():
            if out.properties["ordering"] == f"{number} : i64":
                out.literal(word)


@directive("alloca_types")
class AllocaTypes(Element):
    """``(i64) -> !llvm.ptr``."""

    def __init__(self, scope: Scope, size: str, pointer: str) -> None:
        self.size = size
        self.pointer = pointer

    def read(self, state: State, pos: int) -> int:
        inputs, pos = state.parenthesized_types(pos)
        outputs, pos = state.result_list(state.expect(pos, "->"))
        if len(inputs) != 1 or len(outputs) != 1:
            raise state.fail(pos, "a type (size) -> pointer")
        state.types[self.size] = inputs[0]
        state.types[self.pointer] = outputs[0]
        return pos

    def write(self, out: WriteState) -> None:
        out.item(f"({out.types[self.size]}) -> {out.types[self.pointer]}")


_GEP_FLAGS = {"inbounds": 3, "inbounds_flag": 1, "nusw": 2, "nuw": 4}


@directive("gep_flags")
class GepFlags(Element):
    """``inbounds``, ``nusw`` and ``nuw``, combined in one number."""

    printed = ("noWrapFlags",)

    def __init__(self, scope: Scope) -> None:
        return

    def read(self, state: State, pos: int) -> int:
        bits = 0
        start = state.skip(pos)
        while True:
            match = WORD_RE.match(state.text, pos, state.end)
            if match is None or match.group(1) not in _GEP_FLAGS:
                break
            bits |= _GEP_FLAGS[match.group(1)]
            pos = match.end()
            bar = state.accept(pos, "|")
            pos = bar if bar >= 0 else pos
        if bits:
            state.properties["noWrapFlags"] = AttrRef(f"{bits} : i32", start, pos)
        return pos

    def write(self, out: WriteState) -> None:
        text = out.properties.get("noWrapFlags")
        if text is None:
            return
        bits = int(text.partition(" ")[0])
        words = []
        if bits & 3 == 3:
            words.append("inbounds")
        elif bits & 1:
            words.append("inbounds_flag")
        elif bits & 2:
            words.append("nusw")
        if bits & 4:
            words.append("nuw")
        if words:
            out.item("|".join(words))


@directive("gep_indices")
class GepIndices(Element):
    """``[%i, 1]``: operands, and constants kept in `rawConstantIndices`."""

    printed = ("rawConstantIndices",)

    def __init__(self, scope: Scope, group: str) -> None:
        self.group = scope.operand_index(group)
        self.group_name = group

    def read(self, state: State, pos: int) -> int:
        start = state.skip(pos)
        pos = state.expect(pos, "[")
        values: list[str] = []
        after = state.accept(pos, "]")
        while after < 0:
            if state.is_operand(pos):
                ref, pos = state.operand(pos)
                state.groups[self.group].append(ref)
                values.append(_DYNAMIC)
            else:
                number, pos = state.attribute(pos, typed=False)
                values.append(number.text)
            comma = state.accept(pos, ",")
            if comma >= 0:
                pos = comma
            else:
                after = state.expect(pos, "]")
        state.properties["rawConstantIndices"] = AttrRef(dense_array("i32", values), start, after)
        return after

    def write(self, out: WriteState) -> None:
        operands = iter(out.groups[self.group_name])
        values = array_values(out.properties.get("rawConstantIndices", "array<i32>"))
        shown = []
        for value in values:
            text = next(operands, None) if value == _DYNAMIC else value
            if text is None:
                raise CannotWrite("rawConstantIndices")
            shown.append(text)
        out.glue()
        out.item(f"[{', '.join(shown)}]")


@directive("llvm_call")
class Call(Element):
    """A direct or indirect call with its optional convention, tail kind, variadic type and bundles."""

    printed = ("callee", "CConv", "TailCallKind", "var_callee_type", "op_bundle_sizes", "op_bundle_tags")

    def __init__(self, scope: Scope, inputs: str, outputs: str) -> None:
        self.inputs = inputs
        self.outputs = outputs

    def read(self, state: State, pos: int) -> int:
        pos = self._keywords(state, pos)
        operands, bundles = state.groups
        indirect = state.is_operand(pos)
        if indirect:
            ref, pos = state.operand(pos)
            operands.append(ref)
        else:
            callee, pos = state.attribute(pos)
            if not callee.text.startswith("@"):
                raise Mismatch(callee.start, "a symbol or an SSA value")
            state.properties["callee"] = callee
            state.symbol_uses.append(callee)
        refs, pos = state.operand_list(state.expect(pos, "("))
        operands.extend(refs)
        pos = state.expect(pos, ")")
        variadic = state.accept(pos, "vararg")
        if variadic >= 0:
            type_, pos = state.type(state.expect(variadic, "("))
            state.properties["var_callee_type"] = AttrRef(type_.text, type_.start, type_.end)
            pos = state.expect(pos, ")")
        bundle_types: list[TypeRef] = []
        sizes: list[str] = []
        if state.at(pos, "["):
            pos = _bundles(state, pos, bundles, bundle_types, sizes)
        state.properties["op_bundle_sizes"] = AttrRef(dense_array("i32", sizes))
        state.types["B"] = tuple(bundle_types)
        if state.at(pos, "{"):
            entries, pos = state.dictionary(pos)
            state.attributes.extend(entries)
        pos = state.expect(pos, ":")
        callee_types: list[TypeRef] = []
        if indirect:
            pointer, pos = state.type(pos)
            callee_types.append(pointer)
            pos = state.expect(pos, ",")
        inputs, pos = self._inputs(state, pos)
        outputs, pos = self._outputs(state, state.expect(pos, "->"))
        state.types[self.inputs] = (*callee_types, *inputs)
        state.types[self.outputs] = tuple(t for t in outputs if t.text != "!llvm.void")
        return pos

    def _inputs(self, state: State, pos: int) -> tuple[list[TypeRef], int]:
        return _attributed_types(state, pos, "arg_attrs")

    def _outputs(self, state: State, pos: int) -> tuple[list[TypeRef], int]:
        if state.at(pos, "("):
            return _attributed_types(state, pos, "res_attrs")
        ref, pos = state.type(pos)
        return [ref], pos

    def _keywords(self, state: State, pos: int) -> int:
        match = CONVENTIONS.match(state.text, pos, state.end)
        word = "ccc"
        if match is not None and match.group(1) not in _TAILS - {"tailcc"}:
            word, pos = match.group(1), match.end()
        state.properties["CConv"] = AttrRef(f"#llvm.cconv<{word}>")
        match = WORD_RE.match(state.text, pos, state.end)
        tail = "none"
        if match is not None and match.group(1) in _TAILS:
            tail, pos = match.group(1), match.end()
        state.properties["TailCallKind"] = AttrRef(f"#llvm.tailcallkind<{tail}>")
        return pos

    def write(self, out: WriteState) -> None:
        if out.groups["op_bundle_operands"] or "arg_attrs" in out.properties or "res_attrs" in out.properties:
            raise CannotWrite("bundles and attributes of arguments")
        for name, default in (("CConv", "ccc"), ("TailCallKind", "none")):
            word = out.properties.get(name, f"<{default}>").partition("<")[2].rstrip(">")
            if word != default:
                out.literal(word)
        operands = list(out.groups["callee_operands"])
        types = as_list(out.types[self.inputs])
        callee = out.properties.get("callee")
        pointer = ""
        if callee is None:
            callee, pointer = operands.pop(0), f"{types[0]}, "
            types = types[1:]
        out.item(f"{callee}({', '.join(operands)})")
        if "var_callee_type" in out.properties:
            out.item(f"vararg({out.properties['var_callee_type']})")
        out.dictionary(out.remaining())
        out.literal(":")
        out.item(f"{pointer}({', '.join(types)}) -> {function_results(out.result_types)}")


def _attributed_types(state: State, pos: int, prop: str) -> tuple[list[TypeRef], int]:
    """``(T {attributes}, ...)``."""
    pos = state.expect(pos, "(")
    types: list[TypeRef] = []
    dictionaries: list[str] = []
    after = state.accept(pos, ")")
    while after < 0:
        ref, pos = state.type(pos)
        types.append(ref)
        text = "{}"
        if state.at(pos, "{"):
            start = state.skip(pos)
            pos = balanced_end(state.text, start, state.end)
            text = state.text[start:pos]
        dictionaries.append(text)
        comma = state.accept(pos, ",")
        if comma >= 0:
            pos = comma
        else:
            after = state.expect(pos, ")")
    if any(text[1:-1].strip() for text in dictionaries):
        state.properties[prop] = AttrRef(f"[{', '.join(dictionaries)}]")
    return types, after


@directive("llvm_switch")
class Switch(SwitchCases):
    """``^default(%a : T) [1: ^bb1, 2: ^bb2(%b : T)]``."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope, "case_values", "case_operand_segments")

    def read(self, state: State, pos: int) -> int:
        pos, types = self._target(state, pos, self.default)
        pos = state.expect(pos, "[")
        values: list[str] = []
        counts: list[str] = []
        case_types: list[TypeRef] = []
        after = state.accept(pos, "]")
        while after < 0:
            value, pos = state.attribute(pos, typed=False)
            values.append(value.text)
            before = len(state.groups[self.cases])
            pos, found = self._target(state, state.expect(pos, ":"), self.cases)
            counts.append(str(len(state.groups[self.cases]) - before))
            case_types.extend(found)
            comma = state.accept(pos, ",")
            if comma >= 0:
                pos = comma
            else:
                after = state.expect(pos, "]")
        state.types["A"] = tuple(types)
        state.types["B"] = tuple(case_types)
        flag = state.types.get("T")
        if values and isinstance(flag, TypeRef):
            body = f"[{', '.join(values)}]" if len(values) > 1 else values[0]
            state.properties[self.values] = AttrRef(f"dense<{body}> : vector<{len(values)}x{flag.text}>")
        state.properties[self.counts] = AttrRef(dense_array("i32", counts))
        return after

    def _write_targets(self, out: WriteState, first: str, rest: list[str]) -> None:
        out.item(f"{first} [{', '.join(rest)}]")


def _bundles(state: State, pos: int, refs: list[NameRef], types: list[TypeRef], sizes: list[str]) -> int:
    tags: list[str] = []
    pos = state.expect(pos, "[")
    after = state.accept(pos, "]")
    while after < 0:
        tag, pos = state.attribute(pos, typed=False)
        tags.append(tag.text)
        found, pos = state.operand_list(state.expect(pos, "("))
        sizes.append(str(len(found)))
        refs.extend(found)
        if found:
            more, pos = state.type_list(state.expect(pos, ":"))
            types.extend(more)
        pos = state.expect(pos, ")")
        comma = state.accept(pos, ",")
        if comma >= 0:
            pos = comma
        else:
            after = state.expect(pos, "]")
    if tags:
        state.properties["op_bundle_tags"] = AttrRef(f"[{', '.join(tags)}]")
    return after


@directive("op_bundles")
class OpBundles(Element):
    """``["align"(%p, %n : !llvm.ptr, i64)]``: operand bundles, an intrinsic's second operand group."""

    printed = ("op_bundle_sizes", "op_bundle_tags")

    def __init__(self, scope: Scope, types: str) -> None:
        self.types = types

    def read(self, state: State, pos: int) -> int:
        types: list[TypeRef] = []
        sizes: list[str] = []
        if state.at(pos, "["):
            pos = _bundles(state, pos, state.groups[1], types, sizes)
        state.properties.setdefault("op_bundle_sizes", AttrRef(dense_array("i32", sizes)))
        state.types[self.types] = tuple(types)
        return pos

    def write(self, out: WriteState) -> None:
        if out.groups["op_bundle_operands"]:
            raise CannotWrite("bundles")


@directive("intrinsic_type")
class IntrinsicType(Element):
    """``(i32 {llvm.signext}) -> i32``: a function type whose parts may have attributes."""

    def __init__(self, scope: Scope, inputs: str, outputs: str) -> None:
        self.inputs = inputs
        self.outputs = outputs

    def read(self, state: State, pos: int) -> int:
        inputs, pos = _attributed_types(state, pos, "arg_attrs")
        pos = state.expect(pos, "->")
        outputs: list[TypeRef]
        if state.at(pos, "("):
            outputs, pos = _attributed_types(state, pos, "res_attrs")
        else:
            single, pos = state.type(pos)
            outputs = [single]
        state.types[self.inputs] = tuple(inputs)
        state.types[self.outputs] = tuple(outputs)
        return pos

    def write(self, out: WriteState) -> None:
        if "arg_attrs" in out.properties or "res_attrs" in out.properties:
            raise CannotWrite("attributes of arguments")
        inputs = [str(kind) for kind in as_list(out.types[self.inputs])]
        outputs = [str(kind) for kind in as_list(out.types[self.outputs])]
        single = len(outputs) == 1 and not outputs[0].startswith("(")
        out.item(f"({', '.join(inputs)}) -> " + (outputs[0] if single else f"({', '.join(outputs)})"))


@directive("angle_properties")
class AngleProperties(Element):
    """``<alignment = 4>``: properties between angle brackets, as some builds of MLIR print them."""

    def __init__(self, scope: Scope) -> None:
        return

    def read(self, state: State, pos: int) -> int:
        at = state.accept(pos, "<")
        while at >= 0:
            key, at = state.word(at, "the name of a property")
            state.properties[key], at = state.attribute(state.expect(at, "="))
            comma = state.accept(at, ",")
            if comma < 0:
                return state.expect(at, ">")
            at = comma
        return pos

    def write(self, out: WriteState) -> None:
        return


@directive("angle_fastmath")
class AngleFastmath(Element):
    """``fastmath<contract>``: flags as some builds of MLIR print them; others have them in the dictionary."""

    def __init__(self, scope: Scope) -> None:
        return

    def read(self, state: State, pos: int) -> int:
        at = state.accept(pos, "fastmath")
        if at < 0 or not state.at(at, "<"):
            return pos
        start = state.skip(at)
        end = balanced_end(state.text, start, state.end)
        state.properties["fastmathFlags"] = AttrRef(f"#llvm.fastmath{state.text[start:end]}", start, end)
        return end

    def write(self, out: WriteState) -> None:
        return
