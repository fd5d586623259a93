"""Random edits of a tree that keep a valid module valid.

Each function of `EDITS` takes a module and Hypothesis' `draw`; it returns what it did, or None where the
module offers nothing to do it to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

import approxir as ax
from approxir.ir.scopes import is_isolated
from approxir.ir.ssa import Unresolved

Draw = Callable[..., Any]
Edit = Callable[[ax.Module, Draw], str | None]

TERMINATORS = {"func.return", "scf.yield", "scf.condition", "cf.br", "cf.cond_br", "test.end"}
NAMES = ("a", "x", "0", "1", "7", "arg0", "new", "-", "a.b", "x_0", None)
LABELS = ("bb0", "bb1", "entry", None)


def apply_edit(module: ax.Module, name: str, draw: Draw) -> str | None:
    return EDITS[name](module, draw)


def _pick(draw: Draw, options: Sequence[Any]) -> Any:
    return draw(st.sampled_from(list(options))) if options else None


def _plain(module: ax.Module) -> list[ax.Operation]:
    """Operations that may be moved and copied: neither terminators nor holders of symbols."""
    return [op for op in module.walk() if op.name not in TERMINATORS and not is_isolated(op.name)]


def _functions(module: ax.Module) -> list[ax.Operation]:
    return [op for op in module.walk() if op.name == "func.func" and op.regions and op.body.operations]


def _kind(value: ax.Value) -> str:
    return {"!t0": "alias0", "!t1": "alias1"}.get(str(value.type), str(value.type))


def _known_before(op: ax.Operation) -> list[ax.Value]:
    """Values that dominate `op`: those before it in its block and in the blocks around it, in one function."""
    found: list[ax.Value] = []
    place: ax.Operation | None = op
    while place is not None and place.block is not None and not is_isolated(place.name):
        found += place.block.arguments
        for other in place.block:
            if other is place:
                break
            found += other.results
        place = place.parent
    return found


def _used_inside(op: ax.Operation) -> set[ax.Value]:
    return {operand for inner in op.walk() for operand in inner.operands}


def rename_value(module: ax.Module, draw: Draw) -> str | None:
    values = [
        v
        for op in module.walk()
        for v in (*op.results, *(a for r in op.regions for b in r.blocks for a in b.arguments))
    ]
    value = _pick(draw, values)
    if value is None:
        return None
    old, value.name = value.name, _pick(draw, NAMES[:-1])
    return f"%{old} -> %{value.name}"


def set_attribute(module: ax.Module, draw: Draw) -> str | None:
    op = _pick(draw, list(module.walk()))
    value = _pick(
        draw,
        (5, "text", True, [1, 2], ax.parse_attribute("affine_map<(d0) -> (d0)>"), ax.parse_attribute("unit")),
    )
    try:
        op.attributes["test.new"] = value
    except ax.IRError:
        return None
    assert op.attributes["test.new"] == ax.attribute(value)
    return f"{op.name} {value}"


def delete_attribute(module: ax.Module, draw: Draw) -> str | None:
    keys = ("k", "loc", "i32", "a b", "x.y", "test.key", "test.new")
    places = [(op, key) for op in module.walk() for key in op.attributes if key in keys]
    place = _pick(draw, places)
    if place is None:
        return None
    op, key = place
    try:
        del op.attributes[key]
    except ax.IRError:
        return None
    assert key not in op.attributes
    return f"{op.name} {key}"


def set_operand(module: ax.Module, draw: Draw) -> str | None:
    op = _pick(draw, [op for op in module.walk() if op.operands])
    if op is None:
        return None
    index = draw(st.integers(0, len(op.operands) - 1))
    old = op.operands[index]
    new = _pick(draw, [v for v in _known_before(op) if old.type is not None and _kind(v) == _kind(old)])
    if new is None:
        return None
    op.operands[index] = new
    assert op.operands[index] is new
    return f"{op.name} {old} -> {new}"


def replace_uses(module: ax.Module, draw: Draw) -> str | None:
    op = _pick(draw, [op for op in _plain(module) if op.results])
    if op is None:
        return None
    old = _pick(draw, op.results)
    new = _pick(draw, [v for v in _known_before(op) if old.type is not None and _kind(v) == _kind(old)])
    if new is None:
        return None
    old.replace_all_uses_with(new)
    assert not old.has_uses
    return f"{old} -> {new}"


def erase(module: ax.Module, draw: Draw) -> str | None:
    op = _pick(draw, _plain(module))
    if op is None:
        return None
    try:
        op.erase()
    except ax.IRError:
        assert any(r.has_uses for r in op.results)
        return None
    return op.name


def move_up(module: ax.Module, draw: Draw) -> str | None:
    """Before an earlier operation of the block that does not define what it uses."""
    op = _pick(draw, [op for op in _plain(module) if op.prev is not None])
    if op is None:
        return None
    used, target = _used_inside(op), op
    for _ in range(draw(st.integers(1, 3))):
        if target.prev is None or used & set(target.prev.results):
            break
        target = target.prev
    if target is op:
        return None
    op.move_before(target)
    return f"{op.name} before {target.name}"


def move_inside(module: ax.Module, draw: Draw) -> str | None:
    """An unused operation to the start of a region of a later one."""
    unused = [op for op in _plain(module) if not any(r.has_uses for r in op.results)]
    places = [
        (op, region.blocks[0])
        for op in unused
        for later in _after(op)
        if not is_isolated(later.name)
        for region in later.regions
        if region.blocks and region.blocks[0].operations
    ]
    place = _pick(draw, places)
    if place is None:
        return None
    op, block = place
    op.move_before(block.first)
    return f"{op.name} into {block.parent.name}"


def _after(op: ax.Operation) -> list[ax.Operation]:
    operations = op.block.operations
    return operations[operations.index(op) + 1 :]


def move_to_function(module: ax.Module, draw: Draw) -> str | None:
    unused = [
        op for op in _plain(module) if not _used_outside(op) and not any(r.has_uses for r in op.results)
    ]
    op, function = _pick(draw, unused), _pick(draw, _functions(module))
    if op is None or function is None or op.is_ancestor_of(function):
        return None
    op.move_before(function.body.first if draw(st.booleans()) else function.body.last)
    return f"{op.name} to another function"


def _used_outside(op: ax.Operation) -> bool:
    inside = {id(v) for inner in op.walk() for v in inner.results}
    inside |= {id(a) for inner in op.walk() for r in inner.regions for b in r.blocks for a in b.arguments}
    return any(id(v) not in inside for v in _used_inside(op))


def clone(module: ax.Module, draw: Draw) -> str | None:
    op = _pick(draw, _plain(module))
    if op is None:
        return None
    mapping: dict[Any, Any] = {}
    copy = op.clone(mapping)
    assert [mapping[r] for r in op.results] == list(copy.results)
    op.block.insert(copy, before=op.next)
    if draw(st.booleans()):
        for old, new in zip(op.results, copy.results, strict=True):
            old_users = [u for u in old.users if u.block is op.block and u is not copy and u in _after(copy)]
            for user in old_users[:1]:
                user._replace_operand(old, new)
    return op.name


def clone_function(module: ax.Module, draw: Draw) -> str | None:
    function = _pick(draw, _functions(module))
    if function is None:
        return None
    copy = function.clone()
    names = {str(f.attributes["sym_name"]) for f in module.walk() if f.name == "func.func"}
    number = 0
    while f'"copy{number}"' in names:
        number += 1
    copy.attributes["sym_name"] = f"copy{number}"
    function.block.insert(copy, before=_pick(draw, (function, function.next)))
    return f"@copy{number}"


def move_function(module: ax.Module, draw: Draw) -> str | None:
    functions = _functions(module)
    if len(functions) < 2:
        return None
    first, second = functions[0], functions[-1]
    if draw(st.booleans()):
        first.move_after(second)
    else:
        second.move_before(first)
    return "functions"


def build(module: ax.Module, draw: Draw) -> str | None:
    """Arithmetic and unregistered operations at a random place."""
    op = _pick(draw, _plain(module))
    if op is None or op.parent is None:
        return None
    builder = ax.Builder.before(op) if draw(st.booleans()) else ax.Builder.after(op)
    known = [v for v in _known_before(op) if str(v.type) == "i32"]
    wish = _pick(draw, NAMES)
    one = _pick(draw, known)
    if one is None:
        value = ax.parse_attribute("3 : i32")
        one = builder.create(
            "arith.constant", (), ["i32"], properties={"value": value}, result_names=[wish]
        ).result
    made = builder.create("arith.addi", (one, one), ["i32"], result_names=[_pick(draw, NAMES)])
    builder.create(
        "test.made", (made.result, one), ["i32", "index"], attributes={"a": 1}, result_names=[wish, None]
    )
    return f"around {op.name}"


def build_regions(module: ax.Module, draw: Draw) -> str | None:
    """A loop with a conditional in it, made from nothing."""
    op = _pick(draw, _plain(module))
    if op is None or op.parent is None:
        return None
    builder = ax.Builder.before(op)
    number = ax.parse_attribute("1 : index")
    bound = builder.create("arith.constant", (), ["index"], properties={"value": number}).result
    kind = ax.parse_type("index")
    body = ax.Block.create([kind, kind], names=[_pick(draw, NAMES), _pick(draw, NAMES)])
    loop = builder.create(
        "scf.for", (bound, bound, bound, bound), ["index"], regions=[ax.Region.create([body])]
    )
    inside = ax.Builder(body)
    truth = inside.create("arith.constant", (), ["i1"], properties={"value": True}).result
    then, other = ax.Block.create(), ax.Block.create()
    choice = inside.create(
        "scf.if", (truth,), ["index"], regions=[ax.Region.create([then]), ax.Region.create([other])]
    )
    ax.Builder(then).create("scf.yield", (body.arguments[0],))
    moved = ax.Builder(other).create(
        "test.op", (bound, body.arguments[1]), ["index"], result_names=[_pick(draw, NAMES)]
    )
    ax.Builder(other).create("scf.yield", moved.results)
    inside.create("scf.yield", choice.results)
    assert loop.results[0].type == kind
    return f"before {op.name}"


def add_block(module: ax.Module, draw: Draw) -> str | None:
    """A block that nobody branches to, with a name that may be taken."""
    function = _pick(draw, _functions(module))
    if function is None:
        return None
    kinds = [ax.parse_type("i32")] * draw(st.integers(0, 2))
    block = ax.Block.create(kinds, label=_pick(draw, LABELS), names=[_pick(draw, NAMES) for _ in kinds])
    region = function.region
    region.insert(draw(st.integers(1, len(region.blocks))), block)
    ax.Builder(block).create("cf.br", block.arguments, successors=[block])
    return f"^{block.label}"


def inline(module: ax.Module, draw: Draw) -> str | None:
    op = _pick(draw, [op for op in _plain(module) if op.name == "scf.if"])
    if op is None:
        return None
    op.replace_with(*ax.inline_block(op.body, op))
    return "scf.if"


def print_in_between(module: ax.Module, draw: Draw) -> str | None:
    op = _pick(draw, list(module.walk()))
    assert isinstance(str(op), str)
    return op.name


def resolve_all(module: ax.Module, draw: Draw) -> str | None:
    assert not [v for op in module.walk() for v in op.operands if isinstance(v, Unresolved)]
    return "names"


EDITS: dict[str, Edit] = {
    edit.__name__: edit
    for edit in (
        rename_value, set_attribute, delete_attribute, set_operand, replace_uses, erase, move_up, move_inside,
        move_to_function, clone, clone_function, move_function, build, build_regions, add_block, inline,
        print_in_between, resolve_all,
    )
}  # fmt: skip
