"""One neuron as it is drawn on a blackboard: inputs, weights, the sum, the activation function, the output."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from nnjax.viz import canvas, style
from nnjax.viz.canvas import Picture

PARTS = ("inputs", "weights", "sum", "activation", "output")
SUM, ACTIVATION, OUTPUT = 3.4, 5.5, 7.3
RADIUS, LARGE = 0.34, 0.5


@style.context()
def neuron_diagram(
    inputs: Sequence[str] = ("$x_1$", "$x_2$", "1"),
    weights: Sequence[str] = ("$w_1$", "$w_2$", "$b$"),
    *,
    activation: str = "$f$",
    curve: Callable[[np.ndarray], Any] | None = None,
    sum_name: str = "$a$",
    output: str = "$y$",
    error_at: str | None = None,
    captions: Sequence[str] = (),
    strong: Collection[str] = (),
    height: float = 3.0,
) -> Picture:
    """Draw one neuron, its signals from left to right.

    Args:
        inputs, weights: what stands in each input and on the line from it; a constant input 1 carries the bias.
        activation: the name of the activation function, written in its circle, or above it if there is a ``curve``.
        curve: the function itself, drawn in the circle from -1 to 1; its values must lie between -1 and 1.
        sum_name, output: what is written on the line behind the sum, and at the end.
        error_at: "sum" or "output", where the error is measured that goes back to the weights; None draws no error.
        captions: five, for the inputs, the weights, the sum, the activation and the output, below the neuron.
        strong: of ``PARTS`` those that stand out, as orange; the others are then grey.
        height: of the picture, in inches.

    Raises ValueError for no inputs, weights that are not one for each, other parts, or captions that are not five.
    """
    if not inputs or len(weights) != len(inputs):
        raise ValueError(f"there are {len(inputs)} inputs and {len(weights)} weights; give one weight for each input")
    if captions and len(captions) != len(PARTS):
        raise ValueError(f"captions has {len(captions)} entries; give one for each of {', '.join(PARTS)}")
    if not set(strong) <= set(PARTS) or error_at not in (None, "sum", "output"):
        raise ValueError(f"strong is {sorted(strong)} and error_at {error_at!r}; the parts are {', '.join(PARTS)}")

    def color(part: str) -> str:
        return style.palette["vermilion" if part in strong else "grey" if strong else "blue"]

    figure, (axes,) = canvas.blank(height)
    heights = 1.0 * ((len(inputs) - 1) / 2 - np.arange(len(inputs)))
    for y, source, weight in zip(heights, inputs, weights, strict=True):
        _arrow(axes, (0, y), (SUM - LARGE, 0), color("weights") if strong else style.palette["grey"])
        _circle(axes, (0, y), source, color("inputs"), RADIUS)
        place = (0.44 * (SUM - LARGE), 0.56 * y)
        ink = style.palette["grey"] if strong and "weights" not in strong else style.palette["vermilion"]
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
        axes.text(*place, weight, ha="center", va="center", fontsize=13, color=ink, bbox=box, zorder=1.5)
    _arrow(axes, (SUM, 0), (ACTIVATION - LARGE, 0), color("sum") if strong else style.palette["grey"])
    _arrow(axes, (ACTIVATION, 0), (OUTPUT - 0.25, 0), color("output") if strong else style.palette["grey"])
    _circle(axes, (SUM, 0), "Σ", color("sum"), LARGE)
    _circle(axes, (ACTIVATION, 0), "" if curve else activation, color("activation"), LARGE)
    if curve:
        across = np.linspace(-1, 1, 201)
        line = np.asarray(curve(across), float)
        axes.plot(ACTIVATION + 0.3 * across, 0.26 * line, color=color("activation"), linewidth=2.2, zorder=3)
        ink = color("activation")
        axes.text(ACTIVATION, LARGE + 0.12, activation, ha="center", va="bottom", fontsize=12, color=ink)
    axes.text((SUM + ACTIVATION) / 2, 0.12, sum_name, ha="center", va="bottom", fontsize=13)
    axes.text(OUTPUT, 0, output, ha="center", va="center", fontsize=14)
    lowest = float(heights[-1])
    if error_at:
        measured = (SUM + ACTIVATION) / 2 if error_at == "sum" else (ACTIVATION + OUTPUT) / 2 + 0.2
        _error(axes, measured, min(lowest, -1.0))
    places = (0, 0.44 * (SUM - LARGE), SUM, ACTIVATION, OUTPUT)
    for across_at, part, caption in zip(places, PARTS, captions, strict=False):
        axes.text(across_at, lowest - 0.65, caption, ha="center", va="top", fontsize=12, color=color(part))
    axes.set_aspect("equal")
    axes.axis("off")
    below = 1.0 if error_at else 0.95 if captions else 0.15
    axes.set(xlim=(-0.6, OUTPUT + 0.45), ylim=(min(lowest, -1.0) - below - 0.1, max(float(heights[0]), 0.9) + 0.45))
    return figure


def _circle(axes: Axes, place: tuple[float, float], text: str, color: str, radius: float) -> None:
    fill = style.tint(color, 0.16)
    axes.add_patch(Circle(place, radius, facecolor=fill, edgecolor=color, linewidth=2, zorder=2))
    size = 14 if radius == LARGE and len(text) < 3 else 12
    axes.text(*place, text, ha="center", va="center", fontsize=size, zorder=3)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], color: str) -> None:
    look = {"arrowstyle": "-|>", "mutation_scale": 15, "color": color, "linewidth": 1.6, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, start, arrowprops=look, zorder=1)


def _error(axes: Axes, x: float, lowest: float) -> None:
    """Draw the error, measured at x, and its way back to the weights."""
    low = lowest - 0.75
    look: dict[str, Any] = {"color": style.palette["vermilion"], "linewidth": 1.8, "linestyle": (0, (4, 2))}
    axes.plot([x, x, 1.37], [-0.08, low, low], **look, zorder=1)
    axes.annotate("", (1.37, lowest + 0.05), (1.37, low), arrowprops={"arrowstyle": "-|>", "mutation_scale": 15} | look)
    axes.plot(x, 0, "o", color=style.palette["vermilion"], markersize=7, zorder=3)
    box = {"facecolor": "white", "edgecolor": "none", "pad": 2}
    place = (max(1.37, x) + 1.37) / 2
    axes.text(place, low, "error", ha="center", va="center", fontsize=12, color=style.palette["vermilion"], bbox=box)
