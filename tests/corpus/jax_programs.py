"""JAX programs that exercise most of what a front end prints, as MLIR text in several styles.

    for text in texts():
        print(text.program, text.style, len(text.mlir))

Every program is a small function with its arguments, drawn from a seed. Lowering does not run the program,
so a program may be something that no engine here executes (custom calls, fp8, a sharded matmul).
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import jax
import jax.numpy as jnp
import numpy as np
from jax import export, lax

Array: TypeAlias = Any
"""Anything JAX takes as an array; its own `jax.Array` is too narrow for NumPy arguments."""

Style = Literal["pretty", "debug", "generic", "generic-debug"]
"""`pretty` and `generic` are MLIR's custom and generic forms; `debug` adds Python's locations."""

STYLES: tuple[Style, ...] = get_args(Style)


class Text(NamedTuple):
    """The MLIR text of one program in one style."""

    program: str
    style: Style
    mlir: str


@dataclass(frozen=True, slots=True)
class Program:
    """A function to lower, how to draw its arguments, and how to lower it."""

    name: str
    function: Callable[..., Any]
    arguments: Callable[[np.random.Generator], tuple[Any, ...]]
    x64: bool = False
    """Lower with 64-bit types enabled; JAX otherwise narrows every f64 to f32."""
    platform: str = "cpu"
    """The platform to lower for; JAX lowers for accelerators that are absent."""

    def lower(self, seed: int = 0) -> jax.stages.Lowered:
        """Trace and lower the program; the same seed gives the same text."""
        with jax.enable_x64(True) if self.x64 else contextlib.nullcontext():
            arguments = self.arguments(np.random.default_rng(seed))
            traced = jax.jit(self.function).trace(*arguments)
            lowered: jax.stages.Lowered = traced.lower(lowering_platforms=(self.platform,))
            return lowered

    def text(self, style: Style = "pretty", seed: int = 0) -> str:
        """The StableHLO module in the given style."""
        lowered = self.lower(seed)
        if style == "pretty":
            return lowered.as_text()
        if style == "debug":
            return lowered.as_text(debug_info=True)
        module: Any = lowered.compiler_ir("stablehlo")
        asm = module.operation.get_asm(
            print_generic_op_form=True, enable_debug_info=style == "generic-debug", large_elements_limit=None
        )
        return str(asm)


def texts(
    styles: Sequence[Style] = STYLES, names: Sequence[str] | None = None, seed: int = 0
) -> Iterator[Text]:
    """Every program (or only those named) in every style asked for."""
    for program in PROGRAMS:
        if names is None or program.name in names:
            for style in styles:
                yield Text(program.name, style, program.text(style, seed))


def programs(seed: int = 0) -> Iterator[tuple[str, str]]:
    """Every program as (name, pretty text): the short way for tests that need no other style."""
    for text in texts(("pretty",), seed=seed):
        yield text.program, text.mlir


def normal(*shape: int, dtype: Any = np.float32) -> Callable[[np.random.Generator], Array]:
    """An argument drawn from the normal distribution."""
    return lambda rng: jnp.asarray(rng.normal(size=shape), dtype)


def integers(
    low: int, high: int, *shape: int, dtype: Any = np.int32
) -> Callable[[np.random.Generator], Array]:
    """An argument drawn evenly from `low` to `high - 1`."""
    return lambda rng: jnp.asarray(rng.integers(low, high, size=shape), dtype)


def drawn(
    *makers: Callable[[np.random.Generator], Array],
) -> Callable[[np.random.Generator], tuple[Array, ...]]:
    """The tuple of arguments that the makers draw, in order, from one generator."""
    return lambda rng: tuple(make(rng) for make in makers)


def layer_norm(x: Array, scale: Array) -> Array:
    mean = x.mean(-1, keepdims=True)
    return (x - mean) * lax.rsqrt(jnp.var(x, -1, keepdims=True) + 1e-5) * scale


def transformer_block(x: Array, weights: dict[str, Array]) -> Array:
    """Causal multi-head attention and a gated feed-forward layer; arguments are a pytree."""
    batch, length, width = x.shape
    heads = 4
    normed = layer_norm(x, weights["scale"])
    q, k, v = jnp.split(normed @ weights["qkv"], 3, axis=-1)
    q, k, v = (a.reshape(batch, length, heads, -1).transpose(0, 2, 1, 3) for a in (q, k, v))
    scores = jnp.einsum("bhqd,bhkd->bhqk", q, k) / np.sqrt(width // heads)
    causal = jnp.tril(jnp.ones((length, length), bool))
    weighted = jax.nn.softmax(jnp.where(causal, scores, -jnp.inf)) @ v
    x = x + weighted.transpose(0, 2, 1, 3).reshape(batch, length, width) @ weights["out"]
    return x + jax.nn.gelu(layer_norm(x, weights["scale"]) @ weights["up"]) @ weights["down"]


def transformer_arguments(rng: np.random.Generator) -> tuple[Any, ...]:
    shapes = {"scale": (32,), "qkv": (32, 96), "out": (32, 32), "up": (32, 64), "down": (64, 32)}
    return normal(2, 8, 32)(rng), {name: normal(*shape)(rng) for name, shape in shapes.items()}


def conv_net(image: Array, kernel: Array, depthwise: Array, dense: Array) -> Array:
    """Strided, padded, grouped and transposed convolutions, pooling, batch normalisation and a softmax."""
    numbers = ("NHWC", "HWIO", "NHWC")
    y = lax.conv_general_dilated(image, kernel, (2, 2), "SAME", dimension_numbers=numbers)
    y = jax.nn.relu((y - y.mean((0, 1, 2))) / jnp.sqrt(y.var((0, 1, 2)) + 1e-3))
    y = lax.conv_general_dilated(
        y,
        depthwise,
        (1, 1),
        ((1, 2), (0, 1)),
        rhs_dilation=(2, 1),
        dimension_numbers=numbers,
        feature_group_count=8,
    )
    y = lax.reduce_window(y, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "SAME")
    y = lax.conv_transpose(y, kernel, (2, 2), "SAME", dimension_numbers=numbers, transpose_kernel=True)
    return jax.nn.log_softmax(y.mean((1, 2)) @ dense)


def fori_loop(x: Array) -> Array:
    """Newton's square root: a loop with a static trip count."""
    return lax.fori_loop(0, 10, lambda _, y: 0.5 * (y + x / y), jnp.ones_like(x))


def while_loop(a: Array, b: Array) -> Array:
    """Euclid's algorithm: several carried values, a condition on data."""
    state = (a, b, jnp.int32(0))
    return lax.while_loop(lambda s: s[1] != 0, lambda s: (s[1], s[0] % s[1], s[2] + 1), state)


def scan_rnn(inputs: Array, w: Array, u: Array) -> tuple[Array, Array]:
    """A recurrent network by `scan`: dynamic slices in, dynamic updates out."""

    def step(h: Array, x: Array) -> tuple[Array, Array]:
        h = jnp.tanh(x @ w + h @ u)
        return h, h.sum()

    return lax.scan(step, jnp.zeros(u.shape[0]), inputs, unroll=2)


def cond_switch(index: Array, x: Array) -> Array:
    """Branches on data: two-way, many-way, nested, and one over an empty operand list."""
    branches = (jnp.sin, jnp.cos, lambda v: lax.cond(v.sum() > 0, jnp.exp, jnp.negative, v))
    y = lax.switch(index, branches, x)
    return y + lax.cond(index > 1, lambda: 1.0, lambda: 0.0)


def scatter_ops(x: Array, indices: Array, updates: Array) -> tuple[Array, ...]:
    """Scatter with every combiner, unique and colliding indices, windows, and out-of-bounds modes."""
    return (
        x.at[indices].set(updates),
        x.at[indices].add(updates, mode="drop"),
        x.at[indices].multiply(2.0, unique_indices=True, indices_are_sorted=True),
        x.at[:, indices % 4].max(0.5),
        x.at[indices, indices % 4].apply(jnp.sin),
        jax.ops.segment_sum(updates, indices, num_segments=6),
    )


def gather_indexing(
    table: Array, indices: Array, values: Array, columns: Array, rows: Array
) -> tuple[Array, ...]:
    """Gathers of many shapes, dynamic slices, and a product with a sparse matrix in coordinate form."""
    product = jnp.zeros(table.shape[0]).at[rows].add(values * table[columns % table.shape[0], 0])
    return (
        table[indices],
        table[indices[:, None], jnp.arange(3)[None]],
        jnp.take_along_axis(table, indices[None, :3] % 4, axis=1),
        lax.dynamic_slice(table, (indices[0], 0), (2, 3)),
        lax.dynamic_update_slice(table, jnp.ones((1, 2)), (indices[1], 1)),
        table[::-2, 1:3],
        jnp.take(table, indices, axis=0, mode="fill"),
        product,
    )


def sort_topk(x: Array, keys: Array) -> tuple[Any, ...]:
    """Sorts with one and with two keys, top-k, argsort, unique with a fixed size, and a search."""
    order = lax.sort((keys, x), num_keys=2, is_stable=True)
    top = lax.top_k(x, 3)
    return (
        order,
        top,
        jnp.argsort(-x),
        jnp.unique(keys, size=4),
        jnp.searchsorted(jnp.sort(x), 0.5),
        jnp.median(x),
    )


def random_numbers(seed: Array) -> tuple[Array, ...]:
    """Counter-based random numbers: unsigned arithmetic, shifts, rejection loops."""
    keys = jax.random.split(jax.random.key(seed), 5)
    return (
        jax.random.normal(keys[0], (4, 4)),
        jax.random.bernoulli(keys[1], 0.3, (8,)),
        jax.random.categorical(keys[2], jnp.zeros((2, 5))),
        jax.random.permutation(keys[3], 10),
        jax.random.gamma(keys[4], 2.0, (3,)),
    )


def complex_numbers(z: Array, x: Array) -> tuple[Array, ...]:
    """Complex constants and arithmetic, polar forms, and polynomial roots by Horner's rule."""
    w = (z + 1j) * jnp.conj(z) / (2.5 - 0.5j)
    return (
        w,
        jnp.abs(z),
        jnp.angle(w),
        jnp.real(jnp.exp(1j * x)),
        lax.complex(x, -x),
        jnp.polyval(jnp.array([1, 2j, 3]), z),
    )


def fft_filter(x: Array) -> tuple[Array, ...]:
    """Forward, inverse, real and two-dimensional Fourier transforms."""
    spectrum = jnp.fft.rfft(x, axis=-1)
    low = jnp.where(jnp.arange(spectrum.shape[-1]) < 3, spectrum, 0)
    return jnp.fft.irfft(low, n=x.shape[-1]), jnp.fft.fft2(x), jnp.fft.ifft(low), jnp.fft.fftshift(x)


def linear_algebra(a: Array, b: Array) -> tuple[Any, ...]:
    """Custom calls with backend configurations: Cholesky, QR, LU, SVD, eigenvalues, triangular solve."""
    spd = a @ a.T + 4 * jnp.eye(a.shape[0])
    factor = jnp.linalg.cholesky(spd)
    solved = jax.scipy.linalg.solve_triangular(factor, b, lower=True)
    return (
        solved,
        jnp.linalg.qr(a),
        jnp.linalg.solve(spd, b),
        jnp.linalg.svd(a),
        jnp.linalg.eigh(spd),
        jnp.linalg.det(a),
    )


def bf16_mlp(x: Array, w: Array, v: Array) -> Array:
    """Mixed precision: bf16 products accumulated in f32, f16 rounding, an explicit precision."""
    hidden = jnp.maximum(lax.dot(x, w, preferred_element_type=jnp.float32), 0).astype(jnp.bfloat16)
    out = lax.dot(hidden, v, precision=(lax.Precision.HIGHEST, lax.Precision.DEFAULT))
    return lax.reduce_precision(out.astype(jnp.float16), 5, 7)


def nested_jit(x: Array) -> Array:
    """Private functions: one jitted function for two shapes, inside another, under names with quotes."""

    @jax.jit
    def inner(v: Array) -> Array:
        return jnp.clip(v, -1.0, 1.0) * 2

    @functools.partial(jax.jit, static_argnums=1)
    def outer(v: Array, times: int) -> Array:
        for _ in range(times):
            v = inner(v) + inner(v[:2]).sum()
        return v

    with jax.named_scope('scope "quoted" // not a comment'):
        return outer(x, 3)


def vmap_grad(w: Array, x: Array, y: Array) -> tuple[Array, Array]:
    """Per-example gradients and a Hessian: batched dot_general with transposes."""

    def loss(p: Array, a: Array, b: Array) -> Array:
        return jnp.mean((jnp.tanh(a @ p) - b) ** 2)

    return jax.vmap(jax.grad(loss), (None, 0, 0))(w, x, y), jax.hessian(lambda p: loss(p, x[0], y[0]))(w)


def reductions(x: Array, flags: Array) -> tuple[Array, ...]:
    """Reductions with one and two operands, over several axes, cumulative and windowed, of several types."""
    return (
        x.sum((0, 2)),
        x.argmax(1),
        jax.nn.logsumexp(x, -1),
        jnp.cumsum(x, 0),
        lax.cummax(x, 1, reverse=True),
        flags.all(),
        flags.any(1),
        jnp.prod(x.astype(jnp.int32), 0),
        jnp.nanmax(x),
        lax.associative_scan(jnp.multiply, x, axis=2),
    )


def int_bits(a: Array, b: Array, narrow: Array) -> tuple[Array, ...]:
    """Integer widths from 4 to 32 bits, shifts, counts, bit casts, hexadecimal and wrapped constants."""
    return (
        (a << 3) ^ (b >> 1),
        lax.population_count(a) + lax.clz(b),
        lax.shift_right_logical(a, jnp.int32(5)),
        lax.bitcast_convert_type(a, jnp.float32),
        narrow.astype(jnp.int4),
        (narrow.astype(jnp.uint8) + jnp.uint8(250)) & jnp.uint8(0xF0),
        jnp.where(a > b, jnp.int32(-(2**31)), jnp.int32(2**31 - 1)),
        a // b,
    )


def fp8_matmul(x: Array, w: Array) -> Array:
    """Eight-bit floats scaled back to f32."""
    scale = jnp.max(jnp.abs(x)) / 448.0
    return (x / scale).astype(jnp.float8_e4m3fn).astype(jnp.float32) @ w.astype(jnp.float8_e5m2).astype(
        jnp.float32
    )


def special_functions(x: Array) -> tuple[Array, ...]:
    """Operations of the chlo dialect and their expansions."""
    s = jax.scipy.special
    return (
        s.erf(x),
        s.erfinv(x / 9),
        s.gammaln(x),
        s.digamma(x),
        s.i0(x),
        jnp.sinh(x),
        jnp.arctan2(x, 2),
        jnp.cbrt(x),
        s.betainc(1.5, 2.5, jax.nn.sigmoid(x)),
        jnp.nextafter(x, 2.0),
        jnp.arccosh(x + 2),
        jnp.tan(x),
    )


def special_constants(x: Array) -> tuple[Array, ...]:
    """Literals: infinities, NaN, negative zero, subnormals, large dense tables, splats and booleans."""
    table = np.sin(np.arange(48, dtype=np.float32)).reshape(3, 16)
    extremes = np.array([np.inf, -np.inf, np.nan, -0.0, 1e-45, 3.4028235e38], np.float32)
    mask = np.arange(16) % 3 == 0
    return (
        x + table,
        x[0, 0] * extremes,
        jnp.where(mask, x, 0),
        x + np.arange(16, dtype=np.float32),
        x * np.pi,
    )


def kepler(mean_anomaly: Array) -> Array:
    """Double precision, with a loop that stops on the residual."""

    def unfinished(state: tuple[Array, Array]) -> Array:
        return (jnp.abs(state[1]).max() > 1e-14) & jnp.isfinite(state[0]).all()

    def newton(state: tuple[Array, Array]) -> tuple[Array, Array]:
        e = state[0]
        step = (e - 0.5 * jnp.sin(e) - mean_anomaly) / (1 - 0.5 * jnp.cos(e))
        return e - step, step

    return lax.while_loop(unfinished, newton, (mean_anomaly, jnp.ones_like(mean_anomaly)))[0]


def rematerialised(x: Array, w: Array) -> Array:
    """Optimisation barriers from `checkpoint`, and a custom gradient."""

    @jax.custom_vjp
    def clipped(v: Array) -> Array:
        return jnp.minimum(v, 1.0)

    def forward(v: Array) -> tuple[Array, Array]:
        return clipped(v), v

    def backward(v: Array, g: Array) -> tuple[Array]:
        return (jnp.where(v < 1.0, g, 0.1 * g),)

    clipped.defvjp(forward, backward)
    return jax.grad(lambda p: jax.checkpoint(lambda v: clipped(jnp.sin(v @ p)).sum())(x))(w)


def sharded_matmul(x: Array, w: Array) -> Array:
    """A mesh of one device: the sharding annotations and custom forms of the sdy dialect."""
    sharding: Any = jax.sharding  # and lax.with_sharding_constraint: JAX leaves them untyped
    constrain: Any = lax.with_sharding_constraint
    mesh = sharding.Mesh(np.array(jax.devices()[:1]).reshape(1, 1), ("rows", "columns"))
    x = constrain(x, sharding.NamedSharding(mesh, sharding.PartitionSpec("rows", None)))
    return constrain(x @ w, sharding.NamedSharding(mesh, sharding.PartitionSpec("rows", "columns")))


def dynamic_shapes(x: Array) -> Array:
    """Symbolic dimensions: `tensor<?x4xf32>`, dynamic operations, and shape assertions with messages."""
    return jnp.concatenate([x, x[: x.shape[0] // 2]]).reshape(-1, 2).sum(0) / x.shape[0]


class ExportedProgram(Program):
    """A program whose arguments have symbolic shapes, which only `jax.export` can lower."""

    __slots__ = ()

    def text(self, style: Style = "pretty", seed: int = 0) -> str:
        from jax._src.interpreters import mlir
        from jaxlib.mlir import ir

        describe: Any = jax.ShapeDtypeStruct  # JAX leaves it untyped
        shape = describe(export.symbolic_shape("n, 4"), jnp.float32)
        module = export.export(jax.jit(self.function))(shape).mlir_module()
        with mlir.make_ir_context():
            operation = ir.Module.parse(str(module)).operation
            return str(
                operation.get_asm(
                    print_generic_op_form=style.startswith("generic"),
                    enable_debug_info=style.endswith("debug"),
                )
            )


PROGRAMS: tuple[Program, ...] = (
    Program("transformer_block", transformer_block, transformer_arguments),
    Program(
        "conv_net",
        conv_net,
        drawn(normal(1, 16, 16, 3), normal(3, 3, 3, 8), normal(2, 2, 1, 8), normal(3, 10)),
    ),
    Program("fori_loop", fori_loop, drawn(normal(4, 4))),
    Program("while_loop", while_loop, drawn(integers(1, 1000), integers(1, 1000))),
    Program("scan_rnn", scan_rnn, drawn(normal(7, 5), normal(5, 6), normal(6, 6))),
    Program("cond_switch", cond_switch, drawn(integers(0, 3), normal(8))),
    Program("scatter_ops", scatter_ops, drawn(normal(6, 4), integers(0, 6, 3), normal(3, 4))),
    Program(
        "gather_indexing",
        gather_indexing,
        drawn(normal(6, 4), integers(0, 6, 5), normal(9), integers(0, 6, 9), integers(0, 6, 9)),
    ),
    Program("sort_topk", sort_topk, drawn(normal(16), integers(0, 5, 16))),
    Program("random_numbers", random_numbers, drawn(integers(0, 99, dtype=np.uint32))),
    Program("complex_numbers", complex_numbers, drawn(normal(4, dtype=np.complex64), normal(4))),
    Program("fft_filter", fft_filter, drawn(normal(4, 16))),
    Program("linear_algebra", linear_algebra, drawn(normal(4, 4), normal(4, 2))),
    Program("linear_algebra_cuda", linear_algebra, drawn(normal(4, 4), normal(4, 2)), platform="cuda"),
    Program("bf16_mlp", bf16_mlp, drawn(*(normal(8, 8, dtype=jnp.bfloat16) for _ in range(3)))),
    Program("nested_jit", nested_jit, drawn(normal(5))),
    Program("vmap_grad", vmap_grad, drawn(normal(4, 3), normal(6, 2, 4), normal(6, 2, 3))),
    Program("reductions", reductions, drawn(normal(3, 4, 5), integers(0, 2, 3, 4, dtype=bool))),
    Program(
        "int_bits", int_bits, drawn(integers(1, 99, 8), integers(1, 99, 8), integers(-8, 8, 8, dtype=np.int8))
    ),
    Program("fp8_matmul", fp8_matmul, drawn(normal(8, 8), normal(8, 8))),
    Program("special_functions", special_functions, drawn(normal(8))),
    Program("special_constants", special_constants, drawn(normal(3, 16))),
    Program("kepler", kepler, drawn(normal(16, dtype=np.float64)), x64=True),
    Program("rematerialised", rematerialised, drawn(normal(3, 4), normal(4, 5))),
    Program("sharded_matmul", sharded_matmul, drawn(normal(4, 4), normal(4, 4))),
    ExportedProgram("dynamic_shapes", dynamic_shapes, drawn()),
)
