"""How fast do folders of images become arrays? `python -m benchmarks.loading`

Photos and tiny files drawn for the purpose, decoded and brought to one size:

    torchvision    ImageFolder + Resize + PILToTensor, DataLoader with 2 workers
    torch + Pillow the same without torchvision, for machines where that does not install
    tensorflow     image_dataset_from_directory, batches of 64
    opencv         imread and resize (INTER_AREA) in one thread
    nncli          load_images, as `nncli train` calls it the first time; `benchmarks.user` shows the second
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.common import machine, ratio, table, take_turns

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = {"photos 500x375 to 64x64": (1200, (500, 375), 64), "tiny files 32x32": (20_000, (32, 32), 32)}


def draw(folder: Path, count: int, size: tuple[int, int]) -> None:
    """Write `count` JPEGs that compress like photos (noise of several scales) in two class folders."""
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(0)
    for index in range(count):
        coarse = Image.fromarray(rng.integers(0, 256, (12, 16, 3), np.uint8)).resize(size, Image.Resampling.BICUBIC)
        noise = rng.normal(0, 6, (size[1], size[0], 3))
        image = Image.fromarray(np.clip(np.asarray(coarse) + noise, 0, 255).astype(np.uint8))
        path = folder / str(index % 2) / f"{index}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path, quality=90)


def _paths(folder: str) -> list[str]:
    return sorted(str(path) for path in Path(folder).rglob("*.jpg"))


def run_nncli(folder: str, side: int) -> float:
    """The project's own loader."""
    from nncli.data.image.image_format import ImageFormat
    from nncli.data.loading import load_images

    paths, started = _paths(folder), time.perf_counter()
    loaded = load_images(paths, ImageFormat(side, side, "rgb", "stretch"))
    assert len(loaded.pixels) == len(paths)
    return len(paths) / (time.perf_counter() - started)


def run_torchvision(folder: str, side: int) -> float:
    """ImageFolder and DataLoader."""
    import torch
    from torchvision import datasets, transforms

    transform = transforms.Compose([transforms.Resize((side, side)), transforms.PILToTensor()])
    started = time.perf_counter()
    dataset = datasets.ImageFolder(folder, transform)
    batches = [x for x, _ in torch.utils.data.DataLoader(dataset, batch_size=64, num_workers=2)]
    m = len(torch.cat(batches))
    return m / (time.perf_counter() - started)


def run_torch(folder: str, side: int) -> float:
    """What ImageFolder does, where torch installs and torchvision does not: Pillow in a DataLoader, 2 workers."""
    import numpy as np
    import torch
    from PIL import Image

    paths = _paths(folder)

    class Dataset(torch.utils.data.Dataset):  # type: ignore[misc]
        """Opens, converts, resizes, and makes a tensor of one image."""

        def __len__(self) -> int:
            return len(paths)

        def __getitem__(self, index: int) -> torch.Tensor:
            with Path(paths[index]).open("rb") as file:
                image = Image.open(file).convert("RGB").resize((side, side), Image.Resampling.BILINEAR)
            return torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()

    started = time.perf_counter()
    batches = list(torch.utils.data.DataLoader(Dataset(), batch_size=64, num_workers=2))
    return len(torch.cat(batches)) / (time.perf_counter() - started)


def run_tensorflow(folder: str, side: int) -> float:
    """image_dataset_from_directory."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import numpy as np
    import tensorflow as tf

    started = time.perf_counter()
    dataset = tf.keras.utils.image_dataset_from_directory(folder, image_size=(side, side), batch_size=64, verbose=False)
    m = len(np.concatenate([x.astype(np.uint8) for x, _ in dataset.as_numpy_iterator()]))
    return m / (time.perf_counter() - started)


def run_opencv(folder: str, side: int) -> float:
    """imread in one thread."""
    import cv2
    import numpy as np

    cv2.setNumThreads(1)
    paths, started = _paths(folder), time.perf_counter()
    images = [cv2.resize(cv2.imread(path), (side, side), interpolation=cv2.INTER_AREA) for path in paths]
    return len(np.stack(images)) / (time.perf_counter() - started)


OPPONENTS: dict[str, Callable[[str, int], float]] = {
    "nncli": run_nncli,
    "torchvision": run_torchvision,
    "torch + Pillow": run_torch,
    "tensorflow": run_tensorflow,
    "opencv": run_opencv,
}

OTHERS = [name for name in OPPONENTS if name != "nncli"]


def run(rounds: int = 3) -> str:
    """The table."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for kind, (count, size, side) in KINDS.items():
            draw(Path(folder) / kind, count, size)
            commands = {name: ["-m", "benchmarks.loading", name, f"{folder}/{kind}", str(side)] for name in OPPONENTS}
            rates = take_turns(commands, rounds)
            print(kind, {name: round(rate) for name, rate in rates.items()}, file=sys.stderr, flush=True)
            cells = [f"{rates[name]:.0f}" if name in rates else "-" for name in OPPONENTS]
            rows.append([kind, *cells, *(ratio(rates["nncli"], rates.get(name)) for name in OTHERS)])
    header = ["files", *(f"{name} (1/s)" for name in OPPONENTS), *(f"nncli / {name}" for name in OTHERS)]
    return table(header, rows)


if __name__ == "__main__":
    if len(sys.argv) == 4:
        print(json.dumps(OPPONENTS[sys.argv[1]](sys.argv[2], int(sys.argv[3]))))
    else:
        print(machine())
        print(run())
