"""What importing approxir costs, what it must not load, and which way its parts depend on each other."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import approxir

ROOT = Path(__file__).resolve().parent.parent
BUDGET_MS = 150
HEAVY = (
    "click", "hypothesis", "iree", "jax", "jaxlib", "llvmlite", "matplotlib", "numpy", "opentuner", "pygls", "rich",
    "torch", "torch_mlir",
)  # fmt: skip
# Lower layers come first; a module imports from its own layer and those before it.
LAYERS = (
    ("_version", "errors", "nearest", "registries"),
    ("syntax.source", "grammar"),
    ("files", "values"),
    ("syntax",),
    ("ir",),
    ("dialects",),
    ("knobs",),
    ("interp",),
    ("lint", "passes", "transforms"),
    ("compiler",),
    ("codegen",),
    ("frontends", "tuning"),
    ("testing",),
    ("cli", "__main__"),
    ("testing.targets",),
)


def imported_modules(statement: str) -> set[str]:
    script = f"{statement}\nimport sys; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()}


def import_milliseconds(statement: str) -> float:
    """What the import alone takes, in a fresh interpreter: what `-X importtime` adds up for it."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", statement], capture_output=True, text=True, check=True
    )
    rows = re.findall(r"^import time:\s+(\d+) \|\s+\d+ \| (.*)$", done.stderr, re.MULTILINE)
    names = [name.strip() for _, name in rows]
    # Everything before the end of `site` is the interpreter's own start.
    start = names.index("site") + 1
    return sum(int(own) for own, _ in rows[start:]) / 1000


def test_import_stays_within_its_budget() -> None:
    import_milliseconds("import approxir")
    assert min(import_milliseconds("import approxir") for _ in range(5)) < BUDGET_MS


@pytest.mark.parametrize("statement", ["import approxir", "import approxir; approxir.parse('module {}')"])
def test_import_loads_nothing_heavy(statement: str) -> None:
    assert imported_modules(statement) & set(HEAVY) == set()


def test_every_public_name_can_be_loaded() -> None:
    assert "parse" in approxir.__all__
    assert set(approxir.__all__) <= set(dir(approxir))
    for name in approxir.__all__:
        assert getattr(approxir, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = approxir.no_such_name  # type: ignore[attr-defined]


def module_files() -> dict[str, Path]:
    """The modules of approxir, without the prefix, and their files."""
    found = {}
    folders = (("approxir", ""), ("codegen", "codegen."), ("fuzz", "testing."), ("grammar", "grammar."))
    for folder, prefix in folders:
        for path in (ROOT / folder).rglob("*.py"):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            name = prefix + ".".join(parts)
            found[name.removesuffix("__init__").removesuffix(".")] = path
    return found


def layer(module: str) -> int | None:
    """The layer of a module: that of the longest entry that it is or lies in."""
    best = None
    for index, entries in enumerate(LAYERS):
        for entry in entries:
            if (module == entry or module.startswith(entry + ".")) and (best is None or len(entry) > best[0]):
                best = (len(entry), index)
    return None if best is None else best[1]


def imports_at_import_time(path: Path) -> set[str]:
    """The modules of approxir that a file imports when it is imported itself, without the prefix."""
    found = set()
    pending: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            pending.extend(node.orelse)
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            pending.extend(ast.iter_child_nodes(node))
    return {name.removeprefix("approxir.") for name in found if name.startswith("approxir.")}


def test_dependencies_point_one_way() -> None:
    wrong = []
    for module, path in module_files().items():
        if not module:
            continue
        own = layer(module)
        assert own is not None, f"approxir.{module} belongs to no layer; see LAYERS in {__file__}"
        for name in imports_at_import_time(path):
            other = layer(name)
            if other is not None and other > own:
                wrong.append(f"approxir.{module} imports approxir.{name}")
    assert wrong == []
