"""Products of matrices and their relatives, tiled and vectorized so that registers are used.

The loops of a contraction play one of four roles: they run over the batch (all three operands), over rows
(the left operand and the result), over columns (the right one and the result), or over what is summed up
(both operands). The result's last dimension is a column, so that a vector holds neighbours of one row.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from approxir.codegen.llvm.structured import Structured, ir, map_array, structured

_BODIES = (["arith.mulf", "arith.addf", "linalg.yield"], ["arith.muli", "arith.addi", "linalg.yield"])
_MARK = "approxir.contraction"
_HANDLE = "!transform.any_op"

ROW_TILES = (8, 7, 6, 5, 4)
"""How many rows a tile has: the first that divides, else rows are left over."""
COLUMN_TILES = {"f32": (32, 16), "f64": (16, 8)}
"""How many columns a tile has, for each type of elements that is vectorized: whole vectors of 512 bits."""
SUMMED_TILES = (8, 7, 6, 5, 4)
"""How many products are added before the loop goes on."""
SMALLEST = 8 * 16 * 16
"""The least number of products for which tiles pay."""

# What becomes of a tile: a product of small matrices, then sums of outer products, all in registers.
_LOWERING = """
    %functions = transform.structured.match ops{["func.func"]} in %module
      : (!transform.any_op) -> !transform.any_op
    transform.apply_patterns to %functions {
      transform.apply_patterns.vector.reduction_to_contract
      transform.apply_patterns.vector.transfer_permutation_patterns
    } : !transform.any_op
    transform.apply_patterns to %functions {
      transform.apply_patterns.vector.cast_away_vector_leading_one_dim
      transform.apply_patterns.canonicalization
    } : !transform.any_op
    transform.apply_patterns to %functions {
      transform.apply_patterns.vector.lower_contraction lowering_strategy = "outerproduct"
      transform.apply_patterns.vector.transfer_permutation_patterns
      transform.apply_patterns.vector.lower_outerproduct
      transform.apply_patterns.canonicalization
    } : !transform.any_op
"""


@dataclass(frozen=True)
class Contraction:
    """A contraction, with its loops as the three operands use them, in the order of their dimensions.

    `right` is the number of the operand whose last dimension should be the result's.
    """

    one: Structured
    left_loops: list[int]
    right_loops: list[int]
    result_loops: list[int]
    right: int

    @property
    def column(self) -> int:
        """The loop over the result's last dimension."""
        return self.result_loops[-1]

    def role(self, loop: int) -> str:
        """``batch``, ``row``, ``column`` or ``summed``."""
        if loop not in self.result_loops:
            return "summed"
        if loop in self.left_loops:
            return "batch" if loop in self.right_loops else "row"
        return "column"

    def loops(self, role: str, among: Sequence[int]) -> list[int]:
        """The loops of a role, in the order in which they are given."""
        return [loop for loop in among if self.role(loop) == role]


def is_contraction(one: Structured) -> bool:
    """Whether the body adds the product of two operands to the result."""
    if one.inputs != 2 or len(one.maps) != 3 or one.body not in _BODIES:
        return False
    block = one.op.regions[0].blocks[0]
    left, right, total = block.arguments
    product, addition, ending = [op.operation for op in block]
    return (
        _are(product.operands, left, right)
        and _are(addition.operands, total, product.results[0])
        and ending.operands[0] == addition.results[0]
    )


def _are(operands: Any, first: Any, second: Any) -> bool:
    """Whether two operands are these values, in any order."""
    found = list(operands)
    return found in ([first, second], [second, first])


def contraction(one: Structured) -> Contraction | None:
    """A ``linalg.generic`` as a contraction, if it is one whose operands are indexed by loops alone."""
    if not is_contraction(one):
        return None
    if not all(isinstance(index, ir.AffineDimExpr) for held in one.maps for index in held.results):
        return None
    left, right, result = ([index.position for index in held.results] for held in one.maps)
    if not result or any(len(set(loops)) != len(loops) for loops in (left, right, result)):
        return None
    number = 1
    if result[-1] in left:
        left, right, number = right, left, 0
    if result[-1] in left or result[-1] not in right or set(result) - set(left) - set(right):
        return None
    summed = [loop for loop in range(one.loops) if loop not in result]
    if not summed or any(loop not in left or loop not in right for loop in summed):
        return None
    return Contraction(one, left, right, result, number)


def transpose_operands(module: Any) -> None:
    """Copy each right operand whose columns do not lie side by side to one whose do."""
    for one in structured(module):
        held = contraction(one)
        if held is None or held.right_loops[-1] == held.column or None in one.sizes:
            continue
        if held.loops("row", held.result_loops):
            _transpose(held)


def _transpose(held: Contraction) -> None:
    one, loops = held.one, held.right_loops
    order = [*held.loops("batch", loops), *held.loops("summed", loops)]
    order += [*(loop for loop in held.loops("column", loops) if loop != held.column), held.column]
    value = one.op.operands[held.right]
    element, rank = value.type.element_type, len(order)
    kind = ir.RankedTensorType.get([one.sizes[loop] for loop in order], element)
    places = [ir.AffineDimExpr.get(order.index(loop)) for loop in loops]
    parallel = ir.Attribute.parse("#linalg.iterator_type<parallel>")
    with ir.InsertionPoint(one.op), one.op.location as location:
        empty = ir.Operation.create("tensor.empty", results=[kind])
        copy = ir.Operation.create(
            "linalg.generic",
            results=[kind],
            operands=[value, empty.results[0]],
            attributes={
                "indexing_maps": map_array(
                    [ir.AffineMap.get(rank, 0, places), ir.AffineMap.get_identity(rank)]
                ),
                "iterator_types": ir.ArrayAttr.get([parallel] * rank),
                "operandSegmentSizes": ir.DenseI32ArrayAttr.get([1, 1]),
            },
            regions=1,
        )
        body = copy.regions[0].blocks.append(element, element, arg_locs=[location] * 2)
        with ir.InsertionPoint(body):
            ir.Operation.create("linalg.yield", operands=[body.arguments[0]])
    one.op.operands[held.right] = copy.results[0]
    maps = list(one.maps)
    maps[held.right] = ir.AffineMap.get(one.loops, 0, [ir.AffineDimExpr.get(loop) for loop in order])
    one.op.attributes["indexing_maps"] = map_array(maps)


def vectorize_contractions(module: Any) -> None:
    """Tile contractions of known size and let vectors compute the tiles; what no tile fits stays as loops.

    The products of an element are added in their order, but each with one rounding instead of two.
    """
    steps: list[str] = []
    for one in structured(module):
        held = contraction(one)
        if held is not None:
            number = len(steps)
            script = _script(held, number)
            if script is not None:
                one.op.attributes[_MARK] = ir.IntegerAttr.get(ir.IntegerType.get_signless(64), number)
                steps.append(script)
    if not steps:
        return
    interpreter: Any = importlib.import_module("torch_mlir.dialects.transform.interpreter")
    text = "".join(
        [
            "module attributes {transform.with_named_sequence} {\n",
            f"  transform.named_sequence @__transform_main(%module: {_HANDLE}) {{\n",
            *steps,
            _LOWERING,
            "    transform.yield\n  }\n}\n",
        ]
    )
    script_module = ir.Module.parse(text)
    interpreter.apply_named_sequence(module.operation, script_module.body.operations[0], script_module)


def _script(held: Contraction, number: int) -> str | None:
    """What the transform dialect is to do with a contraction that has a mark with this number."""
    one, sizes = held.one, held.one.sizes
    rows = held.loops("row", held.result_loops)
    columns = COLUMN_TILES.get(str(one.op.results[0].type.element_type))
    if columns is None or not rows or None in sizes or held.right_loops[-1] != held.column:
        return None
    total = 1
    for size in sizes:
        total *= size or 0
    if total < SMALLEST or (sizes[held.column] or 0) < columns[-1]:
        return None
    summed = held.loops("summed", held.right_loops)
    wanted = {held.column: columns, rows[-1]: ROW_TILES, summed[-1]: SUMMED_TILES}
    tiles = [1] * one.loops
    lines = [
        f"    %c{number} = transform.structured.match attributes {{{_MARK} = {number} : i64}} in %module "
        f": ({_HANDLE}) -> {_HANDLE}\n"
    ]
    part = f"%c{number}"
    for loop, choices in wanted.items():
        size = sizes[loop]
        assert size is not None
        tiles[loop] = _tile(size, choices)
        if rest := size % tiles[loop]:
            split = f"%c{number}_{loop}"
            lines.append(
                f"    {split} = transform.structured.split {part} after {size - rest} {{dimension = {loop}}} "
                f": {_HANDLE}\n"
                f"    {split}_main, {split}_rest = transform.split_handle {split} "
                f": ({_HANDLE}) -> ({_HANDLE}, {_HANDLE})\n"
            )
            part = f"{split}_main"
    order = [
        loop for role in ("batch", "column", "row", "summed") for loop in held.loops(role, range(one.loops))
    ]
    handles = ", ".join([_HANDLE] * (one.loops + 1))
    lines.append(
        f"    %t{number}, %l{number}:{one.loops} = transform.structured.tile_using_for {part} "
        f"tile_sizes {tiles} interchange = {order} : ({_HANDLE}) -> ({handles})\n"
        f"    transform.structured.vectorize %t{number} : {_HANDLE}\n"
    )
    return "".join(lines)


def _tile(size: int, choices: Sequence[int]) -> int:
    """The first choice that divides a size, else the first that fits, else all of it."""
    dividing = next((tile for tile in choices if size % tile == 0), None)
    return dividing or next((tile for tile in choices if tile <= size), size)
