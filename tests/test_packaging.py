"""The wheel and the sdist hold exactly what they should, and the wheel works where it is installed.

The distributions are built from a copy of the tree, offline, with the setuptools of this environment.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from approxir._version import __version__

ROOT = Path(__file__).resolve().parent.parent
MAPPED = {"grammar": "approxir/grammar", "codegen": "approxir/codegen", "fuzz": "approxir/testing"}
SOURCE_FOLDERS = ("approxir", *MAPPED, "benchmarks", "docs", "examples", "tests")
SOURCE_FILES = (
    "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "MANIFEST.in", "README.md", "mkdocs.yml", "pyproject.toml",
    "setup.py",
)  # fmt: skip
# What tools and runs leave behind in the tree; .gitignore has the same.
LITTER = ("__pycache__", ".hypothesis", ".pytest_cache", ".mypy_cache", ".ruff_cache", "results")

pytestmark = pytest.mark.skipif(
    not (ROOT / "pyproject.toml").is_file(), reason="the tests stand outside of a source tree"
)


def tree(folder: str) -> set[str]:
    """The files of a folder of the repository, relative to the repository."""
    return {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix != ".pyc" and not set(path.parts) & set(LITTER)
    }


def copy_tree(names: tuple[str, ...], target: Path) -> None:
    """Copy files and folders of the repository, without what runs left behind and without links."""

    def ignored(folder: str, entries: list[str]) -> list[str]:
        return [name for name in entries if name in LITTER or Path(folder, name).is_symlink()]

    target.mkdir()
    for name in names:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=ignored)
        elif (ROOT / name).is_file():
            shutil.copy(ROOT / name, target / name)


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist, built from a clean copy of the source tree."""
    source = tmp_path_factory.mktemp("source") / "approxir"
    copy_tree((*SOURCE_FILES, *SOURCE_FOLDERS), source)
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(source))
    return out


def run(*command: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    """The output of a command that has to succeed."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def wheel_path(dist: Path) -> Path:
    (path,) = dist.glob("*.whl")
    return path


def expected_wheel() -> set[str]:
    expected = tree("approxir")
    for folder, target in MAPPED.items():
        expected |= {target + name.removeprefix(folder) for name in tree(folder)}
    return expected


def test_wheel_holds_the_package_and_nothing_else(dist: Path) -> None:
    with zipfile.ZipFile(wheel_path(dist)) as wheel:
        names = {name for name in wheel.namelist() if not name.endswith("/")}
    info = f"approxir-{__version__}.dist-info"
    metadata = {name for name in names if name.startswith(info)}
    assert names - metadata == expected_wheel()
    assert metadata == {
        f"{info}/{name}"
        for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE", "top_level.txt")
    }


def test_only_approxir_is_installed_at_the_top(dist: Path) -> None:
    with zipfile.ZipFile(wheel_path(dist)) as wheel:
        tops = {PurePosixPath(name).parts[0] for name in wheel.namelist()}
        top_level = wheel.read(f"approxir-{__version__}.dist-info/top_level.txt").decode()
    assert tops == {"approxir", f"approxir-{__version__}.dist-info"}
    assert top_level.split() == ["approxir"]


def test_sdist_holds_the_source_tree(dist: Path) -> None:
    (path,) = dist.glob("*.tar.gz")
    with tarfile.open(path) as sdist:
        names = {
            str(PurePosixPath(*PurePosixPath(member.name).parts[1:]))
            for member in sdist.getmembers()
            if member.isfile()
        }
    generated = {name for name in names if name.startswith("approxir.egg-info/")} | {"PKG-INFO", "setup.cfg"}
    expected = set(SOURCE_FILES).union(*(tree(folder) for folder in SOURCE_FOLDERS))
    assert names - generated == expected


def test_installed_wheel_works(dist: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    run(
        sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(target),
        str(wheel_path(dist)),
    )  # fmt: skip
    env = {**os.environ, "PYTHONPATH": str(target)}
    script = (
        "import approxir, approxir.grammar, approxir.codegen, approxir.testing\n"
        "from importlib.resources import files\n"
        "print(approxir.__file__)\n"
        "print(approxir.__version__)\n"
        "names = [entry.name for entry in files('approxir.grammar').iterdir()]\n"
        "print(sorted(name for name in names if name.endswith('.lark')))"
    )
    where, version, grammars = run(sys.executable, "-c", script, cwd=tmp_path, env=env).splitlines()
    assert Path(where).is_relative_to(target)
    assert version == __version__
    assert grammars == str(sorted(path.name for path in (ROOT / "grammar").glob("*.lark")))
    for name in (*MAPPED, "tests"):
        assert not (target / name).exists()
    for program in ("approxir", "approx-opt"):
        shown = run(str(target / "bin" / program), "--version", cwd=tmp_path, env=env)
        assert shown == f"{program} {__version__}\n"


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["lenient", "strict"])
def test_editable_install_finds_the_mapped_packages(mode: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    copy_tree((*SOURCE_FILES, "approxir", *MAPPED), source)
    environment = tmp_path / "venv"
    run(sys.executable, "-m", "venv", "--system-site-packages", "--without-pip", str(environment))
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    site = run(str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    # The environment sees this one's packages, so that nothing has to be downloaded.
    packages = {str(Path(module.__file__).parent.parent) for module in (pytest, __import__("click"))}
    Path(site, "outer.pth").write_text("".join(f"{path}\n" for path in sorted(packages)))
    run(
        sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index",
        "--no-build-isolation", "--editable", str(source), "--config-settings", f"editable_mode={mode}",
    )  # fmt: skip
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    script = "import approxir.grammar, approxir.testing as t, approxir.codegen.upstream as u; print(u.__file__, t.__file__)"
    upstream, testing = map(Path, run(str(python), "-c", script, cwd=tmp_path, env=env).split())
    assert upstream.resolve() == (source / "codegen" / "upstream.py").resolve()
    assert testing.resolve() == (source / "fuzz" / "__init__.py").resolve()
