"""Pooling: the windows of a small array, and the largest and the mean number of each."""

import numpy as np
from matplotlib.figure import Figure

from nnjax.viz import canvas, cells, style
from nnjax.viz.inputs import Values, finite, shaped

TINTS = ((style.tint("orange", 0.5), style.tint("sky", 0.25)), (style.tint("sky", 0.6), style.tint("orange", 0.2)))


@style.context()
def pooling(x: Values, size: int, *, stride: int | None = None, title: str | None = None) -> Figure:
    """Return the picture of an array, its windows, and what max pooling and average pooling make of them.

    ``x`` is (height, width) or (length,), a few cells; windows are ``size`` long on each axis and begin at every
    ``stride``-th place, by default where the last one ended; what lies in none has a grey number. Each window has a
    tint, which its results share, and its largest number is bold. Where windows overlap only the first is marked so.
    Raises ValueError for a window larger than the array and for arrays too large for a picture.
    """
    x = finite("x", shaped("x", x, "height width", "length"))
    axes = x.ndim
    x = np.atleast_2d(x)
    stride = size if stride is None else stride
    for name, value in (("size", size), ("stride", stride)):
        if value < 1:
            raise ValueError(f"{name} is {value}; it must be at least 1")
    window = (size if axes == 2 else 1, size)
    if window[0] > x.shape[0] or window[1] > x.shape[1]:
        raise ValueError(f"size is {size}, and x has shape {x.shape}; a window must not be larger than its input")
    overlap = stride < size
    view = np.lib.stride_tricks.sliding_window_view(x, window)[::stride, ::stride]
    largest, mean = view.max(axis=(2, 3)), view.mean(axis=(2, 3))

    arrays = {"input": x, "max": largest, "average": mean}
    named = {f"{name}\n{' × '.join(map(str, array.shape[-axes:]))}": array for name, array in arrays.items()}
    figure, _, (table, *results) = cells.sheet(named)
    for patch, text in zip(table.patches.ravel(), table.numbers.ravel(), strict=True):
        patch.set_facecolor("white" if overlap else style.tint("grey", 0.12))
        text.set_color(style.palette["grey"])
    for i, j in np.ndindex(largest.shape):
        rows, columns = (slice(k * stride, k * stride + n) for k, n in zip((i, j), window, strict=True))
        patches, numbers = table.patches[rows, columns], table.numbers[rows, columns]
        for text in numbers.ravel():
            text.set_color("black")
        if overlap and (i, j) != (0, 0):
            continue
        numbers[np.unravel_index(np.argmax(view[i, j]), window)].set_fontweight("bold")
        for patch in (*patches.ravel(), *(result.patches[i, j] for result in results)):
            patch.set_facecolor(TINTS[i % 2][j % 2])
            if overlap:
                patch.set(edgecolor="black", linewidth=1.6, zorder=2)
    words = " × ".join(map(str, window[-axes:]))
    step = f", {stride} apart," if stride != size else ""
    message = f"Of each window of {words}{step} max pooling keeps the largest number, average pooling the mean"
    canvas.headline(figure, title or message)
    return figure
