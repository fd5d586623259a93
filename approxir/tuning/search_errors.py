"""What can be wrong with a search space, a search, and the database that keeps it."""

from __future__ import annotations

from approxir.errors import ApproxIRError


class SpaceError(ApproxIRError, ValueError):
    """A search space is empty or malformed, or a configuration does not lie in it."""


class TuningError(ApproxIRError):
    """A search cannot go on, or was asked for what makes no sense."""


class DatabaseError(TuningError):
    """The database of a search cannot be read or written; what it holds already is whole."""


class DatabaseInUseError(DatabaseError):
    """Another tuner writes to the same database."""


class BoundWarning(UserWarning):
    """No configuration keeps the bound on quality, and what is returned is the module as it was."""
