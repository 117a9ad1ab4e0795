"""Pooling: each channel of a feature map shrinks to one number for each window, the largest or the mean.

It learns nothing. The windows move as in convolution (``windows.py``); by default they lie side by side, and places
left over at the end are dropped. Both poolings go axis by axis, first across and then down: the largest of the rows'
largest is the largest of all, and so with means, at the cost of height + width instead of height * width views.

x is (batch, length, channels) or (batch, height, width, channels).
"""

from collections.abc import Sequence
from functools import reduce
from operator import add

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from nnjax.checks import require_not_empty
from nnjax.layers.windows import Padding, Sizes, Window, pad, per_axis, require_axes, sliding, views

Maps = Float[Array, "batch *lengths channels"]
Pooled = Float[Array, "batch *stops channels"]


def max_pool(x: Maps, size: Sizes, *, stride: Sizes | None = None, padding: Padding = "VALID") -> Pooled:
    """Return the largest value of each window (Weng et al., 1992): y_p = max_k x_(p stride + k).

    ``stride=None`` is the size. Padding never wins. The gradient goes to the winner; of equal values the first, in the
    order of reading, is the winner. Raises ValueError for a wrong shape, a window larger than its input, or one that
    could lie in the padding alone.
    """
    windows = _windows(x, size, stride, padding)
    x = pad(x, windows, -jnp.inf)
    for axis, window in reversed(list(enumerate(windows, start=1))):
        x = reduce(_first_of_the_largest, views(x, window, axis))
    return x


def average_pool(x: Maps, size: Sizes, *, stride: Sizes | None = None, padding: Padding = "VALID") -> Pooled:
    """Return the mean of each window, y_p = 1/size sum_k x_(p stride + k), in which padding counts as zeros.

    (LeCun et al., 1989.) The arguments and what is raised are those of ``max_pool``.
    """
    windows = _windows(x, size, stride, padding)
    x = pad(x, windows)
    for axis, window in reversed(list(enumerate(windows, start=1))):
        x = reduce(add, views(x, window, axis)) / window.size
    return x


def global_max_pool(x: Maps) -> Float[Array, "batch channels"]:
    """Return the largest value of each channel; of equal values the first gets the gradient. Any length goes in."""
    flat = _all_places(x)
    winner = jnp.argmax(flat, axis=1, keepdims=True)
    return jnp.take_along_axis(flat, winner, axis=1)[:, 0]


def global_average_pool(x: Maps) -> Float[Array, "batch channels"]:
    """Return the mean of each channel (Lin, Chen and Yan, 2013). Any length goes in."""
    return jnp.mean(_all_places(x), axis=1)


def adaptive_average_pool(x: Maps, lengths: Sizes) -> Pooled:
    """Return means over windows so chosen that (batch, *lengths, channels) comes out, however long x is.

    Of n places and m wanted, window p holds those from floor(p n / m) to before ceil((p + 1) n / m): all of about the
    same size, overlapping by one place where m does not divide n. Each axis is a product with the matrix of means.
    Raises ValueError for a wrong shape or a length below 1.
    """
    _require_maps(x)
    require_not_empty("x", x)
    for axis, length in enumerate(per_axis("lengths", lengths, x.ndim - 2), start=1):
        means = jnp.asarray(_means(x.shape[axis], length), jnp.result_type(x, float))
        x = jnp.moveaxis(jnp.tensordot(x, means, (axis, 1)), -1, axis)
    return x


def _windows(x: Array, size: Sizes, stride: Sizes | None, padding: Padding) -> tuple[Window, ...]:
    _require_maps(x)
    windows = sliding(x.shape[1:-1], size, size if stride is None else stride, padding, name="size")
    for w in windows:
        if max(w.before, w.after) >= w.size:
            raise ValueError(f"padding is {padding!r}; it must be less than the size of the window, {w.size}")
    return windows


def _all_places(x: Array) -> Array:
    _require_maps(x)
    require_not_empty("x", x)
    return x.reshape(x.shape[0], -1, x.shape[-1])


def _require_maps(x: Array) -> None:
    require_axes(x, 1 if np.ndim(x) == 3 else 2, "pooling")


def _first_of_the_largest(first: Array, second: Array) -> Array:
    # Not jnp.maximum, whose gradient is shared by equals. A nan, unequal to itself, is let through from either side.
    return jnp.where((second > first) | (second != second), second, first)


def _means(n: int, m: int) -> np.ndarray:
    """Return the matrix (m, n) whose row p has 1/size at the places of window p."""
    starts, ends = [p * n // m for p in range(m)], [-(-(p + 1) * n // m) for p in range(m)]
    place = np.arange(n)
    inside: Sequence[np.ndarray] = [(start <= place) & (place < end) for start, end in zip(starts, ends, strict=True)]
    return np.stack([row / row.sum() for row in inside])
