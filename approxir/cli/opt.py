"""``approxir opt``: run passes over a module."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from approxir.cli import streams
from approxir.errors import ApproxIRError

if TYPE_CHECKING:
    from approxir.ir.module import Module
    from approxir.passes.base import Pass

CONFIG = "config-approx"


@click.command(name="opt", short_help="Run passes over a module.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("-p", "--passes", "text", metavar="PASSES", help="These passes: a,b{option=value},c.")
@click.option(
    "--pipeline",
    type=click.Choice(["auto", "approx", "func-substitute"]),
    default=None,
    help="A usual order of passes; auto, the default, looks at what the module contains.",
)
@click.option(
    "--workload",
    type=click.Choice(["ml", "cpp", "triton"]),
    default="ml",
    show_default=True,
    help="Where the module comes from: auto does not legalize for StableHLO what comes from C++.",
)
@click.option("--live", is_flag=True, help="Read thresholds and decisions at run time, from an array.")
@click.option(
    "--split", is_flag=True, help="Treat the parts between '// -----' lines as modules of their own."
)
@click.option("--generic", is_flag=True, help="Print operations in the generic form.")
@click.option("--verify-each", is_flag=True, help="Verify after each pass, not only at the end.")
@click.option("--print-after-all", is_flag=True, help="Print the module to standard error after each pass.")
@click.option("-o", "--output", metavar="OUT", help="Write the result of the one FILE to OUT.")
@click.option("-i", "--in-place", is_flag=True, help="Write the results back to the files.")
def command(
    files: tuple[str, ...],
    text: str | None,
    pipeline: str | None,
    workload: str,
    live: bool,
    split: bool,
    generic: bool,
    verify_each: bool,
    print_after_all: bool,
    output: str | None,
    in_place: bool,
) -> int:
    """Run passes over modules: by default those that lower everything they contain.

    The result goes to standard output, that of several files with '// -----' lines between them; '-' is
    standard input. When anything fails nothing is printed, and a file that fails is left as it is.
    `approx-opt --help` lists the passes and their options.

    \b
    Examples:
      approxir opt model.mlir                            lower all approximations
      approxir opt model.mlir --live -o lowered.mlir     thresholds stay changeable
      approxir opt model.mlir -p emit-approx,emit-management
      approxir opt model.mlir -p 'config-approx{live=true}' --print-after-all
    """
    from approxir.cli.opt_driver import Settings, join_texts, process

    if text is not None and pipeline is not None:
        raise click.UsageError("--passes and --pipeline exclude each other.")
    if output is not None and (in_place or len(files) != 1):
        raise click.UsageError("-o takes exactly one FILE, and not --in-place.")
    if files.count(streams.STDIO) > (0 if in_place else 1):
        raise click.UsageError("'-' can be given only once, and not with --in-place.")
    settings = Settings(
        passes=_passes(text, pipeline, workload, live),
        split=split,
        verify_each=verify_each,
        generic=generic,
        print_after=None if print_after_all else frozenset(),
    )
    results = []
    failed = False
    for path in files:
        try:
            result = process(*streams.read(path), settings)
            if in_place:
                streams.write(path, result)
            results.append(result)
        except ApproxIRError as error:
            failed = True
            click.echo(str(error), err=True)
        except OSError as error:
            failed = True
            click.echo(streams.describe(error), err=True)
    if not failed and not in_place:
        streams.write(output or streams.STDIO, join_texts(results))
    return 1 if failed else 0


def _passes(
    text: str | None, pipeline: str | None, workload: str, live: bool
) -> Sequence[Pass] | Callable[[Module], Sequence[Pass]]:
    """The passes, or what chooses them for a module."""
    from approxir.passes.pipeline import FUNC_SUBSTITUTE_PIPELINE, PASS_PIPELINE, pipeline_for
    from approxir.passes.pipeline_text import PipelineError, parse_pipeline
    from approxir.passes.registry import passes

    if text is not None:
        try:
            made = parse_pipeline(text)
        except PipelineError as error:
            raise click.UsageError(f"--passes: {error}") from None
        if not made:
            raise click.UsageError("--passes names no pass.")
        if live and not any(step.name == CONFIG for step in made):
            raise click.UsageError(f"--live is about {CONFIG}, which is not among the passes.")
        return [_live(step) if live else step for step in made]

    def chosen(names: Sequence[str]) -> list[Pass]:
        return [_live(step) if live else step for step in map(passes.make, names)]

    if pipeline in (None, "auto"):
        return lambda module: chosen(pipeline_for(module, stablehlo=workload != "cpp"))
    return chosen(PASS_PIPELINE if pipeline == "approx" else FUNC_SUBSTITUTE_PIPELINE)


def _live(step: Pass) -> Pass:
    return dataclasses.replace(step, live=True) if step.name == CONFIG else step  # type: ignore[type-var]
