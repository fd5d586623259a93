"""Finding operations by name in a parsed tree gives what walking it gives, after any edit."""

from __future__ import annotations

import pytest

import approxir as ax

TEXT = """module {
  func.func @a(%x: i32) -> i32 {
    %0 = arith.addi %x, %x : i32
    return %0 : i32
  }
  func.func @b(%x: i32) -> i32 {
    // approx.transform is only mentioned here
    %0 = "approx.transform"() {n = 1 : i32} : () -> i32
    return %0 : i32
  }
  func.func @c() {
    return
  }
}
"""
NAMES = ("approx.", "approx.transform", "arith.addi", "func.return", "test.new", "func.")


def check(module: ax.Module) -> None:
    for name in NAMES:
        wanted = [
            op for op in module.walk() if op.name == name or (name[-1] == "." and op.name.startswith(name))
        ]
        assert module.find(name) == wanted, name
    assert module.find("approx.", "arith.") == [
        op for op in module.walk() if op.name.startswith(("approx.", "arith."))
    ]


def function(module: ax.Module, name: str) -> ax.Operation:
    return module.symbols[name]


def test_unchanged() -> None:
    check(ax.parse(TEXT))


def test_made() -> None:
    module = ax.parse(TEXT)
    ax.Builder.at_start(function(module, "c").body).create("test.new")
    ax.Builder.at_start(function(module, "a").body).create("approx.transform")
    check(module)


def test_renamed() -> None:
    module = ax.parse(TEXT)
    function(module, "a").body.operations[0].rename("approx.adder")
    function(module, "b").body.operations[0].rename("test.new")
    check(module)


@pytest.mark.parametrize("copy", [False, True])
def test_moved_and_copied(copy: bool) -> None:
    module = ax.parse(TEXT)
    op = function(module, "b").body.operations[0]
    target = function(module, "c").body
    if copy:
        target.insert(op.clone(), before=target.first)
    else:
        assert target.first is not None
        op.move_before(target.first)
    check(module)


def test_whole_functions_from_elsewhere() -> None:
    module, other = ax.parse(TEXT), ax.parse(TEXT.replace("@b", "@d"))
    c = function(module, "c")
    moved = function(other, "d")
    moved.move_after(c)
    assert c.block is not None
    c.block.insert(function(other, "a").clone(), before=c)
    check(module)
    check(other)
