"""How good: test accuracy over seeds, with the seconds that a seed takes."""

from collections.abc import Callable, Sequence
from functools import partial

import jax
import numpy as np
import optax

from nnjax import data, models, optimizers, training
from tests.benchmarks.measure import mnist, originals, seconds, spread

Rows = list[tuple[str, str, str]]


def digits(seeds: int = 16) -> Rows:
    """Train the digits MLP from 16 seeds at once."""
    dataset = data.flatten(data.load("digits"))
    keys = jax.random.split(jax.random.key(0), seeds)
    result = training.fit_many(
        models.mlp.apply, partial(models.mlp.init, sizes=(64, 128, 64, 10)), dataset, epochs=40, keys=keys,
        optimizer=optimizers.adam(2e-3), batch_size=32, progress=False,
    )  # fmt: skip
    mean, std = (100 * getattr(result, name)["val_accuracy"][-1] for name in ("mean", "std"))
    return [(f"digits, MLP 64-128-64-10: test accuracy, %, {seeds} seeds", f"{mean:.2f} ± {std:.2f}", "at least 97.5")]


def digits_cnn(seeds: int = 8) -> Rows:
    """Train the CNN of the tour from 8 seeds at once."""
    from nnjax import tour

    stop = tour.STOPS["CNN on digits"](jax.random.split(jax.random.key(0), seeds))
    return [(f"digits, {stop.network}: test accuracy, %, {seeds} seeds", percent(stop.scores), "at least 98.5")]


def mnist_mlp(seeds: int = 8) -> Rows:
    """Train an MLP on MNIST, seed after seed: Adam with a rate that rises and falls."""
    dataset, epochs = mnist(), 6
    init = partial(models.mlp.init, sizes=(784, 512, 10))
    name = f"MNIST, MLP 784-512-10, {epochs} epochs"
    return images(name, dataset, init, models.mlp.apply, epochs, 3e-3, seeds, "at least 98.2", "at most 20")


def mnist_cnn(seeds: int = 5) -> Rows:
    """Train a small CNN on MNIST, seed after seed."""
    dataset, epochs = data.load("mnist", originals=originals()), 8
    init = partial(models.cnn.init, shape=(28, 28, 1), filters=(16, 32), hidden=(128,))
    apply = partial(models.cnn.apply, dropout=0.4)
    name = f"MNIST, CNN 16-32, 128, {epochs} epochs"
    return images(name, dataset, init, apply, epochs, 4e-3, seeds, "at least 99.1", "at most 150")


def fashion_cnn(seeds: int = 1) -> Rows:
    """Train a CNN of fewer than 100,000 parameters on Fashion-MNIST."""
    dataset, epochs = data.load("fashion_mnist", originals=originals()), 20
    init = partial(models.cnn.init, shape=(28, 28, 1), filters=(32, 64, 64), kernel=(5, 3, 3), hidden=(64,))
    parameters = sum(leaf.size for leaf in jax.tree.leaves(init(jax.random.key(0))))
    apply = partial(models.cnn.apply, dropout=0.4)
    name = f"Fashion-MNIST, CNN of {parameters:,} parameters, {epochs} epochs"
    return images(name, dataset, init, apply, epochs, 4e-3, seeds, "at least 92.5", "")


def images(
    name: str,
    dataset: data.Dataset,
    init: Callable[[jax.Array], object],
    apply: Callable[..., jax.Array],
    epochs: int,
    rate: float,
    seeds: int,
    wanted: str,
    time: str,
    batch_size: int = 128,
) -> Rows:
    """Train seed after seed with Adam, whose rate rises to ``rate`` and falls; accuracy and seconds a seed."""
    schedule = optax.cosine_onecycle_schedule(epochs * (len(dataset.x) // batch_size), rate, 0.2)
    optimizer, scores = optimizers.adam(schedule), []

    def train(seed: int) -> None:
        init_key, key = jax.random.split(jax.random.key(seed))
        _, history = training.fit(
            apply, init(init_key), dataset, epochs=epochs, key=key, optimizer=optimizer, batch_size=batch_size,
            progress=False,
        )  # fmt: skip
        scores.append(float(history["val_accuracy"][-1]))

    taken = [seconds(partial(train, seed)) for seed in range(seeds)]
    return [
        (f"{name}: test accuracy, %, {seeds} {'seeds' if seeds > 1 else 'seed'}", percent(scores), wanted),
        ("the same: seconds a seed", spread(np.array(taken), ".1f"), time),
    ]


def shakespeare(limit: float = 180) -> Rows:
    """Train the 4-layer, 128-wide, block-64 transformer on Tiny Shakespeare."""
    text = data.load("tiny_shakespeare", originals=originals())
    dataset, heads, batch_size, epochs = data.windows(text, 64, stride=32), 4, 12, 3
    steps = epochs * (len(dataset.x) // batch_size)
    optimizer = optimizers.adam(optax.warmup_cosine_decay_schedule(0, 2e-3, steps // 20, steps))
    params = models.transformer.init(jax.random.key(0), len(dataset.classes), width=128, layers=4, heads=heads)
    losses: list[float] = []

    def train() -> None:
        apply = partial(models.transformer.apply, heads=heads)
        _, history = training.fit(
            apply, params, dataset, epochs=epochs, key=jax.random.key(1), optimizer=optimizer, batch_size=batch_size,
            progress=False,
        )  # fmt: skip
        losses.extend(history["val_loss"])

    taken = seconds(train)
    name = f"Tiny Shakespeare, GPT 4 x 128, block 64, {steps} steps of {batch_size}: validation loss"
    return [(name, f"{losses[-1]:.3f}", "below 1.88"), ("the same: seconds", f"{taken:.0f}", f"at most {limit:.0f}")]


def percent(scores: Sequence[float] | np.ndarray) -> str:
    return f"{100 * np.mean(scores):.2f} ± {100 * np.std(scores):.2f}"
