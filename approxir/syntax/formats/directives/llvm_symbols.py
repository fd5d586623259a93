"""Directives of the llvm dialect's functions and globals: linkage, visibility and what follows."""

from __future__ import annotations

import re

from approxir.syntax.formats.elements import Element, Scope, directive
from approxir.syntax.formats.forms import AttrRef
from approxir.syntax.formats.inference import attribute_type
from approxir.syntax.formats.output import WriteState
from approxir.syntax.formats.state import WORD_RE, State
from approxir.syntax.lexemes import TRIVIA

_LINKAGE_NAMES = """
    private internal available_externally linkonce weak common appending extern_weak
    linkonce_odr weak_odr external
"""
_LINKAGES = frozenset(_LINKAGE_NAMES.split())
_VISIBILITIES = {"hidden": 1, "protected": 2}
_ADDRESSES = {"local_unnamed_addr": 1, "unnamed_addr": 2}
CONVENTIONS = re.compile(
    rf"{TRIVIA}((?:amdgpu|arm|avr|cc|cfguard|cold|coldcc|cxx|fast|ghc|hipe|intel|m68k|msp430|ptx|"
    rf"preserve|riscv|spir|swift|tail|webkit|win64|x86|hhvm|aarch64|graalcc|any|ccc)\w*)(?![\w.])"
)


class Header(Element):
    """Keywords before the name of a global or function, each at most once and in a fixed order."""

    printed: tuple[str, ...] = ("linkage", "visibility_", "unnamed_addr")

    def __init__(self, scope: Scope) -> None:
        return

    def _linkage(self, state: State, pos: int) -> int:
        state.properties["unnamed_addr"] = AttrRef("0 : i64")
        state.properties["visibility_"] = AttrRef("0 : i64")
        match = WORD_RE.match(state.text, pos, state.end)
        word = "external"
        if match is not None and match.group(1) in _LINKAGES:
            word, pos = match.group(1), match.end()
        state.properties["linkage"] = AttrRef(f"#llvm.linkage<{word}>")
        return pos

    def _numbered(self, state: State, pos: int, words: dict[str, int], name: str) -> int:
        match = WORD_RE.match(state.text, pos, state.end)
        if match is not None and match.group(1) in words:
            state.properties[name] = AttrRef(f"{words[match.group(1)]} : i64", match.start(1), match.end())
            return match.end()
        return pos

    def read(self, state: State, pos: int) -> int:
        raise NotImplementedError

    def _write_common(self, out: WriteState) -> None:
        linkage = out.properties.get("linkage", "#llvm.linkage<external>")
        if linkage != "#llvm.linkage<external>":
            out.literal(linkage.removeprefix("#llvm.linkage<").removesuffix(">"))
        visibility = out.properties.get("visibility_", "0 : i64")
        for word, number in _VISIBILITIES.items():
            if visibility == f"{number} : i64":
                out.literal(word)

    def _write_address(self, out: WriteState) -> None:
        for word, number in _ADDRESSES.items():
            if out.properties.get("unnamed_addr") == f"{number} : i64":
                out.literal(word)


@directive("llvm_function_header")
class FunctionHeader(Header):
    """Linkage, visibility, address significance and calling convention of ``llvm.func``."""

    printed = ("linkage", "visibility_", "unnamed_addr", "CConv")

    def read(self, state: State, pos: int) -> int:
        pos = self._linkage(state, pos)
        pos = self._numbered(state, pos, _VISIBILITIES, "visibility_")
        pos = self._numbered(state, pos, _ADDRESSES, "unnamed_addr")
        match = CONVENTIONS.match(state.text, pos, state.end)
        word = "ccc"
        if match is not None:
            word, pos = match.group(1), match.end()
        state.properties["CConv"] = AttrRef(f"#llvm.cconv<{word}>")
        return pos

    def write(self, out: WriteState) -> None:
        self._write_common(out)
        self._write_address(out)
        convention = out.properties.get("CConv", "#llvm.cconv<ccc>")
        if convention != "#llvm.cconv<ccc>":
            out.literal(convention.removeprefix("#llvm.cconv<").removesuffix(">"))


@directive("llvm_global_header")
class GlobalHeader(Header):
    """Linkage, visibility, thread locality, address significance and constness of ``llvm.mlir.global``."""

    printed = ("linkage", "visibility_", "unnamed_addr", "thread_local_", "constant")

    def read(self, state: State, pos: int) -> int:
        pos = self._linkage(state, pos)
        pos = self._numbered(state, pos, _VISIBILITIES, "visibility_")
        for word, name in (("thread_local", "thread_local_"),):
            after = state.accept(pos, word)
            if after >= 0:
                state.properties[name] = AttrRef("unit", after - len(word), after)
                pos = after
        pos = self._numbered(state, pos, _ADDRESSES, "unnamed_addr")
        after = state.accept(pos, "constant")
        if after >= 0:
            state.properties["constant"] = AttrRef("unit", after - 8, after)
            pos = after
        return pos

    def write(self, out: WriteState) -> None:
        self._write_common(out)
        if "linkage" in out.properties and out.properties["linkage"] == "#llvm.linkage<external>":
            out.literal("external")
        if "thread_local_" in out.properties:
            out.literal("thread_local")
        self._write_address(out)
        if "constant" in out.properties:
            out.literal("constant")


@directive("llvm_global")
class Global(Element):
    """``(value) [comdat(@c)] {attributes} [: type] [initializer]``; a string implies its array type."""

    printed = ("value", "global_type", "comdat")

    def __init__(self, scope: Scope) -> None:
        return

    def read(self, state: State, pos: int) -> int:
        pos = state.expect(pos, "(")
        value: AttrRef | None = None
        if not state.at(pos, ")"):
            value, pos = state.attribute(pos)
            state.properties["value"] = value
        pos = state.expect(pos, ")")
        comdat = state.accept(pos, "comdat")
        if comdat >= 0:
            ref, pos = state.attribute(state.expect(comdat, "("))
            state.properties["comdat"] = ref
            pos = state.expect(pos, ")")
        if state.at(pos, "{") and self._is_dictionary(state, pos):
            entries, pos = state.dictionary(pos)
            state.attributes.extend(entries)
        colon = state.accept(pos, ":")
        if colon >= 0:
            type_, pos = state.type(colon)
            state.properties["global_type"] = AttrRef(type_.text, type_.start, type_.end)
        elif value is not None and value.text.startswith('"'):
            size = _string_bytes(value.text)
            state.properties["global_type"] = AttrRef(f"!llvm.array<{size} x i8>")
        elif value is not None and (implied := attribute_type(value.text)) is not None:
            state.properties["global_type"] = AttrRef(implied)
        else:
            raise state.fail(pos, "`:` and the type of the global")
        if state.at(pos, "{"):
            pos = state.region(pos, 0)
        return pos

    def _is_dictionary(self, state: State, pos: int) -> bool:
        """A brace before the colon is the dictionary; a string global may have its region there instead."""
        start = state.skip(pos)
        return state.regions is None or all(span[0] != start for span in state.regions)

    def write(self, out: WriteState) -> None:
        out.glue()
        out.literal("(")
        value = out.properties.get("value")
        if value is not None:
            out.item(value)
        out.literal(")")
        if "comdat" in out.properties:
            out.item(f"comdat({out.properties['comdat']})")
        out.dictionary(out.remaining())
        if value is None or not value.startswith('"'):
            out.literal(":")
            out.item(out.properties["global_type"])
        if out.region_texts and out.region_texts[0] is not None:
            out.item(out.region_texts[0])


def _string_bytes(quoted: str) -> int:
    """How many bytes a string literal stands for."""
    body = re.sub(r"\\(?:[0-9A-Fa-f]{2}|.)", "x", quoted[1:-1])
    return len(body.encode())


@directive("vscale")
class Vscale(Element):
    """``vscale_range(1, 16)`` of ``llvm.func``."""

    printed = ("vscale_range",)

    def __init__(self, scope: Scope, keyword: str) -> None:
        self.keyword = keyword

    def starts(self, state: State, pos: int) -> bool:
        return state.at(pos, self.keyword)

    def read(self, state: State, pos: int) -> int:
        pos = state.expect(state.expect(pos, self.keyword), "(")
        low, pos = state.attribute(pos, typed=False)
        high, pos = state.attribute(state.expect(pos, ","), typed=False)
        text = f"#llvm.vscale_range<minRange = {low.text} : i32, maxRange = {high.text} : i32>"
        state.properties["vscale_range"] = AttrRef(text)
        return state.expect(pos, ")")

    def present(self, out: WriteState) -> bool:
        return "vscale_range" in out.properties
