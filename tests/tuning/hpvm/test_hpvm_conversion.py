"""HPVM's files as configurations and frontiers of approxir, and back; applied to modules."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.hpvm_files import Lines, files

import approxir as ax
from approxir.tuning import hpvm
from approxir.tuning.evaluation import Evaluation
from approxir.tuning.frontier import Frontier
from approxir.tuning.hpvm import KNOBS, HpvmError, TensorKnob

LOOSE = settings(deadline=None, derandomize=True)
TEXT = """100
+++++
conf1 1 0 91.5 0.0
1 gpu conv fp32 11 add fp32 1 add fp32 11
-----
+++++
conf2 2.5 1.25 91 0.5 0.75
1 gpu conv perf_fp16 154 add fp16 1 add fp32 12
-----
+++++
conf3 2 1.25 90 1.5
1 gpu conv samp 231 add fp32 1 add fp32 1
-----
"""


def test_configurations() -> None:
    first, second, third = hpvm.parse(TEXT)
    assert first.config() == {
        "node_1_conv_decision_0": 11,
        "node_1_add_decision_0": 11,
        "node_1_add_2_decision_0": 11,
    }
    assert list(second.config().values()) == [154, 12, 11]
    assert third.config({"node_1_conv": "layer"}) == {
        "layer_decision_0": 231,
        "node_1_add_decision_0": 11,
        "node_1_add_2_decision_0": 11,
    }
    third.apply({"layer_decision_0": 262}, {"node_1_conv": "layer"})
    assert third.config()["node_1_conv_decision_0"] == 262
    assert (first.exact, second.exact) == (True, False)


def test_two_operations_never_share_a_name() -> None:
    file = hpvm.parse(
        TEXT.replace(
            "1 gpu conv fp32 11 add fp32 1 add fp32 11", "1 gpu add_2 fp32 11 add fp32 1 add fp32 11"
        )
    )
    with pytest.raises(HpvmError, match="two operations of conf1 would have the name node_1_add_2"):
        file.default.config()


@LOOSE
@given(files(), st.data())
def test_a_configuration_written_into_another_is_read_back(lines: Lines, data: st.DataObject) -> None:
    text = "".join([" ".join(line) + "\n" for line in lines])
    configuration = hpvm.parse(text).default
    operations = configuration.operations()
    wanted = {
        name + "_decision_0": data.draw(st.sampled_from([k.id for k in KNOBS.values() if type(k) is TensorKnob or op.name.endswith("conv")]))
        for name, op in operations.items()
    }  # fmt: skip
    configuration.apply(wanted)
    assert configuration.config() == wanted
    assert hpvm.parse(str(configuration)).default.config() == wanted


def test_a_file_as_a_frontier() -> None:
    file = hpvm.parse(TEXT)
    frontier = hpvm.to_frontier(file)
    assert [(e.time_ms, e.quality) for e in frontier.evaluations] == [
        (100, 1),
        (40, 1 - 0.5 / 100),
        (50, 1 - 1.5 / 100),
    ]
    assert frontier.baseline == frontier.evaluations[0]
    assert [point.number for point in frontier] == [1, 0]
    assert frontier.at_loss(0.01).details["hpvm"] == {
        "name": "conf2",
        "energy": 1.25,
        "accuracy": 91.0,
        "extra": [0.75],
    }
    assert frontier.at_loss(0.01).config == file.named("conf2").config()
    slower = hpvm.to_frontier(file, baseline_ms=1000, names={"node_1_conv": "layer"})
    assert slower[0].time_ms == 400
    assert "layer_decision_0" in slower[0].config


def test_a_file_without_an_exact_configuration() -> None:
    file = hpvm.parse(TEXT)
    file.remove(file.default)
    assert hpvm.to_frontier(file).baseline == Evaluation({}, 100.0, 1.0)
    assert [c.name for c in hpvm.from_frontier(hpvm.to_frontier(file), like=file)] == ["conf2"]


@pytest.mark.parametrize("first_line", ["", "0\n"])
def test_without_a_time_there_is_no_frontier(first_line: str) -> None:
    file = hpvm.parse(TEXT.replace("100\n", first_line, 1))
    with pytest.raises(HpvmError, match=r"the file has .*time.*\n.*baseline_ms"):
        hpvm.to_frontier(file)
    assert hpvm.to_frontier(file, baseline_ms=100)[0].time_ms == 40
    with pytest.raises(HpvmError, match="conf1 has the speed-up -1"):
        hpvm.to_frontier(hpvm.parse(TEXT.replace("conf1 1", "conf1 -1")))


def test_a_frontier_written_as_its_file_was() -> None:
    file = hpvm.parse(TEXT)
    text = hpvm.dump(hpvm.from_frontier(hpvm.to_frontier(file), like=file))
    # The third configuration is dominated.
    assert text == TEXT[: TEXT.index("+++++\nconf3")]
    assert hpvm.dump(file) == TEXT


TIMES = st.floats(1e-3, 1e3)


@LOOSE
@given(
    TIMES,
    st.lists(st.tuples(TIMES, st.floats(0, 1), st.sampled_from([11, 12, 121, 269])), min_size=1, max_size=5),
)
def test_a_frontier_survives_a_file(base: float, drawn: list[tuple[float, float, int]]) -> None:
    evaluations = [
        Evaluation(
            {"node_3_conv_decision_0": knob, "node_12_add_decision_0": 12, "node_12_add_2_decision_0": 11},
            time,
            quality,
        )
        for time, quality, knob in drawn
    ]
    baseline = Evaluation(
        {"node_3_conv_decision_0": 11, "node_12_add_decision_0": 11, "node_12_add_2_decision_0": 11},
        base,
        1.0,
    )
    frontier = Frontier(evaluations, baseline=baseline)
    file = hpvm.parse(hpvm.dump(hpvm.from_frontier(frontier)))
    read = hpvm.to_frontier(file)
    assert read.baseline is not None
    assert read.baseline.config == baseline.config
    first, *others = file
    assert first.exact
    points = list(reversed(frontier.points))
    assert [c.config() for c in others] == [point.config for point in points if point != baseline]
    for found, point in zip(read.evaluations[1:], [p for p in points if p != baseline], strict=True):
        # Division and subtraction each round once on the way there and once on the way back.
        assert found.time_ms == pytest.approx(point.time_ms, rel=4e-16)
        assert found.quality == pytest.approx(point.quality, abs=4e-16)


def test_names_of_new_configurations_are_free_ones() -> None:
    file = hpvm.parse(TEXT)
    frontier = hpvm.to_frontier(file)
    new = Evaluation(file.named("conf2").config() | {"node_1_conv_decision_0": 121}, 20.0, 0.9)
    written = hpvm.from_frontier(frontier.merge(Frontier([new])), like=file)
    assert [(c.name, c.speedup, c.accuracy) for c in written] == [
        ("conf1", 1, 91.5),
        ("conf2", 2.5, 91),
        ("conf3", 5, 91.5),
    ]
    # Whatever the numbers behind the loss meant for another configuration.
    assert [c.extra for c in written] == [(), (0.75,), ()]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "a configuration without parameters tells no nodes"),
        ({"f_threshold_0": 5}, "f_threshold_0 is not the knob of an operation of a node"),
        ({"f_decision_0": 5}, "f_decision_0 is not the knob"),
        ({"node_1_conv_decision_1": 11}, "node_1_conv_decision_1 is not the knob"),
        ({"node_x_conv_decision_0": 11}, "node_x_conv_decision_0 is not the knob"),
        ({"node_1_conv_decision_0": 5}, "node_1_conv_decision_0: 5 is not the number of a knob"),
        ({"node_1_add_decision_0": 121}, "only convolutions"),
        ({"node_1_add_2_decision_0": 11}, "not those of operations in order"),
        ({"node_1_conv_decision_0": 1.5}, "is an integer, not 1.5"),
    ],
)
def test_what_cannot_be_written_for_hpvm(config: dict[str, int], message: str) -> None:
    with pytest.raises(HpvmError, match=message):
        hpvm.from_frontier(Frontier([Evaluation(config, 1, 1)], baseline=Evaluation({}, 2, 1)))
    with pytest.raises(HpvmError, match="no baseline"):
        hpvm.from_frontier(Frontier([Evaluation(config, 1, 1)]))


MODULE = """
module {
  approx.util.annotation.transform <{func_name = "node_1_conv", transform_type = "x", knob_val = 11 : i32}>
  approx.util.annotation.transform <{func_name = "second", transform_type = "x", knob_val = 11 : i32}>
}
"""


def test_a_configuration_applied_to_a_module() -> None:
    module = ax.parse(MODULE)
    _, second, third = hpvm.parse(TEXT)
    before = third.apply_to(module)
    assert before == {"node_1_conv_decision_0": 11}
    assert str(module) == MODULE.replace("= 11", "= 231", 1)
    # An operation that is approximated and has no knob in the module.
    with pytest.raises(HpvmError, match=r"no parameter node_1_add_decision_0\n.*hint"):
        second.apply_to(module)
    assert str(module) == MODULE.replace("= 11", "= 231", 1)
    second.apply_to(module, {"node_1_add": "second"})
    assert module.config() == {"node_1_conv_decision_0": 154, "second_decision_0": 12}
