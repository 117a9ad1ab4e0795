"""What the deck of lesson 5 draws itself: a digit as numbers, the parts of the data, batches of an epoch."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from nnjax.viz import palette, style

TINTS = (style.tint("orange", 0.5), style.tint("sky", 0.5), style.tint("green", 0.35), style.tint("purple", 0.4))


def larger(axes: Axes, size: float = 13) -> None:
    """Let the words and numbers of the axes have one size."""
    axes.tick_params(labelsize=size)
    axes.xaxis.label.set_fontsize(size)
    axes.yaxis.label.set_fontsize(size)


def image(axes: Axes, pixels: np.ndarray, title: str = "", size: float = 12) -> None:
    """Draw a digit dark on white."""
    axes.imshow(pixels, cmap="gray_r", vmin=0, vmax=1)
    axes.set(xticks=[], yticks=[])
    axes.grid(False)
    axes.spines[:].set(visible=True, color=palette["grey"])
    if title:
        axes.set_title(title, loc="center", fontsize=size)


def numbers(axes: Axes, pixels: np.ndarray) -> None:
    """Draw the dark points of each pixel, 0 to 16, as a table."""
    for (i, j), value in np.ndenumerate(np.round(16 * pixels).astype(int)):
        look: dict[str, Any] = {"facecolor": style.tint("grey", value / 40), "edgecolor": palette["pale"]}
        axes.add_patch(Rectangle((j, -i), 1, 1, **look))
        color = "black" if value else palette["grey"]
        axes.text(j + 0.5, 0.5 - i, str(value), ha="center", va="center", fontsize=12, color=color)
    axes.set(xlim=(0, 8), ylim=(-7, 1), aspect="equal")
    axes.axis("off")


def three(axes: Axes, counts: tuple[int, int, int]) -> None:
    """Draw the digits as a bar, cut into the three parts, with what each is for."""
    told = (
        ("training", "gradients are\ncomputed from it"),
        ("validation", "to choose\nsettings with"),
        ("test", "once,\nat the end"),
    )
    left = 0.0
    for count, (name, use), color in zip(counts, told, ("blue", "orange", "vermilion"), strict=True):
        look: dict[str, Any] = {"facecolor": style.tint(color, 0.45), "edgecolor": "white", "linewidth": 3}
        axes.add_patch(Rectangle((left, 0), count, 1, **look))
        middle = left + count / 2
        axes.text(middle, 0.5, str(count), ha="center", va="center", fontsize=20)
        axes.text(middle, 1.12, name, ha="center", va="bottom", fontsize=16, fontweight="bold")
        axes.text(middle, -0.12, use, ha="center", va="top", fontsize=14)
        left += count
    axes.set(xlim=(-20, left + 20), ylim=(-1.1, 1.6))
    axes.axis("off")


def one_hot(axes: Axes, labels: tuple[int, ...]) -> None:
    """Draw the one-hot rows of labels."""
    for row, label in enumerate(labels):
        for k in range(10):
            color = style.tint("orange", 0.6) if k == label else "white"
            axes.add_patch(Rectangle((k, -row), 1, 1, facecolor=color, edgecolor=palette["grey"]))
            axes.text(k + 0.5, 0.5 - row, "1" if k == label else "0", ha="center", va="center", fontsize=15)
        axes.text(-0.3, 0.5 - row, f"label {label}", ha="right", va="center", fontsize=14)
    for k in range(10):
        axes.text(k + 0.5, 1.12, str(k), ha="center", va="bottom", fontsize=13, color=palette["grey"])
    axes.set(xlim=(-2.0, 10.1), ylim=(0.9 - len(labels), 1.7), aspect="equal")
    axes.axis("off")


def epoch(axes: Axes) -> None:
    """Draw twelve samples, shuffled in two epochs and cut into three batches each."""
    rng = np.random.default_rng(0)
    for row, name in enumerate(("the data", "epoch 1", "epoch 2")):
        order = np.arange(12) if row == 0 else rng.permutation(12)
        for place, sample in enumerate(order):
            left = place + (0.6 * (place // 4) if row else 0.6)
            color = TINTS[place // 4] if row else "white"
            look: dict[str, Any] = {"facecolor": color, "edgecolor": palette["grey"], "linewidth": 0.9}
            axes.add_patch(Rectangle((left, -2.1 * row), 1, 1, **look))
            axes.text(left + 0.5, 0.5 - 2.1 * row, str(sample), ha="center", va="center", fontsize=14)
        axes.text(-0.4, 0.5 - 2.1 * row, name, ha="right", va="center", fontsize=14)
        if row:
            for batch in range(3):
                axes.text(4.6 * batch + 2, -0.15 - 2.1 * row, f"batch {batch + 1}", ha="center", va="top", fontsize=13)
    axes.set(xlim=(-2.7, 13.4), ylim=(-5.0, 1.2), aspect="equal")
    axes.axis("off")
