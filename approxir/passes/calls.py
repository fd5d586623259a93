"""Calls that passes make, checked against the type of what they call."""

from __future__ import annotations

from collections.abc import Sequence

from approxir.ir.building import Builder
from approxir.ir.operation import Operation
from approxir.ir.ssa import Value
from approxir.passes.base import PassError
from approxir.passes.functions import FUNCTION, Functions, function_type
from approxir.values import (
    DenseElementsAttr,
    FloatType,
    FunctionType,
    IndexType,
    IntegerAttr,
    IntegerType,
    MemRefType,
    SymbolRefAttr,
    TensorType,
    Type,
    attribute,
)
from approxir.values.types import ShapedType, is_bool


def find_callee(
    name: str, op: Operation, key: str | None, functions: Functions, *, near: Operation | None = None
) -> Operation:
    """The function of that name as code in `near` calls it.

    Raises `PassError`, placed at attribute `key` of `op`.
    """
    near = op if near is None else near
    function = functions.find(name, near)
    if function is None:
        outside = functions.find_outwards(name, near)
        hint = None if outside is None else "a call only reaches functions of the same module"
        notes = () if outside is None else ((outside, "this one stands outside"),)
        raise PassError.at(
            op, f"no function '{name}' can be called from here", key=key, hint=hint, notes=notes
        )
    if function.name != FUNCTION:
        raise PassError.at(op, f"'{name}' is a {function.name}, not a {FUNCTION}", key=key)
    return function


def checked_callee(
    name: str,
    given: Sequence[Type | None],
    op: Operation,
    key: str | None,
    functions: Functions,
    *,
    count: int | None = None,
    results: Sequence[Type] | None = None,
    near: Operation | None = None,
) -> FunctionType:
    """The type of a function that is to be called with values of these types.

    Raises `PassError` as `call_function` does.
    """
    function = find_callee(name, op, key, functions, near=near)
    kind = function_type(function)
    notes = ((function, "defined here"),)
    if not functions.same_types(given, kind.inputs, function):
        shown = ", ".join(str(one) for one in given)
        message = f"'{name}' has the type {kind}, but is to be called with ({shown})"
        raise PassError.at(op, message, key=key, notes=notes)
    if count is not None and len(kind.results) != count:
        plural = "value" if len(kind.results) == 1 else "values"
        message = f"'{name}' returns {len(kind.results)} {plural}, not {count}"
        raise PassError.at(op, message, key=key, notes=notes)
    if results is not None and not functions.same_types(kind.results, results, function):
        shown = ", ".join(str(one) for one in results)
        message = f"'{name}' has the type {kind}, but is to return ({shown})"
        raise PassError.at(op, message, key=key, notes=notes)
    return kind


def call_function(
    build: Builder,
    name: str,
    arguments: Sequence[Value],
    op: Operation,
    key: str | None,
    functions: Functions,
    *,
    count: int | None = None,
    results: Sequence[Type] | None = None,
    near: Operation | None = None,
) -> list[Value]:
    """Call a function with these arguments; the results of the call.

    The call is to stand where `near` does (by default, where `op` does). Raises `PassError`, placed at
    attribute `key` of `op`, when the function does not exist, takes something else, or does not return
    `count` values, or those of the types `results`.
    """
    given = [argument.type for argument in arguments]
    kind = checked_callee(name, given, op, key, functions, count=count, results=results, near=near)
    call = build.create(
        "func.call", list(arguments), kind.results, properties={"callee": SymbolRefAttr(name)}
    )
    return list(call.results)


def scalar(
    build: Builder, value: Value, kind: Type, op: Operation, key: str | None, what: str, functions: Functions
) -> Value:
    """The value as a scalar of a type, extracted from a tensor of one element if need be."""
    has = None if value.type is None else functions.resolved(value.type, op)
    if has == kind:
        return value
    if isinstance(has, TensorType) and has.element_type == kind and all(size == 1 for size in has.shape):
        zero = constant_index(build, 0) if has.shape else None
        indices = [zero] * len(has.shape) if zero is not None else []
        return build.create("tensor.extract", [value, *indices], [kind]).result
    message = f"{what} returns {has}, not {kind} or a tensor with one of it"
    raise PassError.at(op, message, key=key)


def constant(build: Builder, value: int | float, kind: Type) -> Value:
    """A number of a scalar type."""
    held = IntegerAttr(int(value), kind) if isinstance(kind, IndexType) else attribute(value, kind)
    return build.create("arith.constant", [], [kind], properties={"value": held}).result


def constant_index(build: Builder, value: int) -> Value:
    """An index."""
    return constant(build, value, IndexType())


def at_least(build: Builder, first: Value, second: Value) -> Value:
    """Whether the first of two integers is the second or more, with their signs."""
    predicate = IntegerAttr(5, IntegerType(64))
    return build.create(
        "arith.cmpi", [first, second], [IntegerType(1)], properties={"predicate": predicate}
    ).result


def zero(build: Builder, kind: Type) -> Value | None:
    """The zero of a number's type, or a tensor or vector of zeros; None for other types."""
    if isinstance(kind, IndexType) or (isinstance(kind, IntegerType) and kind.signedness == "signless"):
        return constant(build, 0, kind)
    if isinstance(kind, FloatType):
        return constant(build, 0.0, kind)
    if isinstance(kind, ShapedType) and kind.has_static_shape and not isinstance(kind, MemRefType):
        element = kind.element_type
        if isinstance(element, IndexType | IntegerType | FloatType):
            body = "0.0" if isinstance(element, FloatType) else "false" if is_bool(element) else "0"
            held = DenseElementsAttr(body, kind)
            return build.create("arith.constant", [], [kind], properties={"value": held}).result
    return None
