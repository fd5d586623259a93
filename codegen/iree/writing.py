"""Artifacts of IREE as files, with a description of their functions and live parameters."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from approxir import files
from approxir.codegen.iree.backend import Iree
from approxir.codegen.outputs import description_of, document

if TYPE_CHECKING:
    from approxir.ir.module import Module


def write_vmfb(
    module: Module | str,
    path: str | os.PathLike[str],
    *,
    live: bool = False,
    target: str = "cpu",
    arch: str | None = None,
    flags: Sequence[str] = (),
) -> Path:
    """Compile a module with IREE and write the ``.vmfb``; beside it, a description with the ending ``.json``.

    With `live`, functions that depend on thresholds and decisions take them as further arguments, one ``i32``
    each, in the order of the description's parameters. The other arguments, and the errors, are those of
    `approxir.codegen.iree.compile.compile_text`; besides, there is `OutputError` where a file that was not
    written by this is in the way. Returns the path of the description.
    """
    output = Path(path)
    description_of(output)
    artifact = Iree().compile(module, live=live, target=target, arch=arch, flags=flags)
    parameters: dict[str, Any] | None = None
    if artifact.layout is not None:
        parameters = json.loads(artifact.layout.to_json())
        assert parameters is not None
        parameters.pop("version")
    functions = [
        {
            "name": name,
            "arguments": list(map(str, signature.inputs)),
            "results": list(map(str, signature.results)),
            "takes_parameters": name in artifact.live,
        }
        for name, signature in artifact.signatures.items()
    ]
    text = document(
        "vmfb",
        output,
        {"target": {"target": target, "arch": arch}, "functions": functions, "parameters": parameters},
    )
    description = description_of(output)
    files.write_all_atomic({str(description): files.encode(text), str(output): artifact.data})
    return description
