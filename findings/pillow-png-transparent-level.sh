#!/bin/sh
# Pillow 13.0.0 loses the single transparent level (tRNS) of a gray PNG of 2 or 4 bits, and of an RGB PNG of 16: the pixels
# are scaled to 8 bits, the level is left as it stands in the file. Right with 1, 8 and 16 bits of gray.
# Seen: alpha of a picture that is all transparent is 0 for depths 1, 8, 16 and 255 for depths 2, 4 and 16-bit RGB.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q --disable-pip-version-check pillow==13.0.0
"$place/venv/bin/python" - <<'PYTHON'
import io, struct, zlib
from PIL import Image

def png(depth, color, row, level):
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", 8, 8, depth, color, 0, 0, 0)), (b"tRNS", level)]
    chunks += [(b"IDAT", zlib.compress((b"\0" + row) * 8)), (b"IEND", b"")]
    pack = lambda n, d: struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d))
    return b"\x89PNG\r\n\x1a\n" + b"".join(pack(*chunk) for chunk in chunks)

def alpha(data):
    return Image.open(io.BytesIO(data)).convert("RGBA").getpixel((3, 3))[3]

one = struct.pack(">H", 1)
rows = {1: b"\xff", 2: b"\x55" * 2, 4: b"\x11" * 4, 8: b"\1" * 8}
seen = {depth: alpha(png(depth, 0, row, one)) for depth, row in rows.items()}
color = struct.pack(">HHH", 0x1234, 0x5678, 0x9ABC)
seen["16 rgb"] = alpha(png(16, 2, color * 8, color))
print("alpha by depth:", seen)
assert seen == {1: 0, 2: 255, 4: 255, 8: 0, "16 rgb": 255}, "Pillow behaves differently now"
PYTHON
