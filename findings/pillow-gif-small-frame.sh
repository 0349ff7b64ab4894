#!/bin/sh
# Pillow 13.0.0 fills what lies around a GIF's first frame, where that is smaller than the canvas, with color 0 of the
# palette and marks none of it as transparent; browsers show nothing there. Seen: (0, 0, 255, 255), the palette's blue.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check pillow==13.0.0
"$place/venv/bin/python" - <<'PYTHON'
import io, struct
from PIL import Image

image = Image.new("P", (4, 4), 1)
image.putpalette([0, 0, 255, 255, 0, 0])
stream = io.BytesIO()
image.save(stream, "GIF", optimize=False)
data = stream.getvalue()
frame = data.index(b",\0\0\0\0\4\0\4\0")
table = data[13 : 13 + (3 << (data[10] & 7) + 1)]
small = b"GIF89a" + struct.pack("<HH", 8, 8) + bytes([data[10], 0, 0]) + table
small += b"," + struct.pack("<HH", 2, 2) + data[frame + 5 :]  # the same frame on a canvas of 8x8
seen = Image.open(io.BytesIO(small)).convert("RGBA")
print("in the corner:", seen.getpixel((0, 0)), "in the frame:", seen.getpixel((4, 4)))
assert seen.getpixel((0, 0)) == (0, 0, 255, 255), "Pillow behaves differently now"
PYTHON
