"""The command lines: ``approx-opt``, and ``approxir`` with one module a subcommand, loaded when called."""

from approxir.cli.main import main

__all__ = ["main"]
