"""An array module like CuPy, for machines without a GPU: its arrays live in memory of their own.

It does what the network and the features ask of CuPy, by CuPy's documented interface, and is as strict:

- nothing is copied between the two memories unasked: `np.asarray(array)` and `np.exp(host, out=array)` raise, and so
  does an index or a value that is NumPy's (CuPy is more lenient with indices);
- a function that is not in the lists below, or has a parameter there that CuPy has not, raises. tests/network compares
  the lists with CuPy itself where that is installed, which needs no GPU.

`install` puts it in CuPy's place. `modules` names it, and CuPy where there is a GPU, for tests over all of them.
"""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from nncli.machine.backend import on_host

if TYPE_CHECKING:
    import pytest

UFUNCS = (
    *("absolute", "add", "arctan2", "divide", "equal", "exp", "floor", "floor_divide", "greater", "hypot", "isfinite"),
    *("less", "log", "log1p", "matmul", "maximum", "minimum", "multiply", "negative", "power", "reciprocal"),
    *("remainder", "rint", "sign", "sqrt", "square", "subtract", "tanh"),
)

FUNCTIONS = {
    "append": "arr values axis",
    "arange": "start stop step dtype",
    "asarray": "a dtype order copy",
    "bincount": "x weights minlength",
    "clip": "a a_min a_max out",
    "concatenate": "tup axis out dtype casting",
    "copyto": "dst src casting where",
    "count_nonzero": "a axis",
    "dot": "a b out",
    "einsum": "",
    "empty": "shape dtype order",
    "max": "a axis out keepdims",
    "moveaxis": "a source destination",
    "roll": "a shift axis",
    "lib.stride_tricks.sliding_window_view": "x window_shape axis subok",
    "stack": "tup axis out dtype casting",
    "sum": "a axis dtype out keepdims",
    "take": "a indices axis out",
    "take_along_axis": "a indices axis",
    "tensordot": "a b axes",
    "vstack": "tup dtype casting",
    "zeros": "shape dtype order",
    "zeros_like": "a dtype order subok shape",
}
"""Function -> its parameters in CuPy, in which it lies at the same place as in NumPy."""

METHODS = {
    *("all", "any", "argmax", "astype", "copy", "fill", "max", "mean", "min", "ravel", "reshape", "sum", "swapaxes"),
    "transpose",
}

PROPERTIES = {"T", "dtype", "itemsize", "nbytes", "ndim", "shape", "size"}


brought: list[tuple[int, ...]] = []
"""Shapes of all arrays that were copied from the host to the device."""


most_bytes = 1 << 40
"""Larger arrays do not fit into the device's memory."""


class DeviceArray(NDArrayOperatorsMixin):
    """An array in the device's memory; a view shares it.

    Args:
        memory: Its numbers.
    """

    def __init__(self, memory: np.ndarray) -> None:
        self._memory = memory

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        """What NumPy asks for when it is given a device's array unawares."""
        raise TypeError("implicit conversion to a NumPy array is not allowed")

    def get(self) -> np.ndarray:
        """A copy in the host's memory."""
        return self._memory.copy()

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or ufunc.__name__ not in UFUNCS or not set(options) <= {"out", "dtype"}:
            return NotImplemented
        out = tuple(map(_memory_of, options.pop("out", ()))) or None
        return _on_device(ufunc(*map(_memory_of, inputs), out=out, **options))

    def __array_function__(self, function: Any, _types: Any, arguments: Any, options: Any) -> Any:
        name = f"{function.__module__}.{function.__name__}".removeprefix("numpy.")
        if name not in FUNCTIONS:
            return NotImplemented
        if FUNCTIONS[name] and not set(options) <= set(FUNCTIONS[name].split()):
            raise TypeError(f"{name} has no {sorted(options)} in CuPy")
        if name == "asarray" and isinstance(arguments[0], np.ndarray):
            brought.append(arguments[0].shape)
            return DeviceArray(np.array(arguments[0], **options))
        arguments = [_memory_of(each) for each in arguments]
        result = function(*arguments, **{key: _memory_of(each) for key, each in options.items()})
        if getattr(result, "nbytes", 0) > most_bytes:
            raise OutOfMemoryError(f"Out of memory allocating {result.nbytes:,} bytes (allocated so far: 0 bytes).")
        return _on_device(result)

    def __getitem__(self, index: Any) -> DeviceArray:
        return DeviceArray(np.asarray(self._memory[_index(index)]))

    def __setitem__(self, index: Any, value: Any) -> None:
        self._memory[_index(index)] = _memory_of(value)

    def __getattr__(self, name: str) -> Any:
        if name in PROPERTIES:
            return _on_device(getattr(self._memory, name))
        if name not in METHODS:
            raise AttributeError(name)

        def method(*arguments: Any, **options: Any) -> Any:
            return _on_device(getattr(self._memory, name)(*map(_memory_of, arguments), **options))

        return method

    def __len__(self) -> int:
        return len(self._memory)

    def __float__(self) -> float:
        return float(self._memory)

    def __int__(self) -> int:
        return int(self._memory)

    def __bool__(self) -> bool:
        return bool(self._memory)


def _on_device(result: Any) -> Any:
    """Every array, and every single number that was computed, stays on the device."""
    return DeviceArray(np.asarray(result)) if isinstance(result, np.ndarray | np.generic) else result


def _memory_of(value: Any) -> Any:
    """What a value stands for; numbers of Python and settings are themselves, and so are the items of a list.

    Raises:
        TypeError: It is an array in the host's memory.
    """
    if isinstance(value, list | tuple):
        return type(value)(map(_memory_of, value))
    if isinstance(value, DeviceArray):
        return value._memory
    if isinstance(value, np.ndarray):
        raise TypeError("an array of NumPy is not copied to the device unasked")
    return value


def _index(index: Any) -> Any:
    return tuple(map(_memory_of, index)) if isinstance(index, tuple) else _memory_of(index)


class CUDARuntimeError(RuntimeError):
    """CUDA's errors."""


class OutOfMemoryError(MemoryError):
    """CuPy's error where the device has no memory left."""


def module(n_devices: int = 1, free: int = 1 << 30) -> Any:
    """What stands in CuPy's place: a machine with so many GPUs of so many free bytes."""

    def count() -> int:
        if not n_devices:
            raise CUDARuntimeError("cudaErrorNoDevice: no CUDA-capable device is detected")
        return n_devices

    cupy: Any = ModuleType("cupy")
    cupy.ndarray = DeviceArray
    cupy.empty = lambda *arguments: DeviceArray(np.empty(*arguments))
    cupy.get_default_memory_pool = lambda: SimpleNamespace(free_bytes=lambda: 0)
    runtime = SimpleNamespace(
        getDeviceCount=count, memGetInfo=lambda: (free, 2 * free), CUDARuntimeError=CUDARuntimeError
    )
    cupy.cuda = SimpleNamespace(runtime=runtime)
    return cupy


def install(monkeypatch: pytest.MonkeyPatch, **options: int) -> None:
    """`import cupy` finds it; see `module`."""
    monkeypatch.setitem(sys.modules, "cupy", module(**options))


def modules() -> list[str]:
    """The array modules beside NumPy: CuPy where it finds a GPU."""
    if importlib.util.find_spec("cupy") is None:
        return ["lookalike"]
    return ["lookalike", "cupy"] if importlib.import_module("cupy").cuda.is_available() else ["lookalike"]


def an_array_of(name: str) -> Any:
    """An array of one of `modules`."""
    return DeviceArray(np.empty(0)) if name == "lookalike" else importlib.import_module("cupy").empty(0)


def agree(expected: Any, actual: Any, like: Any, tolerance: float = 1e-9) -> None:
    """The same bits by the look-alike, the same numbers to rounding by another library."""
    tolerance = 0 if isinstance(like, DeviceArray) else tolerance
    expected, actual = (each if isinstance(each, float) else on_host(each) for each in (expected, actual))
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)
