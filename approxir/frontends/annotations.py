"""What the configuration of a knob says, as annotations for the passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from approxir.dialects.approx.ops import (
    AnnotationOp,
    ConvertToCallAnnotation,
    DecisionTreeAnnotation,
    TransformAnnotation,
    TryAnnotation,
)
from approxir.dialects.approx.params import KnobParams
from approxir.frontends.decorators import (
    DecisionTree,
    checked_config,
    get_function_name,
    needs_pre_emit_transform,
)
from approxir.frontends.errors import FrontendError
from approxir.frontends.options import options_attribute
from approxir.ir.module import parse


@dataclass(frozen=True)
class Naming:
    """How a module names what a configuration refers to, where that differs from Python's view.

    `helpers` are the symbols of state functions, checkers and recovering functions by their role
    (``state_function``, ``checker``, ``recover``), `state_indices` which arguments of the function in the
    module are the state, one argument of Python being any number of them.
    """

    helpers: Mapping[str, str] = field(default_factory=dict)
    state_indices: Sequence[int] | None = None


def generate_annotations(func_name: str, config: Mapping[str, Any] | None) -> str:
    """The annotations for a function, one operation a line in MLIR's generic form; empty without a knob.

    Raises `FrontendError` for what is no configuration.
    """
    return annotations_text(func_name, config, Naming())


def inject_annotations(mlir_text: str, func_name: str, config: Mapping[str, Any] | None) -> str:
    """A module with the annotations for one of its functions, put at its start.

    The rest is given back byte for byte. Raises `FrontendError` for what is no configuration, and
    `approxir.frontends.inject.AnnotationError` (both are `ValueError`) when the module does not have the
    function or one that the annotations name; `ParseError` when the text is not MLIR.
    """
    from approxir.frontends.inject import inject_annotations_text

    return inject_annotations_text(mlir_text, generate_annotations(func_name, config))


def annotations_text(func_name: str, config: Mapping[str, Any] | None, naming: Naming) -> str:
    """As `generate_annotations`, with the names that a module has."""
    if not isinstance(func_name, str) or not func_name:
        raise FrontendError(f"the name of a function must be a string that is not empty, not {func_name!r}")
    held = annotation_ops(func_name, config, naming)
    if not held:
        return ""
    module = parse("")
    for annotation in held:
        module.body.append(annotation.operation)
    return module.print(generic=True)


def annotation_ops(func_name: str, config: Mapping[str, Any] | None, naming: Naming) -> list[AnnotationOp]:
    """The annotations that a configuration asks for, as operations that stand nowhere."""
    checked = checked_config(config)
    found: list[AnnotationOp] = []
    if needs_pre_emit_transform(checked):
        found.append(ConvertToCallAnnotation.create(func_name))
    names = naming.helpers
    tree = checked.get("decision_tree")
    if tree is not None:
        indices = tree.state_indices if naming.state_indices is None else naming.state_indices
        name = names.get("state_function") or get_function_name(tree.state_function)
        params = tree_params(tree)
        found.append(
            DecisionTreeAnnotation.create(func_name, params, state_function=name, state_indices=list(indices))
        )
    contract = checked.get("safety_contract")
    if contract is not None:
        checker = names.get("checker") or get_function_name(contract.checker)
        recover = names.get("recover") or get_function_name(contract.recover)
        found.append(TryAnnotation.create(func_name, checker=checker, recover=recover))
    static = checked.get("static_transform")
    if static is not None:
        options = options_attribute(static.transform_options)
        found.append(
            TransformAnnotation.create(func_name, static.transform_type, static.knob_val, options=options)
        )
    return found


def tree_params(tree: DecisionTree) -> KnobParams:
    """What a decision tree says, as the dialect has it."""
    lower, upper = tree.bounds()
    return KnobParams(
        thresholds=tuple(tree.thresholds),
        decisions=tuple(tree.decisions),
        thresholds_lowers=tuple(lower),
        thresholds_uppers=tuple(upper),
        decision_values=tuple(tree.decision_values) or tuple(dict.fromkeys(tree.decisions)),
        transform_type=tree.transform_type,
        transform_options=options_attribute(tree.transform_options),
    )
