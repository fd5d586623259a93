"""Frontiers as HPVM's files, and back.

A configuration of a file is an evaluation: its time is that of the exact program divided by the speed-up, its
quality 1 less the loss, which files have in percent.
"""

from __future__ import annotations

from collections.abc import Mapping

from approxir.dialects.approx.params import integer
from approxir.tuning.evaluation import Evaluation
from approxir.tuning.frontier import Frontier, speedup
from approxir.tuning.hpvm.errors import HpvmError, wrong_value
from approxir.tuning.hpvm.file import ConfigurationFile, dump, parse
from approxir.tuning.hpvm.knobs import TensorKnob, knob_of
from approxir.tuning.hpvm.model import DECISION, Configuration
from approxir.tuning.hpvm.reading import first_of
from approxir.values import InvalidValue

_PERCENT = 100.0


def to_frontier(
    file: ConfigurationFile, *, names: Mapping[str, str] | None = None, baseline_ms: float | None = None
) -> Frontier:
    """The configurations of a file as evaluations.

    What else the file says about one is in its details under ``"hpvm"``: name, energy, accuracy. The baseline
    is the first configuration that approximates nothing; without one it has no configuration of its own.

    Args:
        file: the file.
        names: names of knobs in a module for operations, as for `Configuration.operations`.
        baseline_ms: the time of the exact program, in place of the file's.

    Raises `HpvmError` where nothing tells the time of the exact program, and for speed-ups that are not
    above 0.
    """
    exact_ms = file.baseline if baseline_ms is None else baseline_ms
    if not exact_ms or not exact_ms > 0:
        what = "no time" if exact_ms is None else f"the time {exact_ms:g} ms"
        message = f"the file has {what} for the exact program"
        raise wrong_value(message, "give it in milliseconds: baseline_ms", file.file)
    evaluations = []
    baseline: Evaluation | None = None
    for number, configuration in enumerate(file):
        if not configuration.speedup > 0:
            message = f"{configuration.name} has the speed-up {configuration.speedup:g}, which gives no time"
            raise wrong_value(message, file=file.file)
        details: dict[str, object] = {
            "name": configuration.name,
            "energy": configuration.energy,
            "accuracy": configuration.accuracy,
        }
        if configuration.extra:
            details["extra"] = list(configuration.extra)
        evaluation = Evaluation(
            configuration.config(names),
            exact_ms / configuration.speedup,
            _quality(configuration),
            number=number,
            details={"hpvm": details},
        )
        evaluations.append(evaluation)
        if baseline is None and configuration.exact:
            baseline = evaluation
    return Frontier(evaluations, baseline=baseline or Evaluation({}, exact_ms, 1.0))


def from_frontier(
    frontier: Frontier,
    *,
    like: ConfigurationFile | None = None,
    names: Mapping[str, str] | None = None,
    device: str = "gpu",
    accuracy: float | None = None,
) -> ConfigurationFile:
    """A file of a frontier's points: first the baseline, then the points from the best to the fastest.

    Configurations that came from a file have the name, energy and accuracy that they had there. Others are
    called ``conf1`` and so on; their energy is 0, which is what HPVM writes while it cannot estimate it.

    Args:
        frontier: the frontier; it needs a baseline.
        like: a file whose nodes, devices and layout are taken over; without it, they are made of the names
            of the parameters, ``node_<node>_<operation>_decision_0``.
        names: names of knobs in a module for operations, as for `Configuration.operations`.
        device: where new nodes run.
        accuracy: what new configurations tell, in percent: by default that of the default configuration of
            `like`, or 100.

    Raises `HpvmError` for parameters that are no knobs of operations, and without a baseline.
    """
    base = frontier.baseline
    if base is None or not base.time_ms:
        raise wrong_value("the frontier has no baseline, and so no speed-ups: Frontier(..., baseline=...)")
    chosen = list(reversed(frontier.points))
    if base.config:
        chosen = [base, *[point for point in chosen if point != base]]
    if accuracy is None:
        accuracy = like.default.accuracy if like else _PERCENT
    found = _emptied(like)
    found.baseline = base.time_ms
    used = {_told(point, "name") for point in chosen}
    fresh = (name for name in map("conf{}".format, range(1, 2 * len(chosen) + 2)) if name not in used)
    for point in chosen:
        named = _told(point, "name")
        configuration = _template(like, named)
        if configuration is None:
            configuration = _made(point, names, device)
        else:
            configuration.apply(point.config, names)
        configuration.name = named if isinstance(named, str) else next(fresh)
        assert point.time_ms is not None
        assert point.quality is not None
        # What says the same as before stays as it is spelled.
        if not configuration.speedup > 0 or base.time_ms / configuration.speedup != point.time_ms:
            configuration.speedup = speedup(base.time_ms, point.time_ms)
        if _quality(configuration) != point.quality:
            configuration.loss = (1 - point.quality) * _PERCENT
        configuration.energy = _number(point, "energy", 0.0)
        configuration.accuracy = _number(point, "accuracy", accuracy)
        found.append(configuration)
    return found


def _quality(configuration: Configuration) -> float:
    return 1 - configuration.loss / _PERCENT


def _told(point: Evaluation, key: str) -> object:
    """What an evaluation keeps of the file that it came from."""
    kept = point.details.get("hpvm")
    return kept.get(key) if isinstance(kept, Mapping) else None


def _number(point: Evaluation, key: str, default: float) -> float:
    value = _told(point, key)
    return float(value) if isinstance(value, int | float) else default


def _emptied(like: ConfigurationFile | None) -> ConfigurationFile:
    """A file without configurations, laid out as another one."""
    if not like:
        return ConfigurationFile()
    found = parse(dump(like), like.file)
    for configuration in found.configurations:
        found.remove(configuration)
    return found


def _template(like: ConfigurationFile | None, name: object) -> Configuration | None:
    """A copy of the configuration with that name, or else of the default one."""
    if not like:
        return None
    for configuration in like:
        if configuration.name == name:
            return configuration.copy()
    found = like.default.copy()
    # Nobody knows what those numbers are for another configuration.
    found.clear_extra()
    return found


def _made(point: Evaluation, names: Mapping[str, str] | None, device: str) -> Configuration:
    """A configuration whose nodes are made of the names of the parameters."""
    if not point.config:
        raise wrong_value("a configuration without parameters tells no nodes", "give a file with them: like")
    given = {name: plain for plain, name in (names or {}).items()}
    nodes: dict[int, list[tuple[str, TensorKnob]]] = {}
    for parameter, value in point.config.items():
        knob = parameter.removesuffix(DECISION)
        head, _, rest = given.get(knob, knob).removeprefix("node_").partition("_")
        if not (parameter.endswith(DECISION) and head.isascii() and head.isdigit() and rest):
            hint = f"such names are node_1_conv{DECISION}; names tells others, and like a file with the nodes"
            raise wrong_value(f"{parameter} is not the knob of an operation of a node", hint)
        # A second operation of that name in the node.
        name, _, count = rest.rpartition("_")
        if name and count.isascii() and count.isdigit():
            rest = name
        try:
            nodes.setdefault(int(head), []).append((rest, knob_of(None, integer(value, parameter))))
        except InvalidValue as error:
            raise wrong_value(error.message) from None
        except HpvmError as error:
            message, hint_of = first_of(error)
            raise wrong_value(f"{parameter}: {message}", hint_of) from None
    made = Configuration.make("conf", dict(sorted(nodes.items())), device=device)
    if made.config(names) != dict(point.config):
        raise wrong_value(f"the names {', '.join(point.config)} are not those of operations in order")
    return made
