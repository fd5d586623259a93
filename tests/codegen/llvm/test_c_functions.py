"""C functions: called as those of a module are, and refused where their arguments are others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support import toolchains

import approxir as ax
from approxir.codegen.llvm.c_functions import c_function, declaration
from approxir.codegen.llvm.slots import UnsupportedTypeError
from approxir.codegen.signature import Signature, public_functions, signature_of
from approxir.errors import ArgumentError, CompilationError, MissingDependencyError

pytestmark = toolchains.needs_c_compiler


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("APPROXIR_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def signature(text: str) -> Signature:
    module = ax.parse(text)
    (function,) = public_functions(module).values()
    return signature_of(function)


SCALE = signature(
    "func.func @scale(%n: index, %by: f32, %xs: memref<?xf32>, %ys: memref<?xf32>) -> f64 {\n"
    "  %zero = arith.constant 0.0 : f64\n  return %zero : f64\n}"
)
SOURCE = """
#include <stdint.h>
double scale(int64_t n, float by, const float *restrict xs, float *restrict ys) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += ys[i] = by * xs[i];
  return sum;
}
"""


def written(folder: Path, text: str = SOURCE) -> Path:
    path = folder / "a source.c"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_function_is_called_with_checked_arguments(tmp_path: Path) -> None:
    function = c_function(written(tmp_path), SCALE)
    xs, ys = np.arange(5, dtype=np.float32), np.zeros(5, np.float32)
    assert function(5, 2.0, xs, ys) == 20
    assert ys.tolist() == [0, 2, 4, 6, 8]
    assert function.time(5, 2.0, xs, ys, repeat=3).minimum > 0
    with pytest.raises(ArgumentError, match=r"argument 3 \(xs\).*float64"):
        function(5, 2.0, xs.astype(float), ys)
    with pytest.raises(ArgumentError, match="takes 4 arguments"):
        function(5, 2.0, xs)
    with pytest.raises(ArgumentError, match="strides"):
        function(2, 2.0, xs[::2], ys)


def test_only_what_is_written_to_must_be_writable(tmp_path: Path) -> None:
    xs, ys = np.ones(3, np.float32), np.zeros(3, np.float32)
    xs.flags.writeable = False
    with pytest.raises(ArgumentError, match="read-only"):
        c_function(written(tmp_path), SCALE)(3, 1.0, xs, ys)
    assert c_function(written(tmp_path), SCALE, writes=[3])(3, 1.0, xs, ys) == 3
    with pytest.raises(ArgumentError, match="read-only"):
        c_function(written(tmp_path), SCALE, writes=[3])(3, 1.0, xs, xs)


def test_every_type_of_numbers(tmp_path: Path) -> None:
    kinds = ("i1", "i8", "i16", "i32", "i64", "index", "f32", "f64")
    names = ("bool", "int8_t", "int16_t", "int32_t", "int64_t", "int64_t", "float", "double")
    given = ", ".join([f"%a{at}: {kind}, %m{at}: memref<{kind}>" for at, kind in enumerate(kinds)])
    told = ", ".join([f"{name} a{at}, {name} *m{at}" for at, name in enumerate(names)])
    body = " ".join([f"*m{at} = a{at};" for at in range(len(kinds))])
    held = signature(f"func.func @f({given}) {{ return }}")
    source = f"#include <stdbool.h>\n#include <stdint.h>\nvoid f({told}) {{ {body} }}\n"
    values = [True, -3, -300, -70_000, -(1 << 40), 1 << 41, 0.5, 0.1]
    dtypes = [bool, np.int8, np.int16, np.int32, np.int64, np.int64, np.float32, np.float64]
    arrays = [np.zeros((), dtype) for dtype in dtypes]
    pairs = [item for pair in zip(values, arrays, strict=True) for item in pair]
    assert c_function(written(tmp_path, source), held)(*pairs) is None
    assert [array.item() for array in arrays] == values


def test_what_is_compiled_is_kept(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    header = tmp_path / "factor.h"
    header.write_text("#define FACTOR 2\n", encoding="utf-8")
    path = written(tmp_path, '#include "factor.h"\n' + SOURCE.replace("by * xs", "FACTOR * by * xs"))
    xs, ys = np.ones(1, np.float32), np.zeros(1, np.float32)
    assert c_function(path, SCALE)(1, 1.0, xs, ys) == 2
    held = list(cache.rglob("*.artifact"))
    assert len(held) == 1
    assert c_function(path, SCALE)(1, 1.0, xs, ys) == 2
    assert list(cache.rglob("*.artifact")) == held
    # What is included is part of it.
    header.write_text("#define FACTOR 3\n", encoding="utf-8")
    assert c_function(path, SCALE)(1, 1.0, xs, ys) == 3


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("const float *restrict xs", "const double *restrict xs", "incompatible"),
        ("int64_t n", "int32_t n", "conversion"),
        ("float by", "int by", "conversion"),
        ("double scale", "double scales", "implicit"),
        (", float *restrict ys", "", "ys"),
        ("sum +=", "sum ++", "error"),
    ],
)
def test_other_functions_are_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in SOURCE
    with pytest.raises(CompilationError, match=said) as caught:
        c_function(written(tmp_path, SOURCE.replace(old, new)), SCALE)
    assert "the C function is to be\n  double scale(int64_t n, float by, float *xs, float *ys);" in str(
        caught.value
    )
    assert str(caught.value).startswith(str(tmp_path / "a source.c"))


@pytest.mark.parametrize(
    ("arguments", "result", "said"),
    [
        ("%x: memref<?xf32, strided<[2]>>", "", "no plain array"),
        ("%x: tensor<4xf32>", "", "neither a number nor a memref"),
        ("%x: vector<4xf32>", "", "neither a number nor a memref"),
        ("%x: f32, %y: f32", " -> (f32, f32)", "more than a number"),
        ("%x: memref<?xf32>", " -> memref<?xf32>", "more than a number"),
    ],
)
def test_functions_that_no_c_is_like(arguments: str, result: str, said: str) -> None:
    names = [part.partition(":")[0] for part in arguments.split(", ") if part.startswith("%")]
    returned = (
        "return" if not result else f"return {', '.join(names)} : {result.removeprefix(' -> ').strip('()')}"
    )
    held = signature(f"func.func @f({arguments}){result} {{ {returned} }}")
    with pytest.raises(UnsupportedTypeError, match=said):
        declaration(held)


def test_a_missing_file_and_a_missing_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileNotFoundError):
        c_function(tmp_path / "none.c", SCALE)
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(MissingDependencyError, match="no-such-compiler"):
        c_function(written(tmp_path), SCALE)
