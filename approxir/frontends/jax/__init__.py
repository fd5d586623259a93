"""JAX functions, exported to annotated modules and called with their approximations.

`approxir.frontends.jax.export` makes modules of functions, `approxir.frontends.jax.approximate` callables.
JAX is imported when one of them is used.
"""
