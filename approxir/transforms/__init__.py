"""Approximations as rewrites of code that a knob governs; `approxir.transforms.registry` knows their names.

The package itself can be used like the registry: ``approxir.transforms["loop_perforate"]``.
"""

import sys

from approxir.registries import RegistryPackage

sys.modules[__name__].__class__ = RegistryPackage
