"""The reference of the command line: what ``--help`` says, put into ``reference/commands.md``."""

from __future__ import annotations

import contextlib
import inspect
import io
from collections.abc import Iterator

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

PAGE = "reference/commands.md"
MARK = "<!-- commands -->"
_KEPT = "\b\n"
"""What Click takes as the request not to fill a paragraph."""


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    if page.file.src_uri != PAGE:
        return markdown
    if MARK not in markdown:
        raise ValueError(f"{PAGE} has no line {MARK}")
    return markdown.replace(MARK, "\n\n".join([*_approxir(), *_approx_opt()]))


def _approxir() -> Iterator[str]:
    """A section for each subcommand."""
    from approxir.cli.group import cli

    context = click.Context(cli, info_name="approxir")
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context)
        yield f"## approxir {name}"
        yield f"```text\n{command.get_usage(inner).removeprefix('Usage: ')}\n```"
        yield from _paragraphs(inspect.cleandoc(command.help or ""))
        yield _table(command, inner)


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in text.split("\n\n"):
        if paragraph.startswith(_KEPT):
            title, _, body = paragraph.removeprefix(_KEPT).partition("\n")
            yield title
            yield f"```text\n{inspect.cleandoc(body)}\n```"
        else:
            yield _escaped(paragraph)


def _table(command: click.Command, context: click.Context) -> str:
    rows = ["| option | |", "| --- | --- |"]
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and parameter.name != "help":
            spelled, meaning = record
            rows.append(f"| `{spelled}` | {_escaped(meaning)} |")
    return "\n".join(rows)


def _escaped(text: str) -> str:
    """Text as Markdown that shows it as it is."""
    marks = "".join("\\" + char if char in "\\`*_[]{}#" else char for char in text)
    return marks.replace("&", "&amp;").replace("<", "&lt;").replace("|", "&#124;")


def _approx_opt() -> Iterator[str]:
    from approxir.cli.approx_opt import main

    with contextlib.redirect_stdout(io.StringIO()) as shown:
        main(["--help"])
    yield "## approx-opt"
    yield f"```text\n{shown.getvalue().rstrip()}\n```"
