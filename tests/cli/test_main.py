"""The command line as a process: exit status, streams that fail, signals, and start-up time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from approxir._version import __version__
from approxir.cli import main
from approxir.cli.main import COMMANDS

APPROXIR = (sys.executable, "-m", "approxir")
TEXT = "module {\n}\n"
posix = pytest.mark.skipif(os.name != "posix", reason="about POSIX signals and devices")


def run(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([*APPROXIR, *arguments], input=text, capture_output=True, text=True, check=False)


def shell(script: str) -> subprocess.CompletedProcess[str]:
    """Run a script in which ``approxir`` is a command."""
    prelude = f'set -o pipefail; approxir() {{ "{sys.executable}" -m approxir "$@"; }}\n'
    return subprocess.run(["bash", "-c", prelude + script], capture_output=True, text=True, check=False)


def test_version() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"approxir {__version__}\n", "")


def test_without_arguments_the_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "Usage: approxir" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], *([name] for name in COMMANDS)])
def test_help_has_examples(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments, "--help"]) == 0
    out = capsys.readouterr().out
    assert "Examples:\n" in out
    assert "  approxir " in out


def test_help_lists_every_command_with_its_own_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    for name, (_, words) in COMMANDS.items():
        assert f"  {name}" in out
        assert words in out


def test_an_unknown_command_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["frobnicate"]) == 2
    assert "No such command 'frobnicate'" in capsys.readouterr().err


def test_bad_input_is_no_traceback() -> None:
    done = run("fmt", "-", text="module {\n  func.func @f( {\n}\n")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("<stdin>:2:")
    assert "Traceback" not in done.stderr


@posix
@pytest.mark.parametrize("arguments", ["--version", "--help", "info", "fmt -"])
def test_a_full_disk_under_standard_output(arguments: str) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("needs /dev/full")
    done = shell(f"printf 'module {{}}' | approxir {arguments} > /dev/full")
    assert done.returncode == 1
    assert done.stderr == "approxir: No space left on device\n"


@posix
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_closed_pipe_ends_quietly(unbuffered: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    path = tmp_path / "big.mlir"
    path.write_text("module {\n" + "  module {\n  }\n" * 20_000 + "}\n")
    done = shell(f"approxir fmt -o - {path} | head -c 1")
    assert done.returncode == 128 + signal.SIGPIPE
    assert done.stderr == ""


@posix
@pytest.mark.parametrize("redirection", ["<&-", ">&-"])
def test_a_closed_standard_stream_is_an_error(redirection: str) -> None:
    done = shell(f"approxir fmt - {redirection}")
    assert done.returncode == 1
    assert "Bad file descriptor" in done.stderr
    assert "Traceback" not in done.stderr


@posix
def test_interrupt_ends_quietly() -> None:
    process = subprocess.Popen(
        [*APPROXIR, "fmt", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # By then it waits for its input.
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.strip() == ""


def test_output_keeps_its_line_ends() -> None:
    done = subprocess.run([*APPROXIR, "fmt", "-"], input=b"module {\n}\n", capture_output=True, check=True)
    assert done.stdout == b"module {\n}\n"


@posix
def test_a_closed_pipe_ends_the_list_of_knobs(tmp_path: Path) -> None:
    path = tmp_path / "big.mlir"
    one = 'approx.util.annotation.transform <{func_name = "f", transform_type = "x", knob_val = 3 : i32}>\n'
    path.write_text(one * 3000)
    done = shell(f"approxir knobs {path} | head -n 1")
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, "")


@posix
@pytest.mark.parametrize(
    "arguments", ["fmt missing.mlir", "knobs missing.mlir", "set missing.mlir a=1", "knobs"]
)
def test_messages_go_nowhere_without_standard_error(arguments: str) -> None:
    done = shell(f"approxir {arguments} 2>&-")
    assert (done.returncode > 0, done.stdout) == (True, "")


@posix
@pytest.mark.parametrize("arguments", ["knobs -", "knobs --json -", "info"])
def test_printing_fails_without_standard_output(arguments: str) -> None:
    done = shell(f"printf '' | approxir {arguments} >&-")
    assert done.returncode == 1
    assert "Bad file descriptor" in done.stderr


@posix
@pytest.mark.parametrize("name", ["main", "approx_opt"])
def test_an_interrupt_while_loading_ends_quietly(name: str) -> None:
    script = (
        "import sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name == 'approxir.cli.exits': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Finder())\n"
        f"from approxir.__main__ import {name}\n"
        f"sys.exit({name}())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "")
