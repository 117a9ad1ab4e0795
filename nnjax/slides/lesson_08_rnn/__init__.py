"""The figures of the deck of lesson 8: recurrent networks."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.text import Text

from nnjax import certify, viz
from nnjax.slides import sketch
from nnjax.slides.figures import fitted
from nnjax.slides.lesson_08_rnn import parts, runs
from nnjax.viz import canvas, style


@style.context()
def tables() -> Figure:
    """How many next letters a table guesses, by how many letters it knows, and how many rows it has."""
    shares, rows = zip(*(runs.table_guesses(context) for context in range(6)), strict=True)
    figure, (axes,) = canvas.blank(3.8)
    figure.set_size_inches(8.4, 3.8)
    axes.bar(range(6), shares, 0.62, color=style.palette["blue"])
    for context, share in enumerate(shares):
        axes.text(context, share + 0.015, f"{100 * share:.0f} %", ha="center", fontsize=13)
    axes.set_xticks(range(6), [f"{k} known\n{n:,} row{'s' * (n > 1)}" for k, n in enumerate(rows)], fontsize=12)
    axes.set(xlabel="letters known, and rows of the table", ylabel="next letters guessed (%)", ylim=(0, 0.9))
    axes.grid(axis="x", visible=False)
    canvas.percent_axis(axes)
    return figure


def cycle() -> Figure:
    """A single neuron whose output comes back to it."""
    return parts.cycle()


@style.context()
def pulse() -> Figure:
    """The state after one pulse, for four weights of the cycle."""
    x = np.eye(20)[0]
    figure, (axes,) = canvas.blank(3.8)
    figure.set_size_inches(8.4, 3.8)
    for number, w in enumerate((1.5, 0.9, 0.5, -0.9)):
        look = style.series(number) | {"markersize": 5}
        axes.plot(range(1, 21), runs.one_neuron(1.0, w, x), label=f"w = {w}".replace("-", "−"), **look)
    axes.legend(loc="lower right", ncols=4, fontsize=13, handlelength=1.8)
    axes.axhline(0, color=style.palette["grey"], linewidth=1)
    axes.set(xlabel="time step t", ylabel="state $h_t$", xticks=(1, 5, 10, 15, 20), ylim=(-0.75, 1.05))
    return figure


def shapes() -> Figure:
    """The arrays of one step of a recurrent layer."""
    return parts.shapes()


def unrolled() -> Figure:
    """The cycle and the same network unrolled over four steps."""
    return fitted(viz.unrolled(4, folded=True), 8.4, 3.6)


def back() -> Iterator[Figure]:
    """The error on its way back through time: at the last step, one step back, at the first."""
    for steps in (1, 2, 5):
        yield fitted(viz.unrolled(5, back=steps, weights=("$u$", "$w$")), 8.4, 2.95)


@style.context()
def digits() -> Figure:
    """A digit read row by row: what the network would answer after each row, and how often it is right."""
    rows, chances, _ = runs.digits()
    after = np.mean(chances.argmax(axis=-1) == rows.y_test[:, None], axis=0)
    figure, (image, answers, curve) = canvas.blank(3.5, 1, 3, width_ratios=(1, 1.35, 1.35))
    figure.set_size_inches(8.5, 3.5)
    image.imshow(rows.x_test[4], cmap="gray_r", extent=(0.5, 8.5, 8.5, 0.5))
    image.set(title=f"a {rows.y_test[4]}", ylabel="row = time step", xticks=[], yticks=range(1, 9))
    answers.imshow(chances[4], cmap="Blues", vmin=0, vmax=1, aspect="auto", extent=(-0.5, 9.5, 8.5, 0.5))
    answers.set(title="its answer after each row", xlabel="digit", xticks=range(10), yticks=range(1, 9))
    answers.set_ylabel("rows read")
    for axes in (image, answers):
        axes.grid(False)
    curve.plot(range(1, 9), after, **style.series(0))
    curve.axhline(0.1, color=style.palette["grey"], linewidth=1.2)
    curve.text(8.2, 0.125, "chance", color=style.palette["grey"], ha="right")
    curve.text(7.7, after[-1] - 0.02, f"{100 * after[-1]:.0f} %", color=style.palette["blue"], fontsize=13, ha="right")
    curve.set(title="all test digits", xlabel="rows read", ylabel="right (%)", ylim=(0, 1), xticks=range(1, 9))
    canvas.percent_axis(curve)
    return figure


def vanishing() -> Figure:
    """The size of the gradient against the steps that it has gone back, for three spectral radii."""
    norms = {label: norm for label, norm in runs.gradient_norms().items() if "LSTM" not in label}
    return _larger(fitted(viz.gradients_over_time(norms), 8.4, 3.8))


def keeping() -> Figure:
    """The same with an LSTM whose forget gates are open."""
    picture = viz.gradients_over_time(runs.gradient_norms())
    picture.axes[0].set_ylabel("norm of the gradient")
    return _larger(fitted(picture, 8.4, 2.95), 11)


def _larger(picture: Figure, size: float = 12) -> Figure:
    for words in picture.findobj(Text):
        words.set_fontsize(max(size, words.get_fontsize()))
    return picture


def cliff() -> Iterator[Figure]:
    """The loss by the bias has a cliff: the plain step leaves the picture, the clipped ones walk down."""
    for limit in (np.inf, 0.5):
        yield _cliff(runs.descend(limit), plain=limit == np.inf)


@style.context()
def _cliff(path: np.ndarray, *, plain: bool) -> Figure:
    biases, heights = np.linspace(-0.6, 0.3, 400), runs.end_loss(path)
    red: dict[str, Any] = {"color": style.palette["vermilion"]}
    figure, (axes,) = canvas.blank(3.8)
    figure.set_size_inches(5.0, 3.8)
    axes.plot(biases, runs.end_loss(biases), color=style.palette["blue"])
    axes.plot(path[0], heights[0], "o", markersize=9, **red)
    head = {"arrowstyle": "-|>", "linewidth": 2.4, "shrinkA": 8, "shrinkB": 6} | red
    if plain:
        axes.annotate("", (-0.6, heights[0]), (path[0], heights[0]), arrowprops=head)
        words = f"slope here {runs.end_slope(path[0]):.0f}:\na step at rate 0.5\ngoes to b = {path[1]:.0f}"
        axes.text(-0.58, heights[0] - 0.06, words.replace("-", "−"), fontsize=13, va="top", **red)
    else:
        axes.plot(path[1:], heights[1:], "o", markersize=7, **red)
        axes.annotate("", (path[1], heights[1]), (path[0], heights[0]), arrowprops=head)
        words = f"12 steps, each at\nmost 0.25 long:\nloss {heights[-1]:.5f}"
        axes.text(-0.58, 0.95, words, fontsize=13, va="top", **red)
    axes.set(xlabel="bias b", ylabel="loss", ylim=(-0.08, 1.75))
    return figure


def lstm() -> Iterator[Figure]:
    """The LSTM in three steps: what is kept, what is written, what is shown."""
    for frame in range(3):
        yield parts.lstm(frame)


def gru() -> Figure:
    """The GRU: the update gate mixes the old state with a proposal."""
    return parts.gru()


def certificates() -> Figure:
    """How far the gradients by hand, by JAX and by differences lie apart."""
    names = [f"layers.{part}" for part in ("embedding", "elman", "lstm", "gru")]
    return fitted(viz.certificate_errors(certify.run(names)), 8.4, 3.7)


@style.context()
def temperature() -> Figure:
    """The probabilities of the next letter at three temperatures."""
    written = runs.writer()
    best = np.argsort(-written.logits)[:10]
    shown = [{"\n": "↵", " ": "␣"}.get(written.letters[k], written.letters[k]) for k in best]
    figure, panels = canvas.blank(2.85, 1, 3, sharey=True)
    figure.set_size_inches(8.4, 2.85)
    for axes, T in zip(panels, (0.3, 1.0, 3.0), strict=True):
        e = np.exp((written.logits - written.logits.max()) / T)
        axes.bar(range(10), (e / e.sum())[best], color=style.palette["blue"])
        axes.set_xticks(range(10), shown, fontsize=12)
        axes.set_title(f"$T$ = {T}", fontsize=15)
        axes.set_xlabel("next letter")
        axes.grid(axis="x", visible=False)
    panels[0].set_ylabel("probability")
    return figure


def next_letter() -> Figure:
    """What the writing network reads and what it is to say, letter by letter."""
    return parts.next_letter("LETTER ")


def writing() -> Figure:
    """What the LSTM writes at four temperatures."""
    return parts.writing(runs.writer().texts)


@style.context()
def mistakes() -> Figure:
    """Batch and time exchanged: other sequences move. A state that is lost: letters without memory."""
    figure, (left, right) = canvas.blank(3.0, 1, 2, width_ratios=(1.25, 1))
    figure.set_size_inches(8.5, 3.0)
    for number, (exchanged, label) in enumerate(((False, "time first"), (True, "exchanged"))):
        place = np.arange(1, 4) + 0.38 * (number - 0.5)
        look: dict[str, Any] = {
            "color": style.palette[("blue", "vermilion")[number]],
            "hatch": "//" * number,
            "edgecolor": "white",
        }
        left.bar(place, runs.moved(exchanged=exchanged), 0.36, label=label, **look)
    left.set(
        xlabel="sequence (only the first was changed)", ylabel="its states moved by", xticks=(1, 2, 3), ylim=(0, 2.9)
    )
    left.legend(loc="upper left", ncols=2)
    left.grid(axis="x", visible=False)
    right.axis("off")
    right.set(xlim=(0, 1), ylim=(0, 1))
    sketch.text(right, (0, 0.92), "written from a state of zeros:", "vermilion", ha="left", fontsize=13)
    words = runs.writer().forgetful.replace("\n", " ↵ ").strip()
    cut = [words[start : start + 22] for start in range(0, 60, 22)]
    parts.lines(right, (0, 0.72), "\n".join(cut), 0.16, count=3)
    return figure
