"""`approxir info`."""

from __future__ import annotations

import json
import platform
from importlib import metadata

import pytest

from approxir._version import __version__
from approxir.cli import main
from approxir.codegen import upstream


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
