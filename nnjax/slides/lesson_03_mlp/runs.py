"""What the figures of lesson 3's deck measure: networks for XOR, for a curve and for digits, trained many at a time."""

import itertools
import operator
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nnjax import data, losses, models

X_XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
D_XOR = np.array([0, 1, 1, 0], np.float32)
CURVE_X = np.linspace(-1, 1, 100, dtype=np.float32)[:, None]
CURVE = np.sin(4 * CURVE_X[:, 0]) + 0.5 * np.cos(9 * CURVE_X[:, 0])
WIDTHS, TRAINED = (1, 2, 4, 8, 16, 32, 64), (2, 8, 32)
DIGIT_NETWORKS = ((64, 10), (64, 4, 10), (64, 32, 10))


def network(params: Any, x: Any, g: Callable[..., Any] = jnp.tanh) -> Any:
    """Return the outputs of a network with one hidden layer and one output."""
    hidden, output = params
    return (g(x @ hidden["W"] + hidden["b"]) @ output["W"] + output["b"])[:, 0]


def random_networks(count: int, sizes: tuple[int, ...], seed: int = 0) -> list[dict[str, np.ndarray]]:
    """Return the parameters of many networks at once, one more axis in front, scaled for ReLU."""
    normal = np.random.default_rng(seed).normal
    return [
        {"W": (normal(size=(count, i, o)) * np.sqrt(2 / i)).astype(np.float32), "b": np.zeros((count, o), np.float32)}
        for i, o in itertools.pairwise(sizes)
    ]


@partial(jax.jit, static_argnames=("error", "steps"))
def descend(params: Any, error: Callable[..., Any], rate: Any, steps: int, *batch: Any) -> tuple[Any, Any]:
    """Return the parameters after ``steps`` steps of gradient descent, and those before each step."""

    def step(params: Any, _: Any) -> tuple[Any, Any]:
        slope = jax.grad(error)(params, *batch)
        return jax.tree.map(lambda p, s: p - rate * s, params, slope), params[0]["W"]

    return jax.lax.scan(step, params, None, length=steps)


def _tanh_error(params: Any, x: Any, d: Any) -> Any:
    return losses.squared_error(network(params, x), d)


def _relu_error(params: Any, x: Any, d: Any) -> Any:
    return losses.squared_error(network(params, x, jax.nn.relu), d)


def surprise(params: Any, x: Any, labels: Any) -> Any:
    """Return the mean cross-entropy of a classifier."""
    params = jax.tree.map(jnp.asarray, params)
    return losses.cross_entropy(models.mlp.apply(params, jnp.asarray(x)), jnp.asarray(labels))


def all_at_once(many: Any, error: Callable[..., Any], rate: float, steps: int, *batch: Any) -> Any:
    """Return many networks after training, each by itself."""

    def total(many: Any, *batch: Any) -> Any:
        return jnp.sum(jax.vmap(error, (0, *[None] * len(batch)))(many, *batch))

    return descend(many, total, rate, steps, *batch)[0]


@cache
def starts() -> dict[str, np.ndarray]:
    """Return the weights (steps, 4) of the first input, in a network for XOR, from equal and from random weights."""
    normal = np.random.default_rng(1).normal
    weights = {
        "equal": (np.full((2, 4), 0.5), np.full((4, 1), 0.5)),
        "random": (normal(size=(2, 4)), normal(size=(4, 1))),
    }
    paths = {}
    for name, (hidden, output) in weights.items():
        params = [{"W": jnp.float32(hidden), "b": jnp.zeros(4)}, {"W": jnp.float32(output), "b": jnp.zeros(1)}]
        _, path = descend(params, _tanh_error, 0.3, 600, X_XOR, D_XOR)
        paths[name] = np.asarray(path)[:, 0]
    return paths


@cache
def solved() -> tuple[dict[int, float], Any]:
    """Return the share of 50 starts that solve XOR, by the number of hidden neurons, and one network that does."""
    shares, one = {}, None
    for width in (2, 4, 8):
        many = all_at_once(random_networks(50, (2, width, 1)), _relu_error, 0.3, 1000, X_XOR, D_XOR)
        outputs = np.asarray(jax.vmap(partial(network, g=jax.nn.relu), (0, None))(many, X_XOR))
        right = np.all((outputs > 0.5) == (D_XOR > 0.5), axis=1)
        shares[width] = float(right.mean())
        first = int(np.argmax(right))
        one = jax.tree.map(operator.itemgetter(first), many)
    return shares, one


def fit_outputs(width: int, seed: int) -> np.ndarray:
    """Return the curve that ``width`` random bends follow with the best output weights."""
    rng = np.random.default_rng(seed)
    W, c = rng.choice([-1, 1], width), rng.uniform(-1, 1, width)
    h = np.column_stack([np.maximum(W * (CURVE_X - c), 0), np.ones(len(CURVE_X))])
    return h @ np.linalg.lstsq(h, CURVE, rcond=None)[0]


@cache
def curve_errors() -> tuple[np.ndarray, np.ndarray]:
    """Return the errors on the curve of ten starts: exact output weights (widths, 10), and descent (3, 10)."""
    exact = [[np.mean((fit_outputs(w, s) - CURVE) ** 2) / 2 for s in range(10)] for w in WIDTHS]
    trained = []
    for width in TRAINED:
        many = all_at_once(random_networks(10, (1, width, 1)), _relu_error, 0.1, 1500, CURVE_X, CURVE)
        outputs = jax.vmap(partial(network, g=jax.nn.relu), (0, None))(many, CURVE_X)
        trained.append(np.mean((np.asarray(outputs) - CURVE) ** 2, axis=1) / 2)
    return np.array(exact), np.array(trained)


@cache
def digit_scores() -> tuple[list[tuple[float, float]], np.ndarray]:
    """Return mean and spread of the share of unseen digits that are right, for each network, and sums of the last."""
    digits, scores = data.flatten(data.load("digits")), []
    outputs: Any = None
    for sizes in DIGIT_NETWORKS:
        many = all_at_once(random_networks(5, sizes), surprise, 0.5, 200, digits.x, digits.y)
        outputs = jax.vmap(models.mlp.apply, (0, None))(many, jnp.asarray(digits.x_test))
        right = np.mean(np.argmax(np.asarray(outputs), axis=-1) == digits.y_test, axis=1)
        scores.append((float(right.mean()), float(right.std())))
    return scores, np.asarray(outputs)[0]


@cache
def dead(rates: tuple[float, ...]) -> list[int]:
    """Return how many of 32 hidden neurons no training digit switches on after one step with each rate."""
    digits = data.flatten(data.load("digits"))
    fresh = jax.tree.map(lambda leaf: leaf[0], random_networks(1, (64, 32, 10)))
    gradient = jax.grad(surprise)(fresh, digits.x, digits.y)[0]
    counts = []
    for rate in rates:
        hidden = {name: np.asarray(fresh[0][name] - rate * gradient[name]) for name in ("W", "b")}
        counts.append(int(np.sum(np.all(digits.x @ hidden["W"] + hidden["b"] <= 0, axis=0))))
    return counts


def signal_sizes(factor: float, layers: int = 20, width: int = 100) -> np.ndarray:
    """Return the size of the signal after each ReLU layer, with weights ``factor`` times the rule sqrt(2 / n)."""
    rng = np.random.default_rng(0)
    h, sizes = rng.normal(size=(200, width)), []
    for _ in range(layers):
        h = np.maximum(h @ (factor * np.sqrt(2 / width) * rng.normal(size=(width, width))), 0)
        sizes.append(np.sqrt(np.mean(h**2)))
    return np.array(sizes)


def slope_path() -> tuple[np.ndarray, np.ndarray, Callable[..., Any], tuple[float, float]]:
    """Return data a, d from a neuron of slope 0.6, its error by s, and the derivative at 0.25 by hand and by JAX."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=500)
    d = np.where(a > 0, a, 0.6 * a) + 0.05 * rng.normal(size=500)

    def error(s: Any) -> Any:
        return 0.5 * jnp.mean((jnp.where(a > 0, a, s * a) - d) ** 2)

    by_hand = float(np.mean((np.where(a > 0, a, 0.25 * a) - d) * np.where(a > 0, 0, a)))
    return a, d, error, (by_hand, float(jax.grad(error)(0.25)))
