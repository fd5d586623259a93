"""A knob on a JAX function: how much there is to add up decides whether every second number will do."""

import jax.numpy as jnp
import numpy as np

import approxir as ax


def how_many(n):
    """The state: what the decision depends on."""
    return n


@ax.Knob(
    decision_tree=ax.DecisionTree(
        state_function=how_many,
        state_indices=[0],
        thresholds=[100],
        decisions=[0, 2],
        transform_type="loop_perforate",
        thresholds_upper=[1000],
    )
)
def total(n, data):
    return jnp.sum(data[:n])


if __name__ == "__main__":
    data = np.random.default_rng(0).uniform(size=1000).astype(np.float32)

    # Called as before, nothing is approximated.
    print("exact:       ", total(300, data))

    # With the approximations applied, compiled by LLVM; `backend="iree"` is for IREE.
    fast = ax.approximate(total, live=True)
    for n in (50, 300):
        print(f"approximated: {fast(n, data)}  (n = {n})")

    # Thresholds and decisions can be changed between calls: nothing is compiled again.
    fast.set({"total_threshold_0": 500})
    print("not from 300 on any more:", fast(300, data))

    # The module behind it, before its approximations are lowered.
    params = ax.parse(fast.mlir).knob("total").params
    print(f"thresholds of the module: {list(params.thresholds)}, decisions: {list(params.decisions)}")
