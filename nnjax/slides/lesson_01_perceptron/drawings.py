"""The drawings of lesson 1's deck in which nothing is computed: the Mark I, a nerve cell, a line of years."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Rectangle

from nnjax.viz import canvas, style
from nnjax.viz.canvas import Picture
from nnjax.viz.style import palette

ARROW = {"arrowstyle": "-|>", "mutation_scale": 16, "linewidth": 1.8, "shrinkA": 0, "shrinkB": 0}


@style.context()
def machine() -> Picture:
    """Draw the Mark I: 400 photocells, a motor at each weight, one answer, and a teacher."""
    figure, (axes,) = canvas.blank(3.35)
    picture = np.zeros((20, 20))
    picture[3:17, 4:7] = picture[3:6, 4:16] = picture[14:17, 4:16] = picture[8:11, 4:13] = 1
    axes.imshow(picture, cmap="Greys", vmin=0, vmax=1.25, extent=(0, 3, -1.5, 1.5))
    for edge in np.linspace(0, 3, 21):
        axes.plot([edge, edge], [-1.5, 1.5], color=palette["pale"], linewidth=0.6)
        axes.plot([0, 3], [edge - 1.5, edge - 1.5], color=palette["pale"], linewidth=0.6)
    for y in (1.2, 0.4, -0.4, -1.2):
        axes.annotate("", (5.95, 0.12 * y), (3.05, y), arrowprops=ARROW | {"color": palette["grey"]})
        _circle(axes, (4.3, 0.62 * y), 0.24, "vermilion")
        turn = 0.19 * np.sin(3 * y), 0.19 * np.cos(3 * y)
        axes.plot([4.3, 4.3 + turn[0]], [0.62 * y, 0.62 * y + turn[1]], color="black", zorder=4)
    for x, text in ((6.4, "Σ"), (8.3, "≥ 0 ?")):
        _circle(axes, (x, 0), 0.45, "blue")
        axes.text(x, 0, text, ha="center", va="center", fontsize=12, zorder=4)
    for start, end in ((6.85, 7.8), (8.75, 9.6)):
        axes.annotate("", (end, 0), (start, 0), arrowprops=ARROW | {"color": palette["grey"]})
    axes.text(9.75, 0, "E: yes\nor no", va="center", fontsize=13)
    red: dict[str, Any] = {"color": palette["vermilion"], "linestyle": (0, (4, 2)), "linewidth": 1.8}
    axes.plot([10.2, 10.2, 4.3], [-0.55, -1.75, -1.75], **red)
    axes.annotate("", (4.3, -1.1), (4.3, -1.75), arrowprops=ARROW | red)
    axes.text(7.4, -1.68, "wrong: turn the weights", ha="center", va="bottom", color=palette["vermilion"], fontsize=12)
    for x, text in ((1.5, "400 photocells"), (4.3, "a motor\nat each weight"), (6.4, "sum"), (8.3, "step")):
        axes.text(x, 1.68, text, ha="center", va="bottom", color=palette["blue"], fontsize=12)
    return _bare(figure, axes, (-0.1, 11), (-1.85, 2.5))


@style.context()
def cell() -> Picture:
    """Draw a nerve cell: dendrites, synapses, cell body and axon."""
    figure, (axes,) = canvas.blank(3.5)
    rng, ink, tips = np.random.default_rng(4), palette["grey"], []
    for angle in (100, 130, 160, 195, 228, 258):
        x, y, turn, length = 3.2, 0.0, np.radians(angle), 1.0
        for width in (6, 4, 2.5):
            end = x + length * np.cos(turn), y + length * np.sin(turn) * 0.8
            axes.plot([x, end[0]], [y, end[1]], color=ink, linewidth=width, solid_capstyle="round", zorder=1)
            side = turn + 0.6 * rng.choice((-1, 1))
            twig = end[0] + 0.5 * np.cos(side), end[1] + 0.4 * np.sin(side)
            axes.plot([end[0], twig[0]], [end[1], twig[1]], color=ink, linewidth=0.7 * width, zorder=1)
            (x, y), length, turn = end, 0.6, turn + rng.uniform(-0.25, 0.25)
        tips.append((x, y))
    _circle(axes, (3.2, 0), 0.62, "blue")
    axes.add_patch(Circle((3.2, 0), 0.2, facecolor=palette["blue"], zorder=4))
    across = np.linspace(3.8, 8.3, 100)
    axes.plot(across, 0.12 * np.sin(1.4 * (across - 3.8)), color=palette["green"], linewidth=5)
    for turn in (-0.9, -0.3, 0.3, 0.9):
        end = 8.3 + np.cos(turn), 1.1 * np.sin(turn)
        axes.plot([8.3, end[0]], [0, end[1]], color=palette["green"], linewidth=3)
        axes.plot(*end, "o", color=palette["vermilion"], markersize=9)
    for x, y in tips[1:5]:
        axes.plot([-0.6, x - 0.08], [1.05 * y, y], color=palette["green"], linewidth=3)
        axes.plot(x - 0.08, y, "o", color=palette["vermilion"], markersize=9, zorder=3)
    for (x, y), place, text, color in (
        ((2.6, 1.5), (3.6, 2.1), "dendrites receive", "grey"),
        ((tips[4][0] - 0.1, tips[4][1] - 0.15), (0.9, -2.35), "synapses: strong or weak", "vermilion"),
        ((3.4, -0.65), (4.9, -1.5), "the cell body gathers", "blue"),
        ((6.4, 0.1), (6.4, 0.9), "the axon sends: all or nothing", "green"),
    ):
        look = {"arrowstyle": "-", "color": palette[color]}
        axes.annotate(text, (x, y), place, ha="center", va="center", fontsize=13, color=palette[color], arrowprops=look)
    return _bare(figure, axes, (-0.8, 9.8), (-2.6, 2.4))


@style.context()
def years(events: Sequence[tuple[int, str, bool]], first: int, last: int, winter: tuple[float, float]) -> Picture:
    """Draw (year, what happened, above or below) on one line of years, and a grey stretch in which little did."""
    figure, (axes,) = canvas.blank(3.7)
    axes.add_patch(Rectangle((winter[0], -0.12), winter[1] - winter[0], 0.24, color=palette["pale"], zorder=1))
    axes.text(sum(winter) / 2, 0, "the first winter", ha="center", va="center", fontsize=12, color=palette["grey"])
    axes.plot([first, winter[0]], [0, 0], color=palette["blue"], linewidth=4, zorder=1.5)
    seen = {True: 0, False: 0}
    for year, what, above in events:
        level = (0.55, 1.25)[seen[above] % 2] * (1 if above else -1)
        seen[above] += 1
        axes.plot([year, year], [0, level], color=palette["pale"], linewidth=1.4, zorder=0.5)
        axes.plot(year, 0, "o", color=palette["blue"], markersize=10, zorder=3)
        axes.text(year, level, what, ha="center", va="bottom" if above else "top", fontsize=11.5,
                  bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5})  # fmt: skip
    axes.set(xlim=(first, last), ylim=(-1.9, 1.9))
    axes.axis("off")
    return figure


def _circle(axes: Axes, place: tuple[float, float], radius: float, color: str) -> None:
    fill, ink = style.tint(color, 0.2), palette[color]
    axes.add_patch(Circle(place, radius, facecolor=fill, edgecolor=ink, linewidth=2, zorder=3))


def _bare(figure: Picture, axes: Axes, across: tuple[float, float], up: tuple[float, float]) -> Picture:
    axes.set(xlim=across, ylim=up, aspect="equal")
    axes.axis("off")
    return figure
