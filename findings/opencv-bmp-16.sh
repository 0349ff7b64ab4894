#!/bin/sh
# opencv-python-headless 5.0.0.93: white of a BMP of 16 bits a pixel is not white: the 5 or 6 bits of a color are moved up
# and the lowest ones stay 0, so that the largest level is 248 or 252 of 255.
# Seen: white of 5-5-5 bits is 248 248 248, of 5-6-5 bits 248 252 248, a greenish gray; Pillow 13.0.0 has 255 for all.
# Cameras on microcontrollers save such pictures. Who trains with one reader and predicts with the other shifts every pixel
# by up to 7 levels. Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    opencv-python-headless==5.0.0.93 pillow==13.0.0 numpy==2.4.6 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import struct

import cv2
import numpy as np
from PIL import Image


def write(path: str, white: int, masks: tuple[int, ...]) -> None:
    """A BMP of one white pixel: 5-5-5 bits without masks, else as they say (BI_BITFIELDS)."""
    start = 14 + 40 + 4 * len(masks)
    header = struct.pack("<IiiHHIIiiII", 40, 1, 1, 1, 16, 3 if masks else 0, 4, 0, 0, 0, 0)
    table = struct.pack(f"<{len(masks)}I", *masks)
    with open(path, "wb") as file:
        file.write(struct.pack("<2sIHHI", b"BM", start + 4, 0, 0, start) + header + table + struct.pack("<HH", white, 0))


found = []
for name, white, masks in (("5-5-5", 0x7FFF, ()), ("5-6-5", 0xFFFF, (0xF800, 0x07E0, 0x001F))):
    write("white.bmp", white, masks)
    with Image.open("white.bmp") as image:
        right = image.convert("RGB").getpixel((0, 0))
    read = tuple(np.flip(cv2.imread("white.bmp")[0, 0]).tolist())
    print(f"white of {name} bits: OpenCV {cv2.__version__} {read}, Pillow {right}")
    found.append((read, right))
white = (255, 255, 255)
raise SystemExit(0 if found == [((248, 248, 248), white), ((248, 252, 248), white)] else 1)
PYTHON
