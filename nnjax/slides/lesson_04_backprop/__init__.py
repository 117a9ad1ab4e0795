"""The figures of lesson 4's deck: the chain rule on a graph, one layer, the worked example, and what it costs."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from nnjax.slides.figures import fitted
from nnjax.slides.lesson_04_backprop import parts, runs
from nnjax.viz import canvas, computation_graph, network_diagram, style, words
from nnjax.viz.style import palette

ARROW = {"arrowstyle": "-|>", "mutation_scale": 15, "linewidth": 2.4, "shrinkA": 0, "shrinkB": 0}


@style.context()
def network() -> Figure:
    """The worked example: eight weights, four biases, what goes in, what comes out and what should."""
    figure, (axes,) = canvas.blank(3.3)
    numbers = parts.walk().values
    labels = {}
    for number, ((start, end), weight) in enumerate(parts.edges().items(), start=1):
        k, j = int(start[0] == "h"), (int(end[1]) - 1) % 2
        labels[k, int(start[1]) - 1, j] = f"$w_{number}$ = {weight:.2f}"
    inside = {(0, 0): "0.05", (0, 1): "0.10", (1, 0): "$h_1$", (1, 1): "$h_2$", (2, 0): "$o_1$", (2, 1): "$o_2$"}
    parts.network(axes, labels, inside)
    for j, (name, wanted) in enumerate((("o1", "0.01"), ("o2", "0.99"))):
        y = 1.15 - 2.3 * j
        axes.text(7.05, y + 0.2, f"says {numbers[name]:.3f}", va="center", fontsize=13, color=palette["vermilion"])
        axes.text(7.05, y - 0.28, f"wanted {wanted}", va="center", fontsize=13, color=palette["green"])
    for x, text in ((3.2, "biases 0.35"), (6.4, "biases 0.60")):
        axes.text(x, 0, text, ha="center", va="center", color=palette["grey"])
    return fitted(figure, 7.2, 3.0)


@style.context()
def rulers() -> Figure:
    """Three scales: a step of x by 1 moves y by 3 and z by 6."""
    figure, (axes,) = canvas.blank(3.7)
    for row, (name, step, color) in enumerate((("x", 1, "grey"), ("y", 3, "blue"), ("z", 6, "vermilion"))):
        y = 2.6 - 1.3 * row
        axes.plot([0, 7], [y, y], color=palette["pale"], linewidth=2, zorder=1)
        for tick in range(8):
            axes.plot([tick, tick], [y - 0.08, y + 0.08], color=palette["pale"], linewidth=1.5, zorder=1)
        arrow = ARROW | {"color": palette[color], "linewidth": 5, "mutation_scale": 22}
        axes.annotate("", (step + 0.1, y), (0, y), arrowprops=arrow)
        axes.text(-0.45, y, f"${name}$", fontsize=17, ha="center", va="center")
        axes.text(step + 0.25, y + 0.32, f"+{step}", fontsize=14, color=palette[color], va="center")
    for y, text in ((1.95, "3 times as fast"), (0.65, "2 times as fast")):
        axes.annotate("", (-0.45, y - 0.3), (-0.45, y + 0.3), arrowprops=ARROW | {"color": "black", "linewidth": 1.6})
        axes.text(-0.1, y, text, fontsize=13, va="center")
    axes.set(xlim=(-0.8, 7.2), ylim=(-0.35, 3.1))
    axes.axis("off")
    return fitted(figure, 4.9, 3.7)


CHAIN = {"x": 2.0, "w1": -0.75, "b1": 0.5, "a": 0.2, "w2": 1.5, "b2": 0.8, "y": -1.0, "h": -0.2, "o": 0.5, "E": 0.125}
AT = {"x": (0.0, 0.0), "y": (2.4, 0.0), "h": (4.8, 0.0), "o": (7.2, 0.0), "E": (9.85, 0.0)}
AT |= {"w1": (1.74, -2.1), "b1": (3.06, -2.1), "a": (4.8, -2.1), "w2": (6.54, -2.1), "b2": (7.86, -2.1)}
LOCAL = {("x", "y"): ("$w_1$", -0.75), ("w1", "y"): ("$x$", 2), ("b1", "y"): ("1", 1), ("y", "h"): ("$a$", 0.2)}
LOCAL |= {("a", "h"): ("$y$", -1), ("h", "o"): ("$w_2$", 1.5), ("w2", "o"): ("$h$", -0.2), ("b2", "o"): ("1", 1)}
LOCAL |= {("o", "E"): ("$o - d$", -0.5)}
SLOPES = {"E": 1.0, "o": -0.5, "w2": 0.1, "b2": -0.5, "h": -0.75, "a": 0.75, "y": -0.15, "w1": -0.3, "b1": -0.15}


def chain() -> Iterator[Figure]:
    """The shortest network: its values, the local slopes on its arrows, and the slopes that come back."""
    names = {node: f"${node[0]}_{node[1]}$" if len(node) == 2 else f"${node}$" for node in AT}
    values = {node: f"{value:g}".replace("-", "−") for node, value in CHAIN.items()}
    slopes: dict[Any, str] = {node: f"{value:g}".replace("-", "−") for node, value in SLOPES.items()}
    ahead: list[Any] = [*LOCAL, *AT]
    symbols = {edge: symbol for edge, (symbol, _) in LOCAL.items()}
    factors = {edge: f"×{number:g}".replace("-", "−") for edge, (_, number) in LOCAL.items()}
    yield fitted(computation_graph(AT, dict.fromkeys(LOCAL, ""), names=names, values=values, forward=ahead), 8.4, 2.7)
    yield fitted(computation_graph(AT, symbols, names=names, values=values), 7.2, 2.6)
    back = [edge for edge in LOCAL if edge[0] != "x"] + list(SLOPES)
    picture = computation_graph(AT, factors, names=names, values=values, slopes=slopes, backward=back)
    yield fitted(picture, 8.4, 2.55)


@style.context()
def shapes() -> Figure:
    """Number, vector, matrix by number, vector, matrix: an array of small arrays."""
    figure, (axes,) = canvas.blank(3.7)
    below, above = ((1, 1), (1, 2), (2, 3)), ((1, 1), (3, 1), (3, 2))
    by = ("by a number $x$", "by a vector $x$ $(n)$", "by a matrix $X$ $(n, k)$")
    of = ("number $y$", "vector $y$ $(m)$", "matrix $Y$ $(m, l)$")
    shown = (("()", "(n)", "(n, k)"), ("(m)", "(m, n)", "(m, n, k)"), ("(m, l)", "(m, l, n)", "(m, l, n, k)"))
    lefts, tops, size, gap = (3.7, 7.2, 11.0), (6.3, 5.2, 2.5), 0.32, 0.14
    axes.add_patch(Rectangle((0, 5.45), 16.6, 1.05, facecolor=style.tint("vermilion", 0.12), zorder=0))
    for row, (m, wide) in enumerate(above):
        axes.text(0.15, tops[row] - (0.32 if row == 0 else 1.1), of[row], va="center", fontsize=13)
        for column, (n, k) in enumerate(below):
            left, top = lefts[column], tops[row]
            if row == 0:
                axes.text(left, 6.9, by[column], fontsize=13, va="center")
            for i, j, p, q in np.ndindex(m, wide, n, k):
                x, y = left + j * (k * size + gap) + q * size, top - i * (n * size + gap) - (p + 1) * size
                color = "vermilion" if row == 0 else "blue"
                look: dict[str, Any] = {
                    "facecolor": style.tint(color, 0.35),
                    "edgecolor": palette[color],
                    "linewidth": 0.9,
                }
                axes.add_patch(Rectangle((x, y), size, size, zorder=2, **look))
            right, middle = left + wide * (k * size + gap) + 0.15, top - m * (n * size + gap) / 2 + gap / 2
            axes.text(right, middle, shown[row][column], va="center", fontsize=13, style="italic")
    axes.set(xlim=(0, 16.7), ylim=(0.05, 7.2), aspect="equal")
    axes.axis("off")
    return fitted(figure, 8.4, 3.35)


@style.context()
def gain() -> Figure:
    """The sigmoid with its tangents: steep in the middle, flat at the ends."""
    figure, (axes,) = canvas.blank(3.7)
    a = np.linspace(-6, 6, 200)
    axes.plot(a, parts.sigmoid(a), color=palette["blue"])
    for at, where in ((0.0, (0.45, 0.4)), (4.0, (2.1, 0.79))):
        s = parts.sigmoid(at)
        reach = np.array([-1.3, 1.3])
        axes.plot(at + reach, s + s * (1 - s) * reach, color=palette["vermilion"], linewidth=3.5)
        axes.plot(at, s, "o", color=palette["vermilion"], markersize=8)
        axes.text(*where, f"slope {s * (1 - s):.3f}", color=palette["vermilion"], fontsize=13)
    axes.set(xlabel="sum $a_i$", ylabel="output $h_i = g(a_i)$", ylim=(-0.03, 1.1), xticks=range(-6, 7, 2))
    return fitted(figure, 4.6, 3.5)


def layer() -> Iterator[Figure]:
    """One layer, 3 neurons below and 2 above: a single weight, then all ways from one value below."""
    names = {(0, j): f"$h_{j + 1}$" for j in range(3)} | {(1, i): f"$\\delta_{i + 1}$" for i in range(2)}
    look: dict[str, Any] = {"inside": names, "captions": ["below", "above"], "wide": 2.6}
    yield fitted(
        network_diagram((3, 2), weights={(0, 1, 0): "$W_{12}$"}, strong=[(0, 1), (1, 0), (0, 1, 0)], **look), 4.4, 3.7
    )
    ways = {(0, 1, 0): "$W_{12}$", (0, 1, 1): "$W_{22}$"}
    yield fitted(network_diagram((3, 2), weights=ways, strong=[(0, 1), (1, 0), (1, 1), *ways], **look), 4.4, 3.7)


def walk() -> Iterator[Figure]:
    """The worked example, step by step: two frames forward, four back."""
    inputs, sums, hidden = ["i1", "i2"], ["a1", "a2"], ["h1", "h2"]
    tops, outputs = ["a3", "a4"], ["o1", "o2"]
    low = [edge for edge in parts.edges() if edge[0] in inputs]
    high = [edge for edge in parts.edges() if edge[0] in hidden]
    up = [("a1", "h1"), ("a2", "h2")]
    out = [("a3", "o1"), ("a4", "o2"), ("o1", "E"), ("o2", "E")]
    known = inputs + sums + hidden
    yield parts.worked_graph(known, (), ahead=[*known, *low, *up])
    known += [*tops, *outputs, "E"]
    yield parts.worked_graph(known, (), ahead=[*tops, *outputs, "E", *high, *out])
    sloped: list[Any] = ["E", *outputs, *tops]
    yield parts.worked_graph(known, sloped, back=[*sloped, *out])
    sloped += high
    yield parts.worked_graph(known, sloped, back=[*tops, *high], ahead=hidden)
    sloped += hidden
    yield parts.worked_graph(known, sloped, back=[*hidden, *tops, *high])
    sloped += [*sums, *low]
    yield parts.worked_graph(known, sloped, back=[*hidden, *sums, *up, *low])


@style.context()
def blame() -> Figure:
    """The slopes of the error by the eight weights, drawn as wide as they are large."""
    figure, (axes,) = canvas.blank(3.3)
    numbers = parts.walk()
    labels, slopes = {}, {}
    for number, edge in enumerate(parts.edges(), start=1):
        k, i, j = int(edge[0][0] == "h"), int(edge[0][1]) - 1, (int(edge[1][1]) - 1) % 2
        slopes[k, i, j] = numbers.slopes[edge]
        labels[k, i, j] = f"$w_{number}$: {numbers.slopes[edge]:+.5f}".replace("-", "−")

    def look(edge: tuple[int, int, int]) -> dict[str, Any]:
        color = palette["vermilion" if slopes[edge] > 0 else "blue"]
        return {"color": color, "linewidth": 1 + 130 * abs(slopes[edge]), "alpha": 0.6, "solid_capstyle": "butt"}

    names = {(k, j): f"${'iho'[k]}_{j + 1}$" for k in range(3) for j in range(2)}
    parts.network(axes, labels, names, look=look)
    axes.text(7.05, 1.15, "far too large", va="center", fontsize=13, color=palette["vermilion"])
    axes.text(7.05, -1.15, "too small", va="center", fontsize=13, color=palette["blue"])
    return fitted(figure, 8.4, 3.3)


@style.context()
def by_hand() -> Figure:
    """A network for the digits, trained in NumPy: its error, and how many unseen digits it gets right."""
    figure, (top, bottom) = canvas.blank(3.8, rows=2, sharex=True)
    errors, rights = runs.trained(True)
    top.plot(errors, color=palette["blue"])
    top.set(ylabel="error", ylim=(0, None))
    bottom.plot(100 * rights, color=palette["green"])
    bottom.set(xlabel="step of gradient descent", ylabel="right, in %", ylim=(0, 103))
    bottom.text(198, 60, f"{100 * rights[-1]:.1f} % of unseen digits", ha="right", fontsize=12, color=palette["green"])
    return fitted(figure, 4.6, 3.8)


@style.context()
def riddle() -> Figure:
    """Two networks in training, one by a wrong gradient: which one?"""
    figure, (axes,) = canvas.blank(3.0)
    for right, name, look, up in ((True, "A", style.series(0), 0.05), (False, "B", style.series(1), -0.06)):
        errors, _ = runs.trained(right)
        axes.plot(errors, **look | {"marker": None})
        axes.text(70, errors[70] + up, name, va="center", fontsize=16, color=look["color"], fontweight="bold")
    axes.set(xlabel="step of gradient descent", ylabel="error on digits", ylim=(0, 0.65), xlim=(0, 200))
    return fitted(figure, 7.0, 3.0)


@style.context()
def step_sizes() -> Figure:
    """How wrong finite differences are, for steps from large to tiny."""
    figure, (axes,) = canvas.blank(3.8)
    steps = np.logspace(-11, 0, 45)
    one_sided, central = runs.differences(steps)
    _, coarse = runs.differences(steps, np.float32)
    for errors, text, where, color, line in (
        (coarse, "central,\n32 bits", (2e-11, 1.5e2), "vermilion", 2),
        (one_sided, "one-sided", (1e-3, 1.5e-1), "orange", 1),
        (central, "central", (3e-2, 3e-8), "blue", 0),
    ):
        shown = errors > 0
        axes.loglog(steps[shown], errors[shown], color=palette[color], linestyle=style.LINES[line])
        axes.text(*where, text, color=palette[color], fontsize=12)
    axes.set(xlabel="step $\\epsilon$", ylabel="relative error", ylim=(1e-12, 1e5))
    return fitted(figure, 4.8, 3.8)


@style.context()
def wishes() -> Figure:
    """What a classifier says, what is right, and the difference, which is the gradient."""
    figure, panels = canvas.blank(2.6, columns=3, sharey=True)
    logits, label = np.array([2.0, 1.0, -0.5, 0.2]), 1
    y = np.exp(logits) / np.exp(logits).sum()
    d = np.eye(4)[label]
    names = ("$y$: what it says", "$d$: what is right", "$y - d$: the gradient")
    for axes, bars, name, color in zip(panels, (y, d, y - d), names, ("blue", "green", "vermilion"), strict=True):
        axes.bar(range(4), bars, color=palette[color])
        for k, bar in enumerate(bars):
            text = f"{bar:.2f}".replace("-", "−")
            axes.text(k, bar + (0.04 if bar >= 0 else -0.05), text, ha="center", va="bottom" if bar >= 0 else "top")
        axes.axhline(0, color=palette["grey"], linewidth=0.9)
        axes.set_title(name, fontsize=13)
        axes.set(xlabel="class", xticks=range(4), ylim=(-1.15, 1.3))
        axes.grid(False)
    panels[0].set_ylabel("probability, slope")
    return fitted(figure, 8.4, 2.55)


@style.context()
def costs() -> Figure:
    """The price of one gradient, in operations and in seconds, as the network grows."""
    figure, panels = canvas.blank(3.5, columns=2)
    sizes, operations, seconds = runs.costs()
    ways = (("forward pass", "grey", "o"), ("backpropagation", "blue", "s"), ("finite differences", "vermilion", "^"))
    for axes, table, name in zip(panels, (operations, 1000 * seconds), ("operations", "milliseconds"), strict=True):
        for column, (text, color, marker) in zip(table.T, ways, strict=True):
            axes.loglog(sizes, column, marker=marker, color=palette[color], label=text)
        axes.set(xlabel="number of weights", ylabel=name)
        axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
        axes.minorticks_off()
    for row in (0, -1):
        ratio = operations[row, 2] / operations[row, 0]
        where = (sizes[row] * (1.1 if row == 0 else 0.87), operations[row, 2] * (0.45 if row == 0 else 0.9))
        panels[0].text(*where, f"{ratio:,.0f} ×", color=palette["vermilion"], ha="left" if row == 0 else "right")
    ratio = operations[-1, 1] / operations[-1, 0]
    panels[0].text(sizes[-1], 2.6 * operations[-1, 1], f"{ratio:.1f} ×", color=palette["blue"], ha="right")
    canvas.legend(figure, panels[0].lines, [text for text, _, _ in ways])
    return fitted(figure, 8.4, 3.6)


@style.context()
def vanishing() -> Figure:
    """How large the gradient is in each of nine layers, with sigmoids and with ReLU."""
    figure, (axes,) = canvas.blank(3.8)
    for name, text, color, marker in (("sigmoid", "sigmoid", "vermilion", "s"), ("relu", "ReLU", "blue", "o")):
        sizes = runs.layer_slopes(name)
        axes.semilogy(range(1, 10), sizes, marker=marker, color=palette[color])
        axes.text(5, sizes[4] * (0.05 if name == "sigmoid" else 2.5), text, color=palette[color], fontsize=13)
        axes.text(
            1.25,
            sizes[0] * (0.7 if name == "sigmoid" else 2.2),
            words.number(sizes[0], 1),
            color=palette[color],
            va="center",
        )
    axes.set(xlabel="layer, from the input", ylabel="size of the gradient", xticks=range(1, 10), ylim=(1e-5, 20))
    return fitted(figure, 4.8, 3.7)
