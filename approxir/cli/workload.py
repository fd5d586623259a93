"""The command line of a driver: a workload, searched statically and dynamically, and both compared."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from approxir.cli.exits import FINDINGS, INTERRUPTED, SUCCESS, guard
from approxir.cli.searching import ENGINES, Budget, draw, log_to, report, show_best, write_found
from approxir.tuning.comparison import Comparison
from approxir.tuning.comparison_files import dump_comparison
from approxir.tuning.experiment import ROUNDS, Experiment

if TYPE_CHECKING:
    from approxir.tuning.frontier import Frontier
    from approxir.tuning.workload import Workload


def main(workload: Workload, arguments: Sequence[str] | None) -> int:
    """Run the command line and return its exit status; bad input ends in one message."""
    program = Path(sys.argv[0]).name if arguments is None else workload.name

    def run() -> int:
        try:
            status = command_of(workload).main(
                None if arguments is None else list(arguments), prog_name=program, standalone_mode=False
            )
        except click.ClickException as error:
            error.show()
            return error.exit_code
        except click.Abort:
            return INTERRUPTED
        return status if isinstance(status, int) else SUCCESS

    return guard(run, program)


def command_of(workload: Workload) -> click.Command:
    """The command of a workload: its own options behind those that all have."""

    @click.command(
        name=workload.name,
        context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
        epilog="Exit status: 0 success, 1 failure or results unlike those of C, 2 wrong usage.",
    )
    @click.option(
        "--scale", type=float, default=1.0, metavar="X", help="How large the inputs are; 1 is the usual size."
    )
    @click.option("--budget", type=Budget(), default="200", metavar="60s|200", help="That of each search.")
    @click.option("--seed", type=click.IntRange(min=0), default=0, help="What random numbers begin with.")
    @click.option("--engine", type=click.Choice(ENGINES), default="portfolio", help="What proposes.")
    @click.option("--bound", type=float, default=0.95, help="The quality that the best one must keep.")
    @click.option("--repeats", type=click.IntRange(min=1), default=5, help="Samples for each time.")
    @click.option(
        "--rounds", type=click.IntRange(min=1), default=ROUNDS, help="Samples in the comparison and --verify."
    )
    @click.option("-o", "--output", metavar="DIR", help="Write evaluations, comparison, plot and page there.")
    @click.option("--resume", is_flag=True, help="Go on with the searches that DIR holds.")
    @click.option("--verify", is_flag=True, help="Only compare the exact program with C.")
    @click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
    @click.option("--log", metavar="FILE", help="Write what happens to FILE.")
    def command(
        scale: float,
        budget: dict[str, Any],
        seed: int,
        engine: str,
        bound: float,
        repeats: int,
        rounds: int,
        output: str | None,
        resume: bool,
        verify: bool,
        as_json: bool,
        log: str | None,
        **options: Any,
    ) -> int:
        if resume and output is None:
            raise click.UsageError("--resume needs the folder of the searches: -o.")
        if log is not None:
            log_to(log)
        experiment = workload.experiment(scale, seed, repeats=repeats, **options)
        if verify:
            found = experiment.verify(rounds)
            click.echo(str(found))
            return SUCCESS if found.ok else FINDINGS
        searches = {"engine": engine, "bound": bound, "resume": resume}
        return _compare(
            experiment, searches, budget, rounds, None if output is None else Path(output), as_json
        )

    command.help = (
        f"Tune {workload.name}: a static search and a dynamic one, whose frontiers are measured again side "
        "by side, with the inputs of the search and with others, beside the exact program and the same in C."
        "\n\nCtrl-C ends the search and keeps what was found."
    )
    command.params += workload.options
    return command


def _compare(
    experiment: Experiment,
    searches: dict[str, Any],
    budget: dict[str, Any],
    rounds: int,
    folder: Path | None,
    as_json: bool,
) -> int:
    """Search twice, measure, show and write."""
    found: dict[str, Frontier] = {}
    interrupted = False
    for kind in ("static", "dynamic"):
        database = None if folder is None else folder / "search" / kind
        with experiment.tuner(static=kind == "static", database=database, **searches) as tuner:
            click.echo(f"{kind} search: {tuner.space}", err=True)
            found[kind] = tuner.run(experiment.evaluate, **budget)
            interrupted = tuner.interrupted
        if interrupted:
            break
    comparison = None
    if not interrupted:
        comparison = _measured(experiment, found, searches, rounds)
        interrupted = comparison is None
    both = found["static"] if "dynamic" not in found else found["static"].merge(found["dynamic"])
    if comparison is None:
        best = report(both, searches["bound"])
    else:
        _show(comparison, as_json)
        best = show_best(comparison.frontier, searches["bound"], err=as_json)
    if folder is not None:
        write_found(folder, experiment.module, both, best)
        if comparison is not None:
            comparison.save(folder / "comparison.json")
            draw(folder, comparison.plot, comparison.report)
        click.echo(f"written to {folder}", err=True)
    return INTERRUPTED if interrupted else SUCCESS


def _measured(
    experiment: Experiment, found: dict[str, Frontier], searches: dict[str, Any], rounds: int
) -> Comparison | None:
    """The comparison of both frontiers; None if Ctrl-C has ended the measuring."""
    settings = {"engine": searches["engine"], "bound": f"{searches['bound']:g}"}
    try:
        return experiment.compare(
            found["static"],
            found["dynamic"],
            rounds=rounds,
            settings=settings,
            progress=lambda text: click.echo(text, err=True),
        )
    except KeyboardInterrupt:
        # What the searches have found is still to be written.
        click.echo("measuring: interrupted", err=True)
        return None


def _show(comparison: Comparison, as_json: bool) -> None:
    """Print a comparison: as JSON, on a terminal as a table of rich if that is there, or as plain text."""
    if as_json:
        click.echo(dump_comparison(comparison), nl=False)
        return
    if sys.stdout.isatty():
        try:
            from rich.console import Console
        except ImportError:
            pass
        else:
            Console().print(comparison)
            return
    click.echo(str(comparison))
