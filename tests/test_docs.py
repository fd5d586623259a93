"""Everything that the documentation shows is so: code runs, commands print what they are said to print."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import pages, toolchains
from support.pages import ROOT

from approxir.lint import docs as rule_pages
from approxir.passes.registry import passes
from approxir.transforms.registry import transforms

# The pages about the rules are written by approxir.lint.docs; tests/lint/test_rules.py compares them.
GENERATED = {f"docs/lint/{name}" for name in rule_pages.pages() if name != "README.md"}
PAGES = sorted(
    {
        *(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/**/*.md")),
        *(path.relative_to(ROOT).as_posix() for path in ROOT.glob("*.md")),
        *("benchmarks/README.md", "examples/README.md"),
    }
)
RUNNING = ("python", "console")


def runs(name: str) -> bool:
    """Whether a page has code to run."""
    found = pages.code_blocks((ROOT / name).read_text(encoding="utf-8"))
    return any(block.language in RUNNING for block in found)


def missing() -> list[str]:
    """What the code of some page needs and what is not here."""
    packages = ("iree", "jax", "llvmlite", "matplotlib", "opentuner", "torch_mlir", "tree_sitter")
    found = [name for name in packages if importlib.util.find_spec(name) is None]
    if not toolchains.has_c_compiler():
        found.append("a C compiler")
    return found if shutil.which("bash") else [*found, "bash"]


needs_everything = pytest.mark.skipif(bool(missing()), reason=f"there is no {', no '.join(missing())}")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the examples, as the current one; nothing is left of what a page makes known."""
    monkeypatch.setattr(passes, "_added", dict(passes._added))
    monkeypatch.setattr(transforms, "_added", dict(transforms._added))
    known = set(sys.modules)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("APPROXIR_CACHE_DIR", str(tmp_path / "cache"))
    yield tmp_path
    for name in set(sys.modules) - known:
        if str(getattr(sys.modules[name], "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=needs_everything if runs(name) else ())
        for name in PAGES
        if name not in GENERATED
    ],
)
def test_a_page_shows_what_happens(name: str, checkout: Path) -> None:
    pages.run_page(ROOT / name, checkout)


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    page = ROOT / name
    anchors, targets = pages.outline(page.read_text(encoding="utf-8"))
    for target in targets:
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), f"{name}: {target}"
        assert found.is_relative_to(ROOT), f"{name}: {target}"
        if anchor and found.suffix == ".md":
            known = anchors if found == page else pages.outline(found.read_text(encoding="utf-8"))[0]
            assert anchor in known, f"{name}: {target}"


@pytest.mark.parametrize(
    ("page", "complaint"),
    [
        ("```python\nprint(1)\n```\n```text\n2\n```\n", "page.md:4"),
        ("```console\n$ echo one\ntwo\n```\n", "echo one"),
        ("```console\n$ exit 3\n```\n", "exit 3"),
        ("```text\nout of nowhere\n```\n", "no block before it prints"),
        ("```fortran\nend\n```\n", "nothing is known of blocks in 'fortran'"),
        ("```mlir\nfunc.func @f() -> i32 { return }\n```\n", "return"),
        ("```c\nint f(void) { return x; }\n```\n", "undeclared"),
        ("```json\n{,}\n```\n", "property name"),
        ("```python\n# helper.py\nx = 1\n```\n", "nothing uses helper.py"),
        ("```sh\napproxir opt --no-such-option x.mlir\n```\n", "no-such-option"),
        ("    python -m pip install '.[nonsense]'\n", "nonsense"),
    ],
)
@toolchains.needs_c_compiler
def test_a_page_that_is_wrong_is_found(page: str, complaint: str, checkout: Path) -> None:
    path = checkout / "page.md"
    path.write_text(page, encoding="utf-8")
    with pytest.raises(Exception) as caught:  # noqa: PT011 (each check has errors of its own)
        pages.run_page(path, checkout)
    notes = getattr(caught.value, "__notes__", [])
    assert complaint in "\n".join([str(caught.value), *notes])


def test_dots_stand_for_anything(checkout: Path) -> None:
    path = checkout / "page.md"
    path.write_text("```console\n$ seq 5\n1\n...\n5\n$ exit 3\n[3]\n```\n", encoding="utf-8")
    pages.run_page(path, checkout)
