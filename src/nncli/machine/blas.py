"""How many threads the matrix products use, decided once, at the package's door.

NumPy's products run in OpenBLAS, which by itself takes the best kernels for the processor and one thread for each core.
But the threads meet after every product, which is over before that pays; and while another program is busy they wait
for each other far longer than the product takes. nncli divides whole batches among processes instead
(training/processes.py) and lets each of them compute with one thread. Where a launcher has started several processes,
these are what divides the work, and each takes its share of the machine's cores as threads.

A variable that is already set in the environment is left alone: the user has decided. The number of threads changes the
speed and at most the last bits of a product. OpenBLAS reads the variable when NumPy is imported; if that was before, it
is told by a call.
"""

from __future__ import annotations

import functools
import os
import sys

from nncli.machine.cores import CAN_DIVIDE_BATCHES, usable_cores
from nncli.machine.launcher import launched

THREADS = "OPENBLAS_NUM_THREADS"
THREAD_VARIABLES = (THREADS, "GOTO_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_DEFAULT_NUM_THREADS")
"""Variables that OpenBLAS reads the number of threads from; the first one that is set counts."""

KERNELS = "OPENBLAS_CORETYPE"
"""Variable that overrules OpenBLAS's own choice of kernels; only reported."""


EXTENSIONS = ("numpy._core._multiarray_umath", "numpy.core._multiarray_umath")
"""NumPy's module with the products, since 2.0 and before."""

SETTERS = ("scipy_openblas_set_num_threads64_", "openblas_set_num_threads64_", "openblas_set_num_threads")
"""OpenBLAS's function that sets the number of threads, as it is called in the builds that NumPy comes with."""


@functools.cache
def choose() -> str:
    """Choose the number of threads; the first call counts.

    Returns:
        One line that says what was chosen, and what was left alone and why.
    """
    given = [f"{name}={os.environ[name]}" for name in (KERNELS, *THREAD_VARIABLES) if name in os.environ]
    n_threads = usable_cores() if launched() else 1
    words = "1 thread" if n_threads == 1 else f"{n_threads} threads"
    if not (CAN_DIVIDE_BATCHES or launched()) or any(name in os.environ for name in THREAD_VARIABLES):
        line = "BLAS: threads left to OpenBLAS"
    elif "numpy" not in sys.modules:
        os.environ[THREADS] = str(n_threads)
        line = f"BLAS: {words} per process"
    elif _set_threads(n_threads):
        line = f"BLAS: {words} per process, set after NumPy was imported"
    else:
        line = "BLAS: threads as they are: NumPy was imported before nncli, with a library that is not OpenBLAS"
        import logging

        logging.getLogger("nncli").warning("%s; import nncli first, or results can differ in the last bits", line)
    return f"{line}; set in the environment: {', '.join(given)}" if given else line


def most_threads() -> int:
    """Threads that OpenBLAS starts when NumPy is imported: as many as it is told, but no more than there are cores."""
    told = next((os.environ[name] for name in THREAD_VARIABLES if name in os.environ), "")
    return min(int(told), usable_cores()) if told.isdecimal() and int(told) else usable_cores()


def _set_threads(n_threads: int) -> bool:
    """Tell the OpenBLAS that NumPy has loaded; whether there is one."""
    extension = next((name for name in EXTENSIONS if name in sys.modules), None)
    if extension is None:
        return False
    import ctypes

    library = ctypes.CDLL(sys.modules[extension].__file__)  # looks up names in the libraries that it is linked to, too
    for name in SETTERS:
        if hasattr(library, name):
            getattr(library, name)(n_threads)
            return True
    return False
