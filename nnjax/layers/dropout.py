"""Dropout: in training each entry is set to 0 at random, and the others are scaled up (Srivastava et al., 2014)."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from nnjax.checks import require_between
from nnjax.initializers import Key, drawn


def mask(key: Key, shape: tuple[int, ...], rate: float | Float[Array, ""]) -> Float[Array, "..."]:
    """Return an array of 0 (dropped, with probability ``rate``) and 1 (kept), the same in float32 and float64."""
    return (drawn(jax.random.uniform, key, shape, dtype=jnp.float32) >= rate).astype(jnp.float32)


def apply(
    x: Float[Array, "*shape"], rate: float | Float[Array, ""], *, key: Key | None = None
) -> Float[Array, "*shape"]:
    """Return mask * x / (1 - rate), which has x as its mean; ``key=None`` means evaluation and returns x.

    Raises ValueError unless 0 <= rate < 1.
    """
    require_between("rate", rate, 0, 1, high_included=False)
    never = isinstance(rate, (int, float)) and rate == 0
    if key is None or never:
        return x
    return mask(key, x.shape, rate).astype(x.dtype) * x / (1 - rate)
