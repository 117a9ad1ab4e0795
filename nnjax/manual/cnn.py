"""The convolutional network by hand (LeCun et al., 1989): every layer's backward pass, in the opposite order.

Forward, for the convolutions k = 1 .. K from h_0 = x, and then dense layers on the flattened maps::

    a_k = conv_k(h_(k-1))        r_k = max(0, a_k)        h_k = max_pool(r_k)
    f = h_K as a row of numbers for each image            logits = mlp(f)            E = cross-entropy(logits, labels)

Backward. The multilayer perceptron leaves df; flattening moved no number, so dh_K is df in the shape of h_K. Then::

    dr_k = each entry of dh_k to the winner of its window, 0 elsewhere        (manual.pooling)
    da_k = dr_k where a_k > 0, else 0                                         (manual.activations)
    dh_(k-1), dW_k, db_k = the convolution's three gradients                  (manual.conv)

Dropout, where there is any, multiplies f and the hidden layers by a mask, and df by the same mask.
"""

from collections.abc import Sequence
from typing import Any

from jaxtyping import Float, Num
from numpy import ndarray

from nnjax.manual import activations, conv, dropout, losses, mlp, pooling

Layer = dict[str, ndarray]
Params = dict[str, list[Layer]]


def loss_and_grads(
    params: Params,
    x: Float[ndarray, "batch height width channels"],
    targets: Num[ndarray, "batch *classes"],
    *,
    pool: Any = 2,
    padding: Any = "SAME",
    masks: Sequence[ndarray] | None = None,
    rate: float = 0.0,
) -> tuple[Any, Params]:
    """Return (E, grads), that of ``jax.value_and_grad(models.cnn.loss)``.

    ``masks`` are the dropout masks of the flattened maps and of each hidden dense layer, ``rate`` their rate.
    """
    pools = [pool] * len(params["conv"]) if isinstance(pool, int) else pool
    h, caches = x, []
    for layer, size in zip(params["conv"], pools, strict=True):
        a, conv_cache = conv.forward(layer, h, padding=padding)
        h, pool_cache = pooling.max_pool_forward(activations.relu(a), size)
        caches.append((conv_cache, a, pool_cache))

    logits, dense_caches = dense_forward(params["dense"], h.reshape(len(h), -1), masks, rate)
    loss, dlogits = losses.cross_entropy(logits, targets)
    df, dense_grads = dense_backward(params["dense"], dense_caches, dlogits)

    dh, conv_grads = df.reshape(h.shape), []
    for layer, (conv_cache, a, pool_cache) in zip(params["conv"][::-1], caches[::-1], strict=True):
        dr = pooling.max_pool_backward(pool_cache, dh)
        dh, grads = conv.backward(layer, conv_cache, activations.relu_backward(a, dr))
        conv_grads.append(grads)
    return loss, {"conv": conv_grads[::-1], "dense": dense_grads}


def dense_forward(
    params: list[Layer], f: Float[ndarray, "batch inputs"], masks: Sequence[ndarray] | None, rate: float
) -> tuple[Float[ndarray, "batch outputs"], Any]:
    """Return (outputs, cache) of ReLU layers with dropout before each."""
    kept = None
    if masks is not None:
        f, kept = dropout.forward(f, masks[0], rate)
    logits, caches = mlp.forward(params, f, masks=None if masks is None else masks[1:], rate=rate)
    return logits, (kept, caches)


def dense_backward(
    params: list[Layer], cache: Any, dlogits: Float[ndarray, "batch outputs"]
) -> tuple[Float[ndarray, "batch inputs"], list[Layer]]:
    """Return (df, grads) from the gradient by the outputs."""
    kept, caches = cache
    df, grads = mlp.backward(params, caches, dlogits)
    return df if kept is None else dropout.backward(kept, df), grads
