"""C programs that call functions of a module with given values, and print the bytes of what they return.

calls = [Call("f", "f", kinds, values, order)]
found = results(run(program("m.h", calls)), calls)
"""

from __future__ import annotations

import functools
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from approxir.interp.numbers import dtype_of
from approxir.values import MemRefType, ShapedType, TensorType, Type, VectorType

WARNINGS = ("-Wall", "-Wextra", "-Werror")
C_TYPES = {
    "i1": "bool", "i3": "int8_t", "i8": "int8_t", "i9": "int16_t", "i16": "int16_t", "i32": "int32_t",
    "i33": "int64_t", "i64": "int64_t", "index": "int64_t", "ui8": "uint8_t", "ui16": "uint16_t",
    "ui32": "uint32_t", "ui64": "uint64_t", "si8": "int8_t", "si64": "int64_t", "f16": "approx_f16",
    "bf16": "approx_bf16", "f32": "float", "f64": "double", "complex<f32>": "approx_c64",
    "complex<f64>": "approx_c128",
}  # fmt: skip
SHORT = {"complex<f32>": "c64", "complex<f64>": "c128"}


@dataclass(frozen=True)
class Call:
    """A call of a function by its C name; `results` are the types of its results."""

    c_name: str
    inputs: Sequence[Type]
    values: Sequence[Any]
    results: Sequence[Type]


def c_type(kind: Type) -> str:
    """The C type of a number or an element."""
    return C_TYPES[str(kind.element_type if isinstance(kind, ShapedType) else kind)]


def memref(kind: Type) -> str:
    """The C structure for a memref, or a tensor like it."""
    assert isinstance(kind, MemRefType | TensorType)
    element = str(kind.element_type)
    return f"approx_memref_{SHORT.get(element, element)}_{kind.rank}"


def is_plain(kind: Type) -> bool:
    return not isinstance(kind, ShapedType)


def is_pointer(kind: Type) -> bool:
    """Whether a value is a pointer to elements, whose number the type tells."""
    return isinstance(kind, VectorType) or (isinstance(kind, TensorType) and kind.has_static_shape)


def size_of(kind: Type) -> int:
    assert isinstance(kind, ShapedType)
    return int(np.prod(kind.static_shape, dtype=int))


def _bytes(value: Any, kind: Type) -> bytes:
    if isinstance(value, np.ndarray | np.generic):
        return value.tobytes()
    dtype = np.dtype(dtype_of(kind))
    mask = (1 << 8 * dtype.itemsize) - 1
    return (int(value) & mask).to_bytes(dtype.itemsize, "little")


def _argument(name: str, value: Any, kind: Type) -> tuple[list[str], str]:
    data = _bytes(value, kind)
    shown = ", ".join(map(str, data)) or "0"
    held = c_type(kind)
    count = max(1, np.asarray(value).size)
    lines = [
        f"static const unsigned char {name}_bytes[] = {{{shown}}};",
        f"static {held} {name}[{count}];",
        f"memcpy({name}, {name}_bytes, {len(data)});",
    ]
    if is_plain(kind):
        return lines, f"{name}[0]"
    if is_pointer(kind):
        return lines, name
    sizes = "".join(f", {size}" for size in np.asarray(value).shape)
    return lines, f"{memref(kind)}_of({name}{sizes})"


def _call(number: int, call: Call) -> list[str]:
    lines: list[str] = []
    arguments = []
    for index, (value, kind) in enumerate(zip(call.values, call.inputs, strict=True)):
        made, argument = _argument(f"a{number}_{index}", value, kind)
        lines += made
        arguments.append(argument)
    names = [f"r{number}_{index}" for index in range(len(call.results))]
    for name, kind in zip(names, call.results, strict=True):
        if is_pointer(kind):
            lines.append(f"{c_type(kind)} {name}[{max(1, size_of(kind))}];")
        else:
            lines.append(f"{c_type(kind) if is_plain(kind) else memref(kind)} {name};")
    if len(names) == 1 and not is_pointer(call.results[0]):
        lines.append(f"{names[0]} = {call.c_name}({', '.join(arguments)});")
    else:
        arguments += [
            name if is_pointer(kind) else f"&{name}" for name, kind in zip(names, call.results, strict=True)
        ]
        lines.append(f"{call.c_name}({', '.join(arguments)});")
    for name, kind in zip(names, call.results, strict=True):
        if is_plain(kind):
            lines.append(f"fwrite(&{name}, sizeof {name}, 1, stdout);")
        elif is_pointer(kind):
            lines.append(f"fwrite({name}, sizeof *{name}, {size_of(kind)}, stdout);")
        else:
            assert isinstance(kind, MemRefType | TensorType)
            size = " * ".join([f"{name}.sizes[{axis}]" for axis in range(kind.rank)] or ["1"])
            where = f"{name}.aligned + {name}.offset"
            lines.append(f"fwrite({where}, sizeof *{name}.aligned, (size_t)({size}), stdout);")
            if isinstance(kind, TensorType):
                lines.append(f"free({name}.allocated);")
    return lines


def program(header: str, calls: Sequence[Call], before: str = "", first: Sequence[str] = ()) -> str:
    """A C program, which is one of C++ too: `before` stands before main, `first` at the begin of it."""
    lines = [*first, *(line for number, call in enumerate(calls) for line in _call(number, call))]
    body = "".join(f"  {line}\n" for line in lines)
    return (
        f'#include "{header}"\n#include <stdio.h>\n#include <stdlib.h>\n{before}\n'
        f"int main(void) {{\n{body}  return 0;\n}}\n"
    )


@functools.cache
def sanitizers(compiler: str) -> tuple[str, ...]:
    """The options with which programs end at the first wrong access to memory, where the compiler has them."""
    options = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "empty.cc")
        source.write_text("int main() { return 0; }\n")
        command = [compiler, *options, str(source), "-o", str(Path(folder, "empty"))]
        compiled = subprocess.run(command, capture_output=True).returncode == 0
        ran = compiled and subprocess.run([str(Path(folder, "empty"))], capture_output=True).returncode == 0
    return options if ran else ()


def run(text: str, folder: Path, parts: Sequence[str], compiler: str = "cc") -> bytes:
    """Compile and run a program in a folder, and return what it prints."""
    suffix, standard = (".cc", "-std=c++17") if compiler.endswith("++") else (".c", "-std=c11")
    source = folder / f"program{suffix}"
    source.write_text(text, encoding="utf-8")
    target = folder / f"program_{compiler}"
    options = [*WARNINGS, *sanitizers(compiler)]
    command = [compiler, standard, *options, "-I.", source.name, *parts, "-o", target.name, "-lm"]
    done = subprocess.run([*command, "-Wl,-rpath,$ORIGIN"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stderr}\n{text}"
    ran = subprocess.run([str(target)], capture_output=True)
    assert ran.returncode == 0, (ran.returncode, ran.stderr, text)
    return ran.stdout


def results(
    data: bytes, calls: Sequence[Call], shapes: Sequence[Sequence[tuple[int, ...]]]
) -> list[list[Any]]:
    """What the calls returned, as NumPy values; `shapes` are those of the results of each call."""
    found = []
    position = 0
    for call, expected in zip(calls, shapes, strict=True):
        values = []
        for kind, shape in zip(call.results, expected, strict=True):
            element = kind.element_type if isinstance(kind, ShapedType) else kind
            dtype = np.dtype(dtype_of(element))
            size = int(np.prod(shape, dtype=int)) * dtype.itemsize
            values.append(np.frombuffer(data[position : position + size], dtype).reshape(shape))
            position += size
        found.append(values)
    assert position == len(data)
    return found
