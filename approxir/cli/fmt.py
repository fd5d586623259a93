"""``approxir fmt``: put MLIR files into the canonical layout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import click

from approxir.cli import streams
from approxir.cli.diffs import unified_diff
from approxir.errors import ApproxIRError


@dataclass(slots=True)
class _Tally:
    changed: int = 0
    unchanged: int = 0
    failed: int = 0

    def sentence(self, dry: bool) -> str:
        parts = [
            f"{count} {'file' if count == 1 else 'files'} {what}"
            for count, what in (
                (self.changed, "would be reformatted" if dry else "reformatted"),
                (self.unchanged, "already formatted" if dry else "left unchanged"),
                (self.failed, "failed"),
            )
            if count
        ]
        return ", ".join(parts)


@click.command(name="fmt", short_help="Put MLIR files into the canonical layout.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--rename-ssa", is_flag=True, help="Renumber all values and blocks.")
@click.option("--generic", is_flag=True, help="Print operations in the generic form.")
@click.option("-o", "--output", metavar="OUT", help="Write to OUT, not back to the one FILE; '-' is stdout.")
@click.option("--check", is_flag=True, help="Write nothing; name the files that would change, exit with 1.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change, exit with 1 if anything.")
@click.option("-q", "--quiet", is_flag=True, help="Leave out the closing line on standard error.")
def command(
    files: tuple[str, ...],
    rename_ssa: bool,
    generic: bool,
    output: str | None,
    check: bool,
    diff: bool,
    quiet: bool,
) -> int:
    """Put MLIR files into the canonical layout: one operation on a line, two spaces for each level.

    Comments and the spelling of each operation are kept. Files are rewritten in place, and only when
    something changes; '-' reads standard input and writes to standard output. A file that cannot be parsed is
    left as it is.

    \b
    Examples:
      approxir fmt model.mlir                     rewrite one file in place
      approxir fmt --rename-ssa in.mlir -o out.mlir
      approxir fmt --generic - < in.mlir | mlir-opt
      approxir fmt --check *.mlir                 for continuous integration
      approxir fmt --diff model.mlir              look before you leap
    """
    if output is not None and (check or diff):
        raise click.UsageError("-o cannot be combined with --check or --diff, which write nothing.")
    if output is not None and len(files) != 1:
        raise click.UsageError("-o takes exactly one FILE.")
    if files.count(streams.STDIO) > 1:
        raise click.UsageError("'-' can be given only once.")

    def format_text(text: str, name: str) -> str:
        import approxir

        return approxir.parse(text, file=name).print(rename_ssa=rename_ssa, generic=generic)

    tally = _format_files(files, format_text, output, check, diff)
    if not quiet and (len(files) > 1 or check or (output is None and files[0] != streams.STDIO and not diff)):
        click.echo(tally.sentence(dry=check or diff), err=True)
    return 1 if tally.failed or (tally.changed and (check or diff)) else 0


def _format_files(
    files: Sequence[str],
    format_text: Callable[[str, str], str],
    output: str | None,
    check: bool,
    diff: bool,
) -> _Tally:
    """Format each file; one that fails is reported and does not keep the others from being formatted."""
    tally = _Tally()
    for path in files:
        try:
            text, name = streams.read(path)
            formatted = format_text(text, name)
            changed = formatted != text
            target = output if output is not None else path
            if target != streams.STDIO and not (check or diff) and (changed or target != path):
                streams.write(target, formatted)
        except ApproxIRError as error:
            tally.failed += 1
            click.echo(str(error), err=True)
            continue
        except OSError as error:
            tally.failed += 1
            click.echo(streams.describe(error), err=True)
            continue
        tally.changed += changed
        tally.unchanged += not changed
        # Standard output is written out here, because a failure of it concerns all files.
        if check and changed:
            streams.write(streams.STDIO, f"would reformat: {name}\n")
        if diff and changed:
            streams.write(streams.STDIO, unified_diff(text, formatted, name))
        if target == streams.STDIO and not (check or diff):
            streams.write(streams.STDIO, formatted)
    return tally
