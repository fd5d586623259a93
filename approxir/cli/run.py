"""``approxir run``: call a function of a module."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from approxir import files
from approxir.cli import streams
from approxir.errors import ApproxIRError

if TYPE_CHECKING:
    from approxir.codegen.signature import Signature
    from approxir.ir.module import Module

INTERPRETER = "interp"
BACKENDS = ("llvm", "llvm-shared", "iree", INTERPRETER)


@click.command(name="run", short_help="Call a function of a module.")
@click.argument("file", metavar="FILE")
@click.option("-f", "--function", metavar="NAME", help="Which function; not needed where there is only one.")
@click.option("-a", "--arg", "arguments", multiple=True, metavar="VALUE", help="The next argument.")
@click.option(
    "-b",
    "--backend",
    type=click.Choice(BACKENDS),
    default="llvm",
    show_default=True,
    help="What runs it; interp is the interpreter.",
)
@click.option("--target", metavar="NAME", help="The device of iree: cpu, cuda, ...; cpu by default.")
@click.option(
    "-s", "--set", "values", multiple=True, metavar="NAME=VALUE", help="Set a parameter of the module first."
)
@click.option("-c", "--config", metavar="JSON", help="Apply a configuration file first.")
@click.option("--live", is_flag=True, help="Compile with live parameters, and set them in the compiled code.")
@click.option("--copy", is_flag=True, help="Copy arrays whose memory cannot be shared with the function.")
@click.option(
    "--time", "repeat", type=click.IntRange(min=1), metavar="N", help="Time N samples of calls as well."
)
@click.option("-o", "--output", metavar="OUT", help="Write the results to OUT, a .npy or .npz file.")
def command(
    file: str,
    function: str | None,
    arguments: tuple[str, ...],
    backend: str,
    target: str | None,
    values: tuple[str, ...],
    config: str | None,
    live: bool,
    copy: bool,
    repeat: int | None,
    output: str | None,
) -> int:
    """Compile a module, call one of its functions, and print the results, one on a line.

    Arguments are numbers, arrays such as '[1, 2, 3]', .npy files, or arrays that are made: random, zeros or
    ones, with the shape, the element type and for random the seed behind it, where they are needed. Random
    numbers are drawn evenly from 0 to 1, integers from 0 to 99.

    \b
    Examples:
      approxir run examples/sum_of_squares.mlir -f sum_of_squares -a 600 -a random:600
      approxir run kernel.mlir -a 100 -a data.npy --set kernel_threshold_0=50
      approxir run kernel.mlir -a 100 -a random:100:f32:7 --time 30
      approxir run model.mlir --backend iree -a random:8x128 -o result.npy
    """
    from approxir.cli.set import named_values
    from approxir.codegen.inputs import parse_inputs
    from approxir.ir.module import parse
    from approxir.knobs.files import read_entries

    if live and backend == INTERPRETER:
        raise click.UsageError("--live is about compiled code, which the interpreter has none of.")
    if target is not None and backend != "iree":
        raise click.UsageError("--target is about --backend iree.")
    if output is not None and not output.endswith((".npy", ".npz")):
        raise click.UsageError("-o takes a .npy file, or a .npz file for several results.")
    if streams.STDIO in (file, config) and file == config:
        raise click.UsageError("'-' can be given only once.")
    text, name = streams.read(file)
    module = parse(text, file=name)
    wanted = read_entries(*(streams.read(config, hint=files.NO_JSON) if config else ("{}", "")))
    wanted.override(named_values(values))
    if not live:
        module.apply(wanted)
    signature = _signature(module, function)
    given = parse_inputs(arguments, signature)
    call, time = _callable(module, signature.name, backend, target, live, copy, wanted)
    results = call(*given)
    _report(results, output)
    if repeat is not None:
        click.echo(f"time per call: {time(*given, repeat=repeat)}")
    return 0


def _signature(module: Module, name: str | None) -> Signature:
    """The signature of the function that is meant."""
    from approxir.codegen.signature import public_functions, signature_of
    from approxir.nearest import did_you_mean

    found = public_functions(module)
    if name is None:
        if len(found) != 1:
            shown = ", ".join(found) or "none"
            raise click.UsageError(f"--function says which one; the module has: {shown}")
        (name,) = found
    if name not in found:
        hint = did_you_mean(name, found)
        shown = hint or f"it has: {', '.join(found) or 'none'}"
        raise ApproxIRError(f"{module.file}: error: there is no public function '{name}'; {shown}")
    return signature_of(found[name])


def _callable(
    module: Module,
    name: str,
    backend: str,
    target: str | None,
    live: bool,
    copy: bool,
    config: Mapping[str, int],
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """What calls the function, and what times its calls."""
    if backend == INTERPRETER:
        from approxir.codegen.timing import measure
        from approxir.interp import Interpreter

        interpreter = Interpreter(module, max_steps=None)

        def run(*args: Any) -> Any:
            results = interpreter.call(name, *args)
            return results[0] if len(results) == 1 else results or None

        return run, lambda *args, repeat: measure(lambda: run(*args), repeat=repeat)
    from approxir.codegen import backend as backends

    options: dict[str, Any] = {}
    if backend == "iree":
        options["target"] = target or "cpu"
    else:
        options["copy"] = copy
    engine: Any = backends.get(backend)
    kernel = engine.load(engine.compile(module, live=live, **options))
    if live:
        kernel.set(config)
    return kernel[name], kernel[name].time


def _report(results: Any, output: str | None) -> None:
    """Print results, and write them to a file of NumPy's."""
    import numpy as np

    listed = results if isinstance(results, tuple) else () if results is None else (results,)
    if output is not None:
        _save(output, listed)
    for value in listed:
        if isinstance(value, np.ndarray):
            shown = np.array2string(value, separator=", ", threshold=1000, max_line_width=100)
            click.echo(f"{shown}  # {'x'.join(map(str, value.shape)) or 'scalar'} {value.dtype}")
        else:
            click.echo(str(value.item() if hasattr(value, "item") else value))


def _save(path: str, results: tuple[Any, ...]) -> None:
    import io

    import numpy as np

    from approxir.files import write_bytes_atomic

    stream = io.BytesIO()
    if path.endswith(".npz"):
        np.savez(stream, *results)
    elif len(results) == 1:
        np.save(stream, results[0])
    else:
        raise click.UsageError(f"a .npy file holds one result, there are {len(results)}; write a .npz file.")
    write_bytes_atomic(path, stream.getvalue())
