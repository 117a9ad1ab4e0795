"""Positions: attention sees a set, so what stands where is added to what stands there.

Sines and cosines of many wavelengths (Vaswani et al., 2017), or a learned row for every place (Gehring et al., 2017).
"""

import math
from functools import partial

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from nnjax.checks import require_last_axis, require_not_empty, require_sizes
from nnjax.initializers import Initializer, Key, normal

Params = dict[str, Array]

LONGEST = 10_000
"""The wavelengths run from 2 pi to nearly 2 pi times this."""

small_normal: Initializer = partial(normal, std=0.02)


def sinusoidal(length: int, width: int) -> Float[Array, "length width"]:
    """Return PE[t, 2i] = sin(t / 10000^(2i / width)) and PE[t, 2i + 1] = cos of the same.

    The rows of t and t + k differ by a rotation of each pair (2i, 2i + 1) that depends on k alone, so that looking k
    places back is one linear map. In an odd width the last pair has no cosine. Raises ValueError for a size below 1.
    """
    require_sizes("(length, width)", (length, width))
    # Computed once, in NumPy's float64: sin of a large angle loses digits in float32.
    pairs = np.arange(0, width, 2)
    angles = np.arange(length)[:, None] * np.exp(-math.log(LONGEST) * pairs / width)
    table = np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(length, -1)
    return jnp.asarray(table[:, :width], jnp.zeros(()).dtype)


def learned_init(key: Key, length: int, width: int, *, initializer: Initializer = small_normal) -> Params:
    """Return {"W": (length, width)}, a row for each place 0 .. length - 1. Raises ValueError for a size below 1."""
    require_sizes("(length, width)", (length, width))
    return {"W": initializer(key, (length, width))}


def learned_apply(params: Params, x: Float[Array, "*batch time width"]) -> Float[Array, "*batch time width"]:
    """Return x plus the first ``time`` rows of W.

    Raises ValueError when x is empty, its last axis is not the width, or it is longer than there are rows.
    """
    require_not_empty("x", x, axes=2)
    length, width = params["W"].shape
    require_last_axis("x", x, width, "the table of positions")
    if x.shape[-2] > length:
        raise ValueError(f"x has {x.shape[-2]} places, shape {x.shape}; there are positions for {length}")
    return x + params["W"][: x.shape[-2]]
