"""Giving a module its interface: code that callers reach, and code through which it reaches them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from approxir.codegen.llvm import wrappers
from approxir.codegen.llvm.interface import CallInterface, Interface, call_interface, slot_of
from approxir.codegen.llvm.memory_slots import MemRefSlot, TensorSlot
from approxir.codegen.llvm.names import RESERVED, is_libm
from approxir.codegen.llvm.ownership import STACK, UNKNOWN, Ownership
from approxir.codegen.llvm.slots import IntegerSlot, Slot, UnsupportedTypeError
from approxir.codegen.signature import Signature, public_functions, signature_of
from approxir.dialects.approx.errors import diagnostic
from approxir.errors import CompilationError
from approxir.ir.module import parse
from approxir.nearest import nearest
from approxir.passes.functions import FUNCTION, Functions, is_declaration
from approxir.passes.live import ACCESSOR
from approxir.syntax.attributes import parse_attribute
from approxir.values import (
    FunctionType,
    IntegerAttr,
    MemRefType,
    StringAttr,
    TypeAttr,
    UnitAttr,
)
from approxir.values.types import I64

if TYPE_CHECKING:
    from approxir.codegen.prepare import Prepared
    from approxir.ir.module import Module
    from approxir.ir.operation import Operation
    from approxir.ir.symbols import SymbolTable

PREFIX = "__approx_"
ALLOCATIONS = ("memref.alloc", "memref.dealloc", "memref.realloc")
"""By what a module manages memory itself."""


class Exporter:
    """Adds the code between a module and its callers to the module.

    Args:
        prepared: the module.
        externals: the functions that it declares and its callers provide.
        copies: whether arrays whose memory cannot be shared are copied for the call.
        c_name: what to call the module where its callers are C programs, which are linked with it: their
            externals are called by symbols, not by addresses that they hand over.
    """

    def __init__(
        self, prepared: Prepared, externals: Collection[str], copies: bool, c_name: str | None = None
    ) -> None:
        self.module: Module = prepared.module
        self.layout = prepared.layout
        self.copies = copies
        self.externals = externals
        self.linked = c_name is not None
        self.callers = "C" if self.linked else "Python"
        self._prefix = PREFIX if c_name is None else f"approx_{c_name}_"
        self.functions = Functions()
        self.ownership = Ownership(self.functions)
        self.table: SymbolTable = self.module.symbols
        self._before = set(prepared.original.symbols)
        self._texts: list[str] = []
        self._unsupported: dict[str, str] = {}
        self._alignments = _assumed_alignments(self.module)
        self._symbols: set[str] = set()
        self._origins: dict[tuple[str, int], frozenset[str]] = {}

    def export(self) -> Interface:
        """Add everything, and say what there is now.

        Raises:
            CompilationError: a function that is only declared is called and not among the externals, no
                function can be called from Python, or a name is not to be had.
        """
        self._rename_reserved()
        exported = {}
        parameters = self._parameters()
        for name, op in self._public.items():
            try:
                call = self._exported(op, name)
            except UnsupportedTypeError as error:
                self._unsupported[name] = f"{signature_of(op, self.functions)}: {error}"
                continue
            exported[name] = call
        if self._public and not exported:
            shown = "\n".join(f"  {reason}" for reason in self._unsupported.values())
            raise CompilationError(f"no function of this module can be called from {self.callers}:\n{shown}")
        bound = dict(self._bind_externals())
        returning = any(isinstance(p.slot, MemRefSlot) for call in exported.values() for p in call.results)
        constants = tuple(self._constants()) if returning else ()
        self._keep_allocations()
        self._hide_functions()
        self._insert()
        return Interface(
            functions=exported,
            externals=bound,
            constants=constants,
            parameters=parameters,
            layout=self.layout,
            unsupported=self._unsupported,
            origins=self._origins,
        )

    # Names.

    def _rename_reserved(self) -> None:
        """Give what the module defines other names than those of C that lowered code calls."""
        self._public = public_functions(self.module)
        for name, op in self.table.definitions.items():
            defined = not (op.name.endswith("func") and is_declaration(op))
            if name in RESERVED and (defined or name in self.externals) and not op.name.startswith("llvm."):
                self.table.rename(op, self.table.fresh_name(f"{name}.defined"))

    def _symbol(self, stem: str, name: str) -> str:
        """A symbol that is a name in C as well, and free."""
        wish = self._prefix + stem + "_" + re.sub(r"\W", "_", name, flags=re.ASCII)
        found = self.table.fresh_name(wish)
        number = 0
        while found in self._symbols:
            number += 1
            found = self.table.fresh_name(f"{wish}_{number}")
        self._symbols.add(found)
        return found

    # Functions that can be called.

    def _exported(self, op: Operation, name: str) -> CallInterface:
        held = signature_of(op, self.functions)
        # The function may have been renamed; callers know it by the old name.
        signature = Signature(name, held.inputs, held.results, held.arguments)
        inputs: list[Slot] = []
        for number, kind in enumerate(signature.inputs):
            if isinstance(kind, MemRefType):
                if self.ownership.frees(op, number):
                    raise UnsupportedTypeError(
                        f"it frees the memory of {signature.argument(number)}, which is its caller's"
                    )
                inputs.append(
                    MemRefSlot(
                        kind,
                        writes=self.ownership.writes(op, number),
                        alignment=self._alignments.get((held.name, number), 1),
                        copies=self.copies,
                    )
                )
            else:
                inputs.append(slot_of(kind))
        results = [slot_of(kind) for kind in signature.results]
        for number, slot in enumerate(results):
            if isinstance(slot, MemRefSlot):
                self._origins[name, number] = self._checked_origins(op, number)
        call = call_interface(signature, self._symbol("call", name), inputs, results)
        self._texts.append(wrappers.call_wrapper(call, held.name))
        return call

    def _checked_origins(self, op: Operation, number: int) -> frozenset[str]:
        origins = self.ownership.origins(op, number)
        if STACK in origins:
            raise UnsupportedTypeError(
                "it returns memory of its own stack (memref.alloca), which is gone by then"
            )
        if UNKNOWN in origins:
            raise UnsupportedTypeError(
                "it returns a memref that cannot be followed to where it was allocated, so that nobody could "
                "free it; let the function write to a memref that it is given"
            )
        return frozenset(origins)

    def _parameters(self) -> CallInterface | None:
        """The function that returns the array of live parameters, which the passes have added."""
        if self.layout is None or not len(self.layout):
            return None
        name = next(
            name for name in self.table.names if name.startswith(ACCESSOR) and name not in self._before
        )
        op = self.table[name]
        self._public.pop(name, None)
        held = signature_of(op, self.functions)
        call = call_interface(held, self._symbol("call", "params"), [], [slot_of(held.results[0])])
        self._texts.append(wrappers.call_wrapper(call, held.name))
        return call

    def _constants(self) -> Iterator[CallInterface]:
        """For each constant global the function that returns its address."""
        for name, op in self.table.definitions.items():
            held = op.attributes.get("type") if op.name == "memref.global" else None
            if isinstance(held, TypeAttr) and "constant" in op.attributes:
                kind = self.functions.resolved(held.value, op)
                signature = Signature(name, (), (I64,))
                call = call_interface(signature, self._symbol("global", name), [], [IntegerSlot(I64)])
                self._texts.append(wrappers.global_wrapper(call.symbol, name, str(kind)))
                yield call

    # Functions that are called.

    def _bind_externals(self) -> Iterator[tuple[str, CallInterface]]:
        declared = {
            name: op
            for name, op in self.table.definitions.items()
            if op.name == FUNCTION and is_declaration(op)
        }
        asked = {name.removesuffix(".defined"): (name, op) for name, op in declared.items()}
        for name in self.externals:
            if name not in asked:
                close = nearest(name, asked)
                known = (
                    f"; did you mean '{close}'?" if close else f"; it declares: {', '.join(asked) or 'none'}"
                )
                raise CompilationError(f"the module declares no function '{name}'{known}")
        for name, (symbol, op) in asked.items():
            if name in self.externals:
                yield name, self._external(op, name)
            elif not self.table.uses(symbol):
                op.erase(force=True)
            elif not self._in_c(op, symbol):
                shown = f"['{name}']" if self.linked else f"{{'{name}': function}}"
                found = diagnostic(
                    op,
                    None,
                    f"the function '{name}' is called, but only declared",
                    code="link",
                    hint=f"pass externals={shown}, or define it",
                )
                raise CompilationError(found.render(), (found,))

    def _in_c(self, op: Operation, name: str) -> bool:
        held = signature_of(op, self.functions)
        return is_libm(name, FunctionType(held.inputs, held.results))

    def _external(self, op: Operation, name: str) -> CallInterface:
        held = signature_of(op, self.functions)
        try:
            inputs = [slot_of(kind) for kind in held.inputs]
            results = [slot_of(kind) for kind in held.results]
            for slot in results:
                if isinstance(slot, TensorSlot) and not slot.is_static:
                    raise UnsupportedTypeError(f"the size of {slot.kind} is not known before the call")
        except UnsupportedTypeError as error:
            found = diagnostic(
                op, None, f"'{name}' cannot be a function of {self.callers}: {error}", code="link"
            )
            raise CompilationError(found.render(), (found,)) from None
        stem = "external" if self.linked else "bind"
        call = call_interface(held, self._symbol(stem, name), inputs, results)
        self._texts.append(wrappers.external_wrapper(call, self.linked))
        op.erase(force=True)
        return call

    # The module.

    def _keep_allocations(self) -> None:
        """Leave memory that the module manages to it where MLIR frees that of tensors."""
        for op in self.module.find(*ALLOCATIONS):
            op.attributes["bufferization.manual_deallocation"] = UnitAttr()

    def _hide_functions(self) -> None:
        """Make every function private to the code, so that it is compiled for the calls that there are."""
        internal = parse_attribute("#llvm.linkage<internal>")
        for op in self.module.symbol_holder.operations:
            if op.name == FUNCTION and not is_declaration(op):
                op.attributes["sym_visibility"] = StringAttr("private")
                op.attributes["llvm.linkage"] = internal

    def _insert(self) -> None:
        block = self.module.symbol_holder.blocks[0]
        added = parse("".join(self._texts), file="<interface>")
        for op in list(added.operations):
            op.detach()
            block.append(op)


def _assumed_alignments(module: Module) -> dict[tuple[str, int], int]:
    """How many bytes functions assume the memory of their arguments to be aligned to."""
    found: dict[tuple[str, int], int] = {}
    for op in module.find("memref.assume_alignment"):
        value = op.operands[0]
        around = op.parent
        if around is None or around.name != FUNCTION:
            around = next((outer for outer in op.ancestors() if outer.name == FUNCTION), None)
        held = op.attributes.get("alignment")
        if around is None or not isinstance(held, IntegerAttr):
            continue
        arguments = list(around.regions[0].blocks[0].arguments) or list(around.header_arguments)
        if value in arguments:
            key = (signature_of(around).name, arguments.index(value))
            found[key] = max(found.get(key, 1), held.value)
    return found
