"""Whose memory functions return, and which arguments they may write to, as their operations tell."""

from __future__ import annotations

import pytest

import approxir as ax
from approxir.codegen.llvm.ownership import (
    ALLOCATED,
    EXTERNAL,
    GIVEN,
    GLOBAL,
    STACK,
    UNKNOWN,
    Ownership,
)
from approxir.passes.functions import Functions

M = "memref<?xf32>"


def ownership(text: str) -> tuple[Ownership, ax.Module]:
    return Ownership(Functions()), ax.parse(text)


WRITES = f"""
func.func @reads(%m: {M}, %i: index) -> f32 {{
  %v = memref.subview %m[1] [2] [1] : {M} to memref<2xf32, strided<[1], offset: 1>>
  %x = memref.load %v[%i] : memref<2xf32, strided<[1], offset: 1>>
  %n = memref.dim %m, %i : {M}
  return %x : f32
}}
func.func @stores(%m: {M}, %i: index, %x: f32) {{
  %v = memref.cast %m : {M} to memref<4xf32>
  memref.store %x, %v[%i] : memref<4xf32>
  return
}}
func.func @copies(%m: {M}, %other: {M}) {{
  memref.copy %m, %other : {M} to {M}
  return
}}
func.func @swaps(%n: index, %a: {M}, %b: {M}, %x: f32) {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r:2 = scf.for %i = %c0 to %n step %c1 iter_args(%p = %a, %q = %b) -> ({M}, {M}) {{
    scf.yield %q, %p : {M}, {M}
  }}
  memref.store %x, %r#0[%c0] : {M}
  return
}}
func.func @branches(%m: {M}, %x: f32, %c: i1) {{
  %c0 = arith.constant 0 : index
  cf.cond_br %c, ^a(%m : {M}), ^b
^a(%k: {M}):
  memref.store %x, %k[%c0] : {M}
  cf.br ^b
^b:
  return
}}
func.func @one(%m: {M}, %x: f32) {{
  func.call @two(%m, %x) : ({M}, f32) -> ()
  %c0 = arith.constant 0 : index
  memref.store %x, %m[%c0] : {M}
  return
}}
func.func @two(%m: {M}, %x: f32) {{
  func.call @one(%m, %x) : ({M}, f32) -> ()
  return
}}
func.func private @declared({M})
func.func @calls(%m: {M}) {{
  func.call @declared(%m) : ({M}) -> ()
  return
}}
func.func @unknown(%m: {M}) {{
  "some.thing"(%m) : ({M}) -> ()
  return
}}
func.func @passes(%m: {M}) -> {M} {{
  return %m : {M}
}}
func.func @forever(%m: {M}) {{
  func.call @forever(%m) : ({M}) -> ()
  return
}}
"""


@pytest.mark.parametrize("order", [1, -1])
def test_what_is_written_to(order: int) -> None:
    """Whatever is asked first."""
    wanted = {
        ("reads", 0): False,
        ("stores", 0): True,
        ("copies", 0): False,
        ("copies", 1): True,
        ("swaps", 1): True,
        ("swaps", 2): True,
        ("branches", 0): True,
        ("one", 0): True,
        ("two", 0): True,
        ("declared", 0): True,
        ("calls", 0): True,
        ("unknown", 0): True,
        ("passes", 0): False,
        ("forever", 0): False,
    }
    held, module = ownership(WRITES)
    found = {key: held.writes(module.symbols[key[0]], key[1]) for key in list(wanted)[::order]}
    assert found == wanted


ORIGINS = f"""
memref.global "private" @g : memref<2xf32> = dense<0.0>
func.func private @declared() -> {M}
func.func @allocates(%n: index) -> {M} {{
  %m = memref.alloc(%n) : {M}
  return %m : {M}
}}
func.func @given(%m: {M}) -> {M} {{
  %r = func.call @itself(%m) : ({M}) -> {M}
  return %r : {M}
}}
func.func @itself(%m: {M}) -> {M} {{
  return %m : {M}
}}
func.func @global() -> {M} {{
  %m = memref.get_global @g : memref<2xf32>
  %r = memref.cast %m : memref<2xf32> to {M}
  return %r : {M}
}}
func.func @external() -> {M} {{
  %r = func.call @declared() : () -> {M}
  return %r : {M}
}}
func.func @stack(%c: i1, %m: {M}) -> {M} {{
  %r = scf.if %c -> ({M}) {{
    %a = memref.alloca() : memref<2xf32>
    %b = memref.cast %a : memref<2xf32> to {M}
    scf.yield %b : {M}
  }} else {{
    scf.yield %m : {M}
  }}
  return %r : {M}
}}
func.func @unknown() -> {M} {{
  %r = "some.thing"() : () -> {M}
  return %r : {M}
}}
func.func @loop(%n: index, %m: {M}) -> {M} {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %m) -> ({M}) {{
    %new = memref.alloc(%n) : {M}
    scf.yield %new : {M}
  }}
  return %r : {M}
}}
func.func @kept(%n: index, %where: memref<1x{M}>) -> {M} {{
  %c0 = arith.constant 0 : index
  %m = memref.alloc(%n) : {M}
  memref.store %m, %where[%c0] : memref<1x{M}>
  return %m : {M}
}}
func.func @recursive(%n: index, %c: i1) -> {M} {{
  %r = scf.if %c -> ({M}) {{
    %a = func.call @recursive(%n, %c) : (index, i1) -> {M}
    scf.yield %a : {M}
  }} else {{
    %b = memref.alloc(%n) : {M}
    scf.yield %b : {M}
  }}
  return %r : {M}
}}
"""


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("allocates", {ALLOCATED}),
        ("given", {GIVEN}),
        ("itself", {GIVEN}),
        ("global", {GLOBAL}),
        ("external", {EXTERNAL}),
        ("stack", {STACK, GIVEN}),
        ("unknown", {UNKNOWN}),
        ("loop", {ALLOCATED, GIVEN}),
        ("kept", {UNKNOWN}),
        ("recursive", {ALLOCATED}),
    ],
)
def test_where_memory_comes_from(name: str, wanted: set[str]) -> None:
    held, module = ownership(ORIGINS)
    assert held.origins(module.symbols[name], 0) == wanted
