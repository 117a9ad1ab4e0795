"""The dense layer by hand (Rosenblatt, 1958; its gradients: Rumelhart, Hinton and Williams, 1986).

Forward, for one example (a row) and output j, then for the whole batch::

    a_j = sum_i x_i W_ij + b_j                        A = X W + b

Backward. W_ij touches a_j alone, with slope x_i; x_i touches every a_j, with slope W_ij; b_j touches a_j with slope 1.
Every example adds its part::

    dW_ij = sum_n X_ni dA_nj                          dW = X^T dA        (in, batch) (batch, out)
    dx_i  = sum_j W_ij da_j                           dX = dA W^T        (batch, out) (out, in)
    db_j  = sum_n dA_nj                               db = column sums of dA

Written with columns, a = W h + b, the same three lines read dW = delta h^T, dh = W^T delta, db = delta.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

Params = dict[str, ndarray]


def forward(params: Params, x: Float[ndarray, "batch inputs"]) -> tuple[Float[ndarray, "..."], ndarray]:
    """Return (X W + b, cache): (batch, out), or (batch,) for a single neuron; the cache is x, all that is needed."""
    return x @ params["W"] + params["b"], x


def backward(
    params: Params, x: Float[ndarray, "batch inputs"], dy: Float[ndarray, "batch *outputs"]
) -> tuple[Float[ndarray, "batch inputs"], Params]:
    """Return (dx, {"W", "b"}) from dy, shaped like the outputs."""
    single_neuron = dy.ndim == 1
    dx = np.outer(dy, params["W"]) if single_neuron else dy @ params["W"].T
    return dx, {"W": x.T @ dy, "b": dy.sum(axis=0)}
