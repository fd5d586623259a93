"""Live parameters: thresholds and decisions of a compiled module, changed between its calls."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from approxir.dialects.approx.errors import ConfigError
from approxir.errors import Diagnostic, IRError
from approxir.passes.live import Layout

if TYPE_CHECKING:
    from approxir.ir.module import Module


class LiveParameters:
    """The array from which a compiled module reads its parameters, and what may be written to it.

    Calls of the module and changes of the array exclude each other: a call sees one configuration from its
    beginning to its end, whichever threads call and set.

    Args:
        layout: where each parameter has its place.
        array: the elements, ``i32``, of the shape ``(len(layout),)``; it is shared with the module.
        original: the module as it was before it was lowered, which says what configurations are allowed.
    """

    def __init__(self, layout: Layout, array: np.ndarray[Any, np.dtype[np.int32]], original: Module) -> None:
        self.layout = layout
        self.array = array
        self.lock = SharedLock()
        self._original = original
        self._slots = {slot.name: slot for slot in layout}
        self._ascending = _threshold_groups(layout)

    @property
    def config(self) -> dict[str, int]:
        """The value of every parameter, by name."""
        return dict(zip(self._slots, self.array.tolist(), strict=True))

    def set(self, config: Mapping[str, int]) -> dict[str, int]:
        """Change parameters, all or none, and return the values that were replaced.

        Parameters that are not named keep their values. What is allowed is what `Module.apply` allows, and of
        decisions those that were compiled: `Slot.choices` of the layout.

        Raises:
            ConfigError: with everything that is wrong; nothing was changed.
            IRError: a function that the module called asks for this during the call.
            TypeError: the configuration is no mapping.
        """
        if not isinstance(config, Mapping):
            raise TypeError(
                f"a configuration is a mapping from names to integers, not {type(config).__name__}"
            )
        with self.lock.exclusive():
            before = self.array.tolist()
            after = self._quick(config, before)
            if after is None:
                after = self._checked(config, before)
            replaced = {name: before[self._slots[name].index] for name in config}
            self.array[:] = after
        return replaced

    def _quick(self, config: Mapping[str, Any], before: list[int]) -> list[int] | None:
        """The new values, if a quick look finds nothing wrong; None where it has to be looked at closely."""
        after = list(before)
        for name, value in config.items():
            slot = self._slots.get(name)
            if slot is None or not (type(value) is int or isinstance(value, np.integer)):
                return None
            if not slot.lower <= value <= slot.upper or (slot.choices and value not in slot.choices):
                return None
            after[slot.index] = int(value)
        for start, stop in self._ascending:
            if any(after[at] >= after[at + 1] for at in range(start, stop - 1)):
                return None
        return after

    def _checked(self, config: Mapping[str, Any], before: list[int]) -> list[int]:
        """The new values, checked as the module's own are. Raises `ConfigError`."""
        module = self._original.clone()
        # Somebody may have written to the array what no module would take.
        with contextlib.suppress(ConfigError):
            module.apply(dict(zip(self._slots, before, strict=True)))
        module.apply(config)
        read = module.config()
        after = list(before)
        wrong = []
        for name in config:
            slot, value = self._slots[name], read[name]
            if slot.choices and value not in slot.choices:
                compiled = ", ".join(map(str, slot.choices))
                wrong.append(
                    Diagnostic(
                        f"{name} cannot become {value}: only the decisions {compiled} were compiled",
                        file=module.file,
                        line=0,
                        code="config",
                        hint="list it in the knob's decision_values before compiling",
                    )
                )
            after[slot.index] = value
        if wrong:
            raise ConfigError(tuple(wrong))
        return after


def _threshold_groups(layout: Layout) -> list[tuple[int, int]]:
    """The ranges of the array that hold the thresholds of one knob, where there are at least two."""
    groups = []
    slots = list(layout)
    for start in layout.bases.values():
        stop = start
        while stop < len(slots) and slots[stop].kind == "threshold":
            stop += 1
        if stop - start > 1:
            groups.append((start, stop))
    return groups


class SharedLock:
    """A lock that many may share, or one hold alone. Whoever shares it may share it again.

    Signals may raise in the middle of anything: what is held is told by tokens, so that giving back what was
    never got, or twice, does no harm. Waiting is looking again and again, which only happens when parameters
    are set while the module runs.
    """

    def __init__(self) -> None:
        self._state = threading.Lock()
        self._sharing: dict[int, list[object]] = {}
        self._wanting: list[object] = []

    def acquire_shared(self, token: object) -> None:
        """Share the lock under a token; waits while somebody holds it alone or wants to."""
        me = threading.get_ident()
        pause = _SHORTEST
        while True:
            with self._state:
                held = self._sharing.get(me)
                if held is not None:
                    # Somebody who shares the lock already must not wait for one who waits for that to end.
                    held.append(token)
                    return
                if not self._wanting:
                    self._sharing[me] = [token]
                    return
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST)

    def release_shared(self, token: object) -> None:
        """Give back what this thread shares under a token, if it does."""
        me = threading.get_ident()
        with self._state:
            held = self._sharing.get(me)
            if held is not None and token in held:
                held.remove(token)
                if not held:
                    del self._sharing[me]

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the lock alone. Raises `IRError` in a thread that shares it, which would wait for itself."""
        me = threading.get_ident()
        token = object()
        pause = _SHORTEST
        try:
            with self._state:
                if me in self._sharing:
                    raise IRError("live parameters cannot be set during a call of the module that reads them")
                self._wanting.append(token)
            while True:
                with self._state:
                    if not self._sharing and self._wanting[0] is token:
                        break
                time.sleep(pause)
                pause = min(2 * pause, _LONGEST)
            yield
        finally:
            with self._state:
                if token in self._wanting:
                    self._wanting.remove(token)


_SHORTEST, _LONGEST = 2e-5, 1e-3
"""Seconds between two looks."""
