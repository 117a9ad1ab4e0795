"""What a generator makes, beside the nearest real images: is it new, or a copy?"""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nnjax.viz import canvas, style
from nnjax.viz.inputs import Values, finite, shaped

COLUMNS = 10
NAMES = 0.85  # inches at the left, for what the rows are
MOST = 40


@style.context()
def generated_digits(
    generated: Values, real: Values, *, unseen: Values | None = None, title: str | None = None
) -> Figure:
    """Return rows of generated images (black), under each the nearest ``real`` one (blue), and their distance.

    ``generated`` (images, height, width), up to 40, and ``real`` (samples, height, width), what was trained on, lie in
    [0, 1]. The distance is Euclidean, the root of the sum over the pixels. ``unseen`` real images, not trained on, say
    how far from the nearest a new one is expected to be. Raises ValueError for other shapes or ranges.
    """
    made, known = (_images(name, x) for name, x in (("generated", generated), ("real", real)))
    if len(made) > MOST:
        raise ValueError(f"generated has {len(made)} images; this picture has room for {MOST}")
    nearest, distance = _nearest(made, known, "real")
    rows, columns = -(-len(made) // COLUMNS), min(len(made), COLUMNS)
    tall = ((style.WIDTH - NAMES) / COLUMNS - 0.1) * made.shape[1] / made.shape[2]
    figure, cells = canvas.blank(0.55 + rows * (2 * tall + 0.42), 2 * rows, columns)
    for axes in cells:
        axes.set_axis_off()
    for i, (image, copied) in enumerate(zip(made, nearest, strict=True)):
        row, column = divmod(i, columns)
        for below, shown in enumerate((image, known[copied])):
            axes = cells[(2 * row + below) * columns + column]
            axes.imshow(shown, cmap="gray_r" if not below else "Blues", vmin=0, vmax=1)
            if column == 0:
                _write(axes, -0.15, 0.5, ("generated", "nearest real")[below], ha="right", va="center")
        _write(axes, 0.5, -0.08, f"{distance[i]:.2f}", ha="center", va="top")
        if column == 0:
            _write(axes, -0.15, -0.08, "distance", ha="right", va="top")
    canvas.headline(figure, title or _message(distance, known, unseen))
    return figure


def _write(axes: Axes, across: float, up: float, text: str, **place: Any) -> None:
    """Write the text at a place of which (0, 0) is the lower left corner of the image and (1, 1) the upper right."""
    axes.text(across, up, text, transform=axes.transAxes, fontsize=9, **place)


def _images(name: str, values: Values) -> np.ndarray:
    array = finite(name, shaped(name, values, "images height width", "images height width 1"))
    if array.min() < 0 or array.max() > 1:
        raise ValueError(f"{name} lie in [{array.min():g}, {array.max():g}]; scale them to [0, 1]")
    return array.reshape(array.shape[:3])


def _nearest(images: np.ndarray, known: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return for each image which of the known ones is nearest, and how far it is."""
    if images.shape[1:] != known.shape[1:]:
        raise ValueError(f"{name} images have shape {known.shape[1:]}, the others {images.shape[1:]}; they must agree")
    a, b = images.reshape(len(images), -1), known.reshape(len(known), -1)
    squared = (a**2).sum(axis=1)[:, None] - 2 * a @ b.T + (b**2).sum(axis=1)
    index = np.argmin(squared, axis=1)
    return index, np.linalg.norm(a - b[index], axis=1)


def _message(distance: np.ndarray, known: np.ndarray, unseen: Values | None) -> str:
    message = f"Generated (black) and nearest real (blue): {np.median(distance):.2f} apart"
    if unseen is None:
        return message
    usual = float(np.median(_nearest(_images("unseen", unseen), known, "real")[1]))
    return f"{message}; an unseen real one is {usual:.2f} from its nearest"
