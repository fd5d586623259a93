"""What code executes shows in memory: calls of states, checks and recoveries, and iterations of loops."""

from __future__ import annotations

from itertools import count

from approxir.dialects.approx.ops import DecisionTreeAnnotation, TryAnnotation, TryOp, view
from approxir.ir.building import Builder
from approxir.ir.module import Module, parse
from approxir.ir.operation import Operation
from approxir.ir.ssa import Value
from approxir.ir.verify.approx import PREFIXES
from approxir.passes.calls import constant, constant_index
from approxir.testing.oracles.rewriting import annotated_functions
from approxir.values import (
    FloatType,
    IndexType,
    IntegerType,
    MemRefType,
    StringAttr,
    SymbolRefAttr,
    TensorType,
    Type,
    TypeAttr,
)
from approxir.values.elements import dense_tensor

_I32, _I64, _F64 = IntegerType(32), IntegerType(64), FloatType("f64")
_CALLS = "calls_counted"
_NAMES: dict[Type, str] = {_I32: "iterations_seen", _I64: "integers_seen", _F64: "floats_seen"}
_LOOPS = ("scf.for", "scf.while", "affine.for")
"""Loops whose bodies run one iteration after the other, and may write."""
_PARALLEL = frozenset({"scf.parallel", "affine.parallel"})
_FACTOR = 31


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
    name = _global(module, _CALLS, len(functions), _I32)
    for number, function in enumerate(functions):
        build = Builder.at_start(function.regions[0].blocks[0])
        array = _array(build, name, len(functions), _I32)
        place = constant_index(build, number)
        calls = build.create("memref.load", [array, place], [_I32]).result
        more = build.create("arith.addi", [calls, constant(build, 1, _I32)], [_I32]).result
        build.create("memref.store", [more, array, place])
    return str(module)


def with_traces(text: str) -> str:
    """A module in which loops of annotated functions, and of those with knobs, note what they do.

    Each iteration multiplies an element of a global by 31 and adds its counter, and behind a loop its results
    are stored in globals: iterations that were left out, or done in another order, and wrong sums are seen
    even where no result of a function depends on them. Nothing reads these globals. Loops inside of parallel
    ones are left alone, since nothing may be written there. The text is the same where there is no loop to
    trace.
    """
    module = parse(text)
    table = module.symbols
    functions = [table[name] for name in sorted(annotated_functions(module)) if name in table]
    found = {function: loops for function in functions if (loops := _loops(function))}
    counted = sum(len(loops) for loops in found.values())
    if not counted:
        return text
    results = [result for loops in found.values() for op, _ in loops for result in op.results]
    sizes: dict[Type, int] = {_I32: counted}
    for kind in (_I64, _F64):
        sizes[kind] = sum(_widened(result) == kind for result in results)
    names = {kind: _global(module, _NAMES[kind], size, kind) for kind, size in sizes.items() if size}
    places = {kind: count() for kind in sizes}
    for function, loops in found.items():
        # Here, as what stands in a knob may not name globals for MLIR.
        build = Builder.at_start(function.regions[0].blocks[0])
        arrays = {kind: _array(build, name, sizes[kind], kind) for kind, name in names.items()}
        for op, counter in loops:
            inside = Builder.at_start(op.regions[-1].blocks[0])
            place = constant_index(inside, next(places[_I32]))
            seen = inside.create("memref.load", [arrays[_I32], place], [_I32]).result
            turned = inside.create("arith.muli", [seen, constant(inside, _FACTOR, _I32)], [_I32]).result
            more = inside.create("arith.addi", [turned, _as(inside, counter, _I32)], [_I32]).result
            inside.create("memref.store", [more, arrays[_I32], place])
            behind = Builder.after(op)
            for result in op.results:
                wide = _widened(result)
                if wide is not None:
                    place = constant_index(behind, next(places[wide]))
                    behind.create("memref.store", [_as(behind, result, wide), arrays[wide], place])
    return str(module)


def _loops(function: Operation) -> list[tuple[Operation, Value]]:
    """The loops in a function, each with what tells its iterations apart."""
    if function.name != "func.func":
        return []
    found = [(op, counter) for op in function.walk() if (counter := _counter(op)) is not None]
    return [
        (op, counter) for op, counter in found if _PARALLEL.isdisjoint(outer.name for outer in op.ancestors())
    ]


def _global(module: Module, name: str, size: int, kind: Type) -> str:
    """Put an array of zeros first in a module. Returns its name."""
    zero = 0.0 if isinstance(kind, FloatType) else 0
    made = Operation.create(
        "memref.global",
        properties={
            "sym_name": StringAttr(name),
            "sym_visibility": StringAttr("private"),
            "type": TypeAttr(MemRefType((size,), kind)),
            "initial_value": dense_tensor([zero] * size, TensorType((size,), kind)),
        },
    )
    return module.symbols.insert(made, before=next(iter(module.symbol_holder.operations), None))


def _array(build: Builder, name: str, size: int, element: Type) -> Value:
    kind = MemRefType((size,), element)
    return build.create("memref.get_global", [], [kind], properties={"name": SymbolRefAttr(name)}).result


def _counter(op: Operation) -> Value | None:
    """What tells the iterations of a loop apart; None for anything else."""
    if op.name not in _LOOPS:
        return None
    arguments = op.regions[-1].blocks[0].arguments
    return next((one for one in arguments if isinstance(one.type, IntegerType | IndexType)), None)


def _widened(value: Value) -> Type | None:
    """The type as which a value is stored; None for those that are not."""
    if isinstance(value.type, IntegerType | IndexType):
        return _I64
    return _F64 if isinstance(value.type, FloatType) else None


def _as(build: Builder, value: Value, kind: Type) -> Value:
    """A value as another type; as one of fewer bits, its last ones."""
    if value.type == kind:
        return value
    if isinstance(value.type, IndexType):
        name = "arith.index_cast"
    elif isinstance(kind, FloatType):
        name = "arith.extf"
    else:
        assert isinstance(value.type, IntegerType)
        assert isinstance(kind, IntegerType)
        name = "arith.trunci" if value.type.width > kind.width else "arith.extsi"
    return build.create(name, [value], [kind]).result


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
