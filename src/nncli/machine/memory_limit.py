"""Under a limit of memory (``ulimit -v``), NumPy is imported only where there is room for it.

OpenBLAS, which NumPy comes with, needs a buffer for its first product. If it gets none, it writes a line of its own and
exits: no exception, no `finally`, no word of ours. So before the import there must be room for NumPy and the buffer,
and the first product comes right after it, before anything else can take the room. Processes forked later have the
buffer, too. A thread of OpenBLAS has a buffer of its own, and a stack.
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING

from nncli.machine.blas import most_threads

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

ROOM = 128 << 20
"""Bytes: NumPy 2.5 maps 83 MB when it is imported, and 33 MB more for the first product."""

ROOM_OF_A_THREAD = 48 << 20
"""Bytes for each further thread, which are mapped when NumPy is imported: 40 MB."""


def guard_numpy() -> None:
    """Look for room when NumPy will be imported, if there is a limit."""
    try:
        import resource
    except ImportError:  # an operating system without such limits
        return
    if resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY and "numpy" not in sys.modules:
        sys.meta_path.insert(0, _Guard())


class _Guard:
    """Finds NumPy as the usual finder does, once."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Answer to the import system.

        Raises:
            MemoryError: There is no room.
        """
        if name != "numpy":
            return None
        import mmap  # here, since it is rarely needed

        sys.meta_path.remove(self)
        try:
            mmap.mmap(-1, ROOM + (most_threads() - 1) * ROOM_OF_A_THREAD).close()
        except OSError as error:
            raise MemoryError from error
        spec = PathFinder.find_spec(name, path, target)
        if spec and spec.loader:
            load = spec.loader.exec_module

            def load_and_multiply(module: ModuleType) -> None:
                load(module)
                square = module.ones((256, 256), "f4")  # small ones need no buffer with kernels for AVX-512
                square @ square

            spec.loader.exec_module = load_and_multiply  # type: ignore[method-assign]
        return spec
