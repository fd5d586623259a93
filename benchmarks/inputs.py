"""The texts that are measured, made by script: the same arguments give the same text.

Two kinds of programs stand behind them. The transformer is written in JAX and printed by the real MLIR
in jaxlib, so that nobody here chose how it is spelled. The kernels (loops over memrefs) are drawn from a
seed and spelled here, in the dialects that every MLIR has. Big modules repeat either, each time under
other names of functions, so that the module stays valid.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from typing import Any

MB = 1_000_000
ANNOTATION = "approx.util.annotation.decision_tree"

_SYMBOL = re.compile(r'@(?P<use>[A-Za-z_]\w*)|sym_name = "(?P<definition>[^"]+)"')


def transformer(layers: int, *, generic: bool, width: int = 64, tokens: int = 32) -> str:
    """A transformer's forward pass as JAX lowers it, in MLIR's generic or custom form."""
    import jax
    import jax.numpy as jnp

    def forward(x: Any, weights: Any) -> Any:
        for query, key, value, up, down in weights:
            attention = jax.nn.softmax((x @ query) @ (x @ key).T / 8.0, axis=-1)
            x = x + attention @ (x @ value)
            x = x + jnp.tanh(x @ up) @ down
            x = x * jax.lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + 1e-5)
        return x

    def shape(*sizes: int) -> Any:
        make: Any = jax.ShapeDtypeStruct
        return make(sizes, jnp.float32)

    layer = (*[shape(width, width)] * 3, shape(width, 4 * width), shape(4 * width, width))
    lowered = jax.jit(forward).lower(shape(tokens, width), [layer] * layers)
    module: Any = lowered.compiler_ir("stablehlo")
    return str(module.operation.get_asm(print_generic_op_form=generic))


def repeated_transformer(size: int, *, generic: bool) -> str:
    """A module of at least `size` characters with many transformers of two layers."""
    lines = transformer(2, generic=generic).rstrip().split("\n")
    head, body, tail = lines[0], "\n".join(lines[1:-1]), lines[-1]

    def copy(number: int) -> str:
        def rename(match: re.Match[str]) -> str:
            if match["use"]:
                return f"@{match['use']}_{number}"
            return f'sym_name = "{match["definition"]}_{number}"'

        return _SYMBOL.sub(rename, body)

    return _fill(head, tail, copy, size)


def repeated_kernels(size: int, *, seed: int = 1) -> str:
    """A module of at least `size` characters with many functions of arith, scf and memref, in custom form."""
    rng = random.Random(seed)
    return _fill("module {", "}", lambda number: kernel(rng, f"kernel_{number}"), size)


def kernel_module(count: int, *, seed: int = 1) -> str:
    """A module of `count` such functions."""
    rng = random.Random(seed)
    return "\n".join(["module {", *(kernel(rng, f"kernel_{number}") for number in range(count)), "}", ""])


def annotated_kernels(size: int, *, generic: bool, seed: int = 1) -> str:
    """Such a module in which one function, in the middle, is annotated with a decision tree.

    Its thresholds are ``100, 500`` and nowhere else in the text. `generic` spells the annotation in
    MLIR's generic form, as the C++ tools do, else in the custom one. A comment and a string that
    look like the annotation stand in the module too: an edit must leave them alone.
    """
    rng = random.Random(seed)
    kernels: list[str] = []
    middle = -1
    length = 0
    while length < size:
        kernels.append(kernel(rng, f"kernel_{len(kernels)}"))
        length += len(kernels[-1]) + 1
        if middle < 0 and length >= size / 2:
            middle = len(kernels)
            kernels.append(_annotation(f"kernel_{middle + 1}", generic))
    return "\n".join(["module {", *kernels, "}", ""])


def kernel(rng: random.Random, name: str) -> str:
    """A function of about a kilobyte: two nested loops around arithmetic drawn from `rng`."""
    lines = [
        f"  func.func @{name}(%n: index, %a: memref<?x?xf32>, %b: memref<?xf32>) -> f32 {{",
        "    %c0 = arith.constant 0 : index",
        "    %c1 = arith.constant 1 : index",
        f"    %start = arith.constant {rng.randrange(1, 1000)}.500000e+00 : f32",
        "    %sum = scf.for %i = %c0 to %n step %c1 iter_args(%outer = %start) -> (f32) {",
        "      %x = memref.load %b[%i] : memref<?xf32>",
        "      %inner = scf.for %j = %c0 to %n step %c1 iter_args(%partial = %outer) -> (f32) {",
        "        %0 = memref.load %a[%i, %j] : memref<?x?xf32>",
    ]
    count = rng.randrange(4, 10)
    for number in range(1, count):
        operation = rng.choice(("addf", "mulf", "subf", "maximumf"))
        other = rng.choice(("x", "partial", str(rng.randrange(number))))
        lines.append(f"        %{number} = arith.{operation} %{number - 1}, %{other} : f32")
    lines += [
        f"        scf.yield %{count - 1} : f32",
        "      }",
        f"      // Row %i is done; kernel {name}.",
        "      memref.store %inner, %b[%i] : memref<?xf32>",
        "      scf.yield %inner : f32",
        "    }",
        "    return %sum : f32",
        "  }",
    ]
    return "\n".join(lines)


def _annotation(function: str, generic: bool) -> str:
    lines = [
        f"  // {ANNOTATION} follows.",
        f'  func.func private @note() attributes {{text = "{ANNOTATION}() <{{"}}',
        f'  "{ANNOTATION}"() <{{' if generic else f"  {ANNOTATION} {{",
        f'    func_name = "{function}", transform_type = "loop_perforate", state_indices = array<i64: 0>,',
        "    num_thresholds = 2 : i32, thresholds = array<i32: 100, 500>,",
        "    thresholds_lowers = array<i32: 0, 100>, thresholds_uppers = array<i32: 500, 1000>,",
        "    decisions = array<i32: 0, 2, 3>, decision_values = array<i32: 0, 1, 2, 3, 4>",
        "  }> : () -> ()" if generic else "  }",
    ]
    return "\n".join(lines)


def _fill(head: str, tail: str, copy: Callable[[int], str], size: int) -> str:
    parts = [head]
    length = 0
    while length < size:
        parts.append(copy(len(parts)))
        length += len(parts[-1]) + 1
    return "\n".join([*parts, tail, ""])


# Inputs that grow in one respect.


def operations(count: int) -> str:
    """Operations of one line each."""
    return "".join(_lines(count))


def _lines(count: int) -> Iterator[str]:
    yield "%0 = arith.constant 1 : i32\n"
    for number in range(1, count):
        yield f"%{number} = arith.addi %{number - 1}, %0 : i32\n"


def nested_regions(depth: int) -> str:
    """Regions in regions, in generic form."""
    return '"a.b"() ({\n' * depth + "}) : () -> ()\n" * depth


def nested_brackets(depth: int) -> str:
    """An attribute with brackets in brackets."""
    return '"a.b"() {value = ' + "[" * depth + "]" * depth + "} : () -> ()\n"


def long_line(size: int) -> str:
    """One operation on one line of about `size` characters, with an array of numbers."""
    return '"a.b"() {value = [' + ", ".join(["123456"] * (size // 8)) + "]} : () -> ()\n"


def hex_blob(size: int) -> str:
    """A constant of `size` hexadecimal digits."""
    data = '"0x' + "0123456789ABCDEF" * (size // 16) + '"'
    return f"%0 = arith.constant dense<{data}> : tensor<{size // 8}xi32>\n"
