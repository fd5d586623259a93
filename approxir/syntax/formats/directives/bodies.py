"""The bodies that named linalg operations imply, in generic form."""

from __future__ import annotations

import re

from approxir.syntax.formats.state import State

_UNARY = {
    "exp": "math.exp", "log": "math.log", "ceil": "math.ceil", "floor": "math.floor", "negf": "arith.negf",
    "round": "math.round", "sqrt": "math.sqrt", "rsqrt": "math.rsqrt", "tanh": "math.tanh", "erf": "math.erf",
    "abs": "math.absf",
}  # fmt: skip
_BINARY = {
    "add": ("arith.addf", "arith.addi"), "sub": ("arith.subf", "arith.subi"),
    "mul": ("arith.mulf", "arith.muli"),
    "div": ("arith.divf", "arith.divsi"), "div_unsigned": ("arith.divf", "arith.divui"),
    "max": ("arith.maximumf", "arith.maxsi"), "min": ("arith.minimumf", "arith.minsi"),
    "max_unsigned": ("arith.maximumf", "arith.maxui"), "min_unsigned": ("arith.minimumf", "arith.minui"),
    "powf": ("math.powf", "math.powf"),
}  # fmt: skip
_LOGICAL = {"arith.addi": "arith.ori", "arith.muli": "arith.andi"}
"""On i1 the sum is a disjunction and the product a conjunction."""
_CONTRACTIONS = re.compile(
    r"matmul|batch_matmul|batch_reduce_matmul|matvec|vecmat|batch_matvec|batch_vecmat|dot|mmt4d|batch_mmt4d"
    r"|contract|(?:depthwise_)?conv_\dd(?:_[a-z]+_[a-z]+)?"
)
_POOLING = re.compile(r"pooling_[a-z]+_(sum|max|min|max_unsigned|min_unsigned)")


class _Body:
    """Collects the operations of a body."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def apply(self, name: str, operands: list[str], types: list[str], result: str) -> str:
        value = f"%implied{len(self.lines)}_"
        self.lines.append(f'  {value} = "{name}"({", ".join(operands)}) : ({", ".join(types)}) -> {result}')
        return value

    def cast(self, value: str, source: str, target: str, unsigned: bool) -> str | None:
        """The value converted as linalg converts operands of another type; None when it cannot be told."""
        if source == target:
            return value
        name = _cast_name(source, target, unsigned)
        return None if name is None else self.apply(name, [value], [source], target)


def _float(type_: str) -> bool:
    return type_[:1] == "f" or type_ == "bf16" or type_ == "tf32"


def _width(type_: str) -> int:
    digits = re.search(r"[0-9]+", type_)
    return int(digits.group()) if digits else 0


def _integer(type_: str) -> bool:
    return re.fullmatch(r"i[0-9]+", type_) is not None


def _cast_name(source: str, target: str, unsigned: bool) -> str | None:
    if _float(source) and _float(target):
        return "arith.extf" if _width(source) < _width(target) else "arith.truncf"
    if _integer(source) and _integer(target):
        if _width(source) > _width(target):
            return "arith.trunci"
        return "arith.extui" if unsigned else "arith.extsi"
    if _integer(source) and _float(target):
        return "arith.uitofp" if unsigned else "arith.sitofp"
    if _float(source) and _integer(target):
        return "arith.fptoui" if unsigned else "arith.fptosi"
    return None


def named_body(name: str, inputs: list[str], outputs: list[str], state: State) -> str | None:
    """The body of a named operation on these element types; None for a name that is not known here."""
    if len(outputs) != 1:
        return None
    out = outputs[0]
    arguments = [f"%implied_in{i}_" for i in range(len(inputs))] + ["%implied_out_"]
    types = inputs + outputs
    body = _Body()
    cast = next((e.value for e in state.attributes if e.key == "cast"), None)
    unsigned = cast is not None and "unsigned" in cast.text
    value = _value(body, name, inputs, out, arguments, unsigned, state)
    if value is None:
        return None
    head = ", ".join(f"{a}: {t}" for a, t in zip(arguments, types, strict=True))
    return "\n".join([f"^bb0({head}):", *body.lines, f'  "linalg.yield"({value}) : ({out}) -> ()'])


def _value(
    body: _Body, name: str, inputs: list[str], out: str, arguments: list[str], unsigned: bool, state: State
) -> str | None:
    if name == "elementwise":
        kind = state.properties.get("kind")
        name = "" if kind is None else kind.text.partition("<")[2].rstrip(">")
    if name in ("copy", "fill"):
        return body.cast(arguments[0], inputs[0], out, unsigned)
    if name == "select":
        return body.apply("arith.select", arguments[:3], inputs, out)
    if name in _UNARY or name in ("square", "reciprocal"):
        return _unary(body, name, inputs, out, arguments, unsigned)
    if name in _BINARY:
        operands = [body.cast(a, t, out, unsigned) for a, t in zip(arguments, inputs, strict=False)]
        if None in operands:
            return None
        return body.apply(_pick(_BINARY[name], out), [o for o in operands if o], [out, out], out)
    pooling = _POOLING.fullmatch(name)
    if pooling is not None:
        kind_ = "add" if pooling[1] == "sum" else pooling[1]
        value = body.cast(arguments[0], inputs[0], out, unsigned or "unsigned" in pooling[1])
        return value and body.apply(_pick(_BINARY[kind_], out), ["%implied_out_", value], [out, out], out)
    if name.endswith("_q") or name.startswith("quantized_"):
        return _quantized(body, inputs, out, arguments)
    if _CONTRACTIONS.fullmatch(name):
        lhs = body.cast(arguments[0], inputs[0], out, unsigned)
        rhs = body.cast(arguments[1], inputs[1], out, unsigned)
        if lhs is None or rhs is None:
            return None
        multiply, add = _pick(_BINARY["mul"], out), _pick(_BINARY["add"], out)
        product = body.apply(multiply, [lhs, rhs], [out, out], out)
        return body.apply(add, ["%implied_out_", product], [out, out], out)
    return None


def _quantized(body: _Body, inputs: list[str], out: str, arguments: list[str]) -> str | None:
    """``out + (lhs - lhs zero) * (rhs - rhs zero)``."""
    differences = []
    for value, zero in ((0, 2), (1, 3)):
        first = body.cast(arguments[value], inputs[value], out, False)
        second = body.cast(arguments[zero], inputs[zero], out, False)
        if first is None or second is None:
            return None
        differences.append(body.apply(_pick(_BINARY["sub"], out), [first, second], [out, out], out))
    product = body.apply(_pick(_BINARY["mul"], out), differences, [out, out], out)
    return body.apply(_pick(_BINARY["add"], out), ["%implied_out_", product], [out, out], out)


def _unary(
    body: _Body, name: str, inputs: list[str], out: str, arguments: list[str], unsigned: bool
) -> str | None:
    value = body.cast(arguments[0], inputs[0], out, unsigned)
    if value is None:
        return None
    if name == "square":
        return body.apply(_pick(_BINARY["mul"], out), [value, value], [out, out], out)
    if name == "reciprocal":
        one = f"%implied{len(body.lines)}_"
        body.lines.append(f'  {one} = "arith.constant"() <{{value = 1.0 : {out}}}> : () -> {out}')
        return body.apply("arith.divf", [one, value], [out, out], out)
    operation = "math.absi" if name == "abs" and not _float(out) else _UNARY[name]
    return body.apply(operation, [value], [out], out)


def _pick(names: tuple[str, str], type_: str) -> str:
    if type_ == "i1" and names[1] in _LOGICAL:
        return _LOGICAL[names[1]]
    if type_.startswith("complex<") and names[1].startswith("arith."):
        return "complex." + names[1].removeprefix("arith.")[:3]
    return names[0] if _float(type_) else names[1]


def applied_body(short: str, inputs: list[str], outputs: list[str], used: int, *, reverse: bool) -> str:
    """The body of the short form of map and reduce: one operation on the block's arguments."""
    types = inputs + outputs
    arguments = [f"%implied_in{i}_" for i in range(len(inputs))] + [
        f"%implied_out{i}_" for i in range(len(outputs))
    ]
    operands = list(zip(arguments, types, strict=True))[:used]
    if reverse:
        operands = operands[len(inputs) :] + operands[: len(inputs)]
    name, _, dictionary = short.partition(" ")
    names = ", ".join(a for a, _ in operands)
    operand_types = ", ".join(t for _, t in operands)
    results = ", ".join(outputs)
    head = ", ".join(f"{a}: {t}" for a, t in zip(arguments, types, strict=True))
    tail = f" {dictionary}" if dictionary else ""
    return (
        f"^bb0({head}):\n"
        f'  %implied_ = "{name}"({names}){tail} : ({operand_types}) -> ({results})\n'
        f'  "linalg.yield"(%implied_) : ({results}) -> ()'
    )
