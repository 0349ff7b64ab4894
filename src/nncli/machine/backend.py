"""Where the arrays of features and network lie: in this machine's memory, or in that of a GPU.

    numpy    arrays of NumPy
    cupy     arrays of CuPy, on the first NVIDIA GPU that CUDA shows (CUDA_VISIBLE_DEVICES chooses)

An array of CuPy answers for NumPy's functions: `np.exp(a)` runs on its GPU (NEP 13 and 18), and `np.zeros(n, like=a)`
allocates beside it (NEP 35). So whoever has one array has all there is to have, and nobody but this file asks of which
library it is. Between the two memories nothing is copied unasked: `np.asarray(rows, like=a)` brings an array to where
`a` is, which costs nothing if it is there already, and `on_host` brings it back.

Products of float32 are those of float32. TF32, which rounds the factors to 10 bits, is CuPy's choice only where
CUPY_TF32=1 is set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.errors import UsageError
from nncli.machine.extras import refuse_missing
from nncli.machine.forking import number_of_processes

if TYPE_CHECKING:
    from numpy.typing import NDArray

BUSY = 1 << 26
"""Bytes that a GPU reads and writes in about the time that it takes to start the work: some ten microseconds."""

WAY_OUT = "choose --backend numpy"

HOST: NDArray[Any] = np.empty(0, np.float32)
"""An array in this machine's memory, for others to be `like`."""


def open_backend(name: str) -> NDArray[Any]:
    """An empty array that others can be `like`.

    Args:
        name: numpy or cupy.

    Raises:
        UsageError: There is no CuPy, no GPU, or something is missing that it needs to work.
    """
    if name == "numpy":
        return HOST
    try:
        import cupy
    except ModuleNotFoundError as error:
        raise refuse_missing("the backend cupy", error, "gpu") from error
    except ImportError as error:
        raise UsageError(f"the backend cupy: CuPy cannot be loaded ({_first_line(error)}); {WAY_OUT}") from error
    try:
        n_devices = cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        raise UsageError(f"the backend cupy finds no GPU ({_first_line(error)}); {WAY_OUT}") from error
    if not n_devices:
        raise UsageError(f"the backend cupy finds no GPU; {WAY_OUT}")
    try:
        like: NDArray[Any] = np.zeros((1, 1), np.float32, like=cupy.empty(0))
        np.exp(like @ like)  # a product needs cuBLAS, any other function a compiler
    except (ImportError, OSError, RuntimeError, MemoryError) as error:
        raise UsageError(
            f"the backend cupy cannot use the GPU ({_first_line(error)}); "
            f"pip install 'cupy-cuda12x[ctk]' brings libraries that are missing, or {WAY_OUT}"
        ) from error
    return like


def refuse_ranks(name: str, n_ranks: int) -> None:
    """Several processes of an MPI launcher would share one GPU.

    Raises:
        UsageError: They would.
    """
    if n_ranks > 1 and name != "numpy":
        raise UsageError(f"training.backend: {name} is for one process; leave out the MPI launcher, or choose numpy")


def at_a_time(n_bytes: int, like: NDArray[Any]) -> int:
    """Bytes to work on at a time: `n_bytes`, which fit into a core's cache, or on a GPU enough to keep it busy."""
    return n_bytes if is_on_host(like) else BUSY


def processes_beside(like: NDArray[Any]) -> int:
    """How many processes can compute what lies where `like` does: no forked one can use a GPU."""
    return number_of_processes() if is_on_host(like) else 1


def is_on_host(array: NDArray[Any]) -> bool:
    """Whether an array lies in this machine's memory."""
    return isinstance(array, np.ndarray)


def on_host(array: Any) -> NDArray[Any]:
    """The array itself where it is NumPy's, else a copy in this machine's memory."""
    host: NDArray[Any] = array if is_on_host(array) else array.get()
    return host


def room_beside(n_bytes: int) -> int:
    """Bytes that are left on the GPU when `n_bytes` more are taken.

    Raises:
        UsageError: It has not so many.
    """
    import cupy

    free = cupy.cuda.runtime.memGetInfo()[0] + cupy.get_default_memory_pool().free_bytes()
    if n_bytes > free:
        raise UsageError(
            f"the backend cupy: the network needs about {n_bytes / 1e9:.2g} GB of the GPU's memory, "
            f"and {free / 1e9:.2g} GB are free; choose a smaller training.batch_size or network, or --backend numpy"
        )
    return int(free - n_bytes)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
