"""The README's code runs as it stands, and its two commands are the ones that are tested."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from support.pages import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the README refers to, as the current one."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_two_commands() -> None:
    commands = re.findall(r"^    (python -m pip install .*)$", README, re.MULTILINE)
    assert len(commands) == 2
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8") if (ROOT / ".ci").is_dir() else None
    install, tests = commands[1].split(" && ")
    assert tests == "pytest"
    # Continuous integration runs the same, with the editable install that mypy needs.
    if ci is not None:
        assert install.removeprefix("python -m pip install ") in ci
        assert f"\n{tests}\n" in ci


def test_the_first_command_runs(checkout: Path) -> None:
    (line,) = re.findall(r"^    python -m pip install .* && (python examples/\S+ .*)$", README, re.MULTILINE)
    _, *arguments = line.split()
    # As it stands, but on smaller graphs and with fewer evaluations.
    done = subprocess.run(
        [sys.executable, *arguments, "--scale", "0.02", "--budget", "12", "--rounds", "3"],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for shown in ("static", "dynamic", "held-out", "over exact", "over C", "3 %", "6 %", "9 %"):
        assert shown in done.stdout, shown
    assert {"frontier.png", "report.html", "best.mlir", "comparison.json"} <= {
        path.name for path in (checkout / "tuned").iterdir()
    }


def test_every_command_is_in_the_table() -> None:
    from approxir.cli.main import COMMANDS

    for name in COMMANDS:
        assert f"| `approxir {name}" in README, name


def test_the_extras_are_named() -> None:

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
    for name in extras.keys() - {"test", "bench", "docs"}:
        assert f"`{name}`" in README or f"[{name}]" in README, name
