"""Lowering from Python: `compile`, the choice of passes and of the program that does it, and the registries."""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.approx_texts import BRANCHING, OTHER, SKIPPING, STATE, SUBSTITUTING, transform, tree

import approxir as ax
from approxir.passes import pipeline
from approxir.passes.base import Pass
from approxir.passes.pipeline import Observer, pipeline_for
from approxir.passes.registry import UnknownPassError

REFUSED = OTHER + tree(decisions="1, 3") + STATE + BRANCHING
VARIABLES = ("APPROX_OPT_ML", "APPROX_OPT_CPP", "APPROX_OPT_PATH")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    yield
    ax.set_toolchain(None)


@dataclass
class Entry:
    """As far as this is about it, what approx-runtime's classes are."""

    transform_type: str


# ---- which passes


def test_the_pipelines() -> None:
    assert ax.PASS_PIPELINE == [
        "emit-approx", "emit-management", "config-approx", "transform-approx", "finalize-approx",
    ]  # fmt: skip
    assert ["pre-emit-transform", *ax.PASS_PIPELINE] == ax.FUNC_SUBSTITUTE_PIPELINE
    assert set(ax.FUNC_SUBSTITUTE_PIPELINE) <= set(ax.passes)


@pytest.mark.parametrize(
    ("config", "substitutes"),
    [
        (None, False),
        ({}, False),
        ({"decision_tree": None, "safety_contract": None, "static_transform": None}, False),
        ({"decision_tree": Entry("loop_perforate"), "safety_contract": object()}, False),
        ({"decision_tree": Entry("func_substitute")}, True),
        ({"decision_tree": None, "static_transform": Entry("func_substitute")}, True),
    ],
)
def test_the_pipeline_for_a_configuration(config: dict[str, object] | None, substitutes: bool) -> None:
    found = ax.get_pipeline_for_config(config)
    assert found == (ax.FUNC_SUBSTITUTE_PIPELINE if substitutes else ax.PASS_PIPELINE)
    found.append("mine")
    assert "mine" not in ax.PASS_PIPELINE + ax.FUNC_SUBSTITUTE_PIPELINE


CONVERT = '"approx.util.annotation.convert_to_call"() <{func_name = "f"}> : () -> ()\n'
TENSORS = """\
func.func @g(%x: tensor<2xf32>) -> tensor<2xf32> {
  %y = stablehlo.add %x, %x : tensor<2xf32>
  return %y : tensor<2xf32>
}
"""


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        (OTHER, "emit-approx", "finalize-approx"),
        (SKIPPING, "emit-approx", "finalize-approx"),
        (SUBSTITUTING, "pre-emit-transform", "finalize-approx"),
        (transform("func_substitute") + BRANCHING, "pre-emit-transform", "finalize-approx"),
        (CONVERT + BRANCHING, "pre-emit-transform", "finalize-approx"),
        (SKIPPING + TENSORS, "emit-approx", "legalize-to-stablehlo"),
    ],
)
def test_the_pipeline_for_a_module(text: str, first: str, last: str) -> None:
    module = ax.parse(text)
    found = pipeline_for(module)
    assert (found[0], found[-1]) == (first, last)
    assert pipeline_for(module, stablehlo=False)[-1] == "finalize-approx"
    assert str(module) == text


# ---- running passes


def test_a_pipeline_that_fails_leaves_the_module_as_it_was() -> None:
    module = ax.parse(REFUSED)
    module.symbols["other"].attributes["mark"] = ax.attribute(True)
    before = str(module)
    with pytest.raises(ax.PassError, match="branch number 3") as caught:
        ax.run_pipeline(module, ax.PASS_PIPELINE)
    assert (caught.value.line, caught.value.column) == (4, 1)
    assert str(module) == before
    assert module.knob("f").params.decisions == (1, 3)
    module.knob("f").params.decisions[1] = 1
    assert ax.run_pipeline(module, ax.PASS_PIPELINE)
    assert "approx." not in str(module)


def test_an_unknown_pass_is_known_before_anything_is_done() -> None:
    module = ax.parse(SKIPPING)
    with pytest.raises(UnknownPassError, match="did you mean 'emit-approx'"):
        ax.run_pipeline(module, ["emit-approx", "emit-aprox"])
    assert str(module) == SKIPPING


def test_an_observer_sees_every_pass() -> None:
    seen: list[tuple[str, bool | None]] = []

    class Watch(Observer):
        def before(self, step: Pass, module: ax.Module) -> None:
            seen.append((step.name, None))

        def after(self, step: Pass, module: ax.Module, changed: bool) -> None:
            seen.append((step.name, changed))

    module = ax.parse(transform() + BRANCHING)
    assert ax.run_pipeline(module, ["pre-emit-transform", ax.passes.make("emit-approx")], observer=Watch())
    assert seen == [
        ("pre-emit-transform", None), ("pre-emit-transform", False), ("emit-approx", None), ("emit-approx", True),
    ]  # fmt: skip


# ---- the registries


@pytest.mark.parametrize(("registry", "name"), [(ax.passes, "emit-approx"), (ax.transforms, "task_skipping")])
def test_packages_are_registries(registry: ax.passes, name: str) -> None:  # type: ignore[valid-type]
    assert registry[name] is dict(registry)[name] is registry.get(name)
    assert name in registry
    assert "nothing" not in registry
    assert list(registry) == list(registry.keys())
    assert len(registry) == len(list(registry))
    with pytest.raises(KeyError):
        registry["nothing"]
    with pytest.raises(AttributeError):
        _ = registry.nothing


def test_packages_that_are_registries_are_packages() -> None:
    assert ax.passes is sys.modules["approxir.passes"]
    assert pipeline is sys.modules["approxir.passes.pipeline"]
    assert repr(ax.passes).startswith("<module 'approxir.passes'")


# ---- compile


def test_compile_chooses_the_passes() -> None:
    for text, marker in ((SKIPPING, "scf.index_switch"), (SUBSTITUTING, "call @approx_f_1")):
        result = ax.compile(text)
        assert marker in result
        assert "approx." not in result
        ax.parse(result).verify()
    assert ax.compile(OTHER) == OTHER


def test_compile_takes_passes() -> None:
    assert "approx.knob" in ax.compile(SKIPPING, passes=["emit-approx"])
    assert "approx.knob" in ax.compile(SKIPPING, ("--emit-approx",), workload=ax.WorkloadType.CPP)
    assert ax.compile(SKIPPING, passes=[]) == SKIPPING


def test_the_workload_decides_about_stablehlo(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    monkeypatch.setattr(pipeline, "run_pipeline", lambda module, names: ran.extend(names))
    for workload in ax.WorkloadType:
        ran.clear()
        ax.compile(OTHER + TENSORS, workload=workload)
        assert ("legalize-to-stablehlo" in ran) == (workload is not ax.WorkloadType.CPP)


@pytest.mark.parametrize(
    ("text", "cause", "line"),
    [
        ("func.func @f( {\n}\n", ax.ParseError, 1),
        ("\nfunc.func @f() {\n  func.call @g() : () -> ()\n  return\n}\n", ax.VerifyError, 3),
        (REFUSED, ax.PassError, 4),
    ],
)
def test_compile_gives_all_or_an_error(text: str, cause: type[Exception], line: int) -> None:
    with pytest.raises(ax.CompilationError) as caught:
        ax.compile(text)
    error = caught.value
    assert isinstance(error, ax.ApproxIRError)
    assert isinstance(error.__cause__, cause)
    assert str(error) == str(error.__cause__)
    assert error.diagnostics[0].line == line


def test_an_unknown_pass() -> None:
    with pytest.raises(ax.CompilationError, match="did you mean 'emit-approx'"):
        ax.compile(OTHER, passes=["emit-aprox"])


def test_compile_file(tmp_path: Path) -> None:
    path, out = tmp_path / "in.mlir", tmp_path / "out.mlir"
    path.write_text(SKIPPING)
    assert ax.compile_file(path) == ax.compile(SKIPPING)
    assert ax.compile_file(str(path), str(out)) == str(out)
    assert out.read_text() == ax.compile(SKIPPING)
    path.write_text(REFUSED)
    out.write_text("before")
    with pytest.raises(ax.CompilationError, match=f"{path}:4:1: error: "):
        ax.compile_file(path, output_path=out)
    assert out.read_text() == "before"
    path.write_bytes(b"\xff")
    with pytest.raises(ax.CompilationError, match="invalid UTF-8"):
        ax.compile_file(path)
    with pytest.raises(FileNotFoundError):
        ax.compile_file(tmp_path / "missing.mlir")


# ---- other programs


def program(path: Path, body: str) -> Path:
    """An executable that runs Python code with ``arguments`` and ``text``, its standard input."""
    head = f"#!{sys.executable}\nimport sys, time\narguments, text = sys.argv[1:], sys.stdin.read()\n"
    path.write_text(head + body)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def echo(tmp_path: Path) -> Path:
    return program(tmp_path / "my-opt", "print('//', *arguments); print(text, end='')\n")


def test_an_external_program_gets_flags_and_the_module(echo: Path) -> None:
    chosen = ax.ToolchainConfig(approx_opt_ml=str(echo))
    assert ax.compile(OTHER, ["emit-approx", "finalize-approx"], toolchain=chosen) == (
        f"// --emit-approx --finalize-approx\n{OTHER}"
    )
    flags = " ".join(f"--{name}" for name in ax.FUNC_SUBSTITUTE_PIPELINE)
    assert ax.compile(SUBSTITUTING, toolchain=chosen) == f"// {flags}\n{SUBSTITUTING}"
    assert ax.compile(OTHER, workload=ax.WorkloadType.TRITON, toolchain=chosen).startswith("// --emit")
    assert ax.compile(OTHER, workload=ax.WorkloadType.CPP, toolchain=chosen) == OTHER


def test_the_environment_names_programs(echo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ax.get_toolchain() == ax.ToolchainConfig()
    monkeypatch.setenv("APPROX_OPT_PATH", str(echo))
    monkeypatch.setenv("APPROX_OPT_CPP", "my-opt")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert ax.get_toolchain() == ax.ToolchainConfig(approx_opt_ml=str(echo), approx_opt_cpp="my-opt")
    for workload in ax.WorkloadType:
        assert ax.compile(OTHER, [], workload) == f"//\n{OTHER}"
    monkeypatch.setenv("APPROX_OPT_ML", "other-opt")
    assert ax.ToolchainConfig.from_env().approx_opt_ml == "other-opt"
    ax.set_toolchain(ax.ToolchainConfig())
    assert ax.compile(OTHER) == OTHER
    ax.set_toolchain(None)
    assert ax.get_toolchain().approx_opt_ml == "other-opt"


def test_a_program_that_does_not_exist(tmp_path: Path) -> None:
    file = tmp_path / "not-executable"
    file.write_text("")
    for name in ("no-such-approx-opt", str(tmp_path / "missing"), str(file)):
        with pytest.raises(ax.CompilationError, match=f"'{name}', which is no executable"):
            ax.compile(OTHER, toolchain=ax.ToolchainConfig(approx_opt_ml=name))


def test_a_program_that_fails(tmp_path: Path) -> None:
    path = program(
        tmp_path / "fails", "print('half'); print('x:1:2: error: no', file=sys.stderr); sys.exit(3)\n"
    )
    with pytest.raises(ax.CompilationError, match=r"approx-opt failed: .* status 3\nx:1:2: error: no$"):
        ax.compile(OTHER, toolchain=ax.ToolchainConfig(approx_opt_ml=str(path)))


def test_a_program_that_takes_too_long(tmp_path: Path) -> None:
    path = program(tmp_path / "slow", "time.sleep(60)\n")
    with pytest.raises(ax.CompilationError, match=r"did not finish within 0\.5 seconds"):
        ax.compile(OTHER, toolchain=ax.ToolchainConfig(approx_opt_ml=str(path), timeout=0.5))


def test_a_program_that_writes_no_text(tmp_path: Path) -> None:
    path = program(tmp_path / "binary", r"sys.stdout.buffer.write(b'\xff')")
    with pytest.raises(ax.CompilationError, match="something else than UTF-8"):
        ax.compile(OTHER, toolchain=ax.ToolchainConfig(approx_opt_ml=str(path)))


def test_a_program_that_cannot_be_started(tmp_path: Path) -> None:
    path = program(tmp_path / "broken", "")
    path.write_bytes(b"\x00")
    with pytest.raises(ax.CompilationError, match="cannot be run"):
        ax.compile(OTHER, toolchain=ax.ToolchainConfig(approx_opt_ml=str(path)))


PLAIN = """module {
  "approx.util.annotation.transform"() <{
    func_name = "f", transform_type = "task_skipping", knob_val = 0 : i32
  }> : () -> ()
  func.func @f(%a: i32) -> i32 {
    %b = arith.addi %a, %a : i32
    return %b : i32
  }
}
"""


def test_a_pipeline_as_one_text() -> None:
    one, other = ax.parse(PLAIN), ax.parse(PLAIN)
    ax.run_pipeline(one, ax.PASS_PIPELINE)
    ax.run_pipeline(other, "builtin.module(" + ",".join(ax.PASS_PIPELINE) + ")")
    assert str(one) == str(other) != PLAIN
    with pytest.raises(ValueError, match="emit-aprox"):
        ax.run_pipeline(ax.parse(PLAIN), "emit-aprox")
    with pytest.raises(TypeError, match="names of passes"):
        ax.run_pipeline(ax.parse(PLAIN), [1])  # type: ignore[list-item]


def test_a_program_by_a_relative_path(echo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(echo.parent)
    chosen = ax.ToolchainConfig(approx_opt_ml="./my-opt")
    assert ax.compile(OTHER, ["emit-approx"], toolchain=chosen) == f"// --emit-approx\n{OTHER}"
