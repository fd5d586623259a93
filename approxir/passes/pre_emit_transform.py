"""``pre-emit-transform``: turn functions into wrappers of private copies of themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from approxir.dialects.approx.ops import ConvertToCallAnnotation
from approxir.passes.base import Pass
from approxir.passes.functions import Functions, annotated_function, find_annotations
from approxir.passes.wrappers import wrap

if TYPE_CHECKING:
    from approxir.ir.module import Module


@dataclass
class PreEmitTransform(Pass):
    """Make what ``func_substitute`` replaces: a call to the function's own body.

    For ``annotation.convert_to_call`` of F a private function ``__internal_F`` gets the body, and F calls it.
    """

    name: ClassVar[str] = "pre-emit-transform"
    summary: ClassVar[str] = "turn functions marked convert_to_call into wrappers of private copies"

    def apply(self, module: Module) -> bool:
        functions = Functions()
        marked = [held for held in find_annotations(module) if isinstance(held, ConvertToCallAnnotation)]
        targets = [annotated_function(held, functions) for held in marked]
        for function in targets:
            wrap(function, functions)
        for held in marked:
            held.operation.erase()
        return bool(marked)
