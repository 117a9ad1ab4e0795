"""What the deck of lesson 10 draws itself: the line of years, nets of 1943, boards, trees of moves, two players."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

from nnjax.slides import sketch
from nnjax.viz import style
from nnjax.viz.style import palette

FIRST, LAST = 1940, 2020
STONES = (
    (1943, "formal\nneuron", "McCulloch,\nPitts"),
    (1949, "Hebb's\nrule", "Hebb"),
    (1958, "perceptron", "Rosenblatt"),
    (1959, "ADALINE,\nMADALINE", "Widrow,\nHoff"),
    (1969, "no line\nfor XOR", "Minsky,\nPapert"),
    (1974, "back-\npropagation", "Werbos"),
    (1982, "Hopfield\nnetwork", "Hopfield"),
    (1986, "hidden\nfeatures", "Rumelhart,\nHinton,\nWilliams"),
    (1989, "universal\napproximation", "Cybenko;\nHornik and\ntwo others"),
    (1997, "LSTM", "Hochreiter,\nSchmidhuber"),
    (1998, "LeNet-5", "LeCun and\nthree others"),
    (2012, "AlexNet", "Krizhevsky,\nSutskever,\nHinton"),
    (2014, "adversarial\nnetworks", "Goodfellow\nand others"),
    (2016, "AlphaGo", "DeepMind"),
    (2017, "AlphaGo\nZero", "DeepMind"),
    (2017, "transformer", "Vaswani and\nseven others"),
)
"""The year, what was new, and who published it."""
BUILT = (1982, 2014, 2016)
"""The years of what the lesson builds itself; AlphaGo Zero of 2017 belongs to them too."""


def at(figure: Figure, x: float, y: float, width: float, height: float) -> Axes:
    """Return new axes on a sheet, their lower left corner and size in inches."""
    across, up = figure.get_size_inches()
    return figure.add_axes((x / across, y / up, width / across, height / up))


def pixels(axes: Axes, image: np.ndarray, cmap: str = "gray_r", low: float = 0.0, color: str = "grey") -> None:
    """Draw an image, dark on white, with a frame."""
    axes.imshow(image, cmap=cmap, vmin=low, vmax=1)
    axes.set(xticks=[], yticks=[])
    axes.grid(False)
    axes.spines[:].set(visible=True, color=palette[color], linewidth=1)


def years(figure: Figure, axes: Axes) -> None:
    """Draw all stones on a line of years true to scale, named above and below in turn."""
    width, height = figure.get_size_inches()
    middle = height / 2
    axes.plot([0.3, width - 0.3], [middle, middle], color=palette["grey"], linewidth=3, solid_capstyle="butt")
    for year in range(FIRST, LAST + 1, 10):
        axes.plot([_place(year, width)] * 2, [middle - 0.07, middle + 0.07], color=palette["grey"], linewidth=1.2)
    for i, (year, what, who) in enumerate(STONES):
        new = year in BUILT or what.endswith("Zero")
        side, color = (1 if i % 2 == 0 else -1), "vermilion" if new else "blue"
        x, slot = _place(year, width), 0.53 + (width - 1.06) * (i // 2) / 7
        bend = [middle, middle + 0.18 * side, middle + 0.42 * side]
        axes.plot([x, x, slot], bend, color=palette["pale"], linewidth=1.4, zorder=0.5)
        axes.plot(x, middle, "o", color=palette[color], markersize=13 if what.endswith("Zero") else 9, zorder=3)
        lines = [(f"{year}", 12.5, color, "bold"), (what, 10.5, "black", "normal"), (who, 10, "grey", "normal")]
        y = middle + 0.44 * side + (_tall(lines) if side > 0 else 0)
        for words, size, ink, weight in lines:
            look: dict[str, Any] = {"fontsize": size, "fontweight": weight, "linespacing": 1.05}
            sketch.text(axes, (slot, y), words, ink, va="top", **look)
            y -= _tall([(words, size, ink, weight)])


def _tall(lines: Sequence[tuple[str, float, str, str]]) -> float:
    return sum(size / 72 * 1.25 * (1 + words.count("\n")) + 0.035 for words, size, _, _ in lines)


def _place(year: float, width: float) -> float:
    return 0.55 + (width - 1.1) * (year - FIRST) / (LAST - FIRST)


def strip(figure: Figure, axes: Axes, lit: Collection[int]) -> None:
    """Draw the line of years, small: stones that are past in blue, those of ``lit`` large and named, others hollow."""
    width, y = figure.get_size_inches()[0], 0.16
    axes.plot([_place(FIRST, width), _place(LAST, width)], [y, y], color=palette["pale"], linewidth=3, zorder=0.5)
    for year in (FIRST, LAST):
        words: dict[str, Any] = {"ha": "right" if year == FIRST else "left", "fontsize": 10.5}
        sketch.text(axes, (_place(year, width) + (-0.08 if year == FIRST else 0.08), y), str(year), "grey", **words)
    for year in sorted({stone[0] for stone in STONES}):
        past, now = year < min(lit), year in lit
        look: dict[str, Any] = {"markersize": 13 if now else 8, "zorder": 4 if now else 3}
        fill = palette["vermilion"] if now else palette["blue"] if past else "white"
        axes.plot(_place(year, width), y, "o", markerfacecolor=fill, markeredgecolor=fill if now or past else
                  palette["grey"], **look)  # fmt: skip
    for group in _groups(sorted(lit)):
        middle = _place(float(np.mean(group)), width)
        sketch.text(axes, (middle, 0.43), ", ".join(map(str, group)), "vermilion", fontsize=13, fontweight="bold")


def _groups(years: Sequence[int]) -> list[list[int]]:
    groups: list[list[int]] = []
    for year in years:
        if groups and year - groups[-1][-1] < 10:
            groups[-1].append(year)
        else:
            groups.append([year])
    return groups


def corners_net(axes: Axes, corners: np.ndarray, answers: np.ndarray) -> None:
    """Draw McCulloch and Pitts's net for a function: a neuron for each corner of the cube, and an OR."""
    left, middle, right = 0.0, 3.0, 5.6
    heights = np.linspace(3.5, -3.5, len(corners))
    inputs = np.linspace(2.2, -2.2, corners.shape[1])
    for corner, y, wanted in zip(corners, heights, answers, strict=True):
        for bit, start in zip(corner, inputs, strict=True):
            look: dict[str, Any] = {"color": palette["blue" if bit else "pale"], "linewidth": 1.3 if bit else 1.0}
            axes.plot([left, middle], [start, y], linestyle="-" if bit else (0, (4, 2)), zorder=1, **look)
        color = "vermilion" if wanted else "grey"
        axes.plot([middle, right], [y, 0], color=palette["vermilion" if wanted else "pale"], linewidth=1.6, zorder=1)
        box: dict[str, Any] = {"facecolor": style.tint(color, 0.18), "edgecolor": palette[color], "linewidth": 1.4}
        axes.add_patch(Rectangle((middle - 0.85, y - 0.4), 1.7, 0.8, zorder=2, **box))
        axes.text(middle, y - 0.03, "".join(map(str, corner)), ha="center", va="center", fontsize=11, zorder=3)
    for i, start in enumerate(inputs, start=1):
        _node(axes, (left, start), f"$x_{i}$", "blue")
    _node(axes, (right, 0), "OR", "vermilion")
    axes.text(
        2.9, -4.35, "drawn: at least\ntwo of three", ha="center", va="top", fontsize=12, color=palette["vermilion"]
    )
    axes.set(xlim=(-0.85, 6.5), ylim=(-5.9, 4.0))
    axes.axis("off")


def _node(axes: Axes, place: tuple[float, float], words: str, color: str) -> None:
    look: dict[str, Any] = {"markerfacecolor": style.tint(color, 0.18), "markeredgecolor": palette[color]}
    axes.plot(*place, "o", markersize=24, markeredgewidth=1.6, zorder=2, **look)
    axes.text(*place, words, ha="center", va="center", fontsize=11.5, zorder=3)


def board(
    axes: Axes, corner: tuple[float, float], side: float, stones: Sequence[int], shares: np.ndarray | None = None
) -> None:
    """Draw a board of tic-tac-toe on a sheet, with what each empty square has of ``shares``, in per cent."""
    cell = side / 3
    for square, stone in enumerate(stones):
        row, column = divmod(square, 3)
        x, y = corner[0] + cell * column, corner[1] + cell * (2 - row)
        share = 0.0 if shares is None else float(shares[square])
        look: dict[str, Any] = {"facecolor": style.tint("sky", 0.9 * share), "edgecolor": palette["grey"]}
        axes.add_patch(Rectangle((x, y), cell, cell, linewidth=1.2, zorder=2, **look))
        middle, reach, heavy = (x + cell / 2, y + cell / 2), 0.28 * cell, 1.2 + 4.2 * cell
        if stone == 1:
            for slope in (1, -1):
                ends = np.array([-reach, reach])
                axes.plot(middle[0] + ends, middle[1] + slope * ends, color=palette["blue"], linewidth=heavy, zorder=3)
        elif stone == -1:
            ring: dict[str, Any] = {"facecolor": "none", "edgecolor": palette["vermilion"], "linewidth": heavy}
            axes.add_patch(Circle(middle, reach, zorder=3, **ring))
        elif shares is not None:
            axes.text(*middle, f"{100 * share:.0f} %", ha="center", va="center", fontsize=12, zorder=3)
