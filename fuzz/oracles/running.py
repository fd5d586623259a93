"""Calls of a module's functions, and everything that can be seen of them."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from approxir.interp import POISON, Interpreter, InterpreterError, MemRef
from approxir.interp.dialects.memref import global_memory
from approxir.ir.module import Module, parse
from approxir.ir.symbols import own_symbol
from approxir.testing.oracles.failure import OracleFailure

MAX_STEPS = 100_000
"""How many operations a call may execute before it counts as one that does not end."""

AFTERWARDS = 20
"""How many times as many operations the rewritten module may need."""


@dataclass(frozen=True)
class Call:
    """One call: the name of a public function, and its arguments as `Interpreter.call` takes them."""

    function: str
    arguments: tuple[Any, ...] = ()

    def fresh(self) -> tuple[Any, ...]:
        """The arguments, with arrays that no other call shares."""
        return _copied(self.arguments)

    def __str__(self) -> str:
        return f"@{self.function}({', '.join([shown(value) for value in self.arguments])})"


def _copied(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple([value.copy() if isinstance(value, np.ndarray) else value for value in values])


Status = Literal["returned", "undefined", "endless", "unknown"]


@dataclass(frozen=True)
class Observation:
    """What a call shows.

    Attributes:
        status: whether it returned. Else its behaviour is undefined (a division by zero, an access outside of
            memory, a wrong `cf.assert`), it did not end within the limit, or something in it cannot be run
            here.
        results: what it returned.
        arguments: its arguments afterwards, whose memory it may have written to.
        message: why it did not return.
        steps: how many operations it executed, as far as that is known.
    """

    status: Status
    results: tuple[Any, ...] = ()
    arguments: tuple[Any, ...] = ()
    message: str = ""
    steps: int = 0


@dataclass
class Session:
    """Several calls of one module, one after the other, which share its globals.

    Attributes:
        calls: what was called.
        observations: what each call showed.
        globals: the memory of the module's globals in the end, by their names.
    """

    calls: Sequence[Call]
    observations: list[Observation] = field(default_factory=list)
    globals: Mapping[str, Any] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """The largest number of operations that one of the calls executed."""
        return max((one.steps for one in self.observations), default=0)


def observe(
    module: Module | str,
    calls: Sequence[Call],
    *,
    max_steps: int = MAX_STEPS,
    with_globals: bool = True,
    prepare: Callable[[Callable[..., tuple[Any, ...]]], None] | None = None,
) -> Session:
    """Run calls by the interpreter, annotations and operations of the approx dialect included.

    A call that did not return is the last one of its session: what it left in memory means nothing.

    Args:
        module: a module that verifies, or the text of one.
        calls: what to call; arrays among the arguments are copied first.
        max_steps: how many operations one call may execute.
        with_globals: whether to look at the memory of globals.
        prepare: is handed a function that calls functions of the module, before anything else is called.
    """
    held = parse(module) if isinstance(module, str) else module
    session = Session(calls)
    try:
        interpreter = Interpreter(held, max_steps=max_steps)
    except InterpreterError as error:
        session.observations.append(Observation("unknown", message=error.message))
        return session
    if prepare is not None:
        prepare(interpreter.call)
    for call in calls:
        arguments = call.fresh()
        try:
            results = interpreter.call(call.function, *arguments)
        except InterpreterError as error:
            session.observations.append(_ended(error, interpreter.steps))
            return session
        except Exception as error:
            # The interpreter has an error for everything that a module can do wrong: this is a bug of its
            # own.
            place = traceback.extract_tb(error.__traceback__)[-1]
            raise OracleFailure(
                "interpreter",
                f"the interpreter raised {type(error).__name__}: {error}",
                where=f"{call} ({place.filename.rpartition('/')[2]}, line {place.lineno})",
            ) from error
        # A result may share the memory of an argument.
        found = _copied(results)
        session.observations.append(Observation("returned", found, arguments, steps=interpreter.steps))
    if with_globals:
        session.globals = _globals(interpreter)
    return session


def _ended(error: InterpreterError, steps: int) -> Observation:
    message = error.message
    status: Status = "undefined"
    if "max_steps" in message or "max_depth" in message:
        status = "endless"
    elif "the interpreter does not know" in message or "not supported" in message:
        status = "unknown"
    return Observation(status, message=message, steps=steps)


def _globals(interpreter: Interpreter) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for op in interpreter.module.find("memref.global"):
        symbol = own_symbol(op)
        if symbol is None or "initial_value" not in op.attributes or "constant" in op.attributes:
            continue
        path = [symbol.name]
        for outer in op.ancestors():
            around = own_symbol(outer)
            if around is not None:
                path.append(around.name)
        held = interpreter.globals.get(op)
        memory: MemRef = global_memory(interpreter, op) if held is None else held
        found["::".join(reversed(path))] = memory.array.copy()
    return found


def check_sessions(
    oracle: str,
    before: Session,
    after: Session,
    *,
    names: tuple[str, str] = ("before", "after"),
    ulps: int = 0,
    with_globals: bool = True,
) -> str:
    """Check that what calls show afterwards is what they may show, given what they showed before.

    Undefined behaviour may become anything, and so may a poison value. Where the first module returned, the
    second one has to return the same bits, leave the same bits in the memory of the arguments and of
    the globals that both modules have.

    Returns:
        ``"compared"``, or why not everything was: the status of the call before which there was no
        comparison.

    Raises `OracleFailure`.
    """
    for call, one, other in zip(before.calls, before.observations, after.observations, strict=False):
        if one.status != "returned":
            return one.status
        if other.status == "unknown":
            return "unknown"
        if other.status != "returned":
            verb = "does not end" if other.status == "endless" else "fails"
            raise OracleFailure(
                oracle,
                f"{names[0]} returns, {names[1]} {verb}: {other.message}",
                where=str(call),
                names=names,
            )
        for what, left, right in _parts(one, other):
            if not agree(left, right, ulps):
                raise OracleFailure(
                    oracle,
                    f"{what} differs: {shown(left)} {names[0]}, {shown(right)} {names[1]}",
                    where=str(call),
                    names=names,
                )
    if with_globals:
        for name in before.globals.keys() & after.globals.keys():
            left, right = before.globals[name], after.globals[name]
            if not agree(left, right, ulps):
                raise OracleFailure(
                    oracle,
                    f"the global @{name} differs: {shown(left)} {names[0]}, {shown(right)} {names[1]}",
                    where=", then ".join([str(call) for call in before.calls]),
                    names=names,
                )
    # Calls behind one that did not return were not made.
    return next((one.status for one in before.observations if one.status != "returned"), "compared")


def _parts(one: Observation, other: Observation) -> Iterator[tuple[str, Any, Any]]:
    if len(one.results) != len(other.results):
        yield "the number of results", len(one.results), len(other.results)
    for number, (left, right) in enumerate(zip(one.results, other.results, strict=False)):
        yield f"result {number}" if len(one.results) > 1 else "the result", left, right
    for number, (left, right) in enumerate(zip(one.arguments, other.arguments, strict=True)):
        if isinstance(left, np.ndarray):
            yield f"the memory of argument {number}", left, right


def agree(before: Any, after: Any, ulps: int = 0) -> bool:
    """Whether a value may have become another one: the same bits, any NaN for a NaN, anything for poison.

    With `ulps`, floats may be that many units in the last place apart.
    """
    if before is POISON:
        return True
    if after is POISON:
        return False
    if isinstance(before, bool | int) or isinstance(after, bool | int):
        return type(before) is type(after) and before == after
    left, right = np.asarray(before), np.asarray(after)
    if left.dtype != right.dtype or left.shape != right.shape:
        return False
    if left.tobytes() == right.tobytes():
        return True
    if left.dtype.kind in "iub?" or left.dtype.kind == "c":
        return False
    with np.errstate(all="ignore"):
        wide, other = left.astype(np.float64), right.astype(np.float64)
        same = (_bits(left) == _bits(right)) | (np.isnan(wide) & np.isnan(other))
        if ulps:
            unit = np.spacing(np.maximum(np.abs(left), np.abs(right))).astype(np.float64)
            same |= np.abs(wide - other) <= ulps * unit
        return bool(np.all(same))


def _bits(array: Any) -> Any:
    return np.ascontiguousarray(array).view(f"u{array.dtype.itemsize}").reshape(array.shape)


def shown(value: Any) -> str:
    """A value in one line; long arrays are cut."""
    if value is POISON:
        return "poison"
    if isinstance(value, np.ndarray):
        held = np.array2string(value, threshold=24, max_line_width=1_000_000, separator=", ")
        return f"{value.dtype}{' '.join(held.split())}"
    if isinstance(value, np.generic):
        return f"{value.dtype} {value}"
    return str(value)
