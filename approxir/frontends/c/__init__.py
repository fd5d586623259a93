"""Annotations in C and C++ source: comments and pragmas that say how functions may be approximated."""

from __future__ import annotations

from approxir.frontends.c.annotating import annotate, parse_and_generate
from approxir.frontends.c.annotation import CppAnnotation, generate_cpp_annotation_mlir
from approxir.frontends.c.parsing import AnnotationSyntaxError, parse_cpp_annotations

__all__ = [
    "AnnotationSyntaxError",
    "CppAnnotation",
    "annotate",
    "generate_cpp_annotation_mlir",
    "parse_and_generate",
    "parse_cpp_annotations",
]
