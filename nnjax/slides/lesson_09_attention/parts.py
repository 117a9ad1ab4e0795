"""The drawings of the deck of lesson 9 that are no plots: words, boxes, arrows and small arrays."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nnjax.slides import sketch
from nnjax.viz import canvas, style

TOWNS = {"Lisbon": (-0.9, -0.8, 17), "Oslo": (0.3, 0.9, 6), "Athens": (0.9, -0.8, 19), "Reykjavik": (-1.0, 1.0, 5)}
KEYS = np.array([place[:2] for place in TOWNS.values()])


def softmax(z: Any) -> np.ndarray:
    """Return the softmax of each row."""
    e = np.exp(np.asarray(z) - np.max(z, axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@style.context()
def looking_back() -> Figure:
    """A recurrent network carries a word through eight steps; looking back takes one."""
    words = ["The", "trophy", "did", "not", "fit", "into", "the", "suitcase", "because", "it", "was", "too", "big"]
    figure, axes = sketch.sheet(8.5, 3.3)
    ends = 0.05 + np.cumsum([0.25 + 0.1 * len(word) for word in words])
    middles = ends - 0.5 * np.diff(ends, prepend=0.0)
    for number, (word, x) in enumerate(zip(words, middles, strict=True)):
        hot = word in ("trophy", "it")
        sketch.text(axes, (x, 1.62), word, "vermilion" if hot else "black", weight="bold" if hot else "normal")
        sketch.ring(axes, (x, 0.72), 0.16, color="vermilion" if 1 <= number <= 9 else "grey")
        sketch.arrow(axes, (x, 1.46), (x, 0.94), "grey")
        if number:
            last = middles[number - 1]
            color = "vermilion" if 2 <= number <= 9 else "grey"
            sketch.arrow(axes, (last + 0.18, 0.72), (x - 0.18, 0.72), color, 2.2 if color == "vermilion" else 1.4)
    sketch.text(axes, (middles[5], 0.28), "a recurrent network: 8 steps, each through the same state", "vermilion")
    for number, width in ((1, 3.6), (7, 1.2)):
        sketch.arrow(axes, (middles[9], 1.82), (middles[number], 1.82), "blue", width, bend=0.32)
    sketch.text(axes, (middles[5] - 0.1, 3.08), "looking back: 1 step", "blue")
    return figure


@style.context()
def matrices() -> Figure:
    """Attention for three queries: which matrices are multiplied, and what one row becomes."""
    rng = np.random.default_rng(3)
    q, k, v = rng.normal(size=(3, 4)), rng.normal(size=(5, 4)), rng.normal(size=(5, 2))
    p = softmax(q @ k.T / 2)
    figure, axes = sketch.sheet(8.5, 2.8)
    side, middle = 0.36, 1.33
    left, gaps = 0.15, (0.22, 0.85, 0.22, 0.4, 0.0)
    names = ("$Q$", "$K^T$", "$P$", "$V$", "$Y$")
    shapes = ("3 × 4", "4 × 5", "3 × 5", "5 × 2", "3 × 2")
    for array, gap, name, shape in zip((q, k.T, p, v, p @ v), gaps, names, shapes, strict=True):
        rows, columns = array.shape
        low, wide, high = middle - rows * side / 2, columns * side, rows * side
        sketch.cells(axes, (left, low), array, side, numbers=".2f" if name == "$P$" else None, fontsize=10)
        if rows == 3:
            sketch.outline(axes, (left, low + side), (wide, side))
        sketch.text(axes, (left + wide / 2, low + high + 0.26), name, fontsize=17)
        sketch.text(axes, (left + wide / 2, low - 0.22), shape, "grey")
        left += wide + gap
        if name == "$K^T$":
            sketch.text(axes, (left - gap / 2, middle + 0.3), "softmax\nof rows", fontsize=11)
            sketch.arrow(axes, (left - gap + 0.1, middle), (left - 0.1, middle), "black")
        elif name == "$V$":
            sketch.text(axes, (left - gap / 2, middle), "=", fontsize=16)
    return figure


@style.context()
def self_attention(word: str, weights: np.ndarray) -> Figure:
    """Every place has query, key and value; the query of the last meets all keys, and the values come to it."""
    figure, axes = sketch.sheet(8.4, 3.4)
    for place, letter in enumerate(word):
        x = 2.05 + 1.15 * place
        sketch.box(axes, (x, 0.3), (0.8, 0.42), letter, "grey", fontsize=16, weight="bold")
        for shift, name, color in ((-0.32, "q", "vermilion"), (0.0, "k", "blue"), (0.32, "v", "green")):
            tone = "pale" if name == "q" and place < len(word) - 1 else color
            sketch.box(axes, (x + shift, 1.15), (0.28, 0.36), f"${name}_{place + 1}$", tone, fontsize=12)
            sketch.arrow(axes, (x + shift * 0.5, 0.54), (x + shift, 0.94), "grey", 1.1)
        sketch.text(axes, (x + 0.1, 1.68), f"{100 * weights[place]:.0f} %", fontsize=13)
        line: dict[str, Any] = {"color": style.palette["green"], "solid_capstyle": "butt", "zorder": 1}
        axes.plot([x + 0.32, 5.1], [1.85, 2.72], linewidth=0.6 + 11 * weights[place], **line)
    rows = (("row $x_t$", 0.3), ("asks, is found,\ntells", 1.15), ("weight for\nthe last R", 1.68), ("answer", 2.92))
    for words, y in rows:
        sketch.text(axes, (1.4, y + 0.08 * ("last" in words)), words, "grey", ha="right", fontsize=11.5)
    sketch.box(axes, (5.1, 2.92), (0.7, 0.42), f"$y_{len(word)}$", "green", fontsize=15)
    return figure


@style.context()
def masking(word: str, scores: np.ndarray) -> Figure:
    """The scores of a trained head, the mask, and the weights that are left."""
    hidden = np.where(np.tril(np.ones((5, 5), bool)), scores, -np.inf)
    figure, axes = sketch.sheet(8.5, 3.4)
    side = 0.43
    panels = ((scores, "scores", ".1f"), (hidden, "with the mask", ".1f"), (softmax(hidden), "weights", ".2f"))
    for number, (array, name, form) in enumerate(panels):
        left = 0.75 + 2.72 * number
        largest = 1.0 if name == "weights" else None
        sketch.cells(axes, (left, 0.55), array, side, numbers=form, largest=largest, fontsize=11)
        sketch.text(axes, (left + 2.5 * side, 3.05), name, fontsize=14)
        for place, letter in enumerate(word):
            sketch.text(axes, (left + (place + 0.5) * side, 0.37), letter)
            sketch.text(axes, (left - 0.18, 0.55 + (4.5 - place) * side), letter)
        if number:
            sketch.arrow(axes, (left - 0.47, 1.65), (left - 0.32, 1.65), "black", 1.2)
    sketch.text(axes, (0.2, 0.55 + 2.5 * side), "looking", "grey", rotation=90)
    sketch.text(axes, (0.75 + 2.5 * side, 0.13), "looked at", "grey")
    return figure


@style.context()
def prefixes() -> Figure:
    """One word gives an example for each of its places: what is known, and the letter that is wanted."""
    word, side = "LETTER E", 0.42
    figure, axes = sketch.sheet(4.8, 3.7)
    for row in range(1, len(word)):
        y = 3.2 - side * (row - 1)
        for place, letter in enumerate(word[: row + 1]):
            color = "vermilion" if place == row else "blue"
            shown = letter.replace(" ", "␣")
            sketch.box(axes, (0.75 + side * place, y), (0.36, 0.34), shown, color, fontsize=13)
    sketch.text(axes, (0.2, 1.9), "one example a row", "grey", rotation=90)
    sketch.text(axes, (0.58, 0.26), "known", "blue", ha="left", fontsize=13)
    sketch.text(axes, (4.1, 0.26), "wanted", "vermilion", ha="right", fontsize=13)
    return figure


@style.context()
def heads(weights: np.ndarray) -> Figure:
    """Blocks of columns attend by themselves; their answers stand side by side and are mixed."""
    colors = ("blue", "orange", "green", "purple")
    figure, axes = sketch.sheet(8.4, 3.3)
    side = 0.15
    for row, name in enumerate("QKV"):
        low = 2.33 - 1.11 * row
        for head, color in enumerate(colors):
            sketch.cells(axes, (0.55 + 2 * side * head, low), np.full((6, 2), 0.6), side, color=color, largest=1)
        sketch.text(axes, (0.3, low + 3 * side), f"${name}$", fontsize=16)
    for head, (color, panel) in enumerate(zip(colors, weights, strict=True)):
        corner = (2.75 + 1.5 * (head % 2), 1.85 - 1.53 * (head // 2))
        sketch.cells(axes, corner, panel, 0.19, color=color, largest=1)
        sketch.text(axes, (corner[0] + 0.57, corner[1] + 1.3), f"head {head + 1}", fontsize=12)
        sketch.cells(axes, (6.1 + 2 * side * head, 1.2), np.full((6, 2), 0.6), side, color=color, largest=1)
        sketch.text(axes, (6.1 + 2 * side * (head + 0.5), 2.27), f"$Y_{head + 1}$", fontsize=13)
    sketch.arrow(axes, (1.95, 1.65), (2.5, 1.65), "black")
    sketch.arrow(axes, (5.5, 1.65), (5.95, 1.65), "black")
    sketch.box(axes, (7.87, 1.65), (0.56, 0.5), "$W_o$", "grey", fontsize=16)
    sketch.text(axes, (7.44, 1.65), "·", fontsize=20)
    return figure


@style.context()
def block() -> Figure:
    """The block: norm and attention, norm and a small network, each beside a shortcut."""
    figure, axes = sketch.sheet(8.4, 2.0)
    middle, high = 0.62, 1.55
    parts = ((1.5, "norm$_1$", "grey"), (2.8, "MultiHead", "blue"), (4.85, "norm$_2$", "grey"), (5.95, "mlp", "green"))
    for x, words, color in parts:
        sketch.box(axes, (x, middle), (1.15 if color == "blue" else 0.85, 0.62), words, color, fontsize=14)
    for x, up, name in ((0.3, 0.0, "$x$"), (4.02, 0.3, "$u$"), (7.82, 0.0, "block$(x)$")):
        sketch.text(axes, (x, middle + up), name, fontsize=16)
    for start, end in ((0.45, 1.06), (1.94, 2.21), (3.39, 3.56), (3.9, 4.41), (5.29, 5.51), (6.39, 6.6), (6.94, 7.3)):
        sketch.arrow(axes, (start, middle), (end, middle), "grey")
    for start, end in ((0.72, 3.73), (4.2, 6.77)):
        line: dict[str, Any] = {"color": style.palette["vermilion"], "linewidth": 3.0, "zorder": 1}
        axes.plot([start, start, end, end], [middle, high, high, middle + 0.3], **line)
        sketch.arrow(axes, (end, middle + 0.4), (end, middle + 0.17), "vermilion", 3.0)
        sketch.text(axes, ((start + end) / 2, high + 0.22), "shortcut", "vermilion", fontsize=13)
        sketch.ring(axes, (end, middle), 0.16, "+", "vermilion", fontsize=15)
    return figure


def writing(axes: Axes, texts: Mapping[float, str]) -> None:
    """Write down what a network wrote, a block of lines for each temperature."""
    axes.axis("off")
    axes.set(xlim=(0, 1), ylim=(0, 1))
    for block, (temperature, text) in enumerate(texts.items()):
        top = 0.97 - 0.53 * block
        sketch.text(axes, (0.0, top), f"$T$ = {temperature}", "blue", fontsize=14, ha="left")
        for row, line in enumerate(text.split("\n")[:4]):
            sketch.text(axes, (0.0, top - 0.095 * (row + 1)), line[:26], ha="left", family="DejaVu Sans Mono")


@style.context()
def towns() -> Figure:
    """A query between four towns: the better a town fits, the thicker its line."""
    query = np.array([1.0, -1.0])
    weights = softmax(KEYS @ query / np.sqrt(2))
    figure, (axes,) = canvas.blank(3.8)
    figure.set_size_inches(4.6, 3.8)
    for (name, (east, north, value)), weight in zip(TOWNS.items(), weights, strict=True):
        axes.plot([0, east], [0, north], color=style.palette["blue"], linewidth=14 * weight, solid_capstyle="butt")
        axes.plot(east, north, "o", color="black", markersize=7)
        up = 1 if north > 0 else -1
        words = f"{name} {value}°\nweight {weight:.2f}"
        axes.text(east, north + 0.13 * up, words, ha="center", va="bottom" if up > 0 else "top", fontsize=12)
    head = {"arrowstyle": "-|>,head_width=0.35,head_length=0.6", "color": style.palette["vermilion"], "linewidth": 3}
    axes.annotate("", (0.68, -0.68), (0, 0), arrowprops=head)
    axes.text(0.05, -0.62, "query", color=style.palette["vermilion"], ha="center", fontsize=13, weight="bold")
    axes.set(xlim=(-1.65, 1.65), ylim=(-1.45, 1.65), xlabel="east", ylabel="north", xticks=[], yticks=[])
    axes.set_aspect("equal")
    return figure


@style.context()
def following() -> Figure:
    """The weights of the four towns as the query turns."""
    angles = np.linspace(0, 2 * np.pi, 200)
    queries = 3 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    shares = softmax(queries @ KEYS.T / np.sqrt(2))
    figure, (axes,) = canvas.blank(3.8)
    figure.set_size_inches(8.4, 3.8)
    for number, (name, share) in enumerate(zip(TOWNS, shares.T, strict=True)):
        look = style.series(number) | {"marker": ""}
        axes.plot(np.degrees(angles), share, **look)
        top = int(np.argmax(share))
        axes.text(np.degrees(angles[top]), share[top] + 0.03, name, ha="center", color=look["color"], fontsize=13)
    axes.set(xlim=(0, 360), ylim=(0, 1.12), xticks=range(0, 361, 45), yticks=np.linspace(0, 1, 5), ylabel="weight")
    axes.set_xlabel("direction of the query (degrees from east)")
    return figure
