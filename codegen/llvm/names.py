"""Names that mean something to C: what modules must not define, and what they may use without defining it."""

from __future__ import annotations

from approxir.values import FloatType, FunctionType, Type

_UNARY = (
    "acos", "acosh", "asin", "asinh", "atan", "atanh", "cbrt", "ceil", "cos", "cosh", "erf", "erfc", "exp",
    "exp2", "expm1", "fabs", "floor", "lgamma", "log", "log10", "log1p", "log2", "logb", "nearbyint", "rint",
    "round", "roundeven", "sin", "sinh", "sqrt", "tan", "tanh", "tgamma", "trunc",
)  # fmt: skip
_BINARY = ("atan2", "copysign", "fdim", "fmax", "fmin", "fmod", "hypot", "nextafter", "pow", "remainder")
_TERNARY = ("fma",)
_OTHER = (
    "__truncdfbf2", "__truncdfhf2", "__truncsfbf2", "_start", "abort", "aligned_alloc",
    "approx_round_to_odd", "bcmp", "calloc", "exit", "free", "frexp", "ilogb", "ldexp", "llrint", "llround",
    "lrint", "lround", "main", "malloc", "memcmp", "memcpy", "memmove", "memrefCopy", "memset", "modf",
    "posix_memalign", "powi", "powif", "printf", "putchar", "puts", "realloc", "scalbn", "sincos", "sincosf",
    "strlen",
)  # fmt: skip

LIBM = dict.fromkeys(_UNARY, 1) | dict.fromkeys(_BINARY, 2) | dict.fromkeys(_TERNARY, 3)
"""C's mathematical functions on doubles and how many arguments they take; with an ``f`` behind, on floats."""

RESERVED = frozenset({*LIBM, *(name + "f" for name in LIBM), *_OTHER})
"""Names that lowered code calls, or may call, and means C's functions by.

A function of the module with such a name would be called instead.
"""


def is_libm(name: str, kind: FunctionType) -> bool:
    """Whether a declaration is one of C's mathematical functions."""
    for element, base in (("f64", name), ("f32", name.removesuffix("f") if name.endswith("f") else "")):
        wanted: Type = FloatType(element)
        if base in LIBM and kind == FunctionType((wanted,) * LIBM[base], (wanted,)):
            return True
    return False
