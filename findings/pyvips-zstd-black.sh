#!/bin/sh
# pyvips 3.2.0 with pyvips-binary 8.18.7: a TIFF compressed by Zstandard or LZMA is a black picture, without an error: the
# library is built without both, and what cannot be decoded counts as a warning that nobody sees unless logging is on.
# Seen: a flat 200 of 16x16 is 0 everywhere by new_from_file and by thumbnail; with fail_on="error" new_from_file raises
# "ZSTD compression support is not configured". Deflate and LZW are right; Pillow 13.0.0 reads all four as 200.
# GDAL and tifffile write Zstandard. A folder of thumbnails made so trains on black pictures.
# Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    pyvips==3.2.0 pyvips-binary==8.18.7 tifffile==2026.3.3 imagecodecs==2026.3.6 pillow==13.0.0 \
    numpy==2.4.6 2> "$folder/log" \
    || { cat "$folder/log" >&2; exit 2; }
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import pyvips
import tifffile
from PIL import Image

found = {}
for compression in ("zlib", "lzw", "zstd", "lzma"):
    path = f"{compression}.tif"
    tifffile.imwrite(path, np.full((16, 16), 200, np.uint8), compression=compression)
    with Image.open(path) as image:
        right = image.getextrema()
    whole, small = pyvips.Image.new_from_file(path).numpy(), pyvips.Image.thumbnail(path, 8).numpy()
    try:
        pyvips.Image.new_from_file(path, fail_on="error").numpy()
        error = "no error"
    except pyvips.Error as raised:
        error = str(raised).splitlines()[-1].strip()
    found[compression] = (right, whole.min(), whole.max(), small.min(), small.max())
    print(f"{compression}: Pillow {right}, pyvips {whole.min()} to {whole.max()}", end=", ")
    print(f'its thumbnail {small.min()} to {small.max()}; with fail_on="error": {error}')
as_seen = {name: ((200, 200), *([200] * 4 if name in ("zlib", "lzw") else [0] * 4)) for name in found}
raise SystemExit(0 if found == as_seen else 1)
PYTHON
