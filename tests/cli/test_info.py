"""`approxir info`."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from approxir._version import __version__
from approxir.cli import main
from approxir.codegen import backend, upstream
from approxir.codegen.iree.cache import Cache


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["approxir"] == __version__
    assert report["python"] == platform.python_version()
    assert report["lark"] == metadata.version("lark")
    assert [entry["name"] for entry in report["mlir"]] == [info.name for info in upstream.available()]


def test_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info"]) == 0
    out = capsys.readouterr().out
    assert f"approxir  {__version__}\n" in out
    for info in upstream.available():
        assert f"{info.version or 'unknown version'}  ({info.where})" in out


def test_what_is_missing_names_its_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(upstream, "available", list)
    assert main(["info"]) == 0
    out = capsys.readouterr().out
    assert "Real MLIRs found:\n  none\n" in out
    assert "torch-mlir: not installed; pip install 'approxir[llvm]'" in out


def test_back_ends(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "--json"]) == 0
    report = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)["backends"]}
    assert set(report) == set(backend.BACKENDS)
    for entry in report.values():
        assert entry["available"] or entry["reason"]
    assert main(["info"]) == 0
    shown = capsys.readouterr().out
    if report["iree"]["available"]:
        assert "cuda" in report["iree"]["targets"]
        assert "runs here on: cpu" in shown


def test_cache(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("APPROXIR_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("APPROXIR_CACHE_SIZE", "3M")
    Cache(tmp_path).put("0" * 64, b"x" * 2_000_000)
    assert main(["info", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["cache"]
    assert found["directory"].startswith(str(tmp_path))
    assert (found["entries"], found["limit"], found["problem"]) == (1, 3 << 20, None)
    assert main(["info"]) == 0
    assert "1 entries, 1.9 MiB of 3.0 MiB" in capsys.readouterr().out
    monkeypatch.setenv("APPROXIR_CACHE_SIZE", "0")
    assert main(["info"]) == 0
    assert "not used: switched off" in capsys.readouterr().out
    monkeypatch.setenv("APPROXIR_CACHE_SIZE", "plenty")
    assert main(["info"]) == 1
    assert "APPROXIR_CACHE_SIZE is 'plenty'" in capsys.readouterr().err


@pytest.mark.parametrize(("module", "extra"), [("numpy", "llvm"), ("torch_mlir", "llvm"), ("iree", "iree")])
def test_back_ends_that_are_missing(module: str, extra: str) -> None:
    """In a process in which a package cannot be imported or found."""
    script = f"""
import sys
from importlib.machinery import PathFinder
class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] == {module!r} else PathFinder.find_spec(name, path, target)
sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not PathFinder] + [Without]
from approxir.cli import main
sys.exit(main(["info"]))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"approxir[{extra}]" in done.stdout.partition("Back ends:")[2]
