"""Logistic regression by hand (Cox, 1958): z = x W + b, y = sigmoid(z), E = cross-entropy of y and d.

The slope s (1 - s) of the sigmoid cancels against the one of the logarithm (see ``losses.binary_cross_entropy``), and
what is left is the expression of linear regression, only with y = sigmoid(z)::

    delta = (y - d) / n        dW = x^T delta        db = sum delta
"""

from typing import Any

from jaxtyping import Float, Real
from numpy import ndarray

from nnjax.manual import dense, losses


def loss_and_grads(
    params: dense.Params, x: Float[ndarray, "batch inputs"], targets: Real[ndarray, "batch *outputs"]
) -> tuple[Any, dense.Params]:
    """Return (E, {"W", "b"}), the same as ``jax.value_and_grad(models.logistic.loss)``."""
    logits, cache = dense.forward(params, x)
    loss, delta = losses.binary_cross_entropy(logits, targets)
    return loss, dense.backward(params, cache, delta)[1]
