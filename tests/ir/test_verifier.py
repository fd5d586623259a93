"""The verifier: one sound module, and for each rule a module that breaks it and nothing else."""

from __future__ import annotations

import pytest

from approxir.errors import Diagnostic, VerifyError
from approxir.ir.module import parse
from approxir.ir.verify import approx
from approxir.ir.verify.dominance import immediate_dominators

SOUND = """#map = affine_map<(d0)[s0] -> (d0 + s0)>
func.func private @g(%a: i32) -> i32
memref.global "private" @data : memref<4xi32>
func.func @f(%n: index, %m: memref<?xi32>, %c: i1) -> i32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %z = arith.constant 0 : i32
  scf.for %i = %c0 to %n step %c1 {
    %0 = memref.load %m[%i] : memref<?xi32>
    scf.if %c {
      %1 = call @g(%0) : (i32) -> i32
      memref.store %1, %m[%i] : memref<?xi32>
    }
  }
  %0:2 = scf.while (%x = %z, %y = %z) : (i32, i32) -> (i32, i32) {
    scf.condition(%c) %x, %y : i32, i32
  } do {
  ^bb0(%p: i32, %q: i32):
    scf.for %x = %c0 to %n step %c1 {
    }
    scf.yield %p, %q : i32, i32
  }
  cf.cond_br %c, ^bb1(%0#0 : i32), ^bb2
^bb1(%r: i32):
  cf.br ^bb3(%r : i32)
^bb2:
  cf.br ^bb3(%0#1 : i32)
^bb3(%s: i32):
  %d = memref.get_global @data : memref<4xi32>
  return %s : i32
}
"u.graph"() ({
  "u.use"(%later) : (i32) -> ()
  %later = "u.make"() : () -> i32
}) : () -> ()
"""


def findings(text: str) -> list[Diagnostic]:
    return parse(text, "m.mlir").diagnostics()


def test_sound() -> None:
    assert findings(SOUND) == []
    parse(SOUND).verify()


def function(body: str, header: str = "@f(%a: i32, %c: i1)") -> str:
    return f"func.func {header} {{\n{body}\n  return\n}}\n"


BROKEN = [
    # code, text, line, column, a part of the message
    ("undefined", function('  "u"(%b) : (i32) -> ()'), 2, 7, "undefined value %b"),
    ("undefined", function("  arith.addi %a, %b : i32"), 2, 18, "undefined value %b"),
    ("undefined", function("  foo.bar %b : i32"), 2, 11, "undefined value %b"),
    ("undefined", function("  scf.if %b {\n  }"), 2, 10, "undefined value %b"),
    ("undefined", function('  %x:2 = "u"() : () -> (i32, i32)\n  "u"(%x#2) : (i32) -> ()'), 3, 7, "number 2"),
    (
        "undefined",
        function('  "u"() ({\n    %x = "u"() : () -> i32\n  }) : () -> ()\n  "u"(%x) : (i32) -> ()'),
        5,
        7,
        "%x",
    ),
    ("undefined", "func.func @f() {\n  cf.br ^bb9\n}\n", 2, 9, "^bb9"),
    (
        "isolation",
        function('  func.func @g() {\n    "u"(%a) : (i32) -> ()\n    return\n  }'),
        3,
        9,
        "isolated",
    ),
    ("redefinition", function('  %a = "u"() : () -> i32'), 2, 3, "redefinition of %a"),
    ("redefinition", function('  scf.if %c {\n    %a = "u"() : () -> i32\n  }'), 3, 5, "redefinition of %a"),
    ("redefinition", function('  "u"() ({\n  ^bb0(%a: i32):\n  }) : () -> ()'), 3, 8, "redefinition of %a"),
    (
        "redefinition",
        function("  %n = arith.constant 1 : index\n  scf.for %n = %n to %n step %n {\n  }"),
        3,
        11,
        "redefinition of %n",
    ),
    (
        "redefinition",
        function('  "t"() ({\n  ^x:\n    "u"() : () -> ()\n  ^x:\n    "u"() : () -> ()\n  }) : () -> ()'),
        5,
        3,
        "^x",
    ),
    (
        "dominance",
        function('  "u"(%x) : (i32) -> ()\n  %x = "u"() : () -> i32'),
        2,
        7,
        "before it is defined",
    ),
    (
        "dominance",
        function('  %x = "u"() ({\n    "u"(%x) : (i32) -> ()\n  }) : () -> i32'),
        3,
        9,
        "inside the operation",
    ),
    (
        "dominance",
        function(
            '  cf.cond_br %c, ^l, ^r\n^l:\n  %x = "u"() : () -> i32\n  cf.br ^e\n'
            '^r:\n  cf.br ^e\n^e:\n  "u"(%x) : (i32) -> ()'
        ),
        9,
        7,
        "does not dominate",
    ),
    (
        "dominance",
        function('  cf.cond_br %c, ^l(%a : i32), ^e\n^l(%x: i32):\n  cf.br ^e\n^e:\n  "u"(%x) : (i32) -> ()'),
        6,
        7,
        "does not dominate",
    ),
    ("structure", function('  return\n  "u"() : () -> ()'), 2, 3, "last operation"),
    ("structure", function('  "u"()[^x] : () -> ()\n  "u"() : () -> ()\n^x:'), 2, 3, "last operation"),
    ("structure", "func.func @f() {\n  %x = arith.constant 1 : i32\n}\n", 2, 8, "no terminator"),
    ("structure", "func.func @f() {\n  cf.br ^x\n^x:\n}\n", 3, 1, "empty"),
    ("structure", "func.func @f() {\n}\n", 1, 16, "body of a function is empty"),
    ("structure", "func.func @f() {\n^e:\n  cf.br ^e\n}\n", 3, 9, "first block"),
    ("structure", "func.func @f(%a: i32) {\n^e(%b: i32):\n  return\n}\n", 2, 1, "header names its arguments"),
    ("branch", function("  cf.br ^x(%a : i32)\n^x:"), 2, 9, "passes 1 operands"),
    ("branch", function("  cf.br ^x(%c : i1)\n^x(%y: i32):"), 2, 12, "%c is i1"),
    (
        "branch",
        function('  "cf.br"(%a, %a)[^x] : (i32, i32) -> ()\n^x(%y: i32):'),
        2,
        19,
        "passes 2 operands",
    ),
    (
        "branch",
        function(
            '  "cf.cond_br"(%c, %a)[^x, ^y] <{operandSegmentSizes = array<i32: 1, 1, 0>}> : (i1, i32) -> ()\n'
            "^x:\n  return\n^y:"
        ),
        2,
        24,
        "passes 1 operands to ^x",
    ),
    ("signature", function('  "u"(%a) : () -> ()'), 2, 3, "1 operands but 0 operand types"),
    ("signature", function('  %x, %y = "u"() : () -> i32'), 2, 3, "1 result but 2 are named"),
    ("signature", function("  %x:2 = arith.addi %a, %a : i32"), 2, 3, "1 result but 2"),
    ("signature", function('  %x = "arith.addi"(%a) : (i32) -> i32'), 2, 8, "takes 2 operands"),
    ("signature", function('  "scf.if"(%c) ({\n  }) : (i1) -> ()'), 2, 3, "takes 2 regions"),
    ("type", function('  "u"(%a) : (i64) -> ()'), 2, 7, "%a is used as i64, but it is i32"),
    ("type", function("  arith.addi %a, %c : i32"), 2, 18, "%c is used as i32, but it is i1"),
    ("type", '"u"(%x) : (i64) -> ()\n%x = "u"() : () -> i32\n', 1, 5, "%x is used as i64"),
    (
        "type",
        '!t = tensor<4xi32>\n%x = "u"() : () -> !t\n"u"(%x) : (tensor<4xi64>) -> ()\n',
        3,
        5,
        "%x is used",
    ),
    ("symbol", "func.func private @f()\nfunc.func private @f()\n", 2, 1, "redefinition of symbol @f"),
    (
        "symbol",
        '"u"() {sym_name = "f"} : () -> ()\nfunc.func private @f()\n',
        2,
        1,
        "redefinition of symbol @f",
    ),
    ("symbol", function("  call @nothing() : () -> ()"), 2, 8, "@nothing, which is not defined"),
    ("symbol", function("  %x = memref.get_global @nothing : memref<4xi32>"), 2, 26, "not defined"),
    (
        "symbol",
        function("  call @m() : () -> ()") + "memref.global @m : memref<4xi32>\n",
        2,
        8,
        "is a memref.global",
    ),
    ("call", function("  call @f(%a) : (i32) -> ()"), 2, 8, "1 operands, the function 2"),
    ("call", function("  call @f(%a, %a) : (i32, i32) -> ()"), 2, 8, "i32 as number 1"),
    ("call", function("  %x = call @f(%a, %c) : (i32, i1) -> i32"), 2, 13, "1 results, the function 0"),
    ("return", "func.func @f(%a: i32) -> i32 {\n  return\n}\n", 2, 3, "returns 0 values"),
    ("return", "func.func @f(%a: i32) -> i64 {\n  return %a : i32\n}\n", 2, 3, "returns i32"),
    ("alias", '"u"() {k = #a} : () -> ()\n', 1, 12, "undefined alias #a"),
    ("alias", '"u"() {k = #a} : () -> ()\n#a = 1 : i32\n', 1, 12, "before it is defined"),
    ("alias", "#a = #b\n#b = 1 : i32\n", 1, 6, "undefined alias #b"),
    ("alias", "#a = 1 : i32\n#a = 2 : i32\n", 2, 1, "redefinition of the alias #a"),
    ("alias", '"u"() : () -> () loc(#l)\n', 1, 22, "undefined alias #l"),
    ("alias", '"u"() : () -> () loc(#l)\n#l = 1 : i32\n', 1, 22, "no location"),
    ("alias", "foo.bar : !t\n", 1, 11, "undefined alias !t"),
    ("alias", '"u"() ({\n  "v"() : () -> ()\n}) {k = #a} : () -> ()\n', 3, 9, "undefined alias #a"),
]


@pytest.mark.parametrize(("code", "text", "line", "column", "message"), BROKEN)
def test_broken(code: str, text: str, line: int, column: int, message: str) -> None:
    found = findings(text)
    assert len(found) == 1, "\n".join(map(str, found))
    first = found[0]
    assert (first.code, first.line, first.column) == (code, line, column), first.render()
    assert message in first.message
    assert first.file == "m.mlir"
    with pytest.raises(VerifyError) as caught:
        parse(text).verify()
    assert caught.value.message == first.message


def test_unreachable_blocks_are_free() -> None:
    text = function('  return\n^x:\n  "u"(%y) : (i32) -> ()\n  %y = "u"() : () -> i32')
    assert findings(text) == []


def test_names_may_be_reused_where_they_are_not_visible() -> None:
    text = "func.func @f() {\n  %0 = arith.constant 1 : i32\n  return\n}\n"
    assert findings(text + text.replace("@f", "@g")) == []
    reused = function('  scf.if %c {\n    %0 = "u"() : () -> i32\n  }\n  %0 = "u"() : () -> i32')
    assert findings(reused) == []
    inner = function('  %0 = "u"() ({\n    %0 = "u"() : () -> i32\n  }) : () -> i32')
    assert findings(inner) == []


def test_notes_point_at_the_other_place() -> None:
    (found,) = findings(function('  %a = "u"() : () -> i32'))
    assert [(note.line, note.column, note.severity) for note in found.notes] == [(1, 14, "note")]
    (found,) = findings(function('  "u"(%a) : (i64) -> ()'))
    assert (found.notes[0].line, found.notes[0].column) == (1, 14)
    assert "^~" in found.render()


def test_hints_name_what_was_meant() -> None:
    (found,) = findings('%value = "u"() : () -> i32\n"u"(%valeu) : (i32) -> ()\n')
    assert found.hint == "did you mean %value?"
    (found,) = findings("func.func private @compute()\n" + function("  call @conpute() : () -> ()"))
    assert found.hint == "did you mean @compute?"


def test_syntax_and_structure_together() -> None:
    text = '"u"() {k = 300 : i8} : () -> ()\n"u"(%x) : (i32) -> ()\n'
    assert [found.code for found in findings(text)] == ["syntax", "undefined"]
    with pytest.raises(VerifyError):
        parse("func.func @f( {\n", lazy=True).verify()
    assert parse("func.func @f( {\n", lazy=True).diagnostics()


def test_edited_modules_are_checked_as_they_print() -> None:
    module = parse(function('  %x = "u"() : () -> i32\n  "v"(%x) : (i32) -> ()'))
    assert module.diagnostics() == []
    user = next(op for op in module.walk() if op.name == "v")
    user.move_before(user.prev)
    (found,) = module.diagnostics()
    assert (found.code, found.line) == ("dominance", 2)


def test_findings_are_bounded() -> None:
    text = "".join(f'"u"(%x{number}) : (i32) -> ()\n' for number in range(200))
    assert len(findings(text)) == 50


@pytest.mark.parametrize("depth", [20_000])
def test_depth_and_width(depth: int) -> None:
    text = (
        '%v = "u"() : () -> i32\n'
        + '"a"() ({\n' * depth
        + '"b"(%v) : (i32) -> ()\n'
        + "}) : () -> ()\n" * depth
    )
    assert findings(text) == []
    blocks = "".join(f"^b{number}:\n  cf.cond_br %c, ^b{number + 1}, ^b{depth}\n" for number in range(depth))
    assert findings(function(f'  cf.br ^b0\n{blocks}^b{depth}:\n  "u"(%a) : (i32) -> ()')) == []


def test_dominators() -> None:
    assert immediate_dominators([[1, 2], [3], [3], []]) == [-1, 0, 0, 0]
    assert immediate_dominators([[1], [2, 3], [1], []]) == [-1, 0, 1, 1]
    assert immediate_dominators([[], [0]]) == [-1, -2]
    assert immediate_dominators([[1, 5], [2], [3, 4], [1], [6], [6], [7], [0]]) == [-1, 0, 1, 2, 2, 0, 0, 6]


@pytest.mark.parametrize("seed", range(20))
def test_dominators_against_the_definition(seed: int) -> None:
    import random

    random.seed(seed)
    count = random.randint(1, 12)
    graph = [[random.randrange(count) for _ in range(random.randint(0, 3))] for _ in range(count)]

    def reached(without: int) -> set[int]:
        seen: set[int] = set()
        stack = [] if without == 0 else [0]
        while stack:
            node = stack.pop()
            if node not in seen and node != without:
                seen.add(node)
                stack.extend(graph[node])
        return seen

    everything = reached(-1)
    found = immediate_dominators(graph)
    for node in range(count):
        if node not in everything:
            assert found[node] == -2
            continue
        strict = {above for above in everything if above != node and node not in reached(above)}
        chain = set()
        at = found[node]
        while at >= 0:
            chain.add(at)
            at = found[at]
        assert chain == strict


def test_a_real_mlir_is_asked_where_there_is_one() -> None:
    from approxir.codegen import upstream

    if not upstream.available():
        pytest.skip("no real MLIR is installed")
    sound = "func.func @f() {\n  return\n}\n"
    parse(sound).verify(using="mlir")
    text = "func.func @f(%a: i32) {\n  %0 = arith.constant dense<0> : i32\n  return\n}\n"
    assert parse(sound).diagnostics() == []
    with pytest.raises(VerifyError):
        parse(text).verify(using="mlir")


# The approx dialect.

KNOB = """func.func @f(%a: i32, %m: memref<?xf32>) -> f32 {
  %r = "approx.knob"(%a, %m) <{id = 1 : i32, transform_types = ["loop_perforate"]}> ({
    "approx.decision_tree"(%a) <{num_thresholds = 2 : i32, thresholds = array<i32: 5, 10>,
        decisions = array<i32: 0, 1, 2>, thresholds_lowers = array<i32: 1, 1>,
        thresholds_uppers = array<i32: 40, 40>, transform_type = "loop_perforate"}> ({
    ^bb0(%s: i32):
      "approx.yield"(%s) : (i32) -> ()
    }) : (i32) -> ()
    "approx.transform"() <{transform_type = "loop_perforate", knob_val = 1 : i32}> : () -> ()
    %x = arith.constant 1.0 : f32
    %ok = arith.constant true
    "approx.try"(%a) <{recover = "g"}> ({
    ^bb0(%t: i32):
      "approx.yield"(%ok) : (i1) -> ()
    }) : (i32) -> ()
    "approx.yield"(%x) : (f32) -> ()
  }) : (i32, memref<?xf32>) -> f32
  return %r : f32
}
"""
OUTSIDE = '"approx.transform"() <{knob_val = 1 : i32}> : () -> ()\n'

APPROX = [
    ("C1", '"approx.yield"(%x) : (f32)', '"approx.yield"(%a) : (i32)'),
    ("C1", '"approx.yield"(%x) : (f32)', '"approx.yield"() : ()'),
    ("C1", '    "approx.yield"(%x) : (f32) -> ()\n', ""),
    ("C2", "^bb0(%s: i32):", "^bb0(%s: i64):"),
    ("C2", "^bb0(%s: i32):", "^bb0(%s: i32, %u: i32):"),
    ("C3", '"approx.yield"(%s) : (i32)', '"approx.yield"(%s, %s) : (i32, i32)'),
    ("C4", "^bb0(%t: i32):", "^bb0:"),
    ("C4", "^bb0(%t: i32):", "^bb0(%t: f32):"),
    ("C5", '"approx.yield"(%ok) : (i1)', '"approx.yield"(%a) : (i32)'),
    ("C6", "func.func @f", OUTSIDE + "func.func @f"),
    ("C7", "  return %r", '  "u"() ({\n    "approx.yield"() : () -> ()\n  }) : () -> ()\n  return %r'),
    ("C8", "array<i32: 0, 1, 2>", "array<i32: 0, 1>"),
    ("C9", "num_thresholds = 2", "num_thresholds = 3"),
    ("C10", "thresholds_lowers = array<i32: 1, 1>", "thresholds_lowers = array<i32: 1>"),
    ("C11", "id = 1 : i32", "id = 1 : i64"),
    ("C11", "thresholds = array<i32: 5, 10>", "thresholds = [5, 10]"),
    ("C11", 'transform_type = "loop_perforate", knob', "transform_type = 3 : i32, knob"),
    ("C12", '<{recover = "g"}> ', ""),
]


@pytest.mark.parametrize("prefix", approx.PREFIXES)
def test_approx_sound(prefix: str) -> None:
    text = KNOB.replace("approx.", prefix)
    assert findings(text) == []


@pytest.mark.parametrize(("rule", "old", "new"), APPROX)
@pytest.mark.parametrize("prefix", approx.PREFIXES)
def test_approx_rules(rule: str, old: str, new: str, prefix: str) -> None:
    assert KNOB.count(old) == 1
    found = findings(KNOB.replace(old, new).replace("approx.", prefix))
    # A wrong type of an argument is a wrong type where it is used, too.
    assert f"[{rule}]" in found[0].message, "\n".join(map(str, found))
    assert len(found) == 1 or "i64" in new
    assert found[0].code == "approx"


def test_approx_pretty_form() -> None:
    text = """func.func @f(%a: i32) -> i32 {
  %r = approx.knob(%a) <{id = 1 : i32}> ({
    approx.decision_tree(%a) <{thresholds = array<i32: 5>, decisions = array<i32: 0, 1>}> state {
    ^bb0(%s: i32):
      approx.yield %s : i32
    }
    approx.yield %a : i32
  }) : (i32) -> i32
  return %r : i32
}
"""
    assert findings(text) == []
    (found,) = findings(text.replace("approx.yield %s : i32", "approx.yield %s, %s : i32, i32"))
    assert "[C3]" in found.message


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("func.func @f(%a: i32) -> i32 {\n  retrun %a : i32\n}\n", "did you mean return?"),
        ("modul @m {\n}\n", "did you mean module?"),
        ("module {\n  zzz @a : i32\n}\n", "write its dialect and a dot before its name"),
    ],
)
def test_a_name_without_a_dialect_must_be_known(text: str, hint: str) -> None:
    (finding,) = findings(text)
    assert (finding.code, finding.hint) == ("operation", hint)
    assert finding.message.startswith("there is no operation '")


@pytest.mark.parametrize(
    "text",
    [
        "their.module {\n  zzz %a\n}\n",
        "func.func @f(%a: i32) -> i32 {\n  %c = constant 1 : i32\n  return %a : i32\n}\n",
        '"zzz"() : () -> ()\n',
    ],
)
def test_a_name_without_a_dialect_may_be_known_to_others(text: str) -> None:
    assert all(finding.code != "operation" for finding in findings(text))
