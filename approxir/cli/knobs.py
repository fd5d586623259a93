"""``approxir knobs``: list the knobs of MLIR files."""

from __future__ import annotations

import json
from typing import Any

import click

from approxir.cli import streams
from approxir.errors import ApproxIRError


@click.command(name="knobs", short_help="List the knobs of MLIR files and their parameters.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(files: tuple[str, ...], as_json: bool) -> int:
    """List the knobs of MLIR files: where they stand, and each tunable parameter with its allowed values.

    '-' reads standard input.

    \b
    Examples:
      approxir knobs model.mlir
      approxir knobs --json *.mlir | jq '.[].knobs[].name'
      approxir knobs - < model.mlir
    """
    import approxir

    if files.count(streams.STDIO) > 1:
        raise click.UsageError("'-' can be given only once.")
    failed = False
    documents: list[dict[str, Any]] = []
    for path in files:
        try:
            text, name = streams.read(path)
            module = approxir.parse(text, file=name, lazy=True)
            views = module.knobs()
        except ApproxIRError as error:
            failed = True
            click.echo(str(error), err=True)
            continue
        except OSError as error:
            failed = True
            click.echo(streams.describe(error), err=True)
            continue
        knobs = []
        for knob in views:
            try:
                knobs.append(_described(knob))
            except ApproxIRError as error:
                # One that cannot be read does not hide the others.
                failed = True
                click.echo(str(error), err=True)
        documents.append({"file": name, "knobs": knobs})
        if not as_json and (knobs or not views):
            streams.write(streams.STDIO, _listing(name, knobs))
    if as_json:
        streams.write(streams.STDIO, json.dumps(documents, indent=2) + "\n")
    return 1 if failed else 0


def _described(knob: Any) -> dict[str, Any]:
    location = knob.location
    params = knob.read()
    return {
        "name": knob.name,
        "function": knob.function,
        "kind": knob.kind,
        "operation": knob.operation.name,
        "line": location.line,
        "column": location.column,
        "transform_type": params.transform_type,
        "thresholds": list(params.thresholds),
        "decisions": list(params.decisions),
        "parameters": [
            {
                "name": parameter.name,
                "kind": parameter.param_type,
                "index": parameter.index,
                "value": parameter.current,
                "lower": parameter.lower,
                "upper": parameter.upper,
                "choices": list(parameter.choices),
            }
            for parameter in knob.parameters
        ],
    }


def _listing(file: str, knobs: list[dict[str, Any]]) -> str:
    if not knobs:
        return f"{file}: no knobs\n"
    width = max((len(_shown(p["name"])) for knob in knobs for p in knob["parameters"]), default=0)
    lines = []
    for knob in knobs:
        kind = knob["transform_type"] or "no transform"
        place = f"{file}:{knob['line']}:{knob['column']}"
        lines.append(f"{place}: {_shown(knob['name'])}: {_shown(kind)} ({knob['operation']})")
        for parameter in knob["parameters"]:
            if parameter["choices"]:
                allowed = "{" + ", ".join(map(str, parameter["choices"])) + "}"
            else:
                allowed = f"{parameter['lower']}..{parameter['upper']}"
            lines.append(f"  {_shown(parameter['name']):<{width}} = {parameter['value']}  in {allowed}")
    return "\n".join(lines) + "\n"


def _shown(name: str) -> str:
    """A name on one line, whatever characters its quotes hold."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)
