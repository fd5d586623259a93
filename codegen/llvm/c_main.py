"""The C program around one function: arguments from the command line, results on standard output."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from approxir.codegen.llvm.c_names import string
from approxir.codegen.llvm.c_values import element_type
from approxir.codegen.llvm.header import CFunction, Header, allowed
from approxir.codegen.llvm.interface import Interface
from approxir.codegen.llvm.slots import IntegerSlot, NumberSlot, Slot
from approxir.errors import CompilationError
from approxir.nearest import nearest
from approxir.values import ComplexType, FloatType, IntegerType

# The file beside this one that the program is put around, and the names that both use.
_SUPPORT = "program.h"
_LOCALS = ("argc", "argv", "may_be", "names", "program", "status", "texts", "values")

# Digits after which a number can be read back as it was.
_DIGITS = {"f16": 5, "bf16": 4, "f32": 9, "f64": 17}
# How many bits of a short number are its fraction.
_FRACTION = {"f16": 10, "bf16": 7}


def main_program(header: Header, name: str) -> str:
    """The program that calls one function of a module, with the text of the header in it.

    Raises `CompilationError` where there is no such function, or an argument or a result is no number.
    """
    function = _found(header, name)
    call = function.call
    given = call.signature.arguments or (None,) * len(call.inputs)
    names = [held or f"ARG{number}" for number, held in enumerate(given, start=1)]
    body = []
    for number, (place, held) in enumerate(zip(call.inputs, names, strict=True)):
        slot = _number(place.slot, f"{call.signature.argument(number)} of {call.signature}")
        body += _read(slot, f"a{number}", f"texts[{number}]", held)
    body += _call(function)
    for number, place in enumerate(call.results):
        slot = _number(place.slot, f"result {number + 1} of {call.signature}")
        body += _shown(slot, f"r{number}")
    if _is_status(function):
        body[len(body) - len(_shown(call.results[0].slot, "r0")) :] = ["return cli_finish((int)(r0 & 255));"]
    else:
        body.append("return cli_finish(0);")
    return _program(header, function, names, body)


def names_taken(interface: Interface) -> set[str]:
    """The names that functions of the module cannot have in the program."""
    count = max([len(call.inputs) + len(call.results) for call in interface.functions.values()], default=0)
    numbered = (f"{stem}{number}{end}" for number in range(count) for stem in "ar" for end in ("", "_wide"))
    return {*_LOCALS, *numbered, *re.findall(r"\bcli_\w+", _support())}


@cache
def _support() -> str:
    return resources.files("approxir.codegen.llvm").joinpath(_SUPPORT).read_text(encoding="utf-8")


def _found(header: Header, name: str) -> CFunction:
    function = header.functions.get(name)
    if function is None:
        reason = header.interface.unsupported.get(name)
        if reason is not None:
            raise CompilationError(f"'{name}' cannot be called from C: {reason}")
        close = nearest(name, header.functions)
        known = ", ".join(header.functions) or "none"
        hint = f"did you mean '{close}'?" if close is not None else f"it has: {known}"
        raise CompilationError(f"the module has no public function '{name}'; {hint}")
    return function


def _number(slot: Slot, what: str) -> IntegerSlot | NumberSlot:
    kind = slot.kind.element_type if isinstance(slot.kind, ComplexType) else slot.kind
    if isinstance(slot, IntegerSlot) or (
        isinstance(slot, NumberSlot) and isinstance(kind, FloatType) and kind.name in _DIGITS
    ):
        return slot
    raise CompilationError(
        f"{what}: a value of type {slot.kind} cannot be given or shown on a command line; "
        "write a C program around a shared library instead"
    )


def _is_status(function: CFunction) -> bool:
    """Whether a function is what C calls main: without arguments, returning its exit status."""
    signature = function.call.signature
    return signature.name == "main" and not signature.inputs and signature.results == (IntegerType(32),)


def _program(header: Header, function: CFunction, names: list[str], body: list[str]) -> str:
    signature = function.call.signature
    parameters = list(header.interface.layout or ()) if header.parameters else []
    shown = "".join(f" {name}:{kind}" for name, kind in zip(names, signature.inputs, strict=True))
    details = f"  {signature}\n"
    tables = ["NULL", "NULL", "NULL", "NULL"]
    before = [f"const char *texts[{len(names) + 1}] = {{NULL}};"]
    if parameters:
        shown = " [--set NAME=VALUE]..." + shown
        details += "parameters:\n"
        details += "".join(f"  {one.name}={one.value}  ({allowed(one)})\n" for one in parameters)
        known = ", ".join(string(one.name) for one in parameters)
        may_be = ", ".join(string(allowed(one)) for one in parameters)
        before += [
            f"static const char *const names[] = {{{known}}};",
            f"static const char *const may_be[] = {{{may_be}}};",
            f"int32_t values[{len(parameters)}];",
            f"memcpy(values, {header.name}_params(), sizeof values);",
        ]
        tables = ["names", "may_be", "values", f"{header.name}_set_params"]
    held = ", ".join([string(shown), string(details), str(len(names)), str(len(parameters)), *tables])
    before += [
        f"struct cli_program program = {{{held}}};",
        "int status = cli_read_command_line(&program, argc, argv, texts);",
        "if (status >= 0)",
        "  return status;",
    ]
    lines = "".join(f"  {line}\n" for line in (*before, *body))
    main = f"int main(int argc, char **argv) {{\n{lines}}}\n"
    return f"{header.text()}\n{_support()}\n{main}"


def _call(function: CFunction) -> list[str]:
    call = function.call
    arguments = [f"a{number}" for number in range(len(call.inputs))]
    kinds = [value.type for value in function.outputs]
    if function.returned is not None:
        return [f"{kinds[0]} r0 = {function.name}({', '.join(arguments)});"]
    declared = [f"{kind} r{number};" for number, kind in enumerate(kinds)]
    arguments += [f"&r{number}" for number in range(len(kinds))]
    return [*declared, f"{function.name}({', '.join(arguments)});"]


def _read(slot: IntegerSlot | NumberSlot, variable: str, text: str, name: str) -> list[str]:
    """Statements that turn a text into a value, or end the program with what is wrong."""
    kind = slot.kind
    held = element_type(kind)
    declared, wanted = [f"{held} {variable};"], str(kind)
    then: list[str] = []
    if isinstance(slot, IntegerSlot):
        low, high = kind.limits if isinstance(kind, IntegerType) else (-(1 << 63), (1 << 63) - 1)
        wide = f"{variable}_wide"
        if slot.width == 1:
            check, wanted = f"cli_is_truth({text}, &{variable})", "true or false"
        elif high >= 1 << 63 and low < 0:
            declared.append(f"int64_t {wide};")
            check, then = f"cli_is_word({text}, &{wide})", [f"{variable} = {wide};"]
            wanted = f"an integer from {low} to {high}"
        else:
            unsigned = slot.signedness == "unsigned"
            declared.append(f"{'uint64_t' if unsigned else 'int64_t'} {wide};")
            bounds = f"{high}u" if unsigned else f"{_int64(low)}, {_int64(high)}"
            check = f"cli_is_{'natural' if unsigned else 'integer'}({text}, {bounds}, &{wide})"
            wanted = f"an integer from {low} to {high}"
            then = [f"{variable} = ({held}){wide};"]
    elif isinstance(kind, ComplexType):
        base = "cli_is_complex_float" if str(kind.element_type) == "f32" else "cli_is_complex"
        check, wanted = f"{base}({text}, &{variable}.re, &{variable}.im)", "a complex number: re,im"
    elif str(kind) in _FRACTION:
        wide, wanted = f"{variable}_wide", "a number"
        declared.append(f"double {wide};")
        check = f"cli_is_double({text}, &{wide})"
        then = [f"{variable} = cli_shortened({wide}, {_FRACTION[str(kind)]});"]
    else:
        check, wanted = f"cli_is_{held}({text}, &{variable})", "a number"
    return [
        *declared,
        f"if (!{check})",
        f"  return cli_refuse({string(name)}, {text}, {string(wanted)});",
        *then,
    ]


def _shown(slot: Slot, variable: str) -> list[str]:
    """Statements that print a value on a line of its own."""
    kind = slot.kind
    if isinstance(slot, IntegerSlot):
        if slot.width == 1:
            return [f'puts({variable} ? "true" : "false");']
        if slot.signedness == "unsigned":
            return [f'printf("%" PRIu64 "\\n", (uint64_t){variable});']
        return [f'printf("%" PRId64 "\\n", (int64_t){variable});']
    parts = [variable]
    if isinstance(kind, ComplexType):
        parts, kind = [f"{variable}.re", f"{variable}.im"], kind.element_type
    digits = _DIGITS[str(kind)]
    found: list[str] = []
    for part in parts:
        held = f"cli_lengthened({part}, {_FRACTION[str(kind)]})" if str(kind) in _FRACTION else part
        found += ["putchar(',');"] if found else []
        found.append(f"cli_print_number({held}, {digits});")
    return [*found, "putchar('\\n');"]


def _int64(value: int) -> str:
    return "INT64_MIN" if value == -(1 << 63) else str(value)
