#!/bin/sh
# opencv-python-headless 5.0.0.93: imread of a TIFF whose color planes lie one behind the other (PlanarConfiguration 2)
# and have 16 bits or floats gives wrong pixels without an error when asked for them as they are (IMREAD_UNCHANGED or
# IMREAD_ANYDEPTH), because it reads the first plane as if it held all three; most of the picture is not written at all.
# Seen: of 3x64x64 samples of uint16 and float32 fewer than 1 in 100 are right, of uint8 all; tifffile reads all.
# Microscopes, satellites and tifffile itself (shape (3, h, w)) write such files.
# Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    opencv-python-headless==5.0.0.93 tifffile==2026.3.3 pillow==13.0.0 numpy==2.4.6 2> "$folder/log" \
    || { cat "$folder/log" >&2; exit 2; }
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import cv2
import numpy as np
import tifffile

shares = {}
for kind in ("uint8", "uint16", "float32"):
    planes = (np.arange(3 * 64 * 64).reshape(3, 64, 64) % 251 + 1).astype(kind)
    tifffile.imwrite("planes.tif", planes, photometric="rgb", planarconfig="separate", metadata=None)
    assert (tifffile.imread("planes.tif") == planes).all()
    blue_green_red = cv2.imread("planes.tif", cv2.IMREAD_UNCHANGED)
    shares[kind] = float((blue_green_red[..., ::-1].transpose(2, 0, 1) == planes).mean())
    print(f"OpenCV {cv2.__version__}, {kind}: {blue_green_red.shape}, {shares[kind]:.3%} of samples right")
raise SystemExit(0 if shares["uint8"] == 1 and shares["uint16"] < 0.01 and shares["float32"] < 0.01 else 1)
PYTHON
