"""Without an optional package, what needs it names the extra to install, and the rest works."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "gelu.mlir"
BLOCKER = """\
from importlib.machinery import PathFinder

found = PathFinder.find_spec
PathFinder.find_spec = classmethod(
    lambda cls, name, *rest: None if name.partition(".")[0] in BLOCKED else found(name, *rest)
)
import approxir as ax
KNOB = '"approx.util.annotation.decision_tree"() <{func_name = "f", params = "thresholds=5; decisions=0,1"}> : () -> ()'
FUNCTION = "func.func @f(%a: i32) -> i32 {\\n  return %a : i32\\n}\\n"
"""
SETUP = f"""\
from approxir.tuning.evaluation import Evaluation
FRONTIER = ax.Frontier([Evaluation({{"a": 1}}, 2.5, 1.0)])
GELU = ax.load({str(EXAMPLE)!r})
"""
CORE = """\
module = ax.parse(FUNCTION + KNOB)
module.parse_all(); module.print(rename_ssa=True); module.lint(); module.verify()
module.apply(module.config())
assert "approx." not in ax.compile(FUNCTION)
assert ax.hpvm.parse("1\\n+++++\\nc 1 1 1 0\\n1 gpu add fp16 12\\n-----\\n")
from approxir.knobs.files import parse_config
assert parse_config('{"a": 1}') == {"a": 1}
"""
OPTIONAL = (
    "atheris", "hypothesis", "iree", "jax", "jaxlib", "llvmlite", "matplotlib", "ml_dtypes", "mkdocs", "numpy",
    "opentuner", "pygls", "rich", "scipy", "torch_mlir", "tree_sitter", "tree_sitter_c", "tree_sitter_cpp",
)  # fmt: skip
USES = {
    "numpy": ("from approxir.codegen.inputs import parse_input", "interp"),
    "ml_dtypes": ("from approxir.interp import run; run(ax.parse(FUNCTION), 'f', 1)", None),
    "tree_sitter": ("ax.parse_cpp_annotations('// @approx:knob id: 1\\nint f(int n) {}')", "cpp"),
    "tree_sitter_c": ("ax.parse_cpp_annotations('// @approx:knob id: 1\\nint f(int n) {}')", "cpp"),
    "jax": ("ax.export_to_mlir(lambda x: x, 1.0)", "jax"),
    "iree": ("ax.compile_to_iree(FUNCTION)", "iree"),
    "atheris": ("from approxir.testing.targets.engine import require_atheris; require_atheris()", "fuzz"),
}


def python(
    blocked: tuple[str, ...], script: str, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """A script in a process without some packages."""
    text = f"BLOCKED = {blocked!r}\n{BLOCKER}{script}"
    return subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False, cwd=cwd)


def test_the_core_needs_none() -> None:
    done = python(OPTIONAL, CORE)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("package", USES)
def test_what_needs_a_package_names_its_extra(package: str) -> None:
    use, extra = USES[package]
    guarded = f"try:\n    {use}\nexcept ax.MissingDependencyError as error:\n    print(error)\n"
    done = python((package,), guarded)
    assert done.returncode == 0, done.stderr
    if extra is not None:
        assert f"approxir[{extra}]" in done.stdout


# Package -> what needs it, the extra of the error, and what goes on working.
ONE_BY_ONE = {
    "torch_mlir": (
        ["import os; os.environ['PATH'] = ''; ax.jit(FUNCTION)"],
        "llvm",
        "from approxir.interp import run; assert run(ax.parse(FUNCTION), 'f', 7) == (7,)",
    ),
    "llvmlite": (
        ["from approxir.codegen.llvm.objects import object_compiler; object_compiler('llvmlite')"],
        "llvm",
        "assert ax.jit(FUNCTION).f(7) == 7",
    ),
    "matplotlib": (
        ["FRONTIER.plot('none.png')", "FRONTIER.report('none.html')"],
        "plot",
        "assert '2.5' in str(FRONTIER); FRONTIER.save('kept.json')",
    ),
    "opentuner": (
        ["ax.Tuner(GELU, engine='opentuner')", "ax.Tuner(GELU)"],
        "tune",
        "tuner = ax.Tuner(GELU, engine='evolution'); tuner.tell(tuner.ask(), (1.0, 1.0)); tuner.close()",
    ),
    "rich": (
        ["from approxir.tuning.progress import Progress; Progress(True)"],
        "tune",
        "from approxir.tuning.progress import Progress; Progress(None); assert '2.5' in str(FRONTIER)",
    ),
    "scipy": (
        ["from approxir.tuning.quality import centroids; centroids([[0.0]], [[0.0]])"],
        "tune",
        "from approxir.tuning.quality import l2; assert l2([0.0], [0.0]) == 1",
    ),
    "hypothesis": (
        ["from approxir.cli.fuzz import command; command(['--list'], standalone_mode=False)"],
        "fuzz",
        "import approxir.testing.targets",
    ),
}


@pytest.mark.parametrize("package", ONE_BY_ONE)
def test_without_one_package(package: str, tmp_path: Path) -> None:
    uses, extra, rest = ONE_BY_ONE[package]
    script = SETUP
    for use in uses:
        script += f"try:\n    {use}\nexcept ax.MissingDependencyError as error:\n    print(error)\n"
    done = python((package,), script + rest, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(f"approxir[{extra}]") == len(uses)
    assert set(os.listdir(tmp_path)) <= {"kept.json"}
