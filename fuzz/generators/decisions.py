"""What to do to a payload: transforms with their values and options, decision trees, and their spelling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from approxir.testing.generators.writer import Payload, Rng, element_of

__all__ = [
    "CALL",
    "LOOP",
    "SKIP",
    "Choice",
    "Entries",
    "choose",
    "own_entries",
    "spelled",
    "static_entries",
    "tree_entries",
]

LOOP, SKIP, CALL = "loop_perforate", "task_skipping", "func_substitute"
_SPELLINGS = {
    LOOP: (LOOP, "loop-perforate", "loop_perforation"),
    SKIP: (SKIP, "task-skipping", "task-skip"),
    CALL: (CALL, "func-substitute", "function_substitution"),
}
_EXTREMES = (-(1 << 31), (1 << 31) - 1)

Entries = list[tuple[str, str]]
"""Attributes of an operation: their names and values, as they are spelled."""


@dataclass(frozen=True)
class Choice:
    """A transform, the knob values that it takes at a place, and its options."""

    transform: str
    values: tuple[int, ...]
    options: Entries


def choose(rng: Rng, payload: Payload, results: Sequence[str], substitutable: bool) -> Choice | None:
    """A transform for a payload; None if there is nothing that could be done to it.

    Args:
        payload: what there is.
        results: the types of the results.
        substitutable: whether there are functions to call instead for the values 1 and 2.
    """
    found = []
    # What a transform around does to a loop whose sums are rescaled is an error.
    rescaled = any(loop.rescaled for loop in payload.loops)
    if (payload.loops or payload.reductions) and not payload.decided and not rescaled:
        found += [LOOP] * 3
    zero = all(not kind.startswith("memref") for kind in results)
    branches = payload.branches[0].count if payload.branches and not payload.decided else 0
    if zero or branches:
        found += [SKIP] * (2 if branches else 1)
    if substitutable:
        found += [CALL]
    if not found:
        return None
    transform = rng.pick(found)
    if transform == LOOP:
        # More often one that leaves something out.
        return Choice(transform, (0, 1, 2, 3, 5, 2, 3, 5), _loop_options(rng, payload))
    if transform == SKIP:
        values = tuple(range(0 if zero else 1, branches + 1))
        return Choice(transform, values, _skip_options(rng, results) if zero else [])
    return Choice(transform, (0, 1, 2), [])


def _loop_options(rng: Rng, payload: Payload) -> Entries:
    found: Entries = []
    if not payload.loops:
        return [("scheme", '"stride"')] if rng.chance(3) else []
    chosen = rng.below(len(payload.loops)) if rng.chance() else 0
    loop = payload.loops[chosen]
    if loop.location is not None and rng.chance():
        found.append(("loop", f'"{loop.location}"'))
    elif chosen or rng.chance(4):
        found.append(("loop", f"{chosen} : i32"))
    if "while" not in loop.op:
        scheme = rng.pick(("", "", "stride", "skip", "truncate", "random"))
        if scheme:
            found.append(("scheme", f'"{scheme}"'))
        if scheme == "random":
            found.append(("seed", f"{rng.pick((0, 1, 7, -3, 2147483647))} : i32"))
    if loop.rescalable and not loop.perforated and rng.chance():
        how = rng.pick(("true", "unit", "false"))
        loop.rescaled = how != "false"
        found.append(("rescale", how))
    loop.perforated = True
    return found


def _skip_options(rng: Rng, results: Sequence[str]) -> Entries:
    """What the results are when everything is skipped."""
    if not results or rng.below(3):
        return []
    if rng.chance():
        return [("default", "1 : i32")]
    shown = []
    for kind in results:
        element = element_of(kind)
        shown.append(
            "true" if element == "i1" else "2.5 : f64" if element[0] == "f" else f"{rng.small()} : i32"
        )
    return [("default", f"[{', '.join(shown)}]")]


def dictionary(entries: Entries) -> str:
    """A dictionary attribute."""
    return "{" + ", ".join(key if value == "unit" else f"{key} = {value}" for key, value in entries) + "}"


def _array(values: Sequence[int], loose: bool = False) -> str:
    if loose:
        return "[" + ", ".join(f"{value} : i32" for value in values) + "]"
    return f"array<i32: {', '.join(map(str, values))}>" if values else "array<i32>"


def tree_entries(rng: Rng, choice: Choice) -> Entries:
    """The params of a decision tree about a choice, in any of the encodings."""
    thresholds: list[int] = []
    for _ in range(rng.below(4)):
        step = rng.pick((1, 2, 7, 40))
        thresholds.append((thresholds[-1] if thresholds else rng.small() - 5) + step)
    if thresholds and rng.chance(8):
        thresholds[0] = _EXTREMES[0]
    if thresholds and rng.chance(8):
        thresholds[-1] = _EXTREMES[1]
    decisions = [rng.pick(choice.values) for _ in range(len(thresholds) + 1)]
    lists = [("thresholds", thresholds), ("decisions", decisions)]
    if rng.chance():
        slack = rng.pick((0, 1, 20))
        lists.append(("thresholds_lowers", [max(_EXTREMES[0], one - slack) for one in thresholds]))
        lists.append(("thresholds_uppers", [min(_EXTREMES[1], one + slack) for one in thresholds]))
    if rng.chance():
        lists.append(("decision_values", sorted(set(decisions) | {rng.pick(choice.values)})))
    transform = rng.pick(_SPELLINGS[choice.transform]) if rng.chance(4) else choice.transform
    encoding = rng.below(4)
    # Only a dictionary may hold arrays of this kind.
    loose = encoding == 2 and rng.chance(3)
    if encoding == 3:
        parts = [f"{key}=[{', '.join(map(str, values))}]" for key, values in lists]
        parts.append(f"transform_type='{transform}'")
        if choice.options:
            parts.append("transform_options={" + "; ".join(map(_in_string, choice.options)) + "}")
        return [("params", f'"{"; ".join(parts)}"')]
    entries = [("transform_type", f'"{transform}"')]
    entries += [(key, _array(values, loose)) for key, values in lists]
    if rng.chance(3):
        entries.append(("num_thresholds", f"{len(thresholds)} : i32"))
    if choice.options:
        entries.append(("transform_options", dictionary(choice.options)))
    return [("params", dictionary(entries))] if encoding == 2 else entries


def _in_string(entry: tuple[str, str]) -> str:
    key, value = entry
    if value == "unit":
        return key
    if value.startswith('"'):
        return f"{key}='{value[1:-1]}'"
    if value.startswith("["):
        return f"{key}=attr('{value}')"
    return f"{key}={value.partition(' :')[0]}"


def static_entries(rng: Rng, choice: Choice) -> Entries:
    """The attributes of a transform that is decided."""
    value = rng.pick(choice.values)
    transform = rng.pick(_SPELLINGS[choice.transform]) if rng.chance(4) else choice.transform
    key = "transform_value" if rng.chance(6) else "knob_val"
    entries = [("transform_type", f'"{transform}"'), (key, f"{value} : i32")]
    if rng.chance(4):
        entries.append(("decision_values", _array(sorted({value, rng.pick(choice.values)}))))
    if choice.options:
        entries.append(("transform_options", dictionary(choice.options)))
    return entries


def spelled(rng: Rng, entries: Entries) -> str:
    """``<{...}>`` with the entries in some order."""
    turn = rng.below(len(entries))
    turned = entries[turn:] + entries[:turn]
    return f"<{dictionary(turned)}>"


def own_entries(rng: Rng, choice: Choice) -> Entries:
    """The params of a knob that decides by itself, once for all."""
    entries = [("transform_type", f'"{choice.transform}"'), ("decisions", _array([rng.pick(choice.values)]))]
    if choice.options:
        entries.append(("transform_options", dictionary(choice.options)))
    return [("params", dictionary(entries))]
