"""From C and C++ source to `CppAnnotation`: every annotation, checked, with the function that it is for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from approxir.dialects.approx.params import I32_LIMITS
from approxir.dialects.approx.payload import TRANSFORM_ALIASES
from approxir.errors import ArgumentError, Diagnostic
from approxir.frontends.c.annotation import CppAnnotation
from approxir.frontends.c.finding import find_annotations
from approxir.frontends.c.identity import IDENTITY, identity_function
from approxir.frontends.c.keys import ALIASES, KEYS, REQUIRED, find_key
from approxir.frontends.c.options import check_options
from approxir.frontends.c.reading import Entry, Literal, Name, Written, short
from approxir.frontends.c.scanning import scan
from approxir.frontends.inject import AnnotationError
from approxir.nearest import did_you_mean
from approxir.syntax.faults import Fault
from approxir.syntax.source import Source

if TYPE_CHECKING:
    from approxir.frontends.c.functions import Functions
    from approxir.frontends.c.trees import Function, Language

Span = tuple[int, int]


class AnnotationSyntaxError(AnnotationError):
    """An annotation in C or C++ source that is malformed, means nothing, or has no function."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An annotation, and where the source says what: the values by key, and the span of the kind.

    `function` is where the function begins; None where the source does not have it.
    """

    annotation: CppAnnotation
    kind: Span
    function: int | None
    values: dict[str, Literal] = field(default_factory=dict)

    def place(self, attribute: str | None, index: int | None = None) -> Span:
        """Where the source says what an attribute in MLIR says, or an item of it; else where the kind is."""
        value = self._value(attribute)
        if value is None:
            return self.kind
        items = value.value if isinstance(value.value, tuple) else ()
        if index is not None and index < len(items):
            item = items[index]
            if isinstance(item, Literal):
                return item.start, item.end
        return value.start, value.end

    def says(self, attribute: str) -> bool:
        """Whether the source says what an attribute in MLIR says."""
        return self._value(attribute) is not None

    def _value(self, attribute: str | None) -> Literal | None:
        keys = KEYS[self.annotation.kind]
        key = next((key for key, each in keys.items() if each.attribute == attribute), None)
        return None if key is None else self.values.get(key)


def parse_cpp_annotations(
    source: str, *, file: str = "<string>", language: Language | None = None
) -> list[CppAnnotation]:
    """The annotations of functions in C or C++ source, in the order of the text.

    `file` is the name that errors show; `language`, ``"c"`` or ``"c++"``, is what the source is probably
    written in. See ``docs/c-annotations.md`` for the formats.

    Raises `AnnotationSyntaxError` with every annotation that is malformed or means nothing, at its place, and
    `MissingDependencyError` without tree-sitter, unless there are no annotations.
    """
    return [placed.annotation for placed in parse_source(Source(source, file), language)]


def parse_source(source: Source, language: Language | None = None) -> list[Placed]:
    """As `parse_cpp_annotations`, with places."""
    from approxir.frontends.c.checking import find_problems

    if not isinstance(source.text, str):
        raise ArgumentError(f"C and C++ source is a string, not {type(source.text).__name__}")
    reader = _Reader(source, language)
    found: list[Placed] = []
    diagnostics: list[Diagnostic] = []
    for written in reader.written():
        try:
            if isinstance(written, Fault):
                raise written
            found.append(reader.meant(written))
        except Fault as fault:
            diagnostics.append(_diagnostic(source, fault))
    diagnostics += find_problems(source, found)
    if diagnostics:
        raise AnnotationSyntaxError(tuple(sorted(diagnostics, key=lambda each: each.offset)))
    return found


def _diagnostic(source: Source, fault: Fault) -> Diagnostic:
    return source.diagnostic(
        fault.offset, fault.message, length=fault.length, hint=fault.hint, code="annotation"
    )


class _Reader:
    """Makes annotations of what is written in one source."""

    def __init__(self, source: Source, language: Language | None) -> None:
        self.source = source
        self.language = language
        self.scan = scan(source.text)

    def written(self) -> Iterator[Written | Fault]:
        return find_annotations(self.source.text, self.scan.remarks)

    @cached_property
    def functions(self) -> Functions:
        from approxir.frontends.c.functions import Functions

        return Functions(self.source.text, self.scan.code, self.language)

    def meant(self, written: Written) -> Placed:
        """The annotation that is written. Raises `Fault`."""
        kind, place, transform = _kind(written)
        values: dict[str, Literal] = {}
        for entry in written.entries:
            key = find_key(entry, kind)
            if key in values or (key == "transform_type" and transform is not None):
                raise _said_twice(entry, key)
            values[key] = entry.value
        fields: dict[str, Any] = {key: KEYS[kind][key].read(value) for key, value in values.items()}
        if transform is not None:
            fields["transform_type"] = transform.text
            values["transform_type"] = Literal(transform.text, transform.start, transform.end)
        if "transform_options" in fields:
            check_options(
                fields.get("transform_type"), values["transform_options"], fields["transform_options"]
            )
        for key in REQUIRED[kind]:
            if key not in fields:
                raise _at(place, f"{kind} needs {key}")
        function, name = self._function(fields.pop("func_name", None), written, place)
        if kind == "decision_tree":
            _complete(fields, values, place)
            parameters = None if function is None else function.parameters
            _state(fields, values, place, name, parameters)
        line, column = self.source.position(written.start)
        annotation = CppAnnotation(
            func_name=name,
            kind=kind,  # type: ignore[arg-type]
            line_number=line,
            column=column,
            file=self.source.file,
            qualified_name="" if function is None else function.qualified,
            **{KEYS[kind][key].field: value for key, value in fields.items()},
        )
        return Placed(annotation, place, None if function is None else function.start, values)

    def _function(self, named: str | None, written: Written, place: Span) -> tuple[Function | None, str]:
        """The function that an annotation is for, if the source has it, and its name."""
        if named is not None:
            function = self.functions.named(named)
            return function, named if function is None else function.name
        try:
            function = self.functions.following(written.end)
        except Fault as fault:
            raise _at(place, f"this annotation has no function: {fault.message}", fault.hint) from None
        return function, function.name


def _kind(written: Written) -> tuple[str, Span, Name | None]:
    """The kind of an annotation, where that is said, and the transform that is said beside it."""
    if not written.words:
        return "decision_tree", (written.start, written.end), None
    first, *others = written.words
    place = first.start, first.end
    if first.text not in KEYS:
        if not _is_transform(first.text):
            known = [*KEYS, *_transforms()]
            hint = did_you_mean(first.text, known) or f"write one of {', '.join(KEYS)}"
            raise _at(place, f"no kind of annotation is called '{short(first.text)}'", hint)
        others.insert(0, first)
        kind = "decision_tree"
    else:
        kind = first.text
    if others and (len(others) > 1 or "transform_type" not in KEYS[kind]):
        wrong = others[-1]
        raise _at((wrong.start, wrong.end), f"expected a key and its value, found '{short(wrong.text)}'")
    return kind, place, others[0] if others else None


def _is_transform(name: str) -> bool:
    return name in TRANSFORM_ALIASES or name in _transforms()


def _transforms() -> list[str]:
    from approxir.transforms.registry import transforms

    return list(iter(transforms))


def _said_twice(entry: Entry, key: str) -> Fault:
    message = f"{key} is said twice"
    if entry.key.text in ALIASES:
        message += f": '{entry.key.text}' means the same"
    return _at((entry.key.start, entry.key.end), message)


def _complete(fields: dict[str, Any], values: dict[str, Literal], place: Span) -> None:
    """Fill in what a decision tree leaves to the tuner: thresholds from their bounds, and decisions.

    A tree without decisions always takes the first of `decision_values`.
    """
    held = fields.pop("thresholds_range", None)
    if held is not None:
        span = values["thresholds_range"].start, values["thresholds_range"].end
        if len(held) != 2:
            raise _at(span, "thresholds_range is the least and the greatest value of thresholds: [0, 100]")
        count = len(fields.get("thresholds", [0]))
        for key, bound in zip(("thresholds_lower", "thresholds_upper"), held, strict=True):
            if key in fields:
                raise _at(span, f"thresholds_range says the same as {key}")
            fields[key] = [bound] * count
            values[key] = values["thresholds_range"]
    if "thresholds" not in fields:
        lower, upper = fields.get("thresholds_lower"), fields.get("thresholds_upper")
        if not lower and not upper:
            hint = "or thresholds_lower and thresholds_upper, for a tuner to choose from"
            raise _at(place, "decision_tree needs thresholds", hint)
        least = None
        thresholds: list[int] = []
        for bound in lower or [min(0, each) for each in upper or ()]:
            least = bound if least is None else max(bound, least + 1)
            if least > I32_LIMITS[1]:
                raise _at(place, "decision_tree needs thresholds: there are none between its bounds")
            thresholds.append(least)
        fields["thresholds"] = thresholds
    if "decisions" not in fields:
        choices = fields.get("decision_values")
        if not choices:
            hint = "or decision_values, for a tuner to choose from"
            raise _at(place, "decision_tree needs decisions", hint)
        fields["decisions"] = [choices[0]] * (len(fields["thresholds"]) + 1)


def _state(
    fields: dict[str, Any], values: dict[str, Literal], place: Span, function: str, parameters: int | None
) -> None:
    """Settle on the state function and its arguments; negative indices become those of parameters."""
    chosen = fields.setdefault("state_indices", [-1])
    value = values.get("state_indices")
    if parameters is not None:
        for number, index in enumerate(chosen):
            if not -parameters <= index < parameters:
                held = {0: "no parameters", 1: "one parameter"}.get(parameters, f"{parameters} parameters")
                message = f"there is no parameter {index}: '{function}' has {held}"
                raise _at(
                    _item(value, number, place), message, "say state_indices" if value is None else None
                )
        fields["state_indices"] = [index % parameters for index in chosen]
    if fields.get("state_function", IDENTITY) == IDENTITY:
        if len(chosen) != 1:
            message = f"the state is one argument, not {len(chosen)}, unless a state_function computes it"
            raise _at(place if value is None else (value.start, value.end), message)
        fields["state_function"] = identity_function(function)


def _item(value: Literal | None, number: int, place: Span) -> Span:
    if value is None:
        return place
    items = value.value if isinstance(value.value, tuple) else (value,)
    item = items[number]
    return (item.start, item.end) if isinstance(item, Literal) else place


def _at(place: Span, message: str, hint: str | None = None) -> Fault:
    return Fault(message, place[0], length=max(1, place[1] - place[0]), hint=hint)
