"""Params in their three encodings, and the knobs that carry them."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.dialects.approx.params_text import parse_params, print_params
from approxir.errors import ApproxIRError
from approxir.ir.module import parse
from approxir.syntax.faults import Fault
from approxir.testing.targets import samples, seeds
from approxir.testing.targets.base import Target, Violation, choice, chosen, require

_HEAD = "func.func @f(%a: i32) -> i32 {\n  return %a : i32\n}\n"
_KNOB = '"approx.util.annotation.decision_tree"() <{{func_name = "f", {}}}> : () -> ()\n'
_TREE = '"approx.util.annotation.decision_tree"() {{func_name = "f", {}}} : () -> ()\n'


def check(data: bytes) -> bool:
    """Whether the params are understood."""
    number, text = choice(data, 4)
    if number == 0:
        return _string(text)
    if number == 1:
        escaped = "".join([_escaped(byte) for byte in text.encode("utf-8", "surrogateescape")])
        return _knob(_KNOB.format(f'params = "{escaped}"'))
    if number == 2:
        return _knob(_KNOB.format(f"params = {{{text}}}"))
    return _knob(_TREE.format(text))


def _escaped(byte: int) -> str:
    char = chr(byte)
    return char if " " <= char <= "~" and char not in '"\\' else f"\\{byte:02X}"


def _string(text: str) -> bool:
    try:
        entries = parse_params(text)
    except Fault:
        return False
    values = {entry.key: entry.value for entry in entries}
    for entry in entries:
        start, end = entry.span
        require(0 <= start <= entry.value_span[0] <= entry.value_span[1] <= end <= len(text), "wrong spans")
    printed = print_params(values)
    try:
        again = {entry.key: entry.value for entry in parse_params(printed)}
    except Fault as fault:
        raise Violation("printed params are refused", f"{printed}: {fault.message}") from fault
    require(again == values, "printed params mean something else", printed)
    require(print_params(again) == printed, "params are printed in two ways", printed)
    return True


def _knob(annotation: str) -> bool:
    text = _HEAD + annotation
    try:
        module = parse(text, lazy=True)
        knobs = module.knobs()
        config = module.config()
    except ApproxIRError:
        return False
    require(str(module) == text, "looking at knobs changes the text")
    try:
        require(module.apply(config) == config, "applying what holds replaces other values")
    except ApproxIRError:
        # The text itself may break the rules that `apply` holds to.
        return False
    require(str(module) == text, "applying what holds changes the text")
    for name, value in config.items():
        for other in (value + 1, value - 1):
            try:
                before = module.apply({name: other})
            except ApproxIRError:
                require(str(module) == text, "a refused configuration changes the text")
                continue
            require(
                parse(str(module)).config()[name] == other, "a value that was set is not read", str(module)
            )
            module.apply(before)
            require(str(module) == text, "undoing leaves a trace", str(module))
    return bool(knobs)


def _seeds() -> Iterator[bytes]:
    for text in seeds.sentences("params.lark", "start", 60):
        yield chosen(0, text)
        yield chosen(1, text)
    for text in samples.PARAMS_STRINGS:
        yield chosen(0, text)
        yield chosen(1, text)
    for text in samples.PARAMS_ENTRIES:
        yield chosen(2, text)
        yield chosen(3, text)


TARGET = Target(
    name="params",
    about="params as strings, dictionaries and attributes; reading and applying configurations",
    check=check,
    seeds=_seeds,
    words=seeds.params_words,
    max_len=256,
)
