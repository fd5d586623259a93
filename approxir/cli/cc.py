"""``approxir cc``: from annotated C and C++ source to lowered MLIR, by way of ``cgeist``."""

from __future__ import annotations

import os

import click

from approxir.cli import streams
from approxir.cli.annotate import NO_SOURCE


@click.command(name="cc", short_help="Compile annotated C or C++ source to MLIR with cgeist.")
@click.argument("source", metavar="SOURCE")
@click.argument("arguments", nargs=-1, metavar="[-- ARGUMENT...]", type=click.UNPROCESSED)
@click.option("-o", "--output", metavar="OUT", default="-", help="Write to OUT; by default to stdout.")
@click.option("-I", "include", metavar="DIR", multiple=True, help="Look for headers in DIR, too.")
@click.option("--resource-dir", metavar="DIR", help="Where clang's own headers are.")
@click.option("--cgeist", metavar="PROGRAM", help="The program; by default CGEIST_PATH, or cgeist.")
@click.option("--timeout", metavar="SECONDS", type=click.FloatRange(0, min_open=True), help="For cgeist.")
@click.option("--annotated", is_flag=True, help="Do not lower approximations.")
@click.option("--language", type=click.Choice(["c", "c++"]), help="By default the name of SOURCE tells.")
def command(
    source: str,
    arguments: tuple[str, ...],
    output: str,
    include: tuple[str, ...],
    resource_dir: str | None,
    cgeist: str | None,
    timeout: float | None,
    annotated: bool,
    language: str | None,
) -> int:
    """Compile annotated C or C++ source: run cgeist, put the annotations in, and lower the approximations.

    cgeist is a part of Polygeist and must be installed. Headers are also looked for beside SOURCE. Arguments
    behind -- go to cgeist. '-' is standard input or output.

    \b
    Examples:
      approxir cc kernel.c -o kernel.mlir -- '-function=*'
      approxir cc kernel.cpp -I include -- -std=c++17 '-function=*'
      approxir cc kernel.c --annotated | approxir lint -
    """
    from approxir.frontends.c.cgeist import CgeistConfig, compile_cpp_source
    from approxir.frontends.c.functions import language_of

    text, name = streams.read(source, hint=NO_SOURCE)
    beside = [] if source == streams.STDIO else [os.path.dirname(os.path.abspath(source))]
    config = CgeistConfig(resource_dir=resource_dir, include_dirs=[*include, *beside], extra_args=arguments)
    if cgeist is not None:
        config.cgeist_path = cgeist
    if timeout is not None:
        config.timeout = timeout
    result = compile_cpp_source(
        text,
        cgeist_config=config,
        emit="annotated" if annotated else "transformed",
        file=name,
        language=language or language_of(name) or "c",  # type: ignore[arg-type]
    )
    streams.write(output, result)
    return 0
