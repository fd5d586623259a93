"""Writing: links stay links, and whatever goes wrong leaves the old file or the new one, whole."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import approxir as ax
from approxir.cli import main

pytestmark = pytest.mark.skipif(os.name != "posix", reason="about POSIX files")
BAD = "func.func @f() {\n     return\n}\n"
GOOD = "func.func @f() {\n  return\n}\n"
EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "gelu.mlir"


def approxir(*arguments: str, script: str = "", **options: object) -> subprocess.CompletedProcess[bytes]:
    """The command line in a process of its own, after a script."""
    code = f"import sys\n{script}\nfrom approxir.__main__ import main\nsys.exit(main())"
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-c", code, *arguments], **{"capture_output": True, "check": False, **options}
    )


def test_in_place_follows_links(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real = tmp_path / "real" / "a.mlir"
    real.write_text(BAD)
    real.chmod(0o640)
    (tmp_path / "first").symlink_to(real)
    link = tmp_path / "second"
    link.symlink_to("first")
    assert main(["fmt", str(link)]) == 0
    assert (link.is_symlink(), (tmp_path / "first").is_symlink(), real.read_text()) == (True, True, GOOD)
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    real.write_text(EXAMPLE.read_text())
    assert main(["set", str(link), "gelu_threshold_0=60"]) == 0
    assert link.is_symlink()
    assert ax.load(real).config()["gelu_threshold_0"] == 60
    assert sorted(os.listdir(tmp_path / "real")) == ["a.mlir"]


def test_a_link_to_itself_is_an_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    link = tmp_path / "a.mlir"
    link.symlink_to(link)
    assert main(["fmt", str(link)]) == 1
    assert "symbolic links" in capfd.readouterr().err
    assert main(["fmt", "-o", str(link), str(EXAMPLE)]) == 1
    assert link.is_symlink()


@pytest.mark.parametrize("command", [["fmt"], ["set", "-c", "{config}"], ["lint", "--fix"], ["opt", "-i"]])
def test_a_full_disk_leaves_the_old_file(command: list[str], tmp_path: Path) -> None:
    path = tmp_path / "a.mlir"
    text = EXAMPLE.read_text().replace("    ", "         ") + "// padding\n" * 2000
    path.write_text(text)
    config = tmp_path / "c.json"
    config.write_text('{"gelu_threshold_0": 60, "gelu_decision_0": 1, "gelu_decision_1": 0}')
    words = [word.format(config=config) for word in command]
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))"
    done = approxir(words[0], str(path), *words[1:], script=limit)
    if done.returncode == 0:
        # Nothing had to be written.
        assert command[0] == "lint"
    else:
        assert b"File too large" in done.stderr
    assert b"Traceback" not in done.stderr
    assert path.read_text() == text
    assert sorted(os.listdir(tmp_path)) == ["a.mlir", "c.json"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize(
    "arguments",
    [["fmt", "-"], ["knobs", "-"], ["get", "-"], ["lint", "--format", "json", "-"], ["opt", "-"], ["info"]],
)
def test_a_full_standard_output(arguments: list[str]) -> None:
    with open("/dev/full", "wb") as full, EXAMPLE.open("rb") as stdin:
        done = approxir(*arguments, stdin=stdin, stdout=full, stderr=subprocess.PIPE, capture_output=False)
    assert b"Traceback" not in done.stderr
    assert done.returncode == 1 or not done.stderr


@pytest.mark.parametrize("arguments", [["fmt", "-"], ["knobs", "-"], ["opt", "-"], ["--help"]])
def test_a_closed_standard_output(arguments: list[str]) -> None:
    with EXAMPLE.open("rb") as stdin:
        done = approxir(*arguments, stdin=stdin, preexec_fn=lambda: os.close(1))
    assert b"Traceback" not in done.stderr


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.mlir").write_text(BAD)
    folder.chmod(0o555)
    drop = "import os\nos.setgid(65534); os.setuid(65534)" if os.getuid() == 0 else ""
    for parent in (tmp_path, *tmp_path.parents):
        if os.getuid() == 0 and not parent.stat().st_mode & 0o001:
            pytest.skip("another user cannot reach the folder of the tests")
    script = (
        "import approxir.cli.main, approxir.cli.group, approxir.cli.fmt, approxir.ir.layout, tempfile\n"
        + drop
    )
    done = approxir("fmt", str(folder / "a.mlir"), script=script)
    folder.chmod(0o755)
    assert (done.returncode, b"Traceback" in done.stderr) == (1, False), done.stderr
    assert b"Permission denied" in done.stderr
    assert (folder / "a.mlir").read_text() == BAD


def test_killed_writers_leave_a_whole_file(tmp_path: Path) -> None:
    """Killed at each step of writing: before and after each call to the system that matters."""
    path = tmp_path / "a.mlir"
    old, new = "old\n" * 1000, "new\n" * 50_000
    for name in ("fsync", "replace", "chmod"):
        for after in (False, True):
            path.write_text(old)
            script = (
                "import os, signal, sys\n"
                "from approxir import files\n"
                f"call = os.{name}\n"
                "def killed(*args):\n"
                f"    if {after}: call(*args)\n"
                "    os.kill(os.getpid(), signal.SIGKILL)\n"
                f"os.{name} = killed\n"
                f"files.write_text_atomic(sys.argv[1], 'new\\n' * 50_000)\n"
            )
            done = subprocess.run([sys.executable, "-c", script, str(path)], check=False)
            assert done.returncode == -signal.SIGKILL
            assert path.read_text() == (new if (name, after) == ("replace", True) else old)
    # What a killed process leaves beside it does not stand in the way of the next one.
    assert main(["fmt", "-o", str(path), str(EXAMPLE)]) == 0
