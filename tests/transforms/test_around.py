"""Transforms around others find what people wrote, not what the inner ones made."""

from __future__ import annotations

import numpy as np
import pytest

import approxir as ax
from approxir.interp import Interpreter, InterpreterError
from approxir.passes.base import PassError
from approxir.passes.pipeline import FUNC_SUBSTITUTE_PIPELINE, run_pipeline
from approxir.testing import Call, check_same_semantics

MODULE = """\
module {
  memref.global "private" @seen : memref<i32> = dense<0>
  OUTER
  func.func @f(%n: index, %b: i1, %m: memref<8xi32>) -> (f32, f32) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %x = arith.constant 3.25 : f32
    %r = approx.knob(%n) <{id = 1 : i32}> ({
      approx.transform <{INNER}>
      %s = scf.for %i = %c0 to %n step %c1 iter_args(%t = %x) -> (f32) {
        %one = arith.constant 1 : i32
        %old = memref.load %m[%i] : memref<8xi32>
        %new = arith.addi %old, %one : i32
        memref.store %new, %m[%i] : memref<8xi32>
        %u = arith.addf %t, %x : f32
        scf.yield %u : f32
      }
      approx.yield %s : f32
    }) : (index) -> f32
    %z = scf.if %b -> (f32) {
      scf.yield %x : f32
    } else {
      scf.yield %r : f32
    }
    return %r, %z : f32, f32
  }
}
"""
OUTERS = (
    'transform_type = "loop_perforate", knob_val = 3 : i32',
    'transform_type = "loop_perforate", knob_val = 2 : i32, transform_options = {scheme = "skip"}',
    'transform_type = "loop_perforate", knob_val = 2 : i32, transform_options = {loop = 0 : i32}',
    'transform_type = "loop_perforate", knob_val = 2 : i32, transform_options = {rescale}',
    'transform_type = "task_skipping", knob_val = 1 : i32',
    'transform_type = "task_skipping", knob_val = 2 : i32',
)
INNERS = (
    'scheme = "random", seed = 7 : i32',
    'scheme = "random", rescale = true',
    'scheme = "skip"',
    'scheme = "truncate", rescale = true',
    'scheme = "stride"',
)


@pytest.mark.parametrize("outer", OUTERS)
@pytest.mark.parametrize("inner", INNERS)
@pytest.mark.parametrize("several_blocks", [False, True])
def test_what_inner_transforms_made_is_no_loop_or_branch(
    outer: str, inner: str, several_blocks: bool
) -> None:
    held = f'transform_type = "loop_perforate", knob_val = 3 : i32, transform_options = {{{inner}}}'
    annotation = f'approx.util.annotation.transform <{{func_name = "f", {outer}}}>'
    text = MODULE.replace("OUTER", annotation).replace("INNER", held)
    if several_blocks:
        # Its body is put into a function of its own then.
        text = text.replace("    return %r", "    cf.br ^end\n  ^end:\n    return %r")
    module = ax.parse(text)
    if "rescale" in inner + outer and "loop_perforate" in outer:
        message = "the sums of a loop that two transforms perforate cannot be rescaled"
        with pytest.raises(PassError, match=message):
            run_pipeline(module, FUNC_SUBSTITUTE_PIPELINE)
        with pytest.raises(InterpreterError, match=message):
            Interpreter(ax.parse(text)).call("f", 7, False, np.zeros(8, np.int32))
        return
    run_pipeline(module, FUNC_SUBSTITUTE_PIPELINE)
    calls = [Call("f", (n, flag, np.zeros(8, np.int32))) for n in (0, 1, 7, 8) for flag in (False, True)]
    assert check_same_semantics(text, module, calls) == "compared"
