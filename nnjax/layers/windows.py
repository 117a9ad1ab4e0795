"""Windows that slide along axes: where they stop, what they see, and how many stops there are.

Convolution and pooling share this arithmetic. Along one axis, with n places, a kernel of k places that lie ``dilation``
apart reaches over r = dilation (k - 1) + 1 places. It moves by ``stride`` places at a time and must stay inside::

    stops = floor((n + before + after - r) / stride) + 1          stop p sees the places p stride + i dilation

``padding`` says what is added before and after the axis: "VALID" nothing; "SAME" as much as gives ceil(n / stride)
stops, half of it (rounded down) before; a whole number on both sides; a pair (before, after).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from nnjax.checks import require_array, require_sizes, unknown

Sizes = int | Sequence[int]
Padding = str | int | Sequence[Any]


class Window(NamedTuple):
    """How a window moves along one axis: the stride and dilation of its ``size`` places, the padding, the stops."""

    size: int
    stride: int
    dilation: int
    before: int
    after: int
    stops: int

    def seen(self, i: int) -> tuple[int, int, int]:
        """Return (start, end, step) of the padded places that the window's place i sees, one for each stop."""
        start = i * self.dilation
        return start, start + (self.stops - 1) * self.stride + 1, self.stride


def output_size(n: int, kernel: int, stride: int = 1, padding: Padding = "VALID", dilation: int = 1) -> int:
    """Return the number of stops along an axis of n places; raises ValueError when the kernel does not fit."""
    return sliding((n,), kernel, stride, padding, dilation)[0].stops


def sliding(
    lengths: Sequence[int],
    kernel: Sizes,
    stride: Sizes = 1,
    padding: Padding = "VALID",
    dilation: Sizes = 1,
    *,
    name: str = "kernel",
) -> tuple[Window, ...]:
    """Return the window of each axis; one number or padding stands for all axes.

    Raises ValueError for a size below 1, an unknown padding, or a kernel that reaches over more than the padded axis.
    """
    axes = len(lengths)
    sizes = zip(
        lengths,
        per_axis(name, kernel, axes),
        per_axis("stride", stride, axes),
        _paddings(padding, axes),
        per_axis("dilation", dilation, axes),
        strict=True,
    )
    return tuple(_window(name, *settings) for settings in sizes)


def per_axis(name: str, sizes: Sizes, axes: int) -> tuple[int, ...]:
    """Return one size for each axis; raises ValueError for another number of them or a size below 1."""
    listed = tuple(sizes) if isinstance(sizes, Sequence) else (sizes,) * axes
    require_sizes(name, listed)
    if len(listed) != axes:
        raise ValueError(f"{name} is {sizes}; it must be one whole number or {axes}, one for each axis")
    return listed


def pad(x: Float[Array, "batch *lengths channels"], windows: Sequence[Window], value: float = 0.0) -> Array:
    """Return x with ``value`` before and after each axis."""
    if not any(w.before or w.after for w in windows):
        return x
    return jnp.pad(x, [(0, 0), *((w.before, w.after) for w in windows), (0, 0)], constant_values=value)


def views(x: Array, window: Window, axis: int) -> list[Array]:
    """Return, for each place of the window, what it sees along ``axis`` of the padded x, stop after stop."""
    slices = (window.seen(i) for i in range(window.size))
    return [jax.lax.slice_in_dim(x, start, end, step, axis) for start, end, step in slices]


def require_axes(x: Any, axes: int, owner: str) -> None:
    """Raise unless x has a batch axis, ``axes`` axes to slide along and a channel axis."""
    require_array("x", x)
    shape = np.shape(x)
    if len(shape) != axes + 2:
        wanted = "(batch, length, channels)" if axes == 1 else "(batch, height, width, channels)"
        raise ValueError(f"x has shape {shape}; {owner} wants {wanted}")


def _window(name: str, n: int, size: int, stride: int, padding: Any, dilation: int) -> Window:
    reach = dilation * (size - 1) + 1
    if padding == "SAME":
        total = max((-(-n // stride) - 1) * stride + reach - n, 0)
        before, after = total // 2, total - total // 2
    else:
        before, after = (0, 0) if padding == "VALID" else padding
    if n < 1 or reach > n + before + after:
        spread = f" with dilation {dilation} reaches over {reach} and" if dilation > 1 else ""
        raise ValueError(
            f"{name} of {size} places{spread} does not fit into an axis of {n} places, {n + before + after} when padded"
        )
    return Window(size, stride, dilation, before, after, (n + before + after - reach) // stride + 1)


def _paddings(padding: Padding, axes: int) -> list[Any]:
    """Return "VALID", "SAME" or a pair for each axis."""
    if isinstance(padding, str):
        if padding not in ("VALID", "SAME"):
            raise unknown("padding", padding, ("VALID", "SAME"))
        return [padding] * axes
    if _whole(padding):
        return [(padding, padding)] * axes
    pairs = list(padding) if isinstance(padding, Sequence) else []
    if axes == 1 and len(pairs) == 2 and all(map(_whole, pairs)):
        return [tuple(pairs)]
    if len(pairs) != axes or not all(_listed(pair) and len(pair) == 2 and all(map(_whole, pair)) for pair in pairs):
        wanted = "a pair (before, after)" if axes == 1 else f"{axes} pairs (before, after)"
        raise ValueError(
            f"padding is {padding!r}; it must be 'VALID', 'SAME', a whole number of at least 0, or {wanted}"
        )
    return [tuple(pair) for pair in pairs]


def _whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and bool(value >= 0)


def _listed(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)
