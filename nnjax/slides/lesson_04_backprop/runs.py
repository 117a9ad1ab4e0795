"""What the figures of lesson 4's deck measure: training by hand, finite differences, cost, and vanishing slopes."""

import time
from collections.abc import Callable
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from nnjax import data, flops, manual, models
from nnjax.slides.lesson_04_backprop.parts import EXAMPLE, INPUTS, WANTED, backward, edges, forward, walk

WIDTHS = (4, 16, 64)


@cache
def digits() -> Any:
    """Return the digits, flat, with 64-bit pixels."""
    flat = data.flatten(data.load("digits"))
    return flat._replace(x=flat.x.astype(np.float64), x_test=flat.x_test.astype(np.float64))


@cache
def trained(right: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return the errors on the training digits and the accuracies on unseen ones, over 200 steps by hand."""
    set_ = digits()
    params = jax.tree.map(lambda p: np.asarray(p, np.float64), models.mlp.init(jax.random.key(0), (64, 30, 10)))
    target, errors, rights = np.eye(10)[set_.y], [], []
    for _ in range(200):
        y, kept = forward(params, set_.x)
        errors.append(0.5 * np.sum((y - target) ** 2) / len(y))
        rights.append(np.mean(forward(params, set_.x_test)[0].argmax(axis=1) == set_.y_test))
        grads = backward(params, y, kept, (y - target) / len(y), right=right)
        params = jax.tree.map(lambda p, g: p - 4.0 * g, params, grads)
    return np.array(errors), np.array(rights)


def differences(step: np.ndarray, dtype: Any = np.float64) -> tuple[np.ndarray, np.ndarray]:
    """Return the relative errors of one-sided and of central differences, for the slope by w5 of the worked example."""
    x, d = INPUTS.astype(dtype), WANTED.astype(dtype)

    def error(w5: float) -> Any:
        params = jax.tree.map(lambda p: p.astype(dtype), EXAMPLE)
        params[1]["W"][0, 0] = w5
        return 0.5 * np.sum((forward(params, x)[0] - d) ** 2)

    exact = walk().slopes[list(edges())[4]]
    here = np.array([[error(0.4 + e), error(0.4), error(0.4 - e)] for e in step])
    one_sided, central = (here[:, 0] - here[:, 1]) / step, (here[:, 0] - here[:, 2]) / (2 * step)
    return np.abs(one_sided / exact - 1), np.abs(central / exact - 1)


@cache
def costs() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the numbers of weights, and for forward, backprop and differences the operations and the seconds."""
    few, labels = jnp.asarray(digits().x[:256], jnp.float32), jnp.asarray(digits().y[:256])
    sizes, operations, seconds = [], [], []
    for width in WIDTHS:
        w, unflatten = ravel_pytree(models.mlp.init(jax.random.key(1), (64, width, 10)))

        def loss(w: Any, unflatten: Callable[..., Any] = unflatten) -> Any:
            return models.mlp.loss(unflatten(w), few, labels)

        def all_differences(w: Any, loss: Callable[..., Any] = loss) -> Any:
            here = loss(w)
            return jax.lax.map(lambda i: (loss(w.at[i].add(0.01)) - here) / 0.01, jnp.arange(w.size))

        ways = (loss, jax.grad(loss), all_differences)
        sizes.append(w.size)
        operations.append([flops.count(way, w) for way in ways])
        seconds.append([_seconds(jax.jit(way), w, times) for way, times in zip(ways, (50, 50, 2), strict=True)])
    return np.array(sizes), np.array(operations), np.array(seconds)


def _seconds(function: Callable[..., Any], w: Any, repeats: int) -> float:
    function(w).block_until_ready()  # compile first
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function(w).block_until_ready()
        times.append(time.perf_counter() - start)
    return min(times)


def layer_slopes(activation: str) -> list[float]:
    """Return the size of the gradient of each of nine layers, before training, the lowest first."""
    net = models.mlp.init(jax.random.key(4), (64, *[32] * 8, 10))
    net = jax.tree.map(lambda p: np.asarray(p, np.float64), net)
    _, grads = manual.mlp.loss_and_grads(net, digits().x, digits().y, activation=activation)
    return [float(np.linalg.norm(one["W"])) for one in grads]
