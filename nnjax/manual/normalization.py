"""Layer (Ba, Kiros and Hinton, 2016) and batch normalisation (Ioffe and Szegedy, 2015) by hand.

Both normalise n numbers: the features of one example, or one feature over the batch. With mu their mean, v their
variance, s = sqrt(v + eps)::

    u_i = (x_i - mu) / s                       y_i = scale_i u_i + bias_i

Backward. First dbias = dy, dscale = dy u (summed over all that share them), du = dy scale. Then x_i reaches u_j in
three ways: itself (slope 1/s for j = i), through the mean (-1/(n s) for every j), and through the variance: dv/dx_i =
2 (x_i - mu) / n and du_j/dv = -(x_j - mu) / (2 s^3), together -u_i u_j / (n s). Adding them up::

    dx_i = (du_i - mean_j du_j - u_i mean_j du_j u_j) / s

In words: take from du its mean and its part along u, the two directions in which moving x changes nothing.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

Params = dict[str, ndarray]
Cache = tuple[ndarray, ndarray]


def layer_norm_forward(
    params: Params, x: Float[ndarray, "batch features"], *, eps: float = 1e-5
) -> tuple[Float[ndarray, "batch features"], Cache]:
    """Return (scale u + bias, cache), each row of u with mean 0 and variance 1; the cache is u and s."""
    return _forward(params, x, 1, eps)


def layer_norm_backward(
    params: Params, cache: Cache, dy: Float[ndarray, "batch features"]
) -> tuple[Float[ndarray, "batch features"], Params]:
    """Return (dx, {"scale", "bias"}), means along the features."""
    return _backward(params, cache, dy, 1)


def batch_norm_forward(
    params: Params, x: Float[ndarray, "batch features"], *, eps: float = 1e-5
) -> tuple[Float[ndarray, "batch features"], Cache]:
    """Return (scale u + bias, cache) in training, each column of u with mean 0 and variance 1."""
    return _forward(params, x, 0, eps)


def batch_norm_backward(
    params: Params, cache: Cache, dy: Float[ndarray, "batch features"]
) -> tuple[Float[ndarray, "batch features"], Params]:
    """Return (dx, {"scale", "bias"}), means along the batch."""
    return _backward(params, cache, dy, 0)


def batch_norm_evaluate(
    params: Params, state: Params, x: Float[ndarray, "batch features"], *, eps: float = 1e-5
) -> tuple[Float[ndarray, "batch features"], Cache]:
    """Return (scale u + bias, cache) in evaluation: mean and variance are the running ones, mere constants."""
    s = np.sqrt(state["var"] + eps)
    u = (x - state["mean"]) / s
    return params["scale"] * u + params["bias"], (u, s)


def batch_norm_evaluate_backward(
    params: Params, cache: Cache, dy: Float[ndarray, "batch features"]
) -> tuple[Float[ndarray, "batch features"], Params]:
    """Return (dx, {"scale", "bias"}) in evaluation: only the first of the three ways is open, dx = dy scale / s."""
    u, s = cache
    return dy * params["scale"] / s, {"scale": (dy * u).sum(axis=0), "bias": dy.sum(axis=0)}


def _forward(params: Params, x: ndarray, axis: int, eps: float) -> tuple[ndarray, Cache]:
    centred = x - x.mean(axis=axis, keepdims=True)
    s = np.sqrt((centred**2).mean(axis=axis, keepdims=True) + eps)
    u = centred / s
    return params["scale"] * u + params["bias"], (u, s)


def _backward(params: Params, cache: Cache, dy: ndarray, axis: int) -> tuple[ndarray, Params]:
    u, s = cache
    du = dy * params["scale"]
    along_u = u * (du * u).mean(axis=axis, keepdims=True)
    dx = (du - du.mean(axis=axis, keepdims=True) - along_u) / s
    return dx, {"scale": (dy * u).sum(axis=0), "bias": dy.sum(axis=0)}
