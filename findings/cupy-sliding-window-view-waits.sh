#!/bin/sh
# CuPy 14.2.0: sliding_window_view, which only makes a view, brings the window's shape to the GPU and, to look for a
# negative length, compares each of its numbers there and waits for the answer: a copy, and for each axis a kernel and
# a wait, of which the documentation says nothing. NumPy's makes its view in a few microseconds.
# No GPU is needed to see it: an array module in CuPy's place counts what goes to the GPU and what is waited for.
# nncli cuts patches with it (docs/scaling.md). Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    numpy==2.4.6 cupy-cuda12x==14.2.0 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
from types import SimpleNamespace

import cupy
import numpy as np
from cupy.lib import stride_tricks

copied, waited = [], []


class Far(np.ndarray):
    """An array on a GPU; whoever wants to know whether one of its numbers is true has to wait for it."""

    def __bool__(self):
        waited.append(self.shape)
        return bool(np.asarray(self))

    def __getitem__(self, index):
        return np.asarray(np.asarray(self)[index]).view(Far)


def array(values, **_options):
    if not isinstance(values, Far):
        copied.append(values)
    return np.array(values).view(Far)


a = array(np.zeros((20, 30)))
copied.clear()
stride_tricks.as_strided = lambda x, shape, strides: np.lib.stride_tricks.as_strided(x, shape, strides)
stride_tricks._cupy = SimpleNamespace(array=array, _core=cupy._core)
view = stride_tricks.sliding_window_view(a, (3, 4))
print(f"the view: {view.shape}; copied to the GPU: {copied}; waited for: {len(waited)} numbers")
raise SystemExit(0 if ((18, 27, 3, 4), [(3, 4)], 2) == (view.shape, copied, len(waited)) else 1)
PYTHON
