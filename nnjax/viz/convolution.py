"""The arithmetic of a convolution, animated: which inputs each output is made of, and how many outputs there are."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from nnjax.layers.windows import Padding, Window, sliding
from nnjax.viz import canvas, cells, style, words
from nnjax.viz.inputs import Values, finite, shaped
from nnjax.viz.saving import Animation

TOUCHED = style.tint("orange", 0.45)
WRITTEN = style.tint("sky", 0.55)
RULE = "outputs = ⌊(inputs + zeros before + after − dilation·(kernel − 1) − 1) / stride⌋ + 1"
LONGEST_LINE = 72


@style.context()
def convolution_animation(
    x: Values,
    kernel: Values,
    *,
    stride: int = 1,
    padding: Padding = "VALID",
    dilation: int = 1,
    title: str | None = None,
    max_frames: int = 60,
) -> Animation:
    """Return the animation of a kernel that sweeps over an input, one frame for each output it writes.

    ``x`` is (height, width) and ``kernel`` (height, width), or both are (length,): a few cells, their numbers are
    shown. ``padding``: zeros before and after each axis; "VALID" is none, "SAME" as many as make outputs =
    ceil(inputs / stride), a number is for all sides, pairs are (top, bottom), (left, right), one pair for (length,).
    Each frame shows the inputs that are touched, the output that is written, and the sum of products that it is, the
    kernel not being flipped; the headline tells the number of outputs::

        outputs = floor((inputs + before + after - dilation (kernel - 1) - 1) / stride) + 1

    (Dumoulin and Visin, 2016.) Raises ValueError for a kernel larger than its input, for arrays too large for a picture
    and for more outputs than ``max_frames``.
    """
    x, kernel = (finite(name, shaped(name, v, "height width", "length")) for name, v in (("x", x), ("kernel", kernel)))
    if x.ndim != kernel.ndim:
        raise ValueError(f"x has shape {x.shape} and kernel {kernel.shape}; they must have as many axes")
    axes = sliding(x.shape, kernel.shape, stride, padding, dilation)
    pairs = tuple((axis.before, axis.after) for axis in axes)
    count = math.prod(axis.stops for axis in axes)
    if count > max_frames:
        raise ValueError(f"there are {count} outputs and max_frames is {max_frames}; take a smaller input")
    padded = np.atleast_2d(np.pad(x, pairs))
    places = [_touched(axis) for axis in axes]
    if x.ndim == 1:
        places = [np.zeros((1, 1), int), *places]
    weights = np.atleast_2d(kernel)
    touched = [(rows, columns) for rows in places[0] for columns in places[1]]
    y = np.array([np.sum(padded[np.ix_(*where)] * weights) for where in touched])
    outputs = y.reshape(len(places[0]), len(places[1]))

    zeros = ""
    if np.any(pairs):
        zeros = f" + {words.several(sum(pairs[0]), 'zero')}" if x.ndim == 1 else "\npadded with zeros"
    apart = f"\nstretched by {dilation}" if dilation > 1 else ""
    arrays = {
        f"input {_size(x)}{zeros}": padded,
        f"kernel {_size(kernel)}{apart}": weights,
        f"output {_size(outputs[0] if x.ndim == 1 else outputs)}": outputs,
    }
    figure, sheet, (table, _, written) = cells.sheet(arrays, above=1.15, below=0.62)
    _grey_zeros(table, pairs)
    status = sheet.text(0.5, 0.0, " ", transform=sheet.transAxes, ha="center", va="bottom", fontsize=10.5)
    marks = [_mark(sheet, TOUCHED) for _ in range(weights.size)]
    target = _mark(sheet, WRITTEN)
    if title:
        canvas.headline(figure, title)
    else:
        figure.suptitle("\n".join(_formula(x.shape, axes)), x=0.015, ha="left", parse_math=False)
    sheet.set_title(RULE, fontsize=10, loc="center", pad=8)
    canvas.freeze(figure)

    def draw(index: int) -> None:
        rows, columns = touched[index]
        where = [(i, j) for i in rows for j in columns]
        for mark, (i, j) in zip(marks, where, strict=True):
            mark.set_xy(table.patches[i, j].get_xy())
        target.set_xy(written.patches.ravel()[index].get_xy())
        for place, text in enumerate(written.numbers.ravel()):
            text.set_visible(place <= index)
        entry = ", ".join(map(str, np.unravel_index(index, outputs.shape)[2 - x.ndim :]))
        status.set_text(_sum(entry, [padded[place] for place in where], weights.ravel(), y[index]))

    moving: tuple[Artist, ...] = (*marks, target, *table.numbers.ravel(), *written.numbers.ravel(), status)
    return Animation(figure, draw, (*[0.8] * (count - 1), 2.5), moving)


def _touched(axis: Window) -> np.ndarray:
    """Return (outputs, kernel): the padded inputs that each output is made of."""
    return axis.stride * np.arange(axis.stops)[:, None] + axis.dilation * np.arange(axis.size)


def _formula(inputs: tuple[int, ...], axes: Sequence[Window]) -> list[str]:
    """Return the headline: the output size with its numbers, once if it is the same on both axes."""
    alike = len({*zip(inputs, axes, strict=True)}) == 1
    return [
        f"Output {name}= ⌊({n} + {a.before} + {a.after} − {a.dilation}·({a.size} − 1) − 1) / {a.stride}⌋ + 1 "
        f"= {a.stops}"
        for name, n, a in zip([""] if alike else ["height ", "width "], inputs, axes, strict=False)
    ]


def _sum(entry: str, inputs: list[float], weights: np.ndarray, total: float) -> str:
    """Return the products and their sum in at most two lines, or only the sum where the products are too many."""
    terms = [f"{_factor(x)}·{_factor(w)}" for x, w in zip(inputs, weights, strict=True)]
    for said in (" + ".join(terms), f"the sum of {len(terms)} products"):
        text = f"output [{entry}] = {said} = {cells.number(total)}"
        lines = text if len(text) <= LONGEST_LINE else words.in_lines(text, 2)
        if max(map(len, lines.splitlines())) <= LONGEST_LINE:
            break
    return lines


def _factor(value: float) -> str:
    text = cells.number(value)
    return f"({text})" if text.startswith("−") else text


def _size(array: np.ndarray) -> str:
    return " × ".join(map(str, array.shape))


def _grey_zeros(table: cells.Table, pairs: tuple[tuple[int, int], ...]) -> None:
    """Let the zeros of the padding step back."""
    top, bottom = pairs[0] if len(pairs) == 2 else (0, 0)
    left, right = pairs[-1]
    inside = np.zeros_like(table.patches, dtype=bool)
    inside[top : len(inside) - bottom, left : inside.shape[1] - right] = True
    for patch, text in zip(table.patches[~inside], table.numbers[~inside], strict=True):
        patch.set(facecolor=style.tint("grey", 0.12), edgecolor=style.tint("grey", 0.45))
        text.set_color(style.palette["grey"])


def _mark(axes: Axes, color: str) -> Rectangle:
    patch = Rectangle((0, 0), 1, 1, facecolor=color, edgecolor="black", linewidth=1.6, zorder=2)
    axes.add_patch(patch)
    return patch
