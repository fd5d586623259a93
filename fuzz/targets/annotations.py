"""Annotations in C and C++ source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from approxir.errors import ApproxIRError
from approxir.frontends.c.annotating import annotate
from approxir.frontends.c.annotation import generate_cpp_annotation_mlir
from approxir.frontends.c.parsing import parse_cpp_annotations
from approxir.ir.module import parse
from approxir.testing.targets import seeds
from approxir.testing.targets.base import Target, choice, chosen, must, require

_LANGUAGES: tuple[Literal["c", "c++"] | None, ...] = (None, "c", "c++")
_MODULE = "".join(
    f"func.func @{name}(%n: i32, %x: f64) -> f64 {{\n  return %x : f64\n}}\n" for name in ("f", "g", "kernel")
)


def check(data: bytes) -> bool:
    """Whether the annotations are understood; what they say then is a module that can be read."""
    number, source = choice(data, len(_LANGUAGES))
    language = _LANGUAGES[number]
    try:
        found = parse_cpp_annotations(source, language=language)
    except ApproxIRError:
        return False
    text = generate_cpp_annotation_mlir(found)
    must("what annotations say is no module", lambda: parse(text, lazy=False).parse_all())
    try:
        annotated = annotate(source, _MODULE, language=language)
    except ApproxIRError:
        # The module has no such function, or not such arguments.
        return bool(found)
    if not found:
        require(annotated == _MODULE, "without annotations the module changes")
    must("an annotated module cannot be read", lambda: parse(annotated, lazy=False).parse_all())
    return bool(found)


def _seeds() -> Iterator[bytes]:
    for number in range(len(_LANGUAGES)):
        for text in seeds.c_sources():
            yield chosen(number, text)


TARGET = Target(
    name="annotations",
    about="annotations in C and C++ source, and what they say as MLIR",
    check=check,
    seeds=_seeds,
    words=seeds.c_words,
    max_len=384,
)
