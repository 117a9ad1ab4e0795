"""What the figures of lesson 1's deck share: samples in the plane, the neuron's line, and the runs that they draw."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Polygon

from nnjax import data
from nnjax.models import adaline, perceptron
from nnjax.viz import boundary, line, style

LOOKS = (("o", "blue"), ("s", "orange"))
GATE = (-0.7, 1.7, -0.7, 1.7)


def samples(axes: Axes, xs: np.ndarray, ys: np.ndarray, names: Sequence[str], size: float = 10) -> None:
    """Draw the samples of class 0 as blue circles, those of class 1 as orange squares."""
    for label, (marker, color) in enumerate(LOOKS):
        x, y = xs[ys == label].T
        axes.plot(x, y, marker, color=style.palette[color], label=names[label], ms=size, mec="white", zorder=4)


def window(axes: Axes, limits: line.Limits, names: tuple[str, str] = ("$x_1$", "$x_2$"), ticks: bool = True) -> None:
    """Give the axes this window, in which a right angle looks like one."""
    axes.grid(False)
    axes.set(xlim=limits[:2], ylim=limits[2:], aspect="equal", xlabel=names[0], ylabel=names[1])
    if ticks:
        axes.set(xticks=[0, 1], yticks=[0, 1])


def divided(axes: Axes, weights: np.ndarray, limits: line.Limits, longest: float | None = None) -> None:
    """Draw the line w1 x1 + w2 x2 + b = 0, both sides tinted, and the arrow (w1, w2) at right angles to it.

    The arrow is a third of the window when (w1, w2) is ``longest``, by default its own length; 0 draws none.
    """
    axes.set_facecolor(style.tint("blue", 0.5 * boundary.TINT))
    side, tint = line.positive_side(weights, limits), style.tint("orange", boundary.TINT)
    axes.add_patch(Polygon(side, closed=True, facecolor=tint, edgecolor="none", zorder=0.5))
    axes.plot(*line.ends(weights, limits).T, color="black", linewidth=2.6, zorder=3)
    longest = float(np.hypot(*weights[:2])) if longest is None else longest
    where = line.arrow(weights, limits, longest) if longest else None
    if where is not None:
        (x, y), tip = where
        look = {"arrowstyle": "-|>", "mutation_scale": 18, "shrinkA": 0, "shrinkB": 0, "linewidth": 2.8}
        axes.annotate("", (tip[0], tip[1]), (x, y), arrowprops=look | {"color": style.palette["purple"]}, zorder=3.5)


def problem(key: jax.Array, gap: float | jax.Array, count: int = 40) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Return random points (count, 2), the names 0 and 1 that a random line gives them, and that line, (3,).

    The points are pushed ``gap`` away from the line.
    """
    for_line, for_points = jax.random.split(key)
    u = jax.random.normal(for_line, (3,)) * jnp.array([1.0, 1.0, 0.3])
    points = jax.random.uniform(for_points, (count, 2), minval=-1, maxval=1)
    y = jnp.where(points @ u[:2] + u[2] >= 0, 1.0, 0.0)
    return points + gap * (2 * y - 1)[:, None] * u[:2] / jnp.linalg.norm(u[:2]), y, u


def margin(axes: Axes, limits: line.Limits, names: Sequence[str]) -> None:
    """Draw samples, a line through the origin that divides them, its margin gamma and the longest sample R."""
    points, y, u = (np.asarray(part) for part in problem(jax.random.key(8), 0.35, 26))
    y = np.where(points @ u[:2] >= 0, 1, 0)
    u = u[:2] / np.hypot(*u[:2])
    points = points + 0.3 * (2 * y - 1)[:, None] * u
    gamma, lengths = np.min((2 * y - 1) * (points @ u)), np.hypot(*points.T)
    corner = line.ends(np.array([*u, 0.0]), limits)
    for sign in (1, -1):
        axes.plot(*(corner + sign * gamma * u).T, color=style.palette["green"], linestyle="--")
    axes.plot(*corner.T, color="black", linewidth=2.6)
    turn = np.linspace(0, 2 * np.pi, 200)
    axes.plot(*lengths.max() * np.array([np.cos(turn), np.sin(turn)]), color=style.palette["vermilion"], linewidth=1.4)
    samples(axes, points, y, names, 7)
    far = points[np.argmax(lengths)]
    along = 1.25 * np.array([-u[1], u[0]])
    for start, end, color, text, shift in (
        (along, along + gamma * u, "green", "γ", 0.2 * np.array([-u[1], u[0]])),
        (np.zeros(2), far, "vermilion", "R", 0.16 * np.array([far[1], -far[0]]) / lengths.max()),
    ):
        look = {"arrowstyle": "<|-|>" if text == "γ" else "-|>", "mutation_scale": 12, "shrinkA": 0, "shrinkB": 0}
        axes.annotate(
            "",
            (end[0], end[1]),
            (start[0], start[1]),
            arrowprops=look | {"color": style.palette[color], "linewidth": 1.8},
        )
        x, y = (start + end) / 2 + shift
        axes.text(x, y, text, ha="center", va="center", fontsize=15, color=style.palette[color])


def tables_with_lines(count: int) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """Return the four corners (4, 2), and the clearest line (w1, w2, b) that random neurons find for each table.

    A table is known by its four answers, read as a binary number.
    """
    corners = np.array([(0, 0), (0, 1), (1, 0), (1, 1)])
    drawn = np.asarray(jax.random.normal(jax.random.key(4), (count, 3)))
    a = corners @ drawn[:, :2].T + drawn[:, 2]
    tables, clear = np.array([8, 4, 2, 1]) @ (a >= 0), np.abs(a).min(axis=0) / np.hypot(*drawn[:, :2].T)
    return corners, {int(t): drawn[np.argmax(np.where(tables == t, clear, -1))] for t in np.unique(tables)}


def one_run() -> tuple[np.ndarray, np.ndarray, float, float]:
    """Return the weights (w1, w2, b) after each mistake of a hard problem, and its u of length 1, gamma and R."""
    drawn = problem(jax.random.key(2911), 0.05, 12)
    _, history = perceptron.train({"W": jnp.zeros(2), "b": jnp.float32(0.0)}, drawn[0], drawn[1], 1.0, 60)
    points, y, u = (np.asarray(part) for part in drawn)
    path = np.column_stack([history["params"]["W"], history["params"]["b"]])
    path = np.concatenate([np.zeros((1, 3)), path[np.ravel(history["mistakes"]) == 1]])
    with_one, u = np.column_stack([points, np.ones(len(points))]), u / np.linalg.norm(u)
    gamma, longest = np.min((2 * y - 1) * (with_one @ u)), np.linalg.norm(with_one, axis=1).max()
    return path, u, float(gamma), float(longest)


def bounds_and_mistakes(count: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Return (R / gamma)^2 of as many random problems, and the mistakes that a perceptron makes in 100 epochs."""

    def one(key: jax.Array, gap: jax.Array) -> tuple[jax.Array, jax.Array]:
        points, y, u = problem(key, gap)
        zero = {"W": jnp.zeros(2), "b": jnp.float32(0.0)}
        _, history = perceptron.train(zero, points, y, 1.0, 100)
        return perceptron.mistake_bound({"W": u[:2], "b": u[2]}, points, y), history["mistakes"].sum()

    keys, gaps = jax.random.split(jax.random.key(3), count), jnp.geomspace(0.02, 1.0, count)
    bounds, made = jax.jit(jax.vmap(one))(keys, gaps)
    return np.asarray(bounds), np.asarray(made)


def overlapping_irises() -> tuple[jax.Array, jax.Array]:
    """Return the training flowers of versicolor (0) and virginica (1), which no plane separates, standardized."""
    iris = data.standardize(data.load("iris"))
    two = iris.y > 0
    return jnp.asarray(iris.x[two]), jnp.asarray(iris.y[two] - 1.0)


def adaline_run(start: adaline.Params, rate: float | jax.Array, steps: int) -> tuple[adaline.Params, jax.Array]:
    """Return ADALINE's parameters and error after each of the steps, on the overlapping irises."""
    x, y = overlapping_irises()

    def move(params: adaline.Params, _: None) -> tuple[adaline.Params, tuple[adaline.Params, jax.Array]]:
        new = adaline.update(params, x, y, rate)
        return new, (new, adaline.loss(new, x, y))

    path: tuple[adaline.Params, jax.Array] = jax.lax.scan(move, start, length=steps)[1]
    return path
