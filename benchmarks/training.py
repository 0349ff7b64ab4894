"""How many images per second does training take in? `python -m benchmarks.training`

Five shapes, Adam, float32, the data as uint8 in memory, every epoch shuffled. Opponents at their best:

    torch      eager; uint8 tensor indexed per batch, Adam(fused=True), gradients set to None, all cores
    compiled   the same with torch.compile for network and loss, which needs a C++ compiler
    jax        a whole epoch is one jit with lax.scan, batches gathered inside
    sklearn    MLPClassifier.partial_fit on float32, one call per epoch
    nncli      what `nncli train` runs: its loop, its choice of kernels, threads and processes

Each prints the images per second of the median of its epochs after a warm-up.
"""

from __future__ import annotations

import itertools
import json
import math
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

from benchmarks.common import machine, ratio, table, take_turns

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

SHAPES = [
    ((784, 128, 10), 128, 60_000),
    ((784, 128, 10), 32, 60_000),
    ((784, 256, 128, 10), 128, 60_000),
    ((3072, 512, 256, 10), 256, 20_000),
    ((12288, 64, 10), 64, 8_000),
]
EPOCHS = 5


def _data(n_features: int, m: int) -> tuple[Any, Any]:
    import numpy as np

    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (m, n_features), np.uint8), rng.integers(0, 10, m)


def _report(epoch: Callable[[], object], m: int) -> float:
    epoch()
    seconds = []
    for _ in range(EPOCHS):
        started = time.perf_counter()
        epoch()
        seconds.append(time.perf_counter() - started)
    return m / statistics.median(seconds)


def run_nncli(dims: tuple[int, ...], batch: int, m: int, backend: str = "numpy") -> float:
    """The project's own loop; with another backend than NumPy all examples lie on the device."""
    from nncli.machine import blas

    blas.choose()
    import numpy as np

    from nncli.data.batches import Batches
    from nncli.data.network_inputs import NetworkInputs
    from nncli.data.pixel_rows import PixelRows
    from nncli.data.scaling import zero_one
    from nncli.machine.backend import is_on_host, open_backend, room_beside
    from nncli.network.initialization import initialize
    from nncli.network.optimization import Adam
    from nncli.network.parameters import Parameters
    from nncli.training.communicator import SingleProcess
    from nncli.training.loop import Trainer
    from nncli.training.processes import make_communicator
    from nncli.training.schedules import LearningRate
    from nncli.training.settings import Settings

    pixels, labels = _data(dims[0], m)
    like, inputs = open_backend(backend), NetworkInputs(PixelRows(pixels), zero_one(pixels))
    parameters = Parameters(dims, like=like)
    communicator, block = SingleProcess(), parameters.flat.size
    if is_on_host(like):
        communicator = make_communicator("auto", parameters.weights.size, batch, EPOCHS * m // batch)
        block = None
    else:
        inputs.move_to(like, room_beside(0))
    parameters = Parameters(dims, np.float32, communicator.zeros_like(parameters.flat))
    initialize(parameters, np.random.default_rng(0))
    training_set = Batches(inputs, labels, batch)
    rate = LearningRate(1e-3, "constant", EPOCHS + 1, len(training_set))
    optimizer = Adam(parameters.flat, zeros_like=communicator.zeros_like, block=block)
    trainer = Trainer(parameters, optimizer, rate, training_set, None, Settings(EPOCHS + 1), communicator)
    return m / statistics.median([result.seconds for result in trainer.run()][1:])


def run_torch(dims: tuple[int, ...], batch: int, m: int, mode: str = "eager", device: str = "cpu") -> float:
    """PyTorch, eager or compiled in one of its modes, everything on `device`."""
    import torch

    pixels, labels = (torch.from_numpy(each).to(device) for each in _data(dims[0], m))
    layers: list[Any] = []
    for n_in, n_out in itertools.pairwise(dims):
        layers += [torch.nn.Linear(n_in, n_out), torch.nn.ReLU()]
    network = torch.nn.Sequential(*layers[:-1]).to(device)
    optimizer = torch.optim.Adam(network.parameters(), 1e-3, fused=True)
    cross_entropy = torch.nn.CrossEntropyLoss()

    def cost(X: Any, Y: Any) -> Any:
        return cross_entropy(network(X.float().mul_(1 / 255)), Y)

    if mode != "eager":
        cost = torch.compile(cost, mode=mode)

    def epoch() -> float:
        order = torch.randperm(m, device=device)
        for start in range(0, m, batch):
            chosen = order[start : start + batch]
            loss = cost(pixels[chosen], labels[chosen])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        return float(loss)  # a device has then done all that it was told

    return _report(epoch, m)


def run_compiled(dims: tuple[int, ...], batch: int, m: int) -> float:
    """PyTorch, compiled; the first epoch, which compiles, is the warm-up."""
    return run_torch(dims, batch, m, "default")


def run_jax(dims: tuple[int, ...], batch: int, m: int) -> float:
    """JAX, the whole epoch compiled."""
    import jax
    import jax.numpy as jnp

    pixels, labels = map(jnp.asarray, _data(dims[0], m))
    keys = jax.random.split(jax.random.key(0), len(dims))
    weights = [
        (jax.random.normal(key, (n_in, n_out)) / math.sqrt(n_in), jnp.zeros(n_out))
        for key, n_in, n_out in zip(keys, dims, dims[1:], strict=False)
    ]

    def loss(weights: Any, X: Any, Y: Any) -> Any:
        for W, b in weights[:-1]:
            X = jax.nn.relu(X @ W + b)
        W, b = weights[-1]
        return -jnp.take_along_axis(jax.nn.log_softmax(X @ W + b), Y[:, None], 1).mean()

    def step(state: Any, chosen: Any) -> Any:
        weights, v, s, t = state
        g = jax.grad(loss)(weights, pixels[chosen].astype(jnp.float32) * (1 / 255), labels[chosen])
        t += 1
        v = jax.tree.map(lambda v, g: 0.9 * v + 0.1 * g, v, g)
        s = jax.tree.map(lambda s, g: 0.999 * s + 0.001 * g * g, s, g)
        weights = jax.tree.map(
            lambda w, v, s: w - 1e-3 * (v / (1 - 0.9**t)) / (jnp.sqrt(s / (1 - 0.999**t)) + 1e-8), weights, v, s
        )
        return (weights, v, s, t), None

    @jax.jit
    def run(state: Any, key: Any) -> Any:
        order = jax.random.permutation(key, m)[: m // batch * batch].reshape(-1, batch)
        return jax.lax.scan(step, state, order)[0]

    zeros = jax.tree.map(jnp.zeros_like, weights)
    state, key = (weights, zeros, zeros, 0.0), jax.random.key(1)

    def epoch() -> None:
        nonlocal state, key
        key, used = jax.random.split(key)
        state = jax.block_until_ready(run(state, used))

    epoch()  # the first call compiles
    return _report(epoch, m // batch * batch)


def run_sklearn(dims: tuple[int, ...], batch: int, m: int) -> float:
    """scikit-learn."""
    import numpy as np
    from sklearn.neural_network import MLPClassifier

    pixels, labels = _data(dims[0], m)
    X = pixels.astype(np.float32) / np.float32(255)
    network = MLPClassifier(dims[1:-1], solver="adam", batch_size=batch, alpha=0.0)
    return _report(lambda: network.partial_fit(X, labels, classes=range(10)), m)


OPPONENTS = {"nncli": run_nncli, "torch": run_torch, "compiled": run_compiled, "jax": run_jax, "sklearn": run_sklearn}


def run(rounds: int = 3, module: str = "benchmarks.training", opponents: Collection[str] = tuple(OPPONENTS)) -> str:
    """The table, with the geometric mean of each ratio; `module` runs an opponent, given its name and a shape."""
    rows, ratios = [], {name: [] for name in opponents if name != "nncli"}
    for index, (dims, batch, _) in enumerate(SHAPES):
        commands = {name: ["-m", module, name, str(index)] for name in opponents}
        rates = take_turns(commands, rounds)
        print(dims, batch, {name: round(rate) for name, rate in rates.items()}, file=sys.stderr, flush=True)
        for name, found in ratios.items():
            if name in rates:
                found.append(rates["nncli"] / rates[name])
        cells = [f"{rates[name] / 1000:.1f}" if name in rates else "-" for name in opponents]
        rows.append(
            [
                f"{'-'.join(map(str, dims))} b{batch}",
                *cells,
                *(ratio(rates["nncli"], rates.get(name)) for name in ratios),
            ]
        )
    means = [f"{statistics.geometric_mean(found):.2f}" if found else "-" for found in ratios.values()]
    rows.append(["geometric mean", *[""] * len(opponents), *means])
    header = ["shape, batch", *(f"{name} (1000/s)" for name in opponents), *(f"nncli / {name}" for name in ratios)]
    return table(header, rows)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(OPPONENTS[sys.argv[1]](*SHAPES[int(sys.argv[2])])))
    else:
        print(machine())
        print(run())
