"""Command lines the way LLVM's tools read them.

``-flag`` and ``--flag`` mean the same, values follow ``=`` or stand alone, and flags that are not in the
table are passes, whose order counts. Neither argparse nor Click reads that, and loading them takes longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["flag", "switch", "value"]


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag: alone, with an optional truth value (a switch), or followed by a value."""

    name: str
    kind: Kind
    help: str
    value: str = ""
    """What the help calls the value."""


@dataclass(slots=True)
class CommandLine:
    """What a command line says."""

    values: dict[str, str | bool] = field(default_factory=dict)
    """The flags of the table that were given, the last one of each."""
    steps: list[tuple[str, str | None]] = field(default_factory=list)
    """The flags that are not in the table, in order, with the text behind ``=``."""
    inputs: list[str] = field(default_factory=list)

    def on(self, name: str, default: bool = False) -> bool:
        """Whether a flag or switch is on."""
        return bool(self.values.get(name, default))

    def text(self, name: str) -> str | None:
        """The value of a flag that takes one."""
        found = self.values.get(name)
        return found if isinstance(found, str) else None


class UsageError(Exception):
    """The command line cannot be understood; the message is for the user."""


_TRUTH = {
    **dict.fromkeys(("true", "TRUE", "True", "1", ""), True),
    **dict.fromkeys(("false", "FALSE", "False", "0"), False),
}


def read_command_line(arguments: Sequence[str], table: Iterable[Flag]) -> CommandLine:
    """Sort arguments into flags, passes and inputs. Raises `UsageError`."""
    flags = {flag.name: flag for flag in table}
    found = CommandLine()
    pending = iter(arguments)
    for argument in pending:
        if argument == "--":
            found.inputs.extend(pending)
            break
        if not argument.startswith("-") or argument == "-":
            found.inputs.append(argument)
            continue
        name, given, text = argument.lstrip("-").partition("=")
        flag = flags.get(name)
        if flag is None:
            found.steps.append((name, text if given else None))
        elif flag.kind == "switch":
            if text not in _TRUTH:
                raise UsageError(f"for the {_spelled(name)} option: '{text}' is no truth value; try 0 or 1")
            found.values[name] = _TRUTH[text]
        elif flag.kind == "flag":
            if given:
                raise UsageError(f"for the {_spelled(name)} option: it takes no value")
            found.values[name] = True
        else:
            following = text if given else next(pending, None)
            if following is None:
                raise UsageError(f"for the {_spelled(name)} option: requires a value!")
            found.values[name] = following
    return found


def help_lines(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Flags and what they mean, in two columns."""
    width = max(len(left) for left, _ in rows)
    return [f"  {left:<{width}} - {right}" for left, right in rows]


def flag_rows(table: Iterable[Flag]) -> list[tuple[str, str]]:
    """What the help says about each flag."""
    return [(_spelled(flag.name) + (f"=<{flag.value}>" if flag.value else ""), flag.help) for flag in table]


def _spelled(name: str) -> str:
    return f"-{name}" if len(name) == 1 else f"--{name}"
