"""What every kernel of examples/kernels promises, checked by its driver's workload.

A configuration that is exact, of which these helpers know that it changes nothing, has for every decision the
exact value of its transform: 0 for a substitution, 1 for a perforated loop and for the task that is done.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Iterable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

import approxir as ax
from approxir.dialects.approx.payload import FUNC_SUBSTITUTE
from approxir.interp import run
from approxir.tuning.exact import exact_module
from approxir.tuning.workload import Workload

KERNELS = Path(__file__).resolve().parent.parent.parent / "examples" / "kernels"


@functools.cache
def driver(name: str) -> Any:
    """The module of Python that drives a kernel."""
    path = KERNELS / name / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"kernel_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def workload(name: str) -> Workload:
    """The workload of a kernel."""
    found = driver(name).WORKLOAD
    assert isinstance(found, Workload)
    return found


def fresh(arguments: Iterable[Any]) -> tuple[Any, ...]:
    """The arguments with copies of the arrays."""
    return tuple([value.copy() if isinstance(value, np.ndarray) else value for value in arguments])


def called(function: Any, arguments: Iterable[Any]) -> list[Any]:
    """What the arguments are after a call, and the results."""
    held = fresh(arguments)
    return [function(*held), *held]


def same(one: Iterable[Any], other: Iterable[Any]) -> bool:
    """Whether what two calls leave is equal bit for bit."""
    pairs = zip(one, other, strict=True)
    return all(np.asarray(a).tobytes() == np.asarray(b).tobytes() for a, b in pairs)


def exact_config(module: ax.Module) -> dict[str, int]:
    """The configuration with which nothing is approximated."""
    config = dict(module.config())
    for knob in module.knobs():
        exact = 0 if knob.read().transform_type == FUNC_SUBSTITUTE else 1
        config.update({p.name: exact for p in knob.parameters if p.param_type == "decision"})
    return config


def check_module(kernel: Workload, knobs: int) -> None:
    """The module is laid out, has nothing for lint to find, and is valid for a real MLIR, lowered as well."""
    text = kernel.module.read_text(encoding="utf-8")
    module = ax.load(kernel.module)
    assert len(module.knobs()) == knobs
    assert module.print() == text
    assert not list(module.lint())
    module.verify(using="mlir")
    for lowered in (ax.compile(text), str(exact_module(module))):
        assert "approx." not in lowered.replace("/approx.", "")
        ax.parse(lowered).verify(using="mlir")


def check_exact(kernel: Workload, seeds: Iterable[int], scale: float) -> None:
    """The exact program and, by the exact configuration, the one with knobs compute what C does."""
    for seed in seeds:
        experiment = kernel.experiment(scale, seed, repeats=1)
        found = experiment.verify(rounds=1)
        assert found.ulps is not None, found
        assert found.ok, found
        assert experiment.evaluate(exact_config(experiment.module))["quality"] == 1.0


def check_interpreter(kernel: Workload, arguments: tuple[Any, ...]) -> None:
    """The interpreter computes the same, before lowering, exactly and as the module is configured."""
    module = ax.load(kernel.module)
    for one in (exact_module(module), module):
        compiled = called(ax.jit(one)[kernel.function], arguments)
        held = fresh(arguments)
        run(one, kernel.function, *held)
        assert same(compiled[1:], held)


def qualities(kernel: Workload, scale: float, seed: int = 0) -> dict[str, dict[int, float]]:
    """For each knob the quality with each of its values, in every state, everything else being exact."""
    experiment = kernel.experiment(scale, seed, repeats=1)
    module = experiment.module
    exact = exact_config(module)
    found: dict[str, dict[int, float]] = {}
    for knob in module.knobs():
        decisions = [p.name for p in knob.parameters if p.param_type == "decision"]
        found[knob.name] = {
            value: experiment.evaluate({**exact, **dict.fromkeys(decisions, value)})["quality"]
            for value in knob.read().decision_values
        }
    return found


def check_live(kernel: Workload, arguments: tuple[Any, ...], count: int) -> None:
    """Live code with a configuration computes what code does to which the configuration was applied."""
    module = ax.load(kernel.module)
    space = ax.space(module)
    live = ax.jit(module, live=True)
    rng = Random(0)
    configs: list[Mapping[str, int]] = [module.config(), *(space.sample(rng) for _ in range(count))]
    for config in configs:
        applied = module.clone()
        applied.apply(config)
        live.set(config)
        wanted = called(ax.jit(applied)[kernel.function], arguments)
        assert same(called(live[kernel.function], arguments), wanted), config
