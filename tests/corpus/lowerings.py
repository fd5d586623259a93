"""The JAX programs lowered by real MLIR, stopped at every stage, printed in every style.

    for text in lowerings():
        print(text.program, text.stage, text.style, len(text.mlir))

The stages go from StableHLO to the LLVM dialect the way torch-mlir can; each takes the text of the one it
is built on. A program that a stage refuses (sorts, custom calls, fp8 ...) ends there, and its other branches
go on. Without iree-opt, programs with control flow end at the start, for torch-mlir cannot lower it.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .jax_programs import PROGRAMS, STYLES, Style
from .tools import TIMEOUT_SECONDS, TORCH_MLIR_SCRIPT, tool


class Lowered(NamedTuple):
    """The MLIR text of one program at one stage in one style."""

    program: str
    stage: str
    style: Style
    mlir: str


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of the lowering: the tool, the passes, and the stage whose text it takes."""

    name: str
    after: str
    passes: str
    """A pass pipeline without its `builtin.module(...)`."""
    tool: str = "torch-mlir"


_BUFFERIZE = (
    "empty-tensor-to-alloc-tensor, one-shot-bufferize{bufferize-function-boundaries=true"
    " function-boundary-type-conversion=identity-layout-map allow-return-allocs-from-loops=true},"
    " buffer-results-to-out-params{modify-public-functions=true}, canonicalize, cse"
)
_TO_LLVM = (
    "expand-strided-metadata, lower-affine, convert-vector-to-llvm, convert-complex-to-standard,"
    " convert-math-to-llvm, convert-math-to-libm, convert-complex-to-llvm, convert-index-to-llvm,"
    " convert-arith-to-llvm, finalize-memref-to-llvm, convert-func-to-llvm, convert-cf-to-llvm,"
    " convert-ub-to-llvm, reconcile-unrealized-casts"
)

STAGES: tuple[Stage, ...] = (
    Stage(
        "control-flow",
        "stablehlo",
        "func.func(chlo-legalize-to-stablehlo, iree-stablehlo-legalize-control-flow)",
        tool="iree-opt",
    ),
    Stage("iree-input", "control-flow", "iree-stablehlo-to-iree-input", tool="iree-opt"),
    Stage(
        "linalg",
        "control-flow",
        "inline, stablehlo-convert-to-signless, stablehlo-legalize-to-linalg, canonicalize, cse",
        tool="torch-mlir-opt",
    ),
    Stage("fused", "linalg", "linalg-fuse-elementwise-ops, canonicalize, cse"),
    Stage("named", "linalg", "linalg-specialize-generic-ops"),
    Stage("memref", "linalg", _BUFFERIZE),
    Stage("scf", "memref", "func.func(convert-linalg-to-loops), canonicalize"),
    Stage("parallel", "memref", "func.func(convert-linalg-to-parallel-loops)"),
    Stage("affine", "memref", "func.func(convert-linalg-to-affine-loops)"),
    Stage("tiled", "affine", "func.func(affine-loop-tile{tile-size=4}, affine-loop-unroll{unroll-factor=2})"),
    Stage("vector", "affine", "func.func(affine-super-vectorize{virtual-vector-size=8})"),
    Stage("openmp", "parallel", "convert-scf-to-openmp"),
    Stage("cf", "scf", "expand-strided-metadata, lower-affine, convert-scf-to-cf"),
    Stage("llvm", "cf", _TO_LLVM),
)
"""`stablehlo` is the text from JAX itself."""


_STYLE_OPTIONS: dict[Style, tuple[str, ...]] = {
    "pretty": (),
    "debug": ("--mlir-print-debuginfo",),
    "generic": ("--mlir-print-op-generic",),
    "generic-debug": ("--mlir-print-op-generic", "--mlir-print-debuginfo"),
}


def run_passes(name: str, passes: str, text: str, style: Style = "pretty") -> str | None:
    """The text after the passes, or None when the tool is not installed or refuses the text or the passes."""
    program = tool(name)
    if program is None:
        return None
    pipeline = f"builtin.module({passes})"
    command: tuple[str, ...]
    if name == "torch-mlir":
        command = (sys.executable, "-c", TORCH_MLIR_SCRIPT, style, pipeline)
    else:
        options = (f"--pass-pipeline={pipeline}", "--allow-unregistered-dialect", *_STYLE_OPTIONS[style])
        command = (program.generic[0], *options, "-")
    try:
        done = subprocess.run(
            command, input=text.encode(), capture_output=True, timeout=TIMEOUT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    return done.stdout.decode() if done.returncode == 0 else None


def stages_of(stablehlo: str) -> dict[str, tuple[str, str]]:
    """For every stage that works on this module: the tool that made the text, and the text with locations."""
    done: dict[str, tuple[str, str]] = {"stablehlo": ("", stablehlo)}
    for stage in STAGES:
        if stage.after == "control-flow" and "control-flow" not in done:
            done["control-flow"] = done["stablehlo"]
        if before := done.get(stage.after):
            after = run_passes(stage.tool, stage.passes, before[1], "debug")
            if after is not None:
                done[stage.name] = stage.tool, after
    return {name: made for name, made in done.items() if made[0]}


def lowerings(
    styles: Sequence[Style] = STYLES, names: Sequence[str] | None = None, seed: int = 0
) -> Iterator[Lowered]:
    """Every program (or only those named) at every stage it reaches, in every style asked for."""
    for program in PROGRAMS:
        if names is not None and program.name not in names:
            continue
        made = stages_of(program.text("debug", seed))
        for (stage, (maker, text)), style in itertools.product(made.items(), styles):
            printed = text if style == "debug" else run_passes(maker, "", text, style)
            if printed is not None:
                yield Lowered(program.name, stage, style, printed)
