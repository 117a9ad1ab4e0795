"""One epoch from the outside: a new order of the examples, then stretches of compiled steps until all are taken."""

import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, UInt32

from nnjax.training.step import Learner, Metrics

Look = Callable[[int, Metrics], None]

BATCH_BYTES = 16 * 2**20
"""Mini-batches fetched at once, in bytes: memory this small is reused by the allocator, larger blocks are not."""

SHORT, LONG = 0.25, 1.0
"""Seconds that a stretch of steps should take at least and at most, so that the bar moves and Ctrl-C is answered."""

FIRST = 8
"""Steps of the first stretch of a run, when nothing is known yet about their speed."""


@jax.jit
def epoch_keys(key: Array, epoch: int | Array) -> tuple[Array, Array]:
    """Return (order_key as bare numbers, step_key) = split(fold_in(key, epoch))."""
    order_key, step_key = jax.random.split(jax.random.fold_in(key, epoch))
    return order_key if order_key.dtype == jnp.uint32 else jax.random.key_data(order_key), step_key


def shuffle(order_key: UInt32[np.ndarray, "numbers"], n: int, batch_size: int) -> Int[np.ndarray, "steps batch"]:
    """Return the rows of each mini-batch of an epoch, the n % batch_size examples that come last being dropped.

    The order is the one that sorts n random numbers of Philox (Salmon et al., 2011), a relative of JAX's own generator,
    whose key are the numbers of ``order_key``. Drawn and sorted on the host, where sorting is many times as fast as in
    XLA on a CPU and need not be compiled for each n.
    """
    seed = int.from_bytes(order_key.tobytes(), "little")
    order = np.argsort(np.random.Philox(key=seed).random_raw(n), kind="stable").astype(np.int32)
    steps = n // batch_size
    return order[: steps * batch_size].reshape(steps, batch_size)


def drawing(key: Array, n: int, batch_size: int) -> Callable[[int], tuple[np.ndarray, Array]]:
    """Return draw(epoch), which gives the rows of each mini-batch of that epoch over n examples, and its step_key."""

    def draw(epoch: int) -> tuple[np.ndarray, Array]:
        order_key, step_key = epoch_keys(key, epoch)
        return shuffle(np.asarray(order_key), n, batch_size), step_key

    return draw


def means(metrics: Metrics) -> dict[str, float]:
    """Return the mean over all steps of each measure."""
    return {name: float(np.mean(values, dtype=np.float64)) for name, values in metrics.items()}


def longest_stretch(steps: int, bytes_per_step: int) -> int:
    """Return how many steps one call may take: those whose mini-batches fit in BATCH_BYTES, at least one."""
    return max(1, min(steps, BATCH_BYTES // max(bytes_per_step, 1)))


def pace(count: int, seconds: float, longest: int) -> int:
    """Return how many steps to take next, when ``count`` steps took so many seconds."""
    if seconds < SHORT:
        return min(4 * count, longest)
    return max(1, count // 2) if seconds > LONG else count


def epoch_runner(
    draw: Callable[[int], tuple[np.ndarray, Array]],
    advance: Callable[[Learner, Array, Array, int, int], tuple[Learner, Metrics]],
    longest: int,
) -> Callable[[Learner, int, Look], tuple[Learner, Metrics]]:
    """Return the function that takes a learner through one epoch.

    ``draw(epoch)`` gives the rows of each mini-batch and the key of the steps; ``advance(learner, key, rows, start,
    count)`` takes ``count`` steps from the step ``start`` on. What is returned is ``run(learner, epoch, look)``, which
    gives the learner and the measures of each step, (steps, ...) arrays, and calls ``look(start, measures)`` after each
    stretch of steps.
    """
    count = min(FIRST, longest)

    def run(learner: Learner, epoch: int, look: Look) -> tuple[Learner, Metrics]:
        nonlocal count
        order, key = draw(epoch)
        rows = jax.device_put(np.concatenate([order, np.zeros((longest, *order.shape[1:]), order.dtype)]))
        parts: list[Metrics] = []
        start, steps = 0, len(order)
        while start < steps:
            taken = min(count, steps - start)
            began = time.perf_counter()
            learner, metrics = advance(learner, key, rows, start, taken)
            part = {name: np.asarray(values)[:taken] for name, values in metrics.items()}
            seconds = time.perf_counter() - began
            look(start, part)
            parts.append(part)
            start += taken
            if taken == count or seconds > LONG:  # a last, shorter stretch says little
                count = pace(taken, seconds, longest)
        return learner, {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    return run
