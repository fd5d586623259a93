"""Hand-off to the engines around MLIR: the real MLIR, LLVM and IREE (imported as `approxir.codegen`).

Nothing here is imported before it is used, and every engine is optional.
"""
