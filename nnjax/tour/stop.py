"""One stop of the tour: a network of one lesson, trained from many seeds, with its gradient certified."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array, PyTree

from nnjax import certify, training
from nnjax.data import Dataset

CERTIFIED_EXAMPLES = 64
HEADINGS = ("lesson", "network", "data", "result", "gradient error", "time")


class Stop(NamedTuple):
    """What a stop found: one score for each seed, the worst gradient error, and what can be drawn.

    ``gradient_error`` is the largest relative error between jax.grad and backpropagation by hand, in float64, over the
    trained networks of all seeds on real examples. ``pictures`` maps file names to functions that draw them; ``places``
    are the decimals shown.
    """

    lesson: str
    network: str
    data: str
    measure: str
    scores: np.ndarray
    gradient_error: float
    pictures: dict[str, Callable[[], Any]]
    places: int = 3
    seconds: float = 0.0

    @property
    def mean(self) -> float:
        """The mean score over the seeds."""
        return float(np.mean(self.scores))

    @property
    def deviation(self) -> float:
        """The standard deviation of the score over the seeds."""
        return float(np.std(self.scores))

    @property
    def result(self) -> str:
        """The result as the table shows it: mean and standard deviation over the seeds."""
        if self.measure == "accuracy":
            return f"{100 * self.mean:.1f} ± {100 * self.deviation:.1f} %"
        spread = f" ± {self.deviation:.{self.places}f}" if self.deviation else ""
        return f"{self.measure}{self.mean:.{self.places}f}{spread}"


def trained(
    keys: Array,
    lesson: str,
    network: str,
    dataset: Dataset,
    *,
    init: Callable[..., Any],
    apply: Callable[..., Any],
    loss: Callable[..., Any],
    by_hand: Callable[..., Any],
    optimizer: Any,
    epochs: int,
    batch_size: int,
    data_name: str = "",
) -> tuple[Stop, training.FitMany]:
    """Train the network from every key at once; return the stop, without pictures, and all that was learnt.

    The score is the accuracy on the test data or, of text, their cross-entropy, a mean over all characters.
    ``loss`` and ``by_hand`` are the model's, in evaluation: what is certified are the trained networks.
    """
    result = training.fit_many(
        apply, init, dataset, epochs=epochs, keys=keys, optimizer=optimizer, batch_size=batch_size, progress=False
    )
    text = dataset.y.ndim > 1
    scores = result.history["val_loss" if text else "val_accuracy"][:, -1]
    error = worst_gradient_error(loss, by_hand, result.params, dataset.x, dataset.y)
    measure = "loss " if text else "accuracy"
    return Stop(lesson, network, data_name or dataset.name, measure, scores, error, {}, places=2), result


def worst_gradient_error(
    loss: Callable[..., Any], by_hand: Callable[..., Any], params: PyTree, x: np.ndarray, targets: PyTree
) -> float:
    """Return the largest gradient error over the networks stacked on the first axis of ``params``, on some examples."""
    x, targets = jax.tree.map(lambda leaf: leaf[:CERTIFIED_EXAMPLES], (x, targets))
    count = len(jax.tree.leaves(params)[0])
    networks = (jax.tree.map(lambda p, i=i: p[i], params) for i in range(count))
    return max(certify.gradient_error(loss, by_hand, network, x, targets) for network in networks)


def cells(stop: Stop) -> tuple[str, ...]:
    """Return what the table says of a stop, column by column."""
    seconds = f"{stop.seconds:.{1 if stop.seconds < 99.95 else 0}f} s"
    return stop.lesson, stop.network, stop.data, stop.result, f"{stop.gradient_error:.0e}", seconds


def summary(stops: list[Stop]) -> list[dict[str, Any]]:
    """Return the stops as plain numbers and strings, for JSON."""
    return [
        {
            "lesson": stop.lesson,
            "network": stop.network,
            "data": stop.data,
            "measure": stop.measure,
            "mean": stop.mean,
            "deviation": stop.deviation,
            "seeds": len(stop.scores),
            "gradient_error": stop.gradient_error,
            "seconds": round(stop.seconds, 2),
        }
        for stop in stops
    ]
