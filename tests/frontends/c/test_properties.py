"""Whatever is written comes back, in whatever layout; and whatever is wrong is said at its place."""

from __future__ import annotations

import dataclasses
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from support.c_annotations import Source, Wanted, fields, layout, sources, values

import approxir as ax
from approxir.dialects.approx import ops
from approxir.frontends.c.reading import tokens

EXAMPLES = 200
_SETTINGS = settings(
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


def defaults() -> dict[str, Any]:
    return {
        each.name: each.default if each.default_factory is dataclasses.MISSING else each.default_factory()
        for each in dataclasses.fields(ax.CppAnnotation)
    }


def check_fields(found: ax.CppAnnotation, wanted: Wanted) -> None:
    assert (found.line_number, found.column) == (wanted.line, wanted.column)
    expected = defaults() | wanted.fields
    for name in set(expected) - {"line_number", "column", "file", "qualified_name"}:
        assert getattr(found, name) == expected[name], name


@settings(_SETTINGS, max_examples=EXAMPLES)
@given(sources())
def test_what_is_written_comes_back(source: Source) -> None:
    found = ax.parse_cpp_annotations(source.text, language=source.language)  # type: ignore[arg-type]
    assert len(found) == len(source.wanted)
    for each, wanted in zip(found, source.wanted, strict=True):
        check_fields(each, wanted)


@settings(_SETTINGS, max_examples=EXAMPLES // 2)
@given(sources())
def test_the_operations_say_the_same(source: Source) -> None:
    found = ax.parse_cpp_annotations(source.text, language=source.language)  # type: ignore[arg-type]
    module = ax.parse(ax.generate_cpp_annotation_mlir(found))
    views = [view for op in module.operations if (view := ops.view(op)) is not None]
    marked = {each.func_name for each in found if each.kind == "convert_to_call"}
    for each in found:
        view = views.pop(0)
        assert isinstance(view, ops.AnnotationOp)
        assert view.func_name == each.func_name
        match each.kind:
            case "decision_tree":
                assert isinstance(view, ops.DecisionTreeAnnotation)
                assert view.params == each.params
                assert view.params.thresholds == tuple(each.thresholds)
                assert view.params.decisions == tuple(each.decisions)
                assert view.state_indices == tuple(each.state_indices)
                assert view.state_function == each.state_function
            case "transform":
                assert isinstance(view, ops.TransformAnnotation)
                assert (view.transform_type, view.knob_val) == (each.transform_type, each.knob_val)
                assert ax.to_python(view.transform_options) == each.transform_options
            case "try":
                assert isinstance(view, ops.TryAnnotation)
                assert (view.checker, view.recover) == (each.checker, each.recover)
            case "knob":
                assert isinstance(view, ops.KnobAnnotation)
                assert (view.id, view.rf) == (each.id, each.rf)
                assert (list(view.qos_in), list(view.qos_out)) == (each.qos_in or [], each.qos_out or [])
                assert view.transform_types == (each.transform_types and tuple(each.transform_types))
        if each.is_substitution and each.func_name not in marked:
            view = views.pop(0)
            assert isinstance(view, ops.ConvertToCallAnnotation)
            assert view.func_name == each.func_name
    assert views == []
    module.verify()


# ---- malformed annotations


def outcome(source: str) -> list[ax.CppAnnotation] | ax.AnnotationSyntaxError:
    """The annotations, or why there are none; any other exception fails the test."""
    try:
        return ax.parse_cpp_annotations(source)
    except ax.AnnotationSyntaxError as error:
        return error


PIECES = (
    ",",
    ";",
    ":",
    "=",
    "[",
    "]",
    "{",
    "}",
    "word",
    "7",
    "-",
    "'s'",
    '"',
    "?",
    "1x",
    "99999999999999999999",
    "@x",
)


def span(written: str) -> tuple[int, int]:
    """Where an annotation has its kind and its entries."""
    return written.index("approx") + len("approx"), len(written.removesuffix("*/"))


@st.composite
def mutations(draw: st.DrawFn) -> tuple[str, int]:
    """An annotation in which one token was taken away, put in or changed; and where."""
    kind = draw(st.sampled_from(("decision_tree", "transform", "try", "knob", "convert_to_call")))
    written = draw(layout(kind, draw(values(kind, 3))))
    start, end = span(written)
    places = [
        (at + start, to + start)
        for _, text, at, to in tokens(written[start:end])
        if text not in ("\\", "/", "*")
    ]
    how = draw(st.sampled_from(("delete", "insert", "replace")))
    if not places:
        places, how = [(start, start)], "insert"
    at, to = draw(st.sampled_from(places))
    piece = "" if how == "delete" else draw(st.sampled_from(PIECES))
    if how == "insert":
        piece, to = f" {piece} ", at
    return written[:at] + piece + written[to:], at


@settings(_SETTINGS, max_examples=3 * EXAMPLES)
@given(mutations())
def test_what_is_wrong_is_said_at_its_place(mutation: tuple[str, int]) -> None:
    changed, at = mutation
    before = "int before(int a);\n"
    source = f"{before}{changed}\nvoid f(int a, float *b, int c) {{ }}\n"
    found = outcome(source)
    if not isinstance(found, ax.AnnotationSyntaxError):
        return
    lines = source.split("\n")
    for each in found.diagnostics:
        assert 2 <= each.line <= 2 + changed.count("\n"), str(found)
        assert 1 <= each.column <= len(lines[each.line - 1]) + 1
        assert each.source_line == lines[each.line - 1].rstrip("\r")
        assert each.message
    first = found.diagnostics[0]
    place = 2 + changed.count("\n", 0, at)
    # A brace that closes nothing may be far from where one is missing.
    if first.message.startswith(("expected", "unexpected", "this string")) and "'}'" not in first.message:
        # What lacks at the end of a line is said there, also if the change is on the next one.
        assert place - 1 <= first.line <= place + 1, str(found)


@settings(_SETTINGS, max_examples=EXAMPLES)
@given(st.data())
def test_brackets_and_signs_cannot_be_left_out(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(("decision_tree", "transform", "knob")))
    written = data.draw(layout(kind, data.draw(values(kind, 3))))
    start, end = span(written)
    needed = [
        at + start
        for name, _, at, _ in tokens(written[start:end])
        if name in ("_LSQB", "_RSQB", "_EQUAL", "_LBRACE", "_RBRACE")
    ]
    assume(needed)
    at = data.draw(st.sampled_from(needed))
    found = outcome(f"{written[:at]} {written[at + 1 :]}\nvoid f(int a, float *b, int c) {{ }}\n")
    assert isinstance(found, ax.AnnotationSyntaxError)
    assert found.line <= 1 + written.count("\n")


@settings(_SETTINGS, max_examples=2 * EXAMPLES)
@given(
    st.text(st.sampled_from("@approx:kno{}[]()=,;/*\\\"'#\n \t\r-1aR?é\0\ud800"), max_size=60),
    st.sampled_from(("", "// @approx:", "/* @approx:knob {", "#pragma approx knob ", 'R"(')),
)
def test_any_text_gives_annotations_or_an_error(text: str, start: str) -> None:
    found = outcome(start + text + "\nint f(int a);\n")
    if isinstance(found, ax.AnnotationSyntaxError):
        assert all(each.message for each in found.diagnostics)
        assert "error" in str(found)
    else:
        ax.parse(ax.generate_cpp_annotation_mlir(found)).parse_all()


def test_the_strategies_reach_every_field() -> None:
    """Fails if `fields` stops covering what `CppAnnotation` has."""
    held = {"transform_type": "loop_perforate", "thresholds": [1], "decisions": [0, 1]}
    assert set(fields("decision_tree", held, "f", 2)) <= {
        each.name for each in dataclasses.fields(ax.CppAnnotation)
    }
