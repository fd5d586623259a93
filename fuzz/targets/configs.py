"""Configuration files, and JSON in general."""

from __future__ import annotations

from collections.abc import Iterator

from approxir.errors import ApproxIRError
from approxir.ir.module import parse
from approxir.knobs.files import dump_config, parse_config, read_entries
from approxir.syntax.faults import Fault
from approxir.syntax.json_text import json_text, read_json
from approxir.testing.targets import seeds
from approxir.testing.targets.base import Target, Violation, choice, chosen, require

_MODULE = (
    "func.func @f(%a: i32) -> i32 {\n  return %a : i32\n}\n"
    '"approx.util.annotation.decision_tree"() <{func_name = "f", params = {thresholds = array<i32: 5, 10>, '
    "decisions = array<i32: 0, 1, 2>, thresholds_lowers = array<i32: 0>, "
    "thresholds_uppers = array<i32: 100>, decision_values = array<i32: 0, 1, 2>, "
    'transform_type = "loop_perforate"}}> : () -> ()\n'
)


def check(data: bytes) -> bool:
    """Whether the configuration is understood."""
    number, text = choice(data, 3)
    if number == 0:
        return _json(text)
    try:
        if number == 1:
            config = parse_config(text)
        else:
            module = parse(_MODULE)
            before = module.apply(read_entries(text))
            module.apply(before)
            require(str(module) == _MODULE, "undoing a configuration leaves a trace")
            return True
    except ApproxIRError:
        return False
    if _has_surrogates(text):
        return True
    written = dump_config(config)
    try:
        require(parse_config(written) == config, "a configuration is not given back", written)
    except ApproxIRError as error:
        raise Violation("a written configuration is refused", f"{written}: {error}") from error
    require(dump_config(parse_config(written)) == written, "a configuration is written in two ways")
    return True


def _has_surrogates(text: str) -> bool:
    """Whether there are characters that JSON holds, but two of which it cannot tell from a pair."""
    return any("\ud800" <= char <= "\udfff" for char in text)


def _json(text: str) -> bool:
    try:
        value = read_json(text)
    except Fault:
        return False
    written = json_text(value)
    if _has_surrogates(text):
        return True
    try:
        again = read_json(written)
    except Fault as fault:
        raise Violation("written JSON is refused", f"{written}: {fault.message}") from fault
    require(repr(again) == repr(value), "JSON is not given back", written)
    return True


def _seeds() -> Iterator[bytes]:
    for text in seeds.json_texts():
        for number in range(3):
            yield chosen(number, text)


TARGET = Target(
    name="configs",
    about="JSON and configuration files, and applying them",
    check=check,
    seeds=_seeds,
    words=seeds.json_words,
    max_len=256,
)
