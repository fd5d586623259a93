"""``approxir fuzz``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from approxir.cli.main import main
from approxir.passes.registry import passes

COMMAND = [sys.executable, "-m", "approxir", "fuzz"]

PASSES = '''
from dataclasses import dataclass
from typing import ClassVar

import approxir as ax
from approxir.passes.base import Pass, PassError
from approxir.passes.registry import passes


@passes.add
@dataclass
class Subtract(Pass):
    """Subtracts instead of adding."""

    name: ClassVar[str] = "test-subtract"
    summary: ClassVar[str] = "wrong"

    def apply(self, module):
        found = [op for op in module.walk() if op.name == "arith.addi"]
        for op in found:
            made = ax.Builder.before(op).create("arith.subi", list(op.operands), [op.results[0].type])
            op.replace_with(made.result)
        return bool(found)


@passes.add
@dataclass
class Liar(Pass):
    name: ClassVar[str] = "test-liar"
    summary: ClassVar[str] = "says that it changed something"

    def apply(self, module):
        return True


@passes.add
@dataclass
class Crash(Pass):
    name: ClassVar[str] = "test-crash"
    summary: ClassVar[str] = "raises"

    def apply(self, module):
        return {}["no such key"]


@passes.add
@dataclass
class Hang(Pass):
    name: ClassVar[str] = "test-hang"
    summary: ClassVar[str] = "never ends"

    def apply(self, module):
        while True:
            pass


@passes.add
@dataclass
class Refuse(Pass):
    name: ClassVar[str] = "test-refuse"
    summary: ClassVar[str] = "cannot do anything"

    def apply(self, module):
        raise PassError.at(next(op for op in module.walk() if op.name == "func.func"), "functions are too hard")


@passes.add
@dataclass
class Nothing(Pass):
    name: ClassVar[str] = "test-nothing"
    summary: ClassVar[str] = "does nothing"

    def apply(self, module):
        return False
'''


@pytest.fixture
def my_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(passes, "_added", dict(passes._added))
    path = tmp_path / "my_passes.py"
    path.write_text(PASSES, encoding="utf-8")
    return str(path)


def fuzz(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["fuzz", *arguments])
    printed = capsys.readouterr()
    return status, printed.out, printed.err


def test_a_wrong_pass_is_found_and_replayed(
    my_passes: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new" / "found"
    call = (
        "--pass",
        "test-subtract",
        "--load",
        my_passes,
        "--oracle",
        "semantics",
        "--no-knobs",
        "--shrink",
        "10min",
    )
    status, out, _ = fuzz(capsys, *call, "--examples", "60", "--max-ops", "12", "-o", str(folder))
    assert status == 1
    assert "\nsemantics: " in out
    (file,) = os.listdir(folder)
    assert file.startswith("test-subtract-semantics-")
    text = (folder / file).read_text(encoding="utf-8")
    assert text.startswith("// A finding of approxir fuzz.\n")
    assert f"approxir fuzz --replay {folder / file}" in out
    # Small: one function, with an addition and what it needs.
    assert text.count("func.func") == 1
    assert len(text.partition("module {")[2].splitlines()) < 25
    assert fuzz(capsys, "--replay", str(folder / file))[0] == 1
    # Mended, it is gone.
    (folder / file).write_text(text.replace("test-subtract", "test-nothing"), encoding="utf-8")
    status, out, _ = fuzz(capsys, "--replay", str(folder / file))
    assert (status, out) == (0, f"{folder / file}: nothing is wrong any more.\n")
    (folder / file).write_text(text.replace("test-subtract", "test-refuse"), encoding="utf-8")
    status, out, _ = fuzz(capsys, "--replay", str(folder / file))
    assert status == 0
    assert "the module is refused" in out


def test_the_same_seed_gives_the_same(my_passes: str, capsys: pytest.CaptureFixture[str]) -> None:
    def found(seed: str) -> list[str]:
        call = ("--pass", "test-crash", "--load", my_passes, "--examples", "1", "--seed", seed)
        status, out, _ = fuzz(capsys, *call)
        assert status == 1
        assert "crash: test-crash raised KeyError: 'no such key'" in out
        assert "my_passes.py" in out
        return [line for line in out.splitlines() if "modules" not in line]

    assert found("3") == found("3")


def test_a_flag_that_lies(my_passes: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = fuzz(capsys, "--pass", "test-liar", "--load", my_passes, "--examples", "3")
    assert status == 1
    assert "changed: test-liar says that it changed something, and did not" in out


def test_a_pass_that_hangs(my_passes: str, capsys: pytest.CaptureFixture[str]) -> None:
    call = (
        "--pass",
        "test-hang",
        "--load",
        my_passes,
        "--examples",
        "1",
        "--timeout",
        "0.2",
        "--shrink",
        "1s",
    )
    status, out, _ = fuzz(capsys, *call)
    assert status == 1
    assert "crash: test-hang did not end within 0.2 seconds" in out


def test_refusals_are_counted(my_passes: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = fuzz(capsys, "--pass", "test-refuse", "--load", my_passes, "--examples", "5")
    assert status == 1
    assert "5 times: functions are too hard" in out
    assert out.endswith("Every module was refused: nothing was tested.\n")


def test_a_right_pass(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = fuzz(capsys, "--pass", "emit-approx,emit-management", "--examples", "8", "--seed", "1")
    assert status == 0
    assert out.startswith("8 modules (8 different), seed 1, ")
    assert "  semantics: 8 agree\n" in out


def test_prepared(capsys: pytest.CaptureFixture[str]) -> None:
    call = ("--pass", "config-approx", "--prepare", "pre-emit-transform,emit-approx,emit-management")
    status, out, _ = fuzz(capsys, *call, "--examples", "8", "--max-ops", "40", "--oracle", "semantics")
    assert status == 0
    assert "  semantics: 8 agree\n" in out


# ---- commands


def script(tmp_path: Path, code: str) -> str:
    path = tmp_path / "tool.py"
    path.write_text(code, encoding="utf-8")
    return f"'{sys.executable}' '{path}'"


def test_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = script(tmp_path, "import sys\nsys.stdout.write(sys.stdin.read())\n")
    status, out, _ = fuzz(capsys, "--command", copy, "--examples", "2")
    assert status == 0
    assert "0 changed, 0 refused" in out
    file = script(
        tmp_path,
        "import sys\nsys.stdout.write(open(sys.argv[1]).read().replace('arith.addi', 'arith.subi'))\n",
    )
    call = ("--command", file + " {input}", "--examples", "40", "--oracle", "semantics", "--max-ops", "12")
    status, out, _ = fuzz(capsys, *call, "--shrink", "2s", "-o", str(tmp_path / "found"))
    assert status == 1
    assert "semantics: " in out
    (found,) = (tmp_path / "found").iterdir()
    assert fuzz(capsys, "--replay", str(found))[0] == 1


def test_commands_that_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refuses = script(tmp_path, "import sys\nsys.exit('in.mlir:1:1: error: no, thanks')\n")
    status, out, _ = fuzz(capsys, "--command", refuses, "--examples", "2")
    assert status == 1
    assert "2 times: no, thanks" in out
    crashes = script(tmp_path, "import os\nos.abort()\n")
    call = ("--examples", "1", "--shrink", "1s", "-o", str(tmp_path / "found"))
    status, out, _ = fuzz(capsys, "--command", crashes, *call)
    assert status == 1
    assert "crash: the command was ended by SIGABRT" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Give one of --pass, --command, --replay, --list and --mutants."),
        (("--pass", "cse", "--command", "x"), "Give one of"),
        (("--pass", "emit-aprox"), "did you mean 'emit-approx'?"),
        (("--pass", ""), "--pass names no pass."),
        (("--pass", "emit-approx", "--oracle", "semantic"), "did you mean 'semantics'?"),
        (("--pass", "emit-approx", "--prepare", "nope"), "--prepare: "),
        (("--pass", "emit-approx", "--time", "soon"), "'soon' is no time"),
        (("--command", "no-such-program-here"), "'no-such-program-here', which is no program"),
        (("--command", "'"), "cannot be read"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = fuzz(capsys, *arguments)
    assert status == 2
    assert message in " ".join(err.split())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no such file to load"),
        ("x = (", "bad.py:1:5: error: '(' was never closed"),
        ("\nx = 1 / 0", "bad.py:2:1: error: loading it raised ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)", "loading it raised SystemExit: 3"),
    ],
)
def test_files_that_cannot_be_loaded(
    content: str | None, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.py"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    status, _, err = fuzz(capsys, "--pass", "x", "--load", str(path))
    assert status == 1
    assert message in err


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("module {}", "is no reproducer"),
        ("// approxir-fuzz: {", "x.mlir:1: the line cannot be understood"),
        ("// approxir-fuzz: {}", "x.mlir:1: the line cannot be understood: KeyError('version')"),
        ('// approxir-fuzz: {"version": 9}', "the reproducer has the version 9"),
    ],
)
def test_no_reproducer(line: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.mlir"
    path.write_text(line, encoding="utf-8")
    status, _, err = fuzz(capsys, "--replay", str(path))
    assert status == 1
    assert message in err


def test_a_folder_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    status, out, err = fuzz(capsys, "--pass", "emit-approx", "-o", str(tmp_path / "file"))
    assert (status, out) == (1, "")
    assert "file" in err


def test_the_oracles_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = fuzz(capsys, "--list")
    assert status == 0
    assert "semantics    calls show the same before and afterwards (usual for passes, commands)" in out


def test_an_interrupt_shows_what_was_done(my_passes: str) -> None:
    command = [*COMMAND, "--pass", "test-nothing", "--load", my_passes, "--examples", "1000000"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    status = Path(f"/proc/{process.pid}/status")
    # Until Python has taken the signal over, it ends the process.
    while process.poll() is None and int(status.read_text().partition("SigCgt:\t")[2][:16], 16) & 2 == 0:
        time.sleep(0.05)
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in out + err
