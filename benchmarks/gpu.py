"""How many images per second does training take in on a GPU? `python -m benchmarks.gpu`

The five shapes of benchmarks.training, float32 without TF32, all examples on the device:

    nncli      --backend cupy
    numpy      the same loop on this machine's cores
    eager      PyTorch on the device, Adam(fused=True)
    compiled   the same with torch.compile for network and loss
    graphs     compiled with CUDA graphs (mode "reduce-overhead")

Needs the extra gpu, PyTorch for CUDA, and a GPU. Without one it says so, and exits with 1.
"""

from __future__ import annotations

import json
import sys

from benchmarks.common import machine
from benchmarks.training import SHAPES, run, run_nncli, run_torch
from nncli.errors import UsageError
from nncli.machine.backend import open_backend

OPPONENTS = {
    "nncli": lambda *shape: run_nncli(*shape, backend="cupy"),
    "numpy": run_nncli,
    "eager": lambda *shape: run_torch(*shape, device="cuda"),
    "compiled": lambda *shape: run_torch(*shape, "default", device="cuda"),
    "graphs": lambda *shape: run_torch(*shape, "reduce-overhead", device="cuda"),
}

if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(OPPONENTS[sys.argv[1]](*SHAPES[int(sys.argv[2])])))
    else:
        try:
            open_backend("cupy")
        except UsageError as error:
            sys.exit(f"nothing to measure here: {error}")
        print(machine())
        print(run(module="benchmarks.gpu", opponents=OPPONENTS))
