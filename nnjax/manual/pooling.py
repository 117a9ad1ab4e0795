"""Pooling by hand. Every channel is pooled for itself; p is a place of the output, k a place of the window.

(Of the largest: Weng et al., 1992; of the mean: LeCun et al., 1989.)

Max pooling with stride s: y_p = max_k x_(p s + k). A small push on the winner moves y_p as much, a push on any other
place not at all. So the slope is 1 for the winner and 0 for the others, and dy_p goes to the winner whole::

    dx_q = sum of dy_p over all windows p whose winner is q

Of equal values the first wins. Where windows overlap, a pixel can win in several and adds up what it gets.

Average pooling: y_p = 1/K sum_k x_(p s + k) for windows of K places. Every place has the slope 1/K::

    dx_q = 1/K sum of dy_p over all windows p that see q
"""

from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from nnjax.manual import windows

Maps = Float[ndarray, "batch *lengths channels"]
Pooled = Float[ndarray, "batch *places channels"]
MaxCache = tuple[windows.Geometry, tuple[int, ...], Int[ndarray, "batch *places channels"]]
AverageCache = tuple[windows.Geometry, tuple[int, ...]]


def max_pool_forward(x: Maps, size: Any, *, stride: Any = None, padding: Any = "VALID") -> tuple[Pooled, MaxCache]:
    """Return (y, cache); the cache holds the number of the winner in each window. Padding, at -inf, never wins."""
    geometry = _geometry(x, size, stride, padding)
    padded = windows.pad(x, geometry, -np.inf)
    views = np.stack([padded[seen] for seen in geometry.seen])
    winner = views.argmax(axis=0)  # the first of equals
    return views.max(axis=0), (geometry, padded.shape, winner)


def max_pool_backward(cache: MaxCache, dy: Pooled) -> Maps:
    """Return dx: what place k of the windows saw gets dy wherever k won."""
    geometry, shape, winner = cache
    dx = np.zeros(shape)
    for k, seen in enumerate(geometry.seen):
        dx[seen] += np.where(winner == k, dy, 0.0)
    return windows.unpad(dx, geometry)


def average_pool_forward(
    x: Maps, size: Any, *, stride: Any = None, padding: Any = "VALID"
) -> tuple[Pooled, AverageCache]:
    """Return (y, cache); padding counts as zeros."""
    geometry = _geometry(x, size, stride, padding)
    padded = windows.pad(x, geometry)
    y = sum(padded[seen] for seen in geometry.seen) / len(geometry.seen)
    return np.asarray(y), (geometry, padded.shape)


def average_pool_backward(cache: AverageCache, dy: Pooled) -> Maps:
    """Return dx: what every place of the windows saw gets dy / K."""
    geometry, shape = cache
    dx = np.zeros(shape)
    for seen in geometry.seen:
        dx[seen] += dy / len(geometry.seen)
    return windows.unpad(dx, geometry)


def global_max_pool_forward(x: Maps) -> tuple[Float[ndarray, "batch channels"], MaxCache]:
    """Return (y, cache), one window over all places."""
    y, cache = max_pool_forward(x, x.shape[1:-1])
    return y.reshape(len(x), -1), cache


def global_max_pool_backward(cache: MaxCache, dy: Float[ndarray, "batch channels"]) -> Maps:
    """Return dx: all of dy to the winner of each channel."""
    winner = cache[2]
    return max_pool_backward(cache, dy.reshape(winner.shape))


def global_average_pool_forward(x: Maps) -> tuple[Float[ndarray, "batch channels"], tuple[int, ...]]:
    """Return (y, cache), the mean over all places; the cache is the shape of x."""
    return x.mean(axis=tuple(range(1, x.ndim - 1))), x.shape


def global_average_pool_backward(shape: tuple[int, ...], dy: Float[ndarray, "batch channels"]) -> Maps:
    """Return dx: dy / K to each of the K places."""
    places = shape[1:-1]
    spread = dy.reshape(len(dy), *(1 for _ in places), -1) / np.prod(places)
    return np.broadcast_to(spread, shape).copy()


def adaptive_average_pool_forward(x: Maps, lengths: Any) -> tuple[Pooled, tuple[int, ...]]:
    """Return (y, cache): the mean of the places floor(p n / m) .. ceil((p + 1) n / m) - 1 of n, for p < m.

    Along each axis it is a product with a matrix of means, y_p = sum_q M_pq x_q; the cache is the shape of x.
    """
    y = x
    for axis, M in enumerate(_matrices_of_means(x.shape, lengths), start=1):
        y = np.moveaxis(np.tensordot(y, M, (axis, 1)), -1, axis)
    return y, x.shape


def adaptive_average_pool_backward(shape: tuple[int, ...], dy: Pooled) -> Maps:
    """Return dx, along each axis the product with the transposed matrix: dx_q = sum_p M_pq dy_p."""
    dx = dy
    for axis, M in enumerate(_matrices_of_means(shape, dy.shape[1:-1]), start=1):
        dx = np.moveaxis(np.tensordot(dx, M, (axis, 0)), -1, axis)
    return dx


def _matrices_of_means(shape: tuple[int, ...], lengths: Any) -> list[ndarray]:
    wanted = (lengths,) * (len(shape) - 2) if isinstance(lengths, int) else lengths
    matrices = []
    for n, m in zip(shape[1:-1], wanted, strict=True):
        M = np.zeros((m, n))
        for p in range(m):
            start, end = int(np.floor(p * n / m)), int(np.ceil((p + 1) * n / m))
            M[p, start:end] = 1 / (end - start)
        matrices.append(M)
    return matrices


def _geometry(x: Maps, size: Any, stride: Any, padding: Any) -> windows.Geometry:
    axes = x.ndim - 2
    sizes = (size,) * axes if isinstance(size, int) else tuple(size)
    return windows.geometry(x.shape[1:-1], sizes, sizes if stride is None else stride, padding)
