"""From C or C++ source and the module that was compiled from it to the annotated module."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from approxir.errors import Diagnostic
from approxir.frontends.c.annotation import (
    CppAnnotation,
    annotations_text,
    generate_cpp_annotation_mlir,
    operation_groups,
)
from approxir.frontends.c.identity import identity_function, identity_text
from approxir.frontends.c.parsing import Placed, parse_cpp_annotations, parse_source
from approxir.frontends.c.symbols import symbols_of
from approxir.frontends.inject import (
    AnnotationError,
    Misfit,
    Plan,
    function_names,
    function_of,
    with_line_ends_of,
)
from approxir.lint.approximations import signature
from approxir.syntax.source import Source
from approxir.values import Type

if TYPE_CHECKING:
    from approxir.frontends.c.trees import Language
    from approxir.ir.module import Module

_HELPERS = ("state_function", "checker", "recover")
_SHOWN = 5


def parse_and_generate(source: str, module_name: str | None = None) -> str:
    """The annotations in C or C++ source as MLIR, for `approxir.inject_annotations_text`.

    The same as `generate_cpp_annotation_mlir(parse_cpp_annotations(source), module_name)`.
    """
    return generate_cpp_annotation_mlir(parse_cpp_annotations(source), module_name)


def annotate(
    source: str,
    base_mlir: str,
    *,
    file: str = "<string>",
    base_file: str = "<string>",
    language: Language | None = None,
) -> str:
    """The module that was compiled from C or C++ source, with the annotations in that source put into it.

    Functions are found by their names, or by what a C++ compiler makes of these, as long as that is clear.
    What is not added is as it was in `base_mlir`, byte for byte. `file` and `base_file` are the names that
    errors show.

    Raises `AnnotationSyntaxError` as `parse_cpp_annotations` does, `AnnotationError`, at the place in the
    source, for functions and arguments that the module does not have and for annotations that it has already,
    and `ParseError` when `base_mlir` is not MLIR.
    """
    from approxir.ir.module import parse

    text = Source(source, file)
    placed = parse_source(text, language)
    base = parse(base_mlir, file=base_file)
    if not placed:
        return base_mlir
    names = function_names(base)
    diagnostics: list[Diagnostic] = []
    named = [_named(each, names, text, diagnostics) for each in placed]
    types, refused = _state_types(placed, named, base, text, diagnostics)
    operations = with_line_ends_of(base_mlir, annotations_text(named, types))
    annotations = parse(operations, file="<annotations>")
    plan = Plan(base, annotations)
    owners = [each for each, group in zip(placed, operation_groups(named), strict=True) for _ in group]
    owner = dict(zip(plan.annotation_operations, owners, strict=True))
    for misfit in plan.misfits():
        if misfit.key == "state_function" and owner.get(misfit.operation) in refused:
            # What its state is was found wrong above.
            continue
        diagnostics.append(_diagnostic(text, misfit, owner.get(misfit.operation)))
    if diagnostics:
        raise AnnotationError(tuple(sorted(diagnostics, key=lambda each: each.offset)))
    plan.carry_out()
    return str(base)


def _named(
    placed: Placed, names: Sequence[str], source: Source, diagnostics: list[Diagnostic]
) -> CppAnnotation:
    """The annotation with the symbols that the module has instead of the names that the source has."""
    annotation = placed.annotation
    wanted = {"func_name": annotation.qualified_name or annotation.func_name}
    wanted |= {key: name for key in _HELPERS if (name := getattr(annotation, key)) is not None}
    identity = identity_function(annotation.func_name)
    changes: dict[str, str] = {}
    for key, name in wanted.items():
        if key == "state_function" and name == identity:
            continue
        found = symbols_of(name, names)
        if len(found) == 1:
            changes[key] = found[0]
        elif found:
            start, end = placed.place(key)
            shown = ", ".join(found[:_SHOWN]) + (", ..." if len(found) > _SHOWN else "")
            message = f"'{name}' may be any of {len(found)} functions: {shown}"
            hint = "say which symbol is meant" + (": func_name: symbol" if key == "func_name" else "")
            diagnostics.append(
                source.diagnostic(start, message, length=end - start, hint=hint, code="annotation")
            )
            changes[key] = found[0]
    if annotation.state_function == identity:
        changes["state_function"] = identity_function(changes.get("func_name", annotation.func_name))
    return replace(annotation, **changes)  # type: ignore[arg-type]


def _state_types(
    placed: Sequence[Placed],
    named: Sequence[CppAnnotation],
    base: Module,
    source: Source,
    diagnostics: list[Diagnostic],
) -> tuple[dict[str, Type], list[Placed]]:
    """What the identity functions get in the module, by their names, and where they cannot take it."""
    types: dict[str, Type] = {}
    refused: list[Placed] = []
    for each, annotation in zip(placed, named, strict=True):
        function = None if annotation.kind != "decision_tree" else function_of(base, annotation.func_name)
        kind = None if function is None else signature(function)
        if kind is None:
            continue

        def report(number: int, message: str, hint: str, each: Placed = each) -> None:
            start, end = each.place("state_indices", number)
            diagnostics.append(
                source.diagnostic(start, message, length=end - start, hint=hint, code="annotation")
            )

        count = len(kind.inputs)
        wrong = [n for n, index in enumerate(annotation.state_indices) if not -count <= index < count]
        for number in wrong:
            index = annotation.state_indices[number]
            message = f"there is no argument {index}: '{annotation.func_name}' has {count} in the module"
            report(number, message, "say state_indices")
        identity = identity_function(annotation.func_name)
        if wrong or annotation.state_function != identity or len(annotation.state_indices) != 1:
            continue
        state = kind.inputs[annotation.state_indices[0]]
        types[identity] = state
        if identity_text(identity, state) is None:
            message = f"the state of '{annotation.func_name}' is an argument of type {state}, no integer"
            refused.append(each)
            report(0, message, "say state_function, or state_indices of an integer")
    return types, refused


def _diagnostic(source: Source, misfit: Misfit, placed: Placed | None) -> Diagnostic:
    if placed is None:
        return misfit.diagnostic()
    start, end = placed.place(misfit.key)
    return source.diagnostic(start, misfit.message, length=end - start, hint=misfit.hint, code="annotation")
