"""Configurations as annotations, and their way into modules."""

from __future__ import annotations

import pytest

import approxir as ax

MODULE = """\
// a comment
module @m attributes {a = {b = 1 : i32}} {
  func.func @kernel(%n: i32, %x: tensor<4xf32>) -> tensor<4xf32> {
    return %x : tensor<4xf32>
  }
  func.func @state(%n: i32) -> i32 { return %n : i32 }
}
"""


def state(n: int) -> int:
    return n


def test_each_part_of_a_configuration() -> None:
    tree = ax.DecisionTree(
        state, [0, -1], [100, 500], [0, 1, 2], "loop_perforate", decision_values=[0, 1, 2, 4],
        thresholds_lower=[0, 100], thresholds_upper=[500, 1000], transform_options={"scheme": "truncate"},
    )  # fmt: skip
    contract = ax.SafetyContract(checker=state, recover=state)
    text = ax.generate_annotations("kernel", {"decision_tree": tree, "safety_contract": contract})
    first, second = text.splitlines()
    assert first.startswith('"approx.util.annotation.decision_tree"() <{')
    for part in (
        'func_name = "kernel"', 'transform_type = "loop_perforate"', 'state_function = "state"',
        "state_indices = array<i64: 0, -1>", "num_thresholds = 2 : i32", "thresholds = array<i32: 100, 500>",
        "decisions = array<i32: 0, 1, 2>", "thresholds_lowers = array<i32: 0, 100>",
        "thresholds_uppers = array<i32: 500, 1000>", "decision_values = array<i32: 0, 1, 2, 4>",
        'transform_options = {scheme = "truncate"}',
    ):  # fmt: skip
        assert part in first, part
    assert second.startswith('"approx.util.annotation.try"() <{')
    assert 'checker = "state"' in second
    static = ax.generate_annotations("k", {"static_transform": ax.StaticTransform("task_skipping", 3)})
    assert "knob_val = 3 : i32" in static


def test_substitution_is_asked_for_first() -> None:
    tree = ax.DecisionTree(state, [0], [5], [0, 1], "func_substitute", approx_kernels={1: state})
    text = ax.generate_annotations("kernel", {"decision_tree": tree})
    assert [line.split('"')[1] for line in text.splitlines()] == [
        "approx.util.annotation.convert_to_call",
        "approx.util.annotation.decision_tree",
    ]


def test_nothing_to_say() -> None:
    empty: dict[str, None] = {"decision_tree": None, "safety_contract": None, "static_transform": None}
    for config in (None, {}, empty):
        assert ax.generate_annotations("f", config) == ""
        assert ax.inject_annotations(MODULE, "kernel", config) == MODULE


@pytest.mark.parametrize("name", ["kernel", "with space", 'quo"te', "back\\slash", "<lambda>", "größe"])
def test_injection_changes_nothing_else(name: str) -> None:
    from approxir.values import symbol_text

    text = MODULE.replace("@kernel", symbol_text(name))
    config = {"decision_tree": ax.DecisionTree(state, [0], [100], [0, 2], "loop_perforate")}
    result = ax.inject_annotations(text, name, config)
    inserted = [line for line in result.splitlines() if line not in text.splitlines()]
    assert len(inserted) == 1
    assert result.replace(inserted[0] + "\n", "") == text
    module = ax.parse(result)
    module.verify()
    assert module.knobs()[0].function == name
    assert module.config()[f"{name}_threshold_0"] == 100


def test_what_does_not_fit_is_said() -> None:
    tree = ax.DecisionTree(state, [0], [100], [0, 2], "loop_perforate")
    with pytest.raises(ValueError, match=r"no function 'kernl'[^?]*did you mean kernel") as caught:
        ax.inject_annotations(MODULE, "kernl", {"decision_tree": tree})
    assert isinstance(caught.value, ax.ApproxIRError)
    with pytest.raises(ax.FrontendError, match="must be a string that is not empty"):
        ax.generate_annotations("", {"decision_tree": tree})
    tree.transform_options = {"seed": object()}
    with pytest.raises(ax.FrontendError, match=r"transform_options\['seed'\]"):
        ax.generate_annotations("kernel", {"decision_tree": tree})
    with pytest.raises(ax.ParseError):
        ax.inject_annotations(
            "module {", "kernel", {"static_transform": ax.StaticTransform("task_skipping", 1)}
        )
