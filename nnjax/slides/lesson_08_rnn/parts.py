"""The drawings of the deck of lesson 8 that are no plots: a neuron with a cycle, shapes, gates, texts."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from nnjax.slides import sketch
from nnjax.viz import style


@style.context()
def cycle() -> Figure:
    """A single neuron whose output comes back to it."""
    figure, axes = sketch.sheet(4.8, 3.4)
    sketch.text(axes, (0.4, 1.1), "$x_t$", fontsize=20)
    sketch.arrow(axes, (0.7, 1.1), (1.85, 1.1), "black", 2.0)
    sketch.text(axes, (1.25, 1.35), "$u$", fontsize=18)
    sketch.ring(axes, (2.4, 1.1), 0.5, "tanh", fontsize=17)
    sketch.arrow(axes, (2.95, 1.1), (4.0, 1.1), "black", 2.0)
    sketch.text(axes, (4.35, 1.1), "$h_t$", fontsize=20)
    look: dict[str, Any] = {"color": style.palette["vermilion"], "linewidth": 3.4, "mutation_scale": 22}
    curve = "arc3,rad=2.0"
    axes.add_patch(FancyArrowPatch((2.85, 1.4), (1.95, 1.4), arrowstyle="-|>", connectionstyle=curve, **look))
    sketch.text(axes, (2.4, 2.75), "$w$", "vermilion", fontsize=20)
    sketch.text(axes, (2.4, 3.1), "one time step later", "vermilion", fontsize=13)
    return figure


@style.context()
def shapes() -> Figure:
    """The arrays of one step, for one sequence, 3 inputs and 5 neurons."""
    rng = np.random.default_rng(2)
    x, Wx, h, Wh = rng.normal(size=(1, 3)), rng.normal(size=(3, 5)), rng.normal(size=(1, 5)), rng.normal(size=(5, 5))
    b = 0.3 * rng.normal(size=(1, 5))
    new = np.tanh(x @ Wx + h @ Wh + b)
    figure, axes = sketch.sheet(8.5, 2.3)
    side, middle, left = 0.205, 1.1, 0.15
    parts = (
        (new, "$h_t$", "= tanh("), (x, "$x_t$", "·"), (Wx, "$W_x$", "+"), (h, "$h_{t-1}$", "·"), (Wh, "$W_h$", "+"),
        (b, "$b$", ")"),
    )  # fmt: skip
    for array, name, sign in parts:
        rows, columns = array.shape
        corner = (left, middle - rows * side / 2)
        sketch.cells(axes, corner, array, side, largest=2.0)
        if name == "$h_{t-1}$" or name == "$W_h$":
            sketch.outline(axes, corner, (columns * side, rows * side))
        sketch.text(axes, (left + columns * side / 2, middle + rows * side / 2 + 0.24), name, fontsize=16)
        shape = f"{rows} × {columns}"
        sketch.text(axes, (left + columns * side / 2, middle - rows * side / 2 - 0.2), shape, "grey")
        wide = 1.02 if "tanh" in sign else 0.3
        sketch.text(axes, (left + columns * side + wide / 2, middle), sign, fontsize=16)
        left += columns * side + wide
    return figure


@style.context()
def lstm(frame: int) -> Figure:
    """The LSTM: frame 0 is the cell and the forget gate, frame 1 brings what is written, frame 2 what is shown."""
    figure, axes = sketch.sheet(8.4, 3.2)

    def tone(number: int, known: str = "blue") -> str:
        return "vermilion" if number == frame else known if number < frame else "pale"

    def ink(number: int) -> str:
        return "black" if number <= frame else "pale"

    top, gates, bottom = 2.7, 1.15, 0.3
    for start, end in ((0.75, 2.28), (2.64, 4.32), (4.68, 7.7)):
        sketch.arrow(axes, (start, top), (end, top), "vermilion" if frame == 0 else "black", 3.2)
    sketch.text(axes, (0.5, top), "$c$", fontsize=20)
    sketch.text(axes, (8.0, top), "$c'$", fontsize=20)
    sketch.ring(axes, (2.46, top), 0.18, "×", tone(0), fontsize=16)
    sketch.ring(axes, (4.5, top), 0.18, "+", tone(1), fontsize=16, color_of_text=ink(1))
    sketch.arrow(axes, (2.46, gates + 0.3), (2.46, top - 0.2), tone(0, "grey"))
    sketch.ring(axes, (4.5, 1.95), 0.18, "×", tone(1), fontsize=16, color_of_text=ink(1))
    sketch.arrow(axes, (4.5, 2.13), (4.5, top - 0.2), tone(1, "grey"))
    sketch.arrow(axes, (3.95, gates + 0.3), (4.36, 1.83), tone(1, "grey"))
    sketch.arrow(axes, (5.05, gates + 0.3), (4.64, 1.83), tone(1, "grey"))
    sketch.box(axes, (7.1, 1.93), (0.72, 0.36), "tanh", tone(2), fontsize=13, color_of_text=ink(2))
    sketch.arrow(axes, (7.1, top), (7.1, 2.13), tone(2, "grey"))
    sketch.arrow(axes, (7.1, 1.73), (7.1, gates + 0.2), tone(2, "grey"))
    sketch.ring(axes, (7.1, gates), 0.18, "×", tone(2), fontsize=16, color_of_text=ink(2))
    sketch.arrow(axes, (6.5, gates), (6.9, gates), tone(2, "grey"))
    sketch.arrow(axes, (7.28, gates), (7.75, gates), tone(2, "grey"))
    sketch.text(axes, (8.05, gates), "$h'$", ink(2), fontsize=20)
    gate = (
        (2.46, "$f$", "forget", 0),
        (3.95, "$i$", "write?", 1),
        (5.05, "$g$", "what?", 1),
        (6.15, "$o$", "show?", 2),
    )
    for x, name, word, number in gate:
        sketch.box(axes, (x, gates), (0.68, 0.56), "", tone(number))
        sketch.text(axes, (x, gates + 0.09), name, ink(number), fontsize=17)
        sketch.text(axes, (x, gates - 0.17), word, ink(number), fontsize=10.5)
        sketch.arrow(axes, (x, bottom), (x, gates - 0.3), "grey" if number <= frame else "pale", 1.3)
    last = (2.46, 5.05, 6.15)[frame]
    axes.plot([1.15, last], [bottom, bottom], color=style.palette["grey"], linewidth=1.6, zorder=1)
    sketch.text(axes, (0.7, bottom), "$x$, $h$", fontsize=18)
    return figure


@style.context()
def gru() -> Figure:
    """The GRU: the update gate mixes the old state with a proposal, which sees what the reset gate lets through."""
    figure, axes = sketch.sheet(8.4, 2.5)
    top, low = 2.05, 0.45
    for start, end in ((0.75, 3.72), (4.08, 5.92), (6.28, 7.65)):
        sketch.arrow(axes, (start, top), (end, top), "blue", 3.0)
    sketch.text(axes, (0.5, top), "$h$", fontsize=20)
    sketch.text(axes, (7.95, top), "$h'$", fontsize=20)
    sketch.ring(axes, (3.9, top), 0.18, "×", "vermilion", fontsize=16)
    sketch.ring(axes, (6.1, top), 0.18, "+", "blue", fontsize=16)
    sketch.arrow(axes, (1.55, top), (1.55, 1.45), "green")
    sketch.ring(axes, (1.55, 1.25), 0.18, "×", "green", fontsize=16)
    sketch.box(axes, (1.55, low), (0.7, 0.5), "$r$", "green", fontsize=17)
    sketch.arrow(axes, (1.55, 0.71), (1.55, 1.05), "green")
    sketch.arrow(axes, (1.74, 1.25), (2.45, 1.25), "green")
    sketch.box(axes, (2.8, 1.25), (0.7, 0.5), "$n$", "blue", fontsize=17)
    sketch.arrow(axes, (3.15, 1.25), (5.88, 1.25), "blue")
    sketch.ring(axes, (6.1, 1.25), 0.18, "×", "vermilion", fontsize=16)
    sketch.arrow(axes, (6.1, 1.44), (6.1, top - 0.2), "blue")
    sketch.box(axes, (3.9, low), (0.7, 0.5), "$z$", "vermilion", fontsize=17)
    sketch.arrow(axes, (3.9, 0.71), (3.9, top - 0.2), "vermilion")
    sketch.arrow(axes, (4.25, low), (5.55, low), "vermilion")
    sketch.box(axes, (6.1, low), (1.05, 0.5), "$1 - z$", "vermilion", fontsize=17)
    sketch.arrow(axes, (6.1, 0.71), (6.1, 1.05), "vermilion")
    return figure


@style.context()
def next_letter(text: str) -> Figure:
    """A step of the network for each letter: what it reads, and above it what it is to say."""
    figure, axes = sketch.sheet(8.4, 2.0)
    for words, y in (("wanted", 1.79), ("dense", 1.4), ("LSTM", 0.98), ("embedding", 0.58), ("reads", 0.2)):
        sketch.text(axes, (1.35, y), words, "grey", ha="right")
    for place in range(len(text) - 1):
        x = 2.1 + 1.08 * place
        for letter, y, color in ((text[place], 0.2, "grey"), (text[place + 1], 1.79, "vermilion")):
            sketch.box(axes, (x, y), (0.42, 0.36), {" ": "␣"}.get(letter, letter), color, fontsize=14)
        sketch.box(axes, (x, 0.98), (0.66, 0.38), f"$h_{place + 1}$", "blue", fontsize=14)
        sketch.arrow(axes, (x, 0.38), (x, 0.78), "grey")
        sketch.arrow(axes, (x, 1.17), (x, 1.6), "grey")
        if place:
            sketch.arrow(axes, (x - 0.74, 0.98), (x - 0.35, 0.98), "blue", 2.2)
    return figure


@style.context()
def writing(texts: Mapping[float, str]) -> Figure:
    """What a network wrote at four temperatures, a block of lines for each."""
    figure, axes = sketch.sheet(8.4, 3.6)
    for number, (temperature, text) in enumerate(texts.items()):
        left, top = 0.15 + 4.2 * (number % 2), 3.4 - 1.8 * (number // 2)
        sketch.text(axes, (left, top), f"$T$ = {temperature}", "blue", fontsize=15, ha="left")
        lines(axes, (left, top - 0.36), text, 0.31, count=4)
    return figure


def lines(axes: Axes, at: sketch.Point, text: str, apart: float, *, count: int) -> None:
    """Write the first lines of a text, cut where the room ends."""
    for row, line in enumerate(text.strip("\n").split("\n")[:count]):
        words = line.strip() if len(line) <= 34 else line[:33] + "…"
        sketch.text(axes, (at[0], at[1] - apart * row), words, ha="left", family="DejaVu Sans Mono", fontsize=12)
