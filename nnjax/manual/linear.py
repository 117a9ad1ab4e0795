"""Linear regression by hand (Legendre, 1805; Gauss, 1809): y = x W + b, E = 1/n sum 1/2 (y - d)^2.

The error at the output is delta = (y - d) / n; the dense layer carries it to its parameters::

    dW = x^T delta        db = sum delta
"""

from typing import Any

from jaxtyping import Float, Real
from numpy import ndarray

from nnjax.manual import dense, losses


def loss_and_grads(
    params: dense.Params, x: Float[ndarray, "batch inputs"], targets: Real[ndarray, "batch *outputs"]
) -> tuple[Any, dense.Params]:
    """Return (E, {"W", "b"}), the same as ``jax.value_and_grad(models.linear.loss)``."""
    y, cache = dense.forward(params, x)
    loss, delta = losses.squared_error(y, targets)
    return loss, dense.backward(params, cache, delta)[1]
