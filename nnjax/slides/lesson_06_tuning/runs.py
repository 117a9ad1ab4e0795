"""What deck 6 trains: two networks of five layers, four optimizers, and 64 networks of different settings at once."""

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from nnjax import losses, models, optimizers
from nnjax.slides.lesson_05_training.runs import digits

Params = Any
Settings = dict[str, np.ndarray]


def batches(steps: int) -> np.ndarray:
    """Return the rows of so many mini-batches of 32."""
    return np.random.default_rng(1).integers(0, len(digits().x), (8 * 36, 32))[:steps]


def first_weights(sizes: tuple[int, ...], deviation: Callable[[int], float], seed: int) -> Params:
    """Return normal weights, of a deviation that depends on the number of inputs, and biases 0."""
    rng = np.random.default_rng(seed)
    return [
        {"W": np.float32(rng.normal(0, deviation(n), (n, m))), "b": np.zeros(m, np.float32)} for n, m in pairwise(sizes)
    ]


def he(inputs: int) -> float:
    """Return the deviation of He's weights."""
    return float(np.sqrt(2 / inputs))


def _train(params: Params, optimizer: Any, rows: Any) -> tuple[Any, Any]:
    x, y = jnp.asarray(digits().x), jnp.asarray(digits().y)

    def step(carry: Any, rows: Any) -> Any:
        loss, grads = jax.value_and_grad(models.mlp.loss)(carry[0], x[rows], y[rows])
        updates, state = optimizer.update(grads, carry[1], carry[0])
        return (optax.apply_updates(carry[0], updates), state), loss

    (params, _), seen = jax.lax.scan(step, (params, optimizer.init(params)), rows)
    return params, seen


@cache
def riddle() -> dict[str, tuple[np.ndarray, float]]:
    """Return the losses of two networks, step by step, and the share of the validation digits that each reads."""

    @jax.jit
    def both(params: Params, momentum: Any) -> Any:
        params, seen = _train(params, optimizers.sgd(0.02, momentum), batches(288))
        z = models.mlp.apply(params, jnp.asarray(digits().x_valid))
        return seen, 100 * jnp.mean(z.argmax(1) == digits().y_valid)

    found = {}
    for name, deviation, momentum in (("left alone", lambda n: 0.01, 0.0), ("tuned", he, 0.9)):
        seen, right = both(first_weights((64, 48, 48, 48, 48, 10), deviation, 0), momentum)
        found[name] = np.asarray(seen), float(right)
    return found


@cache
def race() -> dict[str, np.ndarray]:
    """Return the training loss of four optimizers on digits, (seeds, epochs)."""
    runners = {
        "descent": optimizers.sgd(0.1),
        "momentum": optimizers.sgd(0.05, momentum=0.9),
        "RMSProp": optimizers.rmsprop(2e-3),
        "Adam": optimizers.adam(4e-3),
    }
    nets = [first_weights((64, 48, 48, 10), he, seed) for seed in range(4)]
    starts = jax.tree.map(lambda *leaves: np.stack(leaves), *nets)

    @jax.jit
    @jax.vmap
    def run(start: Params) -> list[Any]:
        return [_train(start, runner, batches(288))[1].reshape(8, 36).mean(1) for runner in runners.values()]

    return {name: np.asarray(seen) for name, seen in zip(runners, run(starts), strict=True)}


@cache
def gradient_sizes() -> np.ndarray:
    """Return the root mean square of the gradient of each weight of a network, over the first 60 mini-batches."""
    x, y = jnp.asarray(digits().x), jnp.asarray(digits().y)
    params = first_weights((64, 48, 48, 10), he, 0)

    @jax.jit
    def squares(params: Params) -> Params:
        each = jax.vmap(lambda rows: jax.grad(models.mlp.loss)(params, x[rows], y[rows]))(batches(60))
        return jax.tree.map(lambda g: jnp.sqrt(jnp.mean(g**2, axis=0)), each)

    return np.concatenate([np.ravel(layer["W"]) for layer in squares(params)])


@cache
def normalised() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return factors of He's weights, and the losses that eight hidden layers reach without and with normalisation."""
    factors = np.array([0.25, 0.5, 0.7, 1.0, 1.4, 2.0], np.float32)
    weights = np.random.default_rng(7).normal(0, np.sqrt(2 / 64), (8, 64, 64)).astype(np.float32)
    x, y = jnp.asarray(digits().x), jnp.asarray(digits().y)

    @jax.jit
    @jax.vmap
    def reached(factor: Any, normalise: Any) -> Any:
        def layer(h: Any, W: Any) -> Any:
            a = h @ W
            u = (a - a.mean(-1, keepdims=True)) / jnp.sqrt(a.var(-1, keepdims=True) + 1e-5)
            return jax.nn.relu(jnp.where(normalise, u, a)), None

        def cost(params: Params, rows: Any) -> Any:
            h, _ = jax.lax.scan(layer, x[rows], params["hidden"])
            return losses.cross_entropy(h @ params["out"], y[rows])

        def step(params: Params, rows: Any) -> Any:
            loss, grads = jax.value_and_grad(cost)(params, rows)
            return jax.tree.map(lambda p, g: p - 0.05 * g, params, grads), loss

        params = {"hidden": factor * weights, "out": factor * weights[0, :, :10]}
        return jax.lax.scan(step, params, batches(150))[1][-20:].mean()

    ends = np.asarray(reached(jnp.tile(factors, 2), jnp.arange(12) >= 6))
    found: np.ndarray = np.where(ends < 3, ends, 3.0)  # a nan becomes 3 too
    return factors, found[:6], found[6:]
