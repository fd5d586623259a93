"""`MLIRConfigManager`: what tuners written for approx-runtime rely on."""

from __future__ import annotations

import pytest
from support.tricky_annotations import CASES, LISTS, TREE, Case

import approxir as ax

MANAGER = ax.MLIRConfigManager()
TEXT = (
    f'{TREE} <{{func_name = "f", {LISTS}, thresholds_lowers = array<i32: 0, 2>, '
    "thresholds_uppers = array<i32: 50, 40>, decision_values = array<i32: 0, 1, 2, 4>}>\n"
)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_tricky_annotations(case: Case) -> None:
    found = MANAGER.parse_annotations(case.text)
    assert {name: parameter.current for name, parameter in found.items()} == case.config
    assert list(found) == list(case.config)
    name, value = case.edit
    assert MANAGER.apply_config(case.text, {}) == case.text
    assert MANAGER.apply_config(case.text, case.config) == case.text
    edited = MANAGER.apply_config(case.text, {name: value})
    assert edited == case.edited
    assert MANAGER.apply_config(edited, {name: case.config[name]}) == case.text


@pytest.mark.parametrize("lazy", [True, False])
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_modules_opened_lazily(case: Case, lazy: bool) -> None:
    module = ax.parse(case.text, lazy=lazy)
    assert module.config() == case.config
    undo = module.apply(dict([case.edit]))
    assert str(module) == case.edited
    assert module.apply(undo) == dict([case.edit])
    assert str(module) == case.text


def test_what_a_parameter_says() -> None:
    found = MANAGER.parse_annotations(TEXT)
    assert found["f_threshold_1"] == ax.TunableParam(
        name="f_threshold_1", lower=2, upper=40, current=10, param_type="threshold", func_name="f", index=1
    )
    decision = found["f_decision_2"]
    assert (decision.lower, decision.upper, decision.current, decision.choices) == (0, 4, 2, (0, 1, 2, 4))
    assert [parameter.knob for parameter in found.values()] == ["f"] * 5


@pytest.mark.parametrize(
    ("config", "valid"),
    [
        ({}, True),
        ({"f_threshold_0": 7}, True),
        ({"f_threshold_0": 0, "f_threshold_1": 40}, True),
        ({"f_threshold_0": 45}, False),
        ({"f_threshold_0": 10}, False),
        ({"f_threshold_0": -1}, False),
        ({"f_threshold_1": 41}, False),
        ({"f_threshold_0": 20, "f_threshold_1": 30}, True),
        ({"f_decision_0": 4}, True),
        ({"f_decision_0": 3}, False),
        ({"f_threshold_0": 7.0}, False),
        ({"f_threshold_0": True}, False),
        ({"f_threshold_0": "7"}, False),
        ({"g_threshold_0": 7}, False),
    ],
)
def test_validation_agrees_with_what_is_applied(config: dict[str, int], valid: bool) -> None:
    assert MANAGER.validate_config(config, MANAGER.parse_annotations(TEXT)) is valid
    if valid:
        assert MANAGER.parse_annotations(MANAGER.apply_config(TEXT, config)).keys() >= config.keys()
    else:
        with pytest.raises(ValueError, match="error: "):
            MANAGER.apply_config(TEXT, config)


def test_annotations_that_are_not_mlir() -> None:
    with pytest.raises(ax.ParseError, match=r"'\{' is never closed"):
        MANAGER.parse_annotations('module {\n  approx.util.annotation.decision_tree <{func_name = "f"\n')


def test_only_the_annotations_are_parsed() -> None:
    # What stands elsewhere is for whoever compiles the text; a tuner edits it a thousand times.
    text = TEXT + "module {"
    assert MANAGER.parse_annotations(text).keys() == MANAGER.parse_annotations(TEXT).keys()
