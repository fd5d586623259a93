"""The locale of the user changes nothing about what is read and written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TEXT = '// é😀\nfunc.func @"é"() attributes {a = "😀"} {\n  return\n}\n'
ENVIRONMENTS = {
    "C": {"LC_ALL": "C"},
    "C without UTF-8 mode": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "utf-16": {"PYTHONIOENCODING": "utf-16"},
    "unbuffered": {"PYTHONUNBUFFERED": "1"},
}


def approxir(*arguments: str, env: dict[str, str], stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "approxir", *arguments],
        input=stdin, capture_output=True, check=False, env={**os.environ, **env},
    )  # fmt: skip


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_text_goes_through_unchanged(name: str, tmp_path: Path) -> None:
    env = ENVIRONMENTS[name]
    done = approxir("fmt", "-", env=env, stdin=TEXT.encode())
    assert (done.returncode, done.stdout) == (0, TEXT.encode()), done.stderr
    path = tmp_path / "a.mlir"
    path.write_bytes(TEXT.encode())
    assert approxir("fmt", "--check", str(path), env=env).returncode == 0
    done = approxir("fmt", "--generic", "--diff", str(path), env=env)
    assert (done.returncode, b"Traceback" in done.stderr) == (1, False), done.stderr
    path.write_bytes(TEXT.removesuffix("}\n").encode())
    done = approxir("lint", str(path), env=env)
    assert (done.returncode, b"Traceback" in done.stderr) == (1, False), done.stderr


def test_other_encodings_are_refused_with_a_place(tmp_path: Path) -> None:
    path = tmp_path / "a.mlir"
    for data in (TEXT.encode("latin-1", "replace"), TEXT.encode("utf-16"), b"ML\xefR\x01"):
        path.write_bytes(data)
        done = approxir("fmt", str(path), env={})
        assert done.returncode == 1
        assert b"a.mlir:1:" in done.stderr
        assert b"invalid UTF-8" in done.stderr
        assert path.read_bytes() == data


def test_a_byte_order_mark_is_refused_in_mlir_and_taken_in_json(tmp_path: Path) -> None:
    path = tmp_path / "a.mlir"
    path.write_bytes(b"\xef\xbb\xbfmodule {}")
    done = approxir("fmt", str(path), env={})
    assert (done.returncode, b"byte-order mark" in done.stderr) == (1, True)
    (tmp_path / "c.json").write_bytes(b"\xef\xbb\xbf{}")
    path.write_bytes(b"module {}\n")
    assert approxir("set", str(path), "-c", str(tmp_path / "c.json"), env={}).returncode == 0
