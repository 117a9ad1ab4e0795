"""Linear regression: y = x W + b fitted by the squared error (Legendre, 1805; Gauss, 1809)."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Real

from nnjax import initializers, losses
from nnjax.checks import require_not_empty
from nnjax.initializers import Key
from nnjax.layers import dense

Params = dict[str, Array]


def init(key: Key, inputs: int, outputs: int | None = None) -> Params:
    """Return one neuron {"W": (inputs,), "b": ()}, or {"W": (inputs, outputs), "b": (outputs,)}, small and random."""
    return dense.init(key, inputs, outputs, initializer=initializers.normal)


def apply(params: Params, x: Float[Array, "*batch inputs"]) -> Float[Array, "..."]:
    """Return the prediction x W + b."""
    return dense.apply(params, x)


def loss(params: Params, x: Float[Array, "batch inputs"], targets: Real[Array, "batch *outputs"]) -> Float[Array, ""]:
    """Return the batch mean of 1/2 ||x W + b - d||^2."""
    return losses.squared_error(apply(params, x), targets)


def solve(x: Float[Array, "samples inputs"], targets: Real[Array, "samples *outputs"]) -> Params:
    """Return the parameters of least squared error in closed form: no descent, no learning rate.

    The inputs and targets are centred, W is the least-squares solution, and b makes the means meet. Of several
    solutions the shortest W is taken. Raises ValueError when there is no sample or not one target for each.
    """
    require_not_empty("x", x, axes=2)
    if len(targets) != len(x):
        raise ValueError(f"x has {len(x)} samples and targets {len(targets)}; there must be one target for each sample")
    x_mean, d_mean = jnp.mean(x, axis=0), jnp.mean(targets, axis=0)
    W = jnp.linalg.lstsq(x - x_mean, targets - d_mean)[0]
    return {"W": W, "b": d_mean - x_mean @ W}
