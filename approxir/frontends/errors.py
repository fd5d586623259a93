"""Errors of the front ends."""

from __future__ import annotations

from approxir.errors import ApproxIRError


class FrontendError(ApproxIRError, ValueError):
    """A knob, its configuration, or a function to export is not what it must be.

    It is a `ValueError` as well, which is what programs written for approx-runtime expect.
    """


class FixedArgumentWarning(UserWarning):
    """An exported function has the example's value of an integer built in, whatever it is called with."""
