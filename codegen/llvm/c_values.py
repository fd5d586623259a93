"""Values of a module in C: their types, and the statements that move them into frames and out of them.

A frame is the memory through which callers and code exchange values; see `approxir.codegen.llvm.interface`.
Callers fill one before a call and empty it afterwards. The adapter of a function that the module calls does
the opposite: it empties the frame that it is given, calls, and fills it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from approxir.codegen.llvm.memory_slots import MemRefSlot, TensorSlot
from approxir.codegen.llvm.slots import IntegerSlot, NumberSlot, Slot, VectorSlot
from approxir.values import ComplexType, FloatType, IndexType, IntegerType, Type

SHORT_FLOATS = {"f16": "approx_f16", "bf16": "approx_bf16"}
COMPLEX = {"f32": "approx_c64", "f64": "approx_c128"}


def element_type(kind: Type) -> str:
    """The C type of a number."""
    if isinstance(kind, IndexType):
        return "int64_t"
    if isinstance(kind, IntegerType):
        if kind.width == 1:
            return "bool"
        size = next(size for size in (8, 16, 32, 64) if size >= kind.width)
        return f"{'u' if kind.signedness == 'unsigned' else ''}int{size}_t"
    if isinstance(kind, ComplexType):
        return COMPLEX[str(kind.element_type)]
    assert isinstance(kind, FloatType)
    plain = {"f32": "float", "f64": "double", **SHORT_FLOATS}
    # The floating-point numbers of 8 bits have no names of their own.
    return plain.get(kind.name, "uint8_t")


def _element_name(kind: Type) -> str:
    """What stands for a number's type in the names of other types."""
    if isinstance(kind, ComplexType):
        return COMPLEX[str(kind.element_type)].removeprefix("approx_")
    return str(kind).lower()


class CValue(ABC):
    """A value in C. `type` is that of the variable, of an element where there are several.

    `is_returned` says whether a function can return it; otherwise its caller says where to put it.
    """

    type: str
    is_returned = True

    @abstractmethod
    def argument(self, name: str) -> str:
        """The parameter of a C function for a value that goes in."""

    def result(self, name: str) -> str:
        """The parameter for a value that comes out: a pointer."""
        return f"{self.type} *{name}"

    # The caller of the module.

    @abstractmethod
    def fill(self, name: str, place: str) -> list[str]:
        """Put an argument into the frame."""

    def prepare(self, pointer: str, place: str) -> list[str]:
        """Tell the frame where a result is to be put."""
        return []

    @abstractmethod
    def empty(self, pointer: str, place: str) -> list[str]:
        """Take a result out of the frame."""

    # A function that the module calls.

    @abstractmethod
    def receive(self, name: str, place: str) -> tuple[list[str], str]:
        """Take an argument out of the frame; the statements, and the argument of the C function."""

    @abstractmethod
    def room(self, name: str, place: str) -> tuple[list[str], str]:
        """Make room for a result; the statements, and the pointer to it."""

    def give(self, name: str, place: str) -> list[str]:
        """Put a result into the frame."""
        return []


class Plain(CValue):
    """A value that lies in the frame as in a variable of C."""

    def __init__(self, kind: str) -> None:
        self.type = kind

    def argument(self, name: str) -> str:
        return f"{self.type} {name}"

    def fill(self, name: str, place: str) -> list[str]:
        return [f"memcpy({place}, &{name}, sizeof {name});"]

    def empty(self, pointer: str, place: str) -> list[str]:
        return [f"memcpy({pointer}, {place}, sizeof *{pointer});"]

    def receive(self, name: str, place: str) -> tuple[list[str], str]:
        return [f"{self.type} {name};", f"memcpy(&{name}, {place}, sizeof {name});"], name

    def room(self, name: str, place: str) -> tuple[list[str], str]:
        return [f"{self.type} {name};"], f"&{name}"

    def give(self, name: str, place: str) -> list[str]:
        return self.fill(name, place)


class Memory(Plain):
    """A memref, or a tensor whose size is not known: the structure that MLIR passes for it."""

    def __init__(self, slot: MemRefSlot | TensorSlot) -> None:
        super().__init__(f"approx_memref_{_element_name(slot.kind.element_type)}_{slot.rank}")
        self.element = element_type(slot.kind.element_type)
        self.rank = slot.rank

    def definition(self) -> str:
        """The structure, and the function that makes one for memory in the order of rows."""
        name, element, rank = self.type, self.element, self.rank
        arrays = f"\n  int64_t sizes[{rank}];\n  int64_t strides[{rank}];" if rank else ""
        sizes = [f"size{axis}" for axis in range(rank)]
        parameters = ", ".join([f"{element} *data", *(f"int64_t {size}" for size in sizes)])
        lines = ["memref.allocated = data;", "memref.aligned = data;", "memref.offset = 0;"]
        lines += [f"memref.sizes[{axis}] = {size};" for axis, size in enumerate(sizes)]
        for axis in reversed(range(rank)):
            step = f"memref.strides[{axis + 1}] * {sizes[axis + 1]}" if axis + 1 < rank else "1"
            lines.append(f"memref.strides[{axis}] = {step};")
        body = "\n  ".join(lines)
        guard = name.upper() + "_DEFINED"
        return (
            f"#ifndef {guard}\n#define {guard}\n"
            f"typedef struct {name} {{\n"
            f"  {element} *allocated;\n  {element} *aligned;\n  int64_t offset;{arrays}\n"
            f"}} {name};\n"
            f"static inline {name} {name}_of({parameters}) {{\n"
            f"  {name} memref;\n  {body}\n  return memref;\n"
            f"}}\n#endif\n"
        )


class Tensor(Memory):
    """A tensor of known size: a pointer to its elements, in the order of rows."""

    is_returned = False

    def __init__(self, slot: TensorSlot) -> None:
        super().__init__(slot)
        self._memref = self.type
        self.sizes = slot.kind.static_shape

    def argument(self, name: str) -> str:
        return f"const {self.element} *{name}"

    def result(self, name: str) -> str:
        return f"{self.element} *{name}"

    def fill(self, name: str, place: str) -> list[str]:
        return self._describe(f"({self.element} *){name}", place)

    def prepare(self, pointer: str, place: str) -> list[str]:
        return self._describe(pointer, place)

    def _describe(self, pointer: str, place: str) -> list[str]:
        sizes = "".join(f", {size}" for size in self.sizes)
        return [
            "{",
            f"  {self._memref} memref_ = {self._memref}_of({pointer}{sizes});",
            f"  memcpy({place}, &memref_, sizeof memref_);",
            "}",
        ]

    def empty(self, pointer: str, place: str) -> list[str]:
        return []

    def receive(self, name: str, place: str) -> tuple[list[str], str]:
        declared = [f"{self._memref} {name};", f"memcpy(&{name}, {place}, sizeof {name});"]
        return declared, f"{name}.aligned + {name}.offset"

    def room(self, name: str, place: str) -> tuple[list[str], str]:
        return self.receive(name, place)

    def give(self, name: str, place: str) -> list[str]:
        return []


class Vector(CValue):
    """A vector: a pointer to its elements, in the order of rows, which the frame pads."""

    is_returned = False

    def __init__(self, slot: VectorSlot) -> None:
        self.type = element_type(slot.kind.element_type)  # type: ignore[attr-defined]
        self.columns = slot.shape[-1] if slot.shape else 1
        self.rows = slot.size // slot.row_bytes
        self.row_bytes = slot.row_bytes

    def argument(self, name: str) -> str:
        return f"const {self.type} *{name}"

    def fill(self, name: str, place: str) -> list[str]:
        return self._rows(f"memcpy({{frame}}, {name} + {{element}}, {{bytes}});", place)

    def empty(self, pointer: str, place: str) -> list[str]:
        return self._rows(f"memcpy({pointer} + {{element}}, {{frame}}, {{bytes}});", place)

    def _rows(self, statement: str, place: str) -> list[str]:
        size = f"{self.columns} * sizeof({self.type})"
        if self.rows == 1:
            return [statement.format(frame=place, element="0", bytes=size)]
        inside = statement.format(
            frame=f"{place} + row_ * {self.row_bytes}", element=f"row_ * {self.columns}", bytes=size
        )
        return [f"for (size_t row_ = 0; row_ < {self.rows}; ++row_)", f"  {inside}"]

    def receive(self, name: str, place: str) -> tuple[list[str], str]:
        return [*self.room(name, place)[0], *self.empty(name, place)], name

    def room(self, name: str, place: str) -> tuple[list[str], str]:
        return [f"{self.type} {name}[{self.rows * self.columns}];"], name

    def give(self, name: str, place: str) -> list[str]:
        return self.fill(name, place)


def c_value(slot: Slot) -> CValue:
    """The value of a slot in C."""
    if isinstance(slot, IntegerSlot | NumberSlot):
        return Plain(element_type(slot.kind))
    if isinstance(slot, VectorSlot):
        return Vector(slot)
    if isinstance(slot, TensorSlot) and slot.is_static:
        return Tensor(slot)
    assert isinstance(slot, MemRefSlot | TensorSlot)
    return Memory(slot)
