"""How fast: an epoch of the MNIST MLP beside its peers, 64 learning rates at once, and the start of the package."""

import subprocess
import sys
from functools import partial
from itertools import pairwise

import jax
import numpy as np

from nnjax import data, models, optimizers, training
from tests.benchmarks import peers
from tests.benchmarks.measure import in_turns, matmul_peaks, mnist, spread

ROUNDS, EPOCHS = 3, 1


def flops_per_epoch(examples: int) -> int:
    """Return the products of one epoch: forward, by the weights, and by the inputs except those of the first layer."""
    first, *others = [inputs * outputs for inputs, outputs in pairwise(peers.SIZES)]
    return examples // peers.BATCH * peers.BATCH * (4 * first + 6 * sum(others))


def mlp() -> list[tuple[str, str, str]]:
    dataset = mnist()
    contestants = {
        "nnjax": peers.nnjax,
        "Flax NNX": peers.flax_nnx,
        "Equinox": peers.equinox,
        "PyTorch, tensors in memory": peers.torch_in_memory,
        "PyTorch, DataLoader": peers.torch_dataloader,
    }
    peaks: list[dict[str, float]] = []
    tasks = {name: make(dataset, EPOCHS) for name, make in contestants.items()}
    tasks["peak"] = lambda: peaks.append(matmul_peaks())
    taken = {name: values / EPOCHS for name, values in in_turns(tasks, ROUNDS).items()}
    taken["PyTorch, DataLoader"] *= peers.LOADER_PART
    own = taken["nnjax"]
    rate = flops_per_epoch(len(dataset.x)) / own * 100
    rows = [("MNIST MLP 784-512-512-10, batch 64: seconds an epoch", spread(own), "")]
    wanted = {"PyTorch, DataLoader": 6.0}
    rows += [
        (f"{name}: times as long", spread(taken[name] / own), f"at least {wanted.get(name, 1.5)}")
        for name in contestants
        if name != "nnjax"
    ]
    for by in ("XLA", "NumPy"):
        share = rate / [peak[by] for peak in peaks[1:]]
        rows.append((f"share of the rate of a 2048 x 2048 product by {by}, %", spread(share, ".0f"), "at least 65"))
    return rows


def learning_rates() -> list[tuple[str, str, str]]:
    dataset = data.flatten(data.load("digits"))
    init, key = partial(models.mlp.init, sizes=(64, 32, 10)), jax.random.key(0)[None]
    rates = np.geomspace(1e-3, 1, 64).astype(np.float32)

    def sweep(rates: np.ndarray) -> training.FitMany:
        return training.fit_many(
            models.mlp.apply, init, dataset, epochs=20, keys=key, optimizer=optimizers.sgd,
            settings={"learning_rate": rates}, batch_size=32, progress=False,
        )  # fmt: skip

    def compiled_anew(rates: np.ndarray) -> None:
        jax.clear_caches()
        sweep(rates)

    one = rates[40:41]
    first = in_turns({"64": lambda: compiled_anew(rates), "1": lambda: compiled_anew(one)}, ROUNDS)
    again = in_turns({"64": lambda: sweep(rates), "1": lambda: sweep(one)}, ROUNDS)
    name = "64 learning rates at once, digits MLP 64-32-10, 20 epochs"
    return [
        (f"{name}: times one, compiling", spread(first["64"] / first["1"]), "at most 8"),
        ("the same, compiled before", spread(again["64"] / again["1"]), "at most 8"),
    ]


def start_up() -> list[tuple[str, str, str]]:
    def importing(module: str) -> None:
        subprocess.run([sys.executable, "-c", f"import {module}"], check=True)

    taken = in_turns({name: partial(importing, name) for name in ("jax", "nnjax", "nnjax, jax")}, 2 * ROUNDS)
    both, alone = (spread(taken[name] / taken["jax"]) for name in ("nnjax, jax", "nnjax"))
    return [
        ("`import nnjax`: times `import jax`", alone, "at most 1.1"),
        ("`import nnjax, jax`: times `import jax`", both, "at most 1.1"),
    ]
