"""Lint: what the approx dialect forbids, and what it allows but is surely or probably not meant.

=================  =====================================================================
`rule`             what a rule is, and what it finds
`context`          what rules share about the module that they look at
`rules`            the rules, a file for each
`registry`         the rules by code
`suppress`         comments that silence findings
`settings`         which rules run, and ``[tool.approxir.lint]`` in ``pyproject.toml``
`runner`           `runner.lint_module` and `runner.fix_module`
`output`           findings as text, JSON, SARIF and GitHub annotations
`docs`             the pages in ``docs/lint``
=================  =====================================================================

Importing the package loads none of them.
"""
