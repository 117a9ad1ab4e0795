"""What the deck of lesson 7 draws itself: images, a window through channels, a band matrix, a backward pass."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Rectangle

from nnjax.viz import palette, style

UPPER = np.array([[-1, -1, -1], [0, 0, 0], [1, 1, 1]])
TINTS = (style.tint("orange", 0.5), style.tint("sky", 0.5), style.tint("green", 0.35), style.tint("purple", 0.4))
WEIGHTS = ("$W_0$", "$W_1$", "$W_2$")


def image(axes: Axes, pixels: np.ndarray, title: str = "", size: float = 12, **look: Any) -> None:
    """Draw an image, dark on white unless ``look`` says otherwise."""
    shades: dict[str, Any] = {"cmap": "gray_r", "vmin": 0, "vmax": 1}
    axes.imshow(pixels, **(shades | look))
    axes.set(xticks=[], yticks=[])
    axes.grid(False)
    axes.spines[:].set(visible=True, color=palette["grey"])
    if title:
        axes.set_title(title, loc="center", fontsize=size)


def sweep(x: np.ndarray, W: np.ndarray) -> np.ndarray:
    """Return the convolution of x with the kernel W, of as many axes."""
    windows = np.lib.stride_tricks.sliding_window_view(x, W.shape)
    return np.sum(windows * W, axis=tuple(range(x.ndim, 2 * x.ndim)))


def larger(axes: Axes, size: float) -> None:
    """Let the words and numbers of the axes have one size."""
    axes.tick_params(labelsize=size)
    axes.xaxis.label.set_fontsize(size)
    axes.yaxis.label.set_fontsize(size)


def channels(axes: Axes) -> None:
    """Draw a window through three channels, and the number that it becomes in the first of four maps."""
    for c, (color, name) in enumerate((("vermilion", "red"), ("green", "green"), ("blue", "blue"))):
        x, y = 0.75 * (2 - c), 0.5 * (2 - c)
        look: dict[str, Any] = {"edgecolor": palette[color], "linewidth": 1.6, "zorder": 2 + c}
        axes.add_patch(Rectangle((x, y), 3, 3, facecolor=style.tint(color, 0.16), **look))
        axes.add_patch(Rectangle((x + 0.6, y + 1.2), 1.1, 1.1, facecolor=style.tint(color, 0.75), **look))
        axes.text(x + 2.9, y + 0.12, name, ha="right", va="bottom", fontsize=12, zorder=9)
    for up in (2.3, 1.2):
        axes.plot([1.7, 8.95], [up, 2.1], color=palette["grey"], linewidth=1.2, zorder=8)
    for o in reversed(range(4)):
        fill = style.tint("orange", 0.25) if o == 0 else style.tint("grey", 0.1)
        corner = 7.4 + 0.45 * o, 0.9 + 0.32 * o
        axes.add_patch(Rectangle(corner, 2.4, 2.4, facecolor=fill, edgecolor=palette["grey"], zorder=7 - o))
    axes.add_patch(Rectangle((8.85, 1.95), 0.3, 0.3, facecolor=palette["orange"], edgecolor="black", zorder=9))
    axes.text(2.25, -0.3, "3 channels in:\na filter sees all of them", ha="center", va="top", fontsize=13)
    axes.text(9.3, -0.3, "4 filters,\n4 maps out", ha="center", va="top", fontsize=13)
    axes.set(xlim=(-0.3, 11.5), ylim=(-1.6, 4.5), aspect="equal")
    axes.axis("off")


def band(axes: Axes) -> None:
    """Draw the weight matrix of a convolution: each row is the kernel, one place further."""
    for output in range(6):
        for place in range(8):
            k = place - output
            inside = 0 <= k < 3
            look: dict[str, Any] = {"edgecolor": palette["grey"], "linewidth": 0.8}
            axes.add_patch(Rectangle((place, -output), 1, 1, facecolor=TINTS[k] if inside else "white", **look))
            words: dict[str, Any] = {"color": "black" if inside else palette["grey"], "fontsize": 14}
            axes.text(place + 0.5, 0.5 - output, WEIGHTS[k] if inside else "0", ha="center", va="center", **words)
    axes.set_xticks(np.arange(8) + 0.5, [f"$x_{place}$" for place in range(8)], fontsize=14)
    axes.set_yticks(0.5 - np.arange(6), [f"$y_{output}$" for output in range(6)], fontsize=14)
    axes.set(xlim=(-0.02, 8.02), ylim=(-5.02, 1.02), aspect="equal")
    axes.tick_params(length=0)
    axes.xaxis.tick_top()
    axes.spines[:].set_visible(False)
    axes.grid(False)


def backwards(axes: Axes) -> None:
    """Draw the windows in which one input stands, and the weights by which their slopes come back to it."""
    for output in range(4):
        for k in range(3):
            strong = output + k == 2
            look: dict[str, Any] = {
                "color": palette["vermilion" if strong else "pale"],
                "linewidth": 2.6 if strong else 1.4,
            }
            axes.plot([0, 4], [-(output + k), -output - 1], zorder=1, **look)
            if strong:
                box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
                up = -2 + 0.45 * (1 - output)
                axes.text(1.8, up, WEIGHTS[k], ha="center", va="center", fontsize=14, bbox=box)
    for side, count, letter, first in ((0, 6, "x", 0), (4, 4, "y", 1)):
        for i in range(count):
            strong = (side == 0 and i == 2) or (side == 4 and i <= 2)
            color = "vermilion" if strong else "blue"
            look = {"facecolor": style.tint(color, 0.18), "edgecolor": palette[color], "linewidth": 2, "zorder": 2}
            axes.add_patch(Circle((side, -i - first), 0.36, **look))
            axes.text(side, -i - first, f"${letter}_{i}$", ha="center", va="center", fontsize=14, zorder=3)
    for i in range(3):
        axes.text(4.55, -i - 1, f"$dy_{i}$", va="center", fontsize=14, color=palette["vermilion"])
    axes.set(xlim=(-0.5, 5.4), ylim=(-5.5, 0.5), aspect="equal")
    axes.axis("off")


def sizes(axes: Axes) -> None:
    """Draw maps of three sizes, each of which becomes a number for each channel."""
    for row, (high, wide) in enumerate(((3, 3), (4, 6), (3, 8))):
        y = -4.6 * row
        for c in reversed(range(3)):
            for i, j in np.ndindex(high, wide):
                corner = 0.55 * c + 0.8 * j, y - 0.8 * i + 0.55 * c + 0.4 * (high - 3)
                look: dict[str, Any] = {"facecolor": TINTS[c], "edgecolor": "white", "linewidth": 0.8, "zorder": 5 - c}
                axes.add_patch(Rectangle(corner, 0.8, 0.8, **look))
            look = {"facecolor": TINTS[c], "edgecolor": palette["grey"]}
            axes.add_patch(Rectangle((12.5 + 1.0 * c, y - 0.6), 1, 1, **look))
        arrow = {"arrowstyle": "->", "lw": 1.5, "color": palette["grey"]}
        axes.annotate("", (12.1, y - 0.1), (8.6, y - 0.1), arrowprops=arrow)
        axes.text(16.1, y - 0.1, "3 numbers", va="center", fontsize=13)
    axes.set(xlim=(-0.2, 19.5), ylim=(-12, 2.6), aspect="equal")
    axes.axis("off")


def pools(axes: Axes) -> None:
    """Draw four windows of 2 x 2, and at their right the largest number of each and the mean of each."""
    x = np.array([[1, 3, 0, 0], [2, 6, 1, 3], [0, 0, 4, 4], [4, 0, 8, 4]])
    view = x.reshape(2, 2, 2, 2).swapaxes(1, 2).reshape(2, 2, 4)
    tables = ("input", x, 0.0, 0.0), ("max", view.max(2), 5.6, 1.6), ("average", view.mean(2), 5.6, -1.6)
    for name, table, left, up in tables:
        half = len(table) / 2
        axes.text(left + half, up + half + 0.12, name, ha="center", va="bottom", fontsize=14)
        for (i, j), value in np.ndenumerate(table):
            window = (i // 2, j // 2) if len(table) == 4 else (i, j)
            look: dict[str, Any] = {"edgecolor": palette["grey"], "linewidth": 0.9}
            color = TINTS[2 * window[0] + window[1]]
            axes.add_patch(Rectangle((left + j, up + half - 1 - i), 1, 1, facecolor=color, **look))
            bold = "bold" if len(table) == 4 and value == view[window].max() and value > 0 else "normal"
            words: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 16, "fontweight": bold}
            axes.text(left + j + 0.5, up + half - 0.5 - i, f"{value:g}", **words)
    axes.set(xlim=(-0.05, 7.65), ylim=(-2.7, 3.2), aspect="equal")
    axes.axis("off")
