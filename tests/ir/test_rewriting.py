"""The rewrite driver, and changing a tree while walking it."""

from __future__ import annotations

import pytest

import approxir as ax

TEXT = "func.func @f(%a: i32) -> i32 {{\n{}  return %x{} : i32\n}}\n"


def chain(length: int) -> str:
    lines = "".join(
        f"  %x{i + 1} = arith.addi {'%a' if i == 0 else f'%x{i}'}, {'%a' if i == 0 else f'%x{i}'} : i32\n"
        for i in range(length)
    )
    return TEXT.format(lines, length)


@ax.pattern("arith.addi")
def addition_to_product(op: ax.Operation) -> bool:
    left, right = op.operands
    new = ax.Builder.before(op).create("arith.muli", (left, right), [str(op.result.type)])
    op.replace_with(new.result)
    return True


@ax.pattern("arith.muli")
def same_factors(op: ax.Operation) -> bool | None:
    if op.operands[0] is not op.operands[1]:
        return None
    op.replace_with(op.operands[0])
    return True


@pytest.mark.parametrize("length", [1, 2, 50])
def test_patterns_run_until_nothing_changes(length: int) -> None:
    module = ax.parse(chain(length))
    assert ax.rewrite(module, [same_factors, addition_to_product]) == 2 * length
    assert str(module) == "func.func @f(%a: i32) -> i32 {\n  return %a : i32\n}\n"
    assert ax.rewrite(module, [same_factors, addition_to_product]) == 0


def test_a_part_of_a_module() -> None:
    module = ax.parse(
        "module {\n  func.func @f() {\n    test.x\n  }\n  func.func @g() {\n    test.x\n  }\n}\n"
    )
    _, _, _, g, _ = module.walk()

    @ax.pattern("test.x")
    def erase(op: ax.Operation) -> bool:
        op.erase()
        return True

    assert ax.rewrite(g, [erase]) == 1
    assert str(module) == "module {\n  func.func @f() {\n    test.x\n  }\n  func.func @g() {\n  }\n}\n"


def test_the_bound_names_the_pattern() -> None:
    module = ax.parse('"a.b"() {n = 0 : i32} : () -> ()')

    @ax.pattern("a.b")
    def count_forever(op: ax.Operation) -> bool:
        op.attributes["n"] = 1 - op.attributes["n"].value  # type: ignore[attr-defined]
        return True

    with pytest.raises(ax.ConvergenceError, match=r"count_forever.*7 rewrites.*a\.b") as error:
        ax.rewrite(module, [count_forever], max_rewrites=7)
    assert (error.value.pattern, error.value.bound) == ("count_forever", 7)
    assert isinstance(error.value, ax.ApproxIRError)


def test_patterns_may_be_classes_and_name_dialects() -> None:
    class Mark:
        names = ("a.",)

        def rewrite(self, op: ax.Operation) -> bool:
            if "seen" in op.attributes:
                return False
            op.attributes["seen"] = True
            return True

    module = ax.parse('"a.x"() : () -> ()\n"b.x"() : () -> ()\n"a.y"() : () -> ()\n"ab.x"() : () -> ()\n')
    assert isinstance(Mark(), ax.Pattern)
    assert ax.rewrite(module, [Mark()]) == 2
    assert [op.name for op in module.walk() if op.attributes] == ["a.x", "a.y"]


def test_a_pattern_without_names_sees_everything() -> None:
    seen = []

    @ax.pattern()
    def look(op: ax.Operation) -> None:
        seen.append(op.name)

    ax.rewrite(ax.parse(chain(2)), [look])
    assert seen == ["func.func", "arith.addi", "arith.addi", "func.return"]


def test_operations_inside_an_erased_one_are_left_alone() -> None:
    module = ax.parse("scf.if %c {\n  test.x\n}\ntest.x\n")
    seen = []

    @ax.pattern("scf.if")
    def erase(op: ax.Operation) -> bool:
        op.erase()
        return True

    @ax.pattern("test.x")
    def look(op: ax.Operation) -> None:
        seen.append(op.location.line)  # type: ignore[union-attr]

    ax.rewrite(module, [erase, look])
    assert set(seen) == {4}


def test_erasing_while_walking() -> None:
    text = "func.func @f(%c: i1) {\n  test.a\n  scf.if %c {\n    test.a\n    test.b\n  }\n  test.a\n  test.c\n  test.a\n}\n"
    module = ax.parse(text)
    for op in module.walk():
        if op.name == "test.a":
            op.erase()
    assert str(module) == "func.func @f(%c: i1) {\n  scf.if %c {\n    test.b\n  }\n  test.c\n}\n"
    seen = []
    for op in module.walk():
        seen.append(op.name)
        if op.name == "scf.if":
            op.erase()
    assert seen == ["func.func", "scf.if", "test.c"]


def test_inserting_while_walking() -> None:
    module = ax.parse("test.a\ntest.b\n")
    for op in module.walk():
        if op.name == "test.a":
            ax.Builder.before(op).create("test.before")
            ax.Builder.after(op).create("test.after")
    assert [op.name for op in module.operations] == ["test.before", "test.a", "test.after", "test.b"]
