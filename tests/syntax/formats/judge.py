"""Asks a real MLIR for the generic form of a text; used by the tests and from the command line."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

TORCH_OPT = Path(sys.prefix) / "lib/python3.11/site-packages/torch_mlir/_mlir_libs/torch-mlir-opt"


def tools() -> dict[str, str]:
    """The MLIR tools found, by the name that tests use."""
    found = {}
    upstream = shutil.which("mlir-opt-22") or shutil.which("mlir-opt")
    if upstream:
        found["mlir"] = upstream
    if TORCH_OPT.exists():
        found["torch"] = str(TORCH_OPT)
    return found


def generic(text: str, tool: str, *flags: str) -> tuple[str | None, str]:
    """The generic form that the tool prints (None when it refuses), and its messages."""
    command = [tool, "--mlir-print-op-generic", "--allow-unregistered-dialect", *flags]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)
    return (done.stdout if done.returncode == 0 else None), done.stderr
