#!/bin/sh
# torchvision 0.29.1: ToTensor turns the bright half of a 16-bit gray image into negative numbers.
# Seen: pixels 0, 100, 40000, 65535 become int16 0, 100, -25536, -1, neither scaled to 0 to 1 as 8-bit images are nor in
# order of light; pil_to_tensor and v2's to_image keep them as uint16.
# Whoever compares nncli with a torchvision pipeline on 16-bit PNG or TIFF compares different pixels.
# Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    torch==2.14.1 torchvision==0.29.1 pillow==13.0.0 numpy==2.4.6 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from PIL import Image
from torchvision.transforms.functional import pil_to_tensor, to_tensor

pixels = np.array([[0, 100, 40000, 65535]], np.uint16)
image = Image.fromarray(pixels)
wrong, right = (f(image).flatten().tolist() for f in (to_tensor, pil_to_tensor))
print(f"pixels {pixels[0].tolist()}: to_tensor {wrong}, pil_to_tensor {right}")
raise SystemExit(0 if wrong == [0, 100, -25536, -1] and right == pixels[0].tolist() else 1)
PYTHON
