"""What all back ends share: the table of them, timing, locks, inputs, signatures, and places of errors."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest

import approxir as ax
from approxir.codegen import backend
from approxir.codegen.backend import UnknownBackendError
from approxir.codegen.inputs import InputError, parse_input, parse_inputs
from approxir.codegen.live import SharedLock
from approxir.codegen.prepare import placed_in_source, prepare
from approxir.codegen.signature import public_functions, signature_of
from approxir.codegen.timing import Timing, duration, measure
from approxir.errors import Diagnostic, IRError

# ---- back ends


def test_every_back_end_describes_itself() -> None:
    for info in backend.describe():
        assert info.name in backend.BACKENDS
        assert info.available or info.reason
        assert not info.available or (info.version and info.targets)


def test_unknown_back_ends() -> None:
    with pytest.raises(UnknownBackendError, match="did you mean 'iree'"):
        backend.get("ireee")
    with pytest.raises(LookupError, match="there are: llvm, "):
        backend.get("gcc")


# ---- timing


def test_timing_counts_calls() -> None:
    calls = []
    timing = measure(lambda: calls.append(1), repeat=5, warmup=2, number=3)
    assert (len(timing.samples), timing.number, len(calls)) == (5, 3, 2 + 5 * 3)
    assert timing.minimum <= timing.median <= timing.maximum
    assert timing.minimum <= timing.mean <= timing.maximum


def test_short_calls_are_repeated_and_long_ones_are_not() -> None:
    assert measure(lambda: None, repeat=1).number > 100
    assert measure(lambda: time.sleep(0.002), repeat=1, warmup=0).number == 1


def test_quantiles() -> None:
    timing = Timing((4.0, 1.0, 2.0, 3.0))
    assert [timing.quantile(f) for f in (0, 1 / 3, 0.5, 1)] == [1, 2, 2.5, 4]
    assert "median 2.5 s, min 1 s" in str(timing)
    with pytest.raises(ValueError, match="from 0 to 1"):
        timing.quantile(1.5)


@pytest.mark.parametrize(
    ("seconds", "shown"), [(2, "2 s"), (0.00125, "1.25 ms"), (3.2e-6, "3.2 us"), (5e-9, "5 ns"), (0, "0 ns")]
)
def test_durations(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


@pytest.mark.parametrize("options", [{"repeat": 0}, {"warmup": -1}, {"number": 0}])
def test_timing_needs_numbers_that_make_sense(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least"):
        measure(lambda: None, **options)


# ---- locks

TOKEN = "whoever shares it"


def test_a_shared_lock_keeps_out_whoever_wants_it_alone() -> None:
    lock = SharedLock()
    events: list[str] = []

    def alone() -> None:
        with lock.exclusive():
            events.append("alone")

    lock.acquire_shared(TOKEN)
    lock.acquire_shared(TOKEN)
    thread = threading.Thread(target=alone)
    thread.start()
    time.sleep(0.05)
    # Who shares it already gets it again, though somebody waits.
    lock.acquire_shared(TOKEN)
    for _ in range(3):
        assert events == []
        lock.release_shared(TOKEN)
    thread.join()
    assert events == ["alone"]
    lock.acquire_shared(TOKEN)
    with pytest.raises(IRError, match="during a call"), lock.exclusive():
        pass
    lock.release_shared(TOKEN)


def test_a_lock_held_alone_keeps_out_whoever_shares() -> None:
    lock = SharedLock()
    events: list[str] = []

    def share() -> None:
        lock.acquire_shared(TOKEN)
        events.append("shared")
        lock.release_shared(TOKEN)

    with lock.exclusive():
        thread = threading.Thread(target=share)
        thread.start()
        time.sleep(0.05)
        assert events == []
    thread.join()
    assert events == ["shared"]


def test_many_threads_and_one_lock() -> None:
    lock = SharedLock()
    inside = {"shared": 0, "alone": 0}
    wrong: list[dict[str, int]] = []

    def share() -> None:
        for _ in range(200):
            lock.acquire_shared(TOKEN)
            if inside["alone"]:
                wrong.append(dict(inside))
            lock.release_shared(TOKEN)

    def alone() -> None:
        for _ in range(100):
            with lock.exclusive():
                inside["alone"] += 1
                if inside["alone"] != 1:
                    wrong.append(dict(inside))
                inside["alone"] -= 1

    threads = [threading.Thread(target=work) for work in (share, share, share, alone, alone)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# ---- signatures and inputs


def test_signatures_show_names_and_types() -> None:
    module = ax.parse("""
    !t = memref<?xf32>
    func.func @f(%n: i32, %data: !t, %0: f32, %arg3: index) -> (i32, !t) { return %n, %data : i32, !t }
    func.func @g() { return }
    func.func @h(%x: f32) -> f32 { return %x : f32 }
    func.func private @hidden() { return }
    func.func private @declared(i32)""")
    found = {name: str(signature_of(op)) for name, op in public_functions(module).items()}
    assert found == {
        "f": "f(n: i32, data: memref<?xf32>, f32, index) -> (i32, memref<?xf32>)",
        "g": "g()",
        "h": "h(x: f32) -> f32",
    }


def test_inputs_as_text() -> None:
    module = ax.parse("func.func @f(%n: i8, %t: tensor<?xf16>, %m: memref<2xi1>) { return }")
    signature = signature_of(public_functions(module)["f"])
    number, halves, bits = parse_inputs(["-0b11", "ones:3", "random"], signature)
    assert number == -3
    assert (halves.dtype, halves.tolist()) == (np.float16, [1, 1, 1])
    assert (bits.dtype, bits.shape) == (np.bool_, (2,))
    with pytest.raises(ax.ArgumentError, match="takes 3 arguments, 1 was given"):
        parse_inputs(["1"], signature)
    with pytest.raises(InputError, match=r"argument 2 \(t\) of f: say which shape"):
        parse_inputs(["1", "random", "random"], signature)


def test_random_inputs_depend_on_the_seed_alone() -> None:
    kind = ax.parse_type("tensor<?xi64>")
    first, again, other = (parse_input(f"random:100::{seed}", kind, "x") for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.min() >= 0
    assert first.max() < 100


# ---- preparing


def test_diagnostics_are_placed_where_code_was_made_for() -> None:
    text = """module {
  approx.util.annotation.transform <{func_name = "f", transform_type = "loop_perforate", knob_val = 2 : i32}>
  func.func @f(%n: index) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    scf.for %i = %c0 to %n step %c1 {
      "a.b"(%i) : (index) -> ()
    }
    return
  }
}
"""
    prepared = prepare(ax.parse(text, file="in.mlir"))
    printed = str(prepared.module)
    assert printed != text
    offset = printed.index('"a.b"')
    (found,) = placed_in_source([Diagnostic("wrong", offset=offset)], printed, prepared.module)
    assert (found.file, found.line, found.column) == ("in.mlir", 7, 7)
    # The loop's new step was made for nothing in particular: it stands in the function.
    (found,) = placed_in_source(
        [Diagnostic("wrong", offset=printed.index("2 : index"))], printed, prepared.module
    )
    assert (found.file, found.line, found.column) == ("in.mlir", 3, 3)


def test_inputs_of_types_that_nobody_spells() -> None:
    with pytest.raises(InputError, match="cannot be spelled"):
        parse_input("1", ax.parse_type("!llvm.ptr"), "x")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04",
        b"\x80\x04.",
        b"\x93NUMPY\x01\x00v\x00{'descr': '|b1', 'fortran_order': False, 'shape': (\n",
        b"\x93NUMPY\x01\x00\x46\x00{'descr': '|b1', 'fortran_order': False, 'shape': (1<<60,), }          \n",
        b"\x93NUMPY\x01\x00\x46\x00{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000000,)}\n",
        b"\x93NUMPY\x01\x00\x36\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,)}\n",
    ],
)
def test_files_that_are_no_arrays(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(data)
    with pytest.raises(InputError, match="is no array of NumPy's"):
        parse_input(str(path), ax.parse_type("memref<?xf64>"), "x")


def test_archives_of_arrays_are_no_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", a=np.ones(2))
    path = (tmp_path / "a.npz").rename(tmp_path / "a.npy")
    with pytest.raises(InputError, match="is no array of NumPy's"):
        parse_input(str(path), ax.parse_type("memref<?xf64>"), "x")
