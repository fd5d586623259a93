"""Hypothesis strategies for valid MLIR modules.

`modules` draws a `Tree`, which every real MLIR parser accepts; ``tree.text(layout, spelling)`` is its text.
`texts` draws the text right away. Trees shrink to small readable modules.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from approxir.testing.generators.tree import LAYOUTS, SPELLINGS, Block, Op, Region, Tree, Val

__all__ = ["LAYOUTS", "SPELLINGS", "Tree", "modules", "texts"]

SCALARS = ("i32", "f32", "index", "i1")
TYPES = (*SCALARS, "memref<4xf32>", "tensor<?xf32>")

_NAMES = (
    "a",
    "x",
    "_",
    "$",
    "-",
    ".",
    "a.b",
    "j-1",
    "arg0",
    "return",
    "cst",
    "0",
    "1",
    "7",
    "12",
    "c0_i32",
    "A-$",
)
_LABELS = ("bb0", "bb1", "entry", "loop", "-", "0", "a.b", "exit_")
_SYMBOLS = ("f", "main", "a.b", "_$", '"a b//c{"', '"it\'s"', "i32", "loc")
_KEYS = ("k", "loc", "i32", '"a b"', "x.y", "test.key", "return", "value")
_PROPERTY_KEYS = ("p", "q", '"p q"')
_VALUES = (
    "unit", "1 : i32", "-7 : i64", "0x7FC00000 : f32", "1.000000e+00 : f32", "1.5", "1.e+5 : f64", "true",
    '"it\'s // no comment ({"', '"\\22 \\\\ \\0A %x = ^bb"', "@sym", '@"a b"::@c', '[1, 2 : i8, "x", []]',
    "{a = 1, b = {}}",
    "affine_map<(d0, d1)[s0] -> (d0 + s0, d1 floordiv 2)>", "dense<[1, 2]> : tensor<2xi32>",
    'dense<"0x0100000002000000"> : tensor<2xi32>', "array<i32: 1, 2>", "tensor<0x4xf32>", "() -> ()",
    "(i32) -> (() -> i32)", "#unreg.x<a ; b / $ '>", '!unreg.t<"}" -> x>', 'loc("here":1:2)',
    "affine_set<(d0) : (d0 >= 0)>", "array<i64>", "dense<> : tensor<0xf32>", "vector<4x8xf32>",
    "!unreg.t<<1>>",
)  # fmt: skip
_COMMENTS = ("", " plain", " it's \"open", " } ) {", " %x = arith.addi", ' "test.x"() : () -> ()', " -----")
_LOCATIONS = (
    'loc("x")',
    "loc(unknown)",
    'loc("f.c":3:4)',
    'loc(callsite("b" at "c":1:2))',
    'loc(fused[unknown, "y"])',
)
_EXTRA_TYPES = (
    "!unreg.t",
    "!unreg.t<a->b>",
    "() -> ()",
    "vector<2xi8>",
    "tuple<i32, f32>",
    "none",
    "complex<f32>",
)


@dataclass
class _Scope:
    """What may be used at a place, and which names are taken there."""

    visible: list[Val]
    taken: set[str]
    depth: int
    ops: list[Op] = field(default_factory=list)
    # Inside an operation that MLIR does not know, and that may hold symbols of its own.
    foreign: bool = False

    def inner(self) -> _Scope:
        return _Scope(list(self.visible), set(self.taken), self.depth + 1, foreign=self.foreign)


class _Drawer:
    def __init__(self, draw: Any, depth: int) -> None:
        self.draw = draw
        self.depth = depth
        self.functions: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = []
        self.aliases: dict[str, str] = {}
        self.attribute_aliases: list[str] = []

    def chance(self, percent: int = 30) -> bool:
        """False is what examples shrink to."""
        return bool(self.draw(st.integers(0, 99)) >= 100 - percent)

    def pick(self, options: Any) -> Any:
        return self.draw(st.sampled_from(list(options)))

    def fresh(self, taken: set[str], pool: tuple[str, ...]) -> str:
        name = self.pick(pool)
        stem, number = name, 0
        while name in taken:
            name = str(number) if stem.isdigit() else f"{stem}_{number}"
            number += 1
        taken.add(name)
        return str(name)

    def kind(self, name: str) -> str:
        """A type as it is spelled: as an alias, sometimes."""
        alias = self.aliases.get(name)
        return alias if alias is not None and self.chance() else name

    # One operation and its results.

    def add(self, scope: _Scope, op: Op, outputs: tuple[str, ...]) -> list[Val]:
        groups: list[tuple[str, int]] = []
        values: list[Val] = []
        left = len(outputs)
        while left:
            size = left if left == 1 or self.chance(60) else self.draw(st.integers(1, left))
            name = "%" + self.fresh(scope.taken, _NAMES)
            groups.append((name, size))
            for number in range(size):
                kind = outputs[len(values)]
                values.append(Val(name if size == 1 else f"{name}#{number}", kind))
            left -= size
        extra: dict[str, Any] = {"short": self.chance(70)}
        if self.chance(15):
            extra["location"] = self.pick(_LOCATIONS)
        if self.chance(20):
            extra["above"] = self.pick(_COMMENTS)
        if self.chance(20):
            extra["beside"] = self.pick(_COMMENTS)
        given = {
            **op.__dict__,
            "groups": tuple(groups),
            "result_types": tuple(self.kind(o) for o in outputs),
            **extra,
        }
        scope.ops.append(Op(**{**given, "generic": self.chance()}))
        scope.visible.extend(values)
        return values

    def value(self, scope: _Scope, kind: str) -> Val:
        known = [v for v in scope.visible if v.type == kind]
        if known and not self.chance(10):
            return self.pick(known)  # type: ignore[no-any-return]
        return self.make(scope, kind)

    def make(self, scope: _Scope, kind: str) -> Val:
        if kind in SCALARS:
            number = {
                "i32": ("5", "-1", "0x10"),
                "index": ("0", "4"),
                "f32": ("0.0", "1.000000e+00", "0x7FC00000"),
                "i1": ("true", "false"),
            }
            literal = self.pick(number[kind])
            spelled = literal if kind == "i1" else f"{literal} : {self.kind(kind)}"
            op = Op(
                "arith.constant",
                properties=(("value", spelled),),
                custom=("arith.constant", "attr-dict", f" {spelled}"),
                attributes=self.entries(_KEYS[:4]),
            )
        elif kind.startswith("memref"):
            op = Op(
                "memref.alloc",
                properties=(("operandSegmentSizes", "array<i32: 0, 0>"),),
                custom=("memref.alloc()", "attr-dict", f" : {kind}"),
            )
        elif kind.startswith("tensor"):
            size = self.value(scope, "index")
            op = Op("tensor.empty", (size,), custom=(f"tensor.empty({size.ref}) : {kind}",))
        else:
            op = Op("test.make", attributes=self.entries())
        return self.add(scope, op, (kind,))[0]

    def entries(self, keys: tuple[str, ...] = _KEYS) -> tuple[tuple[str, str], ...]:
        if not self.chance():
            return ()
        chosen = self.draw(st.lists(st.sampled_from(keys), max_size=3, unique=True))
        return tuple((key, self.pick((*_VALUES, *self.attribute_aliases))) for key in chosen)

    # Statements.

    def statement(self, scope: _Scope) -> None:
        simple = [self.binary, self.compare, self.select, self.load, self.store, self.insert, self.unknown]
        nested = [self.if_, self.for_, self.while_, self.unknown_region]
        kinds = simple if scope.depth >= self.depth else simple + nested
        if self.functions and not scope.foreign:
            kinds.append(self.call)
        self.pick(kinds)(scope)

    def binary(self, scope: _Scope) -> None:
        kind, name = self.pick(
            (
                ("i32", "arith.addi"),
                ("i32", "arith.muli"),
                ("f32", "arith.addf"),
                ("index", "arith.subi"),
                ("i1", "arith.xori"),
            )
        )
        left, right = self.value(scope, kind), self.value(scope, kind)
        text = f"{name} {left.ref}, {right.ref}"
        op = Op(
            name,
            (left, right),
            custom=(text, "attr-dict", f" : {self.kind(kind)}"),
            attributes=self.entries(_KEYS[:3]),
        )
        self.add(scope, op, (kind,))

    def compare(self, scope: _Scope) -> None:
        left, right = self.value(scope, "i32"), self.value(scope, "i32")
        op = Op(
            "arith.cmpi",
            (left, right),
            properties=(("predicate", "2 : i64"),),
            custom=(f"arith.cmpi slt, {left.ref}, {right.ref}", "attr-dict", " : i32"),
        )
        self.add(scope, op, ("i1",))

    def select(self, scope: _Scope) -> None:
        kind = self.pick(TYPES)
        which, left, right = (self.value(scope, k) for k in ("i1", kind, kind))
        text = f"arith.select {which.ref}, {left.ref}, {right.ref} : {kind}"
        self.add(scope, Op("arith.select", (which, left, right), custom=(text,)), (kind,))

    def load(self, scope: _Scope) -> None:
        place, index = self.value(scope, "memref<4xf32>"), self.value(scope, "index")
        text = f"memref.load {place.ref}[{index.ref}] : memref<4xf32>"
        self.add(scope, Op("memref.load", (place, index), custom=(text,)), ("f32",))

    def store(self, scope: _Scope) -> None:
        value, place, index = (self.value(scope, k) for k in ("f32", "memref<4xf32>", "index"))
        text = f"memref.store {value.ref}, {place.ref}[{index.ref}]"
        self.add(
            scope,
            Op("memref.store", (value, place, index), custom=(text, "attr-dict", " : memref<4xf32>")),
            (),
        )

    def insert(self, scope: _Scope) -> None:
        value, place, index = (self.value(scope, k) for k in ("f32", "tensor<?xf32>", "index"))
        text = f"tensor.insert {value.ref} into {place.ref}[{index.ref}] : tensor<?xf32>"
        self.add(scope, Op("tensor.insert", (value, place, index), custom=(text,)), ("tensor<?xf32>",))

    def call(self, scope: _Scope) -> None:
        symbol, inputs, outputs = self.pick(self.functions)
        operands = tuple(self.value(scope, kind) for kind in inputs)
        refs, kinds = ", ".join(v.ref for v in operands), ", ".join(inputs)
        result = outputs[0] if len(outputs) == 1 else f"({', '.join(outputs)})"
        text = f"func.call @{symbol}({refs}) : ({kinds}) -> {result}"
        op = Op("func.call", operands, properties=(("callee", f"@{symbol}"),), custom=(text,))
        self.add(scope, op, outputs)

    def unknown(self, scope: _Scope) -> None:
        self.add(scope, self.unknown_op(scope), self.unknown_results())

    def unknown_results(self) -> tuple[str, ...]:
        return tuple(self.draw(st.lists(st.sampled_from((*TYPES, *_EXTRA_TYPES)), max_size=4)))

    def unknown_op(self, scope: _Scope, regions: tuple[Region, ...] = ()) -> Op:
        count = self.draw(st.integers(0, 3))
        operands = tuple(self.pick(scope.visible) for _ in range(count if scope.visible else 0))
        name = self.pick(("test.op", "nodots", "test.a-b c", "unreg.func"))
        return Op(
            name,
            operands,
            properties=self.entries(_PROPERTY_KEYS),
            attributes=self.entries(),
            regions=regions,
        )

    def unknown_region(self, scope: _Scope) -> None:
        regions = []
        for _ in range(self.draw(st.integers(1, 2))):
            inner = scope.inner()
            inner.foreign = True
            regions.append(Region() if self.chance(10) else self.blocks(inner, None))
        self.add(scope, self.unknown_op(scope, tuple(regions)), self.unknown_results())

    def yielded(self, scope: _Scope, kinds: tuple[str, ...], name: str, lead: str = "") -> Op:
        operands = tuple(self.value(scope, kind) for kind in kinds)
        text = f"{name} {', '.join(v.ref for v in operands)} : {', '.join(kinds)}" if kinds else name
        return Op(name, operands, custom=(text,))

    def single(
        self,
        scope: _Scope,
        arguments: tuple[str, ...],
        names: list[Val],
        ends: tuple[str, ...],
        name: str = "scf.yield",
    ) -> Region:
        """A region of one block with a terminator; the names of its arguments are added to `names`."""
        names += [Val("%" + self.fresh(scope.taken, _NAMES), kind) for kind in arguments]
        scope.visible += names
        self.body(scope)
        self.add(scope, self.yielded(scope, ends, name), ())
        return Region((Block("^bb0", tuple(names), tuple(scope.ops)),))

    def body(self, scope: _Scope) -> None:
        for _ in range(self.draw(st.integers(0, 3))):
            self.statement(scope)

    def if_(self, scope: _Scope) -> None:
        which = self.value(scope, "i1")
        outputs = tuple(self.draw(st.lists(st.sampled_from(TYPES), max_size=3)))
        regions = [self.single(scope.inner(), (), [], outputs)]
        if outputs or self.chance():
            regions.append(self.single(scope.inner(), (), [], outputs))
            tail: tuple[str | int, ...] = (" else ", 1)
        else:
            regions.append(Region())
            tail = ()
        head = f"scf.if {which.ref}" + (f" -> ({', '.join(outputs)}) " if outputs else " ")
        self.add(
            scope,
            Op(
                "scf.if",
                (which,),
                regions=tuple(regions),
                custom=(head, 0, *tail, "attr-dict"),
                attributes=self.entries(_KEYS[:3]),
            ),
            outputs,
        )

    def for_(self, scope: _Scope) -> None:
        low, high, step = (self.value(scope, "index") for _ in range(3))
        carried = tuple(self.draw(st.lists(st.sampled_from(TYPES), max_size=2)))
        initial = tuple(self.value(scope, kind) for kind in carried)
        names: list[Val] = []
        region = self.single(scope.inner(), ("index", *carried), names, carried)
        head = f"scf.for {names[0].ref} = {low.ref} to {high.ref} step {step.ref}"
        if carried:
            pairs = ", ".join(f"{n.ref} = {i.ref}" for n, i in zip(names[1:], initial, strict=True))
            head += f" iter_args({pairs}) -> ({', '.join(carried)})"
        op = Op(
            "scf.for",
            (low, high, step, *initial),
            regions=(region,),
            custom=(head + " ", 0, "attr-dict"),
            attributes=self.entries(_KEYS[:3]),
        )
        self.add(scope, op, carried)

    def while_(self, scope: _Scope) -> None:
        carried = tuple(self.draw(st.lists(st.sampled_from(SCALARS), max_size=2)))
        initial = tuple(self.value(scope, kind) for kind in carried)
        before = scope.inner()
        names = [Val("%" + self.fresh(before.taken, _NAMES), kind) for kind in carried]
        before.visible += names
        self.body(before)
        which = self.value(before, "i1")
        passed = tuple(self.value(before, kind) for kind in carried)
        more = f" {', '.join(v.ref for v in passed)} : {', '.join(carried)}" if carried else ""
        self.add(
            before, Op("scf.condition", (which, *passed), custom=(f"scf.condition({which.ref}){more}",)), ()
        )
        first = Region((Block("^bb0", tuple(names), tuple(before.ops)),))
        second = self.single(scope.inner(), carried, [], carried)
        pairs = ", ".join(f"{n.ref} = {i.ref}" for n, i in zip(names, initial, strict=True))
        kinds = ", ".join(carried)
        one = kinds if len(carried) == 1 else f"({kinds})"
        head = f"scf.while ({pairs}) : ({kinds}) -> {one} " if carried else "scf.while : () -> () "
        self.add(
            scope, Op("scf.while", initial, regions=(first, second), custom=(head, 0, " do ", 1)), carried
        )

    # Bodies of several blocks.

    def blocks(self, scope: _Scope, ends: tuple[str, ...] | None, arguments: tuple[Val, ...] = ()) -> Region:
        """One to three blocks; `ends` are the types to return, or None for unregistered terminators."""
        count = 1 if not self.chance(40) else self.draw(st.integers(2, 3))
        taken: set[str] = set()
        labels = ["^" + self.fresh(taken, _LABELS) for _ in range(count)]
        kinds: list[tuple[str, ...]] = [()] + [
            tuple(self.draw(st.lists(st.sampled_from(SCALARS), max_size=2))) for _ in range(count - 1)
        ]
        if ends is None and self.chance():
            arguments = tuple(
                Val("%" + self.fresh(scope.taken, _NAMES), self.pick(TYPES))
                for _ in range(self.draw(st.integers(0, 2)))
            )
        blocks: list[Block] = []
        scope.visible += arguments
        for number in range(count):
            if number:
                arguments = tuple(Val("%" + self.fresh(scope.taken, _NAMES), kind) for kind in kinds[number])
            visible = scope.visible if number == 0 else [*scope.visible, *arguments]
            here = _Scope(visible, scope.taken, scope.depth, foreign=scope.foreign)
            self.body(here)
            self.terminator(here, labels, kinds, ends)
            blocks.append(Block(labels[number], arguments, tuple(here.ops)))
        return Region(tuple(blocks))

    def terminator(
        self, scope: _Scope, labels: list[str], kinds: list[tuple[str, ...]], ends: tuple[str, ...] | None
    ) -> None:
        choice = self.draw(st.integers(0, 2)) if len(labels) > 1 else 0
        if choice == 0:
            if ends is None:
                self.add(scope, Op("test.end", attributes=self.entries()), ())
            else:
                self.add(scope, self.yielded(scope, ends, "func.return"), ())
            return
        targets = [self.draw(st.integers(1, len(labels) - 1)) for _ in range(choice)]
        passed = [tuple(self.value(scope, kind) for kind in kinds[target]) for target in targets]
        forms = [
            labels[t] + (f"({', '.join(v.ref for v in p)} : {', '.join(kinds[t])})" if p else "")
            for t, p in zip(targets, passed, strict=True)
        ]
        names = tuple(labels[t] for t in targets)
        if choice == 1:
            self.add(scope, Op("cf.br", passed[0], successors=names, custom=(f"cf.br {forms[0]}",)), ())
            return
        which = self.value(scope, "i1")
        sizes = f"array<i32: 1, {len(passed[0])}, {len(passed[1])}>"
        op = Op(
            "cf.cond_br", (which, *passed[0], *passed[1]), successors=names,
            properties=(("operandSegmentSizes", sizes),),
            custom=(f"cf.cond_br {which.ref}, {', '.join(forms)}",),
        )  # fmt: skip
        self.add(scope, op, ())

    # The top level.

    def function(self, taken: set[str]) -> Op:
        symbol = self.fresh_symbol(taken)
        inputs = tuple(self.draw(st.lists(st.sampled_from(TYPES), max_size=3)))
        outputs = tuple(self.draw(st.lists(st.sampled_from(TYPES), max_size=2)))
        signature = f"({', '.join(inputs)}) -> " + (
            outputs[0] if len(outputs) == 1 else f"({', '.join(outputs)})"
        )
        arrow = f" -> ({', '.join(outputs)})" if outputs else ""
        bare = symbol[1:-1] if symbol.startswith('"') else symbol
        properties = [("function_type", signature), ("sym_name", f'"{bare}"')]
        attributes = self.entries(_KEYS[2:5])
        extra = self.location_comment()
        if self.chance(20):
            self.functions.append((symbol, inputs, outputs))
            head = f"({', '.join(inputs)}){arrow}"
            return Op(
                "func.func", properties=(*properties, ("sym_visibility", '"private"')), regions=(Region(),),
                attributes=attributes, **extra,
                custom=(f"func.func private @{symbol}", head, *self.attribute_words(attributes)),
            )  # fmt: skip
        scope = _Scope([], set(), 0)
        arguments = tuple(Val("%" + self.fresh(scope.taken, _NAMES), kind) for kind in inputs)
        region = self.blocks(scope, outputs, arguments)
        head = f"({', '.join(f'{v.ref}: {v.type}' for v in arguments)}){arrow}"
        self.functions.append((symbol, inputs, outputs))
        custom: tuple[str | int, ...] = (
            f"func.func @{symbol}", head, *self.attribute_words(attributes), " ", 0,
        )  # fmt: skip
        return Op(
            "func.func",
            properties=tuple(properties),
            regions=(region,),
            attributes=attributes,
            custom=custom,
            generic=self.chance(),
            **extra,
        )

    def attribute_words(self, attributes: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
        return (" attributes", "attr-dict") if attributes else ()

    def location_comment(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.chance(10):
            found["location"] = self.pick(_LOCATIONS)
        if self.chance(20):
            found["above"] = self.pick(_COMMENTS)
        return found

    def fresh_symbol(self, taken: set[str]) -> str:
        symbol = name = self.pick(_SYMBOLS)
        number = 0
        while name in taken:
            name = f'{symbol[:-1]}{number}"' if symbol.endswith('"') else f"{symbol}{number}"
            number += 1
        taken.add(name)
        return str(name)

    def tree(self) -> Tree:
        definitions = []
        if self.chance():
            for kind in self.draw(
                st.lists(st.sampled_from(("i32", "memref<4xf32>", "tensor<?xf32>")), max_size=2, unique=True)
            ):
                self.aliases[kind] = f"!t{len(self.aliases)}"
                definitions.append((self.aliases[kind], kind))
        if self.chance():
            for value in self.draw(st.lists(st.sampled_from(_VALUES[1:]), max_size=2)):
                name = f"#{self.pick(('map', '0', 'a-', 'attr_'))}{len(self.attribute_aliases)}"
                self.attribute_aliases.append(name)
                definitions.append((name, value))
        taken: set[str] = set()
        ops = tuple(self.function(taken) for _ in range(self.draw(st.integers(1, 3))))
        shape = self.draw(st.integers(0, 2))
        if shape:
            attributes = self.entries(_KEYS[4:6]) if shape == 2 else ()
            head: tuple[str | int, ...] = ("module", *self.attribute_words(attributes), " ", 0)
            ops = (
                Op(
                    "builtin.module",
                    regions=(Region((Block("^bb0", (), ops),)),),
                    attributes=attributes,
                    custom=head,
                    generic=self.chance(20),
                ),
            )
        metadata = None
        if self.chance(15):
            metadata = '{-# dialect_resources: { builtin: { blob: "0x0800000001" } } #-}'
        return Tree(tuple(definitions), ops, metadata, not self.chance(20))


@st.composite
def modules(draw: st.DrawFn, *, depth: int = 2) -> Tree:
    """Valid modules of any syntax: a real MLIR parses and verifies them, but they need not make sense to run.

    Args:
        draw: given by Hypothesis.
        depth: how deep regions nest in functions, at most.
    """
    return _Drawer(draw, depth).tree()


@st.composite
def texts(draw: st.DrawFn, *, depth: int = 2) -> str:
    """Texts of what `modules` draws, each in one of `LAYOUTS` and of `SPELLINGS`.

    Args:
        draw: given by Hypothesis.
        depth: how deep regions nest in functions, at most.
    """
    tree = draw(modules(depth=depth))
    return tree.text(draw(st.sampled_from(LAYOUTS)), draw(st.sampled_from(SPELLINGS)))
