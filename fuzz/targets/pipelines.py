"""Pipelines as text, and running them."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.errors import ApproxIRError
from approxir.ir.module import parse
from approxir.passes.pipeline import run_pipeline
from approxir.passes.pipeline_text import parse_pipeline
from approxir.testing.targets import samples, seeds
from approxir.testing.targets.base import Target, bytes_of, must, text_of

_MODULE = samples.KNOB_MODULE
_MOST_PASSES = 8


def check(data: bytes) -> bool:
    """Whether the pipeline is understood; running it then gives a module or an error with its reason."""
    try:
        passes = parse_pipeline(text_of(data))
    except ApproxIRError:
        return False
    module = parse(_MODULE)
    try:
        run_pipeline(module, passes[:_MOST_PASSES])
    except ApproxIRError:
        return True
    must("what a pipeline leaves cannot be read", lambda: parse(str(module)).parse_all())
    return True


def _seeds() -> Iterator[bytes]:
    for text in seeds.pipelines():
        yield bytes_of(text)


TARGET = Target(
    name="pipelines",
    about="pipelines of passes as text, and running them",
    check=check,
    seeds=_seeds,
    words=seeds.pipeline_words,
    max_len=192,
)
