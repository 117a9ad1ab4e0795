"""Exercises of lesson 00: functions all the way down."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nnjax.exercises import laws, slips
from nnjax.exercises.exercise import Case, exercise
from nnjax.exercises.independence import different, echo, of_few_keys
from nnjax.exercises.inputs import Function, Key

LESSON = "00_jax"


# standardize


def _tables(rng: np.random.Generator) -> list[Case]:
    """Return tables with columns of different deviations, with one that hardly varies, and with some far from 0.

    The last are on a fine grid.
    """
    small = np.float32([[0, 2], [2, 2], [4, 8], [2, 8]])
    steady = rng.normal(size=(5, 1))
    steady = 0.1 + 3e-3 * (steady - steady.mean()) / steady.std()
    far = np.round(rng.normal([1000, -2000, 1500], 1, (8, 3)) * 256) / 256  # sums of 8 such numbers are exact
    return [(small,), (steady.astype(np.float32),), (far.astype(np.float32),)]


@exercise(
    LESSON,
    draw=_tables,
    laws=[laws.PURE, laws.JIT],
    hints=[
        "Mean and deviation are needed once for each column, so both are arrays of shape (columns,).",
        "jnp.mean(x, axis=0) averages over the rows; jnp.std(x, axis=0) is the population deviation by default.",
        "Subtract the one, divide by the other: broadcasting along the rows does the rest.",
    ],
)
def standardize(x):
    """Return each column of x with its mean subtracted and divided by its deviation: (x - mean) / deviation.

    x is (rows, columns), and so is the answer. The deviation is that of the population, the root of the mean squared
    distance from the mean (divided by the number of rows, not by one less). No column is constant. Columns may lie far
    from 0: take the distances first, then square them.
    """
    return (x - jnp.mean(x, axis=0)) / jnp.std(x, axis=0)


standardize.mistake(
    "That is the sample deviation, divided by n - 1; the population deviation divides by n.",
    lambda x: (x - jnp.mean(x, axis=0)) / jnp.std(x, axis=0, ddof=1),
)
standardize.mistake(
    "You take one mean and one deviation of the whole table; each column has its own: give an axis.",
    lambda x: (x - jnp.mean(x)) / jnp.std(x),
)
standardize.mistake(
    "The rows come out standardized, not the columns: the mean must run over the rows, which is the other axis.",
    lambda x: (x - jnp.mean(x, axis=1, keepdims=True)) / jnp.std(x, axis=1, keepdims=True),
)
standardize.mistake(
    "The mean is gone, but the columns are not yet divided by their deviation.", lambda x: x - jnp.mean(x, axis=0)
)
standardize.mistake("The columns are scaled, but their mean is not subtracted.", lambda x: x / jnp.std(x, axis=0))
standardize.mistake(
    "You divide by the variance; the deviation is its root.",
    lambda x: (x - jnp.mean(x, axis=0)) / jnp.var(x, axis=0),
)
standardize.mistake(
    "Columns between 0 and 1 are normalized by minimum and maximum; here mean and deviation are asked for.",
    lambda x: (x - jnp.min(x, axis=0)) / (jnp.max(x, axis=0) - jnp.min(x, axis=0)),
)
standardize.mistake(
    "You divide by the mean absolute distance; the deviation squares the distances, averages and takes the root.",
    lambda x: (x - jnp.mean(x, axis=0)) / jnp.mean(jnp.abs(x - jnp.mean(x, axis=0)), axis=0),
)
standardize.mistake(
    "The deviation is the root of the mean squared distance; yours lacks the mean, it is a norm.",
    lambda x: (x - jnp.mean(x, axis=0)) / jnp.linalg.norm(x - jnp.mean(x, axis=0), axis=0),
)
standardize.mistake(
    "Something is added to the deviation, which changes columns that vary little; no column here is constant.",
    lambda x: (x - jnp.mean(x, axis=0)) / jnp.sqrt(jnp.var(x, axis=0) + 1e-5),
    lambda x: (x - jnp.mean(x, axis=0)) / (jnp.std(x, axis=0) + 1e-3),
    lambda x: (x - jnp.mean(x, axis=0)) / (jnp.std(x, axis=0) + 1e-5),
    lambda x: (x - jnp.mean(x, axis=0)) / (jnp.std(x, axis=0) + 1e-6),
)
standardize.mistake(
    "Small deviations are raised to a least one, which changes columns that vary little; no column here is constant.",
    lambda x: (x - jnp.mean(x, axis=0)) / jnp.maximum(jnp.std(x, axis=0), 1e-2),
    lambda x: (x - jnp.mean(x, axis=0)) / jnp.maximum(jnp.std(x, axis=0), 0.1),
)
standardize.mistake(
    "An axis of one stays: a table of a single column gives (rows, 1); do not squeeze.",
    lambda x: jnp.squeeze((x - jnp.mean(x, axis=0)) / jnp.std(x, axis=0)),
)
standardize.mistake(
    "mean(x^2) - mean(x)^2 loses its digits in float32 where a column lies far from 0: subtract the mean, then square.",
    lambda x: (x - jnp.mean(x, axis=0)) / jnp.sqrt(jnp.mean(x**2, axis=0) - jnp.mean(x, axis=0) ** 2),
)


# tangent_line


def _curves(rng: np.random.Generator) -> list[Case]:
    a, b, d, high = (float(number) for number in np.round(rng.uniform(0.5, 2, 4), 2))
    # So steep a curve that a difference quotient with a small step is not near enough.
    c = float(np.round(rng.uniform(5, 7), 2))
    # So high up that float32 has no digits for what a smaller step changes.
    high = float(np.round(1e6 * high))
    return [
        (Function("cubic", (1.0, 1.0), "x^3 + x"), np.array(2, np.float32)),
        (Function("cubic", (a, -b), f"{a} x^3 - {b} x"), np.array(rng.uniform(-1.5, -1), np.float32)),
        (Function("sine", (c, d), f"sin({c} x) + {d}"), np.array(rng.uniform(0.05, 0.15), np.float32)),
        (Function("sine", (c, high), f"sin({c} x) + {high}"), np.array(rng.uniform(0.05, 0.15), np.float32)),
    ]


@exercise(
    LESSON,
    draw=_curves,
    laws=[laws.PURE, laws.JIT],
    hints=[
        "The slope of the tangent is the derivative of f at x0: jax.grad(f) is the function that gives it.",
        "The line goes through the point (x0, f(x0)). Solve f(x0) = slope x0 + intercept for the intercept.",
    ],
)
def tangent_line(f, x0):
    """Return (slope, intercept) of the line slope x + intercept that touches f at x0.

    f is a function of one number, written in JAX; x0 is a number, and so are both parts of the answer. At x0 the line
    has the value and the slope of f; the intercept is its value at x = 0.
    """
    slope = jax.grad(f)(x0)
    return slope, f(x0) - slope * x0


_STEPS = 0.1, 0.01, 5e-3, 3e-3, 2e-3, 1e-3, 5e-4, 1e-4, 1e-5


def _central(f, x0, h):
    return (f(x0 + h) - f(x0 - h)) / (2 * h)


tangent_line.mistake(
    "The intercept is the value of the line at 0, not that of f at x0: go back from x0 along the slope.",
    lambda f, x0: (jax.grad(f)(x0), f(x0)),
)
tangent_line.mistake(
    "The intercept is the value of the line at 0, not that of the curve: f(0) lies on f.",
    lambda f, x0: (jax.grad(f)(x0), f(0.0)),
)
tangent_line.mistake(
    "The intercept has the wrong sign in one term: from f(x0) the slope times x0 is subtracted.",
    lambda f, x0: (jax.grad(f)(x0), f(x0) + jax.grad(f)(x0) * x0),
)
tangent_line.mistake(
    "The whole intercept has the wrong sign: it is f(x0) minus slope times x0.",
    lambda f, x0: (jax.grad(f)(x0), jax.grad(f)(x0) * x0 - f(x0)),
)
tangent_line.mistake(
    "The slope is subtracted as it is; from x0 back to 0 the line falls by the slope times x0.",
    lambda f, x0: (jax.grad(f)(x0), f(x0) - jax.grad(f)(x0)),
)
tangent_line.mistake(
    "The two are in the wrong order: first the slope, then the intercept.",
    lambda f, x0: (f(x0) - jax.grad(f)(x0) * x0, jax.grad(f)(x0)),
)
tangent_line.mistake(
    "jax.value_and_grad gives (value, slope), in this order; yours is taken the other way round.",
    lambda f, x0: (f(x0), jax.grad(f)(x0) - f(x0) * x0),
    lambda f, x0: jax.value_and_grad(f)(x0),
)
tangent_line.mistake(
    "A difference quotient only comes near the slope: jax.grad gives the derivative itself.",
    *(lambda f, x0, h=h: ((f(x0 + h) - f(x0)) / h, f(x0) - (f(x0 + h) - f(x0)) / h * x0) for h in (*_STEPS, 1e-6)),
    *(lambda f, x0, h=h: (_central(f, x0, h), f(x0) - _central(f, x0, h) * x0) for h in _STEPS),
)
tangent_line.mistake(
    "That is the line through (0, f(0)) and (x0, f(x0)), a secant; a tangent needs the derivative at x0.",
    lambda f, x0: ((f(x0) - f(0.0)) / x0, f(0.0)),
)
tangent_line.mistake(
    "The slope is taken at 0; it is the derivative at x0.",
    lambda f, x0: (jax.grad(f)(0.0), f(x0) - jax.grad(f)(0.0) * x0),
)


# pairwise_distances


def _clouds(rng: np.random.Generator) -> list[Case]:
    """Return pairs of clouds: as many points in both, some that lie very close together, and some far from 0.

    Of the last, the second cloud is a single point.
    """
    small = np.float32([[0, 0], [3, 4]]), np.float32([[0, 0], [0, 4]])
    near = [rng.normal(0, 1e-3, (points, 3)).astype(np.float32) for points in (5, 4)]
    far = [(1000 + rng.normal(0, 1, (points, 2))).astype(np.float32) for points in (6, 1)]
    return [small, tuple(near), tuple(far)]


@exercise(
    LESSON,
    draw=_clouds,
    difficulty=2,
    points=2,
    laws=[laws.PURE, laws.JIT],
    hints=[
        "Write the distance of two single points first: the root of the sum of (a - b)^2.",
        "jax.vmap(f, in_axes=(None, 0)) keeps the first argument and runs over the rows of the second.",
        "A second jax.vmap around it, in_axes=(0, None), runs over the rows of the first: x is the outer one.",
    ],
)
def pairwise_distances(x, y):
    """Return the Euclidean distance of every row of x to every row of y: the root of sum_k (x_ik - y_jk)^2 at [i, j].

    x is (n, features), y is (m, features), the answer (n, m). Points may lie close together and far from 0: take the
    differences first, then square them. jax.vmap, used twice, writes it without a loop.
    """

    def distance(a, b):
        return jnp.sqrt(jnp.sum((a - b) ** 2))

    return jax.vmap(lambda a: jax.vmap(lambda b: distance(a, b))(y))(x)


def _apart(x: Any, y: Any) -> Any:
    return x[:, None, :] - y[None, :, :]


def _expanded(x: Any, y: Any) -> Any:
    return jnp.sum(x**2, axis=1)[:, None] + jnp.sum(y**2, axis=1)[None, :] - 2 * x @ y.T


pairwise_distances.mistake(
    "Those are squared distances: the root is missing.", lambda x, y: jnp.sum(_apart(x, y) ** 2, axis=-1)
)
pairwise_distances.mistake(
    "Those are distances along the axes (Manhattan): square the differences, add, take the root of the sum.",
    lambda x, y: jnp.sum(jnp.abs(_apart(x, y)), axis=-1),
)
pairwise_distances.mistake(
    "The table is transposed: its rows belong to x, its columns to y.",
    lambda x, y: jnp.sqrt(jnp.sum(_apart(y, x) ** 2, axis=-1)),
)
pairwise_distances.mistake(
    "That is the largest difference along one axis; all of them count: the root of the sum of their squares.",
    lambda x, y: jnp.max(jnp.abs(_apart(x, y)), axis=-1),
)
pairwise_distances.mistake(
    "You average the squares over the features; they are added.",
    lambda x, y: jnp.sqrt(jnp.mean(_apart(x, y) ** 2, axis=-1)),
)
pairwise_distances.mistake(
    "You sum over all points at once; each pair has its own distance: sum over the features only.",
    lambda x, y: jnp.sqrt(jnp.sum(_apart(x, y) ** 2)),
)
pairwise_distances.mistake(
    "You sum over the points of y, which keeps the features apart: the sum runs over the last axis.",
    lambda x, y: jnp.sqrt(jnp.sum(_apart(x, y) ** 2, axis=1)),
)
pairwise_distances.mistake(
    "For each row of x you put all rows of y into one number: vmap over the rows of y as well.",
    lambda x, y: jax.vmap(lambda a: jnp.sqrt(jnp.sum((a - y) ** 2)))(x),
)
pairwise_distances.mistake(
    "Row i of x is compared with row i of y only; every row of x must meet every row of y: use two nested vmaps.",
    lambda x, y: jnp.sqrt(jnp.sum((x - y) ** 2, axis=-1)),
    lambda x, y: jax.vmap(lambda a, b: jnp.sqrt(jnp.sum((a - b) ** 2)))(x, y),
)
pairwise_distances.mistake(
    "Those are the distances of x to itself: y is not used.",
    lambda x, y: jnp.sqrt(jnp.sum(_apart(x, x) ** 2, axis=-1)),
)
pairwise_distances.mistake(
    "That is the sum of the differences without a square: distances that cancel are lost.",
    lambda x, y: jnp.abs(jnp.sum(_apart(x, y), axis=-1)),
    lambda x, y: jnp.sum(_apart(x, y), axis=-1),
)
pairwise_distances.mistake(
    "A small number added under the root changes the distances of points that lie close together; leave it out.",
    lambda x, y: jnp.sqrt(jnp.sum(_apart(x, y) ** 2, axis=-1) + 1e-6),
    lambda x, y: jnp.sqrt(jnp.sum(_apart(x, y) ** 2, axis=-1) + 1e-8),
    lambda x, y: jnp.sqrt(jnp.sum(_apart(x, y) ** 2, axis=-1)) + 1e-6,
)
pairwise_distances.mistake(
    "An axis of one stays: with a single point in y the table is (n, 1); do not squeeze.",
    lambda x, y: jnp.squeeze(jnp.sqrt(jnp.sum(_apart(x, y) ** 2, axis=-1))),
)
pairwise_distances.mistake(
    "x.x + y.y - 2 x.y loses its digits where points lie close together and far from 0: subtract, then square.",
    lambda x, y: jnp.sqrt(_expanded(x, y)),
    lambda x, y: jnp.sqrt(jnp.maximum(_expanded(x, y), 0)),
    lambda x, y: jnp.sqrt(jnp.abs(_expanded(x, y))),
)


# random_walk


def _walks(rng: np.random.Generator) -> list[Case]:
    """Return a short walk, a longer one twice, a very long one, and more short ones; their keys differ."""
    long, other, first, *more = (Key(int(seed)) for seed in rng.choice(2**31, 22, replace=False))
    return [(first, 5), (long, 100), (long, 100), (other, 5000), *((key, 5) for key in more)]


def _steps(walks: list[Any]) -> np.ndarray:
    """Return all steps of the long walks but the first of each."""
    return np.concatenate([np.diff(walks[1]), np.diff(walks[3])])


def _fair(steps: np.ndarray) -> bool:
    """Tell whether up and down are alike often, within 5 deviations."""
    return bool(abs(np.sum(steps > 0) - len(steps) / 2) < 5 * np.sqrt(len(steps)) / 2)


@exercise(
    LESSON,
    draw=_walks,
    difficulty=2,
    points=2,
    seconds=60,
    laws=[laws.PURE, laws.JIT.on(0)],
    hints=[
        "One call draws all steps: jax.random.bernoulli(key, shape=(steps,)) is an array of True and False.",
        "2 times a draw of 0 or 1, minus 1, is -1 or 1.",
        "The position after each step is the sum of the steps so far: jnp.cumsum.",
    ],
)
def random_walk(key, steps):
    """Return the positions of a walk on the whole numbers that starts at 0, after each of its steps of +1 or -1.

    key is a JAX key, steps a whole number of Python; the answer has the shape (steps,). Up and down are equally likely
    and each step is drawn afresh. The start itself, 0, is not part of the answer. The same key gives the same walk.
    """
    return jnp.cumsum(2.0 * jax.random.bernoulli(key, shape=(steps,)) - 1)


def _rademacher(key: Any, steps: int) -> Any:
    return jax.random.rademacher(key, (steps,))


def _mirrored(steps: Any, sign: int) -> Any:
    """Return steps whose second half is the first backwards, with a sign."""
    half = (len(steps) + 1) // 2
    return steps.at[-half:].set(sign * steps[:half][::-1])


random_walk.mistake(
    "The start is not part of the answer: the first of the positions is that after the first step.",
    lambda key, steps: jnp.concatenate([jnp.zeros(1, int), jnp.cumsum(_rademacher(key, steps))]),
    lambda key, steps: jnp.concatenate([jnp.zeros(1), jnp.cumsum(2.0 * jax.random.bernoulli(key, shape=(steps,)) - 1)]),
)
random_walk.mistake(
    "That is only where the walk ends; all positions are wanted, one after each step.",
    lambda key, steps: jnp.sum(_rademacher(key, steps)),
    lambda key, steps: jnp.sum(2.0 * jax.random.bernoulli(key, shape=(steps,)) - 1),
)
random_walk.rule(
    "Those are the steps; a position is the sum of all steps so far.",
    lambda cases, walks: np.abs(walks[1]).max() > 1 or bool(np.all(np.abs(_steps(walks)) == 1)),
    _rademacher,
    lambda key, steps: 2 * jax.random.bernoulli(key, shape=(steps,)).astype(int) - 1,
)
random_walk.rule(
    "The same key must give the same walk: draw from the key, not from a generator with a memory of its own.",
    lambda cases, walks: np.array_equal(walks[1], walks[2]),
    lambda key, steps: np.cumsum(np.random.default_rng().choice([-1, 1], steps)),
)
random_walk.rule(
    "All steps of a walk are the same: draw one number for each, no key twice (and randint never gives its upper end).",
    lambda cases, walks: bool(np.any(np.diff(walks[1]) != np.diff(walks[1])[0])),
    lambda key, steps: jnp.arange(1, steps + 1) * jax.random.rademacher(key, ()),
)
random_walk.rule(
    "Another key gives the same walk: draw from the key that is passed, not from one made inside.",
    lambda cases, walks: not all(np.array_equal(walks[0], walk) for walk in walks[4:]),
    lambda key, steps: jnp.cumsum(_rademacher(jax.random.key(0), steps)),
    lambda key, steps: jnp.cumsum(_rademacher(jax.random.PRNGKey(42), steps)),
    lambda key, steps: np.cumsum(np.random.default_rng(0).choice([-1, 1], steps)),
)
random_walk.rule(
    "The walk only ever goes one way or stands still: a draw of 0 or 1 is not yet a step of -1 or 1.",
    lambda cases, walks: set(_steps(walks)) not in ({0, 1}, {-1, 0}),
    lambda key, steps: jnp.cumsum(jax.random.bernoulli(key, shape=(steps,))),
    lambda key, steps: jnp.cumsum(jax.random.randint(key, (steps,), 0, 2)),
    lambda key, steps: jnp.cumsum(jax.random.randint(key, (steps,), -1, 1)),
)
random_walk.rule(
    "Sometimes the walk stands still: a step is -1 or 1, never 0.",
    lambda cases, walks: set(_steps(walks)) != {-1, 0, 1},
    lambda key, steps: jnp.cumsum(jax.random.randint(key, (steps,), -1, 2)),
    lambda key, steps: jnp.cumsum(jnp.round(jax.random.uniform(key, (steps,), minval=-1, maxval=1))),
)
random_walk.rule(
    "Neighbouring positions must differ by exactly 1: only the direction of a step is random, not its length.",
    lambda cases, walks: bool(np.all(np.abs(_steps(walks)) == 1)),
    lambda key, steps: jnp.cumsum(jax.random.normal(key, (steps,))),
    lambda key, steps: jnp.cumsum(jax.random.uniform(key, (steps,), minval=-1, maxval=1)),
    lambda key, steps: jnp.cumsum(jnp.cumsum(_rademacher(key, steps))),
)
random_walk.rule(
    "The walk starts at 0, so that the first position, after the first step, is -1 or 1.",
    lambda cases, walks: all(abs(walk[0]) == 1 for walk in walks),
    lambda key, steps: jnp.cumsum(_rademacher(key, steps)) - _rademacher(key, steps)[0],
    lambda key, steps: 1 + jnp.cumsum(_rademacher(key, steps)),
)
random_walk.rule(
    "The steps depend on each other: some of them tell which way others go; draw each afresh.",
    lambda cases, walks: echo(np.diff(walks[3])) < 0.1,
    lambda key, steps: jnp.cumsum(jnp.repeat(_rademacher(key, steps), 2)[:steps]),
    lambda key, steps: jnp.cumsum(jnp.outer(_rademacher(key, steps), jnp.array([1, -1])).ravel()[:steps]),
    lambda key, steps: jnp.cumsum(jnp.resize(_rademacher(key, 100), steps)),
    lambda key, steps: jnp.cumsum(_mirrored(_rademacher(key, steps), 1)),
    lambda key, steps: jnp.cumsum(_mirrored(_rademacher(key, steps), -1)),
)
random_walk.rule(
    "Every walk ends where it began, or one step beside: draw each step afresh, do not deal out as many ups as downs.",
    lambda cases, walks: any(abs(walk[-1]) > 1 for walk in walks),
    lambda key, steps: jnp.cumsum(jax.random.permutation(key, jnp.resize(jnp.array([1, -1]), steps))),
    lambda key, steps: jnp.cumsum(jnp.where(jax.random.permutation(key, steps) < steps // 2, -1, 1)),
)
random_walk.rule(
    "One direction comes clearly more often: up and down must be equally likely.",
    lambda cases, walks: _fair(_steps(walks)),
    lambda key, steps: jnp.cumsum(jnp.where(jax.random.normal(key, (steps,)) > 0.5, 1, -1)),
    lambda key, steps: jnp.cumsum(jnp.where(jax.random.uniform(key, (steps,)) < 0.44, 1, -1)),
    lambda key, steps: jnp.cumsum(jnp.where(jax.random.bernoulli(key, 0.25, (steps,)), 1, -1)),
)
random_walk.rule(
    "With every key the first step goes the same way: draw it like the others, so that the walk goes below 0 as well.",
    lambda cases, walks: len({float(walk[0]) for walk in walks}) > 1,
    lambda key, steps: jnp.abs(jnp.cumsum(_rademacher(key, steps))),
    lambda key, steps: jnp.cumsum(_rademacher(key, steps).at[0].set(1)),
)
random_walk.rule(
    "Only a few walks ever come, whatever the key: draw from the key that is passed itself.",
    # Of nineteen walks of five steps fourteen or fifteen differ; six or fewer never came in two million tries.
    lambda cases, walks: different([walks[0], *walks[4:]]) > 6,
    of_few_keys(lambda key, steps: jnp.cumsum(_rademacher(key, steps))),
)


# sgd_update


def _like(rng: np.random.Generator, *shapes: tuple[int, ...]) -> list[np.ndarray]:
    return [np.asarray(rng.normal(size=shape), np.float32) for shape in shapes]


def _trees(rng: np.random.Generator) -> list[Case]:
    """Return parameters and gradients as a dict, a list of dicts, containers in containers, and one array alone."""

    def network() -> Any:
        W1, b1, W2, b2 = _like(rng, (3, 4), (4,), (4, 2), (2,))
        return [{"W": W1, "b": b1}, {"W": W2, "b": b2}]

    def nested() -> Any:
        W, b, first, second, scale = _like(rng, (2, 3), (3,), (3,), (2, 2), ())
        return {"encoder": {"W": W, "b": b}, "heads": [first, (second, scale)]}

    small = {"W": np.float32([1, 2]), "b": np.array(3, np.float32)}
    slopes = {"W": np.float32([2, -4]), "b": np.array(1, np.float32)}
    rate = float(np.round(rng.uniform(0.05, 0.2), 3))
    return [
        (small, slopes, 0.5),
        (network(), network(), 0.1),
        (nested(), nested(), rate),
        (*_like(rng, (5,), (5,)), 2.0),
    ]


@exercise(
    LESSON,
    draw=_trees,
    laws=[laws.PURE.on(0, 1, 2), laws.JIT.on(2)],
    hints=[
        "jax.tree.map(f, a, b) calls f(leaf of a, leaf of b) for each pair of leaves and keeps the containers.",
        "For one pair of leaves p and g, the answer is p - learning_rate * g.",
    ],
)
def sgd_update(params, grads, learning_rate):
    """Return the parameters after one step of gradient descent: p - learning_rate g for each leaf p and its gradient g.

    params is any pytree of arrays (an array, or dicts, lists and tuples of pytrees), grads one of the same containers
    and shapes, learning_rate a number. The answer has the containers of params; params itself is left as it is.
    """
    return jax.tree.map(lambda p, g: p - learning_rate * g, params, grads)


sgd_update.mistake(
    "You climb: a step of descent goes against the gradient, so subtract.",
    lambda params, grads, rate: jax.tree.map(lambda p, g: p + rate * g, params, grads),
)
sgd_update.mistake(
    "The learning rate is missing: it multiplies every gradient.",
    lambda params, grads, rate: jax.tree.map(lambda p, g: p - g, params, grads),
)
sgd_update.mistake(
    "That is the step alone; the new parameters are wanted, the old ones minus the step.",
    lambda params, grads, rate: jax.tree.map(lambda g: rate * g, grads),
    lambda params, grads, rate: jax.tree.map(lambda g: -rate * g, grads),
)
sgd_update.mistake(
    "Parameters and gradients have changed places: the gradient is what the rate multiplies.",
    lambda params, grads, rate: jax.tree.map(lambda p, g: g - rate * p, params, grads),
)
sgd_update.mistake(
    "Not every container works: params may be an array, or dicts, lists and tuples in one another: use jax.tree.map.",
    lambda params, grads, rate: {name: params[name] - rate * grads[name] for name in params},
    lambda params, grads, rate: {"W": params["W"] - rate * grads["W"], "b": params["b"] - rate * grads["b"]},
    lambda params, grads, rate: [
        {name: p[name] - rate * g[name] for name in p} for p, g in zip(params, grads, strict=True)
    ],
    lambda params, grads, rate: params - rate * grads,
)
sgd_update.mistake(
    "Only the weights move; every leaf has its gradient, the biases too.",
    lambda params, grads, rate: {**params, "W": params["W"] - rate * grads["W"]},
    lambda params, grads, rate: jax.tree_util.tree_map_with_path(
        lambda path, p, g: p if path and path[-1] == jax.tree_util.DictKey("b") else p - rate * g, params, grads
    ),
)
sgd_update.mistake(
    "The leaves are right, but their containers are lost: jax.tree.map keeps them.",
    lambda params, grads, rate: [
        p - rate * g for p, g in zip(jax.tree.leaves(params), jax.tree.leaves(grads), strict=True)
    ],
)
sgd_update.mistake(
    "Only the signs of the gradients are used; plain descent steps in proportion to them.",
    lambda params, grads, rate: jax.tree.map(lambda p, g: p - rate * jnp.sign(g), params, grads),
)
sgd_update.mistake(
    "Each entry has its own gradient: nothing is averaged or summed over a leaf.",
    lambda params, grads, rate: jax.tree.map(lambda p, g: p - rate * jnp.mean(g), params, grads),
    lambda params, grads, rate: jax.tree.map(lambda p, g: p - rate * jnp.sum(g), params, grads),
)
sgd_update.mistake(
    "You divide by the learning rate; a small rate must give a small step: multiply.",
    lambda params, grads, rate: jax.tree.map(lambda p, g: p - g / rate, params, grads),
)


def _update_in_a_copy(params, grads, learning_rate):
    return slips.written_into(params.copy() if isinstance(params, (dict, list)) else params, grads, learning_rate)


# Before the next, for it changes the lists and dicts inside in the same way.
sgd_update.mistake(
    "The numbers are right, but dicts or lists inside params are changed too: a copy of the outermost one shares them "
    "with the old params. Build all of them anew, as jax.tree.map does.",
    _update_in_a_copy,
)
sgd_update.mistake(
    "The numbers are right, but the old params are changed too: build a new tree, do not assign into the old one.",
    slips.written_into,
)
