"""Without an optional package, what needs it names the extra to install, and the rest works."""

from __future__ import annotations

import subprocess
import sys

import pytest

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


def python(blocked: tuple[str, ...], script: str) -> subprocess.CompletedProcess[str]:
    """A script in a process without some packages."""
    text = f"BLOCKED = {blocked!r}\n{BLOCKER}{script}"
    return subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)


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
