"""The places that sliding windows see, for convolution and pooling by hand.

Along an axis of n places, padded to n + before + after, a kernel of k places that lie ``dilation`` apart reaches over
dilation (k - 1) + 1 places, so that with a stride s its first place can stand at 0, s, 2 s, ...::

    stops = floor((n + before + after - dilation (k - 1) - 1) / s) + 1

Place i of the kernel then sees, one stop after the other, the places i dilation, i dilation + s, i dilation + 2 s, ...
"""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy import ndarray


class Geometry(NamedTuple):
    """The padding of each axis, and for each place of the kernel, in order, the part of the padded x that it sees."""

    padding: list[tuple[int, int]]
    seen: list[tuple[slice, ...]]


def geometry(
    lengths: Sequence[int], kernel: Sequence[int], stride: Any = 1, padding: Any = "VALID", dilation: Any = 1
) -> Geometry:
    """Return what a kernel sees of axes of these lengths.

    ``stride`` and ``dilation``: one number, or one for each axis. ``padding``: "VALID" (none), "SAME" (ceil(n / stride)
    stops; of an odd number of zeros the larger half comes after), a number, or a pair for each axis.
    """
    axes = len(lengths)
    strides, dilations = _each(stride, axes), _each(dilation, axes)
    paddings = [
        _padding(padding if isinstance(padding, (str, int)) else _pairs(padding, axes)[a], *along)
        for a, along in enumerate(zip(lengths, kernel, strides, dilations, strict=True))
    ]
    seen_along = [
        list(_seen(n + sum(zeros), k, s, d))
        for n, k, s, d, zeros in zip(lengths, kernel, strides, dilations, paddings, strict=True)
    ]
    return Geometry(paddings, [(slice(None), *place) for place in product(*seen_along)])


def pad(x: ndarray, geometry: Geometry, value: float = 0.0) -> ndarray:
    """Return x (batch, *lengths, channels) with ``value`` around it."""
    return np.pad(x, [(0, 0), *geometry.padding, (0, 0)], constant_values=value)


def unpad(x: ndarray, geometry: Geometry) -> ndarray:
    """Return x without its padding."""
    ends = zip(geometry.padding, x.shape[1:-1], strict=True)
    return x[(slice(None), *(slice(before, n - after) for (before, after), n in ends))]


def _seen(padded: int, k: int, s: int, d: int) -> Iterator[slice]:
    stops = (padded - d * (k - 1) - 1) // s + 1
    return (slice(i * d, i * d + (stops - 1) * s + 1, s) for i in range(k))


def _padding(padding: Any, n: int, k: int, s: int, d: int) -> tuple[int, int]:
    if padding == "VALID":
        return 0, 0
    if padding == "SAME":
        zeros = max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0)
        return zeros // 2, zeros - zeros // 2
    return (padding, padding) if isinstance(padding, int) else tuple(padding)


def _each(value: Any, axes: int) -> tuple[int, ...]:
    return (value,) * axes if isinstance(value, int) else tuple(value)


def _pairs(padding: Any, axes: int) -> list[Any]:
    return [padding] if axes == 1 and isinstance(padding[0], int) else list(padding)
