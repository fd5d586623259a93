"""Caches of compiled code: many processes at once, and processes that are killed."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.toolchains import has_c_compiler

from approxir.codegen.iree.cache import Cache

pytestmark = pytest.mark.skipif(os.name != "posix", reason="about POSIX processes")
IREE = importlib.util.find_spec("iree") is not None and importlib.util.find_spec("iree.compiler") is not None
# Prints what one function returns that every process has, and one of its own.
YARDSTICKS = """\
import sys
from pathlib import Path
import approxir as ax
from approxir.codegen.llvm.c_functions import c_function
from approxir.codegen.signature import public_functions, signature_of
folder = Path(sys.argv[1])
for addend in map(int, sys.argv[2:]):
    source = folder / f"add{addend}.c"
    source.write_text(f"int f(int n) {{ return n + {addend}; }}\\n")
    module = ax.parse("func.func @f(%n: i32) -> i32 {\\n  return %n : i32\\n}\\n")
    print(c_function(source, signature_of(public_functions(module)["f"]))(100))
"""
KERNELS = """\
import sys
import approxir as ax
for addend in map(int, sys.argv[2:]):
    print(ax.iree(
        "func.func @f(%n: i32) -> i32 {\\n"
        f"  %c = arith.constant {addend} : i32\\n  %r = arith.addi %n, %c : i32\\n  return %r : i32\\n}}\\n"
    ).f(100))
"""
KILLED = """\
import os, signal
count = 0
replace = os.replace
def killed(*args, **kwargs):
    global count
    if count == {at}:
        os.kill(os.getpid(), signal.SIGKILL)
    count += 1
    replace(*args, **kwargs)
os.replace = killed
"""
# The process gets the signal for a file that grows beyond its limit, in the middle of a write.
CUT_SHORT = """\
import os, resource, signal
opened = os.open
def limited(path, *args, **kwargs):
    if str(path).endswith(".partial"):
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    return opened(path, *args, **kwargs)
os.open = limited
"""


def start(script: str, folder: Path, *addends: int) -> subprocess.Popen[str]:
    """A process of its own that compiles with the cache ``cache`` of a folder."""
    sources = folder / "-".join(map(str, addends))
    sources.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-c", script, str(sources), *map(str, addends)],
        env={**os.environ, "APPROXIR_CACHE_DIR": str(folder / "cache")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def check(process: subprocess.Popen[str], *addends: int) -> None:
    out, said = process.communicate(timeout=300)
    assert (process.returncode, out.split()) == (0, [str(100 + addend) for addend in addends]), said


def entries(folder: Path) -> int:
    """How many artifacts the cache has, all of which are sound."""
    cache = Cache(folder / "cache")
    keys = [path.stem for path in cache.folder.glob("*.artifact")]
    assert all(cache.get(key) is not None for key in keys)
    return len(keys)


def unfinished(folder: Path) -> list[str]:
    return [path.name for path in (folder / "cache").rglob("*") if path.suffix in (".partial", ".tmp")]


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(YARDSTICKS, marks=pytest.mark.skipif(not has_c_compiler(), reason="needs a C compiler")),
        pytest.param(KERNELS, marks=pytest.mark.skipif(not IREE, reason="needs IREE")),
    ],
    ids=["yardsticks", "kernels"],
)
def test_processes_share_a_fresh_cache(script: str, tmp_path: Path) -> None:
    others = (1, 2)
    processes = [start(script, tmp_path, 0, other) for other in others]
    for process, other in zip(processes, others, strict=True):
        check(process, 0, other)
    assert (entries(tmp_path), unfinished(tmp_path)) == (1 + len(others), [])
    # Nothing is compiled anew.
    before = {path: path.stat().st_ino for path in (tmp_path / "cache").rglob("*.artifact")}
    check(start(script, tmp_path, *others), *others)
    assert {path: path.stat().st_ino for path in (tmp_path / "cache").rglob("*.artifact")} == before


@pytest.mark.skipif(not has_c_compiler(), reason="needs a C compiler")
def test_a_killed_process_leaves_a_cache_that_works(tmp_path: Path) -> None:
    """Killed before each file takes its place, whichever cache it belongs to; the next process finds what is there."""
    deaths = 0
    while True:
        # The first one dies before all files, each further one writes one file more than that before it.
        process = start(KILLED.format(at=min(deaths, 1)) + YARDSTICKS, tmp_path, 5)
        out, said = process.communicate(timeout=300)
        if process.returncode == 0:
            break
        assert (process.returncode, out) == (-signal.SIGKILL, ""), said
        deaths += 1
        assert (entries(tmp_path), len(unfinished(tmp_path))) == (0, deaths)
    assert (out.split(), entries(tmp_path)) == (["105"], 1)
    assert deaths >= 2


@pytest.mark.skipif(not has_c_compiler(), reason="needs a C compiler")
def test_a_process_killed_while_writing_leaves_no_half_artifact(tmp_path: Path) -> None:
    process = start(CUT_SHORT + YARDSTICKS, tmp_path, 5)
    out, said = process.communicate(timeout=300)
    assert (process.returncode, out) == (-signal.SIGXFSZ, ""), said
    (half,) = (tmp_path / "cache").rglob("*.partial")
    assert (half.stat().st_size, entries(tmp_path)) == (1000, 0)
    check(start(YARDSTICKS, tmp_path, 5), 5)
    assert entries(tmp_path) == 1
