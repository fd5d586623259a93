"""HPVM's configuration files: several configurations, read and written without loss."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from approxir.errors import Diagnostic
from approxir.files import read_text, write_text_atomic
from approxir.nearest import did_you_mean
from approxir.syntax.faults import Fault
from approxir.syntax.source import Source
from approxir.tuning.hpvm.errors import HpvmError, wrong_value
from approxir.tuning.hpvm.knobs import knob_of
from approxir.tuning.hpvm.model import (
    DEVICES,
    Configuration,
    Node,
    Operation,
    TokenCell,
    check_convolution,
    finite_number,
)
from approxir.tuning.hpvm.reading import BEGIN, END, first_of, parse_tree


class ConfigurationFile(Sequence[Configuration]):
    """A file of configurations, in order; the first one is the default."""

    def __init__(
        self,
        configurations: Iterable[Configuration] = (),
        *,
        baseline: float | None = None,
        file: str = "<hpvm>",
    ) -> None:
        self.file = file
        self._configurations = list(configurations)
        self._baseline: TokenCell | None = None
        self._head = ""
        if baseline is not None:
            self.baseline = baseline

    @property
    def baseline(self) -> float | None:
        """The time of the exact program, in milliseconds; None where the file does not tell it."""
        return None if self._baseline is None else float(self._baseline.text)

    @baseline.setter
    def baseline(self, value: float | None) -> None:
        if value is None:
            self._baseline, self._head = None, ""
        elif self._baseline is None:
            self._baseline = TokenCell(self._head, repr(finite_number(value, "baseline")), 0)
            self._head = "\n"
        else:
            self._baseline.set_number(value, "baseline")

    @property
    def configurations(self) -> tuple[Configuration, ...]:
        """The configurations, in order."""
        return tuple(self._configurations)

    @property
    def default(self) -> Configuration:
        """The configuration that is used unless another one is chosen: the first.

        Setting it puts a configuration first. Raises `HpvmError` where there is none.
        """
        if not self._configurations:
            raise wrong_value("there is no configuration", file=self.file)
        return self._configurations[0]

    @default.setter
    def default(self, configuration: Configuration) -> None:
        if any(item is configuration for item in self._configurations):
            self.remove(configuration)
        self.insert(0, configuration)

    def named(self, name: str) -> Configuration:
        """The first configuration with a name. Raises `HpvmError` where there is none."""
        for configuration in self._configurations:
            if configuration.name == name:
                return configuration
        hint = did_you_mean(name, [configuration.name for configuration in self._configurations])
        raise wrong_value(f"there is no configuration {name}", hint, file=self.file)

    def append(self, configuration: Configuration) -> None:
        """Put a configuration behind the others."""
        self.insert(len(self._configurations), configuration)

    def insert(self, index: int, configuration: Configuration) -> None:
        """Put a configuration before the one at `index`."""
        if any(item is configuration for item in self._configurations):
            raise wrong_value(f"{configuration.name} is in the file already; add a copy", file=self.file)
        self._configurations.insert(index, configuration)

    def remove(self, configuration: Configuration) -> None:
        """Take a configuration out. Raises `HpvmError` if it is not in the file."""
        for index, item in enumerate(self._configurations):
            if item is configuration:
                del self._configurations[index]
                return
        raise wrong_value(f"{configuration.name} is not in the file", file=self.file)

    def __len__(self) -> int:
        return len(self._configurations)

    def __getitem__(self, index: Any) -> Any:
        return self._configurations[index]

    def __iter__(self) -> Iterator[Configuration]:
        return iter(self._configurations)

    def __str__(self) -> str:
        """The text of the file, as it was read but for what was changed."""
        baseline = "" if self._baseline is None else self._baseline.before + self._baseline.text
        blocks = [str(configuration) for configuration in self._configurations]
        if blocks and not self._configurations[-1].ended:
            # The last line had no end.
            blocks[-1] = blocks[-1].removesuffix("\n")
        return baseline + self._head + "".join(blocks)

    def __repr__(self) -> str:
        return f"<ConfigurationFile {self.file}, {len(self)} configurations>"


def load(path: str | os.PathLike[str]) -> ConfigurationFile:
    """Read a file. Raises `HpvmError`, `ParseError` for a file that is not UTF-8, and `OSError`."""
    return parse(read_text(path, hint="HPVM's configuration files are plain text"), os.fspath(path))


def save(path: str | os.PathLike[str], file: ConfigurationFile) -> None:
    """Write a file; the old one is replaced as a whole or not at all. Raises `OSError`."""
    write_text_atomic(path, dump(file))


def dump(file: ConfigurationFile) -> str:
    """The text of a file: what was read, byte for byte, but for what was changed."""
    return str(file)


def parse(text: str, file: str = "<string>") -> ConfigurationFile:
    """Read a text. Raises `HpvmError`, with the line and column of what is wrong."""
    source = Source(text, file)
    try:
        return _Reader(text, file).file(parse_tree(text))
    except Fault as fault:
        notes: tuple[Diagnostic, ...] = ()
        if fault.related is not None:
            notes = (source.diagnostic(*fault.related, severity="note"),)
        found = source.diagnostic(
            fault.offset, fault.message, length=fault.length, hint=fault.hint, code="hpvm", notes=notes
        )
        raise HpvmError((found,)) from None


class _Reader:
    """Makes the model of a tree."""

    def __init__(self, text: str, file: str) -> None:
        self._text = text
        self._file = file
        self._done = 0

    def file(self, tree: Any) -> ConfigurationFile:
        found = ConfigurationFile(file=self._file)
        children = list(tree.children)
        if children[0].data == "baseline":
            token = children.pop(0).children[0]
            if float(token) < 0:
                raise Fault("the time of the exact program is at least 0", token.start_pos, length=len(token))
            found._baseline = self._token(token)
        starts = [self._start(child) for child in children]
        found._head = self._text[self._done : starts[0]]
        for child, end in zip(children, [*starts[1:], len(self._text)], strict=True):
            found.append(self._configuration(child, end))
        return found

    def _start(self, tree: Any) -> int:
        # The delimiter is no child. Nothing but white space stands between it and the header.
        return self._text.rindex(BEGIN, 0, tree.children[0].children[0].start_pos)

    def _token(self, token: Any) -> TokenCell:
        before = self._text[self._done : token.start_pos]
        self._done = token.end_pos
        return TokenCell(before, str(token), token.start_pos)

    def _configuration(self, tree: Any, end: int) -> Configuration:
        start = self._start(tree)
        self._done = start + len(BEGIN)
        tokens = [TokenCell("", BEGIN, start)]
        header, *nodes = tree.children
        *numbers, extra = header.children
        tokens += [self._token(token) for token in (*numbers, *extra.children)]
        made: dict[int, Node] = {}
        for child in nodes:
            node, used = self._node(child)
            if node.id in made:
                at = made[node.id]._tokens[0].offset
                raise Fault(
                    f"there is a second node {node.id} in {tokens[1].text}",
                    node._tokens[0].offset,
                    length=len(node._tokens[0].text),
                    related=(at, "the first one"),
                )
            made[node.id] = node
            tokens += used
        closing = self._text.index(END, self._done)
        tokens.append(TokenCell(self._text[self._done : closing], END, closing))
        after = self._text[closing + len(END) : end]
        return Configuration(tokens, list(made.values()), len(extra.children), after)

    def _node(self, tree: Any) -> tuple[Node, list[TokenCell]]:
        number, device, *operations = tree.children
        if device not in DEVICES:
            hint = did_you_mean(str(device), DEVICES)
            message = f"a device is gpu or cpu, not '{device[:40]}'"
            raise Fault(message, device.start_pos, length=len(device), hint=hint)
        tokens = [self._token(number), self._token(device)]
        used = list(tokens)
        made = []
        for child in operations:
            operation = self._operation(child)
            made.append(operation)
            used += operation._tokens
        return Node(tokens, made), used

    def _operation(self, tree: Any) -> Operation:
        tokens = [self._token(token) for token in tree.children]
        kind = tokens[1].text if len(tokens) == 3 else None
        try:
            knob = knob_of(kind, int(tokens[-1].text))
            check_convolution(tokens[0].text, knob)
        except HpvmError as error:
            message, hint = first_of(error)
            raise Fault(message, tokens[-1].offset, length=len(tokens[-1].text), hint=hint) from None
        return Operation(tokens, knob)
