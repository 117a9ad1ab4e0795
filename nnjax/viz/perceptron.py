"""The perceptron's line, moved by each mistake (Rosenblatt, 1958): an animation, and all its lines in one picture."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, Polygon

from nnjax.viz import boundary, canvas, line, style, words
from nnjax.viz.inputs import Values, class_labels, class_names, finite, shaped
from nnjax.viz.saving import Animation

NOWHERE = np.empty((0, 2))
RING: dict[str, Any] = {
    "markerfacecolor": "none",
    "markeredgecolor": style.palette["vermilion"],
    "markeredgewidth": 2.8,
}


class Mistake(NamedTuple):
    """Update number (from 1), index of the sample that was wrong, and w1, w2, b before and after."""

    update: int
    sample: int
    before: np.ndarray
    after: np.ndarray


class Story(NamedTuple):
    """The data (samples, 2) and (samples,), the number of updates, the mistakes among them, and the last w1, w2, b."""

    xs: np.ndarray
    ys: np.ndarray
    updates: int
    mistakes: list[Mistake]
    first: np.ndarray
    last: np.ndarray


@style.context()
def perceptron_animation(
    start: Mapping[str, Any],
    history: Mapping[str, Any],
    xs: Values,
    ys: Values,
    *,
    classes: Sequence[str] | None = None,
    features: tuple[str, str] = ("x₁", "x₂"),
    title: str = "The perceptron moves its line only when it is wrong",
    max_frames: int = 60,
) -> Animation:
    """Return the animation of ``perceptron.train(start, xs, ys, ...)``, from the history that it returned.

    Each mistake has two frames: the wrong point ringed, then the line moved, with the old one dashed. Each frame tells
    the number of the update and of the mistakes so far; the arrow is the weight vector w, at right angles to the line,
    its length in proportion to |w|. Mistakes too many for ``max_frames`` are skipped evenly; the first and the last
    are kept. ``xs`` is (samples, 2), ``ys`` (samples,) of 0 and 1. Raises ValueError when the history does not belong
    to that many samples, or ``max_frames`` is below 6.
    """
    if max_frames < 6:
        raise ValueError(f"max_frames is {max_frames}; it must be at least 6: the start, two mistakes and the end")
    story = _read(start, history, xs, ys)
    mistakes = story.mistakes
    shown = sorted({round(i) for i in np.linspace(0, len(mistakes) - 1, min(len(mistakes), (max_frames - 2) // 2))})
    longest = max(float(np.hypot(*w[:2])) for w in [story.first, *(m.after for m in mistakes)])

    figure, axes, limits = _sheet(story, class_names(classes, 2), features, ring=True)
    parts = _moving_parts(axes)
    status = axes.set_title(" ")
    canvas.headline(figure, title)
    canvas.freeze(figure)

    def draw(index: int) -> None:
        number, moved = divmod(index - 1, 2)
        ghost = wrong = None
        if index == 0:
            weights, said = story.first, f"update 0 of {story.updates} · the start"
        elif number == len(shown):
            weights = story.last
            said = f"update {story.updates} of {story.updates} · mistakes: {len(mistakes)} · wrong now: {_wrong(story)}"
        else:
            mistake = mistakes[shown[number]]
            wrong = story.xs[mistake.sample]
            weights, ghost = (mistake.after, mistake.before) if moved else (mistake.before, None)
            said = f"update {mistake.update} of {story.updates} · mistakes so far: {shown[number] + 1} · "
            said += "the line moves" if moved else "wrong side"
        status.set_text(said)
        parts["side"].set_xy(line.positive_side(weights, limits))
        parts["line"].set_data(*line.ends(weights, limits).T)
        parts["ghost"].set_data(*(NOWHERE if ghost is None else line.ends(ghost, limits)).T)
        parts["ring"].set_data(*(NOWHERE if wrong is None else wrong[None]).T)
        _place(parts["arrow"], line.arrow(weights, limits, longest))

    moving = (*axes.lines, *axes.patches, *axes.spines.values(), status)
    return Animation(figure, draw, (1.2, *[0.7] * (2 * len(shown)), 3.0), moving)


@style.context()
def perceptron_lines(
    start: Mapping[str, Any],
    history: Mapping[str, Any],
    xs: Values,
    ys: Values,
    *,
    classes: Sequence[str] | None = None,
    features: tuple[str, str] = ("x₁", "x₂"),
    title: str | None = None,
) -> Figure:
    """Return the last line in black with its weight vector, and up to 40 lines before it, the older the fainter.

    The arguments are those of ``perceptron_animation``.
    """
    story = _read(start, history, xs, ys)
    figure, axes, limits = _sheet(story, class_names(classes, 2), features, ring=False)
    for age, mistake in enumerate(reversed(story.mistakes[-40:])):
        look: dict[str, Any] = {"color": style.palette["grey"], "linewidth": 1.3, "alpha": 0.1 + 0.7 * 0.85**age}
        axes.plot(*line.ends(mistake.before, limits).T, **look, zorder=1)
    parts = _moving_parts(axes)
    parts["side"].set_xy(line.positive_side(story.last, limits))
    parts["line"].set_data(*line.ends(story.last, limits).T)
    _place(parts["arrow"], line.arrow(story.last, limits, float(np.hypot(*story.last[:2]))))
    wrong, total = _wrong(story), len(story.xs)
    state = f"{wrong} of {total} points are on the wrong side" if wrong else "every point is on its side"
    canvas.headline(figure, title or f"After {words.several(len(story.mistakes), 'mistake')} {state}")
    return figure


def _read(start: Mapping[str, Any], history: Mapping[str, Any], xs: Any, ys: Any) -> Story:
    xs = finite("xs", shaped("xs", xs, "samples 2"))
    ys = class_labels("ys", ys, len(xs))
    if ys.max() > 1:
        raise ValueError(f"ys holds {ys.max()}; a perceptron tells class 0 from class 1")
    for key in ("params", "mistakes"):
        if key not in history:
            raise ValueError(f"history has no {key!r}; give the history that perceptron.train returned")
    wrong = shaped("history['mistakes']", history["mistakes"], "epochs samples")
    path = history["params"]
    W = finite("history['params']['W']", shaped("history['params']['W']", path["W"], "updates 2"))
    b = finite("history['params']['b']", shaped("history['params']['b']", path["b"], "updates"))
    if wrong.shape[1] != len(xs) or not len(W) == len(b) == wrong.size:
        raise ValueError(
            f"history has {len(W)} updates in {len(wrong)} epochs of {wrong.shape[1]} samples, xs {len(xs)} samples; "
            "give the data that the perceptron was trained on"
        )
    first = np.append(shaped("start['W']", start["W"], "2"), float(start["b"]))
    lines = np.concatenate([first[None], np.column_stack([W, b])])
    mistakes = [Mistake(int(t) + 1, int(t) % len(xs), lines[t], lines[t + 1]) for t in np.flatnonzero(wrong)]
    return Story(xs, ys, wrong.size, mistakes, first, lines[-1])


def _sheet(
    story: Story, names: Sequence[str], features: tuple[str, str], *, ring: bool
) -> tuple[Figure, Axes, line.Limits]:
    figure, (axes,) = canvas.blank(5.0)
    limits = line.even_view(boundary.view(story.xs, margin=0.2))
    axes.set_facecolor(style.tint(style.COLORS[0], boundary.TINT))
    axes.grid(False)
    axes.set(xlim=limits[:2], ylim=limits[2:], aspect="equal", xlabel=features[0], ylabel=features[1])
    for k in (0, 1):
        boundary.draw_points(axes, story.xs[story.ys == k], k, size=boundary.point_size(len(story.xs)))
    handles, labels = boundary.legend_entries(names, hollow=False)
    handles.append(Line2D([], [], color=style.palette["purple"], marker=">", markersize=8, markevery=[1]))
    labels.append("weights w")
    if ring:
        handles.append(Line2D([], [], linestyle="none", marker="o", markersize=12, **RING))
        labels.append("wrong")
    elif story.mistakes:
        handles.append(Line2D([], [], color=style.palette["grey"], linewidth=1.3))
        labels.append("earlier lines")
    canvas.legend(figure, handles, labels)
    return figure, axes, limits


def _moving_parts(axes: Axes) -> dict[str, Any]:
    """Return the artists that a frame changes: the side of class 1, the line, the old line, the ring, the arrow."""
    tint, purple = style.tint(style.COLORS[1], boundary.TINT), style.palette["purple"]
    side = axes.add_patch(Polygon(np.zeros((4, 2)), closed=True, facecolor=tint, edgecolor="none", zorder=0.5))
    (ghost,) = axes.plot([], [], linestyle=(0, (5, 3)), linewidth=1.8, color=style.palette["grey"], zorder=4)
    (drawn,) = axes.plot([], [], color="black", linewidth=2.6, zorder=4)
    (ring,) = axes.plot([], [], "o", markersize=19, **RING, zorder=5)
    arrow = FancyArrowPatch((0, 0), (0, 0), arrowstyle="-|>", mutation_scale=18, shrinkA=0, shrinkB=0, zorder=5)
    arrow.set(color=purple, linewidth=2.8, visible=False)
    axes.add_patch(arrow)
    return {"side": side, "ghost": ghost, "line": drawn, "ring": ring, "arrow": arrow}


def _place(arrow: FancyArrowPatch, where: tuple[np.ndarray, np.ndarray] | None) -> None:
    arrow.set_visible(where is not None)
    if where is not None:
        arrow.set_positions(tuple(where[0]), tuple(where[1]))


def _wrong(story: Story) -> int:
    """Return how many samples the last line leaves on the wrong side."""
    return int(np.sum((story.xs @ story.last[:2] + story.last[2] >= 0) != story.ys))
