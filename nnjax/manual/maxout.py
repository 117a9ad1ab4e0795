"""Maxout by hand (Goodfellow et al., 2013): dense pieces z_p = x W_p + b_p, of which the largest is passed on.

The winner's slope is 1 and the others' is 0, so dz is dh at the winner and 0 elsewhere; from there each piece is a
dense layer of its own, and x, which fed them all, collects from all: dx = sum_p dz_p W_p^T.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from nnjax.manual import activations

Params = dict[str, ndarray]


def forward(
    params: Params, x: Float[ndarray, "batch inputs"]
) -> tuple[Float[ndarray, "batch outputs"], tuple[ndarray, ndarray]]:
    """Return (h, cache), h_j = max_p z_pj; the cache is x and z (batch, pieces, outputs)."""
    z = np.stack([x @ W + b for W, b in zip(params["W"], params["b"], strict=True)], axis=1)
    return activations.maxout(z), (x, z)


def backward(
    params: Params, cache: tuple[ndarray, ndarray], dy: Float[ndarray, "batch outputs"]
) -> tuple[Float[ndarray, "batch inputs"], Params]:
    """Return (dx, {"W": (pieces, in, out), "b": (pieces, out)})."""
    x, z = cache
    dz = activations.maxout_backward(z, dy)
    pieces = range(z.shape[1])
    dx = sum((dz[:, p] @ params["W"][p].T for p in pieces), np.zeros_like(x))
    return dx, {"W": np.stack([x.T @ dz[:, p] for p in pieces]), "b": dz.sum(axis=0)}
