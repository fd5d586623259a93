"""The command line, ``approxir``: one module for each subcommand, loaded when it is called."""

from approxir.cli.main import main

__all__ = ["main"]
