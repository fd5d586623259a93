"""Where fuzzing begins: seeds and words of each target, made from the grammars and the tables."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from approxir.testing.targets import grammars, samples

_LONGEST = 3000


def sentences(grammar: str, start: str, count: int) -> list[str]:
    """Distinct sentences of a grammar from a start symbol; the same ones each time."""
    return grammars.repeat(count, 0, lambda rng: grammars.sentence(grammar, start, rng))


def modules() -> Iterator[str]:
    """Modules: written ones, sentences of the generic form, custom forms, and those of a checkout."""
    yield from samples.MODULES
    yield from sentences("structure.lark", "module", 60)
    rng = random.Random(0)
    for dialect, table in grammars.tables().items():
        for name, entry in table.operations.items():
            form = grammars.custom_form(f"{dialect}.{name}", entry, rng)
            yield f"func.func @f(%a: i32, %b: index) {{\n  {form}\n  return\n}}\n"
    yield from _examples()


@cache
def _examples() -> tuple[str, ...]:
    """The short modules of a checkout; none where approxir is installed alone."""
    root = Path(__file__).resolve().parent.parent.parent
    found = []
    for folder in ("examples", "tests"):
        for path in sorted((root / folder).rglob("*.mlir")):
            if path.stat().st_size <= _LONGEST:
                found.append(path.read_text(encoding="utf-8"))
    return tuple(found)


def c_sources() -> Iterator[str]:
    """C and C++ with annotations."""
    yield from samples.C_SOURCES
    for text in sentences("c_annotations.lark", "comment", 50):
        yield f"// {text}\ndouble f(int n, double x) {{ return x; }}\n"
    for text in sentences("c_annotations.lark", "pragma", 50):
        yield f"#pragma {text.replace('@', '')}\ndouble g(int n, double x) {{ return x; }}\n"


def hpvm_files() -> Iterator[str]:
    """HPVM's files of configurations."""
    yield from samples.HPVM_FILES
    yield from sentences("hpvm.lark", "start", 60)


def json_texts() -> Iterable[str]:
    """Configurations and other JSON."""
    return samples.JSON_TEXTS


def frontier_texts() -> tuple[tuple[str, ...], ...]:
    """Files of evaluations: JSON without and with its format named, JSON lines, CSV."""
    return (
        samples.FRONTIERS_JSON,
        samples.FRONTIERS_JSON,
        samples.FRONTIERS_LINES,
        samples.FRONTIERS_CSV,
    )


def numpy_files() -> Iterator[bytes]:
    """Small files of NumPy's."""
    import numpy as np

    arrays = (np.arange(3, dtype=np.float32), np.zeros((2, 2), np.int64), np.array(True), np.array(["a"]))
    for array in arrays:
        stream = io.BytesIO()
        np.save(stream, array)
        yield stream.getvalue()


def pipelines() -> Iterator[str]:
    """Pipelines of the passes that there are, with their options."""
    from approxir.passes.options import option_lines
    from approxir.passes.registry import BUILT_IN, passes

    yield f"builtin.module({','.join(BUILT_IN)})"
    yield ",".join(list(BUILT_IN)[1:6])
    for name in BUILT_IN:
        yield name
        for option, _ in option_lines(passes[name]):
            key = re.split(r"[=<\s]", option.lstrip("-"))[0]
            for value in ("true", "false", "1", "x", "'a b'"):
                yield f"any({name}{{{key}={value}}})"


# ---- words


def _terminals(name: str) -> Iterator[str]:
    for texts in grammars.TERMINALS[name].values():
        yield from texts


def attribute_words() -> Iterator[str]:
    """Texts of the terminals of attributes and types, and all keywords."""
    from approxir.syntax.attribute_tokens import BRACKETED
    from approxir.values.floats import FLOAT_FORMATS

    yield from _terminals("attributes.lark")
    yield from BRACKETED
    yield from FLOAT_FORMATS


def module_words() -> Iterator[str]:
    """Texts of the terminals of the generic form, and what the tables of custom forms spell."""
    yield from _terminals("structure.lark")
    for dialect, table in grammars.tables().items():
        for name, entry in table.operations.items():
            yield f"{dialect}.{name}"
            yield from grammars.literals(entry)
    yield from (
        "func.func @",
        "attributes {",
        "loc(",
        "// ",
        "\r\n",
        "{-#",
        "#-}",
        "affine_map<",
        "dense<",
        "array<i32: ",
    )


def params_words() -> Iterator[str]:
    """Names of fields, and texts of the terminals of params strings and attributes."""
    from approxir.dialects.approx.params import FIELDS

    yield from FIELDS
    yield from _terminals("params.lark")
    yield from (
        "array<i32: ",
        "array<i64: ",
        "dense<[",
        "]> : tensor<2xi32>",
        "num_thresholds",
        "func_name",
        "params",
    )


def c_words() -> Iterator[str]:
    """Keys, kinds and their other names, marks of C, and texts of the terminals of annotations."""
    from approxir.frontends.c.keys import ALIASES, KEYS

    yield from _terminals("c_annotations.lark")
    for kind, keys in KEYS.items():
        yield kind
        yield from keys
    yield from ALIASES
    yield from (
        "// @approx:", "/* @approx:", "*/", "#pragma approx ", "\\\n", "double ", "int ", "void ", "(*",
        "&", "&&", "...",
        "namespace a {", "template <class T> ", "struct s {", "class c {", "static ", "inline ", "operator",
        "::", "~",
        "= default;", "throw()", "noexcept", "[[a]]", "__attribute__((x)) ", "asm(\"x\")", "#if 0\n",
        "#else\n",
        "#endif\n", "'\\''", "\"", "R\"x(", "??/\n",
    )  # fmt: skip


def hpvm_words() -> Iterator[str]:
    """Kinds of knobs and texts of the terminals of HPVM's files."""
    from approxir.tuning.hpvm.knobs import KINDS, KNOBS

    yield from KINDS
    yield from map(str, KNOBS)
    yield from _terminals("hpvm.lark")
    yield from ("pool_max", "softmax", "batchnorm", "\r\n", "\t")


def json_words() -> Iterator[str]:
    """What JSON is made of, and the names that configurations have."""
    yield from (
        "{", "}", "[", "]", ":", ",", "true", "false", "null", "NaN", "Infinity", "-", "1e5", "0.5",
        "\\u0041", "\\ud83d",
        "\\n", '"version"', '"parameters"', '"f_threshold_0"', '"f_threshold_1"', '"f_decision_0"',
        '"f_decision_2"',
        "1", "2147483648", "1e400", "\ufeff",
    )  # fmt: skip


def frontier_words() -> Iterator[str]:
    """The names that files of evaluations know."""
    yield from json_words()
    for name in (
        "number", "static", "time_ms", "quality", "failure", "samples_ms", "details", "role", "config",
        "baseline",
        "evaluations", "search",
    ):  # fmt: skip
        yield name
        yield f'"{name}": '
    yield from ("config.", "both", '""', "inf", "nan", "\r\n")


def argument_words() -> Iterator[str]:
    """What texts of arguments are made of."""
    yield from samples.ARGUMENT_TEXTS
    yield from ("random:", "zeros:", "ones:", ":f32", ":i1", ":bf16", ":-1", "x0", "j", "inf", "\x93NUMPY",
    "'descr': ",
                "'<f4'", "'fortran_order': ", "'shape': (", "PK\x03\x04", "|O", "\x80\x04")  # fmt: skip


def pipeline_words() -> Iterator[str]:
    """The passes, their options and their anchors."""
    from approxir.passes.options import option_lines
    from approxir.passes.pipeline_text import ANCHORS
    from approxir.passes.registry import BUILT_IN, passes

    yield from BUILT_IN
    yield from ANCHORS
    for name in BUILT_IN:
        yield from [option.lstrip("-") for option, _ in option_lines(passes[name])]
    yield from ("{", "}", "(", ")", ",", "=", "true", "false", "'", '"', " ")


def command_words() -> Iterator[str]:
    """Commands, their options, and the flags of approx-opt."""
    from approxir.cli.approx_opt import FLAGS
    from approxir.cli.group import cli
    from approxir.cli.main import COMMANDS

    yield from samples.FILES
    for flag in FLAGS:
        yield f"--{flag.name}"
    import click

    with click.Context(cli) as context:
        for name in COMMANDS:
            yield name
            command = cli.get_command(context, name)
            assert command is not None
            for parameter in command.params:
                yield from parameter.opts
    yield from pipeline_words()
