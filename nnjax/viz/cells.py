"""Small arrays as tables of cells with their numbers, several side by side on one sheet: how windows are shown."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from nnjax.viz import canvas, style

MOST_CELLS = 24
"""Side by side on 640 pixels: more would leave no room for a number in a cell."""
GAP = 1.1
NARROWEST = 2.6  # room for the name over a table


class Table(NamedTuple):
    """What was drawn of an array: the patch and the number of each entry, both (rows, columns) arrays of artists."""

    patches: np.ndarray
    numbers: np.ndarray


def number(value: float) -> str:
    """Return the value as a cell has room for it: 3, −2, 0.25, with two decimals at most."""
    text = f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) < 100 else f"{value:.3g}"
    return "0" if text == "-0" else text.replace("-", "−")


def sheet(
    arrays: dict[str, np.ndarray], *, above: float = 0.75, below: float = 0.1
) -> tuple[Figure, Axes, list[Table]]:
    """Return a picture with the arrays side by side, each (rows, columns) under its name, all cells of one size.

    A name may be of two lines; ``above`` and ``below`` are the room for words over and under the tables, in inches.
    Raises ValueError when they have more columns together than the picture has room for.
    """
    widths = [max(array.shape[1], NARROWEST) for array in arrays.values()]
    across = sum(widths) + GAP * (len(widths) - 1)
    high = max(len(array) for array in arrays.values())
    if across > MOST_CELLS or high > MOST_CELLS:
        shapes = ", ".join(f"{name.splitlines()[0]} {array.shape}" for name, array in arrays.items())
        raise ValueError(f"the arrays are too large to be drawn side by side with their numbers: {shapes}")
    across = max(across, 13.0)
    cell = (style.WIDTH - 0.3) / (across + 0.2)
    figure, (axes,) = canvas.blank(0.55 + above + below + cell * high)
    axes.set_axis_off()
    axes.set(xlim=(-0.1, across + 0.1), ylim=(high + below / cell, -0.5 / cell), aspect="equal", anchor="N")
    tables, left = [], (across - sum(widths) - GAP * (len(widths) - 1)) / 2
    for (name, array), width in zip(arrays.items(), widths, strict=True):
        start = left + (width - array.shape[1]) / 2
        top = (high - len(array)) / 2
        tables.append(_table(axes, array, start, top, min(12.0, 24 * cell)))
        middle = start + array.shape[1] / 2
        axes.text(middle, top - 0.06 / cell, name, ha="center", va="bottom", fontsize=10.5, linespacing=1.15)
        left += width + GAP
    return figure, axes, tables


def _table(axes: Axes, array: np.ndarray, left: float, top: float, size: float) -> Table:
    patches, numbers = np.empty(array.shape, object), np.empty(array.shape, object)
    longest = max(len(number(value)) for value in array.ravel())
    size = max(8.0, min(size, 3.2 * size / longest))
    for (i, j), value in np.ndenumerate(array):
        patch = Rectangle((left + j, top + i), 1, 1, facecolor="white", edgecolor=style.palette["grey"], linewidth=0.8)
        patches[i, j] = axes.add_patch(patch)
        text: Text = axes.text(left + j + 0.5, top + i + 0.52, number(value), ha="center", va="center", fontsize=size)
        numbers[i, j] = text
    return Table(patches, numbers)
