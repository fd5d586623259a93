"""``approxir info``: versions, which real MLIRs are found, and which back ends work."""

from __future__ import annotations

import dataclasses
import json
import platform
from importlib import metadata
from typing import Any

import click

from approxir._version import __version__
from approxir.cli import streams


@click.command(name="info", short_help="Show versions, real MLIRs and back ends.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def command(as_json: bool) -> int:
    """Show the versions of approxir and what it stands on, the real MLIRs and the back ends found here.

    A real MLIR is never needed for reading, editing and printing; where one is installed, verification can
    ask it as well. Back ends compile and run modules; for one that does not work here, or not for all
    devices, the reason is given.

    \b
    Examples:
      approxir info
      approxir info --json | python -m json.tool
    """
    report = collect()
    streams.write(streams.STDIO, (json.dumps(report, indent=2) if as_json else _as_text(report)) + "\n")
    return 0


def collect() -> dict[str, Any]:
    """What `approxir info` reports, as plain values that JSON can hold.

    Raises `CacheSettingsError` where the environment says something wrong about the cache.
    """
    from approxir.codegen import backend, upstream
    from approxir.codegen.iree.cache import default_cache

    cache = default_cache().info()
    found = upstream.available()
    return {
        "approxir": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "lark": _version("lark"),
        "click": _version("click"),
        "mlir": [
            {"name": info.name, "kind": info.kind, "version": info.version, "where": info.where}
            for info in found
        ],
        "mlir_missing": [
            {"name": name, "extra": extra}
            for name, extra in upstream.EXTRAS.items()
            if name not in {info.name for info in found}
        ],
        "backends": [dataclasses.asdict(info) for info in backend.describe()],
        "cache": {**dataclasses.asdict(cache), "directory": str(cache.directory)},
    }


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _as_text(report: dict[str, Any]) -> str:
    lines = [f"{name:<10}{report[name]}" for name in ("approxir", "python", "platform", "lark", "click")]
    lines += ["", "Real MLIRs found:"]
    width = max((len(entry["name"]) for entry in report["mlir"]), default=0)
    for entry in report["mlir"]:
        version = entry["version"] or "unknown version"
        lines.append(f"  {entry['name']:<{width}}  {version}  ({entry['where']})")
    if not report["mlir"]:
        lines.append("  none")
    for entry in report["mlir_missing"]:
        lines.append(f"  {entry['name']}: not installed; pip install 'approxir[{entry['extra']}]'")
    lines += ["", "Back ends:"]
    width = max(len(entry["name"]) for entry in report["backends"])
    for entry in report["backends"]:
        lines += _backend_lines(entry, width)
    cache = report["cache"]
    lines += ["", f"Cache of compiled modules: {cache['directory']}"]
    if cache["problem"]:
        lines.append(f"  not used: {cache['problem']}")
    else:
        lines.append(f"  {cache['entries']} entries, {_size(cache['size'])} of {_size(cache['limit'])}")
    return "\n".join(lines)


def _size(count: int) -> str:
    """A number of bytes in MiB."""
    return f"{count / (1 << 20):.1f} MiB"


def _backend_lines(entry: dict[str, Any], width: int) -> list[str]:
    name = f"{entry['name']:<{width}}"
    if not entry["available"]:
        return [f"  {name}  not available: {entry['reason']}"]
    found = [f"  {name}  {entry['summary']} {entry['version'] or ''}".rstrip()]
    indent = " " * (width + 4)
    found.append(f"{indent}compiles for: {', '.join(entry['targets'])}")
    found.append(f"{indent}runs here on: {', '.join(entry['devices']) or 'nothing'}")
    if entry["reason"]:
        found.append(f"{indent}{entry['reason']}")
    return found
