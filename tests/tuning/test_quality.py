"""Quality metrics: their definitions, and what they do with results that cannot be compared."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from approxir.errors import MissingDependencyError
from approxir.tuning import quality
from approxir.tuning.quality import METRICS, QualityError, metric
from approxir.tuning.ranking import overlap, ranked

LOOSE = settings(deadline=None, derandomize=True)
NUMERIC: list[Callable[..., float]] = [
    quality.l2,
    quality.mean_relative,
    quality.psnr,
    quality.cosine,
    quality.correlation,
]
SHAPES = arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
FLOATS = arrays.arrays(np.float64, SHAPES, elements=st.floats(allow_nan=False, allow_infinity=False))
MODEST = st.integers(-8, 8).map(lambda n: n / 4)
PAIRS = st.integers(1, 6).flatmap(lambda n: st.tuples(*[arrays.arrays(np.float64, n, elements=MODEST)] * 2))
TYPES = [np.bool_, np.int8, np.uint8, np.int64, np.uint64, np.float16, np.float32, np.complex64, np.complex128,
         ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, ml_dtypes.int4]  # fmt: skip


@LOOSE
@given(FLOATS, st.sampled_from([*NUMERIC, quality.accuracy, quality.rbo_scores]))
def test_equal_results_have_the_quality_1(values: np.ndarray, compare: Callable[..., float]) -> None:
    assert compare(values, values.copy()) == 1
    assert compare((values, 3), (values, 3)) == 1


@LOOSE
@given(st.data(), SHAPES, st.sampled_from(NUMERIC))
def test_every_quality_is_a_finite_number(
    data: st.DataObject, shape: tuple[int, ...], compare: Callable[..., float]
) -> None:
    elements = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(
        [5e-324, -1.7e308, 1e200, 1e-200]
    )
    first, second = (data.draw(arrays.arrays(np.float64, shape, elements=elements)) for _ in range(2))
    with np.errstate(all="raise", under="ignore"):
        found = compare(first, second)
        assert math.isfinite(compare(first + 1j * second, second + 1j * first))
    assert math.isfinite(found)
    assert found <= 1


@LOOSE
@given(PAIRS)
def test_l2_and_mean_relative_are_what_they_say(pair: tuple[np.ndarray, np.ndarray]) -> None:
    r, x = ([Fraction(value) for value in values.tolist()] for values in pair)
    errors = [abs(a - b) / abs(a) if a else Fraction(a != b) for a, b in zip(r, x, strict=True)]
    assert quality.mean_relative(*pair) == pytest.approx(float(1 - sum(errors) / len(errors)), abs=1e-12)
    norm = sum(a * a for a in r)
    error = sum((a - b) ** 2 for a, b in zip(r, x, strict=True))
    expected = 1 - math.sqrt(error / norm) if norm else float(error == 0)
    assert quality.l2(*pair) == pytest.approx(expected, abs=1e-12)


def test_zero_references() -> None:
    zero = np.zeros(3)
    assert [compare(zero, zero) for compare in NUMERIC] == [1] * 5
    assert [compare(zero, np.array([0, 0, 1.0])) for compare in NUMERIC] == [0, 1 - 1 / 3, 0, 0, 0]
    # As wrong as zeros are for anything else.
    assert quality.l2(np.ones(3), zero) == 0


@LOOSE
@given(PAIRS, st.floats(0.1, 300))
def test_psnr(pair: tuple[np.ndarray, np.ndarray], peak: float) -> None:
    r, x = pair
    mse = np.mean((r - x) ** 2)
    expected = 10 * math.log10(peak**2 / mse) if mse else math.inf
    assert quality.psnr_db(r, x, peak=peak) == pytest.approx(expected, abs=1e-9)
    assert quality.psnr(r, x, peak=peak) == pytest.approx(min(1, max(0, expected / 100)), abs=1e-9)
    assert quality.psnr(r, x, peak=peak, bound=10) == pytest.approx(min(1, max(0, expected / 10)), abs=1e-9)


def test_the_peak_goes_by_the_type() -> None:
    def db(dtype: type, value: int) -> float:
        return quality.psnr_db(np.array([value, 0], dtype), np.array([value, 1], dtype))

    assert db(np.bool_, 0) == pytest.approx(20 * math.log10(math.sqrt(2)))
    assert db(np.uint8, 7) == pytest.approx(20 * math.log10(255 * math.sqrt(2)))
    assert db(np.uint16, 7) == pytest.approx(20 * math.log10(65535 * math.sqrt(2)))
    assert db(np.int32, -7) == pytest.approx(20 * math.log10(7 * math.sqrt(2)))
    assert db(np.float32, 0) == -math.inf
    assert quality.psnr_db((1.0, 2.0), (1.0, 2.0)) == math.inf
    assert quality.psnr_db((1.0, 2.0), (1.0, 4.0)) == 0
    for wrong in ({"peak": -1}, {"peak": math.nan}, {"bound": 0}, {"bound": math.inf}):
        with pytest.raises(QualityError):
            quality.psnr(np.ones(2), np.zeros(2), **wrong)


@LOOSE
@given(PAIRS, st.sampled_from([0.5, 1e100]))
def test_directions_and_variations(pair: tuple[np.ndarray, np.ndarray], factor: float) -> None:
    r, x = pair
    assume(np.ptp(r) > 0)
    assume(np.ptp(x) > 0)
    assert quality.correlation(r, x) == pytest.approx(np.corrcoef(r, x)[0, 1], abs=1e-12)
    assert quality.cosine(r, x) == pytest.approx(r @ x / np.linalg.norm(r) / np.linalg.norm(x), abs=1e-12)
    assert quality.cosine(r, r * factor) == pytest.approx(1, abs=1e-12)
    assert quality.correlation(r, r * factor + factor) == pytest.approx(1, abs=1e-12)
    assert quality.cosine(r, -r) == pytest.approx(-1, abs=1e-12)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("compare", NUMERIC)
def test_every_type_of_number(dtype: Any, compare: Callable[..., float]) -> None:
    r, x = np.array([1, 0, 1, 1]).astype(dtype), np.array([1, 0, 0, 1]).astype(dtype)
    options = {"peak": 1} if compare is quality.psnr else {}
    expected = compare(r.astype(complex), x.astype(complex), **options)
    assert compare(r, x, **options) == pytest.approx(expected)
    assert compare(r, r) == 1
    assert 0 < expected < 1


def test_numbers_at_the_ends_of_their_range() -> None:
    assert quality.l2(np.array([1.7e308, -1.7e308]), np.array([-1.7e308, 1.7e308])) == -1
    assert quality.l2(np.array([5e-324, 5e-324]), np.array([5e-324, 0])) == pytest.approx(1 - math.sqrt(0.5))
    assert quality.l2(np.array([2**64 - 1], np.uint64), np.array([0], np.uint64)) == 0
    assert quality.l2([10**30, 1], [10**30, 1]) == 1
    assert quality.mean_relative(np.array([5e-324, 1.0]), np.array([1.7e308, 1.0])) < -1e299
    assert quality.l2(np.array([1.7e308 + 1.7e308j]), np.array([0j])) == 0


@pytest.mark.parametrize("compare", NUMERIC)
def test_numbers_that_are_not_finite(compare: Callable[..., float]) -> None:
    nan, inf = math.nan, math.inf
    assert compare([nan, inf, -inf, 2.0], [nan, inf, -inf, 2.0]) == 1
    assert compare([nan, 2.0, 1.0], [nan, 2.0, 0.5]) == compare([2.0, 1.0], [2.0, 0.5])
    for r, x in (
        ([1.0, 2.0], [1.0, nan]),
        ([1.0, nan], [1.0, 2.0]),
        ([1.0, inf], [1.0, -inf]),
        ([1.0, 2.0], [1.0, inf]),
    ):
        with pytest.raises(QualityError, match=r"1 of 2 elements are not finite .* \[1\]"):
            compare(r, x)
    with pytest.raises(QualityError, match=r"2 of 4 .* first at \[0, 1\]: 1\.0 and nan"):
        compare(np.ones((2, 2)), np.array([[1, nan], [1, nan]]))
    with pytest.raises(QualityError, match=r"at \[\(\)\]"):
        compare(1.0, nan)
    with pytest.raises(QualityError, match="not finite"):
        compare(np.array([1j]), np.array([complex(0, inf)]))


@pytest.mark.parametrize("compare", [*NUMERIC, quality.accuracy, quality.rbo_scores, quality.centroids])
def test_shapes_must_agree(compare: Callable[..., float]) -> None:
    with pytest.raises(
        QualityError, match=r"the reference has the shape \(2, 3\), and the result has \(3, 2\)"
    ):
        compare(np.ones((2, 3)), np.ones((3, 2)))
    with pytest.raises(QualityError, match=r"\(1,\), and the result has \(2,\)"):
        compare(np.ones(1), np.ones(2))


@pytest.mark.parametrize("compare", [*NUMERIC, quality.rbo_scores])
@pytest.mark.parametrize(
    "wrong",
    [["a", "b"], [None, 1], [object(), 1], [[1], [1, 2]], [10**400, 1], np.array(["2020-01-01"], "M8[D]")],
)
def test_what_is_no_number(compare: Callable[..., float], wrong: Any) -> None:
    with pytest.raises(QualityError):
        compare(wrong, wrong)


@pytest.mark.parametrize("compare", [*NUMERIC, quality.accuracy])
def test_of_several_results_the_worst_counts(compare: Callable[..., float]) -> None:
    r, x = np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 3.0])
    worst = compare(r, x)
    assert worst < 1
    assert compare((r, r), (r, x)) == worst
    assert compare((r, (r, r)), (r, (x, r))) == worst
    assert compare({"a": r, "b": (r, r)}, {"b": (r, x), "a": r}) == worst
    assert compare((), ()) == 1
    for one, other in (
        ((r,), r),
        ((r, r), (r,)),
        ({"a": r}, r),
        ({"a": r}, {"b": r}),
        ((r,), [r]),
        ({"a": r}, {}),
    ):
        with pytest.raises(QualityError):
            compare(one, other)
    with pytest.raises(QualityError, match=r"result 1\[0\]: the reference has the shape"):
        compare((r, (r,)), (r, (x[:2],)))
    with pytest.raises(QualityError, match=r"b\['c'\]: the reference has the shape"):
        compare({"b": {"c": r}}, {"b": {"c": x[:2]}})
    # A result alone has no name.
    with pytest.raises(QualityError, match=r"^the reference has the shape"):
        compare(r, x[:2])


# Rankings.


def definition(s: list[Any], t: list[Any], p: float, depth: int) -> float:
    """The quadratic definition, in exact fractions."""
    s, t = list(dict.fromkeys(s)), list(dict.fromkeys(t))
    deepest = min(depth, max(len(s), len(t)))
    persistence = Fraction(p)
    terms = [
        persistence ** (d - 1) * Fraction(len(set(s[:d]) & set(t[:d])), d) for d in range(1, deepest + 1)
    ]
    norm = sum(persistence**d for d in range(deepest))
    return float(sum(terms) / norm) if norm else 1.0


LISTS = st.lists(st.integers(0, 12), max_size=15) | st.permutations(range(10))


@LOOSE
@given(LISTS, LISTS, st.floats(0.01, 0.99), st.integers(1, 20))
def test_rbo_is_its_definition(s: list[int], t: list[int], p: float, depth: int) -> None:
    assert quality.rbo(s, t, p=p, depth=depth) == pytest.approx(definition(s, t, p, depth), abs=1e-12)
    assert quality.rbo(s, t) == pytest.approx(definition(s, t, 0.95, 1000), abs=1e-12)
    assert quality.rbo(s, s, p=p, depth=depth) == 1
    assert quality.rbo(s, t, p=p) == quality.rbo(t, s, p=p)


def test_rbo_of_long_lists() -> None:
    rng = np.random.default_rng(7)
    s = rng.permutation(3000)
    t = s.copy()
    rng.shuffle(t[:50])
    found = quality.rbo(s, t)
    assert 0.2 < found < 1
    assert found == pytest.approx(definition(s[:1000].tolist(), t[:1000].tolist(), 0.95, 1000), abs=1e-12)
    # Nothing below the depth counts.
    assert quality.rbo(s[:1000], t[:1000]) == found
    assert quality.rbo(s, s) == 1
    assert quality.rbo(s, -1 - s) == 0
    assert quality.rbo([], []) == 1
    assert quality.rbo([1], []) == 0
    assert quality.rbo(["a", "b"], ["b", "a"]) == pytest.approx(0.95 / 1.95)


class Item:
    """An item that counts how often it is looked up."""

    lookups = 0

    def __init__(self, number: int) -> None:
        self.number = number

    def __hash__(self) -> int:
        Item.lookups += 1
        return hash(self.number)

    def __eq__(self, other: object) -> bool:
        Item.lookups += 1
        return isinstance(other, Item) and self.number == other.number


def test_rbo_takes_linear_time() -> None:
    def lookups(n: int) -> int:
        s, t = [Item(i) for i in range(n)], [Item(i) for i in reversed(range(n))]
        Item.lookups = 0
        overlap(s, t, 0.95, n)
        return Item.lookups

    counts = [lookups(n) for n in (500, 1000, 2000, 4000)]
    assert counts[0] >= 500
    for fewer, more in itertools.pairwise(counts):
        assert more <= 2.1 * fewer
    s = [Item(i) for i in range(100_000)]
    Item.lookups = 0
    overlap(s, s, 0.95, 100)
    assert Item.lookups <= 2000


@LOOSE
@given(
    arrays.arrays(np.float64, st.integers(0, 30), elements=st.integers(-3, 3).map(float) | st.just(math.inf)),
    st.integers(1, 35),
)
def test_scores_are_ranked(scores: np.ndarray, depth: int) -> None:
    expected = sorted(range(len(scores)), key=lambda i: (-scores[i], i))[:depth]
    assert ranked(scores, depth) == expected
    other = scores[::-1].copy()
    order = sorted(range(len(other)), key=lambda i: (-other[i], i))
    whole = sorted(range(len(scores)), key=lambda i: (-scores[i], i))
    assert quality.rbo_scores(scores, other, depth=depth) == quality.rbo(whole, order, depth=depth)


@pytest.mark.parametrize("wrong", [{"p": 0}, {"p": 1}, {"p": math.nan}, {"depth": 0}, {"depth": 2.5}])
def test_rankings_need_sensible_options(wrong: dict[str, Any]) -> None:
    for compare in (quality.rbo, quality.rbo_scores):
        with pytest.raises(QualityError):
            compare([1, 2], [1, 2], **wrong)


def test_what_cannot_be_ranked() -> None:
    for wrong in ([[1], [2]], np.ones((2, 2)), 5, [{}]):
        with pytest.raises(QualityError):
            quality.rbo(wrong, wrong)
    for scores in ([1.0, math.nan], [1j, 2j]):
        with pytest.raises(QualityError, match="not real numbers"):
            quality.rbo_scores(scores, scores)


# Labels, sets, centroids.


def test_accuracy() -> None:
    assert quality.accuracy([1, 2, 3, 4], [1, 2, 0, 4]) == 0.75
    assert quality.accuracy(["a", "b"], ["a", "c"]) == 0.5
    assert quality.accuracy(np.array([True, False]), np.array([1, 0])) == 1
    assert quality.accuracy([], []) == 1
    assert quality.accuracy(2, [0.1, 0.2, 0.7]) == 1
    scores = np.array([[0.1, 0.9], [0.5, 0.5], [0.2, 0.8]], ml_dtypes.bfloat16)
    assert quality.accuracy([1, 0, 0], scores) == pytest.approx(2 / 3)
    with pytest.raises(QualityError, match="not real numbers"):
        quality.accuracy([0], [[math.nan, 1]])
    with pytest.raises(QualityError, match="scores for no label"):
        quality.accuracy([0], np.ones((1, 0)))
    with pytest.raises(QualityError, match="texts for labels"):
        quality.accuracy(["1"], [1])


@LOOSE
@given(st.lists(st.integers(0, 9)), st.lists(st.integers(0, 9)))
def test_jaccard(first: list[int], second: list[int]) -> None:
    one, other = set(first), set(second)
    expected = len(one & other) / len(one | other) if one | other else 1
    assert quality.jaccard(first, second) == quality.jaccard(one, other) == expected
    assert quality.jaccard(np.array(first, int), first) == 1


@LOOSE
@given(
    st.integers(1, 5).flatmap(lambda k: st.tuples(*[arrays.arrays(np.float64, (k, 2), elements=MODEST)] * 2))
)
def test_centroids_are_matched_at_the_least_cost(pair: tuple[np.ndarray, np.ndarray]) -> None:
    r, x = pair
    # Equal costs may come from different matchings; their L2 errors are equal as well, being the costs.
    least = min(float(((r - x[list(order)]) ** 2).sum()) for order in itertools.permutations(range(len(r))))
    norm = float((r**2).sum())
    expected = 1 - math.sqrt(least / norm) if norm else float(least == 0)
    assert quality.centroids(r, x) == pytest.approx(expected, abs=1e-9)
    assert quality.centroids(r, r[::-1]) == pytest.approx(1)


def test_centroids_that_cannot_be_matched() -> None:
    with pytest.raises(QualityError, match=r"\(clusters, coordinates\)"):
        quality.centroids(np.ones(3), np.ones(3))
    with pytest.raises(QualityError, match="not finite"):
        quality.centroids(np.ones((1, 1)), np.array([[math.inf]]))
    assert quality.centroids(np.ones((0, 2)), np.ones((0, 2))) == 1
    assert quality.centroids(np.full((2, 2), 1e300), np.full((2, 2), 1e300)) == 1


@pytest.mark.parametrize(("package", "extra"), [("numpy", "interp"), ("scipy.optimize", "tune")])
def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch, package: str, extra: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingDependencyError, match=rf"approxir\[{extra}\]"):
        quality.centroids([[1.0]], [[1.0]])


# By name.


def test_every_metric_has_a_name_and_a_summary() -> None:
    for name, found in METRICS.items():
        assert (
            metric(name)(
                [[0.0, 1.0]] if name == "centroids" else [0, 1],
                [[0.0, 1.0]] if name == "centroids" else [0, 1],
            )
            == 1
        )
        assert found.name == name
        assert found.summary.endswith((".", ",")) or "1" in found.summary
        assert found([1], [1]) == 1 if name != "centroids" else True
    assert METRICS["rbo"].options == {"p": 0.95, "depth": 1000}
    assert METRICS["l2"].options == {}


def test_options_in_a_text() -> None:
    s, t = [1, 2, 3], [3, 2, 1]
    assert metric("rbo:p=0.5,depth=2")(s, t) == quality.rbo(s, t, p=0.5, depth=2)
    assert metric("psnr:peak=255")(s, t) == quality.psnr(s, t, peak=255)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rboo", "no quality metric 'rboo': did you mean rbo"),
        ("", "no quality metric '': metrics are accuracy,"),
        ("l2:p=1", "option 'p' of l2 does not exist; options are: none"),
        ("rbo:q=1", "options are: p, depth"),
        ("rbo:p=0.5,p=0.5", "option 'p' of rbo is given twice"),
        ("rbo:p=much", "is a number, not 'much'"),
        ("rbo:p", "is a number, not ''"),
    ],
)
def test_metrics_that_do_not_exist(text: str, message: str) -> None:
    with pytest.raises(QualityError, match=message):
        metric(text)
