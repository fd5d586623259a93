"""The rules, found by the names of their files the first time somebody asks."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from approxir.lint.rule import Rule


@cache
def rules() -> tuple[Rule, ...]:
    """An instance of every rule, by code."""
    from approxir.lint import rules as package

    found = [
        _only_rule(module.name)
        for module in pkgutil.iter_modules(package.__path__)
        if not module.name.startswith("_")
    ]
    return tuple(sorted(found, key=lambda rule: rule.code))


@cache
def codes() -> tuple[str, ...]:
    """The code of every rule, sorted."""
    return tuple(rule.code for rule in rules())


@cache
def _by_code() -> dict[str, Rule]:
    return {rule.code: rule for rule in rules()}


def rule(code: str) -> Rule:
    """The rule with a code; `KeyError` when there is none."""
    return _by_code()[code]


def _only_rule(file: str) -> Rule:
    module = importlib.import_module(f"approxir.lint.rules.{file}")
    classes = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Rule) and value.__module__ == module.__name__
    ]
    if len(classes) != 1:
        raise TypeError(f"{module.__name__} defines {len(classes)} rules, not one")
    found: Rule = classes[0]()
    if file != f"{found.code.lower()}_{found.name.replace('-', '_')}":
        raise TypeError(f"{module.__name__} holds {found.code} {found.name}, and has to be named after it")
    return found
