"""Oracles about validity: what approxir's verifier says, and what a real MLIR says."""

from __future__ import annotations

from collections.abc import Sequence

from approxir.codegen.upstream import ANY, verify_text
from approxir.errors import Diagnostic
from approxir.ir.module import Module, parse
from approxir.testing.oracles.failure import OracleFailure

VALID, UPSTREAM, VERIFIER = "valid", "upstream", "verifier"


def check_valid(module: Module | str) -> None:
    """Check that approxir's verifier accepts a module, as `approxir.Module.verify` does.

    Raises:
        OracleFailure: it does not; with the first three of its diagnostics.
        ParseError: the text is not MLIR.
    """
    held = parse(module, lazy=False) if isinstance(module, str) else module
    found = held.diagnostics()
    if found:
        raise OracleFailure(VALID, f"the module is not valid: {found[0].message}", where=_shown(found))


def check_upstream(module: Module | str, *, using: str = ANY) -> None:
    """Check that a real MLIR accepts a module, which it is given as it is.

    Args:
        module: a module; where it has operations of the approx dialect, their generic form is asked about.
        using: which real MLIR, as `approxir.codegen.upstream` names them.

    Raises:
        OracleFailure: it does not.
        MissingDependencyError: none is installed.
        UpstreamError: it crashed or did not answer in time.
    """
    found = _errors(_for_upstream(module), using)
    if found:
        message = f"a real MLIR refuses the module: {found[0].message}"
        raise OracleFailure(UPSTREAM, message, where=_shown(found))


def check_verifier_agreement(module: Module | str, *, using: str = ANY) -> bool:
    """Check that approxir accepts a module exactly if a real MLIR does, and return whether they do.

    approxir checks names, dominance, blocks, signatures, symbols and types, but not the rules that single
    operations have of their own: for modules that may break those, only `check_valid` on what a real MLIR
    accepts is a fair question.

    Raises as `check_upstream` does.
    """
    text = str(module)
    ours = parse(text, lazy=False).diagnostics()
    theirs = _errors(_for_upstream(text) if not ours else text, using)
    if ours and not theirs:
        message = f"approxir refuses a module that a real MLIR accepts: {ours[0].message}"
        raise OracleFailure(VERIFIER, message, where=_shown(ours))
    if theirs and not ours:
        message = f"approxir accepts a module that a real MLIR refuses: {theirs[0].message}"
        raise OracleFailure(VERIFIER, message, where=_shown(theirs))
    return not ours


def _for_upstream(module: Module | str) -> str:
    text = str(module)
    if "approx." not in text and "approxMLIR." not in text:
        return text
    # A real MLIR does not know the dialect, whose generic form it takes for that of an unknown one.
    return parse(text).print(generic=True)


def _errors(text: str, using: str) -> list[Diagnostic]:
    return [found for found in verify_text(text, using=using) if found.severity == "error"]


def _shown(found: Sequence[Diagnostic]) -> str:
    return "\n".join([one.render() for one in found[:3]])
