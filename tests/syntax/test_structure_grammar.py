"""The grammar of the generic form agrees with the structural parser, and explains what it refuses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import approxir as ax
from approxir.syntax.structure_grammar import explain, read_generic

TEXT = """\
#map = affine_map<(d0) -> (d0)>
!t = tensor<4xf32>
{-# dialect_resources: { builtin: { blob: "0x08000000" } } #-}
%0:2, %1 = "a.outer"() <{p = [1, {q = "}"}]}> ({
  "a.first"(%0#1) : (!t) -> ()   // a comment with ({
^next(%x: i32 loc("here"), %y: tensor<0x4xf32>):
  "a.branch"(%x)[^next, ^last] {unit} : (i32) -> () loc("f":1:2)
^last:
  %2 = "a.inner"() ({
  }, {
    "a.deep"() : () -> ()
  }) : () -> (() -> i32)
}) {a.b = #map} : () -> (!t, !t, i32)
"a.after"() : () -> ()
"""


def names_by_grammar(tree: object) -> Iterator[str]:
    for operation in tree.iter_subtrees_topdown():  # type: ignore[attr-defined]
        if operation.data == "operation":
            yield next(str(token) for token in operation.children if getattr(token, "type", "") == "NAME")


def test_grammar_and_parser_find_the_same() -> None:
    tree = read_generic(TEXT)
    module = ax.parse(TEXT)
    operations = list(module.walk())
    assert sorted(names_by_grammar(tree)) == sorted(f'"{op.name}"' for op in operations)
    for kind, count in (
        ("region", sum(len(op.regions) for op in operations)),
        (
            "block",
            sum(block.label is not None for op in operations for r in op.regions for block in r.blocks),
        ),
        (
            "argument",
            sum(len(block.arguments) for op in operations for r in op.regions for block in r.blocks),
        ),
        ("definition", 2),
        ("metadata", 1),
    ):
        assert len(list(tree.find_data(kind))) == count, kind


@pytest.mark.parametrize(
    ("rest", "column", "message"),
    [
        ("(%a %b) : () -> ()", 8, "expected ')' or ',', found '%b'"),
        ("(%a) {a = 1} -> i32", 17, "expected ':', found '-'"),
        ("(%a)[] : () -> ()", 9, "expected a block name such as ^bb1, found ']'"),
        ("(%a) {b} {c} : () -> ()", 13, "expected ':', found '{c}'"),
        ("(%a) :", 10, "expected '(' and a function type, found the end of the input"),
        ("(%a,) : () -> ()", 8, "expected a value such as %0, found ')'"),
        ("(%a) : () i32", 14, "expected '->' in a function type"),
    ],
)
def test_faults_are_explained(rest: str, column: int, message: str) -> None:
    text = f'"x"{rest}'
    assert explain(text, 3, "header") == (column - 1, message)


def test_nothing_to_explain() -> None:
    assert explain('"x"() : () -> ()', 3, "header") is None
    assert explain('"x"() ({', 3, "header") is None


def test_the_parser_gives_the_explanation() -> None:
    with pytest.raises(ax.ParseError) as caught:
        ax.parse('"x"() {a = 1}\n{b} : () -> ()\n"y"() : () -> (\n')
    first = caught.value.diagnostics[0]
    assert (first.line, first.column) == (2, 1)
    assert "expected ':', found '{b}'" in first.message
