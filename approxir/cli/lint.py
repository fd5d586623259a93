"""``approxir lint``: find what is legal but not meant, and fix it where that is safe."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from approxir.cli import streams
from approxir.errors import ApproxIRError, ParseError

if TYPE_CHECKING:
    from approxir.lint.rule import Finding
    from approxir.lint.settings import LintSettings

_SEVERITIES = ("error", "warning", "note")
_FORMATS = ("text", "json", "sarif", "github")


class _WrongSettings(click.ClickException):
    """Settings in a file that mean nothing are wrong usage, as options that mean nothing are."""

    exit_code = 2


@dataclass(slots=True)
class _Result:
    """What came of all files."""

    findings: list[Finding] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    fixed: int = 0
    changed: int = 0

    def fail(self, message: str) -> None:
        self.failures.append(message)
        click.echo(message, err=True)


@click.command(name="lint", short_help="Find what is legal but not meant.")
@click.argument("files", nargs=-1, metavar="FILE...")
@click.option("--fix", is_flag=True, help="Apply the fixes, and report what is left.")
@click.option(
    "--diff", is_flag=True, help="Write nothing; show what --fix would change, exit with 1 if anything."
)
@click.option("--select", multiple=True, metavar="CODE,...", help="Run just these rules (codes or prefixes).")
@click.option("--ignore", multiple=True, metavar="CODE,...", help="Do not run these rules.")
@click.option(
    "--severity", multiple=True, metavar="CODE=SEVERITY", help="Make a rule error, warning or note."
)
@click.option(
    "--fail-on", type=click.Choice(_SEVERITIES), default="error", help="What makes the exit status 1."
)
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", help="How to report findings.")
@click.option("-o", "--output", metavar="OUT", help="Write the report to OUT, not to standard output.")
@click.option("--lowered", is_flag=True, help="The files are what the pipeline leaves.")
@click.option("--known-transform", multiple=True, metavar="NAME", help="A transform_type that is legal, too.")
@click.option("--isolated", is_flag=True, help="Read no pyproject.toml.")
@click.option("--explain", metavar="CODE", help="Say what a rule is about, and stop.")
@click.option("--list-rules", is_flag=True, help="List the rules, and stop.")
@click.option("-q", "--quiet", is_flag=True, help="Leave out the closing line on standard error.")
def command(
    files: tuple[str, ...],
    fix: bool,
    diff: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    severity: tuple[str, ...],
    fail_on: str,
    form: str,
    output: str | None,
    lowered: bool,
    known_transform: tuple[str, ...],
    isolated: bool,
    explain: str | None,
    list_rules: bool,
    quiet: bool,
) -> int:
    """Find what the approx dialect forbids, or allows but is surely or probably not meant.

    A directory stands for all *.mlir files below it, '-' for standard input; with --fix, the fixed text of
    standard input goes to standard output, and the report to standard error. Settings are read from
    [tool.approxir.lint] in the nearest pyproject.toml above each file. Exit status: 1 when errors are found
    (and left, after fixing) or a file cannot be read, 2 for wrong usage or settings.

    \b
    Examples:
      approxir lint model.mlir
      approxir lint --fix models/                 fix what is safe to fix, in place
      approxir lint --fix --diff model.mlir       look before you leap
      approxir lint --ignore AX030 --severity AX012=warning *.mlir
      approxir lint --format sarif -o lint.sarif models/
      approxir lint --explain AX009
    """
    if explain is not None:
        return _explain(explain)
    if list_rules:
        return _list_rules()
    if not files:
        raise click.UsageError("Missing argument 'FILE...'.")
    if files.count(streams.STDIO) > 1:
        raise click.UsageError("'-' can be given only once.")
    change = _options(select, ignore, severity, lowered, known_transform)
    settings_for = _settings_reader(change, isolated)

    result = _Result()
    paths = list(_expand(files, result))
    if output is not None and output != streams.STDIO:
        real = os.path.realpath(output)
        if any(path != streams.STDIO and os.path.realpath(path) == real for path in paths):
            raise click.UsageError(f"the report would take the place of '{output}', which is to be linted.")
    # Wrong settings keep everything from being written, so that they come first.
    settings = [settings_for(path) for path in paths]
    for path, held in zip(paths, settings, strict=True):
        _lint_file(path, held, fix, diff, result)
    to_stderr = output is None and (diff or (fix and streams.STDIO in files))
    _report(result, form, streams.STDIO if output is None else output, to_stderr)
    if form == "text" and not quiet:
        click.echo(_closing(result, diff), err=True)
    failing = _SEVERITIES[: _SEVERITIES.index(fail_on) + 1]
    found = any(finding.severity in failing for finding in result.findings)
    return 1 if found or result.failures or (diff and result.changed) else 0


# What to look for.


def _options(
    select: Sequence[str],
    ignore: Sequence[str],
    severity: Sequence[str],
    lowered: bool,
    known_transforms: Sequence[str],
) -> Callable[[LintSettings], LintSettings]:
    """What the options make of settings; wrong options are reported at once, not with the first file."""
    from approxir.lint.settings import LintSettings, SettingsError

    severities: dict[str, Any] = {}
    for item in severity:
        code, equals, value = item.partition("=")
        if not equals:
            raise click.UsageError(f"--severity takes CODE=SEVERITY, not '{item}'.")
        severities[code.strip()] = value.strip()
    selected = tuple(_listed(select)) if select else None
    if selected == ():
        raise click.UsageError("--select names no rule.")

    def change(settings: LintSettings) -> LintSettings:
        return replace(
            settings,
            select=settings.select if selected is None else selected,
            extend_select=settings.extend_select if selected is None else (),
            ignore=(*settings.ignore, *_listed(ignore)),
            severity={**settings.severity, **severities},
            lowered=lowered or settings.lowered,
            known_transforms=(*settings.known_transforms, *known_transforms),
        )

    try:
        change(LintSettings())
    except SettingsError as error:
        raise click.UsageError(str(error)) from None
    return change


def _listed(options: Iterable[str]) -> Iterator[str]:
    return (code.strip() for option in options for code in option.split(",") if code.strip())


def _settings_reader(
    change: Callable[[LintSettings], LintSettings], isolated: bool
) -> Callable[[str], LintSettings]:
    """What gives the settings for a path; looks for a pyproject.toml once for each folder."""
    from approxir.lint.settings import LintSettings, SettingsError, find_settings

    known: dict[Path | None, LintSettings] = {}

    def settings_for(path: str) -> LintSettings:
        folder = None if isolated else Path(path).absolute().parent
        if folder not in known:
            try:
                known[folder] = change(LintSettings() if folder is None else find_settings(path))
            except SettingsError as error:
                raise _WrongSettings(str(error)) from None
        return known[folder]

    return settings_for


def _expand(files: Sequence[str], result: _Result) -> Iterator[str]:
    """The files that the arguments name, those of directories sorted, each once."""
    seen = set()
    for name in files:
        paths = [name]
        if name != streams.STDIO and os.path.isdir(name):
            failed = len(result.failures)
            paths = sorted(_modules_in(name, result))
            if not paths and len(result.failures) == failed:
                result.fail(f"approxir: {name}: no .mlir files in this directory")
        for path in paths:
            key = path if path == streams.STDIO else os.path.realpath(path)
            if key not in seen:
                seen.add(key)
                yield path


def _modules_in(folder: str, result: _Result) -> Iterator[str]:
    """The *.mlir files below a folder; folders that cannot be read are failures."""

    def fail(error: OSError) -> None:
        result.fail(streams.describe(error))

    for path, _, names in os.walk(folder, onerror=fail):
        for name in names:
            # Patterns that folders are searched with heed case where the file system does.
            file = Path(path, name)
            if file.match("*.mlir") and file.is_file():
                yield str(file)


# One file.


def _lint_file(path: str, settings: LintSettings, fix: bool, diff: bool, result: _Result) -> None:
    """Lint one file, and fix it; one that fails does not keep the others from being linted."""
    from approxir.ir.module import parse
    from approxir.lint.rule import syntax_finding
    from approxir.lint.runner import fix_module, lint_module

    try:
        text, name = streams.read(path)
    except ParseError as error:
        result.findings += [syntax_finding(diagnostic, None) for diagnostic in error.diagnostics]
        return
    except OSError as error:
        result.fail(streams.describe(error))
        return
    module = parse(text, file=name, lazy=True)
    try:
        if fix or diff:
            module, fixed = fix_module(module, settings)
            result.fixed += len(fixed)
        result.findings += lint_module(module, settings)
        if fix and not diff and path != streams.STDIO and str(module) != text:
            streams.write(path, str(module))
    except ApproxIRError as error:
        result.fail(f"approxir: {name}: {error}")
        module = parse(text, file=name, lazy=True)
    except OSError as error:
        result.fail(streams.describe(error))
        return
    # Standard output is written out here, because a failure of it concerns all files.
    result.changed += str(module) != text
    if diff:
        from approxir.cli.diffs import unified_diff

        streams.write(streams.STDIO, unified_diff(text, str(module), name))
    elif fix and path == streams.STDIO:
        streams.write(streams.STDIO, str(module))


# What to say.


def _report(result: _Result, form: str, target: str, to_stderr: bool) -> None:
    from approxir.lint.output import Report, render

    text = render(Report(result.findings, result.failures), form)
    if to_stderr:
        click.echo(text, err=True, nl=False)
    elif text or target != streams.STDIO:
        streams.write(target, text)


def _closing(result: _Result, dry: bool) -> str:
    from approxir.lint.output.text import summary

    parts = [summary(result.findings)]
    if result.fixed:
        parts.append(f"{result.fixed} {'would be fixed' if dry else 'fixed'}")
    if result.failures:
        parts.append(f"{len(result.failures)} {'file' if len(result.failures) == 1 else 'files'} failed")
    return ", ".join(parts)


def _explain(code: str) -> int:
    from approxir.lint import registry
    from approxir.lint.docs import rule_page
    from approxir.nearest import did_you_mean

    if code not in registry.codes():
        hint = did_you_mean(code, registry.codes())
        raise click.UsageError(f"unknown rule '{code}'" + (f"; {hint}" if hint else ""))
    streams.write(streams.STDIO, rule_page(registry.rule(code)))
    return 0


def _list_rules() -> int:
    from approxir.lint import registry

    rules = registry.rules()
    width = max(len(rule.name) for rule in rules)
    for rule in rules:
        marks = "" if rule.enabled else " (off by default)"
        marks += "" if rule.fix_note is None else " (fixable)"
        click.echo(f"{rule.code}  {rule.severity:7}  {rule.name:{width}}  {rule.summary}{marks}")
    return 0
