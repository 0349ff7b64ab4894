#!/bin/sh
# pillow-jxl-plugin 1.3.8 (Pillow 13.0.0): a gray JPEG XL with alpha of 16 bits is read as if its bytes were samples of 8
# bits, without an error: the low byte is taken for gray and the high one for alpha, a row of the file fills two rows, and
# the lower half of the file is lost. RGB and RGBA of 16 bits become 8, gray without alpha keeps 16; both are right.
# Seen: 8x8 pixels, the upper half 40000 of 65535 and all opaque, read as LA: 64 with alpha 156 (40000 is 156 * 256 + 64)
# and 255 with alpha 255 in turn, in all eight rows; of the white lower half nothing is left.
# nncli reads JPEG XL by this plugin. Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    pillow-jxl-plugin==1.3.8 pillow==13.0.0 imagecodecs==2026.3.6 numpy==2.4.6 2> "$folder/log" \
    || { cat "$folder/log" >&2; exit 2; }
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import io

import imagecodecs
import numpy as np
import pillow_jxl  # noqa: F401, registers itself in Pillow
from PIL import Image


def read(pixels: np.ndarray) -> np.ndarray:
    data = imagecodecs.jpegxl_encode(pixels, lossless=True)
    assert (imagecodecs.jpegxl_decode(data) == pixels).all()
    with Image.open(io.BytesIO(data)) as image:
        print(f"{pixels.shape[2]} samples a pixel of 16 bits: mode {image.mode}", end=", ")
        return np.asarray(image)


pixels = np.full((8, 8, 4), 65535, np.uint16)
pixels[:4, :, :3] = 40000
rgba, gray_alpha = read(pixels), read(np.ascontiguousarray(pixels[..., 2:]))
print(f"\nRGBA: upper half {np.unique(rgba[:4, :, :3])}, lower half {np.unique(rgba[4:, :, :3])}")
print("gray with alpha, first and last row:", gray_alpha[0, :4].tolist(), gray_alpha[7, :4].tolist())
wrong = (gray_alpha == np.tile([[64, 156], [255, 255]], (8, 4, 1))).all()
right = (rgba[:4, :, :3] == 156).all() and (rgba[4:] == 255).all()
raise SystemExit(0 if wrong and right else 1)
PYTHON
