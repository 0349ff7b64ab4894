"""How many files per second does prediction take in? `python -m benchmarks.prediction`

10,000 tiny files and 1,200 photos through a trained 64x64 rgb network, whole processes, start included:

    nncli      nncli predict FOLDER
    torch      a script with a Pillow DataLoader (2 workers) and a batch of 64 at a time through the same layers
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.common import machine, ratio, table, take_turns
from benchmarks.loading import draw

KINDS = {"photos 500x375": (1200, (500, 375)), "tiny files 32x32": (10_000, (32, 32))}
SIDE = 64


def run_nncli(folder: str) -> float:
    """`nncli predict`."""
    files = sum(1 for _ in Path(folder).rglob("*.jpg"))
    started = time.perf_counter()
    command = [sys.executable, "-m", "nncli", "predict", "-m", f"{folder}/../run", "-o", "/dev/null", folder]
    subprocess.run(command, check=True)
    return files / (time.perf_counter() - started)


def run_torch(folder: str) -> float:
    """A PyTorch script that does the same."""
    files = sum(1 for _ in Path(folder).rglob("*.jpg"))
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "benchmarks.prediction", "script", folder], check=True)
    return files / (time.perf_counter() - started)


def torch_script(folder: str) -> None:
    """The script: random weights, since speed does not depend on them."""
    import numpy as np
    import torch
    from PIL import Image

    paths = sorted(map(str, Path(folder).rglob("*.jpg")))

    class Dataset(torch.utils.data.Dataset):  # type: ignore[misc]
        """Opens, converts and resizes one image."""

        def __len__(self) -> int:
            return len(paths)

        def __getitem__(self, index: int) -> torch.Tensor:
            image = Image.open(paths[index]).convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
            return torch.from_numpy(np.array(image)).flatten()

    network = torch.nn.Sequential(torch.nn.Linear(SIDE * SIDE * 3, 16), torch.nn.ReLU(), torch.nn.Linear(16, 1))
    with torch.inference_mode(), Path("/dev/null").open("w") as out:
        loader = torch.utils.data.DataLoader(Dataset(), batch_size=64, num_workers=2)
        position = 0
        for batch in loader:
            for p in torch.sigmoid(network(batch.float() / 255))[:, 0].tolist():
                out.write(f"{paths[position]}\t{p:.4f}\n")
                position += 1


def run(rounds: int = 3) -> str:
    """The table."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for kind, (count, size) in KINDS.items():
            draw(Path(folder) / kind, count, size)
        config = Path(folder) / "c.yaml"
        config.write_text(
            f'data: {{path: "{kind}"}}\nnetwork: {{layer_dims: [auto, 16, 1]}}\ntraining: {{epochs: 1}}\n'
        )
        command = [sys.executable, "-m", "nncli", "train", str(config), "-q", "-o", f"{folder}/run"]
        subprocess.run([*command, "--set", "data.cache=off"], check=True, stdout=subprocess.DEVNULL)
        for kind in KINDS:
            commands = {name: ["-m", "benchmarks.prediction", name, f"{folder}/{kind}"] for name in ("nncli", "torch")}
            rates = take_turns(commands, rounds)
            cells = [f"{rates[name]:.0f}" if name in rates else "-" for name in commands]
            rows.append([kind, *cells, ratio(rates["nncli"], rates.get("torch"))])
    return table(["files", "nncli (1/s)", "torch + Pillow (1/s)", "nncli / torch"], rows)


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "script":
        torch_script(sys.argv[2])
    elif len(sys.argv) == 3:
        print(json.dumps({"nncli": run_nncli, "torch": run_torch}[sys.argv[1]](sys.argv[2])))
    else:
        print(machine())
        print(run())
