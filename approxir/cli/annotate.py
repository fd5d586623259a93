"""``approxir annotate``: from comments and pragmas in C and C++ to annotations in a module."""

from __future__ import annotations

import json

import click

from approxir.cli import streams

NO_SOURCE = "C and C++ source is read as UTF-8"


@click.command(name="annotate", short_help="Put the annotations of C or C++ source into its module.")
@click.argument("source", metavar="SOURCE")
@click.argument("base", metavar="[MODULE]", required=False)
@click.option("-o", "--output", metavar="OUT", default="-", help="Write to OUT; by default to stdout.")
@click.option("--json", "as_json", is_flag=True, help="List the annotations as JSON instead.")
@click.option(
    "--language",
    type=click.Choice(["c", "c++"]),
    help="What SOURCE is written in; by default its name tells, or what the code looks like.",
)
def command(source: str, base: str | None, output: str, as_json: bool, language: str | None) -> int:
    """Put the annotations that stand in C or C++ source into the module that was compiled from it.

    Annotations are comments that begin with @approx:, and #pragma approx. Each one is about the function that
    follows. MODULE stays as it is otherwise. Without MODULE the annotations alone are written, as operations.
    '-' is standard input or output.

    \b
    Examples:
      approxir annotate kernel.c kernel.mlir -o annotated.mlir
      approxir annotate kernel.c                     shows the operations
      approxir annotate kernel.c --json              lists what is found, for other programs
      cgeist -S '-function=*' kernel.c | approxir annotate kernel.c - | approxir opt -
    """
    from approxir.frontends.c import annotate, generate_cpp_annotation_mlir, parse_cpp_annotations
    from approxir.frontends.c.annotation import to_python
    from approxir.frontends.c.functions import language_of

    if source == base == streams.STDIO:
        raise click.UsageError("'-' can be given only once.")
    if as_json and base is not None:
        raise click.UsageError("--json lists what SOURCE says; leave MODULE out.")
    text, name = streams.read(source, hint=NO_SOURCE)
    written = language or language_of(name)
    if base is not None:
        base_text, base_name = streams.read(base)
        result = annotate(text, base_text, file=name, base_file=base_name, language=written)  # type: ignore[arg-type]
    else:
        found = parse_cpp_annotations(text, file=name, language=written)  # type: ignore[arg-type]
        if as_json:
            listed = {"file": name, "annotations": [to_python(each) for each in found]}
            result = json.dumps(listed, indent=2) + "\n"
        else:
            result = generate_cpp_annotation_mlir(found)
    streams.write(output, result)
    return 0
