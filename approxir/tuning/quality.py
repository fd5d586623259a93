"""Quality metrics: how good a result is next to the exact one.

A metric takes the reference, which the exact program computed, and the result of the approximate one, and
returns a quality: 1 for equal results, less for worse ones. `METRICS` holds them by name, and `metric` makes
one of a text such as ``"l2"`` or ``"rbo:p=0.9,depth=100"``, as the command line has it.

What all of them have in common:

- A tuple is several results, compared one by one: the quality is that of the worst, so that a bound on it
  holds for each. A dictionary is several results by name. A list is one array.
- Shapes must agree; nothing is broadcast. Numbers may be booleans, integers, real or complex
  floating-point numbers of any width, those of ml_dtypes (bfloat16, float8...) among them; they are compared
  in double precision.
- A number of the result that is not finite is an error (`QualityError`), as is one of the reference, unless
  both are the same there: the same infinity, or both not a number. Such places count as equal and have no
  part in norms and means.
- Empty arrays are equal.

Every quality is a finite number. NumPy is needed (extra ``interp``), and SciPy (extra ``tune``) for
`centroids`.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial, wraps
from numbers import Number
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from approxir.errors import ApproxIRError, MissingDependencyError
from approxir.nearest import did_you_mean
from approxir.tuning.ranking import overlap, ranked

if TYPE_CHECKING:
    import numpy

    Array = numpy.ndarray[Any, Any]

Metric = Callable[[Any, Any], float]
"""From the reference and the result to the quality."""

PSNR_BOUND = 100.0
"""The peak signal-to-noise ratio, in dB, from which on `psnr` calls results equal."""


class QualityError(ApproxIRError, ValueError):
    """Two results cannot be compared, or a metric is asked for that does not exist."""


def _each(compare: Callable[..., float]) -> Callable[..., float]:
    """A metric that takes several results as well: the worst of them counts."""

    @wraps(compare)
    def metric(reference: Any, result: Any, **options: Any) -> float:
        qualities = [
            _named(compare, where, one, other, options) for where, one, other in _pairs(reference, result, "")
        ]
        return min(qualities, default=1.0)

    return metric


def _named(
    compare: Callable[..., float], where: str, reference: Any, result: Any, options: Mapping[str, Any]
) -> float:
    try:
        return float(compare(reference, result, **options))
    except QualityError as error:
        if not where:
            raise
        raise QualityError(f"{where}: {error}") from None


def _pairs(reference: Any, result: Any, where: str) -> Iterator[tuple[str, Any, Any]]:
    """The results one by one, and what they are called."""
    if isinstance(reference, tuple) or isinstance(result, tuple):
        if not (isinstance(reference, tuple) and isinstance(result, tuple)):
            raise QualityError("one of reference and result is a tuple of several, and the other is not")
        if len(reference) != len(result):
            raise QualityError(f"the reference has {len(reference)} results, and there are {len(result)}")
        for index, (one, other) in enumerate(zip(reference, result, strict=True)):
            yield from _pairs(one, other, f"{where}[{index}]" if where else f"result {index}")
    elif isinstance(reference, Mapping) or isinstance(result, Mapping):
        if not (isinstance(reference, Mapping) and isinstance(result, Mapping)):
            raise QualityError("one of reference and result has names, and the other has not")
        if reference.keys() != result.keys():
            names = ", ".join(sorted(map(str, reference.keys() ^ result.keys())))
            raise QualityError(f"the reference and the result differ in what they hold: {names}")
        for name, one in reference.items():
            yield from _pairs(one, result[name], f"{where}[{name!r}]" if where else str(name))
    else:
        yield where, reference, result


# Numbers.


@_each
def l2(reference: Any, result: Any) -> float:
    """1 - |reference - result| / |reference|, with Euclidean norms over all elements.

    The measure of the ApproxMLIR paper, equation 2. It has no lower bound. Where the reference is zero
    everywhere, there is nothing to compare errors with: the quality is 1 for an equal result, otherwise 0,
    which is what an all-zero result has for any other reference.
    """
    np = _numpy()
    r, x = _numbers(reference, result)
    scale = max(_largest(np, r), _largest(np, x))
    if scale == 0:
        return 1.0
    # Squares of large and of tiny numbers would leave the range.
    norm = float(np.linalg.norm(_scaled(np, r, scale)))
    error = float(np.linalg.norm(_scaled(np, r, scale) - _scaled(np, x, scale)))
    return _relative(error, norm)


@_each
def mean_relative(reference: Any, result: Any) -> float:
    """1 - the mean of |reference - result| / |reference| over all elements.

    The average relative error of AxBench (A. Yazdanbakhsh et al., "AxBench: A Multiplatform Benchmark Suite
    for Approximate Computing", IEEE Design & Test 34, 2017). It has no lower bound. Where an element of the
    reference is zero, its error is 0 for an equal element, otherwise 1.
    """
    np = _numpy()
    r, x = _numbers(reference, result)
    if r.size == 0:
        return 1.0
    zero = r == 0
    scale = np.maximum(_magnitudes(np, r), _magnitudes(np, x))
    scale[scale == 0] = 1
    r, x = _scaled(np, r, scale), _scaled(np, x, scale)
    errors = np.abs(r - x)
    sizes = np.where(zero, 1, np.abs(r))
    # An element may be 1e300 times too large; infinities would swallow the others.
    with np.errstate(divide="ignore", over="ignore"):
        relative = errors / sizes
    return _finite(1 - float(np.mean(np.minimum(relative, 1e300 / r.size))))


def psnr_db(reference: Any, result: Any, *, peak: float | None = None) -> float:
    """The peak signal-to-noise ratio in dB: 20 log10(peak / root mean square error).

    Infinite for equal results, minus infinity for others where the peak is 0; so it is no quality, which
    `psnr` is. `peak` is the largest possible value: by default 1 for booleans, 255 and 65535 for unsigned
    integers of 8 and 16 bits, and otherwise the largest magnitude in the reference.
    """
    found = [
        _named(_decibels, where, one, other, {"peak": peak})
        for where, one, other in _pairs(reference, result, "")
    ]
    return min(found, default=math.inf)


def _decibels(reference: Any, result: Any, *, peak: float | None) -> float:
    np = _numpy()
    top = _peak(reference) if peak is None else float(peak)
    if not (math.isfinite(top) and top >= 0):
        raise QualityError(f"peak is a finite number that is not negative, not {peak!r}")
    r, x = _numbers(reference, result)
    scale = max(_largest(np, r), _largest(np, x), top)
    if scale == 0 or r.size == 0:
        return math.inf
    error = float(np.linalg.norm(_scaled(np, r, scale) - _scaled(np, x, scale))) / math.sqrt(r.size)
    if error == 0:
        return math.inf
    # The quotient itself may be out of range.
    return 20 * (math.log10(top) - math.log10(scale) - math.log10(error)) if top else -math.inf


def psnr(reference: Any, result: Any, *, peak: float | None = None, bound: float = PSNR_BOUND) -> float:
    """The peak signal-to-noise ratio as a quality: its share of `bound` dB, between 0 and 1.

    1 means at least `bound` dB (100 by default, an error of a hundred-thousandth of the peak), 0 an error of
    the size of the peak or more. With the default, 40 dB are 0.4. See `psnr_db` for `peak`.
    """
    if not (math.isfinite(bound) and bound > 0):
        raise QualityError(f"bound is a number of dB above 0, not {bound!r}")
    return min(1.0, max(0.0, psnr_db(reference, result, peak=peak) / bound))


@_each
def cosine(reference: Any, result: Any) -> float:
    """The cosine of the angle between the two, as vectors: how alike they are but for their size.

    Between -1 and 1. A vector of zeros is as another of zeros (1), and has nothing of any other (0). Of
    complex vectors the real part of the inner product counts.
    """
    np = _numpy()
    r, x = _numbers(reference, result)
    return _cosine(np, r, x)


@_each
def correlation(reference: Any, result: Any) -> float:
    """Pearson's correlation: the cosine after the mean has been taken off each, between -1 and 1.

    It sees how the elements vary and neither their mean nor their size. Constant arrays vary alike (1), and a
    constant one has nothing of one that varies (0).
    """
    np = _numpy()
    r, x = _numbers(reference, result)
    return _cosine(np, _centred(np, r), _centred(np, x))


def _centred(np: Any, values: Array) -> Array:
    if values.size == 0 or (values == values[0]).all():
        nothing: Array = np.zeros_like(values)
        return nothing
    scale = _largest(np, values)
    scaled = _scaled(np, values, scale)
    centred: Array = scaled - scaled.mean()
    return centred


def _cosine(np: Any, r: Array, x: Array) -> float:
    if np.array_equal(r, x):
        return 1.0
    r_scale, x_scale = _largest(np, r), _largest(np, x)
    if r_scale == 0 or x_scale == 0:
        return 0.0
    r, x = _scaled(np, r, r_scale), _scaled(np, x, x_scale)
    inner = float(np.real(np.vdot(r, x))) / float(np.linalg.norm(r)) / float(np.linalg.norm(x))
    return min(1.0, max(-1.0, inner))


@_each
def centroids(reference: Any, result: Any) -> float:
    """1 - the normalized L2 error of cluster centres that are matched to one another.

    Both are arrays of shape (clusters, coordinates). The order in which a program finds clusters means
    nothing, so the centres of the result are first matched to those of the reference such that the squared
    distances add up to the least (the assignment problem, solved by `scipy.optimize.linear_sum_assignment`:
    D. F. Crouse, "On implementing 2D rectangular assignment algorithms", IEEE Transactions on Aerospace and
    Electronic Systems 52, 2016). Then it is `l2`. Raises `MissingDependencyError` without SciPy.
    """
    np = _numpy()
    r, x = _array(reference, "the reference"), _array(result, "the result")
    _check_shapes(r, x)
    if r.ndim != 2:
        raise QualityError(f"centroids have the shape (clusters, coordinates), not {r.shape}")
    r, x = _double(np, r, "the reference"), _double(np, x, "the result")
    for values, what in ((r, "the reference"), (x, "the result")):
        if not np.isfinite(values).all():
            raise QualityError(f"{what} has centroids that are not finite")
    scale = max(_largest(np, r), _largest(np, x)) or 1.0
    r, x = _scaled(np, r, scale), _scaled(np, x, scale)
    try:
        from scipy.optimize import linear_sum_assignment  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingDependencyError("matching centroids needs SciPy; install approxir[tune]") from error
    distances = np.square(np.abs(r[:, None, :] - x[None, :, :])).sum(axis=2)
    rows, columns = linear_sum_assignment(distances)
    return float(l2(r[rows], x[columns]))


# Labels and sets.


@_each
def accuracy(reference: Any, result: Any) -> float:
    """The share of labels that are equal.

    Labels may be integers, booleans or texts. A result with one dimension more than the reference holds
    scores, and the label is the index of the highest in the last dimension, the first of several.
    """
    np = _numpy()
    r, x = _array(reference, "the reference"), _array(result, "the result")
    if x.ndim == r.ndim + 1:
        if x.shape[-1] == 0:
            raise QualityError("the result has scores for no label")
        x = _scores(np, x, "the result").argmax(axis=-1)
    _check_shapes(r, x)
    if r.size == 0:
        return 1.0
    if (r.dtype.kind in "USO") != (x.dtype.kind in "USO"):
        raise QualityError("one of reference and result has texts for labels, and the other has numbers")
    return float(np.mean(r == x))


@_each
def jaccard(reference: Any, result: Any) -> float:
    """The number of items that both have, by the number of items that one or both have.

    (P. Jaccard, "The Distribution of the Flora in the Alpine Zone", New Phytologist 11, 1912.) Order and
    repetition mean nothing; shapes may differ. Two empty sets are equal.
    """
    one, other = set(_items(reference, "the reference")), set(_items(result, "the result"))
    return len(one & other) / len(one | other) if one or other else 1.0


# Rankings.


@_each
def rbo(reference: Any, result: Any, *, p: float = 0.95, depth: int = 1000) -> float:
    """Rank-biased overlap of two ranked lists of items, the best item first; between 0 and 1.

    The sum over d = 1..D of p^(d-1) |S_d ∩ T_d| / d, divided by the sum over d of p^(d-1), where S_d and T_d
    are the first d items of the lists, and D is the length of the longer list or `depth`, whichever is less.
    The persistence p says how far down a reader looks: on average to place 1 / (1 - p), 20 by default.
    (W. Webber, A. Moffat and J. Zobel, "A similarity measure for indefinite rankings", ACM Transactions on
    Information Systems 28, 2010; truncated as in the ApproxMLIR paper, equation 3.)

    Items are numbers or texts; of one that a list repeats, the first counts, as if the list had no others.
    Computed in time linear in the length of the lists.
    """
    _check_ranking(p, depth)
    first, second = (
        list(dict.fromkeys(_items(items, what)))
        for items, what in ((reference, "the reference"), (result, "the result"))
    )
    return overlap(first, second, p, depth)


@_each
def rbo_scores(reference: Any, result: Any, *, p: float = 0.95, depth: int = 1000) -> float:
    """Rank-biased overlap of the rankings that two arrays of scores give; see `rbo`.

    The item with the highest score comes first; of those with the same score, the one with the lower index.
    """
    _check_ranking(p, depth)
    np = _numpy()
    r, x = _array(reference, "the reference"), _array(result, "the result")
    _check_shapes(r, x)
    first, second = (
        ranked(_scores(np, values, what).ravel(), depth)
        for values, what in ((r, "the reference"), (x, "the result"))
    )
    return overlap(first, second, p, depth)


def _check_ranking(p: float, depth: int) -> None:
    if not 0 < p < 1:
        raise QualityError(f"p is between 0 and 1, not {p!r}")
    if type(depth) is not int or depth < 1:
        raise QualityError(f"depth is an integer from 1 on, not {depth!r}")


# Arrays.


def _numpy() -> Any:
    try:
        import numpy
    except ImportError as error:
        raise MissingDependencyError("quality metrics need NumPy; install approxir[interp]") from error
    return numpy


def _array(value: Any, what: str) -> Array:
    np = _numpy()
    try:
        found: Array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise QualityError(f"{what} is no array: {error}") from None
    return found


def _double(np: Any, array: Array, what: str) -> Array:
    """The array in double precision, real or complex."""
    if array.dtype.kind in "USmM":
        raise QualityError(f"{what} has elements of the type {array.dtype}, which are no numbers")
    if array.dtype.kind == "O" and not all(isinstance(item, Number) for item in array.flat):
        raise QualityError(f"{what} has elements that are no numbers")
    try:
        # Numbers that double precision cannot hold become infinite, and are reported as such.
        with np.errstate(over="ignore"):
            found: Array = array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
    except (TypeError, ValueError, OverflowError):
        raise QualityError(f"{what} has elements of the type {array.dtype}, which are no numbers") from None
    return found


def _scores(np: Any, array: Array, what: str) -> Array:
    """The array in double precision, and something that can be ranked."""
    found = _double(np, array, what)
    if np.iscomplexobj(found) or np.isnan(found).any():
        raise QualityError(f"{what} has scores that are not real numbers")
    return found


def _largest(np: Any, values: Array) -> float:
    """The largest magnitude, or that of a part of a complex number, which cannot be too large."""
    return float(_magnitudes(np, values).max(initial=0.0))


def _magnitudes(np: Any, values: Array) -> Array:
    found: Array = np.abs(values)
    if np.iscomplexobj(values):
        found = np.maximum(np.abs(values.real), np.abs(values.imag))
    return found


def _scaled(np: Any, values: Array, scale: Any) -> Array:
    """The values divided by a positive number, or each by one of its own."""
    if not np.iscomplexobj(values):
        found: Array = values / scale
        return found
    # Dividing complex numbers takes the reciprocal of the divisor, which may be out of range.
    found = np.empty_like(values)
    found.real = values.real / scale
    found.imag = values.imag / scale
    return found


def _check_shapes(r: Array, x: Array) -> None:
    if r.shape != x.shape:
        raise QualityError(f"the reference has the shape {r.shape}, and the result has {x.shape}")


def _numbers(reference: Any, result: Any) -> tuple[Array, Array]:
    """Both as vectors in double precision, without the places where both are the same and not finite."""
    np = _numpy()
    first, second = _array(reference, "the reference"), _array(result, "the result")
    _check_shapes(first, second)
    r, x = _double(np, first, "the reference").ravel(), _double(np, second, "the result").ravel()
    if np.iscomplexobj(r) or np.iscomplexobj(x):
        r, x = r.astype(np.complex128), x.astype(np.complex128)
    finite = np.isfinite(r) & np.isfinite(x)
    if finite.all():
        return r, x
    same = (r == x) | (np.isnan(r) & np.isnan(x))
    wrong = ~finite & ~same
    if wrong.any():
        at = int(wrong.argmax())
        place = tuple(map(int, np.unravel_index(at, first.shape)))
        shown = ", ".join(map(str, place)) or "()"
        raise QualityError(
            f"{int(wrong.sum())} of {wrong.size} elements are not finite in one of reference and result, the "
            f"first at [{shown}]: {r[at]} and {x[at]}"
        )
    return r[finite], x[finite]


def _items(value: Any, what: str) -> list[Any]:
    """The items of a list."""
    if isinstance(value, set | frozenset):
        return list(value)
    if isinstance(value, list):
        items = value
    else:
        array = _array(value, what)
        if array.ndim != 1:
            raise QualityError(f"{what} is a list of items, not an array of shape {array.shape}")
        items = array.tolist()
    try:
        hash(tuple(items))
    except TypeError:
        raise QualityError(f"{what} has items that are neither numbers nor texts") from None
    return items


def _peak(reference: Any) -> float:
    np = _numpy()
    array = _array(reference, "the reference")
    if array.dtype.kind == "b":
        return 1.0
    if array.dtype.kind == "u" and array.dtype.itemsize <= 2:
        return float(np.iinfo(array.dtype).max)
    magnitudes = np.abs(_double(np, array, "the reference"))
    return float(magnitudes[np.isfinite(magnitudes)].max(initial=0.0))


def _relative(error: float, norm: float) -> float:
    if error == 0:
        return 1.0
    return _finite(1 - error / norm) if norm else 0.0


def _finite(quality: float) -> float:
    return max(quality, -1e308)


# By name.


@dataclass(frozen=True, slots=True)
class NamedMetric:
    """A metric as the command line knows it.

    Attributes:
        name: what it is called.
        function: what computes it; its keyword arguments are the options.
        summary: what it measures, in one line.
    """

    name: str
    function: Callable[..., float]
    summary: str

    def __call__(self, reference: Any, result: Any, **options: Any) -> float:
        return self.function(reference, result, **options)

    @property
    def options(self) -> dict[str, Any]:
        """The names of the options and their defaults."""
        return {
            name: parameter.default
            for name, parameter in inspect.signature(self.function).parameters.items()
            if parameter.kind is parameter.KEYWORD_ONLY
        }


METRICS: Mapping[str, NamedMetric] = MappingProxyType({
    name: NamedMetric(name, function, (inspect.getdoc(function) or "").partition("\n")[0])
    for name, function in (
        ("accuracy", accuracy),
        ("centroids", centroids),
        ("correlation", correlation),
        ("cosine", cosine),
        ("jaccard", jaccard),
        ("l2", l2),
        ("mean-relative", mean_relative),
        ("psnr", psnr),
        ("rbo", rbo),
        ("rbo-scores", rbo_scores),
    )
})  # fmt: skip
"""The metrics by name."""


def metric(text: str) -> Metric:
    """The metric that a text names: ``"l2"``, ``"rbo:p=0.9,depth=100"``.

    Raises `QualityError` for names and options that do not exist, and for values that are no numbers.
    """
    name, _, rest = text.partition(":")
    found = METRICS.get(name)
    if found is None:
        hint = did_you_mean(name, METRICS) or f"metrics are {', '.join(METRICS)}"
        raise QualityError(f"there is no quality metric '{name}': {hint}")
    options: dict[str, float] = {}
    for entry in rest.split(",") if rest else ():
        key, _, value = entry.partition("=")
        if key not in found.options or key in options:
            known = ", ".join(found.options) or "none"
            said = "is given twice" if key in options else f"does not exist; options are: {known}"
            raise QualityError(f"the option '{key}' of {name} {said}")
        try:
            options[key] = int(value) if value.lstrip("+-").isdigit() else float(value)
        except ValueError:
            raise QualityError(f"the option '{key}' of {name} is a number, not '{value}'") from None
    return partial(found.function, **options)
