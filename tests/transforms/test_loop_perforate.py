from __future__ import annotations

import random
import re

import numpy as np
import pytest
from support import native
from support.perforated_loops import done, draw, wrap

import approxir as ax
from approxir.interp import run
from approxir.passes.base import PassError
from approxir.passes.pipeline import PASS_PIPELINE, run_pipeline


def lower(text: str) -> str:
    """The module after the pipeline, which real MLIR accepts and which is stable."""
    module = ax.parse(text)
    run_pipeline(module, PASS_PIPELINE)
    result = str(module)
    again = ax.parse(result)
    again.verify()
    again.verify(using="mlir")
    assert not run_pipeline(again, PASS_PIPELINE)
    assert str(again) == result
    return result


def annotated(
    body: str, v: int, options: str = "", *, head: str = "func.func @f(%n: index, %a: memref<?xf32>)"
) -> str:
    chosen = f", transform_options = {{{options}}}" if options else ""
    return (
        f'approx.util.annotation.transform <{{func_name = "f", transform_type = "loop_perforate", '
        f"knob_val = {v} : i32{chosen}}}>\n{head} {{\n{body}\n}}\n"
    )


def lowered_body(body: str, v: int, options: str = "", **given: str) -> str:
    """The function's body after the pipeline."""
    result = lower(annotated(body, v, options, **given))
    return result[result.index("{\n") + 2 : result.rindex("\n}")]


def fails(body: str, v: int, options: str = "", **given: str) -> str:
    """The error's message; its place is the annotation's."""
    with pytest.raises(PassError) as caught:
        lower(annotated(body, v, options, **given))
    assert caught.value.line == 1
    return caught.value.message


STORES = """\
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %z = arith.constant 0.0 : f32
  // All of it.
  scf.for %i = %c0 to %n step %c1 {
    memref.store %z, %a[%i] : memref<?xf32>   // here
  } {tag} loc("all")
  return"""


# What the text becomes.


@pytest.mark.parametrize("v", [0, 1])
def test_exact(v: int) -> None:
    assert lowered_body(STORES, v) == STORES


def test_stride_of_for() -> None:
    assert lowered_body(STORES, 4) == STORES.replace("step %c1", "step %0").replace(
        "  // All of it.", "  %0 = arith.constant 4 : index\n  // All of it."
    ).replace("  // All of it.\n", "  // All of it.\n")


def test_skip_of_for() -> None:
    assert (
        lowered_body(STORES, 4, 'scheme = "skip"')
        == """\
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %z = arith.constant 0.0 : f32
  // All of it.
  scf.for %i = %c0 to %n step %c1 {
    %0 = arith.constant 4 : index
    %1 = arith.remui %i, %0 : index
    %2 = arith.constant 3 : index
    %3 = arith.cmpi ne, %1, %2 : index
    scf.if %3 {
      memref.store %z, %a[%i] : memref<?xf32>   // here
      scf.yield
    }
    scf.yield
  } {tag} loc("all")
  return"""
    )


def test_constant_bounds_of_truncate() -> None:
    body = STORES.replace("to %n", "to %c9").replace("%z =", "%c9 = arith.constant 9 : index\n  %z =")
    result = lowered_body(body, 2, 'scheme = "truncate"')
    assert "%0 = arith.constant 5 : index" in result
    assert "scf.for %i = %c0 to %0 step %c1 {" in result


def test_stride_of_affine_for() -> None:
    body = """\
  %z = arith.constant 0.0 : f32
  affine.for %i = max affine_map<(d0) -> (0, d0 - 5)>(%n) to min affine_map<(d0)[s0] -> (d0 + s0, 100)>(%n)[%n] step 2 {
    affine.store %z, %a[%i] : memref<?xf32> // here
  } {tag = 1 : i32} loc("all")
  return"""
    result = lower(annotated(body, 3))
    assert "(%n)[%n] step 6 {\n    affine.store %z, %a[%i] : memref<?xf32> // here\n" in result
    assert '} {tag = 1 : i32} loc("all")' in result


def test_affine_step_that_is_not_spelled() -> None:
    result = lower(annotated("  affine.for %i = 0 to 10 {\n    // Nothing.\n  }\n  return", 3))
    assert "affine.for %i = 0 to 10 step 3 {" in result


def test_generic_affine_with_aliases() -> None:
    body = """\
  "affine.for"(%n) <{lowerBoundMap = #zero, upperBoundMap = #same, step = 1 : index,
    operandSegmentSizes = array<i32: 0, 1, 0>}> ({
  ^bb0(%i: index):
    "affine.yield"() : () -> ()
  }) : (index) -> () loc(#here)
  return"""
    text = (
        "#zero = affine_map<() -> (0)>\n#same = affine_map<(d0) -> (d0)>\n"
        + annotated(body, 3, 'loop = "here"')
        + '#here = loc("here")\n'
    )
    assert "step = 3 : index" in lower(text)


NEST = """\
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %z = arith.constant 0.0 : f32
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %i step %c1 {
      memref.store %z, %a[%j] : memref<?xf32>
    } loc("inner")
  } loc(fused["outer", "x.py":1:2])
  scf.for %k = %c0 to %n step %c1 {
  } loc("inner"("y.c":3:4))
  return"""


@pytest.mark.parametrize(
    ("option", "counter"),
    [
        ("", "i"),
        ("loop = 0", "i"),
        ("loop = 1", "j"),
        ("loop = 2", "k"),
        ('loop = "inner"', "j"),
        ('loop = "outer"', "i"),
    ],
)
def test_which_loop(option: str, counter: str) -> None:
    changed = re.findall(r"scf.for %(\w) = \S+ to \S+ step %(?!c1)", lowered_body(NEST, 2, option))
    assert changed == [counter]


def test_loop_in_an_outlined_function() -> None:
    body = """\
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  cf.br ^next
^next:
  scf.for %i = %c0 to %n step %c1 {
  }
  return"""
    assert "arith.constant 2 : index" in lower(annotated(body, 2))


# What is not possible.


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("loop = 1", "there is no loop number 1: there are 1 loop, counted from 0"),
        ("loop = -1", "the option loop is -1; loops are counted from 0"),
        ('loop = "some"', 'there is no loop with the location loc("some")'),
        ("loop = true", "the option loop is an integer or a string, not true"),
        ('scheme = "all"', 'the option scheme is one of stride, skip, truncate, random, not "all"'),
        ("scheme = 1", "the option scheme is one of stride, skip, truncate, random, not 1 : i64"),
        ('seed = "1"', 'the option seed is an integer, not "1"'),
        ("rescale = 1", "the option rescale is true or false, not 1 : i64"),
        ("steps = 1", "loop_perforate has no option 'steps'"),
    ],
)
def test_wrong_options(options: str, message: str) -> None:
    assert fails(STORES, 2, options).startswith(message)


def test_nothing_to_perforate() -> None:
    assert fails("  return", 2).startswith("nothing to perforate")


@pytest.mark.parametrize(
    ("condition", "step"),
    [
        ("arith.cmpi ne, %i, %n : index", "arith.addi %j, %n : index"),
        ("arith.cmpi eq, %i, %n : index", "arith.addi %j, %c1 : index"),
        ("arith.cmpi slt, %n, %n : index", "arith.addi %j, %c1 : index"),
        ("arith.cmpi slt, %i, %n : index", "arith.muli %j, %c1 : index"),
        ("arith.cmpi slt, %i, %n : index", "arith.addi %j, %j : index"),
        ("arith.cmpi sgt, %i, %n : index", "arith.addi %j, %c1 : index"),
    ],
)
def test_while_without_counter(condition: str, step: str) -> None:
    body = WHILE.replace("arith.cmpi slt, %i, %n : index", condition).replace(
        "arith.addi %j, %c1 : index", step
    )
    assert fails(body, 2) == "scf.while has no recognisable counter"


@pytest.mark.parametrize("options", ['scheme = "skip"', 'scheme = "random"', 'scheme = "truncate"'])
def test_while_has_only_strides(options: str) -> None:
    assert "is not possible for scf.while" in fails(WHILE, 2, options)


WHILE = """\
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %e = scf.while (%i = %c0) : (index) -> index {
    %c = arith.cmpi slt, %i, %n : index
    scf.condition(%c) %i : index
  } do {
  ^bb0(%j: index):
    // One more.
    %k = arith.addi %j, %c1 : index
    scf.yield %k : index
  } attributes {tag}
  return"""


def test_stride_of_while() -> None:
    assert lowered_body(WHILE, 5) == WHILE.replace(
        "%k = arith.addi %j, %c1", "%k = arith.addi %j, %0"
    ).replace("    // One more.", "    %0 = arith.constant 5 : index\n    // One more.")


def test_a_step_that_is_used_elsewhere_stays() -> None:
    body = WHILE.replace(
        "    scf.yield", "    memref.store %z, %a[%k] : memref<?xf32>\n    scf.yield"
    ).replace("  %c0 =", "  %z = arith.constant 0.0 : f32\n  %c0 =")
    result = lowered_body(body, 5)
    assert "%k = arith.addi %j, %c1 : index" in result
    assert re.search(
        r"memref.store %z, %a\[%k\].*\n    %0 = arith.constant 5.*\n    %1 = arith.addi %j, %0", result
    )


# What is computed.


@native.needs_native
@pytest.mark.parametrize("seed", range(6))
def test_random_loops(seed: int) -> None:
    rng = random.Random(seed)
    cases = [draw(rng, f"f{number}") for number in range(50)]
    result = lower("module {\n" + "".join(case.text() for case in cases) + "}\n")
    for case in cases:
        out = np.zeros(3, np.int64)
        native.function(result, case.name)(*case.arguments(out))
        assert list(out) == case.expected(), case


@native.needs_native
@pytest.mark.parametrize("kind", ["i8", "i16", "i32", "i64", "index"])
@pytest.mark.parametrize("predicate", ["slt", "sle", "ult", "ule", "sgt", "sge"])
@pytest.mark.parametrize("constant", [True, False])
def test_while_loops(kind: str, predicate: str, constant: bool) -> None:
    down = predicate in ("sgt", "sge")
    unit = -2 if down else 2
    bits = 64 if kind == "index" else int(kind[1:])
    bound = "%k" if constant else "%ub"
    ends = [(1 << (bits - 1)) - 1, 100, 99, 7, 0, 3]
    if down:
        ends = [-end for end in ends]
    cast = "arith.index_cast %y : index to i64" if kind == "index" else f"arith.extsi %y : {kind} to i64"
    cast = "arith.addi %y, %zero : i64" if kind == "i64" else cast
    for end in ends:
        if bits == 64 and not constant and abs(end) > 1 << 62:
            # No bound is taken to be as far away as that.
            continue
        # With an inclusive bound at the end of the type, the exact loop would wrap, too.
        inclusive = predicate[1:] in ("le", "ge")
        limit = end - inclusive * unit
        start = limit + (50 if down else -50)
        if predicate[0] == "u":
            limit, start = max(limit, 0), max(start, 0)
        body = f"""\
  %k = arith.constant {limit} : {kind}
  %s = arith.constant {unit} : {kind}
  %zero = arith.constant 0 : i64
  %p = arith.constant 31 : i64
  %r:2 = scf.while (%h = %zero, %x = %lb) : (i64, {kind}) -> ({kind}, i64) {{
    %c = arith.cmpi {predicate}, %x, {bound} : {kind}
    scf.condition(%c) %x, %h : {kind}, i64
  }} do {{
  ^bb0(%y: {kind}, %g: i64):
    %m = arith.muli %g, %p : i64
    %w = {cast}
    %t = arith.addi %m, %w : i64
    %n = arith.addi %s, %y : {kind}
    scf.yield %t, %n : i64, {kind}
  }}
  return %r#1 : i64"""
        text = lower(annotated(body, 7, head=f"func.func @f(%lb: {kind}, %ub: {kind}) -> i64"))
        expected, x = 0, start
        while {"lt": x < limit, "le": x <= limit, "gt": x > limit, "ge": x >= limit}[predicate[1:]]:
            expected, x = wrap(expected * 31 + x, 64), x + 7 * unit
        assert native.function(text, "f")(start, limit) == (expected,), (start, limit)


PARALLEL = """\
  %zi = arith.constant 3 : i32
  %zf = arith.constant -0.0 : f32
  %c1 = arith.constant 1 : index
  %l, %r, %p = scf.parallel (%i, %j) = (%lb, %c1) to (%ub, %m) step (%st, %c1) init (%zi, %zf, %zi) -> (i32, f32, i32) {
    %w = arith.index_cast %i : index to i32
    %v = arith.index_cast %j : index to i32
    %x = arith.muli %w, %v : i32
    %y = arith.sitofp %x : i32 to f32
    scf.reduce(%x, %y, %x : i32, f32, i32) {
    ^bb0(%a: i32, %b: i32):
      %s = arith.addi %a, %b : i32
      scf.reduce.return %s : i32
    }, {
    ^bb0(%a: f32, %b: f32):
      %s = arith.addf %a, %b : f32
      scf.reduce.return %s : f32
    }, {
    ^bb0(%a: i32, %b: i32):
      %s = arith.maxsi %b, %a : i32
      scf.reduce.return %s : i32
    }
  }
  return %l, %r, %p : i32, f32, i32"""


@native.needs_native
@pytest.mark.parametrize("scheme", ["stride", "skip", "truncate", "random"])
@pytest.mark.parametrize("rescale", [True, False])
@pytest.mark.parametrize("v", [2, 3, 40])
def test_parallel_loops(scheme: str, rescale: bool, v: int) -> None:
    options = f'scheme = "{scheme}", seed = 5 : i32, rescale = {str(rescale).lower()}'
    head = "func.func @f(%lb: index, %ub: index, %st: index, %m: index) -> (i32, f32, i32)"
    text = lower(annotated(PARALLEL, v, options, head=head))
    for lb, ub, st, m in [
        (0, 20, 1, 3),
        (-5, 30, 3, 4),
        (0, 0, 1, 3),
        (4, 1, 1, 3),
        (0, 9, 2, 1),
        (7, 8, 1, 2),
    ]:
        n = max(0, -(-(ub - lb) // st))
        ks = done(n, v, scheme, 5)
        ints, floats, most = 3, np.float32(-0.0), 3
        for k in ks:
            for j in range(1, m):
                x = (lb + k * st) * j
                ints, floats, most = ints + x, np.float32(floats + np.float32(x)), max(most, x)
        if rescale and len(ks) not in (0, n):
            product = wrap((ints - 3) * n, 32)
            ints = abs(product) // len(ks) * (1 if product >= 0 else -1) + 3
            factor = np.float32(np.float32(n) / np.float32(len(ks)))
            floats = np.float32(np.float32(np.float32(floats - np.float32(-0.0)) * factor) + np.float32(-0.0))
        found = native.function(text, "f")(lb, ub, st, m)
        assert found == (ints, floats, most), (lb, ub, st, m)
        assert np.signbit(found[1]) == np.signbit(floats)


def test_reducers_without_neutral_element() -> None:
    body = PARALLEL.replace("arith.maxsi %b, %a", "arith.subi %a, %b")
    head = "func.func @f(%lb: index, %ub: index, %st: index, %m: index) -> (i32, f32, i32)"
    assert "its reducer, arith.subi, has no neutral element" in fails(body, 2, 'scheme = "skip"', head=head)
    lower(annotated(body, 2, head=head))


@native.needs_native
@pytest.mark.parametrize("kind", ["f16", "bf16", "f64"])
def test_rescaling_other_floats(kind: str) -> None:
    body = f"""\
  %c1 = arith.constant 1 : index
  %x = arith.constant 1.0 : {kind}
  %z = arith.constant 8.0 : {kind}
  %e = scf.for %i = %c1 to %n step %c1 iter_args(%s = %z) -> ({kind}) {{
    %t = arith.addf %x, %s : {kind}
    scf.yield %t : {kind}
  }}
  %w = arith.fptosi %e : {kind} to i32
  return %w : i32"""
    text = lower(annotated(body, 4, "rescale = true", head="func.func @f(%n: index) -> i32"))
    assert native.function(text, "f")(17) == (24,)
    assert native.function(text, "f")(1) == (8,)


def test_what_is_no_sum_is_not_rescaled() -> None:
    body = """\
  %c1 = arith.constant 1 : index
  %z = arith.constant 8.0 : f32
  %e:4 = scf.for %i = %c1 to %n step %c1 iter_args(%s = %z, %t = %z, %u = %z, %v = %z) -> (f32, f32, f32, f32) {
    %twice = arith.addf %s, %s : f32
    %product = arith.mulf %t, %z : f32
    %seen = arith.addf %u, %z : f32
    %more = arith.mulf %u, %z : f32
    %swapped = arith.addf %z, %more : f32
    scf.yield %twice, %product, %seen, %swapped : f32, f32, f32, f32
  }
  return"""
    assert "arith.divf" not in lowered_body(body, 4, "rescale = true")


SUM_WHILE = """\
  %zero = arith.constant 0 : i32
  %step = arith.constant STEP : KIND
  %first = arith.constant 0.3 : f32
  %r:3 = scf.while (%t = %first, %x = %lb, %u = %zero) : (f32, KIND, i32) -> (KIND, i32, f32) {
    %c = arith.cmpi PREDICATE, %x, %ub : KIND
    scf.condition(%c) %x, %u, %t : KIND, i32, f32
  } do {
  ^bb0(%y: KIND, %v: i32, %s: f32):
    %w = arith.CAST %y : KIND to i32
    %f = arith.sitofp %w : i32 to f32
    %a = arith.addf %f, %s : f32
    %b = arith.addi %v, %w : i32
    %n = arith.addi %y, %step : KIND
    scf.yield %a, %n, %b : f32, KIND, i32
  }
  %out = arith.bitcast %r#2 : f32 to i32
  return %r#1, %out : i32, i32"""


@native.needs_native
@pytest.mark.parametrize(("kind", "cast"), [("index", "index_cast"), ("i64", "trunci"), ("i8", "extsi")])
@pytest.mark.parametrize("predicate", ["slt", "sle", "sgt", "sge"])
def test_rescaling_while(kind: str, cast: str, predicate: str) -> None:
    unit = 2 if predicate[1] == "l" else -2
    body = SUM_WHILE.replace("KIND", kind).replace("CAST", cast).replace("PREDICATE", predicate)
    body = body.replace("STEP", str(unit))
    head = f"func.func @f(%lb: {kind}, %ub: {kind}) -> (i32, i32)"
    text = annotated(body, 3, "rescale = true", head=head)
    result = lower(text)
    for lower_, upper in [(0, 20), (0, 21), (0, 0), (1, 0), (-50, 60), (0, 1), (0, 2)]:
        numbers = (lower_, upper) if unit > 0 else (upper, lower_)
        assert native.function(result, "f")(*numbers) == run(ax.parse(text), "f", *numbers), numbers


def test_rescaling_while_of_two_conditions() -> None:
    body = (
        SUM_WHILE.replace("KIND", "i64")
        .replace("CAST", "trunci")
        .replace("PREDICATE", "slt")
        .replace("STEP", "1")
    )
    body = body.replace(
        "    scf.condition(%c)",
        "    %d = arith.cmpi slt, %u, %zero : i32\n    %e = arith.andi %c, %d : i1\n    scf.condition(%e)",
    )
    # What the condition looks at is no sum; the other one is.
    message = fails(body, 3, "rescale = true", head="func.func @f(%lb: i64, %ub: i64) -> (i32, i32)")
    assert message.startswith("sums of scf.while cannot be rescaled")


@pytest.mark.parametrize("seed", range(3))
def test_the_interpreter_agrees(seed: int) -> None:
    rng = random.Random(f"interpreter {seed}")
    for _ in range(20):
        case = draw(rng, "f")
        out = np.zeros(3, np.int64)
        run(ax.parse("module {\n" + case.text() + "}\n"), "f", *case.arguments(out))
        assert list(out) == case.expected(), case


@native.needs_native
@pytest.mark.parametrize(("kind", "cast"), [("index", "index_cast"), ("i64", "trunci"), ("i8", "extsi")])
@pytest.mark.parametrize("unit", [1, -1, 2])
def test_while_not_equal(kind: str, cast: str, unit: int) -> None:
    body = SUM_WHILE.replace("KIND", kind).replace("CAST", cast).replace("PREDICATE", "ne")
    body = body.replace("STEP", str(unit)).replace("return %r#1, %out", "return %last, %out")
    body = body.replace("  %out =", f"  %last = arith.{cast} %r#0 : {kind} to i32\n  %out =")
    text = annotated(body, 3, head=f"func.func @f(%lb: {kind}, %ub: {kind}) -> (i32, i32)")
    function = native.function(lower(text), "f")
    for rounds in range(8):
        # The counter meets its bound even where the longer step would jump over it; i8 wraps on the way.
        first = 120 if unit > 0 else -120
        bound = wrap(first + rounds * unit, 8 if kind == "i8" else 64)
        total = np.float32(0.3)
        for k in range(0, rounds, 3):
            total = np.float32(total + np.float32(wrap(first + k * unit, 8 if kind == "i8" else 64)))
        assert function(first, bound) == (bound, int(total.view(np.int32))), rounds


@native.needs_native
@pytest.mark.parametrize("outlined", [False, True])
def test_decisions(outlined: bool) -> None:
    loop = """\
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %z = arith.constant 0 : i32
  %m = arith.constant 12 : index
  %s = scf.for %i = %c0 to %m step %c1 iter_args(%t = %z) -> (i32) {
    %w = arith.index_cast %i : index to i32
    %u = arith.addi %t, %w : i32
    scf.yield %u : i32
  }
  return %s : i32"""
    if outlined:
        loop = (
            loop.replace("scf.for", "affine.for")
            .replace("%c0 to %m step %c1", "0 to 12")
            .replace("scf.", "affine.")
        )
    text = f"""\
approx.util.annotation.decision_tree <{{func_name = "f", state_function = "state", state_indices = array<i64: 0>,
  transform_type = "loop_perforate", transform_options = {{rescale = true}},
  thresholds = array<i32: 0, 10>, decisions = array<i32: 1, 2, 5>}}>
func.func @state(%n: i32) -> i32 {{
  return %n : i32
}}
func.func @f(%n: i32) -> i32 {{
{loop}
}}
"""
    function = native.function(lower(text), "f")
    # All of 0 ... 11; 0, 2 ... 10, times 12/6; 0, 5 and 10, times 12/3.
    assert [function(state) for state in (-1, 3, 10)] == [(66,), (60,), (60,)]
