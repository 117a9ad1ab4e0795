"""Drawings that the figures of lesson 3's deck share: points of XOR, matrices of numbers, curves of activations."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from nnjax.slides.lesson_03_mlp.runs import D_XOR
from nnjax.viz import style
from nnjax.viz.style import palette

OFF, ON = ("o", "blue"), ("s", "orange")


def lamps(axes: Axes, points: np.ndarray) -> None:
    """Draw four points, those at which the lamp is off as blue circles, on as orange squares."""
    for wanted, (marker, color) in ((0, OFF), (1, ON)):
        axes.plot(*points[wanted == D_XOR].T, marker, color=palette[color], markersize=15, zorder=3)
    axes.set(xlim=(-0.45, 1.5), ylim=(-0.45, 1.5), xticks=[0, 1], yticks=[0, 1], aspect="equal")


def matrix(axes: Axes, left: float, middle: float, numbers: np.ndarray, *, color: str, name: str, shape: str) -> float:
    """Draw a table of numbers, its name above and its shape below, and return its right end."""
    rows, columns = numbers.shape
    wide, high = 0.72, 0.5
    top = middle + rows * high / 2
    for (row, column), value in np.ndenumerate(numbers):
        corner = (left + column * wide, top - (row + 1) * high)
        look: dict[str, Any] = {"facecolor": style.tint(color, 0.14), "edgecolor": palette[color]}
        axes.add_patch(Rectangle(corner, wide, high, linewidth=1.2, **look))
        text = f"{value:g}".replace("-", "−")
        axes.text(corner[0] + wide / 2, corner[1] + high / 2, text, ha="center", va="center")
    center = left + columns * wide / 2
    axes.text(center, top + 0.28, name, ha="center", va="center", fontsize=14, color=palette[color])
    axes.text(center, top - rows * high - 0.27, shape, ha="center", va="center", fontsize=10.5)
    return left + columns * wide


def hinges(x: np.ndarray, bends: Sequence[tuple[float, float]]) -> np.ndarray:
    """Return (bends, points): each weight times max(0, x - c)."""
    return np.array([weight * np.maximum(x - c, 0) for c, weight in bends])
