#!/bin/sh
# opencv-python-headless 5.0.0.93: the largest value of a binary PGM or PPM is not looked at, that of a text one is.
# Netpbm (pgm(5)): a sample is a share of maxval, so 100 of 100 is white.
# Seen: binary, maxval 100: white is 100, without a word; the same picture as text: 255. A PPM of ten bits (maxval 1023)
# read as 8-bit color is 3 where it is white. Pillow 13.0.0 gives 255 for all of them.
# Who compares pictures read by both sees differences that are none of the model's.
# Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    opencv-python-headless==5.0.0.93 pillow==13.0.0 numpy==2.4.6 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

as_seen = True
for name, content, seen in (
    ("binary.pgm", b"P5\n2 1\n100\n" + bytes([100, 50]), 100),
    ("text.pgm", b"P2\n2 1\n100\n100 50\n", 255),
    ("ten_bits.ppm", b"P6\n1 1\n1023\n" + np.full(3, 1023, ">u2").tobytes(), 3),
):
    path = Path(sys.argv[1], name)
    path.write_bytes(content)
    white = int(cv2.imread(str(path), cv2.IMREAD_COLOR).max())
    with Image.open(path) as image:
        right = int(np.asarray(image.convert("RGB")).max())
    print(f"{name}: white is {white} in OpenCV, {right} in Pillow")
    as_seen &= (white, right) == (seen, 255)
raise SystemExit(0 if as_seen else 1)
PYTHON
