"""The convolutional network for text by hand.

Forward, for texts of tokens u_1 .. u_T and the filters of each length n::

    x_t = row u_t of the embedding          A_n = conv(x)            every filter at every place
    m = the largest of A_n over all places, filters of all lengths side by side
    h = relu(m), with dropout               logits = h W + b         E = cross-entropy(logits, labels)

Backward: the dense layer and the ReLU as always; then each filter's part of dm goes to the one place where it answered
most, all else gets 0. From there the convolution of each length leaves its gradient by x, the lengths are added up, and
the embedding adds up what each token got. A filter is taught by the best match of each text alone.
"""

from typing import Any

import numpy as np
from jaxtyping import Float, Integer
from numpy import ndarray

from nnjax.manual import activations, conv, dense, dropout, embedding, losses, pooling

Params = dict[str, Any]


def loss_and_grads(
    params: Params,
    tokens: Integer[ndarray, "batch length"],
    targets: Integer[ndarray, "batch"],
    *,
    mask: Float[ndarray, "batch answers"] | None = None,
    rate: float = 0.0,
) -> tuple[Any, Params]:
    """Return (E, grads), that of ``jax.value_and_grad(models.text_cnn.loss)``; ``mask`` is the dropout's."""
    x, looked_up = embedding.forward(params["embedding"], tokens)
    answers, caches = [], []
    for layer in params["conv"]:
        a, convolved = conv.forward(layer, x)
        m, won = pooling.global_max_pool_forward(a)
        answers.append(m)
        caches.append((convolved, won))
    m = np.concatenate(answers, axis=1)
    h, kept = (activations.relu(m), None) if mask is None else dropout.forward(activations.relu(m), mask, rate)
    logits, _ = dense.forward(params["output"], h)
    loss, dlogits = losses.cross_entropy(logits, targets)

    dh, output_grads = dense.backward(params["output"], h, dlogits)
    dm = activations.relu_backward(m, dh if kept is None else dropout.backward(kept, dh))
    dx, conv_grads = np.zeros_like(x), []
    for layer, (convolved, won), part in zip(params["conv"], caches, np.split(dm, len(caches), axis=1), strict=True):
        dpart, grads = conv.backward(layer, convolved, pooling.global_max_pool_backward(won, part))
        dx += dpart
        conv_grads.append(grads)
    embedding_grads = embedding.backward(params["embedding"], looked_up, dx)
    return loss, {"embedding": embedding_grads, "conv": conv_grads, "output": output_grads}
