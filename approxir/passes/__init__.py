"""The pass pipeline: each pass rewrites the tree of a module in place.

`approxir.passes.registry` knows the passes by name, `approxir.passes.pipeline` the usual orders of them. The
package itself can be used like the registry: ``approxir.passes["emit-approx"]``.
"""

import sys

from approxir.registries import RegistryPackage

sys.modules[__name__].__class__ = RegistryPackage
