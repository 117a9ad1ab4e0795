"""What the deck of lesson 6 draws itself: paths in a ravine, rows and columns of a batch, dropped neurons, searches."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Rectangle

from nnjax import optimizers
from nnjax.viz import palette, style


def larger(axes: Axes, size: float = 13) -> None:
    """Let the words and numbers of the axes have one size."""
    axes.tick_params(labelsize=size)
    axes.xaxis.label.set_fontsize(size)
    axes.yaxis.label.set_fontsize(size)


def ravine(axes: Axes, rate: float, momentum: float, steps: int = 40) -> None:
    """Draw the path of descent, or of a ball, on (x^2 + 20 y^2) / 2, and the star that it should reach."""
    across, up = np.meshgrid(np.linspace(-5, 2.5, 90), np.linspace(-1.6, 1.6, 60))
    axes.contour(across, up, 0.5 * (across**2 + 20 * up**2), [0.3, 3, 10, 25], colors=palette["pale"])
    w, v, path = np.array([-4.4, 1.2]), np.zeros(2), []
    for _ in range(steps + 1):
        path.append(w)
        v = momentum * v + np.array([1.0, 20.0]) * w
        w = w - rate * v
    axes.plot(*np.array(path).T, "o-", color=palette["blue"], markersize=4.5, linewidth=1.4)
    axes.plot(0, 0, "*", markersize=18, color=palette["yellow"], markeredgecolor="black", zorder=4)
    axes.set(xlabel="x", ylabel="y", xlim=(-5, 2.5), ylim=(-1.6, 1.6))
    axes.set_title(f"after {steps} steps: {np.linalg.norm(path[-1]):.4f} from the minimum", loc="center", fontsize=13)
    axes.grid(False)
    larger(axes)


def batch(axes: Axes) -> None:
    """Draw a batch of 5 samples with 6 features, of which one row and one column are marked."""
    for i, j in np.ndindex(5, 6):
        row, column = i == 1, j == 4
        color = style.tint("orange", 0.55) if row else style.tint("sky", 0.6) if column else "white"
        axes.add_patch(Rectangle((j, -i), 1, 1, facecolor=color, edgecolor=palette["grey"], linewidth=0.9))
    axes.add_patch(Rectangle((4, -1), 0.5, 1, facecolor=style.tint("orange", 0.55), edgecolor="none"))
    axes.add_patch(Rectangle((4.5, -1), 0.5, 1, facecolor=style.tint("sky", 0.6), edgecolor="none"))
    axes.add_patch(Rectangle((4, -1), 1, 1, facecolor="none", edgecolor=palette["grey"], linewidth=0.9))
    axes.text(6.2, -0.5, "layer norm:\none sample", va="center", fontsize=14)
    axes.text(4.5, -4.3, "batch norm:\none feature", ha="center", va="top", fontsize=14)
    axes.text(3, 1.2, "features", ha="center", va="bottom", fontsize=14)
    axes.text(-0.25, -1.5, "samples", ha="right", va="center", fontsize=14, rotation=90)
    axes.set(xlim=(-0.9, 9.3), ylim=(-5.9, 1.9), aspect="equal")
    axes.axis("off")


def dropped(axes: Axes, there: list[list[bool]], title: str) -> None:
    """Draw a network of three layers, of which the neurons that are not there stand grey and alone."""
    places = [
        [(1.5 * layer, 0.8 * ((len(row) - 1) / 2 - i)) for i in range(len(row))] for layer, row in enumerate(there)
    ]
    for layer in range(len(there) - 1):
        for i, start in enumerate(places[layer]):
            for j, end in enumerate(places[layer + 1]):
                if there[layer][i] and there[layer + 1][j]:
                    axes.plot(*zip(start, end, strict=True), color=palette["grey"], linewidth=1.0, zorder=1)
    for row, held in zip(places, there, strict=True):
        for place, here in zip(row, held, strict=True):
            color = "blue" if here else "pale"
            look: dict[str, Any] = {"edgecolor": palette[color], "linewidth": 1.8, "zorder": 2}
            axes.add_patch(Circle(place, 0.26, facecolor=style.tint("blue", 0.2) if here else "white", **look))
            if not here:
                axes.text(*place, "×", ha="center", va="center", fontsize=13, color=palette["grey"], zorder=3)
    axes.set_title(title, loc="center", fontsize=14)
    axes.set(xlim=(-0.5, 3.5), ylim=(-2.1, 2.1), aspect="equal")
    axes.axis("off")


def trials(axes: Axes, points: np.ndarray, title: str) -> None:
    """Draw trials of two settings, of which one matters, and which values of it they have tested."""
    best = np.linspace(0, 1, 200)
    axes.plot(best, 1.1 + 0.5 * np.exp(-(((best - 0.62) / 0.09) ** 2)), color=palette["blue"])
    axes.plot(*points.T, "o", color=palette["vermilion"], markersize=9)
    axes.vlines(points[:, 0], points[:, 1], 1.1, color=palette["vermilion"], linewidth=0.9, linestyle=":")
    axes.plot(
        points[:, 0],
        1.1 + 0.5 * np.exp(-(((points[:, 0] - 0.62) / 0.09) ** 2)),
        "D",
        color=palette["vermilion"],
        markersize=6,
    )
    axes.add_patch(Rectangle((0, 0), 1, 1, facecolor="none", edgecolor=palette["grey"]))
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.75), xticks=[], yticks=[])
    axes.set_xlabel("a setting that matters", fontsize=13)
    axes.set_ylabel("one that does not      ", fontsize=13, loc="bottom")
    axes.set_title(title, loc="center", fontsize=14)
    axes.spines[:].set_visible(False)


def course(axes: Axes, runs: np.ndarray, values: list[Any], color: str, label: str, marker: str) -> None:
    """Draw mean and deviation over the seeds (values, seeds) at equally distant places."""
    look: dict[str, Any] = {"color": palette[color], "label": label, "capsize": 4}
    axes.errorbar(range(len(values)), runs.mean(1), runs.std(1), fmt=f"{marker}-", **look)
    axes.set_xticks(range(len(values)), [f"{value:g}" for value in values])


def forgetting(axes: Axes) -> None:
    """Draw the path of Adam on (x^2 + 20 y^2) / 2, and that of an Adam whose state is thrown away in each step."""
    adam = optimizers.adam(0.35)
    for name, remembers, color, line in (("state kept", True, "blue", "-"), ("thrown away", False, "vermilion", ":")):
        w, path = np.array([-4.4, 1.2], np.float32), []
        state = start = adam.init(w)
        for _ in range(40):
            path.append(w)
            updates, state = adam.update(np.array([1.0, 20.0], np.float32) * w, state if remembers else start)
            w = w + np.asarray(updates)
        axes.plot(*np.array(path).T, "o", linestyle=line, color=palette[color], markersize=4, linewidth=1.6, label=name)
    axes.plot(0, 0, "*", markersize=16, color=palette["yellow"], markeredgecolor="black", zorder=4)
    axes.set(xlabel="x", ylabel="y", ylim=(-1.0, 1.9))
    axes.set_title("Adam: the state of the optimizer is", loc="center", fontsize=13)
    axes.legend(fontsize=12, loc="upper right", ncols=2, columnspacing=1.0, handlelength=1.4)
    axes.grid(False)
    larger(axes, 12)
