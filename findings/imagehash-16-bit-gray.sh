#!/bin/sh
# ImageHash 4.3.2 (Pillow 13.0.0): any two 16-bit gray images that are nowhere darker than 256 of 65,535 have the same
# hash, whatever they show: hashes are taken from convert("L"), which cuts at 255 instead of scaling.
# Seen: distance 0 between two unrelated 64x64 images by all four hashes; 35 to 39 bits between their upper bytes.
# nncli scales 16 bits to 8 before it looks for near-copies. Exit code 0: still so; 1: it behaves otherwise now;
# 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    ImageHash==4.3.2 pillow==13.0.0 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
"$folder/venv/bin/python" - <<'PYTHON'
import imagehash
import numpy as np
from PIL import Image


def scene(seed: int) -> np.ndarray:
    """Smooth random light, 64x64, from 1,000 to 60,000."""
    small = np.random.default_rng(seed).integers(0, 256, (8, 8), np.uint8)
    large = np.asarray(Image.fromarray(small).resize((64, 64), Image.Resampling.BICUBIC))
    return (1000 + large / 255 * 59000).astype(np.uint16)


first, second = scene(1), scene(2)
as_seen = True
for name in ("phash", "dhash", "average_hash", "whash"):
    hash_of = getattr(imagehash, name)
    deep = hash_of(Image.fromarray(first)) - hash_of(Image.fromarray(second))
    bytes_of_both = [Image.fromarray((pixels >> 8).astype(np.uint8)) for pixels in (first, second)]
    upper = hash_of(bytes_of_both[0]) - hash_of(bytes_of_both[1])
    print(f"{name}: distance {deep} at 16 bits, {upper} between the upper bytes")
    as_seen &= deep == 0 and upper > 20
raise SystemExit(0 if as_seen else 1)
PYTHON
