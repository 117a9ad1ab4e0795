"""Backpropagation by hand, in NumPy float64, without JAX: the reference that every gradient is certified against.

Layers are ``forward(params, x, ...) -> (y, cache)`` and ``backward(params, cache, dy) -> (dx, grads)``; models are
``loss_and_grads(params, x, targets, ...) -> (loss, grads)``. The arguments are NumPy arrays.

Throughout, dv stands for the derivative of the loss by v and has the shape of v. Batches are rows: x is (batch, in).
"""

from nnjax.manual import (
    activations,
    adaline,
    conv,
    dense,
    dropout,
    linear,
    logistic,
    losses,
    maxout,
    mlp,
    normalization,
    perceptron,
    pooling,
    windows,
)

__all__ = [
    "activations",
    "adaline",
    "conv",
    "dense",
    "dropout",
    "linear",
    "logistic",
    "losses",
    "maxout",
    "mlp",
    "normalization",
    "perceptron",
    "pooling",
    "windows",
]
