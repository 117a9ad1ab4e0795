"""Models made of layers: ``init(key, ...) -> params``, ``apply(params, x) -> outputs``, ``loss(params, x, targets)``.

What shapes the parameters is an argument of ``init``; what does not is a keyword of ``apply``, to be bound with
``functools.partial``.
"""

from nnjax.models import adaline, linear, logistic, mlp, perceptron, rnn, rnn_language

__all__ = ["adaline", "linear", "logistic", "mlp", "perceptron", "rnn", "rnn_language"]
