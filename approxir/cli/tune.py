"""``approxir tune``: look for fast configurations of a module that are good enough."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from approxir.cli import streams
from approxir.cli.exits import FINDINGS, INTERRUPTED, SUCCESS
from approxir.cli.searching import ENGINES, Budget, draw, log_to, report, write_found

if TYPE_CHECKING:
    from approxir.ir.module import Module
    from approxir.tuning.evaluation import Evaluation
    from approxir.tuning.evaluators.kernel import KernelEvaluator
    from approxir.tuning.frontier import Frontier

BACKENDS = ("llvm", "llvm-shared", "iree")


@click.command(name="tune", short_help="Look for fast configurations that are good enough.")
@click.argument("file", metavar="FILE")
@click.option("-f", "--function", metavar="NAME", help="Which function; not needed where there is only one.")
@click.option("-a", "--arg", "arguments", multiple=True, metavar="VALUE", help="The next argument.")
@click.option(
    "--held-out",
    multiple=True,
    metavar="VALUE",
    help="The next argument of a call that the search does not see, to judge the frontier by.",
)
@click.option(
    "-q", "--quality", default="l2", show_default=True, metavar="METRIC", help="How results are compared."
)
@click.option("--bound", type=float, default=0.95, show_default=True, help="The quality that must be kept.")
@click.option(
    "--budget", type=Budget(), default="200", show_default=True, metavar="60s|200", help="When to stop."
)
@click.option("--static", is_flag=True, help="One decision for each knob, whatever the state.")
@click.option("--both", is_flag=True, help="Two searches, a static one and another, each with the budget.")
@click.option("-b", "--backend", type=click.Choice(BACKENDS), default="llvm", show_default=True)
@click.option(
    "--target", metavar="NAME", help="The device of iree: cpu, cuda, ...; by default $APPROX_BACKEND."
)
@click.option("--anew", is_flag=True, help="Compile each configuration instead of setting live parameters.")
@click.option(
    "--repeats", type=click.IntRange(min=1), default=5, show_default=True, help="Samples for each time."
)
@click.option("--time-limit", type=float, metavar="SECONDS", help="For each evaluation, in a child process.")
@click.option("--isolate", is_flag=True, help="Evaluate in a child process, which may crash.")
@click.option("--engine", type=click.Choice(ENGINES), default="portfolio", show_default=True)
@click.option("--seed", type=int, default=0, show_default=True, help="What random numbers begin with.")
@click.option("--database", metavar="DIR", help="Keep every evaluation in DIR; by default in OUTDIR.")
@click.option("--resume", is_flag=True, help="Go on with the search that the database holds.")
@click.option("--log", metavar="FILE", help="Write what happens to FILE.")
@click.option(
    "-o", "--output", metavar="OUTDIR", help="Write the frontier, a plot and the best module there."
)
def command(
    file: str,
    function: str | None,
    arguments: tuple[str, ...],
    held_out: tuple[str, ...],
    quality: str,
    bound: float,
    budget: dict[str, Any],
    static: bool,
    both: bool,
    backend: str,
    target: str | None,
    anew: bool,
    repeats: int,
    time_limit: float | None,
    isolate: bool,
    engine: str,
    seed: int,
    database: str | None,
    resume: bool,
    log: str | None,
    output: str | None,
) -> int:
    """Evaluate configurations of a module's knobs, and show those that are the fastest for their quality.

    A function of the module is called with the same arguments each time, spelled as for approxir run, and its
    results are compared with those of the exact program. Ctrl-C ends the search and keeps what was found.

    The exit status is 1 if no configuration keeps the bound on quality.

    \b
    Examples:
      approxir tune examples/sum_of_squares.mlir -f sum_of_squares -a 600 -a random:600 --budget 50
      approxir tune kernel.mlir -a 1000 -a random:1000 --bound 0.97 --budget 60s -o tuned
      approxir tune kernel.mlir -a 1000 -a random:1000 --budget 10min -o tuned --resume
      approxir tune model.mlir --backend iree -a random:8x128 -a 80 --both --budget 100
    """
    from approxir.codegen.inputs import parse_inputs
    from approxir.ir.module import parse
    from approxir.tuning.evaluators.kernel import KernelEvaluator, function_signature
    from approxir.tuning.space import space
    from approxir.tuning.subject import argument_texts, module_text

    if static and both:
        raise click.UsageError("--both is a static search and another one; --static is the first alone.")
    if resume and database is None and output is None:
        raise click.UsageError("--resume needs the database of the search: --database, or -o.")
    if target is not None and backend != "iree":
        raise click.UsageError("--target is about --backend iree.")
    text, name = streams.read(file)
    module = parse(text, file=name)
    signature = function_signature(module, function)
    options: dict[str, Any] = {}
    if backend == "iree":
        options["target"] = target or os.environ.get("APPROX_BACKEND") or "cpu"

    def evaluator(texts: tuple[str, ...]) -> KernelEvaluator:
        return KernelEvaluator(
            module,
            signature.name,
            [parse_inputs(texts, signature)],
            quality=quality,
            live=not anew,
            backend=backend,
            repeats=repeats,
            **options,
        )

    evaluate = evaluator(arguments)
    judge = evaluator(held_out) if held_out else None
    if log is not None:
        log_to(log)
    folder = None if database is None and output is None else Path(database or Path(output or "") / "search")
    running = {"isolate": isolate, "time_limit": time_limit, **budget}
    subject = {
        "module": module_text(module, space(module)),
        "function": signature.name,
        **argument_texts(arguments),
        "metric": quality,
        "backend": backend,
        "compiling": "anew" if anew else "live",
        **options,
    }
    searches = {"bound": bound, "engine": engine, "seed": seed, "resume": resume, "subject": subject}
    frontier, interrupted = None, False
    for kind in (True, False) if both else (static,):
        # Two searches have a folder each.
        own = folder / ("static" if kind else "dynamic") if folder is not None and both else folder
        found, interrupted = _search(module, evaluate, kind, own, searches, running)
        frontier = found if frontier is None else frontier.merge(found)
        if interrupted:
            break
    assert frontier is not None
    best = report(frontier, bound)
    seen = _held_out(judge, frontier, isolate, time_limit) if judge is not None and not interrupted else ()
    if output is not None:
        folder = Path(output)
        write_found(folder, module, frontier, best)
        if frontier.points:
            title = f"Tuning of {Path(module.file).name}"
            draw(
                folder,
                frontier.plot,
                lambda path: frontier.report(path, title=title, held_out=seen, quality=bound),
            )
        click.echo(f"written to {folder}", err=True)
    if interrupted:
        return INTERRUPTED
    return SUCCESS if best is not None else FINDINGS


def _search(
    module: Module,
    evaluate: KernelEvaluator,
    static: bool,
    folder: Path | None,
    options: dict[str, Any],
    running: dict[str, Any],
) -> tuple[Frontier, bool]:
    """What a search finds, and whether it was interrupted."""
    from approxir.tuning.space import space
    from approxir.tuning.tuner import Tuner

    with Tuner(space(module, static=static), database=folder, **options) as tuner:
        click.echo(f"search space: {tuner.space}", err=True)
        frontier = tuner.run(evaluate, **running)
        return frontier, tuner.interrupted


def _held_out(
    evaluate: KernelEvaluator, frontier: Frontier, isolate: bool, time_limit: float | None
) -> tuple[Evaluation, ...]:
    """The points of the frontier, evaluated with other inputs."""
    from approxir.tuning.isolation import Isolated
    from approxir.tuning.outcomes import evaluated

    apart = Isolated(evaluate, time_limit=time_limit) if isolate or time_limit is not None else None
    found = []
    try:
        for point in frontier.points:
            found.append(evaluated(apart or evaluate, point.config, point.number, point.static))
    except KeyboardInterrupt:
        # What the search has found is still to be written.
        click.echo("held-out arguments: interrupted", err=True)
        return ()
    finally:
        if apart is not None:
            apart.close()
    click.echo("with the held-out arguments:")
    for point, seen in zip(frontier.points, found, strict=True):
        shown = seen.failure if not seen.ok else f"{seen.time_ms:.4g} ms, quality {seen.quality:.4g}"
        click.echo(f"  evaluation {point.number}: {shown}")
    return tuple(found)
