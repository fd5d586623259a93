"""`approx-opt`: the command line of the C++ tool, what it prints where, and what it loads."""

from __future__ import annotations

import importlib.util
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.approx_texts import (
    BRANCHING,
    OTHER,
    SKIPPING,
    STATE,
    SUBSTITUTE,
    SUBSTITUTING,
    contract,
    transform,
    tree,
)

import approxir
from approxir._version import __version__
from approxir.cli.approx_opt import FLAGS, main
from approxir.cli.opt_driver import split_text
from approxir.passes.pipeline import PASS_PIPELINE
from approxir.passes.registry import passes

PIPELINE = [f"--{name}" for name in PASS_PIPELINE]
posix = pytest.mark.skipif(os.name != "posix", reason="about POSIX signals and devices")


@pytest.fixture
def skipping(tmp_path: Path) -> Path:
    path = tmp_path / "in.mlir"
    path.write_text(SKIPPING)
    return path


@pytest.fixture(scope="module")
def lowered() -> str:
    module = approxir.parse(SKIPPING)
    approxir.run_pipeline(module, PASS_PIPELINE)
    return str(module)


def run(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    script = "import sys; from approxir.cli.approx_opt import main; sys.exit(main())"
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def shell(script: str) -> subprocess.CompletedProcess[str]:
    """Run a script in which ``approx-opt`` is a command."""
    python = f'"{sys.executable}" -c "import sys; from approxir.cli.approx_opt import main; sys.exit(main())"'
    prelude = f'set -o pipefail; approx-opt() {{ {python} "$@"; }}\n'
    return subprocess.run(["bash", "-c", prelude + script], capture_output=True, text=True, check=False)


def canonical(text: str) -> str:
    """The text with values numbered anew: values that passes make get their names when they are first printed."""
    return approxir.parse(text).print(rename_ssa=True)


def feed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


# ---- what goes in and out


def test_a_file_to_standard_output(
    skipping: Path, lowered: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main([str(skipping), *PIPELINE]) == 0
    assert capsysbinary.readouterr() == (lowered.encode(), b"")
    assert "approx." not in lowered
    assert OTHER in lowered


@pytest.mark.parametrize("arguments", [[], ["-"]])
def test_standard_input(
    arguments: list[str],
    lowered: str,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    feed(monkeypatch, SKIPPING)
    assert main([*PIPELINE, *arguments]) == 0
    assert capsysbinary.readouterr() == (lowered.encode(), b"")


@pytest.mark.parametrize("spelling", [["-o", "{}"], ["-o={}"], ["--o", "{}"]])
def test_an_output_file(
    spelling: list[str],
    skipping: Path,
    lowered: str,
    tmp_path: Path,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    out = tmp_path / "out.mlir"
    assert main([str(skipping), *PIPELINE, *(part.format(out) for part in spelling)]) == 0
    assert capsysbinary.readouterr() == (b"", b"")
    assert out.read_text() == lowered
    assert sorted(os.listdir(tmp_path)) == ["in.mlir", "out.mlir"]


def test_without_passes_the_text_comes_out_as_it_went_in(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    path = tmp_path / "odd.mlir"
    data = SKIPPING.replace("\n", "\r\n").encode()
    path.write_bytes(data)
    assert main([str(path), "--allow-unregistered-dialect", "--mlir-print-debuginfo"]) == 0
    assert capsysbinary.readouterr() == (data, b"")


def test_the_generic_form(skipping: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main([str(skipping), "--mlir-print-op-generic"]) == 0
    out = capsysbinary.readouterr().out.decode()
    assert '"func.func"() <{' in out
    assert out == approxir.parse(SKIPPING).print(generic=True)


@pytest.mark.parametrize("fault", ["func.func @g( {\n}\n", tree(decisions="1, 3", function="f")])
def test_nothing_is_written_when_anything_fails(
    fault: str, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    path, out = tmp_path / "in.mlir", tmp_path / "out.mlir"
    path.write_text(fault + STATE + BRANCHING)
    out.write_text("before")
    assert main([str(path), *PIPELINE, "-o", str(out)]) == 1
    assert out.read_text() == "before"
    assert main([str(path), *PIPELINE]) == 1
    stdout, stderr = capsysbinary.readouterr()
    assert stdout == b""
    assert stderr.startswith(f"{path}:1:".encode())
    assert sorted(os.listdir(tmp_path)) == ["in.mlir", "out.mlir"]


def test_files_that_cannot_be_opened(
    skipping: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "missing" / "x.mlir"
    assert main([str(missing)]) == 1
    assert main([str(skipping), "-o", str(missing)]) == 1
    message = f"approx-opt: {missing}: No such file or directory\n"
    assert capsys.readouterr() == ("", message * 2)


def test_an_input_that_does_not_verify(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    feed(monkeypatch, "func.func @f() {\n  func.call @missing() : () -> ()\n  return\n}\n")
    assert main(["--verify-each=0"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("<stdin>:2:")


# ---- passes


def test_passes_run_in_the_order_of_the_flags(skipping: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--emit-approx", str(skipping), "-emit-management", "--mlir-print-ir-after-all"]) == 0
    assert banners(capsys.readouterr().err) == ["After emit-approx", "After emit-management"]
    assert main([str(skipping), "--emit-management", "--emit-approx"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"{skipping}:4:1: error: ")
    assert "run emit-approx first" in err


def test_a_pass_may_run_twice(
    skipping: Path, lowered: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main([str(skipping), "--emit-approx", *PIPELINE, *PIPELINE]) == 0
    assert capsysbinary.readouterr().out == lowered.encode()


def test_passes_one_by_one_give_what_they_give_together(skipping: Path, lowered: str, tmp_path: Path) -> None:
    for flag in PIPELINE:
        assert main([str(skipping), flag, "-o", str(skipping)]) == 0
    assert canonical(skipping.read_text()) == canonical(lowered)


def banners(text: str) -> list[str]:
    """When and for which pass the module was printed."""
    rows = [row.split() for row in text.splitlines() if row.startswith("// -----// IR Dump ")]
    assert all(row[-2:] == ["//-----", "//"] for row in rows)
    return [f"{row[4]} {row[6].strip('()')}" for row in rows]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--mlir-print-ir-before-all"], ["Before emit-approx", "Before finalize-approx"]),
        (["--mlir-print-ir-after=emit-approx"], ["After emit-approx"]),
        (["--mlir-print-ir-before", "finalize-approx,emit-approx"], ["Before emit-approx", "Before finalize-approx"]),
        (["--mlir-print-ir-after-all", "--mlir-print-ir-after-change"], []),
        (["--mlir-print-ir-after-all=false"], []),
        ([], []),
    ],
)  # fmt: skip
def test_printing_between_passes(
    flags: list[str],
    expected: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    feed(monkeypatch, OTHER)
    assert main(["--emit-approx", "--finalize-approx", *flags]) == 0
    out, err = capsysbinary.readouterr()
    assert out.decode() == OTHER
    assert banners(err.decode()) == expected
    assert err.decode().count(OTHER) == len(expected)


@pytest.mark.parametrize(
    "verify", ["--verify-each", "--verify-each=1", "--verify-each=false", "-verify-each=0"]
)
def test_verification(
    verify: str, skipping: Path, lowered: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main([str(skipping), *PIPELINE, verify]) == 0
    out, err = capsysbinary.readouterr()
    assert err == b""
    assert canonical(out.decode()) == canonical(lowered)


@pytest.mark.parametrize(
    ("verify", "status"), [([], 1), (["--verify-each"], 1), (["--verify-each=false"], 0)]
)
def test_a_pass_that_breaks_a_module(
    verify: list[str],
    status: int,
    skipping: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Breaks(approxir.Pass):
        name = "breaks"
        summary = "for this test"

        def apply(self, module: approxir.Module) -> bool:
            module.symbols["state"].erase()
            return True

    monkeypatch.setitem(passes._added, "breaks", Breaks)
    assert main([str(skipping), "--emit-approx", "--emit-management", "--breaks", *verify]) == status
    out, err = capsys.readouterr()
    assert (out == "") == (status == 1)
    assert (f"{skipping} after breaks:" in err) == (status == 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--emit-approx", "--emit-management", "--config-approx=live=true"],
        ["--emit-approx", "--emit-management", "--config-approx=live"],
        ["-emit-approx", "-emit-management", "-config-approx=live=1 array=global"],
        ["--emit-approx", "--emit-management", "--config-approx=array='global'  live={true}"],
        ["--pass-pipeline=builtin.module(emit-approx,emit-management,config-approx{live=true})"],
        ["--pass-pipeline", "builtin.module( func.func(emit-approx), emit-management ,config-approx {live})"],
    ],
)
def test_options_of_passes(
    arguments: list[str], skipping: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    module = approxir.parse(SKIPPING)
    approxir.run_pipeline(module, ["emit-approx", "emit-management", passes.make("config-approx", live=True)])
    assert main([str(skipping), *arguments]) == 0
    assert capsysbinary.readouterr() == (str(module).encode(), b"")


def test_an_empty_pipeline(skipping: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    for text in ("", "builtin.module()", "any(builtin.module())"):
        assert main([str(skipping), f"--pass-pipeline={text}"]) == 0
        assert capsysbinary.readouterr() == (SKIPPING.encode(), b"")


# ---- several modules in one file


def test_split_input(monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    lowered = []
    for text in (SKIPPING, SUBSTITUTING):
        module = approxir.parse(text)
        approxir.run_pipeline(module, PASS_PIPELINE)
        lowered.append(str(module))
    feed(monkeypatch, f"{SKIPPING}// -----\n{SUBSTITUTING}")
    assert main([*PIPELINE, "--split-input-file"]) == 0
    assert capsysbinary.readouterr() == ("// -----\n".join(lowered).encode(), b"")


def test_the_same_symbol_in_two_parts(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    text = f"{OTHER}// -----\r\n{OTHER}"
    feed(monkeypatch, text)
    assert main(["--split-input-file"]) == 0
    assert capsysbinary.readouterr().out.decode() == text.replace("\r", "")
    feed(monkeypatch, text)
    assert main(["--split-input-file=false"]) == 1


def test_errors_in_parts_have_the_lines_of_the_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    feed(monkeypatch, f"{OTHER}// -----\nfoo(\n// -----\n{OTHER}// -----\n\n{tree(function='g')}{STATE}")
    assert main([*PIPELINE, "--split-input-file"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    places = [row.partition(" error: ")[0] for row in err.splitlines() if " error: " in row]
    assert [place.split(":")[1] for place in places] == ["5", "12"]


@pytest.mark.parametrize(
    "text", ["", "\n", "a", "a\n// -----\n", "// -----\n// -----", "a\n// -----\nb\n// ----- \nc"]
)
def test_splitting_loses_nothing(text: str) -> None:
    parts = list(split_text(text))
    ended = text if text.endswith("\n") else text + "\n"
    assert ended.count("// -----\n") == len(parts) - 1
    assert "// -----\n".join(part for part, _ in parts) in (text, text + "\n")
    for part, before in parts:
        assert text.split("\n")[before : before + part.count("\n")] == part.split("\n")[:-1]


# ---- errors that a file expects


def test_expected_errors(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    good = "// expected-error @+1 {{no function 'g'}}\n" + tree(function="g") + STATE
    feed(monkeypatch, f"{good}// -----\n{OTHER}")
    assert main([*PIPELINE, "--split-input-file", "--verify-diagnostics"]) == 0
    assert capsys.readouterr() == ("", "")
    feed(
        monkeypatch,
        f"{OTHER}// -----\n// expected-error @below {{{{no such thing}}}}\n{tree(function='g')}{STATE}",
    )
    assert main([*PIPELINE, "--split-input-file", "--verify-diagnostics"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "<stdin>:6:" in err
    assert '<stdin>:5:4: error: expected error "no such thing" was not produced' in err


# ---- wrong usage


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--emit-aprox"], "approx-opt: Did you mean '--emit-approx'?"),
        (["-split-input-fil"], "approx-opt: Did you mean '--split-input-file'?"),
        (["--zzzzzz"], "Unknown command line argument '--zzzzzz'.  Try: 'approx-opt --help'"),
        (["a.mlir", "b.mlir"], "Too many positional arguments specified!"),
        (["-o"], "for the -o option: requires a value!"),
        (["--help=1"], "for the --help option: it takes no value"),
        (["--verify-each=perhaps"], "for the --verify-each option: 'perhaps' is no truth value"),
        (["--config-approx=liv=true"], "has no option 'liv'; did you mean 'live'?"),
        (["--config-approx=live=perhaps"], "is true or false, not 'perhaps'"),
        (["--config-approx=array=heap"], "is global or argument, not 'heap'"),
        (["--config-approx=array"], "followed by a value: global or argument"),
        (["--config-approx=array='x"], "is not closed"),
        (["--config-approx==x"], "expected the name of an option"),
        (["--emit-approx=x"], "emit-approx has no option 'x'; it has none"),
        (["--mlir-print-ir-after=cse"], "there is no pass 'cse'"),
        (["--emit-approx", "--pass-pipeline=any()"], "cannot be combined"),
        (["--pass-pipeline=builtin.module(emit-aprox)"], "<pass-pipeline>:1:16: error: there is no pass 'emit-aprox'; did you mean 'emit-approx'?"),
        (["--pass-pipeline=builtin.module(emit-approx"], "<pass-pipeline>:1:15: error: this '(' is never closed"),
        (["--pass-pipeline=emit-approx)"], "<pass-pipeline>:1:12: error: unexpected ')'"),
        (["--pass-pipeline=any(emit-approx,)"], "<pass-pipeline>:1:17: error: expected the name of a pass, found ')'"),
        (["--pass-pipeline=any(emit-approx) emit-approx"], "<pass-pipeline>:1:18: error: expected ',', found 'e'"),
        (["--pass-pipeline=scf.for(emit-approx)"], "<pass-pipeline>:1:1: error: 'scf.for' is no operation"),
        (["--pass-pipeline=config-approx{live=true"], "<pass-pipeline>:1:14: error: this '{' is never closed"),
        (["--pass-pipeline=config-approx{array=global live=7}"], "<pass-pipeline>:1:28: error: the option 'live'"),
    ],
)  # fmt: skip
def test_wrong_usage(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("approx-opt: ")
    assert message in err


# ---- what passes refuse

DECLARED = "func.func private @f(i32, f32) -> f32\n"
STRAIGHT = "func.func @f(%n: i32, %x: f32) -> f32 {\n  return %x : f32\n}\n"
REFUSED = {
    "branch number": (tree(decisions="1, 3") + STATE + BRANCHING, "branch number 3"),
    "no branch": (tree() + STATE + STRAIGHT, "no branching operation"),
    "unknown transform": (tree(transform="task_skiping") + STATE + BRANCHING, "unknown transform 'task_skiping'"),
    "static, unknown": (transform("magic") + BRANCHING, "unknown transform 'magic'"),
    "missing function": (tree() + STATE, "no function 'f'"),
    "declared function": (tree() + STATE + DECLARED, "only declared"),
    "missing state function": (tree(state="stat") + STATE + BRANCHING, "no function 'stat'"),
    "state argument": (tree(indices="2") + STATE + BRANCHING, "none of number 2"),
    "state type": (tree(indices="1") + STATE + BRANCHING, "'state' has the type"),
    "missing checker": (contract() + BRANCHING, "no function 'check'"),
    "missing substitute": (
        tree(transform="func_substitute", decisions="0, 2") + STATE + SUBSTITUTE + BRANCHING,
        "no function 'approx_f_2'",
    ),
    "negative value": (transform(value=-1) + BRANCHING, "-1"),
    "two trees": (tree() + tree() + STATE + BRANCHING, "exclude each other"),
    "tree and transform": (tree() + transform() + STATE + BRANCHING, "exclude each other"),
}  # fmt: skip
if importlib.util.find_spec("approxir.transforms.loop_perforate"):
    REFUSED["missing loop"] = (tree(transform="loop_perforate") + STATE + BRANCHING, "loop")


@pytest.mark.parametrize("name", REFUSED)
def test_what_passes_refuse(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, message = REFUSED[name]
    path = tmp_path / "in.mlir"
    path.write_text(f"{OTHER}\n{text}")
    out = tmp_path / "out.mlir"
    assert main([str(path), *PIPELINE, "-o", str(out)]) == 1
    stdout, stderr = capsys.readouterr()
    assert stdout == ""
    assert not out.exists()
    place, _, said = stderr.partition("\n")[0].partition(" error: ")
    file, line, column, _ = place.split(":")
    # An annotation: the last one, where two do not go together.
    assert (file, int(line)) == (str(path), 6 if "exclude" in message else 5)
    assert int(column) >= 1
    assert message in said


# ---- the program


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr() == (f"approx-opt {__version__}\n", "")


@pytest.mark.parametrize("flag", ["--help", "-help", "-h"])
def test_help_names_every_flag_and_pass(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([flag]) == 0
    out = capsys.readouterr().out
    for name, kind in passes.items():
        assert f"  --{name} " in out
        assert kind.summary in out
    for entry in FLAGS:
        assert entry.name in out
    assert "live=false" in out


@pytest.mark.parametrize("arguments", [["--version"], ["--emit-approx", "--finalize-approx"]])
def test_what_it_loads(arguments: list[str]) -> None:
    script = (
        "import sys\n"
        "from approxir.cli.approx_opt import main\n"
        f"status = main({arguments!r})\n"
        "print(*sys.modules, file=sys.stderr)\n"
        "sys.exit(status)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=SKIPPING[: len(OTHER)],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stderr.split())
    heavy = {"click", "lark", "rich", "numpy", "jax", "argparse", "logging", "importlib.metadata"}
    assert loaded & heavy == set()
    assert ("approxir.ir.module" in loaded) == (arguments != ["--version"])


def test_as_a_process(lowered: str) -> None:
    done = run(*PIPELINE, text=SKIPPING)
    assert (done.returncode, done.stdout, done.stderr) == (0, lowered, "")
    done = run(*PIPELINE, text=tree())
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("<stdin>:1:")
    assert "Traceback" not in done.stderr
    assert run("--nope").returncode == 2


@posix
def test_a_closed_pipe_ends_quietly(tmp_path: Path) -> None:
    path = tmp_path / "big.mlir"
    path.write_text("module {\n" + "  module {\n  }\n" * 20_000 + "}\n")
    done = shell(f"approx-opt {path} | head -c 1")
    assert done.returncode == 128 + signal.SIGPIPE
    assert done.stderr == ""


@posix
def test_streams_that_fail() -> None:
    done = shell("approx-opt <&-")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Bad file descriptor" in done.stderr
    if os.path.exists("/dev/full"):
        done = shell("printf 'module {}' | approx-opt > /dev/full")
        assert (done.returncode, done.stderr) == (1, "approx-opt: No space left on device\n")


@posix
def test_interrupt_ends_quietly() -> None:
    script = "import sys; from approxir.cli.approx_opt import main; print('up', file=sys.stderr, flush=True); sys.exit(main())"
    process = subprocess.Popen(
        [sys.executable, "-c", script, "--emit-approx"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "up\n"
    # By the time that a second process has come and gone, the first one waits for its input.
    run("--emit-approx", text=OTHER)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.strip() == ""
