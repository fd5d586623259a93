"""The entry point of ``approxir``: the table of its subcommands."""

from __future__ import annotations

from collections.abc import Sequence

from approxir.cli.exits import guard

COMMANDS = {
    "annotate": ("approxir.cli.annotate", "Put the annotations of C or C++ source into its module."),
    "build": ("approxir.cli.build", "Compile a module to a file."),
    "cc": ("approxir.cli.cc", "Compile annotated C or C++ source to MLIR with cgeist."),
    "convert": ("approxir.cli.convert", "Convert between HPVM's files, JSON and CSV."),
    "fmt": ("approxir.cli.fmt", "Put MLIR files into the canonical layout."),
    "fuzz": ("approxir.cli.fuzz", "Look for modules on which a pass goes wrong."),
    "get": ("approxir.cli.get", "Print parameters of a module, or all as a configuration file."),
    "info": ("approxir.cli.info", "Show versions and which real MLIRs are found."),
    "lint": ("approxir.cli.lint", "Find what is legal but not meant, and fix it."),
    "validate": ("approxir.cli.lint", "Another name for lint."),
    "knobs": ("approxir.cli.knobs", "List the knobs of MLIR files and their parameters."),
    "opt": ("approxir.cli.opt", "Run passes over a module."),
    "pareto": ("approxir.cli.pareto", "Show, compare and draw Pareto frontiers."),
    "run": ("approxir.cli.run", "Call a function of a module."),
    "set": ("approxir.cli.set", "Set parameters of a module, in place or to a file."),
    "tune": ("approxir.cli.tune", "Look for fast configurations that are good enough."),
}
"""Name of a subcommand -> the module that defines `command`, and the line that the help shows for it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    `argv` holds the arguments after the program's name; by default those of the process. Bad input, missing
    files and failing writes end in one message on standard error, never in a traceback.
    """

    def run() -> int:
        # Click is not for approx-opt, which lives in this package too.
        from approxir.cli.group import invoke

        return invoke(argv)

    return guard(run, "approxir")
