"""How good: test accuracy over seeds, with the seconds that a seed takes."""

from functools import partial

import jax
import numpy as np
import optax

from nnjax import data, models, optimizers, training
from tests.benchmarks.measure import mnist, seconds


def digits(seeds: int = 16) -> list[tuple[str, str, str]]:
    """Train the digits MLP from 16 seeds at once."""
    dataset = data.flatten(data.load("digits"))
    keys = jax.random.split(jax.random.key(0), seeds)
    result = training.fit_many(
        models.mlp.apply, partial(models.mlp.init, sizes=(64, 128, 64, 10)), dataset, epochs=40, keys=keys,
        optimizer=optimizers.adam(2e-3), batch_size=32, progress=False,
    )  # fmt: skip
    mean, std = (100 * getattr(result, name)["val_accuracy"][-1] for name in ("mean", "std"))
    return [(f"digits, MLP 64-128-64-10: test accuracy, %, {seeds} seeds", f"{mean:.2f} ± {std:.2f}", "at least 97.5")]


def mnist_mlp(seeds: int = 8) -> list[tuple[str, str, str]]:
    """Train an MLP on MNIST, seed after seed: Adam with a rate that rises and falls."""
    dataset, epochs, batch_size = mnist(), 6, 128
    schedule = optax.cosine_onecycle_schedule(epochs * (len(dataset.x) // batch_size), 3e-3, 0.2)
    optimizer = optimizers.adam(schedule)
    scores: list[float] = []

    def train(seed: int) -> None:
        init_key, key = jax.random.split(jax.random.key(seed))
        _, history = training.fit(
            models.mlp.apply, models.mlp.init(init_key, (784, 512, 10)), dataset, epochs=epochs, key=key,
            optimizer=optimizer, batch_size=batch_size, progress=False,
        )  # fmt: skip
        scores.append(float(history["val_accuracy"][-1]))

    taken = [seconds(partial(train, seed)) for seed in range(seeds)]
    name = f"MNIST, MLP 784-512-10, {epochs} epochs"
    return [
        (f"{name}: test accuracy, %, {seeds} seeds", f"{100 * np.mean(scores):.2f} ± {100 * np.std(scores):.2f}",
         "at least 98.2"),
        ("seconds a seed", f"{np.median(taken):.1f} ({min(taken):.1f} to {max(taken):.1f})", "at most 20"),
    ]  # fmt: skip
