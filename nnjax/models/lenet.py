"""LeNet-5, the network that read cheques, as published (LeCun, Bottou, Bengio and Haffner, 1998).

::

    input   1 of 32 x 32        ink near 1.175, paper at -0.1: about mean 0 and variance 1
    C1      6 of 28 x 28        convolution 5 x 5                                                      156 trained
    S2      6 of 14 x 14        sum of each 2 x 2, times a coefficient, plus a bias, one for each map   12
    C3     16 of 10 x 10        convolution 5 x 5, each map of some of the maps below, see TABLE     1,516
    S4     16 of  5 x  5        as S2                                                                   32
    C5    120 of  1 x  1        convolution 5 x 5                                                   48,120
    F6     84                   dense                                                               10,164
    output 10                   distance to a code of 84 numbers of +-1 for each class, not trained

After each of C1 to F6 comes 1.7159 tanh(2/3 a), which is +-1 at a = +-1. The output y_i = |h - code_i|^2 is small for
the class that is meant; ``apply`` returns -y, so that the cross-entropy of these logits is the published criterion
(equation 9) without its constant. Two things differ: the codes, there drawn by hand as little pictures of the digits,
are here rows of a Hadamard matrix, each 40 to 43 signs away from every other; and the coefficients of S2 and S4 begin
at 1/4, as means.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Integer

from nnjax import layers, losses
from nnjax.initializers import Key

Params = dict[str, dict[str, Any]]
Images = Float[Array, "batch height width 1"]
Scalar = Float[Array, ""]

_SEEN = ("012", "123", "234", "345", "045", "015", "0123", "1234", "2345", "0345", "0145", "0125",
         "0134", "1245", "0235", "012345")  # fmt: skip
TABLE = np.array([[str(below) in seen for seen in _SEEN] for below in range(6)])
"""Which maps of S2 (rows) each map of C3 (columns) sees: the maps of C3 become unlike, and there are fewer weights."""

CODES = np.array([[1 - 2 * ((i & j).bit_count() % 2) for j in range(1, 85)] for i in range(1, 11)])
"""The code (84,) of each of the ten classes."""


def init(key: Key) -> Params:
    """Return {"C1", "S2", "C3", "S4", "C5", "F6"}; weights are uniform in +-2.4 / (inputs of a unit), biases 0.

    C3's kernel has an entry for every pair of maps; those that TABLE does not connect are 0 and stay 0.
    """
    c1, c3, c5, f6 = jax.random.split(key, 4)
    fan_in = 25 * TABLE.sum(axis=0)
    return {
        "C1": _weights(c1, (5, 5, 1, 6), 25),
        "S2": {"coefficient": jnp.full(6, 0.25), "bias": jnp.zeros(6)},
        "C3": _connected(_weights(c3, (5, 5, 6, 16), fan_in)),
        "S4": {"coefficient": jnp.full(16, 0.25), "bias": jnp.zeros(16)},
        "C5": _weights(c5, (5, 5, 16, 120), 400),
        "F6": _weights(f6, (120, 84), 120),
    }


def apply(params: Params, x: Images) -> Float[Array, "batch 10"]:
    """Return minus the squared distances to the codes of the ten classes; the largest is the answer.

    ``x`` is 1 for ink, 0 for paper, 32 x 32, or 28 x 28 and then gets a margin of paper. Raises ValueError otherwise.
    """
    if x.ndim != 4 or x.shape[1:] not in ((28, 28, 1), (32, 32, 1)):
        raise ValueError(f"x has shape {x.shape}; LeNet-5 reads (batch, 28, 28, 1) or (batch, 32, 32, 1)")
    margin = (32 - x.shape[1]) // 2
    x = 1.275 * jnp.pad(x, ((0, 0), (margin, margin), (margin, margin), (0, 0))) - 0.1
    h = squash(layers.conv.conv2d_apply(params["C1"], x))
    h = squash(_subsample(params["S2"], h))
    h = squash(layers.conv.conv2d_apply(_connected(params["C3"]), h))
    h = squash(_subsample(params["S4"], h))
    h = squash(layers.conv.conv2d_apply(params["C5"], h))
    h = squash(layers.dense.apply(params["F6"], h.reshape(-1, 120)))
    return -jnp.sum((h[:, None] - CODES) ** 2, axis=-1)


def loss(params: Params, x: Images, targets: Integer[Array, " batch"]) -> Scalar:
    """Return mean of y_d + log sum_i e^(-y_i): the class d is to be near, all others far."""
    return losses.cross_entropy(apply(params, x), targets)


def squash(a: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Return 1.7159 tanh(2/3 a)."""
    return 1.7159 * jnp.tanh(2 / 3 * a)


def _weights(key: Key, shape: tuple[int, ...], fan_in: int | np.ndarray) -> dict[str, Array]:
    return {"W": jax.random.uniform(key, shape, minval=-2.4, maxval=2.4) / fan_in, "b": jnp.zeros(shape[-1])}


def _connected(params: dict[str, Any]) -> dict[str, Any]:
    return params | {"W": params["W"] * TABLE}


def _subsample(params: dict[str, Any], x: Array) -> Array:
    return params["coefficient"] * 4 * layers.pooling.average_pool(x, 2) + params["bias"]
