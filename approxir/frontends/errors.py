"""Errors of the front ends."""

from __future__ import annotations

from approxir.errors import ApproxIRError


class FrontendError(ApproxIRError, ValueError):
    """A knob, its configuration, or a function to export is not what it must be.

    It is a `ValueError` as well, which is what programs written for approx-runtime expect.
    """


class FixedArgumentWarning(UserWarning):
    """An exported function does not do for every value of an integer what the Python function does.

    It has the value of the example built in, or does nothing special for a size such as 0.
    """
