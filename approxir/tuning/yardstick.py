"""The yardstick of a program: the same function in C, as the system's compiler makes it."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import TYPE_CHECKING

from approxir.codegen.llvm.c_compiler import CCompiler
from approxir.codegen.llvm.c_functions import FLAGS, c_function
from approxir.codegen.signature import Signature
from approxir.errors import MissingDependencyError

if TYPE_CHECKING:
    from approxir.codegen.llvm.calls import CompiledFunction


class Yardstick:
    """A function in C that computes what the exact program computes, to tell how fast that is.

    Where there is no C compiler, `function` is None and `problem` says so; everything else that is wrong with
    the file is an error.

    Args:
        source: the C file. Its function has the name and the arguments of the module's, see
            `approxir.codegen.llvm.c_functions`.
        signature: the function of the module.
        writes: the numbers of the arguments that it may write to; by default all.

    Raises what `c_function` raises, but for the missing compiler.
    """

    def __init__(
        self,
        source: str | os.PathLike[str],
        signature: Signature,
        *,
        writes: Collection[int] | None = None,
    ) -> None:
        self.function: CompiledFunction | None = None
        self.problem: str | None = None
        self.compiler = ""
        try:
            self.function = c_function(source, signature, writes=writes)
            self.compiler = f"{CCompiler().version()}, {' '.join(FLAGS)}"
        except MissingDependencyError as error:
            self.problem = str(error)
