"""Cases of the losses: one and several outputs, labels and rows of probabilities, sequences, weights and biases."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import Any

import jax
import numpy as np

from nnjax import losses
from nnjax.certify.activation_cases import away_from_zero
from nnjax.certify.engine import Case
from nnjax.manual import losses as manual

Cases = Callable[[np.random.Generator], Iterator[Case]]


def of_outputs(name: str, y: np.ndarray, d: np.ndarray) -> Case:
    """Return the case of a loss of outputs y and targets d, differentiated by y."""

    def by_hand(y: Any, dy: Any) -> tuple[Any, Any]:
        return getattr(manual, name)(y, d)

    return Case(y, lambda y: getattr(losses, name)(y, jax.numpy.asarray(d)), by_hand)


def _squared_error(rng: np.random.Generator) -> Iterator[Case]:
    for shape in ((5,), (4, 3), (2, 3, 2)):
        yield of_outputs("squared_error", rng.normal(size=shape), rng.normal(size=shape))


def _binary_cross_entropy(rng: np.random.Generator) -> Iterator[Case]:
    for shape, scale in (((6,), 1.0), ((4, 3), 5.0), ((8, 1), 20.0)):
        yield of_outputs("binary_cross_entropy", scale * rng.normal(size=shape), rng.integers(0, 2, shape))
    yield of_outputs("binary_cross_entropy", rng.normal(size=5), rng.uniform(size=5))


def _cross_entropy(rng: np.random.Generator) -> Iterator[Case]:
    for shape, scale in (((5, 2), 1.0), ((1, 10), 3.0), ((8, 4), 10.0)):
        yield of_outputs("cross_entropy", scale * rng.normal(size=shape), rng.integers(0, shape[1], shape[0]))
    yield of_outputs("cross_entropy", rng.normal(size=(6, 3)), np.eye(3)[rng.integers(0, 3, 6)])
    yield of_outputs("cross_entropy", rng.normal(size=(4, 5)), rng.dirichlet(np.ones(5), 4))
    yield of_outputs("cross_entropy", rng.normal(size=(2, 3, 4)), rng.integers(0, 4, (2, 3)))


def _perceptron_criterion(rng: np.random.Generator) -> Iterator[Case]:
    for shape in ((6,), (4, 3), (1,)):
        yield of_outputs("perceptron_criterion", away_from_zero(rng, shape), rng.integers(0, 2, shape))


def _penalty(name: str, rng: np.random.Generator) -> Iterator[Case]:
    for rate, sizes in ((0.1, (3, 2)), (0.01, (2, 4, 3)), (1.0, (1, 1, 1))):
        params = [
            {"W": away_from_zero(rng, (inputs, outputs)), "b": rng.normal(size=outputs)}
            for inputs, outputs in pairwise(sizes)
        ]

        def by_hand(params: Any, dy: Any, rate: float = rate) -> tuple[Any, Any]:
            return getattr(manual, name)(params, rate)

        yield Case(params, partial(getattr(losses, name), rate=rate), by_hand)


CASES: dict[str, Cases] = {
    "losses.squared_error": _squared_error,
    "losses.binary_cross_entropy": _binary_cross_entropy,
    "losses.cross_entropy": _cross_entropy,
    "losses.perceptron_criterion": _perceptron_criterion,
    "losses.l1": partial(_penalty, "l1"),
    "losses.l2": partial(_penalty, "l2"),
}
