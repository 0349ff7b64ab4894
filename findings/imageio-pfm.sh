#!/bin/sh
# imageio 2.38.1: imread of a PFM gives other numbers where OpenCV happens to be installed.
# Without it Pillow 13.0.0 reads the file, real numbers as they are; with opencv-python-headless 5.0.0.93 beside it
# imageio prefers that, as 8-bit: 0.1, 0.9, 4 and 300 come as 0, 1, 4 and 255 of type uint8, without a word.
# An image from 0 to 1 is black or nearly so. A way around: imread(path, plugin="pillow").
# Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
install() {
    "$folder/venv/bin/pip" install -q --disable-pip-version-check "$@" 2> "$folder/log" ||
        { cat "$folder/log" >&2; exit 2; }
}
python3 -m venv "$folder/venv"
install imageio==2.38.1 pillow==13.0.0 numpy==2.4.6
cat > "$folder/read.py" <<'PYTHON'
import sys

import imageio.v3 as imageio
import numpy as np

path, seen = sys.argv[1], np.array([[float(number) for number in sys.argv[2:]]], np.float32)
with open(path, "wb") as file:
    file.write(b"Pf\n4 1\n-1.0\n" + np.array([0.1, 0.9, 4, 300], "<f4").tobytes())
read = imageio.imread(path)
print(read.tolist(), read.dtype)
raise SystemExit(0 if np.array_equal(read, seen) else 1)
PYTHON
"$folder/venv/bin/python" "$folder/read.py" "$folder/numbers.pfm" 0.1 0.9 4 300
install opencv-python-headless==5.0.0.93
"$folder/venv/bin/python" "$folder/read.py" "$folder/numbers.pfm" 0 1 4 255
