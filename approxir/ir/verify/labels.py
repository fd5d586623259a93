"""The labels of blocks: ``^bb0(%a: i32 loc("x"), %b: f32):``."""

from __future__ import annotations

import re

from approxir.errors import ParseError
from approxir.ir.blocks import Block
from approxir.ir.verify.findings import Findings
from approxir.syntax import lexemes as lx
from approxir.syntax.attributes import parse_location, parse_type
from approxir.syntax.balance import Unbalanced, skip_balanced, skip_trivia, skip_type

_ARGUMENT = re.compile(rf"{lx.TRIVIA}({lx.SSA})?+{lx.TRIVIA}(:)?+{lx.TRIVIA}")


def check_label(block: Block, findings: Findings) -> None:
    """Check the arguments in a block's label against MLIR's grammar."""
    text = findings.source.text
    head = lx.LABEL_HEAD.match(text, block.start)
    if head is None or text[head.end() : head.end() + 1] != "(":
        return
    start = head.end()
    end = skip_balanced(text, start)
    pos = start + 1
    try:
        while True:
            match = _ARGUMENT.match(text, pos)
            assert match is not None
            name, colon = match.group(1), match.group(2)
            if name is None:
                at = skip_trivia(text, pos)
                if at == end - 1 and pos == start + 1:
                    # `^bb0():` is accepted.
                    return
                hint = "remove the comma before it" if at == end - 1 else None
                findings.add(at, "expected a block argument such as %a: i32", code="syntax", hint=hint)
                return
            if colon is None:
                findings.add(match.end(), f"expected ':' and the type of {name}", code="syntax")
                return
            begin = match.end()
            close = skip_type(text, begin)
            parse_type(text[begin:close], source=findings.source, base=begin)
            pos = skip_trivia(text, close)
            if text.startswith("loc", pos):
                opener = skip_trivia(text, pos + 3)
                close = skip_balanced(text, opener)
                parse_location(text[pos:close], source=findings.source, base=pos)
                pos = skip_trivia(text, close)
            if pos == end - 1:
                return
            if text[pos] != ",":
                findings.add(pos, "expected ',' or ')' in the arguments of a block", code="syntax")
                return
            pos += 1
    except Unbalanced as error:
        findings.add(error.offset, error.message, code="syntax")
    except ParseError as error:
        findings.take(error)
