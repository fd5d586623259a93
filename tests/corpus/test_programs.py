"""approxir on what JAX and real MLIR print: lossless, renamed to the same module, every operation found.

The corpus is made here, by script and with seeds; see `jax_programs` and `lowerings`. The whole of it is
behind the marker `slow`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("jax", reason="the corpus is lowered from JAX programs")

from .jax_programs import PROGRAMS
from .lowerings import lowerings
from .run import judged
from .tools import tools

CHECKS = ("lossless", "renamed", "operations")
NAMES = [program.name for program in PROGRAMS]
QUICK = ["transformer_block", "while_loop", "scatter_ops"]

pytestmark = pytest.mark.skipif(not tools(), reason="no real MLIR is installed")


def check(folder: Path, name: str, text: str) -> None:
    path = folder / f"{name}.mlir"
    path.write_text(text, encoding="utf-8", newline="")
    outcome = judged(path, checks=CHECKS)
    assert outcome.tool is not None, f"{name}: no real parser accepts the text"
    failed = {
        key: outcome.details.get(key, status) for key, status in outcome.checks.items() if status != "ok"
    }
    assert not failed, f"{name}: {failed}"


@pytest.mark.parametrize("program", PROGRAMS, ids=NAMES)
@pytest.mark.parametrize("style", ["pretty", "generic-debug"])
def test_exported(program, style: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    check(tmp_path, program.name, program.text(style))


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS, ids=NAMES)
@pytest.mark.parametrize("style", ["debug", "generic"])
def test_exported_in_other_styles(program, style: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    check(tmp_path, program.name, program.text(style))


@pytest.mark.parametrize("name", [name for name in NAMES if name in QUICK])
def test_lowered(name: str, tmp_path: Path) -> None:
    found = list(lowerings(("pretty",), [name]))
    if not found:
        pytest.skip("the tools that lower are not installed")
    for lowered in found:
        check(tmp_path, f"{name}-{lowered.stage}", lowered.mlir)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_lowered_in_every_style(name: str, tmp_path: Path) -> None:
    for lowered in lowerings(names=[name]):
        check(tmp_path, f"{name}-{lowered.stage}-{lowered.style}", lowered.mlir)
