#!/bin/sh
# datasets 5.2.0 (Hugging Face): in a folder of class folders, a class whose name has a word like "test" or "dev" in it is
# taken for a split, and every other class is dropped without a word.
# Seen: cat, test_tube and "dev board" with five images each load as validation (dev board) and test (test_tube), five
# images each, and the images of cat are nowhere. Files named test_0.png inside one class do the same to all others.
# nncli reads the class folders as classes. Exit code 0: still so; 1: it behaves otherwise now; 2: could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q --disable-pip-version-check \
    datasets==5.2.0 pillow==13.0.0 2> "$folder/log" || { cat "$folder/log" >&2; exit 2; }
cd "$folder"
HF_HOME="$folder/home" HF_HUB_OFFLINE=1 "$folder/venv/bin/python" -W ignore - <<'PYTHON'
from pathlib import Path

from datasets import disable_progress_bars, load_dataset
from PIL import Image


def draw(path: str, gray: int) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (8, 8), gray).save(path)


disable_progress_bars()
for i in range(5):
    for k, name in enumerate(("cat", "test_tube", "dev board")):
        draw(f"lab/{name}/{i}.png", 50 * k + i)
    draw(f"pets/cat/{i}.png", i)
    draw(f"pets/cat/test_{i}.png", 50 + i)
    draw(f"pets/dog/{i}.png", 100 + i)
seen = {}
for name in ("lab", "pets"):
    splits = load_dataset("imagefolder", data_dir=name)
    seen[name] = {split: len(part) for split, part in splits.items()}
    print(f"{name}, 15 images in {len(list(Path(name).iterdir()))} class folders: {seen[name]}")
raise SystemExit(0 if seen == {"lab": {"validation": 5, "test": 5}, "pets": {"test": 5}} else 1)
PYTHON
