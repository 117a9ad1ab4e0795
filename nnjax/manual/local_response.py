"""Local response normalisation by hand (Krizhevsky, Sutskever and Hinton, 2012).

Forward, along the channels of one place, with n(i, j) = 1 where i and j are at most depth // 2 apart and else 0::

    s_i = bias + alpha sum_j n(i, j) x_j^2                  y_i = x_i s_i^-beta

Backward. x_j reaches y_j directly, with slope s_j^-beta, and through s_i every y_i near it: ds_i/dx_j = 2 alpha n(i, j)
x_j and dy_i/ds_i = -beta x_i s_i^(-beta - 1). n is symmetric, so the sum back is a sum over the same neighbours::

    dx_j = dy_j s_j^-beta - 2 alpha beta x_j sum_i n(i, j) dy_i x_i s_i^(-beta - 1)
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

Cache = tuple[ndarray, ndarray, ndarray, float, float]


def forward(
    x: Float[ndarray, "*batch channels"],
    *,
    depth: int = 5,
    bias: float = 2.0,
    alpha: float = 1e-4,
    beta: float = 0.75,
) -> tuple[Float[ndarray, "*batch channels"], Cache]:
    """Return (y, cache)."""
    channel = np.arange(x.shape[-1])
    near = (abs(channel[:, None] - channel) <= depth // 2).astype(float)
    s = bias + alpha * (x**2 @ near)
    return x * s**-beta, (x, s, near, alpha, beta)


def backward(cache: Cache, dy: Float[ndarray, "*batch channels"]) -> Float[ndarray, "*batch channels"]:
    """Return dx."""
    x, s, near, alpha, beta = cache
    return dy * s**-beta - 2 * alpha * beta * x * ((dy * x * s ** (-beta - 1)) @ near)
