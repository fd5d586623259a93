"""Knobs of Python functions: what they hold, what they refuse, and that functions stay what they are."""

from __future__ import annotations

import functools
import inspect
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import approxir as ax
from approxir.frontends.decorators import Config


def state(n: int) -> int:
    return n


def other(n: int) -> int:
    return n + 1


def tree(**changes: Any) -> ax.DecisionTree:
    fields: dict[str, Any] = {
        "state_function": state,
        "state_indices": [0],
        "thresholds": [100, 500],
        "decisions": [0, 1, 2],
        "transform_type": "loop_perforate",
    }
    return ax.DecisionTree(**{**fields, **changes})


def test_fields_are_kept_as_given() -> None:
    held = tree()
    assert (held.state_function, held.state_indices) == (state, [0])
    assert (held.thresholds, held.decisions) == ([100, 500], [0, 1, 2])
    assert (held.approx_kernels, held.decision_values) == ({}, [])
    assert (held.thresholds_lower, held.thresholds_upper) == ([0], [100])
    assert ax.StaticTransform("loop_perforate", 2) == ax.StaticTransform(
        transform_type="loop_perforate", knob_val=2
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"decisions": [0, 1]}, r"decisions length \(2\) must be thresholds length \+ 1 \(3\)"),
        ({"transform_type": "loop_perforat"}, "did you mean loop_perforate"),
        ({"transform_type": "loop-perforation"}, "did you mean loop_perforate"),
        ({"transform_type": "nonsense"}, "must be one of loop_perforate, func_substitute, task_skipping"),
        ({"transform_type": None}, "transform_type must be one of"),
        ({"transform_type": "func_substitute"}, r"needs approx_kernels\[1\]"),
        ({"transform_type": "func_substitute", "approx_kernels": {1: other}}, r"needs approx_kernels\[2\]"),
        ({"approx_kernels": [other]}, "dictionary from knob values to functions"),
        ({"approx_kernels": {1: 5}}, r"approx_kernels\[1\] must be a function"),
        ({"approx_kernels": {"1": other}}, "must hold integers"),
        ({"decision_values": [0, 1]}, r"decision_values length \(2\) must be at least decisions length"),
        ({"thresholds": "12"}, "must be a list of integers"),
        ({"thresholds": [1.5, 2]}, "must hold integers, not 1.5"),
        ({"thresholds": [True, 2]}, "must hold integers, not True"),
        ({"thresholds": [1, 1 << 31]}, "must fit into 32 bits"),
        ({"state_indices": 0}, "must be a list of integers"),
        ({"state_function": 5}, "state_function must be a function"),
        ({"transform_options": ["rescale"]}, "must be a dictionary with names"),
        ({"transform_options": {"rescal": True}}, "no option 'rescal'.*did you mean rescale"),
        ({"transform_options": {"scheme": "strid"}}, "scheme is one of stride, skip"),
        ({"transform_options": {"loop": -1}}, "loops are counted from 0"),
        (
            {"transform_type": "task_skipping", "transform_options": {"scheme": "stride"}},
            "no option 'scheme'",
        ),
        ({"transform_options": {"seed": object()}}, r"transform_options\['seed'\]"),
        ({"decisions": [0, -1, 2]}, "decisions holds -1; the least knob value is 0"),
        ({"decision_values": [0, 1, 2, -3]}, "decision_values holds -3"),
        ({"thresholds": [500, 100]}, "thresholds must ascend, but 100 follows 500"),
        ({"thresholds": [500, 500]}, "thresholds must ascend"),
        ({"thresholds_lower": [1, 2, 3]}, r"thresholds_lower length \(3\) must be thresholds length \(2\)"),
        ({"thresholds_upper": [1, 2, 3]}, r"thresholds_upper length \(3\)"),
        ({"thresholds_lower": [5], "thresholds_upper": [10, 4]}, "has 5, above 4"),
        (
            {
                "transform_type": "func_substitute",
                "approx_kernels": {1: other, 2: other},
                "decision_values": [0, 1, 2, 3],
            },
            r"needs approx_kernels\[3\]",
        ),
    ],
)
def test_trees_that_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        tree(**changes)
    assert isinstance(caught.value, ax.ApproxIRError)


def test_static_transforms_and_contracts_that_are_refused() -> None:
    with pytest.raises(ax.FrontendError, match="needs approx_kernel"):
        ax.StaticTransform("func_substitute", 1)
    with pytest.raises(ax.FrontendError, match="knob_val holds -2"):
        ax.StaticTransform("loop_perforate", -2)
    with pytest.raises(ax.FrontendError, match=r"no option 'sede'.*did you mean seed"):
        ax.StaticTransform("loop_perforate", 2, transform_options={"sede": 5})
    assert ax.StaticTransform("func_substitute", 0).approx_kernel is None
    assert ax.StaticTransform("func_substitute", 1, other).approx_kernel is other
    with pytest.raises(ax.FrontendError, match="knob_val must hold integers"):
        ax.StaticTransform("loop_perforate", 1.5)  # type: ignore[arg-type]
    with pytest.raises(ax.FrontendError, match="recover must be a function"):
        ax.SafetyContract(state, None)  # type: ignore[arg-type]


def test_a_tree_and_a_static_transform_exclude_each_other() -> None:
    static = ax.StaticTransform("loop_perforate", 2)
    both: list[Callable[[], Any]] = [
        lambda: ax.Knob(decision_tree=tree(), static_transform=static),
        lambda: ax.with_config(state, decision_tree=tree(), static_transform=static),
        lambda: ax.generate_annotations("f", {"decision_tree": tree(), "static_transform": static}),
    ]
    for make in both:
        with pytest.raises(ValueError, match="Cannot specify both"):
            make()


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"decision_tre": None}, "did you mean decision_tree"),
        ({"decision_tree": 5}, "decision_tree must be a DecisionTree, not 5"),
        ({"safety_contract": object()}, "safety_contract must be a SafetyContract"),
        ([1], "a configuration is a dictionary"),
    ],
)
def test_configurations_that_are_refused(config: Any, message: str) -> None:
    with pytest.raises(ax.FrontendError, match=message):
        ax.generate_annotations("f", config)
    with pytest.raises(ax.FrontendError, match=message):
        ax.collect_helper_functions("f", config)


def test_a_tree_that_was_changed_is_checked_again() -> None:
    held = tree()
    held.thresholds = [1]
    with pytest.raises(ax.FrontendError, match="decisions length"):
        ax.generate_annotations("f", {"decision_tree": held})


def test_functions_stay_what_they_are() -> None:
    def kernel(n: int, data: list[float]) -> float:
        """What it does."""
        return sum(data[:n])

    before = inspect.signature(kernel)
    knob = ax.Knob(decision_tree=tree(), safety_contract=ax.SafetyContract(state, other))(kernel)
    assert knob is kernel
    assert knob(2, [1.0, 2.0, 3.0]) == 3.0
    assert (knob.__doc__, inspect.signature(knob)) == ("What it does.", before)
    config = ax.get_config(knob)
    assert config is not None
    assert config["decision_tree"] == tree()
    assert config["static_transform"] is None


def test_with_config_leaves_the_function_alone() -> None:
    made = ax.with_config(state, decision_tree=tree())
    assert ax.get_config(state) is None
    assert ax.get_config(made) is not None
    assert made(3) == 3
    assert inspect.signature(made) == inspect.signature(state)
    assert ax.get_function_name(made) == "state"


def test_methods_and_wrapped_functions() -> None:
    class Model:
        def kernel(self, x: int) -> int:
            return x + 1

    method = ax.Knob(static_transform=ax.StaticTransform("loop_perforate", 2))(Model().kernel)
    assert method(1) == 2
    assert ax.get_config(method) is not None
    assert ax.get_function_name(method) == "kernel"

    @functools.wraps(method)
    def wrapped(x: int) -> int:
        return method(x)

    assert ax.get_config(wrapped) == ax.get_config(method)
    assert ax.get_function_name(functools.partial(state, 1)) == "state"
    assert ax.get_function_name(lambda: 0) == "<lambda>"


def test_helpers_have_the_names_that_the_passes_look_for() -> None:
    config: Config = {
        "decision_tree": tree(transform_type="func_substitute", approx_kernels={1: other, 2: state}),
        "safety_contract": ax.SafetyContract(checker=other, recover=state),
    }
    names = [name for name, _ in ax.collect_helper_functions("kernel", config)]
    assert names == ["state", "approx_kernel_1", "approx_kernel_2", "other", "state"]
    assert ax.needs_pre_emit_transform(config)
    assert not ax.needs_pre_emit_transform({"decision_tree": tree()})
    static: Config = {"static_transform": ax.StaticTransform("func_substitute", 3, other)}
    assert ax.collect_helper_functions("kernel", static) == [("approx_kernel_3", other)]
    assert ax.get_pipeline_for_config(static) == ax.FUNC_SUBSTITUTE_PIPELINE


numbers = st.integers(-(1 << 31), (1 << 31) - 1)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    thresholds=st.lists(numbers, max_size=6) | st.lists(numbers, max_size=6, unique=True).map(sorted),
    decisions=st.lists(st.integers(0, 5), max_size=7),
    values=st.lists(st.integers(0, 5), max_size=8),
    kernels=st.sets(st.integers(0, 5)),
    transform=st.sampled_from(["loop_perforate", "func_substitute", "task_skipping", "perforate"]),
)
def test_which_trees_are_refused(
    thresholds: list[int], decisions: list[int], values: list[int], kernels: set[int], transform: str
) -> None:
    """Exactly those that the rules name; the others come back from their annotation as they were."""
    wrong = (
        len(decisions) != len(thresholds) + 1
        or transform == "perforate"
        or (transform == "func_substitute" and not {d for d in decisions + values if d} <= kernels)
        or thresholds != sorted(set(thresholds))
        or 0 < len(values) < len(decisions)
    )
    fields: dict[str, Any] = {
        "thresholds": thresholds,
        "decisions": decisions,
        "decision_values": values,
        "approx_kernels": dict.fromkeys(kernels, other),
        "transform_type": transform,
    }
    if wrong:
        with pytest.raises(ValueError, match=r"decisions|transform_type|approx_kernels|ascend"):
            tree(**fields)
        return
    held = tree(**fields)
    (annotation,) = [
        op
        for op in ax.parse(ax.generate_annotations("f", {"decision_tree": held})).operations
        if op.name.endswith("decision_tree")
    ]
    from approxir.dialects.approx.codec import read_params

    params = read_params(annotation)
    assert params is not None
    assert (list(params.thresholds), list(params.decisions)) == (thresholds, decisions)
    assert list(params.decision_values) == (values or list(dict.fromkeys(decisions)))
    for threshold, low, high in zip(
        thresholds, params.thresholds_lowers, params.thresholds_uppers, strict=True
    ):
        assert low <= threshold <= high


def in_a_process(script: str) -> str:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_knobs_need_no_jax() -> None:
    assert "False" in in_a_process(
        "import sys, approxir as ax\n"
        "knob = ax.Knob(static_transform=ax.StaticTransform('loop_perforate', 2))(lambda x: x)\n"
        "text = ax.generate_annotations('f', ax.get_config(knob))\n"
        "module = 'module { func.func @f() { return } }'\n"
        "ax.inject_annotations(module, 'f', ax.get_config(knob))\n"
        "ax.collect_helper_functions('f', ax.get_config(knob))\n"
        "print('jax' in sys.modules or 'numpy' in sys.modules)\n"
    )


def test_without_jax_the_extra_is_named() -> None:
    for call in (
        "ax.export_to_mlir(abs, 1.0)",
        "ax.approximate(abs)(1.0)",
        "ax.export_module({'f': (abs, (1.0,))})",
    ):
        printed = in_a_process(
            "import sys, approxir as ax\nsys.modules['jax'] = None\n"
            f"try:\n    {call}\nexcept ax.MissingDependencyError as error:\n    print(error)\n"
        )
        assert "approxir[jax]" in printed, call
