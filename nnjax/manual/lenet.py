"""LeNet-5 by hand.

Every layer is squashed, h = 1.7159 tanh(2/3 a), whose slope is written with h itself::

    dh/da = 1.7159 * 2/3 (1 - tanh(2/3 a)^2) = 2/3 (1.7159 - h^2 / 1.7159)

Three things are not in the other networks. **Subsampling**: a = k s + c, s the sum of a 2 x 2 window, that is 4 times
its mean, one k and one c for each map::

    dk = sum over batch and places of da s         dc = sum of da         ds = k da

**The table**: W is multiplied by a table of 0 and 1, so dW is too, and what is not connected stays 0.
**The output**: y_i = |h - code_i|^2 and the logits are -y, so::

    dh = -sum_i dlogit_i 2 (h - code_i)

the output pulls h towards the code of the right class, which has a negative dlogit, and pushes it off the others.
"""

from typing import Any

import numpy as np
from jaxtyping import Float, Integer
from numpy import ndarray

from nnjax.manual import conv, dense, losses, pooling

Params = dict[str, dict[str, ndarray]]


def loss_and_grads(
    params: Params,
    x: Float[ndarray, "batch 32 32 1"],
    targets: Integer[ndarray, "batch"],
    *,
    table: ndarray,
    codes: ndarray,
) -> tuple[Any, Params]:
    """Return (E, grads), that of ``jax.value_and_grad(models.lenet.loss)``, from the network's table and codes."""
    connected = params["C3"] | {"W": params["C3"]["W"] * table}
    a, c1 = conv.forward(params["C1"], 1.275 * x - 0.1)
    h1 = _squash(a)
    a, s2 = _subsample(params["S2"], h1)
    h2 = _squash(a)
    a, c3 = conv.forward(connected, h2)
    h3 = _squash(a)
    a, s4 = _subsample(params["S4"], h3)
    h4 = _squash(a)
    a, c5 = conv.forward(params["C5"], h4)
    h5 = _squash(a).reshape(len(x), -1)
    a, _ = dense.forward(params["F6"], h5)
    h6 = _squash(a)
    away = h6[:, None] - codes
    loss, dlogits = losses.cross_entropy(-(away**2).sum(axis=-1), targets)

    grads = {}
    dh = -2 * np.einsum("bi,bij->bj", dlogits, away)
    dh, grads["F6"] = dense.backward(params["F6"], h5, dh * _slope(h6))
    dh, grads["C5"] = conv.backward(params["C5"], c5, (dh * _slope(h5)).reshape(len(x), 1, 1, -1))
    dh, grads["S4"] = _subsample_backward(params["S4"], s4, dh * _slope(h4))
    dh, grads["C3"] = conv.backward(connected, c3, dh * _slope(h3))
    grads["C3"]["W"] *= table
    dh, grads["S2"] = _subsample_backward(params["S2"], s2, dh * _slope(h2))
    _, grads["C1"] = conv.backward(params["C1"], c1, dh * _slope(h1))
    return loss, grads


def _squash(a: ndarray) -> ndarray:
    return 1.7159 * np.tanh(2 / 3 * a)


def _slope(h: ndarray) -> ndarray:
    return 2 / 3 * (1.7159 - h**2 / 1.7159)


def _subsample(params: dict[str, ndarray], x: ndarray) -> tuple[ndarray, Any]:
    mean, cache = pooling.average_pool_forward(x, 2)
    return params["coefficient"] * 4 * mean + params["bias"], (4 * mean, cache)


def _subsample_backward(params: dict[str, ndarray], cache: Any, da: ndarray) -> tuple[ndarray, dict[str, ndarray]]:
    s, pooled = cache
    grads = {"coefficient": (da * s).sum(axis=(0, 1, 2)), "bias": da.sum(axis=(0, 1, 2))}
    return pooling.average_pool_backward(pooled, 4 * params["coefficient"] * da), grads
