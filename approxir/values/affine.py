"""Affine expressions, maps and integer sets.

Expressions keep the shape they were written in; nothing is simplified but the sign of a constant and a
double negation. Dimensions and symbols are numbered, their names in the text are not kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from approxir.values.base import (
    Attribute,
    InvalidValue,
    Printable,
    Value,
    children,
    derived,
    separated,
    set_field,
)

AffineOperator = Literal["+", "-", "*", "floordiv", "ceildiv", "mod"]
_LOOSE = ("+", "-")


class AffineExpr(Value):
    """Base of affine expressions. They can be added, subtracted, multiplied and negated in Python."""

    @property
    def is_symbolic_or_constant(self) -> bool:
        """Whether no dimension occurs in the expression."""
        stack: list[Value] = [self]
        while stack:
            node = stack.pop()
            if isinstance(node, AffineDim):
                return False
            if isinstance(node, AffineBinary):
                # A result that its constructor has already worked out is not walked again.
                if not node.symbolic:
                    return False
                continue
            stack.extend(children(node))
        return True

    def evaluate(self, dims: Sequence[int] = (), symbols: Sequence[int] = ()) -> int:
        """The expression's value; `ZeroDivisionError` for a division or remainder by zero."""
        results: list[int] = []
        stack: list[tuple[Value, bool]] = [(self, False)]
        while stack:
            node, ready = stack.pop()
            if isinstance(node, AffineConstant):
                results.append(node.value)
            elif isinstance(node, AffineDim):
                results.append(dims[node.index])
            elif isinstance(node, AffineSymbol):
                results.append(symbols[node.index])
            elif ready and isinstance(node, AffineBinary):
                right, left = results.pop(), results.pop()
                results.append(_apply(node.operator, left, right))
            elif ready:
                results.append(-results.pop())
            else:
                stack.append((node, True))
                stack.extend((child, False) for child in reversed(list(children(node))))
        return results[0]

    def __add__(self, other: AffineExpr | int) -> AffineExpr:
        return AffineBinary("+", self, affine_expr(other))

    def __sub__(self, other: AffineExpr | int) -> AffineExpr:
        return AffineBinary("-", self, affine_expr(other))

    def __mul__(self, other: AffineExpr | int) -> AffineExpr:
        return AffineBinary("*", self, affine_expr(other))

    def __neg__(self) -> AffineExpr:
        if isinstance(self, AffineConstant):
            return AffineConstant(-self.value)
        return self.operand if isinstance(self, AffineNegation) else AffineNegation(self)


def _apply(operator: AffineOperator, left: int, right: int) -> int:
    if operator == "+":
        return left + right
    if operator == "-":
        return left - right
    if operator == "*":
        return left * right
    if operator == "floordiv":
        return left // right
    if operator == "ceildiv":
        return -(-left // right)
    return left % right


class AffineDim(AffineExpr):
    """``d0``: the dimension with this number."""

    index: int

    def _pieces(self) -> Sequence[str | Printable]:
        return (f"d{self.index}",)


class AffineSymbol(AffineExpr):
    """``s0``: the symbol with this number."""

    index: int

    def _pieces(self) -> Sequence[str | Printable]:
        return (f"s{self.index}",)


class AffineConstant(AffineExpr):
    """An integer of 64 bits."""

    value: int

    def _check(self) -> None:
        if abs(self.value) >= 1 << 63:
            raise InvalidValue(f"the constant {self.value} does not fit into 64 bits")

    def _pieces(self) -> Sequence[str | Printable]:
        return (str(self.value),)


class AffineNegation(AffineExpr):
    """``-x`` of something that is not a constant."""

    operand: AffineExpr

    def _pieces(self) -> Sequence[str | Printable]:
        return ("-", *_wrapped(self.operand, isinstance(self.operand, AffineBinary)))


class AffineBinary(AffineExpr):
    """Two expressions and ``+ - * floordiv ceildiv mod``.

    One side of a product, and the right side of a division or remainder, must be free of dimensions.
    """

    operator: AffineOperator
    lhs: AffineExpr
    rhs: AffineExpr
    symbolic: bool = derived(init=False)

    def _check(self) -> None:
        left, right = self.lhs.is_symbolic_or_constant, self.rhs.is_symbolic_or_constant
        set_field(self, "symbolic", left and right)
        if self.operator in _LOOSE or right:
            return
        if self.operator == "*":
            if not left:
                raise InvalidValue(
                    "not affine: one side of '*' must be a constant or made of symbols",
                    hint="declare the factor as a symbol, in brackets after the dimensions",
                )
        else:
            raise InvalidValue(
                f"not affine: the right side of '{self.operator}' must be a constant or made of symbols"
            )

    def _pieces(self) -> Sequence[str | Printable]:
        if self.operator in _LOOSE:
            left = _wrapped(self.lhs, False)
            right = _wrapped(self.rhs, isinstance(self.rhs, AffineBinary) and self.rhs.operator in _LOOSE)
        else:
            left = _wrapped(self.lhs, isinstance(self.lhs, AffineBinary) and self.lhs.operator in _LOOSE)
            right = _wrapped(self.rhs, isinstance(self.rhs, AffineBinary))
        return (*left, f" {self.operator} ", *right)


def _wrapped(expr: AffineExpr, parenthesised: bool) -> tuple[str | Printable, ...]:
    return ("(", expr, ")") if parenthesised else (expr,)


def affine_expr(value: AffineExpr | int) -> AffineExpr:
    """An expression as it is, an integer as a constant."""
    return AffineConstant(value) if isinstance(value, int) else value


def _space(num_dims: int, num_symbols: int) -> str:
    dims = ", ".join(f"d{i}" for i in range(num_dims))
    symbols = ", ".join(f"s{i}" for i in range(num_symbols))
    return f"({dims})[{symbols}]" if num_symbols else f"({dims})"


def _check_space(num_dims: int, num_symbols: int, expressions: Sequence[AffineExpr]) -> None:
    stack: list[Value] = list(expressions)
    while stack:
        node = stack.pop()
        if isinstance(node, AffineDim):
            if not 0 <= node.index < num_dims:
                raise InvalidValue(f"d{node.index} is used, but there are {num_dims} dimensions")
        elif isinstance(node, AffineSymbol):
            if not 0 <= node.index < num_symbols:
                raise InvalidValue(f"s{node.index} is used, but there are {num_symbols} symbols")
        else:
            stack.extend(children(node))


class AffineMapAttr(Attribute):
    """``affine_map<(d0, d1)[s0] -> (d0 + s0, d1)>``."""

    num_dims: int
    num_symbols: int
    results: tuple[AffineExpr, ...]

    def _check(self) -> None:
        set_field(self, "results", tuple(self.results))
        _check_space(self.num_dims, self.num_symbols, self.results)

    def _pieces(self) -> Sequence[str | Printable]:
        space = _space(self.num_dims, self.num_symbols)
        return (f"affine_map<{space} -> (", *separated(self.results), ")>")

    @property
    def is_identity(self) -> bool:
        """Whether the results are the dimensions, in order."""
        return len(self.results) == self.num_dims and all(
            isinstance(expr, AffineDim) and expr.index == i for i, expr in enumerate(self.results)
        )

    def evaluate(self, dims: Sequence[int], symbols: Sequence[int] = ()) -> tuple[int, ...]:
        """The results for given dimensions and symbols."""
        return tuple([expr.evaluate(dims, symbols) for expr in self.results])


class AffineConstraint(Value):
    """``expression == 0`` or ``expression >= 0``."""

    expression: AffineExpr
    is_equality: bool

    def _pieces(self) -> Sequence[str | Printable]:
        return (self.expression, " == 0" if self.is_equality else " >= 0")


class IntegerSetAttr(Attribute):
    """``affine_set<(d0)[s0] : (d0 >= 0, s0 - d0 == 0)>``: the points that meet every constraint."""

    num_dims: int
    num_symbols: int
    constraints: tuple[AffineConstraint, ...]

    def _check(self) -> None:
        # MLIR has no empty list of constraints: the set of all points is spelled 0 == 0.
        set_field(self, "constraints", tuple(self.constraints) or (_ALWAYS,))
        _check_space(self.num_dims, self.num_symbols, [c.expression for c in self.constraints])

    def _pieces(self) -> Sequence[str | Printable]:
        space = _space(self.num_dims, self.num_symbols)
        return (f"affine_set<{space} : (", *separated(self.constraints), ")>")

    def contains(self, dims: Sequence[int], symbols: Sequence[int] = ()) -> bool:
        """Whether a point meets every constraint."""
        for constraint in self.constraints:
            value = constraint.expression.evaluate(dims, symbols)
            if value != 0 if constraint.is_equality else value < 0:
                return False
        return True


_ALWAYS = AffineConstraint(AffineConstant(0), True)


class StridedLayoutAttr(Attribute):
    """``strided<[4, ?], offset: ?>``: the layout of a memref; None is a dynamic stride or offset."""

    strides: tuple[int | None, ...]
    offset: int | None = 0

    def _check(self) -> None:
        set_field(self, "strides", tuple(self.strides))
        for number in (*self.strides, self.offset):
            if number is not None and not -(1 << 63) < number < 1 << 63:
                raise InvalidValue(f"the stride or offset {number} does not fit into 64 bits")

    def _pieces(self) -> Sequence[str | Printable]:
        strides = ", ".join("?" if n is None else str(n) for n in self.strides)
        if self.offset == 0:
            return (f"strided<[{strides}]>",)
        return (f"strided<[{strides}], offset: {'?' if self.offset is None else self.offset}>",)
