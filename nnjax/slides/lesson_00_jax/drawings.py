"""The drawings of lesson 0's deck: nested fields, what JAX does to a function, axes, tracing, nests and keys."""

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from nnjax.slides import sketch
from nnjax.viz import style

USES = (
    ("see", "tumours on X-rays,\nlanes of a road, faces"),
    ("hear and speak", "speech to text,\ntext to speech, music"),
    ("read and write", "translate, answer,\nfeel the mood of a text"),
    ("heal", "shapes of proteins,\nnew drugs, diagnoses"),
    ("discover", "kinds of galaxies,\nweather and climate"),
    ("supply", "the load of a grid,\na machine about to fail"),
    ("protect", "forged payments,\nphishing, credit risk"),
    ("play and move", "Go, figures in games,\nrobots, cars"),
)


@style.context()
def fields() -> Figure:
    """Draw artificial intelligence around machine learning around neural networks around deep learning."""
    figure, axes = sketch.sheet(5.0, 3.7)
    rows = (
        ("artificial intelligence", "blue", 0.05),
        ("machine learning", "sky", 0.5),
        ("neural networks", "orange", 0.95),
        ("deep learning", "vermilion", 1.4),
    )
    for name, color, inset in rows:
        size = (4.9 - 1.25 * inset, 3.6 - 1.95 * inset)
        corner = (0.05 + 0.625 * inset, 0.05 + 0.35 * inset)
        look: dict[str, Any] = {"facecolor": style.tint(color, 0.2), "edgecolor": style.palette[color], "linewidth": 2}
        axes.add_patch(FancyBboxPatch(corner, *size, boxstyle="round,pad=0,rounding_size=0.18", **look))
        sketch.text(axes, (2.5, corner[1] + size[1] - 0.3), name, fontsize=13)
    return figure


@style.context()
def uses() -> Figure:
    """Draw eight boxes: what networks are used for."""
    figure, axes = sketch.sheet(8.5, 3.3)
    colors = ("blue", "orange", "green", "vermilion")
    for place, (name, what) in enumerate(USES):
        x, y = 1.08 + 2.115 * (place % 4), 2.45 - 1.62 * (place // 4)
        sketch.box(axes, (x, y), (2.0, 1.45), color=colors[(place + place // 4) % 4])
        sketch.text(axes, (x, y + 0.4), name, fontsize=13, weight="bold")
        sketch.text(axes, (x, y - 0.2), what, fontsize=10.5)
    return figure


@style.context()
def transforms() -> Figure:
    """Draw a function that goes into grad, vmap and jit, and the functions that come out."""
    figure, axes = sketch.sheet(8.5, 3.3)
    sketch.box(axes, (1.1, 1.65), (1.7, 0.9), "your function\n$f$", fontsize=13)
    for y, name, what, color in (
        (2.75, "grad", "the function that gives its slope", "vermilion"),
        (1.65, "vmap", "the function of a whole batch", "orange"),
        (0.55, "jit", "the same function, compiled", "green"),
    ):
        sketch.arrow(axes, (2.0, 1.65 + 0.12 * (y - 1.65)), (2.95, y))
        sketch.box(axes, (3.6, y), (1.2, 0.7), name, color, fontsize=15, family="monospace")
        sketch.arrow(axes, (4.25, y), (4.95, y))
        sketch.box(axes, (6.7, y), (3.4, 0.7), what, color, fontsize=12.5)
    return figure


@style.context()
def axes_of_a_table() -> Figure:
    """Draw a table, its mean along axis 0 below it and along axis 1 at its right."""
    figure, axes = sketch.sheet(8.5, 3.1)
    table, side = np.array([[1.0, 2, 3, 4], [3, 4, 5, 6], [5, 9, 1, 2]]), 0.5
    look: dict[str, Any] = {"numbers": ".0f", "fontsize": 13, "largest": 25}
    for left in (0.9, 5.0):
        sketch.cells(axes, (left, 1.15), table, side, **look)
        sketch.text(axes, (left + 1.0, 2.95), "4 features", "grey")
    sketch.text(axes, (0.75, 1.9), "3 flowers", "grey", rotation=90, ha="right")
    sketch.cells(axes, (0.9, 0.15), table.mean(axis=0)[None], side, color="orange", **look)
    sketch.arrow(axes, (3.12, 2.6), (3.12, 0.4), "vermilion", 2.2)
    sketch.text(axes, (3.25, 1.7), "axis=0\nruns down", "vermilion", ha="left")
    sketch.cells(
        axes,
        (7.6, 1.15),
        table.mean(axis=1)[:, None],
        side,
        color="orange",
        **(look | {"numbers": ".2f", "fontsize": 10.5}),
    )
    sketch.arrow(axes, (5.1, 0.95), (8.05, 0.95), "vermilion", 2.2)
    sketch.text(axes, (6.0, 0.55), "axis=1 runs along the row", "vermilion")
    return figure


@style.context()
def one_and_all() -> Figure:
    """Draw the distance of two flowers as a function, and its batch version from one flower to a table."""
    figure, axes = sketch.sheet(8.5, 1.98)
    axes.set_ylim(0.27, 2.25)
    side, one = 0.24, np.array([[4.0, 2, 3, 1]])
    table = np.array([[4.0, 2, 3, 1], [1, 3, 2, 4], [2, 2, 4, 1], [3, 1, 1, 2], [4, 3, 2, 2]])
    sketch.text(axes, (2.35, 1.75), "one pair", "grey")
    for y, name in ((1.55, "a"), (0.75, "b")):
        sketch.cells(axes, (0.35, y - side / 2), one if name == "a" else table[1:2], side, largest=6)
        sketch.text(axes, (0.18, y), name, fontsize=13)
        sketch.arrow(axes, (1.38, y), (1.75, 1.15 + 0.3 * (y - 1.15)))
    sketch.box(axes, (2.35, 1.15), (1.15, 0.7), "distance", fontsize=12)
    sketch.arrow(axes, (2.95, 1.15), (3.3, 1.15))
    sketch.cells(axes, (3.35, 1.03), [[3.0]], side, color="orange", largest=6)
    sketch.text(axes, (6.85, 1.75), "one to all of them", "grey")
    sketch.cells(axes, (4.6, 1.75), one, side, largest=6)
    sketch.cells(axes, (4.6, 0.3), table, side, largest=6)
    for y, name in ((1.87, "a"), (0.9, "b")):
        sketch.text(axes, (4.42, y), name, fontsize=13)
        sketch.arrow(axes, (5.63, y), (6.0, 1.15 + 0.3 * (y - 1.15)))
    sketch.box(axes, (6.85, 1.15), (1.65, 0.7), "vmap(distance)", "vermilion", fontsize=12)
    sketch.arrow(axes, (7.7, 1.15), (8.02, 1.15))
    sketch.cells(axes, (8.07, 0.55), np.linalg.norm(table - one, axis=1)[:, None], side, color="orange", largest=6)
    return figure


@style.context()
def tracing() -> Figure:
    """Draw how a call becomes a program: a stand-in goes through the Python code once for each shape."""
    figure, axes = sketch.sheet(8.5, 2.4)
    for y, call, stand_in, seen in (
        (1.9, "area(1.0)\narea(2.0)", "f32[ ]", "traced once"),
        (0.7, "area([1., 2., 3.])", "f32[3]", "traced again"),
    ):
        sketch.box(axes, (1.15, y), (1.9, 0.85), call, "grey", fontsize=11, family="monospace")
        sketch.arrow(axes, (2.15, y), (2.75, y))
        sketch.box(axes, (3.45, y), (1.3, 0.7), f"stand-in\n{stand_in}", "vermilion", fontsize=12)
        sketch.arrow(axes, (4.15, y), (4.75, y))
        sketch.box(axes, (5.45, y), (1.3, 0.85), "your Python\ncode", "blue", fontsize=12)
        sketch.arrow(axes, (6.15, y), (6.75, y))
        sketch.box(axes, (7.5, y), (1.4, 0.85), f"program\nfor {stand_in}", "green", fontsize=12)
        sketch.text(axes, (5.45, y - 0.62), seen, "blue")
    return figure


@style.context()
def listings(programs: Sequence[tuple[str, str]]) -> Figure:
    """Write (heading, text) side by side, in letters of one width."""
    figure, axes = sketch.sheet(8.5, 3.5)
    for (heading, text), left in zip(programs, (0.1, 4.25), strict=True):
        sketch.text(axes, (left, 3.3), heading, "blue", ha="left", fontsize=14, weight="bold")
        sketch.text(axes, (left, 2.95), text, ha="left", va="top", fontsize=11.5, family="monospace", linespacing=1.35)
    return figure


@style.context()
def nest() -> Figure:
    """Draw the numbers of a network of two layers as a tree: a list of dicts of arrays."""
    figure, axes = sketch.sheet(8.5, 2.03)
    sketch.box(axes, (4.25, 1.76), (1.3, 0.44), "list", "grey", fontsize=13)
    for x, index, shapes in ((2.2, "[0]", ("(4, 3)", "(3,)")), (6.3, "[1]", ("(3, 2)", "(2,)"))):
        sketch.arrow(axes, (4.25, 1.53), (x, 1.27))
        sketch.box(axes, (x, 1.03), (1.3, 0.44), f"{index}  dict", "blue", fontsize=13)
        for shift, name, shape in ((-0.95, "W", shapes[0]), (0.95, "b", shapes[1])):
            sketch.arrow(axes, (x, 0.8), (x + shift, 0.53))
            sketch.box(axes, (x + shift, 0.28), (1.5, 0.46), f'"{name}"  {shape}', "orange", fontsize=13)
    return figure


@style.context()
def keys() -> Figure:
    """Draw a key that is split in two, and the numbers that each of the three gives, twice for the first."""
    figure, axes = sketch.sheet(8.5, 2.9)
    key = jax.random.key(0)
    one, other = jax.random.split(key)
    sketch.box(axes, (1.0, 1.45), (1.5, 0.8), "key(0)", "blue", fontsize=13, family="monospace")
    for y, name, child, color in ((2.4, "for_weights", one, "orange"), (0.5, "for_noise", other, "green")):
        sketch.arrow(axes, (1.8, 1.45 + 0.2 * (y - 1.45)), (2.75, y))
        sketch.box(axes, (3.7, y), (1.8, 0.7), name, color, fontsize=12, family="monospace")
        _draws(axes, y, child, ("normal", "and again"))
    sketch.text(axes, (2.4, 1.45), "split", "grey", fontsize=13)
    return figure


def _draws(axes: Axes, y: float, key: jax.Array, names: Sequence[str]) -> None:
    for shift, name in zip((0.2, -0.2), names, strict=True):
        numbers = "  ".join(f"{value:5.2f}" for value in np.asarray(jax.random.normal(key, (3,))))
        sketch.arrow(axes, (4.65, y), (5.1, y + shift))
        sketch.text(axes, (5.2, y + shift), f"{name:9}", "grey", ha="left", family="monospace")
        sketch.text(axes, (6.35, y + shift), numbers.replace("-", "−"), ha="left", family="monospace")
