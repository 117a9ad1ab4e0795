"""Drawings to scale for slides: a sheet whose unit is the inch, boxes, arrows and small arrays."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Rectangle

from nnjax.viz import canvas, style

Point = tuple[float, float]


def sheet(width: float, height: float) -> tuple[Figure, Axes]:
    """Return an empty drawing, ``width`` by ``height`` inches, whose coordinates are inches from the lower left."""
    figure, (axes,) = canvas.blank(height)
    figure.set_size_inches(width, height)
    figure.set_layout_engine("none")
    axes.set_position((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(0, width), ylim=(0, height))
    axes.axis("off")
    return figure, axes


def box(axes: Axes, at: Point, size: Point, words: str = "", color: str = "blue", **font: Any) -> None:
    """Draw a box with round corners, its middle ``at``, with a tint of its colour; ``color_of_text`` is black."""
    corner = (at[0] - size[0] / 2, at[1] - size[1] / 2)
    look: dict[str, Any] = {
        "facecolor": style.tint(color, 0.16),
        "edgecolor": style.palette[color],
        "linewidth": 1.6,
        "zorder": 2,
    }
    axes.add_patch(FancyBboxPatch(corner, *size, boxstyle="round,pad=0,rounding_size=0.06", **look))
    text(axes, at, words, font.pop("color_of_text", "black"), zorder=3, **font)


def ring(axes: Axes, at: Point, radius: float, words: str = "", color: str = "blue", **font: Any) -> None:
    """Draw a neuron: a circle, with a tint of its colour; ``color_of_text`` is black."""
    look: dict[str, Any] = {
        "facecolor": style.tint(color, 0.16),
        "edgecolor": style.palette[color],
        "linewidth": 1.8,
        "zorder": 2,
    }
    axes.add_patch(Circle(at, radius, **look))
    text(axes, at, words, font.pop("color_of_text", "black"), zorder=3, **font)


def arrow(axes: Axes, start: Point, end: Point, color: str = "grey", width: float = 1.6, bend: float = 0.0) -> None:
    """Draw an arrow from ``start`` to ``end``, bent to the right for a positive ``bend``."""
    look: dict[str, Any] = {"color": style.palette[color], "linewidth": width, "shrinkA": 0, "shrinkB": 0, "zorder": 1}
    head = f"-|>,head_width={0.12 + 0.05 * width},head_length={0.24 + 0.1 * width}"
    curve = f"arc3,rad={bend}"
    axes.add_patch(FancyArrowPatch(start, end, arrowstyle=head, connectionstyle=curve, mutation_scale=12, **look))


def text(axes: Axes, at: Point, words: str, color: str = "black", **options: Any) -> None:
    """Write words, their middle ``at`` unless the alignment says otherwise."""
    merged: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 12} | options
    axes.text(*at, words, color=style.palette[color], **merged)


def cells(
    axes: Axes,
    corner: Point,
    array: Any,
    side: float,
    *,
    color: str = "blue",
    negative: str = "vermilion",
    largest: float | None = None,
    numbers: str | None = None,
    fontsize: float = 10,
) -> None:
    """Draw an array of (rows, columns), its lower left at ``corner``: the darker a cell, the larger its entry.

    Entries below 0 have the colour ``negative``; those of -inf are white. ``numbers`` is the format of the numbers in
    the cells, none by default; ``largest`` is what gets the full colour.
    """
    array = np.asarray(array, float)
    known = np.abs(array[np.isfinite(array)])
    scale = largest or float(known.max(initial=1e-12))
    for (row, column), value in np.ndenumerate(array):
        place = (corner[0] + column * side, corner[1] + (len(array) - 1 - row) * side)
        strength = min(1.0, abs(value) / scale) if np.isfinite(value) else 0.0
        fill = style.tint(color if value >= 0 else negative, 0.85 * strength)
        patch = Rectangle(place, side, side, facecolor=fill, edgecolor=style.palette["grey"], linewidth=0.7, zorder=2)
        axes.add_patch(patch)
        if numbers is not None:
            words = format(value, numbers).replace("-", "−") if np.isfinite(value) else "−∞"
            ink = "white" if strength > 0.6 else "black"
            middle = (place[0] + side / 2, place[1] + side / 2 - 0.01)
            axes.text(*middle, words, ha="center", va="center", fontsize=fontsize, color=ink, zorder=3)


def outline(axes: Axes, corner: Point, size: Point, color: str = "vermilion") -> None:
    """Draw a frame round a part of an array, its lower left at ``corner``."""
    look: dict[str, Any] = {"facecolor": "none", "edgecolor": style.palette[color], "linewidth": 2.6, "zorder": 4}
    axes.add_patch(Rectangle(corner, *size, **look))
