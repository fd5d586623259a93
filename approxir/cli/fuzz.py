"""``approxir fuzz``: look for a module on which a pass or a command goes wrong."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from approxir.cli.exits import FINDINGS, INTERRUPTED, SUCCESS
from approxir.errors import MissingDependencyError

if TYPE_CHECKING:
    from approxir.testing.search import Report
    from approxir.testing.subjects import Subject

ENGINES = ("llvm", "iree")
_MOST_REFUSALS = 5


class Duration(click.ParamType):  # type: ignore[type-arg]
    """``60s``, ``10min``, ``2h``, as seconds; a bare number is seconds too."""

    name = "duration"
    units = (("min", 60.0), ("h", 3600.0), ("s", 1.0), ("", 1.0))

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        if isinstance(value, float):
            return value
        try:
            unit, scale = next((unit, scale) for unit, scale in self.units if value.endswith(unit))
            length = float(value.removesuffix(unit)) * scale
            if 0 < length < float("inf"):
                return length
        except ValueError:
            pass
        self.fail(f"'{value}' is no time; one is 60s, 10min or 2h")


@click.command(name="fuzz", short_help="Look for modules on which a pass goes wrong.")
@click.option(
    "-p", "--pass", "pipeline", metavar="PASSES", help="The passes to test: my-pass, or a,b{option=value}."
)
@click.option(
    "-c", "--command", "program", metavar="COMMAND", help="The program to test; {input} is the module's file."
)
@click.option("--load", multiple=True, metavar="FILE", help="A file of Python that registers passes.")
@click.option(
    "--isolate", is_flag=True, help="Run passes in a process of their own, which they may end or hang."
)
@click.option(
    "--prepare", default="", metavar="PASSES", help="Passes that run before, and are taken to be right."
)
@click.option(
    "--examples",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    help="How many modules at most.",
)
@click.option("--time", "seconds", type=Duration(), metavar="60s|10min", help="For how long at most.")
@click.option("--seed", type=int, default=0, show_default=True, help="Decides which modules are generated.")
@click.option(
    "--max-ops",
    type=click.IntRange(1, 200),
    default=20,
    show_default=True,
    help="How large modules are, about.",
)
@click.option("--dialects", metavar="A,B", help="Only operations of these dialects.")
@click.option(
    "--knobs/--no-knobs",
    default=None,
    help="Whether functions are annotated; by default for --pass alone.",
)
@click.option(
    "--oracle", "oracles", multiple=True, metavar="NAME", help="Ask these oracles instead of the usual ones."
)
@click.option(
    "--engine", "engines", multiple=True, type=click.Choice(ENGINES), help="Compare with compiled code too."
)
@click.option(
    "--timeout", type=Duration(), default=20.0, show_default="20s", metavar="SECONDS", help="For one module."
)
@click.option(
    "--max-steps",
    type=click.IntRange(min=1),
    default=100_000,
    show_default=True,
    help="Operations in one call.",
)
@click.option(
    "--shrink",
    type=Duration(),
    default=60.0,
    show_default="60s",
    metavar="SECONDS",
    help="For making a finding smaller.",
)
@click.option("-o", "--output", metavar="DIR", help="Write what is found there, ready to be replayed.")
@click.option("--replay", metavar="FILE", help="Look whether a finding that was written is still there.")
@click.option("--list", "listed", is_flag=True, help="List the oracles.")
@click.option(
    "--mutants", is_flag=True, help="Test the oracles: can they tell broken passes from right ones?"
)
def command(
    pipeline: str | None,
    program: str | None,
    load: tuple[str, ...],
    isolate: bool,
    prepare: str,
    examples: int,
    seconds: float | None,
    seed: int,
    max_ops: int,
    dialects: str | None,
    knobs: bool | None,
    oracles: tuple[str, ...],
    engines: tuple[str, ...],
    timeout: float,
    max_steps: int,
    shrink: float,
    output: str | None,
    replay: str | None,
    listed: bool,
    mutants: bool,
) -> int:
    """Generate modules, rewrite each, and look for one on which something goes wrong.

    What is wrong, the oracles say: a crash always is; results that the interpreter computes differently
    afterwards are; for a pass of approxir, also a result that does not verify, a second run that changes
    something, and more (--list). The module of the first finding is made as small as possible.
    A pass or command may refuse a module with an error: that is counted, and no finding.

    The exit status is 1 if something was found, or if every module was refused. Ctrl-C and SIGTERM end the
    search and show what was done.

    \b
    Examples:
      approxir fuzz --pass my-pass --load my_passes.py --examples 10000 -o found
      approxir fuzz --pass emit-approx,emit-management,config-approx --time 60s
      approxir fuzz --command 'mlir-opt --canonicalize {input}' --max-ops 40
      approxir fuzz --replay found/my-pass-semantics-0123456789.mlir
    """
    if importlib.util.find_spec("hypothesis") is None:
        raise MissingDependencyError("fuzzing needs Hypothesis: pip install 'approxir[fuzz]'")
    modes = [pipeline is not None, program is not None, replay is not None, listed, mutants]
    if sum(modes) != 1:
        raise click.UsageError("Give one of --pass, --command, --replay, --list and --mutants.")
    if listed:
        return _list()
    if mutants:
        from approxir.testing.mutants.running import main

        return main(["--seed", str(seed)])
    if replay is not None:
        return _replay(replay, load)
    subject = _subject(pipeline, program, load, timeout, isolate)
    return _search(
        subject,
        prepare=prepare,
        examples=examples,
        seconds=seconds,
        seed=seed,
        max_ops=max_ops,
        dialects=None if dialects is None else [name.strip() for name in dialects.split(",") if name.strip()],
        knobs=program is None if knobs is None else knobs,
        oracles=oracles,
        engines=engines,
        max_steps=max_steps,
        shrink=shrink,
        output=output,
    )


def _subject(
    pipeline: str | None, program: str | None, load: tuple[str, ...], timeout: float, isolate: bool
) -> Subject:
    from approxir.passes.pipeline_text import PipelineError, parse_pipeline
    from approxir.testing.isolating import IsolatedPasses
    from approxir.testing.loading import load_file
    from approxir.testing.subjects import CommandError, CommandSubject, PassSubject

    for file in load:
        load_file(file)
    try:
        if program is not None:
            return CommandSubject(program, timeout)
        assert pipeline is not None
        if not parse_pipeline(pipeline):
            raise click.UsageError("--pass names no pass.")
    except PipelineError as error:
        raise click.UsageError(f"--pass: {error}") from None
    except CommandError as error:
        raise click.UsageError(str(error)) from None
    return (IsolatedPasses if isolate else PassSubject)(pipeline, timeout, load)


def _search(
    subject: Subject,
    *,
    prepare: str,
    examples: int,
    seconds: float | None,
    seed: int,
    max_ops: int,
    dialects: list[str] | None,
    knobs: bool,
    oracles: tuple[str, ...],
    engines: tuple[str, ...],
    max_steps: int,
    shrink: float,
    output: str | None,
) -> int:
    from approxir.passes.pipeline_text import PipelineError, parse_pipeline
    from approxir.testing.cases import cases
    from approxir.testing.examination import UnknownOracleError, chosen_oracles
    from approxir.testing.search import search

    try:
        asked = list(chosen_oracles(subject, oracles))
        parse_pipeline(prepare)
    except PipelineError as error:
        raise click.UsageError(f"--prepare: {error}") from None
    except UnknownOracleError as error:
        raise click.UsageError(str(error)) from None
    asked += [name for name in engines if name not in asked]
    if output is not None:
        # Before the search, not after hours of it.
        _usable(output)
    generated = cases(max_ops=max_ops, knobs=knobs, dialects=dialects)
    length = examples if seconds is None else round(seconds)
    with _interrupted(), _progress(length) as bar:
        report = search(
            subject,
            generated,
            asked,
            examples=examples,
            seed=seed,
            seconds=seconds,
            max_steps=max_steps,
            prepare=prepare,
            shrinking=shrink,
            progress=bar.advance if seconds is None else bar.tick,
        )
    _show(report, subject)
    if report.finding is not None:
        _tell(report, subject, output, max_steps, prepare)
    if report.ended == "interrupted":
        return INTERRUPTED
    if report.examples and report.refused == report.examples:
        click.echo("Every module was refused: nothing was tested.")
        return FINDINGS
    return FINDINGS if report.finding is not None else SUCCESS


@contextlib.contextmanager
def _interrupted() -> Iterator[None]:
    """Take SIGTERM and SIGHUP for Ctrl-C: what was found is shown, and a command that is running ends too."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    # Not every system has both.
    signals = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    # Whoever started us may have wanted that a signal is ignored, as nohup does.
    previous = {one: signal.getsignal(one) for one in signals if signal.getsignal(one) is signal.SIG_DFL}
    for one in previous:
        signal.signal(one, interrupt)
    try:
        yield
    finally:
        for one, handler in previous.items():
            signal.signal(one, handler)


class _progress:
    """A bar on standard error, where that is a terminal."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._shown: Any = None
        self._done = 0

    def __enter__(self) -> _progress:
        import time

        self._begun = time.monotonic()
        if sys.stderr is not None and sys.stderr.isatty():
            self._shown = click.progressbar(length=self._length, file=sys.stderr, label="examples")
            self._shown.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        if self._shown is not None:
            self._shown.__exit__(None, None, None)

    def advance(self, done: int) -> None:
        self._move(done)

    def tick(self, done: int) -> None:
        import time

        self._move(min(self._length, int(time.monotonic() - self._begun)))

    def _move(self, done: int) -> None:
        if self._shown is not None and done > self._done:
            self._shown.update(done - self._done)
            self._done = done


def _usable(folder: str) -> None:
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    if not os.access(path, os.W_OK | os.X_OK):
        raise PermissionError(13, os.strerror(13), folder)


def _show(report: Report, subject: Subject) -> None:
    """Statistics: what was tested, and what was not."""
    ended = {"time": ", stopped by --time", "interrupted": ", interrupted", "finding": "", "examples": ""}
    click.echo(
        f"{report.examples} modules ({report.distinct} different), seed {report.seed}, "
        f"{report.seconds:.1f} s{ended[report.ended]}"
    )
    click.echo(f"{report.changed} changed, {report.refused} refused")
    for message, count in report.refusals.most_common(_MOST_REFUSALS):
        click.echo(f"  {count} times: {message}")
    if len(report.refusals) > _MOST_REFUSALS:
        click.echo(f"  and {len(report.refusals) - _MOST_REFUSALS} other messages")
    for name, counts in report.outcomes.items():
        compared = counts["compared"]
        rest = ", ".join(f"{count} {why}" for why, count in counts.most_common() if why != "compared")
        click.echo(f"  {name}: {compared} agree" + (f"; not compared: {rest}" if rest else ""))


def _tell(report: Report, subject: Subject, output: str | None, max_steps: int, prepare: str) -> None:
    """The finding, and where it was written."""
    from approxir.testing.reproducer import replay_command, write_reproducer

    finding = report.finding
    assert finding is not None
    cut = ", which --shrink ended" if finding.cut else ""
    click.echo(f"\nFound by example {finding.example}, made smaller in {finding.shrinks} steps{cut}:")
    if not finding.steady:
        click.echo("(It does not come each time: the subject does not always do the same.)")
    click.echo(str(finding.failure))
    for call in finding.case.calls:
        click.echo(f"  call: {call}")
    click.echo("")
    click.echo(finding.case.text, nl=not finding.case.text.endswith("\n"))
    if output is not None:
        path = write_reproducer(
            output, finding, subject, seed=report.seed, max_steps=max_steps, prepare=prepare
        )
        click.echo(f"\nWritten to {path}; replay it with:\n  {replay_command(path)}")


def _replay(path: str, load: tuple[str, ...]) -> int:
    from approxir.testing.oracles.failure import OracleFailure
    from approxir.testing.reproducer import read_reproducer

    held = read_reproducer(path, load=load)
    try:
        refusal = held.replay()
    except OracleFailure as failure:
        click.echo(str(failure))
        return FINDINGS
    if refusal is not None:
        click.echo(f"{path}: nothing is wrong: the module is refused now.\n{refusal}")
        return SUCCESS
    click.echo(f"{path}: nothing is wrong any more.")
    return SUCCESS


def _list() -> int:
    from approxir.testing.examination import ORACLES

    width = max(map(len, ORACLES))
    click.echo(
        f"{'crash'.ljust(width)}  the subject ends, by itself, with a module or an error (always asked)"
    )
    for name, held in ORACLES.items():
        usual = [what for what, yes in (("passes", held.passes), ("commands", held.commands)) if yes]
        click.echo(
            f"{name.ljust(width)}  {held.summary}" + (f" (usual for {', '.join(usual)})" if usual else "")
        )
    return SUCCESS
