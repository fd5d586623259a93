"""Commands that a page shows to be typed and no test runs: what they name has to exist."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from importlib.util import find_spec
from pathlib import Path

import click

from approxir.cli.group import cli

ROOT = Path(__file__).resolve().parents[2]
OTHERS = frozenset({"cd", "mkdocs", "mypy", "pytest", "ruff", "pre-commit", ".", "git"})
"""Programs whose arguments are not looked at."""


def check_typed_commands(text: str) -> None:
    """Check the commands of a block: that a shell can read them, and that all that they name exists."""
    done = subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    for line in text.replace("\\\n", " ").splitlines():
        for command in re.split(r"&&|\|", line):
            words = shlex.split(command, comments=True)
            if words:
                _check_command(words)


def _check_command(words: list[str]) -> None:
    program, *arguments = words
    if program == "approxir":
        _check_approxir(arguments)
    elif re.fullmatch(r"python(3\.\d+)?", program):
        _check_python(arguments)
    elif program == "bash":
        assert (ROOT / arguments[0]).is_file(), arguments[0]
    else:
        assert program in OTHERS, f"nothing is known of the program {program!r}"


def _check_approxir(arguments: list[str]) -> None:
    name, *rest = arguments
    context = click.Context(cli, info_name="approxir")
    command = cli.get_command(context, name)
    assert command is not None, f"there is no command {name!r}"
    # Values are converted and options looked up; files need not exist.
    command.make_context(name, rest, parent=context)


def _check_python(arguments: list[str]) -> None:
    if arguments[:3] == ["-m", "pip", "install"]:
        _check_extras(arguments[3:])
    elif arguments[0] == "-m":
        local = ROOT / arguments[1].replace(".", "/")
        known = local.is_dir() or local.with_suffix(".py").is_file() or find_spec(arguments[1]) is not None
        assert known, arguments[1]
    else:
        assert (ROOT / arguments[0]).is_file(), arguments[0]


def _check_extras(arguments: list[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for argument in arguments:
        if found := re.fullmatch(r"(?:\.|approxir)\[([\w,]+)\]", argument):
            missing = set(found[1].split(",")) - project["optional-dependencies"].keys()
            assert not missing, f"there are no extras {missing}"
