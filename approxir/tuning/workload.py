"""Workloads: programs with knobs, what they are run on, and how good and how fast they are judged to be.

A driver is a file that says what there is, and calls `Workload.main`:

    WORKLOAD = Workload(
        name="pagerank",
        module=Path(__file__).with_name("pagerank.mlir"),
        function="pagerank",
        inputs=inputs,
        quality="rbo-scores",
        yardstick=Path(__file__).with_name("pagerank.c"),
    )

    if __name__ == "__main__":
        WORKLOAD.main()
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from approxir.errors import ArgumentError
from approxir.tuning.evaluators.kernel import Quality

if TYPE_CHECKING:
    from approxir.tuning.experiment import Experiment


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A function of a module with knobs, the inputs that it is run on, and the same function in C.

    Args:
        name: what it is called.
        module: the file of the module.
        function: the name of the function. Its arguments are numbers and memrefs without gaps; what it
            computes are its result and the memrefs that it writes to.
        inputs: makes the inputs: ``inputs(scale, rng, **options)`` returns a list with a tuple of arguments
            for each call. Sizes grow with ``scale``, 1.0 being the usual size; all that is random comes from
            ``rng``, a generator of NumPy's. It is called twice, for the inputs of the search and for those
            that are held out.
        quality: a metric by name, such as ``l2``, or a function of the exact result and the approximate one.
        yardstick: a C file with the same function, see `approxir.codegen.llvm.c_functions`; None for none.
        ulps: how far the results of the exact program may be from those of C, in units in the last place.
        options: options of the command line that `inputs` is given by name:
            ``click.Option(["--graph"], type=click.Path(exists=True))``.

    Raises `ArgumentError` for what is none of that.
    """

    name: str
    module: Path
    function: str
    inputs: Callable[..., Sequence[Sequence[Any]]]
    quality: str | Quality = "l2"
    yardstick: Path | None = None
    ulps: float = 0.0
    options: tuple[click.Option, ...] = ()

    def __post_init__(self) -> None:
        for option in self.options:
            if not isinstance(option, click.Option):
                raise ArgumentError(
                    f"the options of a workload are made with click.Option(['--name'], ...), not {option!r}"
                )
        if not callable(self.inputs):
            raise ArgumentError(f"inputs is a function of a scale and a generator, not {self.inputs!r}")

    def experiment(
        self, scale: float = 1.0, seed: int = 0, *, repeats: int = 5, **options: Any
    ) -> Experiment:
        """The workload with inputs of a size, made from a seed; `options` are those of `inputs`.

        `repeats` is how many samples a time of a search is the median of. The inputs of the search and those
        that are held out are drawn from two streams of the seed. Raises `ArgumentError` for numbers that make
        no sense, and what `inputs` and `KernelEvaluator` raise.
        """
        from approxir.tuning.experiment import Experiment

        return Experiment(self, scale, seed, repeats=repeats, options=options)

    def main(self, arguments: Sequence[str] | None = None) -> NoReturn:
        """Run the command line of a driver, and end the process with its exit status.

        `arguments` are those behind the name of the program, by default those of the process.
        """
        from approxir.cli.workload import main

        raise SystemExit(main(self, arguments))
