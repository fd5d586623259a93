"""Typed views of approx operations, in every spelling.

    for op in module.find("approx."):
        match approx.view(op):
            case DecisionTreeOp() as tree: print(tree.params, tree.state)

A view holds nothing but the operation: two views of one operation are equal, and what is set through a view
is set on the operation. Views check their attributes when they are read (`ParamsError`), not before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

from approxir.dialects.approx.codec import I32, I64, encode
from approxir.dialects.approx.params import KnobParams
from approxir.dialects.approx.views import (
    FunctionName,
    Number,
    Numbers,
    Options,
    OpView,
    Spelling,
    Strings,
    Text,
    TunableOpView,
)
from approxir.ir.blocks import Region
from approxir.ir.operation import Operation
from approxir.ir.ssa import OpResult, Value
from approxir.ir.verify.approx import local_name
from approxir.values import ArrayAttr, Attribute, DenseArrayAttr, DictAttr, IntegerAttr, StringAttr, Type


class KnobOp(TunableOpView):
    """``approx.knob``: the scope of an approximation, and the interface to the tuner.

    Its operands are the values that the scope reads, its results what it yields; its one region sees
    enclosing values.
    """

    __slots__ = ()
    names = ("knob",)

    id = Number("id")
    """The number that identifies the knob in its module."""
    rf = Number("rf")
    """The reliability."""
    qos_in = Numbers("QoS_in")
    """The quality of service that comes in."""
    qos_out = Numbers("QoS_out")
    """The quality of service that goes out."""
    transform_types = Strings("transform_types")
    """The transforms that may be applied here; None where that is not restricted."""

    @classmethod
    def create(
        cls,
        operands: Sequence[Value],
        result_types: Sequence[Type],
        body: Region,
        *,
        id: int | None = None,
        params: KnobParams | None = None,
        transform_types: Sequence[str] | None = None,
        rf: int | None = None,
        qos_in: Sequence[int] | None = None,
        qos_out: Sequence[int] | None = None,
        spelling: Spelling = "approxir",
    ) -> Self:
        """A new knob around a region; its params are written as a dictionary.

        In the spelling of the C++ implementation ``id``, ``rf`` and the two lists, which that requires, are
        written even if they are not given, as zeros and empty lists.
        """
        if spelling == "approxmlir":
            id, rf = id or 0, rf or 0
            qos_in, qos_out = qos_in or (), qos_out or ()
        held = {
            **_scope(id, rf, qos_in, qos_out, transform_types),
            "params": None if params is None else DictAttr(encode(params)),
        }
        return cls._create(spelling, operands, result_types, [body], held)

    @property
    def operands(self) -> tuple[Value, ...]:
        """The values that the scope reads."""
        return tuple(self.operation.operands)

    @property
    def results(self) -> tuple[OpResult, ...]:
        """What it yields, as values."""
        return self.operation.results

    @property
    def region(self) -> Region:
        """The scope; `IRError` where there is none."""
        return self.operation.region

    @property
    def yields(self) -> tuple[YieldOp, ...]:
        """The terminators that leave the region; none where the text leaves out the only one."""
        return _yields(self.operation)

    @property
    def management(self) -> tuple[OpView, ...]:
        """The decision trees, tries and transforms that stand directly in the body."""
        found = []
        for region in self.operation.regions:
            for op in region.operations:
                if local_name(op) in _MANAGEMENT:
                    found.append(_VIEWS[local_name(op)](op))
        return tuple(found)

    @property
    def decision_tree(self) -> DecisionTreeOp | None:
        """The first decision tree that stands directly in the body."""
        return next((view for view in self.management if isinstance(view, DecisionTreeOp)), None)


class DecisionTreeOp(TunableOpView):
    """``approx.decision_tree`` (also ``approx.decide``): choose a knob value at run time from a state."""

    __slots__ = ()
    names = ("decision_tree", "decide")

    runtime = FunctionName("runtime")
    """The paper's name of the state function."""

    @classmethod
    def create(
        cls,
        state_args: Sequence[Value],
        state: Region,
        params: KnobParams,
        *,
        spelling: Spelling = "approxir",
    ) -> Self:
        """A new decision tree; its params are written as separate attributes.

        `state` takes values of the types of `state_args` and yields one ``i32``.
        """
        return cls._create(spelling, state_args, (), [state], _separate(params))

    @property
    def state_args(self) -> tuple[Value, ...]:
        """The values that the state is computed from."""
        return tuple(self.operation.operands)

    @property
    def state(self) -> Region:
        """The region that computes the state; `IRError` where there is none."""
        return self.operation.region

    @property
    def yields(self) -> tuple[YieldOp, ...]:
        """The terminators that leave the region."""
        return _yields(self.operation)


class TryOp(OpView):
    """``approx.try``: check what the knob computed, and recover when the check fails."""

    __slots__ = ()
    names = ("try",)

    recover = FunctionName("recover")
    """The name of the recovering function, without ``@``."""

    @classmethod
    def create(
        cls, recovery_args: Sequence[Value], check: Region, recover: str, *, spelling: Spelling = "approxir"
    ) -> Self:
        """A new try; `check` takes values of the types of `recovery_args` and yields one ``i1``."""
        return cls._create(spelling, recovery_args, (), [check], {"recover": StringAttr(recover)})

    @property
    def recovery_args(self) -> tuple[Value, ...]:
        """What the recovering function is called with."""
        return tuple(self.operation.operands)

    @property
    def check(self) -> Region:
        """The region that checks; `IRError` where there is none."""
        return self.operation.region

    @property
    def yields(self) -> tuple[YieldOp, ...]:
        """The terminators that leave the region."""
        return _yields(self.operation)


class _Transform(TunableOpView):
    """What a transform and its annotation have in common."""

    __slots__ = ()

    transform_type = Text("transform_type")
    """Which approximation."""
    transform_options = Options("transform_options")
    """Options of the approximation; empty where there are none."""

    @property
    def knob_val(self) -> int | None:
        """How strong: 0 is exact. The paper calls it ``transform_value``."""
        return _strength(self.operation).read(self.operation)

    @knob_val.setter
    def knob_val(self, value: int) -> None:
        _strength(self.operation).__set__(self, value)


def _strength(op: Operation) -> Number:
    return Number("transform_value" if "transform_value" in op.attributes else "knob_val")


class TransformOp(_Transform):
    """``approx.transform``: which approximation, how strong."""

    __slots__ = ()
    names = ("transform",)

    @classmethod
    def create(
        cls,
        transform_type: str,
        knob_val: int,
        *,
        options: Mapping[str, Attribute] | DictAttr | None = None,
        spelling: Spelling = "approxir",
    ) -> Self:
        """A new transform."""
        return cls._create(spelling, properties=_static(transform_type, knob_val, options))


class YieldOp(OpView):
    """``approx.yield``: the terminator of approx regions."""

    __slots__ = ()
    names = ("yield",)

    @classmethod
    def create(cls, values: Sequence[Value] = (), *, spelling: Spelling = "approxir") -> Self:
        """A new terminator."""
        return cls._create(spelling, values)

    @property
    def values(self) -> tuple[Value, ...]:
        """What is yielded."""
        return tuple(self.operation.operands)


class AnnotationOp(OpView):
    """What a front end attaches to a function, for the passes to consume."""

    __slots__ = ()

    func_name = FunctionName("func_name")
    """The name of the annotated function, without ``@``."""


class KnobAnnotation(AnnotationOp):
    """``approx.util.annotation.knob``: make the function's body a knob.

    What it says about the knob besides is what the knob will say.
    """

    __slots__ = ()
    names = ("util.annotation.knob",)

    id = Number("id")
    """The number that identifies the knob in its module."""
    rf = Number("rf")
    """The reliability."""
    qos_in = Numbers("QoS_in")
    """The quality of service that comes in."""
    qos_out = Numbers("QoS_out")
    """The quality of service that goes out."""
    transform_types = Strings("transform_types")
    """The transforms that may be applied; None where that is not restricted."""

    @classmethod
    def create(
        cls,
        func_name: str,
        *,
        id: int | None = None,
        rf: int | None = None,
        qos_in: Sequence[int] | None = None,
        qos_out: Sequence[int] | None = None,
        transform_types: Sequence[str] | None = None,
        spelling: Spelling = "approxir",
    ) -> Self:
        """A new annotation of a function."""
        held = _scope(id, rf, qos_in, qos_out, transform_types)
        return cls._create(spelling, properties=_function(func_name) | held)


class ConvertToCallAnnotation(AnnotationOp):
    """``approx.util.annotation.convert_to_call``: turn the function into a wrapper of a copy of itself."""

    __slots__ = ()
    names = ("util.annotation.convert_to_call",)

    @classmethod
    def create(cls, func_name: str, *, spelling: Spelling = "approxir") -> Self:
        """A new annotation of a function."""
        return cls._create(spelling, properties=_function(func_name))


class DecisionTreeAnnotation(AnnotationOp, TunableOpView):
    """``approx.util.annotation.decision_tree``: choose the function's knob value from a state."""

    __slots__ = ()
    names = ("util.annotation.decision_tree",)

    state_indices = Numbers("state_indices", I64)
    """Which arguments of the annotated function the state function is called with."""

    @classmethod
    def create(
        cls,
        func_name: str,
        params: KnobParams,
        *,
        state_function: str,
        state_indices: Sequence[int],
        spelling: Spelling = "approxir",
    ) -> Self:
        """A new annotation; `state_indices` say which arguments of the function the state depends on."""
        held: dict[str, Attribute] = {
            **_function(func_name),
            "state_function": StringAttr(state_function),
            "state_indices": DenseArrayAttr(I64, tuple(state_indices)),
        }
        return cls._create(spelling, properties=held | _separate(params))

    @property
    def state_function(self) -> str | None:
        """The name of the function that computes the state; the paper's ``runtime`` is read too."""
        name = _STATE_FUNCTION.read(self.operation)
        return _RUNTIME.read(self.operation) if name is None else name

    @state_function.setter
    def state_function(self, name: str) -> None:
        held = self.operation.attributes
        field = _RUNTIME if "runtime" in held and "state_function" not in held else _STATE_FUNCTION
        field.__set__(self, name)


class TransformAnnotation(AnnotationOp, _Transform):
    """``approx.util.annotation.transform``: apply one transform to the function, whatever the state."""

    __slots__ = ()
    names = ("util.annotation.transform",)

    @classmethod
    def create(
        cls,
        func_name: str,
        transform_type: str,
        knob_val: int,
        *,
        options: Mapping[str, Attribute] | DictAttr | None = None,
        spelling: Spelling = "approxir",
    ) -> Self:
        """A new annotation of a function."""
        held = _function(func_name) | _static(transform_type, knob_val, options)
        return cls._create(spelling, properties=held)


class TryAnnotation(AnnotationOp):
    """``approx.util.annotation.try``: check the function's results, and recover when the check fails."""

    __slots__ = ()
    names = ("util.annotation.try",)

    recover = FunctionName("recover")
    """The name of the recovering function, without ``@``."""
    checker = FunctionName("checker")
    """The name of the checking function, without ``@``."""

    @classmethod
    def create(cls, func_name: str, *, checker: str, recover: str, spelling: Spelling = "approxir") -> Self:
        """A new annotation; `checker` takes results and arguments, `recover` the arguments."""
        held: dict[str, Attribute] = {"recover": StringAttr(recover), "checker": StringAttr(checker)}
        return cls._create(spelling, properties=_function(func_name) | held)


_STATE_FUNCTION = FunctionName("state_function")
_RUNTIME = FunctionName("runtime")
_MANAGEMENT = frozenset({"decision_tree", "decide", "try", "transform"})
_CLASSES: tuple[type[OpView], ...] = (
    KnobOp, DecisionTreeOp, TryOp, TransformOp, YieldOp, KnobAnnotation, ConvertToCallAnnotation,
    DecisionTreeAnnotation, TransformAnnotation, TryAnnotation,
)  # fmt: skip
_VIEWS: dict[str, type[OpView]] = {name: kind for kind in _CLASSES for name in kind.names}


def view(op: Operation) -> OpView | None:
    """The typed view of an approx operation; None for an operation of another dialect, or an unknown one."""
    kind = _VIEWS.get(local_name(op))
    return None if kind is None else kind(op)


def _yields(op: Operation) -> tuple[YieldOp, ...]:
    ends = [block.last for region in op.regions for block in region.blocks]
    return tuple([YieldOp(last) for last in ends if local_name(last) == "yield"])


def _scope(
    id: int | None,
    rf: int | None,
    qos_in: Sequence[int] | None,
    qos_out: Sequence[int] | None,
    transform_types: Sequence[str] | None,
) -> dict[str, Attribute | None]:
    """What a knob says besides its params, None for what it does not say."""
    kinds = None if transform_types is None else ArrayAttr(tuple(map(StringAttr, transform_types)))
    return {
        "id": None if id is None else IntegerAttr(id, I32),
        "rf": None if rf is None else IntegerAttr(rf, I32),
        "QoS_in": None if qos_in is None else DenseArrayAttr(I32, tuple(qos_in)),
        "QoS_out": None if qos_out is None else DenseArrayAttr(I32, tuple(qos_out)),
        "transform_types": kinds,
    }


def _function(name: str) -> dict[str, Attribute]:
    return {"func_name": StringAttr(name)}


def _separate(params: KnobParams) -> dict[str, Attribute]:
    """Params as attributes of their own, the number of thresholds before them."""
    return {"num_thresholds": IntegerAttr(len(params.thresholds), I32), **encode(params)}


def _static(
    transform_type: str, knob_val: int, options: Mapping[str, Attribute] | DictAttr | None
) -> dict[str, Attribute]:
    held: dict[str, Attribute] = {
        "transform_type": StringAttr(transform_type),
        "knob_val": IntegerAttr(knob_val, I32),
    }
    if options:
        held["transform_options"] = options if isinstance(options, DictAttr) else DictAttr(options)
    return held


__all__ = [
    "AnnotationOp", "ConvertToCallAnnotation", "DecisionTreeAnnotation", "DecisionTreeOp", "KnobAnnotation",
    "KnobOp", "OpView", "Spelling", "TransformAnnotation", "TransformOp", "TryAnnotation", "TryOp", "YieldOp",
    "view",
]  # fmt: skip
