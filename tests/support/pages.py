"""Pages of documentation: their code blocks, run in order, and compared with what they show.

CONTRIBUTING.md tells what is done to blocks of each language.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt
from support.typed_commands import check_typed_commands

import approxir as ax
from approxir.tuning import hpvm

ROOT = Path(__file__).resolve().parents[2]
FILE_NAME = re.compile(r"(?://|#) (\.?[\w/.-]+\.\w+)\n")


@dataclass(frozen=True)
class Block:
    """A code block of a page.

    Args:
        language: what stands behind its fence; '' for an indented block.
        text: the code, with its line breaks.
        line: the number of the line of the page before the first line of code.
    """

    language: str
    text: str
    line: int

    @property
    def file(self) -> str | None:
        """The name of the file that the block is, which a comment in its first line tells."""
        found = FILE_NAME.match(self.text)
        return found[1] if found else None


def code_blocks(text: str) -> list[Block]:
    """All code blocks of a page."""
    found = []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type in ("fence", "code_block"):
            assert token.map is not None
            fenced = token.type == "fence"
            found.append(Block(token.info.strip() if fenced else "", token.content, token.map[0] + fenced))
    return found


def blocks(text: str, language: str) -> list[tuple[int, str]]:
    """The code blocks of a language, and the number of the line before each."""
    return [(block.line, block.text) for block in code_blocks(text) if block.language == language]


def outline(text: str) -> tuple[list[str], list[str]]:
    """The anchors of the headings of a page, as GitHub makes them, and the targets of its links and images."""
    anchors, targets = [], []
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    for token, inner in pairwise(tokens):
        if token.type == "heading_open":
            words = "".join(
                part.content for part in inner.children or [] if part.type in ("text", "code_inline")
            )
            slug = re.sub(r"[^\w -]", "", words.lower()).replace(" ", "-")
            anchors.append(f"{slug}-{anchors.count(slug)}" if slug in anchors else slug)
    for token in tokens:
        for part in token.children or []:
            target = part.attrGet("href") or part.attrGet("src")
            if target is not None:
                targets.append(str(target))
    return anchors, targets


def run_page(path: Path, cwd: Path) -> None:
    """Go through the code blocks of a page, which is in the folder `cwd` as its reader is in a checkout."""
    _Walk(path, cwd).run()


class _Walk:
    """One way through a page: its Python blocks are one program, its commands run in one folder."""

    def __init__(self, path: Path, cwd: Path) -> None:
        self.path = path
        self.cwd = cwd
        self.blocks = code_blocks(path.read_text(encoding="utf-8"))
        self.names: dict[str, Any] = {"__name__": "page"}
        self.shown: str | None = None
        """What the last block printed, for the block of text behind it."""
        self.unused: set[str] = set()

    def run(self) -> None:
        for block in self.blocks:
            where = f"{self.path.name}:{block.line}"
            shown, self.shown = self.shown, None
            if block.language == "text":
                assert shown is not None, f"{where}: text that no block before it prints; is it data?"
                self.compare(block.text, shown, where)
                continue
            check = _CHECKS.get(block.language)
            assert check is not None, f"{where}: nothing is known of blocks in {block.language!r}"
            # What is done with a file, and what a program imports, is in a later block.
            self.unused -= {name for name in self.unused if re.search(rf"\b{Path(name).stem}\b", block.text)}
            if block.file is not None and block.language in _WRITTEN:
                target = self.cwd / block.file
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(block.text, encoding="utf-8")
                if block.language in ("python", "c"):
                    self.unused.add(block.file)
            try:
                check(self, block)
            except Exception as error:
                error.add_note(f"in the block at {where}")
                raise
        assert not self.unused, f"{self.path.name}: nothing uses {', '.join(self.unused)}"

    def compare(self, shown: str, printed: str, what: str) -> None:
        """Compare what a page shows with what was printed; ``...`` stands for anything."""
        # Blanks at the ends of lines do not show, and editors remove them.
        printed = re.sub(r" +$", "", printed, flags=re.MULTILINE)
        if not doctest.OutputChecker().check_output(shown, printed, doctest.ELLIPSIS):
            assert printed == shown, what

    def python(self, block: Block) -> None:
        if block.file is not None:
            compile(block.text, block.file, "exec")
            return
        # Line numbers are those of the page, so that a failure points to its line.
        code = compile("\n" * block.line + block.text, str(self.path), "exec")
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(code, self.names)
        self.shown = printed.getvalue()

    def console(self, block: Block) -> None:
        steps = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
        assert not steps[0], "a console block begins with a command"
        assert len(steps) > 1
        for step in steps[1:]:
            first, *rest = step.splitlines(keepends=True)
            command = [first]
            while rest and rest[0].startswith("> "):
                command.append(rest.pop(0).removeprefix("> "))
            self.compare("".join(rest), self.shell("".join(command)), first)

    def shell(self, command: str) -> str:
        """What a command prints, and its exit status where that is not 0."""
        python = Path(sys.executable)
        done = subprocess.run(
            ["bash", "-c", f'approxir() {{ "{python}" -m approxir "$@"; }}\n{command}'],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
            cwd=self.cwd,
            env={**os.environ, "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"},
        )
        return done.stdout + (f"[{done.returncode}]\n" if done.returncode else "")

    def mlir(self, block: Block) -> None:
        module = ax.parse(block.text)
        module.parse_all()
        assert str(module) == block.text
        if block.language == "mlir":
            module.verify()

    def c(self, block: Block) -> None:
        if block.file is None:
            compiler = os.environ.get("CC", "cc")
            options = ["-fsyntax-only", "-Wno-unknown-pragmas", "-x", "c", "-"]
            done = subprocess.run(
                [compiler, *options], input=block.text, text=True, capture_output=True, check=False
            )
            assert done.returncode == 0, done.stderr

    def c_error(self, block: Block) -> None:
        following = self.blocks[self.blocks.index(block) + 1]
        try:
            ax.parse_cpp_annotations(block.text, file=following.text.partition(":")[0])
        except ax.AnnotationSyntaxError as error:
            self.shown = f"{error}\n"
        assert self.shown is not None, "there is no error"
        assert following.language == "text"

    def data(self, block: Block) -> None:
        _READERS[block.language](block.text)

    def typed(self, block: Block) -> None:
        check_typed_commands(block.text)


_READERS: dict[str, Callable[[str], Any]] = {
    "toml": tomllib.loads,
    "yaml": yaml.safe_load,
    "json": json.loads,
    "hpvm": hpvm.parse,
}
_CHECKS: dict[str, Callable[[_Walk, Block], None]] = {
    "python": _Walk.python,
    "console": _Walk.console,
    "mlir": _Walk.mlir,
    "mlir excerpt": _Walk.mlir,
    "c": _Walk.c,
    "c error": _Walk.c_error,
    "sh": _Walk.typed,
    "": _Walk.typed,
    **dict.fromkeys(_READERS, _Walk.data),
}
_WRITTEN = ("python", "mlir", "c", "toml", "yaml", "json")
