"""What the deck of lesson 10 measures at the stones of earlier lessons: each claim, and how it is tested."""

from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import linprog

from nnjax import data, layers, losses, models
from nnjax.slides.lesson_10_milestones.training import begin, trained

Params = Any
LENGTH, SYMBOLS, HIDDEN = 30, 4, 24
SMALL, OPEN = 0.2, 5.0
COUNTS = (64, 256, 1437)
FILTERS, EPOCHS = 64, 8
WIDTHS = (2, 8, 32)
XOR_NETS = 100


class Test(NamedTuple):
    """A line of the ledger: the year, the claim, what was found, and whether it holds."""

    year: int
    claim: str
    found: str
    holds: bool


def spread(values: Any) -> str:
    """Return mean and standard deviation in a few letters."""
    return f"{np.mean(values):.1f} ± {np.std(values):.1f}"


def tables(inputs: int) -> tuple[np.ndarray, np.ndarray]:
    """Return all corners of the cube, and all functions of them, a column each."""
    corners = np.indices((2,) * inputs).reshape(inputs, -1).T
    return corners, np.indices((2,) * len(corners)).reshape(len(corners), -1)


@cache
def logic() -> tuple[int, int]:
    """Return how many functions of three inputs McCulloch and Pitts's nets answer rightly, and how many there are."""
    corners, functions = tables(3)
    corner = {"W": jnp.float32(2 * corners.T - 1), "b": jnp.float32(0.5 - corners.sum(axis=1))}
    joined = {"W": jnp.float32(functions), "b": jnp.full(functions.shape[1], -0.5)}
    answers = models.perceptron.apply(joined, models.perceptron.apply(corner, jnp.float32(corners)))
    return int(np.sum(np.all(np.asarray(answers) == functions, axis=0))), functions.shape[1]


@cache
def dog() -> tuple[np.ndarray, np.ndarray]:
    """Return the weight of the bell after 0 to 5 meals, and whether the dog drools at the bell alone."""

    def meal(w: Any, _: Any) -> Any:
        params = {"W": w, "b": jnp.float32(-0.45)}
        alone = models.perceptron.apply(params, jnp.array([0.0, 1.0]))
        drools = models.perceptron.apply(params, jnp.ones(2))
        return models.perceptron.hebb_update(w, jnp.ones(2), drools, 0.1), (w[1], alone)

    weights, alone = jax.lax.scan(meal, jnp.array([1.0, 0.0]), length=6)[1]
    return np.asarray(weights), np.asarray(alone)


@cache
def line() -> tuple[np.ndarray, float]:
    """Return the perceptron's mistakes in each epoch on the digits, 0 or another, and the most that there can be."""
    digits = data.load("digits")
    x, y = jnp.asarray(digits.x.reshape(len(digits.x), -1)), jnp.asarray(digits.y == 0, jnp.int32)
    zero = {"W": jnp.zeros(64), "b": jnp.zeros(())}
    found, history = jax.jit(partial(models.perceptron.train, learning_rate=1.0, epochs=12))(zero, x, y)
    return np.asarray(history["mistakes"]).sum(axis=1), float(models.perceptron.mistake_bound(found, x, y))


@cache
def rates() -> dict[float, np.ndarray]:
    """Return ADALINE's loss over 1000 steps at 0.98 and at 1.02 of the largest stable rate."""
    iris = data.standardize(data.load("iris"))
    x, y, zero = jnp.asarray(iris.x), jnp.asarray(iris.y == 0, jnp.int32), {"W": jnp.zeros(4), "b": jnp.zeros(())}
    limit = models.adaline.largest_stable_rate(x)

    @jax.jit
    def run(rate: Any) -> Any:
        def step(params: Params, _: Any) -> Any:
            return models.adaline.update(params, x, y, rate), models.adaline.loss(params, x, y)

        return jax.lax.scan(step, zero, length=1001)[1]

    return {share: np.asarray(run(share * limit)) for share in (0.98, 1.02)}


@cache
def one_neuron(inputs: int) -> np.ndarray:
    """Return for each function of the inputs whether one neuron can do it, by linear programming."""
    corners, functions = tables(inputs)
    sums = np.column_stack([corners, np.ones(len(corners))])
    ones = np.ones(len(corners))
    return np.array([
        linprog(np.zeros(inputs + 1), sums * (1 - 2 * f[:, None]), -ones, bounds=(None, None)).success
        for f in functions.T
    ])  # fmt: skip


@cache
def hidden() -> tuple[np.ndarray, np.ndarray]:
    """Return the losses of networks learning XOR from random starts, (100, looks of 20 steps), and which solve it."""
    xor = data.load("xor")
    corners, wanted = jnp.asarray(xor.x), jnp.asarray(xor.y, jnp.float32)[:, None]
    loss = partial(models.mlp.loss, criterion=losses.squared_error)

    def step(_: Any, params: Params) -> Params:
        grads = jax.grad(loss)(params, corners, wanted)
        return jax.tree.map(lambda w, g: w - 0.3 * g, params, grads)

    def learn(start: Params) -> Any:
        def look(params: Params, _: Any) -> Any:
            return jax.lax.fori_loop(0, 20, step, params), loss(params, corners, wanted)

        params, path = jax.lax.scan(look, start, length=60)
        return path, jnp.all((models.mlp.apply(params, corners) > 0.5) == (wanted > 0.5))

    starts = [begin(partial(models.mlp.init, sizes=(2, 8, 1)), seed) for seed in range(XOR_NETS)]
    path, solved = jax.jit(jax.vmap(learn))(jax.tree.map(lambda *leaves: np.stack(leaves), *starts))
    return np.asarray(path), np.asarray(solved)


@cache
def wide() -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the error of the best curve that random hidden sigmoids make, (widths, seeds), and curves (2, 200).

    The curves are the goal and, of the first seed, one for each width, each with its places.
    """
    u = np.linspace(-1, 1, 200)[:, None]
    goal = np.sign(u[:, 0]) * np.sqrt(np.abs(u[:, 0])) + 0.3 * np.cos(12 * u[:, 0])

    def best(width: int, seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        a = rng.normal(0, 15, width) * (u - rng.uniform(-1, 1, width))
        h = np.column_stack([0.5 + 0.5 * np.tanh(a / 2), np.ones(len(u))])
        return h @ np.linalg.lstsq(h, goal, rcond=None)[0]

    made = [[best(width, seed) for seed in range(5)] for width in WIDTHS]
    errors = np.sqrt(np.mean((np.array(made) - goal) ** 2, axis=-1))
    return errors, [np.stack([u[:, 0], curve]) for curve in (goal, *(runs[0] for runs in made))]


def symbols(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return sequences of random symbols, and the first of each, which is asked for at the end."""
    drawn = np.random.default_rng(seed).integers(0, SYMBOLS, (count, LENGTH)).astype(np.int32)
    return drawn, drawn[:, 0]


@cache
def gap() -> dict[str, np.ndarray]:
    """Return the right answers of three kinds of network, each from three seeds, in per cent.

    The recurrent ones start as in 1997: small random weights, and no forgetting (the gate for it begins open).
    """
    sets = (*symbols(2000, 0), *symbols(500, 1))

    def recurrent(params: Params, x: Any, cell: str) -> Any:
        return models.rnn.apply(params, jax.nn.one_hot(x, SYMBOLS), cell=cell)

    def recurrent_start(seed: int, cell: str) -> Params:
        params = begin(partial(models.rnn.init, sizes=(SYMBOLS, HIDDEN, SYMBOLS), cell=cell), seed, SMALL)
        if cell == "lstm":
            params["recurrent"][0]["b"][HIDDEN : 2 * HIDDEN] = OPEN
        return params

    def transformer(params: Params, x: Any) -> Any:
        return models.transformer.apply(params, x, heads=2)[:, -1]

    shape: dict[str, Any] = {"tokens": SYMBOLS, "width": 16, "layers": 1, "heads": 2, "length": LENGTH}
    found = {
        name: trained(partial(recurrent, cell=cell), partial(recurrent_start, cell=cell), sets, 5)
        for name, cell in (("plain", "elman"), ("LSTM", "lstm"))
    }
    start = partial(begin, partial(models.transformer.init, **shape), most=SMALL)
    return found | {"transformer": trained(transformer, start, sets, 2)}


FILTERS_INIT = partial(models.mlp.init, sizes=(25, FILTERS, 10))
DENSE_INIT = partial(models.mlp.init, sizes=(144, 16, 10))


def _filters(params: Params, windows: Any) -> Any:
    """A convolution is a dense layer whose samples are the windows; then the largest answer anywhere, and a layer."""
    hidden = jax.nn.relu(layers.dense.apply(params[0], windows)).max(axis=1)
    return layers.dense.apply(params[1], hidden)


def _somewhere(images: np.ndarray) -> np.ndarray:
    """Put images of 8 x 8 pixels at random places of sheets of 12 x 12."""
    places = np.random.default_rng(0).integers(0, 5, (len(images), 2))
    sheets = np.pad(images[..., 0], ((0, 0), (0, 4), (0, 4)))
    return np.stack([np.roll(sheet, shift, axis=(0, 1)) for sheet, shift in zip(sheets, places, strict=True)])


@cache
def _sheets(count: int, windows: bool) -> tuple[np.ndarray, ...]:
    """Return ``count`` digits, each shown as often as it takes to fill an epoch, as windows of 5 x 5 or as pixels."""

    def seen(images: np.ndarray) -> np.ndarray:
        sheets = _somewhere(images)
        if not windows:
            return sheets.reshape(len(sheets), 144)
        return np.lib.stride_tricks.sliding_window_view(sheets, (5, 5), axis=(1, 2)).reshape(len(sheets), 64, 25)

    digits = data.load("digits")
    x, y = (np.resize(part[:count], part.shape) for part in (seen(digits.x), digits.y))
    return x, y, seen(digits.x_test), digits.y_test


@cache
def moved() -> tuple[dict[str, np.ndarray], list[int]]:
    """Return the right answers of filters and of dense layers for digits anywhere on a sheet, and their weights."""
    shapes = [jax.eval_shape(init, jax.random.key(0)) for init in (FILTERS_INIT, DENSE_INIT)]
    dense = trained(models.mlp.apply, partial(begin, DENSE_INIT), _sheets(COUNTS[-1], False), EPOCHS)
    sizes = [sum(leaf.size for leaf in jax.tree.leaves(shape)) for shape in shapes]
    return {"filters": more_data()[-1], "dense layers": dense}, sizes


@cache
def more_data() -> np.ndarray:
    """Return the right answers of one network after the same steps on more and more images, (counts, seeds)."""
    start = partial(begin, FILTERS_INIT)
    return np.stack([trained(_filters, start, _sheets(count, True), EPOCHS) for count in COUNTS])
