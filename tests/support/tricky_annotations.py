"""Annotated modules on which a search for text goes wrong: what they say, and what one edit makes of them.

Nothing is imported here, so that benchmarks can use the cases too.
"""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """A text, its configuration, the parameter to set and the value, and the text after that."""

    name: str
    text: str
    config: dict[str, int]
    edit: tuple[str, int]
    edited: str


TREE = "approx.util.annotation.decision_tree"
OLD = "approxMLIR.util.annotation.decision_tree"
STATIC = "approx.util.annotation.transform"
LISTS = "thresholds = array<i32: 5, 10>, decisions = array<i32: 0, 1, 2>"
_EDIT = ("thresholds = array<i32: 5, 10>", "thresholds = array<i32: 5, 11>")


def _config(
    knob: str, thresholds: tuple[int, ...] = (5, 10), decisions: tuple[int, ...] = (0, 1, 2)
) -> dict[str, int]:
    found = {f"{knob}_threshold_{i}": value for i, value in enumerate(thresholds)}
    return found | {f"{knob}_decision_{i}": value for i, value in enumerate(decisions)}


def _case(name: str, text: str, knob: str = "f", change: tuple[str, str] = _EDIT) -> Case:
    """A case with the usual lists, in which the second threshold becomes 11."""
    before, after = change
    at = text.rindex(before)
    edited = text[:at] + after + text[at + len(before) :]
    return Case(name, text, _config(knob), (f"{knob}_threshold_1", 11), edited)


def _pair(name: str, first: str, second: str, separator: str = "\n") -> Case:
    """Two annotations; the second one is edited."""
    text = separator.join(f'{TREE} <{{func_name = "{n}", {LISTS}}}>' for n in (first, second)) + "\n"
    knob = second if first != second else f"{second}#1"
    at = text.rindex("10")
    edited = text[:at] + "11" + text[at + 2 :]
    return Case(name, text, _config(first) | _config(knob), (f"{knob}_threshold_1", 11), edited)


CASES = [
    _case("plain", f'{TREE} <{{func_name = "f", {LISTS}}}>\n'),
    _case("generic", f'"{TREE}"() <{{func_name = "f", {LISTS}}}> : () -> ()\n'),
    _case("generic, attributes", f'"{TREE}"() {{func_name = "f", {LISTS}}} : () -> ()\n'),
    _case("pretty, attributes", f'{TREE} {{func_name = "f", {LISTS}}}\n'),
    _case("old prefix", f'"{OLD}"() <{{func_name = "f", {LISTS}}}> : () -> ()\n'),
    _case("line comment", f'// {TREE} <{{func_name = "g", {LISTS}}}>\n{TREE} <{{func_name = "f", {LISTS}}}>\n'),
    _case("comment behind", f'{TREE} <{{func_name = "f", {LISTS}}}> // thresholds = array<i32: 5>\n'),
    _case(
        "comment inside",
        f'{TREE} <{{func_name = "f", // thresholds = array<i32: 1>, }}>\n  {LISTS}}}>\n',
    ),
    _case(
        "in a string",
        f'"t.x"() {{s = "{TREE} <{{func_name = \\22g\\22, {LISTS}}}>"}} : () -> ()\n{TREE} <{{{LISTS}, func_name = "f"}}>\n',
    ),
    _case("lists in a string", f'{TREE} <{{func_name = "f", {LISTS}, note = "thresholds = array<i32: 1, 2>"}}>\n'),
    _case("closing in a string", f'{TREE} <{{note = ">}}>", func_name = "f", {LISTS}}}>\n'),
    _case("quotes in a string", f'{TREE} <{{note = "\\22 }}> \\\\", func_name = "f", {LISTS}}}>\n'),
    _case("name last", f'{TREE} <{{{LISTS}, func_name = "f"}}>\n'),
    _case("decisions first", f'{TREE} <{{decisions = array<i32: 0, 1, 2>, func_name = "f", thresholds = array<i32: 5, 10>}}>\n'),
    _case("nested dictionary", f'{TREE} <{{other = {{thresholds = array<i32: 1>, x = {{}}}}, func_name = "f", {LISTS}}}>\n'),
    _case("longer keys", f'{TREE} <{{my_thresholds = array<i32: 1>, func_name = "f", {LISTS}, thresholds_x = 5 : i32}}>\n'),
    _case("quoted key", f'{TREE} <{{"thresholds = array<i32: 1>" = 1 : i32, func_name = "f", {LISTS}}}>\n'),
    _case("lines", f'{TREE}\n  <{{\n  func_name\n  =\n  "f",\n  {LISTS}\n}}>\n'.replace("5, 10", "5, 10")),
    _case(
        "numbers on lines",
        f'{TREE} <{{func_name = "f",\n  thresholds = array<i32:\n    5,\n    10>,\n  decisions = array<i32: 0, 1, 2>}}>\n',
        change=("10>", "11>"),
    ),
    _case("no spaces", f'"{TREE}"()<{{func_name="f",thresholds=array<i32:5,10>,decisions=array<i32:0,1,2>}}>:()->()\n', change=("5,10", "5,11")),
    _case("one line", f'module {{ {TREE} <{{func_name = "f", {LISTS}}}> func.func @f() {{ return }} }}'),
    _case("line ends", f'module {{\r\n  {TREE} <{{func_name = "f", {LISTS}}}>\r\n}}\r\n'),
    _case("arrays", f'{TREE} <{{func_name = "f", thresholds = [5 : i32, 10 : i32], decisions = [0, 1, 2]}}>\n', change=("10 : i32", "11 : i32")),
    _case("odd name", f'{TREE} <{{func_name = "a.b$c-d 1", {LISTS}}}>\n', "a.b$c-d 1"),
    _case("name of bytes", f'{TREE} <{{func_name = "\\C3\\A9 \\22x\\22", {LISTS}}}>\n', 'é "x"'),
    _case("name like a parameter", f'{TREE} <{{func_name = "a_threshold_1", {LISTS}}}>\n', "a_threshold_1"),
    _case("name with an at sign", f'{TREE} <{{func_name = "@f", {LISTS}}}>\n'),
    _case("alias elsewhere", f'#d = array<i32: 0, 1, 2>\n{TREE} <{{func_name = "f", thresholds = array<i32: 5, 10>, decisions = #d}}>\n'),
    _pair("two functions", "f", "g"),
    _pair("one name begins another", "f", "f_threshold_0"),
    _pair("two of one function", "f", "f"),
    Case(
        "negative numbers",
        f'{TREE} <{{func_name = "f", thresholds = array<i32: -10, -1>, decisions = array<i32: 1, 1, 1>, num_thresholds = 2 : i32}}>\n',
        _config("f", (-10, -1), (1, 1, 1)),
        ("f_threshold_0", -11),
        f'{TREE} <{{func_name = "f", thresholds = array<i32: -11, -1>, decisions = array<i32: 1, 1, 1>, num_thresholds = 2 : i32}}>\n',
    ),
    Case(
        "equal neighbours",
        f'{TREE} <{{func_name = "f", thresholds = array<i32: 1, 11>, decisions = array<i32: 1, 1, 11>}}>\n',
        _config("f", (1, 11), (1, 1, 11)),
        ("f_decision_1", 11),
        f'{TREE} <{{func_name = "f", thresholds = array<i32: 1, 11>, decisions = array<i32: 1, 11, 11>}}>\n',
    ),
    Case(
        "static transform",
        f'{STATIC} <{{func_name = "f", transform_type = "knob_val = 1", knob_val = 2 : i32}}>\n',
        {"f_decision_0": 2},
        ("f_decision_0", 3),
        f'{STATIC} <{{func_name = "f", transform_type = "knob_val = 1", knob_val = 3 : i32}}>\n',
    ),
    Case(
        "a string of params",
        f'{TREE} <{{func_name = "f", params = "thresholds=5,10; decisions=0,1,2"}}>\n',
        _config("f"),
        ("f_threshold_1", 11),
        f'{TREE} <{{func_name = "f", params = "thresholds=5,11; decisions=0,1,2"}}>\n',
    ),
]  # fmt: skip
