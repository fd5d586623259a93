"""The devices on which IREE runs artifacts: finding them, and opening each one once in a process."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import importlib.util
import os
import sys
import threading
from importlib import metadata
from typing import Any

from approxir.codegen.iree.targets import TARGETS, TargetError, target_named
from approxir.errors import ApproxIRError, MissingDependencyError
from approxir.nearest import nearest

DISTRIBUTION = "iree-base-runtime"
LOCAL_TASK, LOCAL_SYNC = "local-task", "local-sync"
"""The drivers that run on this machine's processor, the first with a pool of threads."""

_WHAT_IS_MISSING = {
    "cuda": "an NVIDIA GPU and its driver (libcuda.so)",
    "hip": "an AMD GPU and ROCm (libamdhip64.so)",
    "vulkan": "a GPU and a Vulkan loader (libvulkan.so.1)",
    "metal": "an Apple GPU",
}


_LONGEST = 300


class DeviceError(ApproxIRError):
    """There is no such device here, or it does not work."""


class Device:
    """An open device. `name` is what was asked for, such as ``local-task`` or ``cuda://1``."""

    def __init__(self, name: str, hal: Any) -> None:
        self.name = name
        self.driver = name.partition("://")[0]
        self.hal = hal
        runtime = runtime_package()
        self.config = runtime.Config(device=hal)
        self.allocator = hal.allocator
        self.is_local = self.driver in (LOCAL_TASK, LOCAL_SYNC)

    def __repr__(self) -> str:
        return f"<IREE device {self.name}>"


class _Opened:
    """The devices of this process, and how often it was forked from one that had used IREE's drivers."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.devices: dict[str, Device] = {}
        self.used = False
        self.generation = 0

    def after_fork(self) -> None:
        """Forget the parent's devices, whose threads and connections are not in this process."""
        self.lock = threading.Lock()
        if self.devices:
            # Destroying them here would wait for threads that do not exist, so they never are.
            for device in self.devices.values():
                ctypes.pythonapi.Py_IncRef(ctypes.py_object(device))
            importlib.import_module("iree.runtime._binding").disable_leak_checker()
        self.devices = {}
        self.generation += self.used


_opened = _Opened()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_opened.after_fork)


def generation() -> int:
    """A number that is another one in a forked process, in which everything has to be loaded anew."""
    return _opened.generation


def open_device(name: str) -> Device:
    """The device of a name: a target (``cpu``, ``cuda``), a driver of IREE's, or its address of a device.

    Raises `DeviceError` if it is not there, and `MissingDependencyError` without IREE's runtime.
    """
    address = _address(name)
    driver = address.partition("://")[0]
    if _opened.generation and driver == LOCAL_TASK:
        # The driver's threads belong to the parent; a new one cannot be had in the same process.
        address = LOCAL_SYNC
    with _opened.lock:
        _opened.used = True
        found = _opened.devices.get(address)
        if found is None:
            found = _opened.devices[address] = _open(address, driver)
    return found


def available_drivers() -> tuple[str, ...]:
    """The drivers that IREE's runtime was built with, whether or not there are devices for them."""
    return tuple(runtime_package().query_available_drivers())


def available_devices() -> tuple[str, ...]:
    """The names of the targets that can be run here, found by asking each driver for devices."""
    runtime = runtime_package()
    usable = set()
    _opened.used = True
    for driver in available_drivers():
        # A driver without its library, or without devices, raises one of several exceptions.
        with contextlib.suppress(RuntimeError, ValueError, OSError):
            if runtime.get_driver(driver).query_available_devices():
                usable.add(driver)
    return tuple([target.name for target in TARGETS if target.driver in usable])


def version() -> str | None:
    """The version of IREE's runtime; None if it is not installed."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return None


def runtime_package() -> Any:
    """The package ``iree.runtime``. Raises `MissingDependencyError`."""
    if "iree.runtime" in sys.modules:
        return sys.modules["iree.runtime"]
    if importlib.util.find_spec("iree") is None or importlib.util.find_spec("iree.runtime") is None:
        raise MissingDependencyError("IREE's runtime is not installed: pip install 'approxir[iree]'")
    return importlib.import_module("iree.runtime")


def _address(name: str) -> str:
    if not isinstance(name, str):
        raise TypeError(f"a device is named by a text, not by {type(name).__name__}")
    driver, separator, path = name.partition("://")
    if driver in (LOCAL_TASK, LOCAL_SYNC):
        return name
    try:
        return target_named(driver).driver + separator + path
    except TargetError:
        known = [*(target.name for target in TARGETS), LOCAL_SYNC, LOCAL_TASK]
        close = nearest(driver, known)
        hint = f"did you mean '{close}'?" if close is not None else f"there are: {', '.join(known)}"
        raise DeviceError(f"IREE has no device '{name}' that is known here; {hint}") from None


def _open(address: str, driver: str) -> Device:
    runtime = runtime_package()
    if _opened.generation and driver != LOCAL_TASK and driver != LOCAL_SYNC:
        raise DeviceError(
            f"a forked process cannot use {driver}; start processes with multiprocessing's 'spawn' instead"
        )
    _provide_mathematics()
    try:
        return Device(address, runtime.get_device(address, cache=False))
    except (RuntimeError, ValueError, OSError) as error:
        needed = _WHAT_IS_MISSING.get(driver)
        drivers = available_drivers()
        if driver not in drivers:
            message = f"IREE's runtime {version() or ''} was built without the driver '{driver}'; it has: "
            raise DeviceError(message + ", ".join(drivers)) from error
        message = f"the device '{address}' cannot be opened" + (f": it needs {needed}" if needed else "")
        raise DeviceError(f"{message}\n  IREE says: {said(error)}") from error


def said(error: BaseException) -> str:
    """The message of an exception of IREE's, without the names of its source files."""
    first = str(error).strip().split("\n", 1)[0]
    place, _, rest = first.partition("; ")
    shown = rest if rest and ".c" in place.rpartition("/")[2] else first
    return shown if len(shown) <= _LONGEST else shown[:_LONGEST] + "..."


def _provide_mathematics() -> None:
    """Make the C library's functions findable for artifacts that call them, as those with f64 do."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            ctypes.CDLL("libm.so.6", ctypes.RTLD_GLOBAL)
