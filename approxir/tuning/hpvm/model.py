"""HPVM's configurations as objects: every value typed, every other character kept.

A file is kept as its tokens and the white space before each of them. An edit replaces the tokens whose value
changes, so that what was read comes out byte for byte but for those.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Mapping, Sequence

from approxir.dialects.approx.params import integer
from approxir.ir.module import Module
from approxir.nearest import did_you_mean
from approxir.tuning.hpvm.errors import HpvmError, wrong_value
from approxir.tuning.hpvm.knobs import AS_THE_KIND_SAYS, TensorKnob, knob_of
from approxir.tuning.hpvm.reading import BEGIN, END, WORD, first_of
from approxir.values import InvalidValue

DEVICES = ("gpu", "cpu")
_CONVOLUTION = "conv"


class TokenCell:
    """A token and the white space before it."""

    __slots__ = ("before", "offset", "text")

    def __init__(self, before: str, text: str, offset: int) -> None:
        self.before = before
        self.text = text
        self.offset = offset

    def set_number(self, value: float, name: str) -> None:
        number = finite_number(value, name)
        if number != float(self.text):
            self.text = repr(number)

    def set_word(self, value: str, name: str) -> None:
        self.text = checked_word(value, name)


class Operation:
    """An operation of a node and its knob."""

    def __init__(self, tokens: Sequence[TokenCell], knob: TensorKnob) -> None:
        self._tokens = tokens
        self._knob = knob

    @property
    def name(self) -> str:
        """What the operation does: ``conv``, ``add``, ``relu``, ..."""
        return self._tokens[0].text

    @property
    def kind(self) -> str | None:
        """The kind of the knob as the file spells it; None where it does not."""
        return self._tokens[1].text if len(self._tokens) == 3 else None

    @property
    def number(self) -> int:
        """The number of the knob as the file spells it; `knob.id` is that of the knob that is meant."""
        return int(self._tokens[-1].text)

    @property
    def knob(self) -> TensorKnob:
        """What is approximated, and how. Setting it changes the kind and the number as far as needed.

        Raises `HpvmError` for a knob that the operation cannot have.
        """
        return self._knob

    @knob.setter
    def knob(self, knob: TensorKnob) -> None:
        if not isinstance(knob, TensorKnob):
            raise wrong_value(f"a knob is a TensorKnob, not {knob!r}")
        check_convolution(self.name, knob)
        if knob == self._knob:
            return
        plain = type(knob) is type(self._knob) is TensorKnob
        # The kind alone tells a precision.
        if not (plain and self.number == AS_THE_KIND_SAYS and self.kind is not None):
            self._tokens[-1].text = str(knob.id)
        if self.kind is not None:
            self._tokens[1].text = knob.kind
        self._knob = knob

    def __repr__(self) -> str:
        return f"<Operation {self.name} {self.knob}>"


class Node:
    """A fused node: where it runs, and its operations in order."""

    def __init__(self, tokens: Sequence[TokenCell], operations: Sequence[Operation]) -> None:
        self._tokens = tokens
        self.operations: tuple[Operation, ...] = tuple(operations)

    @property
    def id(self) -> int:
        """The number of the node in the program."""
        return int(self._tokens[0].text)

    @property
    def device(self) -> str:
        """``gpu`` or ``cpu``; it can be set. Raises `HpvmError` for another one."""
        return self._tokens[1].text

    @device.setter
    def device(self, device: str) -> None:
        if device not in DEVICES:
            raise wrong_value(f"a device is gpu or cpu, not {device!r}")
        self._tokens[1].text = device

    def __repr__(self) -> str:
        return f"<Node {self.id} on {self.device}, {len(self.operations)} operations>"


class Configuration:
    """A configuration: what is predicted or known of it, and the knob of every operation.

    `name`, `speedup`, `energy`, `accuracy` and `loss` can be set, to finite numbers.
    """

    def __init__(self, tokens: list[TokenCell], nodes: Sequence[Node], extra: int, after: str) -> None:
        self._tokens = tokens
        # Before the header stands the delimiter.
        self._header = tokens[1:6]
        self._extra = tokens[6 : 6 + extra]
        self._after = after
        self.nodes: tuple[Node, ...] = tuple(nodes)

    @classmethod
    def make(
        cls,
        name: str,
        nodes: Mapping[int, Iterable[tuple[str, TensorKnob]]],
        *,
        speedup: float = 1.0,
        energy: float = 0.0,
        accuracy: float = 100.0,
        loss: float = 0.0,
        device: str = "gpu",
    ) -> Configuration:
        """A new configuration: for each node the names of its operations and their knobs.

        Raises `HpvmError` for what a file cannot hold.
        """
        numbers = [
            repr(finite_number(value, what))
            for what, value in (
                ("speedup", speedup),
                ("energy", energy),
                ("accuracy", accuracy),
                ("loss", loss),
            )
        ]
        lines = [BEGIN, " ".join([checked_word(name, "name"), *numbers])]
        for node, operations in nodes.items():
            words = [f"{checked_word(op, 'operation')} {knob.kind} {knob.id}" for op, knob in operations]
            lines.append(" ".join([str(node), device, *words]))
        text = "".join([line + "\n" for line in [*lines, END]])
        from approxir.tuning.hpvm.file import parse

        return parse(text, "<configuration>").default

    @property
    def name(self) -> str:
        return self._header[0].text

    @name.setter
    def name(self, name: str) -> None:
        self._header[0].set_word(name, "name")

    @property
    def speedup(self) -> float:
        """How many times faster than the exact program."""
        return float(self._header[1].text)

    @speedup.setter
    def speedup(self, value: float) -> None:
        self._header[1].set_number(value, "speedup")

    @property
    def energy(self) -> float:
        """The predicted energy: how many times less than the exact program needs, or 0 where nobody knows."""
        return float(self._header[2].text)

    @energy.setter
    def energy(self, value: float) -> None:
        self._header[2].set_number(value, "energy")

    @property
    def accuracy(self) -> float:
        """An accuracy in percent.

        HPVM's documentation says that it is that of the exact program; its tuner writes that of this
        configuration.
        """
        return float(self._header[3].text)

    @accuracy.setter
    def accuracy(self, value: float) -> None:
        self._header[3].set_number(value, "accuracy")

    @property
    def loss(self) -> float:
        """How much accuracy is lost against the exact program, in percent points."""
        return float(self._header[4].text)

    @loss.setter
    def loss(self, value: float) -> None:
        self._header[4].set_number(value, "loss")

    @property
    def extra(self) -> tuple[float, ...]:
        """Numbers behind the loss, as other programs than HPVM's write them."""
        return tuple([float(token.text) for token in self._extra])

    def clear_extra(self) -> None:
        """Take out the numbers behind the loss."""
        self._tokens = [token for token in self._tokens if token not in self._extra]
        self._extra = []

    def node(self, id: int) -> Node:
        """The node with a number. Raises `HpvmError` where there is none."""
        for node in self.nodes:
            if node.id == id:
                return node
        raise wrong_value(f"{self.name} has no node {id}")

    @property
    def exact(self) -> bool:
        """Whether nothing is approximated."""
        return all(op.knob.exact for node in self.nodes for op in node.operations)

    def operations(self, names: Mapping[str, str] | None = None) -> dict[str, Operation]:
        """Every operation by the name of its knob in a module.

        That is ``node_<node>_<operation>``, with ``_2`` and so on behind it for further operations of the
        same name in a node; `names` tells other names for some of these. Raises `HpvmError` where two
        operations would have one name, and for `names` that are of no operation.
        """
        plain: dict[str, Operation] = {}
        for node in self.nodes:
            counts: dict[str, int] = {}
            for operation in node.operations:
                counts[operation.name] = count = counts.get(operation.name, 0) + 1
                name = f"node_{node.id}_{operation.name}" + (f"_{count}" if count > 1 else "")
                if name in plain:
                    raise wrong_value(f"two operations of {self.name} would have the name {name}")
                plain[name] = operation
        names = {} if names is None else names
        for name in names:
            if name not in plain:
                raise wrong_value(f"{self.name} has no operation {name}", did_you_mean(name, plain))
        found = {names.get(name, name): operation for name, operation in plain.items()}
        if len(found) != len(plain):
            raise wrong_value("names gives two operations the same name")
        return found

    def config(self, names: Mapping[str, str] | None = None) -> dict[str, int]:
        """The numbers of all knobs as a configuration of approxir: ``node_1_conv_decision_0`` and so on.

        They are the numbers of the knobs that are meant: 12 for ``fp16 1`` and for ``fp16 11``. See
        `operations` for `names`.
        """
        return {f"{name}{DECISION}": op.knob.id for name, op in self.operations(names).items()}

    def apply(self, config: Mapping[str, int], names: Mapping[str, str] | None = None) -> None:
        """Set the knobs that a configuration of approxir names; the others stay as they are.

        Raises `HpvmError` for names and numbers that do not fit, and then changes nothing.
        """
        operations = {f"{name}{DECISION}": op for name, op in self.operations(names).items()}
        wanted: list[tuple[Operation, TensorKnob]] = []
        for name, value in config.items():
            operation = operations.get(name)
            if operation is None:
                raise wrong_value(f"{self.name} has no operation for {name}", did_you_mean(name, operations))
            try:
                knob = knob_of(None, integer(value, name))
                check_convolution(operation.name, knob)
            except InvalidValue as error:
                raise wrong_value(error.message) from None
            except HpvmError as error:
                message, hint = first_of(error)
                raise wrong_value(f"{name}: {message}", hint) from None
            wanted.append((operation, knob))
        for operation, knob in wanted:
            operation.knob = knob

    def apply_to(self, module: Module, names: Mapping[str, str] | None = None) -> dict[str, int]:
        """Set the knobs of a module whose knobs have the names of the operations; returns the old values.

        Operations that compute as always need no knob in the module. Raises `HpvmError` where another one
        has none, and `ConfigError` for numbers that the module's knobs do not allow.
        """
        known = module.config()
        wanted = {}
        for name, operation in self.operations(names).items():
            parameter = name + DECISION
            if parameter in known:
                wanted[parameter] = operation.knob.id
            elif not operation.knob.exact:
                hint = did_you_mean(parameter, known) or f"apply_to(module, names={{'{name}': ...}})"
                raise wrong_value(f"the module has no parameter {parameter}", hint)
        return module.apply(wanted)

    def copy(self) -> Configuration:
        """An independent copy."""
        return copy.deepcopy(self)

    def __str__(self) -> str:
        """Its lines, from ``+++++`` to ``-----``."""
        text = "".join([token.before + token.text for token in self._tokens]) + self._after
        return text if self.ended else text + "\n"

    @property
    def ended(self) -> bool:
        """Whether its last line has an end; the last one of a file may have none."""
        return "\n" in self._after

    def __repr__(self) -> str:
        return f"<Configuration {self.name}: speed-up {self.speedup:g}, loss {self.loss:g}>"


DECISION = "_decision_0"
"""What the name of a knob's parameter has behind the knob's name."""


def check_convolution(name: str, knob: TensorKnob) -> None:
    """Raises `HpvmError` for a knob that only convolutions can have, on another operation."""
    if type(knob) is not TensorKnob and not name.endswith(_CONVOLUTION):
        message = f"only convolutions can be perforated or sampled; {name} is none"
        raise wrong_value(message, "other operations have fp32 11 or fp16 12")


def finite_number(value: float, name: str) -> float:
    """The value as a float. Raises `HpvmError` for one that is not finite."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise wrong_value(f"{name} is a finite number, not {value!r}")
    return number


def checked_word(value: str, name: str) -> str:
    """The value. Raises `HpvmError` if it is not one word, as files have it for names."""
    if not isinstance(value, str) or not WORD.fullmatch(value):
        raise wrong_value(f"a {name} is a word of letters, digits and _ . -, not {value!r}")
    return value
