"""What a classifier confuses: the confusion matrix, and the mistakes of which it was surest."""

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from nnjax.viz import canvas, style, words
from nnjax.viz.inputs import Values, class_labels, class_names, finite, shaped

MOST_CLASSES = 20
# The palette's blue mixed with black: on it white numbers are plain, and black ones on most of what is lighter.
DARKEST = "#00446B"


def confusion_counts(labels: Values, predicted: Values, classes: int) -> np.ndarray:
    """Return (classes, classes) int64: entry [i, j] counts the examples of class i that were predicted as j.

    Raises ValueError when a label is not a class or the lengths differ.
    """
    true = class_labels("labels", labels, np.size(labels))
    said = class_labels("predicted", predicted, len(true))
    for name, values in (("labels", true), ("predicted", said)):
        if values.max() >= classes:
            raise ValueError(f"{name} holds {values.max()}; labels of {classes} classes run from 0 to {classes - 1}")
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (true, said), 1)
    return counts


@style.context()
def confusion_matrix(
    labels: Values, predicted: Values, classes: Sequence[str] | None = None, *, title: str | None = None
) -> Figure:
    """Return the confusion matrix: the numbers are counts, the shade is the share of the row, of the true class.

    ``labels`` and ``predicted`` are (samples,) class numbers. Raises ValueError for more than 20 classes, in whose
    cells no number can be read, and as ``confusion_counts``.
    """
    true = class_labels("labels", labels, np.size(labels))
    said = class_labels("predicted", predicted, len(true))
    count = max(int(true.max()), int(said.max())) + 1 if not classes else len(classes)
    if count > MOST_CLASSES:
        raise ValueError(f"there are {count} classes; a matrix of more than {MOST_CLASSES} cannot be read")
    names = [words.shorten(name, 14) for name in class_names(classes or [str(k) for k in range(count)], count)]
    counts = confusion_counts(true, said, count)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)

    figure, (axes,) = canvas.blank(5.4)
    shades = LinearSegmentedColormap.from_list("share", ["white", DARKEST])
    image = axes.imshow(share, cmap=shades, vmin=0, vmax=1, aspect="auto")
    size = 11 if count <= 12 else 8.5
    for i in range(count):
        for j in range(count):
            # White and black are equally plain on the shade of 0.7; zeros step back.
            color = "white" if share[i, j] > 0.7 else "black" if counts[i, j] else "#767676"
            axes.text(j, i, str(counts[i, j]), ha="center", va="center", color=color, fontsize=size)
    turn = 90 if max(len(name) for name in names) * count > 60 else 0
    axes.set_xticks(range(count), names, rotation=turn)
    axes.set_yticks(range(count), names)
    axes.set(xlabel="predicted class", ylabel="true class")
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    bar = figure.colorbar(image, ax=axes, fraction=0.05, pad=0.02, format=PercentFormatter(1, symbol=""))
    bar.set_label("share of the true class (%)")
    bar.outline.set_visible(False)
    canvas.headline(figure, title or _message(counts, names))
    return figure


@style.context()
def worst_mistakes(
    images: Values,
    labels: Values,
    probabilities: Values,
    classes: Sequence[str] | None = None,
    *,
    count: int = 12,
    title: str | None = None,
) -> Figure:
    """Return the ``count`` wrongly classified images with the highest probability for the wrong class, surest first.

    ``images`` is (samples, height, width) or with a last axis of 1 (grey) or 3 (colour), in [0, 1]; grey ones are drawn
    dark on white. ``probabilities`` is (samples, classes), rows summing to 1. Under each image: the true class, the
    predicted one, its probability. Raises ValueError for other shapes or ranges, or a count outside 1 to 24.
    """
    pictures = finite("images", shaped("images", images, "samples height width", *_with_channels()))
    p = finite("probabilities", shaped("probabilities", probabilities, "samples classes"))
    true = class_labels("labels", labels, len(pictures))
    if len(p) != len(pictures):
        raise ValueError(f"probabilities has {len(p)} rows for {len(pictures)} images; there must be one an image")
    if true.max() >= p.shape[1]:
        raise ValueError(f"labels holds {true.max()}; probabilities has {p.shape[1]} classes")
    if p.min() < 0 or np.max(np.abs(p.sum(axis=1) - 1)) > 1e-3:
        raise ValueError("probabilities has rows that do not sum to 1; apply softmax to the logits first")
    if pictures.min() < 0 or pictures.max() > 1:
        raise ValueError(f"images lie in [{pictures.min():g}, {pictures.max():g}]; scale them to [0, 1]")
    if not 1 <= count <= 24:
        raise ValueError(f"count is {count}; this picture has room for 1 to 24")
    names = [words.shorten(name, 13) for name in classes or range(p.shape[1])]
    if len(names) < p.shape[1]:
        raise ValueError(f"classes has {len(names)} names; probabilities has {p.shape[1]} classes")

    said = np.argmax(p, axis=1)
    wrong = np.flatnonzero(said != true)
    worst = wrong[np.argsort(-p[wrong, said[wrong]], kind="stable")][:count]
    columns = 6 if max(len(name) for name in names) <= 7 else 4
    rows = max(1, -(-len(worst) // columns))
    tall = pictures.shape[1] / pictures.shape[2] * (style.WIDTH / columns - 0.15) + 0.75
    figure, cells = canvas.blank(0.5 + tall * rows if len(worst) else 1.0, rows, columns)
    for axes in cells:
        axes.set_axis_off()
    for axes, i in zip(cells, worst, strict=False):
        axes.imshow(np.squeeze(pictures[i]), cmap="gray_r", vmin=0, vmax=1)
        tells = f"true {names[true[i]]}\nsaid {names[said[i]]}\n{100 * p[i, said[i]]:.0f} %"
        axes.set_title(tells, loc="center", fontsize=10, parse_math=False)
    message = f"The {len(worst)} surest of {words.several(len(wrong), 'mistake')} on {len(true)} images"
    if len(wrong) < 2:
        message = f"The only mistake on {len(true)} images" if len(wrong) else f"No mistake on {len(true)} images"
    canvas.headline(figure, title or message)
    return figure


def _with_channels() -> tuple[str, str]:
    return "samples height width 1", "samples height width 3"


def _message(counts: np.ndarray, names: Sequence[str]) -> str:
    right, total = int(np.trace(counts)), int(counts.sum())
    wrong = counts - np.diag(np.diag(counts))
    message = f"{right} of {total} are right ({words.percent(right / total)})"
    if right == total:
        return message
    i, j = divmod(int(np.argmax(wrong)), len(names))
    return f"{message}; most often {names[i]} is taken for {names[j]}"
