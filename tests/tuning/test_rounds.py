"""Samples in turns, and what counts of them."""

from __future__ import annotations

from approxir.tuning.rounds import in_rounds, typical


def test_every_second_round_goes_backwards_and_the_first_does_not_count() -> None:
    called: list[str] = []

    def sampler(name: str) -> float:
        called.append(name)
        return float(len(called))

    found = in_rounds([lambda: sampler("a"), lambda: sampler("b"), lambda: sampler("c")], 2)
    assert "".join(called) == "cba" + "abc" + "cba"
    assert found == [[4.0, 9.0], [5.0, 8.0], [6.0, 7.0]]
    assert in_rounds([], 3) == []


def test_a_few_samples_that_are_far_off_change_little() -> None:
    quiet = [5.0, 5.1, 5.2, 5.1, 5.0, 5.1, 5.2, 5.0]
    for disturbed in (
        quiet,
        [0.5, *quiet[1:]],
        [*quiet[:4], 50.0, 51.0, 49.0, 60.0],
        [0.5, *quiet[:4], 60.0, 80.0],
    ):
        assert 4.9 < typical(disturbed) < 5.15
    assert typical([3.0]) == 3.0
