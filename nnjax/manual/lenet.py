"""LeNet-5 by hand: the layers C1, S2, C3, S4, C5 and F6 of ``models.lenet``, f(a) = A tanh(S a) after each.

(LeCun, Bottou, Bengio and Haffner, 1998.) Convolution, dense layer and average pooling are in their own files. What is
not:

**Squashing**, A = 1.7159, S = 2/3: f'(a) = A S (1 - tanh(S a)^2).

**Subsampling**. With z_p the sum over a window p of four pixels, a_p = W z_p + b, one W and one b for each map::

    dW = sum_p z_p da_p            db = sum_p da_p            dz_p = W da_p, and each pixel of the window gets dz_p

In terms of the mean, z = 4 mean, this is average pooling's backward pass of 4 W da.

**C3**. W holds a kernel for each connection. They are put into a kernel of all 6 x 16 pairs, zero where there is no
connection, and the gradients are read from the same places: a zero that is not a parameter has no gradient.

**Output**. The logits are -y_i = -sum_j (f_j - code_ij)^2. f_j touches them all, with slopes -2 (f_j - code_ij)::

    df_j = -2 sum_i dlogit_i (f_j - code_ij)
"""

from typing import Any

import numpy as np
from jaxtyping import Float, Num
from numpy import ndarray

from nnjax.manual import activations, conv, dense, losses, pooling

Layer = dict[str, ndarray]
Params = dict[str, Layer]

A, S = 1.7159, 2 / 3
SEEN_BY = ("012", "123", "234", "345", "450", "501", "0123", "1234", "2345", "3450", "4501", "5012", "0134", "1245",
           "0235", "012345")  # fmt: skip
"""The maps of S2 that each map of C3 sees."""
PAIRS = np.array([(int(source), target) for target, sources in enumerate(SEEN_BY) for source in sources]).T


def loss_and_grads(
    params: Params,
    x: Float[ndarray, "batch height width 1"],
    targets: Num[ndarray, "batch *classes"],
    *,
    codes: Float[ndarray, "10 84"],
) -> tuple[Any, Params]:
    """Return (E, grads), that of ``jax.value_and_grad(models.lenet.loss)``; ``codes`` are the codes of the classes."""
    margin = (32 - x.shape[1]) // 2
    h = 1.275 * np.pad(x, ((0, 0), (margin, margin), (margin, margin), (0, 0))) - 0.1
    sources, maps = PAIRS
    c3 = {"W": np.zeros((5, 5, 6, 16)), "b": params["C3"]["b"]}
    c3["W"][:, :, sources, maps] = params["C3"]["W"]

    kinds: dict[str, Any] = {"C1": conv, "S2": _Subsampling, "C3": conv, "S4": _Subsampling, "C5": conv, "F6": dense}
    layers = params | {"C3": c3}
    caches = {}
    for name, kind in kinds.items():
        h = h.reshape(len(h), -1) if name == "F6" else h
        a, cache = kind.forward(layers[name], h)
        h = A * activations.tanh(a, slope=S)
        caches[name] = cache, a
    apart = h[:, None] - codes
    logits = -(apart**2).sum(axis=-1)
    loss, dlogits = losses.cross_entropy(logits, targets)

    dh, grads = -2 * (dlogits[:, :, None] * apart).sum(axis=1), {}
    for name, kind in reversed(kinds.items()):
        cache, a = caches[name]
        da = activations.tanh_backward(a, A * dh.reshape(a.shape), slope=S)
        dh, grads[name] = kind.backward(layers[name], cache, da)
    grads["C3"]["W"] = grads["C3"]["W"][:, :, sources, maps]
    return loss, {name: grads[name] for name in params}


class _Subsampling:
    """The forward and backward pass of S2 and S4."""

    @staticmethod
    def forward(params: Layer, x: ndarray) -> tuple[ndarray, Any]:
        mean, cache = pooling.average_pool_forward(x, 2)
        return params["W"] * 4 * mean + params["b"], (mean, cache)

    @staticmethod
    def backward(params: Layer, cache: Any, da: ndarray) -> tuple[ndarray, Layer]:
        mean, pool_cache = cache
        grads = {"W": (4 * mean * da).sum(axis=(0, 1, 2)), "b": da.sum(axis=(0, 1, 2))}
        return pooling.average_pool_backward(pool_cache, 4 * params["W"] * da), grads
