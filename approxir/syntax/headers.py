"""Reading an operation's own text: where it ends, and which of its braces open regions.

Custom forms have no common grammar. What they share are brackets and names, so the end of an operation
is decided by what follows (`HeaderReader.begins_operation`) and a brace by what it holds
(`HeaderReader.opens_region`). Generic operations are read by MLIR's own grammar.
"""

from __future__ import annotations

import re
from typing import Any

from approxir.syntax import lexemes as lx
from approxir.syntax.balance import Unbalanced, skip_balanced, skip_trivia, skip_type
from approxir.syntax.formats.traits import default_dialect, traits
from approxir.syntax.reading import Reader, Recover, show
from approxir.syntax.source import Source

_SCALAR_TYPE = re.compile(r"(?:[su]?i[0-9]+|index|none|true|false|bf16|tf32|f[0-9]+(?:E\w+)?)\Z")
_GLUE = frozenset({",", "=", ":", "->", "(", "[", "{", "<", "*", "+", "-"})
_REGION_WORDS = frozenset({"else", "do", "region", "case", "default", "then"})
_REGION_TRAITS = frozenset({"single-block", "loop", "branching", "isolated", "function"})
_PDL_CONTEXT = ("pdl.", "pdl_interp.")
PDL_WORDS = re.compile(
    r"(?:apply_native_constraint|apply_native_rewrite|attribute|erase|operand|operands|operation|range|replace"
    r"|result|results|rewrite|type|types)\b(?![.$])"
)
_ATTRIBUTES_BEFORE = re.compile(rf"\battributes{lx.TRIVIA}\{{")
_SIGIL = re.compile(rf"[#!](?!-\}}){lx.SUFFIX_ID}")
_OPERATION_IN_BRACKETS = re.compile(
    rf"\n[ \t]*+(?={lx.RESULTS}[ ]*+(?:{lx.DOTTED}(?![ ]*+[=,])|{lx.STRING}\()"
    rf"|\"[^\"\n]*+\"\([^\n]*+\)[ ]*+:[ ]*+\()"
)
_ITEM_BELOW = re.compile(rf"\n{lx.NEXT_ITEM}", re.VERBOSE)
_EMPTY_REGION = re.compile(r"@[^(@]*+\(|[(,][ ]*+%[\w$.\-]++[ ]*+[:=]|%[\w$.\-]++[ ]*+=|\bmodule\b")


class HeaderReader(Reader):
    """Reads headers. "Header" is all of an operation's own text: what comes after its regions, too."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        # What `occurs` looked for last, in which operation, how far, and whether it was there.
        self.searched: tuple[Any, Any, int, bool] = (None, None, 0, False)

    def header(
        self, op: Any, pos: int, brackets: list[int], generic: bool, after_region: bool, top: bool
    ) -> tuple[str, int]:
        """Go on reading `op` at `pos`.

        Returns ("region", offset after its brace) or ("end", end of the operation).
        """
        if generic:
            return self.generic_header(op, pos, brackets)
        text = self.text
        token = lx.TOKEN.match
        end = pos  # one past the last character known to belong to the operation
        newline = False
        region_close = after_region and not brackets
        previous = "}" if after_region else op.name
        kind = "close" if after_region else "name"
        while True:
            if brackets:
                outermost = brackets[0]
                pos, previous, opened = self.inside(op, pos, brackets)
                if opened:
                    return "region", pos
                # What only compares does not close anything, so that blanks may stand before `pos`.
                end = pos if previous in lx.OPENER else self.last_token_end(outermost, pos)
                kind = "close"
                newline = region_close = False
                continue
            match = token(text, pos)
            if match is None:
                if pos >= len(text):
                    return "end", end
                if text[pos] == '"':
                    self.unclosed_string(pos)
                self.stray(pos)
            group = match.lastgroup
            if group == "trivia":
                if not newline and "\n" in match.group():
                    newline = True
                pos = match.end()
                continue
            value = match.group()
            if group == "close":
                if value == ">":
                    pos = end = match.end()
                    previous, kind = value, "close"
                    continue
                if value == "}":
                    return "end", end
                self.error(pos, f"'{value}' closes nothing")
                raise Recover(self.next_item(pos))
            if self.begins_operation(op, pos, group, value, newline, region_close, previous, kind, top):
                return "end", end
            if group == "open":
                if value == "{" and self.opens_region(op, pos, previous, brackets):
                    return "region", pos + 1
                brackets.append(pos)
                pos += 1
                continue
            pos = end = match.end()
            if group == "sigil" and text[pos : pos + 1] == "<":
                pos = end = self.opaque(pos)
                group = "close"
            previous = value
            kind = str(group)
            newline = region_close = False

    def begins_operation(
        self,
        op: Any,
        pos: int,
        group: str | None,
        value: str,
        newline: bool,
        region_close: bool,
        previous: str,
        kind: str,
        top: bool,
    ) -> bool:
        """Whether the token at `pos`, outside all brackets of `op`, begins something new."""
        text = self.text
        glued = previous in _GLUE and kind != "name"
        if group == "ssa":
            ahead = lx.RESULTS_AHEAD.match(text, pos)
            if ahead is None:
                return False
            word = ahead.group(1)
            if word is None or "." in word or word in lx.UNDOTTED_OPERATIONS:
                return not (kind == "name" and not newline) or word is None
            return newline and not glued and word not in ("max", "min")
        if group == "word":
            if "." in value:
                if glued or previous == "applies":
                    return False
                follow = self.peek(pos + len(value))
                if follow == "=" and not op.name.startswith(_PDL_CONTEXT):
                    return False
                if newline or region_close:
                    return True
                if kind == "close":
                    return True
                return kind in ("ssa", "symbol", "number", "string", "sigil", "label") or (
                    kind == "word" and _SCALAR_TYPE.match(previous) is not None
                )
            if glued:
                return False
            if value in lx.UNDOTTED_OPERATIONS:
                follow = self.peek(pos + len(value))
                if follow in ("=", ","):
                    return False
                if value in ("func", "module", "constant", "call") and follow == "(":
                    return False
                return (
                    newline
                    or region_close
                    or kind in ("close", "sigil")
                    or (kind == "word" and _SCALAR_TYPE.match(previous) is not None)
                )
            if newline and op.name.startswith(_PDL_CONTEXT) and PDL_WORDS.match(text, pos) is not None:
                return True
            scalar = kind == "word" and _SCALAR_TYPE.match(previous) is not None
            typed = scalar or kind in ("close", "sigil")
            return newline and typed and self.short_name(op, value, pos + len(value))
        if group == "string":
            if glued or (kind == "name" and not newline):
                return False
            if newline or region_close:
                return self.peek(pos + len(value)) == "("
            return lx.GENERIC_AHEAD.match(text, pos) is not None
        if group == "label":
            return (
                not glued
                and previous not in ("to", "unwind", "dest")
                and self.is_label(pos, newline or region_close)
            )
        if group == "sigil":
            return (
                top
                and not glued
                and lx.ALIAS_AHEAD.match(text, pos) is not None
                and (newline or kind == "close")
            )
        if group == "open":
            return top and text.startswith("{-#", pos)
        return False

    def short_name(self, op: Any, word: str, pos: int) -> bool:
        """Whether a word that ends at `pos` may be the short name of an operation after `op`."""
        around = op.block.region.operation
        follow = self.peek(pos)
        if around is None or not (follow in ("%", "@") or (word == "do" and follow == "{")):
            return False
        # Operations of these dialects, too, let those inside them leave it out.
        return default_dialect(around.name) in ("transform", "emitc") or around.name in (
            "sequence",
            "with_pdl_patterns",
        )

    def is_label(self, pos: int, line_start: bool) -> bool:
        text = self.text
        match = lx.LABEL_HEAD.match(text, pos)
        if match is None:
            return False
        end = match.end()
        if text[end : end + 1] == "(":
            try:
                end = skip_trivia(text, skip_balanced(text, end))
            except Unbalanced:
                return False
        if text[end : end + 1] != ":":
            return False
        after = skip_trivia(text, end + 1)
        # `unwind ^bb2 : () -> i32`: a type after the colon, so that the name is a successor's.
        follow = text[after : after + 1]
        return (
            follow in ("", "}", "^", '"', "%")
            or lx.OPERATION_AHEAD.match(text, after) is not None
            or (line_start and lx.WORD_RE.match(text, after) is not None)
        )

    def inside(self, op: Any, pos: int, brackets: list[int]) -> tuple[int, str, bool]:
        """Read up to the close of all brackets, or to the opening of a region inside them."""
        text = self.text
        step = lx.INNER_STEP.match
        while True:
            match = step(text, pos)
            assert match is not None
            pos = match.end()
            char = text[pos : pos + 1]
            if char == "\n":
                ahead = _OPERATION_IN_BRACKETS.match(text, pos)
                if ahead is not None:
                    self.unclosed(brackets, ahead.end())
                    # Only angle brackets were open, which may have been comparisons.
                    brackets.clear()
                    return pos, "\n", False
                if self.compares(brackets, pos):
                    brackets.clear()
                    return pos, "\n", False
                pos += 1
            elif char == "{":
                before = text[pos - 1]
                if self.opens_region(op, pos, before if before in "([" else "", brackets):
                    return pos + 1, "{", True
                brackets.append(pos)
                pos += 1
            elif char and char in "([<":
                brackets.append(pos)
                pos += 1
            elif char == ">":
                if text[brackets[-1]] == "<":
                    brackets.pop()
                pos += 1
                if not brackets:
                    return pos, ">", False
            elif char and char in ")]}":
                opener = lx.OPENER[char]
                while brackets and text[brackets[-1]] == "<":
                    brackets.pop()
                if not brackets:
                    return pos, "<", False
                where = brackets[-1]
                if text[where] != opener:
                    if char == "}":
                        self.error(where, f"'{text[where]}' is never closed")
                        brackets.clear()
                        raise Recover(pos)
                    self.error(where, f"'{text[where]}' is closed by '{char}'")
                    raise Recover(self.next_item(pos))
                brackets.pop()
                pos += 1
                if not brackets:
                    return pos, char, False
            elif char == "/":
                if not text.startswith("//", pos):
                    self.stray(pos)
                end = text.find("\n", pos)
                pos = len(text) if end < 0 else end
            elif char in ("#", "!"):
                sigil = _SIGIL.match(text, pos)
                assert sigil is not None
                pos = self.opaque(sigil.end())
            elif char == '"':
                self.unclosed_string(pos)
            else:
                self.unclosed(brackets, len(text))
                brackets.clear()
                return len(text), "", False

    def compares(self, brackets: list[int], pos: int) -> bool:
        """Whether a line that ends at `pos` in angle brackets is an operation, as it is when read alone."""
        text = self.text
        # No token goes on in another line. What the line ends in comes first, so that each part is read once.
        start = max(brackets[0], text.rfind("\n", 0, pos) + 1)
        end = self.last_token_end(start, pos)
        if end == start or text[end - 1] in "([<,=:{+*" or text.startswith("->", end - 2):
            return False
        return _ITEM_BELOW.match(text, pos) is not None and all(text[where] == "<" for where in brackets)

    def last_token_end(self, start: int, stop: int) -> int:
        """Where the last token before `stop` ends; the first one begins at `start`."""
        text = self.text
        end = start
        while start < stop:
            match = lx.TOKEN.match(text, start, stop)
            start = start + 1 if match is None else match.end()
            if match is None or match.lastgroup != "trivia":
                end = start
        return end

    def unclosed(self, brackets: list[int], resume: int) -> None:
        for where in brackets:
            if self.text[where] != "<":
                self.error(where, f"'{self.text[where]}' is never closed")
                raise Recover(resume)

    def opens_region(self, op: Any, pos: int, previous: str, brackets: list[int]) -> bool:
        """Whether the brace at `pos` opens a region of `op` rather than a dictionary or something else."""
        text = self.text
        if brackets and text[brackets[-1]] in "{<":
            return False
        if text.startswith("{-#", pos):
            return False
        match = lx.BRACE_CONTENT.match(text, pos + 1)
        if match is None:
            at = skip_trivia(text, pos + 1)
            # What MLIR does not know at all is a fault, best told of as one in a region.
            return at < len(text) and text[at] != '"' and lx.TOKEN.match(text, at) is None
        group = match.lastgroup
        if group in ("label", "results", "generic"):
            return True
        if group == "close":
            return self.empty_is_region(op, pos, previous, brackets)
        word = match.group("word")
        after = match.group("after")
        pdl = op.name.startswith("pdl.")
        if after in ("=", ","):
            return pdl and word.startswith("pdl.") and after == "="
        if after == "}":
            if lx.TERMINATOR_LIKE.match(word) is not None:
                return previous not in ("attributes",)
            return "." in word and "\n" in match.group(1) and previous not in ("attributes",)
        if "." in word:
            return True
        return (
            word in lx.UNDOTTED_OPERATIONS
            or (pdl and PDL_WORDS.match(word) is not None)
            or (
                # Not the access of a resource, as in `{ ro %x[...] }`.
                word not in ("ro", "wo", "rw")
                and (
                    (self.peek(match.end()) in ('"', "%", "@") and "\n" in match.group(1))
                    or lx.OPERATION_BELOW.match(text, match.end("word")) is not None
                )
            )
        )

    def empty_is_region(self, op: Any, pos: int, previous: str, brackets: list[int]) -> bool:
        if previous in _REGION_WORDS:
            return True
        if previous == "}" and not op.regions and not brackets:
            # `module attributes {...} {}`
            return self.occurs(_ATTRIBUTES_BEFORE, op, pos)
        if previous in ("attributes", "}") or op.regions:
            return False
        if brackets:
            return self.text[brackets[-1]] == "(" and previous == "("
        known = traits(op.name)
        if known and not known.isdisjoint(_REGION_TRAITS):
            return True
        return self.occurs(_EMPTY_REGION, op, pos)

    def occurs(self, pattern: re.Pattern[str], op: Any, pos: int) -> bool:
        """Whether a pattern occurs in the text of `op` before `pos`; no part of it is searched twice."""
        begin, found = op.name_start, False
        if self.searched[:2] == (pattern, op):
            begin, found = self.searched[2:]
        found = found or pattern.search(self.text, begin, pos) is not None
        self.searched = (pattern, op, pos, found)
        return found

    def generic_header(self, op: Any, pos: int, brackets: list[int]) -> tuple[str, int]:
        """Go on reading a generic operation, whose grammar is that of structure.lark."""
        text = self.text
        begin = pos = skip_trivia(text, pos)
        after_region = bool(brackets)
        try:
            if brackets:
                # After a region: another one, or the end of the list.
                if text[pos : pos + 1] == ",":
                    pos = skip_trivia(text, pos + 1)
                    if text[pos : pos + 1] != "{":
                        raise Unbalanced(pos, "expected '{' and another region")
                    return "region", pos + 1
                if text[pos : pos + 1] != ")":
                    raise Unbalanced(pos, "expected ',' or ')' after a region of a generic operation")
                brackets.clear()
                pos = skip_trivia(text, pos + 1)
                expected = "'{' or ':'"
            else:
                pos = skip_trivia(text, skip_balanced(text, pos))
                if text[pos : pos + 1] == "[":
                    pos = skip_trivia(text, skip_balanced(text, pos))
                if text[pos : pos + 1] == "<":
                    if self.peek(pos + 1) != "{":
                        raise Unbalanced(pos, "expected '<{' and the properties")
                    pos = skip_trivia(text, skip_balanced(text, pos))
                if text[pos : pos + 1] == "(":
                    brace = skip_trivia(text, pos + 1)
                    if text[brace : brace + 1] != "{":
                        raise Unbalanced(brace, "expected '{' and a region")
                    brackets.append(pos)
                    return "region", brace + 1
                expected = "'[', '<{', '({', '{' or ':'"
            if text[pos : pos + 1] == "{":
                pos = skip_trivia(text, skip_balanced(text, pos))
                expected = "':'"
            if text[pos : pos + 1] != ":":
                what = show(text[pos]) if pos < len(text) else "the end of the input"
                raise Unbalanced(pos, f'expected {expected} in the generic form of "{op.name}", found {what}')
            kind = skip_trivia(text, pos + 1)
            if text[kind : kind + 1] != "(":
                raise Unbalanced(kind, "expected '(' and the operand types of a generic operation")
            end = skip_type(text, kind)
            location = lx.LOCATION_AHEAD.match(text, end)
            if location is not None:
                end = skip_balanced(text, location.end() - 1)
            return "end", end
        except Unbalanced as error:
            # The grammar says it best, and is loaded only here.
            from approxir.syntax.structure_grammar import explain

            told = explain(text, begin, "after_region" if after_region else "header")
            self.error(*(told or (error.offset, error.message)))
            brackets.clear()
            raise Recover(self.next_item(max(pos, op.name_start + 1))) from None
