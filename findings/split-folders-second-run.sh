#!/bin/sh
# split-folders 0.6.1: a second run with another seed into the same output adds to the first one's copies without a word,
# so that the same image lies in train and in val.
# Seen: of 20 images, split 0.8 and 0.2 with seeds 1 and 2: 18 in train, 6 in val, 4 in both. Two more surprises, also
# without a word: an image in a folder of a class is in no split, and three images split 0.8, 0.1, 0.1 give no val.
# nncli check names copies across splits. Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    split-folders==0.6.1 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
from pathlib import Path

import splitfolders


def write(folder: str, count: int) -> None:
    Path(folder).mkdir(parents=True)
    for i in range(count):
        Path(folder, f"{i}.jpg").write_text(f"image {i}")


def names(folder: str) -> set[str]:
    return {path.name for path in Path(folder).rglob("*.jpg")}


write("photos/cat", 20)
for seed in (1, 2):
    splitfolders.ratio("photos", output="split", seed=seed, ratio=(0.8, 0.2))
train, val = names("split/train"), names("split/val")
print(f"two runs: {len(train)} in train, {len(val)} in val, {len(train & val)} in both")

write("nested/cat/spring", 2)
write("nested/cat/x", 0)
Path("nested/cat/top.jpg").write_text("image")
splitfolders.ratio("nested", output="nested_split", seed=1, ratio=(0.5, 0.5))
print("of three images, two of them in a folder of the class:", sorted(names("nested_split")))

write("few/cat", 3)
splitfolders.ratio("few", output="few_split", seed=1, ratio=(0.8, 0.1, 0.1))
parts = {part: len(names(f"few_split/{part}")) for part in ("train", "val", "test")}
print("three images, 0.8, 0.1, 0.1:", parts)
as_seen = (18, 6, 4) == (len(train), len(val), len(train & val))
as_seen &= names("nested_split") == {"top.jpg"} and parts == {"train": 2, "val": 0, "test": 1}
raise SystemExit(0 if as_seen else 1)
PYTHON
