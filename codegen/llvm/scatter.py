"""``stablehlo.scatter`` as loops over the updates, in their order."""

from __future__ import annotations

from approxir.codegen.llvm.splicing import Loops
from approxir.codegen.llvm.stablehlo_attributes import list_in, number_in, scalar_region, tensor_types
from approxir.ir.operation import Operation
from approxir.passes.functions import Functions


def expand_scatter(op: Operation, functions: Functions) -> bool:
    """Replace a scatter; what is not one as StableHLO defines it stays."""
    operands, results = tensor_types(op.operands, op, functions), tensor_types(op.results, op, functions)
    numbers = op.attributes.get("scatter_dimension_numbers")
    if operands is None or results is None or numbers is None:
        return False
    count = len(results)
    if len(operands) != 2 * count + 1:
        return False
    indices, updates = operands[count], operands[count + 1 :]
    elements = [kind.element_type for kind in results]
    if not scalar_region(op, [*elements, *(kind.element_type for kind in updates)], elements, functions):
        return False
    windows = list_in(numbers, "update_window_dims")
    removed = [*list_in(numbers, "inserted_window_dims"), *list_in(numbers, "input_batching_dims")]
    vector = number_in(numbers, "index_vector_dim")
    mapped = list_in(numbers, "scatter_dims_to_operand_dims")
    batching = list_in(numbers, "input_batching_dims")
    indices_batching = list_in(numbers, "scatter_indices_batching_dims")

    loops = Loops(operands, results)
    rank = len(updates[0].shape)
    ends = [loops.size(f"%in{count + 1}", updates[0], axis) for axis in range(rank)]
    sizes = [loops.size("%in0", results[0], axis) for axis in range(len(results[0].shape))]
    inner = [axis for axis in range(len(sizes)) if axis not in removed]

    def element(place: list[str], carried: list[str]) -> list[str]:
        """One update, at a place in the updates."""
        batch = [index for axis, index in enumerate(place) if axis not in windows]
        at: list[str] = [loops.zero] * len(sizes)
        for number, axis in enumerate(mapped):
            where = list(batch)
            if vector < len(indices.shape):
                where.insert(vector, loops.value(f"arith.constant {number} : index"))
            held = loops.value(f"tensor.extract %in{count}[{', '.join(where)}] : {indices}")
            at[axis] = loops.index(held, indices.element_type)
        for axis, other in zip(batching, indices_batching, strict=True):
            at[axis] = batch[other - (other > vector)]
        for axis, window in zip(inner, windows, strict=True):
            at[axis] = loops.value(f"arith.addi {at[axis]}, {place[window]} : index")
        inside = loops.value("arith.constant true")
        for index, size in zip(at, sizes, strict=True):
            # Without signs, so that a negative index is too large.
            fits = loops.value(f"arith.cmpi ult, {index}, {size} : index")
            inside = loops.value(f"arith.andi {inside}, {fits} : i1")
        names = [loops.name() for _ in results]
        kinds = ", ".join(map(str, results))
        loops.line(f"{', '.join(names)} = scf.if {inside} -> ({kinds}) {{")
        old = [
            loops.value(f"tensor.extract {value}[{', '.join(at)}] : {kind}")
            for value, kind in zip(carried, results, strict=True)
        ]
        new = [
            loops.value(f"tensor.extract %in{count + 1 + number}[{', '.join(place)}] : {kind}")
            for number, kind in enumerate(updates)
        ]
        values = loops.body([*old, *new], [*elements, *(kind.element_type for kind in updates)], elements)
        changed = [
            loops.value(f"tensor.insert {value} into {held}[{', '.join(at)}] : {kind}")
            for value, held, kind in zip(values, carried, results, strict=True)
        ]
        loops.yields(changed, results)
        loops.line("} else {")
        loops.yields(carried, results)
        loops.line("}")
        return names

    def nest(place: list[str], carried: list[str]) -> list[str]:
        if len(place) == rank:
            return element(place, carried)
        with loops.loop(
            loops.zero, ends[len(place)], loops.one, list(zip(carried, results, strict=True))
        ) as (counter, inside, ended):
            loops.yields(nest([*place, counter], inside), results)
        return ended

    loops.replace(op, nest([], [f"%in{number}" for number in range(count)]))
    return True
