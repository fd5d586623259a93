"""LLVM: modules as native code, through the MLIR and the LLVM of torch-mlir, or through MLIR's own programs.

How a module goes, one file for each step:

    prepare          (codegen) approximations are lowered
    interface        how callers and code exchange values: frames, one for each function
    wrappers         code that takes a function's arguments out of a frame and puts its results back
    stablehlo        StableHLO becomes linalg
    tensors          tensors become memory
    lowering         all of it becomes LLVM's dialect
    translation      LLVM's dialect becomes LLVM's language, by torch-mlir or by MLIR's own programs
    objects          LLVM's language becomes an object file
    jit, shared, aot machine code, in this process, in a library, or in files
    header, c_main   what C programs see of a module, and programs around one function
    calls            Python values go into frames and come out of them
"""

from __future__ import annotations

from approxir.errors import MissingDependencyError

try:
    import numpy as _numpy  # noqa: F401 (to say what is missing)
except ImportError as error:
    raise MissingDependencyError("running modules needs NumPy: pip install 'approxir[llvm]'") from error
