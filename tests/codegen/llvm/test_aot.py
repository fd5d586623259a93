"""Artefacts: what C and C++ programs get of a module, compared with what Python gets of it."""

from __future__ import annotations

import ctypes
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import c_programs, toolchains
from support.approximated import ARGUMENTS, memory, programs
from support.c_programs import Call
from support.signatures import Exchanged, exchanged, same

import approxir as ax
from approxir.codegen.llvm.processors import UnknownProcessorError
from approxir.codegen.outputs import OutputError
from approxir.syntax.attributes import parse_type
from approxir.values import TensorType

pytestmark = [toolchains.needs_c_compiler, toolchains.needs_torch_mlir, toolchains.needs_llvmlite]

few = settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
COMPILERS = [name for name in ("cc", "g++") if shutil.which(name)]

Echo = tuple[list[Exchanged], list[int]]


@st.composite
def echoes(draw: st.DrawFn) -> list[Echo]:
    """Functions that return some of their arguments."""
    found = []
    for _ in range(draw(st.integers(6, 10))):
        kinds = draw(st.lists(exchanged(), max_size=5))
        order = draw(st.lists(st.integers(0, len(kinds) - 1), max_size=4)) if kinds else []
        found.append((kinds, order))
    return found


def echo(name: str, kinds: list[Exchanged], order: list[int], through: str | None = None) -> str:
    """A function that returns some of its arguments, or hands them to another one that does."""
    arguments = ", ".join(f"%a{number}: {kind.text}" for number, kind in enumerate(kinds))
    types = ", ".join(kinds[number].text for number in order)
    returned = ", ".join(f"%a{number}" for number in order)
    body = ""
    if through is not None:
        taken = ", ".join(f"%a{number}" for number in range(len(kinds)))
        given = ", ".join(kind.text for kind in kinds)
        bound = f"%r:{len(order)} = " if order else ""
        body = f"{bound}func.call @{through}({taken}) : ({given}) -> ({types})\n"
        returned = ", ".join(f"%r#{number}" for number in range(len(order)))
    end = f"return {returned} : {types}" if order else "return"
    return f"func.func @{name}({arguments}) -> ({types}) {{\n {body}{end}\n}}\n"


def drawn_calls(data: st.DataObject, functions: list[Echo]) -> tuple[list[Call], list[Any]]:
    calls = []
    shapes = []
    for number, (kinds, order) in enumerate(functions):
        values = [data.draw(kind.values) for kind in kinds]
        types = [kind.type for kind in kinds]
        calls.append(Call(f"f{number}", types, values, [types[index] for index in order]))
        shapes.append([np.shape(values[index]) for index in order])
    return calls, shapes


def check(output: bytes, calls: list[Call], shapes: Any, functions: list[Echo]) -> None:
    found = c_programs.results(output, calls, shapes)
    for call, results, (_, order) in zip(calls, found, functions, strict=True):
        for result, index in zip(results, order, strict=True):
            wanted = np.asarray(call.values[index])
            if wanted.dtype != result.dtype:
                # Python's integers.
                wanted = wanted.astype(object)
                assert result.astype(object).tolist() == wanted.tolist()
            else:
                assert same(result, wanted), (call, result, wanted)


@few
@given(echoes(), st.booleans(), st.sampled_from(COMPILERS), st.data())
def test_values_come_back_as_they_went_in(
    tmp_path_factory: pytest.TempPathFactory,
    functions: list[Echo],
    is_shared: bool,
    compiler: str,
    data: st.DataObject,
) -> None:
    folder = tmp_path_factory.mktemp("echo")
    text = "".join(echo(f"f{number}", *function) for number, function in enumerate(functions))
    part = "libm.so" if is_shared else "libm.o"
    (ax.compile_shared if is_shared else ax.compile_object)(text, folder / part, opt_level=1)
    calls, shapes = drawn_calls(data, functions)
    output = c_programs.run(c_programs.program("libm.h", calls), folder, [part], compiler)
    check(output, calls, shapes, functions)


def definition(prototype: str, kinds: list[Exchanged], order: list[int]) -> str:
    """An external function in C that returns some of its arguments."""
    types = [kind.type for kind in kinds]
    if len(order) == 1 and not c_programs.is_pointer(types[order[0]]):
        return f"{prototype} {{ {unused(kinds)}return a{order[0]}; }}\n"
    lines = []
    for number, index in enumerate(order):
        result = "result" if len(order) == 1 else f"result{number}"
        kind = types[index]
        if c_programs.is_pointer(kind):
            size = f"{c_programs.size_of(kind)} * sizeof *{result}"
            lines.append(f"if ({c_programs.size_of(kind)}) memcpy({result}, a{index}, {size});")
        else:
            lines.append(f"*{result} = a{index};")
    return f"{prototype} {{ {unused(kinds)}{' '.join(lines)} }}\n"


def unused(kinds: list[Exchanged]) -> str:
    return "".join(f"(void)a{number}; " for number in range(len(kinds)))


@few
@given(echoes(), st.booleans(), st.sampled_from(COMPILERS), st.data())
def test_functions_of_c_get_and_return_the_same_values(
    tmp_path_factory: pytest.TempPathFactory,
    drawn: list[Echo],
    is_shared: bool,
    compiler: str,
    data: st.DataObject,
) -> None:
    folder = tmp_path_factory.mktemp("external")
    functions = [(kinds, [i for i in order if not is_dynamic_tensor(kinds[i])]) for kinds, order in drawn]
    text = ""
    for number, (kinds, order) in enumerate(functions):
        given_ = ", ".join(kind.text for kind in kinds)
        types = ", ".join(kinds[index].text for index in order)
        text += f"func.func private @ext{number}({given_}) -> ({types})\n"
        text += echo(f"f{number}", kinds, order, f"ext{number}")
    part = "m.so" if is_shared else "m.o"
    names = [f"ext{number}" for number in range(len(functions))]
    written = (ax.compile_shared if is_shared else ax.compile_object)(
        text, folder / part, externals=names, opt_level=1
    )
    described = json.loads(written.description.read_text())
    before = "".join(
        definition(entry["prototype"], *function)
        for entry, function in zip(described["externals"], functions, strict=True)
    )
    calls, shapes = drawn_calls(data, functions)
    output = c_programs.run(c_programs.program("m.h", calls, before), folder, [part], compiler)
    check(output, calls, shapes, functions)


def is_dynamic_tensor(kind: Exchanged) -> bool:
    return isinstance(kind.type, TensorType) and not kind.type.has_static_shape


@few
@given(programs(), st.data(), st.integers(-2, 12), st.integers(-2, 12), st.sampled_from(COMPILERS))
def test_live_parameters_are_those_of_python(
    tmp_path_factory: pytest.TempPathFactory,
    program: Any,
    data: st.DataObject,
    n: int,
    x: int,
    compiler: str,
) -> None:
    """The same configuration, set by C and by Python, gives the same results."""
    folder = tmp_path_factory.mktemp("live")
    text = program.text()
    kernel = ax.jit(text, live=True)
    written = ax.compile_object(text, folder / "m.o", live=True)
    described = json.loads(written.description.read_text())
    c_names = {entry["name"]: entry["c_name"] for entry in described["functions"]}
    config = {
        slot.name: data.draw(st.sampled_from(slot.choices))
        for slot in kernel.layout
        if slot.kind == "decision"
    }
    kernel.set(config)
    values = ", ".join(str(kernel.config[slot.name]) for slot in kernel.layout)
    first = (
        [f"const int32_t values[] = {{{values}}};", "if (m_set_params(values)) return 1;"] if values else []
    )
    inputs = [parse_type("i32"), parse_type("i32"), parse_type("memref<8xi32>")]
    assert ARGUMENTS.count(":") == len(inputs)
    calls, shapes, wanted = [], [], []
    for function in program.functions:
        array = memory()
        found = kernel[function.plain](n, x, array)
        held = found if isinstance(found, tuple) else () if found is None else (found,)
        results = kernel[function.plain].signature.results
        calls.append(Call(c_names[function.plain], inputs, [n, x, memory()], results))
        shapes.append([np.shape(one) for one in held])
        wanted.append(held)
    output = c_programs.run(c_programs.program("m.h", calls, first=first), folder, ["m.o"], compiler)
    for results_, expected in zip(c_programs.results(output, calls, shapes), wanted, strict=True):
        for result, one in zip(results_, expected, strict=True):
            assert np.array_equal(np.asarray(result), np.asarray(one), equal_nan=result.dtype.kind == "f")


LIVE = """
module {
  approx.util.annotation.decision_tree <{
    func_name = "total", transform_type = "loop_perforate", state_function = "state",
    state_indices = array<i64: 0>, thresholds = array<i32: 10, 20>, decisions = array<i32: 0, 2, 3>,
    decision_values = array<i32: 0, 2, 3, 5>
  }>
  func.func @state(%n: i32) -> i32 {
    return %n : i32
  }
  func.func @total(%n: i32) -> i32 {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %zero = arith.constant 0 : i32
    %one = arith.constant 1 : i32
    %end = arith.index_cast %n : i32 to index
    %sum = scf.for %i = %c0 to %end step %c1 iter_args(%a = %zero) -> (i32) {
      %b = arith.addi %a, %one : i32
      scf.yield %b : i32
    }
    return %sum : i32
  }
}
"""


def compiled(folder: Path, text: str, body: str, header: str = "m.h", before: str = "") -> str:
    """What a C program prints whose main has this body."""
    program = f'#include "{header}"\n#include <stdio.h>\n#include <stdlib.h>\n{before}\nint main(void) {{\n{body}\nreturn 0;\n}}\n'
    parts = [path.name for path in folder.iterdir() if path.suffix in (".o", ".so")]
    outputs = {c_programs.run(program, folder, parts, compiler).decode() for compiler in COMPILERS}
    (output,) = outputs
    return output


# ---- live parameters


def test_parameters_are_set_all_or_none(tmp_path: Path) -> None:
    ax.compile_shared(LIVE, tmp_path / "m.so", live=True)
    output = compiled(
        tmp_path,
        LIVE,
        """
        const int32_t good[] = {10, 20, 5, 2, 3}, same[] = {10, 10, 0, 2, 3}, odd[] = {10, 20, 0, 4, 3};
        const int32_t swapped[] = {20, 10, 0, 2, 3};
        printf("%d %d %d\\n", m_param_count, m_param_total_threshold_1, m_param_total_decision_0);
        printf("%d %d %d\\n", total(9), total(19), total(29));
        printf("%d %d %d\\n", m_set_params(same), m_set_params(odd), m_set_params(swapped));
        printf("%d ", total(9));
        printf("%d\\n", m_set_params(good));
        printf("%d\\n", total(9));
        m_params()[m_param_total_threshold_0] = 5;
        printf("%d\\n", total(9));
        """,
    )
    lines = output.split("\n")
    assert lines[0] == "5 1 2"
    assert lines[1] == "9 10 10"
    assert lines[2] == "2 4 2"
    assert lines[3:6] == ["9 0", "2", "5"]


def test_what_c_refuses_is_what_python_refuses(tmp_path: Path) -> None:
    """For each parameter, values around its bounds and choices."""
    ax.compile_object(LIVE, tmp_path / "m.o", live=True)
    kernel = ax.jit(LIVE, live=True)
    initial = [slot.value for slot in kernel.layout]
    tried = []
    for slot in kernel.layout:
        for value in (*range(-2, 25), 99, 100, 101, 1 << 30, -(1 << 31)):
            values = list(initial)
            values[slot.index] = value
            tried.append(values)
    wanted = []
    for values in tried:
        try:
            kernel.set(dict(zip(kernel.config, values, strict=True)))
            wanted.append(True)
        except ax.ConfigError:
            wanted.append(False)
    shown = ", ".join(
        "{" + ", ".join(str(v) if v > -(1 << 31) else "INT32_MIN" for v in vs) + "}" for vs in tried
    )
    output = compiled(
        tmp_path,
        LIVE,
        f"static const int32_t tried[][5] = {{{shown}}};\n"
        f'for (int i = 0; i < {len(tried)}; ++i) printf("%d\\n", m_set_params(tried[i]) == 0);',
    )
    assert [line == "1" for line in output.split()] == wanted
    assert True in wanted
    assert False in wanted


def test_a_live_module_without_parameters(tmp_path: Path) -> None:
    written = ax.compile_object("func.func @f() { return }", tmp_path / "m.o", live=True)
    assert compiled(tmp_path, "", "f();") == ""
    assert json.loads(written.description.read_text())["parameters"]["parameters"] == []


# ---- memory


def test_memory_is_shared_and_told_whose_it_is(tmp_path: Path) -> None:
    text = """
    memref.global "private" @table : memref<3xi32> = dense<[7, 8, 9]>
    func.func @same(%m: memref<?xi32>) -> memref<?xi32> { return %m : memref<?xi32> }
    func.func @table_of() -> memref<3xi32> { %m = memref.get_global @table : memref<3xi32>
      return %m : memref<3xi32> }
    func.func @fresh(%n: index) -> memref<?xi32> { %m = memref.alloc(%n) : memref<?xi32>
      return %m : memref<?xi32> }
    func.func @either(%b: i1, %m: memref<?xi32>) -> memref<?xi32> {
      %c2 = arith.constant 2 : index
      %f = memref.alloc(%c2) : memref<?xi32>
      %r = arith.select %b, %m, %f : memref<?xi32>
      return %r : memref<?xi32> }
    func.func @twice(%m: memref<?x?xi32, strided<[?, ?], offset: ?>>) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %two = arith.constant 2 : i32
      %rows = memref.dim %m, %c0 : memref<?x?xi32, strided<[?, ?], offset: ?>>
      %columns = memref.dim %m, %c1 : memref<?x?xi32, strided<[?, ?], offset: ?>>
      scf.for %i = %c0 to %rows step %c1 {
        scf.for %j = %c0 to %columns step %c1 {
          %a = memref.load %m[%i, %j] : memref<?x?xi32, strided<[?, ?], offset: ?>>
          %b = arith.muli %a, %two : i32
          memref.store %b, %m[%i, %j] : memref<?x?xi32, strided<[?, ?], offset: ?>>
        }
      }
      return }
    """
    ax.compile_object(text, tmp_path / "m.o")
    header = (tmp_path / "m.h").read_text()
    for function, told in (
        ("same", "The memory of the result is an argument's: it is not freed."),
        ("table_of", "The memory of the result is a global's (allocated: 0xdeadbeef): it is not freed."),
        ("fresh", "The memory of the result is the caller's: free(its 'allocated')."),
        (
            "either",
            "The memory of the result is the caller's: free(its 'allocated'), unless it is an argument's.",
        ),
    ):
        before = header[: header.index(f" {function}(")].rpartition("/*")[2]
        assert told in before or told in header.partition(f"/* {function}(")[2].partition("*/")[0]
    output = compiled(
        tmp_path,
        text,
        """
        int32_t data[6] = {1, 2, 3, 4, 5, 6};
        approx_memref_i32_1 m = approx_memref_i32_1_of(data, 6), r = same(m);
        printf("%d %d\\n", r.aligned == data, (int)r.sizes[0]);
        printf("%d\\n", (int)table_of().aligned[2]);
        r = fresh(5);
        for (int i = 0; i < 5; ++i) r.aligned[i] = i;
        printf("%d\\n", (int)r.sizes[0]);
        free(r.allocated);
        r = either(false, m);
        free(r.allocated);
        printf("%d\\n", same(m).allocated == data);
        approx_memref_i32_2 s = approx_memref_i32_2_of(data, 3, 2);
        s.sizes[0] = 2; s.sizes[1] = 1; s.offset = 1;
        twice(s);
        for (int i = 0; i < 6; ++i) printf("%d", data[i]);
        """,
    )
    assert output.split() == ["1", "6", "9", "5", "1", "143856"]


# ---- names


ODD = ['"two words"', '"a*/b"', '"1st"', "main", "int", "sin", "class", "printf", '"é"', '"two_words"', "approx_c64",
       "m_params", "linux", "memcpy", "frame_", '"\\22"', "__x", "NULL", "int32_t"]  # fmt: skip


def test_names_that_c_cannot_have(tmp_path: Path) -> None:
    names = "%int: i32, %0: i32, %frame_: i32, %result: i32, %n-x: i32, %n.x: i32, %unix: i32, %_A: i32"
    text = ""
    for number, name in enumerate(ODD):
        text += f"func.func @{name}({names}) -> i32 {{ %c = arith.constant {number} : i32\n"
        text += "%s = arith.addi %c, %result : i32\nreturn %s : i32 }\n"
    written = ax.compile_object(text, tmp_path / "m.o")
    entries = json.loads(written.description.read_text())["functions"]
    c_names = [entry["c_name"] for entry in entries]
    assert len(set(c_names)) == len(ODD)
    assert c_names[:10] == [
        "two_words", "a__b", "_1st", "main_", "int_", "sin_", "class_", "printf_", "_", "two_words_2"
    ]  # fmt: skip
    assert entries[0]["name"] == "two words"
    calls = " ".join(f'printf("%d ", (int){name}(0, 0, 0, 1000, 0, 0, 0, 0));' for name in c_names)
    output = compiled(tmp_path, text, calls, before="#include <math.h>\n#include <errno.h>\n")
    assert [int(value) for value in output.split()] == [1000 + number for number in range(len(ODD))]


def test_two_modules_in_one_program(tmp_path: Path) -> None:
    """Functions and parameters of the same names, told apart by the names of the files."""
    one = LIVE.replace("arith.constant 1 : i32", "arith.constant 100 : i32")
    ax.compile_shared(one, tmp_path / "liba.so", live=True, prefix="a_")
    ax.compile_shared(LIVE, tmp_path / "libb.so", live=True, prefix="b_")
    ax.compile_object(LIVE, tmp_path / "c.o", live=True, prefix="c_", name="sea")
    output = compiled(
        tmp_path,
        LIVE,
        "libb_params()[libb_param_total_decision_0] = 5; sea_params()[sea_param_total_decision_0] = 2;\n"
        'printf("%d %d %d", a_total(9), b_total(9), c_total(9));',
        header="liba.h",
        before='#include "libb.h"\n#include "c.h"\n',
    )
    assert output == "900 2 5"


def test_the_description_is_enough_to_call_it(tmp_path: Path) -> None:
    """From a language that cannot read headers."""
    text = "func.func @f(%a: i8, %x: f64, %m: memref<?xi32>) -> (f64, i32) {\n"
    text += (
        "%c0 = arith.constant 0 : index\n%v = memref.load %m[%c0] : memref<?xi32>\nreturn %x, %v : f64, i32 }"
    )
    written = ax.compile_shared(text, tmp_path / "m.so", opt_level=0)
    described = json.loads(written.description.read_text())
    assert described["version"] == 1
    assert described["kind"] == "shared"
    assert described["target"]["opt_level"] == 0
    (entry,) = described["functions"]
    assert [argument["name"] for argument in entry["arguments"]] == ["a", "x", "m"]
    frame = (ctypes.c_char * (entry["size"] + 16))()
    start = -ctypes.addressof(frame) % 16
    data = np.array([42], np.int32)
    places = [start + argument["offset"] for argument in entry["arguments"]]
    ctypes.c_double.from_buffer(frame, places[1]).value = 2.5
    descriptor = (ctypes.c_int64 * 5).from_buffer(frame, places[2])
    descriptor[:] = [data.ctypes.data, data.ctypes.data, 0, 1, 1]
    getattr(ctypes.CDLL(str(written.path)), entry["symbol"])(ctypes.byref(frame, start))
    results = [start + result["offset"] for result in entry["results"]]
    assert ctypes.c_double.from_buffer(frame, results[0]).value == 2.5
    assert ctypes.c_int32.from_buffer(frame, results[1]).value == 42


# ---- programs


SCALARS = {
    "i1": [("true", "true"), ("0", "false"), ("2", None), ("", None)],
    "i3": [("-4", "-4"), ("3", "3"), ("8", None), ("-5", None)],
    "i8": [("-128", "-128"), ("127", "127"), ("256", None), ("1.0", None), ("0x10", "16"), ("1e3", None)],
    "i64": [("-9223372036854775808", "-9223372036854775808"), ("18446744073709551615", "-1"),
            ("18446744073709551616", None), ("x", None)],
    "index": [("9223372036854775807", "9223372036854775807"), ("9223372036854775808", None)],
    "ui8": [("255", "255"), ("-1", None)],
    "ui64": [("18446744073709551615", "18446744073709551615"), ("-1", None), (" 5", "5"), ("5 ", None)],
    "si8": [("127", "127"), ("128", None)],
    "f16": [("0.1", "0.099976"), ("65520", "inf"), ("65519", "65504"), ("-1e-8", "-0"), ("6e-8", "5.9605e-08"),
            ("nan", "nan"), ("1,2", None)],
    "bf16": [("3.14159", "3.141"), ("-inf", "-inf"), ("1e39", "inf")],
    "f32": [("0.1", "0.100000001"), ("1e39", "inf"), ("-0.0", "-0"), ("1.5x", None), ("", None)],
    "f64": [("0.1", "0.10000000000000001"), ("0x1p-3", "0.125"), ("-nan", "nan")],
    "complex<f32>": [("1.5,-2", "1.5,-2"), ("3", "3,0"), ("1,", None), ("1,2,3", None)],
    "complex<f64>": [("inf,nan", "inf,nan"), (",1", None)],
}  # fmt: skip


def run(path: Path, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run([str(path), *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def test_numbers_on_the_command_line(tmp_path: Path) -> None:
    kinds = list(SCALARS)
    arguments = ", ".join(f"%a_{number}: {kind}" for number, kind in enumerate(kinds))
    returned = ", ".join(f"%a_{number}" for number in range(len(kinds)))
    types = ", ".join(kinds)
    text = f"func.func @f({arguments}) -> ({types}) {{ return {returned} : {types} }}"
    written = ax.compile_executable(text, tmp_path / "program", "f")
    assert written.header is None
    plain = [cases[0][0] for cases in SCALARS.values()]
    for number, (kind, cases) in enumerate(SCALARS.items()):
        for given_, wanted in cases:
            values = [*plain[:number], given_, *plain[number + 1 :]]
            status, output, said = run(written.path, *values)
            if wanted is None:
                assert (status, output) == (2, ""), (kind, given_)
                assert said.startswith(f"a_{number}: '{given_}' is not ")
            else:
                assert status == 0, said
                assert output.split("\n")[number] == wanted, (kind, given_)


@few
@given(st.integers(0, 0xFFFF))
def test_short_numbers_are_printed_so_that_they_can_be_read(
    tmp_path_factory: pytest.TempPathFactory, bits: int
) -> None:
    folder = tmp_path_factory.getbasetemp() / "short_numbers"
    folder.mkdir(exist_ok=True)
    program = folder / "program"
    if not program.exists():
        text = "func.func @f(%a: i16, %b: i16) -> (f16, bf16) {\n%x = arith.bitcast %a : i16 to f16\n"
        text += "%y = arith.bitcast %b : i16 to bf16\nreturn %x, %y : f16, bf16 }\n"
        text += "func.func @g(%a: f16, %b: bf16) -> (i16, i16) {\n%x = arith.bitcast %a : f16 to i16\n"
        text += "%y = arith.bitcast %b : bf16 to i16\nreturn %x, %y : i16, i16 }"
        ax.compile_executable(text, program, "f")
        ax.compile_executable(text, folder / "back", "g")
    _, output, _ = run(program, str(bits), str(bits))
    if "nan" not in output:
        _, again, _ = run(folder / "back", "--", *output.split())
        assert [int(value) & 0xFFFF for value in again.split()] == [bits, bits]


def test_programs_without_results_and_with_a_status(tmp_path: Path) -> None:
    text = """
    func.func @main() -> i32 { %c = arith.constant 300 : i32
      return %c : i32 }
    func.func @other(%n: i32) -> i32 { return %n : i32 }
    func.func @nothing() { return }"""
    assert run(ax.compile_executable(text, tmp_path / "a.out").path) == (300 % 256, "", "")
    assert run(ax.compile_executable(text, tmp_path / "b.out", "other").path, "-7") == (0, "-7\n", "")
    assert run(ax.compile_executable(text, tmp_path / "c", "nothing").path) == (0, "", "")
    status, output, said = run(tmp_path / "c", "1")
    assert (status, output) == (2, "")
    assert "one argument too many: '1'" in said


def test_programs_with_live_parameters(tmp_path: Path) -> None:
    program = ax.compile_executable(LIVE, tmp_path / "total", "total", live=True).path
    assert run(program, "9") == (0, "9\n", "")
    assert run(program, "9", "--set", "total_decision_0=5") == (0, "2\n", "")
    assert run(program, "--set=total_decision_0=5", "--set=total_threshold_0=9", "9") == (0, "5\n", "")
    status, output, _ = run(program, "--help")
    assert status == 0
    assert "total_threshold_1=20" in output
    assert "[--set NAME=VALUE]... n:i32" in output
    for wrong, message in (
        ("total_decision_0=4", "cannot be 4 here; it may be 0, 2, 3, 5"),
        ("total_threshold_0=20", "total_threshold_1 cannot be 20 here"),
        ("total_decision_9=4", "there is no parameter 'total_decision_9'"),
        ("total_decision_0", "not of the form NAME=INTEGER"),
        ("total_decision_0=1.5", "not of the form NAME=INTEGER"),
    ):
        status, output, said = run(program, "9", "--set", wrong)
        assert (status, output) == (2, "")
        assert message in said
    assert run(program, "9", "--set")[0] == 2
    assert run(program, "--", "9")[1] == "9\n"
    assert run(program)[2].startswith("1 of 1 arguments are missing")


def test_programs_with_functions_of_c(tmp_path: Path) -> None:
    text = """
    func.func private @scale(f64) -> f64
    func.func @f(%x: f64) -> f64 { %y = call @scale(%x) : (f64) -> f64
      return %y : f64 }"""
    source = tmp_path / "scale.c"
    source.write_text('#include "p.h"\ndouble scale(double x) { return 3 * x; }\n')
    path = tmp_path / "p"
    ax.compile_executable(text, path, "f", externals=["scale"], sources=[source])
    assert run(path, "1.5") == (0, "4.5\n", "")
    with pytest.raises(ax.CompilationError, match="undefined reference to `scale'"):
        ax.compile_executable(text, tmp_path / "q", "f", externals=["scale"])
    assert not (tmp_path / "q").exists()
    assert not (tmp_path / "q.json").exists()
    with pytest.raises(ax.CompilationError, match=r"pass externals=\['scale'\]"):
        ax.compile_executable(text, path, "f")


def test_what_no_command_line_can_hold(tmp_path: Path) -> None:
    text = """
    func.func @f(%m: memref<?xf32>) { return }
    func.func @g() -> vector<2xf32> { %c = arith.constant dense<0.0> : vector<2xf32>
      return %c : vector<2xf32> }
    func.func @h(%p: !llvm.ptr) { return }"""
    for name, message in (
        ("f", r"argument 1 \(m\) of f\(m: memref<\?xf32>\): a value of type memref<\?xf32> cannot be given"),
        ("g", "result 1 of g"),
        ("h", "'h' cannot be called from C"),
        ("ff", "no public function 'ff'; did you mean 'f'"),
    ):
        with pytest.raises(ax.CompilationError, match=message):
            ax.compile_executable(text, tmp_path / "p", name)
    assert list(tmp_path.iterdir()) == []


# ---- files


SIMPLE = "func.func @f() -> i32 { %c = arith.constant 5 : i32\n return %c : i32 }"


def test_files_of_others_are_not_replaced(tmp_path: Path) -> None:
    for suffix, content in ((".h", "int f(void);\n"), (".json", '{"f_threshold_0": 1}'), (".json", "\0\xff")):
        path = tmp_path / f"m{suffix}"
        path.write_bytes(content.encode("latin-1"))
        with pytest.raises(
            OutputError, match=rf"m\{suffix} is there already and was not written by approxir"
        ):
            ax.compile_object(SIMPLE, tmp_path / "m.o")
        assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
        path.unlink()
    # A program has no header that could be in the way.
    (tmp_path / "m.h").write_text("int f(void);\n")
    ax.compile_executable(SIMPLE, tmp_path / "m", "f")


def test_artefacts_are_replaced(tmp_path: Path) -> None:
    ax.compile_object(SIMPLE, tmp_path / "m.o")
    ax.compile_object(SIMPLE.replace("5", "6"), tmp_path / "m.o")
    assert compiled(tmp_path, SIMPLE, 'printf("%d", (int)f());') == "6"
    assert sorted(entry.name for entry in tmp_path.iterdir() if "program" not in entry.name) == [
        "m.h", "m.json", "m.o"
    ]  # fmt: skip


@pytest.mark.parametrize("suffix", [".h", ".json"])
def test_artefacts_cannot_have_the_names_of_their_companions(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(OutputError, match=f"an artefact cannot end in {suffix}"):
        ax.compile_object(SIMPLE, tmp_path / f"m{suffix}")


def test_nothing_is_written_when_something_fails(tmp_path: Path) -> None:
    ax.compile_object(SIMPLE, tmp_path / "m.o")
    before = {entry.name: entry.read_bytes() for entry in tmp_path.iterdir()}
    (tmp_path / "m.h").chmod(0o644)
    for text, error in (
        ("func.func @f(", ax.ParseError),
        ("func.func @f() -> i32 { return }", (ax.VerifyError, ax.CompilationError)),
        ("module {}", ax.CompilationError),
        ("func.func private @f() { return }", ax.CompilationError),
    ):
        with pytest.raises(error):
            ax.compile_object(text, tmp_path / "m.o")
    with pytest.raises(UnknownProcessorError):
        ax.compile_object(SIMPLE, tmp_path / "m.o", cpu="no-such-cpu")
    assert {entry.name: entry.read_bytes() for entry in tmp_path.iterdir()} == before
    with pytest.raises(FileNotFoundError, match="missing"):
        ax.compile_object(SIMPLE, tmp_path / "missing" / "m.o")


def test_the_same_module_gives_the_same_files(tmp_path: Path) -> None:
    contents = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        ax.compile_object(LIVE, folder / "m.o", live=True)
        contents.append({entry.name: entry.read_bytes() for entry in folder.iterdir()})
    assert contents[0] == contents[1]


def test_an_object_for_another_target(tmp_path: Path) -> None:
    written = ax.compile_object(SIMPLE, tmp_path / "m.o", cpu="generic", triple="aarch64-linux-gnu")
    assert written.path.read_bytes()[18] == 183
    target = json.loads(written.description.read_text())["target"]
    assert (target["cpu"], target["triple"]) == ("generic", "aarch64-linux-gnu")


@pytest.mark.skipif(shutil.which("readelf") is None, reason="readelf is not installed")
def test_libraries_have_no_relocations_in_their_code(tmp_path: Path) -> None:
    text = """
    memref.global "private" constant @t : memref<4xf32> = dense<[1.0, 2.0, 3.0, 4.0]>
    func.func @f(%i: index, %x: f32) -> f32 { %m = memref.get_global @t : memref<4xf32>
      %v = memref.load %m[%i] : memref<4xf32>
      %e = math.exp %x : f32
      %r = arith.mulf %v, %e : f32
      return %r : f32 }"""
    for level in range(4):
        written = ax.compile_shared(text, tmp_path / "libm1.so", opt_level=level)
        shown = subprocess.run(["readelf", "-dW", str(written.path)], capture_output=True, text=True).stdout
        assert "TEXTREL" not in shown
        assert "[libm1.so]" in shown


@pytest.mark.parametrize("flags", [["-Wpedantic", "-std=c11"], ["-Wconversion", "-std=c17"], ["-std=gnu2x"]])
def test_the_header_is_strict_c(tmp_path: Path, flags: list[str]) -> None:
    text = (
        LIVE.replace("@state(%n: i32)", "@state(%n: i32)").rstrip()[:-1]
        + """
    func.func private @ext(tensor<2xf32>, vector<2x3xi1>) -> (tensor<2xf32>, i1)
    func.func @all(%t: tensor<2xf32>, %v: vector<2x3xi1>, %m: memref<f64>, %d: tensor<?xi8>)
        -> (tensor<2xf32>, i1, tensor<?xi8>, memref<f64>) {
      %r:2 = call @ext(%t, %v) : (tensor<2xf32>, vector<2x3xi1>) -> (tensor<2xf32>, i1)
      return %r#0, %r#1, %d, %m : tensor<2xf32>, i1, tensor<?xi8>, memref<f64>
    }
    }"""
    )
    ax.compile_object(text, tmp_path / "m.o", live=True, externals=["ext"])
    (tmp_path / "use.c").write_text('#include "m.h"\n#include "m.h"\nint32_t g(void) { return total(3); }\n')
    command = ["cc", "-Wall", "-Wextra", "-Werror", *flags, "-c", "use.c", "-o", "use.out"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@toolchains.needs_mlir_programs
@toolchains.needs_llc
def test_programs_of_the_system_make_artefacts_too(tmp_path: Path) -> None:
    written = ax.compile_shared(LIVE, tmp_path / "m.so", live=True, using="mlir-opt", compiler="llc")
    assert compiled(tmp_path, LIVE, 'printf("%d", (int)total(19));') == "10"
    assert json.loads(written.description.read_text())["target"]["compiler"].startswith("llc 2")


@pytest.mark.parametrize("name", ["status", "a0", "texts", "cli_finish", "finish", "usage", "main"])
def test_programs_around_functions_of_any_name(tmp_path: Path, name: str) -> None:
    text = f"func.func @{name}(%status: i32, %argv: i32) -> i32 {{ return %argv : i32 }}\n"
    path = ax.compile_executable(text, tmp_path / "program", name).path
    assert run(path, "1", "2") == (0, "2\n", "")


def test_two_artefacts_do_not_share_their_companions(tmp_path: Path) -> None:
    ax.compile_object(SIMPLE, tmp_path / "m.o")
    with pytest.raises(OutputError, match=r"m\.json describes .*m\.o, and .*m\.so would need"):
        ax.compile_shared(SIMPLE, tmp_path / "m.so")
    (tmp_path / "m.o").unlink()
    ax.compile_shared(SIMPLE, tmp_path / "m.so")
    assert json.loads((tmp_path / "m.json").read_text())["file"] == "m.so"


@pytest.mark.parametrize("name", ["a b é.o", "x\udcff.o", ".o", "1.2.o", "int.o"])
def test_files_of_any_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    written = ax.compile_object(LIVE, path, live=True)
    assert written.header is not None
    described = json.loads(written.description.read_text())
    assert described["name"].isidentifier()
    (tmp_path / "use.c").write_bytes(
        b'#include "' + written.header.name.encode("utf-8", "surrogateescape") + b'"\n'
        b"int main(void) { return total(3) == 3 ? 0 : 1; }\n"
    )
    subprocess.run(["cc", "use.c", path.name, "-o", "use"], cwd=tmp_path, check=True)
    subprocess.run([str(tmp_path / "use")], check=True)
    path.unlink()
    program = ax.compile_executable(LIVE, path, "total").path
    assert run(program, "3") == (0, "3\n", "")


@pytest.mark.parametrize("path", ["", ".", "/"])
def test_paths_without_a_name(path: str) -> None:
    with pytest.raises(OutputError, match="names no file"):
        ax.compile_object(SIMPLE, path)


def test_a_folder_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "m.o").mkdir()
    with pytest.raises(IsADirectoryError):
        ax.compile_object(SIMPLE, tmp_path / "m.o")
    (tmp_path / "m.json").mkdir()
    with pytest.raises(OutputError, match="is there already and was not written"):
        ax.compile_object(SIMPLE, tmp_path / "m.so")
