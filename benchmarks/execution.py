"""Running modules: generated code, calls, live parameters, compiling, and IREE.

    python benchmarks/execution.py
    python benchmarks/execution.py --write docs/benchmarks.md

The peers are the system's C compiler on the same kernels, ctypes by hand, compiling a module anew, and JAX.
"""

from __future__ import annotations

import argparse
import ctypes
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from running import HERE, ROOT, Row, machine, progress, tables, today, write_section

import approxir as ax

KERNELS = HERE / "kernels"
C_FLAGS = ("-O3", "-march=native", "-fPIC", "-shared")
EXAMPLE = ROOT / "examples" / "sum_of_squares.mlir"

Action = Callable[[], object]


def in_turns(
    actions: Mapping[str, Action], rounds: int, pick: Callable[[list[float]], float] = statistics.median
) -> dict[str, float]:
    """The median time of each action in seconds; they take turns, so that a slow minute meets all."""
    times: dict[str, list[float]] = {name: [] for name in actions}
    order = list(actions.items())
    for round_number in range(rounds + 2):
        for name, action in order if round_number % 2 else reversed(order):
            begun = time.perf_counter()
            action()
            if round_number > 1:
                times[name].append(time.perf_counter() - begun)
    return {name: pick(held) for name, held in times.items()}


def repeated(action: Action, count: int) -> Action:
    """An action as often as given, for what takes less than the clock can tell."""

    def run() -> None:
        for _ in range(count):
            action()

    return run


# ---- generated code


def arguments(scale: float) -> dict[str, tuple[Any, ...]]:
    """The arguments of each kernel; a call takes about a millisecond or more at a scale of 1."""
    rng = np.random.default_rng(0)

    def floats(*shape: int) -> Any:
        return rng.random(shape, dtype=np.float32)

    def size(full: int) -> int:
        return max(64, int(full * scale))

    long, side, rows = size(1 << 20), size(1024), size(40_000)
    small, points = size(256), size(20_000)
    starts = np.arange(0, (rows + 1) * 16, 16, dtype=np.int32)
    return {
        "saxpy": (4 * long, 2.0, floats(4 * long), floats(4 * long)),
        "dot": (long, rng.random(long), rng.random(long)),
        "count_above": (4 * long, rng.integers(0, 100, 4 * long, np.int32), 50),
        "matmul": (small, floats(small, small), floats(small, small), np.zeros((small, small), np.float32)),
        "jacobi": (side, floats(side, side), floats(side, side)),
        "histogram": (long, rng.integers(0, 256, long, np.int32), np.zeros(256, np.int32)),
        "potential": (4 * small, *(floats(4 * small) for _ in range(4))),
        "spmv": (
            rows,
            starts,
            rng.integers(0, rows, rows * 16, np.int32),
            rng.random(rows * 16),
            rng.random(rows),
            rng.random(rows),
        ),
        "exponential": (long, floats(long), floats(long)),
        "nearest": (points, 16, 16, floats(points, 16), floats(16, 16), np.zeros(points, np.int32)),
    }


def c_call(library: ctypes.CDLL, kernel: ax.Kernel, name: str, args: tuple[Any, ...]) -> Action:
    """A call of the C function with the same arguments, converted before."""
    function = library[name]
    signature = kernel[name].signature
    numbers = {"index": ctypes.c_int64, "i32": ctypes.c_int32, "f32": ctypes.c_float, "f64": ctypes.c_double}
    function.restype = numbers[str(signature.results[0])] if signature.results else None
    given = [
        value.ctypes.data_as(ctypes.c_void_p) if isinstance(value, np.ndarray) else numbers[str(kind)](value)
        for value, kind in zip(args, signature.inputs, strict=True)
    ]
    return lambda: function(*given)


def code_rows(scale: float, rounds: int) -> list[Row]:
    compiler = shutil.which("cc")
    if compiler is None:
        progress("no C compiler, so nothing to compare generated code with")
        return []
    kernel = ax.jit(ax.load(KERNELS / "kernels.mlir"))
    found = []
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder) / "kernels.so"
        subprocess.run([compiler, *C_FLAGS, str(KERNELS / "kernels.c"), "-o", str(built), "-lm"], check=True)
        library = ctypes.CDLL(str(built))
        for name, args in arguments(scale).items():
            function = kernel[name]
            call = c_call(library, kernel, name, args)
            actions: dict[str, Action] = {"C": call, "ours": lambda f=function, a=args: f(*a)}  # type: ignore[misc]
            times = in_turns(actions, rounds * 2, min)
            ratio = times["C"] / times["ours"]
            peer = f"cc {' '.join(C_FLAGS[:2])}"
            found.append(Row(CODE, name, "the same loops in C", peer, ratio, ("at least", 0.95)))
            progress(name)
    return found


# ---- calls and parameters

SMALL = """
func.func @first(%n: i64, %data: memref<?xf32>) -> f32 {
  %c0 = arith.constant 0 : index
  %x = memref.load %data[%c0] : memref<?xf32>
  return %x : f32
}
"""
SMALL_C = "#include <stdint.h>\nfloat first(int64_t n, const float *data) { return data[0]; }\n"


def call_rows(rounds: int) -> list[Row]:
    data = np.ones(100, np.float32)
    kernel, live = ax.jit(SMALL), ax.jit(ax.load(EXAMPLE), live=True)
    plain = ax.jit(ax.load(EXAMPLE))
    found = []
    compiler = shutil.which("cc")
    with tempfile.TemporaryDirectory() as folder:
        if compiler is not None:
            source, built = Path(folder) / "first.c", Path(folder) / "first.so"
            source.write_text(SMALL_C)
            subprocess.run([compiler, *C_FLAGS, str(source), "-o", str(built)], check=True)
            by_hand = ctypes.CDLL(str(built)).first
            by_hand.argtypes, by_hand.restype = [ctypes.c_int64, ctypes.c_void_p], ctypes.c_float
            checked = ctypes.CDLL(str(built)).first
            pointer = np.ctypeslib.ndpointer(np.float32, ndim=1, flags="C_CONTIGUOUS")
            checked.argtypes, checked.restype = [ctypes.c_int64, pointer], ctypes.c_float
            actions: dict[str, Action] = {
                "ours": lambda: kernel.first(1, data),
                "by hand": lambda: by_hand(1, data.ctypes.data),
                "checked": lambda: checked(1, data),
            }
            times = in_turns({name: repeated(action, 2000) for name, action in actions.items()}, rounds)
            what = "a call with a number and an array"
            unchecked = "ctypes by hand, nothing checked"
            found.append(Row(CALLS, what, "", unchecked, times["ours"] / times["by hand"]))
            peer = "ctypes by hand, NumPy's ndpointer"
            found.append(Row(CALLS, what, "", peer, times["ours"] / times["checked"]))
    actions = {
        "live": lambda: live.sum_of_squares(5, data),
        "plain": lambda: plain.sum_of_squares(5, data),
    }
    times = in_turns({name: repeated(action, 2000) for name, action in actions.items()}, rounds)
    ratio = times["live"] / times["plain"]
    found.append(Row(CALLS, "a call of a live kernel", "sum_of_squares", "one that is not live", ratio))
    progress("calls")
    return found


def live_rows(rounds: int) -> list[Row]:
    module = ax.load(EXAMPLE)
    live = ax.jit(module, live=True)
    limits = iter(range(1 << 30))

    def set_live() -> None:
        live.set({"sum_of_squares_threshold_0": next(limits) % 200 + 1})

    def compile_anew() -> None:
        module.apply({"sum_of_squares_threshold_0": next(limits) % 200 + 1})
        ax.jit(module)

    times = in_turns({"set": repeated(set_live, 1000), "anew": compile_anew}, rounds)
    ratio = times["anew"] / (times["set"] / 1000)
    progress("live")
    return [
        Row(LIVE, "kernel.set", "sum_of_squares", "apply, compile and JIT: how many times as long", ratio)
    ]


# ---- compiling


def stage_rows(rounds: int) -> list[Row]:
    """What share of `ax.jit` each stage takes."""
    from approxir.codegen.llvm.bindings import Bindings
    from approxir.codegen.llvm.lowering import export
    from approxir.codegen.prepare import prepare

    found = []
    bindings = Bindings()
    for name, text in (
        ("sum_of_squares", EXAMPLE.read_text(encoding="utf-8")),
        ("ten kernels", (KERNELS / "kernels.mlir").read_text(encoding="utf-8")),
    ):
        module = ax.parse(text)
        exported = export(module)
        lowered = bindings.lowered(exported.text, exported.passes, exported.module)
        symbol = next(iter(exported.interface.functions.values())).symbol

        def engine(level: int, lowered: Any = lowered, symbol: str = symbol) -> Action:
            return lambda: bindings.engine(lowered, level).raw_lookup(symbol)

        actions: dict[str, Action] = {
            "whole": lambda module=module: ax.jit(module),  # type: ignore[misc]
            "lower approximations": lambda module=module: prepare(module),  # type: ignore[misc]
            "with the interface": lambda module=module: export(module),  # type: ignore[misc]
            "MLIR's passes": lambda e=exported: bindings.lowered(e.text, e.passes, e.module),  # type: ignore[misc]
            "LLVM at -O3": engine(3),
            "LLVM at -O0": engine(0),
        }
        times = in_turns(actions, rounds)
        times["interface"] = times.pop("with the interface") - times["lower approximations"]
        for stage in ("lower approximations", "interface", "MLIR's passes", "LLVM at -O3", "LLVM at -O0"):
            found.append(Row(STAGES, stage, name, "all of ax.jit", times[stage] / times["whole"]))
        progress(f"stages of {name}")
    return found


# ---- JAX's programs


def jax_rows(rounds: int) -> list[Row]:
    import jax
    import jax.numpy as jnp

    rng = np.random.default_rng(1)

    def floats(*shape: int) -> Any:
        return rng.standard_normal(shape).astype(np.float32)

    def mlp(x: Any, w: Any, v: Any) -> Any:
        return jax.nn.gelu(x @ w) @ v

    def attention(q: Any, k: Any, v: Any) -> Any:
        return jax.nn.softmax(q @ k.T / np.sqrt(q.shape[-1])) @ v

    def normalize(x: Any) -> Any:
        return (x - x.mean(-1, keepdims=True)) / jnp.sqrt(x.var(-1, keepdims=True) + 1e-5)

    programs: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
        "matmul 512": (lambda a, b: a @ b, (floats(512, 512), floats(512, 512))),
        "attention 512x64": (attention, tuple(floats(512, 64) for _ in range(3))),
        "two layers, 128x512x2048": (mlp, (floats(128, 512), floats(512, 2048), floats(2048, 512))),
        "layer norm 4096x256": (normalize, (floats(4096, 256),)),
    }
    found = []
    for name, (function, args) in programs.items():
        lowered = jax.jit(function).lower(*args)
        text = lowered.as_text()
        compiled = lowered.compile()
        iree = ax.iree(text, cache=False).main
        native = ax.jit(text).main
        on_device = [jnp.asarray(arg) for arg in args]
        actions: dict[str, Action] = {
            "jax": lambda c=compiled, a=on_device: c(*a).block_until_ready(),  # type: ignore[misc]
            "iree": lambda f=iree, a=args: f(*a),  # type: ignore[misc]
            "llvm": lambda f=native, a=args: f(*a),  # type: ignore[misc]
        }
        times = in_turns(actions, rounds)
        for engine in ("iree", "llvm"):
            ratio = times[engine] / times["jax"]
            found.append(Row(JAX, f"ax.{'iree' if engine == 'iree' else 'jit'}", name, "jax.jit", ratio))
        progress(name)
    return found


CODE = "Speed of kernels over that of C"
CALLS = "Time of a call"
LIVE = "Changing a parameter"
STAGES = "Shares of compiling"
JAX = "Time over that of JAX, on the CPU"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the size, fewer runs")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the tables in this file, too")
    parser.add_argument("--only", choices=["code", "calls", "live", "stages", "jax"], help="just one of them")
    options = parser.parse_args()
    scale, rounds = (0.1, 3) if options.quick else (1.0, 21)
    parts: dict[str, Callable[[], list[Row]]] = {
        "code": lambda: code_rows(scale, rounds),
        "calls": lambda: call_rows(rounds),
        "live": lambda: live_rows(rounds),
        "stages": lambda: stage_rows(rounds),
        "jax": lambda: jax_rows(rounds),
    }
    rows = [row for name, part in parts.items() if options.only in (None, name) for row in part()]
    body = f"""## Running

Measured {today()} by `benchmarks/execution.py` on {machine()}.

Ratios of medians of {rounds} runs in turns, for kernels of the fastest of {rounds * 2}. Kernels are called
with arrays that are ready; what a call costs (second table) is part of their time. Sums of floating-point
numbers are added in order, by C as well; in `nearest` gcc vectorizes what is added up, LLVM does not. JAX
gets arrays that are on its device already, the others NumPy's.

{tables(rows)}
"""
    print(body, end="")
    if options.write is not None:
        write_section(options.write, "execution", body)
    return 0


if __name__ == "__main__":
    sys.exit(main())
