"""The landscape of lesson 2's deck: cut along both axes, and walked down."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from nnjax.slides import sketch
from nnjax.slides.lesson_02_neuron import runs
from nnjax.viz import canvas, style
from nnjax.viz.canvas import Picture
from nnjax.viz.style import palette


@style.context()
def slices(at: tuple[float, float]) -> Picture:
    """Draw the landscape, two paths through one place ``at`` (w, b), and its profile and slope along each."""
    figure = canvas.blank(3.6)[0]
    figure.clear()
    parts = figure.add_gridspec(2, 2, width_ratios=(1.7, 1))
    solid: Any = figure.add_subplot(parts[:, 0], projection="3d")
    w, b, height = runs.grid(26)
    solid.plot_surface(w, b, np.minimum(height, 4), color=style.tint("grey", 0.25), edgecolor="white", linewidth=0.3)
    piece = np.array([-0.7, 0.7])
    for axis, (name, color) in enumerate((("w", "vermilion"), ("b", "blue"))):
        along = np.linspace(runs.WINDOW[2 * axis], runs.WINDOW[2 * axis + 1], 100)
        places = [(v, at[1]) if axis == 0 else (at[0], v) for v in along]
        profile = np.array([runs.cost(*place) for place in places])
        low = profile < 4
        solid.plot(*np.array(places)[low].T, profile[low] + 0.04, color=palette[color], linewidth=3, zorder=10)
        axes = figure.add_subplot(parts[axis, 1])
        axes.plot(along, profile, color=palette[color])
        slope, here = runs.slopes(*at)[axis], runs.cost(*at)
        axes.plot(at[axis] + piece, here + slope * piece, color="black", linestyle="--", linewidth=1.4)
        axes.plot(at[axis], here, "o", color="black", markersize=7)
        axes.set(xlabel=f"along {name}", ylabel="E", ylim=(0, 2))
        axes.set_title(f"slope {slope:.2f}".replace("-", "−"))
    solid.plot(*at, runs.cost(*at) + 0.06, "o", color="black", markersize=7, zorder=11)
    solid.view_init(34, -58)
    solid.set(xlabel="weight w", ylabel="bias b", zlabel="cost E")
    solid.set_box_aspect((1.3, 1, 0.75), zoom=1.08)
    return figure


@style.context()
def walked(path: np.ndarray, steps: int) -> Picture:
    """Draw the first steps of a walk over the landscape, and the lines through the patients that they stand for."""
    x, d = runs.patients()
    figure, (left, right) = canvas.blank(3.5, 1, 2, width_ratios=(1.25, 1))
    runs.landscape(left)
    left.plot(*path[: steps + 1].T, "o-", color=palette["blue"], markersize=5, linewidth=1.8, zorder=6)
    left.plot(*path[steps], "o", color=palette["vermilion"], markersize=9, zorder=7)
    right.plot(x[::3], d[::3], "o", color=palette["grey"], markersize=4, alpha=0.5)
    for w, b in path[: steps + 1] if steps < 100 else path[:12]:
        right.plot([-0.2, 2.3], [b - 0.2 * w, b + 2.3 * w], color=palette["sky"], linewidth=1)
    w, b = path[steps]
    right.plot([-0.2, 2.3], [b - 0.2 * w, b + 2.3 * w], color=palette["vermilion"], linewidth=3)
    right.set(xlabel="x", ylabel="progression d", ylim=(-0.1, 3.6))
    left.set_title(f"after {steps} step{'s' * (steps > 1)}: cost {runs.cost(w, b):.3f}")
    right.set_title(f"w = {w:.2f},  b = {b:.2f}")
    return figure


@style.context()
def words() -> Figure:
    """Draw how the losses of the examples become the cost, and that the objective."""
    figure, axes = sketch.sheet(8.4, 3.5)
    heights, size = (2.75, 1.95, 0.75), (1.6, 0.62)
    for y, name in zip(heights, ("patient 1", "patient 2", "patient n"), strict=True):
        sketch.text(axes, (0.05, y), name, ha="left")
        sketch.box(axes, (2.0, y), size, r"$\frac{1}{2}(y - d)^2$", "vermilion", fontsize=14)
        sketch.arrow(axes, (2.85, y), (4.0, 1.75 + 0.12 * (y - 1.75)))
    sketch.text(axes, (2.0, 1.37), "⋮", fontsize=18)
    sketch.text(axes, (3.45, 2.6), "mean", "grey")
    sketch.box(axes, (4.7, 1.75), (1.3, 0.8), "$E(w, b)$", "blue", fontsize=14)
    sketch.box(axes, (4.7, 0.5), (1.3, 0.5), "penalty", "grey")
    sketch.text(axes, (5.45, 0.5), "later, lesson 6", "grey", ha="left")
    sketch.arrow(axes, (5.4, 1.75), (6.55, 1.75))
    sketch.arrow(axes, (5.25, 0.8), (6.55, 1.55), "pale")
    sketch.box(axes, (7.4, 1.75), (1.6, 0.8), "made small by\nthe optimizer", "green")
    for x, name, color in ((2.0, "loss", "vermilion"), (4.7, "cost", "blue"), (7.4, "objective", "green")):
        sketch.text(axes, (x, 3.28), name, color, fontsize=15, weight="bold")
    return figure
