"""Approximations from outside: a configuration says how a JAX function may be approximated."""

import jax
import jax.numpy as jnp
import numpy as np

import approxir as ax


def gelu(x):
    return 0.5 * x * (1 + jax.lax.erf(x / jnp.sqrt(2.0)))


# Cheaper functions that may take its place, by knob value.


def by_tanh(x):
    return jax.nn.gelu(x, approximate=True)


def by_lines(x):
    return x * jnp.clip(0.25 * x + 0.5, 0, 1)


def spread(x):
    """The state: how far the numbers are from zero, in hundredths."""
    return 100 * jnp.abs(x).mean()


def plausible(result, x):
    """What the function computes is never below -0.2."""
    return jnp.all(result > -0.2)


CONFIG = {
    "decision_tree": ax.DecisionTree(
        state_function=spread,
        state_indices=[0],
        thresholds=[50, 300],
        decisions=[0, 1, 2],
        transform_type="func_substitute",
        approx_kernels={1: by_tanh, 2: by_lines},
        thresholds_upper=[1000],
    ),
    "safety_contract": ax.SafetyContract(checker=plausible, recover=gelu),
}

if __name__ == "__main__":
    shape = jax.ShapeDtypeStruct((6,), jnp.float32)
    mlir = ax.export_with_config(gelu, (shape,), CONFIG)
    module = ax.parse(mlir)
    print("in the module:", ", ".join(module.symbols.names))
    print("parameters:   ", module.config())

    # Text in, text out: what any MLIR tool can go on with.
    lowered = ax.compile(mlir)
    print("lowered:      ", len(lowered.splitlines()), "lines without approximations")

    # Or right away as a function again.
    fast = ax.approximate(gelu, CONFIG)
    x = np.linspace(-1, 1, 6, dtype=np.float32)
    # Exact, by tanh, and by straight lines, which the checker does not accept here: recovered.
    for scale in (0.1, 2, 6):
        print(f"scale {scale}: off by at most {abs(fast(scale * x) - gelu(scale * x)).max():.2e}")
