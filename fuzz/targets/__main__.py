"""The command line of the fuzz targets; the package's docstring shows how it is called."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

import click

from approxir.cli.exits import FINDINGS, SUCCESS, guard
from approxir.files import write_text_atomic
from approxir.syntax.json_text import json_text
from approxir.testing.targets import TARGETS, load_target
from approxir.testing.targets.campaign import Outcome, report, run_campaign
from approxir.testing.targets.findings import examine


def _seconds(context: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    """The seconds that a time stands for."""
    if value is None:
        return None
    match = re.fullmatch(r"([0-9]{1,6})(s|m|h)?", value)
    if match is None:
        raise click.BadParameter(f"'{value}' is no time, such as 60s, 10m or 2h", context, parameter)
    return int(match[1]) * {"m": 60, "h": 3600}.get(match[2], 1)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", metavar="[TARGET...]", nargs=-1, type=click.Choice(list(TARGETS)))
@click.option("--all", "every", is_flag=True, help="All targets; inputs and time are shared out among them.")
@click.option("--list", "listed", is_flag=True, help="List the targets, and stop.")
@click.option(
    "--runs", type=click.IntRange(1), help="Try this many inputs; by default 100,000 without --time."
)
@click.option(
    "--time", "seconds", callback=_seconds, metavar="TIME", help="Stop after this time: 60s, 10m, 2h."
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="What chance begins with.")
@click.option("--jobs", type=click.IntRange(1), default=1, help="So many targets at the same time.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="DIR", help="Save what is found here."
)
@click.option("--report", "report_to", metavar="JSON", help="Write the figures to this file.")
@click.option(
    "--replay", metavar="FILE", type=click.Path(exists=True, path_type=Path), help="Run one input again."
)
def command(
    names: tuple[str, ...],
    every: bool,
    listed: bool,
    runs: int | None,
    seconds: int | None,
    seed: int,
    jobs: int,
    output: Path | None,
    report_to: str | None,
    replay: Path | None,
) -> int:
    """Fuzz the readers of approxir with coverage, and save each input that breaks a property, made small.

    \b
    Examples:
      python -m approxir.testing.targets params --runs 100000
      python -m approxir.testing.targets parser attributes --time 10m --jobs 2 -o found
      python -m approxir.testing.targets --all --runs 1000000 --jobs 2 -o found --report report.json
      python -m approxir.testing.targets params --replay found/params-0123456789ab

    Exit status: 0 nothing found, 1 findings or failure, 2 wrong usage.
    """
    if listed:
        for name in TARGETS:
            click.echo(f"{name:14} {load_target(name).about}")
        return SUCCESS
    chosen = tuple(TARGETS) if every else tuple(dict.fromkeys(names))
    if not chosen:
        raise click.UsageError("name a target, or give --all or --list")
    if replay is not None:
        return _replay(chosen, replay)
    if runs is None and seconds is None:
        runs = 100_000
    folder = output if output is not None else Path(tempfile.mkdtemp(prefix="approxir-found-"))
    outcomes = run_campaign(chosen, folder, runs=runs, seconds=seconds, seed=seed, jobs=jobs, told=_tell)
    if report_to is not None:
        write_text_atomic(report_to, json_text(report(outcomes), indent=2) + "\n")
    bad = any(outcome.findings or outcome.gave_up for outcome in outcomes)
    return FINDINGS if bad else SUCCESS


def _replay(names: tuple[str, ...], path: Path) -> int:
    if len(names) != 1:
        raise click.UsageError("name the one target that FILE is for")
    finding = examine(load_target(names[0]), path.read_bytes())
    click.echo("nothing is wrong" if finding is None else f"{finding.signature}\n\n{finding.report}")
    return SUCCESS if finding is None else FINDINGS


def _tell(outcome: Outcome) -> None:
    before, after = outcome.coverage
    click.echo(
        f"{outcome.target:14} {outcome.inputs:>9,} inputs, {outcome.accepted:,} accepted, "
        f"{outcome.rate:,.0f}/s, {outcome.seconds:.0f} s; "
        f"coverage {before} -> {after}; {len(outcome.findings)} findings; seed {outcome.seed}"
    )
    for found in outcome.findings:
        click.echo(f"  {found['signature']}\n    {found['input']}")
    if outcome.gave_up:
        click.echo(f"  gave up: {outcome.gave_up}", err=True)


def main() -> int:
    """Run the command line and return its exit status."""

    def run() -> int:
        try:
            status = command.main(prog_name="python -m approxir.testing.targets", standalone_mode=False)
        except click.ClickException as error:
            error.show()
            return error.exit_code
        return status if isinstance(status, int) else SUCCESS

    return guard(run, "approxir.testing.targets")


if __name__ == "__main__":
    sys.exit(main())
