"""The tables of HPVM's knobs: every number and what it means."""

from __future__ import annotations

import pytest

from approxir.tuning.hpvm import KINDS, KNOBS, HpvmError, Perforation, Sampling, TensorKnob, knob_of

# The rows of the documentation: number in FP32, rate in percent, columns or rows, offset.
PERFORATIONS = [
    (121, 50, "col", 0), (122, 50, "col", 1), (123, 50, "row", 0), (124, 50, "row", 1),
    (125, 33, "col", 0), (126, 33, "col", 1), (127, 33, "col", 2),
    (128, 33, "row", 0), (129, 33, "row", 1), (130, 33, "row", 2),
    (131, 25, "col", 0), (132, 25, "col", 1), (133, 25, "col", 2), (134, 25, "col", 3),
    (135, 25, "row", 0), (136, 25, "row", 1), (137, 25, "row", 2), (138, 25, "row", 3),
]  # fmt: skip
SAMPLINGS = [
    (231, 50, 0), (232, 50, 1), (233, 33, 0), (234, 33, 1), (235, 33, 2),
    (236, 25, 0), (237, 25, 1), (238, 25, 2), (239, 25, 3),
]  # fmt: skip


def expected() -> dict[int, tuple[str, TensorKnob]]:
    found: dict[int, tuple[str, TensorKnob]] = {
        11: ("fp32", TensorKnob("fp32")),
        12: ("fp16", TensorKnob("fp16")),
    }
    for number, rate, axis, offset in PERFORATIONS:
        found[number] = "perf", Perforation("fp32", rate, axis, offset)  # type: ignore[arg-type]
        found[number + 30] = "perf_fp16", Perforation("fp16", rate, axis, offset)  # type: ignore[arg-type]
    for number, rate, offset in SAMPLINGS:
        found[number] = "samp", Sampling("fp32", rate, offset)
        found[number + 30] = "samp_fp16", Sampling("fp16", rate, offset)
    return found


def test_every_row_of_the_tables() -> None:
    table = expected()
    assert dict(KNOBS) == {number: knob for number, (_, knob) in table.items()}
    assert len(table) == 2 + 2 * 18 + 2 * 9
    assert {kind for kind, _ in table.values()} == set(KINDS)
    for number, (kind, knob) in table.items():
        assert (knob.id, knob.kind) == (number, kind)
        assert knob_of(kind, number) == knob_of(None, number) == knob
        assert knob.exact == (number == 11)


def test_one_of_how_many_is_left_out() -> None:
    for knob in KNOBS.values():
        if isinstance(knob, Perforation | Sampling):
            assert knob.stride == {50: 2, 33: 3, 25: 4}[knob.rate]
            assert 0 <= knob.offset < knob.stride


def test_the_kind_decides_on_the_precision() -> None:
    assert knob_of("fp16", 11) == knob_of("fp16", 1) == TensorKnob("fp16")
    assert knob_of("fp32", 12) == knob_of("fp32", 1) == TensorKnob("fp32")
    assert knob_of("perf_fp16", 121).id == 151
    assert knob_of("samp", 269).id == 239


@pytest.mark.parametrize(
    ("kind", "number"),
    [(None, 1), (None, 13), (None, 120), (None, 139), (None, 150), (None, 169), (None, 230), (None, 240), (None, 260),
     (None, 270), ("fp16", 121), ("perf", 231), ("perf", 1), ("samp", 121), ("samp_fp16", 12), ("int8", 11), ("fp32", 0)],
)  # fmt: skip
def test_what_the_tables_do_not_have(kind: str | None, number: int) -> None:
    with pytest.raises(HpvmError, match="not") as caught:
        knob_of(kind, number)
    assert caught.value.diagnostics[0].hint


@pytest.mark.parametrize(
    ("make", "arguments"),
    [(TensorKnob, ("bf16",)), (Perforation, ("fp32", 40)), (Perforation, ("fp32", 50, "depth")), (Perforation, ("fp32", 50, "col", 2)),
     (Sampling, ("fp32", 33, 3)), (Sampling, ("fp32", 33, -1)), (Sampling, ("fp64",)), (Sampling, ("fp32", 25, 1.0))],
)  # fmt: skip
def test_knobs_that_do_not_exist(make: type[TensorKnob], arguments: tuple[object, ...]) -> None:
    with pytest.raises(HpvmError):
        make(*arguments)
