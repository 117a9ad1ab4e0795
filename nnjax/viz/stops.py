"""Where a kernel stops along one axis: the input, and below it a row for each output with the places that it sees."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from nnjax.layers.windows import sliding
from nnjax.viz import canvas, style
from nnjax.viz.canvas import Picture

MOST_STOPS = 12
TOUCHED = style.tint("orange", 0.45)
ZERO = style.tint("grey", 0.16)


@style.context()
def kernel_stops(
    places: int,
    kernel: int,
    *,
    padding: int = 0,
    stride: int = 1,
    dilation: int = 1,
    weights: Sequence[str] = (),
    rows: int = 0,
) -> Picture:
    """Draw an input of so many places x_0, x_1, ..., and where a kernel stops: a row for each output y_0, y_1, ...

    Args:
        places: the length of the input.
        kernel: how many weights the kernel has.
        padding: zeros before and after the input, drawn grey.
        stride: how far each move goes.
        dilation: how far apart the weights lie; a line joins them.
        weights: what stands in the kernel's cells, one for each, such as "$W_0$".
        rows: leave room for so many outputs, if there are fewer, so that pictures of a walk have cells of one size.

    Raises ValueError for a kernel larger than its padded input, more than 12 outputs, or weights that are not one for
    each cell of the kernel.
    """
    if weights and len(weights) != kernel:
        raise ValueError(f"weights has {len(weights)} entries for a kernel of {kernel}; give one for each")
    (axis,) = sliding((places,), (kernel,), stride, padding, dilation)
    if axis.stops > MOST_STOPS:
        raise ValueError(f"there are {axis.stops} outputs; this picture has room for {MOST_STOPS}")
    shown, across = max(axis.stops, rows), places + 2 * padding
    figure, (axes,) = canvas.blank(min(4.6, 0.5 * (shown + 1.6)))
    for place in range(-padding, places + padding):
        inside = 0 <= place < places
        _cell(axes, place, 0.0, f"$x_{{{place}}}$" if inside else "0", "white" if inside else ZERO)
    for stop in range(axis.stops):
        up = -1.35 - stop
        seen = [stop * stride - padding + dilation * k for k in range(kernel)]
        axes.plot([seen[0] + 0.5, seen[-1] + 0.5], [up + 0.45] * 2, color=style.palette["orange"], lw=1.5, zorder=1)
        for k, place in enumerate(seen):
            _cell(axes, place, up, weights[k] if weights else "", TOUCHED)
        axes.annotate(f"$y_{{{stop}}}$", (places + padding + 1.25, up + 0.45), ha="center", va="center", fontsize=13)
        _arrow(axes, seen[-1] + 1.1, places + padding + 0.85, up + 0.45)
    axes.set(xlim=(-padding - 0.1, across - padding + 1.7), ylim=(-0.5 - shown, 1.05), aspect="equal")
    axes.axis("off")
    return figure


def _cell(axes: Axes, place: float, up: float, text: str, color: str) -> None:
    look: dict[str, Any] = {"facecolor": color, "edgecolor": style.palette["grey"], "linewidth": 0.9, "zorder": 2}
    axes.add_patch(Rectangle((place, up), 1, 0.9, **look))
    axes.text(place + 0.5, up + 0.45, text, ha="center", va="center", fontsize=13, zorder=3)


def _arrow(axes: Axes, start: float, end: float, up: float) -> None:
    look = {"arrowstyle": "->", "color": style.palette["grey"], "lw": 1.0, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (end, up), (start, up), arrowprops=look, zorder=1)
