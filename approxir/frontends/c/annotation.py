"""`CppAnnotation`: what an annotation in C or C++ says, and the operations that say it in MLIR."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from approxir.dialects.approx.ops import (
    AnnotationOp,
    ConvertToCallAnnotation,
    DecisionTreeAnnotation,
    KnobAnnotation,
    TransformAnnotation,
    TryAnnotation,
)
from approxir.dialects.approx.params import KnobParams, integer, integers
from approxir.dialects.approx.payload import FUNC_SUBSTITUTE, transform_name
from approxir.frontends.c.identity import identity_function, identity_text
from approxir.frontends.errors import FrontendError
from approxir.frontends.options import options_attribute
from approxir.values import InvalidValue, Type
from approxir.values.strings import symbol_text

Kind = Literal["decision_tree", "transform", "try", "knob", "convert_to_call"]

_TEXTS = ("func_name", "transform_type", "state_function", "checker", "recover")
_NUMBERS = ("knob_val", "id", "rf")
_LISTS = (
    "state_indices", "thresholds", "decisions", "decision_values", "thresholds_lower", "thresholds_upper",
    "qos_in", "qos_out",
)  # fmt: skip
_LEAST, _GREATEST = 0, 100
"""The range of thresholds that no bounds are given for, unless they are outside of it."""


@dataclass
class CppAnnotation:
    """An annotation of a C or C++ function.

    Which fields mean something depends on `kind`:

    * ``decision_tree``: `transform_type`, `transform_options`, `state_function`, `state_indices`,
      `thresholds`, `decisions`, `thresholds_lower`, `thresholds_upper`, `decision_values`;
    * ``transform``: `transform_type`, `transform_options`, `knob_val`;
    * ``try``: `checker`, `recover`;
    * ``knob``: `id`, `rf`, `qos_in`, `qos_out`, `transform_types`;
    * ``convert_to_call``: nothing else.

    Attributes:
        func_name: the symbol of the annotated function in MLIR. For C++ functions that are not ``extern "C"``
            the compiler mangles names; `approxir.frontends.c.annotate` looks for the mangled one.
        state_indices: which arguments of the function the state depends on, counted from 0. Negative ones
            count from the end; they are left only where the number of parameters is not known.
        state_function: the function that computes the state; ``__identity_<func_name>`` stands for one that
            gives back its argument, and is generated.
        thresholds_lower, thresholds_upper: bounds for a tuner, one per threshold; empty if not given.
        decision_values: what a tuner may choose decisions from; empty if not given.
        file, line_number, column: where the annotation begins, counted from 1.
        qualified_name: the function's name with its namespaces and classes, as the source has it; empty where
            the annotation itself names the symbol.
    """

    func_name: str
    transform_type: str | None = None
    state_indices: list[int] = field(default_factory=list)
    state_function: str | None = None
    thresholds: list[int] = field(default_factory=list)
    decisions: list[int] = field(default_factory=list)
    decision_values: list[int] = field(default_factory=list)
    thresholds_lower: list[int] = field(default_factory=list)
    thresholds_upper: list[int] = field(default_factory=list)
    line_number: int = 0
    kind: Kind = "decision_tree"
    transform_options: dict[str, Any] = field(default_factory=dict)
    knob_val: int | None = None
    checker: str | None = None
    recover: str | None = None
    id: int | None = None
    rf: int | None = None
    qos_in: list[int] | None = None
    qos_out: list[int] | None = None
    transform_types: list[str] | None = None
    column: int = 0
    file: str = "<string>"
    qualified_name: str = ""

    @property
    def params(self) -> KnobParams:
        """What is tunable, with what is taken where the annotation leaves something out.

        Bounds are 0 and 100, or the threshold itself where it is outside of that; the values for decisions
        are the decisions.
        """
        if self.kind == "transform":
            decisions = () if self.knob_val is None else (self.knob_val,)
            return KnobParams(
                decisions=decisions,
                transform_type=self.transform_type,
                transform_options=options_attribute(self.transform_options),
            )
        return KnobParams(
            thresholds=tuple(self.thresholds),
            decisions=tuple(self.decisions),
            thresholds_lowers=tuple(self.thresholds_lower or [min(_LEAST, t) for t in self.thresholds]),
            thresholds_uppers=tuple(self.thresholds_upper or [max(_GREATEST, t) for t in self.thresholds]),
            decision_values=tuple(self.decision_values or dict.fromkeys(self.decisions)),
            transform_type=self.transform_type,
            transform_options=options_attribute(self.transform_options),
        )

    @property
    def is_substitution(self) -> bool:
        """Whether calls of the function may be replaced by calls of others."""
        return transform_name(self.transform_type) == FUNC_SUBSTITUTE

    def operations(self) -> list[AnnotationOp]:
        """The annotation as operations that stand nowhere; substitution needs two.

        Raises `FrontendError` where something is missing that the kind needs, or is of another type.
        """
        self._check()
        name = self.func_name
        if self.kind == "knob":
            return [
                KnobAnnotation.create(
                    name,
                    id=self.id,
                    rf=self.rf,
                    qos_in=self.qos_in,
                    qos_out=self.qos_out,
                    transform_types=self.transform_types,
                )
            ]
        if self.kind == "convert_to_call":
            return [ConvertToCallAnnotation.create(name)]
        if self.kind == "try":
            return [
                TryAnnotation.create(name, checker=self._needed("checker"), recover=self._needed("recover"))
            ]
        kind = self._needed("transform_type")
        held: list[AnnotationOp]
        if self.kind == "transform":
            value = self._needed("knob_val")
            held = [
                TransformAnnotation.create(
                    name, kind, value, options=options_attribute(self.transform_options)
                )
            ]
        else:
            function = self._needed("state_function")
            held = [
                DecisionTreeAnnotation.create(
                    name, self.params, state_function=function, state_indices=self.state_indices
                )
            ]
        return [*held, ConvertToCallAnnotation.create(name)] if self.is_substitution else held

    def _check(self) -> None:
        """Raise `FrontendError` unless every field has the type that it should have."""
        if self.kind not in get_args(Kind):
            raise FrontendError(f"no kind of annotation is called {self.kind!r}")
        for name in _TEXTS:
            value = getattr(self, name)
            if not isinstance(value, str) and (value is not None or name == "func_name"):
                raise FrontendError(f"{name} is a string, not {value!r}")
        try:
            for name in _LISTS:
                integers(getattr(self, name) or (), name)
            for name in _NUMBERS:
                integer(getattr(self, name) or 0, name)
        except InvalidValue as error:
            raise FrontendError(f"the annotation of '{self.func_name}': {error.message}") from None

    def _needed(self, name: str) -> Any:
        value = getattr(self, name)
        if value is None:
            raise FrontendError(f"the annotation {self.kind} of '{self.func_name}' has no {name}")
        return value


def generate_cpp_annotation_mlir(annotations: Iterable[CppAnnotation], module_name: str | None = None) -> str:
    """Annotations as MLIR, for `approxir.inject_annotations_text`.

    First the identity functions that are used as state functions, which take an ``i32``, then the
    annotations, each an operation in MLIR's generic form on a line of its own. With a `module_name` all is
    put into a module of that name.

    Raises `FrontendError` for an annotation that lacks something, or says what MLIR cannot hold.
    """
    held = list(annotations)
    text = annotations_text(held, {})
    if module_name is None or not text:
        return text
    body = "".join(f"  {line}" if line.strip() else line for line in text.splitlines(keepends=True))
    return f"module {symbol_text(module_name)} {{\n{body}}}\n"


def annotations_text(annotations: Iterable[CppAnnotation], state_types: Mapping[str, Type]) -> str:
    """As `generate_cpp_annotation_mlir`; `state_types` has what identity functions get that is no ``i32``."""
    held = list(annotations)
    operations = operations_text(operation_groups(held))
    return _identity_functions(held, state_types) + operations


def operation_groups(annotations: Iterable[CppAnnotation]) -> list[list[AnnotationOp]]:
    """The operations of each annotation; a function that is to become a call is marked so once.

    Raises `FrontendError` as `CppAnnotation.operations` does.
    """
    held = list(annotations)
    for each in held:
        if not isinstance(each, CppAnnotation):
            raise FrontendError(f"an annotation is a CppAnnotation, not {each!r}")
    marked = {each.func_name for each in held if each.kind == "convert_to_call"}
    groups = []
    for annotation in held:
        try:
            group = annotation.operations()
        except InvalidValue as error:
            message = f"the annotation {annotation.kind} of '{annotation.func_name}': {error.message}"
            raise FrontendError(message) from None
        if annotation.func_name in marked and annotation.kind != "convert_to_call":
            group = [each for each in group if not isinstance(each, ConvertToCallAnnotation)]
        groups.append(group)
    return groups


def operations_text(groups: Iterable[Iterable[AnnotationOp]]) -> str:
    """Operations that stand nowhere yet as text, in MLIR's generic form, one a line."""
    from approxir.ir.module import parse

    module = parse("")
    for group in groups:
        for each in group:
            module.body.append(each.operation)
    return module.print(generic=True) if module.body.first is not None else ""


def _identity_functions(annotations: Iterable[CppAnnotation], state_types: Mapping[str, Type]) -> str:
    names = {
        each.state_function: None
        for each in annotations
        if each.kind == "decision_tree" and each.state_function == identity_function(each.func_name)
    }
    texts = [identity_text(str(name), state_types.get(str(name))) for name in names]
    return "".join(text for text in texts if text is not None)


def to_python(annotation: CppAnnotation) -> dict[str, Any]:
    """What an annotation says, in terms of JSON, without the fields that say nothing."""
    said = {key: value for key, value in asdict(annotation).items() if value not in (None, [], {}, "")}
    line, column = said.pop("line_number"), said.pop("column")
    kind, function = said.pop("kind"), said.pop("func_name")
    said.pop("file")
    return {"kind": kind, "function": function, "line": line, "column": column, **said}
