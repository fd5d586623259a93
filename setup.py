"""The part of the packaging that pyproject.toml cannot say.

`grammar/`, `codegen/` and `fuzz/` stand at the top of the repository and are installed as `approxir.grammar`,
`approxir.codegen` and `approxir.testing`. Packages are found rather than listed, so a new subpackage needs no
edit here.
"""

from setuptools import find_packages, setup

MAPPED = {"approxir.grammar": "grammar", "approxir.codegen": "codegen", "approxir.testing": "fuzz"}

# A checkout may hold links to the mapped folders, which are not to be found twice.
packages = find_packages(
    include=["approxir", "approxir.*"], exclude=[*MAPPED, *(f"{name}.*" for name in MAPPED)]
)
for name, folder in MAPPED.items():
    packages.append(name)
    packages.extend(f"{name}.{sub}" for sub in find_packages(folder))

setup(packages=packages, package_dir=MAPPED)
