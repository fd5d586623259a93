"""Regular expressions for the lexemes of MLIR text.

They are written with possessive quantifiers and atomic groups, so that no input makes them backtrack:
each pattern looks at every character a bounded number of times.

Source: MLIR Language Reference, "Identifiers and keywords", and the observed behaviour of `mlir-opt`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

# Names of values, blocks and aliases are digits, or start with a letter or one of $._- ; so `%1_x` is
# `%1` followed by `_x`, and `%j-1` is one name.
SUFFIX_ID = r"(?:[0-9]++|[A-Za-z_$.\-][A-Za-z0-9_$.\-]*+)"
SSA = rf"%{SUFFIX_ID}"
STRING = r'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"'
WORD = r"[A-Za-z_][A-Za-z0-9_$.]*+"
DOTTED = r"[A-Za-z_][A-Za-z0-9_$]*+\.[A-Za-z0-9_$.]*+"
# MLIR's lexer skips NUL like white space and rejects a form feed.
BLANK = r"[ \t\r\n\x00]"
TRIVIA = rf"(?:{BLANK}++|//[^\n]*+)*+"
RESULT = rf"{SSA}(?:{TRIVIA}:{TRIVIA}[0-9]++)?+"
RESULTS = rf"{RESULT}(?:{TRIVIA},{TRIVIA}{RESULT})*+{TRIVIA}=(?![=>])"

SSA_NAME = re.compile(SSA)
TRIVIA_RE = re.compile(TRIVIA)
RESULTS_RE = re.compile(RESULTS)
STRING_RE = re.compile(STRING)
WORD_RE = re.compile(WORD)
_RESULT_GROUP = re.compile(rf"//[^\n]*+|%({SUFFIX_ID})(?:{TRIVIA}:{TRIVIA}([0-9]++))?+")


def result_groups(text: str, start: int = 0, end: int | None = None) -> Iterator[re.Match[str]]:
    """The names in a list of results: group 1 is the name without ``%``, group 2 the size of a pack."""
    for match in _RESULT_GROUP.finditer(text, start, len(text) if end is None else end):
        # A comment matches as well, so that what it says is not taken for results.
        if match.lastindex is not None:
            yield match


_IN_NAME = re.compile(r"[A-Za-z0-9_$.\-]")
_NUMBERED = re.compile(r"[%^]?[0-9]+|.*#[0-9]+")


def set_apart(text: str, end: int, name: str) -> str:
    """How `name` is written in front of ``text[end:]``: with a blank if its next letter would be part of it.

    ``%0to`` is ``%0`` and ``to``, but ``%ato`` is one name.
    """
    if _IN_NAME.match(text, end) is None:
        return name
    if _NUMBERED.fullmatch(name) is not None and not text[end].isdigit():
        return name
    return name + " "


TOKEN = re.compile(
    rf"""
    (?P<trivia>(?:{BLANK}++|//[^\n]*+)++)
  | (?P<word>{WORD})
  | (?P<ssa>{SSA}(?:\#[0-9]++)?+)
  | (?P<open>[(\[{{]|<(?!=))
  | (?P<close>[)\]}}>])
  | (?P<sigil>[\#!](?!-\}}){SUFFIX_ID})
  | (?P<string>{STRING})
  | (?P<label>\^{SUFFIX_ID})
  | (?P<symbol>@(?:[A-Za-z_$.][A-Za-z0-9_$.]*+|{STRING}))
  | (?P<number>0x[0-9A-Fa-f]++|[0-9]++(?:\.[0-9]*+(?:[eE][+\-]?[0-9]++)?+)?+)
  | (?P<arrow>->|=>|==|<=)
  | (?P<punct>[,:=*+\-?|\#]|\.\.\.)
    """,
    re.VERBOSE,
)
"""One token anywhere in MLIR text, trivia included; no match at a character that MLIR does not know."""

# Inside the body of a dialect attribute or type only brackets, strings and `->` mean anything to MLIR.
OPAQUE_STEP = re.compile(rf'(?:[^"()\[\]{{}}<>\-]++|->|-|{STRING})*+')

# Inside brackets only brackets, strings, comments, line breaks and the start of an opaque body matter.
INNER_STEP = re.compile(
    rf'(?:[^"()\[\]{{}}<>/\n\-=\#!]++|->|=>|==|[\-=]|{STRING}|[\#!]{SUFFIX_ID}(?!<)|[\#!](?!{SUFFIX_ID})|<=)*+'
)

CLOSER = {"(": ")", "[": "]", "{": "}", "<": ">"}
OPENER = {closer: opener for opener, closer in CLOSER.items()}

# Operations whose dialect prefix may be left out inside a region that names a default dialect, and
# words that begin an operation of old files.
UNDOTTED = "return|call|call_indirect|constant|module|func|unrealized_conversion_cast|br|cond_br|yield"
UNDOTTED_OPERATIONS = frozenset(UNDOTTED.split("|"))

# What begins an operation at the start of a line, for certain.
_OPERATION_AHEAD = rf"""(?:
      {RESULTS}{TRIVIA}(?:[A-Za-z_]|{STRING}[ ]*+\()
    | {STRING}[ ]*+\(
    | {DOTTED}(?![ ]*+[=,])
    | (?!(?:call|constant|module|func)[ ]*+\()(?:{UNDOTTED})\b(?![.$])(?![ ]*+[=,:])
    )"""
_LABEL_AHEAD = rf"\^{SUFFIX_ID}(?:\(%[^\n]*?\))?:[ \t\r]*+(?:\n|//|\Z)"
NEXT_ITEM = rf"(?={TRIVIA}(?:\}}|{_OPERATION_AHEAD}|{_LABEL_AHEAD}|\Z))"

# A dictionary that opens and closes on one line, at most three deep.
_D0 = rf'\{{(?:[^{{}}\n"/]++|{STRING})*+\}}'
_D1 = rf'\{{(?:[^{{}}\n"/]++|{STRING}|{_D0})*+\}}'
_DICTIONARY = rf'\{{(?=[ ]*+(?:{STRING}|{WORD})[ ]*+[=,])(?:[^{{}}\n"/]++|{STRING}|{_D1})*+\}}'
_BODY = rf'(?:[^\n"/{{}}]++|{STRING}|{_DICTIONARY})*+'
_NAME = rf'({WORD}(?<!\.)|"[^"\\\n]++"(?=\())'
_LINE_END = r"(?://[^\n]*+)?+(?:\n|\Z)"

OPERATION_LINE = re.compile(
    rf"{TRIVIA}({RESULTS})?+{TRIVIA}{_NAME}{_BODY}(){_LINE_END}{NEXT_ITEM}", re.VERBOSE
)
"""An operation on one line without regions, where the next line surely begins something else."""

OPERATION_OPEN = re.compile(
    rf"{TRIVIA}({RESULTS})?+{TRIVIA}{_NAME}{_BODY}\{{()[ \t\r]*+{_LINE_END}"
    rf"(?={TRIVIA}(?:\^|{_OPERATION_AHEAD}))",
    re.VERBOSE,
)
"""An operation whose header ends, on the line it begins, with the brace that opens its first region."""

REGION_CLOSE = re.compile(rf"{TRIVIA}\}}()[ \t\r]*+{_LINE_END}{NEXT_ITEM}", re.VERBOSE)
"""A closing brace alone at the end of a line, where the next line surely begins something else."""

GENERIC_CLOSE = re.compile(rf"{TRIVIA}\}}()\){_BODY}(){_LINE_END}{NEXT_ITEM}", re.VERBOSE)
"""The end of a generic operation's only or last region and the rest of that operation on its line."""

CROWDED = re.compile(
    r" (?<=[^\s=,:({\[] )(?:"
    r"%[\w$.\-]++(?:[ ]*+:[ ]*+[0-9]++)?+(?:[ ]*+,[ ]*+%[\w$.\-:]++)*+[ ]*+=[ ]*+[A-Za-z_\"]"
    rf"|[A-Za-z_]\w*+\.\w|(?:{UNDOTTED})\b|{STRING}[ ]*+\(|\^[\w$.\-]++(?:\([^()\n]*+\))?+[ ]*+:)"
)
"""What may begin a second operation on a line, or a block; where it is not found nothing does."""

_GLUED = re.compile(r"%[0-9]++[A-Za-z_]\w*+\.\w")


def is_crowded(text: str, start: int = 0, end: int = sys.maxsize) -> bool:
    """Whether something in ``text[start:end]`` may begin a second operation on its line, or a block."""
    return CROWDED.search(text, start, end) is not None or _GLUED.search(text, start, end) is not None


OPERATION_AHEAD = re.compile(_OPERATION_AHEAD, re.VERBOSE)
_LINE_WITHOUT_BRACES = rf'(?:[^\n"/{{}}]++|{STRING}|//[^\n]*+|/)*+\n'
OPERATION_BELOW = re.compile(
    rf"(?:{_LINE_WITHOUT_BRACES}(?![ \t]*+{_OPERATION_AHEAD}))*+{_LINE_WITHOUT_BRACES}"
    rf"[ \t]*+{_OPERATION_AHEAD}",
    re.VERBOSE,
)
"""An operation at the beginning of a line below, with no brace before it."""

RESULTS_AHEAD = re.compile(rf"{RESULTS}{TRIVIA}(?:({WORD})|{STRING}{TRIVIA}\()")
GENERIC_AHEAD = re.compile(rf"{STRING}{TRIVIA}\({TRIVIA}(?:%[^(){{}}\n]*+)?\){TRIVIA}[:\[<({{]")
ALIAS_AHEAD = re.compile(rf"([#!])({SUFFIX_ID}){TRIVIA}=(?![=>]){TRIVIA}")
LOCATION_AHEAD = re.compile(rf"{TRIVIA}loc{TRIVIA}\(")
LABEL_HEAD = re.compile(rf"\^({SUFFIX_ID}){TRIVIA}")

# What follows the opening brace of a region or a dictionary.
BRACE_CONTENT = re.compile(
    rf"""({TRIVIA})(?:
        (?P<label>\^)
      | (?P<results>{RESULTS}{TRIVIA}[A-Za-z_"])
      | (?P<generic>{STRING}{TRIVIA}\()
      | (?P<close>\}})
      | (?P<word>{WORD}){TRIVIA}(?P<after>\}}|==?|,)?
    )""",
    re.VERBOSE,
)
TERMINATOR_LIKE = re.compile(
    r"(?:.*[._])?(?:yield|return|terminator|unreachable|end|condition|done|break|continue|finish|exit|reduce_return)"
    r"(?:_[a-z]+)?\Z"
)
