"""What deck 5 trains: the network 64-128-10 on digits, with good and bad settings, one at a time and many at once."""

import time
from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

import nnjax
from nnjax import data, losses, models, optimizers, training

SIZES, EPOCHS = (64, 128, 10), 30
Params = Any


class Parts(NamedTuple):
    """Digits for training, for validation and for the test, as rows of 64 pixels, and their labels."""

    x: np.ndarray
    y: np.ndarray
    x_valid: np.ndarray
    y_valid: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


@cache
def digits() -> Parts:
    """Return 1152 digits to learn from, 285 to choose with, 360 for the end."""
    flat = data.flatten(data.load("digits"))
    order = np.random.default_rng(0).permutation(len(flat.x))
    train, valid = order[:1152], order[1152:]
    return Parts(flat.x[train], flat.y[train], flat.x[valid], flat.y[valid], flat.x_test, flat.y_test)


@cache
def start() -> Params:
    """Return the first weights."""
    return models.mlp.init(jax.random.key(0), SIZES)


def descend(params: Params, batch: Any, rate: Any = 0.1) -> Any:
    """Return the parameters after one step, and the loss before it."""
    loss, grads = jax.value_and_grad(models.mlp.loss)(params, *batch)
    return jax.tree.map(lambda p, g: p - rate * g, params, grads), loss


@jax.jit
@jax.vmap
def _runs(key: Any, x: Any, y: Any, rate: Any) -> Any:
    init_key, *epoch_keys = jax.random.split(key, EPOCHS + 1)
    x_valid, y_valid = jnp.asarray(digits().x_valid), jnp.asarray(digits().y_valid)

    def epoch(params: Params, key: Any) -> Any:
        rows = jax.random.permutation(key, len(x)).reshape(-1, 32)
        params, seen = jax.lax.scan(partial(descend, rate=rate), params, (x[rows], y[rows]))
        z = models.mlp.apply(params, x_valid)
        right = jnp.mean(z.argmax(axis=1) == y_valid)
        return params, {"loss": seen.mean(), "val_loss": losses.cross_entropy(z, y_valid), "val_accuracy": right}

    return jax.lax.scan(epoch, models.mlp.init(init_key, SIZES), jnp.stack(epoch_keys))


@cache
def _all_runs() -> tuple[Params, dict[str, np.ndarray]]:
    """Train, side by side, eight seeds, one network with a small rate, and one on few digits with wrong labels."""
    held, rng = digits(), np.random.default_rng(3)
    noisy = np.where(rng.random(192) < 0.25, rng.integers(0, 10, 192), held.y[:192])
    x = np.stack([held.x] * 9 + [np.tile(held.x[:192], (6, 1))])
    y = np.stack([held.y] * 9 + [np.tile(noisy, 6)])
    rates = jnp.array([0.1] * 8 + [1e-4, 0.3])
    params, history = _runs(jax.random.split(jax.random.key(2), 10), jnp.asarray(x), jnp.asarray(y), rates)
    return params, {name: np.asarray(values) for name, values in history.items()}


def seeds() -> dict[str, np.ndarray]:
    """Return the histories of eight networks (8, epochs)."""
    return {name: values[:8] for name, values in _all_runs()[1].items()}


def trained() -> Params:
    """Return the first of the eight networks."""
    return jax.tree.map(lambda leaf: leaf[0], _all_runs()[0])


def three_courses() -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Return training and validation loss of a rate that is too small, of a good run, and of one that overfits."""
    loss, unseen = _all_runs()[1]["loss"], _all_runs()[1]["val_loss"]
    names = {8: "does not fall", 0: "both fall", 9: "a gap opens"}
    return [(name, loss[run], unseen[run]) for run, name in names.items()]


@cache
def noise() -> tuple[list[int], list[float]]:
    """Return batch sizes, and how far the gradient of a batch is from the whole one, as a share of its length."""
    held, first = digits(), start()

    def gradient_of_one(pixels: Any, label: Any) -> Any:
        return ravel_pytree(jax.grad(models.mlp.loss)(first, pixels[None], label[None]))[0]

    single = np.asarray(jax.jit(jax.vmap(gradient_of_one))(jnp.asarray(held.x), jnp.asarray(held.y)))
    whole, rng, sizes = single.mean(axis=0), np.random.default_rng(1), [1, 4, 16, 64, 256]
    off = []
    for m in sizes:
        batches = [single[rng.integers(0, len(single), m)].mean(axis=0) for _ in range(40)]
        off.append(float(np.mean([np.linalg.norm(g - whole) for g in batches]) / np.linalg.norm(whole)))
    return sizes, off


@cache
def along_a_line() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return distances in a random direction of weight space, and loss and accuracy on 30 digits there."""
    held = digits()
    flat, back = ravel_pytree(trained())
    way = np.random.default_rng(4).normal(size=flat.size).astype(np.float32)
    x, y = jnp.asarray(held.x_valid[:30]), jnp.asarray(held.y_valid[:30])

    @jax.jit
    @jax.vmap
    def at(t: Any) -> Any:
        z = models.mlp.apply(back(flat + t * way), x)
        return losses.cross_entropy(z, y), jnp.mean(z.argmax(axis=1) == y)

    places = np.linspace(0, 0.6, 400).astype(np.float32)
    loss, right = at(places)
    return places, np.asarray(loss), np.asarray(right)


@cache
def seconds() -> dict[str, float]:
    """Return how long an epoch takes as a loop over a compiled step and as one compiled scan."""
    held = digits()
    batches = jnp.asarray(held.x).reshape(36, 32, 64), jnp.asarray(held.y).reshape(36, 32)
    one_step, scanned = jax.jit(descend), jax.jit(lambda params, batches: jax.lax.scan(descend, params, batches))

    def looped(params: Params, batches: Any) -> Any:
        seen = []
        for batch in zip(*batches, strict=True):
            params, loss = one_step(params, batch)
            seen.append(loss)
        return params, jnp.stack(seen)

    found = {}
    for name, run in (("loop over a compiled step", looped), ("one compiled scan", scanned)):
        jax.block_until_ready(run(start(), batches))
        times = []
        for _ in range(60):
            before = time.perf_counter()
            jax.block_until_ready(run(start(), batches))
            times.append(time.perf_counter() - before)
        found[name] = min(times)
    return found


@cache
def by_batch_size() -> dict[str, np.ndarray]:
    """Return the validation accuracy of three batch sizes, (seeds, epochs)."""
    held = digits()
    part = data.load("digits")._replace(x=held.x, y=held.y, x_test=held.x_valid, y_test=held.y_valid)
    curves = {}
    for m in (8, 64, 1152):
        result = training.fit_many(
            models.mlp.apply, partial(models.mlp.init, sizes=SIZES), part, epochs=12, batch_size=m,
            keys=jax.random.split(jax.random.key(3), 3), optimizer=optimizers.sgd(0.1), progress=False,
        )  # fmt: skip
        curves[f"{m} a batch"] = np.asarray(result.history["val_accuracy"])
    return curves


@cache
def examined() -> np.ndarray:
    """Return the logits of the first of the eight networks on the test digits."""
    return np.asarray(models.mlp.apply(trained(), jnp.asarray(digits().x_test)))


@cache
def practice() -> data.Dataset:
    """Return a set like the one that the project is marked with."""
    arrays, _, _ = nnjax.exercises.get("improve").draw(np.random.default_rng(1))[0]
    x, y, x_test, y_test = arrays
    return data.load("digits")._replace(name="practice", x=x, y=y, x_test=x_test, y_test=y_test)


@cache
def baselines() -> dict[str, tuple[float, float]]:
    """Return training and validation accuracy, in per cent, of a softmax regression and of a small network."""

    def apply(params: Params, images: Any) -> Any:
        return models.mlp.apply(params, images.reshape(len(images), -1))

    found = {}
    for sizes in ((64, 10), (64, 32, 10)):
        result = training.fit(
            apply, models.mlp.init(jax.random.key(0), sizes), practice(), epochs=10, key=jax.random.key(1),
            optimizer=optimizers.sgd(0.1), progress=False,
        )  # fmt: skip
        ends = (100 * float(result.history[name][-1]) for name in ("accuracy", "val_accuracy"))
        found["-".join(map(str, sizes))] = (next(ends), next(ends))
    return found


@cache
def softmax_twice() -> tuple[np.ndarray, np.ndarray]:
    """Return the training loss, epoch by epoch, with one softmax and with two."""
    held, first = digits(), start()
    x, y = jnp.asarray(held.x), jnp.asarray(held.y)

    def cost(params: Params, rows: Any, twice: Any) -> Any:
        z = models.mlp.apply(params, x[rows])
        return losses.cross_entropy(jnp.where(twice, jax.nn.softmax(z), z), y[rows])

    @jax.jit
    @jax.vmap
    def run(twice: Any) -> Any:
        def step(params: Params, rows: Any) -> Any:
            loss, grads = jax.value_and_grad(cost)(params, rows, twice)
            return jax.tree.map(lambda p, g: p - 0.1 * g, params, grads), loss

        def epoch(params: Params, key: Any) -> Any:
            params, seen = jax.lax.scan(step, params, jax.random.permutation(key, len(x)).reshape(36, 32))
            return params, seen.mean()

        return jax.lax.scan(epoch, first, jax.random.split(jax.random.key(4), 30))[1]

    once, twice = np.asarray(run(jnp.array([False, True])))
    return once, twice


@cache
def orders() -> dict[str, np.ndarray]:
    """Return the validation accuracy after each batch of three epochs, for shuffled data and for sorted ones."""
    held = digits()

    @jax.jit
    def run(params: Params, x: Any, y: Any) -> Any:
        def step(params: Params, batch: Any) -> Any:
            params, _ = descend(params, batch)
            z = models.mlp.apply(params, jnp.asarray(held.x_valid))
            return params, jnp.mean(z.argmax(axis=1) == held.y_valid)

        return jax.lax.scan(step, params, (x, y))[1]

    found = {}
    for name, rows in (("shuffled", np.arange(1152)), ("sorted by class", np.argsort(held.y, kind="stable"))):
        x, y = np.tile(held.x[rows], (3, 1)).reshape(108, 32, 64), np.tile(held.y[rows], 3).reshape(108, 32)
        found[name] = 100 * np.asarray(run(start(), jnp.asarray(x), jnp.asarray(y)))
    return found
