"""The real MLIRs: finding them, asking them, and their answers as diagnostics."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from approxir.codegen import upstream
from approxir.codegen.mlir_process import Bindings, Program, UpstreamError
from approxir.codegen.mlir_report import blank_locations, from_stderr, to_diagnostics
from approxir.errors import MissingDependencyError, VerifyError
from approxir.syntax.source import Source

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"
FOUND = [info.name for info in upstream.available()]
BINDINGS = [name for name in FOUND if name in upstream.EXTRAS]

every = pytest.mark.parametrize("using", FOUND)
needs_mlir = pytest.mark.skipif(not FOUND, reason="needs a real MLIR")

GOOD = "func.func @f(%a: i32) -> i32 {\n  %0 = arith.addi %a, %a : i32\n  return %0 : i32\n}\n"
UNDECLARED = "func.func @f(%a: i32) -> i32 {\n  %0 = arith.addi %a, %b : i32\n  return %0 : i32\n}\n"
DUPLICATE = "module {\n  func.func private @f()\n func.func private @f()\n}\n"


def needs(name: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(name not in FOUND, reason=f"needs {name}")


@every
def test_a_valid_text_has_no_findings(using: str) -> None:
    assert upstream.verify_text(GOOD, using=using) == []


@every
def test_a_syntax_error_has_its_place(using: str) -> None:
    (finding,) = upstream.verify_text(UNDECLARED, using=using, file="bad.mlir")
    assert finding.message == "use of undeclared SSA value name"
    assert (finding.file, finding.line, finding.column) == ("bad.mlir", 2, 23)
    assert finding.offset == UNDECLARED.index("%b")
    assert (finding.severity, finding.code) == ("error", "mlir")
    assert finding.source_line == "  %0 = arith.addi %a, %b : i32"


@every
def test_notes_have_places_of_their_own(using: str) -> None:
    (finding,) = upstream.verify_text(DUPLICATE, using=using)
    assert finding.message == "redefinition of symbol named 'f'"
    assert (finding.line, finding.column) == (3, 2)
    current, existing = finding.notes
    assert current.message.startswith("see current operation:")
    assert current.message.rstrip().endswith(": () -> ()")
    assert existing.message == "see existing symbol definition here"
    assert (existing.line, existing.column) == (2, 3)


@every
def test_columns_count_characters(using: str) -> None:
    text = '"test.é"() {s = "😀"} : () -> () %b'
    (finding,) = upstream.verify_text(text, using=using)
    # What MLIR points to is the end of what it has read.
    assert finding.line == 1
    assert finding.column == len(text)
    assert "\n" not in finding.message


@every
def test_a_foreign_location_does_not_hide_the_place(using: str) -> None:
    text = (
        'module {\n  func.func @f(%a: i32 loc("a")) -> f32 {\n    return %a : i32 loc(#loc1)\n  }\n}\n'
        '#loc1 = loc("model.py":30:4)\n'
    )
    (finding,) = upstream.verify_text(text, using=using, file="f.mlir")
    assert "doesn't match function result type" in finding.message
    assert (finding.file, finding.line, finding.column) == ("f.mlir", 3, 5)


@every
def test_a_foreign_location_is_kept_where_nothing_better_is_known(using: str) -> None:
    # The location is an attribute as well, so it cannot be taken away.
    text = (
        'func.func @f(%a: i32) -> f32 {\n  "t.t"() {l = loc("x")} : () -> ()\n'
        '  return %a : i32 loc("model.py":30:4)\n}\n'
    )
    (finding,) = upstream.verify_text(text, using=using, file="f.mlir")
    assert "doesn't match function result type" in finding.message
    assert (finding.file, finding.line, finding.column) == ("model.py", 30, 4)


@every
def test_unregistered_operations(using: str) -> None:
    text = '"nowhere.op"() : () -> ()'
    assert upstream.verify_text(text, using=using) == []
    (finding,) = upstream.verify_text(text, using=using, allow_unregistered=False)
    assert "unregistered dialect" in finding.message


@every
def test_generic_form(using: str) -> None:
    generic = upstream.generic_text(GOOD, using=using)
    assert '"func.func"() <{' in generic
    assert '%0 = "arith.addi"(%arg0, %arg0) <{overflowFlags = #arith.overflow<none>}>' in generic
    assert upstream.generic_text(generic, using=using) == generic
    assert "loc(" not in generic
    assert "loc(" in upstream.generic_text(GOOD, using=using, locations=True)


@every
def test_the_generic_form_of_a_wrong_text_is_an_error(using: str) -> None:
    with pytest.raises(VerifyError, match="use of undeclared SSA value name") as caught:
        upstream.generic_text(UNDECLARED, using=using)
    assert caught.value.line == 2


@needs_mlir
@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.mlir")), ids=lambda path: path.name)
def test_the_examples_are_valid(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if "stablehlo" in text and not BINDINGS:
        pytest.skip("needs a real MLIR with StableHLO")
    assert upstream.verify_text(text, file=str(path)) == []


ERF = (
    "func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {\n"
    "  %0 = chlo.erf %x : tensor<2xf32> -> tensor<2xf32>\n  return %0 : tensor<2xf32>\n}"
)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (GOOD, "torch-mlir"),
        (ERF, "jaxlib"),
        ("tt.func @f(%p: !tt.ptr<f32>) {\n  tt.return\n}", "jaxlib"),
        ("util.func @f() {\n  util.return\n}", "iree"),
    ],
)
def test_the_one_that_knows_the_dialects_is_asked(text: str, first: str) -> None:
    if first not in FOUND:
        pytest.skip(f"needs {first}")
    assert upstream.verify_text(text, using=first) == []
    assert upstream.verify_text(text) == upstream.verify_text(text, using=upstream.ANY) == []


def test_dialects_used() -> None:
    text = (
        "module {\n  func.func @f(%a: !tt.ptr<f32>) -> (i32) attributes {gpu.kernel} {\n"
        "    %0 = arith.constant 1.5 : f32\n"
        '    "stablehlo.abs"(%0) {x = #llvm.linkage<internal>} : (f32) -> ()\n'
        "    scf.if %c { affine.yield }\n  }\n}"
    )
    assert upstream.dialects_used(text) == {
        "func",
        "tt",
        "gpu",
        "arith",
        "stablehlo",
        "llvm",
        "scf",
        "affine",
    }


@pytest.mark.parametrize(("using", "extra"), sorted(upstream.EXTRAS.items()))
def test_missing_bindings_name_their_extra(using: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upstream, "available", list)
    with pytest.raises(MissingDependencyError, match=rf"approxir\[{extra}\]"):
        upstream.verify_text(GOOD, using=using)


def test_without_any_real_mlir(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upstream, "available", list)
    with pytest.raises(MissingDependencyError, match="no real MLIR is installed"):
        upstream.verify_text(GOOD)


def test_an_unknown_name_lists_what_is_there() -> None:
    with pytest.raises(MissingDependencyError, match="no real MLIR is called 'frob'"):
        upstream.verify_text(GOOD, using="frob")


def test_nothing_is_imported_here() -> None:
    # In a process of its own: other tests import JAX.
    script = (
        "import sys; from approxir.codegen import upstream; found = upstream.available();"
        f"using = [i.name for i in found if i.name in {BINDINGS!r}][:1];"
        f"[upstream.verify_text({GOOD!r}, using=name) for name in using];"
        "print(sorted({'torch_mlir', 'iree.compiler', 'jaxlib.mlir.ir'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("using", BINDINGS[:1])
def test_a_crash_is_an_error_and_the_next_question_is_answered(using: str) -> None:
    bindings = Bindings(using)
    # MLIR's parser recurses on nesting and runs out of stack.
    with pytest.raises(UpstreamError, match="ended"):
        bindings.check('"a"() (' + '{"a"() (' * 200_000, True)
    assert bindings.check(GOOD, True).ok
    bindings.close()


@pytest.mark.parametrize("using", BINDINGS[:1])
def test_a_late_answer_is_an_error(using: str) -> None:
    bindings = Bindings(using, timeout=0.001)
    with pytest.raises(UpstreamError, match=r"did not answer within 0\.001 seconds"):
        bindings.check(GOOD, True)


def test_a_program_that_is_no_mlir_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UpstreamError, match="cannot be run"):
        upstream.verify_text(GOOD, using=str(tmp_path / "mlir-opt"))
    with pytest.raises(UpstreamError, match="without a verdict"):
        Program(sys.executable).check(GOOD, True)


def test_blank_locations() -> None:
    text = (
        '#loc = loc("a)b":1:2)\n"t.t"() {s = "loc(x)"} : () -> () loc(fused<"(">[#loc, "b"]) // loc(y)\n'
        'call @loc(%loc) : () -> () loc(callsite("f"\n at "g"))'
    )
    blanked = blank_locations(text)
    assert len(blanked) == len(text)
    assert blanked.count("\n") == text.count("\n")
    assert " ".join(blanked.split()) == (
        '"t.t"() {s = "loc(x)"} : () -> () // loc(y) call @loc(%loc) : () -> ()'
    )


def test_reading_what_a_program_wrote() -> None:
    stderr = (
        "<stdin>:1:3: warning: odd\nmodule\n  ^\n<unknown>:0: error: first line\nsecond line\n"
        "a.py:7:8: note: over there\n"
    )
    warning, error = to_diagnostics(from_stderr(stderr, False, ""), Source("module", "m.mlir"))
    assert (warning.severity, warning.message, warning.line, warning.column) == ("warning", "odd", 1, 3)
    assert (error.file, error.message) == ("m.mlir", "first line\nsecond line")
    (note,) = error.notes
    assert (note.file, note.line, note.column, note.message) == ("a.py", 7, 8, "over there")
