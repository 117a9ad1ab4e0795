"""The figures of the deck of lesson 9: attention and the transformer."""

from collections.abc import Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure
from matplotlib.text import Text

from nnjax import certify, data, viz
from nnjax.layers.positions import sinusoidal
from nnjax.models.vision_transformer import patches as cut
from nnjax.slides.figures import fitted
from nnjax.slides.lesson_08_rnn.runs import table_guesses
from nnjax.slides.lesson_09_attention import parts, runs
from nnjax.slides.lesson_09_attention.parts import softmax
from nnjax.viz import canvas, style


def looking_back() -> Figure:
    """A recurrent network carries a word through eight steps; looking back takes one."""
    return parts.looking_back()


def towns() -> Figure:
    """A query between four towns: the better a town fits, the thicker its line."""
    return parts.towns()


def following() -> Figure:
    """The weights of the four towns as the query turns."""
    return parts.following()


def matrices() -> Figure:
    """Attention for three queries: which matrices are multiplied, and what one row becomes."""
    return parts.matrices()


@style.context()
def saturation() -> Figure:
    """The largest of eight weights against the width, with and without the root."""
    rng = np.random.default_rng(0)
    widths = 4 ** np.arange(6)
    tops = []
    for width in widths:
        q, k = rng.normal(size=(500, 1, width)), rng.normal(size=(500, 8, width))
        scores = (q * k).sum(axis=-1)
        tops.append([softmax(s).max(axis=-1).mean() for s in (scores, scores / np.sqrt(width))])
    figure, (axes,) = canvas.blank(3.7)
    figure.set_size_inches(4.6, 3.7)
    for number, (label, at) in enumerate({"as they are": 0.72, "divided by $\\sqrt{w}$": 0.25}.items()):
        look = style.series((3, 0)[number])
        axes.semilogx(widths, np.array(tops)[:, number], base=4, **look)
        axes.text(36, at, label, color=look["color"], fontsize=13)
    axes.axhline(1 / 8, color=style.palette["grey"], linewidth=1)
    axes.text(1, 0.06, "even weights: 1/8", color=style.palette["grey"], fontsize=11)
    axes.set(ylim=(0, 1.02), xticks=widths, xticklabels=widths, xlabel="width w of a query")
    axes.set_ylabel("largest of 8 weights, on the mean")
    return figure


def self_attention() -> Figure:
    """The last place of a word asks all places, with the trained network's weights."""
    return parts.self_attention("LETTER", runs.maps("LETTER")[1, 3, -1])


def masking() -> Figure:
    """The scores of a trained head, the mask, and the weights that are left."""
    return parts.masking("SMALL", runs.scores("SMALL", 2))


def prefixes() -> Figure:
    """One word gives an example for each of its places: what is known, and the letter that is wanted."""
    return parts.prefixes()


def backward() -> Iterator[Figure]:
    """The computation of one answer, and the error on its way back: mean, softmax, scores."""
    places = {"q": (0.0, 1.3), "k": (0.0, 0.0), "s": (2.1, 0.65), "p": (4.2, 1.3), "v": (4.2, 0.0), "y": (6.3, 0.65)}
    edges = dict.fromkeys([("q", "s"), ("k", "s"), ("s", "p"), ("p", "y"), ("v", "y")], "")
    values = {"s": "how it fits", "p": "weight", "y": "answer", "q": "query", "k": "key", "v": "value"}
    slopes = {"y": "dy", "p": "dp", "v": "dv", "s": "ds", "q": "dq", "k": "dk"}
    steps: list[list[Any]] = [
        ["y", ("p", "y"), ("v", "y"), "p", "v"], ["p", ("s", "p"), "s"], ["s", ("q", "s"), ("k", "s"), "q", "k"]
    ]  # fmt: skip
    for number, step in enumerate(steps):
        known: dict[Any, str] = {
            node: f"${slopes[node]}$" for part in steps[: number + 1] for node in part if isinstance(node, str)
        }
        names = {node: f"${node}$" for node in places}
        picture = viz.computation_graph(places, edges, names=names, values=values, slopes=known, backward=step)
        for words in picture.findobj(Text):
            words.set_fontsize(13)
        yield fitted(picture, 8.4, 2.7)


def certificates() -> Figure:
    """How far the gradients by hand, by JAX and by differences lie apart."""
    parts = ["dot_product_attention", "multi_head", "layer_norm", "transformer_block"]
    return fitted(viz.certificate_errors(certify.run([f"layers.{part}" for part in parts])), 8.4, 3.0)


def heads() -> Figure:
    """Blocks of columns attend by themselves; their answers stand side by side and are mixed."""
    return parts.heads(runs.maps("LETTER")[1])


def positions() -> Figure:
    """The waves that mark the places, and how alike two marks are by their distance."""
    return fitted(viz.position_patterns(np.asarray(sinusoidal(48, 32))), 8.4, 3.1)


@style.context()
def shortcut() -> Figure:
    """The size of the error at each of 30 layers, with and without shortcut."""
    figure, (axes,) = canvas.blank(3.8)
    figure.set_size_inches(4.8, 3.8)
    for number, (label, at) in enumerate({"x + F(x)": (5, 30), "F(x) alone": (14, 2e-5)}.items()):
        look = style.series((0, 3)[number]) | {"markersize": 4}
        errors = runs.errors_through(30, 32, 1.0 - number)
        axes.semilogy(range(1, 31), errors, **look)
        axes.text(*at, label, color=look["color"], fontsize=14)
    canvas.log_axis(axes)
    axes.set(xlabel="layer, from the input", ylabel="size of the error", ylim=(1e-7, 1e3), xticks=(1, 10, 20, 30))
    return figure


@style.context()
def norm() -> Figure:
    """The 32 numbers of five places of a trained network, before and after its last layer norm."""
    word = "GREEK"
    rows = runs.stream(word)
    normed = (rows - rows.mean(axis=1, keepdims=True)) / rows.std(axis=1, keepdims=True)
    figure, (left, right) = canvas.blank(3.0, 1, 2, sharey=True)
    figure.set_size_inches(8.4, 3.0)
    for axes, array, name in ((left, rows, "before"), (right, normed, "after")):
        for place, row in enumerate(array):
            axes.plot(row, np.full(len(row), place), "o", color=style.palette["blue"], alpha=0.45, markersize=7)
        axes.set_yticks(range(len(word)), list(word), fontsize=13)
        axes.set(xlim=(-17, 17), ylim=(4.6, -0.6), xlabel=f"the 32 numbers of a place, {name}")
        axes.grid(axis="x", visible=False)
    left.set_ylabel("place")
    return figure


def block() -> Figure:
    """The block: norm and attention, norm and a small network, each beside a shortcut."""
    return parts.block()


@style.context()
def learning() -> Figure:
    """How many letters the small transformer guesses after each pass, beside tables of lesson 8; and what it writes."""
    right = runs.writer().right
    figure, (axes, text) = canvas.blank(3.8, 1, 2, width_ratios=(1.25, 1))
    figure.set_size_inches(8.5, 3.8)
    parts.writing(text, runs.writer().texts)
    axes.plot(range(1, 4), right, **style.series(0))
    for context in (1, 2, 3):
        share, _ = table_guesses(context)
        axes.axhline(share, color=style.palette["grey"], linewidth=1.4, linestyle=style.LINES[1])
        words = f"table, {context} letter{'s' * (context > 1)}: {100 * share:.0f} %"
        above = context == 3
        look: dict[str, Any] = {
            "color": style.palette["grey"],
            "fontsize": 11.5,
            "ha": "right",
            "va": "bottom" if above else "top",
        }
        axes.text(3.1, share + (0.008 if above else -0.012), words, **look)
    for epoch, share in enumerate(right, start=1):
        where = (epoch + 0.04, share - 0.07) if epoch == 1 else (epoch - 0.04, share + 0.025)
        axes.text(*where, f"{100 * share:.0f} %", color=style.palette["blue"], fontsize=14, ha="center")
    axes.set(xlim=(0.8, 3.1), ylim=(0, 0.8), xticks=(1, 2, 3), xlabel="passes over the names")
    axes.set_ylabel("next letters guessed (%)")
    canvas.percent_axis(axes)
    return figure


def maps() -> Figure:
    """Where two heads of the second layer look."""
    text, chosen = "SMALL LETTER ETA", (0, 3)
    picture = viz.attention_maps(runs.maps(text)[1][list(chosen)], list(text))
    for axes, head in zip(picture.axes, chosen, strict=False):
        axes.set_title(f"layer 2, head {head + 1}", loc="left")
        axes.set_xlabel("looked at: dark 100 % of the row, white 0 %")
    picture.axes[-1].remove()
    for words in picture.findobj(Text):
        words.set_fontsize(max(11, words.get_fontsize()))
    return fitted(picture, 7.8, 3.85)


@style.context()
def patches() -> Figure:
    """A digit cut into 16 patches, the sequence that they make, and how well it is read."""
    digit = data.load("digits").x[3]
    rows = np.asarray(cut(jnp.asarray(digit[None]), 2))[0]
    figure, (image, sequence, curve) = canvas.blank(3.3, 1, 3, width_ratios=(1, 1.45, 1.25))
    figure.set_size_inches(8.5, 3.0)
    image.imshow(digit[..., 0], cmap="gray_r", extent=(0, 8, 8, 0))
    image.set(title="an image", xticks=range(0, 9, 2), yticks=range(0, 9, 2), xlabel="pixel", ylabel="pixel")
    image.grid(color=style.palette["vermilion"], linewidth=1.4)
    image.set_axisbelow(False)
    sequence.imshow(rows.T, cmap="gray_r", aspect="auto", extent=(-0.5, 15.5, 4.5, 0.5))
    sequence.set(title="a sequence of 16 rows", xlabel="place = patch", ylabel="number", yticks=range(1, 5))
    sequence.grid(False)
    for right in runs.digits():
        curve.plot(range(1, 9), right, "o-", color=style.palette["blue"], markersize=4)
    mean = runs.digits()[:, -1].mean()
    curve.set(
        title=f"in the end {100 * mean:.0f} % right", xlabel="epoch", ylabel="test digits right (%)", ylim=(0.5, 1)
    )
    curve.set_xticks((1, 4, 8))
    canvas.percent_axis(curve)
    return figure


@style.context()
def mistakes() -> Figure:
    """A leaking mask moves earlier places; a softmax along the wrong axis does not sum to 1."""
    figure, (left, right) = canvas.blank(3.0, 1, 2)
    figure.set_size_inches(8.5, 3.0)
    text = runs.tokens("GREEK SMALL LETTER ETA")
    changed = text.at[0, 12].set((text[0, 12] + 1) % len(runs.writer().letters))
    for number, (causal, label) in enumerate(((True, "causal mask"), (False, "no mask"))):
        moved = np.abs(runs.outputs(text, causal=causal) - runs.outputs(changed, causal=causal)).max(axis=1)
        left.plot(moved, **style.series((0, 3)[number]) | {"markersize": 5}, label=label)
    left.axvline(12, color=style.palette["grey"], linewidth=1.2)
    left.set(xlabel="place (letter 12 was changed)", ylabel="the output moved by", ylim=(-0.3, None))
    left.legend(loc="upper left")
    rng = np.random.default_rng(5)
    scores = rng.normal(size=(5, 8)) @ rng.normal(size=(5, 8)).T / np.sqrt(8)
    for number, (p, label) in enumerate(
        ((softmax(scores), "along the keys"), (softmax(scores.T).T, "along the queries"))
    ):
        color = style.palette[("blue", "vermilion")[number]]
        place = np.arange(1, 6) + 0.38 * (number - 0.5)
        right.bar(place, p.sum(axis=1), 0.36, color=color, hatch="//" * number, edgecolor="white", label=label)
    right.set(xlabel="query", ylabel="its weights sum to", ylim=(0, 2), xticks=range(1, 6))
    right.legend(loc="upper left")
    return figure
