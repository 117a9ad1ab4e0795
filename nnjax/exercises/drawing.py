"""Drawing inputs for exercises from a NumPy generator, in float32."""

from collections.abc import Callable

import numpy as np

# A way of drawing numbers of a shape, such as ``normal`` and ``short``: (rng, *shape) -> array.
Numbers = Callable[..., np.ndarray]


def normal(rng: np.random.Generator, *shape: int, scale: float = 1) -> np.ndarray:
    """Return numbers from the normal distribution with mean 0 and deviation ``scale``."""
    return np.asarray(scale * rng.normal(size=shape), np.float32)


def short(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Return numbers of one decimal, none of them 0, for the case that a learner is shown."""
    return np.array(rng.choice([-1, 1], shape) * rng.integers(2, 20, shape) / 10, np.float32)


def between(rng: np.random.Generator, low: float, high: float) -> float:
    """Return a Python number of three decimals between two."""
    return round(float(rng.uniform(low, high)), 3)


def layer(rng: np.random.Generator, inputs: int, outputs: int, numbers: Numbers = normal) -> dict[str, np.ndarray]:
    """Return the parameters of a dense layer."""
    return {"W": numbers(rng, inputs, outputs), "b": numbers(rng, outputs)}
