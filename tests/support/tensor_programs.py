"""Modules on tensors with approximated functions, drawn from a seed, and configurations for them.

Every function is ``(%n: STATE, %x: tensor<4xi32>) -> tensor<4xi32>`` with exact arithmetic; STATE is ``i32`` or
``tensor<i32>``, as JAX has it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import approxir as ax

T = "tensor<4xi32>"


@dataclass
class Program:
    """The text of a module, and the functions in it that can be called."""

    text: str
    scalar: bool
    names: list[str] = field(default_factory=list)


def program(seed: int) -> Program:
    """A module with two or three approximated functions; later ones may call earlier ones."""
    rng = random.Random(seed)
    scalar = rng.random() < 0.5
    state = "i32" if scalar else "tensor<i32>"
    parts = ["module {\n", _state(state)]
    names: list[str] = []
    for name in ("f", "g", "h")[: rng.randint(2, 3)]:
        parts.append(_function(name, state, list(names), rng))
        names.append(name)
    return Program("".join([*parts, "}\n"]), scalar, names)


def configuration(module: ax.Module, rng: random.Random) -> dict[str, int]:
    """A configuration that the module, compiled live, takes: ascending thresholds and known decisions."""
    found: dict[str, int] = {}
    for knob in module.knobs():
        params = knob.read()
        thresholds = sorted(rng.sample(range(-10, 30), len(params.thresholds)))
        known = list(dict.fromkeys((*params.decision_values, *params.decisions)))
        found |= {f"{knob.name}_threshold_{at}": value for at, value in enumerate(thresholds)}
        found |= {f"{knob.name}_decision_{at}": rng.choice(known) for at in range(len(params.decisions))}
    return found


def _state(state: str) -> str:
    if state == "i32":
        body = "    %two = arith.constant 2 : i32\n    %r = arith.muli %n, %two : i32\n"
    else:
        body = "    %r = stablehlo.add %n, %n : tensor<i32>\n"
    return f"  func.func @state(%n: {state}) -> {state} {{\n{body}    return %r : {state}\n  }}\n"


def _function(name: str, state: str, earlier: list[str], rng: random.Random) -> str:
    kind = rng.choice(("loop_perforate", "task_skipping", "func_substitute"))
    values = {"loop_perforate": range(4), "task_skipping": (1, 2), "func_substitute": range(3)}[kind]
    count = rng.randint(0, 3)
    thresholds = sorted(rng.sample(range(-4, 20), count))
    decisions = [rng.choice(values) for _ in range(count + 1)]
    entries = [
        f'func_name = "{name}"', f'transform_type = "{kind}"', 'state_function = "state"',
        "state_indices = array<i64: 0>", f"thresholds = {_array(thresholds)}", f"decisions = {_array(decisions)}",
        f"decision_values = {_array(list(values))}", "thresholds_lower = " + _array([-10] * count),
        "thresholds_upper = " + _array([30] * count),
    ]  # fmt: skip
    found = f"  approx.util.annotation.decision_tree <{{{', '.join(entries)}}}>\n"
    signature = f"(%n: {state}, %x: {T}) -> {T}"
    if rng.random() < 0.4:
        found += f'  approx.util.annotation.try <{{func_name = "{name}", checker = "check_{name}", recover = "rescue_{name}"}}>\n'
        found += _contract(name, state, signature)
    body = {"loop_perforate": _loop, "task_skipping": _branch, "func_substitute": _plain}[kind](rng)
    call = ""
    if earlier and rng.random() < 0.6:
        call = f"    %c = func.call @{rng.choice(earlier)}(%n, %x) : ({state}, {T}) -> {T}\n"
        call += f"    %z = stablehlo.subtract %y, %c : {T}\n"
    result = "%z" if call else "%y"
    found += f"  func.func @{name}{signature} {{\n{body}{call}    return {result} : {T}\n  }}\n"
    if kind == "func_substitute":
        for value in values[1:]:
            found += (
                f"  func.func @approx_{name}_{value}{signature} {{\n{_plain(rng)}    return %y : {T}\n  }}\n"
            )
    return found


def _array(values: list[int]) -> str:
    return f"array<i32: {', '.join(map(str, values))}>" if values else "array<i32>"


def _constant(name: str, value: int, kind: str = T) -> str:
    return f"    %{name} = stablehlo.constant dense<{value}> : {kind}\n"


def _plain(rng: random.Random) -> str:
    op = rng.choice(("add", "multiply", "subtract", "maximum"))
    return _constant("k", rng.randint(-9, 9)) + f"    %y = stablehlo.{op} %x, %k : {T}\n"


def _loop(rng: random.Random) -> str:
    op = rng.choice(("add", "subtract"))
    return (
        _constant("zero", rng.randint(0, 2), "tensor<i32>")
        + _constant("one", 1, "tensor<i32>")
        + _constant("end", rng.randint(3, 9), "tensor<i32>")
        + f"""\
    %i_end, %y = stablehlo.while(%i = %zero, %a = %x) : tensor<i32>, {T}
    cond {{
      %go = stablehlo.compare LT, %i, %end : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %go : tensor<i1>
    }} do {{
      %b = stablehlo.broadcast_in_dim %i, dims = [] : (tensor<i32>) -> {T}
      %d = stablehlo.{op} %a, %b : {T}
      %j = stablehlo.add %i, %one : tensor<i32>
      stablehlo.return %j, %d : tensor<i32>, {T}
    }}
"""
    )


def _branch(rng: random.Random) -> str:
    first, second = rng.randint(-9, 9), rng.randint(-9, 9)
    return f"""\
    %s = stablehlo.slice %x [1:2] : ({T}) -> tensor<1xi32>
    %p = stablehlo.reshape %s : (tensor<1xi32>) -> tensor<i32>
    %limit = stablehlo.constant dense<{rng.randint(-3, 3)}> : tensor<i32>
    %q = stablehlo.compare LT, %p, %limit : (tensor<i32>, tensor<i32>) -> tensor<i1>
    %y = "stablehlo.if"(%q) ({{
      %k = stablehlo.constant dense<{first}> : {T}
      %r = stablehlo.multiply %x, %k : {T}
      stablehlo.return %r : {T}
    }}, {{
      %k = stablehlo.constant dense<{second}> : {T}
      %r = stablehlo.add %x, %k : {T}
      stablehlo.return %r : {T}
    }}) : (tensor<i1>) -> {T}
"""


def _contract(name: str, state: str, signature: str) -> str:
    return f"""\
  func.func @check_{name}(%r: {T}, %n: {state}, %x: {T}) -> tensor<i1> {{
    %s = stablehlo.slice %r [0:1] : ({T}) -> tensor<1xi32>
    %p = stablehlo.reshape %s : (tensor<1xi32>) -> tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %zero = stablehlo.constant dense<0> : tensor<i32>
    %b = stablehlo.and %p, %one : tensor<i32>
    %ok = stablehlo.compare EQ, %b, %zero : (tensor<i32>, tensor<i32>) -> tensor<i1>
    return %ok : tensor<i1>
  }}
  func.func @rescue_{name}{signature} {{
    %y = stablehlo.negate %x : {T}
    return %y : {T}
  }}
"""
