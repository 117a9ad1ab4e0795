"""Decision boundaries: which class a network gives to each point of the plane, and where the data lie."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nnjax.viz import canvas, style, words
from nnjax.viz.inputs import Values, class_labels, class_names, class_scores, finite, shaped

GRID = 360
TINT = 0.28
TIE = 1e-6


@style.context()
def decision_boundary(
    apply: Callable[..., Any],
    params: Any,
    x: Values,
    y: Values,
    *,
    x_test: Values | None = None,
    y_test: Values | None = None,
    threshold: float = 0.0,
    classes: Sequence[str] | None = None,
    features: tuple[str, str] = ("x₁", "x₂"),
    title: str | None = None,
) -> Figure:
    """Return the regions that ``apply(params, x)`` gives to each class, the line between them, and the data.

    ``x`` is (samples, 2), ``y`` (samples,) class numbers. Outputs (samples, classes) choose the largest; one output,
    (samples,) or (samples, 1), chooses class 1 where it is above ``threshold``: 0 for logits, 1/2 for targets 0 and 1.
    Test points, if given, are hollow. Raises ValueError for other shapes, more than 7 classes or non-finite data.
    """
    x = finite("x", shaped("x", x, "samples 2"))
    y = class_labels("y", y, len(x))
    if (x_test is None) != (y_test is None):
        raise ValueError("x_test and y_test belong together; one of them is missing")
    held = np.empty((0, 2)) if x_test is None else finite("x_test", shaped("x_test", x_test, "samples 2"))
    held_y = np.empty(0, np.int64) if y_test is None else class_labels("y_test", y_test, len(held))
    outputs = class_scores(apply, params, x, threshold)
    count = max(outputs.shape[1], int(y.max()) + 1, int(held_y.max(initial=0)) + 1)
    style.require_series("y", count)
    names = class_names(classes, count)

    figure, (axes,) = canvas.blank(5.0)
    axes.grid(False)
    limits = view(np.concatenate([x, held]))
    draw_regions(axes, lambda points: class_scores(apply, params, points, threshold), limits, count)
    for k in range(count):
        draw_points(axes, x[y == k], k, size=point_size(len(x)))
        draw_points(axes, held[held_y == k], k, size=point_size(len(x)) - 1, hollow=True)
    axes.set(xlim=limits[:2], ylim=limits[2:], xlabel=features[0], ylabel=features[1])

    handles, labels = legend_entries(names, hollow=len(held) > 0)
    canvas.legend(figure, handles, labels)
    right, where = np.mean(np.argmax(outputs, axis=1) == y), "training points"
    if len(held):
        right = np.mean(np.argmax(class_scores(apply, params, held, threshold), axis=1) == held_y)
        where = "unseen points"
    canvas.headline(figure, title or f"{words.percent(right)} of the {where} lie on the right side")
    return figure


def view(points: np.ndarray, margin: float = 0.12) -> tuple[float, float, float, float]:
    """Return (left, right, bottom, top) of a window with room around the points (samples, 2)."""
    low, high = points.min(axis=0), points.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    (left, bottom), (right, top) = low - margin * span, high + margin * span
    return float(left), float(right), float(bottom), float(top)


def grid(limits: tuple[float, float, float, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the coordinates (GRID,) along each axis, at the middles of the cells, and all points (GRID * GRID, 2)."""
    left, right, bottom, top = limits
    middles = (np.arange(GRID) + 0.5) / GRID
    across, up = left + (right - left) * middles, bottom + (top - bottom) * middles
    return across, up, np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)


def draw_regions(
    axes: Axes,
    scores: Callable[[np.ndarray], np.ndarray],
    limits: tuple[float, float, float, float],
    count: int,
) -> None:
    """Colour each cell of the window with the class of highest score and draw the lines where two classes tie."""
    across, up, points = grid(limits)
    values = scores(points)
    chosen = np.argmax(values, axis=1).reshape(GRID, GRID)
    colors = ListedColormap([style.tint(name, TINT) for name in style.COLORS[:count]])
    look: dict[str, Any] = {"cmap": colors, "vmin": -0.5, "vmax": count - 0.5, "interpolation": "none", "zorder": 0}
    axes.imshow(chosen, origin="lower", extent=limits, aspect="auto", **look)
    for k in range(values.shape[1] if values.shape[1] > 2 else 1):
        lead = (values[:, k] - np.max(np.delete(values, k, axis=1), axis=1)).reshape(GRID, GRID)
        # A step gives exact ties all over one side; there the sign is that of the class chosen.
        lead = np.where(chosen == k, np.maximum(lead, TIE), np.minimum(lead, -TIE))
        if lead.min() < 0 < lead.max():
            axes.contour(across, up, lead, levels=[0], colors="black", linewidths=1.6, linestyles="solid", zorder=1)


def point_size(count: int) -> float:
    """Return the size in points of each of ``count`` markers: few are drawn large."""
    return 11.0 if count <= 12 else 6.5


def draw_points(axes: Axes, points: np.ndarray, k: int, *, size: float, hollow: bool = False) -> None:
    """Draw the points (samples, 2) of class ``k`` with its marker, filled for training, hollow for test points."""
    look = style.series(k)
    axes.plot(*points.T, look["marker"], **_face(look["color"], hollow), markersize=size, zorder=3 if hollow else 2)


def _face(color: str, hollow: bool) -> dict[str, Any]:
    if hollow:
        return {"markerfacecolor": "white", "markeredgecolor": color, "markeredgewidth": 1.6}
    return {"markerfacecolor": color, "markeredgecolor": "white", "markeredgewidth": 0.7}


def legend_entries(names: Sequence[str], *, hollow: bool) -> tuple[list[Line2D], list[str]]:
    """Return the markers and names of the classes for a legend, with a word on hollow test points."""
    handles, labels = [], []
    for k, name in enumerate(names):
        look = style.series(k)
        handles.append(Line2D([], [], linestyle="none", marker=look["marker"], **_face(look["color"], False)))
        labels.append(words.shorten(name, 24))
    if hollow:
        handles.append(Line2D([], [], linestyle="none", marker="o", **_face(style.palette["grey"], True)))
        labels.append("hollow: test")
    return handles, labels
