"""Texts that are nearly modules: for the code that says what is wrong with one."""

from __future__ import annotations

import re

from hypothesis import strategies as st

from approxir.testing.generators.modules import texts

__all__ = ["broken_texts"]

_PIECE = re.compile(r'"[^"\n]*"|[\w$.%@#!^-]+|\s+|.', re.DOTALL)
_OTHERS = (
    "", "(", ")", "{", "}", "<", ">", "[", "]", ",", ":", "=", "->", "::", '"', "//", "loc(", "-", "%", "@",
    "#", "!", "^", "0x", "1.e+", "i", "si0", "dense<", "array<", "affine_map<", "tensor<", "memref<", "\\",
    "\x00",
)  # fmt: skip


@st.composite
def broken_texts(draw: st.DrawFn) -> str:
    """What `texts` draws, with one to three words or signs left out, repeated, swapped or replaced.

    A reader takes one of these, or says what is wrong with it. Some are still modules.

    Args:
        draw: given by Hypothesis.
    """
    pieces = _PIECE.findall(draw(texts(depth=1)))
    for _ in range(draw(st.integers(1, 3))):
        if not pieces:
            break
        at = draw(st.integers(0, len(pieces) - 1))
        other = draw(st.integers(0, len(pieces) - 1))
        how = draw(st.integers(0, 4))
        if how == 0:
            del pieces[at]
        elif how == 1:
            pieces.insert(at, pieces[other])
        elif how == 2:
            pieces[at], pieces[other] = pieces[other], pieces[at]
        elif how == 3:
            pieces[at] = draw(st.sampled_from(_OTHERS))
        else:
            del pieces[at:]
    return "".join(pieces)
