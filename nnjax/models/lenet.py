"""LeNet-5, layer by layer as published (LeCun, Bottou, Bengio and Haffner, 1998): 60,000 trainable parameters.

Images of 32 x 32 (28 x 28 ones are padded by 2), white -0.1 and black 1.175, so that they have about mean 0 and
variance 1. Squashing, after every layer up to F6, is f(a) = 1.7159 tanh(2/3 a), with f(1) = 1 and f(-1) = -1::

    C1  6 maps 28 x 28     convolution 5 x 5                                                           156 parameters
    S2  6 maps 14 x 14     sum of each 2 x 2 window, times a coefficient, plus a bias: two for a map    12
    C3  16 maps 10 x 10    convolution 5 x 5, each map from some maps of S2 only                     1,516
    S4  16 maps 5 x 5      as S2                                                                        32
    C5  120 maps 1 x 1     convolution 5 x 5 of all maps                                            48,120
    F6  84 units           dense                                                                    10,164
    output                 y_i = sum_j (f_j - code_ij)^2, the distance of F6 from the code of class i, fixed

Each map of C3 has its own choice of maps of S2, ``CONNECTIONS``: that keeps the number of connections small and makes
the maps differ. The class whose code is nearest is the answer; ``apply`` gives -y, the nearest being the largest.

What is not as published: the codes, 7 x 12 bitmaps of printed characters there, are here digits of seven segments of
the same size; the loss is the paper's second criterion, the mean of y_d + log(e^-j + sum_i e^-y_i), without its
constant e^-j, which makes it the cross-entropy of -y; and training is whatever ``fit`` is told, not their diagonal
Levenberg-Marquardt method.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Num

from nnjax import layers, losses
from nnjax.initializers import Key, drawn, fans

Params = dict[str, dict[str, Array]]
Scalar = Float[Array, ""]
Images = Float[Array, "batch height width 1"]

CONNECTIONS = (
    *((0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (4, 5, 0), (5, 0, 1)),
    *((0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (3, 4, 5, 0), (4, 5, 0, 1), (5, 0, 1, 2)),
    *((0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5)),
    (0, 1, 2, 3, 4, 5),
)
"""The maps of S2 that each of the 16 maps of C3 sees: three in a row, four in a row, two and two, all."""

FROM = np.array([source for sources in CONNECTIONS for source in sources], np.int32)
TO = np.array([target for target, sources in enumerate(CONNECTIONS) for _ in sources], np.int32)


def init(key: Key) -> Params:
    """Return the six trainable layers, weights uniform in +- 2.4 / fan-in as in the paper, and biases 0.

    C3 has a 5 x 5 kernel for each of its 60 connections, in the order of ``CONNECTIONS``.
    """
    keys = iter(jax.random.split(key, 6))
    sizes = np.bincount(TO)[TO]  # of each connection, how many maps its target sees
    return {
        "C1": layers.conv.conv2d_init(next(keys), 5, 1, 6, initializer=uniform),
        "S2": {"W": _spread(next(keys), (6,), 4), "b": jnp.zeros(6)},
        "C3": {"W": _spread(next(keys), (5, 5, len(TO)), 25 * sizes), "b": jnp.zeros(16)},
        "S4": {"W": _spread(next(keys), (16,), 4), "b": jnp.zeros(16)},
        "C5": layers.conv.conv2d_init(next(keys), 5, 16, 120, initializer=uniform),
        "F6": layers.dense.init(next(keys), 120, 84, initializer=uniform),
    }


def apply(params: Params, x: Images) -> Float[Array, "batch 10"]:
    """Return -y, minus the squared distances of F6 from the codes of the ten digits, for pixels x between 0 and 1.

    Raises ValueError unless the images are (28, 28, 1) or (32, 32, 1).
    """
    if x.shape[1:] not in ((28, 28, 1), (32, 32, 1)):
        raise ValueError(f"x has shape {x.shape}; LeNet-5 wants (batch, 28, 28, 1) or (batch, 32, 32, 1)")
    margin = (32 - x.shape[1]) // 2
    h = 1.275 * jnp.pad(x, ((0, 0), (margin, margin), (margin, margin), (0, 0))) - 0.1
    h = squash(layers.conv.conv2d_apply(params["C1"], h))
    h = squash(subsample(params["S2"], h))
    h = squash(layers.conv.conv2d_apply({"W": full_kernel(params["C3"]["W"]), "b": params["C3"]["b"]}, h))
    h = squash(subsample(params["S4"], h))
    h = squash(layers.conv.conv2d_apply(params["C5"], h))
    h = squash(layers.dense.apply(params["F6"], h.reshape(x.shape[0], 120)))
    return -jnp.sum((h[:, None] - jnp.asarray(CODES, h.dtype)) ** 2, axis=-1)


def loss(params: Params, x: Images, targets: Num[Array, "batch *classes"]) -> Scalar:
    """Return the mean of y_d + log sum_i e^-y_i, d the right class: its distance, and that others be farther."""
    return losses.cross_entropy(apply(params, x), targets)


def squash(a: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Return 1.7159 tanh(2/3 a)."""
    return 1.7159 * jnp.tanh(2 / 3 * a)


def subsample(params: dict[str, Array], x: Float[Array, "batch height width maps"]) -> Float[Array, "batch h w maps"]:
    """Return W * (sum of each 2 x 2 window) + b, one coefficient W and one bias b for each map."""
    return params["W"] * 4 * layers.pooling.average_pool(x, 2) + params["b"]


def full_kernel(W: Float[Array, "5 5 connections"]) -> Float[Array, "5 5 6 16"]:
    """Return the kernel of C3 with zeros where there is no connection."""
    return jnp.zeros((5, 5, 6, 16), W.dtype).at[:, :, FROM, TO].set(W)


def codes() -> Float[np.ndarray, "10 84"]:
    """Return the code of each digit, a bitmap of 12 rows by 7 columns read row by row: 1 where it is lit, else -1."""
    segments = {
        "a": (slice(0, 2), slice(0, 7)), "g": (slice(5, 7), slice(0, 7)), "d": (slice(10, 12), slice(0, 7)),
        "f": (slice(0, 7), slice(0, 2)), "b": (slice(0, 7), slice(5, 7)),
        "e": (slice(5, 12), slice(0, 2)), "c": (slice(5, 12), slice(5, 7)),
    }  # fmt: skip
    bitmaps = np.full((10, 12, 7), -1.0)
    lit_by_digit = ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgcde", "abc", "abcdefg", "abcdfg")
    for bitmap, lit in zip(bitmaps, lit_by_digit, strict=True):
        for segment in lit:
            bitmap[segments[segment]] = 1.0
    return bitmaps.reshape(10, 84)


CODES = codes()
"""The fixed codes of the output layer, (10, 84)."""


def uniform(key: Key, shape: tuple[int, ...]) -> Float[Array, "..."]:
    """Return numbers uniform in +- 2.4 / fan-in, which keeps sums where the squashing function is steep."""
    return _spread(key, shape, fans(shape)[0])


def _spread(key: Key, shape: tuple[int, ...], fan_in: int | np.ndarray) -> Array:
    return jnp.asarray(2.4 / fan_in) * drawn(jax.random.uniform, key, shape, minval=-1)
