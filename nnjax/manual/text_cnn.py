"""The convolutional network of text by hand (Kim, 2014).

Forward, for tokens t_1 .. t_T and the filters of each width k::

    e_n = row t_n of the table        r^k = max(0, conv_k(e))        m^k_o = max_n r^k_no
    f = m^2, m^3, ... side by side    logits = f W + b               E = cross-entropy(logits, labels)

Backward. The dense layer leaves df, which is cut into the dm^k. Each entry goes back to the one place where its filter
answered most, and from there, if the answer was above 0, to the filter and to the tokens it looked at. All widths
looked at the same rows, so their gradients by e are added up; the table adds up those of each token.
"""

from typing import Any

import numpy as np
from jaxtyping import Float, Integer, Num
from numpy import ndarray

from nnjax.manual import activations, conv, dense, dropout, embedding, losses, pooling

Params = dict[str, Any]


def loss_and_grads(
    params: Params,
    x: Integer[ndarray, "batch time"],
    targets: Num[ndarray, "batch *classes"],
    *,
    mask: Float[ndarray, "batch features"] | None = None,
    rate: float = 0.0,
) -> tuple[Any, Params]:
    """Return (E, grads), that of ``jax.value_and_grad(models.text_cnn.loss)``; ``mask`` is the dropout mask of f."""
    rows, tokens = embedding.forward(params["embedding"], x)
    found, caches = [], []
    for layer in params["conv"]:
        a, conv_cache = conv.forward(layer, rows, padding="SAME")
        m, pool_cache = pooling.global_max_pool_forward(activations.relu(a))
        found.append(m)
        caches.append((conv_cache, a, pool_cache))
    f, kept = np.concatenate(found, axis=1), None
    if mask is not None:
        f, kept = dropout.forward(f, mask, rate)
    logits, _ = dense.forward(params["dense"], f)
    loss, dlogits = losses.cross_entropy(logits, targets)

    df, dense_grads = dense.backward(params["dense"], f, dlogits)
    df = df if kept is None else dropout.backward(kept, df)
    drows, conv_grads = np.zeros_like(rows), []
    dms = np.split(df, len(params["conv"]), axis=1)
    for layer, (conv_cache, a, pool_cache), dm in zip(params["conv"], caches, dms, strict=True):
        dr = pooling.global_max_pool_backward(pool_cache, dm)
        de, grads = conv.backward(layer, conv_cache, activations.relu_backward(a, dr))
        drows += de
        conv_grads.append(grads)
    table_grads = embedding.backward(params["embedding"], tokens, drows)
    return loss, {"embedding": table_grads, "conv": conv_grads, "dense": dense_grads}
