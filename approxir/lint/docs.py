"""Writes the pages about the rules: ``python -m approxir.lint.docs docs/lint``."""

from __future__ import annotations

import sys
from pathlib import Path

from approxir.ir.module import parse
from approxir.lint import registry
from approxir.lint.output import Report, render
from approxir.lint.rule import Finding, Rule
from approxir.lint.runner import lint_module
from approxir.lint.settings import LintSettings

_INTRODUCTION = """\
# Lint rules

`approxir lint FILE...` looks for what the approx dialect forbids, and for what it allows but is surely or
probably not meant. Errors make its exit status 1. `--fix` applies the fixes, all of which are safe.

A comment silences rules: `// approxir: disable=AX012 -- why` on the line of a finding, or alone on the line
before; `// approxir: disable-file=AX012` anywhere in the file. `disable=all` silences everything on a line.
Rules are selected, ignored and made more or less severe on the command line, or in `[tool.approxir.lint]` in
`pyproject.toml`:

```toml
[tool.approxir.lint]
select = ["AX0"]                          # codes and prefixes; without it, every rule that is on by default
extend-select = ["AX030"]
ignore = ["AX009"]
severity = { AX012 = "warning" }
per-file-ignores = { "tests/*" = ["AX"] } # * matches slashes too
known-transforms = ["my_transform"]       # legal as transform_type, besides those of approxir
lowered = false                           # whether the files are what the pipeline leaves
```

What cannot be read at all is an error with the code `syntax`, which cannot be silenced.
"""


def example_settings(rule: Rule) -> LintSettings:
    """The settings under which a rule's examples are linted: the default ones, with what it asks for."""
    extend = () if rule.enabled else (rule.code,)
    return LintSettings(**{"extend_select": extend, **rule.example_settings})


def example_findings(rule: Rule, text: str) -> list[Finding]:
    """What all rules that are on find in one of a rule's examples."""
    return lint_module(parse(text, file="example.mlir"), example_settings(rule))


def rule_page(rule: Rule) -> str:
    """The page about one rule, in Markdown."""
    facts = [f"Severity: {rule.severity}"]
    facts.append("fix: no" if rule.fix_note is None else "fix: yes")
    if not rule.enabled:
        facts.append("off by default")
    parts = [
        f"# {rule.code} {rule.name}",
        f"{rule.summary[:1].upper()}{rule.summary[1:]}. {'; '.join(facts)}.",
        f"## Why\n\n{rule.why}",
        f"## Bad\n\n```mlir\n{rule.bad}```",
        f"```text\n{render(Report(example_findings(rule, rule.bad)), 'text')}```",
        f"## Good\n\n```mlir\n{rule.good}```",
    ]
    if rule.fix_note is not None:
        parts.append(f"## Fix\n\n{rule.fix_note}")
    return "\n\n".join(parts) + "\n"


def index_page() -> str:
    """The page that lists all rules, in Markdown."""
    rows = ["| code | name | severity | fix | finds |", "| --- | --- | --- | --- | --- |"]
    for rule in registry.rules():
        severity = rule.severity if rule.enabled else f"{rule.severity}, off by default"
        fix = "" if rule.fix_note is None else "yes"
        rows.append(f"| [{rule.code}]({rule.code}.md) | {rule.name} | {severity} | {fix} | {rule.summary} |")
    return _INTRODUCTION + "\n" + "\n".join(rows) + "\n"


def pages() -> dict[str, str]:
    """Every page, by the name of its file."""
    return {"README.md": index_page(), **{f"{rule.code}.md": rule_page(rule) for rule in registry.rules()}}


def write_pages(folder: Path) -> None:
    """Write every page to a folder, and remove those of rules that are gone."""
    folder.mkdir(parents=True, exist_ok=True)
    held = pages()
    for path in folder.glob("AX*.md"):
        if path.name not in held:
            path.unlink()
    for name, text in held.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m approxir.lint.docs FOLDER")
    write_pages(Path(sys.argv[1]))
