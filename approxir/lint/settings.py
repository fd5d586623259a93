"""Which rules run and how severe they are, from Python, the command line or ``pyproject.toml``.

[tool.approxir.lint]
select = ["AX0"]                          # codes and prefixes; without it, every rule on by default
extend-select = ["AX031"]
ignore = ["AX030"]
severity = { AX012 = "warning" }
per-file-ignores = { "tests/*" = ["AX"] }
known-transforms = ["my_transform"]       # legal as transform_type, besides those of approxir
lowered = false                           # whether the files are what the pipeline leaves
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, get_args

from approxir.errors import ApproxIRError, Severity
from approxir.lint import registry
from approxir.lint.rule import Rule
from approxir.nearest import did_you_mean


class SettingsError(ApproxIRError):
    """Settings that mean nothing: an unknown key, rule or severity, or a value of the wrong type."""


@dataclass(frozen=True, slots=True)
class LintSettings:
    """What to look for.

    Rules are named by their codes or by prefixes of them. Raises `SettingsError` for one that names none.
    """

    select: tuple[str, ...] | None = None
    """The rules to run; None for all that are on by default."""
    extend_select: tuple[str, ...] = ()
    """Rules to run besides."""
    ignore: tuple[str, ...] = ()
    """Rules not to run, even though they were selected."""
    severity: Mapping[str, Severity] = field(default_factory=dict)
    """Other severities than a rule's own, by code."""
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Rules not to run on files that match a pattern; ``*`` matches any characters, slashes too."""
    known_transforms: tuple[str, ...] = ()
    """Legal values of ``transform_type`` besides approxir's own."""
    lowered: bool = False
    """Whether the module is what the pipeline leaves, so that no approx operation may be in it."""
    root: Path | None = None
    """The folder that patterns for files are relative to; None for the current one."""

    def __post_init__(self) -> None:
        _check_selectors((*(self.select or ()), *self.extend_select, *self.ignore))
        for selectors in self.per_file_ignores.values():
            _check_selectors(selectors)
        for code, severity in self.severity.items():
            if code not in registry.codes():
                raise SettingsError(_unknown("rule", code, registry.codes()))
            if severity not in get_args(Severity):
                raise SettingsError(_unknown("severity", severity, get_args(Severity)))

    def rules_for(self, file: str) -> tuple[Rule, ...]:
        """The rules to run on a file."""
        ignored = list(self.ignore)
        if self.per_file_ignores:
            names = self._names(file)
            for pattern, selectors in self.per_file_ignores.items():
                if any(fnmatchcase(name, pattern) for name in names):
                    ignored += selectors
        return tuple(
            rule
            for rule in registry.rules()
            if self._selects(rule) and not rule.code.startswith(tuple(ignored))
        )

    def _selects(self, rule: Rule) -> bool:
        chosen = rule.enabled if self.select is None else rule.code.startswith(self.select)
        return chosen or rule.code.startswith(self.extend_select)

    def _names(self, file: str) -> set[str]:
        """What a pattern may match: the path from the root, and the bare name."""
        path = Path(file).absolute()
        root = (self.root or Path()).absolute()
        relative = path.relative_to(root) if path.is_relative_to(root) else path
        return {relative.as_posix(), path.name}


def _unknown(what: str, name: str, names: Iterable[str]) -> str:
    known = tuple(names)
    hint = did_you_mean(name, known)
    return f"unknown {what} '{name}'" + (f"; {hint}" if hint else "")


def _check_selectors(selectors: Iterable[str]) -> None:
    for selector in selectors:
        if not selector or not any(code.startswith(selector) for code in registry.codes()):
            raise SettingsError(_unknown("rule", selector, registry.codes()))


# Reading them from a file.


def find_settings(path: str | Path) -> LintSettings:
    """The settings for a file: of the nearest ``pyproject.toml`` above it with ``[tool.approxir.lint]``.

    Raises `SettingsError`, with the file's name, for settings that mean nothing and for broken TOML.
    """
    for folder in Path(path).absolute().parents:
        file = folder / "pyproject.toml"
        if file.is_file():
            table = _lint_table(file)
            if table is not None:
                return read_settings(table, file)
    return LintSettings()


def read_settings(table: Mapping[str, Any], file: Path) -> LintSettings:
    """The settings that a ``[tool.approxir.lint]`` table of a file spells."""
    held: dict[str, Any] = {}
    try:
        for key, value in table.items():
            read = _READERS.get(key)
            if read is None:
                raise SettingsError(_unknown("key", key, _READERS))
            held[key.replace("-", "_")] = read(key, value)
        return LintSettings(**held, root=file.parent)
    except SettingsError as error:
        raise SettingsError(f"{file}: [tool.approxir.lint]: {error}") from None


def _lint_table(file: Path) -> Mapping[str, Any] | None:
    try:
        table: Any = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: {error}") from None
    for key in ("tool", "approxir", "lint"):
        table = table.get(key) if isinstance(table, dict) else None
    if table is not None and not isinstance(table, dict):
        raise SettingsError(f"{file}: tool.approxir.lint has to be a table")
    return table


def _strings(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise SettingsError(f"{key} has to be an array of strings")
    return tuple(value)


def _severities(key: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise SettingsError(f"{key} has to be a table of strings by rule")
    return dict(value)


def _patterns(key: str, value: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise SettingsError(f"{key} has to be a table of rules by pattern")
    return {pattern: _strings(f'{key}."{pattern}"', rules) for pattern, rules in value.items()}


def _flag(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise SettingsError(f"{key} has to be true or false")
    return value


_READERS: dict[str, Callable[[str, Any], Any]] = {
    "select": _strings,
    "extend-select": _strings,
    "ignore": _strings,
    "severity": _severities,
    "per-file-ignores": _patterns,
    "known-transforms": _strings,
    "lowered": _flag,
}
