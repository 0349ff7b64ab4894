#!/bin/sh
# Pillow 13.0.0 with astropy 8.0.2: FITS images of 16 unsigned bits, which the format stores as signed numbers with BZERO,
# come out with their dark and bright halves exchanged, and signed ones without their sign; BZERO and BSCALE are ignored.
# Seen: 0, 1000, 32768, 65535 are read as 32768, 33768, 0, 32767, and -5, 5 as 65531, 5; float32 is right.
# nncli refuses FITS files and says to save them as PNG or TIFF. Exit code 0: still so; 1: it behaves otherwise now;
# 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    pillow==13.0.0 astropy==8.0.2 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
from astropy.io import fits
from PIL import Image


def read_back(values: list[float], kind: str) -> list[float]:
    fits.writeto("image.fits", np.array([values], kind), overwrite=True)
    assert fits.getdata("image.fits").tolist() == [values]
    with Image.open("image.fits") as image:
        return np.asarray(image)[0].tolist()


seen = []
for values, kind in (([0, 1000, 32768, 65535], "uint16"), ([-5, 5], "int16"), ([0.25, 0.5], "float32")):
    seen.append(read_back(values, kind))
    print(f"{kind} {values}: {seen[-1]}")
raise SystemExit(0 if seen == [[32768, 33768, 0, 32767], [65531, 5], [0.25, 0.5]] else 1)
PYTHON
