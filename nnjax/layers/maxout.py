"""The maxout layer: several linear pieces for each output, the largest of which wins (Goodfellow et al., 2013)."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from nnjax import activations
from nnjax.checks import require_last_axis, require_sizes
from nnjax.initializers import Initializer, Key, he_normal

Params = dict[str, Array]


def init(key: Key, inputs: int, outputs: int, *, pieces: int = 2, initializer: Initializer = he_normal) -> Params:
    """Return {"W": (pieces, inputs, outputs), "b": (pieces, outputs)}; raises ValueError for a size below 1."""
    require_sizes("(pieces, inputs, outputs)", (pieces, inputs, outputs))
    keys = jax.random.split(key, pieces)
    return {"W": jnp.stack([initializer(k, (inputs, outputs)) for k in keys]), "b": jnp.zeros((pieces, outputs))}


def apply(params: Params, x: Float[Array, "*batch inputs"]) -> Float[Array, "*batch outputs"]:
    """Return h_j = max_p (x W_p + b_p)_j; two pieces W_2 = 0, b = 0 make it a ReLU.

    Raises ValueError when the last axis of x is not the number of inputs.
    """
    require_last_axis("x", x, params["W"].shape[1], "the maxout layer")
    return activations.maxout(jnp.einsum("...i,pio->...po", x, params["W"]) + params["b"])
