"""Positions by hand (Gehring et al., 2017): a row for each place of a sequence, added to what stands there.

Forward, for the n-th sequence, place t and entry j::

    y_ntj = x_ntj + W_tj

Backward. Both terms have slope 1; W_tj is added in every sequence, so its gradient is the sum over them::

    dx_ntj = dy_ntj                               dW_tj = sum_n dy_ntj

The rows of places beyond the end of the sequences are not used and get 0.
"""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

Params = dict[str, ndarray]


def learned_forward(
    params: Params, x: Float[ndarray, "*batch time width"]
) -> tuple[Float[ndarray, "*batch time width"], None]:
    """Return (x plus the first ``time`` rows of W, cache); nothing has to be remembered."""
    return x + params["W"][: x.shape[-2]], None


def learned_backward(
    params: Params, cache: None, dy: Float[ndarray, "*batch time width"]
) -> tuple[Float[ndarray, "*batch time width"], Params]:
    """Return (dx, {"W"})."""
    time, width = dy.shape[-2:]
    dW = np.zeros_like(params["W"])
    dW[:time] = dy.reshape(-1, time, width).sum(axis=0)
    return dy, {"W": dW}
