"""Convolutional networks as papers draw them: a stack of squares for the maps of each layer, a bar for units."""

import math
from collections.abc import Collection, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from nnjax.viz import canvas, style
from nnjax.viz.canvas import Picture

SMALLEST, LARGEST, OFFSET, BAR = 0.34, 1.25, 0.085, 0.17
Stage = tuple[Sequence[int], str]


@style.context()
def maps_diagram(
    *networks: Sequence[Stage],
    strong: Collection[tuple[int, int]] = (),
    gap: float = 0.62,
    size: float = 11,
    height: float = 2.6,
) -> Picture:
    """Draw networks of images one below the other, each from left to right, with the shapes of its maps.

    Args:
        networks: for each layer its shape and its caption: (height, width, channels) is drawn as a stack of squares,
            more of them for more channels, (units,) as a bar; the shape is written above it, the caption, which may
            have several lines, below.
        strong: which layers stand out, orange: (network, layer), from 0.
        gap: the room between two layers, in the unit in which the largest square is 1.25 wide.
        size: of the letters, in points.
        height: of the picture, in inches.

    Raises ValueError for no network, one without layers, or a shape of other than one or three numbers from 1.
    """
    if not networks or not all(networks):
        raise ValueError("there is nothing to draw: give at least one network, each with at least its input")
    for shape, caption in (stage for network in networks for stage in network):
        if len(shape) not in (1, 3) or min(shape) < 1:
            raise ValueError(f"{caption!r} has shape {tuple(shape)}; give (height, width, channels) or (units,)")
    figure, (axes,) = canvas.blank(height)
    right, top, bottom = 0.0, 0.0, 0.0
    for number, network in enumerate(networks):
        above = max(_extent(shape, _largest(network))[1] / 2 for shape, _ in network) + 0.62
        top = top if number else above
        middle = bottom - above if number else 0.0
        right = max(right, _row(axes, network, middle, size, gap, {k for n, k in strong if n == number}))
        bottom = middle - LARGEST / 2 - 0.5 - 0.24 * max(caption.count("\n") + 1 for _, caption in network)
    axes.set(xlim=(-0.35, right + 0.35), ylim=(bottom, top), aspect="equal")
    axes.axis("off")
    return figure


def _row(axes: Axes, network: Sequence[Stage], up: float, size: float, gap: float, strong: Collection[int]) -> float:
    """Draw one network with its middle at the height ``up``; return where it ends."""
    left, before, bar = 0.0, 0.0, False
    for number, (shape, caption) in enumerate(network):
        color = "vermilion" if number in strong else "blue"
        look: dict[str, Any] = {"facecolor": style.tint(color, 0.17), "edgecolor": style.palette[color]}
        wide, high = _extent(shape, _largest(network))
        left += 0.5 * gap if bar and len(shape) == 1 else 0.0  # bars are narrower than what is written at them
        if number:
            arrow = {"arrowstyle": "->", "color": style.palette["grey"], "lw": 1.4, "shrinkA": 0, "shrinkB": 0}
            axes.annotate("", (left - 0.1, up), (before + 0.1, up), arrowprops=arrow)
        behind = OFFSET * (_sheets(shape) - 1)
        for back in reversed(range(_sheets(shape))):
            corner = left + OFFSET * back, up - high / 2 + OFFSET * back
            axes.add_patch(Rectangle(corner, wide - behind, high - behind, linewidth=1.3, zorder=2, **look))
        words = str(shape[0]) if len(shape) == 1 else f"{shape[0]} × {shape[1]}\n× {shape[2]}"
        axes.text(
            left + wide / 2, up + high / 2 + 0.1, words, ha="center", va="bottom", fontsize=size, linespacing=1.05
        )
        axes.text(left + wide / 2, up - LARGEST / 2 - 0.38, caption, ha="center", va="top", fontsize=size)
        before, bar = left + wide, len(shape) == 1
        left = before + gap
    return before


def _largest(network: Sequence[Stage]) -> int:
    return max((max(shape[:2]) for shape, _ in network if len(shape) == 3), default=1)


def _sheets(shape: Sequence[int]) -> int:
    """Return how many squares stand for so many channels."""
    channels = 1 if len(shape) == 1 else shape[2]
    return min(channels, 2 + round(math.log2(channels)))


def _extent(shape: Sequence[int], largest: int) -> tuple[float, float]:
    """Return how wide and how high a layer is drawn."""
    if len(shape) == 1:
        return BAR, min(1.7, 0.3 + 0.16 * math.log2(shape[0]))
    tall, wide = (SMALLEST + (LARGEST - SMALLEST) * side / largest for side in shape[:2])
    behind = OFFSET * (_sheets(shape) - 1)
    return wide + behind, tall + behind
