#!/bin/sh
# Pillow 13.0.0: white is read as black from a color JPEG 2000 of more than 8 bits. It rounds the samples to 8 bits, and
# what rounds up to 256 becomes 0: the 128 brightest of 65,536 levels, the 8 brightest of 4,096.
# Seen: 65407 is 255, 65408 and 65535 are 0, in 10, 12, 14 and 16 bits likewise; of a white picture with alpha the alpha
# is 0, too. Gray pictures keep their 16 bits and are right; imagecodecs 2026.3.6 reads the levels that were written.
# Blown-out sky, paper and bones are what has the largest level. nncli refuses JPEG 2000 and says to save as JPEG or PNG.
# Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    pillow==13.0.0 imagecodecs==2026.3.6 numpy==2.4.6 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import io

import imagecodecs
import numpy as np
import PIL
from PIL import Image

found = {}
for bits, level in ((16, 65300), (16, 65407), (16, 65408), (16, 65535), (12, 4087), (12, 4088), (12, 4095), (10, 1023)):
    pixels = np.full((8, 8, 3), level, np.uint16)
    data = imagecodecs.jpeg2k_encode(pixels, level=0, bitspersample=bits)
    assert (imagecodecs.jpeg2k_decode(data) == pixels).all()
    with Image.open(io.BytesIO(data)) as image:
        found[bits, level] = image.getpixel((0, 0))
    print(f"Pillow {PIL.__version__}: {level} of {2**bits - 1} is read as {found[bits, level]}")
with Image.open(io.BytesIO(imagecodecs.jpeg2k_encode(np.full((8, 8, 4), 65535, np.uint16), level=0))) as image:
    found["white, opaque"] = image.getpixel((0, 0))
print("white with alpha 65535:", found["white, opaque"])
black = all(not any(found[key]) for key in ((16, 65408), (16, 65535), (12, 4088), (12, 4095), (10, 1023), "white, opaque"))
raise SystemExit(0 if black and found[16, 65407] == found[12, 4087] == (255, 255, 255) else 1)
PYTHON
