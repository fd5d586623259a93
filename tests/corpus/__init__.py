"""Material that real tools make, and the judge that asks real MLIR parsers about it.

Nothing here is collected by pytest: tests import what they need. `jax_programs` needs jax, `lowerings` needs
`torch-mlir-opt`; `judge` works with whichever MLIR parser is installed and says so when there is none.
"""
