"""Sentences of the grammars of approxir, drawn at random: what fuzzing begins with."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from approxir.syntax.formats.data import directory
from approxir.syntax.formats.table import DialectTable, Node, OpEntry, dialect_table

_DEPTH = 12
_MOST_TOKENS = 120

# What the terminals that a grammar only declares may look like.
STRUCTURE: Mapping[str, tuple[str, ...]] = {
    "RESULTS": ("%0 =", "%a:2 =", "%1, %b =", "%c_0 ="),
    "NAME": ('"test.op"', '"a.b"', '"builtin.module"', '"func.return"', '"arith.constant"', '"cf.br"',
    '"approx.yield"'),
    "SSA": ("%0", "%a", "%a#1", "%arg0"),
    "LABEL": ("^bb0", "^bb1", "^a.b"),
    "PROPERTIES": ("<{a = 1}>", "<{value = 1 : i32}>", '<{sym_name = "f"}>'),
    "DICTIONARY": ("{}", "{a}", '{x = "}"}', "{value = 7 : i32}"),
    "FUNCTION_TYPE": ("() -> ()", "(i32) -> i32", "(i32, f32) -> (i32, index)", "() -> (() -> i32)"),
    "TYPE": ("i32", "f32", "!t", "tensor<4xf32>", "memref<?xf32>"),
    "LOCATION": ('loc("x")', "loc(unknown)", 'loc("f":1:2)', "loc(#l)"),
    "DEFINITION": ("#l = loc(unknown)", "!t = i32", "#map = affine_map<(d0) -> (d0)>"),
    "METADATA": ('{-# dialect_resources: { builtin: { b: "0x0400000001" } } #-}', "{-# a: {} #-}"),
    "_LPAR": ("(",), "_RPAR": (")",), "_LSQB": ("[",), "_RSQB": ("]",), "_COMMA": (",",), "_COLON": (":",),
    "_OPEN_REGION": ("{",), "_CLOSE_REGION": ("}",),
}  # fmt: skip
ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "WORD": ("a", "d0", "x.y", "s0"),
    "TRUE": ("true",), "FALSE": ("false",), "UNIT": ("unit",), "UNKNOWN": ("unknown",), "AT": ("at",),
    "TO": ("to",),
    "OFFSET": ("offset",), "MOD": ("mod",), "FLOORDIV": ("floordiv",), "CEILDIV": ("ceildiv",),
    "SCALAR": ("i32", "f32", "index", "i1", "si8", "ui64", "bf16", "f8E4M3FN", "none", "i128", "tf32"),
    "INTEGER": ("0", "1", "42", "0x7FC00000", "9223372036854775808"),
    "FLOAT": ("1.5", "0.", "1.0e+30", "3.e-5"),
    "STRING": ('"a"', '""', '"\\22\\\\"', '"\\E9"'),
    "SYMBOL": ("@f", '@"a b"', "@a::@b"),
    "ATTR_ALIAS": ("#a", "#map0"), "TYPE_ALIAS": ("!t",),
    "DIALECT_ATTR": ("#d.x", "#d.x<a>", '#d<"s" -> x>', "#arith.fastmath<fast>"),
    "DIALECT_TYPE": ("!d.t", "!d.t<i32>", "!llvm.ptr", "!d<x [1]>"),
    "_ARROW": ("->",), "_COLON": (":",), "_COMMA": (",",), "_EQUAL": ("=",), "_MINUS": ("-",),
    "_PLUS": ("+",),
    "STAR": ("*",), "_LESS": ("<",), "_MORE": (">",), "QUESTION": ("?",), "_EQUALS": ("==",),
    "_AT_LEAST": (">=",),
    "_AT_MOST": ("<=",), "_LPAR": ("(",), "_RPAR": (")",), "_LSQB": ("[",), "_RSQB": ("]",),
    "_LBRACE": ("{",),
    "_RBRACE": ("}",),
    "TENSOR": ("tensor<", "tensor<4x", "tensor<?x2x", "tensor<0x"), "UNRANKED_TENSOR": ("tensor<*x",),
    "VECTOR": ("vector<4x", "vector<[4]x2x", "vector<"), "MEMREF": ("memref<", "memref<?x", "memref<2x3x"),
    "UNRANKED_MEMREF": ("memref<*x",), "COMPLEX": ("complex<",), "TUPLE": ("tuple<",),
    "DENSE_ARRAY": ("array<i32: 1, 2>", "array<i64>", "array<i1: true>", "array<f32: 1.5>"),
    "DENSE": ("dense<1>", "dense<[1, 2]>", 'dense<"0x01000000">', "dense<>", "dense<[[true], [false]]>",
    "dense<1.5>"),
    "SPARSE": ("sparse<[[0]], [1]>", "sparse<>"), "DENSE_RESOURCE": ("dense_resource<b>",),
    "AFFINE_MAP": ("affine_map<",), "AFFINE_SET": ("affine_set<",), "STRIDED": ("strided<",),
    "DISTINCT": ("distinct[",), "LOC": ("loc(",), "CALLSITE": ("callsite(",), "FUSED_WITH": ("fused<",),
    "FUSED": ("fused[",),
}  # fmt: skip
PARAMS: Mapping[str, tuple[str, ...]] = {
    "INTEGER": ("0", "5", "-3", "100", "9223372036854775807"), "FLOAT": ("1.5", "-0.25", "1.e3"),
    "NAME": ("thresholds", "decisions", "transform_type", "loop_perforate", "true", "attr", "x.y-z"),
    "STRING": ("'a b'", "''", "'\\x41\\n'", "'1.5 : f32'", "'it\\'s'"), "_ATTR": ("attr(",),
    "_COMMA": (",",), "_SEMICOLON": (";",), "_EQUAL": ("=",), "_LSQB": ("[",), "_RSQB": ("]",),
    "_LBRACE": ("{",),
    "_RBRACE": ("}",), "_RPAR": (")",),
}  # fmt: skip
ANNOTATIONS: Mapping[str, tuple[str, ...]] = {
    "MARK": ("@approx",),
    "NAME": (
        "decision_tree", "transform", "knob", "try", "convert_to_call", "transform_type", "loop_perforate",
        "func_substitute", "thresholds", "decisions", "state_indices", "state_function", "f", "kernel",
        "decision_values", "transform_options", "scheme", "random", "task_skipping", "knob_val",
    ),
    "INTEGER": ("0", "1", "-1", "0x10", "50"), "FLOAT": ("1.5", "-2.e3"), "STRING": ('"a b"', "'x'",
    '"\\n\\x41"'),
    "_COMMA": (",",), "_SEMICOLON": (";",), "_COLON": (":",), "_EQUAL": ("=",), "_LSQB": ("[",),
    "_RSQB": ("]",),
    "_LBRACE": ("{",), "_RBRACE": ("}",),
}  # fmt: skip
HPVM: Mapping[str, tuple[str, ...]] = {
    "INTEGER": ("1", "2", "11", "12", "121", "151", "231", "0"), "NUMBER": ("1114.3", "1.5", "-0.5", "+2.",
    "1e-3"),
    "WORD": ("conf1", "gpu", "cpu", "conv", "add", "tanh", "mul", "relu", "group_conv"),
    "KIND": ("fp16", "fp32", "perf", "perf_fp16", "samp", "samp_fp16"),
    "_BEGIN": ("+++++",), "_END": ("-----",), "_NL": ("\n",),
}  # fmt: skip


def _lark(name: str) -> Any:
    if name == "structure.lark":
        from approxir.syntax.structure_grammar import _parser

        return _parser()
    if name == "attributes.lark":
        from approxir.syntax.attribute_grammar import attribute_parser

        return attribute_parser()
    if name == "params.lark":
        from approxir.dialects.approx.params_grammar import params_parser

        return params_parser()
    if name == "c_annotations.lark":
        from approxir.frontends.c.grammar import annotation_parser

        return annotation_parser()
    from approxir.tuning.hpvm.reading import _parser as hpvm_parser

    return hpvm_parser()


TERMINALS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "structure.lark": STRUCTURE,
    "attributes.lark": ATTRIBUTES,
    "params.lark": PARAMS,
    "c_annotations.lark": ANNOTATIONS,
    "hpvm.lark": HPVM,
}
"""Name of a grammar -> its terminals, with texts of each."""


@cache
def _rules(name: str) -> tuple[dict[str, list[list[Any]]], dict[str, int]]:
    """The alternatives of each nonterminal, and how deep its shallowest derivation is."""
    rules: dict[str, list[list[Any]]] = {}
    for rule in _lark(name).rules:
        rules.setdefault(rule.origin.name, []).append(list(rule.expansion))
    depth: dict[str, int] = {}
    changed = True
    while changed:
        changed = False
        for origin, alternatives in rules.items():
            found = [_depth_of(each, depth) for each in alternatives]
            best = min((each for each in found if each is not None), default=None)
            if best is not None and best + 1 < depth.get(origin, 1 << 30):
                depth[origin] = best + 1
                changed = True
    return rules, depth


def _depth_of(expansion: list[Any], depth: Mapping[str, int]) -> int | None:
    parts = [0 if symbol.is_term else depth.get(symbol.name) for symbol in expansion]
    known = [part for part in parts if part is not None]
    return max(known, default=0) if len(known) == len(parts) else None


def sentence(name: str, start: str, rng: random.Random) -> str:
    """A text that follows a grammar from a start symbol, as far as its terminals are concerned."""
    rules, depth = _rules(name)
    samples = TERMINALS[name]
    pieces: list[str] = []
    pending: list[tuple[Any, int]] = [(symbol, 0) for symbol in reversed(rng.choice(rules[start]))]
    while pending:
        symbol, level = pending.pop()
        if symbol.is_term:
            pieces.append(rng.choice(samples[symbol.name]))
            continue
        alternatives = rules[symbol.name]
        if level > _DEPTH or len(pieces) > _MOST_TOKENS:
            shallow = min(_depth_of(each, depth) or 0 for each in alternatives)
            alternatives = [each for each in alternatives if (_depth_of(each, depth) or 0) == shallow]
        pending.extend([(each, level + 1) for each in reversed(rng.choice(alternatives))])
    return " ".join(pieces)


# ---- the tables of custom forms


def dialects() -> list[str]:
    """The dialects that have a table."""
    return sorted(path.stem for path in (directory() / "dialects").glob("*.fmt"))


def tables() -> dict[str, DialectTable]:
    """The table of each dialect."""
    found = {name: dialect_table(name) for name in dialects()}
    return {name: table for name, table in found.items() if table is not None}


def literals(entry: OpEntry) -> set[str]:
    """The words and marks that the custom form of an operation spells."""
    found: set[str] = set()
    pending: list[Any] = list(entry.format or ())
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            if len(node) == 2 and node[0] in ("lit", "text") and isinstance(node[1], str):
                found.add(node[1])
            else:
                pending.extend(node)
    return found


_PROPERTIES: Mapping[str, tuple[str, ...]] = {
    "symbol": ("@f",), "flag": ("",), "attr": ("1 : i32", "1.5 : f32", '"x"'), "int": ("4",),
    "type": ("i32",),
}  # fmt: skip


def custom_form(name: str, entry: OpEntry, rng: random.Random) -> str:
    """A text like the custom form of an operation: literals as they are, names and types made up."""
    operands = {operand[0] for operand in entry.operands}
    regions = {region[0] for region in entry.regions}
    blocks = {block[0] for block in entry.successors}
    pieces = [name]

    def walk(nodes: list[Node]) -> None:
        for node in nodes:
            tag = node[0]
            if tag == "lit":
                pieces.append(node[1])
            elif tag == "ref":
                if node[1] in operands:
                    pieces.append(rng.choice(("%a", "%b", "%0")))
                elif node[1] in regions:
                    pieces.append("{\n}")
                elif node[1] in blocks:
                    pieces.append("^bb1")
                elif node[1] in ("attrs", "attributes"):
                    pieces.append(rng.choice(("", "{x}", "attributes {x}")))
            elif tag in ("type", "types"):
                pieces.append(
                    rng.choice(("i32", "f32", "index", "memref<?xf32>", "tensor<4xf32>", "vector<4xi1>"))
                )
            elif tag == "prop":
                pieces.append(rng.choice(_PROPERTIES.get(str(node[2]), ("1", "@f", '"x"', "[1]", "eq"))))
            elif tag == "opt" and rng.random() < 0.5:
                walk(node[1])
            elif tag == "alt":
                walk(rng.choice(node[1]))

    walk(entry.format or [])
    results = ", ".join(f"%r{number}" for number in range(len(entry.results)))
    return (f"{results} = " if results else "") + " ".join(piece for piece in pieces if piece)


def repeat(count: int, seed: int, make: Callable[[random.Random], str]) -> list[str]:
    """Distinct texts of `count` draws, in order; the same for the same seed."""
    rng = random.Random(seed)
    return list(dict.fromkeys(make(rng) for _ in range(count)))
