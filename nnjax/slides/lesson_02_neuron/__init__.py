"""The figures of lesson 2's deck: a line through patients, the landscape of its cost, the walk down, tumours."""

from collections.abc import Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from nnjax.activations import sigmoid
from nnjax.models import logistic
from nnjax.slides.figures import fitted
from nnjax.slides.lesson_02_neuron import drawings, runs
from nnjax.viz import canvas, decision_boundary, descent_paths, example_rates, neuron_diagram, style
from nnjax.viz.style import palette

LINES = {"flat": (0.0, 1.5), "in between": (1.0, 0.85)}
DOTS: dict[str, Any] = {"color": palette["grey"], "markersize": 4, "alpha": 0.5}


@style.context()
def cloud() -> Figure:
    """Body mass index today and progression of the disease after a year, for 442 patients."""
    x, d = runs.patients()
    figure, (axes,) = canvas.blank(3.3)
    axes.plot(10 * x + 20, 100 * d, "o", **DOTS)
    axes.axvline(30, color=palette["vermilion"], linestyle="--")
    axes.text(30.2, 335, "a new patient: ?", color=palette["vermilion"], fontsize=12)
    axes.set(xlabel="body mass index today (kg/m²)", ylabel="progression after a year")
    return fitted(figure, 8.4)


def neuron() -> Figure:
    """A neuron with three inputs, its weighted sum, its activation and its output."""
    inputs, weights = ("$x_1$", "$x_2$", "$x_3$", "1"), ("$w_1$", "$w_2$", "$w_3$", "$b$")
    captions = ("inputs", "weights", "pre-activation", "activation", "output")
    return fitted(neuron_diagram(inputs, weights, captions=captions), 8.4, 3.3)


@style.context()
def line() -> Figure:
    """A line y = w x + b: its height b at x = 0, and its slope w."""
    figure, (axes,) = canvas.blank(3.7)
    w, b, x = 1.0, 0.85, np.array([-0.3, 2.3])
    axes.plot(x, w * x + b, color=palette["blue"], linewidth=3)
    axes.plot([0, 0], [0, b], color=palette["vermilion"], linewidth=3)
    axes.text(0.06, b / 2, "b", color=palette["vermilion"], fontsize=15, va="center")
    axes.plot([1, 2, 2], [w + b, w + b, 2 * w + b], color=palette["green"], linewidth=2)
    axes.text(1.5, w + b - 0.2, "1", color=palette["green"], fontsize=14, ha="center")
    axes.text(2.06, 1.5 * w + b, "w", color=palette["green"], fontsize=15, va="center")
    axes.set(xlabel="x", ylabel="y", xlim=(-0.3, 2.4), ylim=(0, 3.4))
    return fitted(figure, 4.6)


@style.context()
def halfsquare() -> Figure:
    """The loss of one example against its error."""
    figure, (axes,) = canvas.blank(3.6)
    error = np.linspace(-2.2, 2.2, 200)
    axes.plot(error, error**2 / 2, color=palette["blue"], linewidth=3)
    for value in (-2, -1, 1, 2):
        axes.plot([value, value], [0, value**2 / 2], color=palette["vermilion"], linestyle=":")
        axes.plot(value, value**2 / 2, "o", color=palette["vermilion"])
        axes.text(value + 0.12 * np.sign(value), value**2 / 2, f"{value**2 / 2:g}", ha="right" if value < 0 else "left")
    axes.set(xlabel="error y − d", ylabel="loss of the example", xlim=(-2.6, 2.6), ylim=(0, 2.6))
    return fitted(figure, 4.4)


@style.context()
def sticks() -> Figure:
    """The errors of thirty patients for two lines, as sticks, and the cost of each line over all patients."""
    x, d = runs.patients()
    figure, panels = canvas.blank(2.6, 1, 2, sharey=True)
    for axes, (name, (w, b)) in zip(panels, LINES.items(), strict=True):
        axes.vlines(x[:30], d[:30], w * x[:30] + b, color=palette["vermilion"], linewidth=1.4)
        axes.plot(x[:30], d[:30], "o", color=palette["grey"], markersize=5)
        axes.plot([-0.2, 2], [b - 0.2 * w, b + 2 * w], color=palette["blue"], linewidth=3)
        axes.set(xlabel="x", title=f"{name}: cost E = {runs.cost(w, b):.3f}")
    panels[0].set_ylabel("progression d")
    return fitted(figure, 8.4)


def words() -> Figure:
    """Loss of one example, cost of all, objective of the training, and what makes it small."""
    return drawings.words()


@style.context()
def parabola() -> Figure:
    """The curve of the square, its tangents at -3 and 3, and the way down from each."""
    figure, (axes,) = canvas.blank(3.7)
    x = np.linspace(-4.2, 4.2, 200)
    axes.plot(x, x**2, color=palette["blue"], linewidth=3)
    for at, shift in ((-3, 1.5), (3, -1.5)):
        piece = np.array([-1.1, 1.1])
        axes.plot(at + piece, at**2 + 2 * at * piece, color=palette["vermilion"], linewidth=2.2)
        look = {"arrowstyle": "-|>", "mutation_scale": 20, "color": palette["green"], "linewidth": 3}
        axes.annotate("", (at + shift, 1), (at, 1), arrowprops=look)
        axes.plot([at, at], [1, at**2], color=palette["grey"], linestyle=":")
        axes.plot(at, at**2, "o", color=palette["vermilion"], markersize=9)
        axes.text(
            at * 0.72, 12.5, f"slope {2 * at}".replace("-", "−"), ha="center", color=palette["vermilion"], fontsize=12
        )
    axes.text(0, 2.4, "down", ha="center", color=palette["green"], fontsize=12)
    axes.set(xlabel="x", ylabel="f(x) = x²", ylim=(0, 17))
    return fitted(figure, 4.8)


def slices() -> Figure:
    """The landscape of the cost with two paths through one place, and its profile along each."""
    return fitted(drawings.slices((0.5, 1.0)), 8.4, 3.3)


@style.context()
def arrows() -> Figure:
    """The landscape from above, and minus the gradient at many places."""
    figure, (axes,) = canvas.blank(3.2)
    runs.landscape(axes)
    w, b = np.meshgrid(np.linspace(-0.4, 2.6, 7), np.linspace(-0.2, 2.0, 5))
    down = -np.array([runs.slopes(*place) for place in zip(w.flat, b.flat, strict=True)])
    axes.quiver(w, b, *down.T, color=palette["blue"], angles="xy", scale=16, width=0.007, zorder=4)
    return fitted(figure, 4.4)


def walk() -> Iterator[Figure]:
    """The walk over the landscape and the line it belongs to, after 1 and 100 steps."""
    path = runs.walk(0.6, 100)
    yield fitted(drawings.walked(path, 1), 8.4)
    yield fitted(drawings.walked(path, 100), 8.4)


def rates() -> Figure:
    """Three walks that differ in the learning rate alone."""
    figure = descent_paths(*runs.patients())
    for axes in figure.axes:
        for rings in axes.collections:
            rings.set_rasterized(True)
    return fitted(figure, 8.4, 3.7)


@style.context()
def curves() -> Figure:
    """The cost, step by step, for the three learning rates."""
    figure, (axes,) = canvas.blank(3.7)
    looks = (("sky", style.LINES[1]), ("blue", "solid"), ("vermilion", style.LINES[2]))
    for (name, rate), (color, dash) in zip(example_rates(*runs.patients()).items(), looks, strict=True):
        costs = [runs.cost(w, b) for w, b in runs.walk(rate, 40)]
        axes.plot(costs, color=palette[color], linestyle=dash, linewidth=2.8, label=name)
    axes.set(xlabel="step", ylabel="cost E", yscale="log", ylim=(0.15, 30))
    axes.set_yticks([0.2, 0.5, 1, 2, 5, 10, 20], ["0.2", "0.5", "1", "2", "5", "10", "20"])
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.legend(loc="center right", bbox_to_anchor=(1, 0.45))
    return fitted(figure, 4.8)


@style.context()
def bounces() -> Figure:
    """Descent on one parabola with four learning rates: creeping, arriving, swinging, leaving."""
    figure, panels = canvas.blank(2.5, 1, 4, sharey=True)
    u, kinds = np.linspace(-1.9, 1.9, 100), ((0.8, "creeps"), (0.0, "arrives"), (-0.8, "swings"), (-1.15, "leaves"))
    for axes, (factor, name) in zip(panels, kinds, strict=True):
        path = factor ** np.arange(5.0)
        axes.plot(u, u**2 / 2, color=palette["blue"])
        axes.plot(path, path**2 / 2, "o-", color=palette["vermilion"], markersize=6, linewidth=1.4)
        axes.set(xlim=(-2, 2), ylim=(-0.1, 1.8), xlabel="u", yticks=[])
        axes.set_title(f"{name}: $1-\\eta\\lambda = {factor:g}$", loc="center")
    return fitted(figure, 8.4)


@style.context()
def cliff() -> Figure:
    """The cost after twenty steps, for sixty learning rates, and the computed limit."""
    figure, (axes,) = canvas.blank(3.7)
    rates, limit, least = np.geomspace(1e-3, 2.5, 60), 2 / runs.bends()[-1], runs.cost(*runs.best())
    ends = np.array([runs.cost(*runs.walk(rate, 20)[-1]) for rate in rates])
    axes.loglog(rates, ends - least, color=palette["blue"], linewidth=2.8)
    axes.axvline(limit, color=palette["vermilion"], linestyle="--")
    axes.text(0.85 * limit, 3, f"2/λ = {limit:.2f}", color=palette["vermilion"], ha="right", fontsize=12)
    axes.set(ylim=(1e-5, 10), xlabel="learning rate", ylabel="cost above the least,\nafter 20 steps")
    return fitted(figure, 4.8)


@style.context()
def weights() -> Figure:
    """The ten weights found by descent beside those of the exact solution, and R squared on test patients."""
    found = runs.ten_measurements()
    figure, (axes,) = canvas.blank(3.4)
    place = np.arange(10)
    axes.bar(place - 0.2, found.walked, 0.4, color=palette["blue"], label="gradient descent")
    look: dict[str, Any] = {"color": palette["orange"], "hatch": "//", "edgecolor": "white"}
    axes.bar(place + 0.2, found.exact, 0.4, label="exact solution", **look)
    axes.axhline(0, color=palette["grey"], linewidth=1)
    axes.set_xticks(place, found.names)
    axes.set(xlabel="measurement, standardized", ylabel="weight")
    axes.set_title(f"test patients of ten splits: R² = {found.r2.mean():.2f}, spread {found.r2.std():.2f}")
    axes.legend(loc="upper left")
    return fitted(figure, 8.4)


@style.context()
def tumour() -> Figure:
    """Malignant or not against the radius of the nuclei: a line leaves the range from 0 to 1, the sigmoid does not."""
    radius, malignant = runs.tumours().x[:, 0], runs.tumours().y == 0
    params, across = runs.tumour_neuron(1, 500), np.linspace(-2.2, 4, 100)
    figure, (axes,) = canvas.blank(3.7)
    jitter = 0.03 * np.random.default_rng(0).normal(size=len(radius))
    axes.plot(radius[::2], (malignant + jitter)[::2], "o", **DOTS)
    slope, height = np.polyfit(radius, malignant, 1)
    axes.plot(across, slope * across + height, "--", color=palette["vermilion"], label="line")
    axes.plot(
        across,
        sigmoid(jnp.asarray(across) * params["W"][0] + params["b"]),
        color=palette["blue"],
        linewidth=3,
        label="sigmoid",
    )
    axes.set(xlabel="radius of the nuclei, standardized", ylabel="malignant (1) or not (0)", ylim=(-0.5, 1.5))
    axes.legend(loc="lower right")
    return fitted(figure, 4.9)


@style.context()
def surprise() -> Figure:
    """The loss of a probability y, if the answer is yes and if it is no."""
    y = np.linspace(0.004, 0.996, 400)
    figure, (axes,) = canvas.blank(3.7)
    axes.plot(y, -np.log(y), color=palette["blue"], linewidth=3)
    axes.plot(y, -np.log(1 - y), color=palette["vermilion"], linestyle=style.LINES[1], linewidth=3)
    axes.text(0.13, 3.4, "$d = 1$: $-\\log\\,y$", color=palette["blue"], fontsize=13)
    axes.text(0.87, 2.7, "$d = 0$: $-\\log(1 - y)$", color=palette["vermilion"], fontsize=13, ha="right")
    axes.plot(0.5, np.log(2), "o", color="black")
    axes.text(0.5, 0.3, "log 2", ha="center", fontsize=12)
    axes.set(xlabel="probability y that the neuron gives to yes", ylabel="loss: the surprise", ylim=(0, 4.2))
    return fitted(figure, 4.8)


@style.context()
def pull() -> Figure:
    """Cross-entropy and squared error of a malignant tumour against the logit, and the slopes of both."""
    z = np.linspace(-8, 8, 200)
    y = np.asarray(sigmoid(jnp.asarray(z)))
    figure, panels = canvas.blank(3.4, 1, 2)
    for axes, cross, square in (
        (panels[0], -np.log(y), (y - 1) ** 2 / 2),
        (panels[1], y - 1, (y - 1) * y * (1 - y)),
    ):
        axes.axvspan(-8, -4, color=style.tint("orange", 0.25))
        axes.plot(z, cross, color=palette["blue"], linewidth=3, label="cross-entropy")
        axes.plot(z, square, "--", color=palette["vermilion"], linewidth=2.5, label="squared error")
        axes.set(xlabel="logit z, when the truth is 1", xlim=(-8, 8))
    panels[0].set_ylabel("loss of the example")
    panels[1].set_ylabel("slope of the loss by z")
    panels[0].text(-7.6, 0.9, "sure\nand\nwrong", fontsize=12)
    panels[0].legend()
    return fitted(figure, 8.4)


def border() -> Figure:
    """The border between benign and malignant that a neuron with two inputs learns, and test patients."""
    params, held = runs.tumour_neuron(2), runs.tumours()
    names = ("radius, standardized", "texture, standardized")
    figure = decision_boundary(
        logistic.apply, params, held.x_test[:, :2], held.y_test == 0, classes=("benign", "malignant"), features=names
    )
    return fitted(figure, 5.0, 3.3)
