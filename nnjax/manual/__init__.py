"""Backpropagation by hand, in NumPy float64, without JAX: the reference that every gradient is certified against.

Layers are ``forward(params, x, ...) -> (y, cache)`` and ``backward(params, cache, dy) -> (dx, grads)``; models are
``loss_and_grads(params, x, targets, ...) -> (loss, grads)``. The arguments are NumPy arrays. Recurrent layers also take
and give back a state: ``forward(params, xs, state) -> ((outputs, state), caches)`` and
``backward(params, caches, doutputs, dstate) -> (dxs, dstate of the first state, grads)``.

Throughout, dv stands for the derivative of the loss by v and has the shape of v. Batches are rows: x is (batch, in).
"""

from nnjax.manual import (
    activations,
    adaline,
    alexnet,
    attention,
    cnn,
    conv,
    dense,
    dropout,
    elman,
    embedding,
    gru,
    lenet,
    linear,
    local_response,
    logistic,
    losses,
    lstm,
    maxout,
    mlp,
    normalization,
    perceptron,
    pooling,
    positions,
    rnn,
    rnn_language,
    text_cnn,
    transformer,
    transformer_block,
    vision_transformer,
    windows,
)

__all__ = [
    "activations",
    "adaline",
    "alexnet",
    "attention",
    "cnn",
    "conv",
    "dense",
    "dropout",
    "elman",
    "embedding",
    "gru",
    "lenet",
    "linear",
    "local_response",
    "logistic",
    "losses",
    "lstm",
    "maxout",
    "mlp",
    "normalization",
    "perceptron",
    "pooling",
    "positions",
    "rnn",
    "rnn_language",
    "text_cnn",
    "transformer",
    "transformer_block",
    "vision_transformer",
    "windows",
]
