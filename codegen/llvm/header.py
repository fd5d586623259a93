"""The C header of a compiled module: functions with natural types around those that take a frame."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from approxir._version import __version__
from approxir.codegen.llvm.c_names import Scope, comment
from approxir.codegen.llvm.c_values import CValue, Memory, c_value
from approxir.codegen.llvm.interface import CallInterface, Interface, Place
from approxir.codegen.llvm.memory_slots import MemRefSlot, TensorSlot
from approxir.codegen.llvm.ownership import ALLOCATED, EXTERNAL, GIVEN, GLOBAL
from approxir.passes.live import Layout, Slot

MARK = "Written by approxir"
"""What the first line of every header that is written begins with, after the comment's opening."""

_PRELUDE = """\
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef APPROX_TYPES_DEFINED
#define APPROX_TYPES_DEFINED
/* Floating-point numbers of 16 bits, as bits. */
typedef uint16_t approx_f16;
typedef uint16_t approx_bf16;
typedef struct approx_c64 {
  float re, im;
} approx_c64;
typedef struct approx_c128 {
  double re, im;
} approx_c128;
#ifdef __cplusplus
#define APPROX_ALIGNED alignas(16)
static_assert(sizeof(void *) == 8, "the code is for machines with addresses of 64 bits");
#else
#define APPROX_ALIGNED _Alignas(16)
_Static_assert(sizeof(void *) == 8, "the code is for machines with addresses of 64 bits");
#endif
#endif
"""
_TYPES = ("approx_bf16", "approx_c128", "approx_c64", "approx_f16")
_GUIDE = """\
   An approx_memref_... is what MLIR calls a memref; approx_memref_..._of makes one for an array in the order
   of rows, whose memory it shares. Tensors and vectors are read only, and in the same order. The caller
   provides the memory for results that are pointers. */
"""


@dataclass(frozen=True, slots=True)
class CFunction:
    """A function of the module in C: its name there, and how its arguments and results are spelled."""

    name: str
    call: CallInterface
    arguments: tuple[str, ...]
    results: tuple[str, ...]
    inputs: tuple[CValue, ...]
    outputs: tuple[CValue, ...]

    @property
    def returned(self) -> CValue | None:
        """What the C function returns; None where all results go through pointers."""
        return self.outputs[0] if len(self.outputs) == 1 and self.outputs[0].is_returned else None

    def prototype(self) -> str:
        """The declaration, without a semicolon."""
        parameters = [value.argument(name) for value, name in zip(self.inputs, self.arguments, strict=True)]
        if self.returned is None:
            parameters += [value.result(name) for value, name in zip(self.outputs, self.results, strict=True)]
        kind = self.returned.type if self.returned is not None else "void"
        return f"{kind} {self.name}({', '.join(parameters) or 'void'})"


class Header:
    """The header of a module.

    Args:
        interface: what the module offers.
        name: its name in C, which begins the names of what is not a function of the module.
        prefix: what to put before the names of its functions.
        taken: names that these cannot have.
    """

    def __init__(
        self, interface: Interface, name: str, prefix: str = "", taken: Collection[str] = ()
    ) -> None:
        self.interface = interface
        self.name = name
        calls = [*interface.externals.values(), *interface.functions.values()]
        self._reserved = {
            *taken,
            *(f"{name}_{what}" for what in ("params", "set_params", "param_count")),
            *(call.symbol for call in calls),
            *_TYPES,
            *(v.type for call in calls for p in (*call.inputs, *call.results) for v in [c_value(p.slot)]),
        }  # fmt: skip
        self._scope = Scope(self._reserved)
        self.externals = {key: self._function(call, key) for key, call in interface.externals.items()}
        self.functions = {
            key: self._function(call, prefix + key) for key, call in interface.functions.items()
        }
        layout = interface.layout
        self.parameters = {slot.name: self._scope.name(f"{name}_param_{slot.name}") for slot in layout or ()}

    def _function(self, call: CallInterface, wish: str) -> CFunction:
        name = self._scope.name(wish)
        inner = Scope({name, "address_", "frame_", "memref_", "row_", *self._reserved})
        given = call.signature.arguments or (None,) * len(call.inputs)
        arguments = tuple([inner.name(held or f"a{number}") for number, held in enumerate(given)])
        several = len(call.results) > 1
        results = tuple([
            inner.name(f"result{number if several else ''}") for number in range(len(call.results))
        ])  # fmt: skip
        inputs, outputs = (tuple([c_value(place.slot) for place in g]) for g in (call.inputs, call.results))
        return CFunction(name, call, arguments, results, inputs, outputs)

    def text(self) -> str:
        """The whole header."""
        guard = f"{self.name.upper()}_H_APPROX"
        parts = [
            f"/* {MARK} {__version__}: do not edit.\n\n{_GUIDE}"
            f"#ifndef {guard}\n#define {guard}\n\n{_PRELUDE}",
            *self._definitions(),
            '#ifdef __cplusplus\nextern "C" {\n#endif\n',
            *(self._external(function) for function in self.externals.values()),
            *(self._exported(function) for function in self.functions.values()),
            *self._live(),
            *self._left_out(),
            f"#ifdef __cplusplus\n}}\n#endif\n\n#endif /* {guard} */\n",
        ]
        return "\n".join(parts)

    def _definitions(self) -> Iterable[str]:
        found: dict[str, str] = {}
        for function in (*self.externals.values(), *self.functions.values()):
            for value in (*function.inputs, *function.outputs):
                if isinstance(value, Memory):
                    found[value.type] = value.definition()
        return [found[name] for name in sorted(found)]

    # Functions of the module.

    def _exported(self, function: CFunction) -> str:
        call = function.call
        lines = [f"APPROX_ALIGNED unsigned char frame_[{_room(call)}];"]
        for place, value, name in _zipped(call.inputs, function.inputs, function.arguments):
            lines += value.fill(name, _at(place))
        if function.returned is not None:
            lines.append(f"{function.returned.type} {function.results[0]};")
        else:
            for place, value, name in _zipped(call.results, function.outputs, function.results):
                lines += value.prepare(name, _at(place))
        lines.append(f"{call.symbol}(frame_);")
        for place, value, name in _zipped(call.results, function.outputs, function.results):
            if function.returned is not None:
                lines += [f"memcpy(&{name}, {_at(place)}, sizeof {name});", f"return {name};"]
            else:
                lines += value.empty(name, _at(place))
        told = "\n   ".join([comment(str(call.signature)), *self._ownership(function)])
        return (
            f"void {call.symbol}(void *frame);\n"
            f"/* {told} */\n"
            f"static inline {function.prototype()} {{\n{_indented(lines)}}}\n"
        )

    def _ownership(self, function: CFunction) -> Iterable[str]:
        """Whose the memory of results is."""
        call = function.call
        several = len(call.results) > 1
        for number, (place, name) in enumerate(zip(call.results, function.results, strict=True)):
            what = f"*{name}" if several or function.returned is None else "the result"
            field = f"{name}->allocated" if several else "its 'allocated'"
            if isinstance(place.slot, TensorSlot) and not place.slot.is_static:
                yield f"The memory of {what} is the caller's: free({field})."
            if isinstance(place.slot, MemRefSlot):
                origins = self.interface.origins.get((call.signature.name, number), frozenset())
                yield f"The memory of {what} " + _told(origins, field)

    # Functions that the module calls.

    def _external(self, function: CFunction) -> str:
        call = function.call
        lines = ["unsigned char *frame_ = (unsigned char *)address_;"]
        arguments: list[str] = []
        for place, value, name in _zipped(call.inputs, function.inputs, function.arguments):
            statements, argument = value.receive(name, _at(place))
            lines += statements
            arguments.append(argument)
        outputs = list(_zipped(call.results, function.outputs, function.results))
        if function.returned is not None:
            lines.append(f"{function.returned.type} {function.results[0]} = ")
        else:
            for place, value, name in outputs:
                statements, argument = value.room(name, _at(place))
                lines += statements
                arguments.append(argument)
            lines.append("")
        lines[-1] += f"{function.name}({', '.join(arguments)});"
        for place, value, name in outputs:
            lines += value.give(name, _at(place))
        if not arguments and not outputs:
            lines.insert(1, "(void)frame_;")
        return (
            f"/* To be defined by the program: {comment(str(call.signature))} */\n"
            f"{function.prototype()};\n"
            f"__attribute__((weak)) void {call.symbol}(void *address_);\n"
            f"__attribute__((weak)) void {call.symbol}(void *address_) {{\n{_indented(lines)}}}\n"
        )

    # Live parameters.

    def _live(self) -> Iterable[str]:
        layout, call = self.interface.layout, self.interface.parameters
        if layout is None or call is None:
            return
        name, count = self.name, len(layout)
        entries = "".join(
            f"  {self.parameters[slot.name]} = {slot.index}, /* {comment(slot.name)}: {allowed(slot)} */\n"
            for slot in layout
        )
        yield (
            f"/* The places of the live parameters in {name}_params(). */\n"
            f"enum {{\n{entries}  {name}_param_count = {count}\n}};\n"
        )
        (place,) = call.results
        yield (
            f"void {call.symbol}(void *frame);\n"
            f"/* The array that the code reads; what is written to it counts from the next call on. */\n"
            f"static inline int32_t *{name}_params(void) {{\n"
            f"  APPROX_ALIGNED unsigned char frame_[{_room(call)}];\n"
            f"  int32_t *found;\n"
            f"  {call.symbol}(frame_);\n"
            f"  memcpy(&found, frame_ + {place.offset + 8}, sizeof found);\n"
            f"  return found;\n}}\n"
        )
        yield _setter(name, layout)

    def _left_out(self) -> Iterable[str]:
        reasons = self.interface.unsupported
        if reasons:
            lines = "\n   ".join(comment(reason) for reason in reasons.values())
            yield f"/* These functions cannot be called from outside:\n   {lines} */\n"


def _setter(name: str, layout: Layout) -> str:
    slots = list(layout)
    lower = ", ".join(_int32(slot.lower) for slot in slots)
    upper = ", ".join(_int32(slot.upper) for slot in slots)
    # A threshold is above the one before it, if that is one of the same knob.
    starts = set(layout.bases.values())
    rising = ", ".join(
        str(int(slot.kind == "threshold" and slot.index not in starts and slot.index > 0)) for slot in slots
    )
    first, ends, choices = 0, [], []
    for slot in slots:
        first += len(slot.choices)
        ends.append(str(first))
        choices += [_int32(choice) for choice in slot.choices]
    body = [
        f"static const int32_t lower[] = {{{lower}}};",
        f"static const int32_t upper[] = {{{upper}}};",
        f"static const unsigned char rising[] = {{{rising}}};",
        f"static const int32_t choices[] = {{{', '.join(choices) or '0'}}};",
        f"static const int ends[] = {{{', '.join(ends)}}};",
        f"int32_t *held = {name}_params();",
        "int index, choice = 0, before = 0;",
        f"for (index = 0; index < {len(slots)}; ++index) {{",
        "  int changed = values[index] != held[index], found = choice == ends[index];",
        "  for (; choice < ends[index]; ++choice)",
        "    found = found || choices[choice] == values[index];",
        "  if (changed && (!found || values[index] < lower[index] || values[index] > upper[index]))",
        "    return index + 1;",
        "  if (rising[index] && (changed || before) && values[index] <= values[index - 1])",
        "    return index + 1;",
        "  before = changed;",
        "}",
        f"memcpy(held, values, {len(slots)} * sizeof *values);",
        "return 0;",
    ]
    return (
        "/* Sets all live parameters, or none: returns 0, or the place, counted from 1, of the first that\n"
        "   may not become what it is given as. Values that stay as they are, are not looked at. */\n"
        f"static inline int {name}_set_params(const int32_t *values) {{\n{_indented(body)}}}\n"
    )


def allowed(parameter: Slot) -> str:
    """What a live parameter may be, in words."""
    if parameter.choices:
        return ", ".join(map(str, parameter.choices))
    return f"{parameter.lower} to {parameter.upper}"


def _int32(value: int) -> str:
    """A number as C takes it; the bounds of parameters may be wider than the parameters."""
    held = max(-(1 << 31), min(value, (1 << 31) - 1))
    return "INT32_MIN" if held == -(1 << 31) else str(held)


def _told(origins: frozenset[str], field: str) -> str:
    """What is said about the memory of a memref that a function returns."""
    others = {GIVEN: "an argument's", GLOBAL: "a global's (allocated: 0xdeadbeef)", EXTERNAL: "the program's"}
    kept = " or ".join(said for origin, said in others.items() if origin in origins)
    if ALLOCATED not in origins:
        return f"is {kept or 'not allocated'}: it is not freed."
    return f"is the caller's: free({field})" + (f", unless it is {kept}." if kept else ".")


def _zipped(
    places: Sequence[Place], values: Sequence[CValue], names: Sequence[str]
) -> Iterable[tuple[Place, CValue, str]]:
    return zip(places, values, names, strict=True)


def _at(place: Place) -> str:
    return f"frame_ + {place.offset}"


def _room(call: CallInterface) -> int:
    return -(-call.size // 16) * 16


def _indented(lines: Iterable[str]) -> str:
    return "".join(f"  {line}\n" for line in lines)
