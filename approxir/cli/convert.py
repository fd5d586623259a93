"""``approxir convert``: turn files of configurations and evaluations into one another."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from approxir import files as text_files
from approxir.cli import streams
from approxir.cli.pareto import is_hpvm

if TYPE_CHECKING:
    from approxir.tuning.frontier import Frontier
    from approxir.tuning.hpvm import ConfigurationFile

FORMATS = ("config", "csv", "hpvm", "json", "jsonl")
_ENDINGS = {
    ".conf": "hpvm", ".csv": "csv", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".txt": "hpvm",
}  # fmt: skip


@click.command(name="convert", short_help="Convert between HPVM's files, JSON and CSV.")
@click.argument("source", metavar="IN")
@click.argument("target", metavar="OUT")
@click.option("--from", "source_format", type=click.Choice(FORMATS), help="The format of IN.")
@click.option("--to", "target_format", type=click.Choice(FORMATS), help="The format of OUT.")
@click.option("--select", metavar="NAME", help="The configuration of an HPVM file to take.")
@click.option("--like", metavar="FILE", help="Take the nodes and the layout from this HPVM file.")
@click.option("--names", metavar="JSON", help='Names of knobs for operations: {"node_1_conv": "layer1"}.')
@click.option("--baseline", type=float, metavar="MS", help="The time of the exact program.")
def command(
    source: str,
    target: str,
    source_format: str | None,
    target_format: str | None,
    select: str | None,
    like: str | None,
    names: str | None,
    baseline: float | None,
) -> int:
    """Convert files of configurations and evaluations.

    Formats are hpvm (.txt, .conf), HPVM's configuration files; json, jsonl and csv, evaluations and their
    frontier; and config, one configuration as 'approxir set --config' takes it (.json; --to config). A
    configuration has not been measured: as HPVM's file it has the speed-up 1 and loses nothing. Without
    --from the text shows what it is, without --to the ending of OUT. '-' is standard input or output.

    \b
    Examples:
      approxir convert tuner_confs.txt frontier.json
      approxir convert tuner_confs.txt best.json --to config --select conf2
      approxir convert frontier.json frontier.csv
      approxir convert frontier.json new_confs.txt --like tuner_confs.txt
      approxir convert best.json one_conf.txt --from config --like tuner_confs.txt
    """
    if (source, like, names).count(streams.STDIO) > 1:
        raise click.UsageError("'-' can be read only once.")
    text, name = streams.read(source, hint=text_files.NO_JSON)
    wanted = target_format or _ENDINGS.get(os.path.splitext(target)[1].lower())
    if wanted is None:
        raise click.UsageError(f"The ending of '{target}' tells no format: give --to.")
    given = source_format or _seen(text, name)
    if select is not None and not (given == "hpvm" and wanted == "config"):
        raise click.UsageError("--select is about one configuration of an HPVM file: --to config.")
    if like is not None and wanted != "hpvm":
        raise click.UsageError("--like is about writing an HPVM file.")
    told = None if names is None else _read_names(names)
    template = None if like is None else _template(like)
    streams.write(target, _converted(text, name, given, wanted, select, template, told, baseline))
    return 0


def _converted(
    text: str,
    name: str,
    given: str,
    wanted: str,
    select: str | None,
    template: ConfigurationFile | None,
    names: Mapping[str, str] | None,
    baseline: float | None,
) -> str:
    from approxir.knobs.files import dump_config, parse_config
    from approxir.tuning import hpvm
    from approxir.tuning.frontier_files import dump_frontier

    if given == "config":
        config = parse_config(text, name)
        if wanted == "config":
            return dump_config(config)
        if wanted == "hpvm":
            return _measured_by_nobody(config, template, names)
        raise click.UsageError(f"{name} holds one configuration, which is no frontier.")
    if given == "hpvm":
        file = hpvm.parse(text, name)
        if wanted == "config":
            chosen = file.default if select is None else file.named(select)
            return dump_config(chosen.config(names))
        if wanted == "hpvm" and template is None:
            return hpvm.dump(file)
        frontier = hpvm.to_frontier(file, names=names, baseline_ms=baseline)
    else:
        frontier = _frontier(text, name, given, baseline)
    if wanted == "config":
        raise click.UsageError("A frontier is several configurations: 'approxir pareto' picks one of them.")
    if wanted == "hpvm":
        return hpvm.dump(hpvm.from_frontier(frontier, like=template, names=names))
    return dump_frontier(frontier, wanted)  # type: ignore[arg-type]


def _measured_by_nobody(
    config: Mapping[str, int], template: ConfigurationFile | None, names: Mapping[str, str] | None
) -> str:
    """A file with one configuration, of which only the knobs are known."""
    from approxir.tuning import hpvm
    from approxir.tuning.evaluation import Evaluation
    from approxir.tuning.frontier import Frontier

    one = Evaluation(config, 1.0, 1.0)
    file = hpvm.from_frontier(Frontier([one], baseline=one), like=template, names=names)
    file.baseline = None
    return hpvm.dump(file)


def _frontier(text: str, name: str, given: str, baseline: float | None) -> Frontier:
    from approxir.tuning.evaluation import Evaluation
    from approxir.tuning.frontier import Frontier
    from approxir.tuning.frontier_files import parse_frontier

    found = parse_frontier(text, name, format=given)  # type: ignore[arg-type]
    if baseline is None:
        return found
    return Frontier(found.evaluations, baseline=Evaluation({}, baseline, 1.0))


def _seen(text: str, name: str) -> str:
    """The format that a text has by the look of it."""
    from approxir.syntax.faults import Fault
    from approxir.syntax.json_text import read_json

    if is_hpvm(text):
        return "hpvm"
    by_name = _ENDINGS.get(os.path.splitext(name)[1].lower())
    if by_name in ("csv", "jsonl", "hpvm"):
        return by_name
    try:
        data = read_json(text)
    except Fault:
        # Whatever is wrong with it, the reader of frontiers says where.
        return "json"
    plain = isinstance(data, dict) and not data.keys() & {"evaluations", "baseline", "config", "search"}
    return "config" if plain else "json"


def _template(path: str) -> ConfigurationFile:
    from approxir.tuning import hpvm

    return hpvm.parse(*streams.read(path))


def _read_names(path: str) -> dict[str, str]:
    from approxir.syntax.faults import Fault
    from approxir.syntax.json_text import key_places, read_json, shown_value
    from approxir.syntax.source import Source
    from approxir.tuning.errors import record_error

    text, name = streams.read(path, hint=text_files.NO_JSON)
    try:
        data: Any = read_json(text)
        if not isinstance(data, dict):
            raise Fault("names are a JSON object", 0, hint='{"node_1_conv": "layer1"}')
        for key, value in data.items():
            if not isinstance(value, str):
                raise Fault(f"{key} is a name, not {shown_value(value)}", key_places(text)[key])
    except Fault as fault:
        raise record_error(Source(text, name), fault) from None
    return data
