#!/bin/sh
# imagecodecs 2026.3.6: jpeg8_encode takes a 16-bit RGB image, whose values go to 65535, into a JPEG of 12 bits without an
# error, and decodes it to other pixels; values above 4095 are lost. A gray image of the same values is refused.
# Seen: a flat (60000, 30000, 10000) comes back at least 20,000 levels off; a flat (3000, 2000, 1000), 12 bits, at most 2.
# The lossless mode is right (0). Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    imagecodecs==2026.3.6 numpy==2.4.6 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
"$folder/venv/bin/python" - <<'PYTHON'
import imagecodecs
import numpy as np


def difference(color: tuple[int, int, int], **options: bool) -> int:
    image = np.full((32, 32, 3), color, np.uint16)
    decoded = imagecodecs.jpeg8_decode(imagecodecs.jpeg8_encode(image, **options))
    assert decoded.dtype == np.uint16
    return int(np.abs(decoded.astype(int) - image).max())


within, beyond = difference((3000, 2000, 1000)), difference((60000, 30000, 10000))
lossless = difference((60000, 30000, 10000), lossless=True)
print(f"imagecodecs {imagecodecs.__version__}, largest difference: 12 bits {within}, 16 bits {beyond}, lossless {lossless}")
raise SystemExit(0 if within <= 2 and beyond >= 20_000 and lossless == 0 else 1)
PYTHON
