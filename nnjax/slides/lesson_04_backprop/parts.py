"""The worked example of lesson 4's deck: all its numbers, its graph and its network."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from nnjax.slides.figures import fitted
from nnjax.viz import computation_graph, style
from nnjax.viz.style import palette

Params = list[dict[str, np.ndarray]]
INPUTS, WANTED = np.array([0.05, 0.10]), np.array([0.01, 0.99])
EXAMPLE: Params = [
    {"W": np.array([[0.15, 0.25], [0.20, 0.30]]), "b": np.array([0.35, 0.35])},
    {"W": np.array([[0.40, 0.50], [0.45, 0.55]]), "b": np.array([0.60, 0.60])},
]


class Walk(NamedTuple):
    """The numbers of the worked example, forward and backward, by box and by arrow of its graph."""

    values: dict[str, float]
    slopes: dict[Any, float]


def sigmoid(a: Any) -> Any:
    """Return 1 / (1 + exp(-a))."""
    return 1 / (1 + np.exp(-a))


def forward(params: Params, x: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return what the network says and what went into each layer."""
    kept = []
    for layer in params:
        kept.append(x)
        x = sigmoid(x @ layer["W"] + layer["b"])
    return x, kept


def backward(params: Params, y: np.ndarray, kept: list[np.ndarray], dh: np.ndarray, *, right: bool = True) -> Params:
    """Return the gradients of a batch; if not right, without the slope of the activation in all but the last layer."""
    grads, above = [], y
    for number, (layer, h) in enumerate(zip(params[::-1], kept[::-1], strict=True)):
        delta = dh * above * (1 - above) if right or number == 0 else dh
        grads.append({"W": h.T @ delta, "b": delta.sum(axis=0)})
        dh, above = delta @ layer["W"].T, h
    return grads[::-1]


def walk() -> Walk:
    """Return all numbers of the worked example: i, a (sums), h, o, E, and the slopes of E by them and by w1 to w8."""
    o, (i, h) = forward(EXAMPLE, INPUTS)
    a = np.concatenate([i @ EXAMPLE[0]["W"] + EXAMPLE[0]["b"], h @ EXAMPLE[1]["W"] + EXAMPLE[1]["b"]])
    d_o = o - WANTED
    above = d_o * o * (1 - o)
    d_h = EXAMPLE[1]["W"] @ above
    below = d_h * h * (1 - h)
    vectors = {"i": i, "a": a, "h": h, "o": o}
    values = {f"{name}{k + 1}": float(v) for name, vector in vectors.items() for k, v in enumerate(vector)}
    values["E"] = float(0.5 * np.sum(d_o**2))
    vectors = {"a": np.concatenate([below, above]), "h": d_h, "o": d_o}
    slopes: dict[Any, float] = {f"{name}{k + 1}": float(v) for name, vector in vectors.items()
                                for k, v in enumerate(vector)}  # fmt: skip
    slopes["E"] = 1.0
    for edge in edges():
        start, end = edge
        slopes[edge] = values[start] * slopes[end]
    return Walk(values, slopes)


def edges() -> dict[tuple[str, str], float]:
    """Return the eight weights by the arrow of the graph at which they stand, w1 first."""
    found = {}
    for k, (start, end) in enumerate((("i", "a"), ("h", "a"))):
        for target in range(2):
            for source in range(2):
                arrow = (f"{start}{source + 1}", f"{end}{2 * k + target + 1}")
                found[arrow] = float(EXAMPLE[k]["W"][source, target])
    return found


COLUMNS = {"i": 0.0, "a": 2.8, "h": 4.1, "A": 6.9, "o": 8.2}
HALF = 1.22


def worked_graph(
    known: Collection[str], sloped: Collection[Any], *, ahead: Collection[Any] = (), back: Collection[Any] = ()
) -> Figure:
    """Return the graph of the worked example with the values and slopes found so far, what is new highlighted."""
    places = {}
    for name in ("i", "a", "h", "o"):
        for k in range(2):
            places[f"{name}{k + 1}"] = (COLUMNS[name], HALF * (1 - 2 * k))
    places |= {"a3": (COLUMNS["A"], HALF), "a4": (COLUMNS["A"], -HALF), "E": (9.5, 0.0)}
    labels = {edge: f"{weight:.2f}" for edge, weight in edges().items()}
    labels |= {(f"a{k}", f"h{k}"): "" for k in (1, 2)} | {(f"a{k}", f"o{k - 2}"): "" for k in (3, 4)}
    labels |= {("o1", "E"): "", ("o2", "E"): ""}
    names = {node: "$E$" if node == "E" else f"${node[0]}_{node[1]}$" for node in places}
    numbers = walk()
    given = {"i1": "0.05", "i2": "0.10"}
    figure = computation_graph(
        places, labels, names=names,
        values={node: given.get(node, f"{numbers.values[node]:.5f}") for node in known},
        slopes={item: "1" if item == "E" else f"{numbers.slopes[item]:.5f}".replace("-", "−") for item in sloped},
        forward=ahead, backward=back,
    )  # fmt: skip
    axes = figure.axes[0]
    for column, text in ((COLUMNS["a"], "$b$ = 0.35"), (COLUMNS["A"], "$b$ = 0.60")):
        for sign in (1, -1):
            axes.text(column, sign * (HALF + 0.6), text, ha="center", va="center", color=palette["grey"])
    for sign, text in ((1, "wanted 0.01"), (-1, "wanted 0.99")):
        axes.text(COLUMNS["o"], sign * (HALF + 0.6), text, ha="center", va="center", color=palette["green"])
    axes.set_ylim(-HALF - 0.73, HALF + 0.73)
    return fitted(figure, 8.4, 3.08)


def network(
    axes: Axes,
    labels: Mapping[tuple[int, int, int], str],
    inside: Mapping[tuple[int, int], str],
    *,
    look: Callable[[tuple[int, int, int]], dict[str, Any]] | None = None,
) -> None:
    """Draw the network of the worked example: labels at the weights, numbers in the neurons."""
    place = {(k, j): (3.2 * k, 1.15 - 2.3 * j) for k in range(3) for j in range(2)}
    for (k, i, j), text in labels.items():
        (x0, y0), (x1, y1) = place[k, i], place[k + 1, j]
        given: dict[str, Any] = {"color": palette["grey"], "linewidth": 1.4} | (look((k, i, j)) if look else {})
        axes.plot([x0, x1], [y0, y1], zorder=1, **given)
        share = 0.5 if i == j else 0.34
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
        axes.text(x0 + share * (x1 - x0), y0 + share * (y1 - y0), text, ha="center", va="center", bbox=box, zorder=2)
    for (k, j), (x, y) in place.items():
        color = ("grey", "blue", "vermilion")[k]
        fill, rim = style.tint(color, 0.14), palette[color]
        axes.add_patch(Circle((x, y), 0.46, facecolor=fill, edgecolor=rim, linewidth=2, zorder=3))
        axes.text(x, y, inside[k, j], ha="center", va="center", zorder=4)
    axes.set(xlim=(-0.7, 9.0), ylim=(-1.95, 1.95), aspect="equal")
    axes.axis("off")
