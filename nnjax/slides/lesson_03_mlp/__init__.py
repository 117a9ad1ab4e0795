"""The figures of lesson 3's deck: from three neurons for XOR to layers, activations, starts, and what width brings."""

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure

from nnjax import activations, certify
from nnjax.slides.figures import fitted
from nnjax.slides.lesson_03_mlp import parts, plots, runs
from nnjax.viz import canvas, computation_graph, network_diagram, style
from nnjax.viz.style import palette

ARROW = {"arrowstyle": "-|>", "mutation_scale": 16, "linewidth": 1.8, "color": palette["grey"]}


@style.context()
def switches() -> Figure:
    """The four positions of two switches, and two lines that fail to part on from off."""
    figure, (axes,) = canvas.blank(3.8)
    parts.lamps(axes, runs.X_XOR)
    for x, y, text in ((-0.36, -0.27, "off"), (-0.3, 1.16, "on"), (1.12, -0.27, "on"), (1.12, 1.16, "off")):
        axes.text(x, y, text, fontsize=14)
    across = np.array([-0.5, 1.6])
    axes.plot(across, 0.5 - across, "--", across, 0.55 + 0.1 * across, "--", color=palette["grey"])
    axes.set(xlabel="switch $x_1$", ylabel="switch $x_2$")
    return fitted(figure, 4.3, 3.9)


def three_neurons() -> Figure:
    """OR and AND of the two switches, and a third neuron that looks at the two."""
    names = {(0, 0): "$x_1$", (0, 1): "$x_2$", (1, 0): "OR", (1, 1): "AND", (2, 0): "$y$"}
    weights = {(0, i, j): "1" for i in range(2) for j in range(2)} | {(1, 0, 0): "1", (1, 1, 0): "−1"}
    figure = network_diagram((2, 2, 1), inside=names, weights=weights, wide=2.3, apart=2.0)
    for x, y, text in ((2.3, 1.5, "bias −½"), (2.3, -1.5, "bias −1½"), (4.6, 0.5, "bias −½")):
        figure.axes[0].text(x, y, text, ha="center", va="center", color=palette["grey"])
    return fitted(figure, 4.8, 3.6)


@style.context()
def planes() -> Figure:
    """What the hidden neurons do with the four inputs: two of them land on the same place."""
    figure, panels = canvas.blank(3.7, columns=2)
    hidden = np.stack([runs.X_XOR.sum(axis=1) >= 0.5, runs.X_XOR.sum(axis=1) >= 1.5], axis=1).astype(float)
    across = np.array([-0.6, 2])
    for axes, points in zip(panels, (runs.X_XOR, hidden), strict=True):
        parts.lamps(axes, points)
    panels[0].plot(across, 0.5 - across, "--", across, 1.5 - across, "--", color=palette["grey"])
    panels[1].plot(across, across - 0.5, "--", color=palette["grey"])
    for axes, places in (
        (panels[0], ((-0.42, -0.28, "(0, 0)"), (-0.42, 1.14, "(0, 1)"), (1.1, -0.28, "(1, 0)"), (1.1, 1.14, "(1, 1)"))),
        (panels[1], ((-0.42, 0.14, "(0, 0)"), (1.12, -0.33, "(0, 1) and\n(1, 0)"), (0.58, 1.14, "(1, 1)"))),
    ):
        for x, y, text in places:
            axes.text(x, y, text, fontsize=12, linespacing=1.1)
    panels[0].set(xlabel="$x_1$", ylabel="$x_2$")
    panels[1].set(xlabel="$h_1$ (OR)", ylabel="$h_2$ (AND)", xlim=(-0.45, 1.75))
    return fitted(figure, 8.4, 3.4)


def layers() -> Figure:
    """Three inputs, four hidden neurons, two outputs: each line is a weight."""
    captions = ("input\n3 values", "hidden\n4 values", "output\n2 values")
    return fitted(network_diagram((3, 4, 2), captions=captions, wide=2.2), 5.0, 3.9)


def entry() -> Figure:
    """One hidden neuron and the three weights that feed it."""
    inside = {(0, k): f"$a^1_{k + 1}$" for k in range(3)} | {(1, k): f"$a^2_{k + 1}$" for k in range(4)}
    weights = {(0, k, 0): f"$w^2_{{1{k + 1}}}$" for k in range(3)}
    strong: list[Any] = [(1, 0), *((0, k) for k in range(3)), *weights]
    captions = ("layer 1", "layer 2", "layer 3")
    return fitted(
        network_diagram((3, 4, 2), inside=inside, weights=weights, strong=strong, captions=captions, wide=2.4), 5.0, 3.8
    )


@style.context()
def batch() -> Figure:
    """All four inputs of XOR through the hidden layer at once, as tables of numbers."""
    figure, (axes,) = canvas.blank(2.9)
    W, b = np.array([[1, 1], [1, 1]]), np.array([[-0.5, -1.5]])
    sums = runs.X_XOR @ W + b
    tables = (
        (runs.X_XOR, "grey", "$X$", "(batch, in)", "@"),
        (W, "blue", "$W$", "(in, out)", "+"),
        (b, "green", "$b$", "(out,)", "="),
        (sums, "grey", "$XW + b$", "(batch, out)", ""),
        ((sums >= 0) * 1.0, "orange", "$H$", "(batch, out)", ""),
    )
    at = 0.0
    for table, color, name, shape, sign in tables:
        at = parts.matrix(axes, at, 0, table, color=color, name=name, shape=shape) + (0.8 if sign else 1.5)
        axes.text(at - 0.4, 0, sign, ha="center", va="center", fontsize=17)
    at -= 1.5
    axes.annotate("", (at - 1.54, 0), (at - 2.84, 0), arrowprops=ARROW)
    axes.text(at - 2.19, 0.14, "step", ha="center", va="bottom", fontsize=12)
    axes.set(xlim=(-0.2, at + 0.2), ylim=(-1.55, 1.6), aspect="equal")
    axes.axis("off")
    return fitted(figure, 8.4, 2.6)


def deep() -> Figure:
    """A deep network: what each layer does is a function of the layer before."""
    captions = ("$a^1$", "$a^2$", "$a^3$", "$a^4$")
    figure = network_diagram((4, 5, 5, 3), captions=captions, wide=2.9)
    for k in range(3):
        text: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 15, "color": palette["vermilion"]}
        figure.axes[0].text(2.9 * (k + 0.5), 2.35, f"$F_{k + 2}$", **text)
    return fitted(figure, 8.4, 3.3)


def numbers() -> Iterator[Figure]:
    """A forward pass with every number: first the hidden layer, then the output."""
    places = {"x1": (0, 1.1), "x2": (0, -1.1), "a1": (2.9, 1.1), "a2": (2.9, -1.1), "h1": (4.9, 1.1), "h2": (4.9, -1.1)}
    places |= {"a": (7.4, 0.0), "y": (9.9, 0.0)}
    edges = {("x1", "a1"): "0.5", ("x1", "a2"): "−1", ("x2", "a1"): "0.25", ("x2", "a2"): "1"}
    edges |= {("a1", "h1"): "ReLU", ("a2", "h2"): "ReLU", ("h1", "a"): "2", ("h2", "a"): "1", ("a", "y"): "sigmoid"}
    names = {key: f"${key[0]}_{key[1]}$" if len(key) == 2 else f"${key}$" for key in places}
    values = {"x1": "1", "x2": "2", "a1": "1", "a2": "−1", "h1": "1", "h2": "0"}
    after = {"a": "0.5", "y": f"{1 / (1 + np.exp(-0.5)):.4f}"}
    late = [edge for edge in edges if edge[1] in after]
    early = [edge for edge in edges if edge[1] not in after]
    first: list[Any] = [*values, *early]
    second: list[Any] = [*after, *late]
    for shown, fresh in ((values, first), (values | after, second)):
        figure = computation_graph(places, edges, names=names, values=shown, forward=fresh)
        for (x, y), text in (((2.9, 1.78), "bias 0"), ((2.9, -1.78), "bias −2"), ((7.4, 0.68), "bias −1.5")):
            figure.axes[0].text(x, y, text, ha="center", va="center", color=palette["grey"])
        figure.axes[0].set_ylim(-2.0, 2.0)
        yield fitted(figure, 8.4, 3.1)


@style.context()
def collapse() -> Figure:
    """Five random layers, without an activation and with tanh in between."""
    rng = np.random.default_rng(0)
    shapes = [(1, 20), (20, 20), (20, 20), (20, 20), (20, 1)]
    stack = [(rng.normal(size=s) * 1.5 / np.sqrt(s[0]), rng.normal(size=s[1]) * 0.5) for s in shapes]
    line = np.linspace(-2, 2, 200)[:, None]
    figure, (axes,) = canvas.blank(3.7)
    for bent, color, text, look in ((False, "vermilion", "no activation", 1), (True, "blue", "tanh in between", 0)):
        h = line
        for number, (W, b) in enumerate(stack):
            h = h @ W + b
            h = np.tanh(h) if bent and number < 4 else h
        y = h[:, 0] / np.abs(h).max()
        axes.plot(line, y, color=palette[color], linestyle=style.LINES[look], label=text)
    axes.set(xlabel="input $x$", ylabel="output, largest = 1")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), fontsize=12)
    return fitted(figure, 4.7, 3.8)


@style.context()
def functions() -> Figure:
    """Six activations with their derivatives."""
    figure, panels = canvas.blank(3.5, rows=2, columns=3, sharex=True, sharey=True)
    a = jnp.linspace(-4, 4, 400)
    lines: list[Any] = []
    for axes, name in zip(panels, ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu"), strict=True):
        slope = np.array(getattr(activations, f"{name}_derivative")(a))
        slope[1:][np.abs(np.diff(slope)) > 0.3] = np.nan
        lines = axes.plot(a, np.asarray(activations.BY_NAME[name](a)), color=palette["blue"], linewidth=2.4)
        lines += axes.plot(a, slope, color=palette["vermilion"], linestyle=style.LINES[1])
        shown = {"relu": "ReLU", "leaky_relu": "leaky ReLU", "elu": "ELU", "gelu": "GELU"}
        axes.text(-3.8, 1.45, shown.get(name, name), fontsize=13)
        axes.set(xlim=(-4, 4), ylim=(-1.2, 2.1), xticks=[-2, 0, 2], yticks=[-1, 0, 1])
    for axes in panels[3:]:
        axes.set_xlabel("$a$")
    canvas.legend(figure, lines, ["activation g(a)", "its derivative g′(a)"])
    return fitted(figure, 7.2, 3.35)


@style.context()
def sharpness() -> Figure:
    """Sigmoid, tanh and ReLU with the slopes 1/2, 1 and 5."""
    figure, panels = canvas.blank(2.9, columns=3)
    a = np.linspace(-4, 4, 400, dtype=np.float32)
    lines: list[Any] = []
    for axes, g in zip(panels, (activations.sigmoid, activations.tanh, activations.relu), strict=True):
        lines = []
        for slope, color, look in ((0.5, "sky", 1), (1.0, "blue", 0), (5.0, "vermilion", 2)):
            curve = np.asarray(g(jnp.asarray(a), slope=slope))
            lines += axes.plot(a, curve, color=palette[color], linestyle=style.LINES[look])
        axes.set_title({"relu": "ReLU"}.get(g.__name__, g.__name__), fontsize=13)
        axes.set(xlabel="$a$", ylim=(-1.2, 2.2), xticks=range(-4, 5, 2))
    panels[0].set_ylabel("output")
    canvas.legend(figure, lines, [f"h = {slope}" for slope in ("0.5", "1", "5")])
    return fitted(figure, 8.4, 3.0)


@style.context()
def certificates() -> Figure:
    """How far the derivatives by hand lie from jax.grad, against what is allowed."""
    names = ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "prelu")
    found = list(certify.run([f"activations.{name}" for name in names] + ["layers.dense", "layers.maxout"]))
    figure, (axes,) = canvas.blank(3.7)
    rows = range(len(found))
    axes.plot([max(one.gradient, 1e-17) for one in found], rows, "o", color=palette["blue"], markersize=9)
    axes.axvline(1e-10, color=palette["vermilion"], linestyle="--")
    axes.text(6e-11, -0.75, "allowed", color=palette["vermilion"], ha="right", fontsize=12)
    axes.set(xscale="log", xlim=(3e-18, 1e-8), ylim=(len(found) - 0.5, -1.2), xlabel="largest difference from jax.grad")
    axes.set_xticks([1e-17, 1e-15, 1e-13, 1e-11], ["0", "$10^{-15}$", "$10^{-13}$", "$10^{-11}$"])
    axes.set_yticks(rows, [one.name.split(".")[1] for one in found])
    axes.minorticks_off()
    return fitted(figure, 4.0, 3.8)


@style.context()
def learned_slope() -> Figure:
    """The error by the slope s of a leaky ReLU, and descent from 0.25 to the slope of the data."""
    _, _, error, (by_hand, by_jax) = runs.slope_path()
    figure, (axes,) = canvas.blank(3.7)
    s = np.linspace(0.1, 1.0, 60)
    axes.plot(s, [float(error(one)) for one in s], color=palette["blue"])
    path = [0.25]
    for _ in range(30):
        path.append(float(path[-1] - 0.5 * jax.grad(error)(path[-1])))
    axes.plot(path, [float(error(one)) for one in path], "o", color=palette["vermilion"], markersize=7)
    axes.text(0.3, 0.0385, f"slope by hand {by_hand:.4f}\njax.grad {by_jax:.4f}".replace("-", "−"), fontsize=12)
    axes.text(path[-1], 0.006, f"{path[-1]:.3f}", color=palette["vermilion"], fontsize=13, ha="center")
    axes.set(xlabel="slope $s$ of the left side", ylabel="error", ylim=(0, 0.06))
    return fitted(figure, 4.7, 3.7)


@style.context()
def pieces() -> Figure:
    """Maxout with four pieces: the tangents of a parabola, and the largest of them."""
    figure, (axes,) = canvas.blank(3.7)
    x = np.linspace(-2, 2, 201)
    lines = np.array([2 * p * x - p**2 for p in (-1.5, -0.5, 0.5, 1.5)])
    axes.plot(x, lines.T, ":", color=palette["grey"], linewidth=1.4)
    axes.plot(x, x**2, "--", color=palette["vermilion"])
    axes.plot(x, lines.max(axis=0), color=palette["blue"], linewidth=3)
    axes.text(0.95, 2.2, "$x^2$", color=palette["vermilion"], fontsize=14, ha="right")
    axes.text(0, 3.2, "largest of 4 lines", color=palette["blue"], fontsize=12.5, ha="center")
    axes.set(xlabel="$x$", ylabel="output", ylim=(-1.2, 4.2))
    return fitted(figure, 4.7, 3.7)


def copies() -> Figure:
    """The weights of four hidden neurons in training, from equal and from random numbers."""
    return plots.copies()


def sizes() -> Figure:
    """The size of a signal on its way through twenty ReLU layers, for three sizes of the starting weights."""
    return plots.sizes()


def learnt() -> Figure:
    """How many of 50 starts solve XOR, by width, and what one network of eight has learnt."""
    return plots.learnt()


def bends() -> Figure:
    """Four hidden neurons, each bending once, and the sum of what they give."""
    return plots.bends()


def wider() -> Figure:
    """The same curve, followed by hidden layers of 2, 8 and 32 neurons."""
    return plots.wider()


def exists() -> Figure:
    """The error on the curve against the width: best output weights, and gradient descent on all weights."""
    return plots.exists()


def digits() -> Figure:
    """Ten digits of 8 by 8 pixels, and how well networks without, with a narrow and with a wide hidden layer do."""
    return plots.digits()


def softmax() -> Figure:
    """An unseen digit, the ten sums of the output layer, and the probabilities that the softmax makes of them."""
    return plots.softmax()


def dead() -> Figure:
    """Hidden neurons that no digit switches on any more, after a single step with each rate."""
    return plots.dead()
