"""The group of subcommands: finds the one that is called, and loads no other."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Any

import click

from approxir._version import __version__
from approxir.cli.exits import INTERRUPTED, SUCCESS, BrokenPipe
from approxir.cli.main import COMMANDS


class _LazyGroup(click.Group):
    """A group whose subcommands are imported only when one of them is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(COMMANDS[cmd_name][0]).command
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # Click would end the process with status 1.
            raise BrokenPipe from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit status: 0 success, 1 findings or failure, 2 wrong usage.",
)
@click.version_option(__version__, prog_name="approxir", message="%(prog)s %(version)s")
def cli() -> None:
    """Read, check, edit and print MLIR text, byte for byte where nothing was changed.

    \b
    Examples:
      approxir fmt model.mlir           put a file into the canonical layout
      approxir fmt --check *.mlir       name the files that are not
      approxir opt model.mlir           lower its approximations
      approxir info                     versions, and the real MLIRs found here
    """


def invoke(argv: Sequence[str] | None) -> int:
    """Run the command line and return its exit status; only Click's own errors are reported here."""
    try:
        status = cli.main(None if argv is None else list(argv), prog_name="approxir", standalone_mode=False)
    except click.ClickException as error:
        if sys.stderr is not None:
            error.show()
        return error.exit_code
    except click.Abort:
        return INTERRUPTED
    return status if isinstance(status, int) else SUCCESS
