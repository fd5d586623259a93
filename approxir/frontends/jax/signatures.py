"""The signature of an exported function: which arguments it has, in which order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from approxir.frontends.errors import FrontendError
from approxir.ir.blocks import Block, Region
from approxir.ir.building import Builder
from approxir.ir.cloning import inline_block
from approxir.ir.module import Module
from approxir.ir.operation import Operation
from approxir.ir.ssa import Value
from approxir.values import (
    ArrayAttr,
    Attribute,
    DenseElementsAttr,
    DictAttr,
    FunctionType,
    IntegerType,
    StringAttr,
    SymbolRefAttr,
    TensorType,
    Type,
    TypeAttr,
)

_FUNCTION = "func.func"
_SYMBOL = "jax.global_constant"
_RESULT = "jax.result_info"
_INHERENT = ("sym_name", "function_type", "sym_visibility", "arg_attrs", "res_attrs")


@dataclass(frozen=True)
class Place:
    """An argument that the exported function is to have.

    Attributes:
        label: how the text calls it.
        name: the name of the argument, if it is one integer.
        source: which of the arguments that JAX gives the function, dimensions not counted; None for an
            integer that is a dimension there.
        shape: its sizes as JAX spells them, symbols included.
        dtype: its type as JAX spells it.
    """

    label: str
    name: str | None
    source: int | None
    shape: tuple[str, ...]
    dtype: str


def inline_only_call(module: Module, name: str) -> None:
    """While all that a function does is to call another one, put the body of that in its place.

    This is what becomes of functions that were jitted already: what a transform looks for has to stand in the
    function itself.
    """
    while True:
        table = module.symbols
        block: Block = table[name].regions[0].blocks[0]
        call, last = block.first, block.last
        if call is None or last is None or call.next is not last or call.name != "func.call":
            return
        callee = call.attributes.get("callee")
        if not isinstance(callee, SymbolRefAttr) or list(last.operands) != list(call.results):
            return
        target = table[callee.root]
        if len(table.uses(target)) != 1 or len(target.regions[0].blocks) != 1:
            return
        arguments = list(call.operands)
        values = inline_block(target.regions[0].blocks[0], call, arguments)
        call.replace_with(*values)
        target.erase(force=True)


def give_signature(
    module: Module,
    name: str,
    places: Sequence[Place],
    argument_of: Callable[[str], str | None],
) -> None:
    """Give a function the arguments `places`.

    What JAX gives it are the values of dimensions and then what it was traced with, in which the sources are
    counted. `argument_of` tells which integer argument a dimension stands for. The value of another dimension
    is the size of an array that has it. Raises `FrontendError` where none has.
    """
    function = module.symbols[name]
    old = list(function.regions[0].blocks[0].arguments)
    attrs = _argument_attributes(function, len(old))
    symbols = [_symbol(held) for held in attrs]
    count = sum(symbol is not None for symbol in symbols)
    sources = [None if place.source is None else count + place.source for place in places]
    types = [
        _integer(place.dtype) if source is None else _known(old[source])
        for place, source in zip(places, sources, strict=True)
    ]
    block = Block.create(types, names=[place.label for place in places])
    for number, source in enumerate(sources):
        if source is not None:
            old[source].replace_all_uses_with(block.arguments[number])
    build = Builder.at_end(block)
    for value, symbol in zip(old, symbols, strict=True):
        if symbol is not None and value.has_uses:
            value.replace_all_uses_with(
                _dimension(build, symbol, _known(value), block, places, argument_of(symbol))
            )
    source_block: Block = function.regions[0].blocks[0]
    for op in list(source_block):
        op.detach()
        block.append(op)
    kept = [DictAttr() if source is None else attrs[source] for source in sources]
    _replace(function, block, kept)


def _dimension(
    build: Builder,
    symbol: str,
    kind: Type,
    block: Block,
    places: Sequence[Place],
    argument: str | None,
) -> Value:
    """The value of a dimension, from the arguments of a function."""
    for place, given in zip(places, block.arguments, strict=True):
        if argument is not None and place.name == argument:
            value: Value = given
            if value.type != kind:
                value = build.create("stablehlo.convert", [value], [kind]).result
            # A size below 0 would have engines read memory that is not there.
            assert isinstance(kind, TensorType)
            none = DenseElementsAttr.splat(0, kind)
            zero = build.create("stablehlo.constant", [], [kind], properties={"value": none}).result
            return build.create("stablehlo.maximum", [value, zero], [kind]).result
    for place, given in zip(places, block.arguments, strict=True):
        if symbol in place.shape:
            i32 = TensorType((), IntegerType(32))
            number = place.shape.index(symbol)
            size = build.create(
                "stablehlo.get_dimension_size", [given], [i32], properties={"dimension": number}
            ).result
            return size if kind == i32 else build.create("stablehlo.convert", [size], [kind]).result
    raise FrontendError(
        f"no argument has the size {symbol} itself, so that its value is not known when the function is "
        "called; give the function an argument of that size"
    )


def _replace(function: Operation, block: Block, arg_attrs: Sequence[DictAttr]) -> None:
    """Put a function with this body in the place of another one."""
    held = dict(function.attributes.items())
    kind = held["function_type"]
    assert isinstance(kind, TypeAttr)
    assert isinstance(kind.value, FunctionType)
    inputs = tuple([_known(argument) for argument in block.arguments])
    held["function_type"] = TypeAttr(FunctionType(inputs, kind.value.results))
    results = held.pop("res_attrs", None)
    # JAX names each result by its place in the tree of results.
    res_attrs = [_without(one, _RESULT) for one in results.elements] if isinstance(results, ArrayAttr) else []
    held.pop("arg_attrs", None)
    for key, attrs in (("arg_attrs", list(arg_attrs)), ("res_attrs", res_attrs)):
        if any(one.entries for one in attrs):
            held[key] = ArrayAttr(tuple(attrs))
    made = Operation.create(
        _FUNCTION,
        properties={key: held[key] for key in _INHERENT if key in held},
        attributes={key: value for key, value in held.items() if key not in _INHERENT},
        regions=[Region.create([block])],
    )
    assert function.block is not None
    function.block.insert(made, before=function)
    function.erase(force=True)


def _argument_attributes(function: Operation, count: int) -> list[DictAttr]:
    held = function.attributes.get("arg_attrs")
    found = list(held.elements) if isinstance(held, ArrayAttr) else [DictAttr()] * count
    return [one if isinstance(one, DictAttr) else DictAttr() for one in found]


def _without(held: Attribute, key: str) -> DictAttr:
    entries = held.entries if isinstance(held, DictAttr) else ()
    return DictAttr([entry for entry in entries if entry[0] != key])


def _symbol(held: DictAttr) -> str | None:
    """The dimension whose value an argument is."""
    value: Attribute | None = held.get(_SYMBOL)
    return value.value if isinstance(value, StringAttr) else None


def _integer(dtype: str) -> Type:
    """The type of one integer."""
    width = int(dtype.removeprefix("u").removeprefix("int"))
    return TensorType((), IntegerType(width, "unsigned" if dtype.startswith("u") else "signless"))


def _known(value: Value) -> Type:
    kind = value.type
    assert kind is not None
    return kind
