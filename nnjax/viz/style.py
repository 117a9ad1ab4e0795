"""One look for every picture: colours, line styles, markers, fonts and sizes. Importing it does not import matplotlib.

The eight colours are those of Okabe and Ito (2008), told apart by colour-blind readers. Series also differ in line
style and marker, so that a picture printed in grey still reads.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

palette: dict[str, str] = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
    "grey": "#666666",
    "pale": "#D9D9D9",
}
"""The colours by name: Okabe and Ito's eight, a grey for what is secondary, a pale one for grid lines."""

# The first three differ most in lightness; yellow is too faint for a line on white.
COLORS = ("blue", "orange", "green", "vermilion", "sky", "purple", "black")
LINES: tuple[Any, ...] = (
    "solid",
    (0, (5, 1.6)),
    (0, (1.2, 1.2)),
    (0, (6, 1.5, 1.2, 1.5)),
    (0, (9, 2)),
    (0, (3, 1.2)),
    (0, (6, 1.5, 1.2, 1.5, 1.2, 1.5)),
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

WIDTH = 6.4
"""Inches: 640 pixels on a page at 100 dots an inch, the size that the fonts are chosen for."""
SCREEN_DPI = 100
FILE_DPI = 200

RC: dict[str, Any] = {
    "figure.dpi": SCREEN_DPI,
    "savefig.dpi": FILE_DPI,
    "figure.facecolor": "white",
    "font.family": "sans-serif",
    # DejaVu comes with matplotlib: the same letters, and so the same layout, on every machine.
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.labelsize": 11,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "legend.fontsize": 10.5,
    "legend.frameon": False,
    "legend.handlelength": 2.6,
    # Inches of white around each part of a picture.
    "figure.constrained_layout.w_pad": 0.07,
    "figure.constrained_layout.h_pad": 0.07,
    "figure.titlesize": 13,
    "figure.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": palette["grey"],
    "xtick.color": palette["grey"],
    "ytick.color": palette["grey"],
    "xtick.labelcolor": "black",
    "ytick.labelcolor": "black",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": palette["pale"],
    "grid.linewidth": 0.7,
    "lines.linewidth": 2.0,
    "lines.markersize": 6.0,
    "svg.fonttype": "path",
    "svg.hashsalt": "nnjax",
}
"""What differs from matplotlib's defaults."""


@contextmanager
def context() -> Iterator[None]:
    """Use this look, and none of the user's own matplotlib settings, in a ``with`` block or a decorated function."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(RC)  # type: ignore[arg-type]
        yield


def series(index: int) -> dict[str, Any]:
    """Return color, linestyle and marker of the series (or class) number ``index``."""
    return {"color": palette[COLORS[index]], "linestyle": LINES[index], "marker": MARKERS[index]}


def require_series(name: str, count: int) -> None:
    """Raise ValueError unless there are 1 to 7 series, as many as colours and markers keep apart."""
    if not 1 <= count <= len(COLORS):
        raise ValueError(
            f"{name} has {count} series; a picture tells 1 to {len(COLORS)} apart, so draw several pictures"
        )


def tint(color: str, strength: float) -> str:
    """Return the named or "#rrggbb" colour mixed with white: strength 1 is the colour itself, 0 is white."""
    value = palette.get(color, color)
    channels = (int(value[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 + strength * (c - 255)):02X}" for c in channels)
