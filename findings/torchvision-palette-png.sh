#!/bin/sh
# torchvision 0.29.1: decode_image and read_image, as by default (mode UNCHANGED), give a PNG with a palette of at most 16
# colors as bytes in which 2, 4 or 8 pixels are packed, at the beginning of each row, and leave the rest of it unwritten.
# Seen: eight pixels 0, 1, 2, 3, 0, 1, 2, 3 of 2 bits begin with 27, 27 (00 01 10 11) in a tensor of 1x1x8, whose other
# six bytes are not the picture's; with 8 bits they are the numbers of the colors.
# Gray pictures of few bits are unpacked, and mode="RGB" is right. pngquant, drawings and scanned masks are such files.
# nncli opens them in color through the palette. Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    torch==2.14.1 torchvision==0.29.1 pillow==13.0.0 numpy==2.4.6 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
cd "$folder"
"$folder/venv/bin/python" -W ignore - <<'PYTHON'
import io

import torch
import torchvision
from PIL import Image
from torchvision.io import decode_image

found = {}
for bits in (1, 2, 4, 8):
    image = Image.new("P", (8, 1))
    image.putdata([i % 2**min(bits, 3) for i in range(8)])
    colors = range(2**bits)
    image.putpalette([level for color in colors for level in (color % 8 * 30, 0, color // 8)])
    file = io.BytesIO()
    image.save(file, "PNG", bits=bits)
    data = torch.frombuffer(bytearray(file.getvalue()), dtype=torch.uint8)
    unchanged, rgb = decode_image(data).flatten().tolist(), decode_image(data, mode="RGB")
    right = torch.equal(rgb[:, 0].T, torch.tensor(list(image.convert("RGB").getdata()), dtype=torch.uint8))
    print(f"torchvision {torchvision.__version__}, {bits} bits: {list(image.getdata())} begins with {unchanged[:bits]}; as RGB right: {right}")
    found[bits] = (unchanged[: bits], right)
as_seen = {
    1: ([0b01010101], True),
    2: ([0b00011011] * 2, True),
    4: ([0x01, 0x23, 0x45, 0x67], True),
    8: ([0, 1, 2, 3, 4, 5, 6, 7], True),
}
raise SystemExit(0 if found == as_seen else 1)
PYTHON
