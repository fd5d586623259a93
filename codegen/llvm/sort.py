"""``stablehlo.sort`` as a merge sort of each line, which is stable."""

from __future__ import annotations

from approxir.codegen.llvm.splicing import Loops
from approxir.codegen.llvm.stablehlo_attributes import integer, scalar_region, tensor_types
from approxir.ir.operation import Operation
from approxir.passes.functions import Functions
from approxir.values import IntegerType, TensorType, Type


def expand_sort(op: Operation, functions: Functions) -> bool:
    """Replace a sort; what is not one as StableHLO defines it stays."""
    kinds = tensor_types(op.operands, op, functions)
    if not kinds or tensor_types(op.results, op, functions) != kinds:
        return False
    rank = len(kinds[0].shape)
    elements = [kind.element_type for kind in kinds]
    twice = [element for element in elements for _ in range(2)]
    if not rank or not scalar_region(op, twice, [IntegerType(1)], functions):
        return False
    dimension = integer(op, "dimension", -1) % rank
    loops = Loops(kinds, kinds)
    sizes = [loops.size("%in0", kinds[0], axis) for axis in range(rank)]
    lines = [TensorType((kind.shape[dimension],), kind.element_type) for kind in kinds]

    def window(place: list[str]) -> str:
        offsets = [*place[:dimension], loops.zero, *place[dimension:]]
        static = kinds[0].shape[dimension]
        length = sizes[dimension] if static is None else str(static)
        shape = [length if axis == dimension else "1" for axis in range(rank)]
        return f"[{', '.join(offsets)}] [{', '.join(shape)}] [{', '.join(['1'] * rank)}]"

    def line(place: list[str], carried: list[str]) -> list[str]:
        """Sort the line at a place of the other dimensions."""
        where = window(place)
        taken = [
            loops.value(f"tensor.extract_slice {value}{where} : {kind} to {short}")
            for value, kind, short in zip(carried, kinds, lines, strict=True)
        ]
        done = _merged(loops, taken, lines, sizes[dimension], elements)
        return [
            loops.value(f"tensor.insert_slice {value} into {held}{where} : {short} into {kind}")
            for value, held, kind, short in zip(done, carried, kinds, lines, strict=True)
        ]

    others = [size for axis, size in enumerate(sizes) if axis != dimension]

    def nest(place: list[str], carried: list[str]) -> list[str]:
        if len(place) == len(others):
            return line(place, carried)
        with loops.loop(
            loops.zero, others[len(place)], loops.one, list(zip(carried, kinds, strict=True))
        ) as (counter, inside, ended):
            loops.yields(nest([*place, counter], inside), kinds)
        return ended

    loops.replace(op, nest([], [f"%in{number}" for number in range(len(kinds))]))
    return True


def _merged(
    loops: Loops, taken: list[str], lines: list[TensorType], length: str, elements: list[Type]
) -> list[str]:
    """Sort lines of some length: runs of 1, 2, 4, ... elements are merged in pairs."""
    kinds = ", ".join(map(str, lines))
    arguments = ", ".join(f"%s{number}" for number in range(len(lines)))
    initial = ", ".join(f"%s{number} = {value}" for number, value in enumerate(taken))
    labels = ", ".join(f"%s{number}: {kind}" for number, kind in enumerate(lines))
    results = [loops.name() for _ in lines]
    loops.line(
        f"{loops.name()}, {', '.join(results)} = scf.while (%width = {loops.one}, {initial}) "
        f": (index, {kinds}) -> (index, {kinds}) {{"
    )
    goes_on = loops.value(f"arith.cmpi ult, %width, {length} : index")
    loops.line(f"scf.condition({goes_on}) %width, {arguments} : index, {kinds}")
    loops.line("} do {")
    loops.line(f"^bb0(%width: index, {labels}):")
    twice = loops.value("arith.addi %width, %width : index")
    last = loops.value(f"arith.subi {length}, {loops.one} : index")
    size = f"({length})" if lines[0].shape[0] is None else "()"
    empty = [loops.value(f"tensor.empty{size} : {kind}") for kind in lines]
    with loops.loop(loops.zero, length, twice, list(zip(empty, lines, strict=True))) as (low, runs, merged):
        middle = loops.value(
            f"arith.minui {loops.value(f'arith.addi {low}, %width : index')}, {length} : index"
        )
        high = loops.value(
            f"arith.minui {loops.value(f'arith.addi {low}, {twice} : index')}, {length} : index"
        )
        carried: list[tuple[str, Type | str]] = [(low, "index"), (middle, "index")]
        carried += zip(runs, lines, strict=True)
        with loops.loop(low, high, loops.one, carried) as (place, (first, second, *held), (_, _, *ended)):
            has_first = loops.value(f"arith.cmpi ult, {first}, {middle} : index")
            has_second = loops.value(f"arith.cmpi ult, {second}, {high} : index")
            # Both are read, and compared, even where there is only one.
            a = loops.value(f"arith.minui {first}, {last} : index")
            b = loops.value(f"arith.minui {second}, {last} : index")
            left = [
                loops.value(f"tensor.extract %s{number}[{a}] : {kind}") for number, kind in enumerate(lines)
            ]
            right = [
                loops.value(f"tensor.extract %s{number}[{b}] : {kind}") for number, kind in enumerate(lines)
            ]
            pairs = [value for pair in zip(right, left, strict=True) for value in pair]
            twofold = [element for element in elements for _ in range(2)]
            (less,) = loops.body(pairs, twofold, [IntegerType(1)])
            true = loops.value("arith.constant true")
            no_first = loops.value(f"arith.xori {has_first}, {true} : i1")
            wanted = loops.value(f"arith.ori {no_first}, {less} : i1")
            takes = loops.value(f"arith.andi {has_second}, {wanted} : i1")
            step = loops.value(f"arith.select {takes}, {loops.one}, {loops.zero} : index")
            rest = loops.value(f"arith.subi {loops.one}, {step} : index")
            new = [
                loops.value(f"arith.select {takes}, {y}, {x} : {element}")
                for x, y, element in zip(left, right, elements, strict=True)
            ]
            put = [
                loops.value(f"tensor.insert {value} into {run}[{place}] : {kind}")
                for value, run, kind in zip(new, held, lines, strict=True)
            ]
            following = [
                loops.value(f"arith.addi {first}, {rest} : index"),
                loops.value(f"arith.addi {second}, {step} : index"),
            ]
            loops.yields([*following, *put], ["index", "index", *lines])
        loops.yields(ended, lines)
    loops.yields([twice, *merged], ["index", *lines])
    loops.line("}")
    return results
