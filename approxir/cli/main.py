"""The entry point: finds the subcommand, and turns every way to fail into a message and an exit status."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from approxir._version import __version__
from approxir.cli import streams
from approxir.errors import ApproxIRError

SUCCESS = 0
FINDINGS = 1
WRONG_USAGE = 2
# What a shell reports for a program that a signal ended: 128 plus the signal's number.
INTERRUPTED = 128 + 2
BROKEN_PIPE = 128 + 13

COMMANDS = {
    "fmt": ("approxir.cli.fmt", "Put MLIR files into the canonical layout."),
    "info": ("approxir.cli.info", "Show versions and which real MLIRs are found."),
}
"""Name of a subcommand -> the module that defines `command`, and the line that the help shows for it."""


class _BrokenPipe(Exception):
    """Whoever reads our output has stopped reading."""


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
            raise _BrokenPipe from None

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
      approxir info                     versions, and the real MLIRs found here
    """


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    `argv` holds the arguments after the program's name; by default those of the process. Bad input, missing
    files and failing writes end in one message on standard error, never in a traceback.
    """
    try:
        status = cli.main(None if argv is None else list(argv), prog_name="approxir", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
        return status if isinstance(status, int) else SUCCESS
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except (BrokenPipeError, _BrokenPipe):
        _silence_stdout()
        return BROKEN_PIPE
    except ApproxIRError as error:
        _report(str(error))
        return FINDINGS
    except OSError as error:
        _silence_stdout()
        _report(streams.describe(error))
        return FINDINGS


def _report(message: str) -> None:
    try:
        print(message, file=sys.stderr)
    except OSError:
        # Standard error is closed or full: the exit status has to say it alone.
        return


def _silence_stdout() -> None:
    """Send what is left in the buffer nowhere, so that the interpreter's exit does not fail on it again."""
    if sys.stdout is None:
        return
    try:
        descriptor = sys.stdout.fileno()
    except (OSError, ValueError):
        # Something else than a file stands in for standard output, as under a test.
        return
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, descriptor)
    os.close(devnull)
