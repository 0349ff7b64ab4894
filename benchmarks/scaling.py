"""How fast do several processes train, on one machine and on two? `python -m benchmarks.scaling`

The network 3072-512-256-10 with Adam, batch 256, one BLAS thread for each rank; what `mpiexec -n K nncli train` runs.
"Two hosts" are two network namespaces of this machine, joined by a cable (veth) that tc holds at a rate; making them
needs root. The cost model of `nncli` over ranks, with K ranks, batch B, P parameters, and a network that takes
`latency` seconds for a message and moves `bandwidth` bytes a second:

    step      = share * seconds per image + seconds of the optimizer (/ K on one machine) + sum
    share     = B / K; with shards the largest, about B / K + sqrt(2 ln K * B / K (1 - 1 / K)), for which all wait
    sum       = 2 (K - 1) / K * 4 P / bandwidth + messages * latency
    memory    = images * bytes of an image, on each machine, and 4 P * 5 for each rank
                with shards images / K for each rank

The seconds per image and of the optimizer are measured with one rank; the rest is arithmetic. Over TCP, MPICH at times
sends both ways at once and at times one after the other, which takes twice as long: the model gives both.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.common import machine, table

if TYPE_CHECKING:
    from collections.abc import Iterator

DIMS, BATCH, STEPS = (3072, 512, 256, 10), 256, 40

VECTORS = 5
"""Vectors of the parameters' length in every rank: these, their gradient, the best ones, and two of Adam."""

MESSAGES = 3
"""Short messages of a step beside the gradient: losses, hits, whether to stop."""

LINKS = {"1gbit": 125e6, "100mbit": 12.5e6}
"""Rate as tc takes it -> bytes a second."""

PAYLOAD = 0.94
"""Share of a frame that is not TCP's, IP's and Ethernet's."""

TCP_LATENCY = 100e-6
"""Seconds of a short message over TCP, a wake-up of the other process included."""

MEMORY_LATENCY, MEMORY_BANDWIDTH = 5e-6, 8e9
"""The same within a machine."""


@dataclass(frozen=True)
class Cost:
    """The cost model; see above.

    Attributes:
        per_image: Seconds of a rank for forward and backward propagation of an image.
        update: Seconds of the optimizer for all parameters.
    """

    per_image: float
    update: float

    def step(self, ranks: int, share: float, n_parameters: int, latency: float, bandwidth: float) -> float:
        """Seconds of a step; ranks that share memory, with a latency below TCP's, share the optimizer's work, too."""
        update = self.update / ranks if latency < TCP_LATENCY else self.update
        return share * self.per_image + update + summing(ranks, n_parameters, latency, bandwidth)


def largest_share(ranks: int, batch: int) -> float:
    """Images of a batch in the rank that holds most of them, on average, where each holds images of its own."""
    mean = batch / ranks
    return mean + math.sqrt(2 * math.log(ranks) * mean * (1 - 1 / ranks))


def summing(ranks: int, n_parameters: int, latency: float, bandwidth: float) -> float:
    """Seconds of adding up a gradient: in halves, quarters, ... there, and as much back."""
    if ranks == 1:
        return 0.0
    rounds = math.ceil(math.log2(ranks))
    return 2 * (ranks - 1) / ranks * 4 * n_parameters / bandwidth + (2 + MESSAGES) * rounds * latency


def memory(images: int, image_bytes: int, n_parameters: int, ranks_here: int) -> float:
    """Bytes on each machine."""
    return float(images * image_bytes + ranks_here * VECTORS * 4 * n_parameters)


def size_of(dims: tuple[int, ...]) -> int:
    """Parameters of a network."""
    return sum(n * (before + 1) for before, n in itertools.pairwise(dims))


def train_here() -> None:
    """Work of a rank: some epochs; the first one prints seconds per step and of the optimizer alone."""
    from nncli.machine.launcher import launched
    from nncli.machine.mpi import join
    from nncli.machine.ranks import ALONE

    found = launched()
    ranks: Any = join(found) if found else ALONE
    import numpy as np

    from nncli.data.batches import Batches
    from nncli.data.network_inputs import NetworkInputs
    from nncli.data.pixel_rows import PixelRows
    from nncli.data.scaling import zero_one
    from nncli.data.shard import Shard
    from nncli.machine.ranks import share
    from nncli.network.initialization import initialize
    from nncli.network.optimization import Adam
    from nncli.network.parameters import Parameters
    from nncli.training.communicator import SingleProcess
    from nncli.training.loop import Trainer
    from nncli.training.rank_communicator import communicator_over
    from nncli.training.schedules import LearningRate
    from nncli.training.settings import Settings

    rng, m, epochs = np.random.default_rng(0), BATCH * STEPS, int(sys.argv[2])
    pixels, labels = rng.integers(0, 256, (m, DIMS[0]), np.uint8), rng.integers(0, 10, m)
    communicator = SingleProcess() if ranks.size == 1 else communicator_over(ranks)
    parameters = Parameters(DIMS, flat=communicator.zeros_like(np.zeros(size_of(DIMS), np.float32)))
    if ranks.rank == 0:
        initialize(parameters, np.random.default_rng(0))
    parameters.flat[:] = ranks.from_first(parameters.flat.copy)
    own, shard = slice(0, m), None
    if sys.argv[3] == "shards":
        own = share(ranks, m)
        shard = Shard(own.start, own.stop - own.start, m, np.bincount(labels), ranks)
    inputs = NetworkInputs(PixelRows(pixels[own]), zero_one(pixels))
    training_set = Batches(inputs, labels[own], BATCH, shard=shard)
    rate = LearningRate(1e-3, "constant", epochs, STEPS)
    optimizer = Adam(parameters.flat, zeros_like=communicator.zeros_like)
    trainer = Trainer(parameters, optimizer, rate, training_set, None, Settings(epochs), communicator)
    step = statistics.median([result.seconds for result in trainer.run()][1:]) / STEPS
    if ranks.rank == 0:
        gradient, seconds = np.ones_like(parameters.flat), []
        for _ in range(20):
            started = time.perf_counter()
            optimizer.step(parameters.learned, gradient, 1e-9)
            seconds.append(time.perf_counter() - started)
        print(json.dumps({"step": step, "update": statistics.median(seconds)}), flush=True)


def measured(*launcher: str, epochs: int = 4, placement: str = "shared") -> dict[str, float]:
    """The figures of a training started with `launcher`."""
    command = [*launcher, sys.executable, "-m", "benchmarks.scaling", "train", str(epochs), placement]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


@contextlib.contextmanager
def two_hosts(rate: str) -> Iterator[list[str]]:
    """A launcher on two network namespaces, 10.77.0.1 and 10.77.0.2, whose cable carries `rate` each way."""
    names = {f"nncli-{os.getpid()}-{i}": f"10.77.0.{i}" for i in (1, 2)}
    ends = [f"nn{os.getpid() % 10_000}{side}" for side in "ab"]
    script = Path(f"/tmp/nncli-remote-{os.getpid()}")  # noqa: S108 - named by process, removed below
    lines = "".join(f"  {address}) ns={name} ;;\n" for name, address in names.items())
    # The launcher calls it as it would call ssh: options, a host, a command line.
    script.write_text(
        f'#!/bin/sh\nwhile [ "${{1#-}}" != "$1" ]; do shift; done\ncase "$1" in\n{lines}esac\nshift\n'
        'exec ip netns exec "$ns" sh -c "$*"\n'
    )
    script.chmod(0o700)
    try:
        for name in names:
            _do("ip", "netns", "add", name)
        _do("ip", "link", "add", "name", ends[0], "type", "veth", "peer", "name", ends[1])
        for (name, address), end in zip(names.items(), ends, strict=True):
            _do("ip", "link", "set", end, "netns", name)
            inside = ("ip", "netns", "exec", name)
            _do(*inside, "ip", "link", "set", end, "name", "eth0")
            _do(*inside, "ip", "addr", "add", f"{address}/24", "dev", "eth0")
            _do(*inside, "ip", "link", "set", "eth0", "up")
            _do(*inside, "ip", "link", "set", "lo", "up")
            shaped = ("root", "tbf", "rate", rate, "burst", "128k", "latency", "50ms")
            _do(*inside, "tc", "qdisc", "add", "dev", "eth0", *shaped)
        first = next(iter(names))
        options = ["-launcher", "ssh", "-launcher-exec", str(script), "-localhost", "10.77.0.1", "-iface", "eth0"]
        hosts = ["-hosts", ",".join(names.values()), "-n", "2", "-ppn", "1"]
        # UCX would notice that both hosts are one machine, and go through its memory.
        cable = ["-genv", "UCX_TLS", "tcp,self", "-genv", "UCX_NET_DEVICES", "eth0"]
        yield ["ip", "netns", "exec", first, mpiexec(), *options, *hosts, *cable]
    finally:
        script.unlink()
        for name in names:
            with contextlib.suppress(subprocess.CalledProcessError):
                _do("ip", "netns", "del", name)


def _do(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def mpiexec() -> str:
    """The launcher beside this Python, or the one on the path."""
    found = shutil.which("mpiexec", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if found is None:
        raise SystemExit("there is no mpiexec; pip install mpi4py mpich")
    return found


def run() -> str:
    """The table: measured and as the model says."""
    P, one = size_of(DIMS), measured()
    cost = Cost((one["step"] - one["update"]) / BATCH, one["update"])
    rows = [["one rank", f"{one['step'] * 1e3:.1f}", "", "1.00"]]

    def add(name: str, ranks: int, found: float, latency: float, bandwidth: float, share: float = 0) -> None:
        share = share or BATCH / ranks
        expected = cost.step(ranks, share, P, latency, bandwidth)
        slow = cost.step(ranks, share, P, latency, bandwidth / 2)
        text = f"{expected * 1e3:.1f}" if latency < TCP_LATENCY else f"{expected * 1e3:.1f} to {slow * 1e3:.1f}"
        rows.append([name, f"{found * 1e3:.1f}", text, f"{one['step'] / found:.2f}"])

    for n in range(2, len(os.sched_getaffinity(0)) + 1):
        step = measured(mpiexec(), "-n", str(n))["step"]
        add(f"{n} ranks, one host", n, step, MEMORY_LATENCY, MEMORY_BANDWIDTH)
        step = measured(mpiexec(), "-n", str(n), placement="shards")["step"]
        add(f"{n} ranks, one host, shards", n, step, MEMORY_LATENCY, MEMORY_BANDWIDTH, largest_share(n, BATCH))
    for rate, bandwidth in LINKS.items() if os.geteuid() == 0 else ():
        with two_hosts(rate) as launcher:
            step = measured(*launcher, epochs=2)["step"]
        add(f"2 ranks, two hosts, {rate}", 2, step, TCP_LATENCY, PAYLOAD * bandwidth)
    return table(["where", "ms per step", "ms by the model", "times one rank"], rows)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        train_here()
    else:
        print(machine())
        print(run())
