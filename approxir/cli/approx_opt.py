"""``approx-opt``: a drop-in for the C++ tool of that name, which runs passes in the order of its flags.

Its start-up is part of its cost: it loads what a run needs and nothing else.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from approxir._version import __version__
from approxir.cli.exits import SUCCESS, WRONG_USAGE, guard, report
from approxir.cli.llvm_flags import CommandLine, Flag, UsageError, flag_rows, help_lines, read_command_line

if TYPE_CHECKING:
    from approxir.passes.base import Pass

PROGRAM = "approx-opt"

FLAGS = (
    Flag("help", "flag", "Show this"),
    Flag("version", "flag", "Show the version"),
    Flag("o", "value", "Write to this file, as a whole or not at all; '-' is standard output", "filename"),
    Flag("pass-pipeline", "value", "The passes as text: builtin.module(emit-approx,...)", "string"),
    Flag("split-input-file", "switch", "Treat the parts between '// -----' lines as files of their own"),
    Flag("verify-each", "switch", "Verify after each pass, not only at the end; =0: verify the input alone"),
    Flag("verify-diagnostics", "switch", "Compare errors with '// expected-error {{...}}' comments"),
    Flag("mlir-print-ir-before-all", "switch", "Print the module to standard error before each pass"),
    Flag("mlir-print-ir-after-all", "switch", "Print the module to standard error after each pass"),
    Flag("mlir-print-ir-before", "value", "The same before these passes", "pass,..."),
    Flag("mlir-print-ir-after", "value", "The same after these passes", "pass,..."),
    Flag("mlir-print-ir-after-change", "switch", "Leave out what passes did not change"),
    Flag("mlir-print-op-generic", "switch", "Print the generic form"),
    Flag("mlir-print-debuginfo", "switch", "No effect: the locations in the text are always kept"),
    Flag("allow-unregistered-dialect", "switch", "No effect: every dialect is allowed"),
    Flag("no-implicit-module", "switch", "No effect: no module is ever added"),
    Flag("mlir-disable-threading", "switch", "No effect: there are no threads"),
    Flag("h", "flag", "Show this"),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status: 0 success, 1 failure, 2 wrong usage.

    `argv` holds the arguments after the program's name; by default those of the process.
    """
    arguments = sys.argv[1:] if argv is None else argv
    return guard(lambda: _run(arguments), PROGRAM)


def _run(arguments: Sequence[str]) -> int:
    try:
        line = read_command_line(arguments, FLAGS)
        if line.on("help") or line.on("h"):
            _print_help()
            return SUCCESS
        if line.on("version"):
            print(f"{PROGRAM} {__version__}")
            return SUCCESS
        return _optimise(line)
    except UsageError as error:
        report(f"{PROGRAM}: {error}")
        return WRONG_USAGE


def _optimise(line: CommandLine) -> int:
    if len(line.inputs) > 1:
        raise UsageError(f"Too many positional arguments specified!\nTry: '{PROGRAM} --help'")
    from approxir.cli import streams
    from approxir.cli.opt_driver import Settings, process

    settings = Settings(
        passes=_passes(line),
        split=line.on("split-input-file"),
        verify_each=line.on("verify-each"),
        verify_result=line.on("verify-each", True),
        generic=line.on("mlir-print-op-generic"),
        expectations=line.on("verify-diagnostics"),
        print_before=_printed(line, "mlir-print-ir-before"),
        print_after=_printed(line, "mlir-print-ir-after"),
        only_changes=line.on("mlir-print-ir-after-change"),
    )
    result = process(*streams.read(line.inputs[0] if line.inputs else streams.STDIO), settings)
    if not settings.expectations:
        streams.write(line.text("o") or streams.STDIO, result)
    return SUCCESS


def _passes(line: CommandLine) -> list[Pass]:
    """The passes that the flags ask for, in order."""
    from approxir.errors import ApproxIRError
    from approxir.passes.options import make_pass
    from approxir.passes.registry import UnknownPassError, passes

    pipeline = line.text("pass-pipeline")
    for name, _ in line.steps:
        if name not in passes:
            raise _unknown(name)
    if pipeline is not None:
        from approxir.passes.pipeline_text import parse_pipeline

        if line.steps:
            raise UsageError("'--pass-pipeline' cannot be combined with the flags of single passes")
        try:
            return parse_pipeline(pipeline)
        except ApproxIRError as error:
            raise UsageError(f"for the --pass-pipeline option:\n{error}") from None
    made = []
    for name, options in line.steps:
        try:
            made.append(make_pass(name, options or ""))
        except UnknownPassError as error:
            raise UsageError(f"for the --{name} option: {error}") from None
    return made


def _printed(line: CommandLine, flag: str) -> frozenset[str] | None:
    """The passes at which the module is to be printed; None for all of them."""
    from approxir.passes.registry import passes

    if line.on(f"{flag}-all"):
        return None
    names = [name for name in (line.text(flag) or "").split(",") if name]
    for name in names:
        if name not in passes:
            raise UsageError(f"for the --{flag} option: there is no pass '{name}'")
    return frozenset(names)


def _unknown(name: str) -> UsageError:
    import difflib

    from approxir.passes.registry import passes

    message = f"Unknown command line argument '--{name}'.  Try: '{PROGRAM} --help'"
    close = difflib.get_close_matches(name, [*(flag.name for flag in FLAGS), *passes], 1)
    return UsageError(f"{message}\n{PROGRAM}: Did you mean '--{close[0]}'?" if close else message)


def _print_help() -> None:
    from approxir.passes.options import option_lines
    from approxir.passes.registry import passes

    rows = []
    for name, kind in passes.items():
        rows.append((f"--{name}", kind.summary))
        rows.extend((f"  {option}", takes) for option, takes in option_lines(kind))
    print(f"""\
OVERVIEW: lower approximations of an MLIR module

USAGE: {PROGRAM} [options] [input file]

The input file is '-', standard input, by default. Passes run in the order in which they are given.

PASSES, with their options (--pass="name=value ..."):
{_columns(rows)}

OPTIONS:
{_columns(flag_rows(FLAGS))}

EXAMPLES:
  {PROGRAM} in.mlir --emit-approx --emit-management --config-approx --transform-approx --finalize-approx
  {PROGRAM} in.mlir --emit-approx --emit-management --config-approx=live=true -o out.mlir
  {PROGRAM} --pass-pipeline='builtin.module(emit-approx,emit-management)' < in.mlir

Exit status: 0 success, 1 failure, 2 wrong usage.""")


def _columns(rows: Sequence[tuple[str, str]]) -> str:
    return "\n".join(help_lines(rows))
