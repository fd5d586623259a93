"""Running rules and applying fixes, whatever the rules are."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from functools import partial

import pytest

import approxir
from approxir.ir.module import Module
from approxir.ir.operation import Operation
from approxir.ir.symbols import SymbolTable
from approxir.lint import registry
from approxir.lint.context import Context
from approxir.lint.rule import SYNTAX, Finding, Fix, Rule
from approxir.lint.runner import FixError, fix_module, lint_module
from approxir.lint.settings import LintSettings

LOST = '"approx.util.annotation.convert_to_call"() <{func_name = "lost"}> : () -> ()'
UNREADABLE = '"approx.util.annotation.convert_to_call"() <{func_name = <%}> : () -> ()'
KNOB = """\
  "approx.knob"() <{id = %s : i32}> ({
    "approx.transform"() <{transform_type = "loop_perforate", knob_val = 0 : i32}> : () -> ()
    "approx.yield"() : () -> ()
  }) : () -> ()
"""


class Counting(Rule):
    """Finds every ``t.n`` whose ``n`` is not ten, and counts it up."""

    code = "AX901"
    name = "counting"
    severity = "error"
    summary = why = bad = good = ""

    def check(self, context: Context) -> Iterator[Finding]:
        for op in context.operations:
            if op.name == "t.n" and op.attributes["n"].value != 10:  # type: ignore[attr-defined]
                yield self.finding(op, "too small", at="n", fix=Fix("add one", partial(self.fix, op)))

    def fix(self, op: Operation) -> None:
        op.attributes["n"] = op.attributes["n"].value + 1  # type: ignore[attr-defined]


class Useless(Counting):
    def fix(self, op: Operation) -> None:
        pass


class Spoiling(Counting):
    """Renames to something with an attribute that cannot be read."""

    def fix(self, op: Operation) -> None:
        op._patches = {(op.start, op.end): UNREADABLE}
        op._touch()


class Erasing(Counting):
    def fix(self, op: Operation) -> None:
        op.erase()


def use(monkeypatch: pytest.MonkeyPatch, *rules: Rule) -> None:
    monkeypatch.setattr(registry, "rules", lambda: rules)
    monkeypatch.setattr(registry, "codes", lambda: tuple(rule.code for rule in rules))


def test_importing_lint_loads_no_rule() -> None:
    script = (
        "import sys, approxir, approxir.lint, approxir.lint.runner\n"
        "print([name for name in sys.modules if name.startswith('approxir.lint.rules')])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_findings_are_in_the_order_of_the_text() -> None:
    text = f"module {{\n{KNOB % 1}{KNOB % 1}  {LOST.replace('approx', 'approxMLIR', 1)}\n  {LOST}\n}}\n"
    findings = lint_module(approxir.parse(text))
    assert [finding.code for finding in findings] == ["AX009", "AX030", "AX012", "AX012"]
    offsets = [finding.offset for finding in findings]
    assert offsets == sorted(offsets)


def test_a_finding_knows_its_place() -> None:
    module = approxir.parse(f"module {{\n{KNOB % 1}{KNOB % 1}}}\n", file="a.mlir")
    (finding,) = lint_module(module)
    assert module.source.text[finding.offset : finding.offset + finding.length].startswith("1")
    assert finding.operation in list(module.walk())
    diagnostic = finding.diagnostic()
    assert (diagnostic.file, diagnostic.line, diagnostic.column) == ("a.mlir", 6, 26)
    assert finding.end == (6, 26 + finding.length)
    assert (diagnostic.code, diagnostic.severity) == ("AX009", "error")
    assert [(note.line, note.column, note.severity) for note in diagnostic.notes] == [(2, 3, "note")]


def test_an_attribute_that_the_text_does_not_spell_is_found_at_the_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Absent(Counting):
        def check(self, context: Context) -> Iterator[Finding]:
            yield self.finding(context.operations[0], "absent", at="m")

    use(monkeypatch, Absent())
    (finding,) = lint_module(approxir.parse('"t.n"() {n = 8} : () -> ()'))
    assert (finding.offset, finding.length) == (0, len('"t.n"'))


def test_an_edited_module_is_linted_as_it_would_be_printed() -> None:
    module = approxir.parse(f"module {{\n{KNOB % 1}{KNOB % 2}}}\n")
    assert lint_module(module) == []
    module.find("approx.knob")[1].attributes["id"] = 1
    assert [finding.code for finding in lint_module(module)] == ["AX009"]


def test_severities() -> None:
    module = approxir.parse(LOST)
    (finding,) = lint_module(module, LintSettings(severity={"AX012": "note"}))
    assert finding.severity == "note"
    assert finding.diagnostic().header().split(": ")[1] == "note"


def test_text_that_is_no_mlir() -> None:
    (finding, *_) = lint_module(approxir.parse("module {\n", lazy=True), LintSettings(ignore=("AX",)))
    assert (finding.code, finding.severity, finding.operation) == (SYNTAX, "error", None)


@pytest.mark.parametrize("lazy", [False, True])
def test_unreadable_attributes_are_one_finding(lazy: bool) -> None:
    text = f"module {{\n  {LOST}\n  {UNREADABLE}\n  {LOST}\n}}\n"
    findings = lint_module(approxir.parse(text, lazy=lazy))
    assert [(one.code, one.diagnostic().line) for one in findings] == [
        ("AX012", 2),
        (SYNTAX, 3),
        ("AX012", 4),
    ]


def test_a_rule_that_cannot_read_on_keeps_its_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Counting(), Counting())
    text = '"t.n"() {n = 8} : () -> ()\n"t.n"() {n = <%} : () -> ()\n'
    assert [one.code for one in lint_module(approxir.parse(text))] == ["AX901", "AX901", SYNTAX]


def test_fixes() -> None:
    old = KNOB.replace("approx.", "approxMLIR.")
    text = f"// Kept.\nfunc.func   @f() {{\n{KNOB % 1}{old % 1}{old % 0}{KNOB % 1}return\n}}\n"
    module = approxir.parse(text)
    fixed, applied = fix_module(module)
    assert str(module) == text
    assert (
        str(fixed) == f"// Kept.\nfunc.func   @f() {{\n{KNOB % 1}{KNOB % 2}{KNOB % 0}{KNOB % 3}return\n}}\n"
    )
    assert [one.code for one in applied].count("AX030") == 6
    assert [one.code for one in applied].count("AX009") == 2
    assert lint_module(fixed) == []


def test_a_knob_outside_of_functions_keeps_its_id() -> None:
    module = approxir.parse(f"module {{\n{KNOB % 1}{KNOB % 1}}}\n")
    (finding,) = lint_module(module)
    assert (finding.code, finding.fix) == ("AX009", None)
    assert fix_module(module)[1] == []


def test_silenced_findings_are_not_fixed() -> None:
    text = f"{LOST.replace('approx', 'approxMLIR', 1)} // approxir: disable=AX012,AX030\n"
    fixed, applied = fix_module(approxir.parse(text))
    assert (str(fixed), applied) == (text, [])


def test_nothing_is_fixed_in_text_that_is_no_mlir() -> None:
    fixed, applied = fix_module(approxir.parse("module {\n", lazy=True))
    assert (str(fixed), applied) == ("module {\n", [])


def test_unreadable_attributes_do_not_keep_others_from_being_fixed() -> None:
    text = f"module {{\n  {UNREADABLE}\n  {LOST}\n}}\n"
    old = text.replace(LOST, LOST.replace("approx", "approxMLIR", 1))
    assert str(fix_module(approxir.parse(old))[0]) == text


def test_fixes_are_repeated_until_there_is_nothing_left(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Counting())
    fixed, applied = fix_module(approxir.parse('"t.n"() {n = 7} : () -> ()\n'))
    assert str(fixed) == '"t.n"() {n = 10} : () -> ()\n'
    assert len(applied) == 3


def test_fixes_that_do_not_converge_name_the_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Counting())
    module = approxir.parse('"t.n"() {n = 7} : () -> ()\n', file="a.mlir")
    with pytest.raises(FixError, match=r"a\.mlir still needs fixing after 2 rounds.*AX901") as caught:
        fix_module(module, limit=2)
    assert caught.value.codes == ("AX901",)
    fix_module(module, limit=3)


@pytest.mark.parametrize(
    ("rule", "message"), [(Useless(), "nothing was changed"), (Spoiling(), "the fixed text is not MLIR")]
)
def test_broken_fixes(monkeypatch: pytest.MonkeyPatch, rule: Rule, message: str) -> None:
    use(monkeypatch, rule)
    with pytest.raises(FixError, match=message):
        fix_module(approxir.parse('"t.n"() {n = 7} : () -> ()\n'))


def test_one_fix_for_an_operation_and_none_for_an_erased_one(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Erasing(), Erasing())
    text = 't.m\n"t.n"() <{n = 7}> ({\n  "t.n"() {n = 7} : () -> ()\n}) : () -> ()\n'
    fixed, applied = fix_module(approxir.parse(text))
    assert str(fixed).strip() == "t.m"
    assert len(applied) == 1


def test_one_walk_and_one_table_for_all_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    walks, tables = [], []
    walk, init = Module.walk, SymbolTable.__init__
    monkeypatch.setattr(Module, "walk", lambda self: walks.append(1) or walk(self))  # type: ignore[func-returns-value]

    def counted(self: SymbolTable, region: approxir.Region) -> None:
        tables.append(1)
        init(self, region)

    monkeypatch.setattr(SymbolTable, "__init__", counted)
    settings = LintSettings(select=("AX000", "AX009", "AX012", "AX030"))
    findings = lint_module(approxir.parse("module {\n" + f"  {LOST}\n" * 100 + "}\n"), settings)
    assert len(findings) == 100
    assert len(walks) == 1
    assert len(tables) == 2


def test_hints_are_given_for_the_first_of_very_many_unknown_names() -> None:
    functions = "".join(f"  func.func private @lost_{number}()\n" for number in range(1500))
    findings = lint_module(approxir.parse("module {\n" + f"  {LOST}\n" * 100 + functions + "}\n"))
    hints = [finding.hint for finding in findings if finding.code == "AX012"]
    assert hints[0] == "did you mean 'lost_9'?"
    assert hints[-1] is None


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("test.thing é 4", 14),
        ("é", 3),
        ('"test.thing"() {a = é} : () -> ()', 23),
        ("arith.addi foo", 14),
        ('"test.thing"() : i3x2 () -> ()', 25),
    ],
)
def test_what_cannot_be_read_is_a_finding_whether_or_not_a_rule_asks(line: str, column: int) -> None:
    module = approxir.parse(f"func.func @f() {{\n  {line}\n  return\n}}\n", lazy=True)
    for found in (lint_module(module), lint_module(module, LintSettings(select=("AX001",)))):
        (place,) = [one.diagnostic() for one in found]
        assert (found[0].code, found[0].severity, place.line, place.column) == (SYNTAX, "error", 2, column)
