"""approxir: MLIR text as a lossless, typed tree, for approximate computing and beyond.

    import approxir as ax

    module = ax.parse(text)          # or ax.load(path); str(module) gives the text back, byte for byte
    for op in module.walk():
        print(op.location, op.name, op.operands, op.attributes)

Names are imported when they are first used, so that importing the package costs little.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

from approxir._version import __version__

# In a checkout, grammar/ and codegen/ stand beside the package; installed, they lie in it.
if not os.path.isdir(os.path.join(os.path.dirname(__file__), "codegen")):
    __path__.append(os.path.dirname(os.path.dirname(__file__)))

if TYPE_CHECKING:
    from approxir.dialects.approx.errors import ConfigError, ParamsError
    from approxir.dialects.approx.params import KnobParams
    from approxir.errors import (
        ApproxIRError,
        Diagnostic,
        IRError,
        MissingDependencyError,
        ParseError,
        PrintError,
        VerifyError,
    )
    from approxir.ir.blocks import Block, Region
    from approxir.ir.building import Builder
    from approxir.ir.cloning import inline_block
    from approxir.ir.module import Module, load, parse
    from approxir.ir.operation import Operation
    from approxir.ir.parts import SourceLocation
    from approxir.ir.rewriting import ConvergenceError, Pattern, pattern, rewrite
    from approxir.ir.ssa import BlockArgument, OpResult, Use, Value
    from approxir.ir.symbols import SymbolTable
    from approxir.knobs.parameters import TunableParam
    from approxir.knobs.view import KnobView
    from approxir.syntax.attributes import parse_attribute, parse_location, parse_type
    from approxir.tuning.config_manager import MLIRConfigManager
    from approxir.values import Attribute, Type, attribute, to_python

_WHERE = {
    "approxir.dialects.approx.errors": ("ConfigError", "ParamsError"),
    "approxir.dialects.approx.params": ("KnobParams",),
    "approxir.errors": (
        "ApproxIRError", "Diagnostic", "IRError", "MissingDependencyError", "ParseError",
        "PrintError", "VerifyError",
    ),
    "approxir.ir.building": ("Builder",),
    "approxir.ir.cloning": ("inline_block",),
    "approxir.ir.module": ("Module", "load", "parse"),
    "approxir.ir.blocks": ("Block", "Region"),
    "approxir.ir.operation": ("Operation",),
    "approxir.ir.parts": ("SourceLocation",),
    "approxir.ir.rewriting": ("ConvergenceError", "Pattern", "pattern", "rewrite"),
    "approxir.ir.ssa": ("BlockArgument", "OpResult", "Use", "Value"),
    "approxir.ir.symbols": ("SymbolTable",),
    "approxir.knobs.parameters": ("TunableParam",),
    "approxir.knobs.view": ("KnobView",),
    "approxir.syntax.attributes": ("parse_attribute", "parse_location", "parse_type"),
    "approxir.tuning.config_manager": ("MLIRConfigManager",),
    "approxir.values": ("Attribute", "Type", "attribute", "to_python"),
}  # fmt: skip
_EXPORTS = {name: module for module, names in _WHERE.items() for name in names}

__all__ = [
    "ApproxIRError", "Attribute", "Block", "BlockArgument", "Builder", "ConfigError", "ConvergenceError",
    "Diagnostic", "IRError", "KnobParams", "KnobView", "MLIRConfigManager", "MissingDependencyError",
    "Module", "OpResult", "Operation", "ParamsError", "ParseError", "Pattern", "PrintError", "Region",
    "SourceLocation", "SymbolTable", "TunableParam", "Type", "Use", "Value", "VerifyError",
    "__version__", "attribute", "inline_block", "load", "parse", "parse_attribute", "parse_location",
    "parse_type", "pattern", "rewrite", "to_python",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    module = _EXPORTS.get(name)
    if module is None:
        raise AttributeError(f"module 'approxir' has no attribute {name!r}")
    value = getattr(importlib.import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(_EXPORTS))
