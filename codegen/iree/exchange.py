"""Values between Python and IREE, each checked against its type before the engine sees it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from approxir.errors import ApproxIRError, MissingDependencyError

try:
    import numpy as np
except ImportError as error:
    raise MissingDependencyError("running modules needs NumPy: pip install 'approxir[iree]'") from error

from approxir.codegen.iree.devices import Device, runtime_package
from approxir.codegen.signature import Signature
from approxir.interp.boundary import incoming
from approxir.interp.errors import Trap
from approxir.interp.numbers import dtype_of, normal
from approxir.syntax.attributes import parse_type
from approxir.values import ComplexType, FloatType, IndexType, IntegerType, TensorType, Type

Array = np.ndarray[Any, Any]
Pusher = Callable[[Any, Any, Device], None]
"""Checks a Python value and appends it to a list of IREE's values."""
Puller = Callable[[Any, int, Device], Any]
"""Takes a Python value from a place in a list of IREE's values."""

RETURNS = ("numpy", "jax", "device")
"""As what tensors can be returned."""

_FLOATS = ("f16", "bf16", "f32", "f64")
_WHOLE_BYTES = (8, 16, 32, 64)
_FLOAT_KINDS = {
    "f16": "FLOAT_16", "bf16": "BFLOAT_16", "f32": "FLOAT_32", "f64": "FLOAT_64",
    "f8E4M3FN": "FLOAT_8_E4M3_FN", "f8E4M3FNUZ": "FLOAT_8_E4M3_FNUZ", "f8E5M2": "FLOAT_8_E5M2",
    "f8E5M2FNUZ": "FLOAT_8_E5M2_FNUZ", "f8E8M0FNU": "FLOAT_8_E8M0_FNU",
}  # fmt: skip


class UnsupportedTypeError(ApproxIRError):
    """Values of this type cannot be exchanged between Python and IREE."""


class DeviceArray:
    """An array in the memory of a device, to be handed to functions again without a transfer."""

    def __init__(self, view: Any, dtype: np.dtype[Any], device: Device) -> None:
        self.view = view
        self.dtype = dtype
        self.device = device

    @property
    def shape(self) -> tuple[int, ...]:
        """The dimensions."""
        return tuple(self.view.shape)

    def to_numpy(self) -> Array:
        """A copy in the memory of this process."""
        return _to_numpy(self.view, self.dtype, self.device)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        if copy is False:
            raise ValueError("an array of a device cannot be used without a copy")
        return self.to_numpy() if dtype is None else self.to_numpy().astype(dtype)

    def __repr__(self) -> str:
        return f"<array of {self.dtype} with shape {list(self.shape)} on {self.device.name}>"


def pusher(kind: Type, signature: Signature, what: str) -> Pusher:
    """What checks and converts an argument of a type; `what` names the argument in messages.

    Raises `UnsupportedTypeError`. The pusher raises `ArgumentError` for values that do not fit.
    """
    if isinstance(kind, TensorType):
        return _tensor_pusher(kind, signature, what)
    _check_scalar(kind)
    if isinstance(kind, FloatType):
        return _float_pusher(kind, signature, what)
    low, high = (-(1 << 63), (1 << 63) - 1)
    if isinstance(kind, IntegerType):
        low, high = kind.limits
    # Signless integers may be given in either reading, of which IREE takes the signed one.
    last = high if isinstance(kind, IndexType) or low == 0 else -low - 1

    def push_integer(values: Any, value: Any, device: Device) -> None:
        if type(value) is not int or not low <= value <= last:
            value = int(normal(_checked(value, kind, signature, what), kind))
        values.push_int(value)

    return push_integer


def puller(kind: Type, returns: str) -> Puller:
    """What converts a result of a type. Raises `UnsupportedTypeError`."""
    if isinstance(kind, TensorType):
        return _tensor_puller(kind, returns)
    _check_scalar(kind)
    if isinstance(kind, FloatType):
        dtype = dtype_of(kind)
        if dtype.itemsize == 2:
            # IREE has no such numbers outside of tensors, and hands over their bits.
            return lambda values, at, device: np.array(values.get_variant(at) & 0xFFFF, np.uint16).view(
                dtype
            )[()]
        return lambda values, at, device: dtype.type(values.get_variant(at))
    return lambda values, at, device: normal(values.get_variant(at), kind)


def to_device(array: Array, kind: TensorType, device: Device) -> DeviceArray:
    """A copy of an array in the memory of a device; its type is that of the tensor."""
    memory, usage = _placement()
    element = _element_kind(kind.element_type)
    view = device.allocator.allocate_buffer_copy(
        memory, usage, device.hal, np.asarray(array, order="C"), element
    )
    return DeviceArray(view, array.dtype, device)


def array_to_device(value: Any, device: Device) -> DeviceArray:
    """A copy of anything that is an array in the memory of a device. Raises `UnsupportedTypeError`."""
    array = np.asarray(value)
    try:
        element = element_of(array.dtype)
    except (TypeError, ValueError):
        raise UnsupportedTypeError(f"arrays of {array.dtype} cannot be exchanged with IREE") from None
    return to_device(array, TensorType(array.shape, element), device)


def element_of(dtype: np.dtype[Any]) -> Type:
    """The type of tensors' elements that arrays of a type have. Raises `TypeError`."""
    for name in (*_FLOAT_KINDS, "i1", "i8", "i16", "i32", "i64", "ui8", "ui16", "ui32", "ui64"):
        kind = parse_type(name)
        if dtype_of(kind) == dtype:
            return kind
    for name in ("f32", "f64"):
        kind = ComplexType(FloatType(name))
        if dtype_of(kind) == dtype:
            return kind
    raise TypeError(f"no type has elements of {dtype}")


def check_type(kind: Type) -> None:
    """Raise `UnsupportedTypeError` for a type whose values cannot be exchanged with IREE."""
    if isinstance(kind, TensorType):
        _dtype(kind)
        _element_name(kind.element_type)
    else:
        _check_scalar(kind)


def _check_scalar(kind: Type) -> None:
    """Raise `UnsupportedTypeError` for what is no scalar that IREE's virtual machine has."""
    if isinstance(kind, IndexType) or (isinstance(kind, FloatType) and kind.name in _FLOATS):
        return
    if isinstance(kind, IntegerType) and kind.signedness != "unsigned" and kind.width in (1, *_WHOLE_BYTES):
        return
    raise UnsupportedTypeError(f"values of type {kind} cannot be exchanged with IREE")


def _checked(value: Any, kind: Type, signature: Signature, what: str) -> Any:
    try:
        return incoming(value, kind, what)
    except Trap as trap:
        raise signature.error(trap.message, trap.hint) from None


def _float_pusher(kind: FloatType, signature: Signature, what: str) -> Pusher:
    if dtype_of(kind).itemsize == 2:

        def push_bits(values: Any, value: Any, device: Device) -> None:
            held = np.asarray(_checked(value, kind, signature, what), dtype_of(kind))
            values.push_int(int(held.view(np.uint16)))

        return push_bits

    def push_float(values: Any, value: Any, device: Device) -> None:
        if type(value) is not float:
            value = _checked(value, kind, signature, what)
        values.push_float(float(value))

    return push_float


def _tensor_pusher(kind: TensorType, signature: Signature, what: str) -> Pusher:
    dtype = _dtype(kind)
    element = _element_kind(kind.element_type)
    wanted, rank = kind.shape, kind.rank
    dynamic = not kind.has_static_shape
    memory, usage = _placement()

    def push(values: Any, value: Any, device: Device) -> None:
        if type(value) is DeviceArray:
            array: Any = value
            if value.device is not device:
                raise signature.error(f"{what}: the array is on another device, {value.device.name}")
        else:
            array = value if type(value) is np.ndarray else _as_array(value, kind, signature, what)
        if array.dtype != dtype:
            hint = f"convert it with numpy.asarray(..., numpy.{dtype.name})"
            raise signature.error(f"{what}: an array of {array.dtype} was given, {kind} needs {dtype}", hint)
        shape = array.shape
        if shape != wanted and not (
            dynamic
            and len(shape) == rank
            and all(want is None or want == has for want, has in zip(wanted, shape, strict=True))
        ):
            raise signature.error(f"{what}: the shape {list(shape)} was given, which is none of {kind}")
        if array is value and type(value) is DeviceArray:
            values.push_ref(value.view.ref)
            return
        if not array.flags.c_contiguous:
            array = np.array(array, order="C")
        view = device.allocator.allocate_buffer_copy(memory, usage, device.hal, array, element)
        values.push_ref(view.ref)

    return push


def _as_array(value: Any, kind: TensorType, signature: Signature, what: str) -> Array:
    """An argument as an array; numbers and nested lists of them become one by the interpreter's rules."""
    if not hasattr(value, "dtype") or isinstance(value, np.ma.MaskedArray):
        found: Array = _checked(value, kind, signature, what)
        return found
    try:
        return np.asarray(value)
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:
        raise signature.error(f"{what}: {type(value).__name__} is no array: {error}") from None


def _tensor_puller(kind: TensorType, returns: str) -> Puller:
    dtype = _dtype(kind)
    _element_kind(kind.element_type)
    view_class = runtime_package().HalBufferView
    if returns == "device":
        return lambda values, at, device: DeviceArray(values.get_as_object(at, view_class), dtype, device)
    if returns == "jax":
        return lambda values, at, device: _to_jax(
            _to_numpy(values.get_as_object(at, view_class), dtype, device)
        )
    return lambda values, at, device: _to_numpy(values.get_as_object(at, view_class), dtype, device)


def _to_numpy(view: Any, dtype: np.dtype[Any], device: Device) -> Array:
    """A copy of what a device holds, in the memory of this process."""
    shape = view.shape
    if not view.byte_length:
        return np.empty(shape, dtype)
    if device.is_local:
        # The memory of a function that returns its argument is that of the caller's array.
        return np.frombuffer(view.map(), dtype).reshape(shape).copy()
    held = runtime_package().DeviceArray(device.hal, view).to_host()
    return np.array(held).reshape(-1).view(np.uint8).view(dtype).reshape(shape)


def _to_jax(array: Array) -> Any:
    import jax
    import jax.numpy as jnp

    if array.dtype.itemsize < 8 or array.dtype == np.complex64:
        return jnp.asarray(array)
    # Otherwise JAX halves the precision of what it is given, without a word.
    with jax.enable_x64(True):
        return jnp.asarray(array)


def _dtype(kind: TensorType) -> np.dtype[Any]:
    try:
        return dtype_of(kind.element_type)
    except Trap as trap:
        raise UnsupportedTypeError(
            f"values of type {kind} cannot be exchanged with IREE: {trap.message}"
        ) from None


@cache
def _placement() -> tuple[int, int]:
    """Where arrays are put, as IREE's numbers for the kind of memory and its uses."""
    runtime = runtime_package()
    usage = runtime.BufferUsage
    return int(runtime.MemoryType.DEVICE_LOCAL), int(usage.DEFAULT | usage.MAPPING)


@cache
def _element_kind(kind: Type) -> Any:
    """IREE's number for the type of a tensor's elements. Raises `UnsupportedTypeError`."""
    return getattr(runtime_package().HalElementType, _element_name(kind))


def _element_name(kind: Type) -> str:
    name = None
    if isinstance(kind, IntegerType) and kind.width == 1:
        name = "BOOL_8"
    elif isinstance(kind, IntegerType) and kind.width in _WHOLE_BYTES:
        name = {"signless": "INT", "signed": "SINT", "unsigned": "UINT"}[kind.signedness] + f"_{kind.width}"
    elif isinstance(kind, FloatType):
        name = _FLOAT_KINDS.get(kind.name)
    elif isinstance(kind, ComplexType):
        name = {"f32": "COMPLEX_64", "f64": "COMPLEX_128"}.get(str(kind.element_type))
    if name is None:
        raise UnsupportedTypeError(f"tensors of {kind} cannot be exchanged with IREE")
    return name
