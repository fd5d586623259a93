"""In sound programs nothing is found; where one fault is planted, its rule finds it, and no other one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.approx_programs import DEFECTS, Defect, Program, programs

import approxir
from approxir.dialects.approx.payload import first_branch, first_loop
from approxir.ir.verifier import module_diagnostics
from approxir.lint.context import Context
from approxir.lint.runner import lint_module
from approxir.lint.settings import LintSettings

SETTINGS = LintSettings(ignore=("AX030",))
# A fault may show twice where it is one for two rules: none does.
COMPANIONS: dict[str, frozenset[str]] = {}


def findings(program: Program, *, generic: bool = False) -> list[tuple[int, str]]:
    module = approxir.parse(program.text())
    if generic:
        module = approxir.parse(module.print(generic=True))
    return [(finding.diagnostic().line, finding.code) for finding in lint_module(module, SETTINGS)]


@settings(max_examples=150, deadline=None)
@given(programs())
def test_sound_programs_have_no_findings(program: Program) -> None:
    approxir.parse(program.text()).verify()
    assert findings(program) == []
    assert findings(program, generic=True) == []


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: f"{defect.code}-{DEFECTS.index(defect)}")
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_planted_defect_is_found_where_it_is(defect: Defect, data: st.DataObject) -> None:
    program = data.draw(programs())
    fitting = [number for number, function in enumerate(program.functions) if defect.fits(function)]
    assume(fitting)
    number = data.draw(st.sampled_from(fitting))
    defect.plant(program.functions[number], number)
    approxir.parse(program.text()).verify()
    found = findings(program)
    allowed = COMPANIONS.get(defect.code, frozenset())
    assert [one for one in found if one[1] not in allowed] == [
        (program.line_of(number, defect.tag), defect.code)
    ]
    assert {code for _, code in findings(program, generic=True)} == {code for _, code in found}


@settings(max_examples=50, deadline=None)
@given(programs())
def test_the_index_of_payloads_agrees_with_walking(program: Program) -> None:
    context = Context(approxir.parse(program.text()), SETTINGS)
    for op in context.operations:
        if op.regions:
            assert context.payloads.first_loop(op) is first_loop(op.regions)
            assert context.payloads.first_branch(op) is first_branch(op.regions)


@pytest.mark.parametrize(
    "function",
    [
        "func.func @g(%x: i32) -> {\n    return\n  }",
        "func.func @g(%x: memref<4x>) {\n    return\n  }",
        '"func.func"() <{function_type =, sym_name = "g"}> ({\n    "func.return"() : () -> ()\n  }) : () -> ()',
        '"func.func"() <{function_type = i32 i32, sym_name = "g"}> ({\n    "func.return"() : () -> ()\n  }) : () -> ()',
        '"my.func"() <{sym_name = "g", function_type = !!bad}> ({\n    "my.return"() : () -> ()\n  }) : () -> ()',
    ],
)
def test_a_function_whose_type_cannot_be_read_is_there(function: str) -> None:
    text = f'module {{\n  approx.util.annotation.convert_to_call <{{func_name = "g"}}>\n  {function}\n}}\n'
    found = lint_module(approxir.parse(text, lazy=True))
    assert [(one.diagnostic().line, one.code) for one in found] == [(3, "syntax")]


def test_the_verifier_and_lint_agree_on_approx_operations() -> None:
    for path in Path(__file__).with_name("cases").glob("*.mlir"):
        module = approxir.load(path)
        told = {(found.line, found.column) for found in module_diagnostics(module) if found.code == "approx"}
        found = {(one.diagnostic().line, one.diagnostic().column) for one in lint_module(module)}
        assert told <= found


def test_a_branch_without_branches_is_none() -> None:
    text = """\
func.func @f(%c: i1) {
  "scf.if"(%c) : (i1) -> ()
  return
}
approx.util.annotation.transform <{func_name = "f", transform_type = "task_skipping", knob_val = 2 : i32}>
"""
    lint_module(approxir.parse(text))
