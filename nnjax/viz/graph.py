"""A computation as a graph: boxes with what is computed, its value going forward, and the error's slope coming back."""

from collections.abc import Collection, Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from nnjax.viz import canvas, style

WIDE, HIGH = 1.1, 0.86
MARGIN = 0.12
CROSSING, STRAIGHT = 0.37, 0.5
"""Where on an arrow its label stands: nearer to its start where arrows cross."""

Node = str
Edge = tuple[str, str]
Place = tuple[float, float]


@style.context()
def computation_graph(
    places: Mapping[Node, Place],
    edges: Mapping[Edge, str],
    *,
    names: Mapping[Node, str] | None = None,
    values: Mapping[Node, str] | None = None,
    slopes: Mapping[Node | Edge, str] | None = None,
    forward: Collection[Node | Edge] = (),
    backward: Collection[Node | Edge] = (),
    height: float | None = None,
    title: str = "Values go forward (blue), slopes of the error come back (orange)",
) -> Figure:
    """Draw a computation, each box with three rows: its name, its value, the slope of the error by it.

    What is not given stays empty, so that a walk fills in the same picture, frame by frame.

    Args:
        places: where the middle of each box lies; a box is 1.1 wide and 0.86 high, and the picture fits about 10.
        edges: what stands at each arrow (from, to): a weight, a local slope, or "".
        names: what stands in a box instead of its key, such as a formula between $ signs.
        values: the second row of a box.
        slopes: the third row of a box, or what stands below the label of an arrow.
        forward: boxes and arrows through which a value goes just now: blue.
        backward: boxes and arrows through which a slope comes back just now: orange, and the arrows turned round.
        height: of the picture, in inches; by default what the places need.
        title: the headline.

    Raises ValueError for no boxes, or for an edge, value or slope of something that is not there.
    """
    names, values, slopes = names or {}, values or {}, slopes or {}
    _require(places, edges, {"names": names, "values": values, "slopes": slopes} | {"forward": dict.fromkeys(forward),
             "backward": dict.fromkeys(backward)})  # fmt: skip
    across, up = zip(*places.values(), strict=True)
    left, right = min(across) - WIDE / 2 - MARGIN, max(across) + WIDE / 2 + MARGIN
    bottom, top = min(up) - HIGH / 2 - MARGIN, max(up) + HIGH / 2 + MARGIN
    figure, (axes,) = canvas.blank(height or 0.6 + style.WIDTH * (top - bottom) / (right - left))
    axes.set(xlim=(left, right), ylim=(bottom, top))
    axes.set_aspect("equal")
    axes.axis("off")
    for (start, end), label in edges.items():
        color = _color((start, end), forward, backward)
        ways = (places[end], places[start]) if (start, end) in backward else (places[start], places[end])
        _arrow(axes, *ways, color=color)
        _label(axes, places[start], places[end], label, slopes.get((start, end), ""))
    for node, place in places.items():
        _box(axes, place, _color(node, forward, backward))
        rows = ((names.get(node, node), "black"), (values.get(node, ""), "blue"), (slopes.get(node, ""), "vermilion"))
        for row, (text, color) in enumerate(rows):
            y = place[1] + 0.27 * (1 - row)
            axes.text(place[0], y, text, color=style.palette[color], ha="center", va="center", zorder=4)
    canvas.headline(figure, title)
    return figure


def _require(places: Mapping[Node, Place], edges: Mapping[Edge, str], given: Mapping[str, Any]) -> None:
    if not places:
        raise ValueError("places is empty; a graph has at least one box")
    for edge in edges:
        for node in edge:
            if node not in places:
                raise ValueError(f"edges has {edge}, and places no {node!r}")
    for what, entries in given.items():
        for key in entries:
            if key not in places and key not in edges:
                raise ValueError(f"{what} has {key!r}, which is neither a box nor an arrow")


def _color(item: Node | Edge, forward: Collection[Node | Edge], backward: Collection[Node | Edge]) -> str:
    return "vermilion" if item in backward else "blue" if item in forward else "grey"


def _box(axes: Axes, place: Place, color: str) -> None:
    corner = (place[0] - WIDE / 2 + 0.06, place[1] - HIGH / 2 + 0.06)
    look: dict[str, Any] = {
        "facecolor": style.tint(color, 0.12) if color != "grey" else "white",
        "edgecolor": style.palette[color],
    }
    width = 1.4 if color == "grey" else 2.6
    shape = "round,pad=0.06,rounding_size=0.12"
    size = (WIDE - 0.12, HIGH - 0.12)
    axes.add_patch(FancyBboxPatch(corner, *size, boxstyle=shape, linewidth=width, zorder=3, **look))


def _arrow(axes: Axes, start: Place, end: Place, *, color: str) -> None:
    """Draw an arrow from the rim of one box to the rim of the other."""
    tail, tip = _rim(start, end), _rim(end, start)
    thin = color == "grey"
    look: dict[str, Any] = {
        "arrowstyle": "-|>",
        "color": style.palette[color],
        "linewidth": 1.2 if thin else 2.6,
        "mutation_scale": 13,
    }
    axes.annotate("", tip, tail, arrowprops=look | {"shrinkA": 0, "shrinkB": 1}, zorder=1 if thin else 2)


def _rim(place: Place, toward: Place) -> Place:
    dx, dy = toward[0] - place[0], toward[1] - place[1]
    share = min(WIDE / 2 / abs(dx) if dx else 9.0, HIGH / 2 / abs(dy) if dy else 9.0)
    return place[0] + share * dx, place[1] + share * dy


def _label(axes: Axes, start: Place, end: Place, label: str, slope: str) -> None:
    """Write a label on an arrow, and in orange below it the slope of the error by what it names."""
    straight = start[0] == end[0] or start[1] == end[1]
    share = STRAIGHT if straight else CROSSING
    x, y = (a + share * (b - a) for a, b in zip(start, end, strict=True))
    box = {"facecolor": "white", "edgecolor": "none", "pad": 2.0 if slope else 1.0}
    middle: dict[str, Any] = {"ha": "center", "va": "center", "zorder": 2.5, "bbox": box}
    if label:
        axes.text(x, y + (0.13 if slope else 0), label, **middle)
    if slope:
        axes.text(x, y - (0.13 if label else 0), slope, color=style.palette["vermilion"], **middle)
