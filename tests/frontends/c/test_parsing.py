"""Annotations as programs for approx-runtime and the paper write them, and errors at the right place."""

from __future__ import annotations

import sys
from typing import Any

import pytest

import approxir as ax
from approxir.frontends.c.parsing import parse_source
from approxir.syntax.source import Source


def only(source: str) -> ax.CppAnnotation:
    (found,) = ax.parse_cpp_annotations(source)
    return found


# ---- formats


BLOCK = """
// @approx:decision_tree {
//   transform_type: func_substitute
//   state_indices: [-1]          // the last one
//   state_function: getState
//
//   thresholds: [5, 10],
//   thresholds_lower: [0, 0]
//   thresholds_upper: [100, 100]// touching
//   decisions: [0, 1, 2]
//   decision_values: [0, 1, 2,]
// }
// What the kernel does doesn't matter.
"""
KERNEL = "void my_kernel(float *data, int n, int state) { }\n"
FIELDS = {
    "func_name": "my_kernel", "transform_type": "func_substitute", "state_indices": [2],
    "state_function": "getState", "thresholds": [5, 10], "decisions": [0, 1, 2],
    "decision_values": [0, 1, 2], "thresholds_lower": [0, 0], "thresholds_upper": [100, 100],
    "kind": "decision_tree",
}  # fmt: skip
ENTRIES = (
    "transform_type=func_substitute state_indices=[-1] state_function=getState thresholds=[5, 10] "
    "thresholds_lower=[0,0] thresholds_upper=[100, 100] decisions=[0, 1, 2] decision_values=[0,1,2]"
)


ENTRY_LINES = "\n" + ENTRIES.replace(" ", "\n").replace(",\n", ", ") + "\n"


def fields(annotation: ax.CppAnnotation, names: Any = FIELDS) -> dict[str, Any]:
    return {name: getattr(annotation, name) for name in names}


@pytest.mark.parametrize(
    "text",
    [
        BLOCK,
        BLOCK.replace("\n", "\r\n"),
        BLOCK.replace("//  ", "//\t\t").replace(": ", ":\t"),
        BLOCK.replace("tree {", "tree\n// {"),
        BLOCK.replace("// @", "//@").replace("//  ", "///"),
        BLOCK.replace("//", "  //"),
        BLOCK.replace("getState", '"getState"').replace("func_substitute", "'func_substitute'"),
        "/* @approx:decision_tree {" + ENTRY_LINES.replace("\n", "\n * ") + "}\n */\n",
        "/**\n * Docs.\n *\n * @approx:decision_tree {" + ENTRY_LINES + "}\n*/\n",
        "/*\r\n@approx:decision_tree {" + ENTRY_LINES.replace("\n", "\r\n") + "} */\r\n",
        f"// @approx:decision_tree {ENTRIES}\n",
        f"// @approx:decision_tree {ENTRIES.replace(' ', ', ').replace(',, ', ', ')}\n",
        f"// @approx:decision_tree {{ {ENTRIES.replace('=', ': ')} }}\n",
        f"// @approx: {ENTRIES}\n",
        "// @approx: func_substitute state=[-1] thresh=[5,10] dec=[0,1,2] state_fn=getState"
        " decision_vals=[0,1,2] thresholds_lowers=[0,0] thresholds_uppers=[100,100]\n",
        "// @approx:decision_tree func_substitute " + ENTRIES.split(" ", 1)[1] + "\n",
        f"int x; // @approx:decision_tree {ENTRIES}\n",
        f"#pragma approx decision_tree {ENTRIES}\n",
        "#pragma approx decision_tree \\\n  " + ENTRIES.replace(" ", " \\\n  ") + "\n",
        "#pragma approx decision_tree \\\r\n  " + ENTRIES.replace(" ", " \\ \r\n  ") + "\r\n",
        f"# pragma approx decision_tree /* why */ {ENTRIES} // because\n",
        f"#pragma approx decision_tree {{ {ENTRIES} }}\n",
        "// @approx:decision_tree " + ENTRIES.replace(" ", " \\\n") + "\n",
    ],
)
def test_every_format_says_the_same(text: str) -> None:
    found = only(text + KERNEL)
    assert fields(found) == FIELDS
    line = next(number for number, each in enumerate(text.split("\n"), 1) if "approx" in each)
    assert (found.line_number, found.file, found.qualified_name) == (line, "<string>", "my_kernel")
    assert text.split("\n")[line - 1][found.column - 1 :].startswith(("@approx", "approx"))


def test_the_paper_leaves_the_choice_to_the_tuner() -> None:
    found = only(
        "#pragma approx decision_tree \\\n  state_function=get_state \\\n  thresholds_lower=[0] \\\n"
        "  thresholds_upper=[100] \\\n  decision_values=[0, 1] \\\n  transform_type=func_substitute\n"
        + KERNEL
    )
    assert (found.thresholds, found.decisions, found.decision_values) == ([0], [0, 0], [0, 1])
    assert found.params.choose(50) == 0
    ranged = only(
        "// @approx: loop_perforate runtime=get_state threshold_range=[3, 9] decision_values=[1,2]\n" + KERNEL
    )
    assert (ranged.thresholds, ranged.thresholds_lower, ranged.thresholds_upper) == ([3], [3], [9])
    assert (ranged.state_function, ranged.decisions) == ("get_state", [1, 1])
    many = only("// @approx: loop_perforate thresholds_lower=[3,3,9] decision_values=[1]\n" + KERNEL)
    assert many.thresholds == [3, 4, 9]
    upper = only("// @approx: loop_perforate thresholds_upper=[3,-3] decision_values=[1]\n" + KERNEL)
    assert upper.thresholds == [0, 1]


def test_what_is_left_out_of_a_decision_tree() -> None:
    found = only("// @approx: loop_perforate thresholds=[-5, 300] decisions=[0, 2, 2]\n" + KERNEL)
    assert found.state_indices == [2]
    assert found.state_function == "__identity_my_kernel"
    assert (found.decision_values, found.thresholds_lower, found.thresholds_upper) == ([], [], [])
    params = found.params
    assert params.thresholds_lowers == (-5, 0)
    assert params.thresholds_uppers == (100, 300)
    assert params.decision_values == (0, 2)
    assert not list(params.problems())
    assert only(
        "// @approx: loop_perforate thresh=[1] dec=[0,1] state_function=identity\n" + KERNEL
    ).state_function == ("__identity_my_kernel")


def test_the_other_kinds() -> None:
    knob, transform, contract, call = ax.parse_cpp_annotations(
        "// @approx:knob { id: 3, rf: -1, QoS_in: [1, 2], QoS_out: 7, transform_types: [loop_perforate, task_skipping] }\n"
        "#pragma approx transform task_skipping knob_val=0x2 \\\n"
        "  transform_options={default: {scheme: random, seed: 3, rate: 1.5, flag: true, text: 'true', deep: {list: [1, 2]}}}\n"
        "/* @approx:try { checker: is_sane\n * recover: @exact } */\n"
        "// @approx:convert_to_call\n" + KERNEL
    )
    assert (knob.kind, knob.id, knob.rf, knob.qos_in, knob.qos_out) == ("knob", 3, -1, [1, 2], [7])
    assert knob.transform_types == ["loop_perforate", "task_skipping"]
    assert (transform.kind, transform.transform_type, transform.knob_val) == (
        "transform",
        "task_skipping",
        2,
    )
    assert transform.transform_options["default"] == {
        "scheme": "random", "seed": 3, "rate": 1.5, "flag": True, "text": "true", "deep": {"list": [1, 2]},
    }  # fmt: skip
    assert (contract.kind, contract.checker, contract.recover) == ("try", "is_sane", "exact")
    assert call.kind == "convert_to_call"
    assert {each.func_name for each in (knob, transform, contract, call)} == {"my_kernel"}


def test_formats_can_be_mixed_in_one_file() -> None:
    source = (
        "#pragma approx decision_tree transform_type=loop_perforate state_indices=[-1] thresholds=[1] decisions=[0,1]\n"
        "/* @approx:try { checker: ok recover: exact } */\n"
        "int a(int x, int state) { return x; }\n\n"
        "// @approx:decision_tree {\n//   transform_type: task_skipping\n//   thresholds: [2]\n//   decisions: [0, 1]\n// }\n"
        "void b(int x, int state) { }\n"
    )
    found = ax.parse_cpp_annotations(source)
    assert [(each.func_name, each.kind) for each in found] == [
        ("a", "decision_tree"),
        ("a", "try"),
        ("b", "decision_tree"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        'const char *s = "// @approx:knob";\n',
        'const char *s = R"(\n// @approx:knob\n#pragma approx knob\n)";\n',
        "// // @approx:knob\n",
        "/* // @approx:knob */\n",
        "/*\n * // @approx:knob\n */\n",
        "// see @approx:knob\n",
        "// @approximate:knob\n// @approximate\n// @appendix:knob\n",
        "// @approx-ish comment\n",
        "// @approx\n// knob\n",
        "// @approx is what this does, approximately\n",
        "// @Approx: a word about it\n",
        "// @approximation: knob\n// @knob:knob\n// @:knob\n",
        "#pragma omp approx knob\n#pragma approximate\n",
        "#define KNOB // @approx:knob\n",
        "#if 0\n// @approx:knob\n#endif\n",
        "int a = b /* c */ @ approx;\n",
        "",
    ],
)
def test_what_is_no_annotation(text: str) -> None:
    assert ax.parse_cpp_annotations(text + KERNEL) == []
    assert ax.parse_and_generate(text + KERNEL) == ""


# ---- the function


@pytest.mark.parametrize(
    ("source", "indices"),
    [
        ("void f(int a, int b, int state);", [1, 2]),
        ("void f(int (*cb)(int, int), const char *name, int state) {}", [1, 2]),
        ("class A { int f(int a, int b); };", [-2, -1]),
        ("int A::f(int a, int b) { return a; }", [-2, -1]),
        ("class A { static int f(int a, int b); };", [0, 1]),
    ],
)
def test_negative_state_indices_become_parameters_where_these_are_known(
    source: str, indices: list[int]
) -> None:
    text = "// @approx:decision_tree task_skipping thresholds=[2] decisions=[0,1] state_indices=[-2,-1] state_fn=g\n"
    assert only(text + source).state_indices == indices


def test_a_named_function() -> None:
    tree = "// @approx: loop_perforate thresh=[1] dec=[0,2] state=[{index}] func_name={name}\n"
    later = "int x;\nvoid other(int a);\nnamespace n { void g(int a, int b, int c); }\n"
    known = only(tree.format(index=-1, name="n::g") + later)
    assert (known.func_name, known.qualified_name, known.state_indices) == ("g", "n::g", [2])
    symbol = only(tree.format(index=-1, name="_Z3fooii").replace("func_name", "symbol") + later)
    assert (symbol.func_name, symbol.qualified_name, symbol.state_indices) == ("_Z3fooii", "", [-1])
    assert symbol.state_function == "__identity__Z3fooii"
    assert only("// @approx:knob { func_name: '@a b' }").func_name == "a b"


# ---- errors


def errors(source: str) -> list[tuple[int, int, str]]:
    with pytest.raises(ax.AnnotationSyntaxError) as caught:
        ax.parse_cpp_annotations(source, file="k.c")
    assert isinstance(caught.value, ValueError)
    for each in caught.value.diagnostics:
        assert each.file == "k.c"
        assert each.source_line == source.split("\n")[each.line - 1].rstrip("\r")
        assert "^" in each.render()
    return [(each.line, each.column, each.message) for each in caught.value.diagnostics]


TREE = "// @approx:decision_tree {{ transform_type: loop_perforate {} }}\n" + KERNEL.replace("{ }", "{{ }}")
GOOD = "thresholds: [1] decisions: [0, 2]"


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("@approx:", 12, "expected '{' or a name or a string, found the end"),
        ("@approx: {}", 4, "decision_tree needs transform_type"),
        ("@approx:decision_tree", 12, "decision_tree needs transform_type"),
        ("@approx:tri { checker: a recover: b }", 12, "no kind of annotation is called 'tri'"),
        ("@approx:loop_perforat thresh=[1] dec=[0,1]", 12, "no kind of annotation is called 'loop_perforat'"),
        ("@approx:try loop_perforate checker=a recover=b", 16, "expected a key and its value, found 'loop_perforate'"),
        ("@approx:decision_tree a b c=1", 30, "expected ':' or '=', found 'c'"),
        ("@approx:decision_tree a b", 29, "expected ':' or '=', found the end"),
        ("@approx:loop_perforate a { b=1 }", 27, "expected a key and its value, found 'a'"),
        ("@approx:try { checker: a }", 12, "try needs recover"),
        ("@approx:transform loop_perforate", 12, "transform needs knob_val"),
        ("@approx:transform { transform_type: loop_perforate knob_val: [1] }", 65, "expected an integer, found a list"),
        ("@approx:transform { transform_type: [a] knob_val: 1 }", 40, "expected a name, found a list"),
        ("@approx:transform { transform_type: 3 knob_val: 1 }", 40, "expected a name, found '3'"),
        ("@approx:transform { transform_type: '' knob_val: 1 }", 40, "a name cannot be empty"),
        ("@approx:transform { transform_type: 'a\\q' knob_val: 1 }", 42, "unknown escape \\q"),
        ("@approx:transform { transform_type: 'a\\n' knob_val: 1 }", 40, "a name cannot hold control characters"),
        ("@approx:transform loop_perforate knob_val=1 transform_type=x", 48, "transform_type is said twice"),
        ("@approx:transform loop_perforate knob_val=1 knob_val=1", 48, "the key 'knob_val' occurs twice"),
        ("@approx:transform loop_perforate knob_val=1 transform_value=1", 48,
         "knob_val is said twice: 'transform_value' means the same"),
        ("@approx:transform loop_perforate knob_val=-1", 46, "knob_val is -1; the least knob value is 0"),
        ("@approx:transform loop_perforate knob_val=2147483648", 46, "2147483648 does not fit into 32 bits"),
        ("@approx:transform loop_perforate knob_val=" + "9" * 5000, 46, "9" * 40 + "... does not fit into 64 bits"),
        ("@approx:transform loop_perforate knob_val=1 transform_options=3", 66, "expected entries in braces, found '3'"),
        ("@approx:transform loop_perforate knob_val=1.5", 46, "expected an integer, found '1.5'"),
        ("@approx:knob { idd: 1 }", 19, "knob has no key 'idd'"),
        ("@approx:knob { id: 1", 17, "this '{' is never closed"),
        ("@approx:knob { id: 1 } }", 27, "this '}' closes nothing"),
        ("@approx:knob { id: 1 } text", 27, "expected the end, found 'text'"),
        ("@approx:knob { id: 1,, rf: 2 }", 25, "expected '}' or a name or a string, found ','"),
        ("@approx:knob { id: }", 23, "expected '[' or '{' or a name or a number or a string or an integer, found '}'"),
        ("@approx:knob { id 1 }", 22, "expected ':' or '=', found '1'"),
        ("@approx:knob { QoS_in: [1 2] }", 30, "expected ',' or ']', found '2'"),
        ("@approx:knob { QoS_in: [1, [2]] }", 31, "expected ']' or a name or a number or a string or an integer, found '['"),
        ("@approx:knob { QoS_in: [1, x] }", 31, "expected an integer, found 'x'"),
        ("@approx:knob { QoS_in: x }", 27, "expected a list of integers, found 'x'"),
        ("@approx:knob { transform_types: [loop_perforate, 3] }", 53, "expected a name, found '3'"),
        ("@approx:knob { id: ? }", 23, "unexpected '?'"),
        ("@approx:knob { id: 1x }", 23, "unexpected '1x'"),
        ("@approx:knob { id: 'x }", 23, "this string is never closed"),
    ],
)  # fmt: skip
def test_a_malformed_annotation(text: str, column: int, message: str) -> None:
    assert errors(f"int x;\n// {text}\n{KERNEL}") == [(2, column, message)]


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("thresholds: [1]", 12, "decision_tree needs decisions"),
        ("decisions: [1]", 12, "decision_tree needs thresholds"),
        ("thresholds: [1, 1] decisions: [0, 1, 2]", 75, "threshold 1 is 1, not above threshold 0, which is 1"),
        ("thresholds: [1] decisions: [0]", 86, "1 threshold parts the states into 2 intervals, but there is 1 decision"),
        ("thresholds: [1] decisions: [0, -1]", 90, "decision 1 is -1; the least knob value is 0"),
        ("thresholds: [1] decisions: [0, 1] thresholds_lower: [2, 3]", 111,
         "thresholds_lowers has 2 items, but there is 1 threshold"),
        ("thresholds: [1] decisions: [0, 1] thresholds_lower: [2] thresholds_upper: [1]", 112,
         "the lower bound of threshold 0 is 2, above its upper bound, which is 1"),
        (f"{GOOD} state_indices: [0, 3] state_function: g", 112, "there is no parameter 3: 'my_kernel' has 3 parameters"),
        (f"{GOOD} state_indices: [-4]", 109, "there is no parameter -4: 'my_kernel' has 3 parameters"),
        (f"{GOOD} state_indices: [0, 1]", 108, "the state is one argument, not 2, unless a state_function computes it"),
        (f"{GOOD} thresholds_range: [1]", 111, "thresholds_range is the least and the greatest value"),
        (f"{GOOD} thresholds_range: [1, 2] thresholds_lower: [1]", 111, "thresholds_range says the same as thresholds_lower"),
        ("decision_values: [1] thresholds_lower: [2147483647, 2147483647]", 12, "there are none between its bounds"),
    ],
)  # fmt: skip
def test_an_annotation_that_means_nothing(text: str, column: int, message: str) -> None:
    ((line, at, said),) = errors(TREE.format(text))
    assert (line, at) == (1, column), said
    assert message in said


@pytest.mark.parametrize(
    ("options", "wrong", "message", "hint"),
    [
        ("scheme: foo, seed: 3", "foo", 'the option scheme is one of stride, skip, truncate, random, not "foo"', None),
        ("scheme: randon", "randon", 'the option scheme is one of stride, skip, truncate, random, not "randon"',
         "did you mean random?"),
        ("scheme: 3", "3", "the option scheme is one of stride, skip, truncate, random, not 3 : i64", None),
        ("scheme: random, sed: 3", "sed", "loop_perforate has no option 'sed'", "did you mean seed?"),
        ("rate: 3", "rate", "loop_perforate has no option 'rate'", "its options: loop, scheme, seed, rescale"),
        ("seed: x", "x", 'the option seed is an integer, not "x"', None),
        ("seed: true", "true", "the option seed is an integer, not true", None),
        ("rescale: 1", "1", "the option rescale is true or false, not 1 : i64", None),
        ("loop: -1", "-1", "the option loop is -1; loops are counted from 0", None),
    ],
)  # fmt: skip
def test_options_that_the_transform_does_not_know(
    options: str, wrong: str, message: str, hint: str | None
) -> None:
    for kind in ("transform loop_perforate knob_val=7", "loop_perforate thresholds=[9] decisions=[8, 8]"):
        text = f"// @approx:{kind} transform_options={{{options}}}\n"
        with pytest.raises(ax.AnnotationSyntaxError) as caught:
            ax.parse_cpp_annotations(text + KERNEL)
        (found,) = caught.value.diagnostics
        assert (found.column, found.length) == (text.rindex(wrong) + 1, len(wrong))
        assert (found.message, found.hint) == (message, hint)


def test_options_of_other_transforms() -> None:
    with pytest.raises(ax.AnnotationSyntaxError, match="func_substitute has no option 'seed'"):
        only("// @approx:transform func_substitute knob_val=1 transform_options={seed: 3}\n" + KERNEL)
    found = only(
        "// @approx:transform loop_perforate knob_val=1"
        " transform_options={scheme: skip, seed: -3, rescale: true, loop: outer}\n" + KERNEL
    )
    assert found.transform_options == {"scheme": "skip", "seed": -3, "rescale": True, "loop": "outer"}


@pytest.mark.parametrize(
    "mark",
    [
        "@Approx:knob", "@APPROX: loop_perforate", "@approxdecision_tree", "@approx decision_tree", "@approx_knob", "@approx.try",
        "@approx-knob", "@approx =task_skip", "@aprox:knob", "@aproxx : decision_tree", "@approx {", "@approx; transform",
    ],
)  # fmt: skip
def test_what_nearly_begins_an_annotation(mark: str) -> None:
    for text in (f"int x;\n// {mark} thresh=[1]\n", f"/*\n * {mark} */\n", f"///\n///{mark}\n"):
        with pytest.raises(ax.AnnotationSyntaxError) as caught:
            ax.parse_cpp_annotations(text + KERNEL)
        (found,) = caught.value.diagnostics
        assert found.message == f"'{mark}' is no annotation, but nearly: these begin with '@approx:'"
        assert (found.line, found.column) == (2, text.split("\n")[1].index("@") + 1)
        assert found.length == len(mark)
        assert found.hint is not None
        assert found.hint.startswith("write @approx:")


def test_lint_decides_what_is_only_a_warning() -> None:
    # A threshold outside of its bounds occurs in published benchmarks.
    text = "thresholds: [2000] thresholds_lower: [1] thresholds_upper: [40] decisions: [0, 0] decision_values: [1, 2]"
    assert only(TREE.format(text)).thresholds == [2000]


def test_every_annotation_is_reported_in_order() -> None:
    source = (
        "// @approx:decision_tree {\n//   transform_type: loop_perforat\n//   thresholds: [5, 3]\n"
        "//   decisions: [0, 1, 2]\n// }\nvoid f(int a);\n"
        "#pragma approx decision_tree \\\n  transform_type=loop_perforate \\\n  tresholds=[1]\nvoid g(int a);\n"
        "/*\n * @approx:try { checker: a,\n *   recover: 3 }\n */\nvoid h(void);\n"
    )
    assert [(line, column) for line, column, _ in errors(source)] == [(2, 22), (3, 22), (9, 3), (13, 15)]


def test_two_annotations_that_exclude_each_other() -> None:
    source = (
        "// @approx:transform loop_perforate knob_val=1\n// @approx: loop_perforate thresh=[1] dec=[0,2]\n"
        + KERNEL
    )
    ((line, column, message),) = errors(source)
    assert (line, column) == (2, 13)
    assert "has a static transform annotation already" in message


def test_overloads_are_different_functions() -> None:
    text = "// @approx:transform loop_perforate knob_val=1\n"
    found = ax.parse_cpp_annotations(f"{text}int f(int a);\n{text}int f(float a);\n")
    assert [each.func_name for each in found] == ["f", "f"]


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ("", "this annotation has no function: no function follows"),
        ("int x;\n", "this annotation has no function: no function follows"),
        ("KERNEL(f, int a) { }", "it may be a macro"),
        ("void f(void) { }", "no parameters"),
    ],
)
def test_no_function_that_fits(rest: str, message: str) -> None:
    ((line, column, said),) = errors("\n// @approx: loop_perforate thresh=[1] dec=[0,2]\n" + rest)
    assert (line, column) == (2, 13)
    assert message in said


def test_an_annotation_in_a_body() -> None:
    source = "void f(int a) {\n  // @approx:knob\n  a++;\n}\nvoid g(int a);\n"
    assert errors(source) == [
        (
            2,
            14,
            "this annotation has no function: an annotation stands before its function, not in the body of 'f'",
        )
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("// @approx:knob {\n//   QoS_in: [1, 2,\n//   id: 3\n// }\n", (2, 14, "this '[' is never closed")),
        ("// @approx:knob {\n//   QoS_in: [1, 2\n// }\n", (2, 19, "expected ',' or ']', found the end of the line")),
        ("// @approx:knob {\n//   rf:\n//   id: 3\n// }\n", (2, 9, "expected the value of 'rf', found the end of the line")),
        ("// @approx:knob {\n//   rf: 2 }\n//   id: 3\n// }\n", (4, 4, "this '}' closes nothing: the annotation ended above")),
        ("// @approx:knob {\n//   rf: 2\nint x; // }\n", (1, 17, "this '{' is never closed")),
        ("#pragma approx knob \\\n  rf=1 \\\n  }\n", (3, 3, "this '}' closes nothing")),
        ("#pragma approx knob rf= \\\n  id=1\n", (1, 24, "expected the value of 'rf', found the end of the line")),
    ],
)  # fmt: skip
def test_what_lacks_at_the_end_of_a_line_is_said_there(text: str, place: tuple[int, int, str]) -> None:
    assert errors(text + KERNEL) == [place]


def test_hints() -> None:
    with pytest.raises(ax.AnnotationSyntaxError) as caught:
        ax.parse_cpp_annotations(
            "// @approx:try { chekcer: a recover: b }\nvoid f();\n// @approx:tyr\nvoid f();\nint x; // @approx:knob"
        )
    assert [each.hint for each in caught.value.diagnostics] == [
        "did you mean checker?", "did you mean try?", "say which function is meant: func_name: name",
    ]  # fmt: skip


def test_source_is_text() -> None:
    with pytest.raises(TypeError, match="is a string, not bytes"):
        ax.parse_cpp_annotations(b"int x;")  # type: ignore[arg-type]


def test_places() -> None:
    source = Source("// @approx: loop_perforate thresh=[1, 20] dec=[0,2,3]\n" + KERNEL)
    (placed,) = parse_source(source)

    def shown(attribute: str | None, index: int | None = None) -> str:
        start, end = placed.place(attribute, index)
        return source.text[start:end]

    assert shown("thresholds") == "[1, 20]"
    assert shown("thresholds", 1) == "20"
    assert shown("thresholds", 2) == "[1, 20]"
    assert shown("thresholds_lowers") == shown(None) == "loop_perforate"
    assert shown("transform_type") == "loop_perforate"


def test_without_tree_sitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tree_sitter", None)
    with pytest.raises(ax.MissingDependencyError, match=r"approxir\[cpp\]"):
        ax.parse_cpp_annotations("// @approx:knob\n" + KERNEL)
    # Where there is nothing to look for, it is not needed.
    assert ax.parse_cpp_annotations(KERNEL) == []
