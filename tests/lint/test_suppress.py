"""Comments that silence findings: which lines they are about, and what is wrong with some."""

from __future__ import annotations

import pytest

import approxir
from approxir.lint.runner import lint_module
from approxir.lint.settings import LintSettings
from approxir.lint.suppress import find_suppressions
from approxir.syntax.source import Source

LOST = '"approx.util.annotation.convert_to_call"() <{func_name = "lost"}> : () -> ()'


def suppressions(text: str) -> list[tuple[str, int | None]]:
    return [(one.code, one.line) for one in find_suppressions(Source(text)) if one.problem is None]


def found(text: str, settings: LintSettings | None = None) -> list[tuple[int, str, str]]:
    return [
        (finding.diagnostic().line, finding.code, finding.message)
        for finding in lint_module(approxir.parse(text), settings)
    ]


@pytest.mark.parametrize(
    ("comment", "codes"),
    [
        ("// approxir: disable=AX012", ["AX012"]),
        ("//approxir:disable=AX012", ["AX012"]),
        ("/// approxir:  disable = AX012 ,AX001", ["AX012", "AX001"]),
        ("// approxir: disable=AX012,", ["AX012"]),
        ("// approxir: disable=all -- AX001, I know", ["all"]),
        ("// approxir: disable=AX012--why", ["AX012"]),
        ("// approxir: disable=AX012\r", ["AX012"]),
        ("// approxir: disable=AX012 // expect: AX001", ["AX012"]),
        ("// approxir: disable=AX012 AX001", ["AX012 AX001"]),
        ("// see approxir: disable=AX012", []),
        ("// approxir disable=AX012", []),
    ],
)
def test_codes(comment: str, codes: list[str]) -> None:
    assert [code for code, _ in suppressions(f"a.b {comment}\n")] == codes


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a.b // approxir: disable=AX012\nc.d\n", 1),
        ("// approxir: disable=AX012\nc.d\n", 2),
        ("  // approxir: disable=AX012\n  // approxir: disable=AX001\n\t\r\n // more\r\nc.d", 5),
        ("// approxir: disable=AX012", 1),
        ("// approxir: disable=AX012\n\n", 3),
        ("// approxir: disable-file=AX012\nc.d\n", None),
    ],
)
def test_lines(text: str, line: int | None) -> None:
    assert suppressions(text)[0] == ("AX012", line)


def test_comments_in_strings_are_none() -> None:
    assert suppressions('a.b {c = "\\" // approxir: disable=AX012"}\n') == []


def test_places_of_codes() -> None:
    text = "// approxir: disable=AX012,  AX999\n"
    last = list(find_suppressions(Source(text)))[-1]
    assert text[slice(*last.span)] == "AX999"


def test_a_comment_silences_its_line_and_no_other() -> None:
    assert found(f"{LOST} // approxir: disable=AX012\n") == []
    assert [line for line, _, _ in found(f"{LOST} // approxir: disable=AX012\n{LOST}\n")] == [2]
    assert found(f"// approxir: disable=AX012\n{LOST}\n") == []
    assert found(f"{LOST}\n{LOST}\n// approxir: disable-file=AX012\n") == []


def test_other_rules_are_not_silenced() -> None:
    text = LOST.replace("approx.", "approxMLIR.")
    assert [code for _, code, _ in found(f"{text} // approxir: disable=AX012")] == ["AX030"]


@pytest.mark.parametrize(
    ("comment", "message", "hint"),
    [
        ("disable=AX01", "no rule has the code 'AX01'", "write whole codes"),
        ("disable=ax009", "no rule has the code 'ax009'", "did you mean AX009?"),
        (
            "disable=old-prefix",
            "no rule has the code 'old-prefix'",
            "did you mean AX030, which is old-prefix?",
        ),
        ("disable=AX009", "no AX009 is found on line 1", "remove it"),
        ("disable-file=AX009", "no AX009 is found in the file", "remove it"),
        ("disable=all", "nothing is found on line 1", "remove it"),
        ("disable=AX000", "AX000 cannot be silenced by a comment", "ignore it"),
        ("disable", "'disable' names no rule", "write disable=AX012"),
        ("disable= -- why", "'disable' names no rule", "write disable=AX012"),
        ("disabel=AX009", "'disabel' is no directive for approxir", "did you mean disable?"),
        ("", "'' is no directive for approxir", "write disable"),
    ],
)
def test_useless_comments(comment: str, message: str, hint: str) -> None:
    (finding,) = lint_module(approxir.parse(f"module {{}} // approxir: {comment}\n"))
    assert (finding.code, finding.severity, finding.message) == ("AX000", "warning", message)
    assert finding.hint is not None
    assert finding.hint.startswith(hint)
    assert finding.length > 0


def test_a_code_that_is_far_from_any_has_no_hint() -> None:
    (finding,) = lint_module(approxir.parse("module {} // approxir: disable=AX999\n"))
    assert finding.hint is None


def test_a_comment_about_a_rule_that_does_not_run_is_not_useless() -> None:
    text = "module {} // approxir: disable=AX009\nmodule {} // approxir: disable=all\n"
    assert len(found(text)) == 2
    assert found(text, LintSettings(ignore=("AX009",))) == []
    assert found(text, LintSettings(ignore=("AX000",))) == []
    assert [line for line, _, _ in found(text, LintSettings(select=("AX000", "AX009")))] == [1]


def test_useless_comments_cannot_hide_themselves() -> None:
    text = "module {} // approxir: disable=AX999\n// approxir: disable-file=all\n"
    assert [code for _, code, _ in found(text)] == ["AX000", "AX000"]
