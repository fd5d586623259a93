"""C functions, compiled by the system's compiler and called as functions of a module are.

    exact = c_function("pagerank.c", kernel.pagerank.signature)
    exact(n, offsets, targets, ranks)
    exact.time(n, offsets, targets, ranks)

The C function has the name and the arguments of the module's: a ``memref<...xf32>`` is a ``float *`` to its
first element, an ``index`` an ``int64_t``. Arguments are checked as for the module's own function, and a call
costs the same, so that the times of the two can be compared.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection
from pathlib import Path

from approxir.codegen.iree.cache import default_cache, key_of
from approxir.codegen.llvm.c_compiler import CCompiler
from approxir.codegen.llvm.c_values import element_type
from approxir.codegen.llvm.calls import CompiledFunction, Memory, Native
from approxir.codegen.llvm.interface import CallInterface, call_interface, slot_of
from approxir.codegen.llvm.memory_slots import MemRefSlot
from approxir.codegen.llvm.processors import fingerprint
from approxir.codegen.llvm.shared import Library
from approxir.codegen.llvm.slots import IntegerSlot, NumberSlot, Slot, UnsupportedTypeError
from approxir.codegen.signature import Signature
from approxir.errors import CompilationError

FLAGS = ("-std=gnu11", "-O3", "-march=native", "-ffp-contract=off", "-fno-math-errno")
"""How C is compiled: for speed on this processor, and to the same numbers as a module.

Without ``-ffp-contract=off`` gcc rounds a product and a sum together once, where a module rounds twice.
``-fno-math-errno`` lets a square root be one instruction, as it is in a module, and changes no result.
"""

_SYMBOL = "approx_yardstick_"
_STRICT = (
    "-Werror=implicit-function-declaration",
    "-Werror=incompatible-pointer-types",
    "-Werror=int-conversion",
)


def c_function(
    source: str | os.PathLike[str], signature: Signature, *, writes: Collection[int] | None = None
) -> CompiledFunction:
    """A function that a C file defines, under the name and with the arguments of a function of a module.

    Args:
        source: the file; what it includes is looked for beside it, too.
        signature: the module's function, of numbers and of memrefs without gaps, with at most one number as
            its result.
        writes: the numbers of the arguments that the function writes to, counted from 0; arrays for the
            others may be read-only. By default all.

    What was compiled is kept in the cache. Raises `OSError` for a file that cannot be read,
    `MissingDependencyError` without a compiler, `UnsupportedTypeError` for other types, and
    `CompilationError` for what the compiler refuses, a function with other arguments included.
    """
    path = Path(source).absolute()
    path.read_bytes()
    call = _interface(signature, writes)
    library = Library(_compiled(path, call))
    return CompiledFunction(
        call, Native(library.address(_SYMBOL), library), Memory(frozenset(), library, None)
    )


def declaration(signature: Signature) -> str:
    """The declaration of the C function for a function of a module. Raises `UnsupportedTypeError`."""
    return _declaration(_interface(signature, None))


def _interface(signature: Signature, writes: Collection[int] | None) -> CallInterface:
    inputs: list[Slot] = []
    for number, kind in enumerate(signature.inputs):
        slot = slot_of(kind)
        if isinstance(slot, MemRefSlot):
            if slot.kind.layout is not None:
                raise UnsupportedTypeError(
                    f"{signature.argument(number)} of {signature.name}: {kind} is no plain array in C"
                )
            slot = MemRefSlot(slot.kind, writes=writes is None or number in writes)
        elif not isinstance(slot, IntegerSlot | NumberSlot):
            raise UnsupportedTypeError(
                f"{signature.argument(number)} of {signature.name}: {kind} is neither a number nor a memref"
            )
        inputs.append(slot)
    results = [slot_of(kind) for kind in signature.results]
    if len(results) > 1 or not all(isinstance(slot, IntegerSlot | NumberSlot) for slot in results):
        raise UnsupportedTypeError(
            f"{signature.name} returns more than a number, which no function of C that is called like it does"
        )
    return call_interface(signature, _SYMBOL, inputs, results)


def _compiled(path: Path, call: CallInterface) -> bytes:
    """The library with the function and what calls it with a frame."""
    compiler = CCompiler()
    cache = default_cache()
    with tempfile.TemporaryDirectory(prefix="approxir-") as folder:
        caller, target = Path(folder, "caller.c"), Path(folder, "library.so")
        caller.write_text(_caller(call), encoding="utf-8")
        # Both are one source, so that the compiler sees whether the arguments fit.
        options = [*FLAGS, *_STRICT, "-include", str(path)]
        try:
            text = compiler.preprocessed(caller, options)
            key = key_of("c-function-1", compiler.version(), fingerprint(), " ".join(options[:-1]), text)
            held = cache.get(key)
            if held is None:
                compiler.compile_shared(caller, target, options)
                held = target.read_bytes()
                cache.put(key, held)
        except CompilationError as error:
            raise CompilationError(
                f"{path}: the C function is to be\n  {_declaration(call)}\n{error}"
            ) from None
    return held


def _caller(call: CallInterface) -> str:
    """The C function that takes the arguments out of a frame, calls, and puts the result into it."""
    arguments = []
    for place in call.inputs:
        kind = _type(place.slot)
        # Of a descriptor the second pointer is the one to count from; offsets are 0 here.
        at = place.offset + 8 if isinstance(place.slot, MemRefSlot) else place.offset
        arguments.append(f"*({kind} *)(frame_ + {at})")
    called = f"{call.signature.name}({', '.join(arguments)})"
    for place in call.results:
        called = f"*({_type(place.slot)} *)(frame_ + {place.offset}) = {called}"
    return (
        "#include <stdbool.h>\n#include <stdint.h>\n"
        # Numbers that the function takes as others must not change on the way.
        '#pragma GCC diagnostic error "-Wconversion"\n'
        f"void {_SYMBOL}(char *frame_) {{\n  {called};\n}}\n"
    )


def _declaration(call: CallInterface) -> str:
    names = call.signature.arguments or (None,) * len(call.inputs)
    arguments = []
    for place, name in zip(call.inputs, names, strict=True):
        kind = _type(place.slot)
        space = "" if kind.endswith("*") else " "
        arguments.append(f"{kind}{space}{name}" if name else kind.rstrip())
    result = _type(call.results[0].slot) if call.results else "void"
    return f"{result} {call.signature.name}({', '.join(arguments) or 'void'});"


def _type(slot: Slot) -> str:
    if isinstance(slot, MemRefSlot):
        return f"{element_type(slot.kind.element_type)} *"
    return element_type(slot.kind)
