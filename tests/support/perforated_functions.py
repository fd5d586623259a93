"""Functions with one loop or reduction of any kind that is perforated: a Hypothesis strategy for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from hypothesis import strategies as st
from support import perforated_loops
from support.perforated_loops import WIDTHS

Draw = Callable[[Any], Any]

VALUES = st.sampled_from((0, 1, 2, 2, 3, 4, 7, 50, 300))
INTEGERS = {"i8": np.int8, "i16": np.int16, "i32": np.int32, "i64": np.int64}
FLOATS = {"f16": np.float16, "f32": np.float32, "f64": np.float64}
UNSIGNED = {"ui8": np.uint8, "ui32": np.uint32, "ui64": np.uint64}
NUMBERS = INTEGERS | FLOATS | UNSIGNED


@dataclass(frozen=True)
class Perforated:
    """A module with a perforated function ``f``, and what it is called with."""

    text: str
    arguments: tuple[Any, ...]

    def given(self) -> list[Any]:
        """The arguments, of which arrays may be written to."""
        return [one.copy() if isinstance(one, np.ndarray) else one for one in self.arguments]


@st.composite
def _options(draw: Draw, schemes: bool) -> str:
    found = []
    if schemes:
        scheme = draw(st.sampled_from(("", "stride", "skip", "truncate", "random")))
        found += [f'scheme = "{scheme}"'] * bool(scheme)
        found += [f"seed = {draw(st.sampled_from((0, 1, 7, -3, 2**31 - 1)))} : i32"] * draw(st.booleans())
    found += draw(
        st.sampled_from(([], ["rescale"], ["rescale = true"], ["rescale = true"], ["rescale = false"]))
    )
    return f", transform_options = {{{', '.join(found)}}}" if found else ""


@st.composite
def _module(
    draw: Draw, arguments: str, code: str, results: list[tuple[str, str]], schemes: bool = False
) -> str:
    """The code in a function, which an annotation or a knob operation around it perforates."""
    name = draw(st.sampled_from(("loop_perforate",) * 5 + ("loop-perforate", "loop_perforation")))
    chosen = f'transform_type = "{name}", knob_val = {draw(VALUES)} : i32{draw(_options(schemes))}'
    values, kinds = ", ".join(one for one, _ in results), ", ".join(kind for _, kind in results)
    head = f"func.func @f({arguments}) -> ({kinds}) {{"
    if draw(st.integers(0, 3)):
        return (
            f'approx.util.annotation.transform <{{func_name = "f", {chosen}}}>\n'
            f"{head}\n{code}\nreturn {values} : {kinds}\n}}\n"
        )
    return (
        f'{head}\n%knob:{len(results)} = "approx.knob"() <{{id = 0 : i32}}> ({{\n'
        f'"approx.transform"() <{{{chosen}}}> : () -> ()\n{code}\n'
        f'"approx.yield"({values}) : ({kinds}) -> ()\n}}) : () -> ({kinds})\n'
        f"return {', '.join(f'%knob#{index}' for index in range(len(results)))} : {kinds}\n}}\n"
    )


@st.composite
def _scalars(draw: Draw, kind: str) -> Any:
    if kind in FLOATS:
        return FLOATS[kind](draw(st.sampled_from((0.0, -0.0, 0.5, -1.25, 3.0, 1e-3))))
    bits = 64 if kind == "index" else int(kind[1:])
    return draw(st.sampled_from((0, 1, -1, 5, (1 << (bits - 1)) - 1, -(1 << (bits - 1)))))


def _cast(value: str, kind: str, to: str, name: str) -> str:
    """Operations that make the ``index`` or integer `value` one of another type."""
    first = f"%wide_{name} = "
    if kind == "index":
        first += f"arith.index_cast {value} : index to i64"
    elif kind == "i64":
        first += f"arith.addi {value}, %zero64 : i64"
    else:
        first += f"arith.extsi {value} : {kind} to i64"
    second = {
        "i64": f"arith.addi %wide_{name}, %zero64 : i64",
        "index": f"arith.index_cast %wide_{name} : i64 to index",
    }.get(to, f"arith.{'sitofp' if to in FLOATS else 'trunci'} %wide_{name} : i64 to {to}")
    return f"{first}\n%{name} = {second}\n"


# Loops that count.


@st.composite
def counted(draw: Draw) -> Perforated:
    """An ``scf.for`` or ``affine.for``, at the ends of its counter's type now and then."""
    case = perforated_loops.draw(Random(draw(st.integers(0, 2**32))), "f")
    return Perforated("module {\n" + case.text() + "}\n", tuple(case.arguments(np.zeros(3, np.int64))))


@st.composite
def sums(draw: Draw) -> Perforated:
    """A loop that carries sums of several types, and what only looks like one."""
    op = draw(st.sampled_from(("scf.for", "affine.for")))
    kinds = draw(
        st.lists(st.sampled_from(("i8", "i16", "i64", "index", "f16", "f32", "f64")), min_size=1, max_size=3)
    )
    starts = tuple([draw(_scalars(kind)) for kind in kinds])
    lower, upper = draw(st.integers(-4, 5)), draw(st.sampled_from((-5, 0, 3, 8, 17, 90, 130)))
    body, carried = "", []
    for number, kind in enumerate(kinds):
        body += _cast("%i", "index", kind, f"x{number}")
        add = "addf" if kind in FLOATS else "addi"
        pair = [f"%s{number}", f"%x{number}"]
        shape = draw(st.sampled_from(("sum", "sum", "sum", "twice", "seen", "product")))
        if draw(st.booleans()) or shape == "twice":
            pair = [pair[1], pair[0]] if shape != "twice" else [pair[0], pair[0]]
        if shape == "product":
            add = "mulf" if kind in FLOATS else "muli"
        body += f"%t{number} = arith.{add} {pair[0]}, {pair[1]} : {kind}\n"
        if shape == "seen":
            body += f"%more{number} = arith.{add} %s{number}, %s{number} : {kind}\n"
        carried.append(f"%s{number} = %a{number}")
    listed, yielded = ", ".join(kinds), ", ".join(f"%t{number}" for number in range(len(kinds)))
    head = "affine.for %i = %lb to %ub" if op == "affine.for" else "scf.for %i = %lb to %ub step %c1"
    code = (
        "%zero64 = arith.constant 0 : i64\n%c1 = arith.constant 1 : index\n"
        f"%r:{len(kinds)} = {head} iter_args({', '.join(carried)}) -> ({listed}) {{\n{body}"
        f"{op.split('.')[0]}.yield {yielded} : {listed}\n}}\n"
    )
    arguments = ["%lb: index", "%ub: index", *[f"%a{n}: {kind}" for n, kind in enumerate(kinds)]]
    results = [(f"%r#{number}", kind) for number, kind in enumerate(kinds)]
    return Perforated(draw(_module(", ".join(arguments), code, results, True)), (lower, upper, *starts))


@st.composite
def parallel(draw: Draw) -> Perforated:
    """An ``scf.parallel`` of one or two dimensions, which may be empty."""
    rank = draw(st.integers(1, 2))
    kinds = draw(st.lists(st.sampled_from(("i8", "i32", "f32", "f16")), min_size=1, max_size=3))
    starts = [draw(_scalars(kind)) for kind in kinds]
    bounds = [
        (
            draw(st.integers(-3, 3)),
            draw(st.sampled_from((-4, 0, 2, 3, 9, 20)[: 6 - 2 * d])),
            draw(st.sampled_from((1, 1, 2, 5))),
        )
        for d in range(rank)
    ]
    body, regions = "", []
    for number, kind in enumerate(kinds):
        body += _cast(f"%i{draw(st.integers(0, rank - 1))}", "index", kind, f"x{number}")
        names = (
            ("addf", "addf", "mulf", "maximumf", "minnumf") if kind in FLOATS
            else ("addi", "addi", "muli", "maxsi", "minui", "xori", "andi", "ori")
        )  # fmt: skip
        name, pair = draw(st.sampled_from(names)), draw(st.permutations(("%p", "%q")))
        regions.append(
            f"{{\n^bb0(%p: {kind}, %q: {kind}):\n%t = arith.{name} {pair[0]}, {pair[1]} : {kind}\n"
            f"scf.reduce.return %t : {kind}\n}}"
        )
    listed = ", ".join(kinds)

    def each(text: str) -> str:
        return "(" + ", ".join(text.replace("N", str(d)) for d in range(rank)) + ")"

    code = (
        "%zero64 = arith.constant 0 : i64\n"
        f"%r:{len(kinds)} = scf.parallel {each('%iN')} = {each('%lbN')} to {each('%ubN')} step {each('%stN')} "
        f"init ({', '.join(f'%a{n}' for n in range(len(kinds)))}) -> ({listed}) {{\n{body}"
        f"scf.reduce({', '.join(f'%x{n}' for n in range(len(kinds)))} : {listed}) {', '.join(regions)}\n}}\n"
    )
    arguments = [f"%{name}{d}: index" for d in range(rank) for name in ("lb", "ub", "st")]
    arguments += [f"%a{number}: {kind}" for number, kind in enumerate(kinds)]
    results = [(f"%r#{number}", kind) for number, kind in enumerate(kinds)]
    numbers = [number for triple in bounds for number in triple]
    return Perforated(draw(_module(", ".join(arguments), code, results, True)), (*numbers, *starts))


# Loops that count in a carried value.


@dataclass(frozen=True)
class _Counting:
    predicate: str
    start: int
    bound: int
    step: int
    constants: tuple[bool, bool]
    """Whether the bound and the step are."""


@st.composite
def _countings(draw: Draw, bits: int, predicates: tuple[str, ...]) -> _Counting:
    predicate = draw(st.sampled_from(predicates))
    unsigned = predicate[0] == "u"
    least, most = (0, (1 << bits) - 1) if unsigned else (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    down = predicate[1:] in ("gt", "ge") or (predicate == "ne" and draw(st.booleans()))
    step = draw(st.sampled_from((1, 1, 2, 3, 7))) * (-1 if down else 1)
    constants = draw(st.booleans()), draw(st.booleans()) or predicate == "ne"
    sizes = st.sampled_from((-3, 0, 1, 2, 5, 8, 20, 60))
    size = draw(sizes)
    if predicate == "ne":
        # The exact loop ends, too; the counter may wrap on its way.
        start = draw(st.one_of(st.integers(-9, 9), st.integers(most - 4, most)))
        bound = perforated_loops.wrap(start + abs(size) * step, bits)
    elif bits < 64 and draw(st.booleans()):
        bound = draw(st.integers(most - 4, most) if not down else st.integers(least, least + 4))
        start = min(max(bound - size * (-1 if down else 1), least), most)
    else:
        start = draw(st.integers(0, 9))
        bound = start - size if down else start + size
        bound = max(bound, 0) if unsigned else bound
    wrap = perforated_loops.wrap
    return _Counting(predicate, wrap(start, bits), wrap(bound, bits), step, constants)


_MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "ne": "ne"}


@st.composite
def scf_while(draw: Draw) -> Perforated:
    """An ``scf.while`` that hands its values on in any order."""
    kind = draw(st.sampled_from(sorted(WIDTHS)))
    predicates = ("slt", "sle", "ult", "ule", "sgt", "sge", "ugt", "uge", "ne", "ne")
    counting = draw(_countings(WIDTHS[kind], predicates))
    sides, predicate = ["%i", "%k" if counting.constants[0] else "%bound"], counting.predicate
    bound_carried = not counting.constants[0] and draw(st.booleans())
    if bound_carried:
        sides[1] = "%b"
    if draw(st.booleans()):
        sides.reverse()
        sign = predicate[0] if predicate != "ne" else ""
        predicate = sign + _MIRRORED[predicate.removeprefix(sign) if sign else predicate]
    sum_kind = draw(st.sampled_from(("i32", "i8", "f32")))
    carried = {"%i": ("%lb", kind, "%n"), "%s": ("%a", sum_kind, "%u"), "%h": ("%zero64", "i64", "%g")}
    if bound_carried:
        carried["%b"] = ("%bound", kind, "%bb")
    order, handed = draw(st.permutations(sorted(carried))), draw(st.permutations(sorted(carried)))
    step = "%d" if counting.constants[1] else "%step"
    grown = draw(st.permutations(("%ii", step)))
    summed = draw(st.permutations(("%ss", "%x")))
    add = "addf" if sum_kind in FLOATS else "addi"
    condition = f"%c = arith.cmpi {predicate}, {sides[0]}, {sides[1]} : {kind}\n"
    test = "%c"
    if draw(st.integers(0, 3)) == 0:
        condition += "%e = arith.cmpi ne, %h, %far : i64\n"
        condition += f"%both = arith.andi {', '.join(draw(st.permutations(('%c', '%e'))))} : i1\n"
        test = "%both"
    inner = ", ".join(f"%{one[1:] * 2}: {carried[one][1]}" for one in handed)
    kinds = ", ".join(carried[one][1] for one in order)
    passed = ", ".join(carried[one][1] for one in handed)
    code = (
        f"%k = arith.constant {counting.bound} : {kind}\n%d = arith.constant {counting.step} : {kind}\n"
        "%zero64 = arith.constant 0 : i64\n%far = arith.constant 12345 : i64\n%prime = arith.constant 31 : i64\n"
        f"%r:{len(carried)} = scf.while ({', '.join(f'{one} = {carried[one][0]}' for one in order)}) : "
        f"({kinds}) -> ({passed}) {{\n{condition}scf.condition({test}) {', '.join(handed)} : {passed}\n}} do {{\n"
        f"^bb0({inner}):\n{_cast('%ii', kind, sum_kind, 'x')}{_cast('%ii', kind, 'i64', 'y')}"
        f"%u = arith.{add} {summed[0]}, {summed[1]} : {sum_kind}\n"
        f"%m = arith.muli %hh, %prime : i64\n%g = arith.addi %m, %y : i64\n"
        f"%n = arith.addi {grown[0]}, {grown[1]} : {kind}\n"
        + (f"%seen = arith.addi %n, %n : {kind}\n" if draw(st.booleans()) else "")
        + f"scf.yield {', '.join(carried[one][2] for one in order)} : {kinds}\n}}\n"
    )
    arguments = f"%lb: {kind}, %bound: {kind}, %step: {kind}, %a: {sum_kind}"
    results = [(f"%r#{number}", carried[one][1]) for number, one in enumerate(handed)]
    given = (counting.start, counting.bound, counting.step, draw(_scalars(sum_kind)))
    return Perforated(draw(_module(arguments, code, results)), given)


@st.composite
def stablehlo_while(draw: Draw) -> Perforated:
    """A ``stablehlo.while``, in its custom or in its generic form."""
    kind = draw(st.sampled_from(("i8", "i32", "i64", "ui8", "ui32")))
    unsigned = kind[0] == "u"
    bits = int(kind.lstrip("ui"))
    signs = "u" if unsigned else "s"
    counting = draw(_countings(bits, (*[signs + name for name in ("lt", "le", "gt", "ge")], "ne", "ne")))
    if unsigned and counting.step < 0:
        counting = _Counting("ult", 0, counting.bound & 63, 2, counting.constants)
    mask = (1 << bits) - 1
    start, bound = [one & mask if unsigned else one for one in (counting.start, counting.bound)]
    element = draw(st.sampled_from(("i8", "i32", "f32", "f16", "ui8", "ui64")))
    shape = draw(st.sampled_from(((), (2,))))
    total = f"tensor<{'x'.join(map(str, (*shape, element)))}>"
    t = f"tensor<{kind}>"
    direction = counting.predicate[-2:].upper()
    sides = ["%i", "%k" if counting.constants[0] else "%b"]
    if draw(st.booleans()):
        sides.reverse()
        direction = _MIRRORED[direction.lower()].upper()
    sign = "UNSIGNED" if unsigned else "SIGNED"
    spread = (
        f"%x = stablehlo.broadcast_in_dim %w, dims = [] : (tensor<{element}>) -> {total}\n" if shape else ""
    )
    x = "%x" if shape else "%w"
    summed = ", ".join(draw(st.permutations(("%s", x))))
    test, more = "%c", ""
    if draw(st.integers(0, 3)) == 0:
        more = "%true = stablehlo.constant dense<true> : tensor<i1>\n"
        more += f"%e = stablehlo.and {', '.join(draw(st.permutations(('%c', '%true'))))} : tensor<i1>\n"
        test = "%e"
    convert = f"%w = stablehlo.convert %i : ({t}) -> tensor<{element}>\n"
    if kind == element:
        convert = f"%w = stablehlo.add %i, %i : {t}\n"
    step = "%d" if counting.constants[1] else "%st"
    code = (
        f"%k = stablehlo.constant dense<{bound}> : {t}\n%d = stablehlo.constant dense<{counting.step}> : {t}\n"
        f"%r:3 = stablehlo.while(%i = %lb, %s = %a, %b = %ub) : {t}, {total}, {t}\ncond {{\n"
        f"%c = stablehlo.compare {direction}, {sides[0]}, {sides[1]}, {sign} : ({t}, {t}) -> tensor<i1>\n{more}"
        f"stablehlo.return {test} : tensor<i1>\n}} do {{\n{convert}{spread}"
        f"%u = stablehlo.add {summed} : {total}\n"
        f"%n = stablehlo.add {', '.join(draw(st.permutations(('%i', step))))} : {t}\n"
        f"stablehlo.return %n, %u, %b : {t}, {total}, {t}\n}}\n"
    )
    arguments = f"%lb: {t}, %ub: {t}, %st: {t}, %a: {total}"
    text = draw(_module(arguments, code, [("%r#0", t), ("%r#1", total)]))
    first = np.full(shape, draw(st.sampled_from((0, 1, 100))), NUMBERS[element])
    numbers = [np.array(one, NUMBERS[kind]) for one in (start, bound, counting.step)]
    return Perforated(text, (*numbers, first))


# Reductions.


@st.composite
def _tensor(draw: Draw, shape: tuple[int, ...], element: str) -> Any:
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    if element == "i1":
        return rng.integers(0, 2, shape).astype(np.bool_)
    if element in FLOATS:
        return (rng.integers(-40, 40, shape) / 8).astype(FLOATS[element])
    info = np.iinfo(NUMBERS[element])
    return rng.integers(max(info.min, -(2**31)), min(info.max, 2**31), shape).astype(NUMBERS[element])


_ELEMENTS = ("i8", "i16", "i64", "f16", "f32", "f64", "ui8", "ui64", "i1")


@st.composite
def reduce(draw: Draw) -> Perforated:
    """A ``stablehlo.reduce``, also of two operands."""
    rank = draw(st.integers(1, 3))
    shape = tuple(draw(st.sampled_from((1, 2, 3, 5, 8))) for _ in range(rank))
    dimensions = draw(st.permutations(range(rank)))[: draw(st.integers(1, rank))]
    if rank == 1:
        shape = (draw(st.sampled_from((0, 1, 9, 130, 300, 1000))),)
    kept = tuple(size for number, size in enumerate(shape) if number not in dimensions)
    count = draw(st.integers(1, 2))
    elements = [draw(st.sampled_from(_ELEMENTS)) for _ in range(count)]
    starts, reducers, arrays = [], [], []
    for element in elements:
        names = ("add", "and", "or") if element == "i1" else ("add", "add", "maximum", "minimum")
        reducers.append(draw(st.sampled_from(names)))
        starts.append("false" if element == "i1" else draw(st.sampled_from(("0", "1", "5"))))
        arrays.append(draw(_tensor(shape, element)))
        if element in FLOATS:
            starts[-1] = draw(st.sampled_from(("0.0", "-0.0", "2.5")))

    def tensor(sizes: tuple[int, ...], element: str) -> str:
        return f"tensor<{'x'.join(map(str, (*sizes, element)))}>"

    inputs = [tensor(shape, element) for element in elements]
    scalars = [tensor((), element) for element in elements]
    outputs = [tensor(kept, element) for element in elements]
    listed = ", ".join(map(str, dimensions))
    code = "".join(f"%z{n} = stablehlo.constant dense<{starts[n]}> : {scalars[n]}\n" for n in range(count))
    pairs = ", ".join(f"(%a{n} init: %z{n})" for n in range(count))
    kinds = ", ".join([*inputs, *scalars])
    if count == 1 and draw(st.booleans()):
        code += (
            f"%r = stablehlo.reduce{pairs} applies stablehlo.{reducers[0]} across dimensions = [{listed}] : "
            f"({kinds}) -> {outputs[0]}\n"
        )
    else:
        arguments = " ".join(f"(%p{n}: {scalars[n]}, %q{n}: {scalars[n]})" for n in range(count))
        body = ""
        for n in range(count):
            left, right = draw(st.permutations((f"%p{n}", f"%q{n}")))
            body += f"%t{n} = stablehlo.{reducers[n]} {left}, {right} : {scalars[n]}\n"
        shown = ", ".join(outputs) if count == 1 else f"({', '.join(outputs)})"
        code += (
            f"%r{f':{count}' if count > 1 else ''} = stablehlo.reduce{pairs} across dimensions = [{listed}] : "
            f"({kinds}) -> {shown}\nreducer{arguments} {{\n{body}"
            f"stablehlo.return {', '.join(f'%t{n}' for n in range(count))} : {', '.join(scalars)}\n}}\n"
        )
    results = [("%r" if count == 1 else f"%r#{n}", outputs[n]) for n in range(count)]
    arguments = ", ".join(f"%a{n}: {inputs[n]}" for n in range(count))
    return Perforated(draw(_module(arguments, code, results)), tuple(arrays))


@st.composite
def dot_general(draw: Draw) -> Perforated:
    """A ``stablehlo.dot_general`` that contracts one dimension or two."""
    element = draw(st.sampled_from(_ELEMENTS[:-1]))
    depth = draw(st.sampled_from((0, 1, 2, 5, 9, 130, 300)))
    if draw(st.booleans()):
        left, right, result = (2, depth), (depth, 3), (2, 3)
        numbers = "contracting_dims = [1] x [0]"
    elif draw(st.booleans()):
        left, right, result = (2, 3, depth), (2, depth, 2), (2, 3, 2)
        numbers = "batching_dims = [0] x [0], contracting_dims = [2] x [1]"
    else:
        left, right, result = (3, depth), (depth, 3), ()
        numbers = "contracting_dims = [1, 0] x [0, 1]"
    a, b, c = [f"tensor<{'x'.join(map(str, (*sizes, element)))}>" for sizes in (left, right, result)]
    code = f"%r = stablehlo.dot_general %a, %b, {numbers} : ({a}, {b}) -> {c}\n"
    given = draw(_tensor(left, element)), draw(_tensor(right, element))
    return Perforated(draw(_module(f"%a: {a}, %b: {b}", code, [("%r", c)])), given)


KINDS: dict[str, st.SearchStrategy[Perforated]] = {
    "counted": counted(),
    "sums": sums(),
    "parallel": parallel(),
    "scf.while": scf_while(),
    "stablehlo.while": stablehlo_while(),
    "reduce": reduce(),
    "dot_general": dot_general(),
}
