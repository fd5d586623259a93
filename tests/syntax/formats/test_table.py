"""The tables themselves: the grammar is unambiguous, every entry compiles, the cache is transparent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from approxir.syntax.formats.compile_table import TableError, _parser, compile_table
from approxir.syntax.formats.data import directory
from approxir.syntax.formats.formats import op_format
from approxir.syntax.formats.table import _load, dialect_table

DIALECTS = sorted(path.stem for path in (directory() / "dialects").glob("*.fmt"))
GRAMMAR = (directory() / "formats.lark").read_text()


def test_grammar_is_lalr_in_strict_mode() -> None:
    pytest.importorskip("interegular", reason="Lark's strict mode needs interegular")
    _parser(GRAMMAR, True)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_format_compiles(dialect: str) -> None:
    table = dialect_table(dialect)
    assert table is not None
    for name, entry in table.operations.items():
        if entry.format is not None:
            assert op_format(f"{dialect}.{name}") is not None


def test_cache_gives_the_same_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPROXIR_CACHE_DIR", str(tmp_path))
    path = directory() / "dialects" / "scf.fmt"
    parsed = _load(path)
    (cached,) = tmp_path.rglob("*.json")
    assert _load(path) == parsed
    cached.write_text("not JSON")
    assert _load(path) == parsed


def test_an_unwritable_cache_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("APPROXIR_CACHE_DIR", str(blocked))
    assert _load(directory() / "dialects" / "cf.fmt")["operations"]


_LIMITED = """
import resource
from approxir.syntax.formats.table import dialect_table
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
assert dialect_table("scf").operations
"""


@pytest.mark.skipif(sys.platform == "win32", reason="sizes of files cannot be limited there")
def test_a_cache_that_cannot_be_filled_is_left_empty(tmp_path: Path) -> None:
    environment = {**os.environ, "APPROXIR_CACHE_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-B", "-c", _LIMITED], check=True, env=environment)
    assert (tmp_path / "approxir" / "formats").is_dir()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_faults_of_a_table_are_errors() -> None:
    with pytest.raises(TableError, match=":1:"):
        compile_table("op a () -> ( = ;", GRAMMAR, "x.fmt")
    with pytest.raises(TableError, match="two entries"):
        compile_table("op a a () -> () = attrs ;", GRAMMAR, "x.fmt")
