"""The lower bounds in pyproject.toml are the versions that approxir works with."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[2]
# What the tests themselves use, in whatever version; torch-mlir is the real MLIR that they ask.
TOOLS = (
    "pytest", "hypothesis", "html5lib", "interegular", "jsonschema", "markdown-it-py", "pyyaml",
    "torch-mlir; sys_platform == 'linux' and platform_machine == 'x86_64'",
)  # fmt: skip
EXTRAS = ("interp", "cpp", "tune", "plot")
# What those versions have a part in; each folder is a run of its own.
SUBSETS = (
    "tests/syntax", "tests/values", "tests/ir", "tests/knobs", "tests/frontends/c", "tests/lint", "tests/passes/test_cases.py",
    "tests/interp", "tests/tuning",
)  # fmt: skip


def lower_bounds(requirements: list[str], extras: dict[str, list[str]]) -> dict[str, str]:
    """The lower bound of each requirement, those of approxir's own extras included."""
    found: dict[str, str] = {}
    for requirement in map(Requirement, requirements):
        if requirement.name == "approxir":
            for extra in requirement.extras:
                found |= lower_bounds(extras[extra], extras)
        else:
            (found[requirement.name],) = [
                one.version for one in requirement.specifier if one.operator == ">="
            ]
    return found


def oldest() -> dict[str, str]:
    """Package -> the oldest version that pyproject.toml allows, for the core and `EXTRAS`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    return lower_bounds([*project["dependencies"], *(f"approxir[{extra}]" for extra in EXTRAS)], extras)


@pytest.fixture(scope="module")
def old_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a virtual environment with the oldest versions; skips where PyPI is out of reach."""
    # The first releases of NumPy and SciPy that are allowed have no wheels for newer ones.
    if sys.version_info[:2] != (3, 11):
        pytest.skip("the oldest versions are those for the oldest Python")
    folder = tmp_path_factory.mktemp("oldest")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    bounds = oldest()
    exact = [f"{name}=={version}" for name, version in bounds.items()]
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    done = subprocess.run([*pip, *exact, *TOOLS], capture_output=True, text=True, check=False)
    if done.returncode and re.search("NewConnectionError|NameResolutionError|ConnectTimeout", done.stderr):
        pytest.skip("PyPI is out of reach")
    assert done.returncode == 0, done.stderr
    assert "yanked" not in done.stderr, done.stderr
    script = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
    shown = subprocess.run([str(python), "-c", script, *bounds], capture_output=True, text=True, check=True)
    found = dict(zip(bounds, shown.stdout.split(), strict=True))
    assert {name: Version(version) for name, version in found.items()} == {
        name: Version(version) for name, version in bounds.items()
    }
    return python


_COMPILERS = re.compile(r".*(cc|gcc|g\+\+|c\+\+|clang|llc|opt|mlir|iree|lld).*")


@pytest.fixture(scope="module")
def other_programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the programs that are found, but for compilers and MLIR's own."""
    folder = tmp_path_factory.mktemp("programs")
    for place in os.get_exec_path():
        for program in Path(place).glob("*"):
            link = folder / program.name
            if (
                not _COMPILERS.fullmatch(program.name)
                and "python" not in program.name
                and not link.is_symlink()
            ):
                link.symlink_to(program)
    return folder


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="about the layout of POSIX environments")
@pytest.mark.parametrize("subset", SUBSETS)
def test_works_with_the_oldest_versions(subset: str, old_python: Path, other_programs: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    # Compilers and the real MLIR found there are not what this is about.
    environment |= {"PYTHONPATH": str(ROOT), "PATH": f"{old_python.parent}{os.pathsep}{other_programs}"}
    command = [str(old_python), "-m", "pytest", "-q", "-p", "no:cacheprovider", subset]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]


def test_every_bound_is_a_lower_one() -> None:
    assert {"lark", "click", "numpy", "tree-sitter", "scipy", "matplotlib"} <= set(oldest())
