"""How many threads the matrix products use, settled before NumPy is imported.

NumPy's products run in OpenBLAS, which by itself takes the best kernels for the processor and one thread for each core.
But the threads meet after every product, which is over before that pays; and while another program is busy they wait
for each other far longer than the product takes. nncli divides whole batches among processes instead
(training/processes.py) and lets each of them compute with one thread.

A variable that is already set in the environment is left alone: the user has decided. The number of threads changes the
speed and at most the last bits of a product.
"""

from __future__ import annotations

import os
import sys

from nncli.machine.cores import CAN_DIVIDE_BATCHES

THREADS = "OPENBLAS_NUM_THREADS"
THREAD_VARIABLES = (THREADS, "GOTO_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_DEFAULT_NUM_THREADS")
"""What OpenBLAS reads a number of threads from, the first one that is set."""

KERNELS = "OPENBLAS_CORETYPE"
"""What overrules OpenBLAS's own choice of kernels; only reported."""


def choose() -> str:
    """Choose the number of threads; to be called before NumPy is imported.

    Returns:
        One line that says what was chosen, and what was left alone and why.
    """
    if "numpy" in sys.modules:
        return "BLAS: as it is, since NumPy is loaded already"
    given = [f"{name}={os.environ[name]}" for name in (KERNELS, *THREAD_VARIABLES) if name in os.environ]
    line = "BLAS: 1 thread per process" if choose_threads() else "BLAS: threads left to OpenBLAS"
    return f"{line}; set in the environment: {', '.join(given)}" if given else line


def choose_threads() -> int | None:
    """Ask OpenBLAS for one thread where nncli divides the work among processes.

    Returns:
        The number of threads asked for, or None if OpenBLAS is left to itself.
    """
    if "numpy" in sys.modules or not CAN_DIVIDE_BATCHES or any(name in os.environ for name in THREAD_VARIABLES):
        return None
    os.environ[THREADS] = "1"
    return 1
