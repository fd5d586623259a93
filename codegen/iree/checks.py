"""What IREE cannot take, said before it is asked, at the operation it is about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from approxir.codegen.iree.exchange import UnsupportedTypeError, check_type
from approxir.codegen.iree.host import put_for_host
from approxir.codegen.signature import Signature, public_functions, signature_of
from approxir.codegen.stablehlo_conversions import saturate_conversions
from approxir.errors import CompilationError, Diagnostic, DiagnosticError
from approxir.ir.module import Module, parse
from approxir.passes.base import PassError
from approxir.values import MemRefType, TensorType, Type, UnrankedMemRefType

if TYPE_CHECKING:
    from approxir.ir.operation import Operation

_APPROX = ("approx.", "approxMLIR.")


def check_text(text: str) -> Module:
    """A text of a module without approximations, as a module that IREE may take.

    Raises `CompilationError` where it cannot.
    """
    if not isinstance(text, str):
        raise TypeError(f"the text of a module is needed, not {type(text).__name__}")
    try:
        module = parse(text)
        for op in module.find(*_APPROX):
            raise PassError.at(
                op,
                f"IREE does not know {op.name}",
                hint="lower the approximations with approxir.compile first",
            )
        signatures_of(public_functions(module).values(), module)
        prepare_for_host(module)
    except DiagnosticError as error:
        raise CompilationError(str(error), error.diagnostics) from error
    return module


def signatures_of(functions: Iterable[Operation], module: Module) -> dict[str, Signature]:
    """The signatures of a module's functions.

    Raises `CompilationError` for a type that IREE's functions do not have, and if there are no functions.
    """
    found = {}
    for function in functions:
        signature = signature_of(function)
        for kind in (*signature.inputs, *signature.results):
            try:
                check_type(kind)
            except UnsupportedTypeError as error:
                wrong = PassError.at(function, str(error), hint=_instead(kind))
                raise CompilationError(str(wrong), wrong.diagnostics) from None
        found[signature.name] = signature
    if not found:
        message = "the module has no public function with a body, so there is nothing to compile"
        entry = Diagnostic(message, file=module.file, line=0, code="iree")
        raise CompilationError(entry.render(), (entry,))
    return found


def prepare_for_host(module: Module) -> None:
    """Rewrite what IREE would get wrong, most of it on the host.

    Raises `CompilationError` for what it cannot get right.
    """
    saturate_conversions(module)
    try:
        put_for_host(module)
    except DiagnosticError as error:
        raise CompilationError(str(error), error.diagnostics) from error


def _instead(kind: Type) -> str | None:
    if isinstance(kind, MemRefType | UnrankedMemRefType):
        return "modules on memrefs are for LLVM: use approxir.jit"
    if not isinstance(kind, TensorType):
        return "IREE's functions take tensors and numbers; approxir.jit takes more"
    return None
