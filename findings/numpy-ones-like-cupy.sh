#!/bin/sh
# NumPy 2.4.6 with CuPy 14.2.0: np.ones, np.full and np.eye with like=<CuPy array> (NEP 35) end in a TypeError, because
# NumPy hands on device=None, which nobody gave, and CuPy's functions have no such argument. zeros, empty, arange and
# asarray work. No GPU is needed to see it: an array of one's own that hands on to CuPy, as CuPy's arrays do.
# nncli fills np.zeros with 1 instead. Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    numpy==2.4.6 cupy-cuda12x==14.2.0 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import inspect

import cupy
import numpy as np

handed = {}


class Far:
    """An array of another library: NumPy's functions ask it."""

    def __array_function__(self, function, types, args, kwargs):
        inspect.signature(getattr(cupy, function.__name__)).bind(*args, **kwargs)
        handed[function.__name__] = kwargs


seen = {}
for name, args in (("ones", [3]), ("full", [3, 1]), ("eye", [3]), ("zeros", [3]), ("empty", [3]), ("arange", [3])):
    try:
        getattr(np, name)(*args, like=Far())
        seen[name] = "taken"
    except TypeError as error:
        seen[name] = str(error)
    print(f"np.{name}(like=): {seen[name]}")
refused = {name for name, text in seen.items() if "device" in text}
raise SystemExit(0 if refused == {"ones", "full", "eye"} and list(seen.values()).count("taken") == 3 else 1)
PYTHON
