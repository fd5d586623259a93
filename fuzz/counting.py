"""Counters of calls: how often a state, a check or a recovery was computed shows in memory."""

from __future__ import annotations

from approxir.dialects.approx.ops import DecisionTreeAnnotation, TryAnnotation, TryOp, view
from approxir.ir.building import Builder
from approxir.ir.module import Module, parse
from approxir.ir.operation import Operation
from approxir.ir.verify.approx import PREFIXES
from approxir.passes.calls import constant, constant_index
from approxir.values import IntegerType, MemRefType, StringAttr, SymbolRefAttr, TensorType, TypeAttr
from approxir.values.elements import dense_tensor

_I32 = IntegerType(32)
_NAME = "calls_counted"


def with_counters(text: str) -> str:
    """A module in which functions that annotations and tries call add one to an element of a global first.

    A pass that calls a function twice, or not at all, is then told from a right one even where the function
    does nothing else that can be seen. Nothing reads the global. The text is the same where there is no such
    function.
    """
    module = parse(text)
    functions = _functions(module)
    if not functions:
        return text
    table = module.symbols
    kind = MemRefType((len(functions),), _I32)
    initial = dense_tensor([0] * len(functions), TensorType((len(functions),), _I32))
    counters = Operation.create(
        "memref.global",
        properties={
            "sym_name": StringAttr(_NAME),
            "sym_visibility": StringAttr("private"),
            "type": TypeAttr(kind),
            "initial_value": initial,
        },
    )
    name = table.insert(counters, before=next(iter(module.symbol_holder.operations), None))
    for number, function in enumerate(functions):
        build = Builder.at_start(function.regions[0].blocks[0])
        array = build.create("memref.get_global", [], [kind], properties={"name": SymbolRefAttr(name)}).result
        place = constant_index(build, number)
        count = build.create("memref.load", [array, place], [_I32]).result
        more = build.create("arith.addi", [count, constant(build, 1, _I32)], [_I32]).result
        build.create("memref.store", [more, array, place])
    return str(module)


def _functions(module: Module) -> list[Operation]:
    """The functions with bodies that annotations and tries name, each once."""
    names: dict[str, None] = {}
    for op in module.find(*PREFIXES):
        held = view(op)
        wanted: list[str | None] = []
        if isinstance(held, DecisionTreeAnnotation):
            wanted = [held.state_function]
        elif isinstance(held, TryAnnotation):
            wanted = [held.checker, held.recover]
        elif isinstance(held, TryOp):
            wanted = [held.recover]
        names.update(dict.fromkeys([name for name in wanted if name is not None]))
    table = module.symbols
    found = [table[name] for name in names if name in table]
    return [op for op in found if op.name == "func.func" and op.regions and op.regions[0].blocks]
