"""``approxir build``: compile a module ahead of time, to a file."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import click

from approxir import files
from approxir.cli import streams

if TYPE_CHECKING:
    from approxir.ir.module import Module

OBJECT, SHARED, EXECUTABLE, LLVM_IR, MLIR, VMFB = KINDS = (
    "object", "shared", "executable", "llvm-ir", "mlir", "vmfb"
)  # fmt: skip
SUFFIXES = {
    ".o": OBJECT,
    ".so": SHARED,
    ".dylib": SHARED,
    "": EXECUTABLE,
    ".out": EXECUTABLE,
    ".ll": LLVM_IR,
    ".mlir": MLIR,
    ".vmfb": VMFB,
}
"""The kind that the ending of the file to write stands for."""
_TEXTS = (LLVM_IR, MLIR)
_LINKED = (OBJECT, SHARED, EXECUTABLE)
# What the parameters of the command are called as options, and which kinds they are about.
_ABOUT = {
    "function": ("--function", (EXECUTABLE,)),
    "sources": ("--link", (EXECUTABLE,)),
    "externals": ("--external", (*_LINKED, *_TEXTS)),
    "name": ("--name", (OBJECT, SHARED, *_TEXTS)),
    "prefix": ("--prefix", (OBJECT, SHARED)),
    "opt_level": ("--opt-level", _LINKED),
    "target": ("--target", (*_LINKED, VMFB)),
    "triple": ("--triple", (OBJECT,)),
    "arch": ("--arch", (VMFB,)),
    "using": ("--using", (*_LINKED, *_TEXTS)),
    "compiler": ("--compiler", _LINKED),
}


@click.command(name="build", short_help="Compile a module to a file.")
@click.argument("file", metavar="FILE")
@click.option("-o", "--output", metavar="OUT", required=True, help="Write to OUT; '-' is stdout, for texts.")
@click.option(
    "-k",
    "--kind",
    type=click.Choice(KINDS),
    help="What to make; by default what the ending of OUT says: .o, .so, none, .ll, .mlir, .vmfb.",
)
@click.option("-f", "--function", metavar="NAME", help="What a program calls, if there are several.")
@click.option("--live", is_flag=True, help="Keep thresholds and decisions changeable.")
@click.option(
    "-s", "--set", "values", multiple=True, metavar="NAME=VALUE", help="Set a parameter of the module first."
)
@click.option("-c", "--config", metavar="JSON", help="Apply a configuration file first; '-' is stdin.")
@click.option("-O", "--opt-level", type=click.IntRange(0, 3), help="How much LLVM optimizes; 3 by default.")
@click.option("-t", "--target", metavar="NAME", help="The processor, by LLVM's name; for a vmfb the device.")
@click.option("--triple", metavar="TRIPLE", help="The target of an object file: aarch64-linux-gnu.")
@click.option("--arch", metavar="ARCH", help="The architecture for a vmfb: sm_80, gfx942.")
@click.option(
    "-e", "--external", "externals", multiple=True, metavar="NAME", help="A declared function that C defines."
)
@click.option("-l", "--link", "sources", multiple=True, metavar="FILE", help="C or an object for a program.")
@click.option("--name", metavar="NAME", help="What C calls the module; by default the name of OUT.")
@click.option("--prefix", metavar="PREFIX", help="What to put before the names of functions in C.")
@click.option("--using", metavar="TOOL", help="What lowers the module: torch-mlir or mlir-opt.")
@click.option("--compiler", metavar="TOOL", help="What makes code of LLVM's: llvmlite, clang or llc.")
def command(
    file: str,
    output: str,
    kind: str | None,
    function: str | None,
    live: bool,
    values: tuple[str, ...],
    config: str | None,
    **options: Any,
) -> int:
    """Compile a module to an object file, a shared library, a program, or a text.

    Approximations are lowered first. Beside objects and libraries a C header is written, with the ending .h,
    and beside all but texts a description of the interface, with the ending .json; files of these names that
    were not written by approxir are never replaced. With --live, thresholds and decisions can be changed
    after compiling: the header has functions for it, and programs the option --set.

    \b
    Examples:
      approxir build kernel.mlir -o kernel.o                 and: cc main.c kernel.o -lm
      approxir build kernel.mlir -o libkernel.so --live      parameters stay changeable
      approxir build fib.mlir -o fib -f fibonacci            and: ./fib 30
      approxir build kernel.mlir -o kernel.o -s kernel_threshold_0=75 -O2 -t x86-64-v3
      approxir build kernel.mlir -o - -k llvm-ir             LLVM's language, to standard output
      approxir build model.mlir -o model.vmfb -t cuda        for IREE
    """
    chosen = _kind(output, kind)
    for name, value in {"function": function, **options}.items():
        option, kinds = _ABOUT[name]
        if value not in (None, ()) and chosen not in kinds:
            shown = ", ".join(kinds)
            raise click.UsageError(f"{option} is about other kinds of files than '{chosen}': {shown}.")
    if file == config == streams.STDIO:
        raise click.UsageError("'-' can be given only once.")
    if os.path.realpath(file) == os.path.realpath(output) and output != streams.STDIO:
        raise click.UsageError(f"'{output}' is the module itself.")
    module = _configured(file, values, config)
    _build(chosen, module, output, function, live, options)
    return 0


def _kind(output: str, kind: str | None) -> str:
    if output == streams.STDIO:
        if kind not in _TEXTS:
            raise click.UsageError("'-o -' is for texts: --kind llvm-ir or mlir.")
        return kind
    suffix = PurePath(output).suffix
    found = kind or SUFFIXES.get(suffix)
    if found is None:
        raise click.UsageError(f"--kind has to say what '{output}' is to be; {suffix} does not tell.")
    return found


def _configured(file: str, values: tuple[str, ...], config: str | None) -> Module:
    """The module with the parameters that were asked for, which a live module begins with."""
    from approxir.cli.set import named_values
    from approxir.ir.module import parse
    from approxir.knobs.files import read_entries

    text, name = streams.read(file)
    module = parse(text, file=name)
    wanted = read_entries(*(streams.read(config, hint=files.NO_JSON) if config else ("{}", "")))
    wanted.override(named_values(values))
    module.apply(wanted)
    return module


def _build(
    kind: str, module: Module, output: str, function: str | None, live: bool, options: dict[str, Any]
) -> None:
    if kind == VMFB:
        from approxir.codegen.iree.writing import write_vmfb

        write_vmfb(module, output, live=live, target=options["target"] or "cpu", arch=options["arch"])
        return
    from approxir.codegen.llvm import aot

    common: dict[str, Any] = {
        "live": live,
        "externals": options["externals"],
        "using": options["using"],
    }
    if kind in _TEXTS:
        held = aot.translate(module, name=options["name"] or "module", options=aot.Options(**common))
        streams.write(output, held.llvm_ir if kind == LLVM_IR else held.mlir)
        return
    level = options["opt_level"]
    common |= {
        "opt_level": 3 if level is None else level,
        "cpu": options["target"] or "native",
        "compiler": options["compiler"],
    }
    if kind == EXECUTABLE:
        aot.compile_executable(
            module, output, _called(module, function), sources=options["sources"], **common
        )
        return
    common |= {"name": options["name"], "prefix": options["prefix"] or ""}
    if kind == OBJECT:
        aot.compile_object(module, output, triple=options["triple"], **common)
    else:
        aot.compile_shared(module, output, **common)


def _called(module: Module, name: str | None) -> str:
    """The function that a program calls."""
    from approxir.codegen.signature import public_functions

    if name is not None:
        return name
    found = public_functions(module)
    if "main" in found:
        return "main"
    if len(found) != 1:
        raise click.UsageError(f"--function says which one; the module has: {', '.join(found) or 'none'}")
    return next(iter(found))
