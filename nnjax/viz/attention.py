"""Attention: where each head looks, and the patterns by which it tells places apart."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from nnjax.viz import canvas, style, words
from nnjax.viz.classification import DARKEST
from nnjax.viz.inputs import Values, finite, shaped

MOST_TOKENS = 40
MOST_PANELS = 16
VISIBLE = {" ": "␣", "\n": "↵", "\t": "⇥", "": "·"}
"""How a token that leaves no trace on paper is written."""


@style.context()
def attention_maps(weights: Values, tokens: Sequence[Any], *, title: str | None = None) -> Figure:
    """Return a panel for each head: row i shows where place i looks, the darker the more of its weight.

    ``weights`` is (heads, time, time) or (layers, heads, time, time), as for one sequence from
    ``models.transformer.attention_weights(...)[:, n]``; ``tokens`` are the ``time`` labels, letters or words. Raises
    ValueError for other shapes, weights outside 0 to 1, more than 40 tokens or more than 16 heads in all.
    """
    w = finite("weights", shaped("weights", weights, "heads time time", "layers heads time time"))
    w = w[None] if w.ndim == 3 else w
    layers, heads, time, seen = w.shape
    if seen != time:
        raise ValueError(f"weights has shape {np.shape(weights)}; its last two axes must both be the time")
    if w.min() < 0 or w.max() > 1 + 1e-3:
        raise ValueError(f"weights lie in [{w.min():g}, {w.max():g}]; they are shares, 0 to 1")
    if len(tokens) != time:
        raise ValueError(f"tokens has {len(tokens)} labels for {time} places; there must be one a place")
    if time > MOST_TOKENS:
        raise ValueError(f"there are {time} tokens; more than {MOST_TOKENS} cannot be read")
    if layers * heads > MOST_PANELS:
        raise ValueError(f"there are {layers * heads} heads; this picture has room for {MOST_PANELS}")
    names = [words.shorten(VISIBLE.get(str(token), token), 9) for token in tokens]

    room = 4 if time <= 11 else 3 if time <= 15 else 2 if time <= 22 else 1
    columns = max(c for c in range(1, room + 1) if heads % c == 0 or c == 1) if layers > 1 else min(room, heads)
    rows = -(-layers * heads // columns)
    side = (style.WIDTH - 1.0) / columns
    figure, cells = canvas.blank(1.5 + rows * (side + 0.3), rows, columns)
    shades = LinearSegmentedColormap.from_list("share", ["white", DARKEST])
    for place, (axes, panel) in enumerate(zip(cells, w.reshape(-1, time, time), strict=False)):
        image = axes.imshow(panel, cmap=shades, vmin=0, vmax=1)
        layer, head = divmod(place, heads)
        axes.set_title(f"layer {layer + 1}, head {head + 1}" if layers > 1 else f"head {head + 1}", fontsize=10)
        last = place + columns >= layers * heads
        _label(axes, names, left=place % columns == 0, bottom=last)
    for axes in cells[layers * heads :]:
        axes.set_axis_off()
    bar = figure.colorbar(
        image, ax=cells, location="bottom", aspect=50, shrink=0.6, pad=0.03, format=PercentFormatter(1, symbol="")
    )
    bar.set_label("share of the row's weight (%)")
    bar.outline.set_visible(False)
    canvas.headline(figure, title or _message(w))
    return figure


@style.context()
def position_patterns(table: Values, *, title: str | None = None) -> Figure:
    """Return the rows that tell the places apart, and how alike two of them are at each distance.

    ``table`` is (length, width), such as ``layers.positions.sinusoidal(64, 32)`` or a learned "W". Alike is the cosine
    of the angle between two rows: the line is the mean over all pairs at a distance, the band runs from the least to
    the greatest. Raises ValueError for other shapes, fewer than 2 places or a row of zeros.
    """
    rows = finite("table", shaped("table", table, "length width"))
    if len(rows) < 2:
        raise ValueError("table has 1 row; there must be at least 2 places to compare")
    sizes = np.linalg.norm(rows, axis=1)
    if sizes.min() == 0:
        raise ValueError(f"table[{np.argmin(sizes)}] is a row of zeros, which is like no other")
    alike = (rows / sizes[:, None]) @ (rows / sizes[:, None]).T
    # Of the greatest distances there are too few pairs to speak of.
    by_distance = [np.diagonal(alike, distance) for distance in range(max(2, 3 * len(rows) // 4))]

    figure, (left, right) = canvas.blank(3.6, 1, 2, width_ratios=(1.15, 1))
    largest = np.abs(rows).max()
    image = left.imshow(
        rows.T, cmap="gray_r", vmin=-largest, vmax=largest, aspect="auto", origin="lower", interpolation="none"
    )
    left.set(xlabel="place", ylabel="entry of its row")
    left.grid(False)
    bar = figure.colorbar(image, ax=left, fraction=0.08, pad=0.03)
    bar.set_label("value")
    bar.outline.set_visible(False)
    distances = np.arange(len(by_distance))
    means = [pairs.mean() for pairs in by_distance]
    color = style.palette["blue"]
    low, high = [p.min() for p in by_distance], [p.max() for p in by_distance]
    right.fill_between(distances, low, high, color=color, alpha=0.25, linewidth=0)
    right.plot(distances, means, color=color)
    right.set(xlabel="distance of two places", ylabel="how alike their rows are (cosine)")
    spread = max(float(p.max() - p.min()) for p in by_distance)
    exact = "How alike two places are depends on their distance alone"
    usual = f"Neighbours are alike to {means[1]:.2f}, places {distances[-1]} apart to {means[-1]:.2f}"
    canvas.headline(figure, title or (exact if spread < 1e-3 else usual))
    return figure


def _label(axes: Axes, names: list[str], *, left: bool, bottom: bool) -> None:
    """Write the tokens along the outer panels only: the inner ones have the same."""
    wide = max(len(name) for name in names) > 1
    places, size = range(len(names)), 8.5
    axes.set_xticks(places, names if bottom else [], fontsize=size, rotation=90 if wide else 0, parse_math=False)
    axes.set_yticks(places, names if left else [], fontsize=size, parse_math=False)
    axes.set(xlabel="looked at" if bottom else "", ylabel="looking" if left else "")
    axes.tick_params(length=0)
    axes.grid(False)
    axes.spines[:].set(visible=True, color=style.palette["pale"])


def _message(w: np.ndarray) -> str:
    """Tell of the head that keeps most firmly to one distance."""
    layers, time = w.shape[0], w.shape[2]
    # Under a causal mask the first place has no choice; it says nothing about a head.
    choosing = w[:, :, min(1, time - 1) :]
    first = time - choosing.shape[2]
    steps = range(-((time - 1) // 2), time // 2 + 1)
    share = np.stack([np.diagonal(choosing, first - s, 2, 3).mean(axis=-1) for s in steps], axis=-1)
    layer, head, step = np.unravel_index(np.argmax(share), share.shape)
    back = steps[int(step)]
    where = (
        "at its own place" if back == 0 else f"{words.several(abs(back), 'place')} {'back' if back > 0 else 'ahead'}"
    )
    who = f"Head {head + 1} of layer {layer + 1}" if layers > 1 else f"Head {head + 1}"
    return f"{who} looks {where} with {100 * share[layer, head, step]:.0f} % of its weight"
