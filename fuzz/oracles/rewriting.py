"""Oracles about passes: what must hold of any rewriting, whatever it is for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from approxir.ir.module import Module, parse
from approxir.ir.operation import Operation
from approxir.ir.symbols import own_symbol, references
from approxir.ir.verify.approx import PREFIXES
from approxir.passes.base import Pass, PassError
from approxir.passes.pipeline import run_pipeline
from approxir.passes.wrappers import INTERNAL
from approxir.testing.oracles.failure import OracleFailure

CHANGED, IDEMPOTENT, DETERMINISTIC, CONSISTENT = "changed", "idempotent", "deterministic", "consistent"
ISOLATED, INTERFACE, COMPLETE, COMPOSITION = "isolated", "interface", "complete", "composition"

Pipeline = str | Sequence[str | Pass]


def check_changed(before: str, after: str, changed: bool, *, name: str = "the pass") -> None:
    """Check that a pass that says whether it changed anything says the truth. Raises `OracleFailure`."""
    if changed == (before != after):
        return
    what = (
        "says that it changed nothing, and did"
        if not changed
        else "says that it changed something, and did not"
    )
    raise OracleFailure(CHANGED, f"{name} {what}", left=before, right=after)


def check_idempotent(after: str, again: str, *, name: str = "the pass") -> None:
    """Check that a second run, on the text `after`, changed nothing. Raises `OracleFailure`."""
    if after != again:
        names = ("after one run", "after two runs")
        raise OracleFailure(
            IDEMPOTENT, f"{name} changes its own result", left=after, right=again, names=names
        )


def check_same_result(first: str, second: str, *, name: str = "the pass") -> None:
    """Check that two runs on the same module made the same of it. Raises `OracleFailure`."""
    if first != second:
        raise OracleFailure(
            DETERMINISTIC,
            f"{name} makes something else of the same module the second time",
            left=first,
            right=second,
            names=("the first time", "the second time"),
        )


def check_consistent(module: Module) -> None:
    """Check the links of a tree, and that its text says the same as the tree does.

    * Every operand is a use of its value by that operation, and every use is an operand.
    * Every operation stands in the block that says so, and every block in its region.
    * The text, parsed, has the same operations in the same places, with the same numbers of operands and
      results, and results of the same types.

    Raises `OracleFailure`.
    """
    operations = list(module.walk())
    for op in operations:
        _check_links(op)
    text = str(module)
    mirrored = list(parse(text, lazy=False).walk())
    if len(operations) != len(mirrored):
        message = f"the tree has {len(operations)} operations, its text {len(mirrored)}"
        raise OracleFailure(CONSISTENT, message, where=text)
    for op, other in zip(_in_text_order(module), _in_text_order(parse(text, lazy=False)), strict=True):
        left, right = _shape(op), _shape(other)
        if left != right:
            message = f"{op.name} is {left} in the tree and {right} in its text"
            raise OracleFailure(CONSISTENT, message, where=str(other))


def _check_links(op: Operation) -> None:
    def wrong(message: str) -> OracleFailure:
        return OracleFailure(CONSISTENT, message, where=str(op))

    for value in op.operands:
        if op not in value.users:
            raise wrong(f"%{value.name} does not know that {op.name} uses it")
    for result in op.results:
        for user in result.users:
            if result not in list(user.operands):
                raise wrong(f"%{result.name} has a use in {user.name}, which uses something else")
    for region in op.regions:
        if region.operation is not op:
            raise wrong(f"a region of {op.name} belongs to another operation")
        for block in region.blocks:
            if block.region is not region:
                raise wrong(f"a block in {op.name} belongs to another region")
            for inner in block:
                if inner.block is not block:
                    raise wrong(f"{inner.name} in {op.name} belongs to another block")


def _in_text_order(module: Module) -> Iterator[Operation]:
    """The operations, the regions of a switch that was made in the order in which they are printed."""
    pending: list[Iterator[Operation]] = [iter(module.operations)]
    while pending:
        op = next(pending[-1], None)
        if op is None:
            pending.pop()
            continue
        yield op
        regions = list(op.regions)
        if op.name == "scf.index_switch" and op.is_generic:
            regions = [*regions[1:], *regions[:1]]
        for region in reversed(regions):
            for block in reversed(region.blocks):
                pending.append(iter(block.operations))


def _shape(op: Operation) -> tuple[object, ...]:
    return op.name, len(op.operands), len(op.results), [str(result.type) for result in op.results]


def check_isolated(
    before: Module | str, after: Module | str, *, annotated: Iterable[str] | None = None
) -> None:
    """Check that functions which nothing annotates came out byte for byte as they went in.

    Args:
        before: the module before lowering.
        after: the module afterwards.
        annotated: the functions that may change; by default those that annotations name, and those that hold
            an operation of the approx dialect.

    Raises `OracleFailure`.
    """
    held = _read(before)
    text = str(after)
    touched = set(annotated_functions(held) if annotated is None else annotated)
    for op in held.find("func.func"):
        symbol = own_symbol(op)
        if symbol is None or symbol.name in touched:
            continue
        wanted = str(op)
        if wanted not in text:
            found = next(
                (str(other) for other in _read(after).find("func.func") if own_symbol(other) == symbol), ""
            )
            message = f"@{symbol.name}, which no annotation names, was changed or dropped"
            raise OracleFailure(ISOLATED, message, where=f"@{symbol.name}", left=wanted, right=found)


def annotated_functions(module: Module) -> set[str]:
    """The names of functions that annotations name, or that hold operations of the approx dialect."""
    from approxir.dialects.approx.ops import AnnotationOp, view

    found: set[str] = set()
    for op in module.find(*PREFIXES):
        held = view(op)
        if isinstance(held, AnnotationOp) and held.func_name is not None:
            found.add(held.func_name)
        for outer in op.ancestors():
            symbol = own_symbol(outer) if outer.name == "func.func" else None
            if symbol is not None:
                found.add(symbol.name)
    return found


def _read(module: Module | str) -> Module:
    return parse(module) if isinstance(module, str) else module


def check_interface(before: Module | str, after: Module | str) -> None:
    """Check that a module offers the same functions afterwards, and no others.

    Every public function has the same type, and its arguments and results the attributes that they had; every
    function that passes made is private. Private functions may come and go.

    Raises `OracleFailure`.
    """
    left, right = (_interface(_read(one)) for one in (before, after))
    if left != right:
        differing = sorted(name for name in left.keys() | right.keys() if left.get(name) != right.get(name))
        shown = [
            "\n".join(f"@{name}: {held[name]}" for name in differing if name in held)
            for held in (left, right)
        ]
        message = f"the public function @{differing[0]} is not what it was"
        raise OracleFailure(INTERFACE, message, where=f"@{differing[0]}", left=shown[0], right=shown[1])


def _interface(module: Module) -> dict[str, str]:
    found: dict[str, str] = {}
    for op in module.find("func.func"):
        symbol = own_symbol(op)
        held = dict(op.attributes.items())
        if symbol is None or str(held.get("sym_visibility", '"public"')) != '"public"':
            continue
        path = [symbol.name]
        for outer in op.ancestors():
            around = own_symbol(outer)
            if around is not None:
                path.append(around.name)
        told = [f"{key} = {held[key]}" for key in sorted(held) if key not in ("sym_name", "sym_visibility")]
        found["::".join(reversed(path))] = ", ".join(told)
    return found


def check_complete(module: Module | str, before: Module | str | None = None) -> None:
    """Check that nothing of the approx dialect is left, neither operations nor attributes or marks.

    Args:
        module: a module that was lowered.
        before: what it was; then a private function that is not in this, and to which nothing outside of
            itself refers, counts as left over, too. ``__internal_F``, which stays when all of its calls are
            substituted, does not.

    Raises `OracleFailure`.
    """
    text = str(module)
    held = _read(module)
    if before is not None:
        _check_used(held, _read(before))
    left = held.find(*PREFIXES)
    if left:
        raise OracleFailure(COMPLETE, f"{left[0].name} is left over", where=str(left[0]))
    if not any(prefix in text for prefix in PREFIXES):
        return
    # A comment or a string may mention the dialect.
    for op in held.walk():
        mark = next((key for key in op.attributes if key.startswith(tuple(PREFIXES))), None)
        if mark is not None:
            raise OracleFailure(COMPLETE, f"the mark {mark} is left over on {op.name}", where=str(op))


def _check_used(module: Module, before: Module) -> None:
    known = {symbol.name for op in before.find("func.func") if (symbol := own_symbol(op)) is not None}
    made = {}
    for op in module.find("func.func"):
        symbol = own_symbol(op)
        if symbol is None or symbol.name in known or symbol.name.startswith(INTERNAL):
            continue
        if symbol.visibility == "private":
            made[symbol.name] = op
    if not made:
        return
    for op in module.walk():
        for use in references(op):
            name = (use.reference.root, *use.reference.nested)[use.position]
            if name in made and made[name] not in op.ancestors():
                del made[name]
    for name, op in made.items():
        message = f"@{name}, which was made, is left over: nothing refers to it"
        raise OracleFailure(COMPLETE, message, where=str(op))


def check_composition(text: str, pipeline: Sequence[str | Pass], whole: Module | str | None = None) -> str:
    """Check that passes one by one, printed and parsed in between, make what they make together.

    Each has to say truly whether it changed anything, too.

    Args:
        text: a module.
        pipeline: the passes.
        whole: what they made together, if that is known.

    Returns:
        What they make.

    Raises:
        OracleFailure: they do not make the same, or one of them alone cannot do what together they do.
        PassError: together they cannot do what the module asks for.
    """
    if whole is None:
        whole = parse(text)
        run_pipeline(whole, pipeline)
    current = text
    for step in pipeline:
        module = parse(current)
        try:
            changed = run_pipeline(module, [step])
        except PassError as error:
            message = f"together the passes make something; one by one, {step} refuses: {error.message}"
            raise OracleFailure(COMPOSITION, message, where=current) from error
        made = str(module)
        check_changed(current, made, changed, name=step if isinstance(step, str) else step.name)
        current = made
    left = parse(str(whole)).print(rename_ssa=True)
    right = parse(current).print(rename_ssa=True)
    if left != right:
        names = ("together", "one by one")
        raise OracleFailure(
            COMPOSITION, "the passes one by one make something else", left=left, right=right, names=names
        )
    return current
