"""Coverage-guided fuzzing of everything that reads text: ``python -m approxir.testing.targets --list``.

    python -m approxir.testing.targets params --runs 100000
    python -m approxir.testing.targets params --time 60s
    python -m approxir.testing.targets --all --runs 1000000 --jobs 2 -o results/fuzz --report report.json

Each target (`approxir.testing.targets.base.Target`) feeds what Atheris proposes to one reader of approxir and
checks what must hold for any input: it is accepted or refused with an `ApproxIRError`, in bounded time, and
what is accepted comes back byte for byte. Where the search begins is made from the grammars
(`approxir.testing.targets.seeds`). Needs the extra `fuzz`.
"""

from __future__ import annotations

import importlib

from approxir.errors import ApproxIRError
from approxir.testing.targets.base import Target, Violation

__all__ = ["TARGETS", "Target", "UnknownTargetError", "Violation", "load_target"]

TARGETS = {
    "parser": "modules",
    "attributes": "attributes",
    "params": "params",
    "annotations": "annotations",
    "hpvm": "hpvm",
    "configs": "configs",
    "frontiers": "frontiers",
    "arguments": "arguments",
    "pipelines": "pipelines",
    "command-line": "command_line",
}
"""Name of a target -> the module here that defines it as `TARGET`."""


class UnknownTargetError(ApproxIRError):
    """There is no fuzz target of that name."""


def load_target(name: str) -> Target:
    """The target of a name, or another one that is given as ``package.module:ATTRIBUTE``.

    Imports the part of approxir that it is about. Raises `UnknownTargetError`.
    """
    if name not in TARGETS:
        module, _, attribute = name.partition(":")
        if attribute:
            found = getattr(importlib.import_module(module), attribute)
            assert isinstance(found, Target)
            return found
        raise UnknownTargetError(f"there is no fuzz target '{name}'; there are {', '.join(TARGETS)}")
    target = importlib.import_module(f"approxir.testing.targets.{TARGETS[name]}").TARGET
    assert isinstance(target, Target)
    return target
