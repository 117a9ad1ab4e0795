"""Models made of layers: ``init(key, ...) -> params``, ``apply(params, x) -> outputs``, ``loss(params, x, targets)``.

What shapes the parameters is an argument of ``init``; what does not is a keyword of ``apply``, to be bound with
``functools.partial``.
"""

from nnjax.models import (
    adaline,
    alexnet,
    cnn,
    lenet,
    linear,
    logistic,
    mlp,
    perceptron,
    rnn,
    rnn_language,
    text_cnn,
    transformer,
    vision_transformer,
)

__all__ = [
    "adaline",
    "alexnet",
    "cnn",
    "lenet",
    "linear",
    "logistic",
    "mlp",
    "perceptron",
    "rnn",
    "rnn_language",
    "text_cnn",
    "transformer",
    "vision_transformer",
]
