"""Frames: the memory through which callers and compiled code exchange values."""

from __future__ import annotations

import ctypes
from typing import Any


class Frame:
    """Memory of a fixed size, and what has to stay alive while code uses it.

    `address` is where the memory begins, aligned to 16 bytes. `argument` is the address of a list of pointers
    to arguments of which the only one is that address: what MLIR's engine passes to a function. `entry` is
    for callers to remember which of them their code takes.
    """

    __slots__ = ("_cells", "_owner", "address", "argument", "entry", "keep", "memory")

    def __init__(self, size: int) -> None:
        self._owner = (ctypes.c_char * (size + 16))()
        start = ctypes.addressof(self._owner)
        self.address = (start + 15) & ~15
        shift = self.address - start
        self.memory = memoryview(self._owner).cast("B")[shift : shift + size]
        self.keep: list[Any] = []
        self._cells = (ctypes.c_void_p * 2)()
        cells = ctypes.addressof(self._cells)
        self._cells[0] = self.address
        self._cells[1] = cells
        self.argument = cells + ctypes.sizeof(ctypes.c_void_p)
        self.entry = self.address

    @classmethod
    def at(cls, address: int, size: int) -> Frame:
        """The frame that code has made at an address."""
        frame = cls.__new__(cls)
        frame._owner = (ctypes.c_char * size).from_address(address)
        frame.address = address
        frame.memory = memoryview(frame._owner).cast("B")
        frame.keep = []
        return frame
