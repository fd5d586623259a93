"""Files of the user's that register passes or transforms."""

from __future__ import annotations

import importlib.util
import os
import sys
import traceback
from pathlib import Path

from approxir.errors import ApproxIRError


class LoadError(ApproxIRError):
    """A file cannot be loaded: it does not exist, is not Python, or raised an exception."""


_loaded: set[Path] = set()


def load_file(path: str | os.PathLike[str]) -> None:
    """Run a file of Python, which may add to the registries: ``passes.add(MyPass)``.

    A file is run once in a process. Modules beside it can be imported by it. Raises `LoadError`.
    """
    file = Path(path)
    resolved = file.resolve()
    if resolved in _loaded:
        return
    if not file.is_file():
        raise LoadError(f"{file}: there is no such file to load")
    name = f"approxir_loaded_{file.stem}_{len(_loaded)}"
    spec = importlib.util.spec_from_file_location(name, resolved)
    if spec is None or spec.loader is None:
        raise LoadError(f"{file}: only files of Python can be loaded, whose names end in .py")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look for their module there.
    sys.modules[name] = module
    sys.path.insert(0, str(resolved.parent))
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise LoadError(_shown(file, resolved, error)) from error
    finally:
        sys.path.remove(str(resolved.parent))
    _loaded.add(resolved)


def _shown(file: Path, resolved: Path, error: BaseException) -> str:
    """The message, placed at the last line of the file that was running."""
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    if isinstance(error, SyntaxError) and error.lineno is not None:
        return f"{file}:{error.lineno}:{error.offset or 1}: error: {error.msg}"
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(resolved)]
    place = f"{file}:{lines[-1]}:1" if lines else str(file)
    return f"{place}: error: loading it raised {what}"
