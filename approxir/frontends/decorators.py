"""Knobs of Python functions: what may be approximated, how, and what decides at run time.

    @ax.Knob(decision_tree=ax.DecisionTree(
        state_function=length, state_indices=[0], thresholds=[100], decisions=[0, 2],
        transform_type="loop_perforate",
    ))
    def total(n, data): ...

Nothing here needs JAX: a knob is a note on the function, which an export reads.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from operator import index
from typing import Any, TypedDict, TypeVar

from approxir.dialects.approx.params import I32_LIMITS
from approxir.dialects.approx.payload import FUNC_SUBSTITUTE, transform_name
from approxir.frontends.errors import FrontendError
from approxir.frontends.options import check_options
from approxir.nearest import did_you_mean

Function = TypeVar("Function", bound=Callable[..., Any])

_ATTRIBUTE = "_approx_config"
_NO_BOUNDS = ([0], [100])
"""The bounds of thresholds when none are given; they count as not given."""


@dataclass
class DecisionTree:
    """Choose the knob value from a state, each time that the function is called.

    With thresholds t1 < ... < tn and decisions d0 ... dn, the knob value is d_k, k being how many thresholds
    are <= the state.

    Attributes:
        state_function: computes the state, one integer, from some of the function's arguments.
        state_indices: which arguments it is called with; negative ones count from the end.
        thresholds: where the states are parted, ascending.
        decisions: one knob value for each interval, so one more than there are thresholds.
        transform_type: which approximation; a name in `approxir.transforms`.
        approx_kernels: for ``func_substitute``, the function to call instead, by knob value.
        thresholds_lower: the least value of each threshold when tuning, or one for all of them.
        thresholds_upper: the greatest value of each threshold when tuning, or one for all of them. When
            neither these nor the lower ones are given, 0 and 100 are widened to hold the thresholds.
        decision_values: the knob values that tuning may choose from; empty for those in `decisions`.
        transform_options: options of the transform, such as ``{"scheme": "truncate", "rescale": True}``.

    Raises `FrontendError`, a `ValueError`, when these contradict each other.
    """

    state_function: Callable[..., Any]
    state_indices: Sequence[int]
    thresholds: Sequence[int]
    decisions: Sequence[int]
    transform_type: str
    approx_kernels: Mapping[int, Callable[..., Any]] = field(default_factory=dict)
    thresholds_lower: Sequence[int] = field(default_factory=lambda: [0])
    thresholds_upper: Sequence[int] = field(default_factory=lambda: [100])
    decision_values: Sequence[int] = field(default_factory=list)
    transform_options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.check()

    def check(self) -> None:
        """Raise `FrontendError` when the fields, which may be changed, contradict each other."""
        _check_function(self.state_function, "state_function")
        _integers(self.state_indices, "state_indices")
        for name in ("thresholds", "decisions", "thresholds_lower", "thresholds_upper", "decision_values"):
            _integers(getattr(self, name), name, I32_LIMITS)
        if len(self.decisions) != len(self.thresholds) + 1:
            raise FrontendError(
                f"decisions length ({len(self.decisions)}) must be thresholds length + 1 "
                f"({len(self.thresholds) + 1}): one knob value for each interval between thresholds"
            )
        _check_transform(self.transform_type)
        check_options(self.transform_type, self.transform_options)
        _check_kernels(self.approx_kernels)
        _check_knob_values(self.decisions, "decisions")
        _check_knob_values(self.decision_values, "decision_values")
        if self.transform_type == FUNC_SUBSTITUTE:
            for value in (*self.decisions, *self.decision_values):
                if value != 0 and value not in self.approx_kernels:
                    raise FrontendError(
                        f"func_substitute needs approx_kernels[{value}], the function to call for the "
                        f"decision {value}"
                    )
        if len(self.decision_values) > 0 and len(self.decision_values) < len(self.decisions):
            raise FrontendError(
                f"decision_values length ({len(self.decision_values)}) must be at least decisions length "
                f"({len(self.decisions)})"
            )
        self._check_thresholds()

    def _check_thresholds(self) -> None:
        for before, after in pairwise(self.thresholds):
            if before >= after:
                raise FrontendError(
                    f"thresholds must ascend, but {after} follows {before}: no state would be between them"
                )
        count = len(self.thresholds)
        for name in ("thresholds_lower", "thresholds_upper"):
            length = len(getattr(self, name))
            if length not in (0, 1, count):
                raise FrontendError(
                    f"{name} length ({length}) must be thresholds length ({count}), or 1 for all thresholds"
                )
        for low, high in zip(*self.bounds(), strict=False):
            if low > high:
                raise FrontendError(
                    f"thresholds_lower has {low}, above {high} in thresholds_upper (0 and 100 unless given): "
                    "the threshold could have no value"
                )

    def bounds(self) -> tuple[list[int], list[int]]:
        """The least and the greatest value of each threshold; as given, where they are not one for each."""
        lower, upper = list(self.thresholds_lower), list(self.thresholds_upper)
        count = len(self.thresholds)
        if (lower, upper) == _NO_BOUNDS:
            held = list(self.thresholds)
            return [min(0, value) for value in held], [max(100, value) for value in held]
        return lower * count if len(lower) == 1 else lower, upper * count if len(upper) == 1 else upper


@dataclass
class SafetyContract:
    """Check what the function computed, and compute it in another way when the check fails.

    Attributes:
        checker: gets the results and then the arguments, and returns whether the results are acceptable.
        recover: gets the arguments, and returns the results to use instead.
    """

    checker: Callable[..., Any]
    recover: Callable[..., Any]

    def __post_init__(self) -> None:
        self.check()

    def check(self) -> None:
        """Raise `FrontendError` unless both are functions."""
        _check_function(self.checker, "checker")
        _check_function(self.recover, "recover")


@dataclass
class StaticTransform:
    """Approximate the function always in the same way.

    Attributes:
        transform_type: which approximation; a name in `approxir.transforms`.
        knob_val: how strong: 0 is exact, larger is more aggressive.
        approx_kernel: for ``func_substitute`` with a knob value above 0, the function to call instead.
        transform_options: options of the transform.

    Raises `FrontendError`, a `ValueError`, when these contradict each other.
    """

    transform_type: str
    knob_val: int
    approx_kernel: Callable[..., Any] | None = None
    transform_options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.check()

    def check(self) -> None:
        """Raise `FrontendError` when the fields, which may be changed, contradict each other."""
        _check_transform(self.transform_type)
        _integers([self.knob_val], "knob_val", I32_LIMITS)
        _check_knob_values([self.knob_val], "knob_val")
        check_options(self.transform_type, self.transform_options)
        if self.approx_kernel is not None:
            _check_function(self.approx_kernel, "approx_kernel")
        elif self.transform_type == FUNC_SUBSTITUTE and self.knob_val > 0:
            raise FrontendError(
                f"func_substitute with knob_val={self.knob_val} needs approx_kernel, the function to call "
                "instead"
            )


class Config(TypedDict, total=False):
    """The configuration of a function's knob, as `get_config` returns it."""

    decision_tree: DecisionTree | None
    safety_contract: SafetyContract | None
    static_transform: StaticTransform | None


def Knob(
    decision_tree: DecisionTree | None = None,
    safety_contract: SafetyContract | None = None,
    static_transform: StaticTransform | None = None,
) -> Callable[[Function], Function]:
    """A decorator that attaches a configuration to a function, which stays what it is.

    Raises `FrontendError` when both a decision tree and a static transform are given.
    """
    config = checked_config(_config(decision_tree, safety_contract, static_transform))

    def decorate(function: Function) -> Function:
        _check_function(function, "what Knob decorates")
        try:
            setattr(function, _ATTRIBUTE, config)
        except (AttributeError, TypeError):
            # Methods and functions of C take no attributes.
            return _configured(function, config)
        return function

    return decorate


def with_config(
    func: Function,
    decision_tree: DecisionTree | None = None,
    safety_contract: SafetyContract | None = None,
    static_transform: StaticTransform | None = None,
) -> Function:
    """A function that does what `func` does and carries a configuration; `func` itself is not changed.

    Raises `FrontendError` when both a decision tree and a static transform are given.
    """
    _check_function(func, "func")
    return _configured(func, checked_config(_config(decision_tree, safety_contract, static_transform)))


def get_config(func: Callable[..., Any]) -> Config | None:
    """The configuration that `Knob` or `with_config` attached to a function, or to what it wraps, or None."""
    seen: set[int] = set()
    while id(func) not in seen:
        seen.add(id(func))
        config: Config | None = getattr(func, _ATTRIBUTE, None)
        if config is not None or not hasattr(func, "__wrapped__"):
            return config
        func = func.__wrapped__
    return None


def get_function_name(func: Callable[..., Any]) -> str:
    """The name that a function is exported under: that of what it wraps, in the end."""
    seen: set[int] = set()
    while id(func) not in seen:
        seen.add(id(func))
        if hasattr(func, "__wrapped__"):
            func = func.__wrapped__
        elif isinstance(func, functools.partial):
            func = func.func
    name = getattr(func, "__name__", None)
    return name if isinstance(name, str) and name else type(func).__name__


def needs_pre_emit_transform(config: Mapping[str, Any] | None) -> bool:
    """Whether a configuration substitutes functions, which needs the pass ``pre-emit-transform``."""
    checked = checked_config(config)
    held = (checked.get("decision_tree"), checked.get("static_transform"))
    return any(entry is not None and entry.transform_type == FUNC_SUBSTITUTE for entry in held)


def collect_helper_functions(
    func_name: str, config: Mapping[str, Any] | None
) -> list[tuple[str, Callable[..., Any]]]:
    """The functions that a module needs besides the one of that name, each with its name in the module.

    The state function, the checker and the recovering function keep their names; the function for knob value
    k is called ``approx_<func>_<k>``.
    """
    checked = checked_config(config)
    found: list[tuple[str, Callable[..., Any]]] = []
    tree = checked.get("decision_tree")
    if tree is not None:
        found.append((get_function_name(tree.state_function), tree.state_function))
        if tree.transform_type == FUNC_SUBSTITUTE:
            found += [(substitute(func_name, value), kernel) for value, kernel in tree.approx_kernels.items()]
    contract = checked.get("safety_contract")
    if contract is not None:
        found.append((get_function_name(contract.checker), contract.checker))
        found.append((get_function_name(contract.recover), contract.recover))
    static = checked.get("static_transform")
    if (
        static is not None
        and static.transform_type == FUNC_SUBSTITUTE
        and static.approx_kernel is not None
        and static.knob_val != 0
    ):
        found.append((substitute(func_name, static.knob_val), static.approx_kernel))
    return found


def substitute(func_name: str, value: int) -> str:
    """The name of the function that is called instead of another for a knob value."""
    return f"approx_{func_name}_{value}"


def checked_config(config: Mapping[str, Any] | None) -> Config:
    """A configuration whose parts have the right types and agree with each other.

    Raises `FrontendError`.
    """
    if config is None:
        return {}
    if not isinstance(config, Mapping):
        raise FrontendError(f"a configuration is a dictionary, as get_config returns it, not {config!r:.200}")
    for key, value in config.items():
        kind = _PARTS.get(key)
        if kind is None:
            hint = did_you_mean(str(key), list(_PARTS))
            raise FrontendError(
                f"a configuration has no entry {key!r}, only {', '.join(_PARTS)}"
                + (f"; {hint}" if hint else "")
            )
        if value is None:
            continue
        if not isinstance(value, kind):
            raise FrontendError(f"{key} must be a {kind.__name__}, not {value!r:.200}")
        value.check()
    if config.get("decision_tree") is not None and config.get("static_transform") is not None:
        raise FrontendError("Cannot specify both decision_tree and static_transform: keep one of them")
    return _config(*[config.get(key) for key in _PARTS])


_PARTS: dict[str, type[DecisionTree] | type[SafetyContract] | type[StaticTransform]] = {
    "decision_tree": DecisionTree,
    "safety_contract": SafetyContract,
    "static_transform": StaticTransform,
}


def _config(tree: Any, contract: Any, static: Any) -> Config:
    return {"decision_tree": tree, "safety_contract": contract, "static_transform": static}


def _configured(function: Function, config: Config) -> Function:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    setattr(call, _ATTRIBUTE, config)
    return call  # type: ignore[return-value]


def _check_function(value: object, what: str) -> None:
    if not callable(value):
        raise FrontendError(f"{what} must be a function, not {value!r:.200}")


def _check_kernels(kernels: object) -> None:
    if not isinstance(kernels, Mapping):
        raise FrontendError(
            f"approx_kernels must be a dictionary from knob values to functions, not {kernels!r:.200}"
        )
    _integers(list(kernels), "approx_kernels", I32_LIMITS)
    for value, kernel in kernels.items():
        _check_function(kernel, f"approx_kernels[{value}]")


def _check_knob_values(values: Iterable[int], what: str) -> None:
    for value in values:
        if value < 0:
            raise FrontendError(f"{what} holds {value}; the least knob value is 0, which is exact")


def _check_transform(name: object) -> None:
    from approxir.transforms.registry import transforms

    if isinstance(name, str) and name in transforms:
        return
    known = list(transforms)
    canonical = transform_name(name) if isinstance(name, str) else None
    hint = f"did you mean {canonical}?" if canonical in known else None
    hint = hint or (did_you_mean(name, known) if isinstance(name, str) else None)
    message = f"transform_type must be one of {', '.join(known)}, not {name!r:.200}"
    raise FrontendError(f"{message}; {hint}" if hint else message)


def _integers(values: object, what: str, limits: tuple[int, int] | None = None) -> None:
    """Raise `FrontendError` unless these are integers within the limits."""
    if (
        isinstance(values, str | bytes | Mapping)
        or not isinstance(values, Iterable)
        or not hasattr(values, "__len__")
    ):
        raise FrontendError(f"{what} must be a list of integers, not {values!r:.200}")
    for value in values:
        try:
            number = None if isinstance(value, bool) else index(value)
        except TypeError:
            number = None
        if number is None:
            raise FrontendError(f"{what} must hold integers, not {value!r:.200}")
        if limits is not None and not limits[0] <= number <= limits[1]:
            raise FrontendError(f"{what} must fit into 32 bits, which {number} does not")
