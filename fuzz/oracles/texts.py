"""Oracles about text: parsing and printing."""

from __future__ import annotations

from approxir.ir.module import Module, parse
from approxir.testing.oracles.failure import OracleFailure

ROUND_TRIP = "round-trip"


def check_round_trip(module: Module | str) -> None:
    """Check that parsing and printing lose nothing.

    * What is parsed is given back byte for byte, whether all of it was read or nothing.
    * The canonical layout, printed, parsed and printed again, stays as it is; so does the generic form.
    * Both mean the same module: they have the same generic form once all values are numbered anew.

    Raises:
        OracleFailure: one of these does not hold.
        ParseError: the text is not MLIR.
    """
    text = str(module)
    whole = parse(text, lazy=False).parse_all()
    _same("a module that was parsed is printed as another text", text, str(whole))
    lazy = parse(text, lazy=True)
    _same("a module that was not read is printed as another text", text, str(lazy))
    canonical = whole.print()
    again = parse(canonical)
    _same("the canonical layout is printed differently when it is parsed", canonical, again.print())
    generic = whole.print(generic=True)
    held = parse(generic)
    _same("the generic form is printed differently when it is parsed", generic, held.print(generic=True))
    wanted = whole.print(generic=True, rename_ssa=True)
    found = again.print(generic=True, rename_ssa=True)
    _same("the canonical layout is another module", wanted, found)
    _same("the generic form is another module", wanted, held.print(generic=True, rename_ssa=True))


def _same(what: str, left: str, right: str) -> None:
    if left != right:
        raise OracleFailure(ROUND_TRIP, what, left=left, right=right)
