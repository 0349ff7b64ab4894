#!/bin/sh
# idx2numpy 1.2.3 refuses to write the arrays that it has read itself: idx files of int16, int32, float32 and float64 come
# back as big-endian arrays, and its writer takes arrays in the machine's order only ("not supported by IDX format").
# Seen: uint8 and int8 make the round trip, the four others raise FormatError. A way around: array.astype(array.dtype.newbyteorder("=")).
# nncli reads idx files of every type in the machine's order. Exit code 0: still so; 1: otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    idx2numpy==1.2.3 numpy==2.4.6 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
"$folder/venv/bin/python" - <<'PYTHON'
import struct

import idx2numpy
import numpy as np

SEEN = {"u1": True, "i1": True, ">i2": False, ">i4": False, ">f4": False, ">f8": False}
as_seen = True
for code, dtype in zip((0x08, 0x09, 0x0B, 0x0C, 0x0D, 0x0E), SEEN, strict=True):
    content = struct.pack(">BBBBI", 0, 0, code, 1, 3) + np.array([1, 2, 3], dtype).tobytes()
    array = idx2numpy.convert_from_string(content)
    assert [1, 2, 3] == array.tolist()
    try:
        written = idx2numpy.convert_to_string(array) == content
    except idx2numpy.FormatError as error:
        written = False
        print(f"{array.dtype.str}: {error}")
    else:
        print(f"{array.dtype.str}: written as it was read")
    as_seen &= written is SEEN[dtype]
raise SystemExit(0 if as_seen else 1)
PYTHON
