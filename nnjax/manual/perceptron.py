"""The perceptron by hand (Rosenblatt, 1958): a = x W + b, y = step(a), E = 1/n sum (y - d) a.

The step itself has no slope. E is 0 for a right example (y = d) and grows with the distance of a wrong one from the
line; its slope by a is (y - d) / n, and one step against the gradient is Rosenblatt's rule, W <- W + eta (d - y) x.
"""

from typing import Any

from jaxtyping import Float, Real
from numpy import ndarray

from nnjax.manual import dense, losses


def loss_and_grads(
    params: dense.Params, x: Float[ndarray, "batch inputs"], targets: Real[ndarray, "batch *outputs"]
) -> tuple[Any, dense.Params]:
    """Return (E, {"W", "b"}), the same as ``jax.value_and_grad(models.perceptron.loss)``."""
    a, cache = dense.forward(params, x)
    loss, delta = losses.perceptron_criterion(a, targets)
    return loss, dense.backward(params, cache, delta)[1]


def hebb_update(w: Float[ndarray, " inputs"], x: Float[ndarray, " inputs"], y: Any, learning_rate: float) -> ndarray:
    """Return w + eta y x, a step up the slope of y (w . x): the more both are active, the stronger the bond."""
    return w + learning_rate * y * x
