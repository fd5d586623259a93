r"""The file metadata ``{-# dialect_resources: { builtin: { name: "0x08000000..." } } #-}``.

Grammar (MLIR Language Reference, "External resources")::

    metadata ::= section ("," section)*          section ::= key ":" "{" (group ("," group)*)? "}"
    group    ::= key ":" "{" (entry ("," entry)*)? "}"      entry ::= key ":" value

A blob of many megabytes is one token, and is looked at by one match of a regular expression.
"""

from __future__ import annotations

import re

from approxir.ir.verify.findings import Findings
from approxir.syntax import lexemes as lx
from approxir.syntax.nodes import Definition

_TOKEN = re.compile(rf"{lx.TRIVIA}(?:({lx.WORD}|{lx.STRING})|([{{}}:,])|(-?[0-9][0-9a-zA-Z.+\-]*+)|(\S))")
_SECTIONS = ("dialect_resources", "external_resources")
_BLOB = re.compile(r'"0x(?:[0-9A-Fa-f]{2}){4,}+"')
_DEPTH = 3


def check_metadata(definition: Definition, findings: Findings) -> None:
    """Check one block of file metadata against its grammar."""
    text = findings.source.text
    end = definition.end - 3
    depth = 0
    # What may come next: a key (or the closing brace, where nothing or no comma came before), and so on.
    state = "key or }"
    section = ""
    pos = definition.value_start
    while True:
        match = _TOKEN.match(text, pos, end)
        if match is None:
            break
        key, _, number, stray = match.groups()
        at = match.start(match.lastindex or 0)
        pos = match.end()
        token = match.group(match.lastindex or 0)
        if stray is not None:
            _expected(findings, at, token, "a name")
            return
        if state in ("key", "key or }"):
            if key is not None:
                if depth == 0:
                    section = key
                    if section not in _SECTIONS:
                        findings.add(
                            at,
                            f"unknown section {section} of file metadata",
                            code="syntax",
                            length=len(section),
                            hint="the sections are dialect_resources and external_resources",
                        )
                        return
                state = ":"
            elif token == "}" and state == "key or }" and depth > 0:
                depth -= 1
                state = ", or }"
            else:
                hint = "remove the comma before it" if token == "}" and state == "key" else None
                message = f"expected a name in file metadata, found '{token[:20]}'"
                findings.add(at, message, code="syntax", hint=hint)
                return
        elif state == ":":
            if token != ":":
                _expected(findings, at, token, "':'")
                return
            state = "value" if depth == _DEPTH - 1 else "{"
        elif state == "{":
            if token != "{":
                _expected(findings, at, token, "'{'")
                return
            depth += 1
            state = "key or }"
        elif state == "value":
            if key is None and number is None:
                _expected(findings, at, token, "a value")
                return
            if section == "dialect_resources" and _BLOB.fullmatch(token) is None:
                findings.add(
                    at,
                    "the value of a dialect resource is not a blob",
                    code="syntax",
                    length=min(len(token), 60),
                    hint='a blob is written "0x", four bytes of alignment and the data, two digits a byte',
                )
            state = ", or }"
        elif token == ",":
            state = "key" if depth else "key or }"
        elif token == "}" and depth > 0:
            depth -= 1
        else:
            _expected(findings, at, token, "',' or '}'")
            return
    if depth or state not in (", or }", "key or }"):
        findings.add(end, "the file metadata ends too early", code="syntax", hint="a '}' may be missing")


def _expected(findings: Findings, at: int, token: str, what: str) -> None:
    findings.add(at, f"expected {what} in file metadata, found '{token[:20]}'", code="syntax")
