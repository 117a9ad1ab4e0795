"""The sheet that a picture is drawn on: a figure without pyplot, its headline and its legend."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from nnjax.viz import style, words


class Picture(Figure):
    """A matplotlib Figure that shows itself in a notebook: no set-up, no pyplot, no list of open figures."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        buffer = io.BytesIO()
        with style.context():
            self.savefig(buffer, format="png")
        width, height = self.get_size_inches() * style.SCREEN_DPI
        return buffer.getvalue(), {"width": round(width), "height": round(height)}


def blank(height: float = 4.4, rows: int = 1, columns: int = 1, **options: Any) -> tuple[Picture, list[Axes]]:
    """Return an empty picture 6.4 inches wide and its axes, row by row; ``options`` go to ``Figure.subplots``."""
    figure = Picture(figsize=(style.WIDTH, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    return figure, list(np.ravel(axes))


def headline(figure: Figure, text: str) -> None:
    """Write the message of the picture at its top left, in as many lines as the width asks for."""
    for lines in range(1, 8):
        title = figure.suptitle(words.in_lines(text, lines), x=0.015, ha="left", parse_math=False)
        if _fits(figure, title):
            return


def legend(figure: Figure, handles: Sequence[Line2D], labels: Sequence[str]) -> None:
    """Put the legend below the axes, where it hides no data, in as few rows as the width allows."""
    bare = all(handle.get_linestyle() == "None" for handle in handles)
    options: dict[str, Any] = {"columnspacing": 1.6} | ({"handlelength": 1.0} if bare else {})
    for rows in range(1, len(handles) + 1):
        box = figure.legend(handles, labels, loc="outside lower left", ncols=-(-len(handles) // rows), **options)
        for text in box.get_texts():
            text.set_parse_math(False)
        if _fits(figure, box):
            return
        box.remove()
    raise ValueError(f"the labels are too long for a legend: {labels}")


def percent_axis(axes: Axes) -> None:
    """Write the fractions of the y axis in per cent, and let it end at 100."""
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.4g}"))
    axes.set_ylim(top=min(1.005, axes.get_ylim()[1]))


def log_axis(axes: Axes) -> None:
    """Make the y axis of what is drawn logarithmic: numbers at 1, 2, 5 of each decade if it spans three or fewer."""
    axes.set_yscale("log", nonpositive="mask")
    bottom, top = axes.get_ylim()
    if top / bottom <= 1000:
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: words.power(value)))
    axes.yaxis.set_minor_formatter(NullFormatter())


def contours(axes: Axes, across: np.ndarray, up: np.ndarray, height: np.ndarray) -> None:
    """Draw ``height`` (up, across) as pale rings, the lowest white, closer together near the bottom."""
    levels = np.unique(np.quantile(height, np.linspace(0, 1, 15) ** 1.6))
    grey = [style.tint("grey", 0.32 * i / len(levels)) for i in range(len(levels) - 1)]
    axes.contourf(across, up, height, levels=levels, colors=grey).set(edgecolor="white", linewidth=0.5)
    axes.grid(False)


def freeze(figure: Figure) -> None:
    """Lay the picture out once and keep it so: the axes of an animation must not move."""
    with style.context():
        figure.draw_without_rendering()
    figure.set_layout_engine("none")


def _fits(figure: Figure, artist: Artist) -> bool:
    canvas: Any = figure.canvas
    return bool(artist.get_window_extent(canvas.get_renderer()).width <= 0.97 * figure.bbox.width)
