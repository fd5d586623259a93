"""`KnobParams`: everything tunable about a knob, as one immutable value, and what it must satisfy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from operator import index
from typing import Any, Literal

from approxir.values import DictAttr, InvalidValue, attribute

Kind = Literal["threshold", "decision"]

LISTS = ("thresholds", "decisions", "thresholds_lowers", "thresholds_uppers", "decision_values")
"""The fields of `KnobParams` that are lists of integers, as the dialect names them."""

FIELDS = (*LISTS, "transform_type", "transform_options", "extra")
"""The fields of `KnobParams`."""

RESERVED = frozenset({*LISTS, "num_thresholds", "transform_type", "transform_options", "params"})
"""Names that no unknown entry (`KnobParams.extra`) can have."""

I32_LIMITS = (-(1 << 31), (1 << 31) - 1)
_I64_LIMITS = (-(1 << 63), (1 << 63) - 1)
_NOTHING = DictAttr()


@dataclass(frozen=True, slots=True)
class Problem:
    """One constraint that params break: which item, what is wrong with it, and what it may be.

    `message` is a predicate, to be put after the name of the item: "is 500, outside its bounds 1..40".
    """

    field: str
    index: int | None
    message: str


class WrongField(InvalidValue):
    """What a field of params holds, or an item of it, is of another type, or too large.

    `predicate` is the message without its subject: "is an integer, not 'x'".
    """

    def __init__(self, field: str, predicate: str, index: int | None = None) -> None:
        subject = field if index is None else f"{field}[{index}]"
        super().__init__(f"{subject} {predicate}")
        self.field = field
        self.index = index
        self.predicate = predicate


@dataclass(frozen=True, slots=True, kw_only=True)
class KnobParams:
    """The tunable parameters of one knob.

    With thresholds t1 < ... < tn and decisions d0 ... dn, a state s selects the decision d_k, where k is the
    number of thresholds that are <= s.

    Attributes:
        thresholds: where the states are parted, ascending.
        decisions: one knob value for each interval of states; 0 is exact, larger is more aggressive, but for
            ``"task_skipping"``, where the value is the number of the branch to take and 0 skips them all.
        thresholds_lowers: the least value that each threshold may take; empty if not given.
        thresholds_uppers: the greatest value that each threshold may take; empty if not given.
        decision_values: the values that a decision may take; empty if not given.
        transform_type: which approximation the decisions are about, such as ``"loop_perforate"``.
        transform_options: options of that approximation, by name.
        extra: entries that approxir has no meaning for, kept as they are.

    Values are checked for their types alone, so that every file can be represented; `problems` says which
    constraints are broken. Raises `InvalidValue` for items that are no integers of 64 bits, and for names in
    `extra` that mean something.
    """

    thresholds: tuple[int, ...] = ()
    decisions: tuple[int, ...] = ()
    thresholds_lowers: tuple[int, ...] = ()
    thresholds_uppers: tuple[int, ...] = ()
    decision_values: tuple[int, ...] = ()
    transform_type: str | None = None
    transform_options: DictAttr = _NOTHING
    extra: DictAttr = _NOTHING

    def __post_init__(self) -> None:
        for name in LISTS:
            object.__setattr__(self, name, integers(getattr(self, name), name))
        if not isinstance(self.transform_type, str | None):
            raise WrongField("transform_type", f"is a string, not {self.transform_type!r}")
        for name in ("transform_options", "extra"):
            object.__setattr__(self, name, _dictionary(getattr(self, name), name))
        taken = RESERVED.intersection(self.extra)
        if taken:
            raise InvalidValue(f"'{min(taken)}' cannot be an entry of extra: it has a meaning of its own")

    def replace(self, **changes: Any) -> KnobParams:
        """A copy with some fields changed. Raises `InvalidValue` for an unknown field."""
        unknown = set(changes).difference(FIELDS)
        if unknown:
            raise InvalidValue(f"KnobParams has no field '{min(unknown)}'")
        return replace(self, **changes)

    def says(self, field: str) -> bool:
        """Whether a field holds anything."""
        value = getattr(self, field)
        return bool(value.entries) if isinstance(value, DictAttr) else bool(value)

    def completed(self, other: KnobParams) -> KnobParams:
        """These params, and `other` for each field that they say nothing about."""
        missing = [field for field in FIELDS if other.says(field) and not self.says(field)]
        return replace(self, **{field: getattr(other, field) for field in missing}) if missing else self

    def choose(self, state: int) -> int:
        """The knob value for a state: d_k, k being how many thresholds are <= the state.

        Raises `InvalidValue` when there is no such decision.
        """
        number = sum(threshold <= state for threshold in self.thresholds)
        if number >= len(self.decisions):
            raise InvalidValue(f"there is no decision number {number}, only {len(self.decisions)}")
        return self.decisions[number]

    def bounds(self, number: int) -> tuple[int, int]:
        """The least and the greatest value of a threshold; those of i32 where none are given."""
        low, high = I32_LIMITS
        if number < len(self.thresholds_lowers):
            low = self.thresholds_lowers[number]
        if number < len(self.thresholds_uppers):
            high = self.thresholds_uppers[number]
        return low, high

    @property
    def choices(self) -> tuple[int, ...]:
        """What a decision may be: `decision_values`, or else exact up to the most aggressive of today."""
        return self.decision_values or tuple(range(max(self.decisions, default=-1) + 1))

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is said."""
        return self == KnobParams()

    def problems(self) -> Iterator[Problem]:
        """Every constraint that is broken."""
        yield from self._lengths()
        yield from self._bounds()
        thresholds = self.thresholds
        for number, (before, after) in enumerate(pairwise(thresholds), 1):
            if before >= after:
                message = f"is {after}, not above threshold {number - 1}, which is {before}"
                yield Problem("thresholds", number, message)
        for number, decision in enumerate(self.decisions):
            if self.decision_values:
                if decision not in self.decision_values:
                    shown = ", ".join(str(value) for value in self.decision_values)
                    yield Problem("decisions", number, f"is {decision}, not one of the values {shown}")
            elif decision < 0:
                yield Problem(
                    "decisions", number, f"is {decision}; the least knob value is 0, which is exact"
                )

    def _lengths(self) -> Iterator[Problem]:
        count = len(self.thresholds)
        if (self.decisions or count) and len(self.decisions) != count + 1:
            message = f"has {len(self.decisions)} items; {count} thresholds need {count + 1}"
            yield Problem("decisions", None, message)
        for name in ("thresholds_lowers", "thresholds_uppers"):
            length = len(getattr(self, name))
            if length and length != count:
                yield Problem(name, None, f"has {length} items; {count} thresholds need as many")

    def _bounds(self) -> Iterator[Problem]:
        both = zip(self.thresholds_lowers, self.thresholds_uppers, strict=False)
        for number, (low, high) in enumerate(both):
            if low > high:
                yield Problem("thresholds_lowers", number, f"is {low}, above the upper bound {high}")
        for number, threshold in enumerate(self.thresholds):
            low, high = self.bounds(number)
            if not low <= threshold <= high and (
                number < len(self.thresholds_lowers) or number < len(self.thresholds_uppers)
            ):
                message = f"is {threshold}, outside its bounds {low}..{high}"
                yield Problem("thresholds", number, message)


def integers(value: Iterable[Any], name: str) -> tuple[int, ...]:
    """The items as integers. Raises `WrongField` for what is none, and for more than 64 bits."""
    if isinstance(value, str | bytes | Mapping):
        raise WrongField(name, f"is a list of integers, not {value!r}")
    try:
        items = tuple(value)
    except TypeError:
        raise WrongField(name, f"is a list of integers, not {value!r}") from None
    numbers = []
    for number, item in enumerate(items):
        try:
            numbers.append(integer(item, name))
        except WrongField as error:
            raise WrongField(name, error.predicate, number) from None
    return tuple(numbers)


def integer(value: Any, name: str) -> int:
    """The value as an integer of 64 bits, NumPy's included. Raises `WrongField` for anything else."""
    try:
        if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):
            raise TypeError
        number = index(value)
    except TypeError:
        raise WrongField(name, f"is an integer, not {value!r}") from None
    low, high = _I64_LIMITS
    if not low <= number <= high:
        # Python refuses to print integers of thousands of digits.
        shown = number if abs(number) < 1 << 128 else "an integer"
        raise WrongField(name, f"is {shown}, which does not fit into 64 bits")
    return number


def _dictionary(value: Any, name: str) -> DictAttr:
    if isinstance(value, DictAttr):
        return value
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return DictAttr([(key, attribute(item)) for key, item in value.items()])
    raise WrongField(name, f"is a mapping from names to attributes, not {value!r}")
