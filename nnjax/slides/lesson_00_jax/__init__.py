"""The figures of lesson 0's deck: what a function is to JAX, and the first thing that is learnt with it."""

import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure

from nnjax import data
from nnjax.slides.figures import fitted
from nnjax.slides.lesson_00_jax import drawings
from nnjax.viz import canvas, style
from nnjax.viz.style import palette

RATE = 0.08


@style.context()
def irises() -> Figure:
    """Petal length and width of irises of three species, and a new flower."""
    iris = data.load("iris")
    figure, (axes,) = canvas.blank(3.3)
    for species, name in enumerate(iris.classes):
        look = style.series(species) | {"linestyle": "none", "markeredgecolor": "white", "markersize": 8}
        axes.plot(*iris.x[iris.y == species, 2:].T, label=name, **look)
    axes.plot(4.95, 1.66, "*", color=palette["black"], markersize=20, zorder=5)
    axes.annotate("a new flower: ?", (4.95, 1.66), (3.2, 2.25), fontsize=13, arrowprops={"arrowstyle": "-|>"})
    axes.set(xlabel="petal length (cm)", ylabel="petal width (cm)")
    axes.legend(loc="lower right")
    return fitted(figure, 8.4)


def fields() -> Figure:
    """Deep learning inside neural networks inside machine learning inside artificial intelligence."""
    return drawings.fields()


def uses() -> Figure:
    """Eight things that networks are used for."""
    return drawings.uses()


def transforms() -> Figure:
    """One function in, three functions out: grad, vmap, jit."""
    return drawings.transforms()


def table() -> Figure:
    """The mean of a table along each of its axes."""
    return drawings.axes_of_a_table()


@style.context()
def standardized() -> Figure:
    """Two columns of the irises, in centimetres and standardized."""
    iris = data.load("iris")
    figure, panels = canvas.blank(3.2, 1, 2, sharey=True)
    tables = {"in centimetres": iris.x, "standardized": data.standardize(iris).x}
    for axes, (title, values) in zip(panels, tables.items(), strict=True):
        for column, name, color in ((0, "sepal length", "blue"), (3, "petal width", "orange")):
            axes.hist(values[:, column], 15, color=palette[color], alpha=0.7, label=name)
        axes.set(xlabel="value", title=title)
    panels[0].set_ylabel("flowers")
    panels[0].legend()
    return fitted(figure, 8.4)


@style.context()
def slope() -> Figure:
    """A curve with three short tangents, and its slope as a curve of its own."""
    figure, panels = canvas.blank(2.05, 1, 2)
    places = np.linspace(-1.8, 1.8, 200)
    panels[0].plot(places, _cubic(places), color=palette["blue"])
    panels[1].plot(places, 3 * places**2 - 2, color=palette["green"])
    panels[1].axhline(0, color=palette["grey"], linewidth=0.8)
    for at in (-1.5, 0.0, 1.0):
        here, piece = float(jax.grad(_cubic)(at)), np.array([-0.35, 0.35])
        panels[0].plot(at + piece, _cubic(at) + here * piece, color=palette["vermilion"], linewidth=3.5)
        panels[1].plot(at, here, "o", color=palette["vermilion"], markersize=8)
    panels[0].set(xlabel="x", ylabel="f(x)")
    panels[1].set(xlabel="x", ylabel="slope of f at x")
    return fitted(figure, 8.4)


def _cubic(x: Any) -> Any:
    return x**3 - 2 * x


@style.context()
def quotient() -> Figure:
    """The error of the difference quotient of the sine against its h, and that of jax.grad, in float32."""
    x, true = np.linspace(0.3, 1.3, 60, dtype=np.float32), np.cos(np.linspace(0.3, 1.3, 60))
    h = np.geomspace(1e-7, 1, 60).astype(np.float32)
    errors = [np.mean(np.abs((jnp.sin(x + step) - jnp.sin(x)) / step - true)) for step in h]
    figure, (axes,) = canvas.blank(3.7)
    axes.loglog(h, errors, color=palette["blue"], linewidth=2.6)
    exact = float(np.mean(np.abs(jax.vmap(jax.grad(jnp.sin))(x) - true)))
    axes.axhline(exact, color=palette["vermilion"], linestyle="--", linewidth=2.6)
    axes.text(1, 1.6 * exact, "jax.grad", color=palette["vermilion"], ha="right", fontsize=12)
    axes.text(1.5e-7, 2e-4, "digits\ncancel", fontsize=12)
    axes.text(0.9, 1e-4, "the curve\nbends", fontsize=12, ha="right")
    axes.set(xlabel="h", ylabel="mean error of the slope", ylim=(3e-9, 3))
    return fitted(figure, 4.8)


def one_and_all() -> Figure:
    """The distance of one pair, and of one flower to all."""
    return drawings.one_and_all()


@style.context()
def distances() -> Figure:
    """The distance of 60 flowers to each other, sorted by species, and how often the nearest one names a new one."""
    iris, right = data.load("iris"), []
    for seed in range(20):
        split = data.load("iris", seed=seed)
        nearest = np.argmin(_distances(split.x_test, split.x), axis=1)
        right.append(np.mean(split.y[nearest] == split.y_test))
    rows = iris.x[np.argsort(iris.y, kind="stable")][::2]
    figure, (axes,) = canvas.blank(3.8)
    image = axes.imshow(_distances(rows, rows), cmap="cividis")
    figure.colorbar(image, label="distance in cm")
    axes.grid(False)
    axes.set_xticks([10, 30, 50], iris.classes)
    axes.set_yticks([10, 30, 50], iris.classes, rotation=90, va="center")
    axes.set_title(f"nearest flower: {100 * np.mean(right):.1f} % right", loc="center")
    return fitted(figure, 4.7)


def _distances(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.linalg.norm(one[:, None] - other[None], axis=2)


@style.context()
def speed() -> Figure:
    """How long 100 steps of a growing population take, plain and compiled, measured when the figure is made."""
    start = jnp.linspace(0.01, 0.5, 1000)

    def population(x: jax.Array) -> jax.Array:
        for _ in range(100):
            x = x + 0.1 * (x - x**2)
        return x

    taken = [1e6 * _seconds(function, start) for function in (population, jax.jit(population))]
    figure, (axes,) = canvas.blank(3.4)
    bars = axes.barh([1, 0], taken, 0.55, color=[palette["blue"], palette["orange"]])
    axes.bar_label(bars, [f"{value:,.0f} µs" for value in taken], padding=4, fontsize=13)
    axes.set_yticks([1, 0], ["plain", "compiled"], fontsize=13)
    axes.set(xlabel="microseconds, the best of 40 runs", xlim=(0, 1.35 * taken[0]))
    axes.set_title(f"measured here: {taken[0] / taken[1]:.0f} times as fast")
    return fitted(figure, 4.8)


def _seconds(function: Callable[[jax.Array], jax.Array], x: jax.Array) -> float:
    function(x).block_until_ready()
    taken = []
    for _ in range(40):
        start = time.perf_counter()
        function(x).block_until_ready()
        taken.append(time.perf_counter() - start)
    return min(taken)


def tracing() -> Figure:
    """A stand-in goes through the Python code once for each shape, and a program comes out."""
    return drawings.tracing()


def jaxprs() -> Figure:
    """The jaxpr of a function and that of its slope, as JAX prints them."""
    with jax.numpy_rank_promotion("allow"):
        texts = [str(jax.make_jaxpr(function)(1.5)) for function in (_cubic, jax.grad(_cubic))]
    return drawings.listings((("f: x³ − 2x", texts[0]), ("grad(f): 3x² − 2", texts[1])))


def nest() -> Figure:
    """The numbers of a network as a tree."""
    return drawings.nest()


def keys() -> Figure:
    """A key, split in two, and what is drawn from each."""
    return drawings.keys()


@style.context()
def walks() -> Figure:
    """Twelve of a thousand grains pushed 400 times at random, and the deviation that the root of t predicts."""
    drawn = jax.random.normal(jax.random.key(1), (1000, 400))
    paths, pushes = np.cumsum(drawn, axis=1), np.arange(1, 401)
    figure, (axes,) = canvas.blank(3.5)
    axes.plot(pushes[::4], paths[:12, ::4].T, color=palette["grey"], linewidth=0.9)
    for sign in (1, -1):
        axes.plot(pushes, sign * np.sqrt(pushes), color=palette["vermilion"], linewidth=3)
    axes.set(xlabel="pushes t", ylabel="position", xlim=(0, 400))
    axes.set_title(f"deviation of 1000 grains after 400 pushes: {np.std(paths[:, -1]):.1f}    (√400 = 20)")
    return fitted(figure, 8.4)


@style.context()
def sticks() -> Figure:
    """Petal width against length, a line that is not yet learnt, and its errors."""
    iris = data.load("iris")
    length, width = iris.x[::4, 2], iris.x[::4, 3]
    figure, (axes,) = canvas.blank(3.7)
    axes.vlines(length, width, 0.25 * length + 0.3, color=palette["vermilion"], linewidth=1.4)
    axes.plot(length, width, "o", color=palette["grey"], markersize=5)
    axes.plot([0.8, 7], [0.5, 2.05], color=palette["blue"], linewidth=3)
    axes.set(xlabel="petal length x (cm)", ylabel="petal width y (cm)")
    return fitted(figure, 4.4)


@style.context()
def starts() -> Figure:
    """A hundred random lines before and after 1000 steps, and the error of each on the way."""
    iris = data.load("iris")
    length, width = jnp.asarray(iris.x[:, 2]), jnp.asarray(iris.x[:, 3])

    def loss(params: jax.Array) -> jax.Array:
        return jnp.mean(0.5 * (params[0] * length + params[1] - width) ** 2)

    def train(start: jax.Array) -> tuple[jax.Array, jax.Array]:
        def step(params: jax.Array, _: None) -> tuple[jax.Array, jax.Array]:
            value, slope = jax.value_and_grad(loss)(params)
            return params - RATE * slope, value

        return jax.lax.scan(step, start, length=1000)

    first = jax.random.normal(jax.random.key(2), (100, 2))
    last, errors = jax.jit(jax.vmap(train))(first)
    figure, (left, right) = canvas.blank(3.3, 1, 2)
    left.loglog(np.arange(1, 1001), errors[::5].T, color=palette["grey"], linewidth=0.8)
    left.set(xlabel="step", ylabel="E", title="20 of the errors")
    ends = np.array([0.8, 7.0])
    for lines, color, width_of in ((first, "sky", 0.7), (last, "vermilion", 2.0)):
        right.plot(ends, (lines[:, :1] * ends + lines[:, 1:]).T, color=palette[color], linewidth=width_of)
    right.plot(length, width, ".", color=palette["grey"], zorder=3)
    right.set(xlabel="petal length (cm)", ylabel="petal width (cm)", ylim=(-3, 6))
    spread = np.std(np.asarray(last), axis=0)
    right.set_title(f"spread at the end: W {spread[0]:.3f}, b {spread[1]:.3f}")
    return fitted(figure, 7.4)


@style.context()
def reused() -> Figure:
    """Two draws from one key, and from two keys."""
    key = jax.random.key(3)
    one, other = jax.random.split(key)
    figure, panels = canvas.blank(3.3, 1, 2, sharey=True)
    for axes, pair, title in ((panels[0], (key, key), "one key twice"), (panels[1], (one, other), "two keys")):
        a, b = (np.asarray(jax.random.normal(each, (200,))) for each in pair)
        axes.plot(a, b, ".", color=palette["blue"], markersize=8)
        axes.set(xlabel="first draw", title=f"{title}: correlation {np.corrcoef(a, b)[0, 1]:.2f}")
    panels[0].set_ylabel("second draw")
    return fitted(figure, 8.4)
