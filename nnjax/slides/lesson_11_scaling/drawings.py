"""The drawings of lesson 11's deck: devices and what is in them, loops, a batch on eight devices, blocks, and bits."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from nnjax.slides import sketch
from nnjax.slides.figures import fitted
from nnjax.slides.lesson_11_scaling import runs
from nnjax.slides.sketch import Point, arrow, box, text
from nnjax.viz import canvas, style

GPU_MEMORY, GPU_SPEED = 80e9, 3e14
WEIGHTS, TOKENS = 175e9, 300e9
"""GPT-3, 2020."""


def block(axes: Axes, corner: Point, size: Point, color: str, strength: float = 0.7, width: float = 0.7) -> None:
    """Draw a rectangle of a colour's tint."""
    look: dict[str, Any] = {"facecolor": style.tint(color, strength), "edgecolor": style.palette["grey"]}
    axes.add_patch(Rectangle(corner, *size, linewidth=width, zorder=3, **look))


def _both_ways(axes: Axes, low: Point, high: Point, color: str = "grey", width: float = 1.6) -> None:
    arrow(axes, low, high, color, width)
    arrow(axes, high, low, color, width)


@style.context()
def devices() -> Figure:
    """Return a CPU, a GPU and a TPU, each over its memory, and a pod."""
    figure, axes = sketch.sheet(8.4, 3.75)
    middles = (1.05, 3.15, 5.25, 7.35)
    words = (
        ("CPU", "a few fast cores"), ("GPU", "thousands of simple ones"), ("TPU", "one grid of multipliers"),
        ("pod", "many TPUs, wired closely"),
    )  # fmt: skip
    years = ("", "for matrices since\nthe middle of the 2000s", "since 2015", "")
    for x, (name, what), year in zip(middles, words, years, strict=True):
        text(axes, (x, 0.58), name, fontsize=15, weight="bold")
        text(axes, (x, 0.24), what, fontsize=11)
        text(axes, (x, 3.48), year, "grey", fontsize=11)
    for x, across, gap in zip(middles, (2, 10, 8), (0.12, 0.03, 0.0), strict=False):
        box(axes, (x, 2.55), (1.35, 1.35), color="blue")
        side = (1.15 - gap * (across - 1)) / across
        for i, j in np.ndindex(across, across):
            corner = (x - 0.575 + i * (side + gap), 1.975 + j * (side + gap))
            block(axes, corner, (side, side), "blue", 0.55, 0.6)
        box(axes, (x, 1.12), (1.35, 0.42), "memory", "orange")
        _both_ways(axes, (x, 1.35), (x, 1.86), width=2.4)
    for i, j in np.ndindex(4, 4):
        x, y = 6.63 + 0.48 * i, 1.1 + 0.63 * j
        for dx, dy in ((0.48, 0.0), (0.0, 0.63)):
            if (dx and i < 3) or (dy and j < 3):
                axes.plot([x, x + dx], [y, y + dy], color=style.palette["grey"], linewidth=1.6, zorder=1)
        block(axes, (x - 0.14, y - 0.04), (0.28, 0.24), "blue", 0.55)
        block(axes, (x - 0.14, y - 0.16), (0.28, 0.12), "orange", 0.55)
    return figure


@style.context()
def loops() -> Figure:
    """Return the operations of the lesson's function as XLA gets them, and as one loop."""
    names = runs.operations_of_bump()
    figure, axes = sketch.sheet(8.4, 3.36)
    box(axes, (2.85, 3.11), (5.5, 0.46), "memory", "orange", fontsize=13)
    box(axes, (7.25, 3.11), (1.9, 0.46), "memory", "orange", fontsize=13)
    for i, name in enumerate(names):
        x = 0.57 + 0.912 * i
        box(axes, (x, 1.6), (0.87, 0.56), name, "blue", fontsize=10)
        arrow(axes, (x - 0.2, 2.86), (x - 0.2, 1.89), "blue", 2)
        arrow(axes, (x + 0.2, 1.89), (x + 0.2, 2.86), "vermilion", 2)
    box(axes, (7.25, 1.6), (1.5, 1.62), "", "blue")
    for i, name in enumerate(names):
        text(axes, (7.25, 2.24 - 0.255 * i), name, fontsize=11, zorder=3)
    arrow(axes, (6.95, 2.86), (6.95, 2.43), "blue", 2)
    arrow(axes, (7.55, 2.43), (7.55, 2.86), "vermilion", 2)
    trips = f"read {len(names)} times, written {len(names)} times"
    for x, first, second in ((2.85, f"{len(names)} loops", trips), (7.25, "1 loop", "read once, written once")):
        text(axes, (x, 0.5), first, fontsize=15, weight="bold")
        text(axes, (x, 0.18), second, fontsize=12.5)
    return figure


@style.context()
def matmul() -> Figure:
    """Return three arrays, (m, k) times (k, n); one entry of the product with its row and column stands out."""
    figure, axes = sketch.sheet(8.4, 2.75)
    m, k, n, side = 4, 6, 5, 0.33
    parts = (
        ("$x$", "$(m, k)$", 0.15, m, k, lambda i, j: i == 1),
        ("$W$", "$(k, n)$", 2.85, k, n, lambda i, j: j == 3),
        ("$x\\,W$", "$(m, n)$", 5.25, m, n, lambda i, j: (i, j) == (1, 3)),
    )
    for name, shape, left, rows, columns, lit in parts:
        bottom = 1.2 - side * rows / 2
        for i, j in np.ndindex(rows, columns):
            chosen = lit(i, j)
            corner = (left + j * side, bottom + (rows - 1 - i) * side)
            block(axes, corner, (side, side), "vermilion" if chosen else "blue", 0.75 if chosen else 0.15)
        middle = left + side * columns / 2
        text(axes, (middle, 1.2 + side * rows / 2 + 0.25), f"{name}   {shape}", fontsize=14)
    text(axes, (2.49, 1.2), "×", fontsize=20)
    text(axes, (4.87, 1.2), "=", fontsize=20)
    text(axes, (7.05, 1.4), "$k$ products,", "vermilion", ha="left", fontsize=14)
    text(axes, (7.05, 1.1), "$k$ additions", "vermilion", ha="left", fontsize=14)
    return figure


@style.context()
def cluster() -> Figure:
    """Return the memory that GPT-3 and its optimizer need, in GPUs, and how long its training takes."""
    figure, axes = sketch.sheet(8.4, 3.75)
    kinds = (("weights", "blue"), ("gradients", "vermilion"), ("Adam: mean", "green"), ("Adam: squares", "orange"))
    each = 4 * WEIGHTS / GPU_MEMORY
    count = round(4 * each)
    for gpu in range(count):
        left, bottom = 0.15 + 0.6 * (gpu % 7), 3.1 - 0.56 * (gpu // 7)
        block(axes, (left, bottom), (0.52, 0.48), "pale", 0.3, 1.4)
        for number, (_, color) in enumerate(kinds):
            start, end = max(gpu, number * each), min(gpu + 1, (number + 1) * each)
            if end > start:
                block(axes, (left + 0.52 * (start - gpu), bottom), (0.52 * (end - start), 0.48), color, 0.65)
    for number, (name, color) in enumerate(kinds):
        x, y = 0.15 + 2.1 * (number % 2), 0.42 - 0.32 * (number // 2)
        block(axes, (x, y - 0.08), (0.2, 0.17), color, 0.65)
        text(axes, (x + 0.3, y), name, ha="left", fontsize=11)
    work = 6 * WEIGHTS * TOKENS
    days, years = work / GPU_SPEED / 1000 / 86400, 86400 * 365
    lines = (
        (f"{16 * WEIGHTS / 1e12:.1f} TB", f"fill {count} GPUs of 80 GB", "black"),
        (f"{work / runs.peak() / years:,.0f} years", "on the machine that drew this picture", "vermilion"),
        (f"{work / GPU_SPEED / years:.0f} years", "on one GPU", "vermilion"),
        (f"{days:.0f} days", "on 1,000 GPUs", "blue"),
    )
    for row, (amount, where, color) in enumerate(lines):
        y = 3.42 - 0.95 * row
        text(axes, (4.75, y), amount, color, ha="left", fontsize=18, weight="bold")
        text(axes, (4.75, y - 0.35), where, ha="left", fontsize=12)
    return figure


@style.context()
def eight() -> Figure:
    """Return eight devices, each with all parameters and its own rows, and the mean that they share."""
    figure, axes = sketch.sheet(8.4, 3.85)
    x, _, _, _ = runs.digits()
    for device in range(8):
        left = 0.6 + 1.029 * device
        for place, row in enumerate((16 * device, 16 * device + 1)):
            corner = (left - 0.4 + 0.42 * place, 3.35)
            extent = (corner[0], corner[0] + 0.38, corner[1], corner[1] + 0.38)
            axes.imshow(np.asarray(x[row]).reshape(8, 8), cmap="Blues", extent=extent, aspect="auto", zorder=3)
        text(axes, (left, 3.16), f"{16 * device} to {16 * device + 15}", "grey", fontsize=10)
        arrow(axes, (left, 3.02), (left, 2.76), width=2)
        box(axes, (left, 2.3), (0.94, 0.88), f"device {device}\nall of\n$W, b$", fontsize=11, linespacing=1.35)
        arrow(axes, (left - 0.2, 1.84), (left - 0.2, 1.12), "vermilion", 2)
        arrow(axes, (left + 0.2, 1.12), (left + 0.2, 1.84), "green", 2)
    box(axes, (4.2, 0.85), (8.15, 0.5), "all-reduce: add up what all have, give it to all", "orange", fontsize=13)
    text(axes, (2.2, 0.35), "its own gradient goes out", "vermilion", fontsize=13)
    text(axes, (6.1, 0.35), "the mean of all comes back", "green", fontsize=13)
    axes.set(xlim=(0, 8.4), ylim=(0, 3.85))
    return figure


@style.context()
def allreduce(said: Any, heard: Any) -> Figure:
    """Return what eight devices have before, and what they have after taking the mean, both (8, 10)."""
    figure, axes = sketch.sheet(8.4, 3.0)
    side, bottom = 0.29, 0.1
    for left, array, words in ((1.05, said, "the gradient of its own piece"), (5.35, heard, "the mean")):
        sketch.cells(axes, (left, bottom), array, side, largest=float(np.abs(said).max()))
        text(axes, (left + 5 * side, bottom + 8 * side + 0.25), words, fontsize=13)
    for device in range(8):
        text(axes, (0.92, bottom + (7.5 - device) * side), f"device {device}", ha="right", fontsize=10)
    arrow(axes, (4.1, bottom + 4 * side), (5.2, bottom + 4 * side), "orange", 6)
    text(axes, (4.65, bottom + 4 * side + 0.4), "all-reduce", fontsize=13)
    return figure


BLOCKS = ("sky", "orange", "green", "yellow", "purple", "pale", "vermilion", "blue")


@style.context()
def layouts(rows: Any) -> Figure:
    """Return where the blocks of x, W and their product are, with the batch alone cut, and with both."""
    figure, axes = canvas.blank(3.8, len(rows), 3)
    names = ("x", "W", "x W")
    for line, (blocks, cut) in enumerate(
        zip(rows, ("8 devices:\nthe batch is cut", "4 by 2:\nboth are cut"), strict=True)
    ):
        for column, (block, name) in enumerate(zip(blocks, names, strict=True)):
            part = axes[3 * line + column]
            held: dict[Any, list[str]] = {}
            for device, *place in block["held"]:
                held.setdefault(tuple(map(tuple, place)), []).append(str(device))
            for (((top, end), (left, right)), owners), color in zip(held.items(), BLOCKS, strict=False):
                look: dict[str, Any] = {"facecolor": style.tint(color, 0.55), "edgecolor": "black", "linewidth": 0.8}
                part.add_patch(Rectangle((left, top), right - left, end - top, **look))
                part.text((left + right) / 2, (top + end) / 2, " ".join(owners), ha="center", va="center", fontsize=10)
            high, wide = block["shape"]
            part.set(xlim=(0, wide), ylim=(high, 0), xticks=[], yticks=[])
            part.spines[["top", "right"]].set_visible(True)
            part.set_title(f"{name}   ({high}, {wide})", fontsize=12, loc="center")
            if not column:
                part.set_ylabel(cut, rotation=0, ha="right", va="center", fontsize=12)
    return fitted(figure, 8.4, 3.85)


@style.context()
def processes() -> Figure:
    """Return two processes of four devices each, their own rows, and the one mesh over both."""
    figure, axes = sketch.sheet(8.4, 3.4)
    for me, left in enumerate((0.15, 4.5)):
        middle = left + 1.875
        look: dict[str, Any] = {"facecolor": style.tint("grey", 0.1), "edgecolor": style.palette["grey"]}
        axes.add_patch(Rectangle((left, 0.95), 3.75, 2.4, linewidth=1.6, zorder=0, **look))
        text(axes, (left + 0.22, 3.08), f"process {me}", ha="left", fontsize=14, weight="bold")
        text(axes, (left + 3.53, 3.08), "the same program", "grey", ha="right", fontsize=13)
        rows = f"its own rows, {64 * me} to {64 * me + 63}"
        box(axes, (middle, 2.58), (3.3, 0.42), rows, "green", fontsize=12)
        for place in range(4):
            x = left + 0.51 + 0.91 * place
            arrow(axes, (x, 2.36), (x, 2.02), "green", 1.6)
            box(axes, (x, 1.65), (0.78, 0.7), str(4 * me + place), "blue", fontsize=15)
            _both_ways(axes, (x, 0.62), (x, 1.28), "vermilion", 1.6)
    box(axes, (4.2, 0.38), (8.1, 0.46), "one mesh of eight devices, one gradient", "orange", fontsize=13)
    return figure
