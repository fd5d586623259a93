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
from approxir.testing.cases import cases
from approxir.testing.search import search
from approxir.testing.subjects import EndlessError, PassSubject, Rewritten

COMMAND = [sys.executable, "-m", "approxir", "fuzz"]

PASSES = '''
import os
import signal
import time
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
class Large(Pass):
    name: ClassVar[str] = "test-crash-for-large"
    summary: ClassVar[str] = "raises for functions of more than eight operations"

    def apply(self, module):
        return any(len(list(op.walk())) > 8 for op in module.find("func.func")) and {}["no such key"]


@passes.add
@dataclass
class Exit(Pass):
    name: ClassVar[str] = "test-exit"
    summary: ClassVar[str] = "ends the process"

    def apply(self, module):
        raise SystemExit(3)


@passes.add
@dataclass
class Die(Pass):
    name: ClassVar[str] = "test-die"
    summary: ClassVar[str] = "crashes as code in C does"

    def apply(self, module):
        if module.find("arith.addi"):
            os.kill(os.getpid(), signal.SIGKILL)
        return False


@passes.add
@dataclass
class Deaf(Pass):
    name: ClassVar[str] = "test-deaf"
    summary: ClassVar[str] = "never ends, and cannot be interrupted"

    def apply(self, module):
        while True:
            try:
                time.sleep(60)
            except BaseException:
                pass


@passes.add
@dataclass
class Again(Pass):
    name: ClassVar[str] = "test-again"
    summary: ClassVar[str] = "says each time that it changed something"

    def apply(self, module):
        found = module.find("func.func")
        for op in found:
            op.attributes["seen"] = ax.parse_attribute("unit")
        return bool(found)


@passes.add
@dataclass
class Counting(Pass):
    name: ClassVar[str] = "test-counting"
    summary: ClassVar[str] = "remembers how often it was run"
    runs: ClassVar[int] = 0

    def apply(self, module):
        Counting.runs += 1
        found = module.find("func.func")
        for op in found:
            op.attributes["run"] = ax.parse_attribute(f"{Counting.runs}")
        return bool(found)


@passes.add
@dataclass
class Private(Pass):
    name: ClassVar[str] = "test-private"
    summary: ClassVar[str] = "hides functions"

    def apply(self, module):
        found = [op for op in module.find("func.func") if "sym_visibility" not in op.attributes]
        for op in found:
            op.attributes["sym_visibility"] = ax.parse_attribute('"private"')
        return bool(found)


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
    def found(name: str) -> list[str]:
        call = ("--pass", name, "--load", my_passes, "--no-knobs", "--examples", "30", "--seed", "0")
        status, out, _ = fuzz(capsys, *call, "--shrink", "10min")
        assert status == 1
        assert f"crash: {name} raised KeyError: 'no such key'" in out
        assert "my_passes.py" in out
        return [line for line in out.splitlines() if "modules" not in line]

    assert found("test-crash") == found("test-crash")
    # There are many ways to make a module of some size small; the same one is taken, in the same steps.
    assert len({tuple(found("test-crash-for-large")) for _ in range(3)}) == 1


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


def test_a_hang_is_made_small_in_a_hurry() -> None:
    """Each smaller module that hangs takes the whole time limit, which is short then."""
    subject = PassSubject("test-hang", timeout=20.0)
    assert subject.hurried(10) == PassSubject("test-hang", timeout=2.0)
    assert PassSubject("test-hang", timeout=0.5).hurried(10) == PassSubject("test-hang", timeout=0.5)
    limits = []

    class Counted(PassSubject):
        def rewrite(self, text: str) -> Rewritten:
            limits.append(self.timeout)
            if len(text.splitlines()) < 6 and self.timeout < 20:
                # Slow, and taken for endless by those who do not wait.
                raise EndlessError("crash", "did not end")
            if self.timeout < 20 or len(text.splitlines()) >= 6:
                raise EndlessError("crash", f"did not end within {self.timeout:g} seconds")
            return Rewritten(text)

    report = search(Counted("test-hang", timeout=20.0), cases(knobs=False), (), examples=3, shrinking=5.0)
    assert report.finding is not None
    assert limits[0] == limits[-1] == 20.0
    assert set(limits[1:-1]) == {2.0}
    # What is small enough ends after all, and is not told to hang.
    assert len(report.finding.case.text.splitlines()) >= 6


def test_a_pass_that_ends_the_process(my_passes: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = fuzz(capsys, "--pass", "test-exit", "--load", my_passes, "--examples", "1")
    assert status == 1
    assert "crash: test-exit raised SystemExit: 3" in out


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("test-die", "test-die ended the process with SIGKILL"),
        ("test-deaf", "test-deaf did not end within 0.2 seconds, and could not be interrupted"),
        ("test-hang", "test-hang did not end within 0.2 seconds\n"),
        ("test-crash", "test-crash raised KeyError: 'no such key'"),
    ],
)
def test_isolated_passes_may_end_the_process(
    name: str, message: str, my_passes: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ("--pass", name, "--load", my_passes, "--isolate", "--no-knobs", "--examples", "40")
    limits = ("--timeout", "0.2", "--shrink", "2s", "-o", str(tmp_path / "found"))
    status, out, _ = fuzz(capsys, *call, *limits)
    assert status == 1
    assert f"crash: {message}" in out
    (file,) = (tmp_path / "found").iterdir()
    status, out, _ = fuzz(capsys, "--replay", str(file))
    assert (status, message in out) == (1, True)


def test_isolated_passes_do_what_they_do_otherwise(
    my_passes: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def found(*more: str) -> list[str]:
        call = (
            "--pass",
            "emit-approx,emit-management",
            "--load",
            my_passes,
            "--examples",
            "5",
            "--seed",
            "2",
        )
        status, out, _ = fuzz(capsys, *call, *more, "--oracle", "semantics", "--oracle", "idempotent")
        assert status == 0
        return out.splitlines()[1:]

    assert found("--isolate") == found()
    status, out, _ = fuzz(
        capsys, "--pass", "test-refuse", "--load", my_passes, "--examples", "2", "--isolate"
    )
    assert (status, "2 times: functions are too hard" in out) == (1, True)


def test_what_a_crash_shows_is_about_the_pass(my_passes: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Crashes of smaller modules are not shown as if those of larger ones had caused them."""
    status, out, _ = fuzz(capsys, "--pass", "test-crash", "--load", my_passes, "--examples", "1")
    assert status == 1
    assert out.count("Traceback (most recent call last)") == 1
    assert "hypothesis" not in out


@pytest.mark.parametrize("oracle", ["idempotent", "deterministic"])
def test_the_oracle_that_finds_is_the_one_to_replay(
    oracle: str, my_passes: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = {"idempotent": "test-again", "deterministic": "test-counting"}[oracle]
    call = ("--pass", name, "--load", my_passes, "--examples", "3", "-o", str(tmp_path / "found"))
    status, out, _ = fuzz(capsys, *call, "--oracle", oracle)
    assert status == 1
    assert f"\n{oracle}: {name}" in out
    assert "does not come each time" not in out
    (file,) = (tmp_path / "found").iterdir()
    assert len(file.read_text(encoding="utf-8").partition("\nmodule {\n")[2].splitlines()) <= 4
    status, out, _ = fuzz(capsys, "--replay", str(file))
    assert (status, out.startswith(f"{oracle}: {name}")) == (1, True)


def test_a_pass_that_hides_functions(my_passes: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = fuzz(capsys, "--pass", "test-private", "--load", my_passes, "--examples", "3")
    assert status == 1
    assert "\ninterface: " in out


def test_a_finding_is_replayed_from_anywhere(
    my_passes: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "far" / "away").mkdir(parents=True)
    call = ("--pass", "test-crash", "--load", Path(my_passes).name, "--examples", "1", "-o", "found")
    assert fuzz(capsys, *call)[0] == 1
    (file,) = (tmp_path / "found").iterdir()
    monkeypatch.chdir(tmp_path / "far" / "away")
    assert fuzz(capsys, "--replay", f"../../found/{file.name}")[0] == 1
    moved = tmp_path / "far" / file.name
    moved.write_bytes(file.read_bytes())
    assert fuzz(capsys, "--replay", str(moved))[0] == 1
    moved = tmp_path / "far" / "away" / file.name
    moved.write_bytes(file.read_bytes())
    status, _, err = fuzz(capsys, "--replay", str(moved))
    assert status == 1
    assert "name it by --load" in err
    assert fuzz(capsys, "--replay", str(moved), "--load", my_passes)[0] == 1


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
    ("written", "message"),
    [
        ("b'module { foo bar'", "and what it made is no module\n  in module { foo bar\n"),
        ("b'\\xff\\xfe'", "the command ended with status 0, and what it wrote is no text"),
        ("b'// a\\n' * (14 << 20)", "the command wrote more than 64 MiB"),
    ],
)
def test_commands_that_write_rubbish(
    written: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = script(tmp_path, f"import sys\nsys.stdout.buffer.write({written})\n")
    call = ("--examples", "1", "--shrink", "1s", "-o", str(tmp_path / "found"))
    status, out, _ = fuzz(capsys, "--command", command, *call)
    assert status == 1
    assert "\ncrash: " in out
    assert message in out
    (file,) = (tmp_path / "found").iterdir()
    assert fuzz(capsys, "--replay", str(file))[0] == 1


def test_commands_end_with_what_they_have_started(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One that leaves a process behind, which holds its output open, has ended all the same."""
    code = f"""
import subprocess, sys
started = subprocess.Popen([{sys.executable!r}, "-c", "import time; time.sleep(600)"])
open({str(tmp_path / "started")!r}, "a").write(f"{{started.pid}}\\n")
sys.stdout.write(sys.stdin.read())
"""
    status, out, _ = fuzz(capsys, "--command", script(tmp_path, code), "--examples", "1")
    assert status == 0, out
    for number in (tmp_path / "started").read_text(encoding="utf-8").split():
        # Gone, or dead and not yet waited for by whoever has inherited it.
        state = Path(f"/proc/{number}/stat")
        assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] in "ZX"


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
    assert "semantics      calls show the same before and afterwards (usual for passes, commands)" in out


def wait_for_search(process: subprocess.Popen[str]) -> None:
    """Wait until a process has taken SIGTERM over, which it does when a search begins."""
    status = Path(f"/proc/{process.pid}/status")
    mask = 1 << (signal.SIGTERM - 1)
    while process.poll() is None:
        caught = int(status.read_text().partition("SigCgt:\t")[2][:16], 16)
        if caught & mask:
            return
        time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_shows_what_was_done(number: signal.Signals, my_passes: str) -> None:
    command = [*COMMAND, "--pass", "test-nothing", "--load", my_passes, "--examples", "1000000"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for_search(process)
    time.sleep(1)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert ", interrupted\n" in out
    assert "Traceback" not in out + err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_a_command_that_hangs(number: signal.Signals, tmp_path: Path) -> None:
    note = tmp_path / "note"
    code = f"import os, time\nopen({str(note)!r}, 'a').write(f'{{os.getpid()}}\\n')\ntime.sleep(600)\n"
    command = [*COMMAND, "--command", script(tmp_path, code), "--timeout", "600"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not (note.exists() and note.read_text()):
        time.sleep(0.05)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "interrupted" in out
    assert "Traceback" not in out + err
    assert not Path(f"/proc/{note.read_text().strip()}").exists()


def test_an_interrupt_while_a_finding_is_made_small_keeps_it(
    my_passes: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("approxir.testing.search.reduce", interrupted)
    call = ("--pass", "test-crash", "--load", my_passes, "--examples", "1", "-o", str(tmp_path / "found"))
    status, out, _ = fuzz(capsys, *call)
    assert status == 130
    assert "crash: test-crash raised KeyError" in out
    assert len(os.listdir(tmp_path / "found")) == 1
