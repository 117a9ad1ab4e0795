"""AlexNet by hand: the layers of ``manual.cnn`` with normalisation between, and pooling windows that overlap.

(Krizhevsky, Sutskever and Hinton, 2012.)

Forward, for each convolution k (those marked take part in the first two, and in the first two and the last)::

    a = conv_k(h)       r = max(0, a)       n = r / (2 + 0.0001 sum of near r^2)^0.75  *        h = max_pool(n)  **

Backward, in the opposite order: what the winners of the windows get, where a pixel that won in several adds up its
parts; through the normalisation, in which each channel answers for its neighbours too; the gate of the ReLU; the
convolution, each group for itself.
"""

from collections.abc import Sequence
from typing import Any

from jaxtyping import Float, Num
from numpy import ndarray

from nnjax.manual import activations, conv, local_response, losses, pooling
from nnjax.manual.cnn import Params, dense_backward, dense_forward

GROUPS = (1, 2, 1, 2, 2)
NORMALISED = (True, True, False, False, False)
POOLED = (True, True, False, False, True)


def loss_and_grads(
    params: Params,
    x: Float[ndarray, "batch height width channels"],
    targets: Num[ndarray, "batch *classes"],
    *,
    masks: Sequence[ndarray] | None = None,
    rate: float = 0.5,
) -> tuple[Any, Params]:
    """Return (E, grads), that of ``jax.value_and_grad(models.alexnet.loss)``.

    ``masks`` are the dropout masks of the flattened maps and of each hidden dense layer; None: nothing is dropped.
    """
    h, caches = x, []
    for layer, groups, normalised, pooled in zip(params["conv"], GROUPS, NORMALISED, POOLED, strict=True):
        a, conv_cache = conv.forward(layer, h, padding="SAME", groups=groups)
        h, norm_cache, pool_cache = activations.relu(a), None, None
        if normalised:
            h, norm_cache = local_response.forward(h)
        if pooled:
            h, pool_cache = pooling.max_pool_forward(h, 3, stride=2, padding="SAME")
        caches.append((conv_cache, a, norm_cache, pool_cache))

    logits, dense_caches = dense_forward(params["dense"], h.reshape(len(h), -1), masks, rate)
    loss, dlogits = losses.cross_entropy(logits, targets)
    df, dense_grads = dense_backward(params["dense"], dense_caches, dlogits)

    dh, conv_grads = df.reshape(h.shape), []
    for layer, (conv_cache, a, norm_cache, pool_cache) in zip(params["conv"][::-1], caches[::-1], strict=True):
        if pool_cache is not None:
            dh = pooling.max_pool_backward(pool_cache, dh)
        if norm_cache is not None:
            dh = local_response.backward(norm_cache, dh)
        dh, grads = conv.backward(layer, conv_cache, activations.relu_backward(a, dh))
        conv_grads.append(grads)
    return loss, {"conv": conv_grads[::-1], "dense": dense_grads}
