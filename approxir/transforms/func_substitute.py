"""``func_substitute``: call a cheaper function."""

from __future__ import annotations

from typing import ClassVar

from approxir.dialects.approx.payload import FUNC_SUBSTITUTE, nested, substitute_name
from approxir.passes.functions import FUNCTION, function_type
from approxir.passes.wrappers import substituted_call
from approxir.transforms.base import Scope, Transform
from approxir.values import DictAttr, SymbolRefAttr


class FuncSubstitute(Transform):
    """Call ``approx_F_v`` instead of F: 0 is F itself."""

    name: ClassVar[str] = FUNC_SUBSTITUTE
    summary: ClassVar[str] = "call approx_F_v instead of F"

    def apply(self, scope: Scope, value: int, options: DictAttr) -> None:
        call, function = substituted_call(nested(scope.operations))
        if call is None:
            message = "there is no call to substitute"
            raise scope.error(message, hint="run pre-emit-transform before emit-approx")
        name = substitute_name(function, value)
        found = scope.functions.find(name, call)
        if found is None:
            message = f"no function '{name}' can be called from here; the knob value {value} calls it"
            raise scope.error(message)
        if found.name != FUNCTION:
            raise scope.error(
                f"'{name}' is a {found.name}, not a {FUNCTION}", notes=((found, "defined here"),)
            )
        kind = function_type(found)
        same = scope.functions.same_types
        if not same([operand.type for operand in call.operands], kind.inputs, call) or not same(
            [result.type for result in call.results], kind.results, call
        ):
            message = f"'{name}' has the type {kind}, but {call.function_type} is called"
            raise scope.error(message, notes=((found, "defined here"),))
        call.attributes["callee"] = SymbolRefAttr(name)
