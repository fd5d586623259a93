"""The package as it is installed, for mkdocstrings: ``codegen/``, ``fuzz/`` and ``grammar/`` lie in it.

The reference is made from the text of the sources; nothing of approxir is imported for it.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority

MAPPED = {"codegen": "codegen", "fuzz": "testing", "grammar": "grammar"}
"""Folder of the repository -> what it is called in the package; as in ``setup.py``."""

_made = Path(tempfile.mkdtemp(prefix="approxir-docs-"))
atexit.register(shutil.rmtree, _made, ignore_errors=True)


@event_priority(100)  # before mkdocstrings reads its own
def on_config(config: MkDocsConfig) -> None:
    lay_out(Path(config.config_file_path).parent, _made)
    config.plugins["mkdocstrings"].config.handlers["python"]["paths"] = [str(_made)]


def lay_out(root: Path, target: Path) -> None:
    """Copy the sources of the package to `target`/approxir, as they lie where it is installed.

    Links would not do: mkdocstrings follows them, and leaves the package again.
    """
    package = target / "approxir"
    shutil.rmtree(package, ignore_errors=True)
    # A checkout may hold links to the mapped folders in the place where they are put here.
    links = [path.name for path in (root / "approxir").iterdir() if path.is_symlink()]
    shutil.copytree(root / "approxir", package, ignore=lambda _, names: [*links, *_unwanted(names)])
    for folder, name in MAPPED.items():
        shutil.copytree(root / folder, package / name, ignore=lambda _, names: _unwanted(names))


def _unwanted(names: list[str]) -> list[str]:
    return [name for name in names if name == "__pycache__" or ("." in name and not name.endswith(".py"))]
