"""Reading and writing files: bytes are kept, and a failing write leaves the old file."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from approxir import files
from approxir.errors import ParseError

posix = pytest.mark.skipif(os.name != "posix", reason="about POSIX files")


@pytest.mark.parametrize("text", ["", "a\r\nb\rc\n", "\ufeffmodule {}", "no end", "\0\n", "é😀\n\x0c\x85"])
def test_text_comes_back_as_it_was(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.mlir"
    files.write_text_atomic(path, text)
    assert path.read_bytes() == text.encode()
    assert files.read_text(path) == text
    assert os.listdir(tmp_path) == ["a.mlir"]


@pytest.mark.parametrize(
    ("data", "line", "column"),
    [
        (b"\xff", 1, 1),
        (b"module {\n  \xc3\xa9\x80 }\nrest \xff", 2, 4),
        (b"a\r\nb\xf0\x9f", 2, 2),
        (b"ML\xefR\x03", 1, 3),
        (b"\n" * 1000 + b"\xed\xa0\x80", 1001, 1),
    ],
)
def test_invalid_utf8_has_a_position(tmp_path: Path, data: bytes, line: int, column: int) -> None:
    path = tmp_path / "bad.mlir"
    path.write_bytes(data)
    with pytest.raises(ParseError, match="invalid UTF-8") as caught:
        files.read_text(path)
    assert (caught.value.file, caught.value.line, caught.value.column) == (str(path), line, column)


def test_a_failing_write_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.mlir"
    path.write_text("old")

    def fail(source: str, target: str) -> None:
        raise OSError(28, "No space left on device", source)

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="No space left") as caught:
        files.write_text_atomic(path, "new")
    assert caught.value.filename == str(path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.mlir"]


@posix
def test_a_full_disk_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.mlir"
    path.write_text("old")
    script = (
        "import resource, sys\n"
        "from approxir import files\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n"
        "    files.write_text_atomic(sys.argv[1], 'x' * 100_000)\n"
        "except OSError as error:\n"
        "    print(error.filename)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{path}\n"
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.mlir"]


@posix
@pytest.mark.parametrize("mode", [0o644, 0o600, 0o755])
def test_permissions_are_kept(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a.mlir"
    path.write_text("old")
    path.chmod(mode)
    files.write_text_atomic(path, "new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == mode


@posix
def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    files.write_text_atomic(tmp_path / "a.mlir", "new")
    assert (tmp_path / "a.mlir").stat().st_mode == (tmp_path / "other").stat().st_mode


@posix
def test_a_file_without_write_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.mlir"
    path.write_text("old")
    path.chmod(0o444)
    # The superuser may write everything, so the answer of the system is put in its mouth.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(PermissionError) as caught:
        files.write_text_atomic(path, "new")
    assert caught.value.filename == str(path)
    assert path.read_text() == "old"


@posix
def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real = tmp_path / "real" / "a.mlir"
    real.write_text("old")
    link = tmp_path / "link.mlir"
    link.symlink_to(Path("real") / "a.mlir")
    files.write_text_atomic(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"
    assert sorted(os.listdir(tmp_path)) == ["link.mlir", "real"]


@posix
def test_a_dangling_link_gets_its_target(tmp_path: Path) -> None:
    link = tmp_path / "link.mlir"
    link.symlink_to("a.mlir")
    files.write_text_atomic(link, "new")
    assert link.is_symlink()
    assert (tmp_path / "a.mlir").read_text() == "new"


@posix
def test_a_device_is_written_to_and_not_replaced() -> None:
    files.write_text_atomic(os.devnull, "text")
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_device_is_an_error_that_names_it() -> None:
    with pytest.raises(OSError, match="No space left") as caught:
        files.write_text_atomic("/dev/full", "text")
    assert caught.value.filename == "/dev/full"


def test_a_directory_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r".") as caught:
        files.write_text_atomic(tmp_path, "text")
    assert caught.value.filename == str(tmp_path)


@posix
def test_a_full_disk_leaves_all_files_as_they_were(tmp_path: Path) -> None:
    """Also those that would have fitted."""
    (tmp_path / "a").write_text("old")
    (tmp_path / "b").write_text("old")
    script = (
        "import resource, sys\n"
        "from approxir import files\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "a, b, c = sys.argv[1:]\n"
        "try:\n"
        "    files.write_all_atomic({a: b'new', b: b'x' * 100_000, c: b'new'})\n"
        "except OSError as error:\n"
        "    print(error.filename)\n"
    )
    paths = [str(tmp_path / name) for name in "abc"]
    done = subprocess.run([sys.executable, "-c", script, *paths], capture_output=True, text=True, check=True)
    assert done.stdout == f"{paths[1]}\n"
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "old", "b": "old"}


@posix
def test_files_that_belong_together(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    (tmp_path / "old").chmod(0o600)
    old, new = str(tmp_path / "old"), str(tmp_path / "new")
    files.write_all_atomic({old: b"1", new: b"2", "/dev/null": b"3"}, executable={old, new})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"old": b"1", "new": b"2"}
    assert os.access(old, os.X_OK)
    assert stat.S_IMODE(os.stat(old).st_mode) & 0o666 == 0o600
    assert os.access(new, os.X_OK)
