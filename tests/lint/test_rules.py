"""Every rule: it says what it is about, its examples are examples, and its fixes are safe."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

import approxir
from approxir.errors import Severity
from approxir.lint import docs, registry
from approxir.lint.rule import Rule
from approxir.lint.runner import fix_module, lint_module

PAGES = Path(__file__).resolve().parents[2] / "docs" / "lint"

every_rule = pytest.mark.parametrize("rule", registry.rules(), ids=lambda rule: rule.code)


def test_rules_are_sorted_and_found_by_code() -> None:
    assert list(registry.codes()) == sorted(set(registry.codes()))
    assert {"AX000", "AX009", "AX012", "AX030"} <= set(registry.codes())
    names = [rule.name for rule in registry.rules()]
    assert len(set(names)) == len(names)
    assert registry.rule("AX009").name == "duplicate-knob-id"
    with pytest.raises(KeyError):
        registry.rule("AX")


@every_rule
def test_descriptions(rule: Rule) -> None:
    assert re.fullmatch(r"AX\d{3}", rule.code)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
    assert rule.severity in get_args(Severity)
    assert "\n" not in rule.summary
    assert not rule.summary.endswith(".")
    for text in (rule.why, rule.fix_note):
        assert text is None or (text.endswith(".") and "\n" not in text)
    for text in (rule.bad, rule.good):
        assert text.endswith("\n")
        approxir.parse(text).parse_all()


@every_rule
def test_the_bad_example_has_this_finding_only(rule: Rule) -> None:
    findings = docs.example_findings(rule, rule.bad)
    assert {finding.code for finding in findings} == {rule.code}
    for finding in findings:
        assert finding.length > 0
        assert not finding.message.endswith(".")
        assert (finding.fix is None) or rule.fix_note is not None
    if rule.fix_note is not None:
        assert any(finding.fix is not None for finding in findings)


@every_rule
def test_the_good_example_has_no_findings(rule: Rule) -> None:
    assert docs.example_findings(rule, rule.good) == []


@every_rule
def test_crlf_changes_nothing(rule: Rule) -> None:
    places = []
    for text in (rule.bad, rule.bad.replace("\n", "\r\n")):
        found = [finding.diagnostic() for finding in docs.example_findings(rule, text)]
        places.append([(one.line, one.column, one.message, one.source_line) for one in found])
    assert places[0] == places[1]


@every_rule
def test_the_fix_leaves_nothing_to_fix(rule: Rule) -> None:
    module = approxir.parse(rule.bad)
    settings = docs.example_settings(rule)
    fixed, applied = fix_module(module, settings)
    assert str(module) == rule.bad
    assert bool(applied) == (rule.fix_note is not None)
    assert all(finding.fix is None for finding in lint_module(fixed, settings))
    fixed.parse_all()
    again, more = fix_module(fixed, settings)
    assert (str(again), more) == (str(fixed), [])


def test_the_pages_are_up_to_date(tmp_path: Path) -> None:
    docs.write_pages(tmp_path)
    for folder in (tmp_path, PAGES):
        assert {path.name for path in folder.glob("*.md")} == set(docs.pages())
    for name, text in docs.pages().items():
        assert (PAGES / name).read_text(encoding="utf-8") == text, (
            f"docs/lint/{name} is out of date: run python -m approxir.lint.docs docs/lint"
        )


def test_pages_of_rules_that_are_gone_are_removed(tmp_path: Path) -> None:
    (tmp_path / "AX998.md").write_text("gone")
    docs.write_pages(tmp_path)
    assert not (tmp_path / "AX998.md").exists()
