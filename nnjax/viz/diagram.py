"""A network as it is drawn on a blackboard: a column of circles for each layer, a line for each weight."""

from collections.abc import Collection, Mapping, Sequence

from matplotlib.patches import Circle

from nnjax.viz import canvas, style
from nnjax.viz.canvas import Picture

RADIUS, APART = 0.3, 0.95
Node = tuple[int, int]
Edge = tuple[int, int, int]


@style.context()
def network_diagram(
    sizes: Sequence[int],
    *,
    inside: Mapping[Node, str] | None = None,
    weights: Mapping[Edge, str] | None = None,
    captions: Sequence[str] = (),
    strong: Collection[Node | Edge] = (),
    wide: float = 2.4,
    apart: float = APART,
    height: float = 3.6,
) -> Picture:
    """Draw a fully connected network.

    Args:
        sizes: how many neurons each layer has, the inputs first; of more than 8 the first and last three are drawn.
        inside: what stands in a neuron, by (layer, index); a formula between $ signs, or a short number.
        weights: what stands at a connection, by (layer it comes from, index there, index in the next).
        captions: one for each layer, written below it.
        strong: neurons and connections that stand out, as orange; the others are then grey.
        wide: the distance between layers, in the unit in which a neuron is 0.6 wide.
        apart: the distance between the neurons of a layer, in the same unit.
        height: of the picture, in inches.

    Raises ValueError for fewer than two layers, a layer without neurons, or captions that are not one for each layer.
    """
    if len(sizes) < 2 or min(sizes) < 1:
        raise ValueError(f"sizes is {list(sizes)}; a network has at least two layers, each with at least one neuron")
    if captions and len(captions) != len(sizes):
        raise ValueError(f"captions has {len(captions)} entries for {len(sizes)} layers; give one for each")
    inside, weights = inside or {}, weights or {}
    figure, (axes,) = canvas.blank(height)
    places = {
        (layer, index): (wide * layer, apart * y)
        for layer, size in enumerate(sizes)
        for index, y in _column(size).items()
    }
    for (layer, index), start in places.items():
        for (after, target), end in places.items():
            if after != layer + 1:
                continue
            edge = (layer, index, target)
            color, width = ("vermilion", 2.6) if edge in strong else ("pale", 1.2) if strong else ("grey", 1.2)
            axes.plot(*zip(start, end, strict=True), color=style.palette[color], linewidth=width, zorder=1)
            if edge in weights:
                _at_edge(axes, start, end, weights[edge], first=index < target or (index == target and index == 0))
    for node, place in places.items():
        color = "vermilion" if node in strong else "grey" if strong else "blue"
        fill = style.tint(color, 0.16)
        axes.add_patch(Circle(place, RADIUS, facecolor=fill, edgecolor=style.palette[color], linewidth=2, zorder=2))
        axes.text(*place, inside.get(node, ""), ha="center", va="center", zorder=3)
    lowest = min(y for _, y in places.values())
    for layer, size in enumerate(sizes):
        if size > 8:
            axes.text(wide * layer, 0, "⋮", ha="center", va="center", fontsize=20)
        if captions:
            axes.text(wide * layer, lowest - 0.55, captions[layer], ha="center", va="top")
    axes.set_aspect("equal")
    axes.axis("off")
    return figure


def _column(size: int) -> dict[int, float]:
    """Return the height of each neuron that is drawn, in steps from one to the next, the middle at 0."""
    if size <= 8:
        return {index: ((size - 1) / 2 - index) for index in range(size)}
    drawn = [0, 1, 2, size - 3, size - 2, size - 1]
    return {index: float(3 - place) for place, index in zip((0, 1, 2, 4, 5, 6), drawn, strict=True)}


def _at_edge(axes, start, end, text: str, *, first: bool) -> None:  # type: ignore[no-untyped-def]
    """Write the weight on its line, nearer to the end where fewer lines cross."""
    share = 0.3 if first else 0.36
    x, y = (a + share * (b - a) for a, b in zip(start, end, strict=True))
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1.2}
    axes.text(x, y, text, ha="center", va="center", zorder=1.5, bbox=box)
