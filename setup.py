"""The part of the packaging that pyproject.toml cannot say.

`grammar/` and `codegen/` stand at the top of the repository and are installed as `approxir.grammar` and
`approxir.codegen`. Packages are found rather than listed, so a new subpackage needs no edit here.
"""

from setuptools import find_packages, setup

MAPPED = ("grammar", "codegen")

# A checkout may hold links to the mapped folders, which are not to be found twice.
mapped = [f"approxir.{name}" for name in MAPPED]
packages = find_packages(
    include=["approxir", "approxir.*"], exclude=[*mapped, *(f"{name}.*" for name in mapped)]
)
for name in MAPPED:
    packages.append(f"approxir.{name}")
    packages.extend(f"approxir.{name}.{sub}" for sub in find_packages(name))

setup(packages=packages, package_dir={f"approxir.{name}": name for name in MAPPED})
