"""Generated programs are what they promise to be: valid, bounded, safe to run, and of every kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, find, given, seed, settings
from hypothesis import strategies as st

import approxir as ax
from approxir.dialects.approx.params import KnobParams
from approxir.errors import ArgumentError
from approxir.interp import Interpreter
from approxir.testing import (
    ALL_DIALECTS,
    DIALECTS,
    Program,
    annotations,
    arguments,
    configs,
    params,
    programs,
)
from approxir.tuning.search_errors import SpaceError
from approxir.tuning.space import SearchSpace

LOOSE = {"deadline": None, "suppress_health_check": list(HealthCheck)}
few = settings(max_examples=30, **LOOSE)  # type: ignore[arg-type]
many = settings(max_examples=5000, database=None, **LOOSE)  # type: ignore[arg-type]
STEPS = 200_000
TENSORS = ("func", "arith", "tensor", "stablehlo")


def sample(count: int, strategy: st.SearchStrategy[Any], number: int = 0) -> list[Any]:
    """Examples, always the same."""
    found: list[Any] = []

    @seed(number)
    @settings(max_examples=count, database=None, phases=[Phase.generate], **LOOSE)  # type: ignore[arg-type]
    @given(strategy)
    def collect(example: Any) -> None:
        found.append(example)

    collect()
    return found


@st.composite
def cases(
    draw: Callable[[Any], Any], **options: Any
) -> tuple[Program, list[tuple[str, tuple[Any, ...]]], dict[str, int]]:
    """A program, calls and a configuration."""
    program = draw(programs(**options))
    calls = [(name, draw(arguments(program, name))) for name in program.functions]
    return program, calls, draw(configs(program))


def fresh(given: tuple[Any, ...]) -> list[Any]:
    return [one.copy() if isinstance(one, np.ndarray) else one for one in given]


def seen(module: ax.Module, name: str, given: tuple[Any, ...]) -> list[bytes]:
    """The results of a call and its arguments afterwards, bit for bit."""
    held = fresh(given)
    results = Interpreter(module, max_steps=STEPS).call(name, *held)
    return [np.asarray(one).tobytes() for one in (*results, *held)]


def check(
    case: tuple[Program, list[tuple[str, tuple[Any, ...]]], dict[str, int]], upstream: bool = True
) -> None:
    """A program is accepted as it is and lowered, in its configuration and another, and its calls end."""
    program, calls, config = case
    module = program.module()
    module.verify()
    assert str(module) == program.text
    if upstream:
        ax.parse(module.print(generic=True)).verify(using="mlir")
    for applied in ({}, config):
        module.apply(applied)
        text = str(module)
        lowered = ax.parse(ax.compile(text))
        assert not lowered.find("approx.", "approxMLIR.")
        lowered.verify(using="mlir")
        for name, given_arguments in calls:
            once = seen(ax.parse(text), name, given_arguments)
            assert once == seen(ax.parse(text), name, given_arguments)
            assert once == seen(lowered, name, given_arguments)


@few
@given(cases())
def test_programs_are_valid_and_run(case: Any) -> None:
    check(case)


@few
@given(cases(dialects=ALL_DIALECTS, inexact=True))
def test_programs_of_all_dialects_are_valid_and_run(case: Any) -> None:
    check(case)


@few
@given(cases(calls_in_knobs=True))
def test_programs_with_calls_in_knobs_run(case: Any) -> None:
    check(case, upstream=False)


@pytest.mark.fuzz
@many
@given(cases(max_ops=40))
def test_many_programs_are_valid_and_run(case: Any) -> None:
    check(case)


@pytest.mark.fuzz
@many
@given(cases(max_ops=40, dialects=ALL_DIALECTS))
def test_many_programs_of_all_dialects_are_valid_and_run(case: Any) -> None:
    check(case)


MEANT = ("module", "func.func", "memref.global")
TERMINATORS = ("yield", "return", "br", "cond_br", "switch", "condition")


def operations(program: Program) -> int:
    """How many operations a program has, as `programs` counts them."""
    found = 0
    for op in program.module().walk():
        last = op.name.rpartition(".")[2]
        annotation = "util.annotation" in op.name
        if op.name.removeprefix("builtin.") not in MEANT and not annotation:
            found += op.name == "scf.index_switch" or (op.name != "scf.reduce" and last not in TERMINATORS)
    return found


@pytest.mark.parametrize("most", [8, 15, 30, 80])
@pytest.mark.parametrize("dialects", [DIALECTS, TENSORS])
def test_programs_have_no_more_operations_than_asked_for(most: int, dialects: tuple[str, ...]) -> None:
    sizes = [operations(one) for one in sample(60, programs(max_ops=most, dialects=dialects))]
    assert max(sizes) <= most
    assert max(sizes) >= most // 2


def test_programs_keep_to_their_dialects() -> None:
    for dialects in (
        ("func", "arith"),
        ("func", "arith", "scf"),
        ("func", "arith", "memref", "affine"),
        TENSORS,
    ):
        for program in sample(40, programs(dialects=dialects)):
            found = {op.name.partition(".")[0] for op in program.module().walk()}
            assert found <= {*dialects, "builtin", "approx", "approxMLIR"}


def test_without_knobs_nothing_is_approximated() -> None:
    for program in sample(60, programs(knobs=False)):
        assert "approx" not in "".join(op.name for op in program.module().walk())
        assert program.annotated == ()
        assert program.module().config() == {}


OPERATIONS = (
    "affine.apply", "affine.for", "affine.if", "affine.load", "affine.max", "affine.min", "affine.parallel",
    "affine.store", "affine.yield", "approx.decide", "approx.decision_tree", "approx.knob",
    "approx.transform", "approx.try", "approx.util.annotation.convert_to_call",
    "approx.util.annotation.decision_tree", "approx.util.annotation.knob", "approx.util.annotation.transform",
    "approx.util.annotation.try", "approx.yield", "approxMLIR.knob",
    "approxMLIR.util.annotation.decision_tree", "arith.addf", "arith.addi", "arith.addui_extended",
    "arith.andi", "arith.bitcast", "arith.ceildivsi", "arith.ceildivui", "arith.cmpf", "arith.cmpi",
    "arith.constant", "arith.divf", "arith.divsi", "arith.divui", "arith.extf", "arith.extsi", "arith.extui",
    "arith.floordivsi", "arith.fptosi", "arith.index_cast", "arith.index_castui", "arith.maximumf",
    "arith.maxnumf", "arith.maxsi", "arith.maxui", "arith.minimumf", "arith.minnumf", "arith.minsi",
    "arith.minui", "arith.mulf", "arith.muli", "arith.mulsi_extended", "arith.mului_extended", "arith.negf",
    "arith.ori", "arith.remf", "arith.remsi", "arith.remui", "arith.select", "arith.shli", "arith.shrsi",
    "arith.shrui", "arith.sitofp", "arith.subf", "arith.subi", "arith.truncf", "arith.trunci", "arith.uitofp",
    "arith.xori", "cf.br", "cf.cond_br", "cf.switch", "func.call", "func.func", "func.return", "math.absf",
    "math.absi", "math.ceil", "math.copysign", "math.ctlz", "math.ctpop", "math.cttz", "math.floor",
    "math.fma", "math.round", "math.roundeven", "math.sqrt", "math.trunc", "memref.alloc", "memref.alloca",
    "memref.atomic_rmw", "memref.cast", "memref.collapse_shape", "memref.copy", "memref.dim",
    "memref.get_global", "memref.global", "memref.load", "memref.store", "memref.subview", "scf.condition",
    "scf.execute_region", "scf.for", "scf.if", "scf.index_switch", "scf.parallel", "scf.reduce", "scf.while",
    "scf.yield", "stablehlo.abs", "stablehlo.add", "stablehlo.and", "stablehlo.broadcast_in_dim",
    "stablehlo.case", "stablehlo.ceil", "stablehlo.compare", "stablehlo.concatenate", "stablehlo.constant",
    "stablehlo.convert", "stablehlo.divide", "stablehlo.dot_general", "stablehlo.floor", "stablehlo.if",
    "stablehlo.iota", "stablehlo.maximum", "stablehlo.minimum", "stablehlo.multiply", "stablehlo.negate",
    "stablehlo.not", "stablehlo.or", "stablehlo.pad", "stablehlo.reduce", "stablehlo.remainder",
    "stablehlo.reshape", "stablehlo.reverse", "stablehlo.select", "stablehlo.shift_left",
    "stablehlo.shift_right_arithmetic", "stablehlo.slice", "stablehlo.sqrt", "stablehlo.subtract",
    "stablehlo.transpose", "stablehlo.while", "stablehlo.xor", "tensor.extract", "tensor.from_elements",
    "tensor.insert", "vector.broadcast", "vector.extract", "vector.insert", "vector.reduction",
)  # fmt: skip
SPELLINGS = (
    '"loop_perforate"', '"task_skipping"', '"func_substitute"', '"loop-perforate"', '"stride"', '"skip"', '"truncate"',
    '"random"', "seed = ", "rescale = true", ", rescale}", "loop = ", "default = ", "params = {", 'params = "',
    "thresholds_lowers", "decision_values", "num_thresholds", "state_indices = array<i64: -", "transform_types",
    'loc("loop', "fused[", "\\r\\n", "//", '@"two words"', "transform_value", "nsw", "unsigned", "return %",
)  # fmt: skip


@pytest.mark.slow
def test_everything_that_is_promised_occurs() -> None:
    names: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for dialects in (DIALECTS, ALL_DIALECTS, TENSORS):
        for number in range(4):
            for program in sample(100, programs(max_ops=60, dialects=dialects), number):
                names.update(op.name for op in program.module().walk())
                found.update(
                    one for one in SPELLINGS if one.encode().decode("unicode_escape") in program.text
                )
    assert [one for one in OPERATIONS if not names[one]] == []
    assert [one for one in SPELLINGS if not found[one]] == []


@pytest.mark.parametrize(
    ("what", "most_lines"),
    [
        ("func.func", 6),
        ("affine.for", 12),
        ("annotation.decision_tree", 12),
        ("<{id = ", 16),
    ],
)
def test_findings_shrink_to_small_modules(what: str, most_lines: int) -> None:
    options = settings(max_examples=600, derandomize=True, database=None, **LOOSE)  # type: ignore[arg-type]

    def shows(program: Program) -> bool:
        if what != "<{id = " or what not in program.text:
            return what in program.text
        # One in a state function, say, needs the annotation that names this, and all that belongs to that.
        table = program.module().symbols
        return any(what in str(table[name]) for name in program.functions)

    found = find(programs(max_ops=15), shows, settings=options)
    assert len(found.text.splitlines()) <= most_lines, found.text
    assert len(found.functions) <= 2


def test_a_program_shows_its_text() -> None:
    (program, *_) = sample(1, programs())
    assert repr(program) == program.text
    assert program.module() is not program.module()


def test_results_that_are_not_exact_are_named() -> None:
    seen_loose = 0
    for program in sample(80, programs(inexact=True)):
        for name in program.functions:
            results = program.ulps[name]
            kinds = [
                str(value.type)
                for op in program.module().symbols[name].walk()
                if op.name == "func.return"
                for value in op.operands
            ]
            assert len(kinds) % max(len(results), 1) == 0
            loose = [kind for kind, ulps in zip(kinds, results, strict=False) if ulps]
            assert set(loose) <= {"f32", "f64"}
            seen_loose += len(loose)
    assert seen_loose
    assert all(not any(ulps) for program in sample(40, programs()) for ulps in program.ulps.values())


# Arguments.

SUM = """
func.func @sum(%n: i32, %data: memref<?xf32>, %scale: f64, %flag: i1, %k: ui8, %c: complex<f32>,
               %t: tensor<2x?xi64>, %v: vector<4xindex>) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %end = arith.index_cast %n : i32 to index
  %sum = scf.for %i = %c0 to %end step %c1 iter_args(%a = %zero) -> (f32) {
    %x = memref.load %data[%i] : memref<?xf32>
    %b = arith.addf %a, %x : f32
    scf.yield %b : f32
  }
  return %sum : f32
}
func.func private @opaque(%x: !a.b)
"""


@few
@given(arguments(SUM, "sum"))
def test_arguments_fit_and_stay_in_bounds(given: tuple[Any, ...]) -> None:
    n, data, scale, flag, k, c, tensor, vector = given
    assert 0 <= n <= len(data)
    assert isinstance(scale, np.float64)
    assert isinstance(flag, bool)
    assert 0 <= k < 256
    assert isinstance(c, np.complex64)
    assert tensor.shape == (2, len(data))
    assert vector.shape == (4,)
    (total,) = Interpreter(ax.parse(SUM)).call("sum", *given)
    assert total == sum(data[:n].tolist())


def test_arguments_may_be_anything() -> None:
    numbers = {given[0] for given in sample(200, arguments(SUM, "sum", any_values=True))}
    assert min(numbers) < 0
    assert numbers & {-(1 << 31), (1 << 31) - 1}


def test_arguments_of_what_cannot_be_called() -> None:
    with pytest.raises(ArgumentError, match="the module has no function 'nothing'"):
        arguments(SUM, "nothing")
    with pytest.raises(ArgumentError, match=r"opaque has an argument of type !a\.b"):
        arguments(SUM, "opaque")


@pytest.mark.parametrize(
    ("options", "message"),
    [({"dialects": ("func", "gpu")}, "no programs with the dialect 'gpu'"), ({"max_ops": 3}, "max_ops is 3")],
)
def test_programs_that_there_are_not(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        programs(**options)


# Knobs.


@few
@given(programs().flatmap(lambda program: st.tuples(st.just(program), configs(program))))
def test_configurations_are_of_the_space(case: tuple[Program, dict[str, int]]) -> None:
    program, config = case
    module = program.module()
    if not config:
        assert module.config() == {}
        return
    assert SearchSpace.of(module).contains(config)
    module.apply(config)
    assert module.config() == config


def test_configurations_shrink_to_that_of_the_module() -> None:
    for program in sample(6, programs()):
        module = program.module()
        found = find(configs(module), lambda config: True)
        if SearchSpace.of(module).contains(module.config()) if module.config() else False:
            assert found == module.config()


def test_configurations_of_what_leaves_no_room() -> None:
    text = """approx.util.annotation.decision_tree <{func_name = "f", thresholds = array<i32: 1, 2>,
        thresholds_lowers = array<i32: 5, 1>, thresholds_uppers = array<i32: 5, 4>, decisions = array<i32: 0, 1, 2>}>"""
    with pytest.raises(SpaceError):
        configs(text)


@few
@given(params())
def test_params_keep_every_constraint(made: KnobParams) -> None:
    assert list(made.problems()) == []


@few
@given(st.lists(annotations(), min_size=1, max_size=1))
def test_annotations_are_read(lines: list[str]) -> None:
    (line,) = lines
    module = ax.parse(line)
    module.verify()
    (op,) = module.operations
    assert ax.to_python(op.attributes["func_name"]) == "f"
    if "decision_tree" in op.name or op.name.endswith(".transform"):
        (knob,) = module.knobs()
        found = knob.read()
        assert len(found.decisions) == len(found.thresholds) + 1
        assert set(found.decisions) <= {0, 1, 2, 3, 5}
        assert list(found.problems()) == []
