"""The interpreter: finds functions, runs blocks, and keeps its own stack instead of Python's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import GeneratorType
from typing import Any, TypeVar

import numpy as np

from approxir.errors import Diagnostic, ParseError
from approxir.interp.approximation.functions import Annotated, find_annotated
from approxir.interp.boundary import checked, from_python, incoming, outgoing
from approxir.interp.errors import InterpreterError, Trap, diagnostic_at, error_at
from approxir.interp.machine import Environment, Handler, Jump, Leave, Pure, Step, Task, Values
from approxir.interp.numbers import POISON
from approxir.interp.registry import handlers_of
from approxir.interp.trace import Decision, Trace
from approxir.ir.blocks import Block, Region
from approxir.ir.module import Module
from approxir.ir.operation import Operation
from approxir.ir.ssa import Value
from approxir.ir.symbols import SymbolTable
from approxir.syntax.attributes import parse_attribute, parse_location, parse_type
from approxir.syntax.formats.traits import traits
from approxir.values import (
    Attribute,
    FunctionType,
    InvalidValue,
    SymbolRefAttr,
    Type,
    TypeAttr,
    resolve,
)

Found = TypeVar("Found")

# Besides terminators, what may hand on a poison value without using it.
_TOLERANT = frozenset({"func.call", "func.call_indirect", "arith.select", "scf.if", "scf.for", "scf.while"})
_CALL_NOTES = 8


class Interpreter:
    """Runs functions of one module.

    Args:
        module: what to run; it should verify. It is read when its parts are first reached: make a new
            interpreter after editing it. Its globals live as long as the interpreter.
        externals: Python functions for functions that are only declared. They get and return what `call`
            does.
        max_steps: how many operations may be executed by one call; None for any number.
        trace: collects every decision of the approx dialect.
        handlers: handlers of further operations, or other ones, by name (see `approxir.interp.machine`).
        max_depth: how deep calls and regions may nest, counted together.

    Raises `InterpreterError` where an annotation names no function or contradicts another one.
    """

    def __init__(
        self,
        module: Module,
        *,
        externals: Mapping[str, Callable[..., Any]] | None = None,
        max_steps: int | None = 10_000_000,
        trace: Trace | None = None,
        handlers: Mapping[str, Handler | Pure] | None = None,
        max_depth: int = 30_000,
    ) -> None:
        self.module = module
        self.externals = dict(externals or {})
        self.max_steps = max_steps
        self.max_depth = max_depth
        self.trace = trace
        self.handlers = dict(handlers or {})
        self.globals: dict[Operation, Any] = {}
        self._steps = 0
        self._notes: dict[Any, Any] = {}
        self._blocks: dict[Block, list[Step]] = {}
        self._types: dict[Value, Type] = {}
        self._tables: dict[Region, SymbolTable] = {}
        self._aliases: dict[str, Attribute | Type] | None = None
        self._annotated: dict[Operation, Annotated] = find_annotated(self)

    # Calling.

    def call(self, function: str, *args: Any) -> Values:
        """Call a function by its name and return its results as a tuple.

        Integers are Python integers (``i1`` is `bool`), floats NumPy scalars of their type, tensors and
        vectors NumPy arrays, which are copied, memrefs NumPy arrays, whose memory is shared. Raises
        `InterpreterError`.
        """
        op = self.module.symbols.lookup(function)
        if op is None:
            names = ", ".join(["@" + name for name in self.module.symbols.names][:8])
            raise error_at(
                None, f"the module has no function @{function}", hint=f"it has {names}" if names else None
            )
        kind = self.function_type(op)
        if len(args) != len(kind.inputs):
            raise error_at(op, f"@{function} takes {len(kind.inputs)} arguments, {len(args)} were given")
        self._steps = 0
        with np.errstate(all="ignore"):
            try:
                values = [
                    incoming(value, self.resolved(want), f"argument {number} of @{function}")
                    for number, (value, want) in enumerate(zip(args, kind.inputs, strict=True))
                ]
            except Trap as trap:
                raise error_at(op, trap.message, hint=trap.hint) from None
            results = self._drive(self.invoke(op, tuple(values)), op)
            try:
                return tuple([outgoing(value) for value in results])
            except Trap as trap:
                raise error_at(op, f"a result of @{function}: {trap.message}", hint=trap.hint) from None

    @property
    def steps(self) -> int:
        """How many operations the last call executed."""
        return self._steps

    def invoke(self, function: Operation, arguments: Values) -> Task:
        """The task of calling a function, as its annotations say; it returns the tuple of results."""
        annotated = self._annotated.get(function)
        if annotated is not None:
            return annotated.call(self, arguments)
        return self.body(function, arguments)

    def body(
        self, function: Operation, arguments: Values, overrides: Mapping[Operation, list[Any]] | None = None
    ) -> Task:
        """The task of running a function's own body, whatever annotates it."""
        if not function.regions or not function.regions[0].blocks:
            return self._external(function, arguments)
        environment = Environment(function)
        if overrides:
            environment.overrides.update(overrides)
        return self._activation(function, arguments, environment)

    def _activation(self, function: Operation, arguments: Values, environment: Environment) -> Task:
        leave = yield self.region(function.regions[0], arguments, environment), function
        return leave.values

    def _external(self, function: Operation, arguments: Values) -> Task:
        name = self.symbol_name(function)
        external = self.externals.get(name)
        if external is None:
            raise Trap(
                f"@{name} is only declared", hint="hand over a Python function: externals={name: function}"
            )
        kinds = tuple([self.resolved(kind) for kind in self.function_type(function).results])
        return from_python(external, arguments, kinds, f"the external @{name}")
        yield  # A generator, as the other tasks are.

    # Running.

    def region(self, region: Region, arguments: Values, environment: Environment) -> Task:
        """The task of running a region from its first block; it returns the `Leave` at its end."""
        values = environment.values
        overrides = environment.overrides
        if not region.blocks:
            return Leave(None, ())
        block: Block = region.blocks[0]
        formal: tuple[Any, ...] = self.block_arguments(block)
        while True:
            if len(formal) != len(arguments):
                raise Trap(f"a block takes {len(formal)} arguments, {len(arguments)} are given")
            values.update(zip(formal, arguments, strict=True))
            jump = None
            for step in self._prepared(block):
                op = step.op
                self._steps += 1
                if self.max_steps is not None and self._steps > self.max_steps:
                    raise error_at(op, f"stopped after {self.max_steps} operations (max_steps)")
                try:
                    operands = tuple([values[operand] for operand in step.operands])
                    if not step.tolerant:
                        for operand in operands:
                            if operand is POISON:
                                raise Trap(f"{op.name} uses a poison value")
                    handler = step.handler
                    if overrides and op in overrides:
                        # That of the innermost knob comes first.
                        handler = next((o.run for o in overrides[op] if o.run is not None), handler)
                    outcome = handler(self, op, operands, environment)
                except KeyError as error:
                    raise self._missing(op, error) from None
                except Trap as trap:
                    raise _located(trap, op) from None
                if type(outcome) is GeneratorType:
                    outcome = yield outcome, op
                if isinstance(outcome, Leave):
                    return outcome
                if isinstance(outcome, Jump):
                    jump = outcome
                    break
                results = step.results
                if results:
                    if outcome is None or len(outcome) != len(results):
                        count = 0 if outcome is None else len(outcome)
                        raise error_at(
                            op, f"the handler of {op.name} returned {count} results, not {len(results)}"
                        )
                    values.update(zip(results, outcome, strict=True))
            if jump is None:
                return Leave(None, ())
            block, arguments = jump
            formal = self.block_arguments(block)

    def _drive(self, task: Task, op: Operation | None) -> Any:
        """Run a task and all that it waits for, on a stack of our own."""
        stack: list[tuple[Task, Operation | None]] = [(task, op)]
        value: Any = None
        try:
            while True:
                task, place = stack[-1]
                try:
                    request = task.send(value)
                except StopIteration as stop:
                    stack.pop()
                    value = stop.value
                    if not stack:
                        return value
                    continue
                except Trap as trap:
                    raise _located(trap, place) from None
                if len(stack) >= self.max_depth:
                    raise error_at(
                        place, f"calls and regions nest more than {self.max_depth} deep (max_depth)"
                    )
                stack.append(request if type(request) is tuple else (request, place))
                value = None
        except InterpreterError as error:
            raise _with_calls(error, [place for _, place in stack]) from error.__cause__

    def _prepared(self, block: Block) -> list[Step]:
        steps = self._blocks.get(block)
        if steps is None:
            steps = self._blocks[block] = [self._prepare(op) for op in block]
        return steps

    def _prepare(self, op: Operation) -> Step:
        handler = self.handlers.get(op.name)
        custom = handler is not None
        if handler is None:
            handler = handlers_of(op.dialect).get(op.name)
        tolerant = op.name in _TOLERANT or "terminator" in traits(op.name)
        if handler is None:
            return Step(op, _unknown, (), True)
        if isinstance(handler, Pure):
            return Step(op, _pure(handler), op.operands, tolerant)
        return Step(op, _custom(handler) if custom else handler, op.operands, tolerant)

    def _missing(self, op: Operation, error: KeyError) -> InterpreterError:
        key = error.args[0] if error.args else None
        if isinstance(key, Value):
            return error_at(op, f"{op.name} uses a value that was not computed, %{key.name}")
        if isinstance(key, str):
            return error_at(op, f"{op.name} needs the attribute '{key}'")
        raise error

    # What handlers ask.

    def block_arguments(self, block: Block) -> tuple[Any, ...]:
        """The arguments of a block, kept."""
        known = self._notes.get(block)
        if known is None:
            known = self._notes[block] = block.arguments
        return known

    def note(self, op: Operation, make: Callable[[], Found]) -> Found:
        """What `make` returns, made once for each operation: for what a handler reads from attributes."""
        try:
            return self._notes[op]  # type: ignore[no-any-return]
        except KeyError:
            made = self._notes[op] = make()
            return made

    def note_for(self, op: Operation, what: str, make: Callable[[], Found]) -> Found:
        """As `note`, for operations of which several things are kept."""
        key = (op, what)
        try:
            return self._notes[key]  # type: ignore[no-any-return]
        except KeyError:
            made = self._notes[key] = make()
            return made

    def type_of(self, value: Value) -> Type:
        """The type of a value, aliases replaced. Raises `Trap` where it is not known."""
        known = self._types.get(value)
        if known is None:
            try:
                kind = value.type
            except ParseError as error:
                raise Trap(error.message) from None
            if kind is None:
                raise Trap(f"the type of %{value.name} is not known: its custom form is not understood")
            known = self._types[value] = self.resolved(kind)
        return known

    def result_type(self, op: Operation, number: int = 0) -> Type:
        """The type of a result."""
        return self.type_of(op.results[number])

    def attribute(self, op: Operation, name: str) -> Attribute | None:
        """An attribute of an operation, aliases replaced; None where it is missing."""
        value = op.attributes.get(name)
        return None if value is None else self.resolved(value)

    def resolved(self, value: Any) -> Any:
        """A type or attribute with the module's aliases replaced."""
        aliases = self._aliases
        if aliases is None:
            aliases = {}
            for name, text in self.module.aliases.items():
                if name.startswith("!"):
                    aliases[name] = parse_type(text)
                elif text.startswith("loc("):
                    aliases[name] = parse_location(text)
                else:
                    aliases[name] = parse_attribute(text)
            self._aliases = aliases
        if not aliases:
            return value
        try:
            return resolve(value, aliases)
        except InvalidValue as error:
            raise Trap(str(error)) from None

    def function_type(self, function: Operation) -> FunctionType:
        """The type of a function. Raises `InterpreterError` for what is none."""
        kind = function.attributes.get("function_type")
        if not isinstance(kind, TypeAttr):
            raise error_at(function, f"{function.name} is no function")
        found = self.resolved(kind.value)
        if not isinstance(found, FunctionType):
            raise error_at(function, f"{function.name} has no function type")
        return found

    def symbol_name(self, op: Operation) -> str:
        """The name of a function or global."""
        name = getattr(op.attributes.get("sym_name"), "value", None)
        return str(name) if name is not None else "?"

    def symbol(self, op: Operation, reference: SymbolRefAttr) -> Operation | None:
        """What a reference means where `op` stands: the nearest symbol table that knows it decides."""
        region = op.block.region if op.block is not None else None
        while region is not None:
            holder = region.operation
            if holder is None or "symbol-table" in traits(holder.name):
                table = self._tables.get(region)
                if table is None:
                    table = self._tables[region] = SymbolTable(region)
                found = table.lookup(reference)
                if found is not None:
                    return found
            region = holder.block.region if holder is not None and holder.block is not None else None
        return None

    def record(self, **fields: Any) -> None:
        """Record a decision in the trace, if there is one; `operation` gives its place."""
        if self.trace is not None:
            op = fields.pop("operation")
            place = op.name_location
            shown = "" if place is None else f"{place.file}:{place.line}:{place.column}"
            self.trace.record(Decision(location=shown, **fields))


def _located(trap: Trap, op: Operation | None) -> InterpreterError:
    return error_at(trap.operation or op, trap.message, hint=trap.hint)


def _with_calls(error: InterpreterError, places: list[Operation | None]) -> InterpreterError:
    """The error with notes that say by which calls its place was reached."""
    calls: list[Diagnostic] = []
    for op in reversed(places):
        if op is not None and op.name in ("func.call", "func.call_indirect") and len(calls) < _CALL_NOTES:
            note = diagnostic_at(op, "called from here", severity="note")
            if note.offset != error.diagnostics[0].offset and note not in calls:
                calls.append(note)
    if not calls:
        return error
    first = error.diagnostics[0]
    from dataclasses import replace

    return InterpreterError((replace(first, notes=(*first.notes, *calls)), *error.diagnostics[1:]))


def _unknown(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> None:
    raise Trap(
        f"the interpreter does not know {op.name}",
        hint=f'register a handler: Interpreter(..., handlers={{"{op.name}": function}})',
    )


def _pure(pure: Pure) -> Handler:
    """A handler that builds the function of operands when it is first called."""
    built: dict[Operation, Any] = {}

    def handler(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Values:
        function = built.get(op)
        if function is None:
            function = built[op] = pure.build(interp, op)
        found = function(*operands)
        return found if type(found) is tuple else (found,)

    return handler


def _custom(handler: Handler) -> Handler:
    """A user's handler, whose results are checked against the operation's types."""

    def check(interp: Interpreter, op: Operation, outcome: Any) -> Any:
        if isinstance(outcome, Leave | Jump):
            return outcome
        if outcome is None:
            outcome = ()
        elif not isinstance(outcome, tuple | list):
            outcome = (outcome,)
        if len(outcome) != len(op.results):
            raise Trap(f"the handler of {op.name} returned {len(outcome)} results, not {len(op.results)}")
        return tuple(
            [
                checked(value, interp.result_type(op, number), f"result {number} of the handler")
                for number, value in enumerate(outcome)
            ]
        )

    def finish(interp: Interpreter, op: Operation, task: Task) -> Task:
        outcome = yield task
        return check(interp, op, outcome)

    def run(interp: Interpreter, op: Operation, operands: Values, environment: Environment) -> Any:
        outcome = handler(interp, op, operands, environment)
        if isinstance(outcome, GeneratorType):
            return finish(interp, op, outcome)
        return check(interp, op, outcome)

    return run
