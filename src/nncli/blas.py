"""Which BLAS kernels and how many BLAS threads the matrix products use, settled before NumPy is imported.

NumPy's products run in OpenBLAS, which looks at the processor once, when it is loaded. Two of its choices are not the best:

- On AMD processors with AVX-512 it takes the kernels for AVX2, which do half the work per instruction. The kernels for
  Intel's AVX-512 need nothing but the instructions, so they are chosen where the processor lists all of them.
- One thread for each core, though a small product is done before the others have woken up. Where nncli itself divides a
  batch among processes (training/processes.py), each of them computes with one thread.

A variable that is already set in the environment is left alone: the user has decided. Both choices change the speed and at most
the last bits of a product.
"""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

CORETYPE = "OPENBLAS_CORETYPE"
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")

SKYLAKEX_FLAGS = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "avx2", "fma"}
"""What OpenBLAS's SkylakeX kernels are compiled for."""

CPUINFO = Path("/proc/cpuinfo")
CPUINFO_BYTES = 8192
"""Enough for the first processor's entry; all cores are alike."""


def choose_kernels() -> str | None:
    """Ask OpenBLAS for its AVX-512 kernels where it would overlook them.

    Returns:
        The kernel set asked for, or None if OpenBLAS is left to itself.
    """
    if "numpy" in sys.modules or CORETYPE in os.environ or platform.machine() != "x86_64":
        return None
    vendor, flags = _processor()
    if vendor != "AuthenticAMD" or not flags >= SKYLAKEX_FLAGS:
        return None
    os.environ[CORETYPE] = "SkylakeX"
    return "SkylakeX"


def _processor() -> tuple[str, set[str]]:
    """Vendor and feature flags of the processor; empty where Linux does not tell."""
    try:
        with CPUINFO.open() as file:
            lines = file.read(CPUINFO_BYTES).splitlines()
    except OSError:
        return "", set()
    entries = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    return entries.get("vendor_id", ""), set(entries.get("flags", "").split())
