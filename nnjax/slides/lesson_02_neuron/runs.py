"""The data and the runs that the figures of lesson 2's deck show: patients, walks downhill, tumours."""

from functools import cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.axes import Axes
from sklearn.datasets import load_diabetes

from nnjax import data
from nnjax.models import linear, logistic
from nnjax.viz import canvas
from nnjax.viz.style import palette

WINDOW = (-0.6, 2.8, -0.4, 2.2)
"""Left, right, bottom, top of the landscape over the weight w and the bias b."""


@cache
def patients() -> tuple[np.ndarray, np.ndarray]:
    """Return x and d of the 442 patients: (body mass index - 20) / 10, and the progression after a year / 100."""
    table = load_diabetes(scaled=False)
    return (table.data[:, 2] - 20) / 10, table.target / 100


def cost(w: float, b: float) -> float:
    """Return the mean of 1/2 (w x + b - d)^2 over the patients."""
    x, d = patients()
    return float(np.mean((w * x + b - d) ** 2) / 2)


def slopes(w: float, b: float) -> tuple[float, float]:
    """Return the gradient of ``cost``."""
    x, d = patients()
    error = w * x + b - d
    return float(np.mean(error * x)), float(np.mean(error))


def best() -> np.ndarray:
    """Return w and b of least cost."""
    return np.polyfit(*patients(), 1)


def walk(rate: float, steps: int, start: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """Return the steps + 1 places (w, b) of gradient descent."""
    path = [start]
    for _ in range(steps):
        (w, b), (dw, db) = path[-1], slopes(*path[-1])
        path.append((w - rate * dw, b - rate * db))
    return np.array(path)


def bends() -> np.ndarray:
    """Return the two curvatures of the landscape, the smaller first."""
    x, _ = patients()
    with_one = np.column_stack([x, np.ones_like(x)])
    return np.linalg.eigvalsh(with_one.T @ with_one / len(x))


def grid(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return w, b and the cost over the window, each (count, count)."""
    left, right, bottom, top = WINDOW
    w, b = np.meshgrid(np.linspace(left, right, count), np.linspace(bottom, top, count))
    return w, b, np.vectorize(cost)(w, b)


def landscape(axes: Axes) -> None:
    """Draw the landscape from above, its rings closer together at the bottom, a star at the best line."""
    w, b, height = grid(80)
    canvas.contours(axes, w[0], b[:, 0], height)
    lowest_w, lowest_b = best()
    axes.plot(lowest_w, lowest_b, "*", markersize=15, color=palette["yellow"], markeredgecolor="black", zorder=5)
    left, right, bottom, top = WINDOW
    axes.set(xlabel="weight w", ylabel="bias b", xlim=(left, right), ylim=(bottom, top), aspect="equal")


class Diabetes(NamedTuple):
    """The weights that descent and the exact solution find on one split, and R^2 on the test patients of ten."""

    names: list[str]
    walked: np.ndarray
    exact: np.ndarray
    r2: np.ndarray


def ten_measurements() -> Diabetes:
    """Fit all ten measurements on ten splits by 3000 steps of descent at once, and the first of them exactly."""
    splits = [data.standardize(data.load("diabetes", seed=seed)) for seed in range(10)]
    x, d = jnp.stack([jnp.asarray(s.x) for s in splits]), jnp.stack([jnp.asarray(s.y / 100) for s in splits])

    def fit(x: jax.Array, d: jax.Array) -> linear.Params:
        def step(params: linear.Params, _: None) -> tuple[linear.Params, None]:
            grads = jax.grad(linear.loss)(params, x, d)
            return jax.tree.map(lambda p, g: p - 0.4 * g, params, grads), None

        return jax.lax.scan(step, {"W": jnp.zeros(10), "b": jnp.zeros(())}, length=3000)[0]

    many = jax.jit(jax.vmap(fit))(x, d)
    r2 = []
    for k, split in enumerate(splits):
        predicted = split.x_test @ many["W"][k] + many["b"][k]
        r2.append(1 - np.mean((predicted - split.y_test / 100) ** 2) / np.var(split.y_test / 100))
    exact = linear.solve(x[0], d[0])
    return Diabetes(list(load_diabetes().feature_names), np.asarray(many["W"][0]), np.asarray(exact["W"]), np.array(r2))


@cache
def tumours() -> data.Dataset:
    """Return the measurements of breast tumours, standardized; class 0 is malignant."""
    return data.standardize(data.load("breast_cancer"))


def tumour_neuron(inputs: int, steps: int = 1500) -> logistic.Params:
    """Return a neuron trained to tell malignant tumours by the first ``inputs`` measurements."""
    x, d = jnp.asarray(tumours().x[:, :inputs]), jnp.asarray(tumours().y == 0, jnp.float32)

    def step(params: logistic.Params, _: None) -> tuple[logistic.Params, None]:
        grads = jax.grad(logistic.loss)(params, x, d)
        return jax.tree.map(lambda p, g: p - g, params, grads), None

    start = {"W": jnp.zeros(inputs), "b": jnp.zeros(())}
    return jax.jit(lambda: jax.lax.scan(step, start, length=steps)[0])()
