"""64 networks of different settings, trained at once on digits of which one label in four is wrong, for deck 6."""

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from nnjax import data, losses, optimizers
from nnjax.slides.lesson_06_tuning import runs as tuning

USUAL = {
    "layers": 1.0, "neurons": 32.0, "tanh": 0.0, "rate": 0.005, "batch": 32.0, "samples": 256.0, "l1": 0.0, "l2": 0.0,
    "dropout": 0.0,
}  # fmt: skip
ROUNDS = 60
"""Each of 12 steps of up to 32 samples."""


@cache
def noisy() -> np.ndarray:
    """Return the training labels, of which about a quarter is wrong."""
    y, rng = tuning.digits().y, np.random.default_rng(8)
    wrong = rng.random(len(y)) < 0.25
    return np.where(wrong, (y + rng.integers(1, 10, len(y))) % 10, y)


def network(params: Any, x: Any, s: Any, coins: Any = None) -> Any:
    """Return the logits of a network of at most two layers of 32; what the settings switch off is multiplied by 0."""
    there = jnp.arange(32) < s["neurons"]

    def hidden(layer: Any, h: Any, place: int) -> Any:
        a = h @ layer["W"] + layer["b"]
        h = there * jnp.where(s["tanh"] > 0, jnp.tanh(a), jax.nn.relu(a))
        return h if coins is None else jnp.where(coins[place] < 100 * s["dropout"], 0, h / (1 - s["dropout"]))

    h = hidden(params[0], x, 0)
    h = jnp.where(s["layers"] > 1, hidden(params[1], h, 1), h)
    return h @ params[2]["W"] + params[2]["b"]


def _train_one(dice: Any, s: Any) -> Any:
    x, y = jnp.asarray(tuning.digits().x), jnp.asarray(noisy())
    x_valid, y_valid = jnp.asarray(tuning.digits().x_valid), jnp.asarray(tuning.digits().y_valid)
    params = [dice["params"][0]]
    params += [p | {"W": p["W"] * jnp.sqrt(32 / s["neurons"])} for p in dice["params"][1:]]
    adam = optimizers.adam(s["rate"])
    rows = (s["samples"] * dice["picks"]).astype(int)

    def cost(params: Any, rows: Any, coins: Any) -> Any:
        weights = (jnp.arange(32) < s["batch"]) / s["batch"]
        surprise = -jax.nn.log_softmax(network(params, x[rows], s, coins))[jnp.arange(32), y[rows]]
        price = sum(s["l1"] * jnp.abs(p["W"]).sum() + s["l2"] * (p["W"] ** 2).sum() for p in params)
        return weights @ surprise + price

    def step(carry: Any, dice: Any) -> Any:
        updates, state = adam.update(jax.grad(cost)(carry[0], *dice), carry[1], carry[0])
        return (optax.apply_updates(carry[0], updates), state), None

    def one_round(carry: Any, dice: Any) -> Any:
        carry, _ = jax.lax.scan(step, carry, dice)
        z, z_valid = network(carry[0], x[:256], s), network(carry[0], x_valid, s)
        mine = jnp.arange(256) < s["samples"]
        return carry, {
            "accuracy": 100 * jnp.sum(mine & (z.argmax(1) == y[:256])) / mine.sum(),
            "val_accuracy": 100 * jnp.mean(z_valid.argmax(1) == y_valid),
            "val_loss": losses.cross_entropy(z_valid, y_valid),
        }

    return jax.lax.scan(one_round, (params, adam.init(params)), (rows, dice["coins"]))


_train_64 = jax.jit(jax.vmap(_train_one))


@cache
def _throw(seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    nets = [tuning.first_weights((64, 32, 32, 10), tuning.he, 100 * seed + i) for i in range(64)]
    return {
        "params": jax.tree.map(lambda *leaves: np.stack(leaves), *nets),
        "picks": rng.random((64, ROUNDS, 12, 32), np.float32),
        "coins": rng.integers(0, 100, (64, ROUNDS, 12, 2, 32, 32), np.uint8),
    }


def settings() -> dict[str, np.ndarray]:
    """Return the usual settings for 64 networks."""
    return {name: np.full(64, value, np.float32) for name, value in USUAL.items()}


@cache
def _experiment(*tried: tuple[str, tuple[float, ...]]) -> Any:
    s, start = settings(), 0
    for name, values in tried:
        s[name][start : start + 4 * len(values)] = np.repeat(np.array(values, np.float32), 4)
        start += 4 * len(values)
    (params, _), history = _train_64(_throw(9), s)
    return params, {name: np.asarray(values).reshape(16, 4, -1) for name, values in history.items()}


def experiment(*tried: Any) -> Any:
    """Return parameters and history (16, 4 seeds, rounds) for each value of the settings, given as name, values, ...

    What is left of the 16 are usual networks.
    """
    return _experiment(*[(name, tuple(values)) for name, values in zip(tried[::2], tried[1::2], strict=True)])


@cache
def search() -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return 64 settings drawn at random and the validation accuracy that each reaches."""
    rng = np.random.default_rng(10)
    trial = settings() | {
        "layers": rng.integers(1, 3, 64),
        "neurons": 2 ** rng.integers(2, 6, 64),
        "tanh": rng.integers(0, 2, 64),
        "rate": 10 ** rng.uniform(-4, -0.5, 64),
        "batch": 2 ** rng.integers(1, 6, 64),
    }
    trial = {name: np.float32(values) for name, values in trial.items()}
    return trial, np.asarray(_train_64(_throw(11), trial)[1]["val_accuracy"][:, -1])


@cache
def together() -> dict[str, np.ndarray]:
    """Return the test accuracy of 32 plain networks and of 32 with dropout and an L2 penalty."""
    s = settings()
    s["dropout"][32:], s["l2"][32:] = 0.3, 3e-3
    (params, _), _ = _train_64(_throw(12), s)
    flat = data.flatten(data.load("digits"))
    z = jax.jit(jax.vmap(network, (0, None, 0)))(params, jnp.asarray(flat.x_test), s)
    right = 100 * (np.asarray(z).argmax(-1) == flat.y_test).mean(axis=1)
    return {"plain": right[:32], "dropout and L2": right[32:]}
