"""HPVM's tensor knobs: the table from numbers to what they mean, and back.

A knob says in which precision an operation computes and, for convolutions, what is left out:

- perforation computes only some columns or rows of the output, and interpolates the others;
- sampling uses only some elements of the filter, and scales the result.

=========  ==================================================  ===========
number     meaning                                             kind
=========  ==================================================  ===========
11         nothing is left out, FP32                           fp32
12         nothing is left out, FP16                           fp16
121 - 138  perforation, FP32: rate 50, 33, 25 %; columns,      perf
           rows; offset 0 ... (each varying faster)
151 - 168  the same in FP16                                    perf_fp16
231 - 239  sampling, FP32: rate 50, 33, 25 %; offset 0 ...     samp
261 - 269  the same in FP16                                    samp_fp16
=========  ==================================================  ===========

In files an operation has the kind in words and a number. The kind decides on the precision, as in HPVM's
runtime, whatever the number says. The number 1 stands for "what the kind says"; operations that are fused to
another one have it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import ClassVar, Literal

from approxir.tuning.hpvm.errors import wrong_value

PrecisionName = Literal["fp32", "fp16"]
Axis = Literal["col", "row"]

PRECISIONS: tuple[PrecisionName, ...] = ("fp32", "fp16")
AS_THE_KIND_SAYS = 1
STRIDES: Mapping[int, int] = MappingProxyType({50: 2, 33: 3, 25: 4})
"""The rate in percent -> of how many columns, rows or elements one is left out."""

_AXES: tuple[Axis, ...] = ("col", "row")


@dataclass(frozen=True, slots=True)
class TensorKnob:
    """How an operation is computed, and nothing is left out.

    Attributes:
        precision: of the computation, ``"fp32"`` or ``"fp16"``.
    """

    precision: PrecisionName = "fp32"

    words: ClassVar[Mapping[str, str]] = MappingProxyType({"fp32": "fp32", "fp16": "fp16"})

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise wrong_value(f"a precision is fp32 or fp16, not {self.precision!r}")

    @property
    def kind(self) -> str:
        """What files call the kind of the knob, with its precision."""
        return self.words[self.precision]

    @property
    def id(self) -> int:
        """The number of the knob."""
        return _IDS[self]

    @property
    def exact(self) -> bool:
        """Whether nothing is approximated at all."""
        return type(self) is TensorKnob and self.precision == "fp32"


@dataclass(frozen=True, slots=True)
class Perforation(TensorKnob):
    """Every n-th column or row of a convolution's output is interpolated, not computed.

    Attributes:
        rate: how much is left out, in percent: 50, 33 or 25.
        axis: ``"col"`` for columns, ``"row"`` for rows.
        offset: the first one that is left out, from 0; less than `stride`.
    """

    rate: int = 50
    axis: Axis = "col"
    offset: int = 0

    words: ClassVar[Mapping[str, str]] = MappingProxyType({"fp32": "perf", "fp16": "perf_fp16"})

    def __post_init__(self) -> None:
        TensorKnob.__post_init__(self)
        if self.axis not in _AXES:
            raise wrong_value(f"perforation leaves out col or row, not {self.axis!r}")
        _check_rate(self.rate, self.offset)

    @property
    def stride(self) -> int:
        """Of how many columns or rows one is left out."""
        return STRIDES[self.rate]


@dataclass(frozen=True, slots=True)
class Sampling(TensorKnob):
    """Every n-th element of a convolution's filter is left out.

    Attributes:
        rate: how much is left out, in percent: 50, 33 or 25.
        offset: the first one that is left out, from 0; less than `stride`.
    """

    rate: int = 50
    offset: int = 0

    words: ClassVar[Mapping[str, str]] = MappingProxyType({"fp32": "samp", "fp16": "samp_fp16"})

    def __post_init__(self) -> None:
        TensorKnob.__post_init__(self)
        _check_rate(self.rate, self.offset)

    @property
    def stride(self) -> int:
        """Of how many elements one is left out."""
        return STRIDES[self.rate]


def _check_rate(rate: int, offset: int) -> None:
    if rate not in STRIDES:
        raise wrong_value(f"a rate is 50, 33 or 25 percent, not {rate!r}")
    if type(offset) is not int or not 0 <= offset < STRIDES[rate]:
        raise wrong_value(f"with a rate of {rate} % the offset is 0..{STRIDES[rate] - 1}, not {offset!r}")


def _table() -> dict[int, TensorKnob]:
    perforations: list[TensorKnob] = [
        Perforation(rate=rate, axis=axis, offset=offset)
        for rate, stride in STRIDES.items()
        for axis in _AXES
        for offset in range(stride)
    ]
    samplings: list[TensorKnob] = [
        Sampling(rate=rate, offset=offset) for rate, stride in STRIDES.items() for offset in range(stride)
    ]
    found: dict[int, TensorKnob] = {11: TensorKnob("fp32"), 12: TensorKnob("fp16")}
    for knobs, numbers in ((perforations, (121, 151)), (samplings, (231, 261))):
        for first, precision in zip(numbers, PRECISIONS, strict=True):
            for number, knob in enumerate(knobs, first):
                found[number] = replace(knob, precision=precision)
    return found


KNOBS: Mapping[int, TensorKnob] = MappingProxyType(_table())
"""The number of each knob -> what it means."""

_IDS = {knob: number for number, knob in KNOBS.items()}

KINDS: Mapping[str, tuple[type[TensorKnob], PrecisionName]] = MappingProxyType({
    kind.words[precision]: (kind, precision)
    for kind in (TensorKnob, Perforation, Sampling)
    for precision in PRECISIONS
})  # fmt: skip
"""The kinds of knobs as files call them -> their type and precision."""


def knob_of(kind: str | None, number: int) -> TensorKnob:
    """What a kind and a number mean together; the number alone where no kind is given.

    Raises `HpvmError` for kinds and numbers that HPVM's tables do not have, and for those that do not go
    together.
    """
    if kind is None:
        if number not in KNOBS:
            raise wrong_value(f"{number} is not the number of a knob", _ALL_NUMBERS)
        return KNOBS[number]
    if kind not in KINDS:
        raise wrong_value(f"{kind} is not a kind of knob", f"kinds are {', '.join(KINDS)}")
    wanted, precision = KINDS[kind]
    if wanted is TensorKnob and number == AS_THE_KIND_SAYS:
        return KNOBS[11 if precision == "fp32" else 12]
    found = KNOBS.get(number)
    if type(found) is not wanted:
        raise wrong_value(f"{number} is not the number of a knob of the kind {kind}", _NUMBERS[wanted])
    return replace(found, precision=precision)


_NUMBERS: Mapping[type[TensorKnob], str] = {
    TensorKnob: "its numbers are 11 (FP32), 12 (FP16) and 1 (as the kind says)",
    Perforation: "perforation has the numbers 121 to 138 (FP32) and 151 to 168 (FP16)",
    Sampling: "sampling has the numbers 231 to 239 (FP32) and 261 to 269 (FP16)",
}
_ALL_NUMBERS = (
    "knobs are 11 (FP32), 12 (FP16), 121-138 and 151-168 (perforation), 231-239 and 261-269 (sampling)"
)
