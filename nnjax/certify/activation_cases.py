"""Cases of the activations: each at several slopes and shapes, away from kinks, where no derivative exists."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from nnjax import activations
from nnjax.certify.engine import Case
from nnjax.manual import activations as manual

Cases = Callable[[np.random.Generator], Iterator[Case]]

SHAPES = ((7,), (4, 3), (2, 3, 2))
SETTINGS: dict[str, list[dict[str, float]]] = {
    "identity": [{}],
    "step": [{}],
    "sigmoid": [{}, {"slope": 0.5}, {"slope": 3.0}],
    "tanh": [{}, {"slope": 0.5}, {"slope": 3.0}],
    "relu": [{}, {"slope": 0.5}, {"slope": 3.0}],
    "leaky_relu": [{}, {"slope": 0.3}],
    "elu": [{}, {"alpha": 0.4}, {"alpha": 2.0}],
    "gelu": [{}],
}


def away_from_zero(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Return numbers of either sign whose size is between 0.05 and 3."""
    return rng.choice([-1.0, 1.0], shape) * rng.uniform(0.05, 3, shape)


def _elementwise(name: str, rng: np.random.Generator) -> Iterator[Case]:
    forward, backward = manual.FORWARD[name], manual.BACKWARD[name]

    def by_hand(z: Any, dy: Any, **setting: float) -> tuple[Any, Any]:
        return forward(z, **setting), None if dy is None else backward(z, dy, **setting)

    for shape in SHAPES:
        for setting in SETTINGS[name]:
            apply = partial(activations.BY_NAME[name], **setting)
            yield Case(away_from_zero(rng, shape), apply, partial(by_hand, **setting))


def _prelu(rng: np.random.Generator) -> Iterator[Case]:
    def by_hand(inputs: Any, dy: Any) -> tuple[Any, Any]:
        z, slope = inputs["z"], inputs["slope"]
        if dy is None:
            return manual.prelu(z, slope), None
        dz, dslope = manual.prelu_backward(z, slope, dy)
        return manual.prelu(z, slope), {"z": dz, "slope": dslope}

    for features, slope_shape in ((3, ()), (4, (4,)), (2, (2,))):
        inputs = {"z": away_from_zero(rng, (5, features)), "slope": rng.uniform(0.05, 0.5, slope_shape)}
        inputs["slope"] = np.asarray(inputs["slope"])
        yield Case(inputs, lambda i: activations.prelu(i["z"], i["slope"]), by_hand)


def _row_by_row(name: str, shapes: tuple[tuple[int, ...], ...], rng: np.random.Generator) -> Iterator[Case]:
    forward, backward = getattr(manual, name), getattr(manual, f"{name}_backward")

    def by_hand(z: Any, dy: Any) -> tuple[Any, Any]:
        return forward(z), None if dy is None else backward(z, dy)

    for shape in shapes:
        yield Case(rng.normal(size=shape), getattr(activations, name), by_hand)


CASES: dict[str, Cases] = {
    **{f"activations.{name}": partial(_elementwise, name) for name in SETTINGS},
    "activations.prelu": _prelu,
    "activations.maxout": partial(_row_by_row, "maxout", ((3, 2, 4), (2, 5, 1), (4, 3, 3))),
    "activations.softmax": partial(_row_by_row, "softmax", ((3, 2), (1, 5), (4, 10))),
}
