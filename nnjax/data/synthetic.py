"""Data made on the spot: the logic gates, and three toy problems in the plane that no straight line solves."""

import numpy as np
from jaxtyping import Float, Int

_TRUTH = {"and": (0, 0, 0, 1), "or": (0, 1, 1, 1), "nand": (1, 1, 1, 0), "xor": (0, 1, 1, 0)}


def gate(name: str) -> tuple[Float[np.ndarray, "4 2"], Int[np.ndarray, "4"]]:
    """The truth table of "and", "or", "nand" or "xor": inputs 00, 01, 10, 11 and the labels.

    XOR is the one that no single neuron can learn (Minsky and Papert, 1969).
    """
    x = np.array([(0, 0), (0, 1), (1, 0), (1, 1)], np.float32)
    return x, np.array(_TRUTH[name], np.int32)


def moons(
    samples: int = 1000, *, noise: float = 0.15, seed: int = 0
) -> tuple[Float[np.ndarray, "n 2"], Int[np.ndarray, "n"]]:
    """Two interleaved half circles of radius 1, by scikit-learn's make_moons, with normal noise of deviation
    ``noise``."""
    from sklearn.datasets import make_moons

    x, y = make_moons(samples, noise=noise, random_state=seed)
    return x.astype(np.float32), y.astype(np.int32)


def circles(
    samples: int = 1000, *, noise: float = 0.1, seed: int = 0
) -> tuple[Float[np.ndarray, "n 2"], Int[np.ndarray, "n"]]:
    """A circle of radius 1 around one of radius 1/2, by scikit-learn's make_circles, with normal noise of deviation
    ``noise``."""
    from sklearn.datasets import make_circles

    x, y = make_circles(samples, factor=0.5, noise=noise, random_state=seed)
    return x.astype(np.float32), y.astype(np.int32)


def spirals(
    samples: int = 1000, *, classes: int = 2, turns: float = 1.25, noise: float = 0.03, seed: int = 0
) -> tuple[Float[np.ndarray, "n 2"], Int[np.ndarray, "n"]]:
    """Spiral arms around the origin (after Lang and Witbrock, 1988).

    At t, drawn uniformly from [0.1, 1], arm k of ``classes`` is at radius t and angle 2 pi (k / classes + turns t);
    each coordinate gets normal noise of deviation ``noise``. Sample i belongs to arm i mod classes.
    """
    if classes not in (2, 3):
        raise ValueError(f"classes={classes}: spirals have 2 or 3 arms")
    generator = np.random.default_rng(seed)
    y = np.arange(samples) % classes
    t = generator.uniform(0.1, 1.0, samples)
    angle = 2 * np.pi * (y / classes + turns * t)
    x = t[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    x += generator.normal(0.0, noise, x.shape)
    return x.astype(np.float32), y.astype(np.int32)
