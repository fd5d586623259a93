"""What IREE compiles for: the flags of each target, and the driver that runs what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from approxir.errors import ApproxIRError
from approxir.nearest import nearest

HOST = "host"
"""The architecture that stands for the processor of this machine."""


class TargetError(ApproxIRError):
    """There is no such target, or it needs to be told more."""


@dataclass(frozen=True, slots=True)
class Target:
    """A kind of device.

    Args:
        name: as users say it.
        backend: as IREE's compiler calls what makes code for it.
        driver: as IREE's runtime calls what runs the code.
        device: as IREE's compiler calls the device.
        arch_flag: the flag that takes the architecture, for targets with architectures.
        arch: the architecture if none is asked for; None for a target that has to be told, or has none.
        example: an architecture, for messages.
    """

    name: str
    backend: str
    driver: str
    device: str
    arch_flag: str | None = None
    arch: str | None = None
    example: str | None = None

    def flags(self, arch: str | None) -> list[str]:
        """The compiler's flags for this target and an architecture. Raises `TargetError`."""
        found = [f"--iree-hal-target-device={self.device}"]
        if self.device == "local":
            found.append(f"--iree-hal-local-target-device-backends={self.backend}")
        chosen = self.arch if arch is None else arch
        if self.arch_flag is None:
            if arch is not None:
                raise TargetError(f"the target '{self.name}' has no architectures, so {arch!r} is none")
        elif chosen is not None:
            found.append(f"{self.arch_flag}={chosen}")
        elif self.example is not None:
            raise TargetError(
                f"the target '{self.name}' needs to know the architecture, for example arch={self.example!r}"
            )
        return found


TARGETS = (
    Target("cpu", "llvm-cpu", "local-task", "local", "--iree-llvmcpu-target-cpu", HOST),
    Target("cuda", "cuda", "cuda", "cuda", "--iree-cuda-target", "sm_80"),
    Target("vulkan", "vulkan-spirv", "vulkan", "vulkan", "--iree-vulkan-target"),
    Target("rocm", "rocm", "hip", "hip", "--iree-rocm-target", None, "gfx942"),
    Target("metal", "metal-spirv", "metal", "metal"),
    Target("vmvx", "vmvx", "local-task", "local"),
)  # fmt: skip


def target_named(name: str) -> Target:
    """The target of a name; IREE's names of its back end, driver or device will do. Raises `TargetError`."""
    for target in TARGETS:
        if name in (target.name, target.backend):
            return target
    for target in TARGETS:
        if name in (target.driver, target.device):
            return target
    known = [target.name for target in TARGETS]
    if not isinstance(name, str):
        raise TypeError(f"a target is named by a text, not by {type(name).__name__}")
    close = nearest(name, [*known, *(target.backend for target in TARGETS)])
    hint = f"did you mean '{close}'?" if close is not None else f"there are: {', '.join(known)}"
    raise TargetError(f"IREE has no target '{name}' that is known here; {hint}")


def targets_of(backends: Sequence[str]) -> tuple[str, ...]:
    """The names of the targets for which a compiler with these back ends makes code."""
    return tuple([target.name for target in TARGETS if target.backend in backends])
