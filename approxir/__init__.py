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
import sys
from typing import TYPE_CHECKING, Any

from approxir._version import __version__

if sys.version_info < (3, 11, 5):
    # Their possessive quantifiers can match what they must not (https://github.com/python/cpython/issues/106052).
    raise ImportError("approxir needs Python 3.11.5 or newer: regular expressions of older ones have a bug")

_BESIDE = {"approxir.grammar": "grammar", "approxir.codegen": "codegen", "approxir.testing": "fuzz"}


class _Checkout:
    """Finds the packages that stand beside this one in a checkout; installed, they lie in it."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> Any:
        if name not in _BESIDE:
            return None
        from importlib.util import spec_from_file_location

        folder = os.path.join(os.path.dirname(os.path.dirname(__file__)), _BESIDE[name])
        return spec_from_file_location(
            name, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
        )


if not os.path.isdir(os.path.join(os.path.dirname(__file__), "codegen")):
    sys.meta_path.append(_Checkout)

if TYPE_CHECKING:
    from approxir.codegen.iree.backend import iree
    from approxir.codegen.iree.loading import compile_to_iree, load_module
    from approxir.codegen.kernel import Kernel
    from approxir.codegen.llvm.aot import compile_executable, compile_object, compile_shared
    from approxir.codegen.llvm.jit import jit
    from approxir.compiler import (
        FUNC_SUBSTITUTE_PIPELINE,
        PASS_PIPELINE,
        ToolchainConfig,
        WorkloadType,
        compile,
        compile_file,
        get_pipeline_for_config,
        get_toolchain,
        set_toolchain,
    )
    from approxir.dialects.approx.errors import ConfigError, ParamsError
    from approxir.dialects.approx.params import KnobParams
    from approxir.errors import (
        ApproxIRError,
        ArgumentError,
        CompilationError,
        Diagnostic,
        IRError,
        MissingDependencyError,
        ParseError,
        PrintError,
        VerifyError,
    )
    from approxir.frontends.annotations import generate_annotations, inject_annotations
    from approxir.frontends.c.annotating import parse_and_generate
    from approxir.frontends.c.annotation import CppAnnotation, generate_cpp_annotation_mlir
    from approxir.frontends.c.cgeist import CgeistConfig, compile_cpp_source
    from approxir.frontends.c.parsing import AnnotationSyntaxError, parse_cpp_annotations
    from approxir.frontends.decorators import (
        DecisionTree,
        Knob,
        SafetyContract,
        StaticTransform,
        collect_helper_functions,
        get_config,
        get_function_name,
        needs_pre_emit_transform,
        with_config,
    )
    from approxir.frontends.errors import FixedArgumentWarning, FrontendError
    from approxir.frontends.inject import AnnotationError, inject_annotations_text
    from approxir.frontends.jax.approximate import Approximated, approximate
    from approxir.frontends.jax.export import (
        export_module,
        export_module_with_configs,
        export_to_mlir,
        export_with_config,
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
    from approxir.passes.base import Pass, PassError
    from approxir.passes.pipeline import run_pipeline
    from approxir.passes.registry import passes
    from approxir.syntax.attributes import parse_attribute, parse_location, parse_type
    from approxir.transforms.registry import transforms
    from approxir.tuning import hpvm, quality
    from approxir.tuning.config_manager import MLIRConfigManager
    from approxir.tuning.errors import NoConfigurationError, RecordError
    from approxir.tuning.evaluation import Evaluation
    from approxir.tuning.frontier import Frontier
    from approxir.tuning.runtime import (
        ApproxTunerInterface,
        create_tuner_arg_parser,
        tune,
        tune_cpp,
        tune_jax,
    )
    from approxir.tuning.search_errors import BoundWarning
    from approxir.tuning.space import SearchSpace, space
    from approxir.tuning.tuner import Tuner
    from approxir.values import Attribute, Type, attribute, to_python

_WHERE = {
    "approxir.codegen.iree.backend": ("iree",),
    "approxir.codegen.iree.loading": ("compile_to_iree", "load_module"),
    "approxir.codegen.kernel": ("Kernel",),
    "approxir.codegen.llvm.aot": ("compile_executable", "compile_object", "compile_shared"),
    "approxir.codegen.llvm.jit": ("jit",),
    "approxir.compiler": (
        "FUNC_SUBSTITUTE_PIPELINE", "PASS_PIPELINE", "ToolchainConfig", "WorkloadType", "compile",
        "compile_file", "get_pipeline_for_config", "get_toolchain", "set_toolchain",
    ),
    "approxir.dialects.approx.errors": ("ConfigError", "ParamsError"),
    "approxir.dialects.approx.params": ("KnobParams",),
    "approxir.errors": (
        "ApproxIRError", "ArgumentError", "CompilationError", "Diagnostic", "IRError",
        "MissingDependencyError", "ParseError", "PrintError", "VerifyError",
    ),
    "approxir.frontends.annotations": ("generate_annotations", "inject_annotations"),
    "approxir.frontends.decorators": (
        "DecisionTree", "Knob", "SafetyContract", "StaticTransform", "collect_helper_functions", "get_config",
        "get_function_name", "needs_pre_emit_transform", "with_config",
    ),
    "approxir.frontends.errors": ("FixedArgumentWarning", "FrontendError"),
    "approxir.frontends.inject": ("AnnotationError", "inject_annotations_text"),
    "approxir.frontends.jax.approximate": ("Approximated", "approximate"),
    "approxir.frontends.jax.export": (
        "export_module", "export_module_with_configs", "export_to_mlir", "export_with_config",
    ),
    "approxir.frontends.c.annotating": ("parse_and_generate",),
    "approxir.frontends.c.annotation": ("CppAnnotation", "generate_cpp_annotation_mlir"),
    "approxir.frontends.c.cgeist": ("CgeistConfig", "compile_cpp_source"),
    "approxir.frontends.c.parsing": ("AnnotationSyntaxError", "parse_cpp_annotations"),
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
    "approxir.passes.base": ("Pass", "PassError"),
    "approxir.passes.pipeline": ("run_pipeline",),
    "approxir.syntax.attributes": ("parse_attribute", "parse_location", "parse_type"),
    "approxir.tuning.config_manager": ("MLIRConfigManager",),
    "approxir.tuning.runtime": (
        "ApproxTunerInterface", "create_tuner_arg_parser", "tune", "tune_cpp", "tune_jax",
    ),
    "approxir.tuning.search_errors": ("BoundWarning",),
    "approxir.tuning.space": ("SearchSpace", "space"),
    "approxir.tuning.tuner": ("Tuner",),
    "approxir.tuning.errors": ("NoConfigurationError", "RecordError"),
    "approxir.tuning.evaluation": ("Evaluation",),
    "approxir.tuning.frontier": ("Frontier",),
    "approxir.values": ("Attribute", "Type", "attribute", "to_python"),
}  # fmt: skip
# Packages and modules under a name of their own. The first two can be used like the registries in them
# (`approxir.registries`).
_MODULES = {
    "passes": "approxir.passes",
    "transforms": "approxir.transforms",
    "hpvm": "approxir.tuning.hpvm",
    "quality": "approxir.tuning.quality",
}
_EXPORTS = {name: module for module, names in _WHERE.items() for name in names}

__all__ = [
    "FUNC_SUBSTITUTE_PIPELINE", "PASS_PIPELINE", "AnnotationError", "AnnotationSyntaxError",
    "ApproxIRError", "ApproxTunerInterface", "Approximated", "ArgumentError", "Attribute", "Block",
    "BlockArgument", "BoundWarning", "Builder", "CgeistConfig", "CompilationError", "ConfigError",
    "ConvergenceError", "CppAnnotation", "DecisionTree", "Diagnostic", "Evaluation", "FixedArgumentWarning",
    "FrontendError", "Frontier", "IRError", "Kernel", "Knob", "KnobParams", "KnobView", "MLIRConfigManager",
    "MissingDependencyError", "Module", "NoConfigurationError", "OpResult", "Operation", "ParamsError",
    "ParseError", "Pass", "PassError", "Pattern", "PrintError", "RecordError", "Region", "SafetyContract",
    "SearchSpace", "SourceLocation", "StaticTransform", "SymbolTable", "ToolchainConfig", "TunableParam",
    "Tuner", "Type", "Use", "Value", "VerifyError", "WorkloadType", "__version__", "approximate",
    "attribute", "collect_helper_functions", "compile", "compile_cpp_source", "compile_executable",
    "compile_file", "compile_object", "compile_shared", "compile_to_iree", "create_tuner_arg_parser",
    "export_module", "export_module_with_configs", "export_to_mlir", "export_with_config",
    "generate_annotations", "generate_cpp_annotation_mlir", "get_config", "get_function_name",
    "get_pipeline_for_config", "get_toolchain", "hpvm", "inject_annotations", "inject_annotations_text",
    "inline_block", "iree", "jit", "load", "load_module", "needs_pre_emit_transform", "parse",
    "parse_and_generate", "parse_attribute", "parse_cpp_annotations", "parse_location", "parse_type",
    "passes", "pattern", "quality", "rewrite", "run_pipeline", "set_toolchain", "space", "to_python",
    "transforms", "tune", "tune_cpp", "tune_jax", "with_config",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(_MODULES[name])
    module = _EXPORTS.get(name)
    if module is None:
        raise AttributeError(f"module 'approxir' has no attribute {name!r}")
    value = getattr(importlib.import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(_EXPORTS) | set(_MODULES))
