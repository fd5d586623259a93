"""The real MLIR parsers that are installed, and their answers, cached on disk.

Answers are kept by the content of text, tool and options, so a second run over the same corpus costs little.
`APPROXIR_JUDGE_CACHE` names the folder; without it a folder below the system's temporary one is used.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_SECONDS = 120

NAMES = ("mlir-opt", "torch-mlir-opt", "torch-mlir", "iree-opt", "jaxlib", "triton", "xdsl-opt")
"""The tools that this file knows, installed or not."""

_JAXLIB_SCRIPT = """
import sys
from jax._src.interpreters import mlir
from jaxlib.mlir import ir
with mlir.make_ir_context() as context:
    context.allow_unregistered_dialects = True
    text = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
    try:
        module = ir.Module.parse(text)
        module.operation.verify()
    except Exception as error:
        sys.exit(str(error))
    form = module.operation.get_asm(print_generic_op_form=True, enable_debug_info=sys.argv[1] == "located")
    sys.stdout.buffer.write(form.encode("utf-8", "surrogateescape"))
"""

# Also runs passes, for `lowerings.py`: torch-mlir-opt registers fewer dialects and passes than this.
TORCH_MLIR_SCRIPT = """
import sys
from torch_mlir import ir
from torch_mlir.passmanager import PassManager
style, pipeline = sys.argv[1:]
with ir.Context() as context:
    context.allow_unregistered_dialects = True
    text = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
    try:
        module = ir.Module.parse(text)
        module.operation.verify()
        if pipeline:
            PassManager.parse(pipeline).run(module.operation)
    except Exception as error:
        sys.exit(str(error))
    generic, debug = style.startswith("generic"), style.endswith("debug")
    form = module.operation.get_asm(print_generic_op_form=generic, enable_debug_info=debug)
    sys.stdout.buffer.write(form.encode("utf-8", "surrogateescape"))
"""

# Triton's bindings cannot print the generic form, but what they print does not depend on the names in the
# text.
_TRITON_SCRIPT = """
import sys, tempfile
from triton._C import libtriton
from triton._C.libtriton import ir
context = ir.context()
ir.load_dialects(context)
for backend in ("nvidia", "amd"):
    getattr(libtriton, backend).load_dialects(context)
with tempfile.NamedTemporaryFile(suffix=".ttir") as file:
    file.write(sys.stdin.buffer.read())
    file.flush()
    try:
        module = ir.parse_mlir_module(file.name, context)
    except RuntimeError as error:
        sys.exit(str(error))
if not module.verify():
    sys.exit("the module does not verify")
sys.stdout.write(module.str_nodebug())
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool said about a text: its output, or None and the diagnostics."""

    output: str | None
    errors: str


@dataclass(frozen=True, slots=True)
class Tool:
    """A real parser and verifier, run without passes.

    `generic` is the command that prints a canonical form without locations, `located` the one that prints
    the generic form with them, or None where the tool has no such thing. Both read standard input.
    """

    name: str
    generic: tuple[str, ...]
    located: tuple[str, ...] | None
    keeps_names: bool = False
    """The tool prints the names it read, so its forms are compared after numbering the names."""

    def ask(self, text: str, *, located: bool = False) -> Answer:
        """Run the tool, or take its answer from the cache."""
        command = self.located if located else self.generic
        if command is None:
            return Answer(None, f"{self.name} cannot print locations")
        data = text.encode("utf-8", "surrogateescape")
        entry = _cache_entry(command, data)
        try:
            stored = zlib.decompress(entry.read_bytes()).decode("utf-8", "surrogateescape")
        except (OSError, zlib.error):
            answer = _run(command, data)
            mark, body = ("-", answer.errors) if answer.output is None else ("+", answer.output)
            _store(entry, zlib.compress((mark + body).encode("utf-8", "surrogateescape"), 1))
            return answer
        return Answer(stored[1:], "") if stored.startswith("+") else Answer(None, stored[1:])


def _run(command: tuple[str, ...], data: bytes) -> Answer:
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=TIMEOUT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return Answer(None, f"no answer within {TIMEOUT_SECONDS} s")
    errors = done.stderr.decode("utf-8", "surrogateescape")
    if done.returncode != 0:
        return Answer(None, errors or f"exit status {done.returncode}")
    return Answer(done.stdout.decode("utf-8", "surrogateescape"), errors)


def cache_folder() -> Path:
    """Where answers are kept."""
    named = os.environ.get("APPROXIR_JUDGE_CACHE")
    return Path(named) if named else Path(tempfile.gettempdir()) / "approxir-judge-cache"


@functools.cache
def _identity(command: tuple[str, ...]) -> bytes:
    """A new release of a tool has another size or time, and gets answers of its own."""
    stat = os.stat(command[0])
    return repr((command, stat.st_size, stat.st_mtime_ns)).encode()


def _cache_entry(command: tuple[str, ...], data: bytes) -> Path:
    key = hashlib.sha256(_identity(command) + b"\0" + data).hexdigest()
    return cache_folder() / key[:2] / key[2:]


def _store(entry: Path, data: bytes) -> None:
    """Write under a temporary name first, so that parallel runs never read half an entry."""
    entry.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=entry.parent, delete=False) as file:
        file.write(data)
    os.replace(file.name, entry)


# --- which tools there are --------------------------------------------------------------------------------


def _module_folder(name: str) -> Path | None:
    """The folder of an importable package, without importing it."""
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return None
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) if places else None


def _on_path(*names: str) -> Path | None:
    """The first of the programs found on PATH or beside the running Python."""
    search = os.pathsep.join((os.environ.get("PATH", ""), os.path.dirname(sys.executable)))
    for name in names:
        if found := shutil.which(name, path=search):
            return Path(found)
    return None


def _in_package(package: str, program: str) -> Path | None:
    folder = _module_folder(package)
    path = folder / "_mlir_libs" / program if folder else None
    return path if path and path.exists() else _on_path(program)


def _mlir_program(name: str, path: Path | None) -> Iterator[Tool]:
    if path:
        generic = (str(path), "--allow-unregistered-dialect", "--mlir-print-op-generic", "-")
        yield Tool(name, generic, (*generic, "--mlir-print-debuginfo"))


@functools.cache
def tools() -> tuple[Tool, ...]:
    """The parsers found on this machine, the most general and fastest first."""
    found: list[Tool] = []
    system = _on_path("mlir-opt", *(f"mlir-opt-{version}" for version in range(40, 18, -1)))
    found += _mlir_program("mlir-opt", system)
    found += _mlir_program("torch-mlir-opt", _in_package("torch_mlir", "torch-mlir-opt"))
    if _module_folder("torch_mlir"):
        start = (sys.executable, "-c", TORCH_MLIR_SCRIPT)
        found.append(Tool("torch-mlir", (*start, "generic", ""), (*start, "generic-debug", "")))
    found += _mlir_program("iree-opt", _in_package("iree.compiler", "iree-opt"))
    if _module_folder("jaxlib") and _module_folder("jax"):
        start = (sys.executable, "-c", _JAXLIB_SCRIPT)
        found.append(Tool("jaxlib", (*start, "generic"), (*start, "located")))
    if _module_folder("triton"):
        found.append(Tool("triton", (sys.executable, "-c", _TRITON_SCRIPT), None))
    if xdsl := _on_path("xdsl-opt"):
        found.append(
            Tool("xdsl-opt", (str(xdsl), "--allow-unregistered-dialect", "--print-op-generic"), None, True)
        )
    return tuple(found)


def plain_name(name: str) -> str:
    """The name of a tool without a version: `mlir-opt` for `mlir-opt-22`."""
    return re.sub(r"-\d+$", "", name)


def tool(name: str) -> Tool | None:
    """The tool of that name (one of `NAMES`, a version may follow), if it is installed."""
    return next((t for t in tools() if t.name == plain_name(name)), None)


def accepting_tool(text: str, among: Iterable[Tool] | None = None) -> Tool | None:
    """The first tool that accepts the text."""
    return next((t for t in (tools() if among is None else among) if generic_form(text, t) is not None), None)


def generic_form(text: str, using: Tool) -> str | None:
    """The tool's canonical form of the text, or None when it refuses the text."""
    output = using.ask(text).output
    return numbered(output) if output is not None and using.keeps_names else output


_NAME = re.compile(
    r"""
    "(?:[^"\\]|\\.)*"                       # strings are skipped
  | ^\s*(?P<results>%[^"=]*?)(?=\s=\s)     # definitions
  | ^\s*\^\w+\((?P<arguments>.*)\):
  | (?P<use>%[\w.$-]+)
  | (?P<block>\^[\w.$-]+)
    """,
    re.VERBOSE | re.MULTILINE,
)


def numbered(form: str) -> str:
    """A generic form with its values numbered in order of definition, or of use where that comes first.

    The names of blocks are dropped, so a branch to the wrong block does not show.
    """
    numbers: dict[str, str] = {}
    count = itertools.count()

    def define(match: re.Match[str]) -> str:
        numbers[match[0]] = f"%{next(count)}"
        return numbers[match[0]]

    def replace(match: re.Match[str]) -> str:
        if use := match["use"]:
            return numbers.get(use) or define(match)
        if match["results"] or match["arguments"]:
            return re.sub(r"%[\w.$-]+", define, re.sub(r"\^[\w.$-]+", "^", match[0]))
        return "^" if match["block"] else match[0]

    return _NAME.sub(replace, form)
