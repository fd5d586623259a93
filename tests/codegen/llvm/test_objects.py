"""LLVM's language to object files, by every way there is."""

from __future__ import annotations

import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support import toolchains

from approxir.codegen.llvm.objects import object_compiler
from approxir.codegen.llvm.processors import Processor, UnknownProcessorError
from approxir.errors import ApproxIRError, CompilationError, MissingDependencyError

TEXT = """
define void @scale(ptr %x, i64 %n) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %j, %loop ]
  %p = getelementptr inbounds float, ptr %x, i64 %i
  %v = load float, ptr %p
  %w = fmul float %v, 3.0
  %u = fadd float %w, 1.0
  store float %u, ptr %p
  %j = add nuw i64 %i, 1
  %more = icmp ult i64 %j, %n
  br i1 %more, label %loop, label %done
done:
  ret void
}
"""
X86, ARM = 62, 183
WAYS = [
    pytest.param("llvmlite", marks=toolchains.needs_llvmlite),
    pytest.param("llc", marks=toolchains.needs_llc),
    pytest.param("clang", marks=toolchains.needs_clang),
]

every = pytest.mark.parametrize("using", WAYS)


def machine(code: bytes) -> int:
    """The machine that an ELF object is for."""
    assert code[:5] == b"\x7fELF\x02"
    kind, found = struct.unpack_from("<HH", code, 16)
    assert kind == 1
    return int(found)


@every
@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_levels(using: str, level: int) -> None:
    code = object_compiler(using).compile(TEXT, level, Processor())
    assert machine(code) in (X86, ARM)
    assert b"scale\0" in code


@every
def test_levels_from_2_on_vectorize(using: str) -> None:
    sizes = [len(object_compiler(using).compile(TEXT, level, Processor("x86-64-v3"))) for level in range(4)]
    assert sizes[2] > sizes[1]
    assert sizes[3] > sizes[1]


@every
def test_a_processor_of_another_target(using: str) -> None:
    code = object_compiler(using).compile(TEXT, 3, Processor("generic", "aarch64-linux-gnu"))
    assert machine(code) == ARM


@every
def test_named_processors_differ(using: str) -> None:
    old, new = (object_compiler(using).compile(TEXT, 3, Processor(cpu)) for cpu in ("x86-64", "x86-64-v4"))
    assert old != new


@every
def test_unknown_processors(using: str) -> None:
    compiler = object_compiler(using)
    suggested = "" if using == "clang" else ".*did you mean 'skylake'"
    with pytest.raises(UnknownProcessorError, match="'skylak'" + suggested):
        compiler.compile(TEXT, 3, Processor("skylak"))
    with pytest.raises(UnknownProcessorError, match="foo-bar"):
        compiler.compile(TEXT, 3, Processor("generic", "foo-bar"))


@toolchains.needs_llvmlite
def test_processors_that_do_not_fit() -> None:
    compiler = object_compiler("llvmlite")
    with pytest.raises(UnknownProcessorError, match="no pointers of 64 bits"):
        compiler.compile(TEXT, 3, Processor("generic", "i386-linux-gnu"))
    # LLVM aborts on it.
    with pytest.raises(UnknownProcessorError, match="makes no code for 'i686'"):
        compiler.compile(TEXT, 3, Processor("i686", "x86_64-linux-gnu"))


def test_a_target_needs_a_processor() -> None:
    with pytest.raises(UnknownProcessorError, match="has to be named"):
        Processor(triple="aarch64-linux-gnu")


@every
@pytest.mark.parametrize("text", ["nonsense", "define i32 @f() { ret float 0.0 }"])
def test_text_that_llvm_refuses(using: str, text: str) -> None:
    with pytest.raises(CompilationError, match="LLVM cannot compile this module"):
        object_compiler(using).compile(text, 3, Processor())


@toolchains.needs_llvmlite
@toolchains.needs_llc
def test_both_ways_give_the_same_code() -> None:
    """For the same major version of LLVM: the loop is vectorized alike."""
    processor = Processor("x86-64-v3", "x86_64-linux-gnu")
    sizes = [len(object_compiler(using).compile(TEXT, 3, processor)) for using in ("llvmlite", "llc")]
    assert abs(sizes[0] - sizes[1]) < 200


def test_the_way_can_be_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(MissingDependencyError, match="there are: llvmlite, clang, llc"):
        object_compiler("gcc")
    with pytest.raises(MissingDependencyError, match="neither clang nor an llc"):
        object_compiler("/usr/bin/true")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingDependencyError, match="opt and llc are not installed"):
        object_compiler("llc")
    with pytest.raises(MissingDependencyError, match="clang is not installed"):
        object_compiler("clang")


@toolchains.needs_llc
def test_programs_are_used_where_llvmlite_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "llvmlite" else find_spec(name)
    )
    assert object_compiler().name in ("clang", "llc")
    with pytest.raises(MissingDependencyError, match="llvmlite is not installed: pip install 'approxir"):
        object_compiler("llvmlite")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingDependencyError, match="compiling for files needs LLVM"):
        object_compiler()


@every
def test_what_llvm_cannot_do_without_optimizing(using: str) -> None:
    """Its way to unoptimized code gives up on this, and would end the process."""
    text = """
    define internal void @g(<1 x i1> %0) {
      ret void
    }
    define void @f(ptr %0) {
      %2 = load <1 x i8>, ptr %0, align 1
      %3 = trunc <1 x i8> %2 to <1 x i1>
      call void @g(<1 x i1> %3)
      ret void
    }"""
    assert machine(object_compiler(using).compile(text, 0, Processor())) in (X86, ARM)


ABORTING = """
declare <4 x i32> @llvm.aarch64.neon.sqadd.v4i32(<4 x i32>, <4 x i32>)
define <4 x i32> @f(<4 x i32> %a) {
  %r = call <4 x i32> @llvm.aarch64.neon.sqadd.v4i32(<4 x i32> %a, <4 x i32> %a)
  ret <4 x i32> %r
}"""


@every
def test_what_ends_llvm_does_not_end_python(using: str) -> None:
    compiler = object_compiler(using)
    with pytest.raises(ApproxIRError, match="Cannot select"):
        compiler.compile(ABORTING, 3, Processor("x86-64", "x86_64-linux-gnu"))
    assert compiler.compile(TEXT, 3, Processor())


@toolchains.needs_llvmlite
def test_several_threads_compile_at_once() -> None:
    compiler = object_compiler("llvmlite")
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda level: compiler.compile(TEXT, level, Processor()), [0, 3] * 8))
    assert len(set(found)) == 2
