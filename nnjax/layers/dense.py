"""The dense (fully connected) layer: every output is a weighted sum of every input, y = x W + b (Rosenblatt, 1958)."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from nnjax.checks import require_last_axis, require_sizes
from nnjax.initializers import Initializer, Key, he_normal

Params = dict[str, Array]


def init(key: Key, inputs: int, outputs: int | None = None, *, initializer: Initializer = he_normal) -> Params:
    """Return {"W": (inputs, outputs), "b": (outputs,)}, random weights and zero biases.

    ``outputs=None`` gives a single neuron, {"W": (inputs,), "b": ()}. Raises ValueError for a size below 1.
    """
    shape = (inputs,) if outputs is None else (inputs, outputs)
    require_sizes("(inputs, outputs)", shape)
    return {"W": initializer(key, shape), "b": jnp.zeros(shape[1:])}


def apply(params: Params, x: Float[Array, "*batch inputs"]) -> Float[Array, "*batch_and_outputs"]:
    """Return x W + b of shape (*batch, outputs), or (*batch,) for a single neuron.

    Raises ValueError when the last axis of x is not the number of inputs.
    """
    require_last_axis("x", x, params["W"].shape[0], "the dense layer")
    return x @ params["W"] + params["b"]
