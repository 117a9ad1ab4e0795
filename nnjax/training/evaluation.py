"""Measuring a network on data it is not trained on: batch by batch, without randomness."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Num, PyTree

from nnjax import losses
from nnjax.checks import require_whole
from nnjax.training import checking, trial
from nnjax.training.step import NAMES, Job, Metrics, call, measures

Batches = list[tuple[Array, Array]]


def evaluate(
    apply: Callable[..., Any],
    params: PyTree,
    x: Num[np.ndarray | Array, "n *shape"],
    y: Num[np.ndarray | Array, "m *target"],
    *,
    loss: Callable[..., Any] = losses.cross_entropy,
    batch_size: int = 1000,
    state: PyTree = None,
) -> dict[str, float]:
    """Return {"loss": mean loss, "accuracy": part that is right}, the latter for classification only (see ``fit``).

    The network is called as ``apply(params, x)``, with ``key=None`` and ``train=False`` where it has such arguments:
    nothing is dropped, running statistics are used and not changed. ``state`` are those statistics, if it has any:
    then it is ``apply(params, state, x)``. The means are over all n examples; ``batch_size`` of them are computed at
    a time, which bounds the memory and changes nothing else but the rounding.
    Raises ValueError, before anything is compiled, for data, parameters or shapes that cannot be right.
    """
    require_whole("batch_size", batch_size)
    x, y = checking.pair("x", x, "y", y)
    checking.float_arrays("params", params)
    job = trial.job(apply, loss, None, None, params, state, x[:batch_size], {"y": y}, training=False)
    means = average(partial(measure, job, params, state), split(x, y, batch_size))
    return {name: float(means[name]) for name in NAMES if name in means}


@partial(jax.jit, static_argnames="job")
def measure(job: Job, params: PyTree, state: PyTree, x: Array, y: Array) -> Metrics:
    """Return the mean loss and accuracy of one batch, in evaluation."""
    outputs, _ = call(job, params, state, x, key=None, train=False)
    return measures(job, job.loss(outputs, y), outputs, y)


def split(x: Any, y: Any, batch_size: int) -> Batches:
    """Return the data as batches on the device, of at most ``batch_size`` and of one size as far as that divides n."""
    size = -(-len(x) // -(-len(x) // batch_size))
    return [jax.device_put((x[i : i + size], y[i : i + size])) for i in range(0, len(x), size)]


def average(measure_batch: Callable[[Array, Array], Metrics], batches: Batches) -> dict[str, Any]:
    """Return the means over all examples, in float64, of what ``measure_batch`` returns as means over each batch."""
    results = [measure_batch(x, y) for x, y in batches]
    sizes = [len(x) for x, _ in batches]
    totals = {
        name: sum(size * np.asarray(result[name], np.float64) for size, result in zip(sizes, results, strict=True))
        for name in results[0]
    }
    return {name: total / sum(sizes) for name, total in totals.items()}
