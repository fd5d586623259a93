"""``approxir get``: read parameters of a module."""

from __future__ import annotations

import click

from approxir.cli import streams


@click.command(name="get", short_help="Print parameters of a module, or all as a configuration file.")
@click.argument("file", metavar="FILE")
@click.argument("names", nargs=-1, metavar="[NAME...]")
@click.option("-o", "--output", metavar="OUT", default=streams.STDIO, help="Write to OUT; '-' is stdout.")
def command(file: str, names: tuple[str, ...], output: str) -> int:
    """Print the values of parameters, one on a line, or, without names, all as a configuration file.

    '-' reads standard input. What is written without names can be given to 'approxir set --config'.

    \b
    Examples:
      approxir get model.mlir my_kernel_threshold_0
      approxir get model.mlir > config.json
      approxir get model.mlir -o config.json
    """
    import approxir
    from approxir.knobs.config import read_config
    from approxir.knobs.files import dump_config

    text, name = streams.read(file)
    module = approxir.parse(text, file=name, lazy=True)
    config = read_config(module, names or None)
    if not names:
        streams.write(output, dump_config(config))
        return 0
    streams.write(output, "".join(f"{config[wanted]}\n" for wanted in names))
    return 0
