"""The figures of lesson 1's deck: from the nerve cell to the perceptron, its bound, its limit, and ADALINE."""

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure

from nnjax import data
from nnjax.activations import step
from nnjax.models import adaline, perceptron
from nnjax.slides.figures import fitted
from nnjax.slides.lesson_01_perceptron import drawings, parts
from nnjax.viz import canvas, line, network_diagram, neuron_diagram, perceptron_lines, style
from nnjax.viz.style import palette

EVENTS = (
    (1943, "1943  McCulloch, Pitts:\nthe formal neuron", True),
    (1949, "1949  Hebb:\nuse builds paths", False),
    (1952, "1950s  von Neumann: build it\nfrom relays or tubes", True),
    (1956, "1956  Rochester simulates nets;\nDartmouth: the name AI", False),
    (1958, "1958  Rosenblatt:\nperceptron", True),
    (1960, "1959  Widrow, Hoff:\nADALINE", False),
    (1969, "1969  Minsky, Papert:\nno line divides XOR", True),
    (1986, "1986  Rumelhart, Hinton,\nWilliams: backpropagation", True),
)
TARGETS = ("target 0", "target 1")


def _jump(z: np.ndarray) -> np.ndarray:
    return np.where(z >= 0, 0.9, -0.9)


def machine() -> Figure:
    """The Mark I: 400 photocells, a motor at each weight, one answer, and a teacher."""
    return fitted(drawings.machine(), 8.4)


def cell() -> Figure:
    """A nerve cell: dendrites, synapses, cell body and axon."""
    return fitted(drawings.cell(), 8.4, 3.7)


def years() -> Figure:
    """Thirty years in one line: from the formal neuron to the first winter."""
    return fitted(drawings.years(EVENTS, 1939, 1990, (1969.8, 1986)), 8.4, 3.4)


def model() -> Figure:
    """The formal neuron of 1943, each part named after the part of the cell."""
    captions = ("dendrites", "synapses", "cell body", "threshold", "axon")
    return fitted(neuron_diagram(activation="step", curve=_jump, captions=captions), 8.4, 3.1)


@style.context()
def gates() -> Figure:
    """AND, OR and NAND, each by a line of its own."""
    figure, panels = canvas.blank(3.0, 1, 3, sharey=True)
    weights = {"and": (1.0, 1.0, -1.5), "or": (1.0, 1.0, -0.5), "nand": (-1.0, -1.0, 1.5)}
    for axes, (name, w) in zip(panels, weights.items(), strict=True):
        gate = data.load(name)
        parts.divided(axes, np.array(w), parts.GATE)
        parts.samples(axes, gate.x, gate.y, TARGETS)
        parts.window(axes, parts.GATE)
        axes.set_title(f"{name.upper()}:  w = ({w[0]:g}, {w[1]:g}),  b = {w[2]:g}".replace("-", "−"))
    for axes in panels[1:]:
        axes.set_ylabel("")
    return fitted(figure, 8.4)


@style.context()
def pavlov() -> Figure:
    """The two weights of Pavlov's dog: six meals with a bell, then fifty bells without food."""
    weights = [jnp.array([1.0, 0.0])]
    for x in jnp.array([(1.0, 1.0)] * 6 + [(0.0, 1.0)] * 50):
        mouth = step(weights[-1] @ x - 0.5)
        weights.append(perceptron.hebb_update(weights[-1], x, mouth, 0.1))
    path = np.array(weights)
    figure, (axes,) = canvas.blank(3.6)
    axes.axvspan(0, 6, color=style.tint("green", 0.16))
    axes.plot(path[:, 1], color=palette["vermilion"], linewidth=2.8, label="bell")
    axes.plot(path[:, 0], color=palette["blue"], linestyle=style.LINES[1], label="food")
    axes.axhline(0.5, color=palette["grey"], linestyle=":", label="enough to fire")
    axes.text(1, 5.65, "food and bell: 6 times", va="top", color=palette["green"])
    axes.text(1, 4.95, "then the bell alone: 50 times", va="top")
    axes.set(xlabel="trial", ylabel="weight", ylim=(-0.1, 5.9), xlim=(0, 56.5))
    axes.legend(loc="center right", bbox_to_anchor=(1, 0.41))
    return fitted(figure, 4.8)


def walk() -> Iterator[Figure]:
    """The four mistakes of a perceptron that learns AND: the wrong sample, the old line and the new one."""
    gate = data.load("and")
    start = {"W": jnp.array([-0.1, 1.4]), "b": jnp.float32(0.0)}
    _, history = perceptron.train(start, jnp.asarray(gate.x), jnp.asarray(gate.y), 0.5, 3)
    path = np.column_stack([history["params"]["W"], history["params"]["b"]])
    lines = np.concatenate([[[-0.1, 1.4, 0.0]], path])
    for number, t in enumerate(np.flatnonzero(history["mistakes"]), start=1):
        before, after, x = lines[t], lines[t + 1], gate.x[t % 4]
        with style.context():
            figure, (axes,) = canvas.blank(3.75)
            parts.divided(axes, after, parts.GATE, longest=2.0)
            axes.plot(*line.ends(before, parts.GATE).T, color=palette["grey"], linestyle=(0, (5, 3)), zorder=2)
            parts.samples(axes, gate.x, gate.y, TARGETS, 12)
            axes.plot(*x, "o", markersize=24, markerfacecolor="none", markeredgecolor=palette["vermilion"], mew=3)
            parts.window(axes, parts.GATE)
            said = f"mistake {number}: ({x[0]:g}, {x[1]:g}) answered {1 - gate.y[t % 4]:g}, target {gate.y[t % 4]:g}\n"
            said += f"w = ({after[0]:.1f}, {after[1]:.1f}),  b = {after[2]:.1f}".replace("-", "−")
            axes.set_title(said, fontsize=12)
            yield fitted(figure, 4.1)


def irises() -> Figure:
    """The perceptron's lines on the petals of the irises: setosa or not."""
    iris = data.standardize(data.load("iris"))
    petals, setosa = iris.x[:, 2:], (iris.y == 0).astype(int)
    first = perceptron.init(jax.random.key(2), 2)
    _, history = perceptron.train(first, jnp.asarray(petals), jnp.asarray(setosa), 0.1, 10)
    names = ("petal length, standardized", "petal width, standardized")
    figure = perceptron_lines(first, history, petals, setosa, classes=("other", "setosa"), features=names)
    figure.legends[0].remove()
    figure = fitted(figure, 5.4, 3.9)
    figure.axes[0].text(2.15, -0.45, "other species", color=palette["blue"], fontsize=12, ha="center")
    figure.axes[0].text(-1.3, -1.85, "setosa", color="#8A5F00", fontsize=12, ha="center")
    return figure


@style.context()
def margin() -> Figure:
    """Samples on both sides of a line, the margin gamma on either side of it, and the longest sample R."""
    figure, (axes,) = canvas.blank(3.9)
    limits = (-2.0, 2.0, -2.0, 2.0)
    parts.margin(axes, limits, TARGETS)
    parts.window(axes, limits, ("", ""), ticks=False)
    axes.axis("off")
    return fitted(figure, 4.2)


@style.context()
def squeezed() -> Figure:
    """Along u and in length: the weights of one run after each mistake, between the two bounds of the proof."""
    path, u, gamma, longest = parts.one_run()
    most = (longest / gamma) ** 2
    figure, (axes,) = canvas.blank(3.8)
    k = np.linspace(0, 1.15 * most, 300)
    axes.plot(k, longest * np.sqrt(k), color=palette["vermilion"], label=r"longest: $\sqrt{k}\,R$")
    axes.plot(np.linalg.norm(path, axis=1), "s", color=palette["vermilion"], markersize=4, label="its length")
    axes.plot(path @ u, "o", color=palette["blue"], markersize=4, label="its part along $u$")
    axes.plot(k, gamma * k, color=palette["blue"], linestyle="--", label=r"shortest along $u$: $k\gamma$")
    axes.axvline(most, color=palette["grey"], linestyle=":")
    axes.text(0.98 * most, 0.2, f"(R/γ)² = {most:.0f}", ha="right", color=palette["grey"], fontsize=11)
    axes.set(xlabel="mistakes k", ylabel="size of the weights", xlim=(0, 1.15 * most), ylim=(0, None))
    axes.set_title(f"the run ends after {len(path) - 1} mistakes")
    axes.legend(loc="upper left")
    return fitted(figure, 5.0)


@style.context()
def bound() -> Figure:
    """Mistakes made against the bound, for 200 random problems."""
    bounds, made = parts.bounds_and_mistakes()
    figure, (axes,) = canvas.blank(3.8)
    axes.loglog(bounds, np.maximum(made, 0.7), "o", color=palette["blue"], markersize=4, alpha=0.7)
    ends = np.array([1.0, bounds.max()])
    axes.loglog(ends, ends, color=palette["vermilion"])
    axes.text(60, 90, "the bound", color=palette["vermilion"], ha="right", fontsize=12)
    axes.set(xlabel=r"the bound $(R/\gamma)^2$", ylabel="mistakes made", ylim=(0.5, None))
    axes.set_title(f"above the bound: {np.sum(made > bounds)} of {len(made)}")
    return fitted(figure, 5.0)


@style.context()
def xor() -> Figure:
    """The four samples of XOR."""
    gate = data.load("xor")
    figure, (axes,) = canvas.blank(3.6)
    parts.samples(axes, gate.x, gate.y, TARGETS, 18)
    parts.window(axes, parts.GATE)
    figure.legend(loc="outside lower center", ncols=2, handlelength=1)
    return fitted(figure, 4.0)


@style.context()
def sixteen() -> Figure:
    """All sixteen ways to answer two inputs, and a line for each that one neuron can do."""
    corners, found = parts.tables_with_lines(50_000)
    figure, panels = canvas.blank(3.1, 2, 8)
    for code, axes in enumerate(panels):
        y = np.array([code >> shift & 1 for shift in (3, 2, 1, 0)])
        if code in found:
            parts.divided(axes, found[code], (-0.5, 1.5, -0.5, 1.5), longest=0)
        parts.samples(axes, corners, y, TARGETS, 9)
        parts.window(axes, (-0.5, 1.5, -0.5, 1.5), ("", ""))
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set(visible=True, color=palette["pale"], linewidth=1)
        if code not in found:
            axes.spines[:].set(color=palette["vermilion"], linewidth=3.5)
            axes.set_title("no line", loc="center", color=palette["vermilion"])
    figure.supxlabel(f"{len(found)} of 16 found by 50,000 random neurons", fontsize=12)
    return fitted(figure, 8.4)


def errors() -> Iterator[Figure]:
    """Where the error is measured: behind the step (perceptron), before the step (ADALINE)."""
    for place in ("output", "sum"):
        output = "$y'$" if place == "output" else ""
        yield fitted(neuron_diagram(activation="step", curve=_jump, output=output, error_at=place), 4.2, 2.2)


@style.context()
def settles() -> Figure:
    """Flowers on the right side after each epoch, perceptron and ADALINE, where no plane separates the classes."""
    x, y = parts.overlapping_irises()
    start = perceptron.init(jax.random.key(5), 4)
    path = perceptron.train(start, x, y, 0.1, 100)[1]["params"]
    stepped = {"W": path["W"][len(x) - 1 :: len(x)], "b": path["b"][len(x) - 1 :: len(x)]}
    figure, (axes,) = canvas.blank(3.4)
    for name, color, width, run, threshold in (
        ("perceptron", "blue", 1.3, stepped, 0.0),
        ("ADALINE", "orange", 3.2, parts.adaline_run(start, 0.3, 100)[0], 0.5),
    ):
        right = np.mean((run["W"] @ x.T + run["b"][:, None] >= threshold) == y, axis=1)
        axes.plot(100 * right, color=palette[color], linewidth=width, label=name)
    axes.set(xlabel="epoch", ylabel="training flowers right (%)", xlim=(0, 100), ylim=(85, 100))
    axes.legend(loc="lower right")
    return fitted(figure, 8.4)


@style.context()
def wall() -> Figure:
    """ADALINE's error after 200 steps against the learning rate, in parts of the largest stable one."""
    x, _ = parts.overlapping_irises()
    largest, start = adaline.largest_stable_rate(x), adaline.init(jax.random.key(5), 4)
    shares = np.arange(2, 111) / 100
    ends = jax.jit(jax.vmap(lambda share: parts.adaline_run(start, share * largest, 200)[1][-1]))(shares)
    figure, (axes,) = canvas.blank(3.8)
    axes.semilogy(shares, ends, color=palette["blue"], linewidth=2.6)
    axes.axvline(1, color=palette["vermilion"], linestyle="--")
    axes.text(0.97, 900, f"2/λ = {largest:.3f}", ha="right", color=palette["vermilion"], fontsize=13)
    axes.set(xlabel=r"learning rate, as a part of $2/\lambda_{\max}$", ylabel="E after 200 steps", ylim=(0.02, 1e4))
    return fitted(figure, 4.8)


def madaline() -> Figure:
    """OR and NAND look at the inputs, AND at the two."""
    inside = {(0, 0): "$x_1$", (0, 1): "$x_2$", (1, 0): "OR", (1, 1): "NAND", (2, 0): "AND"}
    weights = {(0, 0, 0): "1", (0, 1, 0): "1", (0, 0, 1): "−1", (0, 1, 1): "−1", (1, 0, 0): "1", (1, 1, 0): "1"}
    captions = ("inputs", "b: −0.5 and 1.5", "b: −1.5")
    figure = network_diagram((2, 2, 1), inside=inside, weights=weights, captions=captions, wide=2.0)
    return fitted(figure, 4.3, 3.0)


@style.context()
def strip() -> Figure:
    """XOR by two lines: OR above the one, NAND below the other, both between them."""
    gate, limits = data.load("xor"), parts.GATE
    figure, (axes,) = canvas.blank(3.0)
    axes.set_facecolor(style.tint("blue", 0.14))
    axes.fill([-1, 2, 2, -1], [1.5, -1.5, -0.5, 2.5], color=style.tint("orange", 0.3), zorder=0.5)
    for b, name, place in ((0.5, "OR", (0.42, -0.4)), (1.5, "NAND", (0.62, 1.25))):
        axes.plot([-1, 2], [b + 1, b - 2], color="black", linewidth=2.6)
        axes.text(*place, name, ha="center", fontsize=12)
    parts.samples(axes, gate.x, gate.y, TARGETS, 13)
    parts.window(axes, limits)
    return fitted(figure, 3.8)
