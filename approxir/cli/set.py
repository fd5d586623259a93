"""``approxir set``: set parameters of a module."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import click

from approxir import files
from approxir.cli import streams
from approxir.cli.diffs import unified_diff

_INTEGER = re.compile(r"[+-]?[0-9]{1,4000}")


@click.command(name="set", short_help="Set parameters of a module, in place or to a file.")
@click.argument("file", metavar="FILE")
@click.argument("values", nargs=-1, metavar="[NAME=VALUE...]")
@click.option("-c", "--config", metavar="JSON", help="Apply a configuration file first; '-' is stdin.")
@click.option("--partial", is_flag=True, help="Let the configuration file leave parameters out.")
@click.option("-o", "--output", metavar="OUT", help="Write to OUT, not back to FILE; '-' is stdout.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if the file would change.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
def command(
    file: str,
    values: tuple[str, ...],
    config: str | None,
    partial: bool,
    output: str | None,
    check: bool,
    diff: bool,
) -> int:
    """Set parameters of a module: those named, or all those of a configuration file.

    Only the numbers that differ are changed in the text. The file is replaced as a whole, and only if every
    value is allowed: within the bounds of its threshold, thresholds ascending, decisions among their values.
    '-' reads standard input and writes to standard output.

    \b
    Examples:
      approxir set model.mlir my_kernel_threshold_0=75
      approxir set model.mlir my_kernel_threshold_0=75 --diff
      approxir set model.mlir --config best.json -o tuned.mlir
      approxir set model.mlir --config best.json --check     for continuous integration
    """
    import approxir

    if output is not None and (check or diff):
        raise click.UsageError("-o cannot be combined with --check or --diff, which write nothing.")
    if not values and config is None:
        raise click.UsageError("Nothing to set: give NAME=VALUE or --config.")
    if partial and config is None:
        raise click.UsageError("--partial is about the file of --config.")
    if config == streams.STDIO and file == streams.STDIO:
        raise click.UsageError("'-' can be given only once.")
    named = named_values(values)
    text, name = streams.read(file)
    module = approxir.parse(text, file=name, lazy=True)
    wanted: Mapping[str, Any] = named
    if config is not None:
        from approxir.knobs.files import read_entries

        wanted = read_entries(*streams.read(config, hint=files.NO_JSON))
        wanted.override(named)
    module.apply(wanted, complete=config is not None and not partial)
    edited = str(module)
    if diff:
        streams.write(streams.STDIO, unified_diff(text, edited, name))
    if check and edited != text:
        note = f"would change: {name}"
        if diff:
            click.echo(note, err=True)
        else:
            streams.write(streams.STDIO, note + "\n")
        return 1
    if not (check or diff):
        target = file if output is None else output
        if target == streams.STDIO or edited != text or target != file:
            streams.write(target, edited)
    return 0


def named_values(values: tuple[str, ...]) -> dict[str, int | str]:
    """The values by name; what is no integer stays text, for the knob to say what it allows."""
    found: dict[str, int | str] = {}
    for entry in values:
        # Names may hold '=', values cannot.
        name, equals, value = entry.rpartition("=")
        if not equals or not name:
            raise click.UsageError(f"'{entry}' is not of the form NAME=VALUE.")
        if name in found:
            raise click.UsageError(f"'{name}' is given twice.")
        found[name] = int(value) if _INTEGER.fullmatch(value) else value
    return found
