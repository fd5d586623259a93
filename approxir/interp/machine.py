"""What handlers and the interpreter exchange: environments, ways to leave a block, and handlers.

A handler is called as ``handler(interpreter, operation, operands, environment)``:

* `operands` is the tuple of the operands' values, in the order of the generic form;
* it returns the results as a tuple, or None where there are none;
* a terminator returns `Leave` (the region ends, with values) or `Jump` (go on in another block);
* a handler that runs regions or calls functions is a generator function: it yields
  ``interpreter.region(...)`` or ``interpreter.invoke(...)``, gets back the `Leave` or the tuple of results,
  and returns as above. No handler calls another one directly, so that nesting needs no stack of Python's.

Faults are raised as `Trap`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from approxir.dialects.approx.payload import LOOPS, RESCALED_TWICE
from approxir.ir.blocks import Block
from approxir.ir.operation import Operation
from approxir.ir.ssa import Value

if TYPE_CHECKING:
    from approxir.interp.interpreter import Interpreter

Values = tuple[Any, ...]


class Leave(NamedTuple):
    """The end of a region: the terminator (None where the text leaves it out), and what it hands on."""

    operation: Operation | None
    values: Values


class Jump(NamedTuple):
    """A branch to another block of the region."""

    block: Block
    values: Values


Outcome = Values | Leave | Jump | None
Task = Generator[Any, Any, Any]
"""Something that runs in steps: it yields the tasks that it waits for."""

Handler = Callable[["Interpreter", Operation, Values, "Environment"], Any]
Build = Callable[["Interpreter", Operation], Callable[..., Any]]


class Pure(NamedTuple):
    """A handler in two steps: `build` looks at the operation once, and returns a function of the operands.

    One result is returned as it is, several as a tuple.
    """

    build: Build


class Override(NamedTuple):
    """What a transform does to one operation of the payload: called in place of the operation's handler.

    It is called as ``run(interpreter, operation, operands, environment)``; for loops, `perforation` describes
    which iterations are done instead.
    """

    run: Handler | None = None
    perforation: Any = None


class Environment:
    """The values of one activation of a function, and the transforms that are in force in it."""

    __slots__ = ("function", "overrides", "values")

    def __init__(self, function: Operation | None = None) -> None:
        self.function = function
        self.values: dict[Value, Any] = {}
        self.overrides: dict[Operation, list[Override]] = {}

    def __getitem__(self, value: Value) -> Any:
        return self.values[value]

    def perforations(self, op: Operation) -> list[Any]:
        """The perforations of a loop or reduction, that of the innermost knob first.

        Raises `Trap` where sums of a loop that several perforate are to be rescaled.
        """
        found = [override.perforation for override in self.overrides.get(op, ())]
        perforations = [one for one in found if one is not None]
        if len(perforations) > 1 and op.name in LOOPS:
            scaling = next((one for one in perforations if one.rescale), None)
            if scaling is not None:
                raise scaling.choice.fault(RESCALED_TWICE)
        return perforations


class Step:
    """One operation, looked at once: what runs it, and where its operands and results are."""

    __slots__ = ("handler", "op", "operands", "results", "tolerant")

    def __init__(self, op: Operation, handler: Handler, operands: Sequence[Value], tolerant: bool) -> None:
        self.op = op
        self.handler = handler
        self.operands = tuple(operands)
        self.results = op.results
        self.tolerant = tolerant
