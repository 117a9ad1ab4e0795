"""Local response normalisation: a feature is damped by its neighbours among the channels (Krizhevsky et al., 2012)."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from nnjax.checks import require_not_empty, require_sizes


def apply(
    x: Float[Array, "*batch channels"],
    *,
    depth: int = 5,
    bias: float = 2.0,
    alpha: float = 1e-4,
    beta: float = 0.75,
) -> Float[Array, "*batch channels"]:
    """Return y_i = x_i / (bias + alpha sum_j x_j^2)^beta, j the channels from i - depth // 2 to i + depth // 2.

    It learns nothing; the settings are those of AlexNet. Raises ValueError for an empty x or a depth below 1 or even.
    """
    require_not_empty("x", x)
    require_sizes("depth", [depth])
    if depth % 2 == 0:
        raise ValueError(f"depth is {depth}; it must be odd, as many channels on either side")
    kept = jnp.result_type(x, float)
    x = x.astype(jnp.promote_types(kept, jnp.float32))  # the square of a number of float16 may overflow
    channel = jnp.arange(x.shape[-1])
    near = (abs(channel[:, None] - channel) <= depth // 2).astype(x.dtype)
    return (x / (bias + alpha * (x**2 @ near)) ** beta).astype(kept)
