"""The approx dialect: typed views of its operations, and params as structured values.

from approxir.dialects import approx

tree = approx.view(op)                 # DecisionTreeOp, KnobOp, ... or None
params = approx.read_params(op)        # KnobParams
approx.write_params(op, params.replace(thresholds=(5, 10)))
"""

from __future__ import annotations

from approxir.dialects.approx.codec import Encoding, decode, encode, encoding_of, read_params, write_params
from approxir.dialects.approx.errors import ConfigError, ParamsError
from approxir.dialects.approx.ops import (
    AnnotationOp,
    ConvertToCallAnnotation,
    DecisionTreeAnnotation,
    DecisionTreeOp,
    KnobAnnotation,
    KnobOp,
    OpView,
    TransformAnnotation,
    TransformOp,
    TryAnnotation,
    TryOp,
    YieldOp,
    view,
)
from approxir.dialects.approx.params import KnobParams, Problem
from approxir.ir.verify.approx import PREFIXES, local_name

__all__ = [
    "PREFIXES", "AnnotationOp", "ConfigError", "ConvertToCallAnnotation", "DecisionTreeAnnotation",
    "DecisionTreeOp", "Encoding", "KnobAnnotation", "KnobOp", "KnobParams", "OpView", "ParamsError",
    "Problem", "TransformAnnotation", "TransformOp", "TryAnnotation", "TryOp", "YieldOp", "decode", "encode",
    "encoding_of", "local_name", "read_params", "view", "write_params",
]  # fmt: skip
