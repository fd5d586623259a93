"""The functions that a knob needs beside the function it is on: state functions, checkers, substitutes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from approxir.dialects.approx.payload import FUNC_SUBSTITUTE
from approxir.frontends.decorators import Config, get_function_name, substitute
from approxir.frontends.errors import FrontendError
from approxir.frontends.jax.arguments import Argument, load_jax, read_argument
from approxir.frontends.jax.conversions import as_results, as_state, as_verdict
from approxir.frontends.jax.lowering import Lowered


@dataclass(frozen=True)
class Helper:
    """A function to export beside another one.

    Attributes:
        role: ``state_function``, ``checker``, ``recover`` or ``kernel``.
        name: the name that it is to have.
        function: the function.
        arguments: what it is called with.
        finish: what turns what it returns into what the passes take.
    """

    role: str
    name: str
    function: Callable[..., Any]
    arguments: tuple[Argument, ...]
    finish: Callable[[Any], Any]


def helpers_of(
    name: str, config: Config, arguments: Sequence[Argument], lowered: Lowered
) -> Iterator[Helper]:
    """The helpers of a function, from what it is called with and what it returns. Raises `FrontendError`."""
    given = tuple(arguments)
    tree = config.get("decision_tree")
    if tree is not None:
        state = tree.state_function
        own = get_function_name(state)
        chosen = tuple([given[place] for place in state_positions(name, config, len(given))])
        yield Helper("state_function", own, state, chosen, lambda result: as_state(result, own))

    def results(helper: str) -> Callable[[Any], Any]:
        return lambda result: as_results(result, helper, lowered.results, lowered.tree, name)

    contract = config.get("safety_contract")
    if contract is not None:
        checker, recover = get_function_name(contract.checker), get_function_name(contract.recover)
        checked = (*_result_arguments(lowered, given), *given)
        yield Helper(
            "checker", checker, contract.checker, checked, lambda result: as_verdict(result, checker)
        )
        yield Helper("recover", recover, contract.recover, given, results(recover))
    for value, kernel in _kernels(config):
        kernel_name = substitute(name, value)
        yield Helper("kernel", kernel_name, kernel, given, results(get_function_name(kernel)))


def state_positions(name: str, config: Config, count: int) -> list[int]:
    """Which arguments are the state, counted from the start. Raises `FrontendError`."""
    tree = config.get("decision_tree")
    found = []
    for place in () if tree is None else tree.state_indices:
        if not -count <= place < count:
            raise FrontendError(f"state_indices names argument {place}, but {name} has {count} arguments")
        found.append(place % count)
    return found


def _kernels(config: Config) -> list[tuple[int, Callable[..., Any]]]:
    tree, static = config.get("decision_tree"), config.get("static_transform")
    if tree is not None and tree.transform_type == FUNC_SUBSTITUTE:
        return [(value, kernel) for value, kernel in tree.approx_kernels.items() if value != 0]
    if static is not None and static.transform_type == FUNC_SUBSTITUTE and static.knob_val != 0:
        return [] if static.approx_kernel is None else [(static.knob_val, static.approx_kernel)]
    return []


def _result_arguments(lowered: Lowered, given: Sequence[Argument]) -> list[Argument]:
    """What a function returns, as arguments of its checker: the items of a tuple or list one by one."""
    jax = load_jax()
    results = jax.tree_util.tree_unflatten(lowered.tree, lowered.results)
    items = list(results) if type(results) in (tuple, list) else [results]
    taken = {argument.name for argument in given}
    found = []
    for number, item in enumerate(items):
        name = "result" if len(items) == 1 else f"result_{number}"
        while name in taken:
            name += "_"
        taken.add(name)
        found.append(read_argument(name, item, False, f"result {number}"))
    return found
