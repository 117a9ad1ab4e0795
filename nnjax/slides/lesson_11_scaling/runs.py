"""What the figures of lesson 11's deck measure: fusion, the roofline, memory, sixteen bits, and two mistakes."""

import re
import time
from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from nnjax import certify, data, losses, manual, models, optimizers

SHAPE = (64, 128, 10)
OPERATIONS = (2, 4, 8, 16, 32)
SAMPLES = (1, 4, 16, 64, 128)
PIECES = (1, 4, 11, 44)
BATCH = 2**24
"""Samples of a large batch, of which one device holds 64."""


class Speed(NamedTuple):
    """FLOPs for each byte moved, FLOPs a second, bytes a second, and seconds for each sample."""

    intensity: float
    rate: float
    moved: float
    each: float


def bump(x: Any) -> Any:
    """Return the lesson's little function, whose operations XLA puts into one loop."""
    return 1 / (1 + jnp.exp(-2 * jnp.abs(x - 1)))


def operations_of_bump() -> list[str]:
    """Return the names of its operations on numbers, as StableHLO has them."""
    text = jax.jit(bump).lower(jnp.ones(4)).as_text()
    return [name for name in re.findall(r"stablehlo\.(\w+)", text) if name not in ("constant", "broadcast_in_dim")]


@cache
def digits() -> tuple[Any, Any, Any, Any]:
    """Return 1,408 flat digits with their labels, and the unseen ones with theirs."""
    flat = data.flatten(data.load("digits"))
    x, y, x_test, y_test = map(jnp.asarray, (flat.x[:1408], flat.y[:1408], flat.x_test, flat.y_test))
    return x, y, x_test, y_test


def loss(params: Any, batch: Any) -> Any:
    """Return the cross-entropy of the network on (x, labels)."""
    return models.mlp.loss(params, *batch)


def parameters(sizes: tuple[int, ...]) -> int:
    """Return how many numbers a network of these sizes has."""
    shapes = jax.eval_shape(lambda: models.mlp.init(jax.random.key(0), sizes))
    return sum(leaf.size for leaf in jax.tree.leaves(shapes))


def seconds(programs: dict[Any, Callable[[], Any]], rounds: int) -> dict[Any, float]:
    """Return the least time of each program. They take turns, so that what else the machine does hits all alike."""
    least = dict.fromkeys(programs, float("inf"))
    for turn in range(rounds + 1):
        for name, program in programs.items():
            start = time.perf_counter()
            jax.block_until_ready(program())
            if turn:  # the first call compiles
                least[name] = min(least[name], time.perf_counter() - start)
    return least


def chain(x: Any, count: int) -> Any:
    """Return x after ``count`` operations on each number."""
    for _ in range(count // 2):
        x = 0.9 * x + 0.1
    return x


@cache
def fusion() -> tuple[np.ndarray, np.ndarray]:
    """Return the times one by one and fused, for each of OPERATIONS, in those of the shortest fused one."""
    long = jnp.linspace(0, 1, 4_000_000)
    ways: dict[Any, Callable[[], Any]] = {n: partial(chain, long, n) for n in OPERATIONS}
    apart = seconds(ways, rounds=4)
    programs: dict[Any, Callable[[], Any]] = {n: partial(jax.jit(partial(chain, count=n)), long) for n in OPERATIONS}
    fused = seconds(programs, rounds=30)
    unit = fused[OPERATIONS[0]]
    return np.array([apart[n] for n in OPERATIONS]) / unit, np.array([fused[n] for n in OPERATIONS]) / unit


@cache
def speeds() -> dict[Any, Speed]:
    """Return how fast "sum" and a layer of width 3,072 are, the latter by its number of samples."""
    width, long = 3072, jnp.linspace(0, 1, 4_000_000)
    layer, W = jax.jit(jnp.matmul), jnp.ones((width, width))
    programs: dict[Any, Callable[[], Any]] = {m: partial(layer, jnp.ones((m, width)), W) for m in SAMPLES}
    took = seconds(programs | {"sum": partial(jax.jit(jnp.sum), long)}, rounds=30)
    found: dict[Any, Speed] = {"sum": Speed(0.25, len(long) / took["sum"], 4 * len(long) / took["sum"], 0.0)}
    for m in SAMPLES:
        work, moved = 2 * m * width**2, 4 * (width**2 + 2 * m * width)
        found[m] = Speed(work / moved, work / took[m], moved / took[m], took[m] / m)
    return found


@cache
def peak() -> float:
    """Return the FLOPs a second of a large product of matrices on this machine."""
    square = jnp.ones((1024, 1024))
    return 2 * 1024**3 / seconds({"square": partial(jax.jit(jnp.matmul), square, square)}, rounds=10)["square"]


def kilobytes() -> list[float]:
    """Return what XLA needs for the values on the way of the gradient on 1,408 digits, cut into each of PIECES."""
    x, labels, _, _ = digits()
    params = models.mlp.init(jax.random.key(0), SHAPE)

    def in_pieces(params: Any, batch: Any, count: int) -> Any:
        def add(total: Any, piece: Any) -> tuple[Any, None]:
            return jax.tree.map(jnp.add, total, jax.grad(loss)(params, piece)), None

        cut = jax.tree.map(lambda rows: rows.reshape(count, -1, *rows.shape[1:]), batch)
        total, _ = jax.lax.scan(add, jax.tree.map(jnp.zeros_like, params), cut)
        return jax.tree.map(lambda leaf: leaf / count, total)

    found = []
    for count in PIECES:
        way = jax.grad(loss) if count == 1 else partial(in_pieces, count=count)
        analysis: Any = jax.jit(way).lower(params, (x, labels)).compile().memory_analysis()
        found.append(analysis.temp_size_in_bytes / 1000)
    return found


def sample_losses(count: int) -> np.ndarray:
    """Return the loss of each of the first digits, by a network that has learnt nothing yet."""
    x, labels, _, _ = digits()
    params = models.mlp.init(jax.random.key(0), SHAPE)
    each = jax.vmap(lambda x, label: models.mlp.loss(params, x[None], label[None]))
    return np.asarray(each(x[:count], labels[:count]))


RUNS: tuple[tuple[str, Any, float], ...] = (
    ("float32", jnp.float32, 1.0),
    ("bfloat16", jnp.bfloat16, 1.0),
    ("float16", jnp.float16, 1.0),
    ("float16, loss × $2^{24}$", jnp.float16, 2.0**24),
    ("float16, loss × $2^{40}$", jnp.float16, 2.0**40),
)


@cache
def sixteen_bits() -> dict[str, tuple[np.ndarray, list[float], Any]]:
    """Return, for each of RUNS, one seed's loss after each epoch, the shares of unseen digits right, and its network.

    Each device holds 64 of BATCH samples, so its part of the loss has a factor 64 / BATCH; the others send the same.
    """
    x, labels, x_test, y_test = digits()
    rng = np.random.default_rng(0)
    orders = [np.stack([rng.permutation(1408).reshape(22, 64) for _ in range(20)]) for _ in range(4)]

    def part(params: Any, rows: Any, kind: Any, scale: Any) -> Any:
        low = jax.tree.map(lambda leaf: leaf.astype(kind), params)
        logits = models.mlp.apply(low, x[rows].astype(kind)).astype(jnp.float32)
        return scale * losses.cross_entropy(logits, labels[rows]) * len(rows) / BATCH

    @partial(jax.jit, static_argnames="kind")
    def train(kind: Any, scale: Any, params: Any, order: Any) -> Any:
        def step(params: Any, rows: Any) -> tuple[Any, None]:
            grads = jax.tree.map(lambda g: g / scale * (BATCH / 64), jax.grad(part)(params, rows, kind, scale))
            return jax.tree.map(lambda p, g: p - 0.1 * g, params, grads), None

        def epoch(params: Any, rows: Any) -> tuple[Any, Any]:
            params, _ = jax.lax.scan(step, params, rows)
            return params, loss(params, (x, labels))

        return jax.lax.scan(epoch, params, order)

    found = {}
    for name, kind, scale in RUNS:
        curves, rights, networks = [], [], []
        for seed, order in enumerate(orders):
            params, curve = train(kind, scale, models.mlp.init(jax.random.key(seed), (64, 64, 10)), order)
            curves.append(np.asarray(curve))
            networks.append(params)
            rights.append(100 * float(np.mean(models.mlp.apply(params, x_test).argmax(axis=1) == y_test)))
        found[name] = (curves[0], rights, networks[0])
    return found


def errors_at_outputs() -> np.ndarray:
    """Return the sizes of (y - d) / BATCH at the outputs of the trained network, for 512 digits."""
    x, labels, _, _ = digits()
    network = sixteen_bits()["float32"][2]
    y = jax.nn.softmax(models.mlp.apply(network, x[:512]))
    return np.abs(np.asarray(y - jax.nn.one_hot(labels[:512], 10), np.float64)).ravel() / BATCH


def forgotten() -> tuple[np.ndarray, np.ndarray]:
    """Return how far two runs, broken off after 60 of 110 steps, lie from the unbroken one after each further step.

    The first goes on with Adam's state, the second with a new one.
    """
    x, labels, _, _ = digits()
    adam = optimizers.adam(3e-3)

    @jax.jit
    def step(learner: Any, batch: Any) -> Any:
        grads = jax.grad(loss)(learner[0], batch)
        updates, state = adam.update(grads, learner[1], learner[0])
        return jax.tree.map(jnp.add, learner[0], updates), state

    def walk(learner: Any, first: int, last: int) -> list[Any]:
        passed = []
        for number in range(first, last):
            take = slice(128 * (number % 11), 128 * (number % 11) + 128)
            learner = step(learner, (x[take], labels[take]))
            passed.append(learner)
        return passed

    params = models.mlp.init(jax.random.key(0), SHAPE)
    whole = walk((params, adam.init(params)), 0, 110)
    half = jax.device_get(whole[59])
    ways = [walk(half, 60, 110), walk((half[0], adam.init(half[0])), 60, 110)]
    kept, lost = ([certify.relative_error(a[0], b[0]) for a, b in zip(way, whole[60:], strict=True)] for way in ways)
    return np.array(kept), np.array(lost)


def summed(devices: int, steps: int = 60) -> np.ndarray:
    """Return the losses of a training whose gradients are added up over devices and not divided, by hand in NumPy."""
    x, labels, _, _ = digits()
    images, targets = np.asarray(x, np.float64), np.asarray(labels)
    params = jax.tree.map(lambda p: np.asarray(p, np.float64), models.mlp.init(jax.random.key(0), SHAPE))
    found = []
    for number in range(steps):
        take = slice(128 * (number % 11), 128 * (number % 11) + 128)
        value, grads = manual.mlp.loss_and_grads(params, images[take], targets[take])
        found.append(float(value))
        params = jax.tree.map(lambda p, g: p - 0.4 * devices * g, params, grads)
    return np.array(found)
