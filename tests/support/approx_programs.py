"""Hypothesis strategies for small programs that are approximated without fault, and for planting one fault.

`programs` draws a `Program` in which lint finds nothing; ``program.text()`` is its text. Each function of
`DEFECTS` breaks one thing in one of its functions and says on which line of the text that shows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import strategies as st

ANNOTATED, TREE, STATIC, KNOB = "annotation", "tree", "static", "knob"
LOOP, BRANCH, CALL = "loop_perforate", "task_skipping", "func_substitute"

_NAMES = ("f", "a.b", "g_1", "a_threshold_1", "x$", '"two words"', '"a-b"', "h")
_TYPES = {"n": "i32", "x": "f32", "m": "memref<8xf32>", "t": "tensor<i32>"}

Draw = Callable[[st.SearchStrategy], object]


@dataclass
class Function:
    """One approximated function; every field but `at` may be changed to plant a fault."""

    name: str
    """As it is spelled after the ``@``, with quotes where it needs them."""
    transform: str
    form: str
    encoding: str
    prefix: str
    tree_name: str
    at: str
    loop: str
    arguments: list[str]
    decisions: list[int]
    candidates: list[int]
    state: str = "n"
    state_function: str = "state"
    index: int | None = None
    from_the_end: bool = False
    contract: bool = False
    checker: str = "check"
    recover: str = "exact"
    substitutes: dict[int, str] = field(default_factory=dict)
    declared: bool = False
    annotations: int = 1
    plain_body: bool = False
    stores: bool = False
    indexes: bool = False
    extra: list[str] = field(default_factory=list)

    @property
    def plain_name(self) -> str:
        return self.name.strip('"')

    @property
    def signature(self) -> str:
        return "(" + ", ".join(_TYPES[argument] for argument in self.arguments) + ") -> f32"

    def lines(self, number: int) -> list[tuple[str, str]]:
        """The text, line by line, each with a tag that tells what is spelled there."""
        found: list[tuple[str, str]] = []
        if self.form == ANNOTATED:
            found = [line for _ in range(self.annotations) for line in self._annotation()]
        found += self._helpers()
        if self.declared:
            return [*found, (f"  func.func private @{self.name}{self.signature}", "")]
        arguments = ", ".join(f"%{argument}: {_TYPES[argument]}" for argument in self.arguments)
        found.append((f"  func.func @{self.name}({arguments}) -> f32 {{", "function"))
        found.append(("    %c0 = arith.constant 0 : index", ""))
        found.append(("    %one = arith.constant 1 : i32", ""))
        if self.form == ANNOTATED:
            found += self._body()
            found.append(("    return %r : f32", ""))
        else:
            found += self._knob(number)
        found.append(("  }", ""))
        return found

    # Parts.

    def _values(self) -> list[tuple[str, str]]:
        thresholds = [10 * k for k in range(1, len(self.decisions))]
        lists = {"thresholds": thresholds, "decisions": self.decisions}
        if self.candidates:
            lists["decision_values"] = self.candidates
        if self.encoding == "string":
            shown = "; ".join(f"{key}={','.join(map(str, items))}" for key, items in lists.items())
            return [(f'params = "{shown}; transform_type={self.transform}",', "values")]
        arrays = ", ".join(
            f"{key} = array<i32: {', '.join(map(str, items))}>" if items else f"{key} = array<i32>"
            for key, items in lists.items()
        )
        kind = f'transform_type = "{self.transform}"'
        if self.encoding == "dictionary":
            return [(f"params = {{{kind},", ""), (f"{arrays}}},", "values")]
        return [(f"{kind},", ""), (f"{arrays},", "values")]

    def _annotation(self) -> list[tuple[str, str]]:
        index = self.arguments.index(self.state) - (len(self.arguments) if self.from_the_end else 0)
        shown = index if self.index is None else self.index
        found = [
            (f"  {self.prefix}.util.annotation.decision_tree <{{", ""),
            *self._values(),
            (f'state_function = "{self.at}{self.state_function}",', "state_function"),
            (f"state_indices = array<i64: {shown}>,", "state_indices"),
            (f'func_name = "{self.at}{self.plain_name}"' if not self.at or not self._quoted else
             f'func_name = @{self.name}', "func_name"),
            ("  }>", ""),
        ]  # fmt: skip
        if self.contract:
            found += [
                (f'  "{self.prefix}.util.annotation.try"() <{{', ""),
                (f"func_name = @{self.name},", ""),
                (f'checker = "{self.at}{self.checker}",', "checker"),
                (self._recover() + "}> : () -> ()", "recover"),
            ]
        return found

    @property
    def _quoted(self) -> bool:
        return self.name.startswith('"')

    def _recover(self) -> str:
        return (
            f"recover = @{self.name}" if self.recover == self.name else f'recover = "{self.at}{self.recover}"'
        )

    def _helpers(self) -> list[tuple[str, str]]:
        found = [(line, "") for line in self.extra]
        if self.transform == CALL:
            if self.form != ANNOTATED:
                name = self._internal
                found.append((f"  func.func private @{name}{self.signature}", ""))
            for value, kind in self.substitutes.items():
                name = f"approx_{self.plain_name}_{value}"
                found.append((f'  func.func private @"{name}"{kind}', ""))
        return found

    @property
    def _internal(self) -> str:
        return f'"__internal_{self.plain_name}"'

    def _knob(self, number: int) -> list[tuple[str, str]]:
        operands = ", ".join(f"%{argument}" for argument in self.arguments)
        types = ", ".join(_TYPES[argument] for argument in self.arguments)
        found = [(f"    %k = {self.prefix}.knob({operands}) <{{id = {number} : i32", "")]
        if self.form == KNOB:
            found.append((",", ""))
            text, tag = self._values()[-1]
            found += self._values()[:-1]
            found.append((text.rstrip(","), tag))
        found.append(("    }> ({", ""))
        if self.form == TREE:
            found.append((f"      {self.prefix}.{self.tree_name}(%n) <{{", ""))
            found += self._values()
            found.append((f'runtime = "{self.at}{self.state_function}"', "state_function"))
            found += [
                ("      }> state {", ""),
                ("      ^bb0(%s: i32):", ""),
                (f"        {self.prefix}.yield %s : i32", ""),
                ("      }", ""),
            ]
        elif self.form == STATIC:
            found.append((f'      "{self.prefix}.transform"() <{{transform_type = "{self.transform}",', ""))
            found.append((f"        knob_val = {self.decisions[-1]} : i32}}> : () -> ()", "values"))
        found += self._body()
        if self.contract:
            found += [
                (f"      {self.prefix}.try({operands}) <{{", ""),
                (self._recover(), "recover"),
                ("      }> check {", ""),
                (
                    "      ^bb0("
                    + ", ".join(f"%y{k}: {_TYPES[a]}" for k, a in enumerate(self.arguments))
                    + "):",
                    "",
                ),
                ("        %ok = arith.constant true", ""),
                (f"        {self.prefix}.yield %ok : i1", ""),
                ("      }", ""),
            ]
        found.append((f"      {self.prefix}.yield %r : f32", ""))
        found.append((f"    }}) : ({types}) -> f32", ""))
        found.append(("    return %k : f32", ""))
        return found

    def _body(self) -> list[tuple[str, str]]:
        if self.plain_body:
            text = "%r = arith.mulf %x, %x : f32"
        elif self.transform == CALL and self.form != ANNOTATED:
            operands = ", ".join(f"%{argument}" for argument in self.arguments)
            text = f"%r = func.call @{self._internal}({operands}) : {self.signature}"
        elif self.transform == LOOP:
            text = self._loop()
        elif self.transform == BRANCH:
            text = self._branches()
        else:
            text = "%r = arith.mulf %x, %x : f32"
        if self.indexes:
            text += "\n" + _INDEX
        return [("      " + line, "") for line in text.split("\n")]

    def _loop(self) -> str:
        store = (
            "  memref.store %b, %m[%i] : memref<8xf32>"
            if self.stores
            else "  memref.store %b, %m[%c0] : memref<8xf32>"
        )
        return _LOOPS[self.loop].replace("  STORE", store)

    def _branches(self) -> str:
        return _BRANCHES[self.loop]


_INDEX = """%place = arith.fptosi %r : f32 to i32
%chosen = arith.index_cast %place : i32 to index
%loaded = memref.load %m[%chosen] : memref<8xf32>"""

_LOOPS = {
    "first": """%c1 = arith.constant 1 : index
%c8 = arith.constant 8 : index
%r = scf.for %i = %c0 to %c8 step %c1 iter_args(%a = %x) -> (f32) {
  %b = arith.addf %a, %x : f32
  STORE
  scf.yield %b : f32
}""",
    "second": """%r = affine.for %i = 0 to 8 iter_args(%a = %x) -> (f32) {
  %b = arith.addf %a, %x : f32
  STORE
  affine.yield %b : f32
}""",
    "third": """%c8 = arith.constant 8 : index
%c1 = arith.constant 1 : index
%last, %r = scf.while (%i = %c0, %a = %x) : (index, f32) -> (index, f32) {
  %c = arith.cmpi slt, %i, %c8 : index
  scf.condition(%c) %i, %a : index, f32
} do {
^bb0(%i: index, %a: f32):
  %b = arith.addf %a, %x : f32
  STORE
  %j = arith.addi %i, %c1 : index
  scf.yield %j, %b : index, f32
}""",
}

_BRANCHES = {
    "first": """%c = arith.cmpi eq, %n, %one : i32
%r = scf.if %c -> (f32) {
  scf.yield %x : f32
} else {
  %d = arith.cmpi slt, %n, %one : i32
  %e = arith.addf %x, %x : f32
  scf.yield %e : f32
}""",
    "second": """%j = arith.index_cast %n : i32 to index
%r = scf.index_switch %j -> f32
case 0 {
  scf.yield %x : f32
}
default {
  scf.yield %x : f32
}""",
    "third": """%c = arith.cmpi eq, %n, %one : i32
%r = "scf.if"(%c) ({
  "scf.yield"(%x) : (f32) -> ()
}, {
  "scf.yield"(%x) : (f32) -> ()
}) : (i1) -> f32""",
}


@dataclass
class Program:
    """Functions that are approximated, and what they name."""

    functions: list[Function]
    nested: bool

    def tagged(self) -> list[tuple[str, str]]:
        """The lines of the text and their tags; that of a function is ``"<number>:<tag>"``."""
        found: list[tuple[str, str]] = [("module {", "")]
        if self.nested:
            found.append(("  module {", ""))
        found.append(("  func.func private @state(i32) -> i32", ""))
        for number, function in enumerate(self.functions):
            found.append((f"  func.func private @check{number}{_checker(function)}", ""))
            found.append((f"  func.func private @exact{number}{function.signature}", ""))
            for line, tag in function.lines(number):
                found.extend((part, f"{number}:{tag}") for part in line.split("\n"))
        if self.nested:
            found.append(("  }", ""))
        return [*found, ("}", "")]

    def text(self) -> str:
        return "".join(line + "\n" for line, _ in self.tagged())

    def line_of(self, number: int, tag: str) -> int:
        """The last line with a tag."""
        return max(k for k, (_, has) in enumerate(self.tagged(), 1) if has == f"{number}:{tag}")


def _checker(function: Function) -> str:
    return "(f32, " + function.signature[1:].replace("-> f32", "-> i1")


@st.composite
def functions(draw: Draw, number: int, name: str) -> Function:
    transform = draw(st.sampled_from((LOOP, BRANCH, CALL)))
    form = draw(st.sampled_from((ANNOTATED, ANNOTATED, TREE, STATIC, KNOB)))
    least, most = {LOOP: (1, 4), BRANCH: (1, 2), CALL: (0, 3)}[transform]
    values = st.integers(least, most)
    # Neighbours that are equal make a decision unreachable.
    decisions = draw(st.lists(values, min_size=1, max_size=min(3, most), unique=True))
    candidates = sorted({*decisions, draw(values)}) if draw(st.booleans()) and form != STATIC else []
    arguments = draw(st.permutations(sorted(_TYPES)))
    function = Function(
        name=name,
        transform=transform,
        form=form,
        encoding=draw(st.sampled_from(("attributes", "dictionary", "string"))),
        prefix=draw(st.sampled_from(("approx", "approxMLIR"))),
        tree_name=draw(st.sampled_from(("decision_tree", "decide"))),
        at=draw(st.sampled_from(("", "@"))),
        loop=draw(st.sampled_from(sorted(_LOOPS))),
        arguments=list(arguments),
        decisions=decisions,
        candidates=candidates,
        from_the_end=draw(st.booleans()),
        contract=draw(st.booleans()),
        checker=f"check{number}",
        recover=f"exact{number}",
    )
    function.substitutes = dict.fromkeys((1, 2, 3), function.signature)
    return function


@st.composite
def programs(draw: Draw) -> Program:
    """A program in which there is nothing to find but old prefixes."""
    names = draw(st.lists(st.sampled_from(_NAMES), min_size=1, max_size=3, unique=True))
    drawn = [draw(functions(number, name)) for number, name in enumerate(names)]
    return Program(drawn, draw(st.booleans()))


# ---- defects


@dataclass(frozen=True)
class Defect:
    """A fault: where it can be planted, how, and what is spelled on the line where it shows."""

    code: str
    fits: Callable[[Function], bool]
    plant: Callable[[Function, int], object]
    tag: str


def _set(**changes: object) -> Callable[[Function, int], None]:
    def plant(function: Function, _: int) -> None:
        for key, value in changes.items():
            setattr(function, key, value)

    return plant


def _state(kind: str) -> Callable[[Function, int], None]:
    def plant(function: Function, number: int) -> None:
        function.state_function = f"wrong{number}"
        function.extra.append(f"  func.func private @wrong{number}{kind}")

    return plant


def _contract(key: str, kind: str) -> Callable[[Function, int], None]:
    def plant(function: Function, number: int) -> None:
        setattr(function, key, f"wrong{number}")
        function.extra.append(f"  func.func private @wrong{number}{kind}")

    return plant


def _again(function: Function, number: int) -> None:
    function.recover = f"again{number}"
    arguments = ", ".join(f"%{argument}: {_TYPES[argument]}" for argument in function.arguments)
    operands = ", ".join(f"%{argument}" for argument in function.arguments)
    for name, callee in ((f"again{number}", f"between{number}"), (f"between{number}", function.name)):
        function.extra += [
            f"  func.func @{name}({arguments}) -> f32 {{",
            f"    %r = func.call @{callee}({operands}) : {function.signature}",
            "    return %r : f32",
            "  }",
        ]


def _itself(function: Function, _: int) -> None:
    function.recover = function.name


def _choose(*values: int) -> Callable[[Function, int], None]:
    def plant(function: Function, _: int) -> None:
        function.decisions, function.candidates = list(values), []

    return plant


def _with_value(value: int, **changes: object) -> Callable[[Function, int], None]:
    def plant(function: Function, number: int) -> None:
        _choose(value)(function, number)
        _set(**changes)(function, number)

    return plant


def _substitute(kind: str | None) -> Callable[[Function, int], None]:
    def plant(function: Function, number: int) -> None:
        _choose(1, 2)(function, number)
        if kind is None:
            del function.substitutes[2]
        else:
            function.substitutes[2] = kind

    return plant


def _by(transform: str) -> Callable[[Function], bool]:
    return lambda function: function.transform == transform


def _annotated(function: Function) -> bool:
    return function.form == ANNOTATED


def _names_state(function: Function) -> bool:
    return function.form in (ANNOTATED, TREE)


def _checked(function: Function) -> bool:
    return function.form == ANNOTATED and function.contract


def _recovers(function: Function) -> bool:
    return function.contract


DEFECTS = (
    Defect("AX013", lambda f: f.form == ANNOTATED and not f.contract, _set(declared=True), "func_name"),
    Defect("AX014", lambda f: f.form == ANNOTATED and not f.contract, _set(annotations=2), "func_name"),
    Defect("AX015", _names_state, _set(state_function="nobody"), "state_function"),
    Defect("AX016", _annotated, _state("(i64) -> i32"), "state_function"),
    Defect("AX016", _annotated, _state("() -> i32"), "state_function"),
    Defect("AX016", _annotated, _state("(i32) -> f32"), "state_function"),
    Defect("AX016", _annotated, _state("(i32) -> tensor<2xi32>"), "state_function"),
    Defect("AX016", _annotated, _set(state="t"), "state_function"),
    Defect("AX017", _annotated, _set(index=4), "state_indices"),
    Defect("AX017", _annotated, _set(index=-5), "state_indices"),
    Defect("AX018", _checked, _set(checker="nobody"), "checker"),
    Defect("AX018", _recovers, _set(recover="nobody"), "recover"),
    Defect("AX019", _checked, _contract("checker", "(f32) -> i1"), "checker"),
    Defect("AX019", _recovers, _contract("recover", "(f32) -> f32"), "recover"),
    Defect("AX020", _recovers, _itself, "recover"),
    Defect("AX020", _recovers, _again, "recover"),
    Defect("AX021", _by(CALL), _substitute(None), "values"),
    Defect("AX022", _by(CALL), _substitute("(i64) -> f32"), "values"),
    Defect("AX023", _by(LOOP), _with_value(2, plain_body=True), "values"),
    Defect("AX024", _by(LOOP), _with_value(3, stores=True), "values"),
    Defect("AX025", _by(LOOP), _with_value(3, indexes=True), "values"),
    Defect("AX026", _by(BRANCH), _choose(0), "values"),
    Defect("AX027", _by(BRANCH), _choose(1, 3), "values"),
    Defect("AX027", _by(BRANCH), _with_value(1, plain_body=True), "values"),
)
