"""Many small images on one sheet: the filters of a convolution, the feature maps they make, and generated samples."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from nnjax.viz import canvas, style, words
from nnjax.viz.inputs import Values, finite, shaped

# From dark through grey to bright: printed in grey, negative is still darker than zero and positive brighter.
SIGNED = LinearSegmentedColormap.from_list("signed", ["#00264A", "#4A6C8C", "#9C9C9C", "#E8C26E", "#FFF3C4"])
POSITIVE = LinearSegmentedColormap.from_list("positive", ["white", style.palette["blue"], "#00263D"])
GAP = 0.14
LABEL = 0.24  # inches under an image, for its name
BAR = 0.85  # inches at the right, for the bar of shades


@style.context()
def filters(kernels: Values, *, count: int | None = None, title: str | None = None) -> Figure:
    """Return the picture of a convolution's filters as small images, dark where a weight is negative, bright where
    it is positive.

    ``kernels`` is (height, width, inputs, filters), as a layer's W. With one input channel the filters stand in rows;
    with several each column is a filter and each row an input channel. All share one scale, symmetric about 0. Shown
    are the first ``count`` filters (by default 32, or 16 where there are several inputs) and 8 inputs; the headline
    tells what is left out. Raises ValueError for another shape and for a count below 1.
    """
    W = finite("kernels", shaped("kernels", kernels, "height width inputs filters"))
    height, width, inputs, outputs = W.shape
    count = _count(count, outputs, 32 if inputs == 1 else 16)
    rows = min(inputs, 8)
    limit = float(np.max(np.abs(W))) or 1.0
    scale = Normalize(-limit, limit)
    tall = height / width
    if inputs == 1:
        images = np.moveaxis(W[:, :, 0, :count], -1, 0)
        figure, axes = _sheet(images, tall, min(count, 8), map(str, range(count)), SIGNED, scale, 0.0)
    else:
        images = W[:, :, :rows, :count].transpose(2, 3, 0, 1).reshape(-1, height, width)
        figure, axes = _sheet(images, tall, count, None, SIGNED, scale, 0.0)
        axes.set_axis_on()
        axes.set_xticks(np.arange(count) * (1 + GAP) + 0.5, map(str, range(count)))
        axes.set_yticks(np.arange(rows) * (tall + GAP) + tall / 2, map(str, range(rows)))
        axes.set(xlabel="filter", ylabel="input channel")
        axes.tick_params(length=0)
        axes.grid(False)
        axes.spines[:].set_visible(False)
    _bar(figure, axes, SIGNED, scale, "weight")
    several = f"{words.several(outputs, 'filter')} of {height} × {width}"
    several += f" × {inputs} weights" if inputs > 1 else " weights"
    shown = [f"{count} filters"] * (count < outputs) + [f"{rows} inputs"] * (rows < inputs)
    first = f" (the first {' and '.join(shown)})" if shown else ""
    _finish(figure, axes, title or f"{several}{first}: dark ones subtract their input, bright ones add it")
    return figure


@style.context()
def feature_maps(image: Values, maps: Values, *, count: int | None = None, title: str | None = None) -> Figure:
    """Return an image beside the feature maps that a convolution makes of it, all maps on one scale.

    ``image`` is (height, width) or with a last axis of 1 (grey) or 3 (colour), in [0, 1], grey ones drawn dark on
    white; ``maps`` is (height, width, channels), the activations. Where none is negative, as after a ReLU, darker is
    more active and zero is white; else dark is negative and bright positive. Shown are the first ``count`` maps, by
    default 24. Raises ValueError for other shapes or ranges and for a count below 1.
    """
    picture = _pictures("image", image, "")
    maps = finite("maps", shaped("maps", maps, "height width channels"))
    total = maps.shape[-1]
    count = _count(count, total, 24)
    shown = np.moveaxis(maps[..., :count], -1, 0)
    most = float(np.max(np.abs(maps))) or 1.0
    signed = bool(maps.min() < 0)
    shades, scale = (SIGNED, Normalize(-most, most)) if signed else (POSITIVE, Normalize(0, most))
    columns = min(count, 6 if count > 8 else 4)
    wide = min(2.0, columns)
    tall = maps.shape[0] / maps.shape[1]
    figure, axes = _sheet(shown, tall, columns, map(str, range(count)), shades, scale, wide + 4 * GAP)
    drawn = picture.shape[0] / picture.shape[1] * wide
    _tile(axes, picture, (0, wide, drawn, 0), "input", 11, {"cmap": "gray_r", "vmin": 0, "vmax": 1})
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, drawn + LABEL / _unit(axes)), high)
    _bar(figure, axes, shades, scale, "activation")
    silent = int(np.sum(np.all(maps == 0, axis=(0, 1))))
    active = int(np.argmax(np.mean(np.abs(maps), axis=(0, 1))))
    message = f"{words.several(total, 'feature map')} of one image"
    message += f"; number {active}{'' if active < count else ', not shown,'} is the most active" if total > 1 else ""
    message += f", {silent} {'is' if silent == 1 else 'are'} silent" if silent else ""
    _finish(figure, axes, title or message + (f" (shown are the first {count})" if count < total else ""))
    return figure


@style.context()
def samples_grid(
    images: Values, names: Sequence[str] | None = None, *, columns: int = 10, title: str | None = None
) -> Figure:
    """Return the picture of many images, such as generated ones, row by row.

    ``images`` is (samples, height, width) or with a last axis of 1 (grey) or 3 (colour), in [0, 1], grey ones drawn
    dark on white; ``names`` are written under them. Raises ValueError for other shapes or ranges, for more than 200
    images, and for names that are not one an image.
    """
    pictures = _pictures("images", images, "samples ")
    if len(pictures) > 200:
        raise ValueError(f"images has {len(pictures)} images; this picture has room for 200")
    if names is not None and len(names) != len(pictures):
        raise ValueError(f"names has {len(names)} names for {len(pictures)} images; there must be one an image")
    if columns < 1:
        raise ValueError(f"columns is {columns}; it must be at least 1")
    columns = min(columns, len(pictures))
    tall = pictures.shape[1] / pictures.shape[2]
    labels = None if names is None else [words.shorten(name, max(3, 84 // columns)) for name in names]
    figure, axes = _sheet(pictures, tall, columns, labels, "gray_r", Normalize(0, 1), 0.0, bar=0.0)
    _finish(figure, axes, title or words.several(len(pictures), "image"), bar=0.0)
    return figure


def _pictures(name: str, values: Any, first: str) -> np.ndarray:
    patterns = (f"{first}height width", f"{first}height width 1", f"{first}height width 3")
    array = finite(name, shaped(name, values, *patterns))
    if array.min() < 0 or array.max() > 1:
        raise ValueError(f"{name} lies in [{array.min():g}, {array.max():g}]; scale it to [0, 1]")
    return array[..., 0] if array.shape[-1] == 1 and array.ndim == len(patterns[1].split()) else array


def _count(count: int | None, there: int, usual: int) -> int:
    if count is not None and count < 1:
        raise ValueError(f"count is {count}; it must be at least 1")
    return min(there, usual if count is None else count)


def _sheet(
    images: np.ndarray,
    tall: float,
    columns: int,
    labels: Any,
    shades: str | Colormap,
    scale: Normalize,
    left: float,
    bar: float = BAR,
) -> tuple[Figure, Axes]:
    """Return a picture with the images in rows, one unit wide each, beginning ``left`` units from its edge."""
    rows = -(-len(images) // columns)
    across = max(left + columns * (1 + GAP) - GAP, 3.0)
    unit = (style.WIDTH - bar - 0.3) / across
    under = 0.0 if labels is None else LABEL / unit
    high = rows * (tall + GAP + under) - GAP
    figure, (axes,) = canvas.blank()
    axes.set_axis_off()
    names = [""] * len(images) if labels is None else list(labels)
    for k, (image, name) in enumerate(zip(images, names, strict=True)):
        x, y = left + k % columns * (1 + GAP), k // columns * (tall + GAP + under)
        _tile(axes, image, (x, x + 1, y + tall, y), name, 9, {"cmap": shades, "norm": scale})
    axes.set(xlim=(-0.02, across + 0.02), ylim=(high + 0.02, -0.02), aspect="equal", anchor="NW")
    return figure, axes


def _tile(
    axes: Axes, image: np.ndarray, extent: tuple[float, float, float, float], name: str, size: float, look: Any
) -> None:
    left, right, bottom, top = extent
    axes.imshow(image, extent=extent, interpolation="nearest", **look)
    frame: dict[str, Any] = {"facecolor": "none", "edgecolor": style.palette["grey"], "linewidth": 0.6}
    axes.add_patch(Rectangle((left, top), right - left, bottom - top, **frame))
    if name:
        look = {"xytext": (0, -2.5), "textcoords": "offset points", "ha": "center", "va": "top", "fontsize": size}
        axes.annotate(name, ((left + right) / 2, bottom), parse_math=False, **look)


def _unit(axes: Axes, bar: float = BAR) -> float:
    """Return the width of an image in inches."""
    left, right = axes.get_xlim()
    return (style.WIDTH - bar - 0.3) / (right - left)


def _finish(figure: Figure, axes: Axes, title: str, bar: float = BAR) -> None:
    """Write the headline, and make the picture as high as it and the images ask for."""
    canvas.headline(figure, title)
    bottom, top = axes.get_ylim()
    ticks = 0.5 if axes.axison else 0.0
    lines = 1 + figure.get_suptitle().count("\n")
    figure.set_size_inches(style.WIDTH, (bottom - top) * _unit(axes, bar) + ticks + 0.36 + 0.23 * lines)


def _bar(figure: Figure, axes: Axes, shades: Colormap, scale: Normalize, quantity: str) -> None:
    bar = figure.colorbar(ScalarMappable(scale, shades), ax=axes, fraction=0.04, pad=0.03, aspect=18)
    bar.set_label(quantity)
    bar.outline.set_visible(False)
