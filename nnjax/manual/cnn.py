"""The convolutional network by hand.

Forward, for the convolutional layers l = 1 .. L from H_0 = the images, then an MLP on the flattened maps::

    A_l = conv(H_(l-1))          P_l = max pooling of A_l, or A_l          H_l = relu(P_l)
    logits = MLP(flattened H_L)                                            E = cross-entropy(logits, labels)

Backward, each step undone in the opposite order. Flattening only renames numbers, so its gradient is the reshape back;
ReLU lets through what was positive; pooling gives each number to the winner of its window; and convolution is a dense
layer on patches (``manual.conv``)::

    dH_L = the MLP's gradient by its input, reshaped
    dP_l = dH_l where P_l > 0, else 0
    dA_l = dP_l at the winners, else 0
    dH_(l-1), dW_l, db_l = conv backward of dA_l

So from one labelled image the filters of the first layer learn what pixels to look at, though nobody tells them.
"""

from collections.abc import Collection, Sequence
from typing import Any

from jaxtyping import Float, Num
from numpy import ndarray

from nnjax.manual import activations, conv, losses, mlp, pooling

Params = dict[str, Any]


def loss_and_grads(
    params: Params,
    x: Float[ndarray, "batch height width channels"],
    targets: Num[ndarray, "batch *classes"],
    *,
    pooled: Collection[int] | None = None,
    size: int = 2,
    stride: int | None = None,
    masks: Sequence[ndarray] | None = None,
    rate: float = 0.0,
) -> tuple[Any, Params]:
    """Return (E, grads), that of ``jax.value_and_grad(models.cnn.loss)``; masks and rate are the MLP's dropout."""
    caches = []
    for place, layer in enumerate(params["conv"]):
        x, convolved = conv.forward(layer, x, padding="SAME")
        won = None
        if pooled is None or place in pooled:
            x, won = pooling.max_pool_forward(x, size, stride=stride)
        caches.append((convolved, won, x))
        x = activations.relu(x)

    logits, cache = mlp.forward(params["dense"], x.reshape(len(x), -1), masks=masks, rate=rate)
    loss, dlogits = losses.cross_entropy(logits, targets)
    dflat, dense_grads = mlp.backward(params["dense"], cache, dlogits)

    dx, conv_grads = dflat.reshape(x.shape), []
    for layer, (convolved, won, p) in zip(params["conv"][::-1], caches[::-1], strict=True):
        dx = activations.relu_backward(p, dx)
        if won is not None:
            dx = pooling.max_pool_backward(won, dx)
        dx, layer_grads = conv.backward(layer, convolved, dx)
        conv_grads.append(layer_grads)
    return loss, {"conv": conv_grads[::-1], "dense": dense_grads}
