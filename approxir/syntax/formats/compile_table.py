"""Parses one `.fmt` file with Lark into the plain data that `table` keeps; the only user of Lark here."""

from __future__ import annotations

from functools import cache
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedInput, v_args

from approxir.errors import ApproxIRError

_KINDS = {"?": "optional", "*": "many", None: "one"}


class TableError(ApproxIRError):
    """A table of the package is malformed: a fault of approxir, or of a table that a user supplied."""


@cache
def _parser(grammar: str, strict: bool = False) -> Lark:
    return Lark(grammar, parser="lalr", strict=strict, maybe_placeholders=True, propagate_positions=True)


def compile_table(text: str, grammar: str, file: str) -> dict[str, Any]:
    """The operations and enumerations of a `.fmt` text, as JSON-ready data."""
    try:
        tree = _parser(grammar).parse(text)
    except UnexpectedInput as error:
        raise TableError(f"{file}:{error.line}:{error.column}: {error.get_context(text)}") from error
    operations: dict[str, Any] = {}
    enums: dict[str, Any] = {}
    for kind, names, entry in _Build().transform(tree):
        if kind == "enum":
            enums[names] = entry
            continue
        for name in names:
            if name in operations:
                raise TableError(f"{file}: the operation {name} has two entries")
            operations[name] = entry
    return {"operations": operations, "enums": enums}


@v_args(inline=True)
class _Build(Transformer[Token, Any]):
    """Turns the parse tree into lists and dictionaries."""

    def start(self, *items: Any) -> Any:
        return items

    def numbered_case(self, name: Token, number: Token) -> tuple[str, int | None]:
        return str(name), int(number)

    def next_case(self, name: Token) -> tuple[str, int | None]:
        return str(name), None

    def enum(self, name: Token, *cases: tuple[str, int | None]) -> tuple[str, str, dict[str, int]]:
        values: dict[str, int] = {}
        following = 0
        for case, number in cases:
            following = following if number is None else number
            values[case] = following
            following += 1
        return "enum", str(name), values

    def op(self, *parts: Any) -> tuple[str, list[str], dict[str, Any]]:
        entry: dict[str, Any] = {
            "operands": [],
            "results": [],
            "regions": [],
            "successors": [],
            "segments": False,
            "result_segments": False,
            "inherent": [],
            "defaults": [],
            "symbol": None,
            "format": None,
        }
        names = []
        for part in parts:
            if isinstance(part, Token):
                names.append(str(part))
            else:
                for key, value in part.items():
                    entry[key] = entry[key] + value if key in ("defaults", "inherent") else value
        return "op", names, entry

    def signature(self, *parts: Any) -> dict[str, Any]:
        # Without operands or results the grammar leaves out their node, so they are told by their class.
        found: dict[str, Any] = {"operands": [], "results": []}
        for part in parts:
            found["results" if isinstance(part, _Results) else "operands"] = list(part)
        return found

    def operands(self, *items: Any) -> list[Any]:
        return list(items)

    def operand(self, name: Token, *rest: Any) -> list[Any]:
        kind = rest[0] if len(rest) == 2 else None
        return [str(name), _KINDS[kind], rest[-1]]

    def results(self, *items: Any) -> Any:
        return _Results(items)

    def result(self, type_: Any, kind: str | None = None) -> list[Any]:
        return [type_, _KINDS[kind]]

    def kind(self, token: Token) -> str:
        return str(token)

    def groups(self, *items: Any) -> list[Any]:
        return list(items)

    def group(self, name: Token, kind: str | None = None) -> list[str]:
        return [str(name), _KINDS[kind]]

    def regions(self, groups: list[Any]) -> dict[str, Any]:
        return {"regions": groups}

    def successors(self, groups: list[Any]) -> dict[str, Any]:
        return {"successors": groups}

    def segments(self) -> dict[str, Any]:
        return {"segments": True}

    def result_segments(self) -> dict[str, Any]:
        return {"result_segments": True}

    def inherent(self, *names: Token) -> dict[str, Any]:
        return {"inherent": [str(name) for name in names]}

    def default(self, name: Token, type_: Any) -> dict[str, Any]:
        return {"defaults": [[str(name), type_]]}

    def symbol(self, name: Token) -> dict[str, Any]:
        return {"symbol": str(name)}

    def variable(self, name: Token) -> list[Any]:
        return ["var", str(name)]

    def constant(self, name: Token) -> list[Any]:
        return ["const", str(name)]

    def constant_text(self, text: Token) -> list[Any]:
        return ["const", text[1:-1]]

    def type_call(self, call: Token, *arguments: Any) -> list[Any]:
        return ["call", call[:-1], [a for a in arguments if a is not None]]

    def format(self, *elements: Any) -> dict[str, Any]:
        return {"format": list(elements)}

    def literal(self, text: Token) -> list[Any]:
        return ["lit", text[1:-1]]

    def reference(self, name: Token) -> list[Any]:
        return ["ref", str(name)]

    def property(self, name: Token, reader: Any) -> list[Any]:
        return ["prop", str(name), *reader]

    def plain_reader(self, name: Token) -> list[Any]:
        return [str(name), []]

    def reader_call(self, call: Token, *arguments: Any) -> list[Any]:
        return [call[:-1], [a for a in arguments if a is not None]]

    def one_type(self, name: Token) -> list[Any]:
        return ["type", str(name)]

    def many_types(self, name: Token) -> list[Any]:
        return ["types", str(name)]

    def directive(self, call: Token, *arguments: Any) -> list[Any]:
        return ["call", call[:-1], [a for a in arguments if a is not None]]

    def optional(self, *elements: Any) -> list[Any]:
        return ["opt", list(elements)]

    def alternatives(self, *sequences: Any) -> list[Any]:
        return ["alt", list(sequences)]

    def sequence(self, *elements: Any) -> list[Any]:
        return list(elements)

    def glue(self) -> list[Any]:
        return ["glue"]

    def argument_variable(self, token: Token) -> list[Any]:
        return ["var", str(token)]

    def argument_name(self, token: Token) -> list[Any]:
        return ["name", str(token)]

    def argument_text(self, token: Token) -> list[Any]:
        return ["text", token[1:-1]]

    def argument_number(self, token: Token) -> list[Any]:
        return ["number", int(token)]


class _Results(list[Any]):
    """Tells the list of results from that of operands when a signature has only one of them."""
