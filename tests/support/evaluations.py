"""Evaluations for tests: small ones, in which ties are frequent, and any."""

from __future__ import annotations

from hypothesis import strategies as st

from approxir.tuning.evaluation import Evaluation
from approxir.tuning.frontier import Frontier

NAMES = st.sampled_from(["f_threshold_0", "f_decision_0", "f_decision_1"]) | st.text(max_size=8)
CONFIGS = st.dictionaries(NAMES, st.integers(-(2**63), 2**63 - 1), max_size=4)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
DETAILS = st.dictionaries(
    st.text(max_size=5),
    st.recursive(
        st.none() | st.booleans() | st.integers() | FINITE | st.text(max_size=5), st.lists, max_leaves=5
    ),
    max_size=2,
)
SAMPLES = st.lists(st.floats(allow_nan=False), max_size=3).map(tuple)
SMALL = st.builds(
    lambda time, quality, number, static: Evaluation({"f_decision_0": number}, time / 2, quality / 4, number=number, static=static),
    st.integers(0, 8), st.integers(-1, 4), st.integers(0, 99), st.booleans(),
)  # fmt: skip
SUCCESSES = st.builds(
    Evaluation,
    CONFIGS,
    st.floats(0, 1e300),
    FINITE,
    st.none(),
    st.integers(0, 10**6),
    st.booleans(),
    SAMPLES,
    DETAILS,
)
FAILURES = st.builds(
    lambda config, failure, number: Evaluation(config, failure=failure, number=number),
    CONFIGS, st.text(max_size=20) | st.sampled_from(["null", "1", '"a"', " ", "it took longer than 10 s"]), st.integers(0, 99),
)  # fmt: skip
FRONTIERS = st.builds(
    lambda evaluations, baseline: Frontier(evaluations, baseline=baseline),
    st.lists(SUCCESSES | FAILURES, max_size=6), st.none() | SUCCESSES,
)  # fmt: skip


def evaluation(time_ms: float, quality: float, number: int = 0, *, static: bool = False) -> Evaluation:
    return Evaluation({"f_decision_0": number}, time_ms, quality, number=number, static=static)
