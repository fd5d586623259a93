"""``loop_perforate``: leave out iterations of a loop, or of a reduction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from approxir.dialects.approx.payload import LOOP_PERFORATE, LOOPS, REDUCTIONS, RESCALED_TWICE
from approxir.ir.operation import Operation
from approxir.transforms.base import Scope, Transform
from approxir.transforms.loop_rescale import Rescaling
from approxir.transforms.loop_schemes import SCHEMES, STRIDE, Perforation
from approxir.transforms.loops import CountedLoop, location_names
from approxir.transforms.tensor_perforation import perforate_reduction
from approxir.transforms.while_loops import WhileLoop, find_counter, perforate_while
from approxir.transforms.while_rescale import while_rescaling
from approxir.values import BoolAttr, DictAttr, IntegerAttr, StringAttr, UnitAttr

_MOST_NAMES = 8


class LoopPerforate(Transform):
    """Leave out iterations of the first loop, or of the one that an option names; 0 and 1 are exact.

    Where there is no loop but a reduction of a tensor, every v-th index along the reduced dimension is kept.
    """

    name: ClassVar[str] = LOOP_PERFORATE
    summary: ClassVar[str] = "leave out iterations of a loop, or elements of a reduction"
    options: ClassVar[dict[str, str]] = {
        "loop": "which loop: its number in the order of the text, from 0, or the name of its location",
        "scheme": "stride (do every v-th iteration), skip (leave out every v-th), truncate (leave out the "
        "last 1/v) or random (leave out one in v, by a hash of its number)",
        "seed": "an integer that changes what random leaves out",
        "rescale": "whether sums that the loop carries are multiplied by iterations / iterations done",
    }

    def is_exact(self, value: int) -> bool:
        return value <= 1

    def problem(self, options: DictAttr) -> str | None:
        loop, scheme, seed = options.get("loop"), options.get("scheme"), options.get("seed")
        rescale = options.get("rescale")
        unknown = super().problem(options)
        if unknown is not None:
            return unknown
        if loop is not None and not isinstance(loop, IntegerAttr | StringAttr):
            return f"the option loop is an integer or a string, not {loop}"
        if isinstance(loop, IntegerAttr) and loop.value < 0:
            return f"the option loop is {loop.value}; loops are counted from 0"
        if scheme is not None and (not isinstance(scheme, StringAttr) or scheme.value not in SCHEMES):
            return f"the option scheme is one of {', '.join(SCHEMES)}, not {scheme}"
        if seed is not None and not isinstance(seed, IntegerAttr):
            return f"the option seed is an integer, not {seed}"
        if rescale is not None and not isinstance(rescale, BoolAttr | UnitAttr):
            return f"the option rescale is true or false, not {rescale}"
        return None

    def apply(self, scope: Scope, value: int, options: DictAttr) -> None:
        held = _Options.read(scope, options)
        loop = _find(scope, held)
        if loop is None:
            reduction = next((op for op in scope.code() if op.name in REDUCTIONS), None)
            if reduction is None:
                raise scope.error("nothing to perforate: there is neither a loop nor a reduction of a tensor")
            if held.scheme != STRIDE:
                raise scope.error(
                    f"the scheme '{held.scheme}' is for loops; there is only a {reduction.name}"
                )
            perforate_reduction(reduction, value, scope)
            return
        perforated = scope.notes.perforated
        if loop in perforated and (held.rescale or perforated[loop]):
            raise scope.error(RESCALED_TWICE, hint="leave out the option rescale of both")
        if loop.name in ("scf.while", "stablehlo.while"):
            if held.scheme != STRIDE:
                raise scope.error(
                    f"the scheme '{held.scheme}' is not possible for {loop.name}, only '{STRIDE}'"
                )
            found = WhileLoop(loop)
            counter = find_counter(found, scope)
            rescale = while_rescaling(found, counter, value, scope) if held.rescale else None
            perforate_while(found, counter, value, scope)
            if rescale is not None:
                rescale()
            perforated[found.op] = held.rescale
        else:
            counted = CountedLoop(loop, scope)
            perforation = Perforation(held.scheme, value, held.seed)
            rescaling = Rescaling.of(counted, perforation) if held.rescale else None
            perforation.apply(counted)
            if rescaling is not None:
                rescaling.apply(counted)
            perforated[counted.op] = held.rescale


@dataclass(frozen=True)
class _Options:
    loop: int | str | None
    scheme: str
    seed: int
    rescale: bool

    @classmethod
    def read(cls, scope: Scope, options: DictAttr) -> _Options:
        """The options as Python values. Raises `PassError` for unknown ones, and for wrong values."""
        problem = LoopPerforate().problem(options)
        if problem is not None:
            raise scope.error(problem)
        loop = options.get("loop")
        scheme = options.get("scheme")
        seed = options.get("seed")
        rescale = options.get("rescale")
        return cls(
            loop.value if isinstance(loop, IntegerAttr | StringAttr) else None,
            scheme.value if isinstance(scheme, StringAttr) else STRIDE,
            seed.value if isinstance(seed, IntegerAttr) else 0,
            rescale.value if isinstance(rescale, BoolAttr) else rescale is not None,
        )


def _find(scope: Scope, options: _Options) -> Operation | None:
    """The loop to perforate; None where there is none and none was asked for."""
    loops = [op for op in scope.code() if op.name in LOOPS]
    chosen = options.loop
    if chosen is None:
        return loops[0] if loops else None
    if isinstance(chosen, str):
        found = next((op for op in loops if chosen in location_names(op)), None)
        if found is None:
            names = sorted({name for op in loops for name in location_names(op)})
            shown = ", ".join(f'"{name}"' for name in names[:_MOST_NAMES])
            more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
            raise scope.error(
                f'there is no loop with the location loc("{chosen}")',
                hint=f"loops have the names {shown}{more}"
                if names
                else "no loop has a name; give its number",
            )
        return found
    if chosen >= len(loops):
        plural = "loop" if len(loops) == 1 else "loops"
        raise scope.error(
            f"there is no loop number {chosen}: there are {len(loops)} {plural}, counted from 0"
        )
    return loops[chosen]
