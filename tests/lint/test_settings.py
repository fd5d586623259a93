"""Which rules run: from Python and from pyproject.toml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from approxir.errors import ApproxIRError
from approxir.lint import registry
from approxir.lint.settings import LintSettings, SettingsError, find_settings


def codes(settings: LintSettings, file: str = "a.mlir") -> set[str]:
    return {rule.code for rule in settings.rules_for(file)}


ON = {rule.code for rule in registry.rules() if rule.enabled}


def test_defaults() -> None:
    assert codes(LintSettings()) == ON


def test_select_and_ignore() -> None:
    assert codes(LintSettings(select=("AX009",))) == {"AX009"}
    assert codes(LintSettings(select=("AX009",), extend_select=("AX012",))) == {"AX009", "AX012"}
    assert codes(LintSettings(select=("AX",))) == set(registry.codes())
    assert codes(LintSettings(ignore=("AX03",))) == {code for code in ON if not code.startswith("AX03")}
    assert codes(LintSettings(select=("AX009",), ignore=("AX",))) == set()
    assert codes(LintSettings(select=())) == set()


def test_per_file_ignores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = LintSettings(per_file_ignores={"old/*": ("AX030",), "x.mlir": ("AX009",)}, root=tmp_path)
    assert codes(settings, "new/a.mlir") == ON
    assert codes(settings, "old/deep/a.mlir") == ON - {"AX030"}
    assert codes(settings, str(tmp_path / "old" / "x.mlir")) == ON - {"AX030", "AX009"}
    assert codes(settings, "<stdin>") == ON


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"select": ("AX9999",)}, "unknown rule 'AX9999'"),
        ({"ignore": ("",)}, "unknown rule ''"),
        ({"per_file_ignores": {"*": ("ax009",)}}, "unknown rule 'ax009'"),
        ({"severity": {"AX00": "error"}}, "unknown rule 'AX00'; did you mean AX0"),
        ({"severity": {"AX009": "eror"}}, "unknown severity 'eror'; did you mean error?"),
    ],
)
def test_wrong_settings(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        LintSettings(**wrong)
    assert str(caught.value).startswith(message)
    assert isinstance(caught.value, ApproxIRError)


def project(folder: Path, table: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "pyproject.toml"
    file.write_text(table)
    return file


def test_the_nearest_table_counts(tmp_path: Path) -> None:
    project(tmp_path, '[tool.approxir.lint]\nselect = ["AX009"]\n')
    project(tmp_path / "a" / "b", "[project]\nname = 'without'\n")
    assert find_settings(tmp_path / "a" / "b" / "c.mlir").select == ("AX009",)
    project(tmp_path / "a", "[tool.approxir.lint]\nlowered = true\n")
    assert find_settings(tmp_path / "a" / "b" / "c.mlir") == LintSettings(lowered=True, root=tmp_path / "a")


def test_all_keys(tmp_path: Path) -> None:
    project(
        tmp_path,
        """
        [tool.approxir.lint]
        select = ["AX0"]
        extend-select = ["AX030"]
        ignore = ["AX012"]
        severity = { AX009 = "warning" }
        per-file-ignores = { "x/*" = ["AX"] }
        known-transforms = ["mine"]
        lowered = false
        """,
    )
    assert find_settings(tmp_path / "a.mlir") == LintSettings(
        select=("AX0",),
        extend_select=("AX030",),
        ignore=("AX012",),
        severity={"AX009": "warning"},
        per_file_ignores={"x/*": ("AX",)},
        known_transforms=("mine",),
        root=tmp_path,
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ignored = []", "unknown key 'ignored'; did you mean ignore?"),
        ("extend_select = []", "unknown key 'extend_select'; did you mean extend-select?"),
        ('select = "AX009"', "select has to be an array of strings"),
        ("ignore = [9]", "ignore has to be an array of strings"),
        ('ignore = ["AX99"]', "unknown rule 'AX99'"),
        ("severity = { AX009 = 1 }", "severity has to be a table"),
        ('per-file-ignores = ["AX009"]', "per-file-ignores has to be a table"),
        ('per-file-ignores = { "*" = "AX009" }', 'per-file-ignores."*" has to be an array'),
        ("lowered = 1", "lowered has to be true or false"),
        ("lowered = ", "Invalid value"),
    ],
)
def test_wrong_files(tmp_path: Path, text: str, message: str) -> None:
    file = project(tmp_path, f"[tool.approxir.lint]\n{text}\n")
    with pytest.raises(SettingsError) as caught:
        find_settings(tmp_path / "a.mlir")
    assert str(caught.value).startswith(f"{file}: ")
    assert message in str(caught.value)


def test_lint_has_to_be_a_table(tmp_path: Path) -> None:
    project(tmp_path, "[tool.approxir]\nlint = 1\n")
    with pytest.raises(SettingsError, match="has to be a table"):
        find_settings(tmp_path / "a.mlir")
