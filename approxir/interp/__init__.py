"""Running modules in plain Python and NumPy: slow, obvious, and the reference for everything that is faster.

Operations are executed as they stand, approx operations and annotations included (`docs/semantics.md`);
nothing is lowered or rewritten first.

    import numpy as np
    from approxir.interp import Trace, run

    trace = Trace()
    (total,) = run(module, "sum", np.arange(8, dtype=np.float32), trace=trace)
    print(trace)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from approxir.errors import MissingDependencyError

try:
    import numpy as _numpy  # noqa: F401 (to say what is missing)
except ImportError as error:
    raise MissingDependencyError("the interpreter needs NumPy; install approxir[interp]") from error

from approxir.interp.errors import InterpreterError, Trap
from approxir.interp.interpreter import Interpreter
from approxir.interp.machine import Environment, Handler, Jump, Leave, Pure
from approxir.interp.memory import MemRef
from approxir.interp.numbers import POISON
from approxir.interp.trace import Decision, Trace

if TYPE_CHECKING:
    from approxir.ir.module import Module

__all__ = [
    "POISON",
    "Decision",
    "Environment",
    "Handler",
    "Interpreter",
    "InterpreterError",
    "Jump",
    "Leave",
    "MemRef",
    "Pure",
    "Trace",
    "Trap",
    "run",
]


def run(module: Module, function: str, *args: Any, **options: Any) -> tuple[Any, ...]:
    """Call one function of a module; `options` are those of `Interpreter`."""
    return Interpreter(module, **options).call(function, *args)
