"""Dropout by hand: y = m x / (1 - r), m a mask of 0 and 1 drawn beforehand, r the rate of dropping.

The mask is a constant, so the slope of y by x is m / (1 - r): what was dropped forward gets no gradient back.
(Srivastava et al., 2014.)
"""

from jaxtyping import Float
from numpy import ndarray


def forward(
    x: Float[ndarray, "*shape"], mask: Float[ndarray, "*shape"], rate: float
) -> tuple[Float[ndarray, "*shape"], ndarray]:
    """Return (m x / (1 - r), cache); the cache is the scaled mask."""
    scaled = mask / (1 - rate)
    return scaled * x, scaled


def backward(cache: Float[ndarray, "*shape"], dy: Float[ndarray, "*shape"]) -> Float[ndarray, "*shape"]:
    """Return dx = dy m / (1 - r)."""
    return cache * dy
