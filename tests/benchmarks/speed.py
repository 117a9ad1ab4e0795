"""How fast: an epoch of the MNIST MLP beside its peers, 64 learning rates at once, and the start of the package."""

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np

from nnjax import data, models, optimizers, training
from tests.benchmarks import networks
from tests.benchmarks.measure import contestant, in_turns, in_turns_apart, matmul_peaks, mnist, spread

ROUNDS, EPOCHS = 3, 4


NET = networks.MLP()
# The files beside this one and the functions in them, imported only where they run.
CONTESTANTS = {
    "nnjax": ("own", "mlp"),
    "Flax NNX": ("flax_peers", "mlp"),
    "Equinox": ("equinox_peers", "mlp"),
    "PyTorch, tensors in memory": ("torch_peers", "mlp_in_memory"),
    "PyTorch, DataLoader": ("torch_peers", "mlp_dataloader"),
}
# The DataLoader is so slow that an eighth of an epoch must do; its seconds are multiplied by eight.
LOADER_PART = 8


def flops_per_epoch(examples: int) -> int:
    """Return the products of one epoch: forward, by the weights, and by the inputs except those of the first layer."""
    first, *others = [inputs * outputs for inputs, outputs in pairwise(NET.sizes)]
    return examples // NET.batch * NET.batch * (4 * first + 6 * sum(others))


def mlp() -> list[tuple[str, str, str]]:
    makers = {name: partial(_epochs, *place) for name, place in CONTESTANTS.items()}
    taken, returned = in_turns_apart(makers | {"peak": _peaks}, ROUNDS)
    taken = {name: values / EPOCHS for name, values in taken.items()}
    taken["PyTorch, DataLoader"] *= LOADER_PART
    own = taken["nnjax"]
    rate = flops_per_epoch(60_000) / own * 100
    rows = [("MNIST MLP 784-512-512-10, batch 64: seconds an epoch", spread(own), "")]
    wanted = {"PyTorch, DataLoader": 6.0}
    rows += [
        (f"{name}: times as long", spread(taken[name] / own), f"at least {wanted.get(name, 1.5)}")
        for name in CONTESTANTS
        if name != "nnjax"
    ]
    for by in ("XLA", "NumPy"):
        share = rate / [peak[by] for peak in returned["peak"]]
        rows.append((f"share of the rate of a 2048 x 2048 product by {by}, %", spread(share, ".0f"), "at least 65"))
    return rows


def _epochs(library: str, name: str) -> Callable[[], object]:
    part = {"part": LOADER_PART} if name == "mlp_dataloader" else {}
    return contestant(library, name, NET, mnist(), EPOCHS, **part)


def _peaks() -> Callable[[], dict[str, float]]:
    return matmul_peaks


def learning_rates() -> list[tuple[str, str, str]]:
    """Train 64 rates at once and one alone: as a fresh call, which compiles, and once more when all is compiled."""
    nets = {"moons": ((2, 16, 2), data.load("moons")), "digits": ((64, 32, 10), data.flatten(data.load("digits")))}
    key, rates = jax.random.key(0)[None], np.geomspace(1e-3, 1, 64).astype(np.float32)
    rows = []
    for name, (sizes, dataset) in nets.items():
        sweep = partial(_sweep, partial(models.mlp.init, sizes=sizes), dataset, key)
        first = in_turns({n: partial(_compiled_anew, sweep, rates[:n]) for n in (64, 1)}, ROUNDS)
        again = in_turns({n: partial(sweep, rates[:n]) for n in (64, 1)}, ROUNDS)
        what = f"64 learning rates at once, {name} MLP {'-'.join(map(str, sizes))}, 20 epochs: times one"
        rows.append((f"{what}, as called", spread(first[64] / first[1]), "at most 8"))
        rows.append((f"{what}, when compiled already", spread(again[64] / again[1]), "at most 8"))
    rows.append(
        ("the matrix products of a step of those 64 digits networks alone: times a step of one", _products(), "")
    )
    return rows


def _products(steps: int = 500) -> str:
    """Time what no compiler can leave out of 64 steps, in a loop, against whole steps of one network."""
    x, labels = jax.random.normal(jax.random.key(0), (32, 64)), jnp.arange(32) % 10
    params = models.mlp.init(jax.random.key(1), (64, 32, 10))

    def step(params: list[dict[str, jax.Array]]) -> list[dict[str, jax.Array]]:
        return jax.tree.map(lambda p, g: p - 1e-3 * g, params, jax.grad(models.mlp.loss)(params, x, labels))

    def products(weights: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        V, W = weights
        h = jnp.einsum("bi,rih->rbh", x, V)
        z = h @ W
        dh = z @ W.swapaxes(1, 2)
        return 1e-6 * jnp.einsum("bi,rbh->rih", x, dh), 1e-6 * h.swapaxes(1, 2) @ z

    many = tuple(jnp.tile(layer["W"], (64, 1, 1)) for layer in params)
    run = jax.jit(lambda f, start: jax.lax.fori_loop(0, steps, lambda _, p: f(p), start), static_argnums=0)
    tasks = {
        64: lambda: jax.block_until_ready(run(products, many)),
        1: lambda: jax.block_until_ready(run(step, params)),
    }
    taken = in_turns(tasks, 2 * ROUNDS)
    return spread(taken[64] / taken[1], ".0f")


def _sweep(init: Callable[[jax.Array], object], dataset: data.Dataset, keys: jax.Array, rates: np.ndarray) -> object:
    return training.fit_many(
        models.mlp.apply, init, dataset, epochs=20, keys=keys, optimizer=optimizers.sgd,
        settings={"learning_rate": rates}, batch_size=32, progress=False,
    )  # fmt: skip


def _compiled_anew(sweep: Callable[[np.ndarray], object], rates: np.ndarray) -> None:
    jax.clear_caches()
    sweep(rates)


def start_up() -> list[tuple[str, str, str]]:
    def importing(module: str) -> None:
        subprocess.run([sys.executable, "-c", f"import {module}"], check=True)

    taken = in_turns({name: partial(importing, name) for name in ("jax", "nnjax", "nnjax, jax")}, 2 * ROUNDS)
    both, alone = (spread(taken[name] / taken["jax"]) for name in ("nnjax, jax", "nnjax"))
    return [
        ("`import nnjax`: times `import jax`", alone, "at most 1.1"),
        ("`import nnjax, jax`: times `import jax`", both, "at most 1.1"),
    ]
